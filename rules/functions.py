"""The closed list of what an expression may call: functions of what stands there, and gauges that remember."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foundation import air, sea_water, water


@dataclass(frozen=True, slots=True)
class Function:
    """`units` are what the arguments must be in, `unit` what comes out (None: any one dimension, and the same)."""

    call: Callable[..., Any]
    units: tuple[str, ...] | None
    unit: str | None
    form: str
    least: int
    """Fewest arguments, and below most: what is not checked here would only fail in the scan."""
    most: int
    like: tuple[int, ...] = ()
    """By argument, the earlier one whose dimension it shares (the first, if left out); the last says the result's."""


def _mean(*values: float) -> float:
    return sum(values) / len(values)


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def line(x: float, x1: float, x2: float, y1: float, y2: float) -> float:
    """A straight line from (x1, y1) to (x2, y2), flat outside them; a step up at x1 where both ends are one."""
    share = (x - x1) / (x2 - x1) if x2 != x1 else float(x >= x1)
    return y1 + (y2 - y1) * min(max(share, 0.0), 1.0)


def _nh3_mg_l(tan_mg_l: float, ph: float, water_c: float, salt_mg_l: float = 0.0) -> float:
    return tan_mg_l * sea_water.ammonia_fraction(ph, water_c, salt_mg_l / 1000.0)


def _co2_mg_l(ph: float, alkalinity_mg_l: float, water_c: float, salt_mg_l: float = 0.0) -> float:
    return sea_water.carbon_dioxide_mg_l(ph, alkalinity_mg_l, water_c, salt_mg_l / 1000.0)


def _oxygen_percent(oxygen_mg_l: float, water_c: float, salt_mg_l: float = 0.0) -> float:
    return water.oxygen_percent(oxygen_mg_l, water_c, salt_mg_l / 1000.0)


FUNCTIONS: dict[str, Function] = {
    "abs": Function(abs, None, None, "abs(x)", 1, 1),
    "min": Function(min, None, None, "min(a, b, ...)", 2, 50),
    "max": Function(max, None, None, "max(a, b, ...)", 2, 50),
    "mean": Function(_mean, None, None, "mean(a, b, ...)", 2, 50),
    "clamp": Function(_clamp, None, None, "clamp(x, low, high)", 3, 3),
    "line": Function(line, None, None, "line(x, x1, x2, y1, y2)", 5, 5, (0, 0, 0, 3, 3)),
    "count_true": Function(sum, None, "", "count_true(condition, condition, ...)", 2, 50),
    "vpd": Function(air.vapour_pressure_deficit_kpa, ("degC", "%"), "kPa", "vpd(temperature, humidity)", 2, 2),
    "dew_point": Function(air.dew_point_c, ("degC", "%"), "degC", "dew_point(temperature, humidity)", 2, 2),
    "humidity_deficit": Function(air.humidity_deficit_g_m3, ("degC", "%"), "g/m3", "humidity_deficit(t, rh)", 2, 2),
    "nh3": Function(_nh3_mg_l, ("mg/L", "pH", "degC", "mg/L"), "mg/L", "nh3(tan, ph, temperature, [salinity])", 3, 4),
    "carbon_dioxide": Function(
        _co2_mg_l, ("pH", "mg/L", "degC", "mg/L"), "mg/L", "carbon_dioxide(ph, alkalinity, t, [salinity])", 3, 4
    ),
    "oxygen_saturation": Function(
        _oxygen_percent, ("mg/L", "degC", "mg/L"), "%", "oxygen_saturation(oxygen, t, [salinity])", 2, 3
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GaugeForm:
    """How a gauge is called; see `rules/gauges.py`."""

    form: str


GAUGES: dict[str, GaugeForm] = {
    "avg": GaugeForm("avg(tag, '5 min')"),
    "min": GaugeForm("min(tag, '5 min')"),
    "max": GaugeForm("max(tag, '5 min')"),
    "rate": GaugeForm("rate(tag, '10 min')"),
    "starts": GaugeForm("starts(tag, '1 h')"),
    "age": GaugeForm("age(tag)"),
    "quality": GaugeForm("quality(tag)"),
    "time_between": GaugeForm("time_between('22:00', '06:00')"),
    "sun_elevation": GaugeForm("sun_elevation()"),
    "hyst": GaugeForm("hyst(x, on, off)"),
    "rising": GaugeForm("rising(condition)"),
}
