"""What a driver is: the only thing that knows a protocol, and all that the rest of the agent knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from foundation.reading import Reading, Reason, Value


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """A serial port. `port` is a path; `speed` > 1 (accelerated farm time) divides every gap on the wire. `speaks`:
    Modbus RTU, or lines of text."""

    id: str
    port: str
    baud: int = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: int = 1
    deadline_s: float = 0.3
    """Process time that one request may take, from its first byte out to its last byte in."""
    speed: float = 1.0
    speaks: Literal["modbus", "text"] = "modbus"


@dataclass(frozen=True, slots=True)
class TcpSettings:
    """A Modbus TCP server. `speed` is how fast farm time runs."""

    id: str
    host: str
    port: int = 502
    deadline_s: float = 1.0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """An MQTT broker. `client_id` is fixed, so that the broker keeps the session."""

    id: str
    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    deadline_s: float = 5.0


BusSettings = SerialSettings | TcpSettings | BrokerSettings


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One device as the site has it; times in farm seconds."""

    id: str
    product: str
    bus: str
    unit: int | None
    period_s: float
    watchdog_s: float | None
    topic: str | None
    tags: Mapping[str, str]
    """Channel of the product -> tag."""
    compensate: str | None = None
    """Tag of the water's temperature, told to the device."""


class Written(NamedTuple):
    """What became of a write: `ok` only if the device confirmed it and, where it can, read back the same."""

    tag: str
    value: Value
    ok: bool
    reason: Reason | None
    time_s: float


class Heard(NamedTuple):
    """What a device said last in one place, before anything is made of it."""

    words: tuple[int, ...]
    """Registers (or bits) from an address on; none where it speaks text."""
    text: str
    """The beginning of a line or a message."""
    time_s: float
    """Farm time."""


MOST_HEARD = 500
"""Letters of a text that are kept."""


@dataclass(slots=True)
class Statistics:
    """How a device behaves on its wire; counts since start."""

    polls: int = 0
    answered: int = 0
    writes: int = 0
    writes_failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    """By reason: `timeout`, `crc`, `foreign`, `exception_2`, `payload`, …"""
    last_error: str = ""
    last_seen_s: float | None = None
    online: bool = False
    latency_s: float = 0.0
    """Smoothed process time from request to reply."""
    watchdog: str = "none"
    """Its own watchdog (`drivers/watchdog.py`): `none`, `not set`, `refused`, `by its tool`, or its time (`20 s`)."""
    heard: dict[tuple[str, int], Heard] = field(default_factory=dict)
    """By table and first address; of text, `line` or `message` and 0."""


class Driver(Protocol):
    """One device. Never raises for what a device or a wire does: it returns BAD readings, and a Written not ok."""

    settings: DeviceSettings
    statistics: Statistics

    async def open(self) -> bool:
        """Bring the device to where it can be read (start commands, watchdog register). False if it does not answer."""
        ...

    async def close(self) -> None: ...

    async def poll(self, now_s: float) -> list[Reading]:
        """One reading a readable tag, BAD ones included; `now_s` is farm time. A pushing device returns what came."""
        ...

    async def write(self, orders: Mapping[str, Value], now_s: float) -> list[Written]:
        """Write these tags' values, coalesced into as few requests as the device allows; one Written for each."""
        ...

    def acknowledge(self, token: object) -> None:
        """The pushed readings that came under `token` are on the disk: the broker may forget them."""
        ...

    def describe(self) -> dict[str, str]:
        """Product, address, serial number and the like, for people."""
        ...
