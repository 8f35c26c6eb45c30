"""Sessions: kept on the server, known by the hash of a random id that only the browser has."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import inf

from controller.panel.permissions import Role
from foundation.clock import process_time

ID_BYTES = 32
IDLE_S = 1800.0
KIOSK_IDLE_S = 12 * 3600.0
"""Of a screen on a wall, which only shows; and of a demo's one-time link."""
CONFIRMED_S = 300.0
"""So long after the password was given a session may do what asks for it again."""


@dataclass(slots=True, eq=False)
class Session:
    """One signed-in browser."""

    key: bytes
    """SHA-256 of the id; the id itself is kept nowhere."""
    who: str
    role: Role
    opened_s: float
    used_s: float
    idle_s: float = IDLE_S
    confirmed_s: float = -inf
    """When the password was last given. inf: there is none to give (commands on the box, a demo's link)."""
    account: bool = False
    """It belongs to an account, so `who` is whoever signed in and nobody else."""
    version: str = ""
    """Of the account as it was when this session was last let in (`Account.version`)."""
    lasts: bool = False
    """It is open as long as the process, for commands on the same box."""
    from_address: str = ""
    token: str = ""
    """Of which API token; such a session lives for one request."""

    @property
    def id(self) -> str:
        """What it is called in lists: tells nothing of the id in the cookie."""
        return self.key.hex()[:16]


class Sessions:
    """All that are open, in memory; `KeptSessions` writes them down. Times are process time."""

    def __init__(
        self,
        *,
        idle_s: float = IDLE_S,
        absolute_s: float = 7 * 86400.0,
        most: int = 64,
        clock: Callable[[], float] = process_time,
    ) -> None:
        self._idle_s = idle_s
        self._absolute_s = absolute_s
        self._most = most
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}
        self.unkept: set[bytes] = set()
        """Those of accounts that were opened, changed or ended since they were last written down."""

    def open(
        self,
        who: str,
        role: Role,
        lasts: bool = False,
        *,
        idle_s: float | None = None,
        account: bool = False,
        version: str = "",
        from_address: str = "",
    ) -> str:
        """A new session's id (256 bits). Beyond `most` the one that was used longest ago ends."""
        self._drop_ended()
        if len(self._sessions) >= self._most:
            oldest = min(self._sessions.values(), key=lambda session: (session.lasts, session.used_s))
            self.close(oldest)
        session_id = secrets.token_urlsafe(ID_BYTES)
        now = self._clock()
        key = _key(session_id)
        self._sessions[key] = Session(
            key, who, role, opened_s=now, used_s=now, idle_s=self._idle_s if idle_s is None else idle_s,
            confirmed_s=now if account else inf, account=account, version=version, lasts=lasts,
            from_address=from_address,
        )  # fmt: skip
        self._changed(self._sessions[key])
        return session_id

    def take_up(self, session: Session) -> None:
        """Opens one of an earlier process again; `opened_s` and `used_s` are how long ago that was. The password of
        its account is asked for again before what needs it. One that has ended meanwhile stays so."""
        now = self._clock()
        session.opened_s, session.used_s = now - session.opened_s, now - session.used_s
        self._sessions[session.key] = session
        self._drop_ended()

    def find(self, session_id: str) -> Session | None:
        """The living session with this id; it counts as used now."""
        session = self._sessions.get(_key(session_id))
        if session is None or not self.alive(session):
            return None
        session.used_s = self._clock()
        return session

    def by_key(self, key: bytes) -> Session | None:
        """The one under this hash, if it is open; asking does not count as use."""
        session = self._sessions.get(key)
        return session if session is not None and self.alive(session) else None

    def alive(self, session: Session) -> bool:
        """Whether it is still open. Asking does not count as use: a stream left alone does not live for ever."""
        if self._sessions.get(session.key) is not session:
            return False
        now = self._clock()
        return session.lasts or (now - session.used_s < session.idle_s and now - session.opened_s < self._absolute_s)

    def all(self) -> list[Session]:
        """Those that are open, the last used first, without that of commands."""
        self._drop_ended()
        people = [session for session in self._sessions.values() if not session.lasts]
        return sorted(people, key=lambda session: -session.used_s)

    def confirm(self, session: Session) -> None:
        """Its password was given again."""
        session.confirmed_s = self._clock()

    def is_confirmed(self, session: Session) -> bool:
        """Whether the password was given within the last five minutes."""
        return self._clock() - session.confirmed_s < CONFIRMED_S

    def age_s(self, session: Session) -> tuple[float, float]:
        """Since it was opened, and since it was last used."""
        now = self._clock()
        return now - session.opened_s, now - session.used_s

    def close(self, session: Session) -> None:
        """Ends it; closing twice is no error."""
        if self._sessions.pop(session.key, None) is not None:
            self._changed(session)

    def close_of(self, who: str, but: Session | None = None) -> int:
        """Ends every session of an account (but for one), and says how many."""
        ended = [one for one in self._sessions.values() if one.account and one.who == who and one is not but]
        for session in ended:
            self.close(session)
        return len(ended)

    def renew(self, who: str, version: str) -> None:
        """The account was changed by its owner, and what is open of it stays open."""
        for session in self._sessions.values():
            if session.account and session.who == who:
                session.version = version
                self._changed(session)

    def _changed(self, session: Session) -> None:
        if session.account:
            self.unkept.add(session.key)

    def _drop_ended(self) -> None:
        for session in [one for one in self._sessions.values() if not self.alive(one)]:
            self.close(session)


def who_of(said: str, session: Session) -> str:
    """Whose deed it is: of an account its own name, always. Commands on the box may say who asks."""
    return session.who if session.account or session.token else said.strip() or session.who


def _key(session_id: str) -> bytes:
    return sha256(session_id.encode("utf-8", "replace")).digest()
