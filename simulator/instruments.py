"""Instruments: what a probe makes of the true value, healthy or not.

What stands beside it (temperature, flow), first-order lag, then gain, fouling, offset and drift, warm-up, noise,
quantisation; then the forms of `simulator/faults.py`. Order and sizes: ../shared/physics.md 8.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import exp, inf, isnan, sqrt
from typing import Any

from foundation.units import difference
from simulator.beside import Beside
from simulator.faults import checked
from simulator.setting import number_in

NOISE_CORRELATION_S = 10.0
"""Noise is AR(1), not white: its memory, from ../shared/physics.md 8 (rho 0.5 to 0.9 at a few seconds)."""
SECONDS_A_DAY = 86400.0


LAGS_OF_T90 = 2.302585092994046
"""A first-order lag shows 90 % of a step after ln 10 time constants."""


class Raw(float):
    """A number as the product's register holds it, before scale and offset."""


@dataclass(frozen=True, slots=True)
class Character:
    """How an instrument errs. `noise` is one standard deviation, absolute in the tag's unit, `noise_share` of the
    value; value shown = lagged value * gain + offset + drift_per_day * days + noise, in steps of `resolution`."""

    noise: float = 0.0
    noise_share: float = 0.0
    lag_s: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    drift_per_day: float = 0.0
    threshold: float = 0.5
    """A contact reads true from here on, in the port's unit."""
    resolution: float = 0.0
    """It shows multiples of this; 0 shows all."""
    fouling: float = 0.0
    """What dirt takes of its gain in the end: 1 - fouling * (1 - e^(-t/fouling_days)) since it was cleaned."""
    fouling_days: float = 7.0
    fouling_lag: float = 0.0
    """A day of dirt makes it slower by this share of its lag."""
    warm_up_s: float = 0.0
    """After power-on its error falls with this time constant, from `warm_up_error` (tag's unit)."""
    warm_up_error: float = 0.0


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
# key of the site file -> field; its unit, None for the tag's own
_KEYS: Mapping[str, tuple[str, str | None]] = {
    "noise": ("noise", None),
    "noise_share": ("noise_share", ""),
    "lag": ("lag_s", "s"),
    "t90": ("lag_s", "s"),
    "gain": ("gain", ""),
    "offset": ("offset", None),
    "drift_per_day": ("drift_per_day", None),
    "threshold": ("threshold", None),
    "resolution": ("resolution", None),
    "fouling": ("fouling", ""),
    "fouling_time": ("fouling_days", "s"),
    "fouling_lag": ("fouling_lag", ""),
    "warm_up": ("warm_up_s", "s"),
    "warm_up_error": ("warm_up_error", None),
}
_MAY_BE_NEGATIVE = ("offset", "drift_per_day", "threshold", "warm_up_error")
CONTACT_FORMS = ("stuck", "dropout", "off")
"""What can happen to a contact."""


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
        name, wanted = _KEYS[key]
        value = number_in(raw, difference(unit) if wanted is None else wanted, key)
        if value < 0.0 and key not in _MAY_BE_NEGATIVE:
            raise ValueError(f"{key} is {raw}, must not be below 0")
        if key == "fouling" and value > 1.0:
            raise ValueError(f"{key} is {raw}, must not be above 1")
        if key == "fouling_time" and value == 0.0:
            raise ValueError(f"{key} is {raw}, must be above 0")
        changes[name] = value / _SCALES.get(key, 1.0)
    return replace(character, **changes)


_SCALES = {"t90": LAGS_OF_T90, "fouling_time": SECONDS_A_DAY}


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
    beside: Beside | None = None
    """What else of the medium it feels."""
    true_value: float = 0.0
    """In the tag's unit."""
    value: float | bool | None = 0.0
    """What the instrument shows now; None for nothing, a `Raw` for what stands in the register whatever its scale."""
    faults: dict[str, dict[str, float]] = field(default_factory=dict)
    """Forms of `simulator/faults.py` that hold now, with their numbers. Set by `fail`, cleared by `mend`."""
    _lagged: float = 0.0
    _noise: float = 0.0
    _drift: float = 0.0
    _dirty_days: float = 0.0
    _on_s: float = inf
    """Since it was powered on."""
    _fault_drift: float = 0.0
    _spiking: bool = False
    _dropped: bool = False
    _frozen: float | bool | None = None
    _random: random.Random = field(init=False)
    _fate: random.Random = field(init=False)

    def __post_init__(self) -> None:
        # streams of their own: another tag more or less, a fault or another order of calls, changes no noise
        self._random = random.Random(f"{self.seed}/{self.tag}")
        self._fate = random.Random(f"{self.seed}/{self.tag}/faults")

    def start(self, port_value: float, felt: float | None = None) -> None:
        """Begin at rest in a medium of this value, warm."""
        self._lagged = (port_value if felt is None else felt) * self.scale
        self._noise = self._random.gauss(0.0, 1.0)
        self.true_value = port_value * self.scale
        self._show()

    def follow(self, port_value: float, dt_s: float, felt: float | None = None) -> None:
        """The medium has had this value for the last `dt_s`; `felt` is what the probe makes of it by what stands
        beside it."""
        character = self.character
        self.true_value = port_value * self.scale
        target = self.true_value if felt is None else felt * self.scale
        lag_s = character.lag_s
        if character.fouling or character.fouling_lag or self.faults:
            lag_s *= self._age(dt_s)
        if lag_s > 0.0:
            self._lagged = target + (self._lagged - target) * exp(-dt_s / lag_s)
        else:
            self._lagged = target
        if character.noise or character.noise_share or "noise" in self.faults:
            memory = exp(-dt_s / NOISE_CORRELATION_S)
            self._noise = memory * self._noise + sqrt(1.0 - memory * memory) * self._random.gauss(0.0, 1.0)
        if character.drift_per_day:
            self._drift += character.drift_per_day * dt_s / SECONDS_A_DAY
        self._on_s += dt_s
        self._show()

    def fail(self, form: str, values: Mapping[str, float]) -> None:
        """Fail in this form from now on. Raises ValueError for one that there is not, or a number that is missing."""
        numbers = checked("instrument", form, values)
        if self.contact and form not in CONTACT_FORMS:
            raise ValueError(f"a contact cannot fail by '{form}', only by: {', '.join(CONTACT_FORMS)}")
        if form == "stuck":
            self._frozen = self.value
        elif form == "fouling" and form not in self.faults:
            self._dirty_days = 0.0
        self.faults[form] = numbers
        self._show()

    def power_up(self) -> None:
        """Its supply is back: from now on it warms up."""
        self._on_s = 0.0
        self._show()

    def mend(self, form: str | None = None) -> None:
        """Undo a form, or all; with `fouling` the probe is cleaned, whatever dirt was on it, and after `off` it warms
        up."""
        if form in (None, "off") and "off" in self.faults:
            self.power_up()
        if form in (None, "fouling"):
            self._dirty_days = 0.0
        if form in (None, "drift"):
            self._fault_drift = 0.0
        if form in (None, "dropout"):
            self._dropped = False
        if form is None:
            self.faults.clear()
        else:
            self.faults.pop(form, None)
        self._show()

    # --- inside

    def _age(self, dt_s: float) -> float:
        """Let dirt, a fault's drift, and chance go on; how many times its lag it has now."""
        faults, fate = self.faults, self._fate
        days = dt_s / SECONDS_A_DAY
        if (drift := faults.get("drift")) is not None:
            self._fault_drift += drift["per_day"] * days
        if (spike := faults.get("spike")) is not None:
            self._spiking = fate.random() < 1.0 - exp(-dt_s / spike["every_s"])
        if (dropout := faults.get("dropout")) is not None:
            left_s = dropout["for_s"] if self._dropped else dropout["every_s"]
            if fate.random() < 1.0 - exp(-dt_s / left_s):
                self._dropped = not self._dropped
        self._dirty_days += days
        slower = faults["fouling"]["slower_per_day"] if "fouling" in faults else self.character.fouling_lag
        times = faults["slow"]["times"] if "slow" in faults else 1.0
        return times * (1.0 + slower * self._dirty_days)

    def _show(self) -> None:
        character, lagged = self.character, self._lagged
        if self.contact:
            self.value = lagged >= character.threshold
            if self.faults:
                self._fail()
            return
        gain = character.gain
        offset = character.offset + self._drift
        spread = character.noise + character.noise_share * abs(lagged)
        if self._dirty_days:
            gain *= self._clean_share()
        if self._on_s < 20.0 * character.warm_up_s:
            offset += character.warm_up_error * exp(-self._on_s / character.warm_up_s)
        if self.faults:
            faults = self.faults
            gain *= faults["gain"]["by"] if "gain" in faults else 1.0
            offset += self._fault_drift + (faults["offset"]["by"] if "offset" in faults else 0.0)
            spread += faults["noise"]["by"] if "noise" in faults else 0.0
            if self._spiking and "spike" in faults:
                offset += faults["spike"]["by"]
        shown = lagged * gain + offset + spread * self._noise
        if character.resolution:
            shown = round(shown / character.resolution) * character.resolution
        self.value = shown if shown > self.floor else self.floor
        if self.faults:
            self._fail()

    def _clean_share(self) -> float:
        """What dirt leaves of the gain."""
        fault = self.faults.get("fouling")
        share = self.character.fouling if fault is None else fault["share"]
        days = self.character.fouling_days if fault is None else fault["days"]
        return 1.0 - share * (1.0 - exp(-self._dirty_days / days))

    def _fail(self) -> None:
        """What it shows by the forms that leave nothing of the value."""
        faults = self.faults
        if "stuck" in faults:
            self.value = self._frozen
        if (sentinel := faults.get("sentinel")) is not None:
            value, raw = sentinel["value"], sentinel["raw"]
            self.value = value if not isnan(value) else Raw(raw) if not isnan(raw) else None
        if "off" in faults or (self._dropped and "dropout" in faults):
            self.value = None
