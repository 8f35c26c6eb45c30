"""Bypasses that end by themselves, and proof tests that are not forgotten."""

from typing import Any

import pytest

from controller.core.bypass import Proven, bypassed, hear_bypass, hear_proof_test, proof_of, untested
from controller.core.interlocks import Guard, InterlockBlock
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Bypass, ProofTest
from tests.core.interlock_bench import T0_S, trip

OPEN, SHUT = trip(name="fa.z.open", bypass_s=600.0), trip(name="fa.z.shut")
DAY_S = 86_400.0
LONG = {"why": "bypass_long", "minutes": 10.0}


def turned(*interlocks: InterlockBlock, now_s: float = T0_S, **blocks: Any) -> Turn:
    fresh = {name: block for one in interlocks for name, block in one.fresh.items()}
    return Turn(State(at_s=now_s, blocks={**fresh, **blocks}), now_s)


def asked(turn: Turn, seconds: float, name: str = "fa.z.open", by: str = "wang") -> tuple[str, dict[str, object]]:
    """What came of a wish: the event's kind, and what is said in it."""
    hear_bypass(turn, Bypass("b1", name, seconds, by, turn.now_s), {"fa.z.open": OPEN, "fa.z.shut": SHUT})
    event = turn.events[-1]
    assert (event.time_s, event.subject) == (turn.now_s, name)
    return event.kind, dict(event.values)


@pytest.mark.parametrize("seconds", [0.5, 60.0, 600.0])
def test_a_bypass_begins_with_who_and_until_when(seconds):
    turn = turned(OPEN, SHUT)
    changed = {"before": 0.0, "after": T0_S + seconds}
    assert asked(turn, seconds) == ("bypass", {"id": "b1", "by": "wang", "seconds": seconds, **changed})
    assert turn.blocks[OPEN.guard] == Guard(begun_s=T0_S, until_s=T0_S + seconds, by="wang")
    assert turn.blocks[SHUT.guard] == Guard()


@pytest.mark.parametrize(("seconds", "name", "said"), [
    (600.1, "fa.z.open", LONG), (-1.0, "fa.z.open", LONG), (0.0, "fa.z.open", LONG), (float("nan"), "fa.z.open", LONG),
    (1.0, "fa.z.shut", {**LONG, "minutes": 0.0}), (1.0, "fa.z.none", {"why": "interlock_none"}),
])  # fmt: skip
def test_a_bypass_that_is_not_declared_or_too_long_is_refused(seconds, name, said):
    turn = turned(OPEN, SHUT)
    kind, values = asked(turn, seconds, name)
    assert kind == "refused"
    assert values.pop("seconds") == pytest.approx(seconds, nan_ok=True)
    assert values == {"id": "b1", "by": "wang", **said}
    assert (turn.blocks[OPEN.guard], turn.blocks[SHUT.guard]) == (Guard(), Guard())


def test_a_bypass_is_not_prolonged_but_ends_when_somebody_ends_it():
    stands = Guard(begun_s=T0_S - 60.0, until_s=T0_S + 60.0, by="li")
    turn = turned(OPEN, SHUT, **{OPEN.guard: stands})
    assert asked(turn, 300.0) == (
        "refused", {"id": "b1", "by": "wang", "seconds": 300.0, "why": "bypass_stands", "holder": "li"}
    )  # fmt: skip
    assert turn.blocks[OPEN.guard] == stands
    changed = {"before": T0_S + 60.0, "after": 0.0}
    assert asked(turn, 0.0) == ("bypass_over", {"id": "b1", "by": "wang", "seconds": 0.0, **changed})
    assert turn.blocks[OPEN.guard] == stands._replace(until_s=0.0)


def test_a_bypass_that_is_all_but_over_stands_until_it_is():
    turn = turned(OPEN, SHUT, **{OPEN.guard: Guard(until_s=0.5)})
    assert asked(turn, 300.0)[1]["why"] == "bypass_stands"
    assert asked(turn, 0.0)[0] == "bypass_over"


def test_an_alarm_stands_as_long_as_a_bypass_does():
    turn = turned(OPEN, SHUT)
    assert bypassed(turn, [OPEN, SHUT]) == []
    turn.blocks[OPEN.guard] = Guard(begun_s=T0_S - 60.0, until_s=T0_S + 3540.0, by="li")
    assert bypassed(turn, [SHUT, OPEN]) == [
        AlarmNow("bypass:fa.z.open", "high", True, T0_S - 60.0, {"interlock": "fa.z.open", "by": "li", "minutes": 60})
    ]
    turn.blocks[OPEN.guard] = Guard(begun_s=T0_S - 60.0, until_s=0.5, by="li")
    assert bypassed(turn, [OPEN])


# --- proof tests

PROVEN = trip(name="fa.z.proven", test_interval_s=90 * DAY_S)


def test_a_proof_test_is_recorded_with_who_and_how():
    turn = turned(PROVEN, **{proof_of(PROVEN): Proven(T0_S - DAY_S)})
    hear_proof_test(turn, ProofTest("p1", "fa.z.proven", False, "wang", T0_S), {"fa.z.proven": PROVEN})
    assert turn.blocks["fa.z.proven#proof"] == Proven(T0_S, False, "wang")
    (event,) = turn.events
    assert event == (T0_S, "proof_test", "fa.z.proven", {"id": "p1", "by": "wang", "passed": False})


@pytest.mark.parametrize(("name", "why"), [("fa.z.none", "interlock_none"), ("fa.z.open", "proof_test_none")])
def test_what_asks_for_no_proof_test_records_none(name, why):
    turn = turned(OPEN)
    hear_proof_test(turn, ProofTest("p1", name, True, "wang", T0_S), {"fa.z.open": OPEN})
    (event,) = turn.events
    assert event == (T0_S, "refused", name, {"id": "p1", "by": "wang", "passed": True, "why": why})
    assert proof_of(OPEN) not in turn.blocks


def test_an_overdue_proof_test_is_an_alarm_from_its_very_second_and_time_counts_from_the_first_look():
    turn = turned(OPEN, PROVEN, **{proof_of(PROVEN): Proven()})
    assert untested(turn, [OPEN, PROVEN]) == []
    assert turn.blocks[proof_of(PROVEN)] == Proven(T0_S, True, "")
    later = turned(PROVEN, now_s=T0_S + 90 * DAY_S - 0.1, **{proof_of(PROVEN): Proven(T0_S)})
    assert untested(later, [PROVEN]) == []
    late = turned(PROVEN, now_s=T0_S + 90 * DAY_S, **{proof_of(PROVEN): Proven(T0_S)})
    values = {"interlock": "fa.z.proven", "days": 90}
    assert untested(late, [OPEN, PROVEN]) == [
        AlarmNow("proof_test:fa.z.proven", "medium", True, T0_S + 90 * DAY_S, values)
    ]
    assert late.blocks[proof_of(PROVEN)] == Proven(T0_S)
    long_ago = turned(PROVEN, now_s=5.0, **{proof_of(PROVEN): Proven(0.0, True, "wang")})
    assert untested(long_ago, [PROVEN]) == []
    assert long_ago.blocks[proof_of(PROVEN)] == Proven(0.0, True, "wang")


def test_a_failed_proof_test_is_an_alarm_at_once_until_one_is_passed():
    turn = turned(PROVEN, **{proof_of(PROVEN): Proven(T0_S - 5.0, False, "wang")})
    values = {"interlock": "fa.z.proven", "days": 90}
    assert untested(turn, [PROVEN]) == [AlarmNow("proof_test_failed:fa.z.proven", "high", True, T0_S - 5.0, values)]
    turn.blocks[proof_of(PROVEN)] = Proven(T0_S, True, "wang")
    assert untested(turn, [PROVEN]) == []


def test_days_are_days():
    rarely = trip(name="fa.z.proven", test_interval_s=90_000 * DAY_S)
    turn = turned(rarely, **{proof_of(rarely): Proven(T0_S, False)})
    assert untested(turn, [rarely])[0].values["days"] == 90_000


def test_before_the_first_test_nothing_has_failed():
    assert Proven() == (-1.0, True, "")
