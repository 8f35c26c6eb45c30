"""Rules beside each other: who may stand beside whom, template or not, with z3 and without."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_config.checks import rule_conflicts
from edge_config.loader import load_site
from edge_config.model.control import Rule
from foundation.problem import ProblemsError
from rules import solver

ROOT = Path(__file__).parent.parent.parent
SITE: dict[str, Any] = {
    "schema": 1,
    "site": {"id": "a", "name": {"zh": "甲", "en": "A"}, "timezone": "UTC", "latitude": 36.9, "longitude": 118.7},
    "facilities": {"f": {"kind": "greenhouse", "zones": ["z", "y"], "name": {"zh": "甲", "en": "A"}}},
    "buses": {"t": {"protocol": "modbus_tcp", "host": "127.0.0.1"}},
    "devices": {"d": {
        "product": "generic/io_node", "bus": "t", "unit": 1, "watchdog": "30 s",
        "tags": {"in1": "f.z.air", "in2": "f.y.air", "in3": "f.all.out", "input1": "f.z.door", "input2": "f.y.door",
                 "out1": "f.z.vent", "out2": "f.y.vent"},
    }},
    "tags": {name: {"unit": "degC", "range": ["-40 degC", "60 degC"]} for name in ("f.z.air", "f.y.air", "f.all.out")},
    "outputs": {name: {"type": "analog", "safe": "off", "lease": "30 s", "fail_safe_by": "device"}
                for name in ("f.z.vent", "f.y.vent")},
}  # fmt: skip


def codes(tmp_path: Path, *rules: dict[str, Any]) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump({**SITE, "rules": list(rules)}, allow_unicode=True, sort_keys=False), "utf-8")
    try:
        return [problem.code for problem in load_site(path).warnings]
    except ProblemsError as error:
        return [problem.code for problem in error.problems]


def rule(name: str, when: str, **more: Any) -> dict[str, Any]:
    return {"id": f"f.z.{name}", "when": when, "for": {"on": "1 min"}, "then": [{"inhibit": "f.z.vent"}], **more}


WIDE = {"then": [{"set": "f.z.vent", "to": "on"}]}
HOT, COLD = "f.z.air > '30 degC'", "f.z.air < '5 degC'"


@pytest.mark.parametrize(("rules", "told"), [
    ([rule("a", COLD), rule("b", HOT, **WIDE)], []),
    ([rule("a", "f.z.door"), rule("b", HOT, **WIDE)], ["E428"]),
    ([rule("a", "f.z.door", order=1), rule("b", HOT, order=2, **WIDE)], []),
    ([rule("a", "f.z.door", order=1), rule("b", HOT, order=1, **WIDE)], ["E428"]),
    ([rule("a", "f.z.door", order=1), rule("b", HOT, **WIDE)], ["E428"]),
    ([rule("a", "f.z.door"), rule("b", HOT)], []),
    # an end far from its cause keeps the first on while the second has cause
    ([rule("a", COLD, clear="f.z.air > '35 degC'"), rule("b", HOT, **WIDE)], ["E428"]),
    ([rule("a", "f.z.door", then=[{"limit_max": "f.z.vent", "to": "20 %"}]), rule("b", HOT, **WIDE)], []),
    ([rule("a", "f.z.door", then=[{"limit_max": "f.z.vent", "to": "20 %"}]),
      rule("b", HOT, then=[{"limit_min": "f.z.vent", "to": "30 %"}])], ["E428"]),
    ([rule("a", "f.z.door", then=[{"limit_max": "f.z.vent", "to": "30 %"}]),
      rule("b", HOT, then=[{"limit_min": "f.z.vent", "to": "20 %"}])], []),
    ([rule("a", "f.z.door", then=[{"request": "f.z.vent", "to": "20 %"}]), rule("b", HOT, **WIDE)], []),
    ([rule("a", "time_between('22:00', '06:00')"), rule("b", "time_between('06:00', '22:00')", **WIDE)], []),
    ([rule("a", "f.z.door and f.y.vent > '50 %'"),
      rule("b", "f.z.vent > '50 %'", then=[{"inhibit": "f.y.vent"}])], ["E429"]),
    ([rule("a", "f.z.door"), rule("b", "f.z.vent > '50 %'", then=[{"inhibit": "f.y.vent"}])], []),
])  # fmt: skip
def test_two_rules_stand_beside_each_other_or_are_told_why_not(rules, told, tmp_path):
    assert codes(tmp_path, *rules) == told


def test_a_crowd_on_one_output_is_checked_in_a_bounded_number_of_comparisons(tmp_path, monkeypatch):
    asked, count = [], 250
    find = rule_conflicts.find
    monkeypatch.setattr(rule_conflicts, "find", lambda *given: asked.append(1) or find(*given))
    crowd = [
        rule(f"r{i}", f"f.z.air > '{i / 10} degC'", order=-i, then=[{"set": "f.z.vent", "to": f"{i % 100} %"}])
        for i in range(count)
    ]  # fmt: skip
    assert set(codes(tmp_path, *crowd)) <= {"W322"}
    assert len(asked) <= 2 * count * rule_conflicts.MOST_RIVALS


COLDER_OUT = ("f.z.air > f.all.out", "f.z.air < f.all.out")


def test_rules_that_compare_tags_are_told_apart_where_z3_is_installed(tmp_path, monkeypatch):
    rules = [rule("a", COLDER_OUT[0]), rule("b", COLDER_OUT[1], **WIDE)]
    assert codes(tmp_path, *rules) == []
    monkeypatch.setattr(solver, "is_installed", lambda: False)
    assert codes(tmp_path, *rules) == ["E428"]  # what cannot be told apart needs an order


def test_without_z3_nothing_is_claimed_of_what_is_not_known(tmp_path, monkeypatch):
    odd = rule("a", "f.z.air > f.all.out + '200 K'")
    assert codes(tmp_path, odd) == ["W320"]
    late = rule("a", COLDER_OUT[0], clear="f.z.air > f.all.out + '1 K'")
    assert codes(tmp_path, late) == ["E427"]
    monkeypatch.setattr(solver, "is_installed", lambda: False)
    assert codes(tmp_path, odd) == codes(tmp_path, late) == []


def test_what_is_wrong_in_every_zone_is_told_once(tmp_path):
    each = {"id": "bay.a", "scope": {"each": "bay in f"}, "for": {"on": "1 min"}, "then": [{"inhibit": "bay.vent"}]}
    assert codes(tmp_path, {**each, "when": "bay.door"}) == []
    assert codes(tmp_path, {**each, "when": "bay.dor"}) == ["E412"]
    assert codes(tmp_path, {**each, "when": "bay.door", "then": [{"inhibit": "bay.sides"}]}) == ["E350"]
    assert codes(tmp_path, {**each, "when": "bay.door", "id": "f.z.a"}) == ["E449"]  # one name in both zones


@pytest.mark.parametrize("page", ["rules.md", "rules.zh.md"])
def test_the_examples_of_the_page_of_rules_are_rules(page):
    text = (ROOT / "docs/technicians" / page).read_text("utf-8")
    blocks = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(blocks) == 3
    first, used, tests = (yaml.safe_load(block) for block in blocks)
    (whole,) = first["rules"]
    assert Rule.model_validate(whole).clear
    from edge_config.rule_library import library

    assert used[0]["use"] in library()
    assert set(used[0]["with"]) == set(library()[used[0]["use"]].values)
    assert Rule.model_validate({**whole, **tests}).tests
