"""What the farm remembers: every reading worth a point goes to the disk, then to the sinks; the newest stay at hand.

The scan hands over and goes on: `record` does no I/O. Once a tick everything handed over is committed as one blob, in a
thread, and only then acknowledged to whoever sent it. A disk that is full or slow costs memory up to a bound, and then
points, which are counted; it never costs a scan.
"""

import asyncio
import logging
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

from controller.history import past
from controller.history.aggregate import Slot
from controller.history.bands import Band, bands, of_points
from controller.history.blocks import HOUR
from controller.history.blocks import NAME as LOCAL
from controller.history.database import is_spoilt
from controller.history.exception import Reports, report
from controller.history.guessed import marked
from controller.history.line import line, milliseconds, prefix
from controller.history.local import Local
from controller.history.local_reader import Reader
from controller.history.outbox import Blob, Outbox, pack
from controller.history.recent import SPAN_S, Point, Recent
from controller.history.shipper import Shipper
from controller.history.sinks import Secrets, most_lines, opener
from controller.history.status import HistoryStatus, SinkStatus
from controller.history.upkeep import Upkeep
from edge_config.model.site import Site
from foundation.clock import Clock, process_time
from foundation.reading import Reading
from foundation.tag import Tag

READINGS_LIMIT = 100_000
"""Points taken over from the scan and not yet packed."""
WAITING_LIMIT_BYTES = 16 << 20
"""Packed blobs that the disk did not take yet."""
UNWRITTEN_S = 180.0
"""What came in so lately may not be in `history.db` yet."""
_log = logging.getLogger(__name__)

Acknowledge = Callable[[], None]


class _Tick(NamedTuple):
    blob: Blob | None
    acknowledge: Sequence[Acknowledge]


class History:
    """`record` from the scan, `run` beside it, `close` at the end. All three on one event loop."""

    def __init__(
        self,
        directory: Path,
        site: Site,
        tags: Mapping[str, Tag],
        secrets: Secrets,
        clock: Clock,
        *,
        tick_s: float = 1.0,
        random: Random | None = None,
    ) -> None:
        """`directory` holds `outbox.db`, and `history.db` for trends.

        `secrets` gives a secret's value by its name, and is asked when a sink opens. `tick_s` is farm time. Raises
        ValueError for a tag that line protocol cannot hold.
        """
        self._clock = clock
        self._tick_s = tick_s
        self._tags = dict(tags)
        self._prefixes = {name: prefix(site.site.id, tag) for name, tag in tags.items()}
        self._now_s = clock.now()
        self._reports = Reports(self._now_s, self._now_s)
        self.recent = Recent(self._tags)
        self._local = Local(directory / LOCAL)
        self._reader = Reader(directory / LOCAL)
        self._readings: list[Reading] = []
        self._acknowledge: list[Acknowledge] = []
        self._outbox = Outbox(directory / "outbox.db", tuple(site.sinks), site.history.keep_sent)
        self._is_open = self._is_shipping = self._closed = False
        self._upkeep = Upkeep(self._outbox, tuple(site.sinks), site.history.quota_mb * 1e6, clock)
        self.committed_s = process_time()
        """Process time at which the last commit was through, whether the disk took it or not."""
        self._waiting: deque[_Tick] = deque()
        self._waiting_points = 0
        self._stored: deque[Acknowledge] = deque()
        self._thread = ThreadPoolExecutor(1, "history")
        self._stored_points = self._dropped = self._unknown = self._dead = 0
        self._last_stored_s: float | None = None
        self._last_error = ""
        self._recorded: Counter[tuple[str, str]] = Counter()
        units = {name: tag.unit for name, tag in tags.items()}
        self._shippers = {
            name: Shipper(
                name,
                self._outbox,
                opener(sink, secrets, site.site.id, units),
                lambda: self._now_s,
                random or Random(),
                most_lines(sink),
            )
            for name, sink in site.sinks.items()
        }

    # --- the scan's side

    def record(self, readings: Sequence[Reading], token_ack: Sequence[Acknowledge] = ()) -> None:
        """Take over what a scan saw; call it every scan, with nothing too. Each of `token_ack` is called once all of
        it is on the disk, and never if it had to be dropped."""
        self._now_s = now_s = self._clock.now()
        self._reports, points = report(self._reports, readings, now_s, self._tags)
        if not self._clock.is_set:
            points = [marked(point) for point in points]
        self._unknown += sum(reading.tag not in self._tags for reading in readings)
        for one in (*readings, *points):
            tag = self._tags.get(one.tag)
            self.recent.add(one, now_s, late=tag is not None and tag.entered)
        if self._closed or len(self._readings) + len(points) > READINGS_LIMIT:
            self._dropped += len(points)
            return
        self._recorded.update((point.tag, point.reason or "good") for point in points)
        self._readings += points
        self._acknowledge += token_ack

    def trend(self, tags: Sequence[str], since_s: float) -> dict[str, list[Point]]:
        """Each tag's points of the last 24 hours from farm time `since_s` on (`Recent.trend`)."""
        return self.recent.trend(tags, since_s)

    async def past(self, tags: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Point]]:
        """Each tag's points between two moments: out of memory what came since the start, else out of `history.db`.

        What cannot be read there is left out.
        """
        now_s = self._clock.now()
        if from_s >= self._reports.since_s and to_s >= now_s:
            return self.trend(tags, from_s)
        # what is not written yet
        newest = self.trend(tags, max(from_s, now_s - UNWRITTEN_S))
        try:
            kept = await asyncio.to_thread(past.trend, self._reader, self._tags, tags, from_s, to_s, now_s)
        except (sqlite3.Error, ValueError) as error:
            _log.error("the local record cannot be read (%s)", error)
            kept = {tag: [] for tag in tags}
        for tag, points in kept.items():
            last_s = points[-1][0] if points else from_s
            points += [point for point in newest[tag] if last_s < point[0] <= to_s]
        return kept

    async def hours(self, tags: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Slot]]:
        """Each tag's hours between two moments, in order; what cannot be read is left out."""
        try:
            return await asyncio.to_thread(self._reader.slots, tags, HOUR, from_s, to_s)
        except (sqlite3.Error, ValueError) as error:
            _log.error("the local record cannot be read (%s)", error)
            return {}

    async def bands(self, tags: Sequence[str], from_s: float, to_s: float) -> tuple[float, Mapping[str, Band]]:
        """How long a stretch is, s (0: points as they came), and each tag's band between two moments.

        What cannot be read is left out.
        """
        now_s = self._clock.now()
        if to_s - from_s <= past.RAW_SPAN_S and from_s >= now_s - SPAN_S:
            points = await self.past(tags, from_s, to_s)
            return 0.0, {tag: of_points(one, min(to_s, now_s)) for tag, one in points.items()}
        newest = self.trend(tags, max(from_s, now_s - UNWRITTEN_S))
        try:
            stretch_s, found = await asyncio.to_thread(bands, self._reader, self._tags, tags, from_s, to_s, now_s)
        except (sqlite3.Error, ValueError) as error:
            _log.error("the local record cannot be read (%s)", error)
            stretch_s, found = 0.0, {tag: Band() for tag in tags}
        for tag, band in found.items():
            last_s = band.times_s[-1] + stretch_s / 2.0 if band.times_s else from_s
            for at_s, value in newest[tag]:
                if last_s < at_s <= to_s:
                    band.add(at_s, value, value, value)
        return stretch_s, found

    def status(self) -> HistoryStatus:
        """How recording and shipping go, as of the last tick."""
        return HistoryStatus(
            stored_points=self._stored_points,
            last_stored_s=self._last_stored_s,
            waiting_points=len(self._readings) + self._waiting_points,
            dropped_points=self._dropped,
            unknown_readings=self._unknown,
            last_error=self._last_error,
            recorded=dict(self._recorded),
            quarantined=(*self._outbox.quarantined, *self._local.quarantined),
            dead_letters=self._dead,
            sinks={name: SinkStatus(shipper.health, shipper.pending) for name, shipper in self._shippers.items()},
            trends_error=self._local.failure,
            filled=self._upkeep.filled,
            thinned_points=self._upkeep.thinned_points,
        )

    # --- the disk's side

    async def run(self) -> None:
        """Commit once a tick and keep the shippers going, until cancelled or closed."""
        when = self._clock.now()
        while not self._closed:
            await self._commit()
            self.committed_s = process_time()
            when = max(when + self._tick_s, self._clock.now())
            await self._clock.sleep_until(when)

    async def close(self) -> None:
        """Commit what is left, acknowledge it, and stop the shippers; a sink that hangs is not waited for long."""
        if self._closed:
            return
        self._closed = True
        await self._commit()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=False)

    async def _commit(self) -> None:
        self._now_s = self._clock.now()
        readings, self._readings = self._readings, []
        acknowledge, self._acknowledge = self._acknowledge, []
        stored = asyncio.get_running_loop().run_in_executor(self._thread, self._store, readings, acknowledge)
        # what has been handed over is stored even if we are cancelled meanwhile
        await asyncio.shield(stored)
        while self._stored:
            token = self._stored.popleft()
            try:
                token()
            except Exception:
                # a driver that cannot acknowledge gets its message again; the others are not to suffer for it
                _log.exception("an acknowledgement failed")

    def _store(self, readings: Sequence[Reading], acknowledge: Sequence[Acknowledge]) -> None:
        if readings or acknowledge:
            lines = [line(self._prefixes[reading.tag], reading) for reading in readings]
            times_ms = [milliseconds(reading.time_s) for reading in readings]
            self._waiting.append(_Tick(pack(lines, times_ms) if lines else None, acknowledge))
        try:
            self._write()
            error = ""
        except (sqlite3.Error, OSError) as problem:
            error = str(problem)
            self._upkeep.failed(problem)
            if isinstance(problem, sqlite3.Error) and is_spoilt(problem, self._outbox.path):
                # it is opened again at the next tick, and set aside then
                self._is_open = False
        if error and not self._last_error:
            _log.error("the outbox takes nothing (%s); points wait in memory", error)
        elif self._last_error and not error:
            _log.warning("the outbox takes points again")
        self._last_error = error
        self._bound()
        # what has no time has no place in a trend
        timed = [one for one in readings if not self._upkeep.guesses or one.time_s >= self._clock.guessed_s[1]]
        self._local.keep(timed, self._now_s)

    def _write(self) -> None:
        if not self._is_open:
            aside = len(self._outbox.quarantined)
            self._outbox.open(self._now_s)
            self._is_open = True
            self._upkeep.opened(self._outbox.quarantined[aside:])
        blobs = [tick.blob for tick in self._waiting if tick.blob is not None]
        if blobs:
            self._outbox.append(blobs)
            self._stored_points += sum(blob.points for blob in blobs)
            self._last_stored_s = self._now_s
        while self._waiting:
            self._stored.extend(self._waiting.popleft().acknowledge)
        self._upkeep.step()
        if not self._is_shipping and not self._upkeep.guesses:
            self._is_shipping = True
            for shipper in self._shippers.values():
                shipper.start()
        for shipper in self._shippers.values():
            shipper.count()
            if blobs:
                shipper.news()
        self._dead = self._outbox.dead_letters()

    def _bound(self) -> None:
        size = sum(len(tick.blob.body) for tick in self._waiting if tick.blob is not None)
        while size > WAITING_LIMIT_BYTES:
            blob = self._waiting.popleft().blob
            if blob is not None:
                size -= len(blob.body)
                self._dropped += blob.points
        self._waiting_points = sum(tick.blob.points for tick in self._waiting if tick.blob is not None)

    def _shut(self) -> None:
        for shipper in self._shippers.values():
            shipper.stop()
        self._outbox.close()
        self._upkeep.close()
        self._local.close(self._now_s)
        if self._waiting_points:
            _log.error("%d points never reached the disk (%s)", self._waiting_points, self._last_error)
