"""How a product puts a value on the wire: value to raw number to 16-bit words, and back."""

import struct
from math import inf, isfinite, nan

from drivers.product import Channel
from foundation.reading import Quality, Reason, Value
from simulator.instruments import Raw

Seen = tuple[Value | None, Quality, Reason | None]
Words = tuple[int, ...]

GOOD = Quality.GOOD
NOTHING: Seen = (None, Quality.BAD, Reason.SENTINEL)

DECIMALS = 6
"""Of a number in a payload of text, unless a product says otherwise."""
_LIMITS = {"bit": (0, 1), "u16": (0, 0xFFFF), "s16": (-0x8000, 0x7FFF), "u32": (0, 0xFFFF_FFFF),
           "s32": (-0x8000_0000, 0x7FFF_FFFF)}  # fmt: skip
_ORDERS = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}
_FLOAT = struct.Struct(">f")


class Scaling:
    """One channel's way of saying a value."""

    def __init__(self, channel: Channel, decimals: int = DECIMALS) -> None:
        self.channel = channel
        self.decimals = decimals
        """Of a number in a payload or a line of text."""
        self.on_registers = channel.table is not None
        """False for a payload of text (MQTT), where numbers are not rounded to a register."""
        self.size = 2 if channel.type in ("u32", "s32", "f32") else 1
        self._bool = channel.kind == "bool"
        self._integer = self.on_registers and channel.type != "f32"
        self._least, self._most = _LIMITS.get(channel.type, (0, 0))
        self._scale, self._offset = channel.scale, channel.offset
        # the driver's way: a scale of 0.1 divides by 10, so that 305 becomes 30.5 and not 30.500000000000004
        inverse = round(1 / channel.scale) if abs(channel.scale) < 1 else 0
        self._inverse = float(inverse) if inverse * channel.scale == 1.0 else 0.0
        self._places = _ORDERS[channel.order]
        self._sentinels = channel.sentinels
        self._low, self._high = channel.range if channel.range is not None else (-inf, inf)

    def nothing(self) -> float:
        """The raw number by which the product says "no value"; where it has none, one that lies outside any range."""
        if self._sentinels:
            return self._sentinels[0]
        return self._most if self._integer else nan

    def raw(self, value: float) -> float:
        """The raw number of a value; an integer as near as the register can hold."""
        raw = float(value) if isinstance(value, Raw) else (value - self._offset) / self._scale
        if self._integer:
            if not isfinite(raw):
                return self._most
            raw = round(raw)
            return self._least if raw < self._least else self._most if raw > self._most else raw
        return _as_f32(raw) if self.on_registers else round(raw, self.decimals)

    def seen(self, value: float | bool | None) -> Seen:
        """What a driver reads when the channel stands at `value`: rounded by the wire, checked against the product."""
        if self._bool:
            if value is None:
                return (False, GOOD, None) if self.on_registers else NOTHING
            return value is True or value > 0, GOOD, None
        if isinstance(value, bool) and not self.on_registers:
            return value, GOOD, None
        raw = self.nothing() if value is None else self.raw(value)
        if raw != raw or raw in self._sentinels:
            return NOTHING
        shown = (raw / self._inverse if self._inverse else raw * self._scale) + self._offset
        if not -inf < shown < inf:
            return None, Quality.BAD, Reason.NOT_FINITE
        if self._low <= shown <= self._high:
            return shown, GOOD, None
        return shown, Quality.BAD, Reason.RANGE

    def refused(self, value: Value) -> Reason | None:
        """Why a driver would not write this value, None if it would."""
        if self.channel.kind == "any":
            return None
        if self._bool:
            return Reason.WRONG_TYPE if isinstance(value, str) or value not in (0, 1) else None
        if isinstance(value, bool | str):
            return Reason.WRONG_TYPE
        if not isfinite(value):
            return Reason.NOT_FINITE
        return None if self._low <= value <= self._high else Reason.RANGE

    def words(self, raw: float) -> Words:
        """16-bit registers of a raw number, in the order of the wire."""
        if self.size == 1:
            return (int(raw) & 0xFFFF,)
        four = _FLOAT.pack(raw) if self.channel.type == "f32" else (int(raw) & 0xFFFF_FFFF).to_bytes(4)
        a, b, c, d = (four[place] for place in self._places)
        return (a << 8 | b, c << 8 | d)

    def from_words(self, words: Words) -> float:
        """The value that these registers mean when a master writes them."""
        raw: float
        if self.size == 1:
            raw = words[0] - 0x10000 if self.channel.type == "s16" and words[0] > 0x7FFF else words[0]
        else:
            wire = words[0].to_bytes(2) + words[1].to_bytes(2)
            four = bytearray(4)
            for place, byte in zip(self._places, wire, strict=True):
                four[place] = byte
            raw = (
                _FLOAT.unpack(four)[0]
                if self.channel.type == "f32"
                else int.from_bytes(four, signed=self.channel.type == "s32")
            )
        return (raw / self._inverse if self._inverse else raw * self._scale) + self._offset


def _as_f32(value: float) -> float:
    try:
        single: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    except OverflowError:
        return nan
    return single
