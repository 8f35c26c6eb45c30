"""Scenario files: read, laid over their site, every name and number held against it, each mistake with its place."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from edge_config.expand import read_site
from edge_config.loader import checked
from edge_config.merged import Merged
from edge_config.model.site import Site
from edge_config.refusals import problems_of
from edge_config.tags import site_tags
from edge_config.wording import listed, nearest
from foundation.document import Path_, read_document
from foundation.problem import Problem, ProblemsError
from foundation.units import Quantity, UnitError, difference, factor, parse_quantity
from simulator.devices.device import devices_of
from simulator.field import Field, FieldError
from simulator.loaded_scenario import STEADY, LoadedScenario, plant_of, position
from simulator.metrics import alarm_names, metric_names
from simulator.parameters import ParameterError, load_parameters
from simulator.plants.plant import Plant, Port, Weather
from simulator.references import REFERENCES
from simulator.scenario import ACTIONS, UNDISTURBED, Aim, Event, Scenario
from simulator.timeline import apply_fault
from simulator.weather_check import check_weather

__all__ = ["LoadedScenario", "load_scenario", "names", "scenario_path"]


def names() -> list[str]:
    """Every scenario that ships."""
    found = (entry.name for entry in files("simulator").joinpath("scenarios").iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


def scenario_path(name: str) -> Path:
    """The file of a scenario that ships, by its name, or any file."""
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    return Path(str(files("simulator").joinpath("scenarios", f"{name}.yaml")))


def load_scenario(path: Path) -> LoadedScenario:
    """Read and check. Raises OSError if the file cannot be read, ProblemsError with all that could be found."""
    document = read_document(path)
    if not isinstance(document.value, dict):
        raise ProblemsError([document.problem("E701", (), what="it has no keys")])
    text = Merged(document)
    try:
        scenario = Scenario.model_validate(text.value)
    except ValidationError as error:
        raise ProblemsError(_in_order(problems_of(error, text, Scenario))) from error
    return _Inspection(text, scenario, path).loaded()


class _Inspection:
    def __init__(self, text: Merged, scenario: Scenario, path: Path) -> None:
        self.text, self.scenario, self.path = text, scenario, path
        self.problems: list[Problem] = []

    def loaded(self) -> LoadedScenario:
        site = self._site()
        start_s = self._start(site)
        loaded = LoadedScenario(str(self.path), self.scenario, site, start_s, ())
        self._weather(site)
        self._facility(site)
        self._stop()
        plant = self._plant(site)
        self._stop()
        aims = tuple(self._aim(index, site, plant) for index in range(len(self.scenario.values)))
        self._gates(plant)
        self._people(site, plant)
        self._positions(site)
        self._stop()
        field = self._field(replace(loaded, aims=aims))
        self._stop()
        self._timeline(site, plant, field)
        self._goals(site, plant, field, aims)
        self._stop()
        return replace(loaded, aims=aims)

    # --- the site

    def _site(self) -> Site:
        name = self.scenario.site
        sample = files("edge_config").joinpath("sites", f"{name}.yaml")
        place = self.path.parent / name if name.endswith((".yaml", ".yml")) else Path(str(sample))
        if not place.is_file():
            samples = [entry.name.removesuffix(".yaml") for entry in files("edge_config").joinpath("sites").iterdir()]
            self._unknown("site", ("site",), name, samples)
            self._stop()
        merged = read_site(place)
        merged.change(self.text.main, ("changes",), self.scenario.changes)
        weather = self.scenario.weather
        if weather is not None and "steady" not in weather:
            merged.change(self.text.main, (), {"simulation": {"weather": None}})
            merged.change(self.text.main, (), {"simulation": {"weather": weather}})
        return checked(merged).site

    def _start(self, site: Site) -> float:
        try:
            moment = datetime.fromisoformat(self.scenario.start)
        except ValueError:
            self._wrong("E705", ("start",))
            self._stop()
        return moment.replace(tzinfo=ZoneInfo(site.site.timezone)).timestamp()

    def _facility(self, site: Site) -> None:
        name = self.scenario.facility
        if name not in site.simulation:
            known = [one for one in site.simulation if one != "weather"]
            self._unknown("facility", ("facility",), name, known)
        if self.scenario.length <= 0.0:
            self._wrong("E703", ("length",), low="0 s", high="…")

    def _weather_note(self, code: str, path: Path_, **values: Any) -> None:
        self._wrong(code, ("weather", *path), **values)

    def _weather(self, site: Site) -> None:
        weather = self.scenario.weather or {}
        steady = weather.get("steady")
        if steady is None:
            if weather:
                check_weather(weather, self.path.parent, site.site, self._weather_note)
            return
        for name, value in steady.items() if isinstance(steady, dict) else ():
            path = ("weather", "steady", name)
            if name not in STEADY:
                self._unknown("key", path, name, STEADY, key=True)
                continue
            _, low, high = STEADY[name]
            self._within(path, value, low, high)

    def _plant(self, site: Site) -> Plant:
        section = site.simulation[self.scenario.facility]
        name = str(section.get("parameters"))
        try:
            usual = load_parameters(name)
        except ParameterError as error:
            self._wrong("E701", ("site",), what=str(error))
            self._stop()
        for key, value in self.scenario.parameters.items():
            path = ("parameters", key)
            if key not in usual:
                self._unknown("parameter", path, key, usual, key=True)
            elif usual[key] > 0.0:
                # a size, a share or a rate is never below nothing; what may be negative is a temperature or a step
                may_be_negative = key.endswith(("_c", "_k"))
                self._within(path, value, -100.0 if may_be_negative else 0.0, float("inf"))
            else:
                self._within(path, value, float("-inf"), float("inf"))
        self._stop()
        try:
            plant = plant_of(self.scenario, site, 0)
            seen = plant.observe(plant.initial(), {}, Weather(15.0, 0.6, 2.0, 0.0, 5.0))
        except (ValueError, ArithmeticError) as error:
            self._wrong("E701", ("parameters",), what=str(error))
            self._stop()
        for port, value in seen.items():
            limits = plant.outputs[port]
            if not limits.low <= value <= limits.high:
                self._wrong("E701", ("parameters",), what=f"{port} would be {value:g}")
        return plant

    def _field(self, loaded: LoadedScenario) -> Field:
        try:
            return loaded.field(0, loaded.start_s)
        except FieldError as error:
            place = ("weather",) if "simulation.weather" in str(error) else ("changes",)
            self._wrong("E701", place, what=str(error))
            self._stop()
        raise AssertionError  # _stop has raised

    # --- what is watched

    def _aim(self, index: int, site: Site, plant: Plant) -> Aim:
        watched, path = self.scenario.values[index], ("values", index)
        nothing = Aim(watched.port, "", (), 1.0, None, 0.0, 0.0, 1.0, 1.0)
        if watched.port not in plant.outputs:
            self._unknown("output port", (*path, "port"), watched.port, plant.outputs)
            return nothing
        unit = plant.outputs[watched.port].unit
        scale = 1.0
        for tag in watched.setpoint:
            if tag not in site.programs:
                self._unknown("program", (*path, "setpoint"), tag, site.programs)
                return nothing
            scale = self._scale((*path, "setpoint"), site_tags(site)[tag].unit, unit)
        if len(watched.setpoint) > 2:
            self._wrong("E122", (*path, "setpoint"), count=len(watched.setpoint), wanted=2)
        target = self._number((*path, "target"), watched.target, unit) if watched.target is not None else None
        absolute = not watched.setpoint and target is None
        to = unit if absolute else difference(unit)
        low, high = (self._number((*path, "band", place), watched.band[place], to) for place in (0, 1))
        if not low <= high or (not absolute and not low <= 0.0 <= high):
            self._wrong("E336", (*path, "band"), low=str(watched.band[0]), high=str(watched.band[1]))
        port = plant.outputs[watched.port]
        for place, one in enumerate((low, high) if absolute else ()):
            self._within((*path, "band", place), one, port.low, port.high)
        if target is not None:
            self._within((*path, "target"), target, port.low, port.high)
        low_weight, high_weight = watched.weight
        return Aim(watched.port, unit, watched.setpoint, scale, target, low, high, low_weight, high_weight)

    def _gates(self, plant: Plant) -> None:
        for index, gate in enumerate(self.scenario.gates):
            ports = [("port", gate.port)] + ([("while", gate.while_.port)] if gate.while_ is not None else [])
            for key, port in ports:
                path: Path_ = ("gates", index, key) if key == "port" else ("gates", index, key, "port")
                if port not in plant.outputs:
                    self._unknown("output port", path, port, plant.outputs)
            if not gate.low < gate.high or not (isfinite(gate.low) or isfinite(gate.high)):
                self._wrong("E336", ("gates", index), low=f"{gate.low:g}", high=f"{gate.high:g}")

    def _people(self, site: Site, plant: Plant) -> None:
        tags = site_tags(site)
        entered = [name for name, tag in tags.items() if tag.entered]
        for index, one in enumerate(self.scenario.people):
            path: Path_ = ("people", index)
            if one.enter not in entered:
                self._unknown("entered tag", (*path, "enter"), one.enter, entered)
            elif one.port not in plant.outputs:
                self._unknown("output port", (*path, "port"), one.port, plant.outputs)
            else:
                self._scale((*path, "port"), plant.outputs[one.port].unit, tags[one.enter].unit)

    def _positions(self, site: Site) -> None:
        for tag in self.scenario.references:
            if tag not in site.outputs:
                self._unknown("output", ("references", tag), tag, site.outputs, key=True)

    def _goals(self, site: Site, plant: Plant, field: Field, aims: tuple[Aim, ...]) -> None:
        known = metric_names(aims, field.actuators, plant.outputs, alarm_names(site))
        for index, goal in enumerate(self.scenario.goals):
            if (goal.at_most is None) is (goal.at_least is None):
                self._wrong("E704", ("goals", index), choices="at_most, at_least")
            if goal.metric not in known:
                self._unknown("metric", ("goals", index, "metric"), goal.metric, known)
            if goal.of is not None and goal.of not in (UNDISTURBED, *REFERENCES):
                self._unknown("controller", ("goals", index, "of"), goal.of, (UNDISTURBED, *REFERENCES))

    # --- what happens

    def _timeline(self, site: Site, plant: Plant, field: Field) -> None:
        devices = devices_of(site, field)
        for index, event in enumerate(self.scenario.timeline):
            path: Path_ = ("timeline", index)
            said = [name for name in ACTIONS if getattr(event, name) is not None]
            if len(said) != 1:
                self._wrong("E704", path, choices=", ".join(ACTIONS))
                continue
            if event.at > self.scenario.length:
                self._within((*path, "at"), event.at, 0.0, self.scenario.length)
            match said[0]:
                case "force" | "ramp":
                    self._ports((*path, said[0]), event, plant.inputs)
                case "unplug":
                    if event.unplug not in devices and event.unplug not in site.buses:
                        self._unknown("device or bus", (*path, "unplug"), str(event.unplug), (*devices, *site.buses))
                case "fault":
                    try:
                        apply_fault(event, field, devices)
                    except (ValueError, KeyError) as error:
                        self._wrong("E701", (*path, "form"), what=str(error).strip("'"))
                case "set":
                    self._setpoint(path, event, site)
                case "hand":
                    self._hand(path, event, site)

    def _ports(self, path: Path_, event: Event, inputs: Mapping[str, Port]) -> None:
        wanted: dict[str, Any] = event.force if event.force is not None else event.ramp or {}
        for port, value in wanted.items():
            if port not in inputs:
                self._unknown("input port", (*path, port), port, inputs, key=True)
                continue
            for one in value if isinstance(value, tuple) else (value,):
                self._within((*path, port), one, inputs[port].low, inputs[port].high)
        if event.ramp is not None and not event.for_:
            self._wrong("E103", path[:-1], missing="for", example="6 h")

    def _setpoint(self, path: Path_, event: Event, site: Site) -> None:
        tag = event.set or ""
        program = site.programs.get(tag)
        if program is None:
            self._unknown("program", (*path, "set"), tag, site.programs)
            return
        unit = site_tags(site)[tag].unit
        value = self._read((*path, "to"), event.to, unit)
        if value is not None:
            self._within((*path, "to"), value, program.limits[0].to(unit), program.limits[1].to(unit))

    def _hand(self, path: Path_, event: Event, site: Site) -> None:
        if event.hand not in site.outputs:
            self._unknown("output", (*path, "hand"), str(event.hand), site.outputs)
        elif position(event.to) is None:
            self._wrong("E129", (*path, "to"))

    # --- words

    def _read(self, path: Path_, raw: Any, unit: str) -> float | None:
        try:
            return parse_quantity(raw).to(unit)
        except (UnitError, TypeError):
            self._wrong("E125", path, unit=unit, example=f"1 {unit}")
            return None

    def _number(self, path: Path_, quantity: Quantity, unit: str) -> float:
        try:
            return quantity.to(unit) if quantity.unit or quantity.value else 0.0
        except UnitError:
            self._wrong("E125", path, unit=unit, example=f"1 {unit}")
            return 0.0

    def _scale(self, path: Path_, unit: str, to: str) -> float:
        try:
            return factor(unit, to)
        except UnitError:
            self._wrong("E125", path, unit=to, example=f"1 {to}")
            return 1.0

    def _within(self, path: Path_, value: float, low: float, high: float) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong("E116", path)
        elif not low <= value <= high or not isfinite(value):
            self._wrong("E703", path, found=f"{value:g}", low=f"{low:g}", high=f"{high:g}")

    def _unknown(self, kind: str, path: Path_, found: str, known: Iterable[str], key: bool = False) -> None:
        there = sorted(known)
        self.problems.append(
            self.text.problem(
                "E702", path, key=key, kind=kind, found=found, near=nearest(found, there), known=listed(there)
            )
        )

    def _wrong(self, code: str, path: Path_, **values: Any) -> None:
        self.problems.append(self.text.problem(code, path, **values))

    def _stop(self) -> None:
        if self.problems:
            raise ProblemsError(_in_order(self.problems))


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column, problem.code))
