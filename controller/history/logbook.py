"""The farm's logbook: notes of people, beside what they did. Nothing in it is changed: a correction is a new note.

Notes stand in `state.db`, which refuses to change or to take out one; that each was made stands in the audit's chain.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from controller.core.words import Because
from controller.history.photos import has_photo
from controller.history.state_database import NAME, StateDatabase, reading

LONGEST_TEXT = 2000
OF_ACCESS = ("account_", "token_", "sign", "password_", "session_", "set_up")
"""First letters of deeds that are about who may come in: they stand in the audit alone."""
OWN = ("noted", "begun")
_COLUMNS = "number, id, at_ms, entered_ms, who, by, place, text, corrects"


class Note(NamedTuple):
    """One note."""

    number: int
    """From 1, in the order in which they came; 0: not yet kept."""
    id: str
    """Chosen by who writes it: sent again, it is kept once."""
    at_ms: int
    """What it is about, as its writer says."""
    entered_ms: int
    who: str
    """Who says so."""
    by: str
    """Who was signed in."""
    place: str
    """A facility, a zone, a tag or an output; empty: the farm."""
    text: str
    corrects: int | None = None
    """Number of the note that this one puts right."""
    photos: tuple[str, ...] = ()
    """Names of photos that were kept before."""


class Line(NamedTuple):
    """A note, or a deed: one line of the book."""

    at_ms: int
    kind: Literal["note", "deed"]
    number: int
    """Of its kind."""
    who: str
    by: str
    place: str
    what: str
    """A deed's kind: `setpoint_changed`, …"""
    text: str
    """The note's; of a deed all that was told, as JSON."""
    entered_ms: int
    corrects: int | None
    corrected_by: int | None
    """Number of the newest note that puts this one right."""
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What of the book is wanted."""

    kind: Literal["", "note", "deed"] = ""
    who: str = ""
    place: str = ""
    """With all that lies in it."""
    text: str = ""
    from_ms: int = 0
    before: tuple[int, int, int] | None = None
    """Only lines older than this (`mark` of the last one seen)."""
    most: int = 50


class Logbook:
    """Of one agent."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def keep(self, note: Note, now_s: float, seen: str = "") -> Note | Because:
        """Keeps a note; returns once it is on the disk: as it is kept, or why it is not. Raises sqlite3.Error, OSError.

        The same id with other words is refused. `seen`: the number of the newest correction, or `none`, that whoever
        puts a note right saw; if there is another by now, it is refused. Empty: whatever there is.
        """
        with self._database.transaction(now_s) as database:
            found = database.execute(f"SELECT {_COLUMNS} FROM note WHERE id = ?", (note.id,)).fetchone()
            if found is not None:
                shown = database.execute("SELECT name FROM note_photo WHERE note = ? ORDER BY place", found[:1])
                known = Note(*found)._replace(photos=tuple(name for (name,) in shown))
                same = known._replace(number=0, at_ms=0, entered_ms=0, who="", by="") == note._replace(
                    number=0, at_ms=0, entered_ms=0, who="", by=""
                )
                return known if same else Because("note_same_id", {"id": note.id})
            if note.corrects is not None:
                other = database.execute("SELECT 1 FROM note WHERE number = ?", (note.corrects,)).fetchone()
                if other is None:
                    return Because("note_none", {"number": note.corrects})
                newest = database.execute(
                    "SELECT number, who FROM note WHERE corrects = ? ORDER BY number DESC LIMIT 1", (note.corrects,)
                ).fetchone()
                if seen and seen != (str(newest[0]) if newest else "none"):
                    number, who = newest or ("none", "")
                    return Because("note_corrected", {"version": str(number), "number": note.corrects, "by": who})
            if not all(has_photo(self._database.path.parent, name) for name in note.photos):
                return Because("note_photo", {})
            columns, values = _COLUMNS.partition(", ")[2], note[1:-1]
            cursor = database.execute(f"INSERT INTO note ({columns}) VALUES ({', '.join('?' * len(values))})", values)
            number = cursor.lastrowid or 0
            photos = [(number, place, name) for place, name in enumerate(note.photos)]
            database.executemany("INSERT INTO note_photo VALUES (?, ?, ?)", photos)
            return note._replace(number=number)


def mark(line: Line) -> tuple[int, int, int]:
    """Where a line stands in the book."""
    return line.at_ms, int(line.kind == "note"), line.number


_BOOK = """
SELECT at_ms, 1 AS is_note, number, who, by, place, '' AS what, text, entered_ms, corrects,
    (SELECT max(other.number) FROM note other WHERE other.corrects = note.number) AS corrected_by,
    (SELECT group_concat(name, ' ') FROM (SELECT name FROM note_photo WHERE note = note.number ORDER BY place))
FROM note
UNION ALL
SELECT at_ms, 0, id, who, who, subject, what, said, at_ms, NULL, NULL, NULL FROM audit WHERE {deeds}
"""


def lines(directory: Path, search: Search) -> list[Line]:
    """The newest lines that are wanted, the last first. Raises sqlite3.Error; nothing where there is no file."""
    if not (directory / NAME).is_file():
        return []
    values: list[object] = [*OWN, *(f"{_spelled(word)}%" for word in OF_ACCESS)]
    deeds = f"what NOT IN ({', '.join('?' * len(OWN))})" + r" AND what NOT LIKE ? ESCAPE '\'" * len(OF_ACCESS)
    wanted, more = _wanted(search)
    statement = (
        f"SELECT * FROM ({_BOOK.format(deeds=deeds)}) WHERE {' AND '.join(wanted)} "
        "ORDER BY at_ms DESC, is_note DESC, number DESC LIMIT ?"
    )
    with closing(reading(directory)) as database:
        if not _has_notes(database):
            return []
        rows = database.execute(statement, (*values, *more, search.most)).fetchall()
    return [
        Line._make((at_ms, "note" if is_note else "deed", *rest, tuple((photos or "").split())))
        for at_ms, is_note, *rest, photos in rows
    ]


def _wanted(search: Search) -> tuple[list[str], list[object]]:
    wanted, values = ["at_ms >= ?"], [search.from_ms]
    found: Sequence[tuple[bool, str, Sequence[object]]] = (
        (bool(search.kind), "is_note = ?", (int(search.kind == "note"),)),
        (bool(search.who), "who = ?", (search.who,)),
        (bool(search.place), r"(place = ? OR place LIKE ? ESCAPE '\')", (search.place, f"{_spelled(search.place)}.%")),
        (bool(search.text), r"text LIKE ? ESCAPE '\'", (f"%{_spelled(search.text)}%",)),
        (search.before is not None, "(at_ms, is_note, number) < (?, ?, ?)", search.before or ()),
    )
    for is_wanted, clause, given in found:
        if is_wanted:
            wanted.append(clause)
            values += given  # type: ignore[arg-type]  # whatever SQLite takes
    return wanted, list(values)


def _spelled(text: str) -> str:
    """For LIKE: every letter itself."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _has_notes(database: sqlite3.Connection) -> bool:
    """False of a file that an older agent wrote, and that nobody has opened to write since."""
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = 'note_photo'").fetchone() is not None
