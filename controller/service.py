"""What the service manager is told: ready, alive, leaving. Alive only while the agent is well, which is judged here."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

SCAN_S = 5.0
"""A scan that is later than this is no longer control."""
OUTBOX_S = 30.0
"""A commit may take a slow card's while. One that fails is another matter: starting again mends no full disk."""
LOOP_S = 2.0
"""So late the event loop may wake (`ops.md` 1.2)."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What shows how the agent is. All times are process time, in seconds."""

    scan_age_s: float
    """Since the last scan ended."""
    scan_every_s: float
    outbox_age_s: float
    """Since the outbox was last through with a commit, failed or not."""
    outbox_every_s: float
    loop_late_s: float
    """By which the event loop last woke too late."""
    stuck: tuple[str, ...] = ()
    """Buses and devices whose task has ended, fails again and again, or does not turn."""


def ailments(signs: Signs) -> tuple[str, ...]:
    """What is wrong: `scan`, `outbox`, `loop`, `bus NAME`. Empty if the agent is well."""
    found = []
    if signs.scan_age_s > signs.scan_every_s + SCAN_S:
        found.append("scan")
    if signs.outbox_age_s > signs.outbox_every_s + OUTBOX_S:
        found.append("outbox")
    if signs.loop_late_s > LOOP_S:
        found.append("loop")
    return (*found, *(f"bus {name}" for name in signs.stuck))


def is_healthy(signs: Signs) -> bool:
    """Whether the watchdog is to be fed, and the heartbeat to beat."""
    return not ailments(signs)


class Manager:
    """systemd, or whoever speaks its notify protocol (sd_notify(3)); nobody, where there is no socket."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]

    def tell(self, *words: str) -> None:
        """Send `READY=1`, `WATCHDOG=1`, `STATUS=…`, `STOPPING=1`. One that does not listen is not waited for."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ear:
            ear.sendto("\n".join(words).encode(), self._address)
