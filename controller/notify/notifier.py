"""Brings alarms to people: what is to be said goes to the disk first, then out by every channel until it arrived."""

import asyncio
import logging
import secrets as random_secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from controller.alarm_texts import AlarmTexts
from controller.core.calendar import Calendar
from controller.core.words import AlarmNow
from controller.notices import Notice
from controller.notify.channels import MQTT, Channels
from controller.notify.escalation import ALL, Page, Paged, escalation_of
from controller.notify.queue import Due, Kind, Message, Opened, Queue, Receipt, digest_of
from controller.notify.quiet import Bedtimes
from controller.notify.wording import Wording, changed
from drivers.driver import BrokerSettings
from edge_config.model.site import Site
from foundation.clock import Clock
from foundation.document import Secret

log = logging.getLogger("farmloop.notify")

STEP_S = 1.0
LEAST_STEP_S = 0.2
"""The same in process time, where farm time runs fast."""
LAST_S = 3.0
"""Process time that messages under way get when the agent stops: its outputs are safe by then."""
UNREACHED_S = 120.0
"""Whoever got nothing for so long of what was sent is not reached."""


class Notifier:
    """`see` after each scan, which does no I/O; `run` until cancelled."""

    def __init__(
        self,
        directory: Path,
        site: Site,
        secrets: Callable[[str], str],
        brokers: Mapping[str, BrokerSettings],
        clock: Clock,
    ) -> None:
        self._settings, self._clock = site.notify, clock
        place = site.site
        self._bedtimes = Bedtimes(site.notify.people, Calendar(place.timezone, place.latitude, place.longitude))
        self._escalation = escalation_of(site.notify)
        self._wording = Wording(AlarmTexts(site))
        self._channels = Channels(secrets, brokers, place.id)
        self._path = directory / "notify.db"
        self._queue: Queue | None = None
        self._spare: Queue | None = None
        """In memory, for what a disk does not take: an alarm goes out all the same, it only does not outlive us."""
        self._paged: dict[str, Paged] = {}
        self._before: tuple[AlarmNow, ...] | None = None
        self._asking: set[str] = set()
        """Alarms that want somebody."""
        self._waiting: deque[tuple[list[Message], dict[str, Paged], set[str] | None]] = deque()
        self._keeping = Lock()
        """A thread whose waiter was cancelled still runs when the agent's last word is put on the disk."""
        self._next_s: float | None = 0.0
        self._sending: dict[str, asyncio.Task[None]] = {}
        self.failure = ""
        """Why the queue cannot be kept on the disk; empty if it is."""
        self.unreached: Mapping[str, str] = {}
        """People whom nothing reaches, and why."""
        self._open()

    @property
    def idle(self) -> bool:
        """Nobody is to be told of anything."""
        return not self._settings.people and self._settings.bus is None

    # --- what happens

    def see(self, alarms: Sequence[AlarmNow], now_s: float) -> None:
        """All alarms that are not normal after a scan."""
        if self.idle:
            return
        pages, paged = self._escalation.turn(
            alarms, self._paged, now_s, lambda person: self._bedtimes.until_s(person, now_s) is not None
        )
        messages = [self._page(page) for page in pages]
        if self._settings.bus is not None and self._before is not None:
            for alarm, gone in changed(self._before, alarms):
                body = self._wording.change(alarm, gone)
                channel = f"{MQTT}{self._settings.bus}"
                messages.append(Message("", "change", alarm.priority, alarm.id, body, (channel,)))
        self._before = tuple(alarms)
        asking = {alarm.id for alarm in alarms if self._escalation.asks(alarm, now_s)}
        closes, self._asking = not self._asking <= asking, asking
        if messages or closes or paged != self._paged:
            self._paged = paged
            self._waiting.append((messages, paged, asking))

    def notice(self, notice: Notice, now_s: float) -> None:
        """What a rule says to people; said once however often it is put in."""
        messages = []
        for name in notice.to or self._settings.people:
            person = self._settings.people.get(name)
            if person is not None:
                title, body = self._wording.notice(notice.text, person)
                wakes_s = self._bedtimes.until_s(name, now_s) or 0.0
                channels = _channels(person.urls)
                ref = f"{notice.id}>{name}"
                messages.append(Message(name, "notice", "low", title, body, channels, None, wakes_s, ref))
        if messages:
            self._waiting.append((messages, self._paged, None))

    def test(self, to: str) -> list[str]:
        """A message that asks for nothing, to one person or `all`; the people it goes to."""
        people = list(self._settings.people) if to == ALL else [to] if to in self._settings.people else []
        messages = []
        for name in people:
            person = self._settings.people[name]
            messages.append(Message(name, "test", "low", *self._wording.test(person), _channels(person.urls)))
        if messages:
            self._waiting.append((messages, self._paged, None))
        return people

    # --- what becomes of it

    def receipts(self, most: int) -> Sequence[Receipt]:
        """The newest messages, and what became of each by each of its channels."""
        return [one for queue in filter(None, (self._spare, self._queue)) for one in queue.receipts(most)][:most]

    def opened(self, token: str) -> Opened | None:
        """What a link shows. Changes nothing: whoever previews a message opens its links."""
        now_s = self._clock.now()
        found = (queue.opened(token, now_s) for queue in filter(None, (self._queue, self._spare)))
        return next(filter(None, found), None)

    def use(self, token: str) -> bool:
        """Whether the link may acknowledge now: once."""
        now_s = self._clock.now()
        return any(queue.use(token, now_s) for queue in filter(None, (self._queue, self._spare)))

    async def run(self) -> None:
        """Keep, send, try again, until cancelled."""
        when = self._clock.now()
        try:
            while True:
                when = max(when + max(STEP_S, LEAST_STEP_S * self._clock.speed), self._clock.now())
                await self._clock.sleep_until(when)
                await self.step()
        finally:
            if self._sending:  # what is on its way is noted: cut off, it would be told again after the start
                await asyncio.wait(self._sending.values(), timeout=LAST_S)
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)
            self._channels.close()
            await asyncio.to_thread(self._keep)
            for queue in filter(None, (self._queue, self._spare)):
                queue.close()
            self._queue = None

    async def step(self) -> None:
        """Put on the disk what waits, and begin the deliveries whose time has come; a channel sends one at a time."""
        if self._waiting or self._queue is None:
            await asyncio.to_thread(self._keep)
        now_s = self._clock.now()
        if self._next_s is None or now_s < self._next_s:
            return
        nexts: list[float] = []
        for queue in filter(None, (self._queue, self._spare)):
            try:
                for due in await asyncio.to_thread(queue.due, now_s):
                    if due.channel not in self._sending:
                        task = asyncio.create_task(self._send(queue, due), name=f"notify {due.channel}")
                        self._sending[due.channel] = task
                next_s = await asyncio.to_thread(queue.next_s)
                nexts += [] if next_s is None else [next_s]
                self.unreached = await asyncio.to_thread(queue.unreached, now_s - UNREACHED_S)
            except sqlite3.Error as error:
                self._failed(error)
        self._next_s = min(nexts, default=None)

    async def _send(self, queue: Queue, due: Due) -> None:
        try:
            answer = await self._channels.send(due)
            (log.info if answer.delivered else log.warning)(
                "message_sent" if answer.delivered else "message_not_sent",
                extra={"channel": due.channel, "message_id": due.message, "why": answer.said},
            )
            await asyncio.to_thread(queue.note, due, answer.delivered, answer.said, self._clock.now())
        except sqlite3.Error as error:
            self._failed(error)
        finally:
            self._sending.pop(due.channel, None)
            self._next_s = 0.0

    # --- the disk

    def _open(self) -> None:
        if self.idle:
            return
        try:
            self._queue = Queue(self._path)
            if not self._paged:
                self._paged = self._queue.paged()
                self._asking = set(self._paged)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _keep(self) -> None:
        with self._keeping:
            if self._queue is None:
                self._open()
            while self._waiting:
                messages, paged, asking = self._waiting[0]
                now_s = self._clock.now()
                try:
                    if self._queue is None:
                        raise sqlite3.OperationalError(self.failure)
                    self._queue.put(messages, now_s, paged, asking)
                    self.failure = ""
                except sqlite3.Error as error:
                    self._failed(error)
                    self._spare = self._spare or Queue(None)
                    self._spare.put(messages, now_s, None, asking)
                self._waiting.popleft()
                self._next_s = 0.0

    def _failed(self, error: Exception) -> None:
        if not self.failure:
            log.error("notify_queue_failed", extra={"file": str(self._path), "why": str(error)})
        self.failure = str(error)

    def _page(self, page: Page) -> Message:
        person = self._settings.people[page.person]
        address, link = "", None
        if self._settings.link is not None and not page.over:
            token = random_secrets.token_urlsafe(32)
            # in the fragment, which no preview and no proxy's log ever sees
            address = f"{self._settings.link.rstrip('/')}/alarm#{token}"
            link = (digest_of(token), tuple((alarm.id, alarm.activation) for alarm in page.alarms))
        title, body = self._wording.page(page, person, address)
        kind: Kind = "over" if page.over else "alarm"
        about = tuple(alarm.id for alarm in page.alarms)
        return Message(
            page.person, kind, page.alarms[0].priority, title, body, _channels(person.urls), link, about=about
        )


def _channels(urls: Iterable[Secret]) -> tuple[str, ...]:
    return tuple(url.name for url in urls)
