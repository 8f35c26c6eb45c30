"""Measured weather from files: EPW years of EnergyPlus, and plain CSV with the fields of `Weather` as columns."""

import csv
import math
from bisect import bisect_right
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

from simulator.plants.plant import Weather
from simulator.weather import sky_c

_STEFAN_BOLTZMANN = 5.67e-8
_YEAR_HOURS = 8760
_RANGES = {
    "air_c": (-80.0, 65.0),
    "relative_humidity": (0.0, 1.0),
    "wind_m_s": (0.0, 90.0),
    "global_radiation_w_m2": (0.0, 1500.0),
    "sky_c": (-110.0, 65.0),
    "co2_ppm": (0.0, 5000.0),
    "pressure_pa": (50000.0, 120000.0),
    "soil_c": (-40.0, 60.0),
    "wind_from_degrees": (0.0, 360.0),
}


class WeatherFileError(ValueError):
    """A weather file that cannot be used; names the file and the line."""


class Epw:
    """A typical year, the same every year, interpolated from hour to hour; 29 February is 28 February again.

    Temperature, humidity, wind and pressure hold at the end of each hour; radiation is the mean of the hour before
    and is put into its middle. Where the file does not know the sky, it follows from air temperature and clouds.
    """

    def __init__(self, path: Path) -> None:
        lines = _lines(path)
        header, body = lines[:8], lines[8:]
        if len(header) < 8 or not header[0].startswith("LOCATION,"):
            raise WeatherFileError(f"{path}:1: not an EPW file, it does not begin with LOCATION")
        place = next(csv.reader([header[0]]))
        if len(place) < 10:
            raise WeatherFileError(f"{path}:1: LOCATION has {len(place)} fields, wanted 10")
        self.latitude = _number(path, 1, "latitude", place[6])
        self.longitude = _number(path, 1, "longitude", place[7])
        self._zone_s = 3600.0 * _number(path, 1, "time zone", place[8])
        self._soil = _ground(path, header[3])
        rows = [(number, row) for number, row in enumerate(csv.reader(body), start=9) if row]
        rows = [(number, row) for number, row in rows if row[1:3] != ["2", "29"]]
        if len(rows) != _YEAR_HOURS:
            raise WeatherFileError(f"{path}:{8 + len(body)}: {len(rows)} hours, wanted a year of {_YEAR_HOURS}")
        self._hours = [_epw_hour(path, number, row) for number, row in rows]
        self._index: int | None = None
        self._segment: tuple[Weather, Weather] | None = None

    def at(self, farm_time_s: float) -> Weather:
        """Interpolated; the radiation of the whole hour around its middle."""
        # half-hour pieces: their ends are the hours' ends (temperatures) and middles (radiation)
        place = (farm_time_s + self._zone_s) / 1800.0
        index = math.floor(place)
        if index != self._index or self._segment is None:
            self._segment = (self._half_hour(index), self._half_hour(index + 1))
            self._index = index
        return _between(*self._segment, place - index)

    def _half_hour(self, index: int) -> Weather:
        local = datetime.fromtimestamp(index * 1800.0, UTC)
        ended = self._hour_of_year(index // 2 - 1)
        if index % 2 == 0:  # the end of an hour: radiation lies between two middles
            now, then = self._hours[ended], self._hours[(ended + 1) % _YEAR_HOURS]
            halves = _between(now, then, 0.5)
            return _with(now, halves.global_radiation_w_m2, self._soil_c(local))
        now, then = self._hours[ended], self._hours[(ended + 1) % _YEAR_HOURS]
        return _with(_between(now, then, 0.5), then.global_radiation_w_m2, self._soil_c(local))

    def _hour_of_year(self, hours: int) -> int:
        """Which row holds the hour that began `hours` hours after the epoch, local standard time."""
        local = datetime.fromtimestamp(hours * 3600.0, UTC)
        day = 28 if (local.month, local.day) == (2, 29) else local.day
        return (date(2001, local.month, day).timetuple().tm_yday - 1) * 24 + local.hour

    def _soil_c(self, local: datetime) -> float:
        """Months hold in their middles."""
        place = local.month - 1 + (local.day - 15.5) / 30.5
        month = math.floor(place)
        share = place - month
        return (1.0 - share) * self._soil[month % 12] + share * self._soil[(month + 1) % 12]


class CsvWeather:
    """Rows in order of time, joined by straight lines; before the first and after the last row the ends hold.

    A column `time_s` (farm time) or `time` (ISO 8601 with its offset), then fields of `Weather`; air, humidity
    (0 to 1), wind and radiation must be there. Without `sky_c` the sky is half clouded.
    """

    def __init__(self, path: Path) -> None:
        rows = list(csv.reader(_lines(path)))
        if len(rows) < 2:
            raise WeatherFileError(f"{path}:1: wanted a line of column names and at least one row")
        names = [name.strip() for name in rows[0]]
        known = {field.name for field in fields(Weather)}
        for name in names:
            if name not in known and name not in ("time", "time_s"):
                raise WeatherFileError(f"{path}:1: unknown column '{name}'; there are: {', '.join(sorted(known))}")
        clock = next((name for name in ("time_s", "time") if name in names), None)
        if clock is None:
            raise WeatherFileError(f"{path}:1: no column 'time_s' or 'time'")
        for name in ("air_c", "relative_humidity", "wind_m_s", "global_radiation_w_m2"):
            if name not in names:
                raise WeatherFileError(f"{path}:1: no column '{name}'")
        self._times: list[float] = []
        self._rows: list[Weather] = []
        for line, row in enumerate(rows[1:], start=2):
            if not row:
                continue
            if len(row) != len(names):
                raise WeatherFileError(f"{path}:{line}: {len(row)} fields, wanted {len(names)}")
            cells = dict(zip(names, row, strict=True))
            time_s = _time_s(path, line, clock, cells[clock])
            if self._times and time_s <= self._times[-1]:
                raise WeatherFileError(f"{path}:{line}: {cells[clock]} is not after the row before")
            self._times.append(time_s)
            self._rows.append(_csv_row(path, line, cells))

    def at(self, farm_time_s: float) -> Weather:
        times, rows = self._times, self._rows
        after = bisect_right(times, farm_time_s)
        if after == 0:
            return rows[0]
        if after == len(times):
            return rows[-1]
        start = times[after - 1]
        return _between(rows[after - 1], rows[after], (farm_time_s - start) / (times[after] - start))


def _between(was: Weather, then: Weather, share: float) -> Weather:
    """Numbers by straight lines; rain and the wind's direction hold from the row before."""
    rest = 1.0 - share
    return Weather(
        air_c=rest * was.air_c + share * then.air_c,
        relative_humidity=rest * was.relative_humidity + share * then.relative_humidity,
        wind_m_s=rest * was.wind_m_s + share * then.wind_m_s,
        global_radiation_w_m2=rest * was.global_radiation_w_m2 + share * then.global_radiation_w_m2,
        sky_c=rest * was.sky_c + share * then.sky_c,
        co2_ppm=rest * was.co2_ppm + share * then.co2_ppm,
        pressure_pa=rest * was.pressure_pa + share * then.pressure_pa,
        soil_c=rest * was.soil_c + share * then.soil_c,
        rain=was.rain,
        wind_from_degrees=was.wind_from_degrees,
    )


def _with(weather: Weather, radiation_w_m2: float, soil_c: float) -> Weather:
    return Weather(
        weather.air_c, weather.relative_humidity, weather.wind_m_s, radiation_w_m2, weather.sky_c,
        weather.co2_ppm, weather.pressure_pa, soil_c, weather.rain, weather.wind_from_degrees,
    )  # fmt: skip


def _epw_hour(path: Path, line: int, row: list[str]) -> Weather:
    if len(row) < 32:
        raise WeatherFileError(f"{path}:{line}: {len(row)} fields, wanted at least 32")

    def value(name: str, column: int) -> float:
        return _ranged(path, line, name, _number(path, line, name, row[column]))

    air_c = value("air_c", 6)
    humidity = _number(path, line, "relative humidity", row[8])
    if not 0.0 <= humidity <= 110.0:  # some years hold 101; 999 is "not measured"
        raise WeatherFileError(f"{path}:{line}: relative humidity is {humidity:g} %, wanted 0 to 110")
    infrared = _number(path, line, "infrared from the sky", row[12])
    cloud = _number(path, line, "sky cover", row[22])
    pressure = _number(path, line, "pressure", row[9])
    rain = _number(path, line, "rain", row[33]) if len(row) > 33 else 0.0
    direction = _number(path, line, "wind direction", row[20])
    return Weather(
        air_c=air_c,
        relative_humidity=min(1.0, humidity / 100.0),
        wind_m_s=value("wind_m_s", 21),
        global_radiation_w_m2=value("global_radiation_w_m2", 13),
        # 9999, 99 and the like are EPW's words for "not measured"
        sky_c=(infrared / _STEFAN_BOLTZMANN) ** 0.25 - 273.15
        if 50.0 < infrared < 700.0
        else sky_c(air_c, cloud / 10.0 if 0.0 <= cloud <= 10.0 else 0.5),
        pressure_pa=pressure if 50000.0 <= pressure <= 120000.0 else 101325.0,
        rain=0.0 < rain < 900.0,
        wind_from_degrees=direction if 0.0 <= direction <= 360.0 else 270.0,
    )


def _ground(path: Path, line: str) -> list[float]:
    """Monthly temperatures of the depth nearest to 2 m; 12 degC where the file has none."""
    row = next(csv.reader([line]))
    depths: dict[float, list[float]] = {}
    for start in range(2, len(row) - 15, 16):
        depth = _number(path, 4, "depth of the ground", row[start])
        depths[depth] = [_number(path, 4, "ground temperature", cell) for cell in row[start + 4 : start + 16]]
    return depths[min(depths, key=lambda depth: abs(depth - 2.0))] if depths else [12.0] * 12


def _csv_row(path: Path, line: int, cells: dict[str, str]) -> Weather:
    numbers = {
        name: _ranged(path, line, name, _number(path, line, name, cells[name])) for name in _RANGES if name in cells
    }
    numbers.setdefault("sky_c", sky_c(numbers["air_c"], 0.5))
    rain = cells.get("rain", "0").strip().lower()
    if rain not in ("0", "1", "false", "true"):
        raise WeatherFileError(f"{path}:{line}: rain is '{rain}', wanted 0 or 1")
    return Weather(**numbers, rain=rain in ("1", "true"))


def _time_s(path: Path, line: int, column: str, text: str) -> float:
    if column == "time_s":
        return _number(path, line, column, text)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise WeatherFileError(f"{path}:{line}: time is '{text}', wanted ISO 8601") from error
    if moment.tzinfo is None:
        raise WeatherFileError(f"{path}:{line}: time '{text}' has no offset from UTC")
    return moment.timestamp()


def _number(path: Path, line: int, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise WeatherFileError(f"{path}:{line}: {name} is '{text}', not a number")
    return number


def _ranged(path: Path, line: int, name: str, value: float) -> float:
    low, high = _RANGES[name]
    if not low <= value <= high:
        raise WeatherFileError(f"{path}:{line}: {name} is {value:g}, wanted {low:g} to {high:g}")
    return value


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WeatherFileError(f"{path}: not a text in UTF-8 ({error.reason})") from error
