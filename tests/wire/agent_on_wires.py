"""An agent with its real drivers on a simulated farm's wires: `async with running(site, directory) as run:`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.agent import Agent
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.clock import AcceleratedClock, pause, process_time
from foundation.reading import Quality
from simulator.wire import FarmOnWires

SITES = Path(__file__).parents[2] / "edge_config/sites"
NOON_S = 1_774_065_600.0
"""21 March 2026, noon in Shandong."""
SPEED = 10.0


def no_secret(name: str) -> str:
    raise KeyError(name)


async def until(condition: Callable[[], object], what: str, deadline_s: float = 40.0) -> None:
    """Wait (process time) for something to become true."""
    end = process_time() + deadline_s
    while not condition():
        assert process_time() < end, f"not within {deadline_s:g} s: {what}"
        await pause(0.02)


@dataclass
class Running:
    farm: FarmOnWires
    agent: Agent
    clock: AcceleratedClock

    def quality(self, tag: str) -> Quality:
        return self.agent.readings()[tag].quality

    def contact(self, device: str, channel: str) -> float:
        return float(self.farm.device(device).outputs[channel])


@asynccontextmanager
async def running(
    site: str | Site,
    directory: Path,
    speed: float = SPEED,
    *,
    broker: tuple[str, int] | None = None,
    secrets: Callable[[str], str] = no_secret,
    prepare: Callable[[Agent], None] = lambda agent: None,
) -> AsyncIterator[Running]:
    """A sample site by its name, or any; live when it is handed over. `prepare` gets the agent before it runs."""
    built = site if isinstance(site, Site) else load_site(SITES / f"{site}.yaml").site
    clock = AcceleratedClock(NOON_S, speed)
    async with FarmOnWires(built, clock, 1, directory, broker) as farm:
        agent = Agent(built, directory / "agent", clock, secrets, farm.wiring)
        prepare(agent)
        task = asyncio.create_task(agent.run())
        try:
            inner = Running(farm, agent, clock)
            sensors = agent.core.plan.loop_sensors
            await until(
                lambda: all(inner.quality(tag) is not Quality.BAD for tag in sensors) or task.done(), "a live farm"
            )
            yield inner
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
