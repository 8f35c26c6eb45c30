"""What the core itself raises as alarms: latches, lost sensors, outputs that are not heard."""

from collections.abc import Iterable, Mapping, Sequence

from controller.core.interlocks import InterlockBlock, latched
from controller.core.loops.dosing_loop import DoseBlock
from controller.core.loops.run import SETTLE_S
from controller.core.turn import Turn
from controller.core.words import AlarmNow
from foundation.reading import Reason
from foundation.tag import Tag


def waiting_for_reset(turn: Turn, interlocks: Sequence[InterlockBlock], dosers: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each latch that holds and each dosing loop that locked itself: only a person ends them."""
    found = latched(turn, interlocks)
    for name in dosers:
        block: DoseBlock = turn.blocks[name]  # type: ignore[assignment]  # a dosing loop's block is a DoseBlock
        if block.dose.phase == "locked":
            kind = "unexpected" if block.dose.unexpected else "dosing"
            found.append(AlarmNow(f"{kind}:{name}", "high", True, block.dose.until_s, {"reset": name}))
    return found


def lost_sensors(turn: Turn, sensors: Mapping[str, Tag]) -> list[AlarmNow]:
    """One alarm for each sensor of a loop that is not there. Just after a start none has been heard yet: that is told
    once they had the time, as their loops wait for them."""
    return [
        AlarmNow(f"sensor:{name}", "high", True, reading.time_s, {"tag": name, "reason": str(reading.reason or "")})
        for name in sensors
        if (reading := turn.readings[name]).quality == 0
        and not (reading.reason is Reason.NEVER_SEEN and turn.now_s - reading.time_s < SETTLE_S)
    ]


def unheard_outputs(turn: Turn, tags: Mapping[str, str], after: int) -> list[AlarmNow]:
    """One alarm for each output whose device does not take its orders; `tags` is device tag -> output."""
    found: dict[str, AlarmNow] = {}
    for tag, sent in turn.sent.items():
        if sent.failures >= after and tag in tags:
            output = tags[tag]
            found[output] = AlarmNow(f"order:{output}", "high", True, sent.at_s, {"output": output})
    return list(found.values())
