"""When a position means off: what keeps animals alive is never brought there."""

from edge_config.model.outputs import Analog, OnOff, Output, TimeProportioned

CLOSES = 50.0
"""From here up a contact is closed (`controller/core/actuators.py`)."""


def shuts_off(output: Output, position: float, at_once: bool = False) -> bool:
    """Whether a position, in %, stops an output that keeps alive. What acts `at_once`, as interlocks do, does not wait
    for a share of a period: then that is a contact like any other."""
    if not output.life_support:
        return False
    match output:
        case OnOff():
            return position < CLOSES
        case TimeProportioned() if at_once:
            return position < CLOSES
        case Analog(low=low):
            return position <= 0.0 or position < low
    return position <= 0.0
