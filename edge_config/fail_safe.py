"""Where each output goes, by cause: its device has no power, nobody speaks to it, or the agent has stopped."""

from typing import Literal, get_args

from edge_config.model.outputs import Fall, Output, ThreePoint
from edge_config.model.values import Hold

Cause = Literal["power_lost", "signal_lost", "controller_stopped"]
CAUSES: tuple[Cause, ...] = get_args(Cause)


def fall_of(output: Output, cause: Cause) -> Fall:
    """What the site says of the output and the cause, in its long form or in its short one (`safe`, `fail_safe_by`).

    A motor with two contacts stands where it is when they open; any other output is off behind an open contact.
    """
    hardware = output.fail_safe_by == "hardware"
    stopped = Fall.model_construct(to=_safe(output), by=output.fail_safe_by)
    if isinstance(output, ThreePoint) and not hardware:
        stopped = Fall.model_construct(to="stay", by=output.fail_safe_by)
    if cause == "signal_lost":
        return output.signal_lost or stopped
    if cause == "power_lost":
        open_ = Fall.model_construct(to="stay" if isinstance(output, ThreePoint) else 0.0, by="hardware")
        return output.power_lost or (stopped if hardware else open_)
    return stopped


def percent_of(output: Output, cause: Cause) -> float:
    """What to set an output's channel to, so that the output goes where it shall; a motor's contacts: 0, which is open.
    What its hardware looks after is told where that brings it."""
    to = fall_of(output, cause).to
    if isinstance(output, ThreePoint):
        return 0.0
    return to if isinstance(to, float) else _safe(output)


def _safe(output: Output) -> float:
    return output.safe.then if isinstance(output.safe, Hold) else output.safe
