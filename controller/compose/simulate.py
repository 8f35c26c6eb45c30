"""A whole farm in one process on a stepped clock: the site, the core and the plants, with no frames between them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from zoneinfo import ZoneInfo

from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import ScanResult, Snapshot
from edge_config.model.control import Dosing, Hysteresis, LoopBase, PBand, Pid
from edge_config.model.site import Site
from foundation.clock import AcceleratedClock
from foundation.reading import Reading, Value
from simulator.devices.device import VirtualDevice, devices_of
from simulator.field import Field
from simulator.survival import Survival

BANDS = {
    "degC": 1.0, "mg/L": 0.7, "mS/cm": 0.15, "pH": 0.2, "%": 8.0, "ppm": 120.0, "kPa": 0.2, "umol/m2/s": 15.0,
    "g/m3": 1.5,
}  # fmt: skip
"""How far a value may be from its setpoint to be held, by unit."""
ONE_WAY = ("ppm", "%", "kPa", "g/m3")
"""CO2 and humidity are only ever raised, or only lowered: such a loop answers for that side alone."""
SETTLE_S = 4 * 3600.0
"""Before the first midnight: time to settle, not counted."""
LOOK_S = 10.0
"""The table looks so often."""
START = "2026-03-20"
"""The simulated farm's first day."""


@dataclass(slots=True)
class LoopScore:
    """One loop's row: how long its value was held. `side` says on which side of the setpoint it answers for it."""

    loop: str
    tag: str
    setpoint_source: str
    unit: str
    side: str
    band: float
    looks: int = 0
    inside: int = 0
    squares: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def look(self, value: float, setpoint: float) -> None:
        error = value - setpoint
        if self.side == "below":
            error = min(error, 0.0)
        elif self.side == "above":
            error = max(error, 0.0)
        self.looks += 1
        self.inside += abs(error) <= self.band
        self.squares += error * error
        self.low, self.high = min(self.low, value), max(self.high, value)

    def row(self) -> dict[str, object]:
        looks = max(self.looks, 1)
        seen = self.looks > 0  # a value that nothing is bound to was never there
        return {
            "tag": self.tag,
            "setpoint_source": self.setpoint_source,
            "in_band_percent": round(100.0 * self.inside / looks, 2),
            "rms_error": round(sqrt(self.squares / looks), 4) if seen else None,
            "min": round(self.low, 3) if seen else None,
            "max": round(self.high, 3) if seen else None,
            "loop": self.loop,
            "unit": self.unit,
            "band": self.band,
            "side": self.side,
        }


@dataclass(slots=True)
class _Polled:
    """A device, and when it is read next."""

    device: VirtualDevice
    due_s: float


class Wires:
    """Every device of a farm in memory: read when it is due, written at once. No frames between."""

    def __init__(self, devices: dict[str, VirtualDevice], start_s: float) -> None:
        self.devices = devices
        self._polled: list[_Polled] = []
        self._device_of: dict[str, VirtualDevice] = {}
        for index, device in enumerate(devices.values()):
            device.open(start_s)
            # spread over their periods, as links are
            due_s = start_s + 1.0 + (index % max(int(device.settings.period), 1))
            self._polled.append(_Polled(device, due_s))
            self._device_of |= dict.fromkeys(device.tags.values(), device)

    def read(self, now_s: float, heard: bool = True) -> list[Reading]:
        """What devices that are due say. Not `heard`, nobody asks them, and their watchdogs wait."""
        readings: list[Reading] = []
        for polled in self._polled:
            device = polled.device
            if device.watchdog_s:
                device.tick(now_s)
            if now_s >= polled.due_s:
                polled.due_s += device.settings.period
                if heard:
                    readings += device.poll(now_s)
        return readings

    def write(self, commands: Iterable[tuple[str, Value]], now_s: float) -> list[tuple[str, bool, str | None]]:
        """Set device tags, a device's together; each with whether it was confirmed, and why not."""
        orders: dict[str, dict[str, Value]] = {}
        for tag, value in commands:
            orders.setdefault(self._device_of[tag].name, {})[tag] = value
        return [written for name, values in orders.items() for written in self.devices[name].order(values, now_s)]


@dataclass(slots=True)
class Simulation:
    """The parts of one run. Moved by `step`; `report` says how it went so far."""

    site: Site
    core: Core
    farm: Field
    wires: Wires
    state: State
    now_s: float
    scores: list[LoopScore]
    gates: dict[str, Survival]
    _written: list[tuple[str, bool, str | None]] = field(default_factory=list)

    @property
    def devices(self) -> dict[str, VirtualDevice]:
        return self.wires.devices

    def step(self, people: tuple[object, ...] = ()) -> ScanResult:
        """One scan: the farm moves, devices that are due are read, the core decides, devices are written."""
        now_s = self.now_s = self.now_s + self.core.scan_s
        self.farm.advance(now_s)
        readings = tuple(self.wires.read(now_s))
        snapshot = Snapshot(readings, tuple(self._written), people)  # type: ignore[arg-type]  # people's wishes
        result = self.core.scan(self.state, snapshot, now_s)
        self.state = result.state
        self._written = self.wires.write([(one.tag, one.value) for one in result.commands], now_s)
        return result

    def look(self, dt_s: float, scored: bool) -> None:
        """Take the table's figures."""
        values = self.state.values
        for score in self.scores:
            setpoint = values.get(score.setpoint_source)
            true = self._truth(score.tag)
            if scored and true is not None and setpoint is not None:
                score.look(true, float(setpoint))
        for name, gate in self.gates.items():
            gate.watch(self.farm.grounds[name].truth, dt_s)

    def _truth(self, tag: str) -> float | None:
        """What is really there; of a voted tag, where its first probe stands."""
        setting = self.site.tags.get(tag)
        probe = setting.vote[0] if setting is not None and setting.vote else tag
        true = self.farm.truth(probe)
        if true is not None:
            return true
        value = self.state.values.get(tag)
        return None if value is None or isinstance(value, str) else float(value)

    @property
    def survived(self) -> bool:
        return all(gate.alive for gate in self.gates.values())


def start_of(site: Site, date: str = START) -> float:
    """Farm time of local midnight of a day."""
    return datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(site.site.timezone)).timestamp()


def prepare(site: Site, seed: int, start_s: float) -> Simulation:
    """Everything for a run that begins at `start_s`. Raises FieldError for a wrong simulation section."""
    core = Core(site)
    farm = Field(site, start_s, seed)
    wires = Wires(devices_of(site, farm), start_s)
    return Simulation(site, core, farm, wires, core.start(start_s), start_s, _scores(core), _gates(site, farm))


def run(
    site: Site,
    days: float,
    seed: int,
    progress: Callable[[float], None] | None = None,
    on_scan: Callable[[ScanResult], None] | None = None,
    pace: float | None = None,
) -> Simulation:
    """Settle, then `days` of the farm: as fast as it goes, or `pace` farm seconds a second."""
    first_day_s = start_of(site)
    simulation = prepare(site, seed, first_day_s - SETTLE_S)
    end_s = first_day_s + days * 86400.0
    look_s = simulation.now_s + LOOK_S
    clock = AcceleratedClock(simulation.now_s, pace) if pace is not None else None
    while simulation.now_s < end_s:
        if clock is not None:
            asyncio.run(clock.sleep_until(simulation.now_s + simulation.core.scan_s))
        result = simulation.step()
        if on_scan is not None:
            on_scan(result)
        if simulation.now_s >= look_s:
            look_s += LOOK_S
            simulation.look(LOOK_S, simulation.now_s >= first_day_s)
            if progress is not None:
                progress(simulation.now_s)
    return simulation


def _scores(core: Core) -> list[LoopScore]:
    site, found = core.plan, []
    loops = {name: loop for name, loop in core.site.loops.items() if isinstance(loop, LoopBase)}
    shared: Mapping[str, int] = {
        loop.pv: sum(other.pv == loop.pv for other in loops.values()) for loop in loops.values()
    }
    for name, loop in loops.items():
        if loop.sp in site.cascaded:
            continue  # an inner setpoint is a means, nobody asked for it
        unit = core.tags[loop.pv].unit
        lowers = _lowers(loop)
        one_sided = shared[loop.pv] > 1 or isinstance(loop, Hysteresis | PBand) or unit in ONE_WAY
        side = ("above" if lowers else "below") if one_sided else "both"
        found.append(LoopScore(name, loop.pv, loop.sp, unit, side, BANDS.get(unit, float("inf"))))
    return found


def _lowers(loop: Pid | PBand | Hysteresis | Dosing) -> bool:
    """Whether more of the loop's output lowers its value."""
    match loop:
        case Hysteresis():
            return loop.above is not None
        case PBand():
            return loop.band.value > 0
        case Pid():
            return loop.kc.value < 0
        case Dosing():
            return loop.effect.value < 0


def _gates(site: Site, farm: Field) -> dict[str, Survival]:
    return {name: Survival(site.facilities[name].kind) for name in farm.grounds}
