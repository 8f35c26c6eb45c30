"""The agent: wires drivers, core, history and panel together, and leaves by every door with the outputs safe."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from controller import collecting
from controller.alarm_desk import AlarmDesk
from controller.alarm_journal import AlarmChange
from controller.commissioning import Standing, standing
from controller.core.calibrating import Points, ProbeNow
from controller.core.scan import Core
from controller.core.siren import BLOCK as SIREN
from controller.core.siren import Horn
from controller.core.state import Given, Mark, State, to_plain
from controller.core.trials import TrialMemory, key_of
from controller.core.words import (
    AlarmNow,
    AlarmWish,
    Because,
    Bypass,
    Calibrate,
    Order,
    ProofTest,
    Reset,
    RuleSwitch,
    ScanResult,
    SequenceWish,
    SetpointChange,
    Silence,
    Snapshot,
    Trial,
    TrialEnd,
)
from controller.entries import Entry, Wish
from controller.entry_desk import EntryDesk
from controller.fail_safe_alarms import FailSafeAlarms
from controller.first_outs import FirstOutRecord, FirstOuts
from controller.history.aggregate import Slot
from controller.history.audit import Audit
from controller.history.bands import Band
from controller.history.history import History
from controller.history.logbook import Line, Note, Search
from controller.history.state_database import StateDatabase
from controller.journal.journal import Journal
from controller.kept_state import KeptState
from controller.last_said import with_last_said
from controller.message_desk import MessageDesk
from controller.note_desk import NoteDesk
from controller.notices import Notice, Notices
from controller.notify.queue import Receipt
from controller.own_alarms import OwnAlarms
from controller.panel.automation import RulesShape, SequencesShape, rules_shape, sequences_shape
from controller.panel.farm import LinkedAlarms, Refusal, SetpointNow, SirenNow
from controller.panel.hands import HandWish
from controller.panel.interlock_shapes import InterlocksShape, interlocks_shape
from controller.panel.recipes import RecipeBody, RecipesShape
from controller.panel.schedule_shapes import ScheduleShape
from controller.planned import Plan
from controller.recipe_desk import RecipeDesk
from controller.rule_replay import Replay, RuleReplay
from controller.scan_times import ScanTimes
from controller.service import Signs, ailments
from controller.setpoint_now import setpoint_now
from controller.why.desk import WhyDesk
from controller.why.shape import Explanation
from controller.wiring import bus_settings, device_settings, safe_of
from controller.wish_desk import WishDesk
from drivers.driver import BrokerSettings, Statistics, Written
from drivers.ending import end_tasks
from drivers.links import Links, build_links
from edge_config.model.outputs import Heartbeat
from edge_config.model.site import Site
from foundation.clock import Clock, pause, process_time
from foundation.reading import Reading
from foundation.tag import Tag

log = logging.getLogger("farmloop.agent")

STATE_PERIOD_S = 10.0
TICK_S = 1.0
"""How often what was seen is committed."""
LEAST_STATE_PERIOD_S, LEAST_TICK_S = 1.0, 0.05
"""The same in process time, where farm time runs fast: the disk does not."""
INBOX_LIMIT = 50_000
"""Readings waiting for a scan; more than that is a flood, and is counted and dropped."""
CHANGES_PER_S = 10.0
AGAIN_S = 5.0
"""Until what brings messages out is begun anew; and until whoever lost his cancellation gets another."""


@dataclass(slots=True)
class Health:
    """How the scan keeps its time, for the watchdog and for people."""

    scans: int = 0
    late_s: float = 0.0
    """How late the last scan began."""
    worst_late_s: float = 0.0
    scan_s: float = 0.0
    """Process time that the last scan took."""
    worst_scan_s: float = 0.0
    ended_s: float = field(default_factory=process_time)
    """Process time at which the last scan ended."""
    dropped_readings: int = 0


class Agent:
    """One site, running. `run` until cancelled or stopped; the panel sees it as its Farm."""

    def __init__(
        self,
        site: Site,
        directory: Path,
        clock: Clock,
        secrets: Callable[[str], str],
        wiring: Mapping[str, Mapping[str, Any]] | None = None,
        site_file: str = "",
    ) -> None:
        """`directory` keeps state, outbox and journal. `wiring` says, by bus, where its far end is instead (simulated
        wires). `site_file` is what the journal says that the site is from."""
        self.site = site
        self.core = Core(site)
        self.tags: Mapping[str, Tag] = self.core.tags
        self.health = Health()
        self.scan_times = ScanTimes()
        self._clock = clock
        self._directory = directory
        with suppress(OSError):  # state and outbox say so themselves, and the farm is looked after all the same
            directory.mkdir(parents=True, exist_ok=True)
        self._desk = AlarmDesk(directory, clock.now())
        self._state_database = StateDatabase(directory)
        self._audit = Audit(self._state_database)
        self._wishes = WishDesk(self._audit, self._desk)
        self._notes = NoteDesk(directory, self._state_database, clock, self._audit)
        self._kept = KeptState(self._state_database)
        self._doses_kept = True
        kept = self._desk.caught_up(self._kept.read(clock.now()))
        self._state: State = self.core.start(clock.now(), kept)
        self._recipes = RecipeDesk(
            self.core, lambda: self._state, self._state_database, clock, self._audit, self._wishes
        )
        self._shown: tuple[State, Mapping[str, Reading]] = self._state, self._state.readings
        self._desk.resume()
        self._result: ScanResult | None = None
        self._tick_s = max(TICK_S, LEAST_TICK_S * clock.speed)
        self._history = History(directory, site, self.tags, secrets, clock, tick_s=self._tick_s)
        self._why = WhyDesk(directory, self.core, clock.now())
        self._journal = Journal(directory, self.core, site_file)
        self._rule_replay = RuleReplay(site_file, directory, clock)
        self._first_outs = FirstOuts(directory, self.core.plan.interlock_groups)
        self._notices = Notices(directory, self.core.plan.rules.rules, self._state)
        wired = bus_settings(site, secrets, wiring or {}, clock.speed)
        brokers = {bus.id: bus for bus in wired if isinstance(bus, BrokerSettings)}
        self._messages = MessageDesk(
            directory, site, secrets, brokers, clock, self._notices, self._wishes, self.ailments
        )  # fmt: skip
        self._own_alarms = OwnAlarms()
        self._own: tuple[AlarmNow, ...] = ()
        self._fail_safe_alarms = FailSafeAlarms()
        self._standing = standing(site, directory, ("cable",) if wiring is None else ("cable", "simulated"))
        self._to_commission = self._standing if wiring is None else {}
        self._beats = frozenset(name for name, output in site.outputs.items() if isinstance(output, Heartbeat))
        self._inbox: list[Reading] = []
        self._acks: list[Callable[[], None]] = []
        self._written: list[tuple[str, bool, str | None]] = []
        self._entries = EntryDesk(
            directory, self.tags, site.site.timezone, clock, self._audit, lambda heard: self._inbox.extend(heard)
        )
        self._followers: set[asyncio.Queue[dict[str, Reading]]] = set()
        self._links: Links = build_links(
            wired,
            device_settings(site),
            clock,
            self._on_readings,
            self._on_written,
            safe=safe_of(site),
            falls=safe_of(site, "signal_lost"),
        )

    # --- running

    async def run(self) -> None:
        """Scan until cancelled. However it ends, every output is ordered to its safe state first."""
        tasks = [
            asyncio.create_task(self._scan_forever(), name="scan"),
            asyncio.create_task(self._history.run(), name="history"),
            asyncio.create_task(self._keep_state(), name="state"),
            asyncio.create_task(self._keep_why(), name="why"),
            asyncio.create_task(self._keep_journal(), name="journal"),
            asyncio.create_task(self._keep_on(partial(self._recipes.give_planned, self._tick_s)), name="planned"),
        ]
        tasks += [asyncio.create_task(self._keep_on(job), name=name) for name, job in self._messages.jobs.items()]
        try:
            await self._links.start()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a task that ends has failed: leave by the door that makes safe
        finally:
            begun = process_time()
            tasks[0].cancel()
            await asyncio.gather(tasks[0], return_exceptions=True)
            await self._links.close()
            log.info("outputs_safe", extra={"after_s": round(process_time() - begun, 3)})
            await end_tasks(tasks, again_s=AGAIN_S)
            await asyncio.to_thread(self._first_outs.write)
            await asyncio.to_thread(self._notices.write)
            await asyncio.to_thread(self._desk.journal.write)
            await asyncio.to_thread(self._audit.write, self._clock.now())
            await asyncio.to_thread(self._why.write)
            await asyncio.to_thread(self._journal.close)
            await self._rule_replay.close()
            await self._history.close()
            self._kept.write(to_plain(self._state), self._clock.now())
            self._state_database.close()
            log.info("stopped", extra={"after_s": round(process_time() - begun, 3)})

    async def _scan_forever(self) -> None:
        period = self.core.scan_s
        when = self._clock.now()
        while True:
            when = max(when + period, self._clock.now() - period)
            await self._clock.sleep_until(when)
            now_s = self._clock.now()
            self.health.late_s = now_s - when
            self.health.worst_late_s = max(self.health.worst_late_s, self.health.late_s)
            self.scan(now_s)
            # soon, not now: the links have the orders first
            asyncio.get_running_loop().call_soon(collecting.after_scan, self.health.scans)

    def scan(self, now_s: float) -> ScanResult:
        """One scan and what follows from it: orders to the links, changes to record and panel."""
        begun = process_time()
        snapshot = Snapshot(tuple(self._inbox), tuple(self._written), self._wishes.take())
        acks, self._acks = self._acks, []
        self._inbox, self._written = [], []
        before = self._state
        result = self.core.scan(before, snapshot, now_s)
        self._state, self._result = result.state, result
        if result.commands:
            still = self._beats if self._beats and self.ailments() else frozenset[str]()
            unkept = self._unkept(before)
            self._links.order(
                {
                    one.tag: one.value
                    for one in result.commands
                    if one.output not in still and not (one.output in unkept and one.value is True)
                }
            )
        seen, on_disk = self._entries.to_record(result.changed, now_s)
        self._history.record(seen, [*acks, *on_disk])
        self._first_outs.see(result, now_s)
        self._why.see(self._state)
        self._journal.note(before, snapshot, now_s, result)
        telling = (self._messages.notifier.failure, self._messages.notifier.unreached)
        dropped = self.health.dropped_readings
        kept = self._history.status()
        if self._state_database.quarantined:
            kept = replace(kept, quarantined=(*kept.quarantined, *self._state_database.quarantined))
        slow = self.scan_times.slow(now_s)
        self._own = self._own_alarms.now(kept, dropped, now_s, telling, self._audit.failure, slow)
        self._own += self._fail_safe_alarms.now(self.devices(), self._to_commission, now_s)
        own_events = self._desk.see(result.events, self._own, now_s)
        self._tell(replace(result, events=(*result.events, *own_events)) if own_events else result)
        self._messages.see(self.alarms(), self.alarms_flooded, result.events, now_s)
        health = self.health
        health.scans += 1
        health.scan_s = process_time() - begun
        health.worst_scan_s = max(health.worst_scan_s, health.scan_s)
        health.ended_s = process_time()
        speed = self._clock.speed or 1.0
        self.scan_times.add(health.late_s / speed, health.scan_s, self.core.scan_s / speed, now_s)
        return result

    def ailments(self, loop_late_s: float = 0.0) -> tuple[str, ...]:
        """What is wrong with the agent itself (`service.py`); the event loop last woke `loop_late_s` late."""
        now_s, speed = process_time(), self._clock.speed or 1.0
        return ailments(
            Signs(
                now_s - self.health.ended_s,
                self.core.scan_s / speed,
                now_s - self._history.committed_s,
                self._tick_s / speed,
                loop_late_s,
                self._links.stuck(),
            )
        )

    def _unkept(self, before: State) -> Collection[str]:
        """The dosing pumps that may not start now: a dose is on the disk before it begins, or does not begin."""
        guards = self.core.plan.safeguards.guards
        if self.core.plan.safeguards.begun(before.blocks, self._state.blocks):
            self._doses_kept = self._kept.write(to_plain(self._state), self._clock.now())
        return () if self._doses_kept else guards.keys()

    def _tell(self, result: ScanResult) -> None:
        for event in result.events:
            if event.kind == "alarm":  # stands in the journal of alarms
                continue
            log.info(event.kind, extra={"subject": event.subject, **_plain(event.values)})
            if event.kind == "notice" and event.values["number"] == 0:
                self._notices.see(event.subject, event.time_s)
            self._wishes.hear(event)
        if result.changed and self._followers:
            changes = {reading.tag: reading for reading in result.changed}
            for follower in self._followers:
                if follower.full():
                    changes = follower.get_nowait() | changes
                follower.put_nowait(changes)

    async def _keep_on(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Again and again: what brings messages out may fail, the farm may not end with it."""
        while True:
            try:
                await work()
            except Exception as error:
                log.exception("notify_failed", extra={"why": str(error)})
            await pause(AGAIN_S)

    async def _keep_state(self) -> None:
        when = self._clock.now()
        while True:
            when += max(STATE_PERIOD_S, LEAST_STATE_PERIOD_S * self._clock.speed)
            await self._clock.sleep_until(when)
            when = max(when, self._clock.now())
            plain = to_plain(self._state)
            await asyncio.to_thread(self._kept.write, plain, self._clock.now())
            if self._clock.is_set:
                await asyncio.to_thread(self._audit.cut, self._clock.now())

    async def _keep_why(self) -> None:
        when = self._clock.now()
        while True:
            when = max(when + self._tick_s, self._clock.now())
            await self._clock.sleep_until(when)
            await asyncio.to_thread(self._why.write)
            await asyncio.to_thread(self._first_outs.write)
            await asyncio.to_thread(self._notices.write)
            await asyncio.to_thread(self._desk.journal.write)
            await asyncio.to_thread(self._audit.write, self._clock.now())

    async def _keep_journal(self) -> None:
        when = self._clock.now()
        while True:
            when = max(when + max(STATE_PERIOD_S, LEAST_STATE_PERIOD_S * self._clock.speed), self._clock.now())
            await self._clock.sleep_until(when)
            await asyncio.to_thread(self._journal.write)

    # --- from the links

    def _on_readings(self, readings: Sequence[Reading], token: object | None) -> None:
        if len(self._inbox) + len(readings) > INBOX_LIMIT:
            self.health.dropped_readings += len(readings)
            if token is not None:
                # counted and shown; kept unacknowledged it would stop the broker from sending anything newer
                self._links.acknowledge(token)
            return
        self._inbox += readings
        if token is not None:
            self._acks.append(lambda: self._links.acknowledge(token))

    def _on_written(self, written: Written) -> None:
        self._written.append((written.tag, written.ok, None if written.reason is None else str(written.reason)))

    # --- the panel's Farm

    def now(self) -> float:
        return self._clock.now()

    def scanned(self) -> float:
        return self._state.at_s

    def readings(self) -> Mapping[str, Reading]:
        if self._shown[0] is not self._state:
            self._shown = self._state, with_last_said(self._state)
        return self._shown[1]

    def heard_s(self) -> Mapping[str, float]:
        """By tag, up to when it is known how it stands: also that it is out of date."""
        return {tag: reading.time_s for tag, reading in self._state.readings.items()}

    def orders(self) -> Mapping[str, Order]:
        return self._state.orders

    def setpoints(self) -> Mapping[str, SetpointNow]:
        return {name: setpoint_now(self.core, self._state, name) for name in self.site.programs}

    def alarms(self) -> Sequence[AlarmNow]:
        return (*self._state.alarms, *self._desk.own)

    def alarms_flooded(self) -> bool:
        return self._desk.is_flooded(self._state)

    async def alarm(self, wish: AlarmWish) -> Refusal | None:
        now_s = self._clock.now()
        return await self._wishes.ask(wish._replace(time_s=now_s, until_s=now_s + wish.until_s), wish.subject)

    def alarm_changes(self, from_s: float, to_s: float) -> Iterable[AlarmChange]:
        return self._desk.journal.changes(from_s, to_s)

    def devices(self) -> Mapping[str, Statistics]:
        return {link.id: link.driver.statistics for link in self._links.links}

    def commissioned(self) -> Mapping[str, Standing]:
        """How every device stands: whether it was seen to go safe by itself."""
        return self._standing

    def buses(self) -> Mapping[str, bool]:
        """Which are connected."""
        return {bus.settings.id: bus.connected for bus in self._links.buses}

    @property
    def history(self) -> History:
        return self._history

    @property
    def audit(self) -> Audit:
        return self._audit

    @property
    def state_database(self) -> StateDatabase:
        return self._state_database

    def trend(self, tags: Sequence[str], seconds: float) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        return self._history.trend(tags, self._clock.now() - seconds)

    async def past(
        self, tags: Sequence[str], from_s: float, to_s: float
    ) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        return await self._history.past(tags, from_s, to_s)

    async def hours(self, names: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Slot]]:
        return await self._history.hours(names, from_s, to_s)

    async def bands(self, tags: Sequence[str], from_s: float, to_s: float) -> tuple[float, Mapping[str, Band]]:
        return await self._history.bands(tags, from_s, to_s)

    async def set_setpoint(self, change_id: str, name: str, value: float, by: str) -> SetpointNow | Refusal:
        refusal = await self._wishes.ask(SetpointChange(change_id, name, value, by, self._clock.now()), name)
        return setpoint_now(self.core, self._state, name) if refusal is None else refusal

    async def reset(self, change_id: str, name: str, by: str) -> Refusal | None:
        return await self._wishes.ask(Reset(change_id, name, by, self._clock.now()), name)

    async def lay(self, wish: HandWish) -> Refusal | None:
        return await self._wishes.ask(wish, wish[1])

    def interlocks(self) -> InterlocksShape:
        return interlocks_shape(self.site, self.core.plan.interlocks, self._state.blocks)

    async def interlock(self, wish: Bypass | ProofTest) -> Refusal | None:
        return await self._wishes.ask(wish, wish.interlock)

    async def first_outs(self, most: int) -> Sequence[FirstOutRecord]:
        return await asyncio.to_thread(self._first_outs.records, most)

    def marks(self) -> Mapping[str, Mark]:
        return self._state.marks

    def probes(self) -> Mapping[str, ProbeNow]:
        calibrations = self.core.calibrations
        return {tag: calibrations.probe(self._state, tag) for tag in calibrations.probes()}

    def judged(self, wish: Calibrate) -> Points | Because:
        return self.core.calibrations.judged(self._state.calibrations, wish)

    async def calibrate(self, wish: Calibrate) -> Refusal | None:
        refusal = await self._wishes.ask(wish, wish.tag)
        if refusal is None:  # half an hour with buffers is on the disk before it is answered
            await asyncio.to_thread(self._kept.write, to_plain(self._state), self._clock.now())
        return refusal

    def doses(self) -> Mapping[str, Given]:
        return self._state.doses

    async def begin_trial(self, wish: Trial) -> Refusal | None:
        return await self._wishes.ask(wish._replace(time_s=self._clock.now()), wish.loop)

    async def end_trial(self, change_id: str, loop: str, by: str) -> Refusal | None:
        return await self._wishes.ask(TrialEnd(change_id, loop, by, self._clock.now()), loop)

    def trial(self, loop: str) -> TrialMemory | None:
        memory = self._state.blocks.get(key_of(loop))
        return memory if isinstance(memory, TrialMemory) and memory.id else None

    def trial_every_s(self, loop: str) -> float:
        return self.core.plan.trials[loop].every_s

    def recipes(self) -> RecipesShape:
        return self._recipes.shape()

    async def recipe(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        return await self._recipes.change(zone, body, begun_s, by)

    async def plan_recipe(self, plan: Plan) -> Refusal | None:
        return await self._recipes.plan(plan)

    async def take_back_recipe(self, change_id: str, plan_id: str, by: str) -> Refusal | None:
        return await self._recipes.take_back(change_id, plan_id, by)

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        return await self._recipes.schedule(zone, body)

    def rules(self) -> RulesShape:
        return rules_shape(self.core.plan.rules, self._state.blocks, self._clock.now(), self._state.marks)

    async def switch_rule(self, wish: RuleSwitch) -> Refusal | None:
        refusal = await self._wishes.ask(wish, wish.rule)
        if refusal is None:  # who reads that a rule is off finds it off, whatever happens to the box
            await asyncio.to_thread(self._kept.write, to_plain(self._state), self._clock.now())
        return refusal

    def begin_rule_replay(self, by: str) -> Refusal | None:
        refusal = self._rule_replay.begin(by)
        return None if refusal is None else Refusal(refusal)

    def rule_replay(self) -> Replay:
        return self._rule_replay.found

    def sequences(self) -> SequencesShape:
        return sequences_shape(self.core.plan.sequences, self._state.blocks, self._clock.now())

    async def sequence(self, change_id: str, name: str, action: Literal["start", "abort"], by: str) -> Refusal | None:
        return await self._wishes.ask(SequenceWish(change_id, name, action, by, self._clock.now()), name)

    async def explain(self, output: str, at_s: float | None) -> Explanation:
        return await self._why.explain(self._state, output, at_s, self._clock.now())

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        return await self._entries.enter(wish, by)

    def entered(self, tag: str | None, most: int) -> Sequence[tuple[Entry, str | None]]:
        return self._entries.entered(tag, most)

    async def note(self, note: Note, seen: str = "") -> Note | Because:
        return await self._notes.note(note, seen)

    async def keep_photo(self, data: bytes) -> str | Because:
        return await self._notes.keep_photo(data)

    async def photo(self, name: str) -> bytes | None:
        return await self._notes.photo(name)

    async def logbook(self, search: Search) -> Sequence[Line]:
        return await self._notes.logbook(search)

    def notices(self, most: int) -> Sequence[Notice]:
        return self._notices.newest(most)

    def receipts(self, most: int) -> Sequence[Receipt]:
        return self._messages.notifier.receipts(most)

    def send_test(self, to: str) -> Sequence[str]:
        return self._messages.notifier.test(to)

    def siren(self) -> SirenNow | None:
        block, state = self.core.plan.siren, self._state
        if block is None:
            return None
        order, horn = state.orders.get(block.output), state.blocks.get(SIREN)
        until_s = horn.silent_until_s(self._clock.now()) if isinstance(horn, Horn) else 0.0
        return SirenNow(block.output, order is not None and order.owner == "siren", until_s)

    async def silence(self, change_id: str, by: str) -> Refusal | None:
        return await self._wishes.ask(Silence(change_id, by, self._clock.now()), "siren")

    def linked(self, token: str) -> LinkedAlarms | None:
        return self._messages.linked(token, self.alarms())

    async def acknowledge_by_link(self, token: str) -> LinkedAlarms | None:
        return await self._messages.acknowledge(token, self.alarms())

    async def changes(self) -> AsyncIterator[Mapping[str, Reading]]:
        queue: asyncio.Queue[dict[str, Reading]] = asyncio.Queue(1)
        self._followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Event values under names that a log record does not use itself."""
    return {f"about_{key}": value for key, value in values.items()}
