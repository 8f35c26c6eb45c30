"""What an outbox needs beside what is put into it: room, what a broken one still held, and right times.

All of it a little at a time, at the end of a tick, in the thread that commits.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from errno import ENOSPC
from itertools import islice
from pathlib import Path

from controller.history.ballast import Ballast
from controller.history.line import milliseconds
from controller.history.outbox import Blob, Outbox
from controller.history.salvage import salvaged
from foundation.clock import Clock

SALVAGED_AT_ONCE = 200
"""Blobs a tick that are taken over from a file that was set aside."""
RESTAMPED_AT_ONCE = 300
"""Blobs a tick that are put right once the box knows the time."""
ROOM = 16 << 20
"""Bytes: on a disk that was full, the oldest is thinned until so much is free, and again when it is not; the ballast,
let go, is twice that."""
DELIVERED_AT = 0.5
"""Of the quota: above it, what every sink has is not kept any longer, so that an alarm is of what waits."""
_log = logging.getLogger(__name__)


class Upkeep:
    """Its methods raise what the outbox raises, but for `failed` and `close`."""

    def __init__(self, outbox: Outbox, sinks: Sequence[str], quota_bytes: float, clock: Clock) -> None:
        self.filled = 0.0
        """Of the quota."""
        self.thinned_points = 0
        self.guesses = not clock.is_set
        """Whether there may be points at guessed times: nothing is to be shipped yet."""
        self._outbox = outbox
        self._sinks = tuple(sinks)
        self._quota_bytes = quota_bytes
        self._clock = clock
        self._ballast = Ballast(outbox.path.parent)
        self._disk_is_full = False
        self._broken: list[tuple[Path, Iterator[Blob]]] = []
        self._taken: list[Blob] = []
        self._salvaged = 0
        self._guessed_from: int | None = None

    def opened(self, aside: Sequence[Path]) -> None:
        """The outbox has been opened; what was broken went `aside`."""
        self._broken += [(path, salvaged(path, self._sinks)) for path in aside]
        if self.guesses:
            following = self._outbox.newest + 1
            self._guessed_from = min(self._guessed_from or following, following)

    def step(self) -> None:
        """After a commit."""
        if self._broken:
            self._salvage()
        if self.guesses and self._clock.is_set and self._guessed_from is not None:
            shift_ms = milliseconds(self._clock.jumped_s)
            low_s, high_s = self._clock.guessed_s
            guessed_ms = (milliseconds(low_s), milliseconds(high_s))
            self._guessed_from = self._outbox.restamp(self._guessed_from, RESTAMPED_AT_ONCE, shift_ms, guessed_ms)
            self.guesses = self._guessed_from is not None
        self.filled = self._outbox.used_bytes() / self._quota_bytes
        if self.filled >= DELIVERED_AT:
            self._outbox.forget_delivered()
            self.filled = self._outbox.used_bytes() / self._quota_bytes
        self._disk_is_full &= not self._ballast.hold()
        if self.filled >= 1.0 or (
            self._disk_is_full and self._ballast.room_bytes() + self._outbox.spare_bytes() < ROOM
        ):
            self.thinned_points += self._outbox.thin()

    def failed(self, problem: Exception) -> None:
        """A commit failed. On a full disk the ballast gives room in which what waits can be thinned."""
        if not _is_full(problem):
            return
        self._ballast.release()
        self._disk_is_full = True
        with suppress(sqlite3.Error, OSError):
            self.thinned_points += self._outbox.thin()

    def close(self) -> None:
        """A stopped agent takes no room for later."""
        self._ballast.release()

    def _salvage(self) -> None:
        path, found = self._broken[0]
        self._taken = self._taken or list(islice(found, SALVAGED_AT_ONCE))
        self._outbox.append(self._taken)
        self._salvaged += sum(blob.points for blob in self._taken)
        if len(self._taken) < SALVAGED_AT_ONCE:
            _log.warning("%d points were recovered from %s", self._salvaged, path.name)
            self._broken.pop(0)
            self._salvaged = 0
        self._taken = []


def _is_full(problem: Exception) -> bool:
    if isinstance(problem, sqlite3.Error):
        return getattr(problem, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(problem, OSError) and problem.errno == ENOSPC
