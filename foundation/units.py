"""Units of a farm: parsed and dimension-checked when a site is built (by Pint), never in the scan.

A temperature (`degC`) and a temperature difference (`K`) are different dimensions, and so are a percentage, a CO2
fraction (`ppm`) and a pH: what cannot be meant does not convert.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

DEFINITIONS = """
micro- = 1e-6 = u- = µ- = μ-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
hecto- = 1e2 = h-
kilo- = 1e3 = k-
mega- = 1e6 = M-
meter = [length] = m
second = [time] = s
gram = [mass] = g
ampere = [current] = A
mole = [substance] = mol
degC = [temperature] = °C
kelvin = [temperature_difference] = K
percent = [ratio]
ppm = [co2_fraction]
pH = [acidity]
count = [number]
minute = 60 * second = min
hour = 3600 * second = h
day = 86400 * second = d
liter = 0.001 * meter ** 3 = L = l
newton = kilogram * meter / second ** 2 = N
pascal = newton / meter ** 2 = Pa
bar = 100000 * pascal
joule = newton * meter = J
watt = joule / second = W
watt_hour = watt * hour = Wh
volt = watt / ampere = V
siemens = ampere / volt = S
hertz = 1 / second = Hz
equivalent = [charge_substance] = eq
hectare = 10000 * meter ** 2 = ha
"""

CANONICAL = (
    "degC", "K", "%", "ppm", "pH", "count", "s", "m", "m2", "L", "kg", "kPa", "W/m2", "umol/m2/s", "mol/m2/d", "mg/L",
    "mS/cm", "mV", "A", "m3/h", "kW", "kWh", "m/s", "g/m3", "g/m2", "rpm", "Hz", "eq", "MJ/m2",
)  # fmt: skip
"""Every value inside is in one of these; of two of one dimension the first spelled wins, unless spelled itself."""

QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
DIMENSIONLESS = ("", "1", "-")
_SPELLINGS = (("%", "percent"), ("°C", "degC"), ("℃", "degC"), ("²", "2"), ("³", "3"), ("·", "*"))
_POWER_OF_NUMBER = re.compile(r"(?<![A-Za-z])(?:\*\*|\^)|\d\d")


class UnitError(ValueError):
    """A unit or quantity that cannot be read, or that does not convert."""


@cache
def _registry() -> "pint.UnitRegistry":
    import pint  # only where the table of usual units does not do: it takes longer to load than everything else here

    registry = pint.UnitRegistry(None)
    registry.load_definitions(DEFINITIONS.strip().splitlines())
    registry.define("rpm = count / minute")
    return registry


@cache
def _table() -> dict[str, tuple[str, float]]:
    text = files("foundation").joinpath("units.json").read_text("utf-8")
    return {unit: (dimension, size) for unit, (dimension, size) in json.loads(text).items()}


@cache
def measure(text: str) -> tuple[str, float]:
    """A unit's dimension, and its size in the base unit of that dimension; raises UnitError."""
    spelled = text.strip()
    known = _table().get(spelled)
    return known if known is not None else measured_by_pint(spelled)


def measured_by_pint(text: str) -> tuple[str, float]:
    """What `measure` gives, without the table of usual units (`units.json` is made from this)."""
    spelled = text
    for written, meant in _SPELLINGS:
        spelled = spelled.replace(written, meant)
    if spelled in DIMENSIONLESS:
        spelled = ""
    if _POWER_OF_NUMBER.search(spelled):
        raise UnitError(f"unknown unit '{text}'")  # Pint would compute it, for years if need be
    # m2, m3, cm2: the farm's way of writing powers
    spelled = re.sub(r"\b(c?m)([23])\b", r"\1**\2", spelled)
    try:
        # a/b/c means a/(b*c); Pint reads it so already, left to right
        size = _registry().Quantity(1.0, _registry().Unit(spelled)).to_base_units()
        powers = sorted((name, round(float(power), 9)) for name, power in size.dimensionality.items())
        return " ".join(f"{name}^{power:g}" for name, power in powers), float(size.magnitude)
    except Exception as error:
        raise UnitError(f"unknown unit '{text}'") from error


@cache
def factor(unit: str, into: str) -> float:
    """What a number in `unit` is multiplied by to be in `into`; raises UnitError if their dimensions differ."""
    (dimension, size), (target, target_size) = measure(unit), measure(into)
    if dimension != target:
        raise UnitError(f"'{unit}' is not a kind of '{into}'")
    return size / target_size


def same_dimension(a: str, b: str) -> bool:
    """Whether a value in unit `a` can be given in unit `b`."""
    return measure(a)[0] == measure(b)[0]


def is_unit(text: str) -> bool:
    """Whether `text` can be read as a unit at all (nothing is the unit of a bare number)."""
    try:
        measure(text)
    except UnitError:
        return False
    return True


def difference(unit: str) -> str:
    """The unit of a difference between two values in `unit`."""
    return "K" if unit == "degC" else unit


@cache
def canonical(unit: str) -> str:
    """The unit in which values of this dimension are kept; a compound that has none keeps its own spelling."""
    spelled = unit.strip()
    if spelled in DIMENSIONLESS:
        return ""
    if spelled in CANONICAL:
        return spelled
    dimension = measure(spelled)[0]
    for name in CANONICAL:
        if measure(name)[0] == dimension:
            return name
    return spelled


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, canonical where the dimension has a canonical unit."""

    value: float
    unit: str

    def to(self, unit: str) -> float:
        """The number in `unit`; raises UnitError if the dimensions differ."""
        return self.value * factor(self.unit, unit)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}".rstrip()


def parse_quantity(text: str | int | float) -> Quantity:
    """`7.5 mg/L`, `1.5 K/h`, `300 ms` as a canonical Quantity; a bare number has unit ''. Raises UnitError."""
    if isinstance(text, bool):
        raise UnitError(f"'{text}' is not a quantity")
    if isinstance(text, int | float):
        if not isfinite(text):
            raise UnitError(f"'{text}' is not finite")
        return Quantity(float(text), "")
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError(f"'{text}' is not a number with a unit")
    number, unit = float(match.group(1)), match.group(2)
    if not isfinite(number):
        raise UnitError(f"'{text}' is not finite")
    kept = canonical(unit)
    value = number if kept == unit else number * factor(unit, kept)
    if not isfinite(value):
        raise UnitError(f"'{text}' is not finite")
    return Quantity(value, kept)
