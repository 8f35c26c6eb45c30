"""Rules for people: a sentence each in both languages, how they stand, and when they would have come on."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.scan import Core
from controller.core.state import Mark
from controller.core.words import RuleSwitch, Snapshot
from controller.journal.journal import Journal
from controller.panel.automation import RuleShape, RulesShape, rules_shape
from controller.panel.permissions import GRANTS, Role
from controller.panel.rule_sentences import condition_words, sentence
from controller.rule_replay import Fired, RuleReplay
from edge_config.loader import load_site
from edge_config.tags import site_tags
from edge_config.templates import placed_rules
from foundation.clock import SteppedClock
from rules.rule import RuleMemory
from tests.core.small_site import START_S, core_of, document
from tests.panel.small_farm import SmallFarm
from tests.wire.agent_on_wires import until

SAMPLES = Path(__file__).parents[2] / "edge_config/sites"
NAMES = {"a.b.do": "溶氧", "a.b.flow": "流量"}


@pytest.mark.parametrize(("text", "english", "chinese"), [
    ("a.b.do < '6 mg/L'", "溶氧 is below 6 mg/L", "溶氧低于 6 mg/L"),
    ("a.b.do > '5 mg/L' and not a.b.flow > '3 m3/h'", "溶氧 is above 5 mg/L and not (流量 is above 3 m3/h)",
     "溶氧高于 5 mg/L，且并非（流量高于 3 m3/h）"),
    ("(a.b.do < '6 mg/L' or a.b.flow < '1 m3/h') and time_between('22:00', '06:00')",
     "(溶氧 is below 6 mg/L or 流量 is below 1 m3/h) and it is between 22:00 and 06:00",
     "(溶氧低于 6 mg/L，或流量低于 1 m3/h)，且时间在 22:00 至 06:00 之间"),
    ("avg(a.b.do, '10 min') < 0.7 * avg(a.b.do, '12 h')",
     "the mean of 溶氧 over 10 min is below 0.7 × the mean of 溶氧 over 12 h",
     "溶氧的 10 min 平均值低于 0.7 × 溶氧的 12 h 平均值"),
    ("avg(a.b.do > '5 mg/L', '24 h') < 16 / 24",
     "the share of 24 h in which (溶氧 is above 5 mg/L) is below 16 ÷ 24",
     "24 h 内满足“溶氧高于 5 mg/L”的时间占比低于 16 ÷ 24"),
    ("hyst(a.b.do, '5 mg/L', '6 mg/L')", "溶氧 is below 5 mg/L (until it is back at 6 mg/L)",
     "溶氧低于 5 mg/L（回升到 6 mg/L 才结束）"),
    ("hyst(a.b.do, '9 mg/L', '8 mg/L')", "溶氧 is above 9 mg/L (until it is back at 8 mg/L)",
     "溶氧高于 9 mg/L（回落到 8 mg/L 才结束）"),
    ("2 * (a.b.flow - '1 m3/h') > '3 m3/h'", "2 × (流量 − 1 m3/h) is above 3 m3/h", "2 × (流量 − 1 m3/h)高于 3 m3/h"),
    ("max(a.b.do, '1 h') > line(a.b.flow, '1 m3/h', '2 m3/h', '3 mg/L', '4 mg/L')",
     "the highest 溶氧 of 1 h is above line(流量, 1 m3/h, 2 m3/h, 3 mg/L, 4 mg/L)",
     "溶氧的 1 h 最高值高于 line(流量, 1 m3/h, 2 m3/h, 3 mg/L, 4 mg/L)"),
])  # fmt: skip
def test_a_condition_is_told_in_words(text: str, english: str, chinese: str) -> None:
    assert condition_words(text, NAMES.__getitem__, "en") == english
    assert condition_words(text, NAMES.__getitem__, "zh-CN") == chinese


def test_every_rule_of_the_samples_has_a_sentence_in_both_languages() -> None:
    told = 0
    for name in ("ras", "greenhouse"):
        site = load_site(SAMPLES / f"{name}.yaml").site
        tags = site_tags(site)
        for one in placed_rules(site):
            english, chinese = sentence(tags, one, "en"), sentence(tags, one, "zh-CN")
            assert english.startswith("When "), one.id
            assert "rule.words" not in english + chinese, one.id
            assert "." + one.id.split(".")[1] not in english, one.id  # names, no tags
            told += 1
    assert told >= 10


@given(st.recursive(
    st.sampled_from(["a.b.do < '6 mg/L'", "a.b.flow", "rising(a.b.flow)", "time_between('1:00', '2:00')"]),
    lambda inner: st.builds("({} and {})".format, inner, inner) | st.builds("not ({})".format, inner)
    | st.builds("({} or {})".format, inner, inner), max_leaves=8,
))  # fmt: skip
def test_any_condition_has_words(text: str) -> None:
    assert condition_words(text, str, "en").count("below") == text.count("<")


def test_a_rule_that_waits_for_its_delay_says_until_when() -> None:
    rules, door = core_of(document()).plan.rules, "fa.z.no_co2_with_open_door"
    memory = RuleMemory(differs_s=START_S)
    shape = rules_shape(rules, {door: memory}, START_S + 2.0).rules[door]
    assert (shape.on, shape.waits, shape.waits_until) == (False, "on", (START_S + 5.0) * 1000.0)
    on = memory._replace(on=True, since_s=START_S)
    shape = rules_shape(rules, {door: on}, START_S + 2.0).rules[door]
    assert (shape.waits, shape.waits_until) == ("off", (START_S + 10.0) * 1000.0)
    spent = rules_shape(rules, {door: memory._replace(spent="true")}, START_S).rules[door]
    assert (spent.waits, spent.waits_until) == ("", None)
    resting = rules_shape(rules, {door: RuleMemory()}, START_S).rules[door]
    assert (resting.waits, resting.waits_until, resting.changed) == ("", None, None)


async def test_a_rule_is_told_in_full_as_it_runs(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    texts = (await operator.get("/api/v1/rule-texts")).json()["rules"]
    assert texts["pf1.room1.day"]["en"] == (
        "When Nutrient EC is above 1 mS/cm: Lamps goes to 80 %, above its loops, below a person's hand."
    )
    assert texts["pf1.room1.day"]["zh-CN"].startswith("当营养液 EC高于 1 mS/cm时")
    whole = (await operator.get("/api/v1/rule-texts/pf1.room1.day")).json()
    assert whole["lines"][0] == "id: pf1.room1.day"
    assert "Light by day" in whole["words"]["en"]
    assert (await operator.get("/api/v1/rule-texts/pf1.room1.none")).status_code == 404
    # and so is when it would have come on
    assert (await operator.get("/api/v1/rule-replay")).json()["state"] == "none"
    begun = await operator.post("/api/v1/rule-replay")
    assert (begun.status_code, begun.json()["state"], begun.json()["by"]) == (202, "running", "operator")
    farm.replayed()
    found = (await operator.get("/api/v1/rule-replay")).json()
    assert found["ran"]["pf1.room1.day"]["activations"] == 3
    assert found["now"]["pf1.room1.day"]["hours_on"] == 10.25


@pytest.mark.parametrize("guarded", [False, True])
async def test_a_rule_is_switched_off_and_on_and_one_that_watches_over_something_by_a_technician_alone(
    operator: httpx.AsyncClient, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    monkeypatch.setitem(GRANTS, Role.ADMIN, GRANTS[Role.OPERATOR])
    rule = RuleShape(True, None, False, "", 0, 0.0, 0, guarded=guarded)
    monkeypatch.setattr(farm, "rules", lambda: RulesShape(0.0, {"gh1.bay1.rule": rule}))
    path, body = "/api/v1/rules-off/gh1.bay1.rule", {"change_id": "change-0001", "hours": 4.0, "reason": "vet is here"}
    off = await operator.put(path, json=body)
    on = await operator.delete(path, params={"change_id": "change-0002", "who": "li"})
    assert (off.status_code, on.status_code) == (403 if guarded else 200, 200)
    asked = [RuleSwitch("change-0001", "gh1.bay1.rule", 14400.0, "vet is here", "operator", farm.now())]
    back = RuleSwitch("change-0002", "gh1.bay1.rule", 0.0, "", "li", farm.now())
    assert farm.rules_switched == [*(asked if not guarded else []), back]
    monkeypatch.undo()
    assert (await operator.put(path, json={**body, "hours": 25.0})).status_code == 422
    none = await operator.put("/api/v1/rules-off/gh1.bay1.none", json=body)
    assert (none.status_code, none.json()["message"]) == (422, "refused.rule_none")


def test_a_rule_that_is_switched_off_tells_by_whom_until_when_and_why() -> None:
    rules, door = core_of(document()).plan.rules, "fa.z.no_co2_with_open_door"
    marks = {f"rule_off:{door}": Mark("rule_off", door, "li", START_S, START_S + 3600.0, note="vet is here")}
    shape = rules_shape(rules, {door: RuleMemory()}, START_S, marks).rules[door]
    assert (shape.off_until, shape.off_by, shape.off_reason) == ((START_S + 3600.0) * 1000.0, "li", "vet is here")
    assert rules_shape(rules, {door: RuleMemory()}, START_S).rules[door].off_until is None


async def test_a_day_of_the_agents_own_record_is_played_to_its_rules(tmp_path: Path) -> None:
    """The very command, on the record that an agent leaves."""
    site_file = str(SAMPLES / "pond.yaml")
    core = Core(load_site(Path(site_file)).site)
    state, journal, now_s = core.start(START_S), Journal(tmp_path, core, site_file), START_S
    for _ in range(5):
        now_s += 1.0
        result = core.scan(state, Snapshot(), now_s)
        journal.note(state, Snapshot(), now_s, result)
        state = result.state
    journal.close()
    clock = SteppedClock(now_s)
    replay = RuleReplay(site_file, tmp_path, clock)
    assert replay.begin("li") is None
    assert replay.begin("wang") is None  # the same one
    await replay.done()
    assert (replay.found.state, replay.found.why, replay.found.by) == ("done", "", "li")
    assert replay.found.scans == 5
    assert replay.found.now is not None
    assert replay.found.now == replay.found.ran
    assert all(isinstance(one, Fired) for one in replay.found.now.values())
    assert RuleReplay("", tmp_path, clock).begin("li") is not None


async def test_a_replay_dies_with_the_agent_whatever_that_dies_of() -> None:
    code = """
import asyncio, os
from controller.rule_replay import lowly
async def main():
    process = await lowly("timeit", "-n", "1", "import time; time.sleep(600)")
    print(process.pid, flush=True)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    agent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    told, _ = await agent.communicate()
    child = Path("/proc") / told.decode().strip() / "stat"
    await until(lambda: not child.exists() or child.read_text().split(") ")[-1].startswith("Z"), "the end of it")
