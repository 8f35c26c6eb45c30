"""What people enter: laboratory values, counts, weights, amounts and texts, with when, by whom and how.

Nothing that was entered ever goes: a correction, or a withdrawal, stands beside what it puts right. One file of JSON
lines a year in the agent's directory, on the disk before the entry is answered; a torn line is passed over.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.core.words import Because
from controller.moments import spelled
from edge_config.wording import listed, nearest
from foundation.reading import Quality, Reading, Reason, good
from foundation.tag import Tag
from foundation.units import QUANTITY, UnitError, factor
from rules.expression import TEXT

log = logging.getLogger("farmloop.entries")

AHEAD_S = 5.0
"""A clock may be so much behind the one on the wall of the laboratory."""
OLDEST_S = 946_684_800.0
"""Year 2000: what is older is a slip of the pen."""
REMEMBERED = 500
"""Of each tag, the newest and what stands; the files have all of them."""
AGAIN_S = 86400.0
"""Soft sensors go back so far: what was sampled before is not told to them again."""
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to enter, as they wrote it."""

    id: str
    """Chosen by who enters it: sent again, it is entered once."""
    tag: str
    value: float | str | None
    """A number in `unit`, or a text of one, with or without its unit; of a tag of texts, the text. None: withdrawn."""
    time_s: float
    """When it was sampled."""
    who: str
    unit: str = ""
    """Empty: the tag's."""
    method: str = ""
    note: str = ""
    corrects: str = ""
    """Id of the entry that this one puts right, or withdraws."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that was entered, in the tag's unit."""

    id: str
    tag: str
    value: float | str | None
    """None: it withdraws what it corrects."""
    unit: str
    given: str
    """As it was written."""
    time_s: float
    who: str
    """Who sampled it."""
    method: str
    note: str
    corrects: str
    entered_s: float
    entered_by: str
    """Who was signed in."""
    book_only: bool = False
    """It puts right what the farm does not go back to: what soft sensors made of it stands."""

    @property
    def sample(self) -> Reading:
        """How it stands in the time series while it counts."""
        return Reading(self.tag, self.value, Quality.GOOD, None, self.time_s)

    @property
    def gone(self) -> Reading:
        """How it stands in the time series once it does not count any more, and nothing else stands there."""
        return Reading(self.tag, self.value, Quality.BAD, Reason.CORRECTED, self.time_s)


_ENTRY = TypeAdapter(Entry)


class Entries:
    """All that was entered, in memory and on the disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._of_tag: dict[str, list[Entry]] = {}
        """In the order in which they came."""
        self._known: dict[str, Entry] = {}
        self.corrected_by: dict[str, str] = {}
        """By id of what was corrected, the id of the correction."""
        self.recorded: set[str] = set()
        """Ids of what the outbox has."""
        self._before: dict[str, list[tuple[float, float]]] = {}
        """By tag, time and size of the amounts that are not in memory any more."""
        for file in sorted(directory.glob("entered-*.jsonl")):
            try:
                self._read(file)
            except OSError as error:
                log.error("entries_unreadable", extra={"file": str(file), "why": str(error)})

    def find(self, entry_id: str) -> Entry | None:
        return self._known.get(entry_id)

    def all(self) -> Iterable[Entry]:
        return self._known.values()

    def of_tag(self, tag: str | None, most: int) -> list[Entry]:
        """The newest `most` (of one tag, or of all), the last one entered first."""
        found = [*self._known.values()] if tag is None else self._of_tag.get(tag, [])
        return found[: -most - 1 : -1]

    def standing(self, tag: str) -> Entry | None:
        """What was sampled last, and not corrected since."""
        stand = self._standing(tag)
        return max(enumerate(stand), key=lambda pair: (pair[1].time_s, pair[0]))[1] if stand else None

    def stands(self, tag: Tag) -> Reading | None:
        """How the tag stands; BAD where all that was entered has been withdrawn, None where nothing was."""
        if (line := self._line(tag)) is not None:
            if line:
                return line[-1] if self._is_fresh(tag, line[-1].time_s) else _worn(line[-1])
        elif (entry := self.standing(tag.name)) is not None and entry.value is not None:
            return good(tag.name, entry.value, entry.time_s)
        gone = [one for one in self._of_tag.get(tag.name, ()) if one.value is not None]
        last = max(gone, key=lambda one: one.time_s).gone if gone else None
        return last if last is None or tag.amount is None else good(tag.name, 0.0, last.time_s)

    def record_of(self, entry: Entry, tag: Tag) -> list[Reading]:
        """What the record of a tag needs of an entry (its own, or one that moves it) beside how the tag stands: late
        values, and wrong points."""
        found: list[Reading] = []
        wrong = self._known.get(entry.corrects)
        if (line := self._line(tag)) is not None:
            return self._line_again(entry, wrong, tag, line)
        if entry.value is not None and self.standing(tag.name) is not entry and entry.id not in self.corrected_by:
            found.append(good(tag.name, entry.value, entry.time_s))
        if wrong is not None:
            there = [one for one in self._standing(tag.name) if one.time_s == wrong.time_s]
            if not there:
                found.append(wrong.gone)
            elif there[-1] is not entry:
                found.append(there[-1].sample)  # what it had taken the place of
        return found

    def _line_again(self, entry: Entry, wrong: Entry | None, tag: Tag, line: list[Reading]) -> list[Reading]:
        """Of a total or a count every point from there on is another, and where nothing stands any more none is."""
        from_s = entry.time_s if wrong is None else min(entry.time_s, wrong.time_s)
        is_own, there = entry.tag == tag.name, {one.time_s for one in line}
        were = set() if wrong is None else {wrong.time_s}
        if is_own:
            were |= {time_s for time_s, _ in self._moves(tag) if time_s >= from_s}
        gone = [time_s for time_s in sorted(were - there) if is_own or (line and time_s > line[0].time_s)]
        return [
            *(one for one in line[:-1] if one.time_s >= from_s),
            *(Reading(tag.name, None, Quality.BAD, Reason.CORRECTED, time_s) for time_s in gone),
        ]  # fmt: skip

    def samples_again(self, entry: Entry, tag: Tag) -> list[Reading]:
        """After a correction, the samples that the core is to hear again before how the tag stands, in their order:
        what was learned from the wrong one is learned anew."""
        wrong = self._known.get(entry.corrects)
        if wrong is None or tag.amount is not None or tag.moved_by:
            return []
        from_s = wrong.time_s if entry.value is None else min(wrong.time_s, entry.time_s)
        if entry.entered_s - from_s > AGAIN_S:
            return []
        by_time = {one.time_s: one for one in self._by_time(tag.name)}
        after = [one for one in by_time.values() if one.time_s > from_s]
        if not after:
            return []  # what was put right is what stands, or stood: it is heard by that
        before = [one for one in by_time.values() if one.time_s <= from_s]
        return [before[-1].sample if before else wrong.gone, *(one.sample for one in after[:-1])]

    def is_for_the_book(self, entry: Entry, tag: Tag) -> bool:
        """Whether a correction, not counted yet, changes neither how the tag stands nor what is made of it."""
        wrong = self._known.get(entry.corrects)
        if wrong is None or tag.amount is not None or tag.moved_by:
            return False
        last_s = max((one.time_s for one in self._standing(tag.name) if one is not wrong), default=-inf)
        times = [wrong.time_s] if entry.value is None else [wrong.time_s, entry.time_s]
        return max(times) < last_s and entry.entered_s - min(times) > AGAIN_S

    def stood_at(self, tag: str, time_s: float) -> bool:
        """Whether something stands that was sampled then."""
        return any(one.time_s == time_s for one in self._standing(tag))

    def is_recorded(self, tag: str) -> bool:
        """Whether the outbox has all that was entered for a tag."""
        return all(one.id in self.recorded for one in self._of_tag.get(tag, ()))

    def _standing(self, tag: str) -> list[Entry]:
        entries = self._of_tag.get(tag, ())
        return [one for one in entries if one.id not in self.corrected_by and one.value is not None]

    def _line(self, tag: Tag) -> list[Reading] | None:
        """How a total or a moved count stood at each time at which it moved; None for any other tag."""
        return self._totals(tag.name) if tag.amount is not None else self._course(tag) if tag.moved_by else None

    def _totals(self, tag: str) -> list[Reading]:
        """Of amounts: the total at each time at which there was one."""
        total, totals = sum(amount for _, amount in self._before.get(tag, ())), {}
        for one in self._by_time(tag):
            total += float(one.value or 0.0)
            totals[one.time_s] = good(tag, total, one.time_s)
        return list(totals.values())

    def _course(self, tag: Tag) -> list[Reading]:
        """Of a count: what was counted last, and what came and went since then; never less than nothing. What moved up
        to the very time of a counting is in what was counted."""
        counted = {one.time_s: one.value for one in self._by_time(tag.name) if isinstance(one.value, float)}
        moves, at, course = self._moves(tag), 0, list[Reading]()
        times = [*counted, inf]
        for (time_s, number), until_s in zip(counted.items(), times[1:], strict=True):
            while at < len(moves) and moves[at][0] <= time_s:
                at += 1
            course.append(good(tag.name, number, time_s))
            while at < len(moves) and moves[at][0] < until_s:
                moved_s, change = moves[at]
                number, at = number + change, at + 1
                if course[-1].time_s == moved_s:
                    course.pop()
                course.append(good(tag.name, max(number, 0.0), moved_s))
        return course

    def _moves(self, tag: Tag) -> list[tuple[float, float]]:
        """Time and size of all that moved a count, the earliest first."""
        moves = [
            (time_s, sign * amount)
            for names, sign in ((tag.plus, 1.0), (tag.less, -1.0))
            for name in names
            for time_s, amount in (
                *self._before.get(name, ()),
                *((one.time_s, one.value) for one in self._standing(name) if isinstance(one.value, float)),
            )
        ]
        return sorted(moves)

    def _is_fresh(self, tag: Tag, at_s: float) -> bool:
        """Whether what was counted last still tells of `at_s`: deaths told day by day do not make a counting newer."""
        if not tag.moved_by or tag.stale_s is None:
            return True
        counted = self.standing(tag.name)
        return counted is None or at_s - counted.time_s <= tag.stale_s

    def _by_time(self, tag: str) -> list[Entry]:
        return sorted(self._standing(tag), key=lambda one: one.time_s)

    def keep(self, entry: Entry) -> None:
        """Put it on the disk; raises OSError, and then it was not entered. May be called in a thread."""
        self._append(entry.entered_s, asdict(entry), sync=True)

    def note_recorded(self, ids: Iterable[str], now_s: float) -> None:
        """The outbox has these: after a restart they need not be told again. Lost, they are told twice, as one."""
        self.recorded |= set(ids)
        try:
            self._append(now_s, {"recorded": sorted(ids)}, sync=False)
        except OSError as error:
            log.warning("entries_not_noted", extra={"why": str(error)})

    def add(self, entry: Entry) -> None:
        """Count it among what was entered."""
        of_tag = self._of_tag.setdefault(entry.tag, [])
        of_tag.append(entry)
        self._known[entry.id] = entry
        if entry.corrects:
            self.corrected_by[entry.corrects] = entry.id
        if len(of_tag) > REMEMBERED:
            # late values do not push out what stands
            gone = of_tag.pop(0 if of_tag[0] is not self.standing(entry.tag) else 1)
            if gone.id not in self.corrected_by and isinstance(gone.value, float):
                self._before.setdefault(gone.tag, []).append((gone.time_s, gone.value))
            del self._known[gone.id]
            self.corrected_by.pop(gone.id, None)
            self.recorded.discard(gone.id)

    def _append(self, at_s: float, line: Mapping[str, Any], sync: bool) -> None:
        path = self._directory / f"entered-{datetime.fromtimestamp(at_s, UTC):%Y}.jsonl"
        with path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            torn = b""
            if size:
                file.seek(-1, os.SEEK_END)
                torn = b"" if file.read(1) == b"\n" else b"\n"
            file.write(torn + json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            if sync:
                os.fsync(file.fileno())

    def _read(self, file: Path) -> None:
        unreadable = 0
        for text in file.read_bytes().split(b"\n"):
            if not text:
                continue
            try:
                line = json.loads(text)
                if "recorded" in line:
                    self.recorded |= set(line["recorded"]) & set(self._known)
                    continue
                entry = _ENTRY.validate_python(line)
            except (ValueError, TypeError, ValidationError):
                unreadable += 1
                continue
            if entry.id not in self._known:
                self.add(entry)
        if unreadable:
            log.warning("entries_unreadable", extra={"file": str(file), "lines": unreadable})


def _worn(reading: Reading) -> Reading:
    return reading._replace(quality=Quality.BAD, reason=Reason.STALE)


def checked(wish: Wish, tags: Mapping[str, Tag], entries: Entries, now_s: float, by: str, zone: str) -> Entry | Because:
    """The wish as an entry, or why it is none (`refused.KEY`)."""
    tag = tags.get(wish.tag)
    if tag is None:
        typed = [name for name, one in tags.items() if one.entered]
        return Because("entry_unknown", {"tag": wish.tag, "near": nearest(wish.tag, typed)})
    if not tag.entered:
        return Because("entry_not_entered", {"tag": wish.tag})
    if wish.value is None and not (wish.corrects and wish.note.strip()):
        return Because("entry_why", {"tag": wish.tag})
    value = None if wish.value is None else _text(wish, tag) if tag.unit == TEXT else _number(wish, tag)
    if isinstance(value, Because):
        return value
    if not wish.time_s <= now_s + AHEAD_S:
        return Because("entry_future", {"time": _spelled(wish.time_s, zone), "now": _spelled(now_s, zone)})
    if wish.time_s < OLDEST_S:
        return Because("entry_old", {"time": _spelled(wish.time_s, zone)})
    if wish.corrects:
        old = entries.find(wish.corrects)
        if old is None or old.tag != wish.tag:
            return Because("entry_corrects", {"id": wish.corrects, "tag": wish.tag})
        if (later := entries.corrected_by.get(old.id)) is not None and later != wish.id:
            return Because("entry_corrected", {"id": old.id, "by": later})
        if old.value is None:
            return Because("entry_withdrawal", {"id": old.id})
    given = "" if wish.value is None else f"{wish.value} {wish.unit}".strip()
    entry = Entry(
        wish.id, wish.tag, value, tag.unit, given, wish.time_s, wish.who, wish.method, wish.note, wish.corrects,
        now_s, by,
    )  # fmt: skip
    return replace(entry, book_only=entries.is_for_the_book(entry, tag))


def repeated(entry: Entry, known: Entry) -> bool:
    """Whether `entry` says what was entered under the same id before."""
    then = replace(entry, entered_s=known.entered_s, time_s=known.time_s, entered_by=known.entered_by)
    return replace(then, book_only=known.book_only) == known


def _text(wish: Wish, tag: Tag) -> str | Because:
    text = " ".join(str(wish.value).split())[:LONGEST_TEXT]
    if not text:
        return Because("entry_text", {"tag": tag.name})
    if wish.unit.strip():
        return Because("entry_unit", {"unit": wish.unit.strip()[:40], "wanted": TEXT})
    if tag.choices and text not in tag.choices:
        near, known = nearest(text, tag.choices), listed(tag.choices)
        return Because("entry_choice", {"value": text[:100], "near": near, "known": known})
    return text


def _number(wish: Wish, tag: Tag) -> float | Because:
    value = _in_unit(wish, tag)
    low, high = tag.amount or (tag.low, tag.high)
    if isinstance(value, float) and ((low is not None and value < low) or (high is not None and value > high)):
        lowest, highest = ("–" if one is None else f"{one:g}" for one in (low, high))
        return Because("entry_range", {"value": f"{value:g}", "low": lowest, "high": highest, "unit": tag.unit})
    return value


def _in_unit(wish: Wish, tag: Tag) -> float | Because:
    number, unit = wish.value, wish.unit.strip()
    if number is None:
        return Because("entry_number", {"value": ""})
    if isinstance(number, str):
        match = QUANTITY.fullmatch(number[:100])
        if match is None or (match.group(2) and not (match.group(2)[0].isalpha() or match.group(2)[0] in "%°")):
            return Because("entry_number", {"value": number[:100]})
        number, own = float(match.group(1)), match.group(2)
        if own and unit and own != unit:
            return Because("entry_unit", {"unit": f"{own}, {unit}"[:60], "wanted": tag.unit or "1"})
        unit = own or unit
    if unit:
        try:
            scale = factor(unit[:40], tag.unit)
            # 700 ug/L is 0.7 mg/L, not a hair more
            number = number if scale == 1.0 else float(f"{number * scale:.12g}")
        except UnitError:
            return Because("entry_unit", {"unit": unit[:40], "wanted": tag.unit or "1"})
    return float(number) if isfinite(number) else Because("entry_number", {"value": str(wish.value)[:100]})


def _spelled(time_s: float, zone: str) -> str:
    try:
        return spelled(time_s, zone)
    except (ValueError, OverflowError, OSError):
        return f"{time_s:g}"
