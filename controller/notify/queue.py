"""What is to be sent, on the disk until it has been: messages, a delivery for each channel, receipts, and open links.

One SQLite file (`notify.db`), synced at every commit. A message and the memory of its chain go in together, so that a
restart neither forgets a page nor repeats one. After hours without a network nobody is paged for the past: a page that
waits is brought up to date in place of a second one, and goes no more once its alarms ask for nobody.
Times are farm time.
"""

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Literal

from controller.notify.escalation import Paged

VERSION = 2
_SCHEMA = """
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, made_s REAL NOT NULL, person TEXT NOT NULL, kind TEXT NOT NULL,
    priority TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, ref TEXT UNIQUE,
    about TEXT NOT NULL
) STRICT;
CREATE TABLE delivery (
    message INTEGER NOT NULL REFERENCES message (id), channel TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_s REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', at_s REAL, answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting ON delivery (next_s) WHERE state = 'waiting';
CREATE TABLE paged (alarm TEXT PRIMARY KEY, memory TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE link (
    digest BLOB PRIMARY KEY, person TEXT NOT NULL, alarms TEXT NOT NULL, ends_s REAL NOT NULL, used_s REAL
) STRICT, WITHOUT ROWID;
"""
KEPT_S = 400 * 86400.0
"""Messages and receipts are kept so long for whoever asks who was told when."""
LINK_S = 86400.0
GIVE_UP_S = 86400.0
"""After a day without success a delivery has failed for good."""
FIRST_RETRY_S, LAST_RETRY_S = 5.0, 300.0
log = logging.getLogger("farmloop.notify")

Kind = Literal["alarm", "over", "notice", "test", "change"]
State = Literal["waiting", "delivered", "failed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person (or to a broker: `person` is empty)."""

    person: str
    kind: Kind
    priority: str
    title: str
    body: str
    channels: tuple[str, ...]
    """By their name in the queue: the secret's name, or `mqtt:BUS`."""
    link: tuple[bytes, tuple[tuple[str, int], ...]] | None = None
    """What a link in it opens: the digest of its token, and alarms with their activations."""
    not_before_s: float = 0.0
    """For somebody who sleeps."""
    ref: str | None = None
    """What is put in a second time under it is there already."""
    about: tuple[str, ...] = ()
    """The alarms of a page."""


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery whose time has come."""

    message: int
    channel: str
    attempts: int
    made_s: float
    kind: str
    title: str
    body: str
    priority: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivery."""

    message: int
    made_s: float
    person: str
    kind: str
    priority: str
    title: str
    channel: str
    state: State
    attempts: int
    at_s: float | None
    answer: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens."""

    person: str
    alarms: tuple[tuple[str, int], ...]
    used: bool


class Queue:
    """The file; every call is short and may come from any thread. Raises sqlite3.Error where the disk fails."""

    def __init__(self, path: Path | None) -> None:
        """What cannot be read is set aside (`notify.db.corrupt`): a message too many is better than none at all.
        Without a path it stands in memory."""
        self._lock = Lock()
        if path is None:
            self._database = _opened(":memory:")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = _opened(path)
        except (sqlite3.DatabaseError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            log.error("notify_queue_set_aside", extra={"file": str(path), "why": str(error)})
            for tail in ("", "-wal", "-shm"):
                one = path.with_name(path.name + tail)
                if one.exists():
                    one.replace(path.with_name(f"{path.name}.corrupt{tail}"))
            self._database = _opened(path)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def paged(self) -> dict[str, Paged]:
        """What went out for which alarm."""
        with self._lock:
            rows = self._database.execute("SELECT alarm, memory FROM paged").fetchall()
        return {alarm: _paged(memory) for alarm, memory in rows}

    def put(
        self,
        messages: Iterable[Message],
        now_s: float,
        paged: Mapping[str, Paged] | None = None,
        asking: Collection[str] | None = None,
    ) -> None:
        """Keep messages, and what the chains remember with them, in one commit. `asking` are the alarms that want
        somebody now: neither over nor acknowledged nor shelved; None: not known here."""
        with self._lock, self._database as database:
            database.execute("BEGIN IMMEDIATE")
            if asking is not None:
                pages = _waiting_pages(database)
                _withdraw(database, [page[:2] for page in pages if page[2].isdisjoint(asking)], now_s)
            for one in messages:
                if one.link is not None:
                    digest, alarms = one.link
                    database.execute(
                        "INSERT INTO link (digest, person, alarms, ends_s) VALUES (?, ?, ?, ?)",
                        (digest, one.person, json.dumps(alarms), now_s + LINK_S),
                    )
                channels = _not_waiting_yet(database, one, asking, now_s)
                if not channels:
                    continue
                row = (now_s, one.person, one.kind, one.priority, one.title, one.body, one.ref, json.dumps(one.about))
                new = database.execute(
                    "INSERT OR IGNORE INTO message (made_s, person, kind, priority, title, body, ref, about) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                if new.rowcount != 1:
                    continue
                database.executemany(
                    "INSERT INTO delivery (message, channel, next_s) VALUES (?, ?, ?)",
                    [(new.lastrowid, channel, max(now_s, one.not_before_s)) for channel in channels],
                )
            if paged is not None:
                database.execute("DELETE FROM paged")
                database.executemany(
                    "INSERT INTO paged (alarm, memory) VALUES (?, ?)",
                    [(alarm, json.dumps(memory)) for alarm, memory in paged.items()],
                )
            database.execute("DELETE FROM link WHERE ends_s < ?", (now_s - LINK_S,))
            database.execute(
                "DELETE FROM delivery WHERE message IN (SELECT id FROM message WHERE made_s < ?)", (now_s - KEPT_S,)
            )
            database.execute("DELETE FROM message WHERE made_s < ?", (now_s - KEPT_S,))

    def due(self, now_s: float, most: int = 100) -> Sequence[Due]:
        """Deliveries whose time has come, critical ones first, then the oldest."""
        with self._lock:
            rows = self._database.execute(
                "SELECT message, channel, attempts, made_s, kind, title, body, priority FROM delivery "
                "JOIN message ON message.id = message WHERE state = 'waiting' AND next_s <= ? "
                "ORDER BY priority != 'critical', message LIMIT ?",
                (now_s, most),
            ).fetchall()
        return [Due(*row) for row in rows]

    def next_s(self) -> float | None:
        """When the next delivery is due; None if none waits."""
        with self._lock:
            found: float | None = self._database.execute(
                "SELECT min(next_s) FROM delivery WHERE state = 'waiting'"
            ).fetchone()[0]
        return found

    def note(self, due: Due, delivered: bool, answer: str, now_s: float) -> None:
        """What came of an attempt: a receipt, or when to try again."""
        attempts = due.attempts + 1
        state: State = "delivered" if delivered else "waiting"
        if not delivered and now_s - due.made_s >= GIVE_UP_S:
            state = "failed"
        next_s = now_s + min(FIRST_RETRY_S * 2.0 ** min(due.attempts, 10), LAST_RETRY_S)
        with self._lock, self._database as database:
            database.execute(
                "UPDATE delivery SET attempts = ?, next_s = ?, state = ?, at_s = ?, answer = ? "
                "WHERE message = ? AND channel = ?",
                (attempts, next_s, state, now_s, answer[:500], due.message, due.channel),
            )

    def receipts(self, most: int = 200) -> Sequence[Receipt]:
        """What became of the newest deliveries, the last message first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT message, made_s, person, kind, priority, title, channel, state, attempts, at_s, answer "
                "FROM delivery JOIN message ON message.id = message ORDER BY message DESC, channel LIMIT ?",
                (most,),
            ).fetchall()
        return [Receipt(*row) for row in rows]

    def unreached(self, since_s: float) -> Mapping[str, str]:
        """People to whom something has been waiting since before `since_s` and nothing got through: why, by person."""
        with self._lock:
            rows = self._database.execute(
                "SELECT person, max(answer) FROM delivery JOIN message ON message.id = message "
                "WHERE person != '' AND made_s < ? GROUP BY message "
                "HAVING sum(state = 'delivered') = 0 AND sum(state = 'waiting') > 0",
                (since_s,),
            ).fetchall()
        return dict(rows)

    def opened(self, token: str, now_s: float) -> Opened | None:
        """What a link's token opens; None if it never was one or has run out."""
        with self._lock:
            row = self._database.execute(
                "SELECT person, alarms, used_s FROM link WHERE digest = ? AND ends_s > ?", (digest_of(token), now_s)
            ).fetchone()
        if row is None:
            return None
        person, alarms, used_s = row
        return Opened(
            person, tuple((alarm, activation) for alarm, activation in json.loads(alarms)), used_s is not None
        )

    def use(self, token: str, now_s: float) -> bool:
        """Whether this is the first time that the token acknowledges; it is used up by it."""
        with self._lock, self._database as database:
            used = database.execute(
                "UPDATE link SET used_s = ? WHERE digest = ? AND used_s IS NULL AND ends_s > ?",
                (now_s, digest_of(token), now_s),
            )
            return used.rowcount == 1


def _waiting_pages(database: sqlite3.Connection, person: str | None = None) -> list[tuple[int, str, set[str]]]:
    """Message, channel and alarms of what waits."""
    rows = database.execute(
        "SELECT message, channel, about FROM delivery JOIN message ON message.id = message "
        "WHERE state = 'waiting' AND kind = 'alarm' AND (?1 IS NULL OR person = ?1)",
        (person,),
    ).fetchall()
    return [(message, channel, set(json.loads(about))) for message, channel, about in rows]


def _withdraw(database: sqlite3.Connection, deliveries: Iterable[tuple[int, str]], now_s: float) -> None:
    database.executemany(
        "UPDATE delivery SET state = 'withdrawn', at_s = ? WHERE message = ? AND channel = ?",
        [(now_s, message, channel) for message, channel in deliveries],
    )


def _not_waiting_yet(
    database: sqlite3.Connection, one: Message, asking: Collection[str] | None, now_s: float
) -> list[str]:
    """Channels by which no page of the same alarms waits; the one that waits longest now says what is true now."""
    if one.kind != "alarm":
        return list(one.channels)
    held: dict[str, int] = {}
    for message, channel, about in sorted(_waiting_pages(database, one.person), key=lambda page: page[0]):
        if (about if asking is None else about & set(asking)) <= set(one.about) and channel in one.channels:
            if channel in held:
                _withdraw(database, [(message, channel)], now_s)
            else:
                held[channel] = message
    for message in set(held.values()):
        database.execute(
            "UPDATE message SET title = ?, body = ?, priority = ?, about = ? WHERE id = ?",
            (one.title, one.body, one.priority, json.dumps(one.about), message),
        )
    return [channel for channel in one.channels if channel not in held]


def digest_of(token: str) -> bytes:
    """What the file knows of a token: whoever reads the file cannot acknowledge with it."""
    return sha256(token.encode("utf-8", "replace")).digest()


def _opened(path: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        for setting in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
            database.execute(f"PRAGMA {setting}")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            database.executescript(f"BEGIN IMMEDIATE; PRAGMA user_version={VERSION}; {_SCHEMA} COMMIT;")
        elif version != VERSION:
            raise ValueError(f"version {version}")
        with closing(database.execute("PRAGMA quick_check(1)")) as checked:
            if (verdict := checked.fetchone()[0]) != "ok":
                raise ValueError(verdict)
    except BaseException:
        database.close()
        raise
    return database


def _paged(memory: str) -> Paged:
    activation, began_s, sent_s, told = json.loads(memory)
    return Paged(activation, began_s, tuple((step, who, at_s) for step, who, at_s in sent_s), tuple(told))
