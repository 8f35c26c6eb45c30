"""The simulator's process of a demo: the farm on true wires until told to stop, and a last word on its outputs."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

from edge_config.model.site import Site
from foundation.clock import Clock
from simulator.devices.device import safe_values
from simulator.wire import FarmOnWires


async def simulate_on_wires(site: Site, directory: Path, clock: Clock, seed: int) -> None:
    """Serve until cancelled. Writes `wiring.json` when every wire is up and `outputs.json` at the end."""
    lines = directory / "wires"
    lines.mkdir(parents=True, exist_ok=True)
    async with FarmOnWires(site, clock, seed, lines) as farm:
        write_whole(directory / "wiring.json", farm.wiring)
        try:
            await farm.serve()
        finally:
            write_whole(directory / "outputs.json", outputs_now(site, farm))


def outputs_now(site: Site, farm: FarmOnWires) -> dict[str, object]:
    """How every output channel stands, and which are not where they are safe."""
    safe = safe_values(site)
    stands = {
        device.tags[channel]: value
        for device in farm.devices.values()
        for channel, value in device.outputs.items()
        if channel in device.tags
    }
    unsafe = [tag for tag, value in stands.items() if tag in safe and abs(float(value) - float(safe[tag])) > 0.01]
    return {"outputs": stands, "unsafe": unsafe}


def write_whole(path: Path, plain: object) -> None:
    """As JSON; whoever reads it sees all of it or what was there before."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(plain), "utf-8")
    os.replace(new, path)


async def lifeline(said: Callable[[str], None]) -> None:
    """Return when the process above is gone: it holds the other end of our standard input. Its lines go to `said`."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    import sys

    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        said(line.decode())
