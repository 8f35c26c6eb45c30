"""How recording and shipping go, for people, alarms and whoever started the agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.history.outbox import Pending
from controller.history.shipper import Health


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """How a sink is doing and what it does not have yet."""

    health: Health
    pending: Pending


@dataclass(frozen=True, slots=True)
class HistoryStatus:
    """How recording goes. Counters are since the start."""

    stored_points: int
    """On the disk."""
    last_stored_s: float | None
    """Farm time of the last commit."""
    waiting_points: int
    """In memory, not yet on the disk."""
    dropped_points: int
    """Lost for want of a disk that takes them; never acknowledged."""
    unknown_readings: int
    """Of tags that the site does not have."""
    last_error: str
    """Why the disk does not take them; empty when it does."""
    recorded: Mapping[tuple[str, str], int]
    """Points by tag and reason, `good` where there is none."""
    quarantined: tuple[Path, ...]
    dead_letters: int
    """Lines that a sink will never take, kept with the reason."""
    sinks: Mapping[str, SinkStatus]
    trends_error: str = ""
    """Why `history.db` takes nothing; empty when it does."""
    filled: float = 0.0
    """Of the quota of what waits for sinks, 0 to 1 and above."""
    thinned_points: int = 0
    """That became minutes, or went, for want of room; each with a record of the gap."""
