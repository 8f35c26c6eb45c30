"""What a run was worth, from true values and true positions (control.md 5.1). Pure: each meter is told what it sees.

Errors are integrated over hours: `iae` of a temperature is in K h. Travel is in full strokes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edge_config.model.control import Dosing, LoopBase
from edge_config.model.feeding import Feeding
from edge_config.model.site import Site
from simulator.actuators import Contact
from simulator.plants.plant import Port
from simulator.scenario import Aim, Gate

BACK_S = 600.0
"""Back in the band is back for ten minutes."""
CONTINUOUS = 0.002
"""A move smaller than this (share of a stroke) is no reversal but jitter."""

COUNTING = ("counter", "counts up", "since the start")
"""What the note of a port says that counts up."""

Metrics = dict[str, float | None]


@dataclass(slots=True)
class ValueMeter:
    """One watched value."""

    aim: Aim
    iae: float = 0.0
    out_of_band: float = 0.0
    out_s: float = 0.0
    seen_s: float = 0.0
    sum: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    last: float = 0.0
    excursion: float = 0.0
    """Farthest from the setpoint (or outside the band, where there is none)."""
    longest_return_s: float = 0.0
    recovered_s: float | None = None
    """Farm time from which on it stayed ten minutes in the band, after the last fault had ended."""
    _left_s: float | None = None
    _in_since_s: float | None = None

    def look(self, value: float, setpoints: tuple[float, float], now_s: float, dt_s: float, ended_s: float) -> None:
        """`value` has stood for `dt_s`; the setpoint is anywhere between the two. `ended_s`: when the last fault
        ended, infinity before that or if none does."""
        aim = self.aim
        if aim.is_absolute:
            short, over = max(aim.below - value, 0.0), max(value - aim.above, 0.0)
            error = short + over
        else:
            low, high = setpoints
            error = max(low - value, value - high, 0.0) if low < high else abs(value - low)
            short, over = max(low + aim.below - value, 0.0), max(value - high - aim.above, 0.0)
        hours = dt_s / 3600.0
        self.iae += error * hours
        self.out_of_band += (aim.low_weight * short + aim.high_weight * over) * hours
        self.seen_s += dt_s
        self.sum += value * dt_s
        self.low, self.high, self.last = min(self.low, value), max(self.high, value), value
        self.excursion = max(self.excursion, error)
        if short + over > 0.0:
            self.out_s += dt_s
            self._left_s = now_s if self._left_s is None else self._left_s
            self._in_since_s = None
        else:
            self._in_since_s = now_s if self._in_since_s is None else self._in_since_s
            if now_s - self._in_since_s >= BACK_S and self._left_s is not None:
                self.longest_return_s = max(self.longest_return_s, self._in_since_s - self._left_s)
                self._left_s = None
            since_s = max(self._in_since_s, ended_s)
            if self.recovered_s is None and now_s - since_s >= BACK_S:
                self.recovered_s = since_s

    def metrics(self, now_s: float, ended_s: float | None) -> Metrics:
        """All of it at the end of the run."""
        away_s = 0.0 if self._left_s is None else now_s - self._left_s
        recovery_s = None
        if ended_s is not None:
            recovery_s = (now_s if self.recovered_s is None else self.recovered_s) - ended_s
        return {
            "iae": self.iae,
            "out_of_band": self.out_of_band,
            "out_minutes": self.out_s / 60.0,
            "min": self.low,
            "max": self.high,
            "mean": self.sum / self.seen_s if self.seen_s else None,
            "last": self.last,
            "excursion": self.excursion,
            "return_s": max(self.longest_return_s, away_s),
            "recovery_s": recovery_s,
        }


@dataclass(slots=True)
class ActuatorMeter:
    """One output's true position, 0 to 1."""

    is_contact: bool
    position: float
    travel: float = 0.0
    reversals: int = 0
    switches: int = 0
    on_s: float = 0.0
    first_on_s: float | None = None
    """Farm time at which it was first on after the first fault."""
    first_off_s: float | None = None
    _way: int = 0

    def look(self, position: float, now_s: float, dt_s: float, faulty: bool) -> None:
        if faulty:
            if position > 0.0:
                self.first_on_s = now_s if self.first_on_s is None else self.first_on_s
            else:
                self.first_off_s = now_s if self.first_off_s is None else self.first_off_s
        self.on_s += dt_s * position
        moved = position - self.position
        if moved == 0.0:
            return
        if self.is_contact:
            self.switches += 1
        else:
            self.switches += (position > 0.0) is not (self.position > 0.0)
            self.travel += abs(moved)
            way = 1 if moved > 0.0 else -1
            if abs(moved) >= CONTINUOUS:
                self.reversals += way == -self._way
                self._way = way
        self.position = position


@dataclass(slots=True)
class GateMeter:
    """One limit that ends it."""

    gate: Gate
    held: bool = True
    broken_s: float = 0.0

    def look(self, truth: Mapping[str, float], dt_s: float) -> None:
        gate = self.gate
        holds = gate.while_ is None or truth[gate.while_.port] > gate.while_.above
        if holds and not gate.low <= truth[gate.port] <= gate.high:
            self.broken_s += dt_s
            self.held = self.held and self.broken_s <= gate.longer_than
        else:
            self.broken_s = 0.0


def meter_of(actuator: object, position: float) -> ActuatorMeter:
    return ActuatorMeter(isinstance(actuator, Contact), position)


@dataclass(slots=True)
class AlarmMeter:
    """Which alarms and trips came, and when. A reference controller has none."""

    first_fault_s: float | None
    alarms: dict[str, float] = field(default_factory=dict)
    """First time after the first fault, by alarm."""
    trips: dict[str, float] = field(default_factory=dict)
    false_alarms: int = 0
    _active: frozenset[str] = frozenset()

    def look(self, active: Iterable[str], tripped: Iterable[str], now_s: float) -> None:
        now_active = frozenset(active)
        after = self.first_fault_s is not None and now_s >= self.first_fault_s
        for one in now_active - self._active:
            if after:
                self.alarms.setdefault(one, now_s)
            else:
                self.false_alarms += 1
        self._active = now_active
        if after:
            for one in tripped:
                self.trips.setdefault(one, now_s)

    def metrics(self, known: Iterable[str]) -> Metrics:
        """`known`: alarms and interlocks that a goal may ask for, whether they came or not."""
        begun_s = self.first_fault_s
        first = min(self.alarms.values(), default=None)
        found: Metrics = {
            "alarm_s": None if first is None or begun_s is None else first - begun_s,
            "alarms": float(len(self.alarms)),
            "false_alarms": float(self.false_alarms),
        }
        for name in known:
            came_s = self.alarms.get(name, self.trips.get(name))
            found[f"{name}:alarm_s"] = None if came_s is None or begun_s is None else came_s - begun_s
        return found


def actuator_metrics(meters: Mapping[str, ActuatorMeter], hours: float, first_fault_s: float | None) -> Metrics:
    """Those of each output under its name, and the sums."""
    found: Metrics = {
        "travel": sum(one.travel for one in meters.values()),
        "reversals": float(sum(one.reversals for one in meters.values())),
        "switches": float(sum(one.switches for one in meters.values())),
        "starts_per_h": max((one.switches / 2.0 / hours for one in meters.values()), default=0.0),
    }
    for name, one in meters.items():
        found[f"{name}:travel"] = one.travel
        found[f"{name}:reversals"] = float(one.reversals)
        found[f"{name}:switches"] = float(one.switches)
        found[f"{name}:hours"] = one.on_s / 3600.0
        for key, moment_s in (("on_after_s", one.first_on_s), ("off_after_s", one.first_off_s)):
            found[f"{name}:{key}"] = None if moment_s is None or first_fault_s is None else moment_s - first_fault_s
    return found


def alarm_names(site: Site) -> list[str]:
    """Every alarm and trip that Farmloop may raise on a site: its own, and those that follow from its parts."""
    loops = {name: loop for name, loop in site.loops.items() if isinstance(loop, LoopBase)}
    return [
        *site.alarms,
        *site.interlocks,
        *(f"latched:{name}" for name, one in site.interlocks.items() if one.latches),
        *(f"dosing:{name}" for name, loop in loops.items() if isinstance(loop, Dosing)),
        *(f"unexpected:{name}" for name, loop in loops.items() if isinstance(loop, Dosing)),
        *(f"no_effect:{name}" for name, loop in loops.items() if not isinstance(loop, Dosing)),
        *(f"probe:{probe}" for tag in site.tags.values() for probe in tag.vote or ()),
        *(f"drift:{probe}" for tag in site.tags.values() for probe in tag.vote or ()),
        *(f"disagree:{name}" for name, tag in site.tags.items() if tag.vote is not None),
        *(
            f"{kind}:{name}"
            for name, loop in site.loops.items()
            if isinstance(loop, Feeding)
            for kind in ("meal", "ration")
        ),
        *(f"sensor:{loop.pv}" for loop in loops.values()),
        *(f"{kind}:{output}" for output in site.outputs for kind in ("order", "not_proven", "runs_on", "duty")),
        *(f"stale:{tag}" for tag in site.tags),
        *(f"bus:{bus}" for bus in site.buses),
        *(f"device:{device}" for device in site.devices),
    ]


def counters(outputs: Mapping[str, Port]) -> list[str]:
    """Output ports that count up."""
    return [name for name, port in outputs.items() if any(word in port.note for word in COUNTING)]


def resources(
    before: Mapping[str, float], truth: Mapping[str, float], at_fault: Mapping[str, float] | None = None
) -> Metrics:
    """What every counter counted, and from the first fault on; and all energy together, counted where it comes in."""
    used = {name: truth[name] - count for name, count in before.items()}
    since = {f"{name}:after_fault": truth[name] - count for name, count in (at_fault or {}).items()}
    # what a boiler's burner gave is not counted once more on its way into the pipes
    passed_on = {"energy.heat"} if "energy.boiler" in used else set[str]()
    bought = [one for name, one in used.items() if name.startswith("energy.") and name not in passed_on]
    return {**used, **since, "energy_kwh": sum(bought)}


def metric_names(
    aims: tuple[Aim, ...], actuators: Iterable[str], outputs: Mapping[str, Port], alarms: Iterable[str]
) -> list[str]:
    """Every metric that a goal may name. `bump`: the most that a loop moved its output at a restart, in %."""
    of_value = ValueMeter(aims[0]).metrics(0.0, None)
    found = [*of_value, *(f"{aim.port}:{name}" for aim in aims for name in of_value)]
    found += actuator_metrics({name: ActuatorMeter(True, 0.0) for name in actuators}, 1.0, None)
    counted = dict.fromkeys(counters(outputs), 0.0)
    found += resources(counted, dict.fromkeys(outputs, 0.0), counted)
    return [*found, *AlarmMeter(None).metrics(alarms), "bump"]
