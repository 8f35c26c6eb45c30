"""The agent itself: what it keeps, whom it answers, what it says of its own troubles, and that nothing stops it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import agent as agent_module
from controller import panel_task, wish_desk
from controller.agent import Agent
from controller.core.words import AlarmNow, Calibrate, Override, ScanResult, SetpointChange, Trial
from controller.history.audit import examine, read
from controller.history.outbox import Pending
from controller.history.shipper import Health
from controller.history.status import HistoryStatus, SinkStatus
from controller.kept_state import kept_in
from controller.notify.notifier import Notifier
from controller.own_alarms import FAILING_S, MOST_SLOW, REMEMBERED_S, OwnAlarms
from controller.panel.farm import Refusal, SetpointNow
from controller.panel.shapes import alarm_shapes
from controller.running import run_agent
from controller.scan_times import SLOW_WITHIN_S, ScanTimes, Slow
from controller.why.journal import NotRecordedError
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock
from foundation.messages import LANGUAGES, catalogue
from foundation.reading import good
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until


def agent_at(directory: Path, wiring: dict[str, dict[str, Any]], speed: float = 20.0) -> Agent:
    return Agent(
        load_site(SITES / "ras.yaml").site, directory, AcceleratedClock(NOON_S, speed), no_secret, wiring
    )  # fmt: skip


@asynccontextmanager
async def alive(agent: Agent) -> AsyncIterator[Agent]:
    task = asyncio.create_task(agent.run())
    try:
        await until(lambda: agent.health.scans > 0 or task.done(), "the first scan")
        yield agent
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def agent_and_panel(directory: Path, wiring: dict[str, dict[str, Any]]) -> None:
    """`farmloop run` of the sample fish farm."""
    file = directory / "wiring.json"
    file.write_text(json.dumps(wiring))
    site, clock = load_site(SITES / "ras.yaml").site, AcceleratedClock(NOON_S, 20.0)
    await run_agent(site, directory, clock, no_secret, file, "127.0.0.1", 0, lambda *_: None)


# --- what it keeps


async def test_an_agent_without_any_wire_scans_and_keeps_its_state(tmp_path: Path, nowhere: Any) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        await agent.set_setpoint("change-01", "ras1.tank1.do_sp", 9.0, "li")
        await until(lambda: agent.health.scans > 10, "ten scans")
    kept = kept_in(tmp_path) or {}
    assert kept["chosen"]["ras1.tank1.do_sp"][:2] == [9.0, "li"]
    again = agent_at(tmp_path, nowhere)
    now = again.scan(again.now())
    assert now.state.chosen["ras1.tank1.do_sp"].value == 9.0


async def test_a_trial_is_refused_by_the_farm_with_its_reason_and_ended_only_if_there_is_one(
    tmp_path: Path, nowhere: Any
) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        wish = Trial("trial-1", "ras1.tank1.heat_loop", "relay", 10.0, 1.0, 3600.0, "li", 0.0)
        refused = await agent.begin_trial(wish)  # no wire leads anywhere: there is no value
        assert isinstance(refused, Refusal)
        assert refused.because.key == "trial_value"
        none = await agent.end_trial("trial-2", "ras1.tank1.heat_loop", "li")
        assert isinstance(none, Refusal)
        assert none.because.key == "trial_none"
        assert agent.trial("ras1.tank1.heat_loop") is None


PUMP = "pf1.rack1.pump_a"


def dosing_agent(directory: Path, orders: list[tuple[object, list[Any]]]) -> Agent:
    """The plant factory's, of whose orders for a pump is noted what stood on the disk when they went out."""
    agent = Agent(
        load_site(SITES / "plant-factory.yaml").site, directory, AcceleratedClock(NOON_S, 20.0), no_secret,
        {"pf_rs485": {"port": "/nonexistent/port"}, "pf_tcp": {"host": "127.0.0.1", "port": 9}},
    )  # fmt: skip

    def ordered(values: dict[str, object]) -> None:
        if PUMP in values:
            kept = kept_in(directory) or {"blocks": {}}
            orders.append((values[PUMP], kept["blocks"].get(f"{PUMP}#guard", [])))

    agent._links.order = ordered  # type: ignore[method-assign,assignment]  # no wire is there
    return agent


def test_a_dose_stands_on_the_disk_before_the_pump_is_told_to_run_and_counts_in_full_after_a_kill(
    tmp_path: Path,
) -> None:
    orders: list[tuple[object, list[Any]]] = []
    agent = dosing_agent(tmp_path, orders)
    for second in range(3):
        agent.scan(NOON_S + second)
    agent._wishes.put(Override("hand-001", PUMP, 100.0, "li", NOON_S + 600.0))
    agent.scan(NOON_S + 3)
    told, kept = orders[-1]
    booked_ml = 2.0 * 90.0
    assert (told, kept[0], kept[3]) == (True, True, booked_ml)
    # killed here, whatever the pump has given
    again = dosing_agent(tmp_path, orders)
    now_s = NOON_S + 60.0
    guard = again.scan(now_s).state.blocks[f"{PUMP}#guard"]
    assert guard[-1] == (booked_ml,)
    assert orders[-1][0] is False
    for second in range(30):
        again.scan(now_s + second)  # the hand still stands
    assert [one for one, _ in orders].count(True) == 1


def test_a_dose_that_the_disk_does_not_take_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[tuple[object, list[Any]]] = []
    agent = dosing_agent(tmp_path, orders)
    for second in range(3):
        agent.scan(NOON_S + second)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(agent._state_database, "transaction", full)
    agent._wishes.put(Override("hand-001", PUMP, 100.0, "li", NOON_S + 600.0))
    for second in range(3, 40):
        agent.scan(NOON_S + second)
    assert True not in [told for told, _ in orders]


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"at_s": '])
def test_a_state_that_cannot_be_read_is_put_aside_and_the_farm_starts_fresh(
    text: bytes, tmp_path: Path, nowhere: Any
) -> None:
    (tmp_path / "state.json").write_bytes(text)
    agent = agent_at(tmp_path, nowhere)
    assert agent.scan(agent.now()).orders
    assert (tmp_path / "state.corrupt").read_bytes() == text


async def test_a_directory_that_cannot_be_made_stops_no_scan_and_is_an_alarm(tmp_path: Path, nowhere: Any) -> None:
    (tmp_path / "file").write_text("where a directory should be")
    async with alive(agent_at(tmp_path / "file" / "var", nowhere)) as agent:
        await until(lambda: any(alarm.id == "history.disk:outbox" for alarm in agent.alarms()), "the disk's alarm")
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 5, "scans going on")
    assert agent.history.status().stored_points == 0


async def test_a_scan_that_throws_ends_the_agent_by_the_safe_door(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_at(tmp_path, nowhere)
    safe: list[str] = []
    close = agent._links.close

    async def closing() -> None:
        safe.append("outputs")
        await close()

    def broken(*_: object) -> ScanResult:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(agent._links, "close", closing)
    monkeypatch.setattr(agent.core, "scan", broken)
    with pytest.raises(ZeroDivisionError):
        await agent.run()
    assert safe == ["outputs"]
    assert kept_in(tmp_path)


async def test_whoever_loses_his_cancellation_does_not_keep_the_agent_from_ending(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    up: set[str] = set()
    lost: set[str] = set()

    def loses(name: str) -> Any:
        async def at_work(*_: object) -> None:
            up.add(name)
            try:
                await asyncio.Event().wait()
            finally:
                if name not in lost:
                    lost.add(name)
                    raise IndexError("while tidying up")

        return at_work

    monkeypatch.setattr("controller.agent.AGAIN_S", 0.1)
    monkeypatch.setattr("controller.running.END_AGAIN_S", 0.1)
    monkeypatch.setattr(panel_task, "serve", loses("panel"))
    monkeypatch.setattr(Notifier, "run", loses("messages"))
    running = asyncio.create_task(agent_and_panel(tmp_path, nowhere))
    await until(lambda: len(up) == 2, "panel and messages")
    running.cancel()
    await asyncio.wait({running}, timeout=20.0)
    assert running.cancelled()
    assert kept_in(tmp_path)


# --- whom it answers


async def test_a_wish_sent_twice_is_granted_once_and_answered_twice(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    wishes = [asyncio.create_task(agent.set_setpoint("same-wish", "ras1.tank1.do_sp", 8.0, "li")) for _ in range(2)]
    await asyncio.sleep(0)
    result = agent.scan(agent.now())
    answers = await asyncio.gather(*wishes)
    assert all(isinstance(answer, SetpointNow) and answer.target == 8.0 for answer in answers)
    assert [event.kind for event in result.events if event.values.get("id") == "same-wish"] == ["setpoint_changed"]
    # and once more, when it was long granted
    late = await agent.set_setpoint("same-wish", "ras1.tank1.do_sp", 11.0, "li")
    assert isinstance(late, SetpointNow)
    assert late.target == 8.0
    assert not agent.scan(agent.now()).events


async def test_a_calibration_is_on_the_disk_when_it_is_answered(tmp_path: Path, nowhere: Any) -> None:
    agent, ph = agent_at(tmp_path, nowhere), "ras1.tank1.ph"
    wish = Calibrate("cal", ph, ((7.1, 7.0),), False, "one buffer", "lot 7", "", "li", agent.now(), agent.now())
    asked = asyncio.create_task(agent.calibrate(wish))
    await asyncio.sleep(0)
    agent.scan(agent.now())
    assert await asked is None
    again = agent_at(tmp_path, nowhere)  # the first was killed
    assert again.probes()[ph].points == ((7.1, 7.0),)
    assert again.probes()[ph].made[0].by == "li"


async def test_a_wish_beyond_the_limits_is_refused_with_the_reason(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    wish = asyncio.create_task(agent.set_setpoint("too-much", "ras1.tank1.do_sp", 99.0, "li"))
    await asyncio.sleep(0)
    agent.scan(agent.now())
    answer = await wish
    assert isinstance(answer, Refusal)
    assert (answer.because.key, answer.because.values["high"]) == ("limits", 12.0)


async def test_a_wish_that_no_scan_takes_up_is_not_answered_with_yes(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wish_desk, "ANSWER_S", 0.01)
    answer = await agent_at(tmp_path, nowhere).set_setpoint("unheard", "ras1.tank1.do_sp", 8.0, "li")
    assert isinstance(answer, Refusal)
    assert answer.because.key == "no_answer"


async def test_who_reads_slowly_gets_every_change_in_one_piece(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    following = agent.changes()
    first = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    for value in (7.0, 7.5, 8.0):
        agent._on_readings([good("ras1.tank1.water_temp", value, agent.now())], None)
        agent._on_readings([good("ras1.tank1.ph", value, agent.now())], None)
        agent.scan(agent.now() + value)
    changes = await first
    # three scans in one piece, and of each tag the newest
    assert {tag: changes[tag].value for tag in ("ras1.tank1.water_temp", "ras1.tank1.ph")} == {
        "ras1.tank1.water_temp": 8.0,
        "ras1.tank1.ph": 8.0,
    }
    await following.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert not agent._followers


async def test_a_flood_is_bounded_counted_and_an_alarm(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_module, "INBOX_LIMIT", 10)
    agent = agent_at(tmp_path, nowhere)
    agent.scan(agent.now())  # takes in what stands of people's amounts
    for _ in range(25):
        agent._on_readings([good("ras1.tank1.do_a", 7.0, agent.now())], None)
    assert len(agent._inbox) == 10
    agent.scan(agent.now())
    assert agent.health.dropped_readings == 15
    (alarm,) = (one for one in agent.alarms() if one.id.startswith("agent."))
    assert (alarm.id, alarm.values) == ("agent.flood:inbox", {"count": 15})


def test_what_a_person_did_stands_in_the_chain_granted_or_refused(tmp_path: Path, nowhere: Any) -> None:
    agent = agent_at(tmp_path, nowhere)
    for wish_id, name in (("change-0001", "ras1.tank1.do_target"), ("change-0002", "ras1.tank1.nothing")):
        agent._wishes.put(SetpointChange(wish_id, name, 7.5, "li", agent.now()))
    agent.scan(agent.now())
    agent._audit.write(agent.now())
    rows = {row.subject: row for row in read(tmp_path, 10)}
    assert {row.who for row in rows.values()} == {"li"}
    assert rows["ras1.tank1.nothing"].what == "refused"
    assert (len(rows), examine(tmp_path).problems) == (2, ())


# --- what it says of its own troubles

WELL = HistoryStatus(
    stored_points=1000, last_stored_s=0.0, waiting_points=0, dropped_points=0, unknown_readings=0, last_error="",
    recorded={}, quarantined=(), dead_letters=0, sinks={"influx": SinkStatus(Health("ok"), Pending(0, 0, None))},
)  # fmt: skip


def sink(**health: Any) -> HistoryStatus:
    return replace(WELL, sinks={"influx": SinkStatus(Health(**health), Pending(0, 0, None))})


def ids(alarms: tuple[AlarmNow, ...]) -> list[str]:
    return [alarm.id for alarm in alarms]


def test_when_all_is_well_there_is_no_alarm() -> None:
    assert OwnAlarms().now(WELL, 0, 100.0) == ()


def test_a_refused_sink_is_an_alarm_at_once_and_since_when_stays() -> None:
    own, refused = OwnAlarms(), sink(state="refused", last_error="401 unauthorized")
    (first,) = own.now(refused, 0, 100.0)
    assert (first.id, first.since_s) == ("history.refused:influx", 100.0)
    assert first.values == {"sink": "influx", "why": "401 unauthorized"}
    assert own.now(refused, 0, 500.0) == (first,)
    assert own.now(WELL, 0, 600.0) == ()
    assert own.now(refused, 0, 700.0)[0].since_s == 700.0


def test_a_sink_that_is_away_is_an_alarm_after_a_while() -> None:
    own, away = OwnAlarms(), sink(state="failing", last_error="no connection")
    assert own.now(away, 0, 100.0) == ()
    assert own.now(away, 0, 100.0 + FAILING_S - 1.0) == ()
    (alarm,) = own.now(away, 0, 100.0 + FAILING_S)
    assert (alarm.id, alarm.priority, alarm.since_s) == ("history.failing:influx", "low", 100.0)
    assert own.now(WELL, 0, 2000.0) == ()
    assert own.now(away, 0, 2001.0) == ()


def test_what_was_lost_stands_for_a_day_after_the_last_of_it() -> None:
    own, lost = OwnAlarms(), replace(WELL, dropped_points=7)
    assert own.now(WELL, 0, 0.0) == ()
    assert own.now(lost, 0, 100.0)[0].values == {"count": 7}
    assert ids(own.now(lost, 0, 100.0 + REMEMBERED_S - 1.0)) == ["history.dropped:outbox"]
    assert own.now(lost, 0, 100.0 + REMEMBERED_S) == ()
    more = replace(WELL, dropped_points=8)
    assert own.now(more, 0, 200.0 + REMEMBERED_S)[0].values == {"count": 8}


SLOW = Slow(MOST_SLOW + 1, 1.7, 1.0)


def test_a_few_slow_scans_are_none_and_more_of_them_an_alarm_until_ten_minutes_passed_without() -> None:
    own, times = OwnAlarms(), ScanTimes()

    def scanned(now_s: float, took_s: float) -> list[AlarmNow]:
        times.add(0.0, took_s, 1.0, now_s)
        return list(own.now(WELL, 0, now_s + 1.0, slow=times.slow(now_s + 1.0)))

    assert [scanned(second, 1.0) for second in range(100)] == [[]] * 100  # just in time is in time
    assert [scanned(100.0 + second, 1.2) for second in range(MOST_SLOW)] == [[]] * MOST_SLOW
    (alarm,) = scanned(200.0, 1.7)
    assert (alarm.id, alarm.priority, alarm.since_s) == ("agent.slow:scan", "medium", 201.0)
    assert alarm.values == {"count": MOST_SLOW + 1, "longest": 1.7, "period": 1.0}
    # fewer than a few are left of them, and it stands: no coming and going
    assert scanned(750.0, 0.2)[0].values["count"] == 1
    assert scanned(798.0, 0.2)[0].since_s == 201.0
    assert scanned(799.0, 0.2) == []
    assert [scanned(800.0 + second, 1.2) for second in range(MOST_SLOW)] == [[]] * MOST_SLOW


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.1, 400.0), st.booleans()), max_size=60))
def test_the_scans_that_were_slow_are_those_of_the_last_ten_minutes(scans: list[tuple[float, bool]]) -> None:
    times, now_s, seen = ScanTimes(), 0.0, []
    for step_s, is_slow in scans:
        now_s += step_s
        times.add(0.0, 2.0 if is_slow else 0.5, 1.0, now_s)
        seen += [now_s] if is_slow else []
        assert times.slow(now_s).scans == sum(now_s - one < SLOW_WITHIN_S for one in seen)


def test_a_clock_that_was_set_back_forgets_the_slow_scans_of_the_future() -> None:
    times = ScanTimes()
    for second in range(9):
        times.add(0.0, 2.0, 1.0, 1000.0 + second)
    assert times.slow(500.0) == Slow()


async def test_an_agent_whose_scans_are_slow_says_so_at_any_speed_and_its_next_start_does_not(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_at(tmp_path, nowhere, speed=10.0)
    passed = iter(range(10**6))
    # each look at the clock of the process is 0.2 s later: more than there is for a scan at ten times the speed
    monkeypatch.setattr(agent_module, "process_time", lambda: 0.2 * next(passed))
    for _ in range(MOST_SLOW + 2):
        agent.scan(agent.now())
    (alarm,) = (one for one in agent.alarms() if one.id.startswith("agent."))
    assert (alarm.id, alarm.values["count"], alarm.values["period"]) == ("agent.slow:scan", MOST_SLOW + 1, 0.1)
    monkeypatch.undo()
    again = agent_at(tmp_path, nowhere)
    again.scan(again.now())
    assert [one.id for one in again.alarms() if one.id.startswith("agent.")] == []


def test_every_trouble_of_its_own_has_words_in_both_languages() -> None:
    own = OwnAlarms()
    troubles = replace(
        sink(state="refused", last_error="401", dead_points=3),
        last_error="disk full", dropped_points=1, quarantined=(Path("outbox.corrupt"),), trends_error="read-only",
        filled=0.85, thinned_points=9,
    )  # fmt: skip
    alarms = [*own.now(troubles, 5, 0.0, audit="disk full", slow=SLOW)]
    away = sink(state="failing", last_error="gone")
    own.now(away, 5, 1.0)
    alarms += own.now(away, 5, 1.0 + FAILING_S)
    kinds = {shape.kind: shape for shape in alarm_shapes(alarms)}
    assert set(kinds) == {
        "history.disk", "history.refused", "history.failing", "history.dropped", "history.aside", "history.dead",
        "history.trends", "history.audit", "history.filling", "history.thinned", "agent.flood",
        "agent.slow",
    }  # fmt: skip
    for language in LANGUAGES:
        for kind, shape in kinds.items():
            for part in ("cause", "consequence", "response"):
                text = catalogue(language)[f"alarm.{kind}.{part}"]
                assert "{" not in text.format(**shape.values), (kind, part)


# --- its panel


async def test_a_panel_that_keeps_failing_is_said_once_and_stops_nothing(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = 0

    async def broken(*_: object) -> None:
        nonlocal failures
        failures += 1
        raise RuntimeError("no front end here")

    monkeypatch.setattr(panel_task, "PANEL_AGAIN_S", 0.0)
    monkeypatch.setattr(panel_task, "serve", broken)
    running = asyncio.create_task(agent_and_panel(tmp_path, nowhere))
    await until(lambda: failures > 3, "the panel tried again")
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [record.message for record in caplog.records if record.name == "farmloop.panel"] == ["panel_failed"]


# --- why its outputs stand as they do


async def test_a_moment_of_its_run_is_explained_as_it_was_then(tmp_path: Path, nowhere: Any) -> None:
    valve = "ras1.tank1.makeup"  # no interlock holds it while no wire leads anywhere
    agent = agent_at(tmp_path, nowhere)
    with pytest.raises(NotRecordedError):  # it has not looked yet
        await agent.explain(valve, None)
    async with alive(agent):
        before_s = agent.now()
        agent._wishes.put(Override("by-hand-1", valve, 100.0, "li", before_s + 3600.0))
        await until(lambda: agent.orders()[valve].owner == "li", "the hand")
        now = await agent.explain(valve, None)
        assert (now.why.won.owner, now.why.value) == ("li", 100.0)
        assert now.why.since_s > before_s
        assert (await agent.explain(valve, before_s)).why.won.owner != "li"
        assert (await agent.explain(valve, agent.now())).why.won.owner == "li"
        with pytest.raises(NotRecordedError):
            await agent.explain(valve, before_s - 3600.0)


async def test_a_record_of_why_that_throws_stops_no_scan(
    tmp_path: Path, nowhere: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = agent_at(tmp_path, nowhere)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(agent._why._journal, "see", broken)
    async with alive(agent):
        scans = agent.health.scans
        await until(lambda: agent.health.scans > scans + 5, "scans going on")
    assert [record.message for record in caplog.records].count("why_failed") == 1
