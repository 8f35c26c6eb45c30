"""`use`: a facility filled from a preset.

A part of a preset whose tags or outputs the farm does not have is left out, and why is kept for whoever asks; one that
is `required` is a problem then.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from edge_config.laying import (
    MADE,
    chosen_zones,
    lay,
    lay_rules,
    made_in_site,
    names_in_site,
    rule_index,
    what_stays,
    zones_of,
)
from edge_config.merged import Layer, LeftOut, Merged
from edge_config.placing import Spot, spot_of
from edge_config.preset_library import (
    Part,
    Preset,
    filled,
    load_preset,
    places_in,
    preset_names,
    wanted_unit,
    within,
)
from edge_config.rule_library import library
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.units import UnitError, parse_quantity, same_dimension


@dataclass(frozen=True, slots=True)
class _Placed:
    """One part of a preset in its place, not yet laid into the site."""

    part: Part
    spot: Spot
    name: str
    asks: tuple[tuple[str, ...], ...]
    """Of each, one of its full names has to be there."""


def use_preset(merged: Merged, facility: str, said: dict[str, Any]) -> None:
    at: Path_ = ("facilities", facility)
    try:
        preset = load_preset(said["use"])
    except KeyError:
        near = nearest(said["use"], preset_names())
        merged.problems.append(merged.problem("E461", (*at, "use"), near=near, known=listed(preset_names())))
        return
    kind = said.get("kind")
    if kind not in preset.header.kind:
        known = listed(preset.header.kind)
        merged.problems.append(merged.problem("E462", (*at, "use"), preset=preset.name, kind=kind, known=known))
        return
    zones = zones_of(merged, facility) or []
    meant = chosen_zones(merged, (*at, "use_in"), facility, zones, said.get("use_in"))
    given = _given(merged, (*at, "with"), preset, said.get("with"))
    renamed = _renamed(merged, (*at, "tags"), preset, said.get("tags"))
    placed = [
        _placed(part, spot_of(facility, zone, zones, "zone", renamed))
        for part in preset.parts
        for zone in (["all"] if part.name.startswith("all.") else meant)
    ]
    unwanted = _unwanted(merged, (*at, "without"), preset, placed, said.get("without"))
    figures = preset.figures(given)
    kept, left = _fitting(merged, placed, unwanted, figures.keys())
    _tell_required(merged, at, preset, placed, left)
    merged.left_out += list(left.values())
    used = merged.layer((*at, "use")).place()
    rules: list[tuple[str, dict[str, Any], tuple[Layer, ...]]] = []
    values = {name: figure.value for name, figure in figures.items()}
    there = names_in_site(merged.value) | {one.name for one in kept}
    for one in kept:
        layers = tuple(Layer(document, path, used) for document, path in one.part.layers)
        raw, moved = _without_missing(one.part.body, one.spot, there, figures)
        own = _own(merged, one)
        stays = what_stays(one.part.section, raw, own)
        marks = {name: figures[name] for name in sorted(_used(stays, own)) if name not in given}
        if stays and one.part.rest is not None:
            marks["others"] = one.part.rest
        body = filled(raw, values)
        told = {name: mark.model_dump(exclude_none=True) for name, mark in marks.items()}
        if one.part.section == "rules":
            rules.append((one.name, _rule(one, body, told), layers))
        else:
            body = one.spot.placed(body) | ({"figures": told} if told else {})
            lay(merged, one.part.section, one.name, body, layers)
            for now, written in moved.items():
                items = tuple(Layer(layer.document, (*layer.path, *written), used) for layer in layers)
                if own is None:
                    merged.lay((one.part.section, one.name, *now), items)
    lay_rules(merged, rules)


def _placed(part: Part, spot: Spot) -> _Placed:
    name = spot.full(part.name)
    asks = set(spot.names_in(_sure(part.body)).values())
    if part.section == "rules" and "use" in part.body:
        rule = library()[part.body["use"]]
        calls = part.body.get("tags", {})
        asks |= {spot.full(calls.get(one, one)) for one in (*rule.needs, *rule.outputs, *rule.setpoints)}
    # settings of a thing that the preset does not make need the thing
    made = part.section not in ("outputs", "tags") or any(way in part.body for way in MADE)
    asks = asks - {name} if made else asks | {name}
    needs = [tuple(spot.full(one.strip()) for one in either.split("|")) for either in part.needs]
    return _Placed(part, spot, name, (*((one,) for one in sorted(asks)), *needs))


def _fitting(
    merged: Merged, placed: list[_Placed], unwanted: set[str], values: Any
) -> tuple[list[_Placed], dict[tuple[str, str], LeftOut]]:
    """The parts that find all that they ask for, in the site or in each other; and why not the others, by section and
    name."""
    there, made = names_in_site(merged.value), made_in_site(merged.value)
    left: dict[tuple[str, str], LeftOut] = {}

    def leave(one: _Placed, why: str, what: str) -> None:
        left[(one.part.section, one.name)] = LeftOut(one.part.section, one.name, why, what)

    for one in placed:
        instead = next((name for name in map(one.spot.full, one.part.unless) if name in there), None)
        unknown = min(places_in(_plain(one.part.body)) - values, default=None)
        if one.name in unwanted:
            leave(one, "unwanted", one.name)
        elif instead is not None:
            leave(one, "instead", instead)
        elif one.part.section == "tags" and not _is_made(one) and one.name in made:
            leave(one, "instead", one.name)  # settings of a probe; the farm votes, derives or enters it
        elif unknown is not None:
            leave(one, "unknown", unknown)
    while True:
        kept = [one for one in placed if (one.part.section, one.name) not in left]
        makes = there | {one.name for one in kept if one.part.section not in ("tags", "outputs") or _is_made(one)}
        lost = [(one, ask[0]) for one in kept for ask in one.asks if makes.isdisjoint(ask)]
        if not lost:
            return kept, left
        for one, what in reversed(lost):
            leave(one, "missing", what)


def _is_made(one: _Placed) -> bool:
    return any(way in one.part.body for way in MADE)


def _tell_required(
    merged: Merged, at: Path_, preset: Preset, placed: list[_Placed], left: Mapping[tuple[str, str], LeftOut]
) -> None:
    """A zone that has nothing of what a preset names is none of its zones, unless there is no other."""
    there = names_in_site(merged.value)
    outside = [name for name in preset.needs if name.startswith("zone.")]
    with_some = {
        one.spot.zone for one in placed if any(one.spot.full(name) in there for name in outside)
    }  # fmt: skip
    for one in placed:
        lost = left.get((one.part.section, one.name))
        if one.part.required and lost is not None and lost.why == "missing":
            zone = one.spot.zone
            if zone == "all" or zone in with_some or not with_some:
                near = nearest(lost.what, there)
                merged.problems.append(
                    merged.problem("E463", (*at, "use"), preset=preset.name, part=one.name, tag=lost.what, near=near)
                )


def _given(merged: Merged, at: Path_, preset: Preset, said: Any) -> dict[str, Any]:
    """The farm's own values, those that will do."""
    if not isinstance(said, dict):
        return {}
    given: dict[str, Any] = {}
    for name, value in said.items():
        written = preset.values.get(name)
        if written is None:
            near, known = nearest(str(name), preset.values), listed(sorted(preset.values))
            merged.problems.append(
                merged.problem("E464", (*at, name), key=True, preset=preset.name, near=near, known=known)
            )
            continue
        given[name] = value
        wanted = wanted_unit(preset, name)
        if wanted is None:
            continue
        try:
            unit = parse_quantity(value).unit
            if not same_dimension(unit, wanted):
                raise UnitError(unit)
            if not within(value, written):
                low, high = written.limits or ("", "")
                merged.problems.append(merged.problem("E466", (*at, name), low=low, high=high))
        except (UnitError, TypeError):
            merged.problems.append(
                merged.problem("E465", (*at, name), preset=preset.name, name=name, wanted=wanted or "1")
            )
            del given[name]
    return given


def _renamed(merged: Merged, at: Path_, preset: Preset, said: Any) -> dict[str, str]:
    """Short names of the preset -> what the farm calls them."""
    known = {*preset.needs, *(part.name for part in preset.parts if part.section != "rules")}
    renamed: dict[str, str] = {}
    for name, meant in said.items() if isinstance(said, dict) else ():
        if name not in known:
            near = nearest(str(name), known)
            merged.problems.append(merged.problem("E467", (*at, name), key=True, preset=preset.name, near=near))
        elif isinstance(meant, str):
            renamed[name] = meant
    return renamed


def _unwanted(merged: Merged, at: Path_, preset: Preset, placed: list[_Placed], said: Any) -> set[str]:
    """The full names of parts that the farm does without; a short name means them in every zone."""
    names: set[str] = set()
    for index, wish in enumerate(said if isinstance(said, list) else ()):
        found = {one.name for one in placed if wish in (one.part.name, one.name)}
        if not found:
            near = nearest(str(wish), {one.part.name for one in placed})
            merged.problems.append(merged.problem("E467", (*at, index), preset=preset.name, near=near))
        names |= found
    return names


def _rule(one: _Placed, body: dict[str, Any], marks: dict[str, Any]) -> dict[str, Any]:
    """A rule keeps its short names: its own scope leads them to its zone."""
    spot = one.spot
    written = body.get("tags", {})
    named = {*spot.names_in({key: value for key, value in body.items() if key != "tags"}), *written}
    if "use" in body:
        rule = library()[body["use"]]
        named |= {*rule.needs, *rule.outputs, *rule.setpoints}
    tags = {name: written.get(name, name) for name in named}
    tags = {name: spot.renamed.get(meant, meant) for name, meant in tags.items()}
    tags = {name: meant for name, meant in tags.items() if name != meant}
    scope = (
        {"facility": spot.facility}
        if spot.zone == "all"
        else {"each": f"zone in {spot.facility}", "zones": [spot.zone]}
    )
    rest = {key: value for key, value in body.items() if key != "tags"}
    made = {"id": one.part.name, **rest, "scope": scope} | ({"tags": tags} if tags else {})
    return made | ({"figures": marks} if marks else {})


# --- what is laid


def _own(merged: Merged, one: _Placed) -> Any:
    """What the site itself says of the same part; None for nothing."""
    parts = merged.value.get(one.part.section)
    if isinstance(parts, list):
        index = rule_index(parts, one.name)
        return None if index is None else parts[index]
    return parts.get(one.name) if isinstance(parts, dict) else None


def _used(raw: Any, own: Any) -> set[str]:
    """The values that a part asks for where the site does not say its own."""
    if own is None:
        return places_in(raw)
    if not isinstance(raw, dict) or not isinstance(own, dict):
        return set()
    return {place for key, one in raw.items() for place in _used(one, own.get(key))}


# --- optional items: `{of: all.radiation, …, optional: true}` in a list of a part, and `optional: [pump]` for its keys


def _sure(raw: Any) -> Any:
    """A part without its optional items."""
    if isinstance(raw, dict):
        return {key: _sure(one) for key, one in raw.items() if key not in _optional_keys(raw)}
    return [_sure(one) for one in raw if not _is_optional(one)] if isinstance(raw, list) else raw


def _plain(raw: Any) -> Any:
    return _sure({key: one for key, one in raw.items() if key != "tests"})


def _is_optional(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("optional") is True


def _optional_keys(raw: dict[str, Any]) -> tuple[str, ...]:
    keys = raw.get("optional")
    return ("optional", *keys) if isinstance(keys, list) else ()


def _without_missing(
    raw: Any, spot: Spot, there: set[str], values: Collection[str]
) -> tuple[dict[str, Any], dict[Path_, Path_]]:
    """A part without the optional items whose names are not there, or whose figures are not known; and of the items
    behind them, where each stands now and where it is written."""
    moved: dict[Path_, Path_] = {}

    def whole(one: Any) -> bool:
        names = set(spot.names_in(one if isinstance(one, dict | list) else [one]).values())
        return there.issuperset(names) and places_in(one) <= set(values)

    def left(raw: Any, now: Path_, written: Path_) -> Any:
        if isinstance(raw, dict):
            may = _optional_keys(raw)
            stays = {key: one for key, one in raw.items() if key != "optional" and (key not in may or whole(one))}
            return {key: left(one, (*now, key), (*written, key)) for key, one in stays.items()}
        if isinstance(raw, list):
            items = [(index, one) for index, one in enumerate(raw) if not _is_optional(one) or whole(one)]
            moved.update({(*now, at): (*written, index) for at, (index, _) in enumerate(items) if at != index})
            return [left(one, (*now, at), (*written, index)) for at, (index, one) in enumerate(items)]
        return raw

    return left(raw, (), ()), moved
