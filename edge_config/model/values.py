"""The small values that a site file is written in: names, quantities, times of day, loss actions."""

import re
from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from foundation.document import Secret
from foundation.tag import is_identifier, is_tag_name
from foundation.units import QUANTITY, Quantity, UnitError, factor, is_unit, parse_quantity


class Frozen(BaseModel):
    """What a built site is made of: unknown keys refused, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=True)


def _quantity(raw: Any, example: str = "7.5 mg/L") -> Quantity:
    if isinstance(raw, Quantity):
        return raw
    values = {"found": str(raw), "example": example}
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise PydanticCustomError("quantity", "not a quantity", values)
    try:
        return parse_quantity(raw)
    except UnitError as error:
        match = QUANTITY.fullmatch(str(raw))
        if match is not None and not is_unit(match[2]):
            values["unit"] = match[2]
            raise PydanticCustomError("unit_unknown", "unknown unit", values) from error
        raise PydanticCustomError("quantity", "not a quantity", values) from error


AnyQuantity = Annotated[
    Quantity,
    BeforeValidator(_quantity),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["7.5 mg/L"]}),
]
"""A number with a unit whose dimension depends on the tag it belongs to; the checks compare them."""


def _of(unit: str, example: str, low: float | None = None) -> Callable[[Any], float]:
    """Reads a float in `unit` from a quantity of that dimension; a bare number is refused."""

    def read(raw: Any) -> float:
        if isinstance(raw, float) and not isinstance(raw, bool):
            quantity = Quantity(raw, unit) if raw == 0.0 else _quantity(raw, example)
        else:
            quantity = _quantity(raw, example)
        if quantity.unit == "" and quantity.value != 0:
            raise PydanticCustomError("unit_missing", "no unit", {"found": str(raw), "example": example})
        try:
            value = quantity.value * (factor(quantity.unit, unit) if quantity.unit else 1.0)
        except UnitError as error:
            values = {"found": str(raw), "unit": unit, "example": example}
            raise PydanticCustomError("unit_wrong", "wrong dimension", values) from error
        if not isfinite(value):
            raise PydanticCustomError("quantity", "not a quantity", {"found": str(raw), "example": example})
        if low is not None and value < low:
            raise PydanticCustomError("too_small", "too small", {"found": str(raw), "low": low})
        return value

    return read


def _schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "examples": [example]})


Seconds = Annotated[float, BeforeValidator(_of("s", "30 s", 0.0)), _schema("30 s")]
Percent = Annotated[float, BeforeValidator(_of("%", "20 %")), _schema("20 %")]
Metres = Annotated[float, BeforeValidator(_of("m", "30 m")), _schema("30 m")]
Kilowatts = Annotated[float, BeforeValidator(_of("kW", "3 kW", 0.0)), _schema("3 kW")]
MillilitresPerSecond = Annotated[float, BeforeValidator(_of("mL/s", "2 mL/s", 0.0)), _schema("2 mL/s")]


def _identifier(raw: Any) -> str:
    if not isinstance(raw, str) or not is_identifier(raw):
        raise PydanticCustomError("identifier", "not an identifier", {"found": str(raw)})
    return raw


def _tag_name(raw: Any) -> str:
    if not isinstance(raw, str) or not is_tag_name(raw):
        raise PydanticCustomError("tag_name", "not a tag", {"found": str(raw)})
    return raw


_PART = r"[a-z][a-z0-9_]{0,31}"
Identifier = Annotated[
    str,
    BeforeValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": f"^{_PART}$", "examples": ["rs485a"]}),
]
TagName = Annotated[
    str,
    BeforeValidator(_tag_name),
    WithJsonSchema({"type": "string", "pattern": rf"^{_PART}(\.{_PART}){{2}}$", "examples": ["gh1.bay1.air_temp"]}),
]


def _scoped_name(raw: Any) -> str:
    parts = raw.split(".") if isinstance(raw, str) else []
    if len(parts) not in (2, 3) or not all(is_identifier(part) for part in parts):
        raise PydanticCustomError("tag_name", "not a tag", {"found": str(raw)})
    return str(raw)


ScopedName = Annotated[
    str,
    BeforeValidator(_scoped_name),
    WithJsonSchema({"type": "string", "pattern": rf"^{_PART}(\.{_PART}){{1,2}}$", "examples": ["gh1.bay1.vent"]}),
]
"""A tag name, or within a rule's scope `zone.name`."""
Suppressors = Annotated[
    tuple[ScopedName, ...],
    BeforeValidator(lambda raw: (raw,) if isinstance(raw, str) else raw),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One alarm (or rule that raises one), or a list of them."""


class Name(Frozen):
    """What people call it."""

    zh: str
    en: str


class Figure(Frozen):
    """A number of a preset, and how well it is known."""

    value: Any = None
    """None for the numbers that stand in the preset's part itself."""
    source: str
    """Where it comes from."""
    status: Literal["verified", "secondary", "unverified", "practice"]
    """`practice`: how it is done, with no source of its own."""


class Sourced(Frozen):
    """A part of a site whose numbers may come from a preset."""

    figures: dict[str, Figure] = {}
    """Its numbers that come from a preset, with their sources; a number that the farm gives itself has none."""


_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_SUN = re.compile(r"(sunrise|sunset)\s*(?:([+-])\s*(.+))?")


class DayTime(Frozen):
    """A moment of the day: by the clock, or by the sun with an offset."""

    anchor: Literal["clock", "sunrise", "sunset"]
    offset_s: float
    """Seconds after local midnight, or after (before, if negative) sunrise or sunset."""


def _day_time(raw: Any) -> Any:
    if isinstance(raw, DayTime | dict):
        return raw
    text = str(raw).strip()
    if match := _CLOCK.fullmatch(text):
        return DayTime(anchor="clock", offset_s=int(match[1]) * 3600.0 + int(match[2]) * 60.0)
    if match := _SUN.fullmatch(text):
        offset = 0.0
        if match[2]:
            try:
                quantity = parse_quantity(match[3])
            except UnitError:
                quantity = Quantity(0.0, "")
            if quantity.unit != "s":
                raise PydanticCustomError("day_time", "bad offset", {"found": text})
            offset = quantity.value if match[2] == "+" else -quantity.value
        return DayTime(anchor=match[1], offset_s=offset)
    raise PydanticCustomError("day_time", "not a time of day", {"found": text})


Moment = Annotated[
    DayTime, BeforeValidator(_day_time), WithJsonSchema({"type": "string", "examples": ["sunrise - 1 h"]})
]


class Hold(Frozen):
    """Keep what was last applied for a while, then go to a fixed position (%)."""

    hold: Seconds
    then: Percent
    add: Literal["feed_forward"] | None = None
    """What a pid's feed-forwards add stays on top of `then`."""


def _position(raw: Any) -> Any:
    """`on`, `off`, `20 %`, `hold` or {hold, then} as a percentage or a Hold."""
    if isinstance(raw, dict | Hold):
        return raw
    if raw is True or raw == "on":
        return 100.0
    if raw is False or raw == "off":
        return 0.0
    try:
        quantity = _quantity(raw)
    except PydanticCustomError:
        quantity = Quantity(0.0, "")
    if quantity.unit != "%":
        raise PydanticCustomError("position", "not a position", {"found": str(raw)})
    if not 0.0 <= quantity.value <= 100.0:
        raise PydanticCustomError("position_range", "outside 0 to 100 %", {"found": str(raw)})
    return quantity.value


Position = Annotated[
    float,
    BeforeValidator(_position),
    WithJsonSchema({"type": ["string", "boolean"], "examples": ["on", "off", "20 %"]}),
]
"""0 to 100 %; `on` is 100, `off` is 0."""

PositionOrHold = Annotated[float | Hold, BeforeValidator(_position, json_schema_input_type=str | bool | Hold)]


def _resting(raw: Any) -> Any:
    return raw if raw in ("stay", "local") else _position(raw)


PositionOrRest = Annotated[
    float | Literal["stay", "local"], BeforeValidator(_resting, json_schema_input_type=str | bool)
]
"""0 to 100 %; `stay` is where it was, `local` wherever a controller of its own wants it."""


def _secret(raw: Any) -> Any:
    if isinstance(raw, Secret):
        return raw
    raise PydanticCustomError("secret", "not a secret", {})


SecretName = Annotated[Secret, BeforeValidator(_secret), WithJsonSchema({"type": "string"})]
