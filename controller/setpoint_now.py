"""A setpoint as it stands, for whoever looks at it: read off the core's state."""

from controller.core.scan import Core
from controller.core.state import State
from controller.panel.farm import SetpointNow


def setpoint_now(core: Core, state: State, name: str) -> SetpointNow:
    """Raises KeyError for what is no setpoint."""
    tag = core.tags[name]
    program = core.recipes.program(name, state.recipes) if name in core.plan.programs else None
    reading = state.readings[name]
    low, high = tag.low if tag.low is not None else 0.0, tag.high if tag.high is not None else 0.0
    value = reading.number if reading.number is not None else low
    if program is None:
        return SetpointNow(name, tag.unit, value, value, low, high, False, "loop")
    chosen = state.chosen.get(name)
    target = program.target(chosen, state.values, max(state.at_s, 1.0))
    by = chosen.by if chosen is not None and program.settable and target == chosen.value else "program"
    if by == "program" and core.recipes.stage_of(name, state.recipes) is not None:
        by = "recipe"
    return SetpointNow(name, tag.unit, value, target, low, high, program.settable, by)
