"""From an interlock of the site file to its block."""

from collections.abc import Callable
from typing import Literal

from controller.core.bypass import Proven, proof_of
from controller.core.first_out import FirstOut, block_of
from controller.core.interlocks import Action, InterlockBlock, Most
from controller.core.state import Block
from edge_config.blocked import blocked
from edge_config.model.interlocks import Effect, Interlock
from edge_config.model.site import Site
from rules.expression import Expression

WINDOWS_S = {"hour": 3600.0, "day": 86_400.0}


def interlock_block(name: str, one: Interlock, site: Site, compiled: Callable[[str], Expression]) -> InterlockBlock:
    """The block of a checked interlock."""
    actions = tuple(action for effect in one.effect for action in _actions(one, effect, site))
    most = None
    needs: frozenset[str] = frozenset()
    when = None if one.when is None else compiled(one.when)
    if when is not None:
        needs = when.needs
    if one.most is not None:
        limit = one.most
        counts: Literal["run", "starts"] = "run" if limit.run is not None else "starts"
        amount = float(limit.starts or 0) if limit.run is None else limit.run
        since = None if limit.since is None else compiled(limit.since)
        most = Most(limit.of, counts, amount, None if limit.per is None else WINDOWS_S[limit.per], since)
        actions = (Action(limit.of, 0.0, "inhibit" if counts == "run" else "start", False), *actions)
    life_safety = one.life_safety or any(action.how == "set" and action.life_support for action in actions)
    bypass_s = 0.0
    if one.bypass is not None and (one.bypass.life_safety or not life_safety):
        bypass_s = one.bypass.longest
    group = None if one.group is None else f"{name.partition('.')[0]}.{one.group}"
    return InterlockBlock(
        name, one.kind, when, one.delay, one.lasts_s, one.latches, one.reset_by or "", one.on_bad_quality, actions,
        needs, most, one.while_running, life_safety, bypass_s, group, one.test_interval,
    )  # fmt: skip


def _actions(one: Interlock, effect: Effect, site: Site) -> list[Action]:
    stops: Literal["start", "inhibit"] = "start" if one.kind == "permissive" else "inhibit"
    if effect.set is not None:
        return [Action(effect.set, effect.to or 0.0, "set", site.outputs[effect.set].life_support)]
    if effect.limit is not None:
        return [Action(effect.limit, effect.to or 0.0, "limit", site.outputs[effect.limit].life_support)]
    if effect.inhibit is not None:
        return [Action(effect.inhibit, 0.0, stops, site.outputs[effect.inhibit].life_support)]
    return [Action(name, 0.0, stops, False) for name in blocked(site, effect.block or "", effect.in_ or "")]


def remembered(interlocks: tuple[InterlockBlock, ...]) -> dict[str, Block]:
    """What interlocks and their groups start from."""
    fresh: dict[str, Block] = {}
    for one in interlocks:
        fresh |= one.fresh
        if one.test_interval_s is not None:
            fresh[proof_of(one)] = Proven()
        if one.group is not None:
            fresh[block_of(one.group)] = FirstOut()
    return fresh


def grouped(interlocks: tuple[InterlockBlock, ...]) -> dict[str, tuple[InterlockBlock, ...]]:
    """By group, in the order of the site file."""
    groups: dict[str, tuple[InterlockBlock, ...]] = {}
    for one in interlocks:
        if one.group is not None:
            groups[one.group] = (*groups.get(one.group, ()), one)
    return groups
