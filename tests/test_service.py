"""What the service manager hears: it feeds on a farm that is looked after, and starves when anything stands still."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import service
from controller.agent import Agent
from controller.running import keep_told, run_agent
from controller.service import Manager, Signs, ailments, is_healthy
from drivers.bus import Bus
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock
from tests.test_agent import agent_at, alive
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

seconds = st.floats(0.0, 100.0)


@given(st.builds(Signs, seconds, seconds, seconds, seconds, seconds, st.lists(st.just("line"), max_size=1).map(tuple)))
def test_an_agent_is_healthy_exactly_while_scan_outbox_loop_and_buses_keep_their_time(signs: Signs) -> None:
    wrong = set(ailments(signs))
    assert ("scan" in wrong) is (signs.scan_age_s - signs.scan_every_s > 5.0)
    assert ("outbox" in wrong) is (signs.outbox_age_s - signs.outbox_every_s > 30.0)
    assert ("loop" in wrong) is (signs.loop_late_s > 2.0)
    assert ("bus line" in wrong) is bool(signs.stuck)
    assert is_healthy(signs) == (not wrong)


class Ear:
    """The socket of a service manager."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def words(self) -> list[str]:
        """All that was said since the last look."""
        found: list[str] = []
        while True:
            try:
                found += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening(address: str) -> Iterator[tuple[Ear, Manager]]:
    ear = Ear(address)
    try:
        yield ear, Manager({"NOTIFY_SOCKET": address})
    finally:
        ear.close()


def test_whoever_has_no_manager_or_one_that_is_gone_goes_on(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        Manager(environment).tell("WATCHDOG=1")
    with listening(f"@farmloop-{tmp_path.name}-{tmp_path.parent.name}") as (ear, manager):
        manager.tell("READY=1", "STATUS=well")
        assert ear.words() == ["READY=1", "STATUS=well"]


@asynccontextmanager
async def told(agent: Agent, directory: Path) -> AsyncIterator[Ear]:
    """A living agent, and the ear of its service manager, which has heard that it is ready and alive."""
    with listening(str(directory / "notify")) as (ear, manager):
        async with alive(agent):
            telling = asyncio.create_task(keep_told(agent, manager, 0.02))
            heard: list[str] = []
            try:
                await until(lambda: heard.extend(ear.words()) or "WATCHDOG=1" in heard, "a fed watchdog")
                assert heard[0] == "READY=1"
                yield ear
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)


async def test_the_command_says_that_it_is_ready_alive_and_leaving(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.running.PULSE_S", 0.02)
    (tmp_path / "wiring.json").write_text(json.dumps(nowhere))
    site, clock = load_site(SITES / "ras.yaml").site, AcceleratedClock(NOON_S, 20.0)
    with listening(str(tmp_path / "notify")) as (ear, _):
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        wiring = tmp_path / "wiring.json"
        running = asyncio.create_task(
            run_agent(site, tmp_path, clock, no_secret, wiring, "127.0.0.1", 0, lambda *_: None)
        )
        heard: list[str] = []
        await until(lambda: heard.extend(ear.words()) or "WATCHDOG=1" in heard, "a fed watchdog")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert heard[0] == "READY=1"
        assert [word for word in ear.words() if "=1" in word][-1] == "STOPPING=1"


async def starves(ear: Ear, of: str) -> None:
    """Until the watchdog is not fed any more, for this reason."""
    heard: list[str] = []

    def hungry() -> bool:
        heard[:] = ear.words()
        return any(word.startswith("STATUS=unwell") and of in word for word in heard) and "WATCHDOG=1" not in heard

    await until(hungry, f"a watchdog that starves of {of}")


async def feeds(ear: Ear) -> None:
    await until(lambda: "WATCHDOG=1" in ear.words(), "a watchdog that is fed again")


async def test_the_watchdog_starves_when_the_outbox_hangs_and_is_fed_when_it_goes_on(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "OUTBOX_S", 0.3)
    agent, goes_on = agent_at(tmp_path, nowhere), threading.Event()
    goes_on.set()
    write = agent.history._write
    monkeypatch.setattr(agent.history, "_write", lambda: (goes_on.wait(30), write()))
    async with told(agent, tmp_path) as ear:
        goes_on.clear()
        try:
            await starves(ear, "outbox")
        finally:
            goes_on.set()
        await feeds(ear)


async def test_a_disk_that_is_full_is_an_alarm_and_no_reason_to_start_again(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "OUTBOX_S", 0.3)
    agent = agent_at(tmp_path, nowhere)
    async with told(agent, tmp_path) as ear:

        def full() -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(agent.history, "_write", full)
        await until(lambda: any(one.id == "history.disk:outbox" for one in agent.alarms()), "the alarm")
        ear.words()
        await feeds(ear)


async def test_the_watchdog_starves_when_a_bus_fails_again_and_again(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.links.FAILING_S", 1.5)
    monkeypatch.setattr("drivers.links.RESTART_S", 0.05)
    broken, run = False, Bus.run

    async def failing(bus: Bus) -> None:
        if broken and bus.settings.id == "ras_tcp":
            raise RuntimeError("nobody thought of this")
        if bus.settings.id != "ras_tcp":
            await run(bus)
        bus.tried.set()
        await asyncio.sleep(0.05)

    monkeypatch.setattr(Bus, "run", failing)
    async with told(agent_at(tmp_path, nowhere), tmp_path) as ear:
        broken = True
        await starves(ear, "bus ras_tcp")
        broken = False
        await feeds(ear)


async def test_the_watchdog_starves_when_a_poll_never_ends(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_at(tmp_path, nowhere)
    async with told(agent, tmp_path) as ear:
        monkeypatch.setattr("drivers.link.STUCK_S", 0.5)
        await feeds(ear)
        hanging = next(link for link in agent._links.links if link.id == "ras_do_a")

        async def never(now_s: float) -> Any:
            await asyncio.Event().wait()

        monkeypatch.setattr(hanging.driver, "poll", never)
        await starves(ear, "bus ras_do_a")


async def test_the_watchdog_starves_when_scans_stop(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_at(tmp_path, nowhere)
    async with told(agent, tmp_path) as ear:
        monkeypatch.setattr(service, "SCAN_S", 0.3)
        monkeypatch.setattr(agent, "_clock", Stopped(agent._clock))
        await starves(ear, "scan")


class Stopped:
    """A clock whose sleepers never wake."""

    def __init__(self, clock: Any) -> None:
        self.now: Callable[[], float] = clock.now
        self.speed: float = clock.speed

    async def sleep_until(self, when: float) -> None:
        await asyncio.Event().wait()


async def test_the_heartbeat_stands_still_while_anything_is_wrong_and_beats_again_afterwards(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other outputs are commanded all the same."""
    agent = agent_at(tmp_path, nowhere)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(agent._links, "order", sent.append)
    agent._beats = frozenset({"ras1.tank1.pump"})  # any output that is renewed
    wrong: tuple[str, ...] = ("outbox",)
    monkeypatch.setattr(agent, "ailments", lambda loop_late_s=0.0: wrong)
    now_s = agent.now()
    lease_s = agent.site.outputs["ras1.tank1.pump"].lease
    for number in range(10):
        agent.scan(now_s + number * lease_s)
    told_to = {tag for values in sent for tag in values}
    assert told_to
    assert "ras1.tank1.pump" not in told_to
    wrong = ()
    agent.scan(now_s + 10 * lease_s)
    assert "ras1.tank1.pump" in sent[-1]
