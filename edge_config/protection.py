"""Which rows of the core matrix (`matrix.yaml`) nothing of a site answers, and what it would take."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from edge_config.model.outputs import Pulse, ThreePoint
from edge_config.model.site import FacilityKind, Site
from edge_config.templates import placed_rules
from foundation.document import parse_document


class Row(BaseModel):
    """What may befall facilities of some kinds, and what answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str
    kinds: tuple[FacilityKind, ...]
    parts: tuple[str, ...]
    """Short names of interlocks, rules or alarms."""
    by: Literal["pulse", "three_point", "check", "watchdog"] | None = None
    needs: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Unprotected:
    """A row that nothing of a facility answers."""

    facility: str
    row: str
    zh: str
    en: str
    needs: str


@cache
def matrix() -> tuple[Row, ...]:
    """Every row."""
    raw = files("edge_config").joinpath("matrix.yaml").read_bytes()
    return TypeAdapter(tuple[Row, ...]).validate_python(parse_document(raw, "matrix.yaml").value)


def unprotected(site: Site) -> list[Unprotected]:
    """By facility, in the order of the matrix. A name counts in whatever zone it stands."""
    named: set[tuple[str, str]] = set()
    for name in (*site.interlocks, *site.alarms, *(one.id for one in placed_rules(site))):
        facility, _, rest = name.partition(".")
        named.add((facility, rest.rpartition(".")[2]))
    return [
        Unprotected(facility, row.row, row.zh, row.en, row.needs)
        for facility, what in site.facilities.items()
        for row in matrix()
        if what.kind in row.kinds
        and not any((facility, part) in named for part in row.parts)
        and not _otherwise(site, facility, row.by)
    ]


def _otherwise(site: Site, facility: str, by: str | None) -> bool:
    """Whether it is answered by something else than an interlock or a rule."""
    outputs = [output for name, output in site.outputs.items() if name.startswith(f"{facility}.")]
    loops: list[Any] = [loop for name, loop in site.loops.items() if name.startswith(f"{facility}.")]
    match by:
        case "pulse":
            return any(isinstance(output, Pulse) for output in outputs)
        case "three_point":
            return any(isinstance(output, ThreePoint) for output in outputs)
        case "check":
            return any(getattr(loop, "check", None) is not None for loop in loops)
        case "watchdog":
            return all(output.fail_safe_by != "none" for output in outputs)
        case _:
            return False
