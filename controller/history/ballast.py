"""A file that takes room until a disk is full, and is then let go: SQLite cannot even delete on a full disk."""

import os
import shutil
from pathlib import Path

NAME = "ballast"
SIZE = 32 << 20


class Ballast:
    """`hold` now and then, `release` when the disk is full. Neither raises."""

    def __init__(self, directory: Path, size: int = SIZE) -> None:
        self._path = directory / NAME
        self._size = size

    @property
    def is_held(self) -> bool:
        return self._path.exists()

    def hold(self) -> bool:
        """Take the room if it is there twice over; whether it is held."""
        try:
            if self._path.exists():
                return True
            if shutil.disk_usage(self._path.parent).free < 2 * self._size:
                return False
            new = self._path.with_suffix(".new")
            with new.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
            new.replace(self._path)
        except OSError:
            return False
        return True

    def room_bytes(self) -> int:
        """What is free on the disk; 0 where that cannot be asked."""
        try:
            return shutil.disk_usage(self._path.parent).free
        except OSError:
            return 0

    def release(self) -> None:
        """Give the room back."""
        try:
            self._path.unlink(missing_ok=True)
            self._path.with_suffix(".new").unlink(missing_ok=True)
        except OSError:
            return
