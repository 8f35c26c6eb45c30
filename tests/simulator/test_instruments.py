"""What a probe makes of the true value."""

from itertools import pairwise
from math import exp, isfinite
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.beside import Conductivity, beside_of
from simulator.faults import INSTRUMENT
from simulator.instruments import Character, Instrument, Raw, adjusted, character_of


def probe(character: Character, seed: int = 1, **more: object) -> Instrument:
    found = Instrument("t.z.x", "port", character, seed, **more)  # type: ignore[arg-type]  # keywords of each test
    found.start(10.0)
    return found


def test_a_probe_lags_by_its_time_constant() -> None:
    do = probe(Character(lag_s=8.0))
    do.follow(20.0, 8.0)
    assert do.value == pytest.approx(20.0 - 10.0 * exp(-1.0))
    assert do.true_value == 20.0


def test_many_short_looks_lag_like_one_long_one() -> None:
    one, many = probe(Character(lag_s=8.0)), probe(Character(lag_s=8.0))
    one.follow(20.0, 10.0)
    for _ in range(10):
        many.follow(20.0, 1.0)
    assert one.value == pytest.approx(many.value)


def test_noise_has_its_size_and_a_memory() -> None:
    ph = probe(Character(noise=0.5))
    seen = []
    for _ in range(20000):
        ph.follow(10.0, 5.0)
        seen.append(float(ph.value))
    assert fmean(seen) == pytest.approx(10.0, abs=0.03)
    assert pstdev(seen) == pytest.approx(0.5, rel=0.05)
    neighbours = fmean((a - 10.0) * (b - 10.0) for a, b in pairwise(seen)) / 0.25
    assert neighbours == pytest.approx(exp(-0.5), abs=0.05)


def test_gain_offset_and_drift_add_up() -> None:
    ec = probe(Character(gain=0.9, offset=0.2, drift_per_day=-0.5))
    ec.follow(10.0, 86400.0)
    assert ec.value == pytest.approx(10.0 * 0.9 + 0.2 - 0.5)


def test_a_flow_meter_never_reads_below_zero() -> None:
    flow = probe(Character(offset=-20.0), floor=0.0)
    assert flow.value == 0.0


def test_a_float_switch_closes_at_its_threshold() -> None:
    level = probe(Character(threshold=80.0), contact=True)
    assert level.value is False
    level.follow(81.0, 1.0)
    assert level.value is True


def test_a_scale_takes_the_ports_unit_into_the_tags() -> None:
    flow = probe(Character(), scale=0.06)  # L/min into m3/h
    assert flow.value == pytest.approx(0.6)


def test_two_probes_in_one_tank_do_not_share_their_noise() -> None:
    a = Instrument("ras1.tank1.do_a", "tank1.oxygen", Character(noise=0.02), 1)
    b = Instrument("ras1.tank1.do_b", "tank1.oxygen", Character(noise=0.02), 1)
    a.start(8.0)
    b.start(8.0)
    assert a.value != b.value
    assert a.true_value == b.true_value == 8.0


def test_usual_characters_go_by_unit_and_port() -> None:
    assert character_of("degC", "air.temperature").lag_s > character_of("degC", "tank1.temperature").lag_s
    assert character_of("kWh", "energy.electricity") == Character()


def test_settings_carry_units_and_wrong_ones_are_named() -> None:
    found = adjusted(Character(), {"noise": "20 mg/m3", "lag": "1 min", "drift_per_day": -0.01}, "mg/L")
    assert found.noise == pytest.approx(0.02)
    assert (found.lag_s, found.drift_per_day) == (60.0, -0.01)
    with pytest.raises(ValueError, match="unknown key 'nois'"):
        adjusted(Character(), {"nois": 1}, "mg/L")
    with pytest.raises(ValueError, match="noise: "):
        adjusted(Character(), {"noise": "1 kW"}, "mg/L")
    with pytest.raises(ValueError, match="lag is -3"):
        adjusted(Character(), {"lag": -3}, "mg/L")


# --- how it errs of itself


def test_a_probe_shows_nine_tenths_of_a_step_after_its_t90() -> None:
    do = probe(adjusted(Character(), {"t90": "40 s"}, "mg/L"))
    do.follow(20.0, 40.0)
    assert do.value == pytest.approx(19.0)


def test_a_probe_shows_multiples_of_its_resolution() -> None:
    ph = probe(Character(resolution=0.25, offset=0.1))
    ph.follow(6.6, 1.0)
    assert ph.value == pytest.approx(6.75)


def test_dirt_takes_gain_and_speed_until_the_probe_is_cleaned() -> None:
    do = probe(Character(lag_s=10.0, fouling=0.4, fouling_days=7.0, fouling_lag=1.0))
    for _ in range(14):
        do.follow(10.0, 86400.0)
    assert do.value == pytest.approx(10.0 * (1.0 - 0.4 * (1.0 - exp(-2.0))))
    dirty_s = 10.0 * (1.0 + 14.0)
    do.follow(20.0, dirty_s)
    assert float(do.value or 0) == pytest.approx((20.0 - 10.0 * exp(-1.0)) * 0.654, rel=0.01)
    do.mend("fouling")
    do.follow(10.0, 200.0)
    assert do.value == pytest.approx(10.0, abs=0.01)


def test_a_probe_that_got_its_supply_back_warms_up() -> None:
    co2 = probe(Character(warm_up_s=60.0, warm_up_error=300.0))
    assert co2.value == pytest.approx(10.0)
    co2.fail("off", {})
    assert co2.value is None
    co2.mend("off")
    assert co2.value == pytest.approx(310.0)
    co2.follow(10.0, 60.0)
    assert co2.value == pytest.approx(10.0 + 300.0 * exp(-1.0))
    co2.follow(10.0, 3600.0)
    assert co2.value == pytest.approx(10.0)


# --- how it fails


def test_a_stuck_probe_shows_one_value_until_it_is_mended() -> None:
    do = probe(Character(noise=0.1))
    do.follow(10.0, 5.0)
    do.fail("stuck", {})
    before = do.value
    do.follow(3.0, 5.0)
    assert do.value == before
    assert do.true_value == 3.0
    do.mend("stuck")
    assert do.value == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize(
    ("form", "values", "shown"),
    [
        ("offset", {"by": -2.0}, 8.0),
        ("gain", {"by": 0.5}, 5.0),
        ("drift", {"per_day": -1.0}, 9.0),
        ("sentinel", {"value": -127.0}, -127.0),
        ("sentinel", {"raw": 65535.0}, Raw(65535)),
        ("sentinel", {}, None),
        ("off", {}, None),
    ],
)
def test_a_fault_shows_and_is_gone_when_it_is_mended(form: str, values: dict[str, float], shown: object) -> None:
    instrument = probe(Character())
    instrument.fail(form, values)
    instrument.follow(10.0, 86400.0)
    assert instrument.value == shown
    assert isinstance(instrument.value, Raw) is isinstance(shown, Raw)
    instrument.mend(form)
    assert instrument.value == 10.0
    assert instrument.faults == {}


def test_spikes_come_as_often_as_told_and_last_one_look() -> None:
    do = probe(Character())
    do.fail("spike", {"by": 5.0, "every_s": 100.0})
    seen = []
    for _ in range(20000):
        do.follow(10.0, 5.0)
        seen.append(do.value)
    assert set(seen) == {10.0, 15.0}
    assert seen.count(15.0) / len(seen) == pytest.approx(1.0 - exp(-0.05), rel=0.1)


def test_dropouts_come_and_go_as_long_as_told() -> None:
    do = probe(Character())
    do.fail("dropout", {"every_s": 200.0, "for_s": 50.0})
    seen = []
    for _ in range(20000):
        do.follow(10.0, 5.0)
        seen.append(do.value)
    assert set(seen) == {10.0, None}
    assert seen.count(None) / len(seen) == pytest.approx(0.2, abs=0.03)
    ends = sum(a is None and b is not None for a, b in pairwise(seen))
    assert seen.count(None) * 5.0 / ends == pytest.approx(50.0, rel=0.15)


def test_a_noisy_probe_is_noisier_by_as_much() -> None:
    do = probe(Character())
    do.fail("noise", {"by": 0.5})
    seen = []
    for _ in range(5000):
        do.follow(10.0, 30.0)
        seen.append(float(do.value or 0))
    assert pstdev(seen) == pytest.approx(0.5, rel=0.1)


def test_a_clogged_probe_is_slow_and_no_less_right() -> None:
    co2 = probe(Character(lag_s=20.0))
    co2.fail("slow", {"times": 5.0})
    co2.follow(20.0, 100.0)
    assert co2.value == pytest.approx(20.0 - 10.0 * exp(-1.0))
    co2.mend("slow")
    co2.follow(20.0, 20.0)
    assert co2.value == pytest.approx(20.0 - 10.0 * exp(-2.0))


def test_two_faults_at_once_both_show() -> None:
    do = probe(Character())
    do.fail("offset", {"by": 1.0})
    do.fail("gain", {"by": 2.0})
    assert do.value == pytest.approx(21.0)
    do.mend("gain")
    assert do.value == pytest.approx(11.0)
    do.mend()
    assert do.value == 10.0


def test_a_drift_that_was_mended_is_gone_for_good() -> None:
    do = probe(Character())
    do.fail("drift", {"per_day": -1.0})
    do.follow(10.0, 86400.0)
    do.mend("drift")
    do.fail("offset", {"by": 0.5})
    assert do.value == pytest.approx(10.5)


def test_a_fault_does_not_change_the_noise_that_follows() -> None:
    healthy, ill = probe(Character(noise=0.1)), probe(Character(noise=0.1))
    ill.fail("spike", {"by": 50.0, "every_s": 10.0})
    ill.fail("dropout", {})
    for _ in range(50):
        healthy.follow(10.0, 5.0)
        ill.follow(10.0, 5.0)
    ill.mend()
    assert ill.value == healthy.value


def test_a_float_switch_sticks_and_loses_its_wire_but_has_no_offset() -> None:
    level = probe(Character(threshold=80.0), contact=True)
    level.follow(90.0, 1.0)
    level.fail("stuck", {})
    level.follow(10.0, 1.0)
    assert level.value is True
    level.fail("off", {})
    assert level.value is None
    with pytest.raises(ValueError, match="a contact cannot fail by 'offset', only by: stuck, dropout, off"):
        level.fail("offset", {"by": 1.0})


@pytest.mark.parametrize(
    ("form", "values", "words"),
    [
        ("sticky", {}, "no form 'sticky' of instrument faults; there are: stuck, offset"),
        ("offset", {}, "offset: 'by' is missing"),
        ("offset", {"buy": 1.0}, "offset: no number 'buy'; there are: by"),
        ("stuck", {"by": 1.0}, "stuck: no number 'by'; there are: none"),
        ("fouling", {"share": 1.5}, "fouling: share is 1.5, must be from 0 to 1"),
        ("offset", {"by": float("nan")}, "offset: by is nan"),
    ],
)
def test_a_fault_that_is_none_is_told(form: str, values: dict[str, float], words: str) -> None:
    instrument = probe(Character())
    with pytest.raises(ValueError, match=words):
        instrument.fail(form, values)
    assert instrument.value == 10.0


numbers = st.floats(-1e6, 1e6)
instrument_faults = st.sampled_from(sorted(INSTRUMENT)).flatmap(
    lambda form: st.tuples(
        st.just(form),
        st.fixed_dictionaries(
            {name: st.floats(max(n.low, -1e3), min(n.high, 1e3)) for name, n in INSTRUMENT[form].items()}
        ),
    )
)


@given(
    st.lists(st.one_of(instrument_faults, st.sampled_from([*sorted(INSTRUMENT), None])), max_size=6),
    st.lists(st.tuples(numbers, st.floats(1e-3, 1e5)), min_size=1, max_size=6),
)
def test_whatever_fails_a_probe_shows_a_finite_number_or_nothing(
    events: list[object], medium: list[tuple[float, float]]
) -> None:
    character = Character(0.1, 0.01, 8.0, 0.9, 0.1, -0.1, 0.5, 0.01, 0.3, 7.0, 0.1, 60.0, 5.0)
    instrument = probe(character)
    for index, (value, dt_s) in enumerate(medium):
        if index < len(events):
            event = events[index]
            if isinstance(event, tuple):
                instrument.fail(*event)
            else:
                instrument.mend(event)  # type: ignore[arg-type]  # a form, or None for all
        instrument.follow(value, dt_s)
        assert instrument.value is None or isfinite(instrument.value)
        assert instrument.true_value == value
    instrument.mend()
    assert instrument.value is not None


# --- what stands beside it


def test_an_ec_probe_set_to_another_coefficient_is_right_at_25_degrees_and_off_elsewhere() -> None:
    """physics.md 4.3: set to 2 %/K where the solution has 1.9, it reads 2 % off at 5 K (a = 0.0161 or 0.0239)."""
    ec = beside_of({"temperature": "water", "true_coefficient": "1.6 %/K"}, "mS/cm", {"water": "degC"})
    assert ec is not None
    assert ec.felt(2.0, 25.0, 1.0) == pytest.approx(2.0)
    assert ec.felt(2.0, 20.0, 1.0) == pytest.approx(2.0 * (1.0 - 0.08) / (1.0 - 0.1))


def test_an_ec_probe_without_a_thermometer_reads_cold_water_low_until_it_is_told() -> None:
    ec = Conductivity("water", 0.02, 0.02, believed_c=25.0)
    assert ec.felt(2.0, 15.0, 1.0) == pytest.approx(1.6)
    ec.compensate(15.0)
    assert ec.felt(2.0, 15.0, 1.0) == pytest.approx(2.0)


def test_a_ph_probe_that_believes_25_degrees_is_off_by_the_slope_and_right_at_7() -> None:
    glass = beside_of({"temperature": "water", "believed": "25 degC"}, "pH", {"water": "degC"})
    assert glass is not None
    assert glass.felt(7.0, 10.0, 1.0) == 7.0
    assert glass.felt(5.0, 10.0, 1.0) == pytest.approx(7.0 - 2.0 * 283.15 / 298.15)
    glass.compensate(10.0)
    assert glass.felt(5.0, 10.0, 1.0) == pytest.approx(5.0)


def test_an_old_electrode_flattens_the_scale() -> None:
    glass = beside_of({"temperature": "water", "slope": "90 %"}, "pH", {"water": "degC"})
    assert glass is not None
    assert glass.felt(5.0, 25.0, 1.0) == pytest.approx(7.0 - 2.0 * 0.9)
    glass.compensate(5.0)  # it has a thermometer of its own
    assert glass.felt(5.0, 25.0, 1.0) == pytest.approx(7.0 - 2.0 * 0.9)


def test_a_membrane_in_still_water_reads_a_quarter_low_after_four_minutes() -> None:
    membrane = beside_of({"flow": "pipe", "needs": "0.5 m3/h"}, "mg/L", {"pipe": "m3/h"})
    assert membrane is not None
    assert membrane.felt(8.0, 2.0, 1.0) == 8.0
    for _ in range(240):
        low = membrane.felt(8.0, 0.1, 1.0)
    assert low == pytest.approx(8.0 * 0.75, rel=0.02)
    assert membrane.felt(8.0, 2.0, 1.0) == 8.0


def test_a_thermometer_without_a_fan_reads_high_in_the_sun() -> None:
    thermometer = beside_of({"sun": "radiation", "sun_error": "3 K"}, "degC", {"radiation": "W/m2"})
    assert thermometer is not None
    assert thermometer.felt(25.0, 0.0, 1.0) == 25.0
    assert thermometer.felt(25.0, 800.0, 1.0) == pytest.approx(28.0)


def test_water_far_below_zero_does_not_turn_conductivity_round() -> None:
    ec = Conductivity("water")
    assert isfinite(ec.felt(2.0, -25.0, 1.0))
    assert ec.felt(2.0, -60.0, 1.0) > 0.0


@pytest.mark.parametrize(
    ("settings", "unit", "words"),
    [
        ({"temperature": "pipe"}, "pH", "temperature: no output port 'pipe'; there are: water"),
        ({"temperature": "water"}, "mg/L", "temperature: wants `temperature` of a tag in mS/cm or pH"),
        ({"coefficient": "2 %/K"}, "mS/cm", "coefficient: wants"),
        ({"temperature": "water", "slope": 1}, "mS/cm", "slope is not for this instrument"),
        ({"temperature": "water", "coefficient": "2 m"}, "mS/cm", "coefficient: "),
        ({"flow": "water"}, "mg/L", "flow: wants `needs`"),
        ({"sun": "water"}, "pH", "sun: wants `temperature` of a tag in mS/cm or pH"),
        ({"sun": "water", "sun_error": "3 m"}, "degC", "sun_error: "),
    ],
)
def test_what_cannot_stand_beside_a_probe_is_told(settings: dict[str, object], unit: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        beside_of(settings, unit, {"water": "degC"})


def test_a_probe_without_anything_beside_it_has_nothing_there() -> None:
    assert beside_of({}, "pH", {"water": "degC"}) is None
