"""Recipes: stages over days, handed over without a bump, edited while they run, kept over a restart."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.recipe_run import Recipes
from controller.core.recipe_state import Running
from controller.core.recipes import DAYS, WHOLE
from controller.core.scan import Core
from controller.core.state import to_plain
from controller.core.words import RecipeEdit, RecipeStage, RecipeStart, RecipeStop, SetpointChange
from foundation.messages import LANGUAGES, tell
from tests.core.small_site import START_S, Farm, core_of, document

DAY_S, ZONE, HEAT, COOL, WARM = 86400.0, "fa.z", "fa.z.r_heat", "fa.z.r_cool", "fa.z.r_warm"
NAME = {"zh": "名", "en": "Name"}


def stage(name: str, days: float, heat: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": NAME, "days": days, "setpoints": {"zone.r_heat": {"value": heat}}, **more}


STAGES = [
    stage("root", 2, "22 degC", hand_over="6 h"),
    stage("grow", 3, "18 degC", hand_over="12 h"),
    stage("ripe", 4, "16 degC", setpoints={
        "zone.r_heat": {"periods": [{"from": "06:00", "value": "17 degC"}, {"from": "18:00", "value": "14 degC"}]},
        "zone.r_cool": {"value": "25 degC"},
    }),
]  # fmt: skip


def day_and_night(day: float, night: float, begins: str = "06:00") -> list[dict[str, str]]:
    return [{"from": begins, "value": f"{day} degC"}, {"from": "18:00", "value": f"{night} degC"}]


DAYS_AND_NIGHTS = [
    stage("grow", 2, "", hand_over="6 h", setpoints={"zone.r_warm": {"periods": day_and_night(20, 17)}}),
    stage("pick", 9, "", hand_over="2 d", setpoints={"zone.r_warm": {"periods": day_and_night(19.5, 18.5, "05:00")}}),
    stage("end", 9, "", hand_over="2 d", setpoints={"zone.r_warm": {"value": "12 degC"}}),
]  # fmt: skip


def site_with(**warm: Any) -> dict[str, Any]:
    """The small site with two recipes; `warm` is said of one of their setpoints besides."""
    site = document()
    site["programs"] |= {
        "fa.z.r_heat": {"value": "20 degC", "limits": ["10 degC", "30 degC"]},
        "fa.z.r_cool": {"value": "26 degC", "limits": ["10 degC", "30 degC"]},
        "fa.z.r_warm": {"periods": day_and_night(21, 16), "limits": ["10 degC", "30 degC"], **warm},
    }
    site["recipes"] = {
        "tomato": {"name": NAME, "stages": STAGES},
        "pepper": {"name": NAME, "stages": DAYS_AND_NIGHTS},
    }
    return site


@pytest.fixture(scope="module")
def core() -> Core:
    return core_of(site_with())


@pytest.fixture
def farm(core: Core) -> Farm:
    return Farm(core)


def start(farm: Farm, begun_s: float | None = None) -> None:
    farm.scan([RecipeStart("1", ZONE, "tomato", farm.now_s if begun_s is None else begun_s, "li", farm.now_s)])


def at(farm: Farm, days: float, name: str = HEAT) -> float:
    """The setpoint so many days after the start, with a scan a day on the way."""
    passed = int((farm.now_s - START_S) // DAY_S)
    for until in (*range(passed + 1, int(days) + 1), days):
        farm.scan(after_s=max(START_S + until * DAY_S + 2.0 - farm.now_s, 1.0))
    value = farm.state.values[name]
    assert isinstance(value, float)
    return value


def running(farm: Farm) -> Running:
    return farm.state.recipes[ZONE]


def running_in(farm: Farm) -> str:
    return running(farm).recipe if ZONE in farm.state.recipes else ""


def test_a_recipes_periods_are_come_to_at_the_programs_pace_not_at_that_of_a_period_it_put_aside() -> None:
    at_once = {"value": "15 degC", "ramp": {"up": "90 K/h", "down": "90 K/h"}}
    quick = [{"from": hour, **at_once} for hour in ("09:00", "12:00")]
    farm = Farm(core_of(site_with(ramp={"up": "1 K/h", "down": "1 K/h"}, periods=quick)))
    farm.scan([RecipeStart("1", ZONE, "pepper", farm.now_s - 1.5 * DAY_S, "li", farm.now_s)])
    seen: list[float] = []
    for _ in range(9 * 60):  # past the hand-over, and the evening's period
        farm.scan(after_s=60.0)
        seen.append(float(farm.state.values[WARM] or 0.0))
    steps = [abs(after - before) for before, after in pairwise(seen)]
    assert max(seen) - seen[-1] > 1.5
    assert max(steps) <= 60.0 / 3600.0 + 1e-6


def test_a_setpoint_goes_through_the_stages_and_the_last_one_stays(farm: Farm) -> None:
    start(farm)
    assert farm.state.values[HEAT] == pytest.approx(20.0, abs=0.01)  # where it was
    assert at(farm, 0.125) == pytest.approx(21.0, abs=0.01)  # half of the six hours
    assert at(farm, 1.0) == 22.0
    assert at(farm, 2.25) == pytest.approx(20.0, abs=0.01)  # half of twelve hours to 18
    assert at(farm, 4.9) == 18.0
    assert at(farm, 7.0, COOL) == 25.0
    assert sorted({at(farm, 7.0 + hour / 24.0) for hour in range(24)}) == [14.0, 17.0]
    assert at(farm, 40.0) in (14.0, 17.0)
    assert running(farm).over
    kinds = [(event.kind, event.values["stage"]) for event in farm.events if event.kind.startswith("recipe")]
    assert kinds == [
        ("recipe_started", "root"),
        ("recipe_stage", "grow"),
        ("recipe_stage", "ripe"),
        ("recipe_over", "ripe"),
    ]


def test_a_recipe_that_began_on_an_earlier_day_is_in_the_stage_of_today(farm: Farm) -> None:
    start(farm, START_S - 3 * DAY_S)
    assert running(farm).stage == 1
    assert running(farm).begun_s == START_S - DAY_S
    assert farm.state.values[HEAT] == pytest.approx(20.0, abs=0.01)  # and still nothing jumps


def test_what_a_person_sets_holds_until_the_next_stage(farm: Farm) -> None:
    start(farm)
    farm.scan([SetpointChange("2", HEAT, 25.0, "li", farm.now_s)])
    assert at(farm, 1.9) == 25.0
    assert at(farm, 2.0) == pytest.approx(25.0, abs=0.05)
    assert at(farm, 2.6) == 18.0


def test_a_stage_is_edited_while_it_runs_and_before_it_begins_and_says_who(farm: Farm) -> None:
    start(farm)
    at(farm, 1.0)
    farm.scan([RecipeEdit("2", ZONE, 0, HEAT, WHOLE, 24.0, "li", farm.now_s)])
    assert farm.state.values[HEAT] == pytest.approx(22.0, abs=0.01)
    assert at(farm, 1.3) == 24.0
    farm.scan([
        RecipeEdit("3", ZONE, 0, DAYS, WHOLE, 4.0, "li", farm.now_s),
        RecipeEdit("4", ZONE, 2, HEAT, 0, 19.0, "wang", farm.now_s),
    ])  # fmt: skip
    assert at(farm, 3.9) == 24.0  # four days now
    assert 19.0 in {at(farm, 8.5 + hour / 24.0) for hour in range(24)}
    assert [(one.by, one.value) for one in running(farm).edits] == [("li", 24.0), ("li", 4.0), ("wang", 19.0)]
    farm.scan([RecipeEdit("5", ZONE, 2, HEAT, 0, 19.5, "wang", farm.now_s)])
    told = [event.values for event in farm.events if event.kind == "recipe_edited"]
    assert [(one["by"], one["before"], one["after"]) for one in told] == [
        ("li", 22.0, 24.0), ("li", 2.0, 4.0), ("wang", 17.0, 19.0), ("wang", 19.0, 19.5)
    ]  # fmt: skip


def test_a_stage_that_is_made_shorter_than_it_is_old_ends_now_and_the_next_has_all_its_days(farm: Farm) -> None:
    start(farm)
    farm.scan([RecipeEdit("2", ZONE, 0, DAYS, WHOLE, 10.0, "li", farm.now_s)])
    at(farm, 9.0)
    farm.scan([RecipeEdit("3", ZONE, 0, DAYS, WHOLE, 2.0, "li", farm.now_s)])
    edited_s = farm.now_s
    farm.scan()
    assert (running(farm).stage, running(farm).begun_s, running(farm).over) == (1, edited_s, False)
    at(farm, 11.9)
    assert running(farm).stage == 1
    at(farm, 12.1)
    assert (running(farm).stage, running(farm).begun_s) == (2, edited_s + 3 * DAY_S)
    assert farm.told("recipe_over") == []


@pytest.mark.parametrize(("wish", "why"), [
    (RecipeStart("2", ZONE, "tomoto", START_S, "li", START_S), "recipe_unknown"),
    (RecipeStart("2", "fa.y", "tomato", START_S, "li", START_S), "recipe_unknown"),
    (RecipeStart("2", ZONE, "tomato", START_S + 9e9, "li", START_S), "recipe_future"),
    (RecipeStart("2", ZONE, "tomato", float("nan"), "li", START_S), "recipe_future"),
    (RecipeStage("2", "fa.all", 0, "li", START_S), "recipe_none"),
    (RecipeStage("2", ZONE, 3, "li", START_S), "recipe_stage"),
    (RecipeStage("2", ZONE, -1, "li", START_S), "recipe_stage"),
    (RecipeEdit("2", ZONE, 0, HEAT, WHOLE, 19.0, "li", START_S), "recipe_past"),
    (RecipeEdit("2", ZONE, 2, HEAT, 7, 19.0, "li", START_S), "recipe_edit"),
    (RecipeEdit("2", ZONE, 9, HEAT, WHOLE, 19.0, "li", START_S), "recipe_edit"),
    (RecipeEdit("2", ZONE, 2, "fa.z.vent_sp", WHOLE, 19.0, "li", START_S), "recipe_edit"),
    (RecipeEdit("2", ZONE, 2, DAYS, WHOLE, float("nan"), "li", START_S), "recipe_edit"),
    (RecipeEdit("2", ZONE, 2, HEAT, 0, 31.0, "li", START_S), "limits"),
    (RecipeEdit("2", ZONE, 2, HEAT, 0, float("nan"), "li", START_S), "limits"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_its_reason(farm: Farm, wish: Any, why: str) -> None:
    start(farm, START_S - 3 * DAY_S)
    before = running(farm)
    farm.scan([wish])
    assert [event.values["why"] for event in farm.events if event.kind == "refused"] == [why]
    assert running(farm) == before


def test_once_a_setpoint_has_one_value_there_is_no_period_of_it_to_edit(farm: Farm, core: Core) -> None:
    start(farm)
    farm.scan([RecipeEdit("2", ZONE, 2, HEAT, WHOLE, 19.0, "li", farm.now_s)])
    before = running(farm)
    farm.scan([RecipeEdit("3", ZONE, 2, HEAT, 1, 18.0, "li", farm.now_s)])
    assert [event.values["why"] for event in farm.events if event.kind == "refused"] == ["recipe_edit"]
    assert running(farm) == before
    poisoned = before._replace(edits=(*before.edits, before.edits[0]._replace(period=1, value=18.0)))
    kept = to_plain(replace(farm.state, recipes={ZONE: poisoned}))
    assert running(Farm(core, farm.now_s, kept)).edits == before.edits


def test_a_wish_that_breaks_is_refused_and_logged_and_the_others_are_heard(
    farm: Farm, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object, turn: object, wish: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr(Recipes, "hear", broken)
    farm.scan([
        SetpointChange("1", COOL, 21.0, "li", farm.now_s),
        RecipeStart("2", ZONE, "tomato", farm.now_s, "li", farm.now_s),
        SetpointChange("3", HEAT, 25.0, "li", farm.now_s),
    ])  # fmt: skip
    assert (farm.state.values[COOL], farm.state.values[HEAT]) == (21.0, 25.0)
    refused = [event for event in farm.events if event.kind == "refused"]
    assert [(one.subject, one.values["id"], one.values["why"]) for one in refused] == [(ZONE, "2", "wish_failed")]
    for language in LANGUAGES:
        assert "IndexError" in tell(f"refused.{refused[0].values['why']}", language, **refused[0].values)
    assert farm.told("block_failed") == ["RecipeStart"]


def test_an_edit_of_one_setpoint_leaves_the_days_and_nights_of_another_alone(farm: Farm) -> None:
    start(farm)
    at(farm, 8.0)
    farm.scan([RecipeEdit("2", ZONE, 2, COOL, WHOLE, 24.0, "li", farm.now_s)])
    assert {at(farm, 8.0 + hour / 24.0) for hour in range(1, 25)} == {14.0, 17.0}
    assert farm.state.values[COOL] == pytest.approx(24.0, abs=0.01)


def test_a_stopped_recipe_leaves_its_setpoints_where_they_are(farm: Farm) -> None:
    start(farm)
    at(farm, 1.0)
    farm.scan([RecipeStop("2", ZONE, "li", farm.now_s)])
    assert ZONE not in farm.state.recipes
    assert at(farm, 30.0) == 22.0  # its program has one value: as if set by hand


def test_a_restart_goes_on_where_it_was_and_takes_the_days_between_into_account(farm: Farm, core: Core) -> None:
    start(farm)
    at(farm, 1.0)
    farm.scan([RecipeEdit("2", ZONE, 1, HEAT, WHOLE, 19.0, "li", farm.now_s)])
    kept = to_plain(farm.state)
    again = Farm(core, farm.now_s, kept)
    assert again.state.recipes == farm.state.recipes
    late = Farm(core, farm.now_s + 2 * DAY_S, kept)
    late.scan()
    assert running(late).stage == 1
    assert late.state.values[HEAT] == pytest.approx(22.0, abs=0.01)  # it leaves from where it was
    assert at(late, 4.0) == 19.0
    for damage in ({ZONE: [1]}, {ZONE: None}, {"fa.q": kept["recipes"][ZONE]}, []):
        assert Farm(core, farm.now_s, {**kept, "recipes": damage}).state.recipes == {}


def test_what_another_recipe_had_moved_is_still_on_its_way_after_a_restart(farm: Farm, core: Core) -> None:
    start(farm)
    at(farm, 1.0)
    farm.scan([RecipeStart("2", ZONE, "pepper", farm.now_s, "li", farm.now_s)])
    farm.scan(after_s=3 * 3600.0)
    assert farm.state.values[HEAT] == pytest.approx(21.0, abs=0.01)  # half the way from 22 to its program's 20
    again = Farm(core, farm.now_s, json.loads(json.dumps(to_plain(farm.state))))
    again.scan(after_s=12.0)
    assert again.state.values[HEAT] == pytest.approx(21.0, abs=0.01)


def test_what_is_on_its_way_does_not_jump_where_another_stage_hands_over_faster(farm: Farm) -> None:
    """Neither stage says anything of it; one has six hours for what changes, the other twelve."""
    start(farm)
    for wait_s, number in ((DAY_S, 2), (DAY_S, 1), (4 * 3600.0, 0)):
        farm.scan(after_s=wait_s)
        before = farm.state.values[COOL]
        farm.scan([RecipeStage("2", ZONE, number, "li", farm.now_s)])
        assert farm.state.values[COOL] == pytest.approx(before, abs=0.001)
    assert 25.3 < float(str(before)) < 25.4
    farm.scan(after_s=6 * 3600.0)
    assert farm.state.values[COOL] == 26.0


def midnight(farm: Farm) -> float:
    """The next one of the farm, 24 hours or less from now."""
    return farm.core.plan.programs[WARM].calendar.day(farm.now_s).next_midnight_s


def until(farm: Farm, moment_s: float) -> float:
    value = farm.scan(after_s=moment_s - farm.now_s).state.values[WARM]
    assert isinstance(value, float)
    return value


def test_a_hand_over_goes_from_day_to_day_and_from_night_to_night(farm: Farm) -> None:
    """Begun half an hour after midnight: the noon of the old stage is left, not its night."""
    begun_s = midnight(farm) + 1800.0
    until(farm, begun_s - 2 * DAY_S + 1.0)
    farm.scan([RecipeStart("1", ZONE, "pepper", begun_s - 2 * DAY_S, "li", farm.now_s)], after_s=0.0)
    assert until(farm, begun_s - 60.0) == 17.0
    assert until(farm, begun_s) == 17.0
    assert running(farm).stage == 1
    assert until(farm, begun_s + 6 * 3600.0) == pytest.approx(20.0 - 0.5 / 8)
    assert until(farm, begun_s + 12 * 3600.0) == pytest.approx(20.0 - 0.5 / 4)
    assert until(farm, begun_s + 24 * 3600.0) == pytest.approx(17.0 + 1.5 / 2)
    assert until(farm, begun_s + 36 * 3600.0) == pytest.approx(20.0 - 0.5 * 3 / 4)
    assert until(farm, begun_s + 60 * 3600.0) == pytest.approx(19.5)


def begun_in_the_second_stage(farm: Farm) -> float:
    """Half an hour after midnight; when that was."""
    begun_s = midnight(farm) + 1800.0
    until(farm, begun_s)
    farm.scan([
        RecipeStart("1", ZONE, "pepper", begun_s, "li", farm.now_s),
        RecipeStage("2", ZONE, 2, "li", farm.now_s),
    ], after_s=0.0)  # fmt: skip
    return begun_s


def test_the_day_and_night_of_a_program_are_left_as_slowly_as_a_stages(farm: Farm) -> None:
    begun_s = begun_in_the_second_stage(farm)
    assert until(farm, begun_s + 12 * 3600.0) == pytest.approx(21.0 - 9.0 / 4)
    assert until(farm, begun_s + 24 * 3600.0) == pytest.approx(16.0 - 4.0 / 2)


def test_an_edit_on_the_way_leaves_the_days_and_nights_that_are_on_the_way(farm: Farm, core: Core) -> None:
    """Half the way from 21 / 16 to 12 it is 16.5 by day; what it goes to from there is moved by a hair."""
    begun_s = begun_in_the_second_stage(farm)
    assert until(farm, begun_s + DAY_S) == pytest.approx(14.0)
    farm.scan([RecipeEdit("3", ZONE, 2, WARM, WHOLE, 12.01, "li", farm.now_s)], after_s=0.0)
    kept = json.loads(json.dumps(to_plain(farm.state)))
    assert until(farm, begun_s + 1.25 * DAY_S) == pytest.approx(16.5 - 4.5 / 8, abs=0.01)
    assert until(farm, begun_s + 1.5 * DAY_S) == pytest.approx(16.5 - 4.5 / 4, abs=0.01)
    assert until(farm, begun_s + 2.0 * DAY_S) == pytest.approx(14.0 - 2.0 / 2, abs=0.01)
    again = Farm(core, begun_s + DAY_S + 60.0, kept)
    assert until(again, begun_s + 1.5 * DAY_S) == pytest.approx(16.5 - 4.5 / 4, abs=0.01)


def test_what_was_kept_before_days_and_nights_were_is_handed_over_from_its_number(farm: Farm, core: Core) -> None:
    begun_s = midnight(farm)
    until(farm, begun_s)
    farm.scan([RecipeStart("1", ZONE, "pepper", begun_s, "li", farm.now_s)], after_s=0.0)
    kept = json.loads(json.dumps(to_plain(farm.state)))
    zone, setpoint = kept["recipes"][ZONE], 5
    assert [len(left) for left in zone[setpoint]] == [4]
    zone[setpoint] = [left[:3] for left in zone[setpoint]]
    again = Farm(core, begun_s + 60.0, kept)
    assert running(again) == running(farm)._replace(left=tuple(one._replace(periods=()) for one in running(farm).left))
    assert until(again, begun_s + 3 * 3600.0) == pytest.approx(16.5)


@given(
    wishes=st.lists(
        st.tuples(
            st.floats(10.0, 2 * DAY_S),
            st.sampled_from(["stage", "edit", "days", "start", "other", "stop", "set", "nothing"]),
            st.integers(0, 2),
            st.floats(12.0, 28.0),
        ),
        max_size=12,
    )
)
@example(wishes=[(600.0, "other", 0, 12.0), (60.0, "stop", 0, 12.0)])
@example(wishes=[(13_000.0, "other", 0, 12.0), (3600.0, "stage", 1, 12.0)])
@settings(max_examples=25, deadline=None)
def test_whatever_people_do_no_setpoint_jumps(wishes: list[tuple[float, str, int, float]], core: Core) -> None:
    farm = Farm(core)
    start(farm)
    for wait_s, what, number, value in wishes:
        farm.scan(after_s=wait_s)
        before = {name: farm.state.values[name] for name in (HEAT, COOL, WARM)}
        name = HEAT if running_in(farm) != "pepper" else WARM
        period = 0 if (name, number) in ((HEAT, 2), (WARM, 0), (WARM, 1)) else WHOLE
        wish: Any = {
            "stage": RecipeStage("2", ZONE, number, "li", farm.now_s),
            "edit": RecipeEdit("2", ZONE, number, name, period, value, "li", farm.now_s),
            "days": RecipeEdit("2", ZONE, number, DAYS, WHOLE, 1.0 + number, "li", farm.now_s),
            "start": RecipeStart("2", ZONE, "tomato", farm.now_s, "li", farm.now_s),
            "other": RecipeStart("2", ZONE, "pepper", farm.now_s, "li", farm.now_s),
            "stop": RecipeStop("2", ZONE, "li", farm.now_s),
            "set": SetpointChange("2", HEAT, value, "li", farm.now_s),
        }.get(what)
        is_period = (farm.now_s - midnight(farm)) % 3600.0 > 3598.0  # a period may begin within this scan
        farm.scan([wish] if wish else [])
        for name, stood in before.items():
            if what != "set" and not is_period:
                assert farm.state.values[name] == pytest.approx(stood, abs=0.01)
