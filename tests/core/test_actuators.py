"""Actuators against true machines: a motor with play and stops, relays with their hours, pumps with their litres."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.actuators import (
    OVERRUN,
    REVERSAL_PAUSE_S,
    Contact,
    Dimmer,
    Level,
    Motor,
    Proportioned,
    Share,
    Switch,
    ThreePointMotor,
    resumed,
)
from controller.core.words import Override, Reset
from tests.core.small_site import START_S, Farm, changed, core_of, only

ORDERS = st.lists(st.tuples(st.floats(0, 100), st.integers(1, 90)), min_size=1, max_size=12)
"""Positions, and for how many seconds each is ordered."""


def seconds(orders: list[tuple[float, int]]) -> list[float]:
    return [order for order, length in orders for _ in range(length)]


# --- a motor with two contacts


@dataclass
class TrueMotor:
    """A flap behind a gear with play: the shaft runs between its stops, the flap follows once the play is taken up."""

    travel_s: float
    backlash: float
    flap: float
    shaft: float = 0.0
    """Of the flap's axis; the flap lies between shaft - play/2 and shaft + play/2."""

    def __post_init__(self) -> None:
        self.shaft = self.flap

    def second(self, opens: bool, closes: bool) -> None:
        half = self.backlash / 2.0
        self.shaft += (opens - closes) * 100.0 / self.travel_s
        # at a stop the motor slips: the shaft goes no further than the flap lets it
        self.shaft = min(max(self.shaft, -half), 100.0 + half)
        self.flap = min(max(self.flap, self.shaft - half), self.shaft + half)
        self.flap = min(max(self.flap, 0.0), 100.0)


VENT = ThreePointMotor("open", "close", 120.0, 2.0, 2.0)
STEP = 100.0 / 120.0


def drive(
    motor: ThreePointMotor, orders: list[float], begins: float = 30.0, state: Motor | None = None
) -> list[tuple[float, float, dict[str, object]]]:
    """Estimate, truth and contacts after each second."""
    state, true, seen = state or Motor(), TrueMotor(motor.travel_s, motor.backlash, begins), []
    for second, order in enumerate(orders):
        state, (contacts, applied) = motor.step(state, order, START_S + second, False)
        seen.append((applied, true.flap, dict(contacts)))
        true.second(bool(contacts["open"]), bool(contacts["close"]))
    return seen


HOME = [0.0] * 300


@settings(max_examples=40)
@given(ORDERS, st.floats(0, 100))
def test_the_estimate_stays_near_the_true_flap_wherever_it_is_sent(orders, begins):
    # driven shut first: from there every second of travel and of play is known
    for estimate, truth, _ in drive(VENT, HOME + seconds(orders), begins)[len(HOME) :]:
        assert estimate == pytest.approx(truth, abs=1e-6)


@settings(max_examples=40)
@given(ORDERS, st.floats(0, 100))
def test_a_motor_never_gets_both_contacts_and_rests_before_it_turns_round(orders, begins):
    stood, last = 0.0, 0
    for _, _, contacts in drive(VENT, seconds(orders), begins):
        assert not (contacts["open"] and contacts["close"])
        now = bool(contacts["open"]) - bool(contacts["close"])
        if now == 0:
            stood += 1.0
        else:
            assert last in (0, now) or stood >= REVERSAL_PAUSE_S
            stood, last = 0.0, now


@given(st.floats(0, 100))
def test_after_a_cold_start_a_motor_is_driven_shut_wherever_it_was(begins):
    seen = drive(VENT, [70.0] * 400, begins)
    run_s = [contacts["close"] for _, _, contacts in seen].index(False)
    assert run_s >= 120.0  # longer than the whole travel
    assert seen[run_s][1] == 0.0
    assert seen[-1][0] == pytest.approx(seen[-1][1], abs=VENT.backlash + STEP)
    assert seen[-1][0] == pytest.approx(70.0, abs=VENT.dead_zone)


def test_at_an_end_the_motor_is_driven_on_so_that_the_estimate_is_true_again():
    state = Motor(position=80.0, homed=True, last_direction=1)
    true = TrueMotor(120.0, 2.0, 72.0)  # a belt slipped
    for second in range(90):
        state, (contacts, _) = VENT.step(state, 100.0, START_S + second, False)
        true.second(bool(contacts["open"]), bool(contacts["close"]))
    assert true.flap == 100.0
    assert (state.position, state.stop, state.direction) == (100.0, 1, 0)
    ran_on = 100.0 * (1.0 + OVERRUN) - 80.0
    assert ran_on * 1.2 < 90  # it came to rest by itself


def test_a_motor_at_rest_at_its_stop_is_not_pushed_again():
    farm = drive(VENT, [*HOME, *([0.0] * 600)])
    assert not any(contacts["close"] or contacts["open"] for _, _, contacts in farm[300:])


@settings(max_examples=30)
@given(st.floats(5, 95), st.floats(-1.9, 1.9))
@example(50.0, 0.0)
def test_moves_smaller_than_the_dead_zone_are_not_made(at, nudge):
    there = [*HOME, *([at] * 200)]
    settled = drive(VENT, there)[-1][0]
    seen = drive(VENT, [*there, *([settled + nudge] * 60)])
    moved = [contacts for _, _, contacts in seen[len(there) + 1 :] if contacts["open"] or contacts["close"]]
    near_an_end = settled + nudge <= 1.0 or settled + nudge >= 99.0
    assert near_an_end or not moved


def test_a_motor_without_a_dead_zone_stands_where_it_should_be():
    motor = ThreePointMotor("open", "close", 100.0, 0.0, 0.0)
    state = Motor(position=50.0, homed=True)
    for second in range(20):
        state, (contacts, _) = motor.step(state, 50.0, START_S + second, False)
        assert contacts == {"open": False, "close": False}


def test_play_that_was_only_half_taken_up_is_not_taken_up_twice():
    motor = ThreePointMotor("open", "close", 100.0, 4.0, 1.0)
    orders = [*HOME, *([50.0] * 120)]
    for _ in range(20):  # to and fro within the play
        orders += [48.0] * 8 + [50.5] * 8
    seen = drive(motor, orders)
    assert seen[-1][0] == pytest.approx(seen[-1][1], abs=1e-6)


def test_a_motor_asks_to_be_looked_at_while_it_moves_and_sleeps_when_it_stands():
    state, _ = VENT.step(Motor(position=50.0, homed=True), 50.0, START_S, False)
    assert VENT.wake_s(state, 50.0) == float("inf")
    assert VENT.wake_s(state, 60.0) < START_S
    state, _ = VENT.step(state, 60.0, START_S + 1.0, False)
    assert VENT.wake_s(state, 60.0) < START_S


# --- a contact with minimum times


@settings(max_examples=60)
@given(ORDERS)
def test_a_machine_runs_and_rests_at_least_as_long_as_it_must(orders):
    fan, state, since, on = Contact("fan", 60.0, 120.0), Switch(), None, False
    for second, order in enumerate(seconds(orders)):
        state, (contacts, applied) = fan.step(state, order, START_S + second, False)
        assert applied == (100.0 if contacts["fan"] else 0.0)
        if contacts["fan"] is not on:
            if since is not None:
                assert second - since >= (60.0 if on else 120.0)
            since, on = second, bool(contacts["fan"])
        if since is None or second - since >= 120.0:
            assert on is (order >= 50.0)


def test_an_urgent_stop_waits_for_nothing():
    fan = Contact("fan", 60.0, 120.0)
    state, _ = fan.step(Switch(), 100.0, START_S, False)
    state, (contacts, _) = fan.step(state, 0.0, START_S + 1.0, False)
    assert contacts == {"fan": True}
    state, (contacts, _) = fan.step(state, 0.0, START_S + 2.0, True)
    assert contacts == {"fan": False}


# --- a contact that is closed for a share


RELAY = Proportioned("relay", 60.0, 4.0)


def pulses(relay: Proportioned, orders: list[float], state: Share | None = None) -> tuple[list[bool], list[int]]:
    """Whether it was closed in each second, and how long each finished pulse was."""
    state, closed, lengths, length = state or Share(), [], [], 0
    for second, order in enumerate(orders):
        state, (contacts, applied) = relay.step(state, order, START_S + second, False)
        assert applied == order or (order <= 0.0 < applied and contacts["relay"])
        closed.append(bool(contacts["relay"]))
        if closed[-1]:
            length += 1
        elif length:
            lengths.append(length)
            length = 0
    return closed, lengths


@settings(max_examples=60)
@given(st.floats(0, 100))
@example(55.0)
@example(1.0)
@example(99.0)
@example(30.000000000000004)
def test_over_many_periods_the_mean_duty_is_what_was_ordered(order):
    periods = 60
    closed, lengths = pulses(RELAY, [order] * (60 * periods))
    # in whole seconds each pulse is up to one too long; what is owed is at most one pulse
    assert sum(closed) / (60 * periods) == pytest.approx(order / 100.0, abs=1 / 60 + 4 / (60 * periods))
    assert all(length >= 4 for length in lengths)


@settings(max_examples=40)
@given(ORDERS)
def test_no_pulse_is_shorter_than_the_shortest_and_no_gap_either(orders):
    closed, lengths = pulses(RELAY, seconds(orders))
    assert all(length >= 4 for length in lengths)
    gaps = "".join("1" if one else "0" for one in closed).strip("0").split("1")
    assert all(len(gap) >= 4 - 1 for gap in gaps if gap)  # the scan may come a second late


def test_small_doses_are_saved_up_and_not_lost():
    closed, lengths = pulses(RELAY, [2.0] * 3600)  # 1.2 s a minute
    assert set(lengths) == {5}  # 4.8 s every fourth minute
    assert sum(closed) == 75


def test_a_pulse_that_is_not_over_when_nothing_is_wanted_any_more_is_not_told_as_nothing():
    state, told = Share(), []
    for second in range(70):
        state, (contacts, applied) = RELAY.step(state, 30.0 if second < 10 else 0.0, START_S + second, False)
        told.append((contacts["relay"], applied))
    assert told == [(True, 30.0)] * 18 + [(False, 0.0)] * 52
    state, _ = RELAY.step(Share(), 30.0, START_S, False)
    state, _ = RELAY.step(state, 0.0, START_S + 1.0, False)
    woken_s = RELAY.wake_s(state, 0.0)
    assert RELAY.step(state, 0.0, woken_s, False)[1] == ({"relay": False}, 0.0)  # nobody has to ask before


def test_a_trip_opens_the_relay_at_once_and_what_was_owed_is_forgotten():
    state = Share()
    for second in range(20):
        state, (contacts, _) = RELAY.step(state, 100.0, START_S + second, False)
    assert contacts["relay"] is True
    state, (contacts, applied) = RELAY.step(state, 0.0, START_S + 20.0, True)
    assert (contacts["relay"], applied) == (False, 0.0)
    state, (contacts, applied) = RELAY.step(state, 100.0, START_S + 21.0, True)
    assert (contacts["relay"], applied) == (True, 100.0)
    assert state.owed_s == 0.0


# --- a dimmer


@settings(max_examples=60)
@given(ORDERS)
def test_a_dimmer_goes_no_faster_than_it_may_and_arrives(orders):
    lamp, state, before = Dimmer("lamp", 0.0, 1.0), Level(), 0.0
    for second, order in enumerate(seconds(orders)):
        state, (contacts, applied) = lamp.step(state, order, START_S + second, False)
        assert contacts == {"lamp": applied}
        if second:
            assert abs(applied - before) <= 1.0 + 1e-9
            before = applied
        else:
            before = applied
    for second in range(110):
        state, (_, applied) = lamp.step(state, order, START_S + 2000.0 + second, False)
    assert applied == order


def test_a_dimmer_is_off_below_its_lowest_light():
    lamp = Dimmer("lamp", 10.0, None)
    assert lamp.step(Level(), 9.9, START_S, False)[1] == ({"lamp": 0.0}, 0.0)
    assert lamp.step(Level(), 10.0, START_S, False)[1] == ({"lamp": 10.0}, 10.0)


def test_a_dimmer_that_was_quiet_for_hours_still_begins_slowly():
    site = only("fa.z.light_loop")
    site["outputs"]["fa.z.lamp"]["rate"] = "1 %/s"
    farm = Farm(core_of(site))
    hand = Override("1", "fa.z.lamp", 50.0, "wang", farm.now_s + 20_000.0)
    farm.scan([hand])
    farm.run(60)
    assert farm.state.applied["fa.z.lamp"] == 50.0
    farm.run(7200, after_s=5.0)
    farm.scan([hand._replace(value=100.0)])
    assert farm.state.applied["fa.z.lamp"] <= 51.0
    farm.run(10)
    assert farm.state.applied["fa.z.lamp"] == pytest.approx(60.0, abs=1.1)


def test_an_urgent_order_does_not_wait_for_the_rate():
    lamp = Dimmer("lamp", 0.0, 1.0)
    state, _ = lamp.step(Level(80.0, START_S, True), 0.0, START_S + 1.0, True)
    assert state.value == 0.0


# --- a dosing pump


def test_nobody_can_reset_the_days_volume_of_a_pump():
    farm = Farm(core_of(changed("outputs", "fa.z.pump_a", "max_per_day", "20 mL")))
    farm.run(5)
    hand = Override("1", "fa.z.pump_a", 100.0, "wang", farm.now_s + 3600.0)
    farm.scan([hand])
    farm.run(30)
    assert farm.wires["fa.z.pump_a"] is False
    farm.scan([hand._replace(value=None), Reset("2", "fa.z.pump_a", "wang", farm.now_s)])
    farm.scan([hand])
    farm.run(10)
    assert farm.wires["fa.z.pump_a"] is False
    assert [event.values["why"] for event in farm.events if event.kind == "refused"] == ["not_resettable"]


# --- after a restart


def test_what_a_restart_leaves_of_each_machine():
    assert resumed(Switch(True, START_S - 9.0), 0.0, START_S) == Switch(False, START_S)
    assert resumed(Switch(True, START_S - 9.0), 100.0, START_S) == Switch(True, START_S - 9.0)
    assert resumed(Switch(False, START_S - 9.0), 0.0, START_S) == Switch(False, START_S - 9.0)
    standing = Motor(position=40.0, homed=True, at_s=START_S - 9.0)
    assert resumed(standing, 0.0, START_S) == standing._replace(at_s=START_S)
    moving = resumed(standing._replace(direction=1), 0.0, START_S)
    assert isinstance(moving, Motor)
    assert (moving.direction, moving.homed) == (0, False)
    assert resumed(Share(START_S - 9.0, 4.0, 1.0, START_S - 9.0), 0.0, START_S).owed_s == 1.0  # type: ignore[union-attr]  # a Share
