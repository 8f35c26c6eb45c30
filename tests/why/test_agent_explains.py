"""A running agent explains what was recorded before it looked, what stands now, and no moment that is still to come."""

from pathlib import Path
from typing import Any

import pytest

from controller.why.journal import NotRecordedError, last_recorded_s
from tests.test_agent import agent_at, alive
from tests.wire.agent_on_wires import until

VALVE = "ras1.tank1.makeup"


async def test_what_was_recorded_is_explained_before_the_first_scan_and_now_is_not(
    tmp_path: Path,
    nowhere: Any,
) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        first = await agent.explain(VALVE, None)
    again = agent_at(tmp_path, nowhere)
    with pytest.raises(NotRecordedError):
        await again.explain(VALVE, None)
    told = await again.explain(VALVE, first.why.at_s)
    assert told.why.won == first.why.won
    # and nothing of the time after it was stopped
    stopped_s = last_recorded_s(tmp_path)
    assert stopped_s is not None
    assert (await again.explain(VALVE, stopped_s)).why.output == VALVE
    with pytest.raises(NotRecordedError) as error:
        await again.explain(VALVE, stopped_s + 0.1)
    assert error.value.last_s == stopped_s


async def test_a_moment_that_is_still_to_come_is_refused(
    tmp_path: Path,
    nowhere: Any,
) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        await until(lambda: agent.health.scans > 20, "twenty scans")
        for after_s in (60.0, 600.0):
            with pytest.raises(NotRecordedError) as error:
                await agent.explain(VALVE, agent.now() + after_s)
            assert error.value.first_s is not None
            assert error.value.last_s is not None
            assert error.value.first_s < error.value.last_s <= agent.now()
