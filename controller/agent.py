"""The agent: wires drivers, core, history and panel together, and leaves by every door with the outputs safe."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from controller.alarm_desk import AlarmDesk
from controller.alarm_journal import AlarmChange
from controller.commissioning import Standing, standing
from controller.core.alarms import shown_in_flood
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
    Event,
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
from controller.core.words import Wish as PeoplesWish
from controller.entries import Entries, Entry, Wish, checked, repeated
from controller.fail_safe_alarms import FailSafeAlarms
from controller.first_outs import FirstOutRecord, FirstOuts
from controller.history.aggregate import Slot
from controller.history.audit import Audit
from controller.history.bands import Band
from controller.history.history import History
from controller.history.logbook import Line, Logbook, Note, Search, lines
from controller.history.photos import Photos, photo
from controller.history.state_database import StateDatabase
from controller.journal.journal import Journal
from controller.kept_state import KeptState
from controller.last_said import with_last_said
from controller.moments import moment_s
from controller.notices import Notice, Notices
from controller.notify.dead_man import DeadManSign
from controller.notify.notifier import Notifier
from controller.notify.queue import Receipt
from controller.own_alarms import OwnAlarms
from controller.panel.automation import RulesShape, SequencesShape, rules_shape, sequences_shape
from controller.panel.farm import LinkedAlarms, Refusal, SetpointNow, SirenNow
from controller.panel.hands import HandWish
from controller.panel.interlock_shapes import InterlocksShape, interlocks_shape
from controller.panel.recipes import RecipeBody, RecipesShape, recipes_shape, wish_of
from controller.panel.schedule_shapes import ScheduleShape, proposed_state, schedule_shape
from controller.planned import Plan, Planned, give_due
from controller.rule_replay import Replay, RuleReplay
from controller.scan_times import ScanTimes
from controller.service import Signs, ailments
from controller.why.journal import NotRecordedError, WhyJournal, record_at
from controller.why.shape import Explanation
from controller.wiring import bus_settings, device_settings, safe_of
from drivers.driver import BrokerSettings, Statistics, Written
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
ANSWER_S = 10.0
"""Process time in which a scan must take up a person's wish."""


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
        self._logbook = Logbook(self._state_database)
        self._photos = Photos(self._state_database)
        self._planned = Planned(self._state_database)
        self._reasons: dict[str, str] = {}
        """By id of a wish, what its person says why: for the record, the core does not ask."""
        self._kept = KeptState(self._state_database)
        self._doses_kept = True
        kept = self._desk.caught_up(self._kept.read(clock.now()))
        self._state: State = self.core.start(clock.now(), kept)
        self._shown: tuple[State, Mapping[str, Reading]] = self._state, self._state.readings
        self._desk.resume()
        self._result: ScanResult | None = None
        self._tick_s = max(TICK_S, LEAST_TICK_S * clock.speed)
        self._history = History(directory, site, self.tags, secrets, clock, tick_s=self._tick_s)
        self._why_failed = False
        self._why = WhyJournal(directory, self.core, clock.now())
        self._journal = Journal(directory, self.core, site_file)
        self._rule_replay = RuleReplay(site_file, directory, clock)
        self._first_outs = FirstOuts(directory, self.core.plan.interlock_groups)
        self._notices = Notices(directory, self.core.plan.rules.rules, self._state)
        wired = bus_settings(site, secrets, wiring or {}, clock.speed)
        brokers = {bus.id: bus for bus in wired if isinstance(bus, BrokerSettings)}
        self._notifier = Notifier(directory, site, secrets, brokers, clock)
        self._dead_man = (
            DeadManSign(site.notify.dead_man, site.site.id, directory, secrets, brokers, clock, self.ailments)
            if site.notify.dead_man is not None
            else None
        )
        self._entries = Entries(directory)
        self._entering = asyncio.Lock()
        self._own_alarms = OwnAlarms()
        self._own: tuple[AlarmNow, ...] = ()
        self._fail_safe_alarms = FailSafeAlarms()
        self._standing = standing(site, directory, ("cable",) if wiring is None else ("cable", "simulated"))
        self._to_commission = self._standing if wiring is None else {}
        self._beats = frozenset(name for name, output in site.outputs.items() if isinstance(output, Heartbeat))
        self._inbox: list[Reading] = []
        self._acks: list[Callable[[], None]] = []
        self._written: list[tuple[str, bool, str | None]] = []
        self._people: list[PeoplesWish] = []
        self._late: list[Reading] = []
        """What people entered and the farm does not stand at: for the record alone."""
        self._remembered: set[Reading] = set()
        """Entries that the record has already: told to the core again after a restart, not to the record."""
        self._entries_in_scan: list[str] = []
        self._take_up_entries()
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._answered: dict[str, Event] = {}
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
            asyncio.create_task(self._keep_on(self._notifier.run), name="notify"),
            asyncio.create_task(self._keep_on(self._give_planned), name="planned"),
        ]
        if self._dead_man is not None:
            tasks.append(asyncio.create_task(self._keep_on(self._dead_man.run), name="dead man"))
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
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
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

    def scan(self, now_s: float) -> ScanResult:
        """One scan and what follows from it: orders to the links, changes to record and panel."""
        begun = process_time()
        snapshot = Snapshot(tuple(self._inbox), tuple(self._written), tuple(self._people))
        acks, self._acks = self._acks, []
        self._inbox, self._written, self._people = [], [], []
        late, self._late = self._late, []
        if self._entries_in_scan:
            acks.append(partial(self._entries.note_recorded, tuple(self._entries_in_scan), now_s))
            self._entries_in_scan = []
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
        seen = result.changed
        if self._remembered:
            seen = tuple(reading for reading in seen if reading not in self._remembered)
            self._remembered.clear()
        self._history.record((*late, *seen), acks)
        self._first_outs.see(result, now_s)
        self._note_why()
        self._journal.note(before, snapshot, now_s, result)
        telling = (self._notifier.failure, self._notifier.unreached)
        dropped = self.health.dropped_readings
        kept = self._history.status()
        if self._state_database.quarantined:
            kept = replace(kept, quarantined=(*kept.quarantined, *self._state_database.quarantined))
        self._own = self._own_alarms.now(kept, dropped, now_s, telling, self._audit.failure)
        self._own += self._fail_safe_alarms.now(self.devices(), self._to_commission, now_s)
        own_events = self._desk.see(result.events, self._own, now_s)
        self._tell(replace(result, events=(*result.events, *own_events)) if own_events else result)
        self._page(result, now_s)
        health = self.health
        health.scans += 1
        health.scan_s = process_time() - begun
        health.worst_scan_s = max(health.worst_scan_s, health.scan_s)
        health.ended_s = process_time()
        speed = self._clock.speed or 1.0
        self.scan_times.add(health.late_s / speed, health.scan_s, self.core.scan_s / speed)
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

    def _page(self, result: ScanResult, now_s: float) -> None:
        """Alarms and what rules say, to whom they concern."""
        try:
            alarms = self.alarms()
            if self.alarms_flooded():  # nobody reads forty messages
                shown = shown_in_flood(alarms)
                alarms = [one if one.id in shown else replace(one, state="suppressed") for one in alarms]
            self._notifier.see(alarms, now_s)
            for event in result.events:
                if event.kind == "notice" and event.values["number"] == 0:
                    for notice in self._notices.newest(20):
                        if (notice.rule, notice.time_s) == (event.subject, event.time_s):
                            self._notifier.notice(notice, now_s)
        except Exception as error:  # whoever is to be told, the farm is looked after
            log.exception("notify_failed", extra={"why": str(error)})

    def _unkept(self, before: State) -> Collection[str]:
        """The dosing pumps that may not start now: a dose is on the disk before it begins, or does not begin."""
        guards = self.core.plan.safeguards.guards
        if self.core.plan.safeguards.begun(before.blocks, self._state.blocks):
            self._doses_kept = self._kept.write(to_plain(self._state), self._clock.now())
        return () if self._doses_kept else guards.keys()

    def _note_why(self) -> None:
        try:
            self._why.see(self._state)
        except Exception as error:  # the record may fail, the farm may not
            if not self._why_failed:
                log.exception("why_failed", extra={"why": str(error)})
            self._why_failed = True

    def _tell(self, result: ScanResult) -> None:
        for event in result.events:
            if event.kind == "alarm":  # stands in the journal of alarms
                continue
            log.info(event.kind, extra={"subject": event.subject, **_plain(event.values)})
            if event.kind == "notice" and event.values["number"] == 0:
                self._notices.see(event.subject, event.time_s)
            change, by = event.values.get("id"), event.values.get("by")
            if isinstance(change, str):
                if change and isinstance(by, str) and by:
                    reason = self._reasons.pop(change, "")
                    told = {**event.values, "reason": reason} if reason else event.values
                    self._audit.note(event.time_s, by, event.kind, event.subject, told)
                self._answered[change] = event
                while len(self._answered) > 1000:
                    del self._answered[next(iter(self._answered))]
                waiting = self._answers.pop(change, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)
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
        return {name: self._setpoint_now(name) for name in self.site.programs}

    def alarms(self) -> Sequence[AlarmNow]:
        return (*self._state.alarms, *self._desk.own)

    def alarms_flooded(self) -> bool:
        return self._desk.is_flooded(self._state)

    async def alarm(self, wish: AlarmWish) -> Refusal | None:
        now_s = self._clock.now()
        return await self._ask(wish._replace(time_s=now_s, until_s=now_s + wish.until_s), wish.subject)

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
        refusal = await self._ask(SetpointChange(change_id, name, value, by, self._clock.now()), name)
        return self._setpoint_now(name) if refusal is None else refusal

    async def reset(self, change_id: str, name: str, by: str) -> Refusal | None:
        return await self._ask(Reset(change_id, name, by, self._clock.now()), name)

    async def lay(self, wish: HandWish) -> Refusal | None:
        return await self._ask(wish, wish[1])

    def interlocks(self) -> InterlocksShape:
        return interlocks_shape(self.site, self.core.plan.interlocks, self._state.blocks)

    async def interlock(self, wish: Bypass | ProofTest) -> Refusal | None:
        return await self._ask(wish, wish.interlock)

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
        refusal = await self._ask(wish, wish.tag)
        if refusal is None:  # half an hour with buffers is on the disk before it is answered
            await asyncio.to_thread(self._kept.write, to_plain(self._state), self._clock.now())
        return refusal

    def doses(self) -> Mapping[str, Given]:
        return self._state.doses

    async def begin_trial(self, wish: Trial) -> Refusal | None:
        return await self._ask(wish._replace(time_s=self._clock.now()), wish.loop)

    async def end_trial(self, change_id: str, loop: str, by: str) -> Refusal | None:
        return await self._ask(TrialEnd(change_id, loop, by, self._clock.now()), loop)

    def trial(self, loop: str) -> TrialMemory | None:
        memory = self._state.blocks.get(key_of(loop))
        return memory if isinstance(memory, TrialMemory) and memory.id else None

    def trial_every_s(self, loop: str) -> float:
        return self.core.plan.trials[loop].every_s

    def recipes(self) -> RecipesShape:
        now_s = self._clock.now()
        return recipes_shape(self.core.recipes, self._state.recipes, now_s, self._planned.all())

    async def recipe(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        now_s = self._clock.now()
        if body.why and body.change_id not in self._answered:
            self._reasons[body.change_id] = body.why
        return await self._ask(wish_of(self.core.recipes, self._state.recipes, zone, body, begun_s, by, now_s), zone)

    async def plan_recipe(self, plan: Plan) -> Refusal | None:
        return await self._plan(partial(self._planned.keep, plan), plan.by, "recipe_planned", plan.zone, asdict(plan))

    async def take_back_recipe(self, change_id: str, plan_id: str, by: str) -> Refusal | None:
        told: dict[str, object] = {"id": change_id, "plan": plan_id}
        zone = next((one.zone for one in self._planned.all() if one.id == plan_id), "")
        return await self._plan(partial(self._planned.cancel, plan_id), by, "recipe_unplanned", zone, told)

    async def _plan(
        self, change: Callable[[float], Because | None], by: str, what: str, zone: str, told: dict[str, object]
    ) -> Refusal | None:
        now_s = self._clock.now()
        try:
            refusal = await asyncio.to_thread(change, now_s)
        except (sqlite3.Error, OSError) as error:
            log.error("planned_not_kept", extra={"why": str(error)})
            refusal = Because("planned_not_kept", {"why": str(error)})
        self._audit.note(now_s, by, what if refusal is None else "refused", zone, told)
        return None if refusal is None else Refusal(refusal)

    async def _give_planned(self) -> None:
        """Once a second of farm time, what is due."""
        await asyncio.to_thread(self._planned.read, self._clock.now())
        when = self._clock.now()
        while True:
            when = max(when + self._tick_s, self._clock.now())
            await self._clock.sleep_until(when)
            await give_due(self._planned, self._give, self._clock.now())

    async def _give(self, plan: Plan) -> Because | None:
        body = RecipeBody.model_validate({**plan.body, "why": plan.why})
        begun_s = moment_s(body.on, self.site.site.timezone, plan.at_ms / 1000.0) if body.on else plan.at_ms / 1000.0
        refusal = await self.recipe(plan.zone, body, begun_s, plan.by)
        return None if refusal is None else refusal.because

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        state, now_s = self._state, self._clock.now()
        proposed = None if body is None else proposed_state(self.core, state, zone, body, now_s)
        if isinstance(proposed, Because):
            return proposed
        return await asyncio.to_thread(schedule_shape, self.core, state, proposed, zone, now_s)

    def rules(self) -> RulesShape:
        return rules_shape(self.core.plan.rules, self._state.blocks, self._clock.now(), self._state.marks)

    async def switch_rule(self, wish: RuleSwitch) -> Refusal | None:
        refusal = await self._ask(wish, wish.rule)
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
        return await self._ask(SequenceWish(change_id, name, action, by, self._clock.now()), name)

    async def explain(self, output: str, at_s: float | None) -> Explanation:
        now_s, seen_s = self._clock.now(), self._why.seen_s
        if at_s is None or (self._state.at_s <= at_s <= now_s):
            if output in self._state.orders:
                return Explanation(self._why.cards, self._why.now(self._state, output), at_s or now_s)
            if at_s is None:  # before the first scan
                raise NotRecordedError(None, None)
        await asyncio.to_thread(self._why.write)
        record = await asyncio.to_thread(record_at, self._directory, at_s, seen_s)
        if output not in record.outputs:
            raise NotRecordedError(None, None)
        return Explanation(record.cards, record.outputs[output], at_s, record.thinned)

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        async with self._entering:
            zone = self.site.site.timezone
            entry = checked(wish, self.tags, self._entries, self._clock.now(), by, zone)
            if isinstance(entry, Because):
                return Refusal(entry)
            if (known := self._entries.find(entry.id)) is not None:
                return known if repeated(entry, known) else Refusal(Because("entry_same_id", {"id": entry.id}))
            try:
                await asyncio.to_thread(self._entries.keep, entry)
            except OSError as error:
                log.error("entry_not_kept", extra={"tag": entry.tag, "why": str(error)})
                return Refusal(Because("entry_not_kept", {"why": str(error)}))
            tag = self.tags[entry.tag]
            before = self._entries.stands(tag)
            self._entries.add(entry)
        log.info("entered", extra={"subject": entry.tag, "value": entry.value, "id": entry.id, "by": entry.entered_by})
        stands = self._entries.stands(tag)
        changed = {"before": before and before.usable, "after": stands and stands.usable}
        self._audit.note(entry.entered_s, entry.entered_by, "entered", entry.tag, asdict(entry) | changed)
        is_again = self._record_entry(entry)
        if stands is not None and (is_again or stands != before):
            self._inbox.append(stands)
        return entry

    def _record_entry(self, entry: Entry) -> bool:
        """What the next scan is to hand to the record, beside what the core makes of what stands; whether the core is
        to hear older samples again before that."""
        self._entries_in_scan.append(entry.id)
        tag = self.tags[entry.tag]
        late, again = self._entries.record_of(entry, tag), self._entries.samples_again(entry, tag)
        self._late += [*late, *(one for one in again if one not in late)]
        self._inbox += again
        self._remembered.update(again)
        return bool(again)

    def entered(self, tag: str | None, most: int) -> Sequence[tuple[Entry, str | None]]:
        return [(one, self._entries.corrected_by.get(one.id)) for one in self._entries.of_tag(tag, most)]

    async def note(self, note: Note, seen: str = "") -> Note | Because:
        now_s = self._clock.now()
        try:
            answer = await asyncio.to_thread(self._logbook.keep, note, now_s, seen)
        except (sqlite3.Error, OSError) as error:
            log.error("note_not_kept", extra={"why": str(error)})
            return Because("note_not_kept", {"why": str(error)})
        if isinstance(answer, Note) and answer.entered_ms == note.entered_ms:
            digest = sha256(answer.text.encode()).hexdigest()
            told = {"id": answer.id, "number": answer.number, "who": answer.who, "sha256": digest}
            if answer.photos:
                told["photos"] = list(answer.photos)
            self._audit.note(now_s, answer.by, "noted", answer.place or "farm", told)
        return answer

    async def keep_photo(self, data: bytes) -> str | Because:
        try:
            return await asyncio.to_thread(self._photos.keep, data, self._clock.now())
        except (sqlite3.Error, OSError) as error:
            log.error("photo_not_kept", extra={"why": str(error)})
            return Because("note_not_kept", {"why": str(error)})

    async def photo(self, name: str) -> bytes | None:
        return await asyncio.to_thread(photo, self._directory, name)

    async def logbook(self, search: Search) -> Sequence[Line]:
        await asyncio.to_thread(self._audit.write, self._clock.now())
        return await asyncio.to_thread(lines, self._directory, search)

    def notices(self, most: int) -> Sequence[Notice]:
        return self._notices.newest(most)

    def receipts(self, most: int) -> Sequence[Receipt]:
        return self._notifier.receipts(most)

    def send_test(self, to: str) -> Sequence[str]:
        return self._notifier.test(to)

    def siren(self) -> SirenNow | None:
        block, state = self.core.plan.siren, self._state
        if block is None:
            return None
        order, horn = state.orders.get(block.output), state.blocks.get(SIREN)
        until_s = horn.silent_until_s(self._clock.now()) if isinstance(horn, Horn) else 0.0
        return SirenNow(block.output, order is not None and order.owner == "siren", until_s)

    async def silence(self, change_id: str, by: str) -> Refusal | None:
        return await self._ask(Silence(change_id, by, self._clock.now()), "siren")

    def linked(self, token: str) -> LinkedAlarms | None:
        opened = self._notifier.opened(token)
        if opened is None:
            return None
        standing = {(one.id, one.activation): one for one in self.alarms()}
        return LinkedAlarms(
            opened.person, tuple(standing[one] for one in opened.alarms if one in standing), opened.used
        )

    async def acknowledge_by_link(self, token: str) -> LinkedAlarms | None:
        linked = self.linked(token)
        if linked is None or not await asyncio.to_thread(self._notifier.use, token):
            return None
        for number, alarm in enumerate(linked.alarms):
            wish_id = f"link-{token[:8]}-{number}"
            await self._ask(AlarmWish(wish_id, "acknowledge", alarm.id, linked.person, self._clock.now()), alarm.id)
        return linked

    def _take_up_entries(self) -> None:
        """After a restart: what stands goes to the core, what the record does not have yet to the record."""
        for entry in self._entries.all():
            if entry.id not in self._entries.recorded and entry.tag in self.tags:
                self._record_entry(entry)
        for name, tag in self.tags.items():
            stands = self._entries.stands(tag) if tag.entered else None
            if stands is not None and stands.usable is not None:
                self._inbox.append(stands)
                if self._entries.is_recorded(name):
                    self._remembered.add(stands)

    async def _ask(self, wish: PeoplesWish, subject: str) -> Refusal | None:
        """Put a person's wish before the next scan; None once it was granted. The same id is asked once."""
        event = self._answered.get(wish.id)
        if event is None:
            waiting = self._answers.get(wish.id)
            if waiting is None:
                waiting = self._answers[wish.id] = asyncio.get_running_loop().create_future()
                if not (isinstance(wish, AlarmWish) and self._desk.takes(wish)):
                    self._people.append(wish)
            try:
                async with asyncio.timeout(ANSWER_S):
                    event = await asyncio.shield(waiting)
            except TimeoutError:
                return Refusal(Because("no_answer", {"setpoint": subject}))
        if event.kind == "refused":
            return Refusal(Because(str(event.values.get("why", "limits")), dict(event.values)))
        return None

    async def changes(self) -> AsyncIterator[Mapping[str, Reading]]:
        queue: asyncio.Queue[dict[str, Reading]] = asyncio.Queue(1)
        self._followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)

    def _setpoint_now(self, name: str) -> SetpointNow:
        tag, state = self.tags[name], self._state
        program = self.core.recipes.program(name, state.recipes) if name in self.core.plan.programs else None
        reading = state.readings[name]
        low, high = tag.low if tag.low is not None else 0.0, tag.high if tag.high is not None else 0.0
        value = reading.number if reading.number is not None else low
        if program is None:
            return SetpointNow(name, tag.unit, value, value, low, high, False, "loop")
        chosen = state.chosen.get(name)
        target = program.target(chosen, state.values, max(state.at_s, 1.0))
        by = chosen.by if chosen is not None and program.settable and target == chosen.value else "program"
        if by == "program" and self.core.recipes.stage_of(name, state.recipes) is not None:
            by = "recipe"
        return SetpointNow(name, tag.unit, value, target, low, high, program.settable, by)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Event values under names that a log record does not use itself."""
    return {f"about_{key}": value for key, value in values.items()}
