"""Structured logs: one JSON object a line, rotated, to a file and (short) to stderr."""

import json
import logging
import logging.handlers
import sys
from pathlib import Path

FILE_BYTES = 2_000_000
FILES = 5
_PLAIN = set(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Time (UTC, ISO), level, logger, what happened, and every extra field."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def start_logging(directory: Path | None, quiet: bool = False) -> None:
    """Log to `directory/farmloop.log` (rotated) and warnings to stderr, if not quiet."""
    import time

    logging.Formatter.converter = time.gmtime
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in list(root.handlers):
        root.removeHandler(handler)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            directory / "farmloop.log", maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8"
        )
        file.setFormatter(JsonLines())
        root.addHandler(file)
    if not quiet:
        screen = logging.StreamHandler(sys.stderr)
        screen.setLevel(logging.WARNING)
        screen.setFormatter(JsonLines())
        root.addHandler(screen)
    for noisy in ("pymodbus", "amqtt", "transitions", "paho", "httpx", "urllib3", "uvicorn", "Rx"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy in ("pymodbus", "amqtt") else logging.WARNING)
