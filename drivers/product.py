"""The device library: one YAML file a real product (`drivers/library/MAKER/MODEL.yaml`), read into values."""

import re
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from foundation.document import parse_document
from foundation.problem import Problem, ProblemsError

Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""Byte order of a 32-bit value on the wire, A the most significant byte."""

Table = Literal["coil", "discrete", "holding", "input"]
"""The four tables of Modbus; the first two hold bits."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Serial(_Part):
    """Factory settings of the line."""

    baud: int = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: int = 1
    unit: int = 1


class Channel(_Part):
    """One value of a product. For Modbus `table` and `address` (0-based, as on the wire) say where it stands;
    for MQTT `path` is the key (dotted) in the JSON payload; for a line of text `field` is a group or a place."""

    kind: Literal["number", "bool", "text", "any"] = "number"
    """`any` takes a number or a bool as it comes: for payloads whose keys only the site knows."""
    access: Literal["read", "write", "read_write"] = "read"
    unit: str = ""
    """Canonical unit of the value after `scale` and `offset`."""
    table: Table | None = None
    address: int | None = Field(default=None, ge=0, le=65535)
    type: Literal["bit", "u16", "s16", "u32", "s32", "f32"] = "u16"
    order: Order = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    """value = raw * scale + offset."""
    range: tuple[float, float] | None = None
    """What the product can say at all; a value outside is BAD."""
    sentinels: tuple[float, ...] = ()
    """Raw values (before scale) by which the product says "no value"; NaN always is one."""
    on: int = 0xFF00
    """What FC05 carries for "on" (some boards want 0x0100)."""
    path: str | None = None
    field: str | int | None = None
    """The group of `text.pattern` that holds it; without a pattern its place in the line, from 0."""
    non_volatile: bool = False
    """Wears out with writing: never refreshed, only written on change."""
    name_zh: str = ""
    name_en: str = ""


class Watchdog(_Part):
    """The product's own communication watchdog, where it has one: without a message in time, outputs go safe."""

    table: Literal["holding"] = "holding"
    address: int | None
    """Of the timeout; None: its maker's tool sets it, and only a pulled cable shows it."""
    unit_s: float = 1.0
    """Seconds a count of the timeout register."""
    maximum: int = 65535
    """Largest count."""
    enable: tuple[Literal["coil", "holding"], int, int] | None = None
    """Register that switches it on: table, address, value."""
    status: tuple[Literal["coil", "holding"], int] | None = None
    """Reads non-zero once it has tripped."""
    clear: tuple[Literal["coil", "holding"], int, int] | None = None
    """How a trip is cleared: table, address, value."""
    fed_by: Literal["any", "write"] = "any"
    """What feeds it: any valid request, or writes of outputs only."""
    safe_coils: int | None = None
    """First coil of the safe values of coil outputs, in channel order of address; None: set by jumper or tool."""
    safe_holding: int | None = None
    """First holding register of the safe values of register outputs."""


class Text(_Part):
    """How a product that speaks lines of text says its values."""

    sample: str
    """A whole line of values, as the maker prints it, without its end. It fixes how many fields there are."""
    pattern: str | None = None
    """A regular expression for the whole line, with a named group a channel; None: fields between `separator`s."""
    separator: str = ","
    poll: str | None = None
    """What asks for a line, `{unit}` standing for the device's unit; None: it says one by itself (`ezo`: its own)."""
    setup: tuple[str, ...] = ()
    """Commands to send once after opening (`ezo`)."""
    compensate: str | None = None
    """Command that tells it the temperature of its water, `{:.1f}` standing for degC (`ezo`)."""


class Product(_Part):
    """A product: what it says, where, and how it fails."""

    id: str
    name_zh: str
    name_en: str
    protocol: Literal["modbus", "mqtt_json", "mqtt_uns", "ezo", "ascii"]
    sources: tuple[str, ...] = Field(min_length=1)
    confidence: Literal["verified", "single", "generic"]
    unverified: tuple[str, ...] = ()
    """Details nobody has confirmed; shown to the technician."""
    serial: Serial | None = None
    start: tuple[tuple[Literal["read_holding", "write_holding", "write_nothing"], int, int], ...] = ()
    """Requests to send once after opening: function, address, count or value. `write_nothing` is FC16 with no registers
    at all, which the standard does not know but some probes want as a command."""
    time_channel: str | None = None
    """Channel that holds the source time, Unix seconds (u32): loggers. Its value dates all others."""
    max_block: int = 60
    """Most registers (or bits) in one request."""
    blocks: tuple[tuple[Table, int, int], ...] = ()
    """Table, address, count of what can only be read as a whole: a wanted channel inside is read with all of it."""
    silent_exceptions: bool = False
    """Does not answer at all where others send an exception."""
    channels: dict[str, Channel] = Field(min_length=1)
    text: Text | None = None
    watchdog: Watchdog | None = None

    @model_validator(mode="after")
    def _stands_somewhere(self) -> "Product":
        for name, channel in self.channels.items():
            if self.protocol == "modbus":
                if channel.table is None or channel.address is None:
                    raise ValueError(f"channel {name} needs a table and an address")
                if (channel.type == "bit") != (channel.table in ("coil", "discrete")):
                    raise ValueError(f"channel {name}: a {channel.table} cannot be a {channel.type}")
                if channel.kind not in ("number", "bool"):
                    raise ValueError(f"channel {name}: Modbus carries numbers and bools")
            elif self.text is not None or self.protocol in ("ezo", "ascii"):
                self._stands_in_the_line(name, channel)
            elif channel.path is None:
                raise ValueError(f"channel {name} needs a path")
        if self.time_channel is not None and self.time_channel not in self.channels:
            raise ValueError(f"time_channel {self.time_channel} is no channel")
        return self

    def _stands_in_the_line(self, name: str, channel: Channel) -> None:
        text = self.text
        if text is None or self.protocol not in ("ezo", "ascii"):
            raise ValueError("protocols ezo and ascii need `text`, others must not have it")
        if channel.kind != "number" or channel.access != "read":
            raise ValueError(f"channel {name}: a line of text carries numbers to read")
        if text.pattern is None:
            count = len(text.sample.split(text.separator))
            if not isinstance(channel.field, int) or not 0 <= channel.field < count:
                raise ValueError(f"channel {name} needs a field from 0 to {count - 1}, its place in `{text.sample}`")
            return
        try:
            pattern = re.compile(text.pattern, re.ASCII)
        except re.error as error:
            raise ValueError(f"text.pattern: {error}") from error
        if pattern.fullmatch(text.sample) is None:
            raise ValueError(f"text.pattern does not match the whole of the sample `{text.sample}`")
        if channel.field not in pattern.groupindex:
            raise ValueError(
                f"channel {name} needs a field, one of the pattern's groups: {', '.join(pattern.groupindex)}"
            )


@cache
def load_product(product: str) -> Product:
    """The product `maker/model`; raises ProblemsError (E2xx) for one that is missing or wrong."""
    parts = product.split("/")
    place = files("drivers").joinpath("library", *parts[:-1], f"{parts[-1]}.yaml")
    if len(parts) != 2 or ".." in parts or not place.is_file():
        raise ProblemsError([Problem("E201", product, 0, 0, {"product": product, "known": ", ".join(product_names())})])
    document = parse_document(place.read_bytes(), f"library/{product}.yaml")
    try:
        return Product.model_validate({"id": product, **document.value})
    except ValidationError as error:
        problems = [
            document.problem("E202", tuple(one["loc"]), what=one["msg"], where=".".join(map(str, one["loc"])))
            for one in error.errors()
        ]
        raise ProblemsError(problems) from error


@cache
def product_names() -> tuple[str, ...]:
    """Every product in the library, `maker/model`."""
    root = files("drivers").joinpath("library")
    return tuple(
        sorted(
            f"{maker.name}/{file.name.removesuffix('.yaml')}"
            for maker in root.iterdir()
            if maker.is_dir()
            for file in maker.iterdir()
            if file.name.endswith(".yaml")
        )
    )
