"""A port whose far end is a script: bytes cross at once, with no serial line and no kernel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.ascii import AsciiDevice
from drivers.driver import DeviceSettings, SerialSettings
from drivers.ezo import EzoDevice
from drivers.modbus_line import WireError
from drivers.product import load_product
from drivers.text_port import TextPort

Script = Callable[[bytes], list[tuple[float, bytes]]]
"""What was said -> what comes back, and after how many seconds each."""


class MemoryPort(TextPort):
    """`script` says what the far end answers; `said` is what it heard."""

    def __init__(self, script: Script, deadline_s: float = 1.5) -> None:
        super().__init__(SerialSettings("uart", "nowhere", deadline_s=deadline_s, speaks="text"))
        self.script = script
        self.said: list[bytes] = []
        self.is_there = True

    @property
    def connected(self) -> bool:
        return self.is_there

    def say(self, data: bytes) -> None:
        if not self.is_there:
            raise WireError("port")
        self.said.append(data)
        loop = asyncio.get_running_loop()
        for after_s, reply in self.script(data):
            loop.call_later(after_s, self.hear, reply)

    def hear(self, data: bytes) -> None:
        self.heard(data, asyncio.get_running_loop().time())


def device(
    product: str, tags: dict[str, str], unit: int | None = None, compensate: str | None = None
) -> DeviceSettings:
    return DeviceSettings(f"probe{unit}", product, "uart", unit, 5.0, None, None, tags, compensate)


def ezo(port: TextPort, kind: str, compensate: str | None = None) -> EzoDevice:
    product = load_product(f"atlas/ezo_{kind}")
    return EzoDevice(
        device(product.id, {name: f"f.z.{name}" for name in product.channels}, None, compensate), product, port
    )


def ascii_probe(port: TextPort, unit: int | None = 1) -> AsciiDevice:
    product = load_product("generic/ascii_probe")
    return AsciiDevice(device(product.id, {"v1": "f.z.v1", "v2": "f.z.v2"}, unit), product, port)


@asynccontextmanager
async def opened(path: Path, deadline_s: float = 0.5) -> AsyncIterator[TextPort]:
    """A true port on `path`, kept open meanwhile."""
    port = TextPort(SerialSettings("uart", str(path), deadline_s=deadline_s, speaks="text"))
    task = asyncio.create_task(port.run())
    await port.tried.wait()
    try:
        yield port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
