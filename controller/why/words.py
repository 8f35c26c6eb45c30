"""Why an output stands as it does, and what would change it, in sentences of both languages."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from controller.core.explain import Claim, Shape, Why
from controller.core.words import Slot
from controller.why.card import Card, Cards, Watcher
from foundation.messages import tell

MOVED = 1.0
"""The actuator makes something else of an order when it stands so many % from it."""


class Change(NamedTuple):
    """One way in which it may change: a message `change.KEY`, and what fills its places."""

    key: str
    values: Mapping[str, object]


def changes(cards: Cards, why: Why) -> list[Change]:
    """What would end what stands, what comes then, and who else may take it."""
    card = cards.outputs.get(why.output, Card())
    found = [_end(card, why.won)]
    if why.won.slot != "idle":
        found.append(Change("then", {"claim": why.then}))
    busy = {why.won.owner, *(one.owner for one in (*why.beaten, *why.limits)), *(one.rule for one in why.off)}
    for one in card.watchers:
        passes = Slot[one.slot.upper()] <= Slot[why.won.slot.upper()]
        if one.id not in busy and passes:
            by_hand = "_hand" if one.kind == "sequence" and not one.when else ""
            found.append(Change(f"would_{one.kind}{by_hand}", {one.kind: one.id, "when": one.when, "to": one}))
    firm = Slot[why.won.slot.upper()] < Slot.MANUAL
    found.append(Change("no_hand" if firm else "hand", {}))
    return found


def _end(card: Card, won: Claim) -> Change:
    """How the winner ends, or moves."""
    watcher = next((one for one in card.watchers if one.id == won.owner), None)
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
        latched = "_latched" if watcher.latch else "_always" if not watcher.when else ""
        return Change(f"{watcher.kind}{latched}", {watcher.kind: watcher.id, "when": watcher.when})
    if won.slot == "manual" and won.ends_s is not None:
        return Change("manual", {"by": won.values.get("by", won.owner), "ends": won.ends_s})
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
    if why.won.bound in ("at_least", "at_most"):
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

    def change(self, change: Change) -> str:
        values: dict[str, object] = {}
        for place, value in change.values.items():
            if isinstance(value, Claim):
                values |= {"value": self.value(value.value), "claim": self.claim(value)}
            elif isinstance(value, Watcher):
                values[place] = self.to(value)
            elif place == "ends":
                values[place] = self.time(float(str(value)))
            else:
                values[place] = value if place == "when" else self.name(str(value))
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
        bound = one.bound if one.bound in ("at_least", "at_most") else "at"
        return self.say(f"to.{bound}", value=self.value(one.value) if bound == "at" else f"{one.value:.4g} %")

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
