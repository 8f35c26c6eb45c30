"""Recipes: stages over days, handed over without a bump, edited while they run, kept over a restart."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.recipe_state import Running
from controller.core.recipes import DAYS, WHOLE
from controller.core.scan import Core
from controller.core.state import to_plain
from controller.core.words import RecipeEdit, RecipeStage, RecipeStart, RecipeStop, SetpointChange
from tests.core.small_site import START_S, Farm, core_of, document

DAY_S, ZONE, HEAT, COOL = 86400.0, "fa.z", "fa.z.r_heat", "fa.z.r_cool"
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


@pytest.fixture(scope="module")
def core() -> Core:
    site = document()
    site["programs"] |= {
        "fa.z.r_heat": {"value": "20 degC", "limits": ["10 degC", "30 degC"]},
        "fa.z.r_cool": {"value": "26 degC", "limits": ["10 degC", "30 degC"]},
    }
    site["recipes"] = {"tomato": {"name": NAME, "stages": STAGES}}
    return core_of(site)


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


@given(
    wishes=st.lists(
        st.tuples(
            st.floats(10.0, 2 * DAY_S),
            st.sampled_from(["stage", "edit", "days", "start", "stop", "set", "nothing"]),
            st.integers(0, 2),
            st.floats(12.0, 28.0),
        ),
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_people_do_no_setpoint_jumps(wishes: list[tuple[float, str, int, float]], core: Core) -> None:
    farm = Farm(core)
    start(farm)
    for wait_s, what, number, value in wishes:
        farm.scan(after_s=wait_s)
        before = {name: farm.state.values[name] for name in (HEAT, COOL)}
        wish: Any = {
            "stage": RecipeStage("2", ZONE, number, "li", farm.now_s),
            "edit": RecipeEdit("2", ZONE, number, HEAT, 0 if number == 2 else WHOLE, value, "li", farm.now_s),
            "days": RecipeEdit("2", ZONE, number, DAYS, WHOLE, 1.0 + number, "li", farm.now_s),
            "start": RecipeStart("2", ZONE, "tomato", farm.now_s, "li", farm.now_s),
            "stop": RecipeStop("2", ZONE, "li", farm.now_s),
            "set": SetpointChange("2", HEAT, value, "li", farm.now_s),
        }.get(what)
        farm.scan([wish] if wish else [])
        for name, stood in before.items():
            periods = running(farm).stage == 2 if ZONE in farm.state.recipes else False
            if what != "set" and not periods:
                assert farm.state.values[name] == pytest.approx(stood, abs=0.01)
