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
    return codes_of(SITE, tmp_path, *rules)


def codes_of(site: dict[str, Any], tmp_path: Path, *rules: dict[str, Any]) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump({**site, "rules": list(rules)}, allow_unicode=True, sort_keys=False), "utf-8")
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


SETPOINTS: dict[str, Any] = {
    **SITE,
    "programs": {"f.z.sp": {"value": "20 degC", "limits": ["10 degC", "30 degC"]},
                 "f.y.sp": {"value": "20 degC", "limits": ["10 degC", "30 degC"]},
                 "f.all.follows": {"value": "20 degC", "limits": ["10 degC", "30 degC"],
                                   "influences": [{"of": "f.z.sp", "from": ["15 degC", "0 K"],
                                                   "to": ["25 degC", "2 K"]}]}},
    "loops": {f"f.{zone}.heat": {"type": "p_band", "pv": f"f.{zone}.air", "sp": sp, "out": f"f.{zone}.vent",
                                 "band": "4 K", "period": "1 min", "on_loss": "off"}
              for zone, sp in (("z", "f.all.follows"), ("y", "f.y.sp"))},
}  # fmt: skip


def adds(name: str, to: str, by: str, **more: Any) -> dict[str, Any]:
    return {"id": f"f.z.{name}", "add_influence": {"target": to, "by": by, "cap": "3 K"}, **more}


BY_VENT = "line(f.z.vent, '0 %', '100 %', '0 K', '2 K')"


def open_over(setpoint: str) -> dict[str, Any]:
    return rule("opens", f"f.all.out > {setpoint}", then=[{"request": "f.z.vent", "to": "50 %"}])


@pytest.mark.parametrize(("rules", "ring"), [
    # what is added to a setpoint, read off that setpoint
    ([adds("a", "f.z.sp", "f.z.sp - '20 degC'")], "f.z.a → f.z.a"),
    ([adds("a", "f.z.sp", "'1 K'", when="f.z.sp < '25 degC'")], "f.z.a → f.z.a"),
    ([adds("a", "f.z.sp", "'1 K'", when="f.z.door", clear="not f.z.door and f.z.sp > '25 degC'")], "f.z.a → f.z.a"),
    ([adds("a", "f.z.sp", "f.all.follows - '20 degC'")], "f.z.a → f.z.a"),  # by the influence of one on the other
    ([adds("a", "f.z.sp", "f.y.sp - '20 degC'"), adds("b", "f.y.sp", "f.z.sp - '20 degC'")], "f.z.a → f.z.b → f.z.a"),
    # over an output
    ([adds("a", "f.y.sp", BY_VENT), open_over("f.y.sp")], "f.z.a → f.z.opens → f.z.a"),
    ([adds("a", "f.y.sp", "'1 K'", when="f.z.vent > '50 %'"), open_over("f.y.sp")], "f.z.a → f.z.opens → f.z.a"),
    ([rule("a", "f.z.door", then=[{"limit_max": "f.z.vent", "to": "20 %", "by": "f.z.vent"}])], "f.z.a → f.z.a"),
    # no way back
    ([adds("a", "f.z.sp", "f.y.sp - '20 degC'")], None),
    ([adds("a", "f.y.sp", BY_VENT)], None),
    ([adds("a", "f.y.sp", BY_VENT), open_over("f.z.sp")], None),
    ([adds("a", "f.y.sp", "f.z.air - '20 degC'")], None),
])  # fmt: skip
def test_rules_that_chase_their_own_tail_over_a_setpoint_do_not_load(rules, ring, tmp_path):
    told = codes_of(SETPOINTS, tmp_path, *rules)
    assert ("E429" in told) is (ring is not None)
    assert not [code for code in told if code.startswith("E") and code != "E429"]
    if ring:
        with pytest.raises(ProblemsError) as found:
            load_site(tmp_path / "site.yaml")
        (problem,) = [one for one in found.value.problems if one.code == "E429"]
        assert problem.values["ring"] == ring
        assert problem.line > 1


NIGHT, DAYTIME = "time_between('22:00', '06:00')", "time_between('06:00', '22:00')"


def pair(first: str, second: str, a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule("a", first, **a), rule("b", second, **{**WIDE, **b})]


def bad(a: str, b: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"on_bad_quality": a, **more}, {"on_bad_quality": b, **more}


def waits(off: str, on: str = "1 min") -> tuple[dict[str, Any], dict[str, Any]]:
    return {"for": {"on": "1 min", "off": off}}, {"for": {"on": on}}


@pytest.mark.parametrize(("rules", "told"), [
    # one lost sensor
    (pair(COLD, HOT, *bad("assert", "assert")), ["E428"]),
    (pair(COLD, HOT, *bad("assert", "hold")), ["E428"]), (pair(COLD, HOT, *bad("hold", "assert")), ["E428"]),
    (pair(COLD, HOT, *bad("assert", "hold", max_hold="0 s")), []),
    (pair(COLD, HOT, *bad("assert", "deassert")), []), (pair(COLD, HOT, *bad("hold", "hold")), []),
    (pair(f"{COLD} and f.z.door", f"{HOT} and not f.z.door", *bad("assert", "deassert")), []),
    (pair(f"{NIGHT} and {COLD}", f"{DAYTIME} and {HOT}", *bad("assert", "assert")), []),
    (pair(COLD, HOT, {"on_bad_quality": "assert", "order": 1}, {"on_bad_quality": "assert", "order": 2}), []),
    # an average that is not known yet, of a value that is
    (pair("max(f.z.air, '10 min') < '5 degC'", HOT, *bad("assert", "deassert")), ["E428"]),
    (pair("max(f.z.air, '10 min') < '5 degC'", HOT, *bad("deassert", "deassert")), []),
    # what compares tags with each other
    (pair("f.z.air > f.all.out", "f.z.air < f.all.out", *bad("assert", "assert")), ["E428"]),
    (pair("f.z.air > f.all.out", "f.z.air < f.all.out", *bad("assert", "deassert")), []),
    (pair("f.z.air > f.all.out", "f.z.air < f.all.out", *bad("hold", "hold")), []),
    # one that goes off later than the other comes on
    (pair(NIGHT, DAYTIME, *waits("30 min")), ["E428"]), (pair(NIGHT, DAYTIME, *waits("1 min")), []),
    (pair(NIGHT, DAYTIME, *waits("30 min", "30 min")), []),
    (pair("not " + DAYTIME, "not " + NIGHT, *waits("30 min")), ["E428"]),
    (pair("time_between('22:00', '23:00')", "time_between('06:00', '07:00')", *waits("30 min")), []),
    (pair("time_between('20:00', '23:50')", "time_between('00:00', '06:00')", *waits("30 min")), ["E428"]),
    (pair("time_between('20:00', '23:50')", "time_between('00:30', '06:00')", *waits("30 min")), []),
    (pair("time_between('20:00', '23:50')", "time_between('00:30', '06:00')", *waits("23 h")), ["E428"]),
    (pair(COLD, HOT, *waits("2 min")), ["E428"]), (pair(COLD, HOT, *waits("1 min")), []),
    (pair(COLD, HOT, *reversed(waits("2 min"))), ["E428"]),
])  # fmt: skip
def test_what_may_be_on_for_another_reason_than_its_cause_is_told_as_well(rules, told, tmp_path):
    assert codes(tmp_path, *rules) == told


def test_rules_that_meet_over_a_lost_sensor_are_told_with_that_sensor(tmp_path):
    codes(tmp_path, *pair(COLD, HOT, *bad("assert", "assert")))
    with pytest.raises(ProblemsError) as told:
        load_site(tmp_path / "site.yaml")
    assert told.value.problems[0].values["case"] == "quality(f.z.air) bad"
    codes(tmp_path, *pair(NIGHT, DAYTIME, *waits("30 min")))
    with pytest.raises(ProblemsError) as told:
        load_site(tmp_path / "site.yaml")
    assert told.value.problems[0].values["case"] == "06:15"


EVERY_CHECK: dict[str, tuple[dict[str, Any], str]] = {
    "unknown tag": (rule("a", "f.z.aer > '30 degC'"), "E412"),
    "unknown function": (rule("a", "average(f.z.air, '5 min') > '30 degC'"), "E414"),
    "wrong arity": (rule("a", "vpd(f.z.air) > '1 kPa'"), "E415"),
    "a number without its unit": (rule("a", "f.z.air > 30"), "E407"),
    "another dimension": (rule("a", "f.z.air > '30 mg/L'"), "E407"),
    "a temperature plus a temperature": (rule("a", "f.z.air + f.y.air > '30 degC'"), "E410"),
    "never true": (rule("a", "f.z.air > '70 degC'"), "W320"),
    "always true": (rule("a", "f.z.air > '-50 degC'"), "W321"),
    "an end within the cause": (rule("a", HOT, clear="f.z.air < '35 degC'"), "E427"),
    "its own tail": (rule("a", "f.z.vent > '50 %'"), "E429"),
    "without hysteresis on its own loop": (rule("a", HOT, **{"for": {"on": "20 s"}}), "W324"),
    "a number that hovers": (rule("a", "f.all.out > '30 degC'", **{"for": {}}), "W323"),
    "an interlock always goes first": (rule("a", "f.z.air > '55 degC'"), "W322"),
    "shuts life support": (rule("a", "f.z.door", then=[{"inhibit": "f.z.air_pump"}], on_bad_quality="assert"), "E425"),
    "silences an alarm": (rule("a", "f.z.door", then=[{"suppress": "f.z.hot"}]), "E102"),
    "beats an interlock": (rule("a", "f.z.door", priority="trip"), "E111"),
    "life support and no word on bad values": (
        rule("a", "f.z.door", then=[{"set": "f.z.air_pump", "to": "on"}]), "E108"
    ),
    "too many parts": (rule("a", " or ".join(["f.z.air > '30 degC'"] * 70)), "E402"),
    "too many characters": (rule("a", "f.z.air > '30 degC'" + " " * 3990 + "or f.z.door"), "E419"),
    "zones, and none of them": (
        rule("a", "zone.door", id="zone.a", scope={"each": "bay in f", "zones": []}, then=[{"inhibit": "zone.vent"}]),
        "E121",
    ),
    "on for no time at all": (rule("a", HOT, limits={"max_true": "0 s"}), "E334"),
    "on for years": (rule("a", HOT, limits={"max_true": "31 d"}), "E120"),
    "waits for years": (rule("a", HOT, **{"for": {"on": "99999 d"}}), "E120"),
    "ends after years": (rule("a", HOT, **{"for": {"on": "1 min", "off": "31 d"}}), "E120"),
    "holds for years": (rule("a", HOT, max_hold="31 d"), "E120"),
    "a window of more than a day": (rule("a", "avg(f.z.air, '25 h') > '30 degC'"), "E417"),
    "a power": (rule("a", "f.z.air ** 9 > '30 degC'"), "E403"),
    "an attribute": (rule("a", "f.z.air.__class__"), "E411"),
    "no such sequence": (rule("a", "f.z.door", then=[{"run_sequence": "f.z.wash"}]), "E450"),
    "nobody is told": (rule("a", "f.z.door", then=[{"notify": {"text": {"zh": "门", "en": "Door"}}}]), "W325"),
}  # fmt: skip
"""Every row of control.md 4.4 but those that take two rules or two thousand, which have tests of their own."""

GUARDED: dict[str, Any] = {
    "outputs": {
        "f.z.vent": {"type": "time_proportioned", "period": "1 min", "min_pulse": "1 s"},
        "f.z.air_pump": {"type": "on_off", "life_support": True, "safe": "on", "idle": "on",
                         "power_lost": {"to": "on", "by": "hardware"}},
    },
    "programs": {"f.z.sp": {"value": "24 degC", "limits": ["10 degC", "30 degC"]}},
    "loops": {"f.z.cool": {"type": "p_band", "pv": "f.z.air", "sp": "f.z.sp", "out": "f.z.vent", "band": "4 K",
                           "period": "1 min", "on_loss": "off"}},
    "interlocks": {"f.z.too_hot": {"when": "f.z.air > '50 degC'", "effect": [{"set": "f.z.vent", "to": "on"}]}},
    "alarms": {"f.z.hot": {"when": HOT, "priority": "low", **{
        told: {"zh": "热", "en": "Hot"} for told in ("cause", "consequence", "response")}}},
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY_CHECK)
def test_every_check_of_rules_finds_what_it_is_for_and_nothing_else(name: str, tmp_path: Path) -> None:
    site = {**SITE, **GUARDED}
    leased = {"lease": "30 s", "fail_safe_by": "device", "safe": "off"}
    site["outputs"] = {output: {**leased, **setting} for output, setting in GUARDED["outputs"].items()}
    site["outputs"]["f.z.air_pump"]["proof"] = {"tag": "f.all.flow", "above": "1 m3/h", "within": "10 s"}
    site["tags"] = {**SITE["tags"], "f.all.flow": {"unit": "m3/h"}}
    tags = {"in1": "f.z.air", "in2": "f.y.air", "in3": "f.all.out", "in4": "f.all.flow", "input1": "f.z.door",
            "relay1": "f.z.vent", "relay2": "f.z.air_pump"}  # fmt: skip
    site["devices"] = {"d": {**SITE["devices"]["d"], "tags": tags}}
    calm = {"id": "f.z.calm", "when": "f.y.air > '30 degC'", "for": {"on": "5 min"}, "then": [{"inhibit": "f.z.vent"}]}
    one, code = EVERY_CHECK[name]
    assert codes_of(site, tmp_path, calm) == []
    assert codes_of(site, tmp_path, one) == [code]


LINE = "line(f.z.air, '30 degC', '35 degC', '100 %', '20 %')"
GAP = "hyst(f.y.air, '31 degC', '29 degC')"
SHADE = {"then": [{"limit_max": "f.z.vent", "to": "20 %"}], "for": {}}
AT_ONCE: dict[str, Any] = {"for": {}}


@pytest.mark.parametrize(("one", "told"), [
    # what limits an output that a loop holds the value with moves that value as much as what sets it
    (rule("a", HOT, **SHADE), ["W323", "W324"]),
    (rule("a", HOT, **{**SHADE, "then": [{"limit_min": "f.z.vent", "to": "80 %"}]}), ["W323", "W324"]),
    (rule("a", HOT, **{**SHADE, "for": {"on": "20 s"}}), ["W324"]),
    (rule("a", HOT, **{**SHADE, "for": {"off": "2 min"}}), []),
    (rule("a", HOT, **SHADE, clear="f.z.air < '28 degC'"), []),
    (rule("a", "hyst(f.z.air, '30 degC', '28 degC')", **SHADE), []),
    # a limit that creeps, or stands on a line, does not jump to and fro
    (rule("a", HOT, **{**SHADE, "then": [{"limit_max": "f.z.vent", "to": "20 %", "rate": "5 %/min"}]}), ["W323"]),
    (rule("a", HOT, **{**SHADE, "then": [{"limit_max": "f.z.vent", "to": "20 %", "by": LINE}]}), ["W323"]),
    (rule("a", HOT, **AT_ONCE, then=[{"request": "f.z.vent", "to": "20 %"}]), ["W323"]),
    # the gap of one comparison is none of another
    (rule("a", f"{GAP} and {HOT}", **SHADE), ["W323", "W324"]),
    (rule("a", f"{GAP} or f.all.out > '30 degC'", **AT_ONCE), ["W323"]),
    (rule("a", "avg(f.y.air, '5 min') > '30 degC' and f.all.out > '30 degC'", **AT_ONCE), ["W323"]),
    (rule("a", "rising(f.y.air > '30 degC') or f.all.out > '30 degC'", **AT_ONCE), ["W323"]),
    (rule("a", f"{GAP} and f.z.door", **AT_ONCE), []),
    (rule("a", f"{GAP} and avg(f.all.out, '5 min') > '30 degC'", **AT_ONCE), []),
])  # fmt: skip
def test_what_would_chatter_is_told_comparison_by_comparison(one, told, tmp_path):
    outputs = {**SITE["outputs"], "f.z.vent": {"type": "time_proportioned", "period": "1 min", "min_pulse": "1 s",
                                               "safe": "off", "lease": "30 s", "fail_safe_by": "device"}}  # fmt: skip
    tags = {**SITE["devices"]["d"]["tags"]}
    tags = {{"out1": "relay1"}.get(channel, channel): tag for channel, tag in tags.items()}
    site = {**SITE, "outputs": outputs, "devices": {"d": {**SITE["devices"]["d"], "tags": tags}},
            "programs": GUARDED["programs"], "loops": GUARDED["loops"]}  # fmt: skip
    assert codes_of(site, tmp_path, one) == told


def test_a_rule_without_a_gap_is_told_of_the_value_that_has_none(tmp_path):
    codes(tmp_path, rule("a", f"f.z.door and {GAP} and f.all.out > '30 degC'", **AT_ONCE))
    (problem,) = load_site(tmp_path / "site.yaml").warnings
    assert (problem.code, problem.values["tag"]) == ("W323", "f.all.out")


@pytest.mark.parametrize("share", ["avg(f.z.door, '1 h')", "avg(f.z.air > '30 degC', '24 h')"])
def test_a_share_is_never_above_one_and_a_share_of_a_part_may_be_reached(share, tmp_path):
    assert codes(tmp_path, rule("a", f"{share} > 1")) == ["W320"]
    assert codes(tmp_path, rule("a", f"{share} >= 0")) == ["W321"]
    assert codes(tmp_path, rule("a", f"{share} < 16 / 24")) == []


@pytest.mark.parametrize(("when", "near"), [
    ("by.air > '30 degC'", "bay.air"), ("bay.ari > '30 degC'", "f.z.air"), ("al.out > '30 degC'", "all.out"),
    ("f.z.ari > '30 degC'", "f.z.air"),
])  # fmt: skip
def test_a_short_name_that_is_misspelt_gets_the_nearest_one(when, near, tmp_path):
    each = {"id": "bay.a", "scope": {"each": "bay in f"}, "for": {"on": "1 min"}, "then": [{"inhibit": "bay.vent"}]}
    assert codes(tmp_path, {**each, "when": when}) == ["E412"]
    with pytest.raises(ProblemsError) as found:
        load_site(tmp_path / "site.yaml")
    (problem,) = found.value.problems
    assert problem.values["near"] == near


@pytest.mark.parametrize(("written", "line", "column"), [
    ("'f.z.door and f.z.dor'", 0, 21), ("|\n      f.z.door and f.z.dor", 1, 20),
    (">-\n      f.z.door and f.z.dor", 1, 20),
    ("|\n\n      f.z.door and f.z.dor\n", 2, 20),
    ("|\n      (f.z.door\n       and f.z.dor)", 2, 12),
    (">\n      (f.z.door\n\n      and f.z.door or\n      f.z.dor)", 4, 7),
    (">-  # a remark of the file\n      (f.z.door and\n        f.z.door or\n      f.z.dor)", 3, 7),
    ("f.z.door and\n      f.z.door and f.z.dor", 1, 20), ("'f.z.door and\n      f.z.dor'", 1, 7),
])  # fmt: skip
def test_a_mistake_in_a_text_under_a_bar_is_told_where_it_stands(written, line, column, tmp_path):
    codes(tmp_path, rule("a", "PLACE"))
    path = tmp_path / "site.yaml"
    text = path.read_text("utf-8")
    first, begin = next(
        (number, one.index("PLACE")) for number, one in enumerate(text.split("\n"), 1) if "PLACE" in one
    )
    path.write_text(text.replace("PLACE", written), "utf-8")
    with pytest.raises(ProblemsError) as found:
        load_site(path)
    (problem,) = found.value.problems
    assert problem.code == "E412"
    wanted = (first, begin + 1 + 14) if line == 0 else (first + line, column)
    assert (problem.line, problem.column) == wanted


def test_a_rule_that_cannot_be_read_beside_a_sequence_on_its_output_is_told_of_alone(tmp_path):
    steps = {"steps": [{"set": {"f.z.vent": "50 %"}, "for": "1 min"}], "abort": "f.z.door"}
    site = {**SITE, "sequences": {"f.z.purge": steps}}
    assert codes_of(site, tmp_path, rule("a", "f.z.dor")) == ["E412"]
    assert codes_of(site, tmp_path, rule("a", HOT)) == ["W327"]


def test_a_short_rule_never_keeps_the_check_busy(tmp_path):
    equal = "d"
    for _ in range(40):
        equal = f"d == ({equal})"
    either = " and ".join([*["(d or e)"] * 17, "d", "not d"])
    tags = {"d": "f.z.door", "e": "f.y.door"}
    assert codes(tmp_path, rule("a", either, tags=tags)) == ["W320"]
    assert codes(tmp_path, rule("a", equal, tags=tags)) == []
    with_end = rule("a", equal, clear=f"not ({equal})", tags=tags)
    assert codes(tmp_path, with_end, rule("b", "d", tags=tags)) == []


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


@pytest.mark.parametrize(("first", "second"), [
    ("rising(bay.door)", "not rising(bay.door)"),
    ("rising(d)", "not rising(d)"),
    ("avg(bay.air, '5 min') - f.all.out > '1 K'", "avg(bay.air, '5 min') - f.all.out < '0 K'"),
])  # fmt: skip
@pytest.mark.parametrize("has_z3", [True, False])
def test_rules_of_two_zones_that_read_alike_are_told_to_want_different_things(
    first, second, has_z3, tmp_path, monkeypatch
):
    monkeypatch.setattr(solver, "is_installed", lambda: has_z3)

    def of(zone: str, name: str, when: str, **more: Any) -> dict[str, Any]:
        tags = {"d": f"f.{zone}.door"}
        return {
            **rule(name, when, tags=tags),
            "id": f"bay.{name}",
            "scope": {"each": "bay in f", "zones": [zone]},
            **more,
        }

    assert codes(tmp_path, of("z", "a", first), of("y", "b", second, **WIDE)) == ["E428"]
    if has_z3:
        assert codes(tmp_path, of("z", "a", first), of("z", "b", second, **WIDE)) == []


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
    with pytest.raises(ProblemsError) as told:
        load_site(tmp_path / "site.yaml")
    case = str(told.value.problems[0].values["case"])
    values = dict(one.removesuffix(" degC").split(" ") for one in case.split(", "))
    assert float(values["f.z.air"]) > float(values["f.all.out"]) + 1.0
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
