"""Where the sun stands, added to a sky that knows only how much it gives: for plants that care where from."""

from dataclasses import replace
from math import floor

from foundation.sun import azimuth_degrees, elevation_degrees
from simulator.plants.plant import Weather
from simulator.weather import WeatherSource

_HOLD_S = 60.0


class Sunlit:
    """`source` over a place, degrees north and east. The sun moves once a minute; what a source says itself stays."""

    def __init__(self, source: WeatherSource, latitude: float, longitude: float) -> None:
        self._source = source
        self._latitude = latitude
        self._longitude = longitude
        self._minute: int | None = None
        self._elevation = self._azimuth = 0.0

    def at(self, farm_time_s: float) -> Weather:
        weather = self._source.at(farm_time_s)
        if weather.sun_elevation_degrees is not None:
            return weather
        minute = floor(farm_time_s / _HOLD_S)
        if minute != self._minute:
            middle_s = (minute + 0.5) * _HOLD_S
            self._elevation = elevation_degrees(middle_s, self._latitude, self._longitude)
            self._azimuth = azimuth_degrees(middle_s, self._latitude, self._longitude)
            self._minute = minute
        return replace(weather, sun_elevation_degrees=self._elevation, sun_azimuth_degrees=self._azimuth)
