"""Interlocks: causes that can be evaluated, effects on outputs that exist, no contradictions, life never shut off."""

from edge_config.blocked import blocked
from edge_config.checks.inspection import Inspection
from edge_config.checks.life_support import shuts_off
from edge_config.model.interlocks import LONGEST_BYPASS_S, Effect, Interlock, Most
from foundation.document import Path_
from rules.expression import BOOL

Positions = dict[str, tuple[str, float]]


def check_interlocks(inspection: Inspection) -> None:
    """E401 to E418 (from the expressions), E420 to E424, E480 to E489."""
    positions: Positions = {}
    for name, interlock in inspection.site.interlocks.items():
        path: Path_ = ("interlocks", name)
        _cause(inspection, path, interlock)
        for number, effect in enumerate(interlock.effect):
            place: Path_ = (*path, "effect", number)
            _effect(inspection, place, interlock, effect)
            _insists(inspection, place, name, effect, positions)
        _reset(inspection, path, interlock)
        _bypass(inspection, path, interlock)
        if interlock.test_interval is not None:
            inspection.positive((*path, "test_interval"), interlock.test_interval)


def _cause(inspection: Inspection, path: Path_, interlock: Interlock) -> None:
    """A condition, or a cap that counts; and something that follows from it."""
    if interlock.when is not None:
        inspection.condition((*path, "when"), interlock.when)
    most = interlock.most
    if most is None:
        if interlock.when is None:
            inspection.note("E480", path, key=True)
        if not interlock.effect:
            inspection.note("E481", path, key=True)
    elif interlock.when is not None or interlock.kind != "cap":
        inspection.note("E482", (*path, "most"), key=True)
    else:
        _most(inspection, (*path, "most"), most)
    if interlock.while_running and interlock.kind != "permissive":
        inspection.note("E483", (*path, "while_running"), key=True)


def _most(inspection: Inspection, path: Path_, most: Most) -> None:
    """So long or so often, within a time or until something."""
    output = inspection.output((*path, "of"), most.of)
    if output is not None and output.life_support:
        inspection.note("E423", (*path, "of"), output=most.of, interlock=path[1])
    if (most.run is None) == (most.starts is None):
        inspection.note("E484", path)
    if most.per is None and most.since is None:
        inspection.note("E485", path)
    inspection.positive((*path, "run"), most.run)
    if most.since is not None:
        inspection.condition((*path, "since"), most.since)


def _effect(inspection: Inspection, path: Path_, interlock: Interlock, effect: Effect) -> None:
    """Exactly one of set, inhibit, limit and block; set and limit say to what."""
    said = [key for key in ("set", "inhibit", "limit", "block") if getattr(effect, key) is not None]
    if not said:
        inspection.note("E420", path)
    elif len(said) > 1:
        inspection.note("E421", (*path, said[1]), key=True)
    elif said[0] in ("set", "limit") and effect.to is None:
        inspection.note("E422", (*path, said[0]), output=effect.set or effect.limit)
    elif said[0] in ("inhibit", "block") and effect.to is not None:
        inspection.note("W308", (*path, "to"), key=True, key_name="to")
    elif interlock.kind == "permissive" and said[0] in ("set", "limit"):
        inspection.note("E486", (*path, said[0]), key=True)
    for key in ("set", "inhibit", "limit"):
        if (name := getattr(effect, key)) is not None:
            inspection.output((*path, key), name)
    if effect.block is not None and not blocked(inspection.site, effect.block, effect.in_ or ""):
        inspection.note("E487", (*path, "block"), function=effect.block, place=effect.in_ or "")


def _insists(inspection: Inspection, path: Path_, name: str, effect: Effect, positions: Positions) -> None:
    """An interlock never shuts off what keeps alive, and no two hold one output in two positions."""
    target = effect.inhibit or effect.set or effect.limit
    output = inspection.site.outputs.get(target or "")
    bounds = effect.inhibit is not None or effect.limit is not None
    to = 100.0 if effect.to is None else effect.to
    if output is not None and output.life_support and (bounds or shuts_off(output, to, at_once=True)):
        key = next(key for key in ("inhibit", "set", "limit") if getattr(effect, key) is not None)
        inspection.note("E423", (*path, key), output=target, interlock=name)
    if effect.set is not None and effect.inhibit is None and effect.to is not None:
        first, position = positions.setdefault(effect.set, (name, effect.to))
        if position != effect.to:
            inspection.note(
                "E424", (*path, "to"), output=effect.set, first=first, position=f"{position:g} %", to=f"{effect.to:g} %"
            )


def _reset(inspection: Inspection, path: Path_, interlock: Interlock) -> None:
    """A latch is ended by a person or by a button, and only a local one has a button."""
    if interlock.latch and interlock.reset == "auto":
        inspection.note("E488", (*path, "reset"))
    if (interlock.reset == "local") != (interlock.reset_by is not None):
        inspection.note("E489", (*path, "reset"))
    if interlock.reset_by is not None:
        unit = inspection.tag((*path, "reset_by"), interlock.reset_by)
        if unit is not None and unit != BOOL:
            inspection.note("E489", (*path, "reset_by"))


def _bypass(inspection: Inspection, path: Path_, interlock: Interlock) -> None:
    """An hour at most; of what keeps alive only where that is said."""
    bypass = interlock.bypass
    if bypass is None:
        return
    inspection.positive((*path, "bypass", "longest"), bypass.longest)
    if bypass.longest > LONGEST_BYPASS_S:
        inspection.note("E490", (*path, "bypass", "longest"))
    keeps = interlock.life_safety or any(
        effect.set in inspection.site.outputs and inspection.site.outputs[effect.set].life_support
        for effect in interlock.effect
    )
    if keeps and not bypass.life_safety:
        inspection.note("E491", (*path, "bypass"), key=True)
