"""Why an output stands as it does, and what would change it, in sentences of both languages."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from controller.core.explain import Claim, Shape, Waits, Why
from controller.core.words import Slot
from controller.why.card import Card, Cards, Pair, Watcher
from edge_config.rule_words import time_words
from foundation.messages import tell

LIMITS = ("at_least", "at_most")
LETS_GO = "rule_lets_go"
"""The reason of a limit that is on its way back, its rule being off."""
MOVED = 1.0
"""The actuator makes something else of an order when it stands so many % from it."""


class Change(NamedTuple):
    """One way in which it may change: a message `change.KEY`, and what fills its places."""

    key: str
    values: Mapping[str, object]


def changes(cards: Cards, why: Why) -> list[Change]:
    """What would end what stands, what comes then, and who else may take it."""
    card = cards.outputs.get(why.output, Card())
    found = _end(card, why.won)
    if why.won.slot != "idle":
        found.append(Change("then", {"claim": why.then}))
    elif found[0].key == "nobody" and (card.pairs or card.siren_s is not None):
        found.clear()
    still = {one.rule for one in why.off}.union(one.rule for one in why.spent)
    busy = still.union(one.owner for one in (why.won, *why.beaten, *why.limits) if one.key != LETS_GO)
    found += [_would(one, still) for one in _takers(card, why) if one.id not in busy]
    if card.siren_s is not None and why.won.key != "siren":
        found.append(Change("siren_sounds", {"time": card.siren_s}))
    if why.won.key != "duty":
        found += [change for pair in card.pairs for change in _stands_in(pair)]
    firm = _slot(why.won) < Slot.MANUAL
    found.append(Change("no_hand" if firm else "hand", {}))
    return found


def _slot(one: Claim | Watcher) -> Slot:
    return Slot[one.slot.upper()]


def _takers(card: Card, why: Why) -> list[Watcher]:
    """Who would have its way against all that stands now, and how far it would come."""
    won, ranks = why.won, {one.id: one.rank for one in card.watchers}
    if ("interlock", won.owner, "at_most") in [(one.kind, one.id, one.bound) for one in card.watchers]:
        won = replace(won, bound="at_most")
    limits = [one for one in (won, *why.limits) if one.bound in LIMITS]
    # beneath a limit lies what somebody wants, if anybody does
    wanted = won if won.bound not in LIMITS else next((one for one in why.beaten if one.bound == "at"), None)
    stands = (Slot.IDLE, 0) if wanted is None else (_slot(wanted), ranks.get(wanted.owner, 0))
    found = []
    for one in card.watchers:
        slot, value = _slot(one), one.value
        if one.bound == "insists":
            # among trips what shuts goes first, among those that save lives what opens
            goes_first = value > won.value if slot is Slot.LIFE_SAFETY else value < won.value
            passes = slot < _slot(won) or (slot is _slot(won) and goes_first)
            passes = passes and not (one.starts and why.applied > 0.0)
        elif one.bound == "at":
            passes, value = (slot, one.rank) < stands, _within(value, limits, slot)
        else:
            passes = slot <= stands[0]
            if one.bound == "at_least":  # an upper limit goes before a lower one, and what is shut before both
                passes = passes and not (wanted is not None and wanted.value == 0.0 and slot is stands[0])
                value = min(value, _within(100.0, limits, stands[0]))
        if passes and (value == one.value or value != won.value):
            found.append(replace(one, value=value))
    return found


def _within(value: float, limits: Collection[Claim], slot: Slot) -> float:
    """What the limits leave of it, when it is wanted in this slot."""
    firm = [one for one in limits if _slot(one) <= slot]
    least = [one.value for one in firm if one.bound == "at_least" and not (value == 0.0 and _slot(one) is slot)]
    value = max([value, *least])
    return min([value, *(one.value for one in firm if one.bound == "at_most")])


def _would(one: Watcher, still: Collection[str]) -> Change:
    """When it would take the output; the rules that are `still` run no sequence."""
    if one.kind == "sequence":
        askers = ", ".join(rule for rule in one.when.split(", ") if rule not in still)
        key = "would_sequence" if askers else "would_sequence_hand"
        return Change(key, {"sequence": one.id, "when": askers, "to": one})
    values: dict[str, object] = {one.kind: one.id, "when": one.when, "to": one}
    if one.kind == "interlock" and not one.when:
        return Change("would_interlock_counts", values)
    if one.on_s:
        return Change(f"would_{one.kind}_for", values | {"time": one.on_s})
    return Change(f"would_{one.kind}", values)


def _stands_in(pair: Pair) -> list[Change]:
    """When a pair takes the output, or gives it to the other."""
    values: dict[str, object] = {"duty": pair.duty, "standby": pair.standby}
    found = [Change(f"pair_{pair.part}", values)]
    if pair.swap_s is not None and pair.part != "rescue":
        found.append(Change("pair_swap", values | {"time": pair.swap_s}))
    return found


def _rule_end(rule: Watcher, won: Claim) -> list[Change]:
    """How a rule that decides goes off."""
    values: dict[str, object] = {"rule": rule.id, "when": rule.when}
    key = "rule" if rule.when else "rule_always"
    if rule.when and rule.clear:
        key, values = "rule_clear", values | {"clear": rule.clear}
    if rule.when and rule.off_s:
        key, values = f"{key}_for", values | {"time": rule.off_s}
    found = [Change(key, values)]
    if rule.most_s is not None and won.since_s is not None:
        latest = Change("rule_latest", {"ends": won.since_s + rule.most_s})
        found = [*found, latest] if rule.when else [latest]
    return [*found, Change("slowly_back", {"rule": rule.id})] if rule.slow else found


def _end(card: Card, won: Claim) -> list[Change]:
    """How the winner ends, or moves."""
    if won.key == LETS_GO:
        return [Change("lets_go", {"rule": won.owner})]
    own = [one for one in card.watchers if one.id == won.owner]
    watcher = next((one for one in own if one.bound == won.bound), own[0] if own else None)
    if watcher is not None and watcher.kind == "rule":
        return _rule_end(watcher, won)
    return [_other_end(card, won, watcher)]


def _other_end(card: Card, won: Claim, watcher: Watcher | None) -> Change:
    """How anybody but a rule ends, or moves."""
    loop = next((one for one in card.loops if one.id == won.owner), None)
    if won.key in ("sequence", "sequence_by_hand"):
        return Change("sequence", {place: won.values.get(place, "") for place in ("sequence", "step", "of")})
    if won.key == "sequence_aborted":
        waits = watcher is None or watcher.latch
        return Change("reset", {"loop": won.owner}) if waits else Change("owner", {"owner": won.owner})
    if won.key == "locked_out":
        return Change("locked", {"by": won.values.get("by", "")})
    if won.key == "emergency_stop":
        return Change("stopped", {"facility": won.owner.removeprefix("stop:")})
    if watcher is not None:
        counts = watcher.kind == "interlock" and not watcher.when
        latched = "_latched" if watcher.latch else "_counts" if counts else ""
        return Change(f"{watcher.kind}{latched}", {watcher.kind: watcher.id, "when": watcher.when})
    if won.slot == "manual" and won.ends_s is not None:
        return Change("manual", {"by": won.values.get("by", won.owner), "ends": won.ends_s})
    if won.key == "siren":
        return Change("siren", {})
    if won.key == "duty":
        return Change("duty", {"duty": won.values.get("duty", ""), "standby": won.values.get("standby", "")})
    if won.key in ("sensor_lost", "settling"):
        return Change("sensor", {"tag": won.values.get("tag", "")})
    if won.key == "no_effect":
        return Change("reset", {"loop": won.owner})
    if won.ends_s is not None:
        return Change("ends", {"ends": won.ends_s})
    if loop is not None and loop.pv:
        return Change("loop", {"pv": loop.pv, "sp": loop.sp})
    if won.slot == "idle":
        return Change("asked" if card.loops or card.watchers else "nobody", {})
    return Change("owner", {"owner": won.owner})


def sentences(cards: Cards, why: Why, language: str, thinned: bool = False) -> list[str]:
    """One fact a line: how it stands, who decided, whom that beat, what limits it, what would change it."""
    told = _Teller(cards, why, language)
    lines = [
        told.say("stands", output=told.name(why.output), value=told.value(why.value), since=told.time(why.on_since_s)),
        told.say("decides", claim=told.claim(why.won), since=told.time(why.since_s)),
    ]
    if why.first is not None:
        lines.append(told.say("first_out", first=told.name(why.first.interlock), at=told.time(why.first.cause_s)))
    if why.won.bound in LIMITS:
        lines.append(told.say("limited", limit=told.to(why.won), claim=told.claim(why.then)))
    if abs(why.applied - why.value) >= MOVED:
        lines.append(told.say("moved", applied=told.value(why.applied)))
    if not why.heard:
        lines.append(told.say("deaf"))
    lines += [told.shape(one) for one in why.shapes]
    lines += [told.say("beaten", value=told.value(one.value), claim=told.claim(one)) for one in why.beaten]
    lines += [told.say("limit", limit=told.to(one), claim=told.claim(one)) for one in why.limits]
    lines += [
        told.say("switched_off", rule=told.name(one.rule), by=one.by, until=told.time(one.until_s), reason=one.reason)
        for one in why.off
    ]
    lines += [
        told.say(f"spent.{one.why}", rule=told.name(one.rule), until=told.time(one.until_s or 0.0)) for one in why.spent
    ]
    lines += [told.waits(one) for one in why.waits]
    lines += [
        told.say(
            f"rests.{one.why}", loop=told.name(one.loop), of=told.name(one.of), until=told.time(one.until_s or 0.0)
        )
        for one in why.rests
    ]
    lines += [told.change(one) for one in changes(cards, why)]
    if thinned:
        lines.append(told.say("thinned"))
    return lines


class _Teller:
    """The words of one explanation."""

    def __init__(self, cards: Cards, why: Why, language: str) -> None:
        self._cards, self._why, self._language = cards, why, language
        self._zone = ZoneInfo(cards.timezone)
        self._switched = cards.outputs.get(why.output, Card()).switched

    def say(self, key: str, **values: object) -> str:
        return tell(f"explain.{key}", self._language, **values)

    def shape(self, shape: Shape) -> str:
        """What shapes a setpoint behind the winner."""
        values, unit = dict(shape.values), self._cards.units.get(shape.setpoint, "")
        if shape.key == "stage":
            recipe, stage = self.name(str(values["recipe"])), self.name(str(values["stage"]))
            day = f"{values['day']:g}"
            return self.say("shape.stage", setpoint=self.name(shape.setpoint), recipe=recipe, stage=stage, day=day)
        step = tell(f"unit.{'K' if unit == 'degC' else unit}", self._language) if unit else ""
        return self.say(
            "shape.integration", setpoint=self.name(shape.setpoint), of=self.name(str(values["of"])),
            shift=f"{values['shift']:+.2f} {step}".rstrip(), days=f"{values['days']:g}",
            target=f"{values['target']:.3g} {tell(f'unit.{unit}', self._language) if unit else ''}".rstrip(),
        )  # fmt: skip

    def waits(self, one: Waits) -> str:
        """Who counts to what, until when, and how long still."""
        left_s, own = one.at_s - self._why.at_s, self._cards.outputs.get(self._why.output, Card()).watchers
        what = "resettable" if one.what == "reset" and left_s <= 0.0 else one.what
        to = next((self.to(watcher) for watcher in own if watcher.id == one.owner), "")
        return self.say(
            f"waits.{one.kind}_{what}", owner=self.name(one.owner), to=to, at=self.time(one.at_s),
            left=time_words(float(ceil(max(left_s, 0.0)))),
        )  # fmt: skip

    def change(self, change: Change) -> str:
        values: dict[str, object] = {}
        for place, value in change.values.items():
            if isinstance(value, Claim):
                values |= {"value": self.value(value.value), "claim": self.claim(value)}
            elif isinstance(value, Watcher):
                values[place] = self.to(value)
            elif place == "ends":
                values[place] = self.time(float(str(value)))
            elif place == "time":
                values[place] = time_words(float(str(value)))
            else:
                values[place] = value if place in ("when", "clear") else self.name(str(value))
        return tell(f"change.{change.key}", self._language, **values)

    def claim(self, claim: Claim) -> str:
        """The slot and the reason, as the panel's line has them."""
        filled: dict[str, object] = {
            "unit": tell(f"unit.{unit}", self._language) if (unit := self._unit(claim)) else ""
        }
        for place, value in claim.values.items():
            if place == "reason":
                filled[place] = tell(f"reason.{value}", self._language)
            else:
                filled[place] = f"{value:.4g}" if isinstance(value, float) else self.name(str(value))
        why = tell(f"why.{claim.key}", self._language, **filled).rstrip()
        return self.say("claim", slot=tell(f"panel.slot.{claim.slot}", self._language), why=why)

    def _unit(self, claim: Claim) -> str:
        return self._cards.units.get(str(claim.values.get("loop", "")), "")

    def to(self, one: Claim | Watcher) -> str:
        """A position, or a bound of it."""
        bound = one.bound if one.bound in LIMITS else "at"
        to = self.say(f"to.{bound}", value=self.value(one.value) if bound == "at" else f"{one.value:.4g} %")
        return self.say("to.slowly", to=to) if isinstance(one, Watcher) and one.slow else to

    def value(self, value: float) -> str:
        if self._switched and value in (0.0, 100.0):
            return tell("panel.on" if value else "panel.off", self._language)
        return f"{value:.3g} %"

    def name(self, key: str) -> str:
        names = self._cards.names.get(key)
        return key if names is None else names[0 if self._language == "zh-CN" else 1]

    def time(self, time_s: float) -> str:
        """Local time; with its date where that is another day."""
        moment, at = (datetime.fromtimestamp(one, self._zone) for one in (time_s, self._why.at_s))
        return f"{moment:%H:%M:%S}" if moment.date() == at.date() else f"{moment:%Y-%m-%d %H:%M:%S}"
