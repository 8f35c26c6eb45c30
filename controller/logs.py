"""Structured logs: one JSON object a line, rotated, to a file and (warnings) to stderr."""

import json
import logging
import logging.handlers
import sys
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

FILE_NAME = "farmloop.log"
FILE_BYTES = 2_000_000
FILES = 5
_PLAIN = set(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}
_ONLY_FAILURES = ("pymodbus", "amqtt")
"""Their errors are what wires do every day; the links say it once."""
_ONLY_WARNINGS = ("transitions", "paho", "httpx", "urllib3", "uvicorn", "Rx")


class JsonLines(logging.Formatter):
    """Time (UTC, ISO), level, logger, what happened, and every extra field. Any record gives a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        for key, value in record.__dict__.items():
            if key not in _PLAIN:
                line.setdefault(key, _plain(value))
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _File(logging.handlers.RotatingFileHandler):
    """Says once that the disk takes no lines, and once that it does again: the farm goes on without."""

    _is_failing = _has_failed = False

    def emit(self, record: logging.LogRecord) -> None:
        self._has_failed = False
        super().emit(record)
        if self._is_failing and not self._has_failed:
            sys.stderr.write(f"{self.baseFilename}: takes lines again\n")
        self._is_failing = self._has_failed

    def handleError(self, record: logging.LogRecord) -> None:
        self._has_failed = True
        if not self._is_failing:
            sys.stderr.write(f"{self.baseFilename}: a line is lost ({sys.exc_info()[1]})\n")


def start_logging(directory: Path | None, quiet: bool = False) -> None:
    """Log to `directory/farmloop.log` (rotated) and warnings to stderr, if not quiet."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    if directory is not None:
        with suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
        # opened with the first line, and again with the next if that fails: no disk keeps a farm from starting
        file = _File(
            directory / FILE_NAME, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8", delay=True,
            errors="backslashreplace",
        )  # fmt: skip
        file.setFormatter(JsonLines())
        root.addHandler(file)
    if not quiet:
        screen = logging.StreamHandler(sys.stderr)
        screen.setLevel(logging.WARNING)
        screen.setFormatter(JsonLines())
        root.addHandler(screen)
    for names, level in ((_ONLY_FAILURES, logging.CRITICAL), (_ONLY_WARNINGS, logging.WARNING)):
        for name in names:
            logging.getLogger(name).setLevel(level)


def _plain(value: object) -> object:
    """As JSON has it: what JSON lacks (a number that is none, an object of ours) as its text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
    return str(value)
