"""The Modbus slaves of one bus: a request's PDU in, the answer's PDU out. No wire and no clock.

Function codes 1 to 6, 15 and 16; exceptions 1 (function), 2 (address), 3 (value), 4 (outputs held by a tripped
watchdog). Only what the library maps (channels, blocks, start commands, watchdog) has an address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.devices.device import VirtualDevice

BROADCAST = 0
_READ_TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_WRITE_TABLES = {5: "coil", 6: "holding", 15: "coil", 16: "holding"}
_MOST_READ = {1: 2000, 2: 2000, 3: 125, 4: 125}
_MOST_WRITTEN = {15: 1968, 16: 123}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


class ModbusSlave:
    """All devices of one bus by unit id."""

    def __init__(self, devices: Mapping[int, VirtualDevice]) -> None:
        self.devices = dict(devices)
        self._maps = {unit: RegisterMap(device) for unit, device in self.devices.items()}

    def respond(self, unit: int, pdu: bytes, now_s: float) -> bytes | None:
        """The answer to one request, None where nobody answers (broadcast, another's unit, unplugged, silent product).

        Writes to unit 0 reach every device."""
        if unit == BROADCAST:
            if pdu[:1] and pdu[0] in _WRITE_TABLES:
                for other in self._maps:
                    self.respond(other, pdu, now_s)
            return None
        registers = self._maps.get(unit)
        if registers is None or not pdu or registers.device.unplugged:
            return None
        registers.device.tick(now_s)
        if registers.device.refuses:
            return bytes((pdu[0] | 0x80, DEVICE_FAILURE))
        try:
            answer = registers.answer(pdu, now_s)
        except _Refused as refused:
            if registers.device.product.silent_exceptions:
                return None
            return bytes((pdu[0] | 0x80, refused.code))
        registers.device.feed(now_s)
        return answer


@dataclass(frozen=True, slots=True)
class _Special:
    """A register that is no channel: watchdog, safe values, start commands."""

    read: Callable[[], int]
    write: Callable[[int, float], None] | None = None
    """Takes the raw value and farm time."""


class RegisterMap:
    """One device as its four tables."""

    def __init__(self, device: VirtualDevice) -> None:
        self.device = device
        self._channels: dict[tuple[str, int], tuple[str, int]] = {}
        """Table, address -> channel and which of its words."""
        self._special: dict[tuple[str, int], _Special] = {}
        self._commands: set[int] = set()
        """Addresses that take FC16 with no registers at all."""
        self._count = 0
        self._enabled = False
        for name, channel in device.channels.items():
            if channel.table is not None and channel.address is not None:
                for word in range(device.scalings[name].size):
                    self._channels[channel.table, channel.address + word] = (name, word)
        self._add_watchdog()
        for what, address, count in device.product.start:
            if what == "read_holding":
                for place in range(address, address + count):
                    self._special.setdefault(("holding", place), _Special(_zero))
            elif what == "write_holding":
                self._special.setdefault(("holding", address), _Special(_zero, _ignore))
            else:
                self._commands.add(address)
        for table, address, count in device.product.blocks:
            for place in range(address, address + count):
                if (table, place) not in self._channels:
                    self._special.setdefault((table, place), _Special(_zero))
        self._tables = {table for table, _ in (*self._channels, *self._special)}

    def answer(self, pdu: bytes, now_s: float) -> bytes:
        """Raises _Refused."""
        function = pdu[0]
        if function in _READ_TABLES:
            return self._read(function, pdu, now_s)
        if function in (5, 6):
            return self._write_one(function, pdu, now_s)
        if function in (15, 16):
            return self._write_many(function, pdu, now_s)
        raise _Refused(ILLEGAL_FUNCTION)

    # --- requests

    def _read(self, function: int, pdu: bytes, now_s: float) -> bytes:
        table = _READ_TABLES[function]
        if table not in self._tables:
            raise _Refused(ILLEGAL_FUNCTION)
        if len(pdu) != 5:
            raise _Refused(ILLEGAL_VALUE)
        address, count = _u16(pdu, 1), _u16(pdu, 3)
        if not 1 <= count <= min(_MOST_READ[function], max(self.device.product.max_block, 1)):
            raise _Refused(ILLEGAL_VALUE)
        values = self._values(table, address, count, now_s)
        if function in (1, 2):
            data = bytearray((count + 7) // 8)
            for index, value in enumerate(values):
                data[index // 8] |= (value & 1) << (index % 8)
            return bytes((function, len(data))) + bytes(data)
        return bytes((function, 2 * count)) + b"".join(value.to_bytes(2) for value in values)

    def _write_one(self, function: int, pdu: bytes, now_s: float) -> bytes:
        table = _WRITE_TABLES[function]
        if table not in self._tables:
            raise _Refused(ILLEGAL_FUNCTION)
        if len(pdu) != 5:
            raise _Refused(ILLEGAL_VALUE)
        address, value = _u16(pdu, 1), _u16(pdu, 3)
        if function == 5:
            channel = self._channels.get((table, address))
            on = 0xFF00 if channel is None else self.device.channels[channel[0]].on
            if value not in (on, 0x0000):
                raise _Refused(ILLEGAL_VALUE)
            value = 1 if value == on else 0
        self._store(table, address, [value], now_s)
        return pdu

    def _write_many(self, function: int, pdu: bytes, now_s: float) -> bytes:
        table = _WRITE_TABLES[function]
        if table not in self._tables:
            raise _Refused(ILLEGAL_FUNCTION)
        if len(pdu) < 6:
            raise _Refused(ILLEGAL_VALUE)
        address, count, size, data = _u16(pdu, 1), _u16(pdu, 3), pdu[5], pdu[6:]
        if function == 16 and count == 0 and size == 0 and address in self._commands:
            return pdu[:5]
        wanted = (count + 7) // 8 if function == 15 else 2 * count
        if not 1 <= count <= _MOST_WRITTEN[function] or size != wanted or len(data) != wanted:
            raise _Refused(ILLEGAL_VALUE)
        if function == 15:
            values = [data[index // 8] >> (index % 8) & 1 for index in range(count)]
        else:
            values = [_u16(data, 2 * index) for index in range(count)]
        self._store(table, address, values, now_s)
        return pdu[:5]

    # --- tables

    def _values(self, table: str, address: int, count: int, now_s: float) -> list[int]:
        words: dict[str, tuple[int, ...]] = {}
        values: list[int] = []
        for place in range(address, address + count):
            found = self._channels.get((table, place))
            if found is not None:
                channel, word = found
                if channel not in words:
                    words[channel] = self._words(channel, now_s)
                values.append(words[channel][word])
                continue
            special = self._special.get((table, place))
            if special is None:
                raise _Refused(ILLEGAL_ADDRESS)
            values.append(special.read())
        return values

    def _words(self, channel: str, now_s: float) -> tuple[int, ...]:
        value = self.device.read(channel, now_s)
        scaling = self.device.scalings[channel]
        if scaling.channel.kind == "bool":
            return (0,) * (scaling.size - 1) + (int(bool(value)),)
        return scaling.words(scaling.nothing() if value is None else scaling.raw(value))

    def _store(self, table: str, address: int, values: list[int], now_s: float) -> None:
        """All or nothing: every address and value is looked at before one is written."""
        changed: dict[str, list[int]] = {}
        specials: list[tuple[_Special, int]] = []
        for place, value in enumerate(values, start=address):
            found = self._channels.get((table, place))
            if found is not None and found[0] in self.device.outputs:
                channel, word = found
                if channel not in changed:
                    changed[channel] = list(self._words(channel, now_s))
                changed[channel][word] = value
                continue
            special = self._special.get((table, place))
            if special is None or special.write is None:
                raise _Refused(ILLEGAL_ADDRESS)
            specials.append((special, value))
        wanted = {channel: self._meaning(channel, words) for channel, words in changed.items()}
        for special, value in specials:
            assert special.write is not None
            special.write(value, now_s)
        for channel, meant in wanted.items():
            if not self.device.write(channel, meant, now_s):
                raise _Refused(DEVICE_FAILURE)

    def _meaning(self, channel: str, words: list[int]) -> float | bool:
        scaling = self.device.scalings[channel]
        if scaling.channel.kind == "bool":
            return any(words)
        value = scaling.from_words(tuple(words))
        low, high = scaling.channel.range or (value, value)
        if not low <= value <= high:  # NaN too
            raise _Refused(ILLEGAL_VALUE)
        return value

    # --- the watchdog's registers

    def _add_watchdog(self) -> None:
        watchdog, device = self.device.product.watchdog, self.device
        if watchdog is None:
            return
        if watchdog.address is not None:
            self._special[watchdog.table, watchdog.address] = _Special(lambda: self._count, self._set_count)
        if watchdog.enable is not None:
            table, address, on = watchdog.enable
            self._special[table, address] = _Special(
                lambda: on if self._enabled else 0, lambda value, now_s: self._enable(value == on, now_s)
            )
        else:
            self._enabled = True
        if watchdog.status is not None:
            self._special[watchdog.status] = _Special(lambda: int(device.tripped))
        if watchdog.clear is not None:
            table, address, by = watchdog.clear
            before = self._special.get((table, address))
            self._special[table, address] = _Special(
                before.read if before else _zero,
                lambda value, now_s: device.clear(now_s) if value == by else None,
            )
        self._add_safe("coil", watchdog.safe_coils)
        self._add_safe("holding", watchdog.safe_holding)

    def _add_safe(self, table: str, first: int | None) -> None:
        """Safe values stand from `first` on, in the order of their outputs' addresses."""
        if first is None:
            return
        places = sorted(
            (address, name, word)
            for (of, address), (name, word) in self._channels.items()
            if of == table and name in self.device.safe
        )
        for index, (_, name, word) in enumerate(places):
            self._special[table, first + index] = _Special(
                lambda name=name, word=word: self._safe_words(name)[word],  # type: ignore[misc]  # defaults bind the loop
                lambda value, now_s, name=name, word=word: self._set_safe(name, word, value),  # type: ignore[misc]
            )

    def _safe_words(self, name: str) -> list[int]:
        scaling, value = self.device.scalings[name], self.device.safe[name]
        return [int(bool(value))] if scaling.channel.kind == "bool" else list(scaling.words(scaling.raw(value)))

    def _set_safe(self, name: str, word: int, value: int) -> None:
        words = self._safe_words(name)
        words[word] = value
        self.device.safe[name] = self._meaning(name, words)

    def _set_count(self, count: int, now_s: float) -> None:
        watchdog = self.device.product.watchdog
        assert watchdog is not None
        if count > watchdog.maximum:
            raise _Refused(ILLEGAL_VALUE)
        self._count = count
        self._arm(watchdog.unit_s, now_s)

    def _enable(self, enabled: bool, now_s: float) -> None:
        watchdog = self.device.product.watchdog
        assert watchdog is not None
        self._enabled = enabled
        self._arm(watchdog.unit_s, now_s)

    def _arm(self, unit_s: float, now_s: float) -> None:
        self.device.set_watchdog(self._count * unit_s if self._enabled else 0.0, now_s)


def _u16(data: bytes, place: int) -> int:
    return data[place] << 8 | data[place + 1]


def _zero() -> int:
    return 0


def _ignore(value: int, now_s: float) -> None:
    return None
