"""Sensors that fall silent, as a dead node on a broker does: what was made of them does not outlive them."""

from typing import Any

import pytest

from foundation.reading import BAD, SUBSTITUTED, UNCERTAIN, Quality, Reason
from tests.core.small_site import Farm, core_of, only

MODEL, VOTE = "fa.z.do_model", "fa.z.temp"
A, B, C = "fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"
"""Inputs of the small site; here they are oxygen probes."""


def fish_tank(**vote: Any) -> Farm:
    """Two oxygen probes, a model of the water by a third, and a heater on a loop over the vote."""
    site = only("fa.z.pipe_loop")
    site["tags"] |= {
        **{probe: {"unit": "mg/L", "stale": "30 s"} for probe in (A, B, C)},
        MODEL: {"estimate": {
            "model": "oxygen_uptake", "gives": "oxygen", "oxygen": C, "noise": "0.05 mg/L",
            "supply": [{"of": "fa.z.heater", "adds": "0.1 mg/L/h/%"}], "wander": "0.5 mg/L/h", "wait": "15 min",
        }},
        VOTE: {"vote": [A, B], "disagree": "1 mg/L", "danger": "low"} | vote,
    }  # fmt: skip
    site["programs"]["fa.z.do_sp"] = {"value": "7 mg/L", "limits": ["4 mg/L", "12 mg/L"]}
    loop = site["loops"]["fa.z.pipe_loop"]
    site["loops"]["fa.z.pipe_loop"] = loop | {
        "pv": VOTE, "sp": "fa.z.do_sp", "kc": "10 %/(mg/L)", "on_loss": {"hold": "30 s", "then": "100 %"},
        "feed_forward": [],
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= dict.fromkeys((A, B, C), 8.0)
    farm.run(600, after_s=5.0)
    return farm


def silent(farm: Farm, *probes: str) -> None:
    for probe in probes:
        del farm.says[probe]


def quality(farm: Farm, tag: str) -> Quality:
    return farm.state.readings[tag].quality


def test_a_model_whose_probe_says_nothing_any_more_is_doubted_and_then_not_believed() -> None:
    farm = fish_tank()
    assert quality(farm, MODEL) is SUBSTITUTED
    silent(farm, C)
    farm.run(6 * 60, after_s=5.0)
    assert quality(farm, MODEL) is UNCERTAIN
    farm.run(10 * 60, after_s=5.0)
    assert quality(farm, MODEL) is BAD
    told = len([one for one in farm.scan(after_s=5.0).changed if one.tag == MODEL])
    assert told == 0  # what stays so is told once
    farm.says[C] = 8.0
    farm.run(60, after_s=5.0)
    assert quality(farm, MODEL) is SUBSTITUTED


def test_a_model_stands_in_for_silent_probes_for_as_long_as_it_may_and_then_the_loop_goes_where_it_is_safe() -> None:
    farm = fish_tank(stand_in={"tag": MODEL, "for": "10 min"})
    silent(farm, A, B)
    farm.run(120, after_s=5.0)
    assert (quality(farm, VOTE), farm.order("fa.z.heater").because.key) == (SUBSTITUTED, "loop")
    farm.run(7 * 60, after_s=5.0)
    assert quality(farm, VOTE) is SUBSTITUTED
    farm.run(2 * 60, after_s=5.0)
    assert quality(farm, VOTE) is BAD
    farm.run(60, after_s=5.0)
    assert (farm.order("fa.z.heater").value, farm.order("fa.z.heater").because.key) == (100.0, "sensor_lost")
    farm.says[A] = 8.0
    farm.run(30, after_s=5.0)
    assert farm.order("fa.z.heater").because.key == "loop"


def test_a_node_that_takes_all_probes_and_the_models_with_it_leaves_no_oxygen_that_nobody_measured() -> None:
    farm = fish_tank(stand_in={"tag": MODEL, "for": "1 h"})
    silent(farm, A, B, C)
    farm.run(8 * 60, after_s=5.0)
    assert quality(farm, VOTE) is UNCERTAIN  # a doubted model is no better for standing in
    farm.run(12 * 60, after_s=5.0)
    assert (quality(farm, MODEL), quality(farm, VOTE)) == (BAD, BAD)
    assert farm.order("fa.z.heater").because.key == "sensor_lost"


@pytest.mark.parametrize("how", ["silent", Reason.COMM])
def test_silence_and_a_line_that_says_that_nobody_answers_come_to_the_same(how: Any) -> None:
    farm = fish_tank(stand_in={"tag": MODEL, "for": "10 min"})
    for probe in (A, B):
        if how == "silent":
            del farm.says[probe]
        else:
            farm.says[probe] = how
    farm.run(15 * 60, after_s=5.0)
    assert farm.order("fa.z.heater").value == 100.0
