"""An agent on true pseudo terminals: every wire of a farm pulled out, shorted, and put right again."""

from pathlib import Path

import pytest

from foundation.reading import Quality
from tests.wire.agent_on_wires import running, until
from tests.wire.test_device_faults import AIR, DO, EMERGENCY, O2, PH, TANK, WATER, site

pytestmark = pytest.mark.wire

ON_RS485 = (AIR, DO, WATER)


async def test_wires_that_are_pulled_out_and_shorted_are_told_apart_and_found_again(tmp_path: Path) -> None:
    async with running(site(), tmp_path) as run:

        def are(quality: Quality, *tags: str) -> bool:
            readings = run.agent.readings()
            return all(tag in readings and readings[tag].quality is quality for tag in tags)

        everything = (*ON_RS485, PH, TANK)
        await until(lambda: are(Quality.GOOD, *everything), "all devices live")

        run.farm.lines["rs485"].unplug()
        await until(lambda: are(Quality.BAD, *ON_RS485), "the bus is missed")
        assert are(Quality.GOOD, PH, TANK)
        # the relay board's own watchdog has found nobody there
        await until(lambda: run.contact("relays", "relay2") == 1.0, "emergency oxygen by the board itself")
        assert run.contact("relays", "relay1") == 0.0
        run.farm.lines["rs485"].replug()
        await until(lambda: are(Quality.GOOD, *everything), "the bus is found")

        run.farm.lines["rs485"].shorted = True
        await until(lambda: are(Quality.BAD, *ON_RS485), "the short is told")
        assert are(Quality.GOOD, PH, TANK)
        run.farm.lines["rs485"].shorted = False
        await until(lambda: are(Quality.GOOD, *everything), "the short is gone")

        run.farm.uarts["uart"].unplug()
        await until(lambda: are(Quality.BAD, PH), "the circuit is missed")
        assert are(Quality.GOOD, AIR, TANK)
        run.farm.uarts["uart"].replug()
        await until(lambda: are(Quality.GOOD, *everything), "the circuit is found")
        assert {EMERGENCY, O2} <= run.agent.readings().keys()
