"""What every piece of farm physics looks like from outside: ports, a state, one pure step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a plant: `air.temperature`, `vent.lee`, `tank1.oxygen_valve`."""

    unit: str
    low: float
    high: float
    default: float = 0.0
    """Inputs only: what the plant takes when nothing is bound to the port."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Weather:
    """The sky at one moment."""

    air_c: float
    relative_humidity: float
    """0 to 1."""
    wind_m_s: float
    global_radiation_w_m2: float
    sky_c: float
    co2_ppm: float = 420.0
    pressure_pa: float = 101325.0
    soil_c: float = 12.0
    rain: bool = False
    wind_from_degrees: float = 270.0
    sun_elevation_degrees: float | None = None
    """Of the sun's centre above the horizon; None where nobody has worked it out (`simulator.sunlit` does)."""
    sun_azimuth_degrees: float | None = None
    """Clockwise from north."""


class Plant(Protocol):
    """Pure functions of state, inputs and weather. Same arguments, same bytes.

    Inputs outside their range are clamped; a plant never returns NaN or a negative mass.
    """

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    step_s: float
    """The longest step that keeps the plant accurate; callers never pass more."""

    def initial(self) -> Any:
        """The state at the start of a run."""
        ...

    def advance(self, state: Any, inputs: Mapping[str, float], weather: Weather, dt_s: float) -> Any:
        """The state `dt_s` later (0 < dt_s <= step_s), inputs and weather held."""
        ...

    def observe(self, state: Any, inputs: Mapping[str, float], weather: Weather) -> dict[str, float]:
        """Every output port's true value now, in the port's unit."""
        ...

    def closure(self, before: Any, after: Any) -> dict[str, float]:
        """What the books cannot explain between two states of one run, as a share of what moved, by what is kept."""
        ...
