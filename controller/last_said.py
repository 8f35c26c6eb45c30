"""What the panel shows of a value that is out of date: what it said last, and when. The scan believes nothing of it."""

from collections.abc import Mapping

from controller.core.condition import Seen
from controller.core.state import State
from foundation.reading import Quality, Reading, Reason


def with_last_said(state: State) -> Mapping[str, Reading]:
    """The readings of a state; of those that went stale the last believable value with its time at the source.

    They stay BAD: `usable` and `number` are None. Only measured numbers are remembered.
    """
    found = {}
    for name, reading in state.readings.items():
        if reading.reason is Reason.STALE and reading.value is None:
            seen = state.blocks.get(f"{name}#seen")
            if isinstance(seen, Seen) and seen.raw:
                value = seen.raw[-1] if seen.filtered is None else seen.filtered
                found[name] = Reading(name, value, Quality.BAD, Reason.STALE, seen.at_s)
    return {**state.readings, **found} if found else state.readings
