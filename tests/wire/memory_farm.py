"""A simulated farm and its real drivers with memory in place of serial ports, so that time can jump.

What a kernel hands over a pseudo terminal comes when it likes; here bytes cross at once. Modbus TCP is true.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from controller.wiring import bus_settings, device_settings, safe_of
from drivers.driver import BusSettings, SerialSettings, Statistics, Written
from drivers.links import Links, build_links
from drivers.modbus_line import WireError
from drivers.text_port import TextPort
from edge_config.model.site import Site
from foundation.reading import Quality, Reading
from simulator.field import Field
from simulator.wire import FarmOnWires
from tests.drivers.slave import MemoryWire, Slaves
from tests.drivers.virtual import LoopClock
from tests.wire.agent_on_wires import no_secret

START_S = 1_774_065_600.0


class MemoryEnd:
    """What `simulator.devices.pty_end.PtyEnd` is, without a pty: for Modbus behind pymodbus's null modem, for text
    behind a `MemoryText`."""

    of_bus: dict[str, "MemoryEnd"] = {}  # noqa: RUF012  emptied by every farm

    def __init__(self, path: Path, hear: Callable[[bytes], None]) -> None:
        self.hear = hear
        self.plugged = True
        self.text: MemoryText | None = None
        slaves = Slaves()
        slaves.hear = self._hear  # type: ignore[method-assign]  # frames go to the line as they come
        self.wire = MemoryWire(slaves)
        MemoryEnd.of_bus[path.name] = self

    def _hear(self, data: bytes) -> list[tuple[float, bytes]]:
        self.hear(data)
        return []

    def replug(self) -> None: ...

    def unplug(self) -> None: ...

    def send(self, data: bytes) -> None:
        if self.text is not None:
            self.text.heard(data, asyncio.get_running_loop().time())
        else:
            self.wire.say(data)


class MemoryText(TextPort):
    """A port of text that ends in the farm's memory."""

    def __init__(self, settings: SerialSettings) -> None:
        super().__init__(settings)
        self._end = MemoryEnd.of_bus[settings.id]
        self._end.text = self

    @property
    def connected(self) -> bool:
        return True

    async def run(self) -> None:
        self.tried.set()
        await asyncio.Event().wait()

    def say(self, data: bytes) -> None:
        if not self.connected:
            raise WireError("port")
        self._end.hear(data)


@dataclass
class Run:
    """Farm and drivers, and all that came of them."""

    farm: FarmOnWires
    links: Links
    clock: LoopClock
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)

    @property
    def field(self) -> Field:
        assert isinstance(self.farm.field, Field)
        return self.farm.field

    def take(self, readings: Sequence[Reading], token: object | None) -> None:
        for reading in readings:
            self.readings.setdefault(reading.tag, []).append(reading)

    def last(self, tag: str) -> Reading:
        return self.readings[tag][-1]

    def is_good(self, tag: str) -> bool:
        return tag in self.readings and self.last(tag).quality is Quality.GOOD

    def statistics(self, device: str) -> Statistics:
        return next(link.driver.statistics for link in self.links.links if link.id == device)

    async def pass_s(self, seconds: float) -> None:
        await self.clock.sleep_until(self.clock.now() + seconds)

    async def until_good(self, *tags: str, within_s: float) -> None:
        end_s = self.clock.now() + within_s
        while not all(self.is_good(tag) for tag in tags):
            assert self.clock.now() < end_s, {tag: self.readings.get(tag, [])[-1:] for tag in tags}
            await self.pass_s(0.1)

    def longest_gap_s(self, tag: str, since_s: float) -> float:
        """Between two good readings."""
        times = [one.time_s for one in self.readings[tag] if one.time_s >= since_s and one.quality is Quality.GOOD]
        return max(b - a for a, b in pairwise([since_s, *times, self.clock.now()]))


@asynccontextmanager
async def memory_wires(site: Site, directory: Path) -> AsyncIterator[tuple[FarmOnWires, list[BusSettings], LoopClock]]:
    """The farm, and where its wires end for drivers of anybody's. On a `VirtualLoop` (tests/drivers/virtual.py)."""
    clock = LoopClock(START_S)
    with ExitStack() as patches:
        for line in ("serial_line", "uart"):
            patches.enter_context(patch(f"simulator.devices.{line}.PtyEnd", MemoryEnd))
        patches.enter_context(patch("drivers.links.TextPort", MemoryText))
        MemoryEnd.of_bus.clear()
        async with FarmOnWires(site, clock, 1, directory) as farm:
            wiring = {**farm.wiring, **{bus: {"port": end.wire.port} for bus, end in MemoryEnd.of_bus.items()}}
            yield farm, bus_settings(site, no_secret, wiring, 1.0), clock


@asynccontextmanager
async def memory_farm(site: Site, directory: Path) -> AsyncIterator[Run]:
    """The same with drivers that run."""
    async with memory_wires(site, directory) as (farm, buses, clock):
        run = Run(farm, Links([], []), clock)
        run.links = build_links(buses, device_settings(site), clock, run.take, run.written.append, safe_of(site))
        async with run.links:
            yield run
