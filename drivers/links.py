"""Every link of a site with the buses below them: all that the agent needs of this room."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Self

from drivers.ascii import AsciiDevice
from drivers.bus import Bus
from drivers.driver import BrokerSettings, BusSettings, DeviceSettings, Driver, SerialSettings
from drivers.ending import end_tasks
from drivers.ezo import EzoDevice
from drivers.link import Link, OnReadings, OnWritten
from drivers.modbus import ModbusDevice
from drivers.mqtt import Broker, MqttDevice
from drivers.mqtt_session import Delivery
from drivers.product import load_product
from drivers.text_port import TextPort
from foundation.clock import Clock, pause, process_time
from foundation.reading import Quality, Reading, Value

LOG = logging.getLogger(__name__)
RESTART_S = 1.0
"""Process time before a bus that failed is run again."""
FAILING_S = 10.0
"""Process time after a failure within which a bus counts as failing."""
Owner = Bus | TextPort | Broker
"""What owns a port or a connection."""


class Links:
    """What `build_links` makes.

    async with links:                       # ports open, devices polled
        links.order({"gh1.bay1.vent_open": True})
        links.acknowledge(token)            # once the readings that came with it are on the disk
    # on the way out every safe state has been written
    """

    def __init__(self, links: Sequence[Link], buses: Sequence[Owner]) -> None:
        self.links = list(links)
        self.buses = list(buses)
        self._of_tag = {tag: link for link in links for tag in link.driver.settings.tags.values()}
        self._tasks: list[asyncio.Task[None]] = []
        self._failed_s: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Open every bus (waiting for one attempt at each port), then run every link."""
        for bus in self.buses:
            self._tasks.append(asyncio.create_task(self._keep(bus), name=bus.settings.id))
        await asyncio.gather(*(bus.tried.wait() for bus in self.buses if not isinstance(bus, Broker)))
        for link in self.links:
            self._tasks.append(asyncio.create_task(link.run(), name=link.id))

    def order(self, values: Mapping[str, Value]) -> None:
        """Hand each value to the link of its tag; KeyError for a tag of no device."""
        of_link: dict[Link, dict[str, Value]] = {}
        for tag, value in values.items():
            of_link.setdefault(self._of_tag[tag], {})[tag] = value
        for link, orders in of_link.items():
            link.order(orders)

    def stuck(self) -> tuple[str, ...]:
        """Buses and devices whose task has ended, fails again and again, or does not turn: a fault of ours, not of
        theirs."""
        ended = [task.get_name() for task in self._tasks if task.done()]
        since_s = process_time() - FAILING_S
        failing = [name for name, failed_s in self._failed_s.items() if failed_s > since_s]
        hanging = [link.id for link in self.links if self._tasks and link.is_stuck]
        return tuple(dict.fromkeys((*ended, *failing, *hanging)))

    @staticmethod
    def acknowledge(token: object) -> None:
        """The readings that came under `token` are on the disk."""
        if isinstance(token, Delivery):
            token.stored()

    async def close(self, safe: Mapping[str, Value] | None = None) -> None:
        """Write every safe state (`safe` instead of those given to `build_links`, if given), then close every bus."""
        await asyncio.gather(
            *(
                link.stop(
                    None
                    if safe is None
                    else {tag: value for tag, value in safe.items() if self._of_tag.get(tag) is link}
                )
                for link in self.links
            ),
            return_exceptions=True,
        )
        await end_tasks(self._tasks, again_s=1.0)
        self._tasks.clear()

    async def _keep(self, bus: Owner) -> None:
        """Run a bus for ever: should it fail in a way that nobody thought of, its devices are not lost for good."""
        while True:
            try:
                await bus.run()
            except Exception:
                LOG.exception("bus failed", extra={"bus": bus.settings.id})
                self._failed_s[bus.settings.id] = process_time()
            await pause(RESTART_S)


def build_links(
    buses: Sequence[BusSettings],
    devices: Sequence[DeviceSettings],
    clock: Clock,
    on_readings: OnReadings,
    on_written: OnWritten,
    safe: Mapping[str, Value] | None = None,
    falls: Mapping[str, Value] | None = None,
) -> Links:
    """A link for every device, one owner for every bus. Opens nothing yet.

    `safe` (tag -> value) is what each output is set to on every way out, `falls` what its device is told to fall to by
    itself (if left out, the same). Raises ProblemsError for an unknown product, KeyError for an unknown bus, ValueError
    for a device without a unit or topic: the site's checks name these better beforehand.
    """
    safe = safe or {}
    falls = safe if falls is None else falls
    owners = {bus.id: _owner(bus, clock) for bus in buses}
    told: dict[str, list[EzoDevice]] = {}
    count: dict[str, int] = {}
    for device in devices:
        count[device.bus] = count.get(device.bus, 0) + 1
    place: dict[str, int] = {}
    links: list[Link] = []
    for device in devices:
        own = {tag: safe[tag] for tag in device.tags.values() if tag in safe}
        place[device.bus] = place.get(device.bus, -1) + 1
        phase = place[device.bus] / count[device.bus]
        fallen = {tag: falls[tag] for tag in device.tags.values() if tag in falls}
        driver = _driver(device, owners[device.bus], fallen)
        if isinstance(driver, EzoDevice) and device.compensate is not None:
            told.setdefault(device.compensate, []).append(driver)
        links.append(Link(driver, clock, _telling(told, on_readings), on_written, phase, own))
    return Links(links, list(owners.values()))


def _telling(told: Mapping[str, Sequence[EzoDevice]], on_readings: OnReadings) -> OnReadings:
    """Readings go on as they are; a good temperature is told to the probes that stand in its water (`told`, by tag)."""

    def tell(readings: Sequence[Reading], token: object | None) -> None:
        for reading in readings if told else ():
            value = reading.value
            if reading.quality is Quality.GOOD and isinstance(value, float | int):
                for driver in told.get(reading.tag, ()):
                    driver.compensate(float(value), reading.time_s)
        on_readings(readings, token)

    return tell


def _owner(bus: BusSettings, clock: Clock) -> Owner:
    if isinstance(bus, BrokerSettings):
        return Broker(bus, clock)
    return TextPort(bus) if isinstance(bus, SerialSettings) and bus.speaks == "text" else Bus(bus)


def _driver(device: DeviceSettings, bus: Owner, falls: Mapping[str, Value]) -> Driver:
    product = load_product(device.product)
    if isinstance(bus, Broker):
        return MqttDevice(device, product, bus)
    if isinstance(bus, TextPort):
        return EzoDevice(device, product, bus) if product.protocol == "ezo" else AsciiDevice(device, product, bus)
    return ModbusDevice(device, product, bus, falls)
