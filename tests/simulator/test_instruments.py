"""What a probe makes of the true value."""

from itertools import pairwise
from math import exp
from statistics import fmean, pstdev

import pytest

from simulator.instruments import Character, Instrument, adjusted, character_of


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
