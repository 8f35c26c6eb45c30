"""A small farm in memory, with all that the panel may ask: three facilities, values that tests set, limits that hold."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from math import isfinite
from typing import Any

from controller.core.words import AlarmNow, Because, Order, Slot
from controller.panel.farm import Refusal, SetpointNow
from drivers.driver import Statistics
from edge_config.model.site import Site
from foundation.clock import Clock, SteppedClock
from foundation.reading import Quality, Reading, Reason, Value, bad, good
from foundation.tag import Kind, Tag

START_S = 1_770_000_000.0


def _loop(kind: str, pv: str, sp: str, out: str, **more: Any) -> dict[str, Any]:
    """A loop as a site file spells it."""
    return {"type": kind, "pv": pv, "sp": sp, "period": "10 s", "on_loss": "off", "out": out, **more}


def site_document() -> dict[str, Any]:
    """Two fish tanks, a greenhouse bay and a plant factory room."""
    switch = {"type": "on_off", "safe": "off", "lease": "20 s", "fail_safe_by": "device"}
    return {
        "schema": 1,
        "site": {
            "id": "demo_farm", "name": {"zh": "示范农场", "en": "Demo farm"},
            "timezone": "Asia/Shanghai", "latitude": 36.88, "longitude": 118.74,
        },
        "facilities": {
            "ras1": {"kind": "ras", "species": "largemouth_bass", "zones": ["tank1", "tank2"], "name": {"zh": "循环水一号", "en": "RAS 1"}},
            "gh1": {"kind": "greenhouse", "crop": "tomato", "zones": ["bay1"], "name": {"zh": "一号温室", "en": "Greenhouse 1"}},
            "pf1": {"kind": "plant_factory", "crop": "lettuce", "zones": ["room1"], "name": {"zh": "植物工厂", "en": "Plant factory"}},
        },
        "buses": {"rs485a": {"protocol": "modbus_rtu", "port": "by-id/usb-FTDI_1"}},
        "devices": {
            "do_tank1": {"product": "yosemitech/y504_a", "bus": "rs485a", "unit": 11, "tags": {"oxygen": "ras1.tank1.do"}},
            "do_tank2": {"product": "yosemitech/y504_a", "bus": "rs485a", "unit": 12, "tags": {"oxygen": "ras1.tank2.do"}},
        },
        "outputs": {
            "ras1.tank1.o2_valve": {**switch, "type": "time_proportioned", "period": "60 s", "name": {"zh": "一池氧气阀", "en": "Oxygen valve 1"}},
            "ras1.tank1.emergency_o2": {**switch, "safe": "on", "life_support": True, "name": {"zh": "一池应急增氧", "en": "Emergency oxygen 1"}},
            "ras1.tank2.o2_valve": {**switch, "type": "time_proportioned", "period": "60 s", "name": {"zh": "二池氧气阀", "en": "Oxygen valve 2"}},
            "gh1.bay1.vent": {**switch, "type": "analog", "name": {"zh": "天窗", "en": "Roof vent"}},
            "gh1.bay1.heater": {**switch, "type": "analog", "name": {"zh": "加温", "en": "Heating"}},
            "pf1.room1.lamps": {**switch, "type": "analog", "name": {"zh": "补光灯", "en": "Lamps"}},
            "pf1.room1.acid": {
                **switch, "type": "pulse", "flow": "2 mL/s", "max_pulse": "10 s", "max_per_day": "200 mL", "name": {"zh": "加酸泵", "en": "Acid pump"},
            },
        },
        "programs": {
            "ras1.tank1.do_sp": {"value": "7.5 mg/L", "limits": ["6 mg/L", "12 mg/L"]},
            "ras1.tank2.do_sp": {"value": "7.5 mg/L", "limits": ["6 mg/L", "12 mg/L"]},
            "gh1.bay1.heat_sp": {"value": "18 degC", "limits": ["8 degC", "28 degC"], "name": {"zh": "加温温度", "en": "Heating temperature"}},
            "gh1.bay1.vent_sp": {"value": "23 degC", "limits": ["10 degC", "32 degC"], "name": {"zh": "通风温度", "en": "Ventilation temperature"}},
            "pf1.room1.ph_sp": {"value": "5.8 pH", "limits": ["5 pH", "7 pH"]},
        },
        "loops": {
            "ras1.tank1.do_loop": _loop("pid", "ras1.tank1.do", "ras1.tank1.do_sp", "ras1.tank1.o2_valve", kc="12 %", ti="8 min", deadband="0.4 mg/L"),
            "ras1.tank2.do_loop": _loop("pid", "ras1.tank2.do", "ras1.tank2.do_sp", "ras1.tank2.o2_valve", kc="12 %", ti="8 min", deadband="0.4 mg/L"),
            "gh1.bay1.vent_loop": _loop("p_band", "gh1.bay1.air_temp", "gh1.bay1.vent_sp", "gh1.bay1.vent", band="4 K"),
            "gh1.bay1.heat_loop": _loop("hysteresis", "gh1.bay1.air_temp", "gh1.bay1.heat_sp", "gh1.bay1.heater", below="1 K"),
            "pf1.room1.ph_loop": {
                "type": "dosing", "pv": "pf1.room1.ph", "sp": "pf1.room1.ph_sp", "out": ["pf1.room1.acid"], "period": "60 s",
                "on_loss": "off", "effect": "0.1 pH/L", "deadband": "0.2 pH", "wait": "5 min",
            },
        },
        "interlocks": {
            "ras1.tank1.low_oxygen": {
                "when": "ras1.tank1.do < '5.0 mg/L'", "effect": [{"set": "ras1.tank1.emergency_o2", "to": "on"}],
                "name": {"zh": "溶氧过低应急增氧", "en": "Emergency oxygen at low oxygen"},
            },
        },
        "alarms": {
            "ras1.tank1.do_low_low": {
                "when": "ras1.tank1.do < '5.0 mg/L'", "priority": "critical",
                "cause": {"zh": "一池供氧或循环中断", "en": "Tank 1: oxygen supply or circulation lost"},
                "consequence": {"zh": "约 {minutes} 分钟后鱼开始死亡", "en": "Fish begin to die in about {minutes} min"},
                "response": {"zh": "检查应急增氧阀和循环泵", "en": "Check the emergency oxygen valve and the circulation pump"},
            },
            "gh1.bay1.humid": {
                "when": "gh1.bay1.rh > '92 %'", "priority": "medium",
                "cause": {"zh": "一号温室湿度过高", "en": "Greenhouse 1 is too humid"},
                "consequence": {"zh": "叶面结露，灰霉病风险", "en": "Wet leaves: risk of botrytis"},
                "response": {"zh": "开窗并加温除湿", "en": "Open the vents and heat"},
            },
        },
    }  # fmt: skip


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
        self.tags: dict[str, Tag] = {
            name: Tag(name, unit, Kind.MEASURED, "env", zh, en, low, high)
            for name, unit, zh, en, low, high, _ in _TAGS
        }  # fmt: skip
        for name, program in self.site.programs.items():
            low, high = program.limits
            named = program.name
            self.tags[name] = Tag(
                name, low.unit, Kind.SETPOINT, "env", named.zh if named else name, named.en if named else name
            )
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
        self._devices = {
            "do_tank1": Statistics(polls=1200, answered=1199, writes=12, failures={"timeout": 1}, online=True,
                                   last_seen_s=self.clock.now(), latency_s=0.021),
            "do_tank2": Statistics(polls=1200, answered=900, failures={"crc": 12, "timeout": 288}, online=False,
                                   last_seen_s=self.clock.now() - 900, last_error="unit 12: no answer within 0.3 s"),
        }  # fmt: skip
        self._history: dict[str, list[tuple[float, float | None]]] = {}
        self._listeners: set[asyncio.Queue[Mapping[str, Reading]]] = set()
        self.changes_made: list[tuple[str, str, float, str]] = []
        """Every setpoint change that was carried out: id, setpoint, value, by."""
        self._answers: dict[str, SetpointNow | Refusal] = {}
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

    def devices(self) -> Mapping[str, Statistics]:
        return self._devices

    def trend(self, tags: Sequence[str], seconds: float) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        since_s = self.now() - seconds
        return {tag: [point for point in self._history.get(tag, []) if point[0] >= since_s] for tag in tags}

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

    async def changes(self) -> AsyncIterator[Mapping[str, Reading]]:
        queue: asyncio.Queue[Mapping[str, Reading]] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
