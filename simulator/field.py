"""The field: every facility's plant under one sky, with its actuators and instruments, moved by farm time alone.

Farm time runs in ticks of one second from the start. A plant takes a step when an actuator switched in the tick, or
when `step` seconds have gone; each step gets the mean position of every actuator over it. So the same orders at the
same farm times give the same bytes, however often and in whatever order the field is asked.
"""

from collections.abc import Mapping

from edge_config.model.site import Site
from foundation.reading import Value
from simulator import actuators
from simulator.actuators import Actuator
from simulator.faults import checked
from simulator.ground import TICK_S, Ground
from simulator.instruments import Instrument
from simulator.layout import FieldError, Layout, unknown
from simulator.plants.plant import Plant
from simulator.weather import WeatherSource

SKY_TICKS = 10
"""One look at the sky holds so long."""

__all__ = ["Field", "FieldError"]


class Field:
    """All grounds of a site. `plants` and `sky` replace what the `simulation` section names (tests, scenarios).

    Raises FieldError for a section that names a plant, port, tag or parameter file that does not exist.
    """

    def __init__(
        self,
        site: Site,
        start_s: float,
        seed: int,
        *,
        plants: Mapping[str, Plant] | None = None,
        sky: WeatherSource | None = None,
    ) -> None:
        layout = Layout(site, seed, plants, sky)
        self.site = site
        self.start_s = self.now_s = start_s
        self._moved_s = start_s
        """Until then the actuators have run."""
        self.grounds: dict[str, Ground] = layout.grounds
        self.actuators: dict[str, Actuator] = layout.actuators
        """By output (or bound device tag): to see where one stands; `fault` breaks it."""
        self.instruments: dict[str, Instrument] = layout.instruments
        """By measured tag, with its `character`; `fault` breaks it."""
        self._by_channel = layout.by_channel
        self._applied: dict[str, Value] = {}
        self._tick = 0
        self._sky = layout.sky
        self.weather = self._sky.at(start_s)
        for ground in self.grounds.values():
            ground.start(self.weather)

    # --- time

    def advance(self, now_s: float) -> None:
        """Move everything on to `now_s` (never back). Within a tick nothing moves until somebody does something: two
        parts of a second do not add up to it in the last digit."""
        while True:
            end_s = self.start_s + (self._tick + 1) * TICK_S
            if now_s < end_s:
                self.now_s = max(self.now_s, now_s)
                return
            self.now_s = end_s
            self._move()
            self._tick += 1
            # a step holds the weather of its beginning
            for ground in self.grounds.values():
                ground.tick(self.weather)
            if self._tick % SKY_TICKS == 0:
                self.weather = self._sky.at(end_s)

    def _move(self) -> None:
        """Let the actuators run until now."""
        dt_s = self.now_s - self._moved_s
        if dt_s > 0.0:
            for ground in self.grounds.values():
                ground.move(dt_s)
            self._moved_s = self.now_s

    # --- what devices do

    def sense(self, tag: str) -> float | bool | None:
        """What the instrument at `tag` shows now; of an output channel, what it was set to; None where nothing is."""
        instrument = self.instruments.get(tag)
        if instrument is not None:
            return instrument.value
        value = self._applied.get(tag)
        return None if isinstance(value, str) else value

    def taken_s(self, now_s: float) -> float:
        """When what is sensed at `now_s` was taken: now."""
        return now_s

    def actuate(self, tag: str, value: Value) -> None:
        """A device's channel was set to `value`, now."""
        self._move()
        self._applied[tag] = value
        found = self._by_channel.get(tag)
        if found is not None and found[0].order(tag, value):
            for ground in found[1]:
                ground.switched = True

    def compensate(self, tag: str, water_c: float) -> None:
        """A master tells the probe at `tag` how warm its water is."""
        instrument = self.instruments.get(tag)
        if instrument is not None and instrument.beside is not None:
            instrument.beside.compensate(water_c)

    def power_up(self, tag: str) -> None:
        """The supply of the probe at `tag` is back: it warms up."""
        instrument = self.instruments.get(tag)
        if instrument is not None:
            instrument.power_up()

    # --- what goes wrong

    def fault(self, tag: str, form: str, **values: float) -> None:
        """From now on what stands at `tag` (an instrument's tag, or an output) fails in this form; forms and their
        numbers are those of `simulator/faults.py`. Raises FieldError for a tag, form or number that there is not."""
        self._move()
        instrument, actuator = self.instruments.get(tag), self.actuators.get(tag)
        try:
            if instrument is not None:
                instrument.fail(form, values)
            elif actuator is not None:
                actuators.spoil(actuator, form, checked("actuator", form, values))
                self._felt(actuator)
            else:
                raise ValueError(unknown("instrument or output", tag, (*self.instruments, *self.actuators)))
        except ValueError as error:
            raise FieldError(f"{tag}: {error}") from error

    def mend(self, tag: str, form: str | None = None) -> None:
        """Undo one form of fault at `tag`, or all. A probe that is mended of `fouling` is cleaned. FieldError for a
        tag that there is not."""
        self._move()
        instrument, actuator = self.instruments.get(tag), self.actuators.get(tag)
        if instrument is not None:
            instrument.mend(form)
        elif actuator is not None:
            actuators.mend(actuator, form)
            self._felt(actuator)
        else:
            raise FieldError(f"{tag}: {unknown('instrument or output', tag, (*self.instruments, *self.actuators))}")

    def _felt(self, actuator: Actuator) -> None:
        """The plant is to step at the end of this tick."""
        for other, grounds in self._by_channel.values():
            if other is actuator:
                for ground in grounds:
                    ground.switched = True

    # --- what tests, scores and scenarios see

    def truth(self, tag: str) -> float | None:
        """The plant's own value at a measured tag, in the tag's unit; of an output, its true position in %."""
        instrument = self.instruments.get(tag)
        if instrument is not None:
            return instrument.true_value
        actuator = self.actuators.get(tag)
        return None if actuator is None else 100.0 * actuator.position

    def force(self, facility: str, port: str, value: float | None) -> None:
        """Hold a plant's input port at `value` whatever is ordered (a fault); None lets it go."""
        self._move()
        ground = self.grounds[facility]
        if port not in ground.plant.inputs:
            raise FieldError(f"{facility}: {unknown('input port', port, ground.plant.inputs)}")
        ground.switched = True
        if value is None:
            ground.fixed.pop(port, None)
            ground.inputs[port] = ground.rest[port]
        else:
            ground.fixed[port] = value
