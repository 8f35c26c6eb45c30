"""Photos of the logbook: each a file beside `state.db` under the hash of what it holds, without where it was taken.

A photo comes before the note that shows it; one that no note shows after a day goes.
"""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from controller.core.words import Because
from controller.history.durable import write_durably
from controller.history.pictures import PictureError, kind_of, without_place
from controller.history.state_database import StateDatabase

MOST_BYTES: Final = 4 << 20
"""Of one photo, as it comes."""
QUOTA_BYTES: Final = 500 << 20
"""Of all of them: some two thousand as the panel makes them small."""
UNSHOWN_S: Final = 86400.0
PATTERN: Final = r"^[0-9a-f]{64}\.(jpg|png|webp)$"
_PREFIX: Final = "photo-"


class Photos:
    """Of one agent. A photo that is given again is kept once."""

    def __init__(self, database: StateDatabase, quota_bytes: int = QUOTA_BYTES) -> None:
        self._database = database
        self._directory = database.path.parent
        self._quota_bytes = quota_bytes

    def keep(self, data: bytes, now_s: float) -> str | Because:
        """The photo's name once it is on the disk, or why it is not kept. Raises sqlite3.Error, OSError."""
        try:
            picture = without_place(data)
        except PictureError:
            return Because("photo_none", {})
        self._forget_unshown(now_s)
        name = f"{sha256(picture).hexdigest()}.{kind_of(picture)}"
        path = _path(self._directory, name)
        if not path.exists():
            used = sum(one.stat().st_size for one in self._directory.glob(f"{_PREFIX}*"))
            if used + len(picture) > self._quota_bytes:
                return Because("photos_full", {"most": self._quota_bytes >> 20})
            write_durably(path, picture)
        os.utime(path, (now_s, now_s))
        return name

    def _forget_unshown(self, now_s: float) -> None:
        with self._database.transaction(now_s) as database:
            shown = {name for (name,) in database.execute("SELECT name FROM note_photo")}
        for path in self._directory.glob(f"{_PREFIX}*"):
            if path.name.removeprefix(_PREFIX) not in shown and path.stat().st_mtime < now_s - UNSHOWN_S:
                path.unlink(missing_ok=True)


def photo(directory: Path, name: str) -> bytes | None:
    """A photo by its name; None where there is none. Raises OSError."""
    path = _path(directory, name)
    return path.read_bytes() if re.fullmatch(PATTERN, name) and path.is_file() else None


def has_photo(directory: Path, name: str) -> bool:
    """Whether a photo has this name."""
    return re.fullmatch(PATTERN, name) is not None and _path(directory, name).is_file()


def _path(directory: Path, name: str) -> Path:
    return directory / f"{_PREFIX}{name}"
