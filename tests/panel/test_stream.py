"""The stream of events: whole at first, then changes and a heartbeat, and nobody waits for anybody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from controller.core.words import AlarmNow
from controller.panel.app import create_app
from controller.panel.permissions import Role
from controller.panel.sessions import Sessions
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from foundation.reading import Reason
from tests.panel.conftest import OWN, served
from tests.panel.small_farm import START_S, SmallFarm


class Event(NamedTuple):
    id: int
    kind: str
    data: dict[str, Any]


def parsed(block: str) -> Event | None:
    """One event of a stream; None for the retry hint."""
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    if "event" not in fields:
        return None
    return Event(int(fields["id"].partition("-")[2]), fields["event"], orjson.loads(fields["data"]))


async def events(stream: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events of a `Streams.follow`."""
    async for chunk in stream:
        if (event := parsed(chunk.decode().strip())) is not None:
            yield event


def quick(farm: SmallFarm, **more: Any) -> Streams:
    """Streams with periods that no test has to wait for."""
    return Streams(farm, **{"beat_s": 0.05, "least_s": 0.001, "look_s": 0.02, "linger_s": 0.0, **more})


async def test_the_first_event_is_the_whole_state_and_a_heartbeat_follows(farm: SmallFarm) -> None:
    stream = events(quick(farm).follow(lambda: True))
    first = await anext(stream)
    assert first.kind == "state"
    assert set(first.data) == {"now", "scanned", "readings", "orders", "setpoints", "alarms"}
    assert set(first.data["readings"]) == set(farm.readings())
    second = await anext(stream)
    assert second.kind == "beat"
    assert second.data["now"] == START_S * 1000
    assert second.data["scanned"] > first.data["scanned"]
    assert second.id > first.id
    await stream.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_only_what_changed_is_told_later(farm: SmallFarm) -> None:
    stream = events(quick(farm, beat_s=60).follow(lambda: True))
    await anext(stream)
    farm.measure("ras1.tank1.do", 8.1)
    change = await anext(stream)
    assert change.kind == "change"
    assert set(change.data) == {"now", "readings"}
    assert {name: reading["v"] for name, reading in change.data["readings"].items()} == {"ras1.tank1.do": 8.1}
    farm.echo("ras1.tank1.do_sp", 8.0, "operator")
    change = await anext(stream)
    assert change.data["setpoints"]["ras1.tank1.do_sp"]["target"] == 8.0


async def test_what_changes_by_time_alone_is_told_too(farm: SmallFarm) -> None:
    """An alarm whose delay is over comes with no reading at all."""
    stream = events(quick(farm, beat_s=60).follow(lambda: True))
    await anext(stream)
    farm.raise_alarm(AlarmNow("ras1.tank1.do_low_low", "critical", True, START_S, {"minutes": 18.0}))
    change = await anext(stream)
    assert [alarm["id"] for alarm in change.data["alarms"]] == ["ras1.tank1.do_low_low"]


async def test_a_value_that_went_bad_is_told_as_bad(farm: SmallFarm) -> None:
    stream = events(quick(farm, beat_s=60).follow(lambda: True))
    await anext(stream)
    farm.lose("ras1.tank1.do", Reason.STALE)
    change = await anext(stream)
    reading = change.data["readings"]["ras1.tank1.do"]
    assert (reading["v"], reading["last"], reading["why"]) == (None, 7.62, "stale")


async def test_many_changes_at_once_are_one_event(farm: SmallFarm) -> None:
    stream = events(quick(farm, beat_s=60).follow(lambda: True))
    await anext(stream)
    for value in range(1000):
        farm.measure("ras1.tank1.do", value / 100)
    change = await anext(stream)
    assert change.data["readings"]["ras1.tank1.do"]["v"] == 9.99


async def test_a_slow_reader_holds_nobody_and_gets_the_whole_state(farm: SmallFarm) -> None:
    streams = quick(farm, beat_s=60, room=4)
    slow, fast = events(streams.follow(lambda: True)), events(streams.follow(lambda: True))
    await anext(slow)
    await anext(fast)
    for value in range(20):
        farm.measure("ras1.tank1.do", float(value))
        assert (await anext(fast)).data["readings"]["ras1.tank1.do"]["v"] == value
    late = await anext(slow)
    assert late.kind == "state"
    assert late.data["readings"]["ras1.tank1.do"]["v"] == 19.0
    farm.measure("ras1.tank1.do", 5.0)
    assert (await anext(slow)).data["readings"]["ras1.tank1.do"]["v"] == 5.0


async def test_a_stream_ends_with_its_session(farm: SmallFarm) -> None:
    sessions = Sessions()
    session = sessions.find(sessions.open("operator", Role.OPERATOR))
    assert session is not None
    stream = events(quick(farm, beat_s=60).follow(lambda: sessions.alive(session)))
    await anext(stream)
    sessions.close(session)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_closing_ends_every_stream(farm: SmallFarm) -> None:
    streams = quick(farm, beat_s=60)
    stream = events(streams.follow(lambda: True))
    await anext(stream)
    streams.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_stream_whose_source_broke_ends_instead_of_looking_alive(
    farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = quick(farm)
    stream = events(streams.follow(lambda: True))
    await anext(stream)
    monkeypatch.setattr(farm, "orders", lambda: 1 / 0)
    assert {event.kind async for event in stream} <= {"beat"}


async def test_who_lost_the_connection_hears_what_was_missed_and_not_everything_again(farm: SmallFarm) -> None:
    streams = quick(farm, beat_s=60, linger_s=60.0)
    watching = events(streams.follow(lambda: True))
    raw = streams.follow(lambda: True)
    first = ""
    async for chunk in raw:
        if b"event: state" in chunk:
            first = chunk.decode().splitlines()[0].removeprefix("id: ")
            break
    await raw.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert (await anext(watching)).kind == "state"
    heard_of: dict[float, int] = {}
    for value in (6.9, 6.8):
        farm.measure("ras1.tank1.do", value)
        while (event := await anext(watching)).kind != "change":
            pass
        assert event.data["readings"]["ras1.tank1.do"]["v"] == value
        heard_of[value] = event.id
    await watching.aclose()  # type: ignore[attr-defined]
    # nobody follows, and it goes on being told: the last one to leave may come back
    farm.measure("ras1.tank1.do", 6.7)
    back = events(streams.follow(lambda: True, first))
    heard = [await anext(back) for _ in range(3)]
    assert [event.kind for event in heard] == ["change"] * 3
    assert [event.data["readings"]["ras1.tank1.do"]["v"] for event in heard] == [6.9, 6.8, 6.7]
    await back.aclose()  # type: ignore[attr-defined]
    # exactly what came after: not that one again, and not one less
    after = events(streams.follow(lambda: True, f"{first.partition('-')[0]}-{heard_of[6.9]}"))
    assert (await anext(after)).data["readings"]["ras1.tank1.do"]["v"] == 6.8
    await after.aclose()  # type: ignore[attr-defined]
    # what is not ours, not yet or not any more is answered with everything
    name, _, number = first.partition("-")
    for unknown in (
        "",
        "x",
        number,
        f"{name}-",
        f"{name}-999999",
        f"{name}-{'9' * 400}",
        f"00000000-{number}",
        f"{name}--1",
    ):
        fresh = events(streams.follow(lambda: True, unknown))
        assert (await anext(fresh)).kind == "state", unknown
        await fresh.aclose()  # type: ignore[attr-defined]
    streams.close()


async def test_nothing_runs_while_nobody_looks(farm: SmallFarm) -> None:
    stream = quick(farm).follow(lambda: True)
    before = asyncio.all_tasks()
    await anext(stream)
    assert len(asyncio.all_tasks()) > len(before)
    await stream.aclose()  # type: ignore[attr-defined]  # it is an async generator
    await asyncio.wait(asyncio.all_tasks() - before)
    assert not farm._listeners


@pytest.mark.wire
async def test_over_the_wire_it_is_an_event_stream(farm: SmallFarm, sign_in: SignIn) -> None:
    app = create_app(farm, sign_in=sign_in, streams=quick(farm))
    async with served(app) as url, httpx.AsyncClient(base_url=url, headers=OWN) as client:
        await client.post("/api/v1/session", json={"token": sign_in.issue()})
        async with client.stream("GET", "/api/v1/stream") as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            assert reply.headers["cache-control"] == "no-store"
            kinds = []
            async for line in reply.aiter_lines():
                if line.startswith("event: "):
                    kinds.append(line.removeprefix("event: "))
                if kinds == ["state", "beat"]:
                    break
    assert kinds == ["state", "beat"]
