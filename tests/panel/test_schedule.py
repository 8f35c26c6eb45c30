"""The schedule: setpoints of the next 24 hours are drawn as they will run, and a change is shown before it is made."""

from itertools import pairwise
from typing import Any

import httpx
import pytest

from controller.core.recipe_state import Running
from controller.core.scan import Core
from controller.core.words import Because, RecipeStart, SetpointChange
from controller.panel.recipes import RecipeBody
from controller.panel.schedule_shapes import LineShape, proposed_state, schedule_shape
from tests.core.small_site import Farm, core_of, document

ZONE, HEAT, COOL, DAWN = "fa.z", "fa.z.r_heat", "fa.z.r_cool", "fa.z.r_dawn"
NAME = {"zh": "名", "en": "Name"}
LIMITS = ["10 degC", "30 degC"]


def stage(name: str, days: float, hand_over: str, heat: str) -> dict[str, Any]:
    setpoints = {"zone.r_heat": {"value": heat}}
    return {"id": name, "name": NAME, "days": days, "hand_over": hand_over, "setpoints": setpoints}


@pytest.fixture(scope="module")
def core() -> Core:
    site = document()
    site["programs"] |= {
        HEAT: {"value": "20 degC", "limits": LIMITS},
        COOL: {"limits": LIMITS, "ramp": {"up": "1 K/h", "down": "2 K/h"},
               "periods": [{"from": "06:00", "value": "24 degC"}, {"from": "20:00", "value": "19 degC"}]},
        DAWN: {"limits": LIMITS,
               "periods": [{"from": "sunrise - 90 min", "value": "18 degC"}, {"from": "sunset", "value": "15 degC"}]},
    }  # fmt: skip
    site["recipes"] = {"tomato": {"name": NAME, "stages": [
        stage("root", 0.4, "3 h", "22 degC"), stage("grow", 9, "6 h", "17 degC"),
    ]}}  # fmt: skip
    return core_of(site)


def at(line: LineShape, time_s: float) -> float:
    """The last value before a moment."""
    value = [value for moment, value in zip(line.t, line.v, strict=True) if moment <= time_s * 1000.0 + 1.0][-1]
    assert value is not None
    return value


def between(line: LineShape, time_s: float) -> float:
    """As it is drawn: straight from point to point."""
    points = [(moment / 1000.0, value) for moment, value in zip(line.t, line.v, strict=True) if value is not None]
    for (t0, v0), (t1, v1) in pairwise(points):
        if t0 <= time_s <= t1:
            return v0 + (v1 - v0) * (time_s - t0) / (t1 - t0)
    raise AssertionError(time_s)


def test_the_day_runs_as_it_was_drawn(core: Core) -> None:
    """Periods by the clock and by the sun, a ramp, a person's choice, a stage that ends in the night."""
    farm = Farm(core)
    now_s = farm.now_s
    chosen = [SetpointChange("2", COOL, 21.5, "li", now_s), SetpointChange("3", HEAT, 21.0, "li", now_s)]
    farm.scan([RecipeStart("1", ZONE, "tomato", now_s, "li", now_s), *chosen])
    shape = schedule_shape(core, farm.state, None, ZONE, farm.now_s)
    seen: dict[str, set[float]] = {HEAT: set(), COOL: set(), DAWN: set()}
    for _ in range(285):
        farm.run(300.0, after_s=60.0)
        for name, values in seen.items():
            value = farm.state.values[name]
            assert isinstance(value, float)
            # the picture has a point every five minutes, a stretch of the ramp at most apart
            assert between(shape.setpoints[name].ahead, farm.now_s) == pytest.approx(value, abs=0.36), name
            values.add(round(value, 2))
    assert 21.0 in seen[HEAT]  # until the next stage, for which it was not meant
    assert min(seen[HEAT]) < 18.0
    assert {24.0, 19.0, 21.5} & seen[COOL]
    assert seen[DAWN] == {18.0, 15.0}
    assert shape.setpoints[HEAT].by == "li"
    assert shape.setpoints[COOL].by == "li"
    assert [one.begins for one in shape.setpoints[DAWN].periods] == ["sunrise - 90 min", "sunset"]
    assert len(shape.sunrises) == 1
    assert farm.state.recipes[ZONE].stage == 1


def test_a_change_is_shown_beside_what_runs_and_changes_nothing(core: Core) -> None:
    farm = Farm(core)
    farm.scan([RecipeStart("1", ZONE, "tomato", farm.now_s, "li", farm.now_s)])
    before = farm.state
    body = RecipeBody(change_id="proposal", action="edit", stage="root", setpoint=HEAT, value=25.0)
    proposed = proposed_state(core, farm.state, ZONE, body, farm.now_s)
    assert not isinstance(proposed, Because)
    shape = schedule_shape(core, farm.state, proposed, ZONE, farm.now_s)
    changed = shape.setpoints[HEAT].proposed
    assert changed is not None
    assert at(changed, farm.now_s + 4 * 3600.0) == 25.0
    assert at(shape.setpoints[HEAT].ahead, farm.now_s + 4 * 3600.0) == 22.0
    assert shape.setpoints[COOL].proposed is None  # what it does not change is not drawn twice
    assert farm.state is before
    assert isinstance(farm.state.recipes[ZONE], Running)
    assert farm.state.recipes[ZONE].edits == ()


def test_a_change_that_would_be_refused_says_why_before_it_is_sent(core: Core) -> None:
    farm = Farm(core)
    body = RecipeBody(change_id="proposal", action="edit", stage="root", setpoint=HEAT, value=25.0)
    assert proposed_state(core, farm.state, ZONE, body, farm.now_s) == Because(
        "recipe_none", {"id": "proposal", "by": "", "why": "recipe_none", "zone": ZONE}
    )
    farm.scan([RecipeStart("1", ZONE, "tomato", farm.now_s, "li", farm.now_s)])
    hot = body.model_copy(update={"value": 40.0})
    refusal = proposed_state(core, farm.state, ZONE, hot, farm.now_s)
    assert isinstance(refusal, Because)
    assert (refusal.key, refusal.values["high"]) == ("limits", 30.0)


async def test_the_call_tells_a_zone_of_the_farm_and_refuses_what_is_none(operator: httpx.AsyncClient) -> None:
    reply = await operator.get("/api/v1/schedule/gh1.bay1")
    assert reply.status_code == 200
    assert set(reply.json()["setpoints"]) == {"gh1.bay1.heat_sp", "gh1.bay1.vent_sp"}
    assert set(reply.json()["setpoints"]["gh1.bay1.heat_sp"]["ahead"]["v"]) == {18.0}
    for zone in ("gh1.bay9", "nowhere", "gh1", "..%2f..%2fetc"):
        assert (await operator.get(f"/api/v1/schedule/{zone}")).status_code == 404
    proposal = {"action": "start", "recipe": "no_such"}
    refused = await operator.get("/api/v1/schedule/gh1.bay1", params=proposal)
    assert (refused.status_code, refused.json()["message"]) == (422, "refused.recipe_unknown")
