"""A rule that a person switched off wants nothing, is told of, and runs again by itself."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import look
from controller.core.rule_switch import LONGEST_OFF_S, key_of
from controller.core.scan import Core
from controller.core.state import to_plain
from controller.core.words import Reset, RuleSwitch, Snapshot, Wish
from controller.why.card import cards_of
from controller.why.journal import WhyJournal, record_at
from controller.why.words import sentences
from rules.rule import RuleMemory, today
from tests.core.small_site import Farm, changed, core_of

RULE, SIREN, FAN = "fa.z.r", "fa.z.siren", "fa.z.fan"
TOLD = {"zh": "门开", "en": "Door"}
ALARM = {"alarm": {"priority": "low", "cause": TOLD, "consequence": TOLD, "response": TOLD}}
DOOR = {"id": RULE, "when": "fa.z.door", "on_bad_quality": "deassert"}


def core_with(*effects: dict[str, Any], **more: Any) -> Core:
    return core_of(changed("rules", [{**DOOR, "then": [{"set": SIREN, "to": "on"}, *effects], **more}]))


SOUNDS, GUARDED = core_with(), core_with(ALARM)


def farm_of(core: Core = SOUNDS, door: bool = True) -> Farm:
    farm = Farm(core)
    farm.says["fa.z.door"] = door
    farm.run(10)
    return farm


def off(farm: Farm, seconds: float = 3600.0, reason: str = "vet is here", id: str = "wish-0001") -> RuleSwitch:
    return RuleSwitch(id, RULE, seconds, reason, "li", farm.now_s)


def scanned(farm: Farm, *wishes: Wish) -> list[tuple[str, dict[str, object]]]:
    """One scan, and what it told of the rule."""
    result = farm.scan(list(wishes))
    return [(one.kind, dict(one.values)) for one in result.events if one.subject == RULE]


def memory_of(farm: Farm) -> RuleMemory:
    memory = farm.state.blocks[RULE]
    assert isinstance(memory, RuleMemory)
    return memory


def test_a_rule_that_is_switched_off_lets_go_at_once_and_acts_again_by_itself() -> None:
    farm = farm_of()
    assert farm.order(SIREN).owner == RULE
    told = dict(scanned(farm, off(farm, 600.0)))
    assert told["rule_off"] == {"bad": False}
    said, until_s = told["rule_switched_off"], farm.state.at_s + 600.0
    assert (said["before"], said["after"], said["until"], said["reason"]) == (0.0, until_s, until_s, "vet is here")
    assert (farm.order(SIREN).value, memory_of(farm).on) == (0.0, False)
    did = today(memory_of(farm), farm.state.at_s, SOUNDS.plan.rules.sky)
    assert (did.starts, did.on_s) == (1, 10.0)  # what it did counts
    while farm.state.at_s < until_s - 1.0:
        farm.scan()
        assert farm.order(SIREN).value == 0.0
    # nothing has moved meanwhile, and nothing is heard: it looks all the same
    result = SOUNDS.scan(farm.state, Snapshot(), until_s)
    assert [one.values for one in result.events if one.kind == "rule_switch_over"] == [{"by": "li"}]
    assert (result.orders[SIREN].owner, result.orders[SIREN].value) == (RULE, 100.0)
    assert result.state.marks == {}


def test_what_stood_before_it_is_told_where_it_is_prolonged_or_switched_on_again() -> None:
    farm = farm_of()
    scanned(farm, off(farm))
    first_s = farm.state.at_s + 3600.0
    (kind, said), = scanned(farm, off(farm, 7200.0, "vet is late", "wish-0002"))  # fmt: skip
    assert (kind, said["before"], said["after"]) == ("rule_switched_off", first_s, farm.state.at_s + 7200.0)
    mark = farm.state.marks[key_of(RULE)]
    assert (mark.by, mark.note, mark.since_s) == ("li", "vet is late", first_s - 3600.0)
    told = scanned(farm, off(farm, 0.0, "", "wish-0003"))
    assert told[0][0] == "rule_switched_on"
    assert (told[0][1]["before"], told[0][1]["after"]) == (mark.until_s, 0.0)
    assert farm.order(SIREN).owner == RULE


def test_its_delay_counts_from_when_it_runs_again() -> None:
    farm = farm_of(core_with(**{"for": {"on": "30 s"}}))  # it waits for its delay when it is switched off
    scanned(farm, off(farm, 60.0))
    farm.run(59)
    assert farm.told("rule_switch_over") == []
    farm.run(29)
    assert farm.order(SIREN).value == 0.0
    farm.run(5)
    assert farm.order(SIREN).owner == RULE


def test_a_restart_keeps_it_off_for_as_long_as_was_said_and_a_clock_set_back_does_not_prolong_it() -> None:
    farm = farm_of(GUARDED)
    scanned(farm, off(farm, LONGEST_OFF_S))
    kept, until_s = json.loads(json.dumps(to_plain(farm.state))), farm.state.at_s + LONGEST_OFF_S
    again = GUARDED.start(farm.now_s, kept)
    assert again.marks == farm.state.marks
    early = GUARDED.start(farm.now_s - 40 * 86400.0, kept)
    assert early.marks[key_of(RULE)].until_s == farm.now_s - 40 * 86400.0 + LONGEST_OFF_S < until_s
    assert core_of(changed("rules", [])).start(farm.now_s, kept).marks == {}
    farm.state = again
    farm.run(5)
    assert (farm.order(SIREN).value, memory_of(farm).on) == (0.0, False)


def test_what_is_asked_for_in_vain_says_why() -> None:
    farm = farm_of()
    wishes = [
        off(farm, 60.0, " "), off(farm, LONGEST_OFF_S + 1.0), off(farm, -1.0), off(farm, float("nan")), off(farm, 0.0),
        off(farm)._replace(rule="fa.z.none"),
    ]  # fmt: skip
    result = farm.scan(wishes)
    why = [one.values["why"] for one in result.events if one.kind == "refused"]
    assert why == ["rule_off_reason", "rule_off_long", "rule_off_long", "rule_off_long", "rule_runs", "rule_none"]
    assert (farm.state.marks, farm.order(SIREN).owner) == ({}, RULE)


def test_a_low_alarm_stands_while_a_rule_is_off_that_watches_over_something() -> None:
    farm = farm_of(GUARDED)
    assert RULE in [one.id for one in farm.standing]
    scanned(farm, off(farm))
    farm.run(3)
    standing = {one.id: one for one in farm.standing if one.active}
    assert RULE not in standing
    alarm = standing[key_of(RULE)]
    assert (alarm.priority, dict(alarm.values)) == (
        "low", {"rule": RULE, "by": "li", "note": "vet is here", "hours": "1"}
    )  # fmt: skip
    plain = farm_of()
    scanned(plain, off(plain))
    plain.run(3)
    assert key_of(RULE) not in [one.id for one in plain.standing]


def test_which_rules_watch_over_something_is_read_off_the_site() -> None:
    def guarded(*effects: dict[str, Any], **parts: Any) -> bool:
        site = changed("rules", [{**DOOR, "then": list(effects)}])
        site |= parts
        return RULE in core_of(site).plan.rules.guarded

    feeding = changed("outputs", "fa.z.feeder", "function", "feeding")["outputs"]
    rescue = {"fa.z.saving": {"steps": [{"set": {"fa.z.rescue": "on"}, "for": "10 s"}]}}
    assert not guarded({"set": SIREN, "to": "on"})
    assert guarded({"set": SIREN, "to": "on"}, ALARM)
    assert guarded({"set": "fa.z.rescue", "to": "on"})
    assert guarded({"limit_min": "fa.z.rescue", "to": "on"})
    assert guarded({"run_sequence": "fa.z.saving"}, sequences=rescue)
    # what holds feeding or dosing back protects too; what doses does not
    assert guarded({"inhibit": "fa.z.pump_a"})
    assert guarded({"limit_max": "fa.z.feeder", "to": "off"}, outputs=feeding)
    assert not guarded({"inhibit": SIREN})
    assert not guarded({"set": "fa.z.feeder", "to": "on"}, outputs=feeding)


def test_a_reset_of_a_rule_that_is_off_is_answered_and_its_limit_is_not_forgotten_by_switching() -> None:
    farm = farm_of(core_with(limits={"max_activations": "1/h"}), door=True)
    farm.says["fa.z.door"] = False
    farm.run(5)
    farm.says["fa.z.door"] = True
    farm.run(5)
    assert memory_of(farm).spent == "activations"
    scanned(farm, off(farm))
    scanned(farm, off(farm, 0.0, "", "wish-0002"))
    assert (memory_of(farm).spent, farm.order(SIREN).value) == ("activations", 0.0)
    scanned(farm, off(farm, id="wish-0003"))
    assert "reset" in dict(scanned(farm, Reset("wish-0004", RULE, "li", farm.now_s)))
    assert (memory_of(farm).spent, farm.order(SIREN).value) == ("", 0.0)


def test_why_an_output_stands_names_the_rule_that_is_off() -> None:
    farm, cards = farm_of(), cards_of(SOUNDS)
    scanned(farm, off(farm))
    why = look(SOUNDS.plan, farm.state, SIREN, ())
    assert [(one.rule, one.by, one.reason) for one in why.off] == [(RULE, "li", "vet is here")]
    lines = sentences(cards, why, "en")
    assert "The rule r is switched off by li until 11:40:11: vet is here" in lines
    assert [line for line in lines if line.startswith("The rule r would")] == []
    assert "规则 r 由 li 停用至 11:40:11：vet is here" in sentences(cards, why, "zh-CN")
    assert look(SOUNDS.plan, farm.state, FAN, ()).off == ()


def test_the_record_of_the_day_tells_it_though_the_output_stands_as_it_did(tmp_path: Path) -> None:
    farm = farm_of(door=False)
    journal = WhyJournal(tmp_path, SOUNDS, farm.now_s)
    for wishes in ((), (), (off(farm),)):
        farm.scan(list(wishes))
        journal.see(farm.state)
    journal.write()
    off_s = farm.state.at_s
    assert [one.rule for one in record_at(tmp_path, off_s).outputs[SIREN].off] == [RULE]
    assert record_at(tmp_path, off_s - 0.5).outputs[SIREN].off == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["door", "off", "on", "run", "reset"]), st.integers(1, 40)), min_size=1, max_size=12
    )
)
def test_whatever_people_do_a_rule_that_is_off_wants_nothing_and_none_is_off_for_ever(
    deeds: list[tuple[str, int]],
) -> None:
    farm = farm_of(door=False)
    for number, (deed, seconds) in enumerate(deeds):
        match deed:
            case "door":
                farm.says["fa.z.door"] = not farm.says["fa.z.door"]
            case "off" | "on":
                farm.scan([off(farm, float(seconds) if deed == "off" else 0.0, "why", f"wish-{number:04}")])
            case "reset":
                farm.scan([Reset(f"wish-{number:04}", RULE, "li", farm.now_s)])
        for _ in range(seconds if deed == "run" else 1):
            farm.scan()
            mark = farm.state.marks.get(key_of(RULE))
            if mark is not None:
                assert farm.state.at_s < mark.until_s <= farm.state.at_s + 40.0
                assert not memory_of(farm).on
                assert all(one.owner != RULE for one in farm.state.demands.get(SIREN, ()))
    farm.run(60)
    assert farm.state.marks == {}
    assert memory_of(farm).on is bool(farm.says["fa.z.door"])
