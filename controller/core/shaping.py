"""What shapes the setpoint that a loop follows: a mean over days, the stage of a recipe. Pure, read off a state."""

from controller.core.explain import Shape
from controller.core.integration import Mean
from controller.core.recipes import DAY_S
from controller.core.scan import Core
from controller.core.state import State
from edge_config.model.control import LoopBase, Selector, Staging

DEEPEST = 5
"""Loops on loops; none of a farm has more."""


def shapes(core: Core, state: State, owner: str) -> tuple[Shape, ...]:
    """Of every setpoint behind the loop `owner`, from its own to the outermost; nothing for what is no loop."""
    found: list[Shape] = []
    loops = [owner]
    for _ in range(DEEPEST):
        setpoints = [name for loop in loops for name in _setpoints(core, loop)]
        found += [shape for name in setpoints for shape in _of(core, state, name)]
        outer = (core.site.programs[name].by_loop for name in setpoints if name in core.site.programs)
        loops = [loop for loop in outer if loop is not None]
    return tuple(dict.fromkeys(found))


def _setpoints(core: Core, owner: str) -> tuple[str, ...]:
    loop = core.site.loops.get(owner)
    if isinstance(loop, LoopBase):
        return (loop.sp,)
    if isinstance(loop, Staging):
        return (loop.demand,)
    return loop.of if isinstance(loop, Selector) else ()


def _of(core: Core, state: State, setpoint: str) -> list[Shape]:
    found: list[Shape] = []
    integration = core.plan.integrations.get(setpoint)
    if integration is not None:
        block: Mean = state.blocks[f"{setpoint}#mean"]  # type: ignore[assignment]  # an integration's block is a Mean
        if block.target is not None:
            values = (
                ("shift", block.shift),
                ("target", block.target),
                ("of", integration.of),
                ("days", integration.days),
            )
            found.append(Shape("integration", setpoint, values))
    stage = core.recipes.stage_of(setpoint, state.recipes) if setpoint in core.plan.programs else None
    if stage is not None:
        plan, here = stage
        day = max(state.at_s - state.recipes[plan.zone].begun_s, 0.0) // DAY_S + 1.0
        found.append(Shape("stage", setpoint, (("recipe", plan.id), ("stage", f"{plan.id}/{here.id}"), ("day", day))))
    return found
