"""Presets fill in what a farm has, leave out the rest, say where every figure comes from, and yield to the site."""

import random
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from controller.core.build import build
from edge_config.expand import read_site
from edge_config.loader import load_site
from edge_config.model.site import Site
from edge_config.model.values import Sourced, TagName
from edge_config.placing import spot_of
from edge_config.preset_library import (
    NAMED_SECTIONS,
    Part,
    Preset,
    load_facts,
    load_preset,
    places_in,
    preset_names,
    wanted_unit,
    within,
)
from edge_config.resolved import resolved
from edge_config.rule_library import library
from edge_config.schema import site_schema
from foundation.document import parse_document
from foundation.messages import LANGUAGES
from foundation.problem import ProblemsError
from foundation.units import parse_quantity
from tests.edge_config.preset_sites import HEAD, whole_site, write_site
from tests.edge_config.test_schema import faults

TOMATO = "greenhouse/tomato@1"
PRESETS = Path(str(files("edge_config").joinpath("presets")))
FACTS = sorted([*PRESETS.glob("crops/*.yaml"), *PRESETS.glob("species/*.yaml")])
WORD = re.compile(r"[\w.%/()\"'@-]+(?: (?:degC|K|%|s|min|h)\b)?")
NUMBER = re.compile(r"(?<![\w{.])[-+]?\d")
TWO_TANKS = (
    HEAD + "facilities: {r: {kind: ras, zones: [t1, t2, sump], name: {zh: 甲, en: A}}}\n"
    "buses: {b: {protocol: mqtt, host: 127.0.0.1}}\n"
    "devices: {n: {product: generic/mqtt_json, bus: b, topic: n/1, watchdog: 20 s,"
    " tags: {a: r.t1.do, b: r.t2.do, c: r.t1.valve, d: r.t2.valve}}}\n"
    "each:\n"
    "  tank in r:\n"
    "    zones: [t1, t2]\n"
    "    tags: {tank.do: {unit: mg/L}, tank.low: {derive: \"tank.do < '5 mg/L'\"}}\n"
    '    outputs: {tank.valve: {type: analog, safe: "off", lease: 20 s, fail_safe_by: device}}\n'
    "    programs: {tank.do_sp: {value: 7 mg/L, limits: [5 mg/L, 9 mg/L]}}\n"
    "    loops: {tank.loop: {type: p_band, pv: tank.do, sp: tank.do_sp, out: tank.valve, band: -1 mg/L, period: 5 s,"
    " on_loss: 50 %}}\n"
    "    alarms: {tank.do_low: {when: \"tank.do < '5 mg/L'\", priority: critical, cause: {zh: a, en: Low in tank.do},"
    " consequence: {zh: a, en: a}, response: {zh: a, en: a}}}\n"
)  # fmt: skip


def loaded(tmp_path: Path, text: str) -> Site:
    return load_site(write_site(tmp_path, text)).site


def control(site: Site) -> dict[str, Any]:
    """All but what a site says briefly."""
    whole = site.model_dump(exclude={"facilities", "rules"})
    rules = [rule.model_dump(exclude={"use", "with_"}) for rule in site.rules]
    return whole | {"rules": rules}


# --- what is shipped


def texts_of(raw: Any) -> list[str]:
    if isinstance(raw, dict):
        return [text for key, one in raw.items() if key not in NO_FIGURES for text in texts_of(one)]
    return [text for one in raw for text in texts_of(one)] if isinstance(raw, list) else [str(raw)]


NO_FIGURES = ("name", "cause", "consequence", "response", "description", "text", "tests", "id", "use")


def names_asked(preset: Preset, part: Part) -> set[str]:
    spot = spot_of("", "zone", [], "zone")
    asked = set(spot.names_in(part.body)) | {one.strip() for need in part.needs for one in need.split("|")}
    if part.section == "rules" and "use" in part.body:
        rule = library()[part.body["use"]]
        own = part.body.get("tags", {})
        asked |= {own.get(one, one) for one in (*rule.needs, *rule.outputs, *rule.setpoints)}
    return asked | set(part.unless)


@pytest.mark.parametrize("name", preset_names())
def test_every_figure_of_a_preset_says_where_it_comes_from_and_how_sure_it_is(name: str) -> None:
    preset = load_preset(name)
    for key, value in preset.values.items():
        fact = isinstance(value.value, str) and value.value.startswith(("crop.", "species."))
        is_known = value.value is not None or value.limits is not None  # without a figure it is the farm's to give
        assert fact or value.plus or (is_known and value.source and value.status), key
        figure = preset.figures({}).get(key)
        if figure is not None and value.limits is not None and wanted_unit(preset, key) is not None:
            assert within(figure.value, value), f"{key}: {figure.value} is outside {value.limits}"
    for part in preset.parts:
        bare = [text for text in texts_of(part.body) if NUMBER.search(text)]
        assert not bare or part.rest, f"{part.name}: {bare} have no source"


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_names_nothing_that_it_does_not_declare(name: str) -> None:
    """A name that is mistyped would leave its part out for ever."""
    preset = load_preset(name)
    known = {*preset.needs, *(part.name for part in preset.parts)}
    for part in preset.parts:
        assert names_asked(preset, part) <= known, part.name
        assert places_in({k: v for k, v in part.body.items() if k != "tests"}) <= preset.values.keys(), part.name
    assert len({(part.section, part.name) for part in preset.parts}) == len(preset.parts)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_builds_on_a_farm_that_has_all_it_can_use(name: str, tmp_path: Path) -> None:
    path = write_site(tmp_path, whole_site(name, ("z1", "z2")))
    site = load_site(path).site
    left = {one.name: one for one in read_site(path).left_out}
    assert [one for one in left.values() if one.why == "missing" and not any(n in left for n in [one.what])] == []
    for section in NAMED_SECTIONS:
        for part_name, part in getattr(site, section).items():
            if ".z1." in part_name and section != "tags" and section != "outputs":
                assert part_name.replace(".z1.", ".z2.") in getattr(site, section), part
    build(site)


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_what_is_known_of_a_crop_or_species_has_sources(path: Path) -> None:
    facts = load_facts(path.parent.name, path.stem)
    assert facts
    assert all(figure.source and figure.value is not None for figure in facts.values())


def test_every_kind_of_part_can_say_where_its_numbers_come_from() -> None:
    def models(kind: Any) -> list[type]:
        return [kind] if isinstance(kind, type) else [one for inner in get_args(kind) for one in models(inner)]

    for section in NAMED_SECTIONS:
        named, part = get_args(Site.model_fields[section].annotation)
        assert named is TagName
        assert [one for one in models(part) if not issubclass(one, Sourced) and issubclass(one, BaseModel)] == []


# --- what a farm gets


def test_a_part_whose_things_are_not_there_is_left_out_with_its_reason(tmp_path: Path) -> None:
    text = whole_site(TOMATO, ("z1",)).replace("f1_z1_mixing_valve: f1.z1.mixing_valve, ", "")
    text = re.sub(r"  f1.z1.mixing_valve: .*\n", "", text)
    path = write_site(tmp_path, text)
    left = {one.name: (one.why, one.what) for one in read_site(path).left_out}
    assert left["f1.z1.pipe_loop"] == ("missing", "f1.z1.mixing_valve")
    assert left["f1.z1.heat_loop"] == ("missing", "f1.z1.pipe_by_heat")
    site = load_site(path).site
    assert "f1.z1.heater_loop" in site.loops  # its place was the mixing valve's
    assert "f1.z1.heat_loop" not in site.loops


def test_what_is_said_of_an_output_is_what_its_type_knows(tmp_path: Path) -> None:
    text = whole_site(TOMATO)
    loaded(tmp_path, text)
    dims = read_site(write_site(tmp_path, text)).value["outputs"]
    text = text.replace("f1.z1.lamps: {type: analog", "f1.z1.lamps: {type: on_off")
    text = text.replace("f1.z1.vent_lee: {type: analog", "f1.z1.vent_lee: {type: three_point")
    turns = read_site(write_site(tmp_path, text)).value["outputs"]
    assert dims["f1.z1.lamps"]["rate"] == "10 %/min"
    assert "rate" not in turns["f1.z1.lamps"]
    assert (turns["f1.z1.lamps"]["min_on"], turns["f1.z1.lamps"]["min_off"]) == ("30 min", "20 min")
    assert turns["f1.z1.vent_lee"]["reversal"] == "3 min"
    assert "reversal" not in dims["f1.z1.vent_lee"]


@pytest.mark.parametrize(
    ("given", "parts"),
    [("vents_most_day: 100 %, vents_most_night: 20 %", {"programs.vents_most", "rules.most_opening_of_the_period"}),
     ("boiler_flow_least: 5 m3/h", {"interlocks.boilers_without_flow"}),
     ("flue_nox: 0.2 ppm", {"interlocks.fumes_nox"})],
)  # fmt: skip
def test_what_only_the_farm_knows_is_left_out_until_it_says_so(given: str, parts: set[str], tmp_path: Path) -> None:
    def left(facility: str) -> dict[str, str]:
        path = write_site(tmp_path, whole_site(TOMATO, facility=facility))
        return {f"{one.section}.{one.name.rpartition('.')[2]}": one.why for one in read_site(path).left_out}

    plain = left("")
    assert parts <= plain.keys()
    assert "unknown" in {plain[part] for part in parts}
    assert parts.isdisjoint(left(f", with: {{{given}}}"))


def test_lamps_know_a_peak_only_where_the_farm_names_one(tmp_path: Path) -> None:
    plain = loaded(tmp_path, whole_site(TOMATO)).loops["f1.z1.lamp_loop"]
    text = whole_site(TOMATO, facility=", with: {peak_power: 120 kW}")
    text = text.replace("f1.z1.lamps: {type: analog", "f1.z1.lamps: {type: analog, power: 30 kW")
    capped = loaded(tmp_path, text).loops["f1.z1.lamp_loop"]
    assert plain.peak is None  # type: ignore[union-attr]
    assert (capped.peak.of, capped.peak.most) == ("f1.all.power", 120.0)  # type: ignore[union-attr]


def test_an_input_that_is_optional_is_left_out_alone(tmp_path: Path) -> None:
    text = (
        whole_site(TOMATO)
        .replace("f1_all_radiation: f1.all.radiation, ", "")
        .replace(", f1_all_radiation: f1.all.radiation", "")
    )
    site = loaded(tmp_path, re.sub(r"  f1.all.radiation: .*\n", "", text))
    assert [one.of for one in site.loops["f1.z1.heat_loop"].feed_forward] == ["f1.all.out_temp"]  # type: ignore[union-attr]
    assert "light_adds" not in site.programs["f1.z1.heat_sp"].figures


def test_the_site_goes_first_key_by_key(tmp_path: Path) -> None:
    own = "programs: {f1.z1.heat_sp: {value: 22 degC, ramp: {up: 1 K/h}}}\nloops: {f1.z1.vent_loop: {kc: -5 %/K}}\n"
    site = loaded(tmp_path, whole_site(TOMATO, more=own))
    heat, vent = site.programs["f1.z1.heat_sp"], site.loops["f1.z1.vent_loop"]
    assert (str(heat.value), heat.periods) == ("22 degC", None)
    assert heat.ramp is not None
    assert heat.ramp.up.to("K/h") == pytest.approx(1.0)
    assert heat.ramp.down.to("K/h") == pytest.approx(3.0)
    assert {"day", "warmer_by"}.isdisjoint(heat.figures)  # the farm's own numbers are not the preset's
    assert heat.figures["cooler_by"].status == "practice"
    assert (str(vent.kc), vent.ti) == ("-5 %/K", 480.0)  # type: ignore[union-attr]


def test_a_value_of_the_farm_moves_what_is_made_of_it(tmp_path: Path) -> None:
    site = loaded(tmp_path, whole_site(TOMATO, facility=", with: {day: 22 degC}"))
    day = {name: site.programs[f"f1.z1.{name}"].periods[0].value for name in ("heat_sp", "vent_sp")}  # type: ignore[index]
    assert {name: str(value) for name, value in day.items()} == {"heat_sp": "22 degC", "vent_sp": "25 degC"}
    figures = site.programs["f1.z1.heat_sp"].figures
    assert "day" not in figures  # it is the farm's own now
    assert figures["night"].source


def test_names_may_differ_and_parts_may_be_done_without(tmp_path: Path) -> None:
    text = whole_site(TOMATO, facility=", tags: {zone.air_temp: zone.warmth}, without: [zone.air_high]")
    site = loaded(tmp_path, text.replace("f1.z1.air_temp", "f1.z1.warmth"))
    assert site.loops["f1.z1.vent_loop"].pv == "f1.z1.warmth"  # type: ignore[union-attr]
    assert "f1.z1.warmth <" in site.alarms["f1.z1.air_low"].when
    assert "f1.z1.air_high" not in site.alarms


def test_a_zone_that_has_nothing_of_the_preset_is_none_of_its_zones(tmp_path: Path) -> None:
    text = whole_site(TOMATO).replace("zones: [z1]", "zones: [z1, tank]")
    assert not any(".tank." in name for name in loaded(tmp_path, text).alarms)


def test_a_mistake_in_a_part_is_told_in_the_presets_file_and_names_its_use(tmp_path: Path) -> None:
    own = "programs: {f1.z1.heat_sp: {limits: [25 degC, 30 degC]}}\n"
    path = write_site(tmp_path, whole_site(TOMATO, ("z1", "z2"), own))
    with pytest.raises(ProblemsError) as caught:
        load_site(path)
    first = caught.value.problems[0]
    assert (first.code, first.file) == ("E342", f"presets/{TOMATO}.yaml")
    assert first.used == f"{path}:4:{path.read_text('utf-8').splitlines()[3].index(TOMATO) + 1}"
    assert first.used in first.message("zh-CN")
    assert "19.5 degC" in first.message("en")


def test_behind_an_item_that_was_left_out_a_mistake_is_told_where_it_is_written(tmp_path: Path) -> None:
    """Without the outside temperature the radiation's feed-forward is the first of the list; it is written second."""
    text = re.sub(r"f1_all_out_temp: f1.all.out_temp(, )?", "", whole_site(TOMATO))
    text = re.sub(r"  f1.all.out_temp: .*\n", "", text).replace("unit: 'W/m2'", "unit: 'kPa'")
    with pytest.raises(ProblemsError) as caught:
        load_site(write_site(tmp_path, text))
    written = (PRESETS / f"{TOMATO}.yaml").read_text("utf-8").splitlines()
    lines = {
        written[one.line - 1].strip() for one in caught.value.problems if "feed_forward" in str(one.values["where"])
    }
    assert len(lines) == 1
    assert "of: all.radiation" in lines.pop()


@pytest.mark.parametrize("seed", range(40))
def test_however_a_site_with_presets_and_blocks_is_damaged_it_is_told_by_problems(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    more = ", with: {day: 20 degC}, tags: {zone.air_temp: zone.air_temp}, use_in: [z1], without: [zone.air_high]"
    text = TWO_TANKS if seed % 3 == 0 else whole_site(TOMATO, ("z1",), "rules: []\n", more)
    words = [*WORD.findall(text), "null", "[]", "{}", "5", "true"]
    for _ in range(2):
        found = chance.choice(list(WORD.finditer(text)))
        text = text[: found.start()] + chance.choice(words) + text[found.end() :]
    problems = []
    try:
        build(load_site(write_site(tmp_path, text)).site)
    except ProblemsError as error:
        problems = error.problems
    assert all(problem.line_of_text(language) for problem in problems for language in LANGUAGES)


def test_a_resolved_site_is_the_same_farm_in_one_file(tmp_path: Path) -> None:
    for text in (whole_site(TOMATO, ("z1", "z2")), TWO_TANKS):
        one = load_site(write_site(tmp_path, text))
        written = resolved(one.text)
        assert not re.search(r"\buse: \S+@|^each:", written, re.MULTILINE)  # rules of the library stay short
        assert control(loaded(tmp_path, written)) == control(one.site)
    assert "tank.do" in yaml.safe_load(written)["alarms"]["r.t1.do_low"]["cause"]["en"]  # people's texts stay


# --- repeated blocks


def test_editors_take_a_site_that_is_written_briefly() -> None:
    schema, more = (
        site_schema(),
        ", with: {day: 20 degC}, tags: {zone.air_temp: zone.t}, use_in: [z1], without: [zone.x]",
    )
    for text in (TWO_TANKS, whole_site(TOMATO, facility=more)):
        assert faults(parse_document(text.encode(), "site.yaml").value, schema, schema) == []
    broken = parse_document(TWO_TANKS.replace("loops:", "loop:").encode(), "site.yaml").value
    assert faults(broken, schema, schema) != []


def test_a_block_stands_once_for_every_zone_and_one_zone_may_differ(tmp_path: Path) -> None:
    site = loaded(tmp_path, TWO_TANKS + "programs: {r.t2.do_sp: {value: 8 mg/L}}\n")
    assert {name: str(one.value) for name, one in site.programs.items()} == {
        "r.t1.do_sp": "7 mg/L",
        "r.t2.do_sp": "8 mg/L",
    }
    assert site.loops["r.t2.loop"].pv == "r.t2.do"  # type: ignore[union-attr]
    assert site.tags["r.t1.low"].derive == "r.t1.do < '5 mg/L'"
    assert site.alarms.keys() == {"r.t1.do_low", "r.t2.do_low"}
    assert parse_quantity("7 mg/L") == site.programs["r.t1.do_sp"].value
