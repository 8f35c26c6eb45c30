"""One sink's shipper: a thread that brings the outbox to the sink, the present first, and minds what it answers.

The newest blobs and the backlog take turns (one live batch, then up to four of the backlog), so that whoever looks from
afar sees the present at once while three days are being filled in. A batch that failed is sent again as it was, byte
for byte. While one answer is waited for, the batch before it is written off and the next is read: a crash in between
sends the last one again, which the sink takes for the same points. Waiting is process time: it spares a real server.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from threading import Event, Thread
from typing import Literal

from controller.history.line import split
from controller.history.outbox import Batch, Dead, Outbox, Pending
from controller.history.sinks import LINES, Answer, Sink, Verdict, is_about_lines, verdict

BYTES = 1 << 20
"""Most in one request."""
LINES_AFTER_413 = 100
"""However small a server wants it, the next batch does not begin below this."""
BACKLOG_TURNS = 4
REFUSED_S = 60.0
BACKOFF_S = 300.0
IDLE_S = 5.0
STOP_S = 3.0
SUSPICIOUS = 16
"""So many lines refused one by one, and none taken, by something that is not an InfluxDB: it is not about the lines."""
_log = logging.getLogger(__name__)

State = Literal["starting", "ok", "failing", "refused"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a sink is doing. `refused` is an alarm: without a person nothing gets in."""

    state: State = "starting"
    last_ok_s: float | None = None
    """Farm time of the last request that was taken."""
    last_error: str = ""
    """What went wrong last, and farm time of it; kept when all is well again."""
    last_error_s: float | None = None
    delivered_points: int = 0
    """Since the start."""
    dead_points: int = 0
    """Given up since the start, each in the outbox's `dead` with its reason."""


class Shipper:
    """`step` does one batch and says how long to wait; `start` runs it in a thread of its own."""

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        open_sink: Callable[[], Sink],
        now: Callable[[], float],
        random: Random,
        lines: int = LINES,
    ) -> None:
        """`lines` is the most of one request."""
        self.name = name
        self.health = Health()
        self.pending = Pending(0, 0, None)
        self._outbox = outbox
        self._open_sink = open_sink
        self._now = now
        self._random = random
        self._sink: Sink | None = None
        self._held: Batch | None = None
        self._ahead: Batch | None = None
        """What of the backlog comes after the held one, read while that was on its way."""
        self._taken: tuple[Batch, list[Dead]] | None = None
        """What the sink has, and the outbox does not know of yet."""
        self._lines = lines
        self._turn = 0
        self._failures = 0
        self._news, self._stop = Event(), Event()
        self._thread = Thread(target=self._work, name=f"shipper-{name}", daemon=True)

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def news(self) -> None:
        """There is something new in the outbox."""
        self._news.set()

    def stop(self) -> None:
        """End after the request that is under way; a sink that hangs is not waited for longer than STOP_S."""
        self._stop.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        if not self._thread.is_alive():
            with suppress(sqlite3.Error, OSError):
                self._write_off()
            self._close()

    def count(self) -> None:
        """Bring `pending` up to date; raises what the outbox raises."""
        self.pending = self._outbox.pending(self.name)

    def _work(self) -> None:
        while not self._stop.is_set():
            wait_s = self.step()
            if wait_s is None:
                self._news.wait(IDLE_S)
                self._news.clear()
            elif wait_s > 0.0:
                self._stop.wait(wait_s)

    def step(self) -> float | None:
        """Send one batch. Seconds to wait before the next, or None where there is nothing to send."""
        try:
            self._held = self._held or self._next()
            wait_s = None if self._held is None else self._ship(self._held)
            if wait_s != 0.0 or self._ahead is None:
                self._write_off()
                self.count()
            return wait_s
        except sqlite3.Error as error:
            # the outbox looks after itself; what was held may be of another file by then
            self._held = self._ahead = None
            self._fail("failing", f"outbox: {error}")
            return IDLE_S
        except Exception as error:
            # whatever a client library throws, it stops neither the other sinks nor the farm
            self._close()
            self._fail("failing", f"{type(error).__name__}: {error}")
            return self._backoff_s()

    def _next(self) -> Batch | None:
        gaps = self._outbox.gaps(self.name, self._taken and self._taken[0])
        if not gaps:
            return None
        first, last = gaps[-1]
        live = self._turn == 0 and last == self._outbox.newest
        self._turn = (self._turn + 1) % (1 + BACKLOG_TURNS)
        if live:
            return self._outbox.read(first, last, self._lines, newest=True)
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.first == gaps[0][0] and ahead.last <= gaps[0][1]:
            return ahead
        return self._outbox.read(*gaps[0], self._lines)

    def _meanwhile(self) -> None:
        # what cannot be written or read now is told of when it is its turn
        with suppress(sqlite3.Error, OSError):
            self._write_off()
            self.count()
            self._read_ahead()

    def _write_off(self) -> None:
        if self._taken is not None:
            self._outbox.delivered(self.name, *self._taken, self._now())
            self._taken = None

    def _read_ahead(self) -> None:
        batch, gaps = self._held, self._outbox.gaps(self.name)
        if batch is None or not gaps or self._ahead is not None:
            return
        first, last = gaps[0]
        if batch.first == first:
            first = batch.last + 1
        elif batch.last == last:
            last = batch.first - 1
        if first <= last:
            self._ahead = self._outbox.read(first, last, self._lines)

    def _ship(self, batch: Batch) -> float:
        if self._sink is None:
            try:
                self._sink = self._open_sink()
            except (LookupError, OSError, ValueError) as error:
                self._fail("refused", f"cannot open: {type(error).__name__}: {error}")
                return REFUSED_S
        dead = [Dead(seq, "", None, f"{points} points do not read as written") for seq, points in batch.broken.items()]
        answer = self._deliver(self._sink, batch, dead)
        match Verdict.DELIVERED if answer is None else verdict(answer):
            case Verdict.DELIVERED:
                # the one before, where nothing was waited for
                self._write_off()
                self._taken, self._held = (batch, dead), None
                self._failures = 0
                for letter in dead[:10]:
                    _log.error("sink %s will never take %.200s: %s", self.name, letter.line, letter.reason)
                if self.health.state != "ok":
                    _log.info("sink %s takes points", self.name)
                refused = len(dead) - len(batch.broken)
                self.health = replace(
                    self.health,
                    state="ok",
                    last_ok_s=self._now(),
                    delivered_points=self.health.delivered_points + batch.points - refused,
                    dead_points=self.health.dead_points + refused + sum(batch.broken.values()),
                )
                return 0.0
            case Verdict.BUSY | Verdict.FAILED:
                self._fail("failing", _said(answer))
                asked_s = answer.retry_after_s if answer is not None else None
                return self._backoff_s() if asked_s is None else max(1.0, asked_s)
            case _:
                # the secret may have been changed, so it is asked for again
                self._close()
                self._fail("refused", _said(answer))
                return REFUSED_S

    def _deliver(self, sink: Sink, batch: Batch, dead: list[Dead]) -> Answer | None:
        """Send all lines, halving what is too large, bisecting what is refused. None, or the answer that ended it."""
        parts = list(_parts(batch, self._lines))[::-1]
        taken = False
        while parts:
            part = parts.pop()
            answer = sink.send(part, self._meanwhile)
            match verdict(answer):
                case Verdict.DELIVERED:
                    taken = True
                case Verdict.BAD_LINES | Verdict.TOO_LARGE as fault:
                    if self._stop.is_set():
                        return Answer(None, "stopped")
                    lines = split(part)
                    half = len(lines) // 2
                    if fault is Verdict.TOO_LARGE:
                        self._lines = max(LINES_AFTER_413, min(self._lines, half))
                    if half:
                        parts += [b"\n".join(lines[half:]), b"\n".join(lines[:half])]
                        continue
                    line = part.decode("utf-8", "replace")
                    dead.append(Dead(batch.first, line, answer.status, answer.message))
                    if not taken and len(dead) >= SUSPICIOUS and not is_about_lines(answer):
                        return Answer(403, f"refuses every line: {_said(answer)}")
                case _:
                    return answer
        return None

    def _backoff_s(self) -> float:
        ceiling_s = min(BACKOFF_S, 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        return self._random.uniform(1.0, ceiling_s)

    def _fail(self, state: State, error: str) -> None:
        if state != self.health.state:
            _log.warning("sink %s is %s: %s", self.name, state, error)
        self.health = replace(self.health, state=state, last_error=error, last_error_s=self._now())

    def _close(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()


def _said(answer: Answer | None) -> str:
    if answer is None:
        return ""
    return f"{answer.status} {answer.message}" if answer.status is not None else answer.message


def _parts(batch: Batch, most: int) -> Iterator[bytes]:
    if 0 < batch.points <= most and len(batch.body) <= BYTES:
        yield batch.body
        return
    lines = batch.lines
    start = size = 0
    for number, line in enumerate(lines):
        if number > start and (number - start >= most or size + len(line) > BYTES):
            yield b"\n".join(lines[start:number])
            start, size = number, 0
        size += len(line) + 1
    if start < len(lines):
        yield b"\n".join(lines[start:])
