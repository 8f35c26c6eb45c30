"""Modbus without a wire: what to ask for a device's channels, what its registers mean, what a write carries. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, isnan
from struct import error as StructError
from struct import pack, unpack
from typing import NamedTuple

from drivers.product import Channel, Product, Table
from foundation.reading import Reason, Value

READ: Mapping[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
"""Function that reads each table."""
WORDS = {"bit": 1, "u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2}
"""Addresses that a type takes up."""
LIMITS = {
    "u16": (0, 0xFFFF), "s16": (-0x8000, 0x7FFF),
    "u32": (0, 0xFFFF_FFFF), "s32": (-0x8000_0000, 0x7FFF_FFFF),
}  # fmt: skip
SILENCE = 3.5
"""Characters of silence that end a frame of Modbus RTU."""
RTU_EXTRA = 3
"""Bytes that RTU puts around a PDU: unit and CRC."""


class Request(NamedTuple):
    """A request, and all that is known beforehand of a good reply to it."""

    pdu: bytes
    """Function code and data."""
    head: bytes
    """How the reply's PDU begins."""
    size: int
    """How long the reply's PDU is."""


class Block(NamedTuple):
    """Neighbours in one table that one request reads, or one writes."""

    table: Table
    address: int
    length: int
    channels: tuple[str, ...]


class Write(NamedTuple):
    """One write: where, the words (or bits, 0 and 1) to write, and what FC05 carries for "on"."""

    block: Block
    words: tuple[int, ...]
    on: int


Decoded = tuple[Value | None, Reason | None]
"""A value, and why it may not be used (then the value is what was refused)."""


def plan(product: Product, wanted: Iterable[str]) -> tuple[Block, ...]:
    """The fewest requests that read these channels.

    Neighbours merge across addresses that the product's file knows, never across those it does not (many devices
    answer nothing at all there), never across tables, and up to `max_block`. What only comes as a whole is read so.
    """
    whole: dict[tuple[Table, int, int], list[str]] = {}
    loose: dict[Table, list[str]] = {}
    for name in wanted:
        channel = product.channels[name]
        table, address = _place(channel)
        for block in product.blocks:
            if block[0] == table and block[1] <= address < block[1] + block[2]:
                whole.setdefault(block, []).append(name)
                break
        else:
            loose.setdefault(table, []).append(name)
    blocks = [Block(table, address, count, tuple(names)) for (table, address, count), names in whole.items()]
    for table, names in loose.items():
        known = _known(product, table)
        names.sort(key=lambda name: _place(product.channels[name])[1])
        start = end = -1
        members: list[str] = []
        for name in names:
            channel = product.channels[name]
            first = _place(channel)[1]
            last = first + WORDS[channel.type]
            bridged = known.issuperset(range(end, first))
            if members and bridged and max(end, last) - start <= product.max_block:
                members.append(name)
                end = max(end, last)
            else:
                if members:
                    blocks.append(Block(table, start, end - start, tuple(members)))
                start, end, members = first, last, [name]
        blocks.append(Block(table, start, end - start, tuple(members)))
    return tuple(sorted(blocks, key=lambda block: (READ[block.table], block.address)))


def read_request(block: Block) -> Request:
    """The request that reads a block."""
    function = READ[block.table]
    size = (block.length + 7) // 8 if function <= 2 else 2 * block.length
    return Request(pack(">BHH", function, block.address, block.length), bytes((function, size)), 2 + size)


def words_of(block: Block, reply: bytes) -> tuple[int, ...]:
    """The registers (or bits) in the PDU of a reply to `read_request(block)`."""
    if READ[block.table] <= 2:
        return tuple(reply[2 + index // 8] >> index % 8 & 1 for index in range(block.length))
    return unpack(f">{block.length}H", reply[2:])


def decode_block(product: Product, block: Block, words: Sequence[int]) -> dict[str, Decoded]:
    """Every channel of a block that was read."""
    found: dict[str, Decoded] = {}
    for name in block.channels:
        channel = product.channels[name]
        first = _place(channel)[1] - block.address
        found[name] = decode(channel, words[first : first + WORDS[channel.type]])
    return found


def decode(channel: Channel, words: Sequence[int]) -> Decoded:
    """What these registers mean for a channel: its value, or why there is none (or which one was refused)."""
    raw: float
    if len(words) == 2:
        wire = pack(">HH", *words)
        four = bytes(wire[channel.order.index(place)] for place in "ABCD")
        raw = unpack({"u32": ">I", "s32": ">i", "f32": ">f"}[channel.type], four)[0]
        if isnan(raw):
            return None, Reason.SENTINEL
        if not isfinite(raw):
            return None, Reason.NOT_FINITE
    else:
        raw = words[0]
        if channel.type == "s16" and raw >= 0x8000:
            raw -= 0x10000
    if raw in channel.sentinels:
        return None, Reason.SENTINEL
    if channel.kind == "bool":
        return raw != 0, None
    value = _scaled(raw, channel.scale) + channel.offset
    if not isfinite(value):
        return None, Reason.NOT_FINITE
    if channel.range is not None and not channel.range[0] <= value <= channel.range[1]:
        return value, Reason.RANGE
    return value, None


def encode(channel: Channel, value: Value) -> tuple[int, ...] | Reason:
    """The registers (or the bit) that say `value`, or why it cannot be written."""
    if channel.kind == "bool":
        if isinstance(value, str) or value not in (0, 1):
            return Reason.WRONG_TYPE
        return (0,) * (WORDS[channel.type] - 1) + (int(value),)
    if isinstance(value, bool | str):
        return Reason.WRONG_TYPE
    if not isfinite(value):
        return Reason.NOT_FINITE
    if channel.range is not None and not channel.range[0] <= value <= channel.range[1]:
        return Reason.RANGE
    raw = (value - channel.offset) / channel.scale
    try:
        if channel.type == "f32":
            four = pack(">f", raw + 0.0)  # no minus zero: some devices read back plain zero
        else:
            low, high = LIMITS[channel.type]
            number = round(raw)
            if not low <= number <= high:
                return Reason.RANGE
            four = (number & 0xFFFF_FFFF).to_bytes(4, "big")
    except (OverflowError, StructError):
        return Reason.RANGE
    if WORDS[channel.type] == 1:
        return (int.from_bytes(four[2:], "big"),)
    return unpack(">HH", bytes(four["ABCD".index(place)] for place in channel.order))


def plan_writes(product: Product, values: Mapping[str, tuple[int, ...]]) -> tuple[Write, ...]:
    """The fewest requests that write these channels: neighbours together; those with an `on` of their own singly."""
    writes: list[Write] = []
    for name in sorted(values, key=lambda name: _place(product.channels[name])):
        channel = product.channels[name]
        table, address = _place(channel)
        words = values[name]
        last = writes[-1] if writes else None
        if (
            last is not None
            and last.block.table == table
            and last.block.address + last.block.length == address
            and last.block.length + len(words) <= product.max_block
            and (table == "holding" or last.on == channel.on == 0xFF00)
        ):
            block = Block(table, last.block.address, last.block.length + len(words), (*last.block.channels, name))
            writes[-1] = Write(block, last.words + words, last.on)
        else:
            writes.append(Write(Block(table, address, len(words), (name,)), words, channel.on))
    return tuple(writes)


def write_request(write: Write) -> Request:
    """The request that carries out a write: FC05 and FC06 for one, FC15 and FC16 for several."""
    table, address, count, _ = write.block
    if table == "coil" and count == 1:
        return _echoed(pack(">BHH", 5, address, write.on if write.words[0] else 0))
    if table == "coil":
        bits = sum(bit << index for index, bit in enumerate(write.words))
        size = (count + 7) // 8
        return _confirmed(pack(">BHHB", 15, address, count, size) + bits.to_bytes(size, "little"))
    if count == 1:
        return _echoed(pack(">BHH", 6, address, write.words[0]))
    return _confirmed(pack(f">BHHB{count}H", 16, address, count, 2 * count, *write.words))


def start_request(function: str, address: int, number: int) -> Request:
    """One of a product's `start` requests."""
    if function == "read_holding":
        return read_request(Block("holding", address, number, ()))
    if function == "write_holding":
        return _echoed(pack(">BHH", 6, address, number))
    return _confirmed(pack(">BHHB", 16, address, 0, 0))


def exception_code(reply: bytes) -> int | None:
    """The code of an exception, None for any other reply."""
    return reply[1] if reply[0] & 0x80 else None


def character_s(baud: int, parity: str = "none", stop_bits: int = 1) -> float:
    """Seconds that one character takes on the wire."""
    return (1 + 8 + (parity != "none") + stop_bits) / baud


def poll_cost_s(
    product: Product,
    channels: Iterable[str],
    baud: int,
    parity: str = "none",
    stop_bits: int = 1,
    turnaround_s: float = 0.0,
) -> float:
    """Wire time of one poll of these channels over RTU: every frame with its 3.5 characters of silence.

    `turnaround_s` is what the device takes over that silence before it answers. For a bus: the sum of cost / period
    over its devices is the share of time that it is busy.
    """
    wanted = dict.fromkeys(name for name in channels if product.channels[name].access != "write")
    if product.time_channel is not None:
        wanted[product.time_channel] = None
    one = character_s(baud, parity, stop_bits)
    cost = 0.0
    for block in plan(product, wanted):
        request = read_request(block)
        cost += (len(request.pdu) + request.size + 2 * RTU_EXTRA + 2 * SILENCE) * one + turnaround_s
    return cost


def _place(channel: Channel) -> tuple[Table, int]:
    assert channel.table is not None  # the loader refuses a Modbus channel that stands nowhere
    assert channel.address is not None
    return channel.table, channel.address


def _known(product: Product, table: Table) -> set[int]:
    """Addresses that may be read on the way from one channel to the next."""
    known: set[int] = set()
    for channel in product.channels.values():
        if channel.table == table and channel.access != "write":
            first = _place(channel)[1]
            known.update(range(first, first + WORDS[channel.type]))
    for where, first, count in product.blocks:
        if where == table:
            known.difference_update(range(first, first + count))
    return known


def _scaled(raw: float, scale: float) -> float:
    """raw * scale; a scale of 0.1 divides by 10 instead, so that 305 becomes 30.5 and not 30.500000000000004."""
    inverse = round(1 / scale) if abs(scale) < 1 else 0
    if inverse and inverse * scale == 1.0:
        return raw / inverse
    return raw * scale


def _echoed(pdu: bytes) -> Request:
    return Request(pdu, pdu, len(pdu))


def _confirmed(pdu: bytes) -> Request:
    return Request(pdu, pdu[:5], 5)
