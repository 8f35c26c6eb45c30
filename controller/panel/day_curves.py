"""Setpoints of the hours to come: what their programs, the recipe and people's choices make of them, hour by hour.

What weather and rules add is not known before it is there: it is left out. A light sum is shown as it is planned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.core.calendar import Calendar
from controller.core.programs import SetpointProgram, Setting
from controller.core.recipe_run import Recipes
from controller.core.recipe_state import Running
from controller.core.recipes import RecipePlan, advanced, leaving
from controller.core.state import Chosen, State
from edge_config.model.site import Place

STEP_S = 300.0
Points = list[tuple[float, float]]
"""Farm time and the value from then on, in the setpoint's unit."""


def day_curves(
    recipes: Recipes, state: State, zone: str, names: Iterable[str], place: Place, from_s: float, to_s: float
) -> dict[str, Points]:
    """Each of a zone's setpoints (`names`) as `state` will have them: pure, and nothing of the core's own is touched,
    so that it may be worked out beside a scan."""
    # a calendar of its own: the core's remembers the days around its present
    calendar = Calendar(place.timezone, place.latitude, place.longitude)
    plan, running = recipes.plan_of(zone, state.recipes), state.recipes.get(zone)
    chosen = dict(state.chosen)
    blocks = {name: _setting(state, name) for name in names}
    programs = {name: _program(recipes, name, zone, running, calendar) for name in blocks}
    found: dict[str, Points] = {name: [] for name in blocks}
    at_s = from_s
    while at_s <= to_s:
        if plan is not None and running is not None:
            after, begun = advanced(plan, running, at_s)
            if begun:
                running = _handed_over(plan, running, after, programs, chosen, at_s)
                programs = {name: _program(recipes, name, zone, running, calendar) for name in blocks}
        for name, program in programs.items():
            blocks[name], value = program.step(blocks[name], chosen.get(name), {}, at_s, longest_s=STEP_S)
            found[name].append((at_s, value))
        at_s += STEP_S
    return {name: _thinned(points) for name, points in found.items()}


def _program(
    recipes: Recipes, name: str, zone: str, running: Running | None, calendar: Calendar
) -> SetpointProgram:  # fmt: skip
    return replace(recipes.program(name, {} if running is None else {zone: running}), calendar=calendar)


def _setting(state: State, name: str) -> Setting:
    block = state.blocks.get(name)
    return block if isinstance(block, Setting) else Setting()


def _handed_over(
    plan: RecipePlan,
    before: Running,
    after: Running,
    programs: Mapping[str, SetpointProgram],
    chosen: dict[str, Chosen],
    at_s: float,
) -> Running:
    """The next stage has begun: what it changes leaves from where it is, and what people chose was for the last one."""
    left = {one.setpoint: one for one in before.left}
    has_another_pace = plan.stages[before.stage].hand_over_s != plan.stages[after.stage].hand_over_s
    for name in {*plan.setpoints, *left} & programs.keys():
        if plan.setting(before, name) != plan.setting(after, name):
            left[name] = leaving(programs[name], chosen.pop(name, None), {}, at_s)
        elif name in left and has_another_pace:
            left[name] = leaving(programs[name], chosen.get(name), {}, at_s)
    return after._replace(left=tuple(sorted(left.values())))


def _thinned(points: Points) -> Points:
    """Without what lies within a level stretch."""
    return [
        point
        for index, point in enumerate(points)
        if index in (0, len(points) - 1) or not points[index - 1][1] == point[1] == points[index + 1][1]
    ]
