"""The record as files that other programs read, and such files as lines again.

    time,tag,value,quality,reason                  points as they came: what the outbox still holds, a day or more
    time,tag,mean,low,high,points,bad              minutes and longer, out of history.db

`.csv` is a table, `.parquet` the same with types (it needs pyarrow), `.lp` line protocol.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import groupby, islice
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

from controller.history.aggregate import HOUR_S, MINUTE_S, combined
from controller.history.blocks import HOUR, MINUTE
from controller.history.delivered import points
from controller.history.file_sink import COLUMNS, spelled, table_row
from controller.history.line import line, parse, prefix
from controller.history.local_reader import Reader
from foundation.reading import Quality, Reading, Reason, Value
from foundation.tag import Tag

FORMATS = (".csv", ".parquet", ".lp")
SLOT_COLUMNS = ("time", "tag", "mean", "low", "high", "points", "bad")
GROUP = 50_000
"""Rows written to Parquet at once."""
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class ExportError(Exception):
    """Why a file is not written, or not read: `history.KEY` in the locales, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key, self.values = key, values


class Row(NamedTuple):
    """A slot of a tag: what stands in a file of minutes or hours. None where nothing was good."""

    time_s: float
    tag: str
    mean: float | None
    low: float | None
    high: float | None
    points: int
    bad: int


def chosen(tags: Mapping[str, Tag], patterns: Sequence[str]) -> list[str]:
    """The tags that fit one of the patterns (`gh1.*.air_temp`), all where there is none. Raises ExportError."""
    found = [name for name in tags if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]
    if not found:
        raise ExportError("no_such_tag", tags=", ".join(patterns))
    return found


def export_points(
    outbox: Path, to: Path, tags: Sequence[str], from_s: float, to_s: float, progress: Callable[[int], None]
) -> int:
    """Write the points as they came; how many. Raises ExportError, OSError or sqlite3.Error."""
    wanted = frozenset(tags)
    held = (one for one in points(outbox, _ms(from_s), _ms(to_s)) if one.series.tag in wanted)
    match _format(to):
        case ".lp":
            return _write(to, (one.line.replace("\n", " ") for one in held), progress)
        case ".csv":
            rows = (table_row(parse(one.line)[2]) for one in held)
            return _write(to, _headed(COLUMNS, rows), progress) - 1
    return _write_parquet(to, (_typed(parse(one.line)[2]) for one in held), progress)


def export_slots(
    local: Path, to: Path, tags: Mapping[str, Tag], names: Sequence[str], from_s: float, to_s: float, every_s: int,
    site: str, progress: Callable[[int], None],
) -> int:  # fmt: skip
    """Write what stood in each `every_s`, whole minutes; how many rows."""
    if every_s % MINUTE_S or every_s <= 0:
        raise ExportError("every", every=every_s)
    rows = slots(Reader(local), names, from_s, to_s, every_s)
    match _format(to):
        case ".lp":
            return _write(to, (_slot_line(prefix(site, tags[row.tag]), row) for row in rows), progress)
        case ".csv":
            table = (
                ",".join([spelled(row.time_s), row.tag, *("" if one is None else repr(one) for one in row[2:])])
                for row in rows
            )
            return _write(to, _headed(",".join(SLOT_COLUMNS), table), progress) - 1
    return _write_parquet(to, ({**row._asdict(), "time": _moment(row.time_s)} for row in rows), progress)


def slots(reader: Reader, tags: Sequence[str], from_s: float, to_s: float, every_s: int) -> Iterator[Row]:
    """Tag by tag, in order of time."""
    tier = HOUR if every_s % HOUR_S == 0 else MINUTE
    for tag in tags:
        found = reader.slots([tag], tier, from_s, to_s)[tag]
        for at_s, within in groupby(found, lambda slot: slot.at_s // every_s * every_s):
            one = combined(at_s, within)
            yield Row(float(at_s), tag, _known(one.mean), _known(one.low), _known(one.high), one.n, one.bad)


def _known(number: float) -> float | None:
    return None if isnan(number) else number


def _headed(head: str, rows: Iterable[str]) -> Iterator[str]:
    yield head
    yield from rows


def _slot_line(start: str, row: Row) -> str:
    numbers = {"mean": row.mean, "low": row.low, "high": row.high}
    fields = [f"{name}={float(number)!r}" for name, number in numbers.items() if number is not None]
    return f"{start}{','.join([*fields, f'points={row.points}i', f'bad={row.bad}i'])} {_ms(row.time_s)}"


def _write(to: Path, rows: Iterable[str], progress: Callable[[int], None]) -> int:
    count = 0
    with to.open("w", encoding="utf-8", newline="") as file:
        for count, row in enumerate(rows, 1):
            file.write(f"{row}\n")
            if count % 1000 == 0:
                progress(count)
    return count


def _typed(reading: Reading) -> dict[str, Any]:
    value = reading.value
    return {
        "time": _moment(reading.time_s),
        "tag": reading.tag,
        "number": value if isinstance(value, float) else None,
        "switch": value if isinstance(value, bool) else None,
        "text": value if isinstance(value, str) else None,
        "quality": reading.quality.name.lower(),
        "reason": None if reading.reason is None else str(reading.reason),
    }


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ExportError("no_pyarrow") from None
    return pyarrow, pyarrow.parquet


def _write_parquet(to: Path, rows: Iterator[dict[str, Any]], progress: Callable[[int], None]) -> int:
    arrow, parquet = _arrow()
    moment, text, number = arrow.timestamp("ms", tz="UTC"), arrow.string(), arrow.float64()
    kinds = {
        "time": moment, "tag": text, "number": number, "switch": arrow.bool_(), "text": text, "quality": text,
        "reason": text, "mean": number, "low": number, "high": number, "points": arrow.int64(), "bad": arrow.int64(),
    }  # fmt: skip
    count, writer = 0, None
    try:
        while lot := list(islice(rows, GROUP)):
            schema = arrow.schema([(name, kinds[name]) for name in lot[0] if name in kinds])
            writer = writer or parquet.ParquetWriter(to, schema)
            named = [{name: row[name] for name in schema.names} for row in lot]
            writer.write_table(arrow.Table.from_pylist(named, schema))
            count += len(lot)
            progress(count)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ExportError("nothing_there")
    return count


# --- and back


def lines_of(source: Path, tags: Mapping[str, Tag], site: str) -> Iterator[str]:
    """The lines of a file of points that was exported, or written by somebody else in that form.

    A value of a table is a number where it reads as one, true or false, or a text. Raises ExportError, which says
    where, and OSError.
    """
    match _format(source):
        case ".lp":
            yield from _checked(source)
            return
        case ".csv":
            readings = _readings(source)
        case _:
            readings = _from_parquet(source)
    prefixes = {name: prefix(site, tag) for name, tag in tags.items()}
    for number, reading in readings:
        if reading.tag not in prefixes:
            raise ExportError("foreign_tag", source=source, row=number, tag=reading.tag)
        yield line(prefixes[reading.tag], reading)


def _checked(source: Path) -> Iterator[str]:
    with source.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if not text.strip() or text.startswith("#"):
                continue
            try:
                parse(text.rstrip("\n"))
            except ValueError:
                raise ExportError("unreadable_row", source=source, row=number) from None
            yield text.rstrip("\n")


def _readings(source: Path) -> Iterator[tuple[int, Reading]]:
    with source.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if list(table.fieldnames or ()) != COLUMNS.split(","):
            raise ExportError("other_columns", source=source, columns=COLUMNS)
        for row in table:
            try:
                yield table.line_num, _reading(row)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise ExportError("unreadable_row", source=source, row=table.line_num) from None


def _reading(row: Mapping[str, str]) -> Reading:
    moment = datetime.fromisoformat(row["time"])
    time_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    quality, reason = Quality[row["quality"].upper()], Reason(row["reason"]) if row["reason"] else None
    return Reading(row["tag"], _value(row["value"]), quality, reason, time_s)


def _value(text: str) -> Value | None:
    if not text:
        return None
    if text in ("true", "false"):
        return text == "true"
    return float(text) if _NUMBER.fullmatch(text) else text


def _from_parquet(source: Path) -> Iterator[tuple[int, Reading]]:
    _, parquet = _arrow()
    file, number = parquet.ParquetFile(source), 0
    if not {"time", "tag", "number", "switch", "text", "quality", "reason"} <= set(file.schema_arrow.names):
        raise ExportError("other_columns", source=source, columns="time,tag,number,switch,text,quality,reason")
    for batch in file.iter_batches(GROUP):
        for row in batch.to_pylist():
            number += 1
            value = next((row[name] for name in ("number", "switch", "text") if row[name] is not None), None)
            reason = None if row["reason"] is None else Reason(row["reason"])
            quality = Quality[row["quality"].upper()]
            yield number, Reading(row["tag"], value, quality, reason, row["time"].timestamp())


def _format(path: Path) -> str:
    if path.suffix not in FORMATS:
        raise ExportError("format", path=path, known=", ".join(FORMATS))
    return path.suffix


def _moment(time_s: float) -> datetime:
    return datetime.fromtimestamp(round(time_s * 1000.0) / 1000.0, UTC)


def _ms(time_s: float) -> int:
    return round(time_s * 1000.0)
