"""Alarms reach people, over real sockets: through dead channels, full disks and restarts, in their language."""

import asyncio
import json
import logging
import re
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import yaml

from controller.core.words import AlarmNow
from controller.notices import Notice
from controller.notify.dead_man import DeadManSign
from controller.notify.notifier import STEP_S, Notifier
from controller.notify.queue import Queue
from drivers.driver import BrokerSettings
from edge_config.model.site import Site
from foundation.clock import SteppedClock
from foundation.document import Secret
from tests.panel.small_farm import site_document
from tests.wire.servers import Mosquitto, free_port

START_S = 1_770_000_000.0
LOW = AlarmNow("device:do_tank1", "critical", True, START_S - 3.0, {"device": "do_tank1"}, activation=1)
NOTIFY = """
people:
  li: {urls: [!secret li_phone], languages: [zh]}
  wang: {urls: [!secret wang_phone, !secret wang_mail], languages: [en]}
link: https://farm.example:8443
"""


def site_of(notify: str) -> Site:
    text = re.sub(r"!secret (\w+)", r"{secret: \1}", notify)
    document = site_document()
    document["notify"] = _secrets(yaml.safe_load(text))
    return Site.model_validate(document)


def _secrets(node: Any) -> Any:
    if isinstance(node, dict):
        return Secret(node["secret"]) if set(node) == {"secret"} else {key: _secrets(one) for key, one in node.items()}
    return [_secrets(one) for one in node] if isinstance(node, list) else node


class Phone:
    """A web hook as apprise calls it: keeps what it was told, refuses as long as it is told to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.refuses = False
        self.asked = 0
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.asked += 1
        if self.refuses:
            writer.write(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        else:
            self.heard.append(json.loads(body) if body else {"asked": head.split()[1]})
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def phone() -> AsyncIterator[Phone]:
    one = Phone()
    async with await asyncio.start_server(one.answer, "127.0.0.1", 0) as server:
        one.port = server.sockets[0].getsockname()[1]
        yield one


class Farm:
    """A notifier on a stepped clock, and the addresses that its secrets hold."""

    def __init__(self, directory: Path, notify: str = NOTIFY, **addresses: str) -> None:
        self.clock = SteppedClock(START_S)
        self.directory, self.site, self.addresses = directory, site_of(notify), addresses
        self.brokers: dict[str, BrokerSettings] = {}
        self.begin()

    def begin(self) -> None:
        """Start (again)."""
        self.notifier = Notifier(self.directory, self.site, self.addresses.__getitem__, self.brokers, self.clock)

    async def turn(self, *alarms: AlarmNow, seconds: float = 0.0) -> None:
        """So much later: one scan's alarms, and the deliveries that are due, to their end."""
        await self.clock.advance(seconds)
        self.notifier.see(alarms, self.clock.now())
        await self.notifier.step()
        while self.notifier._sending:
            await asyncio.gather(*self.notifier._sending.values())
            await self.notifier.step()


async def test_a_critical_alarm_is_on_the_phone_in_its_owners_language_with_what_to_do(tmp_path: Path) -> None:
    async with phone() as li, phone() as wang, phone() as mail:
        farm = Farm(
            tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=f"json://127.0.0.1:{wang.port}",
            wang_mail=f"json://127.0.0.1:{mail.port}",
        )  # fmt: skip
        await farm.turn(LOW)
        (in_chinese,), (in_english,) = li.heard, wang.heard
        assert "紧急" in in_chinese["title"]
        assert "设备没有应答" in in_chinese["title"]
        assert "检查电源" in in_chinese["message"] or "→" in in_chinese["message"]
        assert "the device does not answer" in in_english["title"]
        assert "→ Check its power, its plug and its address" in in_english["message"]
        assert len(mail.heard) == 1
        assert {(one.person, one.state) for one in farm.notifier.receipts(10)} == {
            ("li", "delivered"), ("wang", "delivered")
        }  # fmt: skip
        await farm.turn(LOW, seconds=10.0)
        assert len(li.heard) == 1
        await farm.turn(seconds=10.0)
        assert "已恢复" in li.heard[1]["title"]


async def test_the_link_of_a_message_opens_its_alarm_once(tmp_path: Path) -> None:
    async with phone() as li, phone() as wang:
        address = f"json://127.0.0.1:{wang.port}"
        farm = Farm(tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=address, wang_mail=address)
        await farm.turn(LOW)
        found = re.search(r"https://farm\.example:8443/alarm#(\S+)", li.heard[0]["message"])
        assert found is not None
        opened = farm.notifier.opened(found[1])
        assert opened is not None
        assert (opened.person, opened.alarms) == ("li", (("device:do_tank1", 1),))
        assert farm.notifier.use(found[1])
        assert not farm.notifier.use(found[1])


async def test_a_dead_channel_delays_nobody_and_is_tried_until_the_message_is_through_once(tmp_path: Path) -> None:
    async with phone() as li, phone() as wang, phone() as mail:
        farm = Farm(
            tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=f"json://127.0.0.1:{wang.port}",
            wang_mail=f"json://127.0.0.1:{mail.port}",
        )  # fmt: skip
        li.refuses = True
        await farm.turn(LOW)
        assert (li.heard, len(wang.heard), len(mail.heard)) == ([], 1, 1)
        for _ in range(5):
            await farm.turn(LOW, seconds=60.0)
        assert li.asked >= 5
        assert farm.notifier.unreached["li"]
        assert "503" in farm.notifier.unreached["li"] or "Busy" in farm.notifier.unreached["li"]
        li.refuses = False
        await farm.turn(LOW, seconds=60.0)
        titles = [one["title"] for one in li.heard]
        assert titles
        await farm.turn(LOW, seconds=1.0)
        assert farm.notifier.unreached == {}


async def test_what_waited_when_the_box_died_goes_out_after_it_and_what_had_gone_out_does_not(
    tmp_path: Path,
) -> None:
    async with phone() as li, phone() as wang:
        address = f"json://127.0.0.1:{wang.port}"
        farm = Farm(tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=address, wang_mail=address)
        li.refuses = True
        await farm.turn(LOW)
        before = len(wang.heard)
        li.refuses = False
        farm.begin()  # the old one is gone without a word, as with kill -9
        await farm.turn(LOW, seconds=20.0)
        assert len(li.heard) == 1
        assert len(wang.heard) == before == 2


async def test_after_a_day_without_a_network_nobody_is_paged_for_what_was(tmp_path: Path) -> None:
    """One alarm stands all the time, a second came and went, a third was acknowledged at the box."""

    def alarm(name: str, after_s: float, **more: Any) -> AlarmNow:
        since_s = START_S + after_s - 3.0
        return replace(LOW, id=f"device:{name}", since_s=since_s, values={"device": name}, **more)

    async with phone() as li, phone() as wang:
        address = f"json://127.0.0.1:{wang.port}"
        farm = Farm(tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=address, wang_mail=address)
        stands, went, seen = alarm("stands", 0.0), alarm("went", 7200.0), alarm("seen", 7200.0)
        seen = replace(seen, priority="high")
        acknowledged = replace(seen, state="acknowledged", acknowledged_by="zhao", acknowledged_s=START_S + 14_400.0)
        li.refuses = wang.refuses = True
        for half_hour in range(50):
            more = () if half_hour < 4 else (went, seen) if half_hour < 8 else (acknowledged,)
            await farm.turn(stands, *more, seconds=0.0 if half_hour == 0 else 1800.0)
            if half_hour == 20:
                farm.begin()
        assert farm.notifier.unreached.keys() == {"li", "wang"}
        li.refuses = wang.refuses = False
        for _ in range(6):
            await farm.turn(stands, acknowledged, seconds=60.0)
        pages = [one for one in li.heard if "已恢复" not in one["title"]]
        assert len(pages) <= 2  # what waited, brought up to date, and the next turn of its chain
        assert all("stands" in one["title"] + one["message"] for one in pages)
        assert [one for one in pages if "went" in one["message"] or "seen" in one["message"]] == []
        over = [one for one in li.heard if "已恢复" in one["title"]]
        assert len(over) == 1
        assert farm.notifier.unreached == {}


async def test_a_disk_that_takes_nothing_stops_no_message(tmp_path: Path) -> None:
    async with phone() as li, phone() as wang:
        address = f"json://127.0.0.1:{wang.port}"
        (tmp_path / "notify.db").mkdir()  # nothing can be opened there
        farm = Farm(tmp_path, li_phone=f"json://127.0.0.1:{li.port}", wang_phone=address, wang_mail=address)
        assert farm.notifier.failure
        await farm.turn(LOW)
        assert (len(li.heard), len(wang.heard)) == (1, 2)
        assert {one.state for one in farm.notifier.receipts(10)} == {"delivered"}


async def test_no_address_stands_in_receipts_logs_or_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = f"json://li:pass-of-li@127.0.0.1:{free_port()}"
    farm = Farm(tmp_path, li_phone=secret, wang_phone="nonsense-of-wang", wang_mail=secret)
    with caplog.at_level(logging.INFO):
        await farm.turn(LOW)
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240
    logged = [str(vars(one)) for one in caplog.records if one.name != "apprise"]  # pytest alone hears that one
    assert not logging.getLogger("apprise").propagate
    said = " ".join([*logged, *(one.answer for one in farm.notifier.receipts(10))])
    assert any("no address that apprise knows" in one.answer for one in farm.notifier.receipts(10))
    for word in ("pass-of-li", "nonsense-of-wang"):
        assert word not in said
        assert word.encode() not in kept


async def test_in_quiet_hours_what_a_rule_says_waits_for_the_morning(tmp_path: Path) -> None:
    notify = "people:\n  li: {urls: [!secret li_phone], languages: [zh, en], quiet: {from: '08:00', to: '12:00'}}\n"
    async with phone() as li:
        farm = Farm(tmp_path, notify, li_phone=f"json://127.0.0.1:{li.port}")
        notice = Notice("r#0@1", "r", START_S, {"zh-CN": "晨间换气", "en": "Morning purge"}, ())
        for _ in range(2):
            farm.notifier.notice(notice, farm.clock.now())  # half past ten in the morning
        await farm.turn()
        assert li.heard == []
        await farm.turn(seconds=2 * 3600.0)
        assert [one["message"] for one in li.heard] == ["晨间换气\nMorning purge"]


async def test_every_change_of_an_alarm_is_on_the_broker(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        farm = Farm(tmp_path, "bus: house\n")
        farm.brokers["house"] = BrokerSettings("house", "127.0.0.1", broker.port, "farmloop-test", None, None, 5.0)
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("farm/v1/+/$alarm", qos=1)
            await farm.turn()
            await farm.turn(LOW, seconds=1.0)
            await farm.turn(seconds=1.0)
            heard = []
            async with asyncio.timeout(10):
                async for message in client.messages:
                    heard.append(json.loads(message.payload))  # type: ignore[arg-type]  # text
                    if len(heard) == 2:
                        break
        assert [(one["id"], one["state"]) for one in heard] == [
            ("device:do_tank1", "unacknowledged"), ("device:do_tank1", "normal")
        ]  # fmt: skip
        assert "设备没有应答" in heard[0]["text"]["zh"]["cause"]


async def test_the_sign_of_life_is_given_by_every_way_and_withheld_when_the_agent_is_unwell(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        async with phone() as watcher, aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("farm/v1/+/$alive", qos=1)
            settings = site_of("dead_man: {every: 1 min, file: alive, url: !secret watcher, bus: b}").notify.dead_man
            assert settings is not None
            wrong: list[str] = []
            clock = SteppedClock(START_S)
            address = {"watcher": f"http://127.0.0.1:{watcher.port}/ping/farm"}
            brokers = {"b": BrokerSettings("b", "127.0.0.1", broker.port, "farmloop-test", None, None, 5.0)}
            sign = DeadManSign(settings, "farm", tmp_path, address.__getitem__, brokers, clock, lambda: wrong)
            await sign.give()
            assert (tmp_path / "alive").read_text() == f"{START_S:.0f}\n"
            assert watcher.heard == [{"asked": "/ping/farm"}]
            async with asyncio.timeout(10):
                message = await anext(aiter(client.messages))
            assert message.payload == f"{START_S * 1000:.0f}".encode()
            wrong.append("scan")
            await clock.advance(60.0)
            await sign.give()
            assert (tmp_path / "alive").read_text() == f"{START_S:.0f}\n"
            assert watcher.asked == 1


async def test_a_way_that_fails_does_not_keep_the_sign_from_the_others(tmp_path: Path) -> None:
    settings = site_of("dead_man: {every: 1 min, file: alive, url: !secret watcher, bus: b}").notify.dead_man
    assert settings is not None
    brokers = {"b": BrokerSettings("b", "127.0.0.1", free_port(), "farmloop-test", None, None, 0.5)}
    address = {"watcher": f"http://127.0.0.1:{free_port()}/"}
    clock = SteppedClock(START_S)
    await DeadManSign(settings, "farm", tmp_path, address.__getitem__, brokers, clock, list).give()
    assert (tmp_path / "alive").exists()


def test_the_queue_in_memory_is_the_queue_on_the_disk() -> None:
    assert Queue(None).due(START_S) == []


async def test_an_agent_that_stops_while_the_disk_is_at_it_keeps_each_message_once_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, go_on = asyncio.Event(), threading.Event()
    put, loop = Queue.put, asyncio.get_running_loop()
    puts = []

    def slow(queue: Queue, messages: Any, *rest: Any) -> None:
        puts.append(len(messages))
        loop.call_soon_threadsafe(taken.set)
        assert go_on.wait(10.0)
        put(queue, messages, *rest)

    farm = Farm(
        tmp_path, li_phone="json://127.0.0.1:9", wang_phone="json://127.0.0.1:9", wang_mail="json://127.0.0.1:9"
    )
    monkeypatch.setattr(Queue, "put", slow)
    farm.notifier.see((LOW,), START_S)
    running = asyncio.create_task(farm.notifier.run())
    await farm.clock.advance(STEP_S)
    await taken.wait()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=0.2)  # its last word waits for the thread that is at it
    assert not done
    go_on.set()
    await asyncio.wait({running})
    assert running.cancelled()
    assert puts == [2]
    with closing(sqlite3.connect(tmp_path / "notify.db")) as database:
        assert database.execute("SELECT person FROM message").fetchall() == [("li",), ("wang",)]
