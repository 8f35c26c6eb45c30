"""What else of the medium a probe feels besides what it measures: the water's temperature, whether it flows, the sun.

Each looks at one more output port of the plant, and says what the probe makes of the true value. Sources: ../shared/
physics.md 4.3 (conductivity) and 8 (pH, membrane).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Any, Protocol

from simulator.setting import number_in

KEYS = (
    "temperature", "coefficient", "true_coefficient", "slope", "believed", "flow", "needs", "still", "sun", "sun_error",
)  # fmt: skip
"""Of `simulation.FACILITY.instruments.TAG`: the ports, and what the probe makes of them."""
KELVIN = 273.15
BRIGHT_W_M2 = 800.0
"""A sunny noon."""
LEAST = 0.05
"""What a linear coefficient leaves of conductivity, far below 0 degC."""
STILL_S = 240.0
"""A membrane in still water has eaten its oxygen by then."""


class Beside(Protocol):
    port: str
    """The plant's output port at which it looks."""

    def felt(self, value: float, beside: float, dt_s: float) -> float:
        """What a probe without lag makes of `value`, given what stood beside it for the last `dt_s`."""
        ...

    def compensate(self, water_c: float) -> None:
        """The master says how warm the water is."""
        ...


@dataclass(slots=True)
class Conductivity:
    """Ions move faster in warm water: a = `true_per_k` of the value at 25 degC a kelvin. The probe takes that out with
    its own `set_per_k`, at its own temperature or, where it has none, at `believed_c`."""

    port: str
    true_per_k: float = 0.0191
    set_per_k: float = 0.02
    believed_c: float | None = None

    def felt(self, value: float, beside: float, dt_s: float) -> float:
        believed_c = beside if self.believed_c is None else self.believed_c
        true, taken_out = (1.0 + self.true_per_k * (beside - 25.0)), (1.0 + self.set_per_k * (believed_c - 25.0))
        return value * max(true, LEAST) / max(taken_out, LEAST)

    def compensate(self, water_c: float) -> None:
        if self.believed_c is not None:
            self.believed_c = water_c


@dataclass(slots=True)
class Glass:
    """A pH electrode: its slope grows with absolute temperature, `slope` of the theoretical one (0.9 to 1 by age).
    What corrects the slope is the temperature that it believes; the zero at pH 7 needs none."""

    port: str
    slope: float = 1.0
    believed_c: float | None = None

    def felt(self, value: float, beside: float, dt_s: float) -> float:
        believed_c = beside if self.believed_c is None else self.believed_c
        return 7.0 + (value - 7.0) * self.slope * (beside + KELVIN) / (believed_c + KELVIN)

    def compensate(self, water_c: float) -> None:
        if self.believed_c is not None:
            self.believed_c = water_c


@dataclass(slots=True)
class Membrane:
    """A membrane eats the oxygen before it: in water slower than `needs` (port's unit) it comes to read `low_by` less
    within four minutes, and is itself again as soon as it flows."""

    port: str
    needs: float
    low_by: float = 0.25
    _starved: float = 0.0
    """0 to 1."""

    def felt(self, value: float, beside: float, dt_s: float) -> float:
        if beside >= self.needs:
            self._starved = 0.0
        else:
            self._starved = 1.0 - (1.0 - self._starved) * exp(-dt_s * log(20.0) / STILL_S)
        return value * (1.0 - self.low_by * self._starved)

    def compensate(self, water_c: float) -> None:
        """Not its affair."""


@dataclass(slots=True)
class Sunlit:
    """A thermometer without a fan: the sun warms it by `error_k` at noon (1 to 3 K), in proportion to its light."""

    port: str
    error_k: float = 2.0

    def felt(self, value: float, beside: float, dt_s: float) -> float:
        return value + self.error_k * beside / BRIGHT_W_M2

    def compensate(self, water_c: float) -> None:
        """Not its affair."""


def beside_of(settings: Mapping[str, Any], unit: str, units: Mapping[str, str]) -> Beside | None:
    """What the KEYS among `settings` say of an instrument that shows `unit`; None where they are not there.

    `units` are the plant's output ports with their units. Raises ValueError naming the key.
    """
    said = {key: raw for key, raw in settings.items() if key in KEYS}
    if not said:
        return None
    if "temperature" in said and unit == "mS/cm":
        allowed: tuple[str, ...] = ("temperature", "coefficient", "true_coefficient", "believed")
    elif "temperature" in said and unit == "pH":
        allowed = ("temperature", "slope", "believed")
    elif "flow" in said:
        allowed = ("flow", "needs", "still")
    elif "sun" in said and unit == "degC":
        allowed = ("sun", "sun_error")
    else:
        known = "`temperature` of a tag in mS/cm or pH, `flow` and `needs`, or `sun` of one in degC"
        raise ValueError(f"{next(iter(said))}: wants {known}")
    for key in said:
        if key not in allowed:
            raise ValueError(f"{key} is not for this instrument; there are: {', '.join(allowed)}")
    port = str(said[allowed[0]])
    if port not in units:
        raise ValueError(f"{allowed[0]}: no output port '{port}'; there are: {', '.join(units)}")

    def number(key: str, into: str, default: float) -> float:
        return number_in(said[key], into, key) if key in said else default

    believed_c = number("believed", "degC", 25.0) if "believed" in said else None
    if unit == "mS/cm":
        true, taken_out = number("true_coefficient", "%/K", 1.91), number("coefficient", "%/K", 2.0)
        return Conductivity(port, true / 100.0, taken_out / 100.0, believed_c)
    if unit == "pH":
        return Glass(port, number("slope", "", 1.0), believed_c)
    if "sun" in said:
        return Sunlit(port, number("sun_error", "K", 2.0))
    if "needs" not in said:
        raise ValueError("flow: wants `needs`, the flow that the membrane needs")
    return Membrane(port, number("needs", units[port], 0.0), number("still", "", 0.25))


def felt_by(beside: Beside | None, value: float, truth: Mapping[str, float], dt_s: float) -> float | None:
    """None where nothing stands beside."""
    return None if beside is None else beside.felt(value, truth[beside.port], dt_s)
