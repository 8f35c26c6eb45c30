"""Sessions: kept on the server, known by the hash of a random id that only the browser has."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from controller.panel.permissions import Role
from foundation.clock import process_time

ID_BYTES = 32


@dataclass(slots=True, eq=False)
class Session:
    """One signed-in browser."""

    key: bytes
    """SHA-256 of the id; the id itself is kept nowhere."""
    who: str
    role: Role
    opened_s: float
    used_s: float
    lasts: bool = False
    """It is open as long as the process, for commands on the same box."""


class Sessions:
    """All sessions of this process, in memory: a restart signs everybody out. Times are process time."""

    def __init__(
        self,
        *,
        idle_s: float = 12 * 3600.0,
        absolute_s: float = 7 * 86400.0,
        most: int = 64,
        clock: Callable[[], float] = process_time,
    ) -> None:
        self._idle_s = idle_s
        self._absolute_s = absolute_s
        self._most = most
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}

    def open(self, who: str, role: Role, lasts: bool = False) -> str:
        """A new session's id (256 bits). Beyond `most` the one that was used longest ago ends."""
        self._drop_ended()
        if len(self._sessions) >= self._most:
            oldest = min(self._sessions.values(), key=lambda session: (session.lasts, session.used_s))
            del self._sessions[oldest.key]
        session_id = secrets.token_urlsafe(ID_BYTES)
        now = self._clock()
        key = _key(session_id)
        self._sessions[key] = Session(key, who, role, opened_s=now, used_s=now, lasts=lasts)
        return session_id

    def find(self, session_id: str) -> Session | None:
        """The living session with this id; it counts as used now."""
        session = self._sessions.get(_key(session_id))
        if session is None or not self.alive(session):
            return None
        session.used_s = self._clock()
        return session

    def alive(self, session: Session) -> bool:
        """Whether it is still open. Asking does not count as use: a stream left alone does not live for ever."""
        if self._sessions.get(session.key) is not session:
            return False
        now = self._clock()
        return session.lasts or (now - session.used_s < self._idle_s and now - session.opened_s < self._absolute_s)

    def close(self, session: Session) -> None:
        """Ends it; closing twice is no error."""
        self._sessions.pop(session.key, None)

    def _drop_ended(self) -> None:
        self._sessions = {key: session for key, session in self._sessions.items() if self.alive(session)}


def _key(session_id: str) -> bytes:
    return sha256(session_id.encode("utf-8", "replace")).digest()
