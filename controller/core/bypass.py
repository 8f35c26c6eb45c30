"""What people do to an interlock beside resetting it: put it out of work for a while, and prove that it acts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from controller.core.interlocks import Guard, InterlockBlock
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Bypass, Event, ProofTest

DAY_S = 86_400.0


class Proven(NamedTuple):
    """The last proof test of an interlock; before the first, when it was first looked at."""

    at_s: float = -1.0
    passed: bool = True
    by: str = ""


def proof_of(interlock: InterlockBlock) -> str:
    """The name of its `Proven`."""
    return f"{interlock.name}#proof"


def hear_bypass(turn: Turn, wish: Bypass, interlocks: Mapping[str, InterlockBlock]) -> None:
    """A bypass begins, or ends before its time (0 s). One that is under way is not prolonged: it has to end first."""
    values: dict[str, object] = {"id": wish.id, "by": wish.by, "seconds": wish.seconds}
    interlock = interlocks.get(wish.interlock)
    if interlock is None:
        _refused(turn, wish.interlock, {**values, "why": "interlock_none"})
        return
    guard: Guard = turn.blocks[interlock.guard]  # type: ignore[assignment]  # what its `fresh` is
    if wish.seconds == 0.0 and guard.until_s > 0.0:
        turn.blocks[interlock.guard] = guard._replace(until_s=0.0)
        told = {**values, "before": guard.until_s, "after": 0.0}
        turn.events.append(Event(turn.now_s, "bypass_over", wish.interlock, told))
    elif guard.until_s > 0.0:
        _refused(turn, wish.interlock, {**values, "why": "bypass_stands", "holder": guard.by})
    elif not 0.0 < wish.seconds <= interlock.bypass_s:
        _refused(turn, wish.interlock, {**values, "why": "bypass_long", "minutes": round(interlock.bypass_s / 60.0)})
    else:
        turn.blocks[interlock.guard] = guard._replace(
            begun_s=turn.now_s, until_s=turn.now_s + wish.seconds, by=wish.by
        )  # fmt: skip
        told = {**values, "before": 0.0, "after": turn.now_s + wish.seconds}
        turn.events.append(Event(turn.now_s, "bypass", wish.interlock, told))


def hear_proof_test(turn: Turn, wish: ProofTest, interlocks: Mapping[str, InterlockBlock]) -> None:
    """Somebody has proven that an interlock acts, or that it does not."""
    values: dict[str, object] = {"id": wish.id, "by": wish.by, "passed": wish.passed}
    interlock = interlocks.get(wish.interlock)
    if interlock is None or interlock.test_interval_s is None:
        _refused(turn, wish.interlock, {**values, "why": "interlock_none" if interlock is None else "proof_test_none"})
        return
    turn.blocks[proof_of(interlock)] = Proven(turn.now_s, wish.passed, wish.by)
    turn.events.append(Event(turn.now_s, "proof_test", wish.interlock, values))


def bypassed(turn: Turn, interlocks: Sequence[InterlockBlock]) -> list[AlarmNow]:
    """One alarm for each interlock that is bypassed."""
    found: list[AlarmNow] = []
    for interlock in interlocks:
        guard: Guard = turn.blocks[interlock.guard]  # type: ignore[assignment]  # what its `fresh` is
        if guard.until_s > 0.0:
            minutes = round((guard.until_s - guard.begun_s) / 60.0)
            values = {"interlock": interlock.name, "by": guard.by, "minutes": minutes}
            found.append(AlarmNow(f"bypass:{interlock.name}", "high", True, guard.begun_s, values))
    return found


def untested(turn: Turn, interlocks: Sequence[InterlockBlock]) -> list[AlarmNow]:
    """One alarm for each interlock whose proof test failed or is overdue. Time counts from the first look on."""
    found: list[AlarmNow] = []
    for interlock in interlocks:
        if interlock.test_interval_s is None:
            continue
        name = proof_of(interlock)
        last: Proven = turn.blocks[name]  # type: ignore[assignment]  # what its `fresh` is
        if last.at_s < 0.0:
            turn.blocks[name] = last = Proven(turn.now_s)
        due_s = last.at_s + interlock.test_interval_s
        values: dict[str, object] = {"interlock": interlock.name, "days": round(interlock.test_interval_s / DAY_S)}
        if not last.passed:
            found.append(AlarmNow(f"proof_test_failed:{interlock.name}", "high", True, last.at_s, values))
        elif turn.now_s >= due_s:
            found.append(AlarmNow(f"proof_test:{interlock.name}", "medium", True, due_s, values))
    return found


def _refused(turn: Turn, subject: str, values: dict[str, object]) -> None:
    turn.events.append(Event(turn.now_s, "refused", subject, values))
