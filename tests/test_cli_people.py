"""`farmloop explain` and `farmloop enter`: against an agent that runs, one that was killed, and a simulated day."""

import asyncio
import json
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from controller import access
from controller.history.audit import Row, read
from controller.kept_state import kept_in
from controller.moments import MomentError, moment_s
from controller.running import run_agent
from edge_config.loader import load_site
from edge_config.model.recipes import Recipe
from foundation.clock import AcceleratedClock
from tests.wire.agent_on_wires import NOON_S, SITES, no_secret
from tests.wire.servers import wait_for

RULE = "ras1.tank1.cone_stays_open"
NOTHING = "Nothing is by hand, stopped, locked out, in care or switched off\n"
VALVE, TAN = "ras1.tank1.o2_valve", "ras1.tank1.tan"
NAME = {"zh": "育成", "en": "Growing up"}
RECIPES = {
    "bass": Recipe.model_validate({"name": NAME, "stages": [
        {"id": "fry", "name": NAME, "days": 30, "setpoints": {"zone.do_sp": {"value": "8 mg/L"}}},
        {"id": "fish", "name": NAME, "days": 90, "setpoints": {"zone.do_sp": {"value": "7 mg/L"}}},
    ]}),
}  # fmt: skip


def deeds_in(directory: Path) -> list[Row]:
    """What the audit has on the disk, the oldest first; the agent writes once a second of the farm."""
    wait_for(lambda: any(row.what == "rule_switched_on" for row in read(directory, 50)), what="the deeds")
    return read(directory, 50)[::-1]


@contextmanager
def running(directory: Path, wiring: Any) -> Iterator[None]:
    """The fish farm's agent and its panel, in a thread with a loop of its own."""
    directory.mkdir(exist_ok=True)
    (directory / "wiring.json").write_text(json.dumps(wiring), "utf-8")
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        site = load_site(SITES / "ras.yaml").site.model_copy(update={"recipes": RECIPES})
        clock = AcceleratedClock(NOON_S, 20.0)
        agent = asyncio.create_task(
            run_agent(site, directory, clock, no_secret, directory / "wiring.json", "127.0.0.1", 0,
                      lambda *_: ready.set())
        )  # fmt: skip
        await stop.wait()
        agent.cancel()
        with suppress(asyncio.CancelledError):
            await agent

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(30.0)
        scanned = threading.Event()
        while not any(directory.glob("why/*.jsonl")):
            assert thread.is_alive()
            scanned.wait(0.02)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_a_running_agent_is_asked_and_told_and_a_stopped_one_is_read(
    tmp_path: Path,
    farmloop: Any,
    nowhere: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("controller.panel.app.WRITES", 1000)  # commands in one process come faster than people's
    var = tmp_path / "var"
    at = ("--directory", str(var))
    with running(var, nowhere):
        assert stat.S_IMODE((var / access.NAME).stat().st_mode) == 0o600
        # why it is on, in both languages, and as a document
        said = farmloop("explain", VALVE, *at)
        assert (said.code, said.err) == (0, "")
        first, decided, *rest = said.out.splitlines()
        assert first.startswith("Oxygen valve: ")
        assert "Dissolved oxygen" in decided
        assert "  A person may take it by hand" in rest
        document = farmloop("explain", VALVE, *at, "--json").json
        assert (document["output"], document["won"]["owner"]) == (VALVE, "ras1.tank1.do_loop")
        assert document["lines"]["zh-CN"][0].startswith("氧气阀：")
        earlier = farmloop("explain", VALVE, *at, "--at", str(round(document["at"])), "--json").json
        assert earlier["won"]["owner"] == document["won"]["owner"]
        # values that people enter
        said = farmloop("enter", TAN, "400 ug/L", "--at", "09:10", "--who", "li", "--note", "calm", *at)
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"{TAN} = 0.4 mg/L, sampled ")
        entry = farmloop("enter", TAN, *at, "--json").json["entries"][0]
        assert (entry["value"], entry["who"], entry["note"], entry["entered_by"]) == (0.4, "li", "calm", "command line")
        said = farmloop("enter", TAN, "0.5", "--corrects", entry["id"], *at)
        assert said.code == 0
        shown = farmloop("enter", TAN, *at).out.splitlines()
        assert len(shown) == 2
        assert f"id {entry['id']}, corrected by " in shown[1]
        corrected = farmloop("enter", TAN, *at, "--json").json["entries"][0]["id"]
        said = farmloop("enter", TAN, "--withdraw", corrected, "--note", "wrong bottle", *at)
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"withdraws {corrected} ({TAN})")
        shown = farmloop("enter", TAN, *at).out.splitlines()
        assert f"withdraws {corrected}" in shown[0]
        assert "wrong bottle" in shown[0]
        # a recipe is started, moved and edited
        assert farmloop("recipe", "show", *at).out == "bass: can be started in ras1.tank1\n"
        said = farmloop("recipe", "start", "bass", "ras1.tank1", "--on", "2026-03-01", *at)
        assert said.out.startswith("ras1.tank1: Growing up, Growing up (fry), day 2")
        assert (
            access.ask(var, "GET", "/api/v1/state", language="en")[1]["setpoints"]["ras1.tank1.do_sp"]["by"] == "recipe"
        )
        farmloop("recipe", "edit", "ras1.tank1", "fish", "ras1.tank1.do_sp", "7.2", *at)
        farmloop("recipe", "stage", "ras1.tank1", "fish", *at)
        shown = farmloop("recipe", "show", *at, "--json").json["running"]["ras1.tank1"]
        assert (shown["stage"], shown["day"], [one["by"] for one in shown["edits"]]) == ("fish", 1, ["command line"])
        assert shown["stages"][1]["setpoints"]["ras1.tank1.do_sp"]["value"] == 7.2
        # an output by hand and back, a lock, a probe in care, a stop
        blower, probe = "ras1.tank1.blower", "ras1.tank1.do_a"
        said = farmloop("hand", VALVE, "40%", "--for", "2h", "--who", "li", *at)
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"{VALVE}: by hand at 40 % by li until ")
        assert "Taken by hand by li" in farmloop("explain", VALVE, *at).out
        assert farmloop("auto", VALVE, *at).out == NOTHING
        said = farmloop("lock", VALVE, "--note", "new seat", "--statement", "cylinders are open", "--who", "li", *at)
        assert said.out == f"{VALVE}: locked out by li: new seat\n"
        shown = farmloop("explain", VALVE, *at).out
        assert "Locked out by li for maintenance" in shown
        assert "li or a supervisor takes the lock off" in shown
        assert farmloop("unlock", VALVE, "--who", "wang", *at).err.startswith("The lock is li's")
        assert farmloop("unlock", VALVE, "--who", "wang", "--supervisor", *at).code == 0
        said = farmloop("maintain", probe, "cleaning", "--for", "10min", "--who", "li", *at)
        assert said.out.startswith(f"{probe}: being cleaned by li until ")
        assert farmloop("maintain", probe, "end", *at).code == 0
        assert farmloop("stop", "ras1", "--who", "li", *at).out == "ras1: emergency stop by li\n"
        assert "Emergency stop: li" in farmloop("explain", "ras1.tank1.feeder", *at).out
        assert farmloop("explain", blower, *at, "--json").json["value"] > 0.0
        assert farmloop("stop", "ras1", "--reset", *at).out == "ras1: the emergency stop is reset\n"
        # a rule is off for a time: said where it is missed, and on the disk before that is said
        said = farmloop("rules", "off", RULE, "--for", "4h", "--reason", "valve is serviced", "--who", "li", *at)
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"{RULE}: switched off by li until ")
        mark = (kept_in(var) or {})["marks"][f"rule_off:{RULE}"]
        assert (mark[:3], mark[6]) == (["rule_off", RULE, "li"], "valve is serviced")
        assert "is switched off by li until " in farmloop("explain", VALVE, *at).out
        assert farmloop("hands", *at).out.startswith(f"{RULE}: rule switched off by li until ")
        assert "switched off by li until " in farmloop("rules", "explain", str(SITES / "ras.yaml"), RULE, *at).out
        assert farmloop("rules", "on", RULE, "--who", "li", *at).out == f"{RULE}: runs again\n"
        assert farmloop("hands", *at).out == NOTHING
        deeds = [(row.what, json.loads(row.said)) for row in deeds_in(var)]
        switched = [(what, said["after"] == 0.0) for what, said in deeds if what.startswith("rule_switched")]
        assert switched == [("rule_switched_off", False), ("rule_switched_on", True)]
        # a dose: what is no pump gives none, and nobody has had one
        said = farmloop("dose", VALVE, "50mL", "--id", "dose-0001", *at)
        assert (said.code, said.err.startswith("This is no dosing pump. There are: ")) == (1, True)
        for arguments, words in (
            (("dose", VALVE, "5min"), "'5min' is no volume above 0"),
            (("hand", VALVE, "half"), "'half' is no position"),
            (("hand", VALVE, "on", "--for", "3d"), "'3d' is no time above 0 and up to 24 h"),
            (("maintain", probe, "cleaning", "--for", "3h"), "no time above 0 and up to 2 h"),
        ):
            said = farmloop(*arguments, *at)
            assert (said.code, words in said.err) == (2, True), arguments
        # interlocks: how they stand, a proof test, which of a group was first
        trips = "ras1.tank1.too_warm  Water too warm  holds since "  # nothing is heard of its water, a minute long
        wait_for(lambda: trips in farmloop("interlocks", "list", *at).out, what=trips)
        said = farmloop("interlocks", "proof-test", "ras1.tank1.low_oxygen", "--failed", "--who", "li", *at, "--json")
        assert said.json["interlocks"]["ras1.tank1.low_oxygen"]["tested_by"] == "li"
        assert said.json["interlocks"]["ras1.tank1.low_oxygen"]["test_passed"] is False
        said = farmloop("interlocks", "first-out", *at)
        assert (said.code, said.err) == (0, "")
        trip, _, told = said.out.partition("  ")
        assert "first: ras1.tank1." in told
        assert said.out.splitlines()[0] == farmloop("interlocks", "first-out", trip, *at).out.splitlines()[0]
        # what cannot be
        for arguments, words in (
            (("interlocks", "bypass", "ras1.tank1.too_warm", "--minutes", "5"), "for 0 min at most"),
            (("interlocks", "bypass", "ras1.tank1.none", "--minutes", "5"), "There is no such interlock"),
            (("interlocks", "reset", "ras1.tank1.too_warm"), "nothing here that could be reset"),
            (("interlocks", "proof-test", "ras1.tank1.too_warm", "--passed"), "asks for no proof test"),
            (("rules", "off", "ras1.tank1.none", "--reason", "x"), "There is no rule 'ras1.tank1.none'"),
            (("rules", "on", RULE), "It is not switched off"),
            (("lock", blower), "keeps animals or crop alive: say what replaces it"),
            (("enter", TAN, "much"), "'much' is no number"),
            (("enter", TAN, "3", "--unit", "kPa"), "cannot be given in mg/L"),
            (("enter", TAN, "3", "--at", "2031-01-01"), "lies in the future"),
            (("enter", TAN, "3", "--at", "soon"), "'soon' is no moment"),
            (("enter", TAN, "--withdraw", corrected, "--note", "again"), "has been corrected already"),
            (("enter", TAN, "--withdraw", entry["id"]), "name the entry and say why"),
            (("enter", "ras1.tank1.ton", "3"), f"nearest that is entered is {TAN}"),
            (("enter", "ras1.tank1.do", "3"), "gives it no entry"),
            (("recipe", "start", "bas", "ras1.tank1"), "There is no recipe 'bas'"),
            (("recipe", "stage", "ras1.tank1", "egg"), "no such stage"),
            (("recipe", "edit", "ras1.tank1", "fry", "days", "3"), "That stage is over"),
            (("recipe", "edit", "ras1.tank1", "fish", "ras1.tank1.do_sp", "70"), "outside what may be set"),
            (("explain", "ras1.tank1.o2_valv"), f"The nearest is {VALVE}"),
            (("explain", VALVE, "--at", "2020-01-01"), "Nothing is recorded of 2020-01-01"),
            (("explain", VALVE, "--at", "soon"), "'soon' is no moment"),
        ):
            said = farmloop(*arguments, *at)
            assert (said.code, said.out, said.err.count("\n")) == (1, "", 1), arguments
            assert words in said.err
            monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
            chinese = farmloop(*arguments, *at).err
            monkeypatch.setenv("LC_ALL", "C.UTF-8")
            assert chinese != said.err
            assert "{" not in chinese
        assert len(farmloop("enter", TAN, *at).out.splitlines()) == 3
    # it has stopped: what it left is read, and nothing is entered
    left = farmloop("explain", VALVE, *at, "--json").json
    assert (left["output"], left["won"]["owner"]) == (VALVE, document["won"]["owner"])
    assert (
        farmloop("explain", VALVE, *at, "--at", str(round(document["at"])), "--json").json["lines"] == earlier["lines"]
    )
    for arguments, words in (
        (("enter", TAN, "3"), "nothing was entered"),
        (("explain", "ras1.tank1.o2_valv"), f"The nearest is {VALVE}"),
        (("explain", VALVE, "--at", "2020-01-01"), "Nothing is recorded of 2020-01-01"),
        (("explain", VALVE, "--at", "soon"), "'soon' is no moment"),
        (("explain", VALVE, "--directory", str(tmp_path / "other")), "No agent runs in"),
    ):
        said = farmloop(*arguments, *(() if "--directory" in arguments else at))
        assert said.code in (1, 2)
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert words in said.err


def test_a_session_that_is_not_the_agent_s_opens_nothing(
    tmp_path: Path,
    farmloop: Any,
    nowhere: Any,
) -> None:
    var = tmp_path / "var"
    with running(var, nowhere):
        kept = json.loads((var / access.NAME).read_text("utf-8"))
        access.write_access(var, kept["url"], "another")
        said = farmloop("enter", TAN, "0.4", "--directory", str(var))
        assert (said.code, said.out) == (1, "")
        assert not list(var.glob("entered-*"))


def test_a_simulated_day_is_explained_without_an_agent(
    farmloop: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("controller.compose.explain_day.SETTLE_S", 60.0)
    said = farmloop("explain", "ras1.tank1.pump", "--sim", "ras", "--hours", "0.05", "--at", "00:02", "--json")
    assert said.json["won"]["key"] == "idle"
    assert said.json["at"] == moment_s("2026-03-20 00:02", "Asia/Shanghai", 0.0) * 1000.0
    said = farmloop("explain", "ras1.tank1.pumpe", "--sim", "ras")
    assert (said.code, said.out) == (2, "")
    said = farmloop("explain", "ras1.tank1.pump", "--sim", "ras", "--hours", "0.05", "--at", "13:00")
    assert (said.code, said.out) == (1, "")
    assert "the record goes from 2026-03-20 00:00:00 to 2026-03-20 00:03:00" in said.err


@pytest.mark.parametrize(
    ("text", "before_now_s"),
    [("12:00", 0.0), ("11:59:30", 30.0), ("12:01", 86_340.0), ("2026-03-21 11:00", 3600.0),
     ("2026-03-21T03:00Z", 3600.0), ("1774065600000", 0.0), (" 9:00 ", 10_800.0)],
)  # fmt: skip
def test_a_moment_is_read_in_the_farm_s_time(text: str, before_now_s: float) -> None:
    assert moment_s(text, "Asia/Shanghai", NOON_S) == NOON_S - before_now_s


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "24:00",
        "12:60",
        "2026-02-30",
        "9999999999999999999",
        "1e9",
        "0001-01-01",
        "9999-12-31",
        "99999999999999",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MomentError):
        moment_s(text, "Asia/Shanghai", NOON_S)
