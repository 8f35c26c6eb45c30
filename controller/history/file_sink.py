"""Files of a day each, flushed to the disk before a batch counts as delivered.

    2026-11-27.lp    line protocol, as any InfluxDB takes it
    2026-11-27.csv   time,tag,value,quality,reason

The day is that of the source's time, in UTC. What a power cut tore is cut off, and what was written but not yet counted
as delivered is recognised when it comes again, so that no line stands twice.
"""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from itertools import groupby
from pathlib import Path

from controller.history.line import parse, split
from controller.history.sinks import Answer
from edge_config.model.sinks import FileSink as Config
from foundation.reading import Reading

COLUMNS = "time,tag,value,quality,reason"
TAIL_BYTES = 2 << 20
"""More than a batch: of so much of each file's end we know what stands in it."""
TAILS = 8
"""Files that the last batch before a stop may have touched, the latest first."""
_UNREADABLE = '{"error":"the line cannot be read"}'


def spelled(time_s: float) -> str:
    """UTC with milliseconds, as every table program reads it."""
    return datetime.fromtimestamp(round(time_s * 1000.0) / 1000.0, UTC).isoformat(timespec="milliseconds")


def table_row(reading: Reading) -> str:
    """A reading as a row of the table, without a line break behind it, and with none within."""
    said = StringIO()
    value = reading.value
    shown = "" if value is None else str(value).lower() if isinstance(value, bool) else value
    if isinstance(shown, str):
        shown = " ".join(shown.splitlines())
    csv.writer(said, lineterminator="").writerow(
        [spelled(reading.time_s), reading.tag, shown, reading.quality.name.lower(), reading.reason or ""]
    )
    return said.getvalue()


class FileSink:
    """One directory."""

    def __init__(self, config: Config) -> None:
        """Raises OSError where the directory cannot be made."""
        self._directory, self._keep_s = config.directory, config.keep
        self._is_table = config.format == "csv"
        self._suffix = "csv" if self._is_table else "lp"
        self._directory.mkdir(parents=True, exist_ok=True)
        latest = sorted(self._files(), key=lambda path: path.stat().st_mtime, reverse=True)
        self._known = {path: _mended(path) for path in latest[:TAILS]}
        self._newest_day = ""

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        lines = split(body)
        try:
            readings = [parse(line.decode())[2] for line in lines]
        except ValueError:
            return Answer(400, _UNREADABLE)
        rows = [
            (spelled(reading.time_s)[:10], table_row(reading).encode() if self._is_table else line.replace(b"\n", b" "))
            for reading, line in zip(readings, lines, strict=True)
        ]
        rows.sort(key=lambda row: row[0])
        try:
            for day, of_day in groupby(rows, key=lambda row: row[0]):
                self._append(day, [row for _, row in of_day])
            self._forget()
        except OSError as error:
            return Answer(None, f"{type(error).__name__}: {error}")
        return Answer(204)

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> Iterator[Path]:
        return self._directory.glob(f"????-??-??.{self._suffix}")

    def _append(self, day: str, rows: Sequence[bytes]) -> None:
        path = self._directory / f"{day}.{self._suffix}"
        known = self._known.get(path, frozenset())
        new = [row for row in rows if row not in known]
        if not new:
            return
        is_new = not path.exists()
        with path.open("ab") as file:
            before = file.tell()
            try:
                if before == 0 and self._is_table:
                    file.write(f"{COLUMNS}\n".encode())
                file.write(b"\n".join(new) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                # half a batch would be there twice when it comes again
                with suppress(OSError):
                    os.ftruncate(file.fileno(), before)
                raise
        if is_new:
            _sync_directory(self._directory)

    def _forget(self) -> None:
        """Delete the days that are too long ago, once a day."""
        newest = max((path.stem for path in self._files()), default="")
        if newest == self._newest_day:
            return
        self._newest_day = newest
        oldest = datetime.fromisoformat(newest).replace(tzinfo=UTC).timestamp() - self._keep_s
        for path in self._files():
            if path.stem < spelled(oldest)[:10]:
                path.unlink()
                self._known.pop(path, None)


def _mended(path: Path) -> frozenset[bytes]:
    """Cut off a torn last line; the rows near the end."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(size - (len(tail) - whole))
            os.fsync(file.fileno())
    return frozenset(tail[:whole].splitlines())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
