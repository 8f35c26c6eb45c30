"""Sessions that outlive a restart: a row for each in `state.db`, under the hash of an id that only its browser has."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from controller.history.state_database import StateDatabase
from controller.panel.accounts import Accounts
from controller.panel.permissions import Role
from controller.panel.sessions import Session, Sessions

USED_EVERY_S: Final = 60.0
"""It is not written more often than this that a session was used."""
BEHIND_S: Final = 1.0
"""A clock that is further behind than this cannot say how old a session is: then it has ended."""
log = logging.getLogger("farmloop.panel")


class KeptSessions:
    """Those of accounts alone: what has no account (commands, a demo's link) ends with the process."""

    def __init__(self, database: StateDatabase, sessions: Sessions, now: Callable[[], float]) -> None:
        """`now` is farm time: what is written has to be understood by another process."""
        self._database = database
        self._sessions = sessions
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._written: dict[bytes, tuple[float, float]] = {}
        """When each was last written (farm time), and when it had been used last then (process time)."""
        self._failed = False

    def take_up(self, accounts: Accounts) -> None:
        """Opens what was open, where its account is as it was then and it would not have ended meanwhile.

        Raises sqlite3.Error.
        """
        now_s = self._now()
        with self._database.transaction(now_s) as file:
            rows = file.execute(
                "SELECT key, who, role, account, from_address, idle_s, opened_ms, used_ms FROM session"
            ).fetchall()
        for key, who, role, version, from_address, idle_s, opened_ms, used_ms in rows:
            account = accounts.find(who)
            opened_ago_s, used_ago_s = now_s - opened_ms / 1000.0, now_s - used_ms / 1000.0
            known = account is not None and account.version == version and role in (account.role, Role.VIEWER)
            if known and min(opened_ago_s, used_ago_s) > -BEHIND_S:
                session = Session(
                    key, who, Role(role), opened_ago_s, used_ago_s, idle_s, account=True, version=version,
                    from_address=from_address,
                )  # fmt: skip
                self._sessions.take_up(session)
            if (taken := self._sessions.by_key(key)) is not None:
                self._written[key] = now_s, taken.used_s
            else:
                self._sessions.unkept.add(key)

    async def write(self, *, uses: bool = False) -> bool:
        """Writes which were opened, changed or ended since; False where the disk takes nothing: the next one tries
        again. `uses`: also when they were last used."""
        async with self._one_at_a_time:
            if uses:
                self._sessions.unkept |= self._used_since()
            keys, self._sessions.unkept = self._sessions.unkept, set()
            if not keys:
                return True
            open_now = [session for key in keys if (session := self._sessions.by_key(key)) is not None]
            written = {session.key: (self._now(), session.used_s) for session in open_now}
            gone = keys - written.keys()
            try:
                await asyncio.to_thread(self._put, [self._row(one) for one in open_now], [(key,) for key in gone])
            except (sqlite3.Error, OSError) as error:
                self._sessions.unkept |= keys
                if not self._failed:
                    log.warning("sessions_not_written", extra={"why": str(error)})
                self._failed = True
                return False
            except BaseException:
                self._sessions.unkept |= keys
                raise
            self._failed = False
            self._written.update(written)
            for key in gone:
                self._written.pop(key, None)
            return True

    def _used_since(self) -> set[bytes]:
        now_s, found = self._now(), set()
        for session in self._sessions.all():
            written_s, used_s = self._written.get(session.key, (now_s, session.used_s))
            if session.account and session.used_s > used_s and now_s - written_s >= USED_EVERY_S:
                found.add(session.key)
        return found

    def _row(self, session: Session) -> tuple[object, ...]:
        opened_ago_s, used_ago_s = self._sessions.age_s(session)
        now_s = self._now()
        return (
            session.key, session.who, session.role, session.version, session.from_address, session.idle_s,
            round((now_s - opened_ago_s) * 1000.0), round((now_s - used_ago_s) * 1000.0),
        )  # fmt: skip

    def _put(self, rows: Sequence[tuple[object, ...]], gone: Sequence[tuple[bytes]]) -> None:
        with self._database.transaction(self._now()) as file:
            file.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            file.executemany("DELETE FROM session WHERE key = ?", gone)
