"""What a run was worth: areas, returns, travel and gates, against sums done by hand."""

from collections.abc import Iterable
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.actuators import Contact, Level
from simulator.metrics import (
    BACK_S,
    ActuatorMeter,
    AlarmMeter,
    GateMeter,
    ValueMeter,
    actuator_metrics,
    meter_of,
    resources,
)
from simulator.scenario import Aim, Condition, Gate

AROUND = Aim("x", "degC", ("sp",), 1.0, None, -0.5, 1.0, 10.0, 1.0)
BETWEEN = Aim("x", "", (), 1.0, None, 2.0, 5.0, 1.0, 2.0)
HOUR_S = 3600.0


def metered(
    aim: Aim, values: Iterable[float], setpoints: tuple[float, float] = (20.0, 20.0), dt_s: float = 600.0,
    ended_s: float | None = None,
) -> dict[str, float | None]:  # fmt: skip
    meter, now_s = ValueMeter(aim), 0.0
    for value in values:
        now_s += dt_s
        meter.look(value, setpoints, now_s, dt_s, inf if ended_s is None or now_s < ended_s else ended_s)
    return meter.metrics(now_s, ended_s)


def test_an_error_is_counted_by_the_hour_and_weighed_by_its_side() -> None:
    found = metered(AROUND, [18.5] * 6 + [22.0] * 3)  # an hour 1.5 K too cold, half an hour 2 K too warm
    assert found["iae"] == pytest.approx(1.5 + 1.0)
    assert found["out_of_band"] == pytest.approx(10.0 * 1.0 + 1.0 * 0.5)
    assert found["out_minutes"] == pytest.approx(90.0)
    assert (found["min"], found["max"], found["excursion"]) == (18.5, 22.0, 2.0)
    assert found["mean"] == pytest.approx((6 * 18.5 + 3 * 22.0) / 9)


def test_between_two_setpoints_there_is_no_error() -> None:
    found = metered(AROUND, [17.5, 18.0, 20.0, 21.0, 22.5], (18.0, 21.0))
    assert found["iae"] == pytest.approx((0.5 + 1.5) * 600.0 / HOUR_S)
    assert found["out_minutes"] == pytest.approx(10.0)  # 0.5 K too cold is still in the band


def test_without_a_setpoint_the_band_is_where_the_value_may_be() -> None:
    found = metered(BETWEEN, [1.0, 3.0, 6.0])
    assert found["iae"] == pytest.approx(2.0 * 600.0 / HOUR_S)
    assert found["out_of_band"] == pytest.approx(3.0 * 600.0 / HOUR_S)
    assert found["excursion"] == 1.0


def test_back_is_back_for_ten_minutes() -> None:
    out, inside = 15.0, 20.0
    # out for two looks, a short visit, out for one, then home
    found = metered(AROUND, [inside, out, out, inside, out, *[inside] * 30], dt_s=60.0)
    assert found["return_s"] == 4 * 60.0
    still_out = metered(AROUND, [inside, *[out] * 9], dt_s=60.0)
    assert still_out["return_s"] == 8 * 60.0


def test_recovery_counts_from_the_end_of_the_fault() -> None:
    out, inside = 15.0, 20.0
    assert metered(AROUND, [out] * 20 + [inside] * 20, dt_s=60.0, ended_s=600.0)["recovery_s"] == 21 * 60.0 - 600.0
    assert metered(AROUND, [inside] * 40, dt_s=60.0, ended_s=600.0)["recovery_s"] == 0.0
    assert metered(AROUND, [out] * 40, dt_s=60.0, ended_s=600.0)["recovery_s"] == 40 * 60.0 - 600.0
    assert metered(AROUND, [inside] * 40, dt_s=60.0)["recovery_s"] is None


@given(st.lists(st.floats(0.0, 40.0), min_size=1, max_size=60))
def test_metrics_agree_with_each_other(values: list[float]) -> None:
    found = metered(AROUND, values, dt_s=60.0)
    numbers = {name: one for name, one in found.items() if one is not None}
    hours = len(values) * 60.0 / HOUR_S
    assert 0.0 <= numbers["iae"] <= numbers["excursion"] * hours + 1e-9
    assert numbers["min"] <= numbers["mean"] + 1e-9
    assert numbers["mean"] <= numbers["max"] + 1e-9
    assert 0.0 <= numbers["out_minutes"] <= len(values) + 1e-9
    assert (numbers["out_minutes"] == 0.0) is (numbers["return_s"] == 0.0 and numbers["out_of_band"] == 0.0) or (
        numbers["out_minutes"] > 0.0
    )


def test_travel_is_in_strokes_and_a_turn_is_a_reversal() -> None:
    meter, now_s = meter_of(Level(), 0.0), 0.0
    for position in (0.5, 1.0, 0.75, 0.7495, 0.75, 0.25):
        now_s += 1.0
        meter.look(position, now_s, 1.0, False)
    assert meter.travel == pytest.approx(1.0 + 0.25 + 0.0005 + 0.0005 + 0.5)
    assert meter.reversals == 1  # what the jitter does is none
    assert meter.on_s == pytest.approx(0.5 + 1.0 + 0.75 + 0.7495 + 0.75 + 0.25)


def test_a_contact_switches_and_does_not_travel() -> None:
    meter, now_s = meter_of(Contact(), 0.0), 0.0
    for position in (0.0, 1.0, 1.0, 0.0, 1.0):
        now_s += 1.0
        meter.look(position, now_s, 1.0, now_s >= 2.0)
    assert (meter.switches, meter.travel) == (3, 0.0)
    found = actuator_metrics({"pump": meter}, 1.0, 2.0)
    assert (found["pump:on_after_s"], found["pump:off_after_s"]) == (0.0, 2.0)
    assert found["starts_per_h"] == 1.5


def test_a_gate_falls_when_its_limit_is_broken_for_too_long_and_only_while_it_holds() -> None:
    gate = Gate.model_validate({"id": "vent", "port": "vent", "high": 0.25, "longer_than": "3 min"})
    storm = gate.model_copy(update={"while_": Condition(port="wind", above=13.0)})
    for vent, wind, minutes, plain, stormy in (
        (0.5, 5.0, 3, True, True),
        (0.5, 5.0, 4, False, True),
        (0.5, 14.0, 4, False, False),
        (0.2, 14.0, 60, True, True),
    ):
        for one, held in ((gate, plain), (storm, stormy)):
            meter = GateMeter(one)
            for _ in range(minutes):
                meter.look({"vent": vent, "wind": wind}, 60.0)
            assert meter.held is held
    again = GateMeter(gate)
    for vent in (0.5, 0.5, 0.1, 0.5, 0.5):
        again.look({"vent": vent}, 90.0)
    assert again.held  # never three minutes in a row


def test_alarms_before_the_fault_are_false_and_the_first_one_after_it_counts() -> None:
    meter = AlarmMeter(100.0)
    for now_s, active in ((50.0, ["a"]), (60.0, []), (110.0, ["b"]), (111.0, ["b", "c"]), (150.0, []), (160.0, ["b"])):
        meter.look(active, ["trip"] if now_s == 111.0 else [], now_s)
    found = meter.metrics(["b", "c", "d", "trip"])
    assert (found["false_alarms"], found["alarms"], found["alarm_s"]) == (1.0, 2.0, 10.0)
    assert (found["b:alarm_s"], found["c:alarm_s"], found["d:alarm_s"], found["trip:alarm_s"]) == (
        10.0,
        11.0,
        None,
        11.0,
    )


def test_resources_are_what_the_counters_counted() -> None:
    before, after = {"energy.a": 1.0, "energy.b": 2.0, "dosed": 5.0}, {"energy.a": 4.0, "energy.b": 2.5, "dosed": 5.5}
    assert resources(before, after) == {"energy.a": 3.0, "energy.b": 0.5, "dosed": 0.5, "energy_kwh": 3.5}
    assert BACK_S == 600.0
    assert ActuatorMeter(True, 0.0).switches == 0


def test_what_is_dosed_after_a_fault_is_told_apart_from_the_day() -> None:
    found = resources({"dosed": 1.0}, {"dosed": 1.5}, {"dosed": 1.25})
    assert found == {"dosed": 0.5, "dosed:after_fault": 0.25, "energy_kwh": 0.0}


def test_heat_that_a_boiler_passes_on_to_its_pipes_is_counted_once() -> None:
    counted = {"energy.boiler": 5.0, "energy.heat": 4.5, "energy.heater": 1.0}
    assert resources(dict.fromkeys(counted, 0.0), counted)["energy_kwh"] == 6.0
    assert resources({"energy.heat": 0.0}, {"energy.heat": 4.5})["energy_kwh"] == 4.5
