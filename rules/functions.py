"""The closed list of functions that an expression may call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foundation import air, water


@dataclass(frozen=True, slots=True)
class Function:
    """`units` are what the arguments must be in (None: any number of one dimension), `unit` what comes out."""

    call: Callable[..., Any]
    units: tuple[str, ...] | None
    unit: str | None
    form: str


def _mean(*values: float) -> float:
    return sum(values) / len(values)


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _nh3_mg_l(tan_mg_l: float, ph: float, water_c: float) -> float:
    return tan_mg_l * water.unionised_ammonia_fraction(ph, water_c)


FUNCTIONS: dict[str, Function] = {
    "abs": Function(abs, None, None, "abs(x)"),
    "min": Function(min, None, None, "min(a, b, ...)"),
    "max": Function(max, None, None, "max(a, b, ...)"),
    "mean": Function(_mean, None, None, "mean(a, b, ...)"),
    "clamp": Function(_clamp, None, None, "clamp(x, low, high)"),
    "vpd": Function(air.vapour_pressure_deficit_kpa, ("degC", "%"), "kPa", "vpd(temperature, humidity)"),
    "dew_point": Function(air.dew_point_c, ("degC", "%"), "degC", "dew_point(temperature, humidity)"),
    "humidity_deficit": Function(air.humidity_deficit_g_m3, ("degC", "%"), "g/m3", "humidity_deficit(t, humidity)"),
    "nh3": Function(_nh3_mg_l, ("mg/L", "pH", "degC"), "mg/L", "nh3(tan, ph, temperature)"),
    "oxygen_saturation": Function(water.oxygen_percent, ("mg/L", "degC"), "%", "oxygen_saturation(oxygen, t)"),
}  # fmt: skip
