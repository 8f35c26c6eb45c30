"""A block that throws: what it had in hand goes where it is safe, and no other block is touched."""

from dataclasses import replace
from typing import Any

import pytest

from controller.core.alarm_block import AlarmBlock
from controller.core.condition import Conditioner
from controller.core.derive import Expressed, Integrated
from controller.core.interlocks import InterlockBlock
from controller.core.loops.dosing_loop import DosingLoop
from controller.core.loops.run import BandLoop, PidLoop, TimerLoop
from controller.core.programs import SetpointProgram
from controller.core.rules import RuleBlock
from controller.core.scan import Core
from controller.core.words import Because, Reset, Slot
from foundation.reading import Quality, Reason
from rules.expression import Expression
from tests.core.small_site import Farm, core_of, document
from tests.core.test_safety import hot, warmed


class Broken(Exception):
    """What a block throws when we let it."""


def _breaks(*_: Any, **__: Any) -> Any:
    raise Broken("on purpose")


@pytest.mark.parametrize(("loop", "kind", "outputs"), [
    ("fa.z.vent_loop", PidLoop, ["fa.z.vent", "fa.z.mixer"]), ("fa.z.fog_loop", BandLoop, ["fa.z.fog"]),
    ("fa.z.ec_loop", DosingLoop, ["fa.z.pump_a", "fa.z.pump_b"]), ("fa.z.feeding", TimerLoop, ["fa.z.feeder"]),
])  # fmt: skip
def test_a_loop_that_throws_gives_up_its_outputs_and_stops_no_other(monkeypatch, loop, kind, outputs):
    farm = warmed()
    hot(farm, 30.0)
    farm.says |= {"fa.z.rh": 60.0, "fa.z.ec": 1.0}
    farm.run(400)
    run = kind.run
    monkeypatch.setattr(kind, "run", lambda self, turn: _breaks() if self.name == loop else run(self, turn))
    farm.run(5)
    for output in outputs:
        order = farm.order(output)
        assert order.slot is Slot.IDLE
        assert loop not in [demand.owner for demand in farm.state.demands.get(output, ())]
    farm.run(200)
    for output in outputs:
        assert farm.state.orders[output].value == farm.core.plan.outputs[output].safe.then
    assert farm.order("fa.z.lamp").owner == "fa.z.light_loop"
    assert farm.order("fa.z.lamp").expires_s > farm.now_s
    assert farm.told("block_failed") == [loop]  # told once, not every second


def test_an_outer_loop_that_throws_leaves_its_inner_loop_at_the_declared_fall_back(monkeypatch):
    farm = warmed()
    farm.run(60)
    run = PidLoop.run
    monkeypatch.setattr(PidLoop, "run", lambda self, turn: _breaks() if self.inner_sp else run(self, turn))
    farm.run(2)
    assert farm.state.values["fa.z.pipe_sp"] == 20.0 + 0.45 * 40.0
    assert farm.order("fa.z.heater").owner == "fa.z.pipe_loop"


def _breaking(core: Core, section: str, name: str) -> Core:
    """The core with one block's expression throwing."""
    broken = Expression("broken", "bool", frozenset(), _breaks)
    blocks: Any = getattr(core.plan, section)
    fields = {"interlocks": "when", "alarms": "when", "derived": "expression"}
    changed_blocks = tuple(
        replace(block, **{fields[section]: broken}) if block.name == name else block for block in blocks
    )
    core.plan = replace(core.plan, **{section: changed_blocks})
    return core


def test_an_interlock_whose_expression_throws_trips_and_stops_no_other():
    farm = Farm(_breaking(core_of(document()), "interlocks", "fa.z.cold"))
    farm.run(3)
    assert farm.order("fa.z.rescue").owner == "fa.z.cold"
    farm.says["fa.z.level"] = 5.0
    farm.run(5)
    assert farm.order("fa.z.pump_a").owner == "fa.z.empty"
    assert farm.told("block_failed") == ["fa.z.cold"]


def test_an_interlock_that_throws_anywhere_else_insists_all_the_same(monkeypatch):
    farm = warmed()
    run = InterlockBlock.run
    monkeypatch.setattr(
        InterlockBlock, "run", lambda self, turn: _breaks() if self.name == "fa.z.cold" else run(self, turn)
    )
    farm.run(3)
    assert farm.order("fa.z.rescue").because == Because("interlock_bad", {"interlock": "fa.z.cold"})
    assert farm.told("block_failed") == ["fa.z.cold"]


def _rule_that_throws(core: Core, name: str) -> Core:
    broken = Expression("broken", "bool", frozenset(), _breaks)
    rules = tuple(
        replace(rule, law=replace(rule.law, when=broken)) if rule.name == name else rule
        for rule in core.plan.rules.rules
    )  # fmt: skip
    core.plan = replace(core.plan, rules=replace(core.plan.rules, rules=rules))
    return core


def test_a_rule_that_throws_is_switched_off_with_an_alarm_and_no_other_is_touched():
    name = "fa.z.no_co2_with_open_door"
    farm = Farm(_rule_that_throws(core_of(document()), name))
    farm.says |= {"fa.z.co2": 500.0, "fa.z.door": True, "fa.z.rh": 5.0}
    farm.run(120)
    assert farm.order("fa.z.co2_valve").owner == "fa.z.co2_loop"
    assert farm.order("fa.z.siren").owner == "fa.z.dry_air"
    assert farm.told("block_failed") == farm.told("rule_spent") == [name]
    assert [alarm.id for alarm in farm.standing if "rule" in alarm.id] == [f"rule_broken:{name}"]
    farm.scan([Reset("r1", name, "wang", farm.now_s)])
    assert farm.told("reset") == [name]
    assert farm.told("rule_spent") == [name, name]  # it was tried once more, and threw again


def test_a_rule_that_is_well_has_nothing_to_reset():
    farm = warmed()
    farm.scan([Reset("r1", "fa.z.no_co2_with_open_door", "wang", farm.now_s)])
    assert farm.told("refused") == ["fa.z.no_co2_with_open_door"]


def test_a_derived_tag_that_throws_is_bad_and_the_others_are_not():
    farm = Farm(_breaking(core_of(document()), "derived", "fa.z.vpd"))
    farm.run(5)
    assert farm.quality("fa.z.vpd") == (Quality.BAD, Reason.INPUT)
    assert farm.quality("fa.z.temp")[0] is Quality.GOOD
    assert farm.told("block_failed") == ["fa.z.vpd"]


def test_an_alarm_that_throws_is_raised_and_the_others_go_on():
    farm = Farm(_breaking(core_of(document()), "alarms", "fa.z.low"))
    farm.says["fa.z.door"] = True
    farm.run(15)
    assert {"fa.z.low", "fa.z.open"} <= {alarm.id for alarm in farm.standing}


@pytest.mark.parametrize(("kind", "method"), [
    (SetpointProgram, "step"), (RuleBlock, "run"), (AlarmBlock, "run"), (Expressed, "reading"), (Integrated, "step"),
    (Conditioner, "condition"),
])  # fmt: skip
def test_whatever_throws_the_outputs_are_still_commanded(monkeypatch, kind, method):
    farm = warmed()
    monkeypatch.setattr(kind, method, _breaks)
    farm.commands.clear()
    farm.run(30)
    assert {command.output for command in farm.commands} == set(farm.core.plan.outputs)
    assert farm.told("block_failed")


def test_an_actuator_that_throws_is_not_commanded_and_the_others_are(monkeypatch):
    farm = warmed()
    monkeypatch.setattr(type(farm.core.plan.outputs["fa.z.vent"].actuator), "step", _breaks)
    farm.commands.clear()
    farm.run(30)
    assert {command.output for command in farm.commands} == set(farm.core.plan.outputs) - {"fa.z.vent"}
    assert farm.told("block_failed") == ["fa.z.vent"]


def test_a_block_that_keeps_throwing_is_told_once_an_hour(monkeypatch):
    farm = warmed()
    monkeypatch.setattr(TimerLoop, "run", _breaks)
    farm.run(7300, after_s=10.0)
    assert farm.told("block_failed") == ["fa.z.feeding"] * 3
