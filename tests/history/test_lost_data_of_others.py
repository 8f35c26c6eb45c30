"""How others lost data, by the thread in which their users told of it; each told again here, with another end."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from controller.core.state import to_plain
from controller.core.words import Override
from controller.history import shipper as shipper_module
from controller.history.exception import Reports, report
from controller.history.history import History
from controller.history.outbox import Outbox
from controller.history.shipper import Shipper
from controller.history.sinks import Answer
from controller.history.state_database import StateDatabase
from controller.kept_state import KeptState
from foundation.clock import SteppedClock
from foundation.reading import Quality, Reason, bad, good
from tests.core.small_site import Farm as ControlledFarm
from tests.core.small_site import core_of, only
from tests.core.test_restart import _dosed_ml
from tests.drivers.test_mqtt import a_broker, a_farm, node
from tests.history.fake_influx import FakeInflux, Say
from tests.history.farm import START_S, secrets, site, tags, v1, v2
from tests.history.test_history import eventually, running
from tests.history.test_shipper import Notebook, arrived, fill, finish, shipper_to

AIR = "gh1.bay1.air"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    it = Outbox(tmp_path / "outbox.db", ["influx"])
    it.open(START_S)
    yield it
    it.close()


@asynccontextmanager
async def recording(directory: Path, url: str, clock: SteppedClock) -> AsyncIterator[History]:
    recorder = History(directory, site({"influx": v1(url)}), tags(AIR), secrets, clock)
    async with running(recorder):
        yield recorder


async def scan(recorder: History, clock: SteppedClock, ticks: Sequence[int]) -> None:
    """One value a second, which says when it was."""
    for tick in ticks:
        recorder.record([good(AIR, float(tick), START_S + tick)])
        await clock.advance(1)


def values(fake: FakeInflux) -> dict[int, object]:
    """By second since the start: what the database holds."""
    return {
        round(point.time_ms / 1000 - START_S): point.fields.get("v")
        for point in fake.points.values()
        if point.tags["tag"] == "air"
    }


def test_influxdb_client_python_689_a_queue_for_when_the_server_is_down_outlives_a_restart(tmp_path: Path) -> None:
    """Asked for the best way to queue on a small box, and got no answer."""
    with FakeInflux() as fake:
        for turn in range(3):
            box = Outbox(tmp_path / "outbox.db", ["influx"])
            box.open(START_S)
            fill(box, range(turn * 10, turn * 10 + 10))
            fake.answers.extend([Say(0), Say(503)])
            shipper = shipper_to(box, v2(fake.url))
            assert shipper.step() is not None
            assert shipper.step() is not None
            shipper.stop()
            box.close()
        fake.answers.clear()
        box.open(START_S)
        shipper = shipper_to(box, v2(fake.url))
        finish(shipper)
        assert arrived(fake, range(30))
        shipper.stop()
        box.close()


@pytest.mark.parametrize("dialect", [v1, v2])
def test_influxdb_client_python_198_nothing_is_lost_without_a_word(box: Outbox, dialect) -> None:
    """Its batching dropped what could not be written, and threw nothing."""
    fill(box, range(50))
    with FakeInflux(poison=lambda point: point.fields["v"] == 7.5) as fake:
        fake.answers.extend([Say(500), Say(429), Say(0, store=True), Say(413)])
        shipper = shipper_to(box, dialect(fake.url))
        finish(shipper)
        health = shipper.health
        # every point is in the database, or in `dead` with its reason: four tags at one moment
        assert (health.delivered_points, health.dead_points, box.dead_letters()) == (196, 4, 4)
        assert len(fake.points) == 196
        said = box._opened().execute("SELECT line, status, reason FROM dead").fetchall()
        assert all("v=7.5" in line and status == 422 and "conflict" in reason for line, status, reason in said)
        shipper.stop()


def test_aiomqtt_29_calls_do_not_pile_up_before_a_broker_that_does_not_answer(box: Outbox) -> None:
    """Publish calls that were pending grew without an end."""
    notebook = Notebook()
    notebook.answer = Answer(None, "not acknowledged in time")
    shipper = Shipper("influx", box, lambda: notebook, lambda: START_S, Random(1))
    for tick in range(300):
        fill(box, range(tick, tick + 1))
        shipper.step()
    # one batch is under way, always the same; what came meanwhile lies on the disk
    assert {tuple(batch) for batch in notebook.batches} == {tuple(notebook.batches[0])}
    assert box.pending("influx").points == 1200
    notebook.answer = Answer(204)
    finish(shipper)
    assert box.pending("influx").points == 0


@pytest.mark.wire
async def test_aiomqtt_334_who_consumes_need_not_think_of_reconnection(tmp_path: Path) -> None:
    """Everything had to be wrapped in a loop of one's own, or nothing came any more."""
    async with a_broker(tmp_path) as broker, a_farm(broker) as farm:
        for turn in range(3):
            await asyncio.to_thread(broker.kill)
            await farm.until(lambda: any(reading.reason is Reason.COMM for reading in farm.readings))
            await asyncio.to_thread(broker.start)
            await farm.connected()
            async with node(broker) as publisher:
                await publisher.publish("a/state", json.dumps({"v": float(turn)}), qos=1)
            await farm.until(lambda: float(turn) in farm.values)  # noqa: B023  waited for at once
            farm.readings.clear()


async def test_thingsboard_gateway_2124_a_new_address_leaves_the_store_as_it_is(tmp_path: Path) -> None:
    """Its store was deleted and made anew at every reconnection, because the settings had come again."""
    clock = SteppedClock(START_S)
    async with recording(tmp_path, "http://127.0.0.1:9", clock) as recorder:
        await scan(recorder, clock, range(20))
        await eventually(lambda: recorder.status().sinks["influx"].pending.points == 20)
    with FakeInflux() as fake:
        # the same sink by its name, all else about it is another
        async with recording(tmp_path, fake.url, clock) as recorder:
            await scan(recorder, clock, range(20, 25))
            await eventually(lambda: len(fake.points) == 25)
        assert values(fake) == {tick: float(tick) for tick in range(25)}


async def test_thingsboard_gateway_2132_thirteen_hours_without_the_net_stop_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polling ended after a long while, and did not begin again."""
    monkeypatch.setattr(shipper_module, "BACKOFF_S", 1.0)
    clock = SteppedClock(START_S)
    minutes = range(0, 13 * 3600, 60)
    with FakeInflux() as fake:
        fake.answers.extend([Say(0)] * 3)
        async with recording(tmp_path, fake.url, clock) as recorder:
            for tick in minutes:
                recorder.record([good(AIR, float(tick), START_S + tick)])
                await clock.advance(60)
            await eventually(lambda: len(fake.points) == len(minutes))
        assert values(fake) == {tick: float(tick) for tick in minutes}


async def test_thingsboard_gateway_2157_the_first_seconds_of_an_outage_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a dead connection was noticed, everything was taken for sent."""
    monkeypatch.setattr(shipper_module, "BACKOFF_S", 1.0)
    clock = SteppedClock(START_S)
    with FakeInflux() as fake:
        async with recording(tmp_path, fake.url, clock) as recorder:
            await scan(recorder, clock, range(5))
            await eventually(lambda: len(fake.points) == 5)
            # the connection stands, what is sent over it is taken, and nobody has it
            fake.answers.extend([Say(0, half=True), Say(0)])
            await scan(recorder, clock, range(5, 30))
            await eventually(lambda: len(fake.points) == 30)
        assert values(fake) == {tick: float(tick) for tick in range(30)}


def test_mycodo_795_an_input_that_stopped_is_not_recorded_as_if_it_lived() -> None:
    """Measurements of an input that had stopped went on being stored."""
    known = tags(AIR)
    reports, _ = report(Reports(START_S, START_S), [good(AIR, 21.0, START_S)], START_S, known)
    points = []
    for second in range(1, 3600):
        # the scan shows the last value until it is stale, and then that it is
        old = good(AIR, 21.0, START_S) if second < 60 else bad(AIR, Reason.STALE, START_S, refused=21.0)
        reports, chosen = report(reports, [old], START_S + second, known)
        points += chosen
    assert points
    assert {(point.quality, point.value, point.usable) for point in points} == {(Quality.BAD, None, None)}
    assert points[0].time_s == START_S + 60


async def test_mycodo_1232_a_database_that_cannot_be_read_stops_no_scan(tmp_path: Path) -> None:
    """Its outputs stopped because control asked the database for the last value."""
    (tmp_path / "history.db").write_bytes(b"no database at all" * 400)
    clock = SteppedClock(START_S)
    async with recording(tmp_path, "http://127.0.0.1:9", clock) as recorder:
        await scan(recorder, clock, range(3))
        await eventually(lambda: recorder.status().stored_points == 3)
        # what is asked of the past is answered with what is known
        assert (await recorder.past([AIR], START_S - 3600, clock.now()))[AIR][-1] == (START_S + 2, 2.0)


async def test_home_assistant_core_88780_a_corrupt_file_costs_neither_the_farm_nor_the_rest(tmp_path: Path) -> None:
    """Its recorder's file broke again and again, and with it went the history."""
    clock = SteppedClock(START_S)
    async with recording(tmp_path, "http://127.0.0.1:9", clock) as recorder:
        await scan(recorder, clock, range(40))
    for turn in range(2):
        broken = bytearray((tmp_path / "outbox.db").read_bytes())
        broken[100:4096] = bytes(3996)
        (tmp_path / "outbox.db").write_bytes(broken)
        async with recording(tmp_path, "http://127.0.0.1:9", clock) as recorder:
            await scan(recorder, clock, range(100 * turn + 100, 100 * turn + 103))
            await eventually(lambda: recorder.status().stored_points == 3)
            status = recorder.status()
            assert (status.stored_points, status.last_error, len(status.quarantined)) == (3, "", 1)
            # what was set aside is kept for whoever can still read it
            assert status.quarantined[0].stat().st_size == len(broken)


def test_reef_pi_987_the_days_total_outlives_a_power_cut_a_day(tmp_path: Path) -> None:
    """Its counters began anew at every power cut, and there was one each day."""
    document = only("fa.z.ec_loop")
    document["outputs"]["fa.z.pump_a"] |= {"max_per_day": "300 mL", "max_per_hour": "300 mL", "mixing": "10 s"}
    document["loops"]["fa.z.ec_loop"]["ineffective"] = 1000
    farm = ControlledFarm(core_of(document))
    total_ml = 0.0
    for turn in range(6):
        farm.run(5)
        farm.scan([Override("1", "fa.z.pump_a", 100.0, "wang", farm.now_s + 60.0)])
        total_ml += 2.0 * bool(farm.wires.get("fa.z.pump_a")) + _dosed_ml(farm, 60)
        database = StateDatabase(tmp_path)
        assert KeptState(database).write(to_plain(farm.state), farm.now_s)
        database.close()
        says = dict(farm.says)
        farm = ControlledFarm(farm.core, farm.now_s + 30.0, KeptState(StateDatabase(tmp_path)).read(farm.now_s))
        farm.says = says
        assert total_ml <= 302.0, turn
    assert total_ml >= 296.0
