"""Random faults over all facilities, and whether what lives there lives on: `make faults`.

Each case is a farm of its own (parameters thirty percent apart, another weather, another hour), two faults at most, and
two hours. Where something dies, the same faults are run again in the hands of somebody who sees the plant as it is
(`simulator/rescue.py`): only what that one saves counts as lost by us.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from controller.compose.score_run import FARMLOOP, Outcome, run_once
from simulator.chance import WINDOW_S, draw, words
from simulator.field import Field
from simulator.loaded_scenario import LoadedScenario
from simulator.rescue import rescue
from simulator.scenario import Event
from simulator.scenario_file import load_scenario, scenario_path

KINDS = (
    "aquaponics", "cold_store", "greenhouse", "mushroom", "nursery", "plant_factory", "pond", "ras", "solar_greenhouse",
    "tunnel",
)  # fmt: skip
SETTLE_S = 3600.0
SPREAD_PERCENT = 30.0


@dataclass(frozen=True, slots=True)
class Case:
    """One draw."""

    kind: str
    seed: int
    loaded: LoadedScenario

    @property
    def said(self) -> str:
        """What goes wrong in it, and when."""
        return words(self.loaded.scenario.timeline)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case went."""

    case: Case
    outcome: Outcome
    lost: bool
    """Something died that could have been saved."""

    def __str__(self) -> str:
        how = "lived" if self.outcome.survived else f"{'LOST' if self.lost else 'beyond help'} ({self.outcome.cause})"
        return f"{self.case.kind} seed {self.case.seed}: {how}; {self.case.said}"


def case_of(kind: str, seed: int) -> Case:
    """The case of this kind and seed: the same in every process."""
    usual = _usual(kind)
    random = Random(f"{kind} {seed}")
    start_s = usual.start_s + random.randrange(24) * 3600.0
    changed = {
        "settle": SETTLE_S,
        "length": WINDOW_S,
        "spread": SPREAD_PERCENT,
        "timeline": (),
        "goals": (),
        "gates": (),
    }
    calm = replace(usual, scenario=usual.scenario.model_copy(update=changed), start_s=start_s)
    field = calm.field(seed, start_s)
    events = draw(calm.site, calm.scenario.facility, field, random)
    return Case(kind, seed, with_events(calm, events))


def with_events(loaded: LoadedScenario, events: tuple[Event, ...]) -> LoadedScenario:
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"timeline": events}))


def judge(case: Case) -> Verdict:
    """Run it; where something dies, see whether anybody could have saved it."""
    outcome = run_once(case.loaded, FARMLOOP, case.seed)
    if outcome.survived:
        return Verdict(case, outcome, False)
    saved = run_once(case.loaded, FARMLOOP, case.seed, beside=Rescuer(case.loaded))
    return Verdict(case, outcome, saved.survived)


class Rescuer:
    """Holds every port that an actuator in order moves, from the first fault on, as a seeing person would."""

    def __init__(self, loaded: LoadedScenario) -> None:
        self._facility = loaded.scenario.facility
        self._kind = loaded.site.facilities[self._facility].kind
        self._bound: Mapping[str, list[str]] = {
            output: port if isinstance(port, list) else [port]
            for output, port in loaded.site.simulation[self._facility]["bind"].items()
            if output in loaded.site.outputs
        }
        self._events = loaded.scenario.timeline
        self._from_s = loaded.start_s + min((event.at for event in self._events), default=0.0)
        self._start_s = loaded.start_s
        self._devices = {tag: name for name, device in loaded.site.devices.items() for tag in device.tags.values()}
        self._buses = {name: device.bus for name, device in loaded.site.devices.items()}
        self._wires = {
            name: [getattr(output, "open", name), getattr(output, "close", name)]
            for name, output in loaded.site.outputs.items()
        }
        self._held: set[str] = set()

    def __call__(self, field: Field, now_s: float) -> None:
        """Once a scan."""
        if now_s < self._from_s:
            return
        ground = field.grounds[self._facility]
        broken = self._broken(now_s - self._start_s)
        in_hand: dict[str, tuple[float, float]] = {}
        for output, ports in self._bound.items():
            if output not in broken:
                limits = ground.plant.inputs
                in_hand |= {port: (limits[port].low, limits[port].high) for port in ports if port in limits}
        wanted = rescue(self._kind, ground.truth, in_hand)
        for port in self._held - set(wanted):
            if ground.fixed.get(port) is not None and not self._is_forced(port, now_s - self._start_s):
                field.force(self._facility, port, None)
        for port, value in wanted.items():
            if ground.fixed.get(port) != value:
                field.force(self._facility, port, value)
        self._held = set(wanted)

    def _broken(self, since_s: float) -> set[str]:
        """Outputs that nobody moves now: broken themselves, behind a device that is, or without power."""
        found: set[str] = set()
        for event in self._events:
            if not _is_now(event, since_s):
                continue
            if event.power is not None:
                return set(self._bound)
            names = {event.fault, event.unplug} - {None}
            for output, wires in self._wires.items():
                device = self._devices.get(wires[0], "")
                if output in names or device in names or self._buses.get(device) in names:
                    found.add(output)
        return found

    def _is_forced(self, port: str, since_s: float) -> bool:
        return any(_is_now(event, since_s) and port in (event.force or {}) for event in self._events)


def _is_now(event: Event, since_s: float) -> bool:
    return event.at <= since_s and (event.for_ is None or since_s < event.at + event.for_)


@cache
def _usual(kind: str) -> LoadedScenario:
    return load_scenario(scenario_path(f"normal_day_{kind}"))
