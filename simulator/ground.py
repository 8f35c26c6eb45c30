"""One facility under the sky: its plant, the actuators that move it and the instruments that look at it."""

from typing import Any

from simulator.actuators import Actuator
from simulator.beside import felt_by
from simulator.instruments import Instrument
from simulator.plants.plant import Plant, Weather

TICK_S = 1.0
"""Farm time moves in ticks."""


class Ground:
    """One facility: a plant and all that touches it."""

    def __init__(self, name: str, plant: Plant, longest: int) -> None:
        self.name = name
        self.plant = plant
        self.longest = longest
        """Ticks between steps while nothing switches."""
        self.state: Any = plant.initial()
        self.truth: dict[str, float] = {}
        """Every output port's true value now."""
        self.rest: dict[str, float] = {name: port.default for name, port in plant.inputs.items()}
        """What input ports get that nobody moves."""
        self.inputs: dict[str, float] = {}
        self.fixed: dict[str, float] = {}
        """Input ports held by force, whatever the actuators do."""
        self.instruments: list[Instrument] = []
        self.feedbacks: list[tuple[Instrument, Actuator]] = []
        """Those that look at an actuator: at its contact, or at what it really does."""
        self.switched = False
        self._actuators: list[tuple[Actuator, str, float, float]] = []
        self._felt: list[float] = []
        self._ticks = 0

    def attach(self, actuator: Actuator, port: str) -> None:
        """Let an actuator drive an input port over its whole range."""
        limits = self.plant.inputs[port]
        self._actuators.append((actuator, port, limits.low, limits.high - limits.low))
        self._felt.append(0.0)

    def start(self, weather: Weather) -> None:
        self.inputs = dict(self.rest)
        self._take_positions()
        self.truth = self.plant.observe(self.state, self.inputs, weather)
        for instrument in self.instruments:
            value = self.truth[instrument.port]
            instrument.start(value, felt_by(instrument.beside, value, self.truth, 0.0))
        for instrument, actuator in self.feedbacks:
            instrument.start(_fed_back(instrument, actuator))

    def move(self, dt_s: float) -> None:
        """Let the actuators run for `dt_s`, within one tick."""
        felt = self._felt
        for index, (actuator, _, _, _) in enumerate(self._actuators):
            felt[index] += actuator.move(dt_s)
        for instrument, actuator in self.feedbacks:
            instrument.follow(_fed_back(instrument, actuator), dt_s)

    def tick(self, weather: Weather) -> None:
        """End of a tick: step the plant if it is due, and let the instruments look."""
        self._ticks += 1
        if not self.switched and self._ticks < self.longest:
            return
        dt_s = self._ticks * TICK_S
        self._ticks = 0
        self.switched = False
        inputs, felt = self.inputs, self._felt
        for index, (_, port, low, span) in enumerate(self._actuators):
            inputs[port] = low + span * (felt[index] / dt_s)
            felt[index] = 0.0
        inputs.update(self.fixed)
        self.state = self.plant.advance(self.state, inputs, weather, dt_s)
        self._take_positions()
        truth = self.truth = self.plant.observe(self.state, inputs, weather)
        for instrument in self.instruments:
            value = truth[instrument.port]
            if instrument.beside is None:
                instrument.follow(value, dt_s)
            else:
                instrument.follow(value, dt_s, felt_by(instrument.beside, value, truth, dt_s))

    def _take_positions(self) -> None:
        for actuator, port, low, span in self._actuators:
            self.inputs[port] = low + span * actuator.position
        self.inputs.update(self.fixed)


def _fed_back(instrument: Instrument, actuator: Actuator) -> float:
    """A contact sits on the contactor, so a burnt motor closes it all the same; a current or a position is real."""
    return float(actuator.contact) if instrument.contact else actuator.position
