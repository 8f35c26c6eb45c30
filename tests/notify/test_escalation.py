"""Who is told when: chains by the clock, until somebody answers."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from controller.core.words import AlarmNow
from controller.notify.escalation import GATHER_S, Escalation, Page, Paged, Step

CHAIN = (
    Step("li", 0.0, 300.0),
    Step("wang", 180.0, 300.0),
    Step("all", 600.0, 300.0),
)
ESCALATION = Escalation(("li", "wang", "chen"), {"critical": CHAIN, "high": (Step("li"),)}, 900.0)
OXYGEN = AlarmNow("ras1.tank1.do_low", "critical", True, 1000.0, activation=1)
WARM = AlarmNow("ras1.tank1.warm", "high", True, 1000.0, activation=1)


def told(
    alarms: Sequence[AlarmNow],
    seconds: range,
    paged: dict[str, Paged] | None = None,
    asleep: frozenset[str] = frozenset(),
) -> tuple[list[tuple[int, str, str]], dict[str, Paged]]:
    """Second, person and first alarm of each page while the alarms stand, and what is remembered at the end."""
    memory, found = dict(paged or {}), []
    for second in seconds:
        pages, memory = ESCALATION.turn(alarms, memory, float(second), asleep.__contains__)
        found += [(second, page.person, f"{page.alarms[0].id}{' over' if page.over else ''}") for page in pages]
    return found, memory


def test_a_critical_alarm_wakes_one_after_the_other_and_again_until_somebody_answers() -> None:
    pages, _ = told([OXYGEN], range(1000, 2000))
    by = {who: [second - 1000 for second, person, _ in pages if person == who] for who in ("li", "wang", "chen")}
    assert by["li"] == [3, 303, 600, 900]  # of "all", from ten minutes on, it hears once
    assert by["wang"] == [180, 480, 600, 780, 900]
    assert by["chen"] == [600, 900]


def test_an_acknowledgement_ends_the_chain() -> None:
    pages, paged = told([OXYGEN], range(1000, 1100))
    assert [person for _, person, _ in pages] == ["li"]
    seen = replace(OXYGEN, state="acknowledged", acknowledged_by="li", acknowledged_s=1100.0)
    assert told([seen], range(1100, 1999), paged)[0] == []


def test_what_still_stands_a_quarter_of_an_hour_after_it_was_acknowledged_wakes_again() -> None:
    _, paged = told([OXYGEN], range(1000, 1100))
    seen = replace(OXYGEN, state="acknowledged", acknowledged_by="li", acknowledged_s=1100.0)
    pages, paged = told([seen], range(1100, 2200), paged)
    assert [(second, person) for second, person, _ in pages] == [(2003, "li"), (2180, "wang")]
    once_more = replace(seen, acknowledged_s=2200.0)
    assert told([once_more], range(2200, 3000), paged)[0] == []


def test_a_high_alarm_that_was_acknowledged_is_not_told_again() -> None:
    _, paged = told([WARM], range(1000, 1100))
    seen = replace(WARM, state="acknowledged", acknowledged_by="li", acknowledged_s=1100.0)
    assert told([seen], range(1100, 9000), paged)[0] == []


def test_what_was_mended_and_fails_again_wakes_again_even_if_the_first_time_was_acknowledged() -> None:
    _, paged = told([OXYGEN], range(1000, 1010))
    seen = replace(OXYGEN, state="acknowledged", acknowledged_by="li", acknowledged_s=1010.0)
    _, paged = told([seen], range(1010, 1020), paged)
    pages, paged = told([], range(1020, 1021), paged)
    assert pages == [(1020, "li", "ras1.tank1.do_low over")]
    again = replace(OXYGEN, since_s=1030.0, activation=2)
    assert told([again], range(1030, 1040), paged)[0] == [(1033, "li", "ras1.tank1.do_low")]


def test_one_that_comes_again_before_it_was_seen_to_be_over_wakes_again() -> None:
    _, paged = told([OXYGEN], range(1000, 1010))
    again = replace(OXYGEN, since_s=1012.0, activation=2)
    assert told([again], range(1012, 1020), paged)[0] == [(1015, "li", "ras1.tank1.do_low")]


def test_whoever_was_told_hears_that_it_is_over_once_and_nobody_else_does() -> None:
    _, paged = told([OXYGEN], range(1000, 1200))
    back = replace(OXYGEN, active=False, state="returned")
    pages, paged = told([back], range(1200, 1300), paged)
    assert sorted(pages) == [(1200, "li", "ras1.tank1.do_low over"), (1200, "wang", "ras1.tank1.do_low over")]
    assert told([], range(1300, 1400), paged) == ([], {})


def test_what_follows_from_a_cause_is_one_message_the_cause_first() -> None:
    pump = AlarmNow("ras1.tank1.pump", "critical", True, 1000.0, activation=1)
    flow = AlarmNow("ras1.tank1.a_flow", "critical", True, 1001.0, activation=1)
    found: list[Page] = []
    memory: dict[str, Paged] = {}
    for second in range(1000, 1060):
        pages, memory = ESCALATION.turn([flow, pump], memory, float(second), frozenset[str]().__contains__)
        found += pages
    assert found[0].alarms[0].id == "ras1.tank1.pump"
    assert len(found) <= 2


def test_quiet_hours_never_silence_what_is_critical_and_hold_the_rest_for_the_morning() -> None:
    asleep = frozenset({"li"})
    assert [who for _, who, _ in told([OXYGEN], range(1000, 1010), asleep=asleep)[0]] == ["li"]
    pages, paged = told([WARM], range(1000, 1500), asleep=asleep)
    assert pages == []
    assert told([WARM], range(1500, 1510), paged)[0] == [(1500, "li", "ras1.tank1.warm")]
    gone, paged = told([], range(1500, 1510), paged)
    assert gone == []  # nobody was told, so nobody is told that it is over


def test_shelved_suppressed_and_out_of_service_alarms_wake_nobody() -> None:
    for state in ("shelved", "suppressed", "out_of_service"):
        quiet = replace(OXYGEN, state=state)  # type: ignore[arg-type]  # the three of them
        assert told([quiet], range(1000, 3000))[0] == []


def test_a_restart_pages_nobody_again() -> None:
    _, paged = told([OXYGEN], range(1000, 1200))
    after_the_restart, _ = told([OXYGEN], range(1260, 1290), paged)
    assert after_the_restart == []


STATES = st.sampled_from(["unacknowledged", "acknowledged", "returned", "latched", "shelved", "suppressed"])


@given(st.lists(st.tuples(STATES, st.booleans(), st.integers(1, 400)), min_size=1, max_size=30))
def test_whatever_an_alarm_does_a_critical_one_that_waits_has_been_told_within_five_minutes(
    course: list[tuple[str, bool, int]],
) -> None:
    now_s, memory, activation, since_s, was_active = 1000, {}, 0, 1000.0, False
    last_told_s = -1.0
    for state, active, seconds in course:
        if active and not was_active:
            activation, since_s = activation + 1, float(now_s)
        was_active = active
        waits = active and state == "unacknowledged"
        alarm = AlarmNow(
            "a", "critical", active, since_s, {}, state, activation,  # type: ignore[arg-type]  # drawn from its words
            acknowledged_by="li" if state == "acknowledged" else "", acknowledged_s=float(now_s),
        )  # fmt: skip
        waited_s = float(now_s)
        for _ in range(seconds):
            pages, memory = ESCALATION.turn([alarm], memory, float(now_s), frozenset[str]().__contains__)
            for page in pages:
                assert not page.over or not active
                assert page.over or waits or state in ("latched", "acknowledged")
                last_told_s = last_told_s if page.over else float(now_s)
            if waits:
                assert now_s - max(last_told_s, waited_s, since_s) <= 300.0 + GATHER_S
            now_s += 1
