"""The presets (`edge_config/presets/KIND/NAME@VERSION.yaml`): fragments of a site, with the source of every figure.

A preset may be `like` another one, and then says only what differs. Data of crops and species stand once, in
`presets/crops` and `presets/species`, and presets refer to them: `crop.day_temperature`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from edge_config.merged import changed
from edge_config.model.site import FacilityKind, Site
from edge_config.model.values import Figure, Frozen, Name, TagName
from foundation.document import Document, Path_, parse_document
from foundation.units import UnitError, factor, parse_quantity

NAMED_SECTIONS = tuple(
    name for name, field in Site.model_fields.items() if (get_args(field.annotation) or (None,))[0] == TagName
)
"""Sections of a site in which every part has a tag's name."""
PART_KEYS = ("needs", "unless", "required", "source", "status")
"""What a preset says of a part for itself; the rest is the part as a site has it."""
PLACE = re.compile(r"\{(\w+)\}")
FACT = re.compile(r"(crop|species)\.(\w+)")
PEOPLE_TEXTS = ("name", "description", "cause", "consequence", "response", "text")
"""Their braces are filled elsewhere."""
WORST_FIRST = ("unverified", "practice", "secondary", "verified")
Status = Literal["verified", "secondary", "unverified", "practice"]


class Header(Frozen):
    """What a preset says of itself."""

    kind: tuple[FacilityKind, ...] = Field(min_length=1)
    """The kinds of facility that it is for."""
    name: Name
    crop: str | None = None
    species: str | None = None
    like: str | None = None
    """The preset that it is laid over."""


class Value(Frozen):
    """One of a preset's figures as it is written; a farm may give another one within `limits`."""

    value: Any = None
    """A quantity, a moment or a list; or of a crop or species: `crop.day_temperature`. Left out, it is the farm's to
    give, and without it the parts that use it are left out."""
    plus: tuple[str, ...] = ()
    """Other values that it is the sum of, in place of `value`."""
    limits: tuple[str | int | float, str | int | float] | None = None
    source: str | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One program, loop, rule, … of a preset, its names short and its figures still in braces."""

    section: str
    name: str
    body: dict[str, Any]
    needs: tuple[str, ...]
    """What has to be there beside what it names; `A | B` means one of them."""
    unless: tuple[str, ...]
    """It is left out where the site has one of these."""
    required: bool
    rest: Figure | None
    """Of the figures that stand in it as they are."""
    layers: tuple[tuple[Document, Path_], ...]
    """Where it stands, what goes first first."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One file of the library, with all that it is like."""

    name: str
    header: Header
    needs: Mapping[str, str]
    """The names that the site has to have for all of it: the unit of each, or `output`."""
    values: Mapping[str, Value]
    facts: Mapping[str, Figure]
    """By `crop.NAME` and `species.NAME`."""
    parts: tuple[Part, ...]

    def figures(self, own: Mapping[str, Any]) -> dict[str, Figure]:
        """Every value by name, where the farm gives `own` ones with those. A value that the crop's or species' data
        do not know, or that the farm has to give and does not, is left out."""
        found: dict[str, Figure] = {}
        for name in self.values:
            figure = self._figure(name, own)
            if figure is not None:
                found[name] = figure
        return found

    def _figure(self, name: str, own: Mapping[str, Any]) -> Figure | None:
        if name in own:
            return Figure(value=own[name], source="", status="verified")
        written = self.values[name]
        if written.plus:
            parts = [self._figure(one, own) for one in written.plus]
            known = [one for one in parts if one is not None]
            return _sum(known, written) if len(known) == len(parts) else None
        if written.value is None:
            return None
        fact = FACT.fullmatch(written.value) if isinstance(written.value, str) else None
        if fact is not None:
            return self.facts.get(fact[0])
        return Figure(value=written.value, source=written.source or "", status=written.status or "unverified")


def _sum(figures: list[Figure], written: Value) -> Figure:
    """The first in its unit and all others added; as sure as the least sure of them."""
    terms = [parse_quantity(one.value) for one in figures]
    unit = terms[0].unit
    total = sum(term.value * _step(term.unit, unit) for term in terms)
    status = next(one for one in WORST_FIRST if any(figure.status == one for figure in figures))
    sources = dict.fromkeys(figure.source for figure in figures if figure.source)
    return Figure(value=f"{total:.6g} {unit}".rstrip(), source=written.source or "; ".join(sources), status=status)


def _step(unit: str, into: str) -> float:
    """A difference of temperatures may be added to a temperature."""
    return 1.0 if (unit, into) == ("K", "degC") else factor(unit, into)


def within(value: Any, written: Value) -> bool:
    """Whether a farm's own value lies within the preset's limits. Raises UnitError where they cannot be compared."""
    if written.limits is None:
        return True
    low, high = (parse_quantity(limit) for limit in written.limits)
    return low.value <= parse_quantity(value).to(low.unit) <= high.to(low.unit)


def wanted_unit(preset: Preset, name: str) -> str | None:
    """The unit of a value; None if it is no quantity."""
    figure = preset.figures({}).get(name)
    limits = preset.values[name].limits
    try:
        return parse_quantity(limits[0] if limits is not None else figure.value if figure is not None else "?").unit
    except (UnitError, TypeError):
        return None


# --- reading


@cache
def preset_names() -> tuple[str, ...]:
    """All of the library, `greenhouse/tomato@1`."""
    root = _root()
    return tuple(
        sorted(str(path.relative_to(root).with_suffix("")) for path in root.rglob("*@*.yaml"))
    )  # fmt: skip


@cache
def load_preset(name: str) -> Preset:
    """Raises KeyError for a name that is none, and what a damaged installation raises."""
    if name not in preset_names():
        raise KeyError(name)
    document = _document(name)
    content: dict[str, Any] = document.value
    header = Header.model_validate(content["preset"])
    base = load_preset(header.like) if header.like is not None else None
    values = {key: _value(raw) for key, raw in content.get("values", {}).items()}
    facts = dict(base.facts) if base else {}
    for word, folder, whose in (("crop", "crops", header.crop), ("species", "species", header.species)):
        if whose is not None:
            # nothing of the base's crop is true of another
            facts = {key: figure for key, figure in facts.items() if not key.startswith(f"{word}.")}
            facts |= {f"{word}.{key}": figure for key, figure in load_facts(folder, whose).items()}
    return Preset(
        name,
        header,
        {**(base.needs if base else {}), **content.get("needs", {})},
        {**(base.values if base else {}), **values},
        facts,
        tuple(_parts(document, base)),
    )


@cache
def load_facts(folder: str, name: str) -> dict[str, Figure]:
    """What is known of a crop (`crops`) or species (`species`), by field."""
    content: dict[str, Any] = _document(f"{folder}/{name}").value
    return {key: Figure.model_validate(raw) for key, raw in content.items() if key != "name"}


def _parts(document: Document, base: Preset | None) -> Iterator[Part]:
    """Those of the base that are not removed, with what is laid over them; then the new ones."""
    own = {(section, name): (raw, path) for section, name, raw, path in _written(document)}
    for part in base.parts if base else ():
        if (part.section, part.name) not in own:
            yield part
            continue
        raw, path = own.pop((part.section, part.name))
        if raw is not None:
            whole = changed(_whole(part), raw)
            yield _part(part.section, part.name, whole, ((document, path), *part.layers))
    for (section, name), (raw, path) in own.items():
        yield _part(section, name, raw, ((document, path),))


def _written(document: Document) -> Iterator[tuple[str, str, Any, Path_]]:
    for section in NAMED_SECTIONS:
        for name, raw in document.value.get(section, {}).items():
            yield section, name, raw, (section, name)
    for index, raw in enumerate(document.value.get("rules", ())):
        own = {key: value for key, value in raw.items() if key != "id"}
        yield "rules", raw["id"], None if own == {"remove": True} else own, ("rules", index)


def _part(section: str, name: str, raw: dict[str, Any], layers: tuple[tuple[Document, Path_], ...]) -> Part:
    body = {key: value for key, value in raw.items() if key not in PART_KEYS}
    rest = Figure(source=raw["source"], status=raw["status"]) if "status" in raw else None
    needs, unless = tuple(raw.get("needs", ())), tuple(raw.get("unless", ()))
    return Part(section, name, body, needs, unless, raw.get("required", False), rest, layers)


def _whole(part: Part) -> dict[str, Any]:
    """A part as it is written."""
    said = {"needs": list(part.needs), "unless": list(part.unless), "required": part.required}
    rest = {"source": part.rest.source, "status": part.rest.status} if part.rest is not None else {}
    return {**part.body, **said, **rest}


def _value(raw: Any) -> Value:
    return Value.model_validate(raw if isinstance(raw, dict) else {"value": raw})


def _document(name: str) -> Document:
    return parse_document((_root() / f"{name}.yaml").read_bytes(), f"presets/{name}.yaml")


def _root() -> Path:
    return Path(str(files("edge_config").joinpath("presets")))


# --- what stands in a part


def places_in(raw: Any) -> set[str]:
    """The values that a part of a preset asks for. Texts for people ask for none."""
    if isinstance(raw, str):
        return set(PLACE.findall(raw))
    return {place for _, one in _inner(raw) for place in places_in(one)}


def filled(raw: Any, values: Mapping[str, Any]) -> Any:
    """The part with its values; a text that is one place alone becomes the value itself."""
    if isinstance(raw, str):
        whole = PLACE.fullmatch(raw)
        if whole is not None and whole[1] in values:
            return values[whole[1]]
        return PLACE.sub(lambda match: str(values.get(match[1], match[0])), raw)
    return with_inner(raw, lambda one: filled(one, values))


def _inner(raw: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(raw, dict):
        return [(key, one) for key, one in raw.items() if key not in PEOPLE_TEXTS]
    return list(enumerate(raw)) if isinstance(raw, list) else []


def with_inner(raw: Any, change: Any) -> Any:
    """A mapping or list with each of its values changed, texts for people as they are."""
    if isinstance(raw, dict):
        return {key: one if key in PEOPLE_TEXTS else change(one) for key, one in raw.items()}
    return [change(one) for one in raw] if isinstance(raw, list) else raw
