"""Heat and vents do not work against each other: setpoints that cross are told, in the day and in a recipe's stages."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.edge_config.test_rules import SITE, codes_of

NAME = {"zh": "名", "en": "Name"}
HEATS = {"type": "pid", "pv": "f.z.air", "sp": "f.z.heat_sp", "out": "f.z.heat", "period": "30 s", "kc": "10 %/K",
         "ti": "20 min", "on_loss": "off"}  # fmt: skip
AIRS = HEATS | {"sp": "f.z.vent_sp", "out": "f.z.vent", "kc": "-10 %/K"}
HEAT, VENT = "f.z.heat_sp", "f.z.vent_sp"


def level(*values: Any) -> dict[str, Any]:
    """One value, or pairs of a moment and a value."""
    if len(values) == 1:
        return {"value": f"{values[0]} degC"}
    moments = zip(values[::2], values[1::2], strict=True)
    return {"periods": [{"from": when, "value": f"{value} degC"} for when, value in moments]}


def told(
    tmp_path: Path, heat: dict[str, Any], vent: dict[str, Any], heats: dict[str, Any] = HEATS,
    airs: dict[str, Any] = AIRS, stages: tuple[dict[str, Any], ...] = (),
) -> list[str]:  # fmt: skip
    site = deepcopy(SITE)
    site["tags"] = {"f.z.air": site["tags"]["f.z.air"], "f.all.out": site["tags"]["f.all.out"]}
    site["outputs"] = {"f.z.vent": site["outputs"]["f.z.vent"], "f.z.heat": site["outputs"]["f.z.vent"]}
    site["devices"]["d"]["tags"] = {"in1": "f.z.air", "in3": "f.all.out", "out1": "f.z.vent", "out2": "f.z.heat"}
    limits = {"limits": ["5 degC", "35 degC"]}
    site["programs"] = {HEAT: heat | limits, VENT: vent | limits}
    site["loops"] = {"f.z.heat_loop": heats, "f.z.vent_loop": airs}
    if stages:
        spelled = [{"id": f"s{number}", "name": NAME, "days": 5, "setpoints": one} for number, one in enumerate(stages)]
        site["recipes"] = {"crop": {"name": NAME, "stages": spelled}}
    return codes_of(site, tmp_path)


DAY = ("sunrise", 20, "sunset", 16)


@pytest.mark.parametrize(("heat", "vent", "crosses"), [
    (level(20), level(22), False),
    (level(20), level(20), False),
    (level(20), level(19), True),
    (level(*DAY), level("sunrise", 22, "sunset", 18), False),
    (level(*DAY), level(18), True),
    (level(18), level("sunrise", 22, "sunset", 16), True),
    # by the clock, and across midnight
    (level("04:00", 20, "22:00", 16), level("08:00", 22, "20:00", 18), True),
    (level("08:00", 20, "20:00", 16), level("04:00", 22, "22:00", 18), False),
    # as long as a ramp takes
    (level("sunrise - 20 min", 20, "sunset", 16), level("sunrise", 22, "sunset", 18), False),
    (level("sunrise - 1 h", 20, "sunset", 16), level("sunrise", 22, "sunset", 18), True),
    # only in winter does the sun rise after seven
    (level("07:00", 20, "15:00", 16), level("sunrise + 30 min", 22, "sunset", 18), True),
])  # fmt: skip
def test_a_heating_setpoint_above_that_of_the_vents_is_told(
    heat: dict[str, Any], vent: dict[str, Any], crosses: bool, tmp_path: Path
) -> None:
    assert told(tmp_path, heat, vent) == (["W334"] if crosses else [])


def test_each_stage_of_a_recipe_is_looked_at_with_what_it_leaves_to_the_program(tmp_path: Path) -> None:
    own = level(*DAY), level("sunrise", 22, "sunset", 18)
    even = {"zone.heat_sp": level(20)}
    assert told(tmp_path, *own, stages=(even,)) == ["W334"]  # at night the vents open at 18
    assert told(tmp_path, *own, stages=(even | {"zone.vent_sp": level(21)},)) == []
    assert told(tmp_path, *own, stages=(even, {"zone.vent_sp": level(15)}, {"zone.heat_sp": level(10)})) == ["W334"] * 2


def test_what_crosses_all_year_is_told_once_and_not_in_every_stage(tmp_path: Path) -> None:
    assert told(tmp_path, level(20), level(18), stages=({"zone.heat_sp": level(21)},)) == ["W334"]


BAND = {"type": "p_band", "pv": "f.z.air", "sp": VENT, "out": "f.z.vent", "period": "30 s", "on_loss": "off"}
ON_OFF = {"type": "hysteresis", "pv": "f.z.air", "out": "f.z.heat", "sp": HEAT, "period": "30 s", "on_loss": "off"}
BACKWARDS = {"split": [{"out": "f.z.vent", "of": ["0 %", "100 %"], "gives": ["100 %", "0 %"]}], "out": None}
BOTH = {"split": [{"out": "f.z.vent", "of": ["0 %", "50 %"], "gives": ["100 %", "0 %"]},
                  {"out": "f.z.heat", "of": ["50 %", "100 %"], "gives": ["0 %", "100 %"]}], "out": None}  # fmt: skip


@pytest.mark.parametrize(("heats", "airs", "opposed"), [
    (HEATS, BAND | {"band": "4 K"}, True),
    (HEATS, BAND | {"band": "-4 K"}, False),
    (ON_OFF | {"below": "1 K"}, AIRS, True),
    (ON_OFF | {"above": "1 K"}, AIRS, False),
    (HEATS, AIRS | {"kc": "10 %/K"}, False),
    (HEATS, AIRS | {"kc": "10 %/K"} | BACKWARDS, True),
    (HEATS, AIRS | {"pv": "f.all.out"}, False),
    (HEATS, AIRS | {"sp": HEAT}, False),
])  # fmt: skip
def test_only_loops_that_move_the_same_value_opposite_ways_are_opposed(
    heats: dict[str, Any], airs: dict[str, Any], opposed: bool, tmp_path: Path
) -> None:
    airs = {key: one for key, one in airs.items() if one is not None}
    found = told(tmp_path, level(20), level(18), heats, airs)
    assert [code for code in found if code == "W334"] == (["W334"] if opposed else [])


def test_a_loop_that_heats_and_airs_itself_opposes_nobody(tmp_path: Path) -> None:
    both = {key: one for key, one in (AIRS | BOTH).items() if one is not None}
    assert "W334" not in told(tmp_path, level(20), level(18), HEATS, both)
