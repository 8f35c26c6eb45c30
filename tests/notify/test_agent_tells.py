"""The agent from alarm to acknowledgement: a message on the phone, its link, and quiet afterwards."""

import re
from pathlib import Path
from typing import Any

from controller.agent import Agent
from edge_config.loader import load_site
from edge_config.model.site import Site
from foundation.clock import AcceleratedClock
from tests.notify.test_notifier import Phone, phone, site_of
from tests.wire.agent_on_wires import NOON_S, SITES, until


def agent_of(directory: Path, wiring: dict[str, dict[str, Any]], li: Phone, now_s: float) -> Agent:
    """The sample fish farm, none of whose wires leads anywhere, and one person with a phone."""
    site: Site = load_site(SITES / "ras.yaml").site
    told = site_of("people: {li: {urls: [!secret li_phone], languages: [en]}}\nlink: https://farm.example").notify
    address = f"json://127.0.0.1:{li.port}"
    return Agent(
        site.model_copy(update={"notify": told}), directory, AcceleratedClock(now_s, 20.0), lambda _: address, wiring
    )  # fmt: skip


async def test_a_lost_farm_is_told_acknowledged_by_its_link_and_not_told_again_after_a_restart(
    tmp_path: Path, nowhere: Any
) -> None:
    from tests.test_agent import alive

    async with phone() as li:
        async with alive(agent_of(tmp_path, nowhere, li, NOON_S)) as agent:
            await until(lambda: bool(li.heard), "a message")
            told = li.heard[0]
            token = re.search(r"https://farm\.example/alarm#(\S+)", told["message"])
            assert token is not None
            linked = agent.linked(token[1])
            assert linked is not None
            assert linked.alarms
            assert all(not one.acknowledged_by for one in linked.alarms)
            assert await agent.acknowledge_by_link(token[1]) is not None
            # as the journal has it: what grows worse in the next scan waits for somebody once more, and rightly
            seen = {(one.id, one.activation) for one in agent.alarm_changes(0.0, agent.now() + 1.0)
                    if (one.event, one.after, one.by) == ("acknowledge", "acknowledged", "li")}  # fmt: skip
            assert seen == {(one.id, one.activation) for one in linked.alarms}
            assert await agent.acknowledge_by_link(token[1]) is None
            now_s = agent.now()
        first = {line for one in li.heard for line in one["message"].splitlines()}
        count = len(li.heard)
        async with alive(agent_of(tmp_path, nowhere, li, now_s + 5.0)) as agent:
            began = agent.health.scans
            await until(lambda: agent.health.scans > began + 40, "forty scans")
        repeated = [
            one for one in li.heard[count:] for line in one["message"].splitlines() if line in first and "(" in line
        ]
        assert repeated == []
