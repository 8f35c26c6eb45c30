"""A person switches a rule off for a time, with a reason: it wants nothing meanwhile, and then runs again by itself.

What is switched off is a `Mark` of the state: restarts and replays have it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from controller.core.state import Mark
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Event, RuleSwitch

LONGEST_OFF_S = 24 * 3600.0
"""Nobody forgets a rule for longer, not even over a clock that is set back."""


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """One rule that a person switched off."""

    rule: str
    by: str
    until_s: float
    reason: str


def key_of(rule: str) -> str:
    """The name of its `Mark`."""
    return f"rule_off:{rule}"


def hear_switch(turn: Turn, wish: RuleSwitch, known: Collection[str]) -> None:
    """Off from now on for so long, whatever stood before; 0 s switches it on again. `known` are the site's rules."""
    now_s, key = turn.now_s, key_of(wish.rule)
    mark = turn.marks.get(key)
    stands = mark if mark is not None and mark.over_s < 0.0 else None
    values: dict[str, object] = {"id": wish.id, "by": wish.by}
    until_s = now_s + wish.seconds if wish.seconds else 0.0
    told = {**values, "before": stands.until_s if stands is not None else 0.0, "after": until_s}
    if wish.rule not in known:
        values |= {"why": "rule_none", "rule": wish.rule}
    elif wish.seconds == 0.0:
        if stands is not None:
            turn.marks[key] = stands._replace(over_s=now_s)
            turn.events.append(Event(now_s, "rule_switched_on", wish.rule, told))
            return
        values["why"] = "rule_runs"
    elif not wish.reason.strip():
        values["why"] = "rule_off_reason"
    elif not 0.0 < wish.seconds <= LONGEST_OFF_S:
        values |= {"why": "rule_off_long", "hours": LONGEST_OFF_S / 3600.0}
    else:
        since_s = stands.since_s if stands is not None else now_s
        turn.marks[key] = Mark("rule_off", wish.rule, wish.by, since_s, until_s, note=wish.reason.strip())
        told |= {"until": until_s, "reason": wish.reason.strip()}
        turn.events.append(Event(now_s, "rule_switched_off", wish.rule, told))
        return
    turn.events.append(Event(now_s, "refused", wish.rule, values))


def kept(marks: Mapping[str, Mark], known: Collection[str], now_s: float) -> dict[str, Mark]:
    """Those of a kept state that are of this site; none goes on for longer than a person may ask for."""
    latest_s = now_s + LONGEST_OFF_S
    return {
        key: mark._replace(until_s=min(mark.until_s, latest_s))
        for key, mark in marks.items()
        if mark.kind == "rule_off" and mark.subject in known and key == key_of(mark.subject)
    }


def off_and_back(turn: Turn) -> tuple[set[str], set[str]]:
    """The rules that are switched off in this scan, and those that run again from this scan on."""
    off: set[str] = set()
    back: set[str] = set()
    for key, mark in tuple(turn.marks.items()):
        if mark.kind != "rule_off":
            continue
        if mark.over_s < 0.0 and turn.now_s < mark.until_s:
            off.add(mark.subject)
            continue
        if mark.over_s < 0.0:
            turn.events.append(Event(turn.now_s, "rule_switch_over", mark.subject, {"by": mark.by}))
        del turn.marks[key]
        back.add(mark.subject)
    return off, back


def alarms_of(marks: Mapping[str, Mark], guarded: Collection[str]) -> list[AlarmNow]:
    """One for each rule that is switched off though it watches over something."""
    return [
        AlarmNow(
            key, "low", True, mark.since_s,
            {"rule": mark.subject, "by": mark.by, "note": mark.note,
             "hours": f"{(mark.until_s - mark.since_s) / 3600.0:.3g}"},
        )
        for key, mark in marks.items()
        if mark.kind == "rule_off" and mark.subject in guarded
    ]  # fmt: skip


def switched_off(marks: Mapping[str, Mark], touched: Mapping[str, Collection[str]]) -> dict[str, list[SwitchedOff]]:
    """By output, the rules that would move it and are switched off; `touched` is by rule what it moves."""
    found: dict[str, list[SwitchedOff]] = {}
    for mark in marks.values():
        if mark.kind == "rule_off":
            for output in touched.get(mark.subject, ()):
                found.setdefault(output, []).append(SwitchedOff(mark.subject, mark.by, mark.until_s, mark.note))
    return found
