"""Reads a site's `simulation` section: which plant, instrument and actuator stands behind which tag."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from drivers.product import Channel, load_product
from edge_config.model.outputs import Analog, Output, ThreePoint
from edge_config.model.site import Site
from foundation.units import UnitError, factor, parse_quantity
from simulator.actuators import Actuator, Contact, Level, Motor, adjust
from simulator.beside import KEYS as BESIDE_KEYS
from simulator.beside import beside_of
from simulator.ground import TICK_S, Ground
from simulator.instruments import Character, Instrument, adjusted, character_of
from simulator.plants import (
    aquaponics,
    cold_store,
    greenhouse,
    mushroom_house,
    nursery,
    plant_factory,
    pond,
    ras,
    solar_greenhouse,
    tunnel,
)
from simulator.plants.plant import Plant, Port
from simulator.sunlit import Sunlit
from simulator.weather import WeatherSource
from simulator.weather_of_site import MILD, weather_of

STEP_S = 5.0
"""Longest step of a plant unless the site says otherwise; instruments refresh as often."""
PLANTS: Mapping[str, Callable[..., Plant]] = {
    "aquaponics": aquaponics.load,
    "cold_store": cold_store.load,
    "greenhouse": greenhouse.load,
    "mushroom": mushroom_house.load,
    "nursery": nursery.load,
    "plant_factory": plant_factory.load,
    "pond": pond.load,
    "ras": ras.load,
    "solar_greenhouse": solar_greenhouse.load,
    "tunnel": tunnel.load,
}
_FACILITY_KEYS = ("plant", "parameters", "bind", "instruments", "actuators", "inputs", "step")


class FieldError(ValueError):
    """The `simulation` section names what is not there; every mistake in a line of its own, with its place."""


class Layout:
    """What stands in the field of a site. Raises FieldError with everything that is wrong."""

    def __init__(
        self, site: Site, seed: int, plants: Mapping[str, Plant] | None = None, sky: WeatherSource | None = None
    ) -> None:
        self.site = site
        self.channels = _channels(site)
        """Device tag -> channel of its product."""
        self.grounds: dict[str, Ground] = {}
        self.actuators: dict[str, Actuator] = {}
        """Output (or bound device tag) -> what it moves."""
        self.by_channel: dict[str, tuple[Actuator, list[Ground]]] = {}
        """Device tag -> the actuator it belongs to, and the grounds that feel it."""
        self.instruments: dict[str, Instrument] = {}
        self._problems: list[str] = []
        self.sky = Sunlit(sky or self._load_sky(seed), site.site.latitude, site.site.longitude)
        for tag, output in site.outputs.items():
            self._add_output(tag, output)
        for name, section in site.simulation.items():
            if name != "weather":
                self._add_ground(name, section, seed, (plants or {}).get(name))
        if self._problems:
            raise FieldError("\n".join(self._problems))

    def _load_sky(self, seed: int) -> WeatherSource:
        try:
            return weather_of(self.site.simulation.get("weather"), self.site.site, seed)
        except (ValueError, OSError) as error:
            self._wrong("simulation.weather", str(error))
            return MILD

    def _add_output(self, tag: str, output: Output) -> None:
        actuator: Actuator
        if isinstance(output, ThreePoint):
            actuator = Motor(output.open, output.close, max(output.travel, 1e-3), output.backlash / 100.0)
            self.by_channel[output.open] = self.by_channel[output.close] = (actuator, [])
        else:
            actuator = self._driven_by(tag, output)
            self.by_channel[tag] = (actuator, [])
        self.actuators[tag] = actuator

    def _driven_by(self, tag: str, output: Output | None) -> Actuator:
        """What a single channel moves: a contact, or a level over the channel's range (% and 0 to 1 are ranges)."""
        channel = self.channels.get(tag)
        if channel is not None and channel.kind == "bool":
            return Contact()
        if output is not None and not isinstance(output, Analog):
            return Contact()
        low = output.low / 100.0 if isinstance(output, Analog) else 0.0
        if channel is not None and channel.unit != "%" and channel.range is not None:
            return Level(channel.range[0], channel.range[1], low)
        return Level(low=low)

    def _add_ground(self, name: str, section: Any, seed: int, plant: Plant | None) -> None:
        place = f"simulation.{name}"
        if name not in self.site.facilities:
            self._wrong(place, unknown("facility", name, self.site.facilities))
            return
        if not isinstance(section, dict):
            self._wrong(place, "wants plant, parameters and bind")
            return
        for key in section:
            if key not in _FACILITY_KEYS:
                self._wrong(f"{place}.{key}", unknown("key", key, _FACILITY_KEYS))
        if plant is None:
            plant = self._load_plant(place, section)
            if plant is None:
                return
        ground = Ground(name, plant, self._steps(place, section.get("step"), plant))
        self.grounds[name] = ground
        for tag, ports in self._mapping(place, section, "bind").items():
            for port in ports if isinstance(ports, list) else [ports]:
                self._bind(f"{place}.bind.{tag}", ground, tag, str(port), seed)
        for tag, settings in self._mapping(place, section, "instruments").items():
            self._adjust_instrument(f"{place}.instruments.{tag}", ground, tag, settings)
        for tag, settings in self._mapping(place, section, "actuators").items():
            self._adjust_actuator(f"{place}.actuators.{tag}", tag, settings)
        for port, value in self._mapping(place, section, "inputs").items():
            if port not in plant.inputs:
                self._wrong(f"{place}.inputs.{port}", unknown("input port", port, plant.inputs))
            elif isinstance(value, bool) or not isinstance(value, int | float):
                self._wrong(f"{place}.inputs.{port}", f"'{value}' is not a number")
            else:
                ground.rest[port] = float(value)

    def _load_plant(self, place: str, section: dict[str, Any]) -> Plant | None:
        kind, parameters = str(section.get("plant")), section.get("parameters")
        if kind not in PLANTS:
            self._wrong(f"{place}.plant", unknown("plant", kind, PLANTS))
        elif parameters is None:
            self._wrong(place, "has no parameters: the name of a file in simulator/parameters")
        else:
            try:
                return PLANTS[kind](str(parameters))
            except ValueError as error:
                self._wrong(f"{place}.parameters", str(error))
        return None

    def _steps(self, place: str, raw: Any, plant: Plant) -> int:
        step_s = STEP_S
        if raw is not None:
            try:
                step_s = parse_quantity(raw).to("s")
            except UnitError as error:
                self._wrong(f"{place}.step", str(error))
        return max(1, int(min(step_s, plant.step_s) / TICK_S))

    def _bind(self, place: str, ground: Ground, tag: str, port: str, seed: int) -> None:
        site, plant = self.site, ground.plant
        if tag not in self.channels and tag not in site.outputs and tag not in site.tags:
            self._wrong(place, f"no device, output or tag '{tag}'")
        elif self._is_written(tag, port, plant):
            if port in plant.inputs:
                self._bind_actuator(place, ground, tag, port)
            else:
                self._wrong(place, unknown("input port", port, plant.inputs))
        elif port not in plant.outputs and port not in site.outputs:
            self._wrong(place, unknown("output port", port, plant.outputs))
        elif tag in self.instruments:
            self._wrong(place, f"'{tag}' is bound twice")
        elif port in site.outputs:
            self._bind_instrument(place, ground, tag, port, Port("", 0.0, 1.0), seed)
        else:
            self._bind_instrument(place, ground, tag, port, plant.outputs[port], seed)

    def _is_written(self, tag: str, port: str, plant: Plant) -> bool:
        channel = self.channels.get(tag)
        if tag in self.site.outputs or channel is None or channel.access == "read":
            return tag in self.site.outputs
        # a node that says anything may be told anything: only the port can tell which is meant
        return channel.kind != "any" or port not in plant.outputs

    def _bind_actuator(self, place: str, ground: Ground, tag: str, port: str) -> None:
        for output_tag, output in self.site.outputs.items():
            if isinstance(output, ThreePoint) and tag in (output.open, output.close):
                self._wrong(place, f"'{tag}' is a contact of '{output_tag}': bind that")
                return
        if tag not in self.actuators:
            actuator = self._driven_by(tag, None)
            self.actuators[tag] = actuator
            self.by_channel[tag] = (actuator, [])
        actuator = self.actuators[tag]
        ground.attach(actuator, port)
        for other, grounds in self.by_channel.values():
            if other is actuator and ground not in grounds:
                grounds.append(ground)

    def _bind_instrument(self, place: str, ground: Ground, tag: str, port: str, shows: Port, seed: int) -> None:
        unit = self._unit(tag) or shows.unit
        try:
            scale = _scale(shows, unit)
        except UnitError as error:
            self._wrong(place, f"port '{port}': {error}")
            return
        channel = self.channels.get(tag)
        instrument = Instrument(
            tag,
            port,
            _scaled(character_of(shows.unit, port), scale),
            seed,
            scale,
            floor=0.0 if shows.low == 0.0 else float("-inf"),
            contact=channel is not None and channel.kind == "bool",
        )
        self.instruments[tag] = instrument
        if port in self.site.outputs:
            ground.feedbacks.append((instrument, self.actuators[port]))
        else:
            ground.instruments.append(instrument)

    def _unit(self, tag: str) -> str:
        """The unit in which a device says this tag, '' where nobody has said."""
        channel, setting = self.channels.get(tag), self.site.tags.get(tag)
        if channel is not None and channel.unit:
            return channel.unit
        return setting.unit if setting is not None and setting.unit else ""

    def _adjust_instrument(self, place: str, ground: Ground, tag: str, settings: Any) -> None:
        instrument = self.instruments.get(tag)
        if instrument is None:
            self._wrong(place, f"nothing is bound to '{tag}'")
            return
        if not isinstance(settings, dict):
            self._wrong(place, "wants {noise: …, lag: …, …}")
            return
        unit, ports = self._unit(tag), ground.plant.outputs
        own = {key: raw for key, raw in settings.items() if key not in BESIDE_KEYS}
        try:
            instrument.character = adjusted(instrument.character, own, unit)
            if instrument.port in ports:
                units = {name: port.unit for name, port in ports.items()}
                instrument.beside = beside_of(settings, unit or ports[instrument.port].unit, units)
            elif len(own) < len(settings):
                raise ValueError("what looks at an output has nothing beside it")
        except ValueError as error:
            self._wrong(place, str(error))

    def _adjust_actuator(self, place: str, tag: str, settings: Any) -> None:
        actuator = self.actuators.get(tag)
        if actuator is None:
            self._wrong(place, unknown("output", tag, self.actuators))
        elif not isinstance(settings, dict):
            self._wrong(place, "wants {travel: …, backlash: …} of a motor, {min_on: …, min_off: …} of a contact")
        else:
            try:
                adjust(actuator, settings)
            except ValueError as error:
                self._wrong(place, str(error))

    def _mapping(self, place: str, section: dict[str, Any], key: str) -> dict[str, Any]:
        found = section.get(key, {})
        if isinstance(found, dict):
            return found
        self._wrong(f"{place}.{key}", "must be a mapping")
        return {}

    def _wrong(self, place: str, what: str) -> None:
        self._problems.append(f"{place}: {what}")


def _channels(site: Site) -> dict[str, Channel]:
    found: dict[str, Channel] = {}
    for device in site.devices.values():
        product = load_product(device.product)
        for name, tag in device.tags.items():
            channel = product.channels.get(name) or product.channels.get("*")
            if channel is not None:
                found[tag] = channel
    return found


def _scale(port: Port, unit: str) -> float:
    """From the port's unit to the tag's; a port without unit is a position, which a tag may tell in %."""
    if port.unit in ("", "-"):
        return 100.0 if unit == "%" else 1.0
    return 1.0 if port.unit == unit else factor(port.unit, unit)


def _scaled(character: Character, scale: float) -> Character:
    """The tables are in the port's unit, what an instrument shows in the tag's."""
    return character if scale == 1.0 else replace(character, noise=character.noise * scale)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    return f"no {what} '{name}'; there are: {', '.join(known)}"
