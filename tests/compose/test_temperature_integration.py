"""On the simulated glasshouse, five days of a made spring: the mean that is wanted, for less heat."""

from functools import partial
from typing import NamedTuple

import pytest

from controller.core.integration import Integration, Mean, Target
from controller.core.programs import Setting
from simulator.plants.greenhouse import load
from simulator.weather_synthetic import synthetic_year
from tests.core.test_programs import SHANDONG, at, program, sunrise, sunset

SETTLE_S, LOOK_S, DAYS = 6 * 3600.0, 60.0, 5
READ = "t.z.temp"
BASE = program((sunrise(-1.5), 20.0), (sunset(-0.5), 17.0), ramp_up_per_s=1.2 / 3600.0, ramp_down_per_s=1.5 / 3600.0)


class Lived(NamedTuple):
    """Of the five days."""

    mean_c: float
    heat_kwh: float


def lived(one: Integration | None, vents_above_k: float, date: str = "2026-03-10") -> Lived:
    """A PI on the mixing valve (20 min) and a P-band of 4 K on the lee vents, both from the same setpoint."""
    plant, sky = load("venlo_1000m2"), synthetic_year("synthetic_beijing", 1, 36.88, 118.74, "Asia/Shanghai")
    begin_s = at(date)
    now_s, state, setting, block, integral = begin_s - SETTLE_S, plant.initial(), Setting(), Mean(), 0.0
    inputs = {"heating.valve": 0.0, "vent.lee": 0.0}
    temperatures, heat_before, heat = [], 0.0, 0.0
    while now_s < begin_s + DAYS * 86400.0:
        weather = sky.at(now_s)
        for _ in range(round(LOOK_S / plant.step_s)):
            state = plant.advance(state, inputs, weather, plant.step_s)
        now_s += LOOK_S
        seen, shift = plant.observe(state, inputs, weather), 0.0
        air_c, heat = seen["air.temperature"], seen["energy.boiler"]
        if one is not None and now_s > begin_s:  # its window begins at midnight, and so do the days that count
            asked = BASE.target(None, {}, now_s)
            block, shift = one.step(block, {READ: air_c}, now_s, asked, partial(BASE.mean, None))
        setting, setpoint = BASE.step(setting, None, {}, now_s, 0.0, shift)
        error = setpoint - air_c
        integral = min(max(integral + 0.15 * error * LOOK_S / 1200.0, 0.0), 1.0)
        inputs["heating.valve"] = min(max(0.15 * error + integral, 0.0), 1.0)
        inputs["vent.lee"] = min(max((air_c - setpoint - vents_above_k) / 4.0, 0.0), 1.0)
        if now_s <= begin_s:
            heat_before = heat
        else:
            temperatures.append(air_c)
    return Lived(sum(temperatures) / len(temperatures), heat - heat_before)


def test_the_mean_that_a_fixed_program_had_comes_out_with_less_heat() -> None:
    """The vents may let it get 1.5 K warmer by day, since the nights give it back."""
    fixed = lived(None, 3.0)
    for days in (1, DAYS):
        one = Integration("t.z.sp", READ, Target(fixed.mean_c), days, 3.0, 3.0, SHANDONG)
        integrated = lived(one, 4.5)
        assert integrated.mean_c == pytest.approx(fixed.mean_c, abs=0.2)
        assert integrated.heat_kwh <= fixed.heat_kwh


def test_a_hot_end_of_the_window_is_foreseen() -> None:
    """In this April every afternoon is warmer than the day's mean may be: what waited for it missed by 0.2 K."""
    fixed = lived(None, 3.0, "2026-04-05")
    integrated = lived(Integration("t.z.sp", READ, Target(fixed.mean_c), DAYS, 3.0, 3.0, SHANDONG), 4.5, "2026-04-05")
    assert integrated.mean_c == pytest.approx(fixed.mean_c, abs=0.1)
    assert integrated.heat_kwh <= fixed.heat_kwh
