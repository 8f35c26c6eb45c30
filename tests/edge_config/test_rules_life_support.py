"""What keeps animals alive is shut off by no rule, no sequence and no interlock: at once, or by a position too low."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.edge_config.test_rules import SITE, codes_of, rule

ALIVE = {
    "life_support": True, "safe": "on", "idle": "on", "lease": "30 s", "fail_safe_by": "device",
    "power_lost": {"to": "on", "by": "hardware"}, "proof": {"tag": "f.all.flow", "above": "1 m3/h", "within": "10 s"},
}  # fmt: skip
KEPT: dict[str, Any] = {
    "f.z.contact": {**ALIVE, "type": "on_off"},
    "f.z.share": {**ALIVE, "type": "time_proportioned", "period": "1 min", "min_pulse": "1 s"},
    "f.z.blower": {**ALIVE, "type": "analog", "low": "20 %"},
}
TAGS = {"in3": "f.all.out", "in4": "f.all.flow", "input1": "f.z.door", "relay1": "f.z.contact", "relay2": "f.z.share",
        "out1": "f.z.blower"}  # fmt: skip


def told(tmp_path: Path, *rules: dict[str, Any], **more: Any) -> list[str]:
    site = {**deepcopy(SITE), "outputs": KEPT, **more}
    site["tags"] = {"f.all.out": SITE["tags"]["f.all.out"], "f.all.flow": {"unit": "m3/h"}}
    site["devices"] = {"d": {**SITE["devices"]["d"], "tags": TAGS}}
    return codes_of(site, tmp_path, *rules)


POSITIONS = [
    ("f.z.contact", "off", True), ("f.z.contact", "1 %", True), ("f.z.contact", "49.9 %", True),
    ("f.z.contact", "50 %", False), ("f.z.contact", "on", False),
    ("f.z.blower", "off", True), ("f.z.blower", "19 %", True), ("f.z.blower", "20 %", False),
    ("f.z.share", "off", True), ("f.z.share", "30 %", False),
]  # fmt: skip


@pytest.mark.parametrize("verb", ["set", "request", "limit_max"])
@pytest.mark.parametrize(("output", "to", "shuts"), POSITIONS)
def test_no_rule_shuts_off_life_support(verb, output, to, shuts, tmp_path):
    one = rule("a", "f.z.door", then=[{verb: output, "to": to}], on_bad_quality="assert")
    assert told(tmp_path, one) == (["E425"] if shuts else [])


@pytest.mark.parametrize("output", KEPT)
def test_no_rule_inhibits_life_support_and_any_may_ask_for_more_of_it(output, tmp_path):
    inhibits = rule("a", "f.z.door", then=[{"inhibit": output}], on_bad_quality="assert")
    assert told(tmp_path, inhibits) == ["E425"]
    at_least = rule("a", "f.z.door", then=[{"limit_min": output, "to": "10 %"}], on_bad_quality="assert")
    assert told(tmp_path, at_least) == []


@pytest.mark.parametrize("verb", ["set", "request"])
@pytest.mark.parametrize(("output", "to", "shuts"), POSITIONS)
def test_no_sequence_shuts_off_life_support(verb, output, to, shuts, tmp_path):
    steps = {"f.z.wash": {"steps": [{verb: {output: to}, "for": "5 min"}]}}
    asks = rule("ask", "f.z.door", then=[{"run_sequence": "f.z.wash"}], on_bad_quality="assert")
    assert told(tmp_path, asks, sequences=steps) == (["E454"] if shuts else [])


@pytest.mark.parametrize(("output", "to", "shuts"), [
    *POSITIONS[:-1], ("f.z.share", "49 %", True), ("f.z.share", "50 %", False),  # a trip does not wait for a period
])  # fmt: skip
def test_no_interlock_shuts_off_life_support(output, to, shuts, tmp_path):
    stop = {"f.z.stop": {"when": "f.z.door", "effect": [{"set": output, "to": to}]}}
    assert told(tmp_path, interlocks=stop) == (["E423"] if shuts else [])


STANDS_BY = {**ALIVE, "type": "on_off", "idle": "off"}
BRINGS = {"when": "f.z.door", "effect": [{"set": "f.z.contact", "to": "on"}]}
RUNS = {"f.z.cool": {"type": "hysteresis", "pv": "f.all.out", "sp": "f.z.sp", "out": "f.z.contact", "above": "1 K",
                     "period": "1 min", "on_loss": "on"}}  # fmt: skip
SETPOINT = {"f.z.sp": {"value": "20 degC", "limits": ["10 degC", "30 degC"]}}


@pytest.mark.parametrize(("more", "untried"), [
    ({}, True),
    ({"interlocks": {"f.z.brings": BRINGS}}, True),
    ({"interlocks": {"f.z.brings": {**BRINGS, "test_interval": "90 d"}}}, False),
    ({"interlocks": {"f.z.stops": {"when": "f.z.door", "test_interval": "90 d",
                                   "effect": [{"set": "f.z.blower", "to": "50 %"}]}}}, True),
    ({"loops": RUNS, "programs": SETPOINT}, False),
])  # fmt: skip
def test_life_support_that_stands_still_until_it_is_needed_is_told_unless_it_is_tried_now_and_then(
    more: dict[str, Any], untried: bool, tmp_path: Path
) -> None:
    outputs = {**KEPT, "f.z.contact": STANDS_BY}
    assert told(tmp_path, outputs=outputs, **more) == (["W333"] if untried else [])


@pytest.mark.parametrize("swap", [True, False])
def test_life_support_that_stands_by_in_turns_is_tried_by_them(swap: bool, tmp_path: Path) -> None:
    runs = {**ALIVE, "type": "on_off", "standby": "f.z.share", **({"swap": "7 d"} if swap else {})}
    stands = {**KEPT["f.z.share"], "type": "on_off", "idle": "off"}
    stands.pop("period"), stands.pop("min_pulse")
    outputs = {**KEPT, "f.z.contact": runs, "f.z.share": stands}
    assert told(tmp_path, outputs=outputs) == ([] if swap else ["W333"])
