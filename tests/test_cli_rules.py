"""`farmloop rules`: what it prints, and how it ends."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.core.scan import Core
from controller.core.words import Snapshot
from controller.history.history import History
from controller.journal.journal import Journal
from edge_config.loader import load_site
from edge_config.rule_library import library
from foundation.clock import SteppedClock
from foundation.reading import good

SITE = """
schema: 1
site: {id: a, name: {zh: 甲, en: A}, timezone: Asia/Shanghai, latitude: 36.9, longitude: 118.7}
facilities: {f: {kind: ras, zones: [z], name: {zh: 甲, en: A}}}
buses: {b: {protocol: mqtt, host: 127.0.0.1}}
devices:
  d: {product: generic/mqtt_json, bus: b, topic: a/b, watchdog: 30 s, tags: {o: f.z.do, f: f.z.feeder, p: f.z.pump}}
tags: {f.z.do: {unit: mg/L, range: [0 mg/L, 25 mg/L], stale: 10 min, name: {zh: 溶解氧, en: Oxygen}}}
outputs:
  f.z.feeder: {type: on_off, safe: "off", lease: 30 s, fail_safe_by: device, name: {zh: 投饵机, en: Feeder}}
  f.z.pump: {type: on_off, safe: "off", lease: 30 s, fail_safe_by: device, power: 2 kW}
rules:
  - id: f.z.no_feed
    description: {zh: 低氧不投喂, en: No feed in low oxygen}
    when: "f.z.do < '6 mg/L'"
    clear: "f.z.do > '7 mg/L'"
    for: {on: 10 s, off: 1 min}
    on_bad_quality: assert
    limits: {max_activations: 12/day, max_true: 24 h}
    then: [{inhibit: f.z.feeder}, {set: f.z.pump, to: 50 %}]
    tests: [{given: {f.z.do: [8 mg/L, 5 mg/L @ 5 s]}, expect: {f.z.feeder.inhibited: [false @ 14 s, true @ 15 s]}}]
"""


WASH = """
  - id: f.z.dirty
    when: "f.z.do < '4 mg/L'"
    for: {on: 1 min}
    then: [{run_sequence: f.z.wash}, {notify: {text: {zh: 已反洗, en: Filter washed}, to: [li]}}]
sequences:
  f.z.wash:
    abort: "f.z.do < '1 mg/L'"
    steps:
      - {set: {f.z.feeder: "off", f.z.pump: 30 %}, for: 1 min}
      - {until: "f.z.do > '6 mg/L'", within: 5 min, else: next}
notify: {people: {li: {urls: [!secret li]}}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, "utf-8")
    return path


def ask(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["rules", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_tests_of_a_site_are_run(site: Path) -> None:
    code, said = ask("test", site, "--json")
    assert (code, json.loads(said)["ok"]) == (0, True)
    site.write_text(SITE.replace("true @ 15 s", "true @ 14 s").replace("false @ 14 s, ", ""), "utf-8")
    code, said = ask("test", site)
    assert code == 1
    assert "f.z.no_feed test 1: f.z.feeder.inhibited at 14 s is false, not true" in said


def test_the_library_is_tested_whole_or_by_its_file() -> None:
    file = Path("rules/library/cold_store.yaml")
    code, said = ask("test", file, "--json")
    names = {row["rule"] for row in json.loads(said)["tests"]}
    assert (code, names) == (0, {name for name in library() if name.startswith("cold_store/")})


def test_a_rule_without_a_test_is_named(site: Path) -> None:
    site.write_text(SITE[: SITE.index("    tests:")], "utf-8")
    code, said = ask("test", site)
    assert (code, "without a test: f.z.no_feed" in said) == (0, True)


def test_a_rule_is_told_in_words_in_both_languages(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    code, said = ask("explain", site, "f.z.no_feed")
    assert code == 0
    for words in ("No feed in low oxygen", "when f.z.do < '6 mg/L'", "for 10 s", "until f.z.do > '7 mg/L'",
                  "Feeder goes to 0 %", "as if it were so", "Oxygen (f.z.do, mg/L)", "12 times in 24 h"):  # fmt: skip
        assert words in said
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "低氧不投喂" in ask("explain", site)[1]
    site.write_text(SITE + WASH, "utf-8")
    assert "启动顺控 f.z.wash" in ask("explain", site, "f.z.dirty")[1]
    monkeypatch.setenv("LC_ALL", "C")
    said = ask("explain", site, "f.z.dirty")[1]
    assert "the sequence f.z.wash starts" in said
    assert "step 1: Feeder 0 %, f.z.pump 30 %, for 1 min" in said
    assert "step 2: –, until f.z.do > '6 mg/L', or for 5 min at most" in said
    assert "aborted if f.z.do < '1 mg/L', or if that cannot be known" in said
    assert "li is told: Filter washed" in said
    code, said = ask("explain", site, "f.z.no_fed")
    assert (code, "did you mean f.z.no_feed?" in said) == (2, True)


RECORD = "time,f.z.do\n" + "\n".join(
    f"2026-03-20T{12 + minute // 60:02d}:{minute % 60:02d}:00+08:00,{value}"
    for minute, value in enumerate([8.0] * 10 + [5.0] * 60 + [8.0] * 20 + ["bad"] + [8.0] * 29)
)


def test_a_recording_says_when_a_rule_would_have_acted(site: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.csv"
    record.write_text(RECORD, "utf-8")
    code, said = ask("replay", site, "--csv", record, "--json")
    assert code == 0, said
    told = json.loads(said)
    (rule,) = told["rules"]
    assert (told["open_loop"], told["rows"]) == (True, 120)
    assert rule["activations"] == 2
    # an hour below, off a minute after it is back; then lost for a minute
    assert rule["hours_on"] == pytest.approx((60 + 1 + 2) / 60, abs=0.02)
    assert rule["energy_kwh"] == pytest.approx(2.0 * 0.5 * rule["hours_on"], abs=0.02)
    assert rule["unknown"] == 1
    code, said = ask(
        "replay", site, "--csv", record, "--from", "2026-03-20T13:20", "--to", "2026-03-20T13:25", "--json"
    )
    assert json.loads(said)["rules"][0]["activations"] == 0
    code, said = ask("replay", site, "--csv", record, "--step", "10")
    assert (code, "open loop" in said) == (0, True)


@pytest.mark.parametrize("every_min", [1, 5, 60])
def test_how_far_apart_the_rows_of_an_export_are_moves_nothing(site: Path, tmp_path: Path, every_min: int) -> None:
    rows = [
        f"2026-03-20T{12 + m // 60:02d}:{m % 60:02d}:00+08:00,{8.0 if m < 60 else 5.0}"
        for m in range(0, 241, every_min)
    ]
    record = tmp_path / "record.csv"
    record.write_text("time,f.z.do\n" + "\n".join(rows), "utf-8")
    (rule,) = json.loads(ask("replay", site, "--csv", record, "--json")[1])["rules"]
    assert (rule["activations"], rule["unknown"]) == (1, 0)
    assert rule["hours_on"] == pytest.approx(3.0, abs=0.03)


def test_in_a_gap_of_hours_nobody_knows_what_was(site: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.csv"
    hours = [*range(12, 15), *range(20, 22)]
    record.write_text("time,f.z.do\n" + "\n".join(f"2026-03-20T{h}:00:00+08:00,8.0" for h in hours), "utf-8")
    (rule,) = json.loads(ask("replay", site, "--csv", record, "--json")[1])["rules"]
    assert rule["unknown"] >= 1  # it asserts on bad quality


def noisy(limit_crossings: int, hours: int = 24) -> str:
    """A day, a value a minute, that hovers about 6 mg/L for one hour of the morning."""
    values = [8.0] * (60 * hours)
    values[360 : 360 + 2 * limit_crossings] = [5.9, 6.1] * limit_crossings
    return "time,f.z.do\n" + "\n".join(f"{1_774_000_000 + 60 * i},{value}" for i, value in enumerate(values))


@pytest.mark.parametrize(("crossings", "hours", "chatters"), [
    (3, 1 + 6, False),  # as often as that anything may come on
    (8, 7, True), (8, 24, True),  # once an hour on average of seven hours, and eight times within one
    (6, 24, False),
])  # fmt: skip
def test_a_rule_that_chatters_on_what_was_recorded_is_told_so_in_both_languages(
    crossings: int, hours: int, chatters: bool, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = SITE.replace("    clear: \"f.z.do > '7 mg/L'\"\n    for: {on: 10 s, off: 1 min}\n", "")
    bare = bare.replace("    limits: {max_activations: 12/day, max_true: 24 h}\n", "")
    site.write_text(bare[: bare.index("    tests:")], "utf-8")
    record = tmp_path / "record.csv"
    record.write_text(noisy(crossings, hours), "utf-8")
    (rule,) = json.loads(ask("replay", site, "--csv", record, "--json")[1])["rules"]
    assert (rule["activations"], rule["most_in_an_hour"], rule["chatters"]) == (crossings, crossings, chatters)
    assert rule["activations_an_hour"] == pytest.approx(crossings / hours, abs=0.02)
    monkeypatch.setenv("LC_ALL", "C")
    said = " ".join(ask("replay", site, "--csv", record)[1].split())
    assert ("f.z.no_feed chatters: it came on" in said) is chatters
    assert (f"{crossings} times in the worst one" in said) is chatters
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert ("f.z.no_feed 频繁动作" in ask("replay", site, "--csv", record)[1]) is chatters


def test_a_rule_that_would_chatter_on_the_agents_record_is_told_beside_one_that_did_not(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, start_s = Core(load_site(site).site), 1_774_000_000.0
    journal, state = Journal(tmp_path, core, str(site)), core.start(start_s)
    for second in range(0, 7200, 5):
        # about 6 mg/L, and never back at 7 mg/L
        snapshot = Snapshot((good("f.z.do", 5.9 if second // 60 % 2 else 6.1, start_s + second),))
        result = core.scan(state, snapshot, start_s + second)
        journal.note(state, snapshot, start_s + second, result)
        state = result.state
    journal.close()
    other = tmp_path / "other.yaml"
    other.write_text(SITE.replace("    clear: \"f.z.do > '7 mg/L'\"\n", "").replace("off: 1 min", "off: 0 s"), "utf-8")
    (row,) = json.loads(ask("replay", other, "--recorded", tmp_path, "--json")[1])["rules"]
    assert (row["ran"]["chatters"], row["ran"]["most_in_an_hour"]) == (False, 1)
    assert (row["proposed"]["chatters"], row["proposed"]["activations_an_hour"]) == (True, 6.0)
    monkeypatch.setenv("LC_ALL", "C")
    said = ask("replay", other, "--recorded", tmp_path)[1]
    assert "f.z.no_feed chatters: it came on 6 times an hour, 12 times in the worst one" in " ".join(said.split())
    assert "6, 12" in said
    assert "chatters" not in ask("replay", site, "--recorded", tmp_path)[1]


@pytest.mark.parametrize(("text", "why"), [
    ("when,f.z.do\n1,2\n", ":1: the first column is 'time'"),
    ("time,f.z.od\n1,2\n", ":1: the site has no tag 'f.z.od'"),
    ("time,f.z.do\nsoon,2\n", ":2: 'soon' is no time"), ("time,f.z.do\n2026-03-20T12:00:00,2\n", ":2:"),
    ("time,f.z.do\n10,2\n9,2\n", ":3: earlier than the row before"), ("time,f.z.do\n10,two\n", ":2: f.z.do is 'two'"),
    ("time,f.z.do\nnan,2\n", ":2: 'nan' is no time"), ("time,f.z.do\n10,inf\n", "in mg/L, or bad"),
    ("time,f.z.do\n", "no row lies in that time"), ("", ":1:"),
])  # fmt: skip
def test_a_recording_that_cannot_be_read_is_told_with_its_line(site: Path, tmp_path: Path, text: str, why: str) -> None:
    record = tmp_path / "record.csv"
    record.write_text(text, "utf-8")
    code, said = ask("replay", site, "--csv", record)
    assert (code, why in said) == (2, True), said


def recorded(site: Path, directory: Path, restart_at: int = 1800) -> float:
    """Two hours of a farm with these rules, as the agent would journal them; its oxygen falls for an hour."""
    core, start_s = Core(load_site(site).site), 1_774_000_000.0
    journal = Journal(directory, core, str(site))
    state = core.start(start_s)
    for second in range(0, 7200, 5):
        if second == restart_at:  # the agent was stopped and started
            journal.close()
            journal = Journal(directory, core, str(site))
        now_s = start_s + second
        oxygen = 8.0 - 2.5 * (1.0 - abs(second - 3600) / 3600.0)
        snapshot = Snapshot((good("f.z.do", oxygen, now_s),))
        result = core.scan(state, snapshot, now_s)
        journal.note(state, snapshot, now_s, result)
        state = result.state
    journal.close()
    return start_s


def test_the_recorded_days_say_what_other_rules_would_have_done_than_those_that_ran(site: Path, tmp_path: Path) -> None:
    start_s = recorded(site, tmp_path)
    other = tmp_path / "other.yaml"
    more = "  - {id: f.z.told, when: \"f.z.do < '5.2 mg/L'\", for: {on: 1 s}, then: [{inhibit: f.z.feeder}]}\n"
    other.write_text(SITE.replace("'6 mg/L'", "'5.8 mg/L'") + more, "utf-8")
    code, said = ask("replay", other, "--recorded", tmp_path, "--json")
    assert code == 0, said
    told = json.loads(said)
    assert (told["open_loop"], told["scans"], told["ran"]["is"]) == (True, 1440, "as recorded")
    rules = {row["rule"]: row for row in told["rules"]}
    no_feed, new = rules["f.z.no_feed"], rules["f.z.told"]
    # 6 mg/L is crossed at 2880 s and 5.8 mg/L at 3168 s, 7 mg/L on the way back at 5760 s
    assert (no_feed["ran"]["activations"], no_feed["proposed"]["activations"]) == (1, 1)
    assert no_feed["hours_apart"] * 3600.0 == pytest.approx(288.0, abs=15.0)
    assert no_feed["first_apart_s"] - start_s == pytest.approx(2895.0, abs=10.0)
    assert no_feed["ran"]["hours_on"] - no_feed["proposed"]["hours_on"] == pytest.approx(0.08, abs=0.01)
    assert (new["ran"], new["proposed"]["activations"]) == (None, 0)
    # a part of it: what was on already counts from its beginning
    part = datetime.fromtimestamp(start_s + 4000.0, UTC).isoformat()
    row = json.loads(ask("replay", other, "--recorded", tmp_path, "--from", part, "--json")[1])["rules"][0]
    assert (row["ran"]["activations"], row["hours_apart"]) == (0, 0.0)
    assert row["ran"]["hours_on"] * 3600.0 == pytest.approx(1835.0, abs=40.0)
    # a table for people; a site file that has changed since, or is gone, is told of
    assert "hours apart" in ask("replay", other, "--recorded", tmp_path)[1]
    site.write_text(SITE.replace("'7 mg/L'", "'7.1 mg/L'"), "utf-8")
    assert "is not as it was" in ask("replay", other, "--recorded", tmp_path)[1]
    site.unlink()
    assert "--against" in ask("replay", other, "--recorded", tmp_path)[1]
    later = datetime.fromtimestamp(start_s + 9000.0, UTC).isoformat()
    code, said = ask("replay", other, "--recorded", tmp_path, "--from", later)
    assert (code, "nothing was recorded in that time" in said) == (2, True)
    assert ask("replay", other, "--recorded", tmp_path / "none")[0] == 2
    assert ask("replay", other)[0] == 2


def test_where_there_is_no_journal_the_outbox_is_read_as_far_as_it_goes(site: Path, tmp_path: Path) -> None:
    start_s, directory = 1_774_000_000.0, tmp_path / "var"
    directory.mkdir()
    clock = SteppedClock(start_s)
    loaded = load_site(site).site
    history = History(directory, loaded, Core(loaded).tags, lambda name: name, clock)

    async def two_hours() -> None:
        for minute in range(120):
            await clock.advance(60.0)
            oxygen = 8.0 if not 30 <= minute < 60 else 5.0
            history.record([good("f.z.do", oxygen, clock.now()), good("f.z.feeder", 0.0, clock.now())])
        await history.close()

    asyncio.run(two_hours())
    code, said = ask("replay", site, "--recorded", directory, "--against", site, "--json")
    assert code == 0, said
    told = json.loads(said)
    (row,) = told["rules"]
    assert (told["ran"]["is"], row["hours_apart"]) == ("unknown", 0.0)
    assert row["proposed"] == row["ran"]
    assert row["proposed"]["activations"] == 1
    assert row["proposed"]["hours_on"] == pytest.approx(31 / 60, abs=0.03)
    assert row["proposed"]["first_s"] - start_s == pytest.approx(31 * 60.0 + 10.0, abs=6.0)
    (directory / "outbox.db").write_bytes(b"no outbox")
    assert ask("replay", site, "--recorded", directory)[0] == 2


def test_a_recording_that_is_not_there_is_told(site: Path, tmp_path: Path) -> None:
    code, said = ask("replay", site, "--csv", tmp_path / "none.csv")
    assert (code, "no such file" in said) == (2, True)
    assert ask("replay", site, "--csv", site, "--from", "soon")[0] == 2


def test_rules_are_tried_with_simulated_plants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.compose.simulate.SETTLE_S", 60.0)
    code, said = ask("simulate", "ras", "--days", "0.01", "--json")
    told = json.loads(said)
    assert (code, told["survived"]) == (0, True)
    assert "ras1.tank1.no_feed_in_low_oxygen" in [rule["rule"] for rule in told["rules"]]


SCENARIO = """
schema: 1
id: short
name: {zh: 短, en: Short}
source: none
site: ras
facility: ras1
start: 2026-03-20T12:00
length: 3 min
settle: 1 min
values:
  - {port: tank1.oxygen, setpoint: ras1.tank1.do_sp, band: [-0.5 mg/L, 0.5 mg/L]}
"""


def test_a_scenario_is_run_with_its_rules_and_without(tmp_path: Path) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(SCENARIO, "utf-8")
    code, said = ask("simulate", file, "--json")
    assert code == 0, said
    told = json.loads(said)
    assert told["scenario"] == "short"
    assert told["with_rules"]["metrics"].keys() == told["without_rules"]["metrics"].keys()
