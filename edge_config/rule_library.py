"""The library of rules (`rules/library/*.yaml`), and how a site's `use: ras/no_feed_in_low_oxygen` becomes a rule."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from edge_config.merged import Merged
from edge_config.model.control import Rule
from edge_config.model.values import Frozen, Name
from edge_config.wording import listed, nearest
from foundation.document import read_document
from foundation.problem import Problem
from foundation.units import UnitError, parse_quantity, same_dimension

PLACE = re.compile(r"\{(\w+)\}")
OWN_KEYS = ("source", "status", "needs", "outputs", "setpoints", "sequences")
"""What the library says of a rule for people and for its tests."""


class LibraryRule(Frozen):
    """One rule of the library. Its texts may hold `{low}`: values of `with`, which a site may change."""

    name: str
    """`ras/no_feed_in_low_oxygen`."""
    description: Name
    source: str
    """Where its figures come from, or why it is as it is."""
    status: Literal["verified", "secondary", "unverified", "practice"]
    """`practice`: how it is done, with no source of its own for each figure."""
    needs: dict[str, str]
    """The tags that it looks at, and the unit of each."""
    outputs: tuple[str, ...] = ()
    setpoints: dict[str, str] = Field(default={})
    sequences: tuple[str, ...] = ()
    """That the site has to have."""
    values: dict[str, str | float | int] = Field(default={})
    """Under `with` in the file."""
    body: dict[str, Any]
    """The rule's own keys."""

    @property
    def short(self) -> str:
        return self.name.partition("/")[2]

    def rule(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The rule as a site would write it; what the site says itself (`own`) goes first."""
        changes = own.get("with")
        values = {**self.values, **(changes if isinstance(changes, dict) else {})}
        made = {
            "id": f"zone.{self.short}", "description": self.description.model_dump(), **_filled(self.body, values)
        }  # fmt: skip
        if changes:
            made.pop("tests", None)  # they were written for the library's own values
        return {**made, **own}


@cache
def library() -> dict[str, LibraryRule]:
    """Every rule by its name. Raises what a damaged installation raises."""
    found: dict[str, LibraryRule] = {}
    for path in sorted(Path(str(files("rules").joinpath("library"))).glob("*.yaml")):
        for short, content in read_document(path).value.items():
            name = f"{path.stem}/{short}"
            body = {key: value for key, value in content.items() if key not in (*OWN_KEYS, "description", "with")}
            own = {key: content[key] for key in OWN_KEYS if key in content}
            found[name] = LibraryRule(
                name=name, description=content["description"], values=content.get("with", {}), body=body, **own
            )
    return found


def rule_of_library(one: LibraryRule) -> Rule:
    """The rule alone, with its own values."""
    return Rule.model_validate(one.rule({}))


def take_from_library(merged: Merged) -> list[Problem]:
    """Fill in every rule with `use`; what is wrong with one."""
    rules = merged.value.get("rules")
    if not isinstance(rules, list) or not any(isinstance(one, dict) and "use" in one for one in rules):
        return []
    problems: list[Problem] = []
    merged.value["rules"] = [_taken(merged, index, one, problems) for index, one in enumerate(rules)]
    return problems


def _taken(merged: Merged, index: int, own: Any, problems: list[Problem]) -> Any:
    if not isinstance(own, dict) or "use" not in own:
        return own
    known = library()
    one = known.get(str(own["use"]))
    if one is None:
        use = str(own["use"])
        problems.append(merged.problem("E443", ("rules", index, "use"), near=nearest(use, known)))
        return {"then": [], **own}
    for key, names in (
        ("with", one.values),
        ("tags", {**one.needs, **dict.fromkeys((*one.outputs, *one.sequences)), **one.setpoints}),
    ):
        for name in own.get(key) or ():
            if name not in names:
                place = ("rules", index, key, name)
                near, listing = nearest(str(name), names), listed(names)
                problems.append(merged.problem("E444", place, key=True, use=one.name, near=near, known=listing))
            elif key == "with" and not _alike(own[key][name], one.values[name]):
                wanted = parse_quantity(one.values[name]).unit or "1"
                place = ("rules", index, key, name)
                problems.append(merged.problem("E445", place, use=one.name, found=name, wanted=wanted))
    return one.rule(own)


def _alike(given: Any, default: str | float | int) -> bool:
    try:
        return same_dimension(parse_quantity(given).unit, parse_quantity(default).unit)
    except UnitError:
        return True  # that it is no quantity at all is told by the model


def _filled(raw: Any, values: Mapping[str, Any]) -> Any:
    """Every text with its `{places}` filled; a place that is none of the values stays."""
    if isinstance(raw, str):
        return PLACE.sub(lambda match: str(values.get(match[1], match[0])), raw)
    if isinstance(raw, dict):
        return {key: _filled(value, values) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_filled(one, values) for one in raw]
    return raw
