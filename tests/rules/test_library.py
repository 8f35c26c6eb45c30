"""The library of rules: every one has both languages, a source and tests that hold, and a site can take it."""

import re
from pathlib import Path
from typing import get_args

import pytest

from edge_config.loader import load_site
from edge_config.model.site import FacilityKind
from edge_config.rule_library import library, rule_of_library
from edge_config.rule_trials import library_units, try_library
from foundation.problem import ProblemsError
from rules.expression import compile_expression

LIBRARY = library()


def test_there_are_thirty_rules_across_all_kinds_of_farm():
    assert len(LIBRARY) >= 30
    assert {name.partition("/")[0] for name in LIBRARY} == set(get_args(FacilityKind))


@pytest.mark.parametrize("name", LIBRARY)
def test_a_rule_of_the_library_does_what_its_tests_say(name):
    outcomes = list(try_library(LIBRARY[name]))
    assert outcomes, "it has no test"
    assert [failure for one in outcomes for failure in one.failures] == []


@pytest.mark.parametrize("name", LIBRARY)
def test_a_rule_of_the_library_tells_of_itself_and_needs_what_it_says(name):
    one = LIBRARY[name]
    rule = rule_of_library(one)
    assert re.search(r"[\u4e00-\u9fff]", one.description.zh)
    assert len(one.source) > 20
    units = library_units(one)
    names = {"zone": "library.zone", "all": "library.all"}

    def named(written: str) -> str:
        first, _, rest = written.partition(".")
        return f"{names[first]}.{rest}"

    texts = [rule.when, rule.clear, *(e.add_influence.by for e in rule.effects if e.add_influence)]
    used = {tag for text in texts if text for tag in compile_expression(text, units, named=named, remembers=True).tags}
    assert used == {f"library.{tag}" for tag in one.needs}
    verbs = ("set", "inhibit", "limit_min", "limit_max", "request")
    assert {out for e in rule.effects for verb in verbs if (out := getattr(e, verb))} == set(one.outputs)
    assert {effect.run_sequence for effect in rule.effects if effect.run_sequence} == set(one.sequences)


SITE = """
schema: 1
site: {{id: a, name: {{zh: 甲, en: A}}, timezone: Asia/Shanghai, latitude: 36.9, longitude: 118.7}}
facilities: {{f: {{kind: {kind}, zones: [z1, z2], name: {{zh: 甲, en: A}}}}}}
buses: {{b: {{protocol: mqtt, host: 127.0.0.1}}, t: {{protocol: modbus_tcp, host: 127.0.0.1}}}}
devices:
  d: {{product: generic/mqtt_json, bus: b, topic: a/b, watchdog: 30 s, tags: {{{channels}}}}}
  e: {{product: generic/io_node, bus: t, unit: 1, tags: {{{contacts}}}}}
tags: {{{tags}}}
outputs: {{{outputs}}}
programs: {{{programs}}}
sequences: {{{sequences}}}
notify: {{people: {{li: {{urls: [!secret li]}}}}, dead_man: {{every: 1 min, url: !secret watcher}}}}
rules:
  - {{use: {use}, scope: {{each: tank in f}}}}
"""
LEASED = "type: analog, safe: off, lease: 30 s, fail_safe_by: device"


def _site_with(name: str) -> str:
    """A site of two zones that has just what a rule of the library needs."""
    one = LIBRARY[name]

    def full(names) -> list[str]:
        return [
            f"f.{zone}.{short.partition('.')[2]}"
            for short in names
            for zone in (("z1", "z2") if short.startswith("zone.") else ("all",))
        ]

    tags, outputs = full(one.needs), full(one.outputs)
    units = [unit for short, unit in one.needs.items() for _ in full([short])]
    texts = [f"{tag}: {{unit: '{unit}'}}" for tag, unit in zip(tags, units, strict=True) if unit != "bool"]
    numbers = [tag for tag, unit in zip(tags, units, strict=True) if unit != "bool"]
    contacts = [tag for tag in tags if tag not in numbers]
    fed = [(f"c{i}", tag) for i, tag in enumerate([*numbers, *outputs])] or [("none", "f.all.none")]
    return SITE.format(
        kind=name.partition("/")[0], use=name, channels=", ".join(f"{c}: {tag}" for c, tag in fed),
        contacts=", ".join(f"input{i}: {tag}" for i, tag in enumerate(contacts, 1)) or "input1: f.all.nothing",
        tags=", ".join(texts if numbers or outputs else ["f.all.none: {unit: '%'}"]),
        sequences=", ".join(f"{name}: {{steps: [{{for: 1 min}}]}}" for name in full(one.sequences)),
        outputs=", ".join(f"{out}: {{{LEASED}}}" for out in outputs),
        programs=", ".join(
            f"{sp}: {{value: {value} {unit}, limits: [{value} {unit}, 90 {unit}]}}"
            for short, unit in one.setpoints.items() for sp in full([short]) for value in (20,)
        ),
    )  # fmt: skip


@pytest.mark.parametrize("name", LIBRARY)
def test_a_site_takes_a_rule_of_the_library_for_each_of_its_zones(name, tmp_path: Path):
    path = tmp_path / "site.yaml"
    path.write_text(_site_with(name), "utf-8")
    try:
        loaded = load_site(path)
    except ProblemsError as error:
        pytest.fail(str(error))
    assert [problem.code for problem in loaded.warnings] == []
    (rule,) = loaded.site.rules
    assert rule.id == f"zone.{LIBRARY[name].short}"
    assert rule.tests
