"""What the panel may ask of the box that the agent runs on: its own health, its disk, and the chain of deeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.history.audit import Verdict
from controller.history.audit_cut import Row
from controller.history.status import HistoryStatus
from controller.scan_times import Spread


@dataclass(frozen=True, slots=True)
class Health:
    """How the agent itself does. Seconds of process time; counts since the start."""

    up_s: float
    scans: int
    overruns: int
    late: Spread
    took: Spread
    dropped_readings: int
    ailments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that state and outbox stand on, bytes."""

    total: int
    free: int
    kept: int
    """By this agent."""


class Box(Protocol):
    """One agent's box."""

    fingerprint: str
    """SHA-256 of the certificate that the panel shows; empty where it shows none."""

    def note(self, who: str, what: str, subject: str, said: Mapping[str, object]) -> None:
        """Into the chain of deeds."""
        ...

    async def deeds(self, before: int, most: int) -> Sequence[Row]:
        """The newest rows of the chain below a number, the last first."""
        ...

    async def examined(self) -> Verdict:
        """Every row held against the one before. Raises FileNotFoundError where nobody did anything yet."""
        ...

    def health(self) -> Health: ...

    def history(self) -> HistoryStatus: ...

    def buses(self) -> Mapping[str, bool]:
        """Which are connected."""
        ...

    def disk(self) -> Disk:
        """Asks the file system. Raises OSError."""
        ...

    def versions(self) -> Mapping[str, str]: ...

    def clock_is_set(self) -> bool:
        """Whether the box has been told the time."""
        ...
