"""The map of a recording: which column of which CSV file is which channel of which device of which site.

    site: agc2022.yaml                  # beside the map
    files:
      - path: GreenhouseClimate.csv     # beside the CSV that is named on the command line
        time: {column: Date, format: "%m/%d/%Y %H:%M", timezone: Europe/Amsterdam}
        columns: {Tair: climate.v1, Rhair: climate.v2}

`time` may leave out its `column` (then `time`), `format` (Unix seconds or ISO 8601) and `timezone` (UTC). All columns
of one device come from one file: a device has one clock.
"""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from edge_config.loader import load_site
from edge_config.model.site import Site
from edge_config.model.values import Frozen
from foundation.document import Document, read_document
from foundation.problem import Problem, ProblemsError
from simulator.devices.recorded import Recording, Track
from simulator.recording_files import RecordingError, Times, read_table


class TimeColumn(Frozen):
    """How the times of a file are written."""

    column: str = "time"
    format: str | None = None
    timezone: str = "UTC"


class RecordedFile(Frozen):
    """One CSV file: column -> DEVICE.CHANNEL."""

    path: str
    time: TimeColumn = TimeColumn()
    columns: dict[str, str] = Field(min_length=1)


class RecordingMap(Frozen):
    """The map file as it stands."""

    site: str
    files: tuple[RecordedFile, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Source:
    """One file, its columns resolved."""

    path: str
    times: Times
    column_of: dict[str, dict[str, str]]
    """Device -> tag -> column."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A map that fits its site."""

    site_path: Path
    site: Site
    sources: tuple[Source, ...]


def load_map(path: Path) -> Mapped:
    """Read a map and its site. Raises OSError, and ProblemsError with the place of every mistake."""
    document = read_document(path)
    try:
        found = RecordingMap.model_validate(document.value)
    except ValidationError as error:
        raise ProblemsError([_refused(document, one) for one in error.errors()]) from error
    site_path = path.parent / found.site
    site = load_site(site_path).site
    problems: list[Problem] = []
    fed: dict[str, int] = {}
    taken: set[str] = set()
    sources: list[Source] = []
    for index, file in enumerate(found.files):
        try:
            ZoneInfo(file.time.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            place = ("files", index, "time", "timezone")
            problems.append(document.problem("E602", place, zone=file.time.timezone))
        column_of: dict[str, dict[str, str]] = {}
        for column, channel in file.columns.items():
            place = ("files", index, "columns", column)
            problem = _misfit(document, place, channel, site, fed, index)
            if problem is None and channel in taken:
                problem = document.problem("E605", place, channel=channel)
            if problem is not None:
                problems.append(problem)
                continue
            taken.add(channel)
            device, _, name = channel.partition(".")
            fed[device] = index
            column_of.setdefault(device, {})[site.devices[device].tags[name]] = column.strip()
        sources.append(Source(file.path, Times(file.time.column, file.time.format, file.time.timezone), column_of))
    if problems:
        raise ProblemsError(problems)
    return Mapped(site_path, site, tuple(sources))


def read_recording(mapped: Mapped, csv: Path, from_s: float | None = None, days: float | None = None) -> Recording:
    """The rows from farm time `from_s` on (or the first), for so many days (or to the last).

    `csv` is the directory of the map's files, or one of them. Raises OSError and RecordingError.
    """
    tables = [(source, *_read(source, csv, len(mapped.sources))) for source in mapped.sources]
    first_s = min(times_s[0] for _, times_s, _ in tables) if from_s is None else from_s
    end_s = float("inf") if days is None else first_s + days * 86400.0
    tracks: dict[str, Track] = {}
    for source, times_s, columns in tables:
        rows = [row for row, time_s in enumerate(times_s) if first_s <= time_s < end_s]
        if not rows:
            continue
        kept = slice(rows[0], rows[-1] + 1)
        for device, column_of in source.column_of.items():
            tracks[device] = Track(times_s[kept], {tag: columns[column][kept] for tag, column in column_of.items()})
    if not tracks:
        raise RecordingError("no row lies in the days that were asked for")
    return Recording(tracks)


def _read(source: Source, csv: Path, files: int) -> tuple[list[float], dict[str, list[float]]]:
    wanted = sorted({column for column_of in source.column_of.values() for column in column_of.values()})
    beside = csv if csv.is_dir() else csv.parent
    path = csv if files == 1 and csv.is_file() else beside / source.path
    table = read_table(path, source.times, wanted)
    return table.times_s, table.columns


def _misfit(
    document: Document, place: tuple[str | int, ...], channel: str, site: Site, fed: dict[str, int], file: int
) -> Problem | None:
    """Why this channel cannot be fed from this file, None if it can."""
    device, _, name = channel.partition(".")
    if device not in site.devices:
        return document.problem("E603", place, device=device, known=", ".join(site.devices))
    tags = site.devices[device].tags
    if name not in tags:
        return document.problem("E604", place, device=device, channel=name, known=", ".join(tags))
    if fed.get(device, file) != file:
        return document.problem("E606", place, device=device)
    return None


def _refused(document: Document, error: ErrorDetails) -> Problem:
    path = tuple(error["loc"])
    unknown = error["type"] == "extra_forbidden"
    return document.problem("E601", path, key=unknown, where=".".join(map(str, path)), what=error["msg"])
