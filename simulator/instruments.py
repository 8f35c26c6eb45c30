"""Instruments: what a probe makes of the true value. First-order lag, then gain, offset and drift, then noise."""

import random
from dataclasses import dataclass, field, replace
from math import exp, sqrt
from typing import Any

from foundation.units import UnitError, factor, parse_quantity

NOISE_CORRELATION_S = 10.0
"""Noise is AR(1), not white: its memory, from ../shared/physics.md 8 (rho 0.5 to 0.9 at a few seconds)."""
SECONDS_A_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Character:
    """How an instrument errs. `noise` is one standard deviation, absolute in the tag's unit, `noise_share` of the
    value; value shown = lagged value * gain + offset + drift_per_day * days + noise."""

    noise: float = 0.0
    noise_share: float = 0.0
    lag_s: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    drift_per_day: float = 0.0
    threshold: float = 0.5
    """A contact reads true from here on, in the port's unit."""


EXACT = Character()

# unit, word in the port's name ("" for any) -> character; the first that fits. Source: ../shared/physics.md 8
_KINDS: tuple[tuple[str, str, Character], ...] = (
    ("degC", "air", Character(noise=0.03, lag_s=120.0)),
    ("degC", "", Character(noise=0.02, lag_s=30.0)),
    ("%", "humidity", Character(noise=0.3, lag_s=60.0)),
    ("%", "oxygen", Character(noise=0.2, lag_s=8.0)),
    ("%", "level", Character(noise=0.1, lag_s=3.0)),
    ("ppm", "", Character(noise=7.0, lag_s=20.0)),
    ("umol/m2/s", "", Character(noise_share=0.01, lag_s=3.0)),
    ("W/m2", "", Character(noise_share=0.01, lag_s=5.0)),
    ("mg/L", "oxygen", Character(noise=0.02, lag_s=8.0)),
    ("mg/L", "", Character(noise_share=0.05, lag_s=180.0)),
    ("pH", "", Character(noise=0.01, lag_s=15.0)),
    ("mS/cm", "", Character(noise_share=0.003, lag_s=5.0)),
    ("mV", "", Character(noise=1.0, lag_s=15.0)),
    ("m3/h", "", Character(noise_share=0.015, lag_s=1.0)),
    ("L/min", "", Character(noise_share=0.015, lag_s=1.0)),
    ("m", "", Character(noise=0.002, lag_s=3.0)),
    ("m/s", "", Character(noise=0.1, noise_share=0.05, lag_s=3.0)),
    ("A", "", Character(noise_share=0.01, lag_s=0.5)),
    ("kW", "", Character(noise_share=0.01, lag_s=1.0)),
    ("kPa", "", Character(noise=0.02, lag_s=60.0)),
)
_KEYS = ("noise", "noise_share", "lag", "gain", "offset", "drift_per_day", "threshold")


def character_of(unit: str, port: str) -> Character:
    """The usual character of an instrument for a plant port. Counters, weights and shares (kg, kWh, '') are exact."""
    for kind, word, character in _KINDS:
        if unit == kind and word in port:
            return character
    return EXACT


def adjusted(character: Character, settings: dict[str, Any], unit: str) -> Character:
    """`character` with what `simulation.FACILITY.instruments.TAG` says. Quantities convert to `unit`; a bare number
    is in `unit` already (`lag`: seconds). Raises ValueError naming the key."""
    changes: dict[str, float] = {}
    for key, raw in settings.items():
        if key not in _KEYS:
            raise ValueError(f"unknown key '{key}'; there are: {', '.join(_KEYS)}")
        wanted = "s" if key == "lag" else "" if key in ("gain", "noise_share") else unit
        try:
            quantity = parse_quantity(raw)
            value = quantity.value * (factor(quantity.unit, _difference(wanted)) if quantity.unit else 1.0)
        except (UnitError, TypeError) as error:
            raise ValueError(f"{key}: {error}") from error
        if value < 0.0 and key in ("noise", "noise_share", "lag"):
            raise ValueError(f"{key} is {raw}, must not be below 0")
        changes["lag_s" if key == "lag" else key] = value
    return replace(character, **changes)


def _difference(unit: str) -> str:
    """Errors of a temperature are differences."""
    return "K" if unit == "degC" else unit


@dataclass(slots=True)
class Instrument:
    """One probe on one port. `scale` takes the port's unit into the tag's; `floor` is what it cannot read below."""

    tag: str
    port: str
    character: Character
    seed: int
    scale: float = 1.0
    floor: float = float("-inf")
    contact: bool = False
    true_value: float = 0.0
    """In the tag's unit."""
    value: float | bool = 0.0
    """What the instrument shows now."""
    _lagged: float = 0.0
    _noise: float = 0.0
    _drift: float = 0.0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        # a stream of its own: another tag more or less, or another order of calls, changes nothing here
        self._random = random.Random(f"{self.seed}/{self.tag}")

    def start(self, port_value: float) -> None:
        """Begin at rest in a medium of this value."""
        self._lagged = port_value * self.scale
        self._noise = self._random.gauss(0.0, 1.0)
        self._show(port_value)

    def follow(self, port_value: float, dt_s: float) -> None:
        """The medium has had this value for the last `dt_s`."""
        character = self.character
        target = port_value * self.scale
        if character.lag_s > 0.0:
            self._lagged = target + (self._lagged - target) * exp(-dt_s / character.lag_s)
        else:
            self._lagged = target
        if character.noise or character.noise_share:
            memory = exp(-dt_s / NOISE_CORRELATION_S)
            self._noise = memory * self._noise + sqrt(1.0 - memory * memory) * self._random.gauss(0.0, 1.0)
        if character.drift_per_day:
            self._drift += character.drift_per_day * dt_s / SECONDS_A_DAY
        self._show(port_value)

    def _show(self, port_value: float) -> None:
        character, lagged = self.character, self._lagged
        self.true_value = port_value * self.scale
        if self.contact:
            self.value = lagged >= character.threshold
            return
        spread = character.noise + character.noise_share * abs(lagged)
        shown = lagged * character.gain + character.offset + self._drift + spread * self._noise
        self.value = shown if shown > self.floor else self.floor
