"""The weather that a site file or a scenario asks for, by its section `weather`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge_config.model.site import Place
from simulator.plants.plant import Weather
from simulator.weather import Steady, WeatherSource, design_day
from simulator.weather_csv import CsvWeather
from simulator.weather_epw import Epw
from simulator.weather_synthetic import synthetic_year
from simulator.weather_tmy import Pvgis, Tmy3

MILD = Steady(Weather(15.0, 0.6, 2.0, 0.0, 5.0))
"""The sky of a site that names none."""
_READ: Mapping[str, Callable[[Path], WeatherSource]] = {"epw": Epw, "tmy3": Tmy3, "pvgis": Pvgis, "csv": CsvWeather}
_MADE: Mapping[str, Callable[[str, int, float, float, str], WeatherSource]] = {
    "design_day": design_day,
    "year": synthetic_year,
}


def weather_of(section: Any, place: Place, seed: int) -> WeatherSource:
    """`{epw: FILE}` and the like (a path of a loaded site is absolute), `{design_day: NAME, seed: N}` or
    `{year: NAME, seed: N}` under the sun of `place`; `seed` where the section has none. None is MILD.

    Raises ValueError for what cannot be meant, OSError for a file that cannot be read.
    """
    if section is None:
        return MILD
    if isinstance(section, dict):
        for kind, read in _READ.items():
            if set(section) == {kind}:
                return read(Path(str(section[kind])))
        for kind, make in _MADE.items():
            if kind in section and set(section) <= {kind, "seed"}:
                own = section.get("seed", seed)
                if isinstance(own, bool) or not isinstance(own, int):
                    raise ValueError(f"seed is '{own}', wanted a whole number")
                return make(str(section[kind]), own, place.latitude, place.longitude, place.timezone)
    files, made = ", ".join(_READ), " or ".join(f"{{{kind}: NAME, seed: N}}" for kind in _MADE)
    raise ValueError(f"wants {{KIND: FILE}}, KIND one of {files}; or {made}")
