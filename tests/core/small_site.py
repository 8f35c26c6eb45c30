"""A small site with one of everything that the core has, and a farm that scans it on a stepped time."""

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import AlarmNow, Command, Event, Order, ScanResult, Snapshot
from edge_config.model.site import Site
from foundation.reading import Quality, Reading, Reason, Value, bad, good

START_S = 1_770_000_000.0
"""2026-02-02 10:40 in Shanghai."""

_LEASED = {"lease": "20 s", "fail_safe_by": "device"}
_OFF = {**_LEASED, "safe": "off"}
_NAMED = {"zh": "报警", "en": "Alarm"}
_TOLD = {"cause": _NAMED, "consequence": _NAMED, "response": _NAMED}


def document() -> dict[str, Any]:
    """One zone `fa.z`, 1 s scans; change it and give it to `core_of`."""
    return {
        "schema": 1,
        "site": {
            "id": "small", "name": {"zh": "小", "en": "Small"},
            "timezone": "Asia/Shanghai", "latitude": 36.88, "longitude": 118.74,
        },
        "facilities": {"fa": {"kind": "greenhouse", "zones": ["z"], "name": {"zh": "甲", "en": "A"}}},
        "buses": {"line": {"protocol": "modbus_tcp", "host": "192.0.2.1"}},
        "devices": {
            "inputs": {
                "product": "generic/io_node", "bus": "line", "unit": 1, "period": "5 s",
                "tags": {
                    "in1": "fa.z.temp_a", "in2": "fa.z.temp_b", "in3": "fa.z.temp_c", "in4": "fa.z.rh",
                    "in5": "fa.z.ppfd",
                    "in6": "fa.z.ec", "in7": "fa.z.ph", "in8": "fa.z.pipe", "in9": "fa.z.co2", "in10": "fa.z.fed",
                    "in11": "fa.z.level", "in12": "fa.z.free", "input1": "fa.z.door",
                },
            },
            "switches": {
                "product": "generic/io_node", "bus": "line", "unit": 2, "period": "5 s",
                "tags": {
                    "relay1": "fa.z.heater", "relay2": "fa.z.fan", "relay3": "fa.z.vent_open",
                    "relay4": "fa.z.vent_close",
                    "relay5": "fa.z.pump_a", "relay6": "fa.z.pump_b", "relay7": "fa.z.pump_acid",
                    "relay8": "fa.z.stirrer",
                    "relay9": "fa.z.rescue", "relay10": "fa.z.feeder", "relay11": "fa.z.co2_valve",
                    "relay12": "fa.z.siren",
                    "out1": "fa.z.lamp", "out2": "fa.z.mixer", "out3": "fa.z.fog",
                },
            },
        },
        "tags": {
            "fa.z.temp_a": {"unit": "degC", "range": ["-20 degC", "60 degC"], "rate": "3 K/min", "spike": "3 K"},
            "fa.z.temp_b": {"unit": "degC", "range": ["-20 degC", "60 degC"]},
            "fa.z.temp_c": {"unit": "degC", "range": ["-20 degC", "60 degC"]},
            "fa.z.temp": {"vote": ["fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"], "disagree": "1 K", "danger": "low"},
            "fa.z.rh": {"unit": "%", "range": ["0 %", "100 %"], "filter": "30 s"},
            "fa.z.vpd": {"derive": "vpd(fa.z.temp, fa.z.rh)"},
            "fa.z.error": {"derive": "fa.z.temp - fa.z.temp_sp"},
            "fa.z.ppfd": {"unit": "umol/m2/s", "range": ["0 umol/m2/s", "2500 umol/m2/s"]},
            "fa.z.dli": {"integrate": "fa.z.ppfd", "unit": "mol/m2/d"},
            "fa.z.ec": {"unit": "mS/cm", "range": ["0 mS/cm", "20 mS/cm"]},
            "fa.z.ph": {"unit": "pH", "range": ["2 pH", "12 pH"]},
            "fa.z.pipe": {"unit": "degC", "range": ["-20 degC", "120 degC"]},
            "fa.z.co2": {"unit": "ppm", "range": ["0 ppm", "10000 ppm"]},
            "fa.z.fed": {"unit": "kg"},
            "fa.z.level": {"unit": "%"},
            "fa.z.free": {"unit": "kW"},
            "fa.z.lab": {"entry": "lab", "unit": "mg/L", "stale": "48 h"},
        },
        "outputs": {
            "fa.z.heater": {**_OFF, "type": "time_proportioned", "period": "60 s", "min_pulse": "4 s"},
            "fa.z.fan": {**_OFF, "type": "on_off", "min_on": "60 s", "min_off": "120 s"},
            "fa.z.vent": {
                **_LEASED, "type": "three_point", "open": "fa.z.vent_open", "close": "fa.z.vent_close",
                "travel": "120 s",
                "backlash": "2 %", "dead_zone": "2 %", "safe": {"hold": "2 min", "then": "0 %"},
            },
            "fa.z.lamp": {**_OFF, "type": "analog", "low": "10 %", "rate": "60 %/min"},
            "fa.z.mixer": {**_LEASED, "type": "analog", "safe": {"hold": "1 min", "then": "20 %"}},
            "fa.z.fog": {**_OFF, "type": "analog"},
            "fa.z.pump_a": {**_OFF, "type": "pulse", "flow": "2 mL/s", "max_pulse": "90 s", "max_per_day": "2 L"},
            "fa.z.pump_b": {**_OFF, "type": "pulse", "flow": "4 mL/s", "max_pulse": "90 s", "max_per_day": "2 L"},
            "fa.z.pump_acid": {**_OFF, "type": "pulse", "flow": "0.5 mL/s", "max_pulse": "60 s",
                "max_per_day": "500 mL"},
            "fa.z.stirrer": {**_LEASED, "type": "on_off", "life_support": True, "safe": "on", "idle": "on"},
            "fa.z.rescue": {**_LEASED, "type": "on_off", "life_support": True, "safe": "on", "idle": "off"},
            "fa.z.feeder": {**_OFF, "type": "on_off"},
            "fa.z.co2_valve": {**_OFF, "type": "on_off"},
            "fa.z.siren": {**_OFF, "type": "on_off"},
        },
        "programs": {
            "fa.z.temp_sp": {
                "periods": [{"from": "sunrise", "value": "22 degC"}, {"from": "sunset", "value": "18 degC"}],
                "ramp": {"up": "2 K/h", "down": "2 K/h"}, "limits": ["10 degC", "30 degC"], "cap": "1 K",
                "influences": [{"of": "fa.z.rh", "from": ["80 %", "0 K"], "to": ["90 %", "2 K"]}],
            },
            "fa.z.vent_sp": {"value": "24 degC", "limits": ["10 degC", "32 degC"]},
            "fa.z.pipe_sp": {"by_loop": "fa.z.temp_loop", "limits": ["20 degC", "60 degC"]},
            "fa.z.ppfd_sp": {
                "light": {"target": "12 mol/m2/d", "accrued": "fa.z.dli", "from": "06:00", "to": "22:00"},
                "limits": ["0 umol/m2/s", "500 umol/m2/s"],
            },
            "fa.z.ec_sp": {"value": "1.8 mS/cm", "limits": ["0.5 mS/cm", "3 mS/cm"]},
            "fa.z.ph_sp": {"value": "5.8 pH", "limits": ["5 pH", "7 pH"]},
            "fa.z.co2_sp": {"value": "800 ppm", "limits": ["300 ppm", "1500 ppm"]},
            "fa.z.rh_sp": {"value": "75 %", "limits": ["40 %", "95 %"]},
        },
        "loops": {
            "fa.z.temp_loop": {
                "type": "pid", "pv": "fa.z.temp", "sp": "fa.z.temp_sp", "out": "fa.z.pipe_sp", "period": "30 s",
                "kc": "6 K/K",
                "ti": "30 min", "b": 0.8, "on_loss": {"hold": "1 min", "then": "45 %"},
                "feed_forward": {"of": "fa.z.free", "gain": "0.5 K/kW", "lag": "2 min"},
            },
            "fa.z.pipe_loop": {
                "type": "pid", "pv": "fa.z.pipe", "sp": "fa.z.pipe_sp", "out": "fa.z.heater", "period": "10 s",
                "kc": "3 %/K", "ti": "8 min", "td": "20 s", "on_loss": {"hold": "30 s", "then": "20 %"},
            },
            "fa.z.vent_loop": {
                "type": "pid", "pv": "fa.z.temp", "sp": "fa.z.vent_sp", "period": "20 s", "kc": "-10 %/K",
                "ti": "10 min",
                "on_loss": {"hold": "1 min", "then": "10 %"},
                "split": [
                    {"out": "fa.z.vent", "of": ["0 %", "60 %"], "gives": ["0 %", "100 %"]},
                    {"out": "fa.z.mixer", "of": ["40 %", "100 %"], "gives": ["0 %", "80 %"]},
                ],
            },
            "fa.z.light_loop": {
                "type": "pid", "pv": "fa.z.ppfd", "sp": "fa.z.ppfd_sp", "out": "fa.z.lamp", "period": "10 s",
                "kc": "0.1 %/(umol/m2/s)", "ti": "60 s", "on_loss": "off",
            },
            "fa.z.fog_loop": {
                "type": "p_band", "pv": "fa.z.rh", "sp": "fa.z.rh_sp", "out": "fa.z.fog", "band": "-10 %",
                "period": "10 s",
                "on_loss": "5 %",
            },
            "fa.z.fan_loop": {
                "type": "hysteresis", "pv": "fa.z.rh", "sp": "fa.z.rh_sp", "out": "fa.z.fan", "above": "5 %",
                "period": "10 s",
                "on_loss": "off",
            },
            "fa.z.ec_loop": {
                "type": "dosing", "pv": "fa.z.ec", "sp": "fa.z.ec_sp", "out": ["fa.z.pump_a", "fa.z.pump_b"],
                "gap": "30 s",
                "effect": "2 mS/cm/L", "share": 0.7, "deadband": "0.04 mS/cm", "wait": "5 min", "period": "20 s",
                "only_with": "fa.z.stirrer", "on_loss": "off",
            },
            "fa.z.ph_loop": {
                "type": "dosing", "pv": "fa.z.ph", "sp": "fa.z.ph_sp", "out": ["fa.z.pump_acid"],
                "effect": "-10 pH/L",
                "deadband": "0.06 pH", "wait": "5 min", "period": "20 s", "only_with": "fa.z.stirrer",
                "on_loss": "off",
            },
            "fa.z.co2_loop": {
                "type": "hysteresis", "pv": "fa.z.co2", "sp": "fa.z.co2_sp", "out": "fa.z.co2_valve",
                "below": "50 ppm",
                "period": "10 s", "on_loss": "off",
            },
            "fa.z.feeding": {"type": "timer", "out": "fa.z.feeder", "at": ["10:45", "23:50"], "run": "20 min"},
        },
        "rules": [
            {
                "id": "fa.z.no_co2_with_open_door", "when": "fa.z.door", "for": {"on": "5 s", "off": "10 s"},
                "on_bad_quality": "assert", "then": [{"inhibit": "fa.z.co2_valve"}, {"set": "fa.z.siren",
                "to": "on"}],
            },
            {
                "id": "fa.z.dry_air", "when": "fa.z.vpd > '1.5 kPa'", "clear": "fa.z.vpd < '1.2 kPa'",
                "on_bad_quality": "hold", "then": [{"set": "fa.z.siren", "to": "off"}],
            },
        ],
        "interlocks": {
            "fa.z.too_hot": {
                "when": "fa.z.temp > '35 degC'", "delay": "5 s", "off_delay": "60 s", "on_bad_quality": "ignore",
                "effect": [{"inhibit": "fa.z.heater"}, {"set": "fa.z.vent", "to": "on"}],
            },
            "fa.z.too_much_co2": {
                "when": "fa.z.co2 > '2000 ppm'", "delay": "10 s", "latch": True,
                "effect": [{"inhibit": "fa.z.co2_valve"}],
            },
            "fa.z.empty": {
                "when": "fa.z.level < '10 %'", "delay": "3 s", "on_bad_quality": "hold",
                "effect": [{"inhibit": "fa.z.rescue"}, {"inhibit": "fa.z.pump_a"}, {"inhibit": "fa.z.pump_b"}],
            },
            "fa.z.cold": {
                "when": "fa.z.temp < '5 degC'", "on_bad_quality": "trip", "effect": [{"set": "fa.z.rescue",
                "to": "on"}],
            },
        },
        "alarms": {
            "fa.z.low": {
                **_TOLD, "when": "fa.z.temp < '8 degC'", "priority": "critical", "delay": {"on": "10 s",
                "off": "20 s"},
                "deadband": "0.5 K",
            },
            "fa.z.acid": {**_TOLD, "when": "fa.z.ph < '5 pH'", "priority": "medium", "on_bad_quality": "ignore"},
            "fa.z.open": {**_TOLD, "when": "fa.z.door", "priority": "low", "on_bad_quality": "hold"},
        },
    }  # fmt: skip


def core_of(site: dict[str, Any]) -> Core:
    return Core(Site.model_validate(site))


@cache
def small_core() -> Core:
    """The small site as it stands, built once: a core keeps nothing between scans."""
    return core_of(document())


def changed(*path_and_value: Any) -> dict[str, Any]:
    """The small site with one thing set: `changed("outputs", "fa.z.lamp", "rate", "5 %/min")`."""
    site = deepcopy(document())
    *path, last, value = path_and_value
    place: Any = site
    for key in path:
        place = place[key]
    place[last] = value
    return site


def only(*loops: str) -> dict[str, Any]:
    """The small site with these loops and what they need alone, for long runs."""
    site = document()
    site["loops"] = {name: site["loops"][name] for name in loops}
    spelled = str(site["loops"])
    site["outputs"] = {name: output for name, output in site["outputs"].items() if f"'{name}'" in spelled}
    site["programs"] = {name: one for name, one in site["programs"].items() if f"'{name}'" in spelled}
    wires = str(site["outputs"])
    switches = site["devices"]["switches"]
    switches["tags"] = {channel: tag for channel, tag in switches["tags"].items() if f"'{tag}'" in wires}
    site["tags"] = {name: tag for name, tag in site["tags"].items() if "derive" not in tag}
    site["rules"], site["interlocks"], site["alarms"] = [], {}, {}
    return site


CALM: dict[str, Value] = {
    "fa.z.temp_a": 21.0, "fa.z.temp_b": 21.0, "fa.z.temp_c": 21.0, "fa.z.rh": 70.0, "fa.z.ppfd": 200.0,
    "fa.z.ec": 1.8,
    "fa.z.ph": 5.8, "fa.z.pipe": 40.0, "fa.z.co2": 800.0, "fa.z.fed": 0.0, "fa.z.level": 80.0, "fa.z.free": 0.0,
    "fa.z.door": False,
}  # fmt: skip
"""What every sensor says while nothing happens."""


class Farm:
    """A core that is scanned once a second; what `says` holds is what the sensors say each time."""

    def __init__(self, core: Core | None = None, start_s: float = START_S, kept: object = None) -> None:
        self.core = core or small_core()
        self.now_s = start_s
        self.state: State = self.core.start(start_s, kept)
        watched = {getattr(loop, "pv", None) for loop in self.core.site.loops.values()}
        votes = {probe for tag in self.core.site.tags.values() for probe in tag.vote or ()}
        whole = bool(self.core.plan.interlocks)
        self.says: dict[str, Value | Reason] = {
            tag: value for tag, value in CALM.items() if whole or tag in watched | votes
        }
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.wires: dict[str, Value] = {}
        """What was last commanded to each device tag."""
        self.confirms = True
        self._written: tuple[tuple[str, bool, str | None], ...] = ()

    def scan(self, people: Iterable[Any] = (), after_s: float = 1.0) -> ScanResult:
        """One scan; a sensor that `says` a Reason fails with it, one that says nothing is silent."""
        self.now_s += after_s
        readings = tuple(
            bad(tag, value, self.now_s) if isinstance(value, Reason) else good(tag, value, self.now_s)
            for tag, value in self.says.items()
        )
        result = self.core.scan(self.state, Snapshot(readings, self._written, tuple(people)), self.now_s)
        self.state = result.state
        self._written = tuple((command.tag, self.confirms, None) for command in result.commands)
        self.events += result.events
        self.commands += result.commands
        self.wires |= {command.tag: command.value for command in result.commands}
        return result

    def run(self, seconds: float, after_s: float = 1.0) -> ScanResult:
        """Scans for so long."""
        for _ in range(max(round(seconds / after_s), 1)):
            result = self.scan(after_s=after_s)
        return result

    def order(self, output: str) -> Order:
        order: Order = self.state.orders[output]
        return order

    def told(self, kind: str) -> list[str]:
        """Subjects of the events of one kind, in order."""
        return [event.subject for event in self.events if event.kind == kind]

    @property
    def standing(self) -> tuple[AlarmNow, ...]:
        """Alarms whose cause is there, and that nothing else explains."""
        return tuple(one for one in self.state.alarms if one.state in ("unacknowledged", "acknowledged"))

    def quality(self, tag: str) -> tuple[Quality, str | None]:
        reading: Reading = self.state.readings[tag]
        return reading.quality, reading.reason
