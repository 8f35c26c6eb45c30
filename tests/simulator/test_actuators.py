"""Contacts, levels and motors: what the plant feels of what a channel was set to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.actuators import Contact, Level, Motor

OPEN, CLOSE = "gh1.bay1.vent_open", "gh1.bay1.vent_close"


def motor(backlash: float = 0.0) -> Motor:
    return Motor(OPEN, CLOSE, travel_s=180.0, backlash=backlash)


def test_a_relay_is_closed_by_true_and_by_any_number_above_zero() -> None:
    relay = Contact()
    assert relay.order("r", True)
    assert relay.position == 1.0
    assert not relay.order("r", 100.0)  # it was closed already
    assert relay.order("r", 0.0)
    assert relay.move(5.0) == 0.0


def test_a_welded_contact_stays_where_it_is() -> None:
    relay = Contact(position=1.0, stuck=True)
    assert not relay.order("r", False)
    assert relay.position == 1.0


def test_a_lamp_below_its_lowest_dimming_is_off() -> None:
    lamp = Level(low=0.1)
    lamp.order("lamp", 9.0)
    assert lamp.position == 0.0
    lamp.order("lamp", 40.0)
    assert lamp.position == pytest.approx(0.4)
    lamp.order("lamp", 250.0)
    assert lamp.position == 1.0


def test_a_drive_takes_its_own_range() -> None:
    drive = Level(zero=20.0, full=50.0)  # Hz
    drive.order("hz", 35.0)
    assert drive.position == pytest.approx(0.5)


def test_a_vent_takes_its_travel_time_from_end_to_end_and_stops_there() -> None:
    vent = motor()
    vent.order(OPEN, True)
    assert vent.move(90.0) == pytest.approx(90.0 * 0.25)  # the mean on the way from shut to half
    assert vent.position == pytest.approx(0.5)
    vent.move(900.0)
    assert vent.position == 1.0
    vent.order(OPEN, False)
    vent.order(CLOSE, True)
    vent.move(180.0)
    assert vent.position == pytest.approx(0.0)


def test_both_contacts_on_stand_still() -> None:
    vent = motor()
    vent.order(OPEN, True)
    vent.move(18.0)
    vent.order(CLOSE, True)
    assert vent.move(60.0) == pytest.approx(60.0 * 0.1)
    assert vent.position == pytest.approx(0.1)


def test_a_reversal_is_felt_only_after_the_play_is_taken_up() -> None:
    vent = motor(backlash=0.02)
    vent.order(OPEN, True)
    vent.move(90.0)
    before = vent.position
    vent.order(OPEN, False)
    vent.order(CLOSE, True)
    vent.move(3.5)
    assert vent.position == before
    vent.move(3.5)
    assert vent.position < before


def test_a_jammed_motor_stands_whatever_runs() -> None:
    vent = motor()
    vent.order(OPEN, True)
    vent.move(18.0)
    vent.stuck = True
    vent.move(60.0)
    assert vent.position == pytest.approx(0.1)


@given(
    st.floats(0.0, 0.2),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.0, 400.0)), max_size=30),
)
def test_a_motor_never_leaves_its_ends(backlash: float, runs: list[tuple[bool, bool, float]]) -> None:
    vent = motor(backlash)
    for opening, closing, seconds in runs:
        vent.order(OPEN, opening)
        vent.order(CLOSE, closing)
        integral = vent.move(seconds)
        assert 0.0 <= vent.position <= 1.0
        assert -1e-9 <= integral <= seconds + 1e-9
