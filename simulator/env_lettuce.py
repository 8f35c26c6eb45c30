"""Van Henten's lettuce greenhouse as a Gymnasium environment: the season of the benchmark, in any weather.

Season, limits, bands, prices and penalties are those of lettuce-greenhouse-gym 0.1.3 (../shared/physics.md 12.1), so
that returns can be compared; its weather, Bleiswijk 2014, does not come with the project.
"""

from collections.abc import Callable
from datetime import datetime
from math import exp
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from foundation.air import absolute_humidity_g_m3, co2_mg_m3
from simulator.plants.lettuce_greenhouse import (
    LEAK_BENCHMARK_M_S,
    START,
    Controls,
    House,
    Outdoors,
    advance,
)
from simulator.plants.plant import Weather
from simulator.weather import WeatherSource
from simulator.weather_synthetic import synthetic_year

Floats = NDArray[np.float32]

STEP_S = 1800.0
DAYS = 40.0
GREATEST = Controls(1.2e-6, 7.5e-3, 150.0)
"""What the actuators give at most."""
RATE = 0.1
"""Share of it by which a control may move in a step."""
FIRST = Controls(0.0, 0.0, 50.0)
LOWEST, HIGHEST = House(0.002, 0.0, 5.0, 0.0), House(0.6, 0.004, 40.0, 0.051)
"""The benchmark holds its states within these after each step."""
PRICE_EUR_KG, HEAT_EUR_KWH, CO2_EUR_KG = 22.285125, 0.1281, 0.1906
"""Of lettuce (dry), of heat, of CO2."""
BANDS = {
    "co2_ppm": (500.0, 1600.0, 5e-5, 5e-5),
    "air_c": (10.0, 20.0, 3e-3, 5e-3),
    "humidity_percent": (0.0, 80.0, 7e-4, 7e-4),
}
"""Value -> low, high, penalty in EUR/m2 a step for each unit below and above."""
_GAS_J_MOL_K, _CO2_KG_MOL, _WATER_KG_MOL, _PRESSURE_PA, _KELVIN = 8.3144598, 0.04401, 0.01801528, 101325.0, 273.15


class LettuceEnv(gymnasium.Env[Floats, Floats]):
    """Forty days from transplant to harvest, half an hour a step.

    outdoors: weather by the time in s since the season began; without it `weather`, a source, from `start` on (local
    time of Beijing if it has no offset), or the synthetic year of Beijing under the episode's seed.
    leak_m_s: ventilation through closed windows; the benchmark's is a tenth of van Henten's.

    Action: three changes, -1 to 1, of CO2, ventilation and heating, each RATE of its GREATEST. Observation: dry weight
    kg/m2, CO2 ppm, air degC, humidity %, the three controls (mg/m2/s, mm/s, W/m2), share of the season gone, and the
    weather of the coming step (W/m2, kg/m3, degC, kg/m3). Reward, EUR/m2: growth less heat and CO2, less a penalty
    outside BANDS. The harvest terminates the episode.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # as Gymnasium declares it

    def __init__(
        self,
        *,
        outdoors: Callable[[float], Outdoors] | None = None,
        weather: WeatherSource | None = None,
        start: str = "2026-02-09",
        days: float = DAYS,
        leak_m_s: float = LEAK_BENCHMARK_M_S,
        render_mode: None = None,
    ) -> None:
        moment = datetime.fromisoformat(start if "T" in start else f"{start}T00:00:00+08:00")
        self.render_mode = render_mode
        self._start_s = moment.timestamp()
        self._given, self._weather = outdoors, weather
        self._steps = round(days * 86400.0 / STEP_S)
        self._leak_m_s = leak_m_s
        low = [*_seen(LOWEST), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -60.0, 0.0]
        high = [0.6, 2400.0, 40.0, 100.0, 1.2, 7.5, 150.0, 1.0, 1500.0, 0.01, 60.0, 0.2]
        self._low, self._high = np.array(low, np.float32), np.array(high, np.float32)
        self.observation_space = spaces.Box(self._low, self._high)
        self.action_space = spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.house, self.controls = START, FIRST
        self._outdoors = outdoors or _seen_from(synthetic_year(_YEAR, 0, *_PLACE), self._start_s)
        self._step = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        super().reset(seed=seed)
        if self._given is None:
            source = self._weather or synthetic_year(_YEAR, int(self.np_random.integers(2**31)), *_PLACE)
            self._outdoors = _seen_from(source, self._start_s)
        self.house, self.controls, self._step = START, FIRST, 0
        return self._observation(), {}

    def step(self, action: NDArray[np.floating[Any]]) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        before, outdoors = self.house, self.coming()
        self.controls = controls = Controls(
            *(
                min(most, max(0.0, now + RATE * most * min(1.0, max(-1.0, float(change)))))
                for now, most, change in zip(self.controls, GREATEST, action, strict=True)
            )
        )
        after = advance(before, controls, outdoors, STEP_S, self._leak_m_s)
        self.house = after = House(*(min(h, max(low, x)) for x, low, h in zip(after, LOWEST, HIGHEST, strict=True)))
        self._step += 1
        money = {
            "revenue": PRICE_EUR_KG * (after.dry_weight_kg_m2 - before.dry_weight_kg_m2),
            "heat": -HEAT_EUR_KWH * controls.heat_w_m2 * STEP_S / 3.6e6,
            "co2": -CO2_EUR_KG * controls.co2_kg_m2_s * STEP_S,
            "penalty": -_penalty(after),
        }
        return self._observation(), sum(money.values()), self._step >= self._steps, False, money

    def asked(self, wanted: Controls) -> NDArray[np.float64]:
        """The action that takes the controls to `wanted`, or as far towards it as one step goes. In full precision:
        a tight loop makes much of the last digits."""
        changes = [
            (to - now) / (RATE * most) for to, now, most in zip(wanted, self.controls, GREATEST, strict=True)
        ]  # fmt: skip
        return np.array([min(1.0, max(-1.0, change)) for change in changes])

    def coming(self) -> Outdoors:
        """The weather of the coming step."""
        return self._outdoors(self._step * STEP_S)

    def _observation(self) -> Floats:
        outdoors, controls = self.coming(), self.controls
        values = [
            *_seen(self.house), 1e6 * controls.co2_kg_m2_s, 1e3 * controls.ventilation_m_s, controls.heat_w_m2,
            self._step / self._steps, *outdoors,
        ]  # fmt: skip
        return np.clip(np.array(values, np.float32), self._low, self._high)


_YEAR, _PLACE = "synthetic_beijing", (39.80, 116.47, "Asia/Shanghai")


def outdoors_of(weather: Weather) -> Outdoors:
    """The sky in the words of van Henten."""
    return Outdoors(
        weather.global_radiation_w_m2,
        co2_mg_m3(weather.co2_ppm, weather.air_c, weather.pressure_pa) * 1e-6,
        weather.air_c,
        absolute_humidity_g_m3(weather.air_c, 100.0 * weather.relative_humidity) * 1e-3,
    )


def _seen_from(source: WeatherSource, start_s: float) -> Callable[[float], Outdoors]:
    return lambda time_s: outdoors_of(source.at(start_s + time_s))


def _seen(house: House) -> tuple[float, float, float, float]:
    """Dry weight kg/m2, CO2 ppm, air degC, humidity % (at most 100), by the benchmark's gas constant and its Magnus
    curve, which lies 0.2 to 1 % below the true one."""
    kelvin = house.air_c + _KELVIN
    ppm = 1e6 * _GAS_J_MOL_K * kelvin * house.co2_kg_m3 / (_PRESSURE_PA * _CO2_KG_MOL)
    saturation_pa = 610.78 * exp(17.2694 * house.air_c / (house.air_c + 238.3))
    percent = 100.0 * _GAS_J_MOL_K * kelvin * house.vapour_kg_m3 / (_WATER_KG_MOL * saturation_pa)
    return house.dry_weight_kg_m2, ppm, house.air_c, min(100.0, percent)


def _penalty(house: House) -> float:
    _, *values = _seen(house)
    return sum(
        below * max(0.0, low - value) + above * max(0.0, value - high)
        for value, (low, high, below, above) in zip(values, BANDS.values(), strict=True)
    )
