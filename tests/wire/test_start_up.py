"""The agent comes to a farm that was left as it was: it reads before it writes, and what stands wrong is put right."""

import asyncio
import logging
from pathlib import Path

import pytest

from controller.agent import Agent
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock
from simulator.wire import FarmOnWires
from tests.wire.agent_on_wires import NOON_S, SITES, SPEED, no_secret, until

pytestmark = pytest.mark.wire


async def test_a_doser_that_was_left_on_is_found_and_stopped_when_the_agent_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "farmloop.agent")
    site, clock = load_site(SITES / "ras.yaml").site, AcceleratedClock(NOON_S, SPEED)
    async with FarmOnWires(site, clock, 1, tmp_path) as farm:
        relays = farm.device("ras_relays")
        pump = next(channel for channel, tag in relays.tags.items() if tag == "ras1.tank1.base_pump")
        assert relays.write(pump, True, clock.now())
        agent = Agent(site, tmp_path / "agent", clock, no_secret, farm.wiring)
        task = asyncio.create_task(agent.run())
        try:
            await until(lambda: not relays.outputs[pump], "a doser that stands")
            found = "ras1.tank1.base_pump"
            await until(
                lambda: any(one.message == "output_found" and one.subject == found for one in caplog.records),  # type: ignore[attr-defined]
                "a word of it",
            )
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
