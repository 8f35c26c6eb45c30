"""What reaches a plant from outside, kept within what this planet and an actuator offer; not a number is not told."""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.plants.moist_air import co2_mg_m3, saturation
from simulator.plants.plant import Port, Weather

WEATHER_OUTPUTS: Mapping[str, Port] = {
    "outside.temperature": Port("degC", -60.0, 60.0),
    "outside.relative_humidity": Port("%", 0.0, 100.0),
    "outside.wind": Port("m/s", 0.0, 60.0),
    "outside.radiation": Port("W/m2", 0.0, 1500.0),
    "outside.rain": Port("-", 0.0, 1.0),
}
"""What the weather station of an outdoor house sees."""


class Outside(NamedTuple):
    """The weather in the words of the networks."""

    air_c: float
    vapour_kg_m3: float
    co2_mg_m3: float
    wind_m_s: float
    radiation_w_m2: float
    sky_c: float
    soil_c: float
    pressure_pa: float
    sun_elevation_degrees: float | None
    sun_azimuth_degrees: float | None


def outside(weather: Weather) -> Outside:
    air_c = held(weather.air_c, -60.0, 60.0)
    pressure_pa = held(weather.pressure_pa, 50000.0, 120000.0)
    sun = weather.sun_elevation_degrees, weather.sun_azimuth_degrees
    elevation, azimuth = (angle if angle is not None and abs(angle) <= 360.0 else None for angle in sun)
    return Outside(
        air_c=air_c,
        vapour_kg_m3=held(weather.relative_humidity, 0.0, 1.0) * saturation(air_c)[0],
        co2_mg_m3=co2_mg_m3(held(weather.co2_ppm, 0.0, 5000.0), air_c, pressure_pa),
        wind_m_s=held(weather.wind_m_s, 0.0, 60.0),
        radiation_w_m2=held(weather.global_radiation_w_m2, 0.0, 1500.0),
        sky_c=held(weather.sky_c, -100.0, 60.0),
        soil_c=held(weather.soil_c, -30.0, 50.0),
        pressure_pa=pressure_pa,
        sun_elevation_degrees=elevation,
        sun_azimuth_degrees=azimuth,
    )


def weather_seen(weather: Weather, sky: Outside) -> dict[str, float]:
    """The values of WEATHER_OUTPUTS."""
    return {
        "outside.temperature": sky.air_c,
        "outside.relative_humidity": 100.0 * held(weather.relative_humidity, 0.0, 1.0),
        "outside.wind": sky.wind_m_s,
        "outside.radiation": sky.radiation_w_m2,
        "outside.rain": 1.0 if weather.rain else 0.0,
    }


def given(inputs: Mapping[str, float], ports: Mapping[str, Port]) -> dict[str, float]:
    """Every input port's value, within its range; its default where it is not driven."""
    found = {}
    for name, port in ports.items():
        value = inputs.get(name, port.default)
        found[name] = held(value, port.low, port.high) if value == value else port.default
    return found


def shown(values: Mapping[str, float], ports: Mapping[str, Port]) -> dict[str, float]:
    """Every output port's value, within its range."""
    return {name: held(values[name], port.low, port.high) for name, port in ports.items()}


def held(value: float, low: float, high: float) -> float:
    """Not a number counts as the low end."""
    if value >= high:
        return high
    return value if value > low else low
