"""Reference controllers do what their sources say, faults included; and they are tuned by what is measured."""

import pytest

from foundation.reading import Quality, Reading, Reason
from simulator.references import REFERENCES, Reference, Task
from simulator.references.hysteresis import Thermostat
from simulator.references.period_pid import PeriodPid
from simulator.references.simple_pid import SimplePid
from simulator.references.step_response import fitted, measure
from simulator.references.tunings import TUNINGS

HEATING = Task("t", True, 0.0, 0.3, 0.1, 60.0, 600.0, 60.0, 0.0, False)
COOLING = Task("t", False, 0.0, 0.3, 0.1, 60.0, 600.0, 60.0, 0.0, False)
BOTH = Task("t", False, 50.0, 0.3, 0.1, 60.0, 600.0, 60.0, 0.0, False)
ACID = Task("ph", False, 0.0, 0.1, 0.1, 60.0, 600.0, 60.0, 10.0, False)
LAMPS = Task("ppfd", True, 0.0, 5.0, 3.0, 1.0, 1.0, 30.0, 0.0, True)


def says(value: float | None, now_s: float = 1000.0) -> Reading:
    if value is None:
        return Reading("t", None, Quality.BAD, Reason.COMM, now_s)
    return Reading("t", value, Quality.GOOD, None, now_s)


def positions(law: Reference, setpoint: float, values: list[float | None], start_s: float = 1000.0) -> list[float]:
    found, now_s = [], start_s
    for value in values:
        found.append(law.step(says(value, now_s), setpoint, now_s))
        now_s += law.period_s
    return found


def test_a_thermostat_switches_a_tolerance_away_on_either_side() -> None:
    assert positions(Thermostat(HEATING), 20.0, [20.0, 19.8, 19.7, 20.0, 20.2, 20.3, 19.8]) == [
        0,
        0,
        100,
        100,
        100,
        0,
        0,
    ]
    assert positions(Thermostat(COOLING), 20.0, [20.2, 20.3, 19.8, 19.7]) == [0, 100, 100, 0]
    # in a split range, more output cools: below the middle it heats
    assert positions(Thermostat(BOTH), 20.0, [20.0, 19.7, 20.0, 20.3, 20.0]) == [50, 0, 50, 100, 50]


def test_a_thermostat_keeps_the_last_value_when_its_sensor_is_lost() -> None:
    law = Thermostat(HEATING)
    assert positions(law, 20.0, [19.0]) == [100]
    # it heats for ever: control.md 3.6
    assert set(positions(law, 20.0, [None] * 500)) == {100}
    assert Thermostat(HEATING).step(None, 20.0, 0.0) == 0.0


def test_a_thermostat_runs_lamps_by_the_clock() -> None:
    assert positions(Thermostat(LAMPS), 240.0, [0.0, 100.0, None]) == [80.0, 80.0, 80.0]
    assert positions(Thermostat(LAMPS), 0.0, [240.0]) == [0.0]


def test_simple_pid_is_the_package_with_our_gains() -> None:
    law = SimplePid(HEATING)
    # P 50 %/K (SIMC: 600 / (0.1 * 120)), I 50/480 %/K/s
    first, second = positions(law, 20.0, [19.5, 19.5])
    assert first == pytest.approx(25.0 + 25.0 * 10.0 / 480.0)
    assert second - first == pytest.approx(25.0 * 10.0 / 480.0)
    assert positions(law, 20.0, [None]) == [second]
    assert positions(SimplePid(COOLING), 20.0, [20.5])[0] == pytest.approx(first)


def test_simple_pid_winds_up_to_its_limit_and_no_further() -> None:
    law = SimplePid(HEATING)
    assert positions(law, 20.0, [10.0] * 1000)[-1] == 100.0
    # the clamp holds the integral within the output's limits, not at what the error asks for
    assert positions(law, 20.0, [20.5], 11_000.0)[0] == pytest.approx(100.0 - 25.0 - 25.0 * 10.0 / 480.0)


def test_the_sum_of_period_pid_knows_no_time_and_is_clamped() -> None:
    law = PeriodPid(HEATING)
    first, second = positions(law, 20.0, [19.5, 19.5])
    per_sum = 50.0 * 30.0 / 480.0
    assert first == pytest.approx(25.0 + 0.5 * per_sum)
    assert second == pytest.approx(25.0 + 1.0 * per_sum)
    # called twice as fast it integrates twice as fast
    hasty = PeriodPid(HEATING)
    assert [hasty.step(says(19.5, at), 20.0, at) for at in (0.0, 1.0)] == pytest.approx([first, second])
    small = PeriodPid(Task("t", True, 0.0, 0.3, 10.0, 60.0, 60.0, 3000.0, 0.0, False))
    for at in range(400):
        last = small.step(says(10.0, float(at)), 20.0, float(at))
    # 100 is the most that the sum may be, whatever the output could still give
    assert last == pytest.approx(small._task.kc * 10.0 + 100.0 * small._task.kc * 30.0 / small._task.ti_s)
    assert last < 100.0


def test_period_pid_turns_off_when_the_value_is_old() -> None:
    law = PeriodPid(HEATING)
    reading = says(15.0, 1000.0)
    assert law.step(reading, 20.0, 1120.0) == 100.0
    assert law.step(reading, 20.0, 1121.0) == 0.0
    assert positions(PeriodPid(HEATING), 20.0, [None]) == [0.0]


def test_period_pid_doses_the_same_again_and_again_whatever_it_does() -> None:
    found = positions(PeriodPid(ACID), 6.0, [6.5] * 40)
    assert found == [pytest.approx(100.0 / 3.0) if index % 10 == 0 else 0.0 for index in range(40)]
    assert set(positions(PeriodPid(ACID), 6.0, [6.05] * 40)) == {0.0}


def test_a_response_is_fitted_for_what_it_is() -> None:
    from math import exp

    seen = [0.0 if t <= 120 else 2.5 * (1.0 - exp(-(t - 120) / 900.0)) for t in range(20, 7220, 20)]
    size, delay_s, lag_s, left = fitted(seen, 20.0)
    assert (size, delay_s, lag_s) == pytest.approx((2.5, 120.0, 900.0), rel=0.03)
    assert left < 0.01


@pytest.mark.parametrize("loop", ["gh1.bay1.vent_loop", "pf1.rack1.light_loop", "ras1.tank1.do_loop"])
def test_the_tunings_are_what_the_step_shows(loop: str) -> None:
    tuning = TUNINGS[loop]
    fit = measure(tuning.step)
    assert (fit.gain, fit.lag_s) == pytest.approx((tuning.gain, tuning.lag_s), rel=0.1, abs=2.0)
    assert fit.delay_s == pytest.approx(tuning.delay_s, rel=0.15, abs=5.0)
    assert fit.left < 0.1


def test_every_reference_is_known_by_its_name() -> None:
    assert list(REFERENCES) == ["hysteresis", "simple-pid", "period-pid"]
    for make in REFERENCES.values():
        assert make(HEATING).period_s > 0.0
