"""A relay that swings a loop finds what the describing function misses, and stops before anything is hurt."""

from dataclasses import replace
from math import atan, pi, sqrt

import pytest

from controller.core.tuning.identify import Record, identify
from controller.core.tuning.relay import RelaySettings, RelayState, begin, dead_time, floor_of, refused, relay
from foundation.simc import FirstOrder, simc
from tests.core.tuning.plants import Plant

SWING = RelaySettings(
    sp=20.0, base=40.0, up=15.0, down=10.0, hysteresis=0.1, low=15.0, high=25.0, most_s=36000.0
)  # fmt: skip
EVERY_S = 5.0


def swung(model: FirstOrder, swing: RelaySettings = SWING) -> tuple[Record, RelayState]:
    plant = Plant(model, EVERY_S, swing.sp)
    state = begin(swing, 0.0)
    output, value, now, now_s = [swing.base], [swing.sp], plant.step(0.0), 0.0
    while state.ended is None:
        now_s += EVERY_S
        state = relay(swing, state, now, now_s, True, False)
        output.append(state.output)
        value.append(now)
        now = plant.step(state.output - swing.base)
    return Record(EVERY_S, tuple(output), tuple(value)), state


def ultimate_gain(model: FirstOrder) -> float:
    """Where the phase of `k e^(-delay s)/(lag s + 1)` is -180 degrees."""
    gain, delay_s, lag_s = model
    assert lag_s is not None
    low, high = 1e-6, pi / delay_s
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * delay_s + atan(middle * lag_s) < pi else (low, middle)
    return sqrt(1.0 + (low * lag_s) ** 2) / abs(gain)


def test_the_fit_finds_the_ultimate_gain_where_the_describing_function_is_far_off() -> None:
    model = FirstOrder(0.1, 60.0, 300.0)
    swing = replace(SWING, up=12.0, down=8.0, hysteresis=0.3)
    record, state = swung(model, swing)
    assert state.ended == "done"
    true = ultimate_gain(model)
    tail = record.value[len(record.value) // 2 :]
    size = (max(tail) - min(tail)) / 2
    described = 4 * (swing.up + swing.down) / 2 / (pi * sqrt(size**2 - swing.hysteresis**2))
    found = identify(record)
    assert described < 0.85 * true
    assert ultimate_gain(found.model) == pytest.approx(true, rel=0.1)
    assert found.refusal is None


@pytest.mark.parametrize(("delay_s", "lag_s"), [(60.0, 300.0), (60.0, 60.0), (200.0, 100.0)])
def test_the_swing_tells_lag_and_delay(delay_s: float, lag_s: float) -> None:
    record, state = swung(FirstOrder(0.1, delay_s, lag_s))
    found = identify(record).model
    assert found.gain == pytest.approx(0.1, rel=0.1)
    assert found.delay_s == pytest.approx(delay_s, abs=0.1 * delay_s + EVERY_S)
    assert found.lag_s == pytest.approx(lag_s, rel=0.1)
    share = dead_time(SWING, state.switched_s)
    assert share == pytest.approx(delay_s / (delay_s + lag_s), abs=0.15)


def test_a_lag_that_no_swing_is_long_enough_to_show_is_called_none_and_the_gains_are_the_same() -> None:
    model = FirstOrder(0.1, 20.0, 400.0)
    record, _ = swung(model)
    found = identify(record).model
    assert found.lag_s is None
    assert simc(found, 20.0) == pytest.approx(simc(model, 20.0), rel=0.1)


def test_a_cooling_loop_swings_too() -> None:
    record, state = swung(FirstOrder(-0.1, 60.0, 300.0), replace(SWING, raises=False))
    assert state.ended == "done"
    assert identify(record).model.gain == pytest.approx(-0.1, rel=0.1)


def test_after_the_end_the_output_is_back_at_its_base() -> None:
    _, state = swung(FirstOrder(0.1, 60.0, 300.0))
    assert state.output == SWING.base
    assert relay(SWING, state, 0.0, 1e9, True, True) == state


@pytest.mark.parametrize(
    ("value", "now_s", "permitted", "alarmed", "end"),
    [
        (20.0, 10.0, True, True, "alarm"),
        (20.0, 10.0, False, False, "not_permitted"),
        (None, 10.0, True, False, "value_lost"),
        (float("nan"), 10.0, True, False, "value_lost"),
        (15.0, 10.0, True, False, "value_low"),
        (25.0, 10.0, True, False, "value_high"),
        (20.0, 36001.0, True, False, "too_long"),
    ],
)
def test_each_guard_ends_it_at_once_with_the_output_at_its_base(
    value: float | None, now_s: float, permitted: bool, alarmed: bool, end: str
) -> None:
    state = relay(SWING, begin(SWING, 0.0), value, now_s, permitted, alarmed)
    assert (state.ended, state.output) == (end, SWING.base)


def test_ph_is_never_swung() -> None:
    assert refused(SWING, "pH", 0.0) == "ph"


def test_a_swing_that_is_not_safe_or_says_nothing_is_not_begun() -> None:
    assert refused(SWING, "degC", 0.02) is None
    assert refused(SWING, "degC", 0.04) == "noise"
    assert refused(replace(SWING, up=10.0), "degC", 0.0) == "size"
    assert refused(replace(SWING, base=5.0), "degC", 0.0) == "size"
    assert refused(replace(SWING, base=90.0), "degC", 0.0) == "size"
    assert refused(replace(SWING, low=19.95), "degC", 0.0) == "limits"


def test_oxygen_is_never_swung_lower_than_half_a_milligram_under_its_setpoint() -> None:
    assert floor_of("mg/L", 7.5, 5.0) == 7.0
    assert floor_of("mg/L", 7.5, 7.2) == 7.2
    assert floor_of("degC", 25.0, 18.0) == 18.0
