"""The promises of the README, one after the other. Each test breaks what its promise speaks of, and looks.

Many look at one session, recorded on true wires while broker, database and a probe were dead (`recorded_session`).
"""

import ast
import asyncio
import itertools
import json
import os
import pickle
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import panel_task
from controller.compose.simulate import Simulation, prepare, start_of
from controller.core.scan import Core
from controller.core.state import State, to_plain
from controller.core.turn import Turn
from controller.core.words import AlarmNow, Order, Override, ScanResult, SetpointChange, Slot, Snapshot
from controller.history.history import History
from controller.history.line import line, milliseconds, prefix
from controller.panel.app import create_app
from controller.panel.permissions import OPEN
from controller.panel.shapes import reading_shape
from controller.panel.sign_in import SignIn
from controller.running import run_agent
from controller.wiring import safe_of
from edge_config.loader import load_site
from edge_config.model.control import Timer
from edge_config.model.outputs import Pulse
from edge_config.model.site import Site
from edge_config.model.strategies import Irrigation
from edge_config.resolved import resolved
from foundation.clock import AcceleratedClock, SteppedClock
from foundation.messages import LANGUAGES, catalogue, tell
from foundation.problem import ProblemsError
from foundation.reading import Quality, Reading, Reason, good
from rules.gauges import Sky
from rules.rule import RuleMemory
from simulator.devices.device import safe_values
from simulator.wire import FarmOnWires
from tests.history.farm import site as small_site
from tests.history.farm import tags as small_tags
from tests.history.farm import v2
from tests.history.protocol import read
from tests.history.test_kill import Farms, check
from tests.panel.small_farm import SmallFarm
from tests.recorded_session import BROKEN_S, CANARY, SPEED, Session
from tests.syntax import tree_of
from tests.wheels import installed_environment
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret, until

ROOT = Path(__file__).parents[1]
SAMPLES = ("greenhouse", "plant-factory", "ras", "farm")
HOUSES = ("solar-greenhouse", "nursery", "mushroom")
"""Samples with a heater or doses; tunnel and cold store have too little that could be unsafe."""


@cache
def sample(name: str) -> Site:
    return load_site(SITES / f"{name}.yaml").site


def simulated(name: str, at: str = "2026-03-20T11:00") -> Simulation:
    """A sample in memory, some minutes old, so that all of it has been seen."""
    simulation = prepare(sample(name), 1, start_of(sample(name), at))
    for _ in range(120):
        simulation.step()
    return simulation


# --- P1


@pytest.mark.wire
def test_p1_independent_of_broker_and_database_the_scan_goes_on(session: Session) -> None:
    times = [turn[0] for turn in session.turns]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps) < 2.5  # a busy machine may miss one second of the grid, never two
    broken = session.during(session.broken_s, session.mended_s)
    assert len(broken) >= 0.95 * BROKEN_S


@pytest.mark.wire
def test_p1_independent_of_broker_and_database_the_loops_act(session: Session) -> None:
    broken = session.during(session.broken_s, session.mended_s)
    first, last = broken[0][3].orders["ras1.tank1.o2_valve"], broken[-1][3].orders["ras1.tank1.o2_valve"]
    assert (first.because.key, last.because.key) == ("loop", "loop")
    assert last.value > first.value + 5.0  # a person asked for more oxygen
    for name in ("ras_relays", "ras_node"):
        begun, ended = session.writes[name]
        assert ended > begun, name
    assert session.failed_writes == 0
    # what hangs on the dead broker is known to be dead, and nothing else
    now = broken[-1][3].state.readings
    assert now["ras1.tank1.fed"].quality is Quality.BAD
    alive = [tag for device in ("ras_do_b", "ras_ph", "ras_node") for tag in session.site.devices[device].tags.values()]
    assert [tag for tag in alive if now[tag].quality is not Quality.GOOD] == []


@pytest.mark.wire
def test_p1_independent_of_the_database_every_point_is_kept(session: Session) -> None:
    assert session.dropped == 0
    stored = {(point.tags["tag"], point.time_ms) for point in session.points()}
    wanted = {
        (reading.tag.split(".")[2], milliseconds(reading.time_s))
        for _, _, snapshot, _ in session.turns
        for reading in snapshot.readings
        if reading.tag == "ras1.tank1.do_b" and reading.quality is Quality.GOOD
    }
    # one of a run of equal values is enough; the first and the last of them stand
    assert len(stored & wanted) >= 2
    assert session.log()[-1]["what"] == "stopped"


@pytest.mark.wire
async def test_p1_independent_of_its_panel_the_farm_is_in_hand_while_the_port_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_task, "PANEL_AGAIN_S", 0.05)
    # ten times as fast, the flow of a busy machine's farm is stale time and again, and emergency oxygen stays open
    site, clock = load_site(SITES / "ras.yaml").site, AcceleratedClock(NOON_S, 5.0)
    taken = socket.create_server(("127.0.0.1", 0))
    port, urls = taken.getsockname()[1], []
    async with FarmOnWires(site, clock, 1, tmp_path) as farm:
        (tmp_path / "wiring.json").write_text(json.dumps(farm.wiring))
        relays = farm.device("ras_relays")
        running = asyncio.create_task(
            run_agent(
                site, tmp_path / "agent", clock, no_secret, tmp_path / "wiring.json", "127.0.0.1", port,
                lambda up: urls.append(up.url),
            )
        )  # fmt: skip
        try:
            await until(
                lambda: relays.outputs["relay3"] is True and relays.outputs["relay2"] is False, "the farm in hand"
            )
            assert urls == []
            taken.close()
            await until(lambda: urls, "the panel, once the port is free")
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{urls[0]}healthz")).text == "ok"
            assert not running.done()
        finally:
            taken.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert relays.outputs["relay2"] is True, "safe again"


@pytest.mark.wire
def test_what_breaks_is_said_once_and_what_mends_is_said_once(session: Session) -> None:
    told: Counter[tuple[str, str]] = Counter()
    for said in session.log():
        subject = said.get("device") or said.get("bus") or said.get("subject") or ""
        told[said["what"], str(subject)] += 1
    for device in ("ras_do_a", "ras_feeder"):
        assert (told["device is lost", device], told["device is back", device]) == (1, 1), device
    assert (told["broker is lost", "farm_mqtt"], told["broker is back", "farm_mqtt"]) == (1, 1)
    assert [count for (what, _), count in told.items() if what.startswith("sink influx is failing")] == [1]
    lost = {subject for what, subject in told if what in ("device is lost", "bus is lost", "broker is lost")}
    assert lost == {"ras_do_a", "ras_feeder", "farm_mqtt"}
    for tag in ("ras1.tank1.do_a", "ras1.tank1.fed"):
        assert (told["tag_bad", tag], told["tag_back", tag]) == (1, 1), tag
    # what was never seen before did not come back
    assert told["tag_back", "ras1.tank1.ph"] == 0
    assert told["tag_back", "ras1.tank1.pump"] == 0
    assert told["setpoint_changed", "ras1.tank1.do_sp"] == 1
    assert max(told.values()) == 1, told.most_common(3)


# --- P2

SEEN = st.builds(
    Reading,
    st.just("gh1.bay1.air_temp"),
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    st.sampled_from(Quality),
    st.none() | st.sampled_from(Reason),
    st.floats(1.6e9, 2e9),
)


@given(SEEN)
def test_p2_honest_about_any_reading(reading: Reading) -> None:
    shape = reading_shape(reading)
    tag = small_tags("gh1.bay1.air_temp")["gh1.bay1.air_temp"]
    (point,) = read(line(prefix("farm", tag), reading))
    if reading.quality is Quality.BAD:
        assert (shape.v, shape.q) == (None, "bad")
        assert point.fields["q"] == 0
    else:
        assert shape.v is None or shape.v == reading.value or reading.value != reading.value
    if point.fields["q"] != 0:
        assert set(point.fields) & {"v", "b", "s"}  # trusted, so there is something to trust
    if reading.reason is Reason.STALE and reading.quality is Quality.BAD:
        assert shape.last == reading.value  # shown as what it was, never as what it is


@pytest.mark.wire
def test_p2_honest_the_lost_probe_is_no_number_anywhere(session: Session) -> None:
    site, lost = session.site, "ras1.tank1.do_a"
    limit_s = session.broken_s + 3 * site.devices["ras_do_a"].period + 2.0
    turns = session.during(limit_s, session.mended_s)
    assert len(turns) > 10
    for _, _, _, result in turns:
        assert (result.state.readings[lost].quality, result.state.values[lost]) == (Quality.BAD, None)
    screens = [screen for at_s, screen in session.screens if limit_s < at_s]
    assert len(screens) > 10
    for screen in screens:
        for tag in (lost, "ras1.tank1.fed"):
            shown = screen["readings"][tag]
            assert (shown["v"], shown["q"]) == (None, "bad")
            assert shown["why"] in ("comm", "stale")
        # the vote of the two probes says that it stands on one leg
        assert screen["readings"]["ras1.tank1.do"]["q"] == "uncertain"
        assert f"sensor:{lost}" not in session.alarms  # the loop's own sensor is the vote
    begin_ms, end_ms = milliseconds(limit_s), milliseconds(session.mended_s)
    recorded = [
        point.fields for point in session.points() if point.tags["tag"] == "do_a" and begin_ms < point.time_ms < end_ms
    ]
    assert [fields for fields in recorded if "v" in fields or fields["q"] != 0] == []


@pytest.mark.wire
def test_p2_honest_every_value_that_left_carries_its_quality_and_time(session: Session) -> None:
    points = session.points()
    assert len(points) > 60
    first_ms, last_ms = milliseconds(session.turns[0][0] - 60.0), milliseconds(session.turns[-1][0] + 5.0)
    for point in points:
        assert set(point.tags) == {"site", "facility", "zone", "tag"}
        assert point.fields["q"] in (0, 1, 2, 3)
        assert ("why" in point.fields) == (point.fields["q"] < 3)
        assert first_ms <= point.time_ms <= last_ms
    for _, screen in session.screens:
        for shown in screen["readings"].values():
            assert (shown["v"] is None) == (shown["q"] == "bad")
            assert (shown["why"] is None) == (shown["q"] == "good")


# --- P3


def _plain(name: str) -> dict[str, Any]:
    """A sample as plain values, for tests that take something out of it."""
    plain: dict[str, Any] = load_site(SITES / f"{name}.yaml").text.value
    return {key: value for key, value in deepcopy(plain).items() if key != "include"}


@pytest.mark.parametrize("name", [*SAMPLES, *HOUSES])
def test_p3_safe_a_site_that_leaves_a_position_out_does_not_load(name: str) -> None:
    plain, checked = _plain(name), 0
    Site.model_validate(plain)
    for section, key in (("loops", "on_loss"), ("outputs", "safe"), ("outputs", "lease"), ("outputs", "fail_safe_by")):
        for block, kept in plain[section].items():
            loop = sample(name).loops[block] if section == "loops" else None
            if isinstance(loop, Timer):
                continue  # it has no sensor to lose
            # without the sun's sensor the longest rest waters
            needed = "rest" if isinstance(loop, Irrigation) else key
            plain[section][block] = {word: value for word, value in kept.items() if word != needed}
            with pytest.raises(ValueError, match=f"{needed}|Field required"):
                Site.model_validate(plain)
            plain[section][block] = kept
            checked += 1
    assert checked >= 3 * len(sample(name).outputs) > 10


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("    on_loss: {hold: 30 s, then: 60 %}\n", "", "E104", "on_loss"),
        ('safe: "on", idle: "off", lease: 20 s', 'idle: "off", lease: 20 s', "E105", "safe"),
        ('life_support: true, safe: "on", idle: "off"', 'life_support: true, safe: "off", idle: "off"', "E375", ""),
    ],
)
def test_p3_safe_and_the_mistake_is_told_at_its_place(old: str, new: str, code: str, word: str, tmp_path: Path) -> None:
    text = (SITES / "ras.yaml").read_text("utf-8")
    if old not in text:  # what a preset makes of it, written out
        text = resolved(load_site(SITES / "ras.yaml").text)
    assert old in text
    path = tmp_path / "site.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ProblemsError) as refused:
        load_site(path)
    (problem,) = [one for one in refused.value.problems if one.is_error]
    assert problem.code == code, problem
    assert word in problem.message("en")
    block = text.rindex("\n  ras1.", 0, text.index(old)) + 1
    assert text.count("\n", 0, block) + 1 <= problem.line <= text.count("\n", 0, text.index(old)) + 1


@pytest.mark.parametrize("name", [*SAMPLES, *HOUSES])
def test_p3_safe_life_support_fails_on_heat_and_dosing_fail_off(name: str) -> None:
    site, safe, seen = sample(name), safe_of(sample(name)), set()
    for output, setting in site.outputs.items():
        kind = output.split(".")[2]
        if setting.life_support:
            assert safe[output] is True or (not isinstance(safe[output], bool) and float(safe[output]) > 0), output
            seen.add("life support")
        elif isinstance(setting, Pulse) or "heater" in kind or "co2" in kind:
            assert float(safe[output]) == 0.0, output
            seen.add("heat or dosing")
    assert seen


def test_p3_safe_without_its_sensors_the_farm_goes_where_it_is_told() -> None:
    simulation = simulated("ras")
    for name in ("ras_do_a", "ras_do_b", "ras_ph"):
        simulation.devices[name].unplugged = True
    for _ in range(120):
        result = simulation.step()
    orders, contacts = result.orders, simulation.devices["ras_relays"].outputs
    assert orders["ras1.tank1.o2_valve"].because.key == "sensor_lost"
    assert orders["ras1.tank1.emergency_o2"].slot is Slot.LIFE_SAFETY
    assert contacts["relay2"] is True, "emergency oxygen"
    assert contacts["relay3"] is True, "circulation"
    assert float(simulation.devices["ras_node"].outputs["out1"]) == 100.0, "aeration"
    assert contacts["relay6"] is False, "heater: the temperature came from the lost probe"
    assert contacts["relay5"] is False, "dosing"
    assert contacts["relay1"] in (True, False)


@pytest.mark.parametrize("name", [*SAMPLES, *HOUSES, "tunnel", "cold-store"])
def test_p3_safe_without_the_agent_the_devices_go_there_by_themselves(name: str) -> None:
    simulation = simulated(name)
    site, safe = simulation.site, safe_values(simulation.site)
    watched = {device for device, one in simulation.devices.items() if one.watchdog_s > 0}
    assert watched
    leases = [output.lease for output in site.outputs.values() if output.fail_safe_by == "device"]
    for second in range(int(max(leases)) + 3):  # nobody orders, nobody polls
        for device in simulation.devices.values():
            device.tick(simulation.now_s + second)
    for name_ in watched:
        device = simulation.devices[name_]
        stands = {device.tags[channel]: value for channel, value in device.outputs.items() if channel in device.tags}
        assert {tag: value for tag, value in stands.items() if tag in safe} == pytest.approx(
            {tag: safe[tag] for tag in stands if tag in safe}, abs=0.02
        ), name_


# --- P4


def _calls(path: Path, name: str) -> int:
    """How often a function or method of this name is called in a file."""
    tree = tree_of(path)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(
        (isinstance(call, ast.Name) and call.id == name) or (isinstance(call, ast.Attribute) and call.attr == name)
        for call in calls
    )


def test_p4_one_writer_in_the_source() -> None:
    files = [path for path in (ROOT / "controller").rglob("*.py") if "compose" not in path.parts]
    assert len(files) > 40
    # a command is made in one place, out of an order, and goes to the links from one place
    assert [path.name for path in files if _calls(path, "Command")] == ["scan.py"]
    assert [path.name for path in files if _calls(path, "decide")] == ["scan.py"]
    assert [path.name for path in files if "_links.order(" in path.read_text("utf-8")] == ["agent.py"]
    for room in ("history", "panel"):
        for path in (ROOT / "controller" / room).glob("*.py"):
            assert not re.search(r"drivers\.(link|bus|modbus|mqtt)", path.read_text("utf-8")), path


def _check_orders(result: ScanResult, site: Site, now_s: float) -> None:
    """Every command belongs to an order that says who, why and until when, in both languages."""
    assert set(result.orders) == set(site.outputs)
    for command in result.commands:
        order = result.orders[command.output]
        assert order.owner
        assert order.expires_s > now_s
        assert command.expires_s > now_s
    for name, order in result.orders.items():
        assert 0.0 <= order.value <= 100.0, name
        _check_why(order)


@cache
def _filled(key: str, language: str, names: tuple[str, ...]) -> bool:
    template = catalogue(language)[f"why.{key}"]
    # the panel adds the unit, which stands with the loop
    return set(re.findall(r"\{(\w+)", template)) <= {*names, "unit"}


def _check_why(order: Order) -> None:
    for language in LANGUAGES:
        assert _filled(order.because.key, language, tuple(order.because.values)), (order.because, language)


@pytest.mark.parametrize("name", ["greenhouse", "plant-factory", "ras"])
def test_p4_one_writer_with_owner_reason_and_lease(name: str) -> None:
    simulation = simulated(name)
    by_hand = next(iter(simulation.site.outputs))
    tags_of = {tag for tag, output in simulation.core.plan.output_of.items()}
    keys, slots = set(), set()
    for step in range(420):
        wish = Override("by-hand", by_hand, 100.0, "wang", simulation.now_s + 60.0) if step == 60 else None
        if step == 200:
            for device in simulation.devices.values():
                device.unplugged = not device.outputs  # every probe of its own is gone
        result = simulation.step((wish,) if wish else ())
        _check_orders(result, simulation.site, simulation.now_s)
        assert {command.tag for command in result.commands} <= tags_of
        keys |= {order.because.key for order in result.orders.values()}
        slots |= {order.slot for order in result.orders.values()}
        if step == 90:
            order = result.orders[by_hand]
            assert order.slot in (Slot.MANUAL, Slot.TRIP, Slot.LIFE_SAFETY)
    assert result.orders[by_hand].slot is not Slot.MANUAL, "a hand's order ends by itself"
    assert {"loop", "manual", "sensor_lost"} <= keys
    assert len(slots) >= 3
    # and a person reads a sentence
    order = next(order for order in result.orders.values() if order.because.key == "sensor_lost")
    assert order.owner in tell("why.sensor_lost", "zh-CN", **order.because.values)


def test_p4_one_writer_every_reason_of_the_core_has_words_in_both_languages() -> None:
    keys, prefixes, guarded = set[str](), set[object](), set[str]()
    for path in (ROOT / "controller/core").rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Because":
                first = node.args[0]
                if isinstance(first, ast.JoinedStr):
                    prefixes |= {one.value for one in first.values if isinstance(one, ast.Constant)}
                    continue
                compared = {part for one in ast.walk(first) if isinstance(one, ast.Compare) for part in one.comparators}
                keys |= {
                    one.value
                    for one in ast.walk(first)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and one not in compared
                }
            elif isinstance(node, ast.FunctionDef) and node.name in ("_hindrance", "room_ml"):
                # what the dosing guard returns as its reason
                returned = [one for each in ast.walk(node) if isinstance(each, ast.Return) for one in ast.walk(each)]
                guarded |= {f"guard_{one.value}" for one in returned if isinstance(one, ast.Constant) and one.value}
    assert {"loop", "safe", "sensor_lost", "interlock", "manual", "rule", "emergency_stop", "locked_out"} <= keys
    assert (prefixes, {"guard_mixing", "guard_leak", "guard_dose", "guard_day"} <= guarded) == ({"guard_"}, True)
    keys |= guarded
    for language in LANGUAGES:
        known = set(catalogue(language))
        # why an output stands as it does, or why a person's wish was refused
        assert {key for key in keys if not {f"why.{key}", f"refused.{key}"} & known} == set()


# --- P5


def test_p5_replayable_an_hour_gives_the_same_orders_bit_for_bit() -> None:
    """Recorded with faults and people in it, written down, read back, and played to a core that was built anew."""
    simulation = prepare(sample("ras"), 3, start_of(sample("ras"), "2026-03-20T11:30"))
    core, first = simulation.core, simulation.state
    scan, journal, made = core.scan, [], []

    def recording(state: State, snapshot: Snapshot, now_s: float) -> ScanResult:
        result = scan(state, snapshot, now_s)
        journal.append((snapshot, now_s))
        made.append((result.orders, result.commands, result.events, result.alarms, result.changed))
        if len(journal) == 1800:
            halfway.append(pickle.dumps(result.state))
        return result

    halfway: list[bytes] = []
    core.scan = recording  # type: ignore[method-assign]  # a recorder between simulation and core
    for step in range(3600):
        if step in (600, 900):
            simulation.devices["ras_do_a"].unplugged = step == 600
        if step in (1200, 1500):
            simulation.devices["ras_relays"].unplugged = step == 1200
        people = (SetpointChange("a", "ras1.tank1.do_sp", 9.0, "li", simulation.now_s),) if step == 2000 else ()
        simulation.step(people)
    again, state = Core(sample("ras")), pickle.loads(pickle.dumps(first))
    for index, (snapshot, now_s) in enumerate(pickle.loads(pickle.dumps(journal))):
        if index == 1800:  # a state that was put down goes on like the one that was not
            state = pickle.loads(halfway[0])
        result = again.scan(state, snapshot, now_s)
        state = result.state
        assert (result.orders, result.commands, result.events, result.alarms, result.changed) == made[index], index
    assert repr(to_plain(state)) == repr(to_plain(simulation.state))
    kinds = {event.kind for _, _, events, _, _ in made for event in events}
    assert {"tag_bad", "tag_back", "setpoint_changed", "order_unheard"} <= kinds
    assert len({repr(orders) for orders, *_ in made}) > 1000, "an hour in which much happened"


# --- P6


def test_p6_durable_what_was_acknowledged_survives_kill_nine(tmp_path: Path) -> None:
    """Briefly; `tests/history/test_kill.py` does it twenty times, and while shipping."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.history.farm_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        farms = Farms(child, Random(1))
        acknowledged = [farms.live_and_die(tmp_path) for _ in range(2)]
        child.communicate()
    found = check(tmp_path / "outbox.db")
    assert min(acknowledged) > 0
    assert set(found.values()) == {1}, "no point stands there twice"
    times = {time_ms for _, time_ms in found}
    assert len(times) >= sum(acknowledged)


@pytest.mark.wire
def test_p6_durable_nothing_was_dropped_while_the_database_was_away(session: Session) -> None:
    with sqlite3.connect(session.directory / "agent" / "outbox.db") as database:
        waiting, points = database.execute("SELECT count(*), sum(n) FROM outbox").fetchone()
        total = database.execute("SELECT max(total) FROM outbox").fetchone()[0]
    database.close()
    assert waiting > 20
    assert points == total == len(session.points()), "every point of the session is still there"
    keys = [
        (point.tags["facility"], point.tags["zone"], point.tags["tag"], point.time_ms) for point in session.points()
    ]
    assert len(keys) == len(set(keys))


# --- P7


@pytest.mark.wire
def test_p7_isolated_a_dead_device_does_not_hold_its_neighbours_up(session: Session) -> None:
    site = session.site
    for name in ("ras_do_b", "ras_ph", "ras_node"):
        device = site.devices[name]
        tag = next(iter(device.tags.values()))
        heard = [
            reading.time_s
            for _, _, snapshot, _ in session.during(session.broken_s, session.mended_s)
            for reading in snapshot.readings
            if reading.tag == tag and reading.quality is Quality.GOOD
        ]
        gaps = [later - earlier for earlier, later in itertools.pairwise(heard)]
        assert len(heard) >= BROKEN_S / device.period - 1, name
        # a tenth of the period, and what one deadline of the wire (which is not accelerated) weighs in farm time
        assert max(gaps) <= 1.1 * device.period + 0.3 * SPEED, name


class Throwing:
    """In the place of a block: whatever is asked of it, it throws."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, turn: Turn, sky: Sky | None = None) -> AlarmNow | None:
        raise ZeroDivisionError(self.name)

    def give_up(self, turn: Turn) -> None:
        """What a loop does when it cannot go on."""

    def disable(self, turn: Turn, sky: Sky) -> None:
        """What a rule does then: here it is tried again in every scan."""
        turn.blocks[self.name] = RuleMemory(spent="broken")

    alarm = None
    slow = ()


def _throwing(core: Core, kind: str, place: int) -> str:
    """Put a block that throws beside those of the plan, before all others or after them."""
    blocks: list[Any] = list(core.plan.rules.rules if kind == "rules" else getattr(core.plan, kind))
    blocks.insert(place if place >= 0 else len(blocks), Throwing(f"a.broken.{kind}"))
    many: Any = tuple(blocks)
    changed: dict[str, Any] = {kind: replace(core.plan.rules, rules=many) if kind == "rules" else many}
    core.plan = replace(core.plan, **changed)
    return f"a.broken.{kind}"


@pytest.mark.parametrize("kind", ["rules", "loops"])
@pytest.mark.parametrize("place", [0, -1])
def test_p7_isolated_a_block_that_throws_does_not_stop_the_rest(kind: str, place: int) -> None:
    whole, broken = simulated("ras"), simulated("ras")
    name = _throwing(broken.core, kind, place)
    told = []
    for _ in range(120):
        expected, result = whole.step(), broken.step()
        assert result.orders == expected.orders
        assert result.commands == expected.commands
        told += [event for event in result.events if event.kind == "block_failed"]
    assert {event.subject for event in told} == {name}
    assert 1 <= len(told) <= 120


async def test_p7_isolated_a_sink_that_throws_does_not_stop_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bytes] = []

    class Taking:
        def send(self, body: bytes, meanwhile: object = None) -> Any:
            from controller.history.sinks import Answer

            taken.extend(body.split(b"\n"))
            return Answer(204)

        def close(self) -> None: ...

    def opener(config: Any, *_: object) -> Callable[[], Any]:
        def broken() -> Any:
            raise ZeroDivisionError("a client library's own mistake")

        return broken if "broken" in config.url else Taking

    monkeypatch.setattr("controller.history.history.opener", opener)
    clock = SteppedClock(1.7e9)
    sinks = {"broken": v2("http://broken"), "whole": v2("http://whole")}
    history = History(tmp_path, small_site(sinks), small_tags("gh1.bay1.air_temp"), lambda name: "", clock)
    task = asyncio.create_task(history.run())
    for number in range(5):
        history.record([good("gh1.bay1.air_temp", 20.0 + number, clock.now())])
        await clock.advance(1.0)
        await until(lambda count=number: history.status().stored_points > count, "the point on the disk")  # type: ignore[misc]
    await until(lambda: len(taken) == 5, "all points at the whole sink")
    status = history.status()
    assert status.dropped_points == 0
    assert status.sinks["broken"].health.state == "failing"
    assert "ZeroDivisionError" in status.sinks["broken"].health.last_error
    await history.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# --- P8


@pytest.mark.wire
def test_p8_same_code_in_memory_gives_the_orders_that_were_given_on_the_wires(session: Session) -> None:
    """The same site file, the same readings: a core without agent, drivers or wires decides the same."""
    core, state = Core(session.site), session.turns[0][1]
    assert len(session.turns) > 45
    for now_s, _, snapshot, expected in session.turns:
        result = core.scan(state, snapshot, now_s)
        state = result.state
        assert result.orders == expected.orders
        assert result.commands == expected.commands
        assert result.events == expected.events
        assert result.alarms == expected.alarms


def test_p8_same_code_nothing_asks_whether_it_is_simulated() -> None:
    files = [path for room in ("foundation", "drivers", "rules") for path in (ROOT / room).rglob("*.py")]
    files += [
        path
        for path in (ROOT / "controller").rglob("*.py")
        if "compose" not in path.parts and path.name not in ("cli.py",)
    ]
    assert len(files) > 80
    told = {
        f"{path.relative_to(ROOT)}: {text.strip()}"
        for path in files
        for node in ast.walk(tree_of(path))
        for text in _names(node)
        if "simulat" in text.lower()
    }
    assert told == set()
    assert _names(ast.parse("if is_simulated: pass").body[0].test) == ["is_simulated"]  # type: ignore[attr-defined]


def _names(node: ast.AST) -> list[str]:
    """The words of code that are no comments and no docstrings: names, attributes, and texts that are compared."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Compare(comparators=parts):
            return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module)):
            return [module]
    return []


# --- P9


async def test_p9_secure_nothing_answers_without_a_session_but_what_is_named() -> None:
    sign_in = SignIn()
    app = create_app(SmallFarm(), sign_in=sign_in)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        own = {"x-farmloop": "1"}
        token = sign_in.issue()
        assert (await client.post("/api/v1/session", json={"token": token}, headers=own)).status_code == 201
        described = (await client.get("/api/v1/openapi.json")).json()["paths"]
        client.cookies.clear()
        calls = {(method.upper(), path) for path, methods in described.items() for method in methods}
        calls |= {("GET", path) for path in ("/", "/static/panel.js", "/docs", "/openapi.json", "/metrics", "/nothing")}
        calls |= {(method, "/api/v1/state") for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE")}
        assert len(calls) > 20
        for cookie in ("", "farmloop=guessed", "farmloop="):
            headers = own | ({"cookie": cookie} if cookie else {})
            for method, path in sorted(calls - set(OPEN)):
                asked = re.sub(r"\{\w+\}", "ras1.tank1.do_sp", path)
                body: dict[str, Any] = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
                answer = await client.request(method, asked, headers=headers, **body)
                assert answer.status_code == 401, (method, path, answer.status_code)
        # the same token does not open twice, nor does a guess
        for guess in (token, "", "admin", "x" * 43):
            answer = await client.post("/api/v1/session", json={"token": guess}, headers=own)
            assert answer.status_code in (401, 422, 429)


def test_p9_secure_no_secret_stands_in_the_source() -> None:
    said = re.compile(
        r"""(?i)(pass(word|wd|phrase)?|token|secret|api_?key)["']?\s*[:=]\s*["']?([\w/+=-]{6,})["']?\s*[,}#\n]"""
    )
    allowed = re.compile(r"(?i)^(str|bytes|none|object|secret\w*|secretname|token\w*|config\w*|password\w*)$")
    found = []
    rooms = ("foundation", "drivers", "rules", "edge_config", "simulator", "controller", "deploy", "docs")
    kinds = {".py", ".yaml", ".json", ".conf", ".service", ".js", ".md"}
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if path.suffix in kinds]
    assert len(files) > 150
    for path in files:
        if "vendor" in path.parts or "locales" in path.parts:
            continue
        found += [
            (str(path.relative_to(ROOT)), match[0].strip())
            for match in said.finditer(path.read_text("utf-8"))
            if not allowed.match(match[3])
        ]
    assert found == []
    assert said.search("password: hunter22\n")  # it would be seen
    assert SignIn().issue() != SignIn().issue()


@pytest.mark.wire
def test_p9_secure_no_secret_is_in_logs_state_record_or_panel(session: Session) -> None:
    looked_at = [path for path in session.directory.rglob("*") if path.is_file() and "mosquitto" not in path.parts]
    assert {"farmloop.log", "state.db", "outbox.db"} <= {path.name for path in looked_at}
    assert [path.name for path in looked_at if CANARY.encode() in path.read_bytes()] == []
    assert not any(CANARY in str(point) for point in session.points())
    assert CANARY not in json.dumps([screen for _, screen in session.screens])
    assert CANARY not in repr(session.turns[-1])


# --- P10


@pytest.mark.wire
def test_p10_offline_the_installed_farm_reaches_nobody_outside(installed: Path, tmp_path: Path) -> None:
    """Installed without network, started, looked at, and stopped: simulator, agent, broker and panel."""
    shutil.copy(ROOT / "tests/only_loopback.py", tmp_path / "sitecustomize.py")
    environment = installed_environment(installed)
    environment |= {"PYTHONPATH": f"{tmp_path}:{installed}", "WENT_OUT": str(tmp_path / "went_out")}
    tried = subprocess.run(
        [sys.executable, "-c", ""], capture_output=True, text=True, env=environment | {"TRY_OUT": "1"}
    )
    assert (tried.stdout, (tmp_path / "went_out").read_text()) == ("stopped\n", "socket.getaddrinfo 192.0.2.1\n")
    (tmp_path / "went_out").unlink()
    command = [sys.executable, "-m", "controller.cli", "demo", "ras", "--port", "0", "--json", "--directory"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    demo = subprocess.Popen(
        [*command, str(tmp_path / "var")], cwd=installed, env=environment, start_new_session=True, **pipes
    )
    assert demo.stdout is not None
    try:
        ready = json.loads(demo.stdout.readline())
        with httpx.Client(base_url=ready["url"], headers={"x-farmloop": "1"}, trust_env=False) as client:
            token = ready["sign_in"].partition("token=")[2]
            assert client.post("api/v1/session", json={"token": token}).status_code == 201
            page = client.get("").text
            for path in ("api/v1/site", "api/v1/state", "api/v1/messages/zh-CN", "api/v1/devices", "static/panel.js"):
                assert client.get(path).status_code == 200, path
        assert "<script" in page
    finally:
        os.kill(demo.pid, signal.SIGINT)
        _, errors = demo.communicate(timeout=30)
    assert (demo.returncode, errors) == (0, "")
    assert not (tmp_path / "went_out").exists()


def test_p10_offline_the_panel_names_no_outside_host() -> None:
    static = ROOT / "controller/panel/static"
    files = [path for path in static.rglob("*") if path.suffix in (".js", ".html", ".css", ".svg")]
    assert len(files) > 25
    named = {
        (path.name, url)
        for path in files
        for url in re.findall(
            r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s\"'`)]*", _without_comments(path.read_text("utf-8"))
        )
    }
    # the names of XML's vocabularies look like addresses; nobody goes there
    assert {url for _, url in named if not url.startswith("http://www.w3.org/")} == set()
    assert "//cdn.example.com/x" in re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s\"'`)]*", "'//cdn.example.com/x'")


def _without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/|<!--.*?-->", "", text, flags=re.DOTALL)
    return re.sub(r"(?m)^\s*//.*$|(?<=[\s;])//[ #].*$", "", text)
