"""R7: the broker is frozen, ended, killed and started again. What was acknowledged to it is on our disk, once."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from controller.history.history import History
from drivers.driver import BrokerSettings, DeviceSettings
from drivers.links import build_links
from foundation.clock import SteppedClock, WallClock, pause
from foundation.reading import Quality, Reading
from tests.drivers.test_mqtt import DEADLINE_S, a_broker, node
from tests.faults.proof import SEED, Proof, times
from tests.history.farm import START_S, secrets, site, tags
from tests.history.test_history import eventually, on_disk
from tests.wire.servers import Mosquitto

pytestmark = [pytest.mark.wire, pytest.mark.timeout(times(180, 3600))]

ROUNDS = times(6, 300)
MESSAGES = 20
TAG = "gh1.bay1.air"


async def test_a_broker_that_comes_and_goes_costs_no_point_and_doubles_none(tmp_path: Path) -> None:
    proof, random = Proof("R7 broker frozen, ended, killed"), Random(SEED)
    clock = SteppedClock(START_S)
    recorder = History(tmp_path, site(), tags(TAG), secrets, clock)
    acknowledged: set[float] = set()

    async def settle() -> None:
        """A tick: what came is committed, and then acknowledged."""
        clock.set(clock.now() + 1.0)
        await recorder._commit()
        await pause(0.02)

    def come(readings: Sequence[Reading], token: object | None) -> None:
        kept = [reading for reading in readings if reading.quality is Quality.GOOD]

        def stored() -> None:
            acknowledged.update(float(reading.value or 0.0) for reading in kept)
            links.acknowledge(token)

        recorder.record(kept, [stored] if token is not None else [])

    async with a_broker(tmp_path, "max_inflight_messages 50") as broker:
        settings = BrokerSettings("mqtt", "127.0.0.1", broker.port, "farmloop", deadline_s=DEADLINE_S)
        device = DeviceSettings("a", "generic/mqtt_json", "mqtt", None, 0.1, 20.0, "a/state", {"v": TAG})
        links = build_links([settings], [device], WallClock(), come, lambda written: None)
        sent = 0
        async with links:
            await eventually(lambda: links.buses[0].connected)  # type: ignore[attr-defined]
            for _ in range(ROUNDS):
                numbers = range(sent + 1, sent + 1 + MESSAGES)
                sent += MESSAGES
                # a device that must not lose anything says it again until it is told that it is stored
                while not set(map(float, numbers)) <= acknowledged:
                    publishing = asyncio.create_task(publish(broker, numbers))
                    await asyncio.gather(settle(), trouble(broker, random), settle())
                    await asyncio.gather(publishing, return_exceptions=True)
                    for _ in range(10):
                        await settle()
        await recorder.close()
    found = [point for point in on_disk(tmp_path) if point.fields["q"] == 3]
    held: dict[int, set[object]] = {}
    for point in found:
        held.setdefault(point.time_ms, set()).add(point.fields["v"])
    lost = sum(number not in held.get(at_ms(int(number)), set()) for number in acknowledged)
    assert len(acknowledged) == ROUNDS * MESSAGES
    # what a broker delivers again stands under the same tag and time, so that a database has it once
    proof.says(len(acknowledged), lost, sum(len(values) - 1 for values in held.values()))


def at_ms(number: int) -> int:
    return round(START_S * 1000) + number


async def publish(broker: Mosquitto, numbers: range) -> None:
    async with asyncio.timeout(2.0), node(broker, "device") as client:
        for number in numbers:
            await client.publish("a/state", json.dumps({"v": float(number), "t": at_ms(number)}), qos=1, timeout=2.0)
            await pause(0.005)


async def trouble(broker: Mosquitto, random: Random) -> None:
    """One of the three, in the midst of it."""
    await pause(random.uniform(0.0, 0.1))
    kind = random.choice(["freeze", "stop", "kill"])
    if kind == "freeze":
        broker.freeze()
        await pause(random.uniform(0.05, 0.3))
        broker.thaw()
        return
    await asyncio.to_thread(broker.stop if kind == "stop" else broker.kill)
    await asyncio.to_thread(broker.start)
