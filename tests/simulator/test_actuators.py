"""Contacts, levels and motors: what the plant feels of what a channel was set to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.actuators import Actuator, Contact, Level, Motor, adjust, mend, spoil
from simulator.faults import checked

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


# --- machines with a mind of their own


def test_a_compressor_stays_off_and_on_as_long_as_it_must() -> None:
    compressor = Contact(min_on_s=180.0, min_off_s=300.0)
    assert compressor.order("c", True)
    compressor.move(60.0)
    assert not compressor.order("c", False)
    assert compressor.move(200.0) == pytest.approx(120.0)  # it ran on for the rest of its three minutes
    assert compressor.position == 0.0
    assert not compressor.order("c", True)
    assert compressor.move(300.0) == pytest.approx(80.0)  # 220 s of its five minutes off were left
    assert compressor.position == 1.0


def test_a_short_wish_that_is_withdrawn_never_starts_a_compressor() -> None:
    compressor = Contact(min_off_s=300.0)
    compressor.order("c", True)
    compressor.move(10.0)
    compressor.order("c", False)
    compressor.move(10.0)
    compressor.order("c", True)
    compressor.move(100.0)
    compressor.order("c", False)
    assert compressor.move(1000.0) == 0.0


def test_a_burner_gives_nothing_while_it_ignites() -> None:
    burner = Contact(start_s=30.0)
    burner.order("b", True)
    assert (burner.contact, burner.position) == (True, 0.0)
    assert burner.move(20.0) == 0.0
    assert burner.move(20.0) == pytest.approx(10.0)
    assert burner.position == 1.0


def test_a_valve_takes_its_travel_time_to_where_it_is_told() -> None:
    valve = Level(travel_s=100.0)
    assert not valve.order("v", 50.0)
    assert valve.move(20.0) == pytest.approx(20.0 * 0.1)
    assert valve.position == pytest.approx(0.2)
    valve.move(100.0)
    assert valve.position == pytest.approx(0.5)


# --- how they fail


def failing(actuator: Actuator, form: str, **values: float) -> Actuator:
    spoil(actuator, form, checked("actuator", form, values))
    return actuator


def test_a_leaking_valve_passes_its_share_when_closed_and_all_when_open() -> None:
    valve = failing(Contact(), "leaking", share=0.1)
    assert valve.position == 0.1
    assert valve.move(10.0) == pytest.approx(1.0)
    valve.order("v", True)
    assert valve.position == 1.0
    valve.order("v", False)
    assert valve.position == 0.1
    assert not valve.contact  # it says that it is closed
    mend(valve, "leaking")
    assert valve.position == 0.0


def test_a_clogged_pump_gives_its_share_and_a_burnt_one_nothing_though_its_contactor_is_in() -> None:
    pump = failing(Contact(position=1.0), "weak", share=0.4)
    assert pump.move(10.0) == pytest.approx(4.0)
    failing(pump, "dead")
    assert (pump.position, pump.contact) == (0.0, True)
    mend(pump, None)
    assert pump.position == 1.0


def test_a_contact_that_is_no_longer_welded_goes_where_it_was_told_meanwhile() -> None:
    relay = failing(Contact(position=1.0), "stuck")
    relay.order("r", False)
    relay.move(5.0)
    assert relay.position == 1.0
    mend(relay, "stuck")
    assert relay.position == 0.0


def test_a_drive_that_hangs_stays_and_follows_again() -> None:
    drive = Level()
    drive.order("d", 60.0)
    failing(drive, "stuck")
    drive.order("d", 20.0)
    assert drive.move(10.0) == pytest.approx(6.0)
    mend(drive, "stuck")
    drive.move(0.1)
    assert drive.position == pytest.approx(0.2)


def test_a_weak_motor_is_slow_and_a_leaking_vent_never_shuts() -> None:
    vent = failing(motor(), "weak", share=0.5)
    vent.order(OPEN, True)
    vent.move(90.0)
    assert vent.position == pytest.approx(0.25)
    vent.order(OPEN, False)
    vent.order(CLOSE, True)
    failing(vent, "leaking", share=0.03)
    vent.move(900.0)
    assert vent.position == 0.03
    assert not vent.contact


def test_what_the_site_says_of_an_actuator_is_heeded() -> None:
    vent, valve, burner = motor(), Level(), Contact()
    adjust(vent, {"travel": "5 min", "backlash": "2 %", "leakage": "1 %"})
    assert (vent.travel_s, vent.backlash, vent.position) == (300.0, 0.02, 0.01)
    adjust(valve, {"travel": "2 min"})
    adjust(burner, {"min_on": "3 min", "min_off": "5 min", "start": "30 s"})
    assert (valve.travel_s, burner.min_on_s, burner.min_off_s, burner.start_s) == (120.0, 180.0, 300.0, 30.0)
    mend(vent, None)
    assert vent.position == 0.01  # that is no fault but how it is


@pytest.mark.parametrize(
    ("actuator", "settings", "words"),
    [
        (Contact(), {"travel": "5 min"}, "no key 'travel' of this output; there are: min_on, min_off, start, leakage"),
        (Level(), {"backlash": "5 %"}, "no key 'backlash'"),
        (motor(), {"travel": "5 m"}, "travel: "),
        (motor(), {"backlash": "120 %"}, "backlash is 120 %, must not be below 0 or above 100 %"),
        (Contact(), {"start": "-5 s"}, "start is -5 s, must not be below 0"),
    ],
)
def test_a_setting_that_an_actuator_does_not_have_is_told(
    actuator: Actuator, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        adjust(actuator, settings)


def actuators() -> list[Actuator]:
    return [
        Contact(min_on_s=30.0, min_off_s=60.0, start_s=20.0),
        Contact(),
        Level(low=0.1),
        Level(travel_s=90.0),
        motor(0.05),
    ]


@given(
    st.integers(0, 4),
    st.lists(
        st.tuples(
            st.sampled_from([OPEN, CLOSE]),
            st.one_of(st.booleans(), st.floats(-50.0, 150.0)),
            st.floats(0.0, 400.0),
            st.sampled_from([None, "stuck", "leaking", "weak", "dead", "mend"]),
        ),
        max_size=20,
    ),
)
def test_whatever_fails_a_position_is_a_share_and_its_integral_fits(
    which: int, events: list[tuple[str, bool | float, float, str | None]]
) -> None:
    actuator = actuators()[which]
    for tag, value, seconds, form in events:
        if form == "mend":
            mend(actuator, None)
        elif form is not None:
            failing(actuator, form)
        actuator.order(tag, value)
        integral = actuator.move(seconds)
        assert 0.0 <= actuator.position <= 1.0
        assert -1e-9 <= integral <= seconds * (1.0 + 1e-9) + 1e-9


@given(st.integers(0, 4), st.lists(st.tuples(st.booleans(), st.integers(1, 200)), min_size=1, max_size=10))
def test_time_may_pass_in_one_piece_or_in_seconds(which: int, orders: list[tuple[bool, int]]) -> None:
    whole, pieces = actuators()[which], actuators()[which]
    for wanted, seconds in orders:
        for one in (whole, pieces):
            one.order(OPEN, wanted)
            one.order(CLOSE, not wanted)
        felt, at_once = sum(pieces.move(1.0) for _ in range(seconds)), whole.move(float(seconds))
        assert at_once == pytest.approx(felt, abs=1e-6) or isinstance(whole, Motor)  # a motor's mean is of its ends
        assert whole.position == pytest.approx(pieces.position, abs=1e-9)
