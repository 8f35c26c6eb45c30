"""The kept state on the disk: the newest, whole or not at all."""

import json
import logging
import os
from pathlib import Path
from threading import Lock
from typing import Any

log = logging.getLogger(__name__)


class StateFile:
    """`state.json` of an agent; written from several threads, and never by an older state than it holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._written_s = float("-inf")

    def read(self) -> dict[str, object] | None:
        """The kept state; a file that cannot be read is put aside, and the farm starts fresh."""
        try:
            kept: dict[str, object] = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("state_unreadable", extra={"file": str(self._path), "why": str(error)})
            try:
                os.replace(self._path, self._path.with_suffix(".corrupt"))
            except OSError:
                log.warning("state_not_put_aside", extra={"file": str(self._path)})
            return None
        return kept

    def write(self, plain: dict[str, Any]) -> bool:
        """Whether it (or a newer one) is on the disk: a new file, synced, in the old one's place."""
        new = self._path.with_suffix(".new")
        with self._lock:
            if plain["at_s"] < self._written_s:
                return True
            try:
                with new.open("w", encoding="utf-8") as file:
                    json.dump(plain, file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(new, self._path)
                _sync_directory(self._path.parent)
            except OSError as error:
                log.warning("state_not_written", extra={"file": str(self._path), "why": str(error)})
                return False
            self._written_s = plain["at_s"]
            return True


def _sync_directory(directory: Path) -> None:
    """So that a power cut does not bring the old name back."""
    place = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
