"""Alarms from state to state, over people, floods, chatter and restarts."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.alarm_table import HAPPENINGS, STATES, Happening, State, after
from controller.core.alarms import (
    CHATTER_SHELVED_S,
    Explained,
    Remembered,
    Row,
    flooded,
    resumed,
    shown_in_flood,
    standing,
    step,
)
from controller.core.state import State as CoreState
from controller.core.state import from_plain, to_plain
from controller.core.words import AlarmNow, AlarmWish, Event
from tests.core.small_site import START_S

MOVES: dict[tuple[State, Happening], State] = {
    ("normal", "raise"): "unacknowledged", ("returned", "raise"): "unacknowledged",
    ("latched", "raise"): "unacknowledged",
    ("unacknowledged", "clear"): "returned", ("acknowledged", "clear"): "normal", ("suppressed", "clear"): "normal",
    ("unacknowledged", "clear_latching"): "latched", ("acknowledged", "clear_latching"): "latched",
    ("suppressed", "clear_latching"): "latched",
    ("acknowledged", "worsen"): "unacknowledged",
    ("unacknowledged", "acknowledge"): "acknowledged", ("returned", "acknowledge"): "normal",
    ("latched", "reset"): "normal",
    ("shelved", "unshelve"): "normal", ("suppressed", "release"): "normal", ("out_of_service", "put_back"): "normal",
    **{(state, "shelve"): "shelved" for state in STATES if state not in ("shelved", "out_of_service")},
    **{(state, "take_out"): "out_of_service" for state in STATES if state != "out_of_service"},
    **{
        (state, "suppress"): "suppressed"
        for state in ("normal", "unacknowledged", "acknowledged", "returned", "latched")
    },
}  # fmt: skip


@pytest.mark.parametrize(("state", "happening"), list(product(STATES, HAPPENINGS)))
def test_an_alarm_goes_where_the_table_says_and_nowhere_else(state: State, happening: Happening) -> None:
    assert after(state, happening) == MOVES.get((state, happening), state)


class Desk:
    """The table alone, a second a step."""

    def __init__(self, **rows: Row) -> None:
        self.rows, self.now_s = rows, START_S
        self.memories: Any = {}
        self.told: tuple[AlarmNow, ...] = ()
        self.events: list[Event] = []
        self.explained: dict[str, Explained] = {}

    def look(self, *raised: str, wish: AlarmWish | None = None, priority: Any = "high", after_s: float = 1.0) -> None:
        self.now_s += after_s
        now = [AlarmNow(one, priority, True, self.now_s) for one in raised]
        wishes = (wish,) if wish is not None else ()
        made = step(self.rows, self.memories, self.told, now, self.explained, wishes, self.now_s)
        self.memories, self.told = made.memories, made.alarms
        self.events += made.events

    def wish(self, action: Any, subject: str = "a", **more: Any) -> AlarmWish:
        until_s = self.now_s + 1.0 + more.pop("for_s", 0.0)
        return AlarmWish(f"w{len(self.events)}", action, subject, "li", self.now_s, until_s=until_s, **more)

    def state(self, name: str = "a") -> str:
        return next((one.state for one in self.told if one.id == name), "normal")

    def refusals(self) -> list[object]:
        return [one.values["why"] for one in self.events if one.kind == "refused"]


def test_what_goes_before_anybody_saw_it_stays_until_somebody_did_and_coming_again_is_new() -> None:
    desk = Desk()
    desk.look("a")
    desk.look()
    assert desk.state() == "returned"
    desk.look("a")
    assert (desk.state(), desk.told[0].activation) == ("unacknowledged", 2)
    desk.look("a", wish=desk.wish("acknowledge"))
    assert (desk.state(), desk.told[0].acknowledged_by) == ("acknowledged", "li")
    desk.look()
    assert desk.told == ()
    desk.look("a")
    assert (desk.told[0].activation, desk.told[0].acknowledged_by) == (3, "")


def test_whoever_was_woken_once_more_by_what_stands_on_acknowledges_it_anew() -> None:
    desk = Desk()
    desk.look("a", priority="critical")
    desk.look("a", wish=desk.wish("acknowledge"), priority="critical")
    first_s = desk.told[0].acknowledged_s
    desk.look("a", wish=desk.wish("acknowledge"), priority="critical", after_s=1200.0)
    assert desk.told[0].state == "acknowledged"
    assert desk.told[0].acknowledged_s == first_s + 1200.0


def test_an_acknowledgement_of_a_facility_or_of_all_reaches_what_is_there_and_its_like() -> None:
    desk = Desk()
    desk.look("fa.z.low", "sensor:fa.z.ec", "fb.z.low")
    desk.look("fa.z.low", "sensor:fa.z.ec", "fb.z.low", wish=desk.wish("acknowledge", "fa", scope="facility"))
    assert [one.state for one in desk.told] == ["acknowledged", "acknowledged", "unacknowledged"]
    desk.look("fa.z.low", "sensor:fa.z.ec", "fb.z.low", wish=desk.wish("acknowledge", "", scope="all"))
    assert {one.state for one in desk.told} == {"acknowledged"}
    desk.look(wish=desk.wish("acknowledge", "fa.z.other"))
    assert desk.refusals() == ["alarm_unknown"]


def test_a_latched_alarm_waits_for_a_reset_which_no_acknowledgement_is() -> None:
    desk = Desk(a=Row(latch=True))
    desk.look("a")
    desk.look()
    assert desk.state() == "latched"
    desk.look(wish=desk.wish("acknowledge"))
    assert (desk.state(), desk.told[0].acknowledged_by) == ("latched", "li")
    desk.look(wish=desk.wish("reset"))
    assert desk.told == ()


def test_shelving_wants_a_reason_and_an_end_and_never_hides_what_is_critical() -> None:
    desk = Desk()
    desk.look("a")
    desk.look("a", wish=desk.wish("shelve", for_s=600.0, reason=" "))
    desk.look("a", wish=desk.wish("shelve", for_s=2 * 3600.0, reason="probe"))
    assert (desk.refusals(), desk.state()) == (["alarm_reason", "alarm_too_long"], "unacknowledged")
    desk.look("a", wish=desk.wish("shelve", for_s=3600.0, reason="probe"))
    assert (desk.state(), desk.told[0].until_s) == ("shelved", desk.now_s + 3600.0)
    desk.look("a", after_s=3599.0)
    assert desk.state() == "shelved"
    desk.look("a")
    assert (desk.state(), desk.told[0].activation) == ("unacknowledged", 2)
    desk.look("a", wish=desk.wish("shelve", for_s=600.0, reason="probe"))
    desk.look("a", priority="critical")  # it has become urgent meanwhile
    assert (desk.state(), desk.told[0].priority) == ("unacknowledged", "critical")
    desk.look("a", wish=desk.wish("shelve", for_s=60.0, reason="probe"), priority="critical")
    assert desk.refusals()[2:] == ["alarm_critical"]


def test_out_of_service_is_for_maintenance_and_ends_by_itself() -> None:
    desk = Desk(a=Row("critical"))
    desk.look(wish=desk.wish("take_out", for_s=9 * 3600.0, reason="pump is out"))
    assert desk.refusals() == ["alarm_too_long"]
    desk.look(wish=desk.wish("take_out", for_s=4 * 3600.0, reason="pump is out"))
    desk.look("a", priority="critical")
    assert desk.state() == "out_of_service"
    desk.look("a", wish=desk.wish("put_back"), priority="critical")
    assert desk.state() == "unacknowledged"


def test_what_chatters_is_shelved_and_said_so_once_and_what_is_critical_goes_on_calling() -> None:
    desk = Desk()
    for priority in ("medium", "critical"):
        desk = Desk()
        for _ in range(3):
            desk.look("a", priority=priority, after_s=10.0)
            desk.look(after_s=10.0)
        desk.look()
        assert (desk.state() == "shelved") is (priority == "medium")
        assert (desk.state("chatter:a") == "unacknowledged") is (priority == "medium")
    quiet = Desk()
    for _ in range(6):
        quiet.look("a", after_s=15.1)
        quiet.look(after_s=15.0)
    assert quiet.state() == "returned"  # twice a minute
    noisy = Desk()
    for _ in range(3):
        noisy.look("a", after_s=10.0)
        noisy.look(after_s=10.0)
    noisy.look("a", after_s=CHATTER_SHELVED_S)
    assert noisy.state() == "unacknowledged"


def test_a_parent_is_as_urgent_as_what_it_hides_and_what_it_hid_comes_when_it_goes_alone() -> None:
    desk = Desk(a=Row(off_s=30.0))
    desk.explained = {"a": Explained("bus:b", True)}
    desk.look("a", "bus:b", priority="medium")
    desk.now_s += 1.0
    now = [AlarmNow("a", "critical", True, desk.now_s), AlarmNow("bus:b", "medium", True, desk.now_s)]
    made = step(desk.rows, desk.memories, desk.told, now, desk.explained, (), desk.now_s)
    told = {one.id: one for one in made.alarms}
    assert (told["a"].state, told["a"].parent) == ("suppressed", "bus:b")
    assert (told["bus:b"].priority, told["bus:b"].state) == ("critical", "unacknowledged")
    desk.explained = {}
    desk.look("a")
    desk.look("a", after_s=31.0)
    assert desk.state() == "suppressed"  # its off-delay may still run
    desk.look("a")
    assert desk.state() == "unacknowledged"


def test_what_the_site_says_explains_another_is_no_more_urgent_for_it() -> None:
    desk = Desk()
    desk.explained = {"a": Explained("b", False)}
    now = [AlarmNow("a", "high", True, START_S), AlarmNow("b", "medium", True, START_S)]
    made = step({}, {}, (), now, desk.explained, (), START_S)
    assert [(one.id, one.state, one.priority) for one in made.alarms] == [
        ("a", "suppressed", "high"), ("b", "unacknowledged", "medium"),
    ]  # fmt: skip


def test_what_becomes_more_urgent_wants_to_be_seen_again() -> None:
    desk = Desk()
    desk.look("a", priority="medium")
    desk.look("a", wish=desk.wish("acknowledge"), priority="medium")
    desk.look("a", priority="low")
    assert desk.state() == "acknowledged"
    desk.look("a", priority="critical")
    assert (desk.state(), desk.told[0].acknowledged_by) == ("unacknowledged", "")


def test_of_a_group_the_first_is_marked_until_none_stands() -> None:
    desk = Desk(a=Row(group="water"), b=Row(group="water"), c=Row(group="air"))
    desk.look("b")
    desk.look("a", "b", "c")
    assert [one.id for one in desk.told if one.first_out] == ["b", "c"]
    desk.look(wish=desk.wish("acknowledge", "", scope="all"))
    desk.look("a")
    assert [one.id for one in desk.told if one.first_out] == ["a"]


def test_in_a_flood_people_see_what_is_urgent_what_was_first_and_what_explains_others() -> None:
    desk = Desk(m3=Row(group="g"))
    names = [f"m{number}" for number in range(9)]
    desk.look(*names, priority="medium")
    assert not flooded(desk.memories, desk.now_s)
    desk.explained = {"m5": Explained("m4", False)}
    desk.look(*names, "m9", priority="medium")
    assert flooded(desk.memories, desk.now_s)
    assert shown_in_flood(desk.told) == {"m3", "m4"}
    assert not flooded(desk.memories, desk.now_s + 601.0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sets(st.sampled_from("ab")), st.sampled_from(["", "acknowledge", "reset"])), max_size=20))
def test_after_a_restart_alarms_stand_as_they_did_and_none_comes_as_new(story: list[tuple[set[str], str]]) -> None:
    desk = Desk(b=Row(latch=True))
    for raised, action in story:
        subject = next(iter(sorted(raised)), "a")
        desk.look(*sorted(raised), wish=desk.wish(action, subject) if action else None)
    kept = json.loads(json.dumps(to_plain(CoreState(at_s=desk.now_s, alarm_memory=desk.memories))))
    again = Desk(b=Row(latch=True))
    again.now_s = desk.now_s + 5.0
    again.memories = resumed(from_plain(kept, {}, again.now_s).alarm_memory, again.now_s)
    again.told = standing(again.memories)
    stood = [one.id for one in desk.told if one.state in ("unacknowledged", "acknowledged")]
    again.look()  # nothing has been heard yet
    again.look(*stood, after_s=50.0)
    assert [event for event in again.events if event.kind == "alarm" and event.subject in "ab"] == []
    for name in desk.memories.keys() & {"a", "b"}:
        assert again.memories[name]._replace(settled_s=0.0) == desk.memories[name]


def test_what_a_kept_state_says_of_alarms_that_no_version_has_is_left_out() -> None:
    kept = {"alarms": {"a": ["gone_away"], "b": list(Remembered("shelved", 3)._asdict().values())}}
    assert from_plain(json.loads(json.dumps(kept)), {}, START_S).alarm_memory == {"b": Remembered("shelved", 3)}
