"""The last day's reasons on the disk: why each output stood as it did, at any moment of it.

One file of JSON lines an hour, in `why/` of the agent's directory; each begins with the cards and with every output as
it stands, so that a moment is explained from one file. A line is written when who decides, who is beaten or what limits
an output changes, at once; when only figures move, every ten seconds at most. What is written ends with when somebody
last looked: of the time from then until the next start nothing is known. `kill -9` loses a second or two of it, a torn
line is passed over. What is older than a day goes.
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from controller.core.explain import Spent, Waits, Why, look, resting, rules_off, rules_spent, standing, waiting
from controller.core.interlocks import InterlockBlock
from controller.core.loops.dosing_loop import Rest
from controller.core.rule_switch import SwitchedOff
from controller.core.scan import Core
from controller.core.shaping import shapes
from controller.core.state import State
from controller.why.card import Cards, cards_of

log = logging.getLogger("farmloop.why")

FOLDER = "why"
HOUR_S = 3600
KEPT_HOURS = 25
FIGURE, FIGURES_S = 0.5, 10.0
"""An output that moved by so many % is told again after so long, though nobody else decides."""
ALIVE_S = 60.0
"""So often the record says that somebody was there, and tells again of whatever is not quite as it was."""
GAP_S = 90.0
"""Longer than this without a word, nobody was there."""
HOUR_BYTES = 8 << 20
"""Beyond this an output is told of once a minute, whatever happens, until the hour is over."""
WAITING_LINES = 20_000
"""Not yet on the disk; beyond this the oldest are lost."""
_CARDS, _WHY = TypeAdapter(Cards), TypeAdapter(Why)


@dataclass(slots=True)
class _Track:
    """What is remembered of one output between scans."""

    winner: tuple[object, ...] = ()
    since_s: float = -1.0
    on: bool | None = None
    on_since_s: float = -1.0
    kind: tuple[object, ...] = ()
    """Who decides, who is beaten, what holds: as it was told last, when, and with which figures."""
    told_s: float = -1.0
    value: float = 0.0
    applied: float = 0.0
    seen: tuple[object, ...] = ()
    """What the last look was at, while there was nothing left to tell of it."""


@dataclass(slots=True)
class Record:
    """What the files say as of a moment."""

    cards: Cards = field(default_factory=Cards)
    outputs: Mapping[str, Why] = field(default_factory=dict)
    thinned: bool = False


class NotRecordedError(LookupError):
    """Nothing is known of that moment; the record goes from `first_s` to `last_s`, if there is any."""

    def __init__(self, first_s: float | None, last_s: float | None) -> None:
        super().__init__("not recorded")
        self.first_s, self.last_s = first_s, last_s


class WhyJournal:
    """`see` after each scan, which does no I/O; `write` now and then, in a thread."""

    def __init__(self, directory: Path | None, core: Core, now_s: float) -> None:
        """`directory` is the agent's; without one only what stands now is known."""
        self.cards = cards_of(core)
        self._directory, self._core, self._plan = directory, core, core.plan
        self._tracks = {name: _Track() for name in core.plan.outputs}
        try:
            for name, why in (record_at(directory, now_s, now_s).outputs if directory is not None else {}).items():
                if name in self._tracks:
                    # a short absence interrupts nothing, if the same one decides again
                    self._tracks[name] = _Track(_winner(why), why.since_s, why.value > 0.0, why.on_since_s)
        except (NotRecordedError, OSError):
            pass
        self._hour: int | None = None
        self._alive_s = 0.0
        self.seen_s: float | None = None
        """Of the last scan that it saw; None: of none yet."""
        self._waiting: deque[tuple[float, object]] = deque(maxlen=WAITING_LINES)
        self._lock = Lock()
        self._written_hour: int | None = None
        self._written_s = -inf
        self._bytes = 0
        self._failure = ""

    # --- the scan's side

    def see(self, state: State) -> None:
        """Note what is new of every output."""
        now_s, hour = state.at_s, int(state.at_s // HOUR_S)
        holds, off = standing(self._plan, state), rules_off(self._plan, state)
        spent, waits, rests = rules_spent(self._plan, state), waiting(self._plan, state), resting(self._plan, state)
        begins = hour != self._hour
        if begins:
            self._hour, self._bytes, self._alive_s = hour, 0, now_s
            self._tell(now_s, cards=self.cards, began=self.seen_s is None)
        elif now_s - self._alive_s >= ALIVE_S:
            self._alive_s = now_s
            self._tell(now_s, thinned=self._bytes > HOUR_BYTES)
        for output in state.orders:
            self._note(
                state, output, holds.get(output, ()), off.get(output, ()), spent.get(output, ()),
                waits.get(output, ()), rests.get(output, ()), begins,
            )  # fmt: skip
        self.seen_s = now_s

    def now(self, state: State, output: str) -> Why:
        """Why it stands as it does in `state`, which `see` has seen. Raises KeyError for what is no output."""
        why = look(self._plan, state, output, standing(self._plan, state).get(output, ()))
        track = self._tracks[output]
        return self._whole(why, track, state)

    def _note(
        self, state: State, output: str, interlocks: tuple[InterlockBlock, ...], off: tuple[SwitchedOff, ...],
        spent: tuple[Spent, ...], waits: tuple[Waits, ...], rests: tuple[Rest, ...], begins: bool,
    ) -> None:  # fmt: skip
        track, order, demands = self._tracks[output], state.orders[output], state.demands.get(output, ())
        applied, reason = state.applied.get(output, order.value), state.readings[output].reason
        names = tuple([one.name for one in interlocks])
        seen = (order, demands, applied, reason, names, off, spent, waits, rests)
        same = seen[2:] == track.seen[2:]
        if not begins and same and order is track.seen[0] and demands is track.seen[1]:
            return
        now_s, winner, on = state.at_s, (order.owner, order.slot.name.lower(), order.because.key), order.value > 0.0
        if winner != track.winner:
            track.winner, track.since_s = winner, now_s
        if on is not track.on:
            track.on, track.on_since_s = on, now_s
        wants = tuple([(d.owner, d.slot, d.bound, d.because.key) for d in demands])
        kind = (winner, on, reason, names, off, spent, waits, rests, wants)
        waited_s = now_s - track.told_s
        moved = abs(order.value - track.value) >= FIGURE or abs(applied - track.applied) >= FIGURE
        if self._bytes > HOUR_BYTES:
            due = waited_s >= ALIVE_S
        else:
            due = kind != track.kind or waited_s >= (FIGURES_S if moved else ALIVE_S)
        if begins or due:
            why = look(self._plan, state, output, interlocks)
            self._tell(now_s, why=self._whole(why, track, state))
            track.kind, track.told_s, track.value, track.applied, track.seen = kind, now_s, order.value, applied, seen

    def _whole(self, why: Why, track: _Track, state: State) -> Why:
        shaped = shapes(self._core, state, why.won.owner)
        return replace(why, since_s=track.since_s, on_since_s=track.on_since_s, shapes=shaped)

    def _tell(self, at_s: float, **what: object) -> None:
        if self._directory is not None:
            self._waiting.append((at_s, {"t": at_s, **what}))

    # --- the disk's side

    def write(self) -> None:
        """Put on the disk what waits for it; what a disk does not take waits on, up to a bound."""
        if self._directory is None:
            return
        with self._lock:
            lines: list[tuple[float, object]] = []
            seen_s = self.seen_s  # read before the lines are taken: all that was told until then is among them
            while self._waiting:
                lines.append(self._waiting.popleft())
            told_s = lines[-1][0] if lines else self._written_s
            alive = [(seen_s, {"t": seen_s})] if seen_s is not None and seen_s > told_s else []
            try:
                by_hour: dict[int, list[object]] = {}
                for at_s, line in (*lines, *alive):
                    by_hour.setdefault(int(at_s // HOUR_S), []).append(line)
                for hour in sorted(by_hour):
                    self._append(self._directory, hour, by_hour[hour])
                self._written_s = alive[0][0] if alive else told_s
                failure = ""
            except OSError as error:
                failure = str(error)
                self._written_hour = None
                self._waiting.extendleft(reversed(lines))
            if failure and not self._failure:
                log.warning("why_not_written", extra={"why": failure})
            self._failure = failure

    def _append(self, directory: Path, hour: int, lines: list[object]) -> None:
        path = _file(directory, hour)
        begins = hour != self._written_hour
        if begins:
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in path.parent.glob("*.jsonl"):
                if not _file(directory, hour - KEPT_HOURS) <= old <= _file(directory, hour + KEPT_HOURS):
                    old.unlink(missing_ok=True)
        body = b"".join(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        with path.open("ab") as file:
            # what a crash tore off ends here, before the first whole line
            file.write(b"\n" + body if begins else body)
            size = file.tell()
        self._written_hour = hour
        if hour == self._hour:
            self._bytes = size


def record_at(directory: Path, at_s: float, seen_s: float | None = None) -> Record:
    """What stood at farm time `at_s`, read from an agent's directory, beside it if it runs.

    After the last line of a run, until the next start, nothing is known; whoever asks and has itself looked at the farm
    at `seen_s` knows that nothing changed until then. Raises NotRecordedError, or OSError.
    """
    hour = int(at_s // HOUR_S)
    last_s: float | None = None
    after: dict[str, Any] | None = None
    for number in (hour, hour - 1):
        cards: Any = None
        outputs: dict[str, Any] = {}
        thinned = False
        for line in _lines(_file(directory, number)):
            if line["t"] > at_s:
                after = line
                break
            last_s = line["t"] if last_s is None else max(last_s, line["t"])
            if "cards" in line:  # every output follows, as it stands
                cards, outputs = line["cards"], {}
            thinned = line.get("thinned", thinned)
            if "why" in line:
                outputs[str(line["why"].get("output"))] = line["why"]
        if last_s is not None:
            after = after or _first_after(directory, hour)
            seen = seen_s is not None and at_s <= seen_s
            goes_on = seen if after is None else not after.get("began")
            if at_s > last_s and not (goes_on and at_s - last_s <= GAP_S):
                raise NotRecordedError(_span(directory)[0], last_s)
            try:
                found = {name: _WHY.validate_python(why) for name, why in outputs.items()}
                return Record(_CARDS.validate_python(cards or {}), found, thinned)
            except ValidationError:
                break  # another version wrote it
    raise NotRecordedError(*_span(directory))


def last_recorded_s(directory: Path) -> float | None:
    """The last moment that was told of; None if there is no record."""
    return _span(directory)[1]


def _winner(why: Why) -> tuple[object, ...]:
    return why.won.owner, why.won.slot, why.won.key


def _file(directory: Path, hour: int) -> Path:
    return directory / FOLDER / f"{datetime.fromtimestamp(hour * HOUR_S, UTC):%Y%m%dT%H}.jsonl"


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for text in lines:
        try:
            line = orjson.loads(text) if text else None
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("t"), int | float):
            yield line


def _first_after(directory: Path, hour: int) -> dict[str, Any] | None:
    """The first line of the next hour that there is."""
    later = sorted(file for file in (directory / FOLDER).glob("*.jsonl") if file > _file(directory, hour))
    return next(_lines(later[0]), None) if later else None


def _span(directory: Path) -> tuple[float | None, float | None]:
    """From when to when there is a record."""
    files = sorted((directory / FOLDER).glob("*.jsonl"))
    times = [line["t"] for file in {*files[:1], *files[-1:]} for line in _lines(file)]
    return (min(times), max(times)) if times else (None, None)
