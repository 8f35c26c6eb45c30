"""A simulated farm on true wires: pseudo terminals, TCP ports and MQTT nodes that the agent finds like any other."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any

from edge_config.model.site import AsciiBus, BrokerBus, SerialBus, Site, TcpBus
from foundation.clock import Clock
from simulator.broker import EmbeddedBroker
from simulator.devices.ascii_probe import AsciiProbe
from simulator.devices.device import VirtualDevice, devices_of
from simulator.devices.ezo import EzoCircuit
from simulator.devices.manner import PROPER, Manner
from simulator.devices.modbus import ModbusSlave
from simulator.devices.mqtt_node import MqttNode
from simulator.devices.recorded import Recording
from simulator.devices.serial_line import SerialLine
from simulator.devices.tcp import TcpServer
from simulator.devices.uart import UartLine
from simulator.field import Field

PACE_S = 0.25
"""Farm time between two looks at the watchdogs; orders and readings move the field by themselves."""
LEAST_PACE_S = 0.02
"""The same in process time, where farm time runs fast."""
TURNAROUND_S = 0.005
"""What a device takes to answer, in farm time."""


class FarmOnWires:
    """`async with FarmOnWires(site, clock, seed, directory, broker) as farm:`; afterwards nothing is left of it.

    `broker` is where MQTT nodes go; None starts one of our own if the site wants it. `world` replaces the field that
    the site's `simulation` section describes. Raises FieldError and ProblemsError before anything is started.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        seed: int,
        directory: Path,
        broker: tuple[str, int] | None = None,
        *,
        world: Field | Recording | None = None,
    ) -> None:
        self.site = site
        self.field: Field | Recording = world if world is not None else Field(site, clock.now(), seed)
        self.devices: dict[str, VirtualDevice] = (
            self.field.devices(site) if isinstance(self.field, Recording) else devices_of(site, self.field)
        )
        self.wiring: dict[str, dict[str, Any]] = {}
        """By bus: `{"port": PATH}` of a serial line, `{"host": …, "port": …}` of TCP and brokers."""
        self.lines: dict[str, SerialLine] = {}
        self.uarts: dict[str, UartLine] = {}
        self.servers: dict[str, TcpServer] = {}
        self.nodes: dict[str, MqttNode] = {}
        self._clock = clock
        self._directory = directory
        self._broker = broker
        self._tasks: list[asyncio.Task[None]] = []
        self._leave = contextlib.AsyncExitStack()

    def device(self, name: str) -> VirtualDevice:
        """The device, to unplug or to spoil. Raises KeyError for an unknown one."""
        return self.devices[name]

    async def __aenter__(self) -> "FarmOnWires":
        try:
            for name, bus in self.site.buses.items():
                match bus:
                    case SerialBus():
                        await self._start_line(name, bus)
                    case AsciiBus():
                        await self._start_uart(name, bus)
                    case TcpBus():
                        await self._start_server(name)
                    case BrokerBus():
                        await self._start_nodes(name)
            self._start(self._move(), "field")
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = [task for task in self._tasks if task.done() and not task.cancelled()]
        await self._stop()
        for task in failed:
            task.result()  # whatever broke is not to pass in silence

    async def serve(self) -> None:
        """Until cancelled; raises what broke if something did."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    # --- inside

    async def _start_line(self, name: str, bus: SerialBus) -> None:
        path = self._directory / name
        line = SerialLine(
            path,
            self._slave(name),
            bus.baud,
            bus.parity,
            bus.stop_bits,
            speed=self._clock.speed or 1.0,
            turnaround_s=TURNAROUND_S,
            manner=self._manner(name),
        )
        await line.start()
        self._leave.push_async_callback(line.stop)
        self.lines[name] = line
        self.wiring[name] = {"port": str(path)}

    async def _start_uart(self, name: str, bus: AsciiBus) -> None:
        path = self._directory / name
        talkers = [
            EzoCircuit(device) if device.product.protocol == "ezo" else AsciiProbe(device) for device in self._on(name)
        ]
        uart = UartLine(path, talkers, self._clock, bus.baud, bus.parity, bus.stop_bits, advance=self.field.advance)
        await uart.start()
        self._leave.push_async_callback(uart.stop)
        self.uarts[name] = uart
        self.wiring[name] = {"port": str(path)}

    async def _start_server(self, name: str) -> None:
        server = TcpServer(self._slave(name), speed=self._clock.speed or 1.0, manner=self._manner(name))
        await server.start()
        self._leave.push_async_callback(server.stop)
        self.servers[name] = server
        self.wiring[name] = {"host": "127.0.0.1", "port": server.port}

    async def _start_nodes(self, name: str) -> None:
        if self._broker is None:
            broker = await self._leave.enter_async_context(EmbeddedBroker())
            self._broker = (broker.host, broker.port)
        host, port = self._broker
        self.wiring[name] = {"host": host, "port": port}
        for device in self._on(name):
            if device.settings.topic is not None:
                self.nodes[device.name] = MqttNode(device, host, port, self._clock, self.field.advance)
                self._start(self.nodes[device.name].run(), f"node {device.name}")

    def _slave(self, bus: str) -> Callable[[int, bytes], bytes | None]:
        slave = ModbusSlave({device.settings.unit or 0: device for device in self._on(bus)})

        def respond(unit: int, pdu: bytes) -> bytes | None:
            now_s = self._clock.now()
            self.field.advance(now_s)
            return slave.respond(unit, pdu, now_s)

        return respond

    def _manner(self, bus: str) -> Callable[[int], Manner]:
        by_unit = {device.settings.unit or 0: device for device in self._on(bus)}
        return lambda unit: by_unit[unit].manner() if unit in by_unit else PROPER

    def _on(self, bus: str) -> list[VirtualDevice]:
        return [device for device in self.devices.values() if device.settings.bus == bus]

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    async def _move(self) -> None:
        pace_s = max(PACE_S, LEAST_PACE_S * self._clock.speed)
        while True:
            now_s = self._clock.now()
            self.field.advance(now_s)
            for device in self.devices.values():
                device.tick(now_s)
            await self._clock.sleep_until(now_s + pace_s)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._leave.aclose()
