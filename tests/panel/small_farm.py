"""A small farm in memory, with all that the panel may ask: values that tests set, limits that hold."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache, cached_property
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from controller.alarm_journal import AlarmChange
from controller.commissioning import Standing
from controller.core.calibrating import Calibrations, Points, ProbeNow
from controller.core.condition import Conditioner
from controller.core.explain import Claim, Why
from controller.core.scan import Core
from controller.core.state import Calibrated, Given, Mark
from controller.core.trials import TrialMemory
from controller.core.words import (
    AlarmNow,
    AlarmState,
    AlarmWish,
    Because,
    Bypass,
    Calibrate,
    Dose,
    EmergencyStop,
    LockOut,
    LockOutEnd,
    Maintain,
    MaintainEnd,
    Order,
    Override,
    ProofTest,
    RuleSwitch,
    Slot,
    Trial,
)
from controller.entries import Entry, Wish
from controller.first_outs import FirstOutRecord
from controller.history.aggregate import Slot as HourSlot
from controller.history.audit import Audit
from controller.history.bands import Band, of_points
from controller.history.logbook import Line, Logbook, Note, Search, lines
from controller.history.photos import Photos, photo
from controller.history.state_database import StateDatabase
from controller.notices import Notice
from controller.notify.queue import Receipt
from controller.panel.automation import RuleShape, RulesShape, SequenceShape, SequencesShape
from controller.panel.farm import LinkedAlarms, Refusal, SetpointNow, SirenNow
from controller.panel.hands import HandWish
from controller.panel.interlock_shapes import InterlockShape, InterlocksShape
from controller.panel.layout import NameShape
from controller.panel.recipes import RecipeBody, RecipesShape, RunningShape, StageShape, planned_shape
from controller.panel.schedule_shapes import ScheduleShape, proposed_state, schedule_shape
from controller.planned import Plan, Planned
from controller.rule_replay import Fired, Replay
from controller.why.card import Cards
from controller.why.journal import NotRecordedError
from controller.why.shape import Explanation
from drivers.driver import Statistics
from edge_config.model.site import Site
from foundation.clock import Clock, SteppedClock, process_time
from foundation.reading import Quality, Reading, Reason, Value, bad, good
from foundation.tag import Kind, Tag

START_S = 1_770_000_000.0


@cache
def _text_of_site() -> Any:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))


def site_document() -> dict[str, Any]:
    """Two fish tanks, a greenhouse bay and a plant factory room, as a site file spells them; to be changed at will."""
    document: dict[str, Any] = deepcopy(_text_of_site())
    return document


_TAGS = (
    ("ras1.tank1.do", "mg/L", "一池溶解氧", "Dissolved oxygen 1", 0.0, 25.0, 7.62),
    ("ras1.tank1.water_temp", "degC", "一池水温", "Water temperature 1", 0.0, 50.0, 24.3),
    ("ras1.tank2.do", "mg/L", "二池溶解氧", "Dissolved oxygen 2", 0.0, 25.0, 7.41),
    ("ras1.tank2.water_temp", "degC", "二池水温", "Water temperature 2", 0.0, 50.0, 24.1),
    ("ras1.all.ph", "pH", "池水 pH", "Water pH", 0.0, 14.0, 7.12),
    ("gh1.bay1.air_temp", "degC", "气温", "Air temperature", -20.0, 60.0, 21.4),
    ("gh1.bay1.rh", "%", "湿度", "Humidity", 0.0, 100.0, 78.0),
    ("gh1.bay1.vpd", "kPa", "饱和水汽压差", "VPD", None, None, 0.56),
    ("gh1.bay1.co2", "ppm", "二氧化碳", "CO2", 0.0, 5000.0, 642.0),
    ("gh1.all.radiation", "W/m2", "太阳辐射", "Radiation", 0.0, 1500.0, 412.0),
    ("gh1.all.door", "bool", "门磁", "Door", None, None, True),
    ("pf1.room1.ph", "pH", "营养液 pH", "Nutrient pH", 0.0, 14.0, 5.84),
    ("pf1.room1.ec", "mS/cm", "营养液 EC", "Nutrient EC", 0.0, 10.0, 1.83),
    ("pf1.room1.air_temp", "degC", "室温", "Room temperature", -20.0, 60.0, 22.8),
)  # fmt: skip


class SmallFarm:
    """A `Farm` without an agent: what tests put in is what the panel gets."""

    def __init__(self, clock: Clock | None = None, document: dict[str, Any] | None = None) -> None:
        self.clock: Clock = clock or SteppedClock(START_S)
        self.site = Site.model_validate(document or site_document())
        tags = {
            name: Tag(name, unit, Kind.MEASURED, "env", zh, en, low, high)
            for name, unit, zh, en, low, high, _ in _TAGS
        }  # fmt: skip
        for name, program in self.site.programs.items():
            zh, en = (program.name.zh, program.name.en) if program.name else (name, name)
            tags[name] = Tag(name, program.limits[0].unit, Kind.SETPOINT, "env", zh, en)
        for name, output in self.site.outputs.items():
            zh, en = (output.name.zh, output.name.en) if output.name else (name, name)
            tags[name] = Tag(name, "%", Kind.OUTPUT, "actuator", zh, en)
        self.tags: Mapping[str, Tag] = tags
        self._readings: dict[str, Reading] = {row[0]: good(row[0], row[6], self.clock.now()) for row in _TAGS}
        self._readings["gh1.all.door"] = good("gh1.all.door", True, self.clock.now())
        self._setpoints = {
            name: SetpointNow(
                name, program.limits[0].unit, program.value.value, program.value.value,
                program.limits[0].value, program.limits[1].value, True, "program",
            )
            for name, program in self.site.programs.items()
            if program.value is not None
        }  # fmt: skip
        loop = Because("loop", {"loop": "ras1.tank1.do_loop", "pv": 7.62, "sp": 7.5})
        vent = Because("loop", {"loop": "gh1.bay1.vent_loop", "pv": 21.4, "sp": 23.0})
        self.laid: list[HandWish] = []
        self.interlocks_asked: list[Bypass | ProofTest] = []
        self._marks: dict[str, Mark] = {}
        self._orders = {
            name: Order(name, value, slot, owner, because, float("inf"))
            for name, value, slot, owner, because in (
                ("ras1.tank1.o2_valve", 42.0, Slot.LOOP, "ras1.tank1.do_loop", loop),
                ("ras1.tank1.emergency_o2", 0.0, Slot.IDLE, "idle", Because("idle")),
                ("ras1.tank2.o2_valve", 38.0, Slot.LOOP, "ras1.tank2.do_loop",
                 Because("loop", {"loop": "ras1.tank2.do_loop", "pv": 7.41, "sp": 7.5})),
                ("gh1.bay1.vent", 0.0, Slot.LOOP, "gh1.bay1.vent_loop", vent),
                ("gh1.bay1.heater", 15.0, Slot.MANUAL, "wang", Because("manual", {"by": "wang"})),
                ("pf1.room1.lamps", 80.0, Slot.RULE, "pf1.room1.day", Because("rule", {"rule": "pf1.room1.day"})),
                ("pf1.room1.acid", 0.0, Slot.IDLE, "idle", Because("idle")),
            )
        }  # fmt: skip
        self._alarms: list[AlarmNow] = []
        self.alarms_asked: list[AlarmWish] = []
        self.calibrated: dict[str, tuple[Calibrated, ...]] = {}
        self.hold_calibration = False
        """True: a calibration is answered, but does not stand yet."""
        self._calibrations = Calibrations({name: Conditioner(tag) for name, tag in tags.items()}, {})
        self._devices = {
            "do_tank1": Statistics(polls=1200, answered=1199, writes=12, failures={"timeout": 1}, online=True,
                                   last_seen_s=self.clock.now(), latency_s=0.021),
            "do_tank2": Statistics(polls=1200, answered=900, failures={"crc": 12, "timeout": 288}, online=False,
                                   last_seen_s=self.clock.now() - 900, last_error="unit 12: no answer within 0.3 s"),
        }  # fmt: skip
        self._history: dict[str, list[tuple[float, float | None]]] = {}
        self._listeners: set[asyncio.Queue[Mapping[str, Reading]]] = set()
        self.changes_made: list[tuple[str, str, float, str]] = []
        self.explained: list[tuple[str, float | None]] = []
        self.rules_switched: list[RuleSwitch] = []
        self.horn: SirenNow | None = None
        self.entries_made: list[Entry] = []
        self.trials: dict[str, TrialMemory] = {}
        self.sequences_asked: list[tuple[str, str, str]] = []
        self.recipes_asked: list[tuple[str, str, float, str]] = []
        self.resets_made: list[tuple[str, str, str]] = []
        """Every setpoint change that was carried out: id, setpoint, value, by."""
        self._answers: dict[str, SetpointNow | Refusal] = {}
        self.replay = Replay()
        self.reset_names = {"ras1.tank1.ph_high"}
        self.slots: dict[str, list[HourSlot]] = {}
        self.link_token, self.links_used = "a-token-of-a-message-of-the-night", list[str]()
        self.halted = False
        """True: no scan any more, while the server goes on."""
        self.hold_echo = False
        """True: a change is answered, but the setpoint does not move until `echo`."""

    # --- what tests do to it

    def measure(self, tag: str, value: Value) -> None:
        self._tell(good(tag, value, self.clock.now()))

    def lose(self, tag: str, reason: Reason) -> None:
        """The tag's value is bad; a stale one keeps its last value and its old time, as the agent's does."""
        last = self._readings[tag]
        if reason is Reason.STALE:
            self._tell(Reading(tag, last.value, Quality.BAD, reason, last.time_s))
        else:
            self._tell(bad(tag, reason, self.clock.now()))

    def raise_alarm(self, alarm: AlarmNow) -> None:
        self._alarms.append(alarm)

    def put(
        self, readings: Mapping[str, Reading], orders: Mapping[str, Order], setpoints: Mapping[str, SetpointNow]
    ) -> None:
        """Another farm's values in place of its own."""
        self._readings, self._orders, self._setpoints = dict(readings), dict(orders), dict(setpoints)

    def end_alarms(self) -> None:
        self._alarms = []

    def order(self, order: Order) -> None:
        self._orders[order.output] = order

    def remember(self, tag: str, points: list[tuple[float, float | None]]) -> None:
        self._history[tag] = points

    def echo(self, name: str, value: float, by: str) -> None:
        old = self._setpoints[name]
        self._setpoints[name] = SetpointNow(name, old.unit, value, value, old.low, old.high, old.settable, by)
        self._tell(good(name, value, self.clock.now()))

    def _tell(self, reading: Reading) -> None:
        self._readings[reading.tag] = reading
        for queue in self._listeners:
            queue.put_nowait({reading.tag: reading})

    # --- what the panel asks

    def scanned(self) -> float:
        """Goes on by itself, however the clock is stepped, unless the controller is halted."""
        return START_S if self.halted else START_S + process_time()

    def now(self) -> float:
        return self.clock.now()

    def readings(self) -> Mapping[str, Reading]:
        return self._readings

    def orders(self) -> Mapping[str, Order]:
        return self._orders

    def setpoints(self) -> Mapping[str, SetpointNow]:
        return self._setpoints

    def alarms(self) -> Sequence[AlarmNow]:
        return self._alarms

    def alarms_flooded(self) -> bool:
        return len(self._alarms) >= 10

    async def alarm(self, wish: AlarmWish) -> Refusal | None:
        if wish.action == "take_out" and wish.subject in self.site.alarms:  # whether or not it stands
            self._alarms = [one for one in self._alarms if one.id != wish.subject]
            self.raise_alarm(AlarmNow(wish.subject, self.site.alarms[wish.subject].priority, False, self.now()))
        if wish.scope == "one" and all(alarm.id != wish.subject for alarm in self._alarms):
            return Refusal(Because("alarm_unknown", {"alarm": wish.subject}))
        self.alarms_asked.append(wish)
        states: dict[str, AlarmState] = {"shelve": "shelved", "take_out": "out_of_service"}
        new = states.get(wish.action, "acknowledged")
        until_s = self.now() + wish.until_s if wish.action in states else 0.0
        self._alarms = [
            replace(alarm, state=new, acknowledged_by=wish.by, until_s=until_s)
            if wish.scope == "all" or alarm.id == wish.subject
            else alarm
            for alarm in self._alarms
        ]
        return None

    def alarm_changes(self, from_s: float, to_s: float) -> Iterable[AlarmChange]:
        change = AlarmChange(
            START_S, "ras1.tank1.low", "raise", "normal", "unacknowledged", "critical", 1, "", "", "", START_S, 0.0, "",
            0.0,
        )  # fmt: skip
        return [change] if from_s <= change.time_s < to_s else []

    def devices(self) -> Mapping[str, Statistics]:
        return self._devices

    def buses(self) -> Mapping[str, bool]:
        return dict.fromkeys(self.site.buses, True)

    def commissioned(self) -> Mapping[str, Standing]:
        return {"do_tank1": "not needed", "relays": "never"}

    async def past(
        self, tags: Sequence[str], from_s: float, to_s: float
    ) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        return {tag: [point for point in self._history.get(tag, []) if from_s <= point[0] <= to_s] for tag in tags}

    async def hours(self, names: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[HourSlot]]:
        return {name: [one for one in self.slots.get(name, []) if from_s <= one.at_s < to_s] for name in names}

    async def bands(self, tags: Sequence[str], from_s: float, to_s: float) -> tuple[float, Mapping[str, Band]]:
        """Points as they came; above two hours, stretches half a unit around them."""
        points = await self.past(tags, from_s, to_s)
        if to_s - from_s <= 7200.0:
            return 0.0, {tag: of_points(one, to_s) for tag, one in points.items()}
        found = {tag: of_points(one, to_s) for tag, one in points.items()}
        for band in found.values():
            band.lows = [None if value is None else value - 0.5 for value in band.means]
            band.highs = [None if value is None else value + 0.5 for value in band.means]
        return 60.0, found

    async def reset(self, change_id: str, name: str, by: str) -> Refusal | None:
        self.resets_made.append((change_id, name, by))
        return None if name in self.reset_names else Refusal(Because("not_resettable", {}))

    def interlocks(self) -> InterlocksShape:
        shape = InterlockShape(
            "trip", "低氧", "Low oxygen", "ras1.tank1.do < '5 mg/L'", True, START_S * 1000.0, False, "", 30.0,
            None, "", None, True, "",
        )  # fmt: skip
        return InterlocksShape({name: shape for name in self.site.interlocks})

    async def interlock(self, wish: Bypass | ProofTest) -> Refusal | None:
        self.interlocks_asked.append(wish)
        return None if wish.interlock in self.site.interlocks else Refusal(Because("interlock_none", {}))

    async def first_outs(self, most: int) -> Sequence[FirstOutRecord]:
        rows = ((START_S, "ras1.tank1.do", 4.2, 3, ""),)
        return [FirstOutRecord("flow", "ras1.tank1.no_flow", START_S, ("ras1.tank1.low_oxygen",), True, rows=rows)]

    async def lay(self, wish: HandWish) -> Refusal | None:
        self.laid.append(wish)
        match wish:
            case Override(output=output, value=float(value)) if output in self._orders:
                mark = Mark("hand", output, wish.by, self.now(), wish.expires_s, value)
                self._marks[f"hand:{output}"] = mark
            case Override(output=output) if output in self._orders:
                self._marks.pop(f"hand:{output}", None)
            case LockOutEnd(supervisor=False):
                return Refusal(Because("not_your_lock", {"owner": "wang"}))
            case Dose(output="pf1.room1.acid"):
                return Refusal(Because("guard_mixing", {"output": wish.output, "owner": wish.by}))
            case Maintain():
                self._marks[f"care:{wish.tag}"] = Mark(wish.kind, wish.tag, wish.by, self.now(), wish.until_s)
            case MaintainEnd() if f"care:{wish.tag}" in self._marks:
                del self._marks[f"care:{wish.tag}"]
            case LockOutEnd() | LockOut() | EmergencyStop() | Dose():
                pass
            case _:
                return Refusal(Because("no_care", {}))
        return None

    def marks(self) -> Mapping[str, Mark]:
        return self._marks

    def probes(self) -> Mapping[str, ProbeNow]:
        found = {}
        for name in self._calibrations.probes():
            reading, made = self._readings.get(name), self.calibrated.get(name, ())
            if reading is not None and self.tags[name].kind is Kind.MEASURED:
                points, due_s = self._calibrations.points(self.calibrated, name), START_S - 86400.0
                found[name] = ProbeNow(
                    reading.number, reading.time_s, None, False, points, made, None if made else due_s
                )
        return found

    def judged(self, wish: Calibrate) -> Points | Because:
        return self._calibrations.judged(self.calibrated, wish)

    async def calibrate(self, wish: Calibrate) -> Refusal | None:
        points = self.judged(wish)
        if isinstance(points, Because):
            return Refusal(points)
        if not self.hold_calibration:
            made = Calibrated(points, wish.by, wish.method, wish.reference, wish.note, wish.measured_s, self.now())
            self.calibrated[wish.tag] = (*self.calibrated.get(wish.tag, ()), made)
        return None

    def doses(self) -> Mapping[str, Given]:
        return {
            one.id: Given(one.output, one.volume_l * 1000.0, one.by, one.time_s)
            for one in self.laid
            if isinstance(one, Dose)
        }

    async def set_setpoint(self, change_id: str, name: str, value: float, by: str) -> SetpointNow | Refusal:
        if change_id in self._answers:
            return self._answers[change_id]
        now = self._setpoints[name]
        if not isfinite(value) or not now.low <= value <= now.high:
            answer: SetpointNow | Refusal = Refusal(
                Because("limits", {"value": value, "low": now.low, "high": now.high})
            )
        else:
            self.changes_made.append((change_id, name, value, by))
            if not self.hold_echo:
                self.echo(name, value, by)
            answer = self._setpoints[name]
        self._answers[change_id] = answer
        return answer

    def recipes(self) -> RecipesShape:
        name = NameShape("番茄", "Tomato")
        stage = StageShape("root", NameShape("缓苗", "Rooting"), 10.0, 86400.0, {})
        now = RunningShape("tomato", name, "root", 4.0, 0.0, 0.0, 0.0, False, "li", (stage,), ())
        return RecipesShape(
            self.now() * 1000.0, {"tomato": ("gh1.bay1",)}, {"gh1.bay1": now}, versions={"gh1.bay1": "v1"},
            planned=tuple(map(planned_shape, self.planned.all())),
        )  # fmt: skip

    async def plan_recipe(self, plan: Plan) -> Refusal | None:
        refusal = self.planned.keep(plan, self.now())
        return None if refusal is None else Refusal(refusal)

    async def take_back_recipe(self, change_id: str, plan_id: str, by: str) -> Refusal | None:
        refusal = self.planned.cancel(plan_id, self.now())
        return None if refusal is None else Refusal(refusal)

    @cached_property
    def planned(self) -> Planned:
        return Planned(self.state_database)

    async def recipe(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        if body.recipe not in ("tomato", ""):
            return Refusal(Because("recipe_unknown", {"recipe": body.recipe, "zone": zone}))
        self.recipes_asked.append((zone, body.action, begun_s, by))
        return None

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        bare: dict[str, object] = {"loops": {}, "rules": (), "interlocks": {}, "alarms": {}}
        core, now_s = Core(self.site.model_copy(update=bare)), self.now()
        state = core.start(now_s)
        proposed = None if body is None else proposed_state(core, state, zone, body, now_s)
        return proposed if isinstance(proposed, Because) else schedule_shape(core, state, proposed, zone, now_s)

    def rules(self) -> RulesShape:
        rule = RuleShape(True, self.now() * 1000.0, False, "", 3, 120.0, 0)
        return RulesShape(self.now() * 1000.0, {"pf1.room1.day": rule})

    async def switch_rule(self, wish: RuleSwitch) -> Refusal | None:
        if wish.rule not in self.rules().rules:
            return Refusal(Because("rule_none", {"rule": wish.rule}))
        self.rules_switched.append(wish)
        return None

    def siren(self) -> SirenNow | None:
        return self.horn

    def begin_rule_replay(self, by: str) -> Refusal | None:
        self.replay = Replay("running", self.now(), by)
        return None

    def rule_replay(self) -> Replay:
        return self.replay

    def replayed(self) -> None:
        """The replay that runs is done."""
        fired = {"pf1.room1.day": Fired(3, 9.5, START_S - 40000.0)}
        changed: dict[str, Fired | None] = {"pf1.room1.day": Fired(4, 10.25, START_S - 43000.0)}
        times = self.now() - 86400.0, self.now()
        self.replay = Replay("done", times[1], self.replay.by, *times, 86400, {**fired}, changed)

    def sequences(self) -> SequencesShape:
        one = SequenceShape("running", 1, 3, self.now() * 1000.0, "li", "", ())
        return SequencesShape(self.now() * 1000.0, {"gh1.bay1.purge": one})

    async def sequence(self, change_id: str, name: str, action: str, by: str) -> Refusal | None:
        if name != "gh1.bay1.purge":
            return Refusal(Because("sequence_none", {"sequence": name, "known": "gh1.bay1.purge"}))
        self.sequences_asked.append((change_id, action, by))
        return None

    async def begin_trial(self, wish: Trial) -> Refusal | None:
        if wish.loop not in self.site.loops:
            return Refusal(Because("trial_loop", {"loop": wish.loop, "loops": ", ".join(self.site.loops)}))
        kept = self.trials.get(wish.loop)
        self.trials[wish.loop] = kept or TrialMemory(
            wish.id, wish.form, wish.by, wish.size, wish.within, wish.longest_s, self.now(), self.now(),
            outputs=(40.0, 50.0), values=(20.0, 20.1),
        )  # fmt: skip
        return None

    async def end_trial(self, change_id: str, loop: str, by: str) -> Refusal | None:
        if loop not in self.trials:
            return Refusal(Because("trial_none", {"loop": loop}))
        self.trials[loop] = self.trials[loop]._replace(ended="stopped", ended_s=self.now())
        return None

    def trial(self, loop: str) -> TrialMemory | None:
        return self.trials.get(loop)

    def trial_every_s(self, loop: str) -> float:
        return 5.0

    async def explain(self, output: str, at_s: float | None) -> Explanation:
        if at_s is not None and not START_S - 86400.0 <= at_s <= self.now():
            raise NotRecordedError(START_S - 86400.0, self.now())
        self.explained.append((output, at_s))
        order = self._orders[output]
        because = order.because
        ends_s = self.now() + 600.0 if order.slot is Slot.MANUAL else None
        won = Claim(
            order.slot.name.lower(), order.owner, because.key, order.value, dict(because.values), ends_s=ends_s
        )  # fmt: skip
        then = Claim("idle", "safe", "safe", 0.0)
        since_s = self.now() - 60.0
        why = Why(output, at_s or self.now(), order.value, order.value, True, won, then, (), (), since_s, since_s)
        return Explanation(Cards("Asia/Shanghai"), why, at_s or self.now())

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        if wish.tag != "ras1.tank1.tan":
            return Refusal(Because("entry_not_entered", {"tag": wish.tag}))
        value = None if wish.value is None else float(wish.value)
        entry = Entry(
            wish.id, wish.tag, value, "mg/L", f"{wish.value} {wish.unit}", wish.time_s, wish.who,
            wish.method, wish.note, wish.corrects, self.now(), by,
        )  # fmt: skip
        self.entries_made.append(entry)
        return entry

    def entered(self, tag: str | None, most: int) -> Sequence[tuple[Entry, str | None]]:
        found = [one for one in reversed(self.entries_made) if tag in (None, one.tag)][:most]
        return [(one, next((o.id for o in found if o.corrects == one.id), None)) for one in found]

    @cached_property
    def state_database(self) -> StateDatabase:
        self._folder = TemporaryDirectory()
        return StateDatabase(Path(self._folder.name))

    def did(self, at_s: float, who: str, what: str, subject: str, said: dict[str, object]) -> None:
        """Somebody did something, and the audit has it."""
        audit = Audit(self.state_database)
        audit.note(at_s, who, what, subject, said)
        audit.write(self.now())

    async def note(self, note: Note, seen: str = "") -> Note | Because:
        return Logbook(self.state_database).keep(note, self.now(), seen)

    async def keep_photo(self, data: bytes) -> str | Because:
        return Photos(self.state_database).keep(data, self.now())

    async def photo(self, name: str) -> bytes | None:
        return photo(self.state_database.path.parent, name)

    async def logbook(self, search: Search) -> Sequence[Line]:
        return lines(self.state_database.path.parent, search)

    def notices(self, most: int) -> Sequence[Notice]:
        text = {"zh-CN": "晨间换气", "en": "Morning purge"}
        return [Notice("gh1.bay1.purge#0@1", "gh1.bay1.purge", START_S, text, ("li",))][:most]

    def receipts(self, most: int) -> Sequence[Receipt]:
        at_s = START_S + 2.0
        one = Receipt(7, START_S, "li", "alarm", "critical", "[Critical] oxygen", "li_phone", "delivered", 1, at_s, "")
        return [one][:most]

    def send_test(self, to: str) -> Sequence[str]:
        return [name for name in ("li", "wang") if to in ("all", name)]

    async def silence(self, change_id: str, by: str) -> Refusal | None:
        self.resets_made.append((change_id, "siren", by))
        if self.horn is None:
            return Refusal(Because("no_siren", {}))
        self.horn = SirenNow(self.horn.output, False, self.now() + 600.0)
        return None

    def linked(self, token: str) -> LinkedAlarms | None:
        return LinkedAlarms("li", tuple(self._alarms), token in self.links_used) if token == self.link_token else None

    async def acknowledge_by_link(self, token: str) -> LinkedAlarms | None:
        linked = self.linked(token)
        if linked is None or linked.used:
            return None
        self.links_used.append(token)
        self._alarms = [replace(alarm, acknowledged_by="li") for alarm in self._alarms]
        return self.linked(token)

    async def changes(self) -> AsyncIterator[Mapping[str, Reading]]:
        queue: asyncio.Queue[Mapping[str, Reading]] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
