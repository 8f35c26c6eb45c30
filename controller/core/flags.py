"""Flags that conditioning and loops raise of themselves, as alarms: probes that are not believed, effects that fail."""

from collections.abc import Iterable, Mapping, Sequence

from controller.core.calibrating import Due
from controller.core.condition import Seen
from controller.core.loops.run import PidBlock, SimpleBlock
from controller.core.self_test import Pulsed
from controller.core.turn import Turn
from controller.core.vote import LOST_S, Ballot, Voted
from controller.core.words import AlarmNow
from foundation.reading import Reason

STALE_S = 600.0
"""A sensor that no loop needs has so long to come back by itself."""


def doubted_probes(turn: Turn, votes: Sequence[Voted]) -> list[AlarmNow]:
    """One alarm for each probe that its vote misses or has dropped; of two that part, one for both."""
    found: list[AlarmNow] = []
    for vote in votes:
        ballot: Ballot = turn.blocks[vote.name]  # type: ignore[assignment]  # a vote's block is a Ballot
        for tag, probe in zip(vote.probes, ballot.probes, strict=True):
            if 0.0 <= probe.lost_s <= turn.now_s - LOST_S:
                reason = str(turn.readings[tag].reason or "")
                found.append(AlarmNow(f"probe:{tag}", "medium", True, probe.lost_s, {"tag": tag, "reason": reason}))
            elif probe.dropped and len(vote.probes) > 2:
                found.append(AlarmNow(f"drift:{tag}", "medium", True, probe.dropped_s, {"tag": tag}))
        parted_s = ballot.parted_s(turn.now_s)
        if parted_s is not None:
            found.append(AlarmNow(f"disagree:{vote.name}", "medium", True, parted_s, {"tag": vote.name}))
    return found


def fouled_probes(turn: Turn, tags: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each probe whose last test by cleaning failed."""
    found: list[AlarmNow] = []
    for tag in tags:
        block: Pulsed = turn.blocks[f"{tag}#test"]  # type: ignore[assignment]  # what its `fresh` is
        if block.fouled_s >= 0.0:
            found.append(AlarmNow(f"fouled:{tag}", "medium", True, block.fouled_s, {"tag": tag, "why": block.why}))
    return found


def failed_effects(turn: Turn, loops: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each loop that gave up because what it does has no effect: only a person ends it."""
    found: list[AlarmNow] = []
    for name in loops:
        block: PidBlock | SimpleBlock = turn.blocks[name]  # type: ignore[assignment]  # a checked loop's
        if block.strain.failed_s >= 0:
            found.append(AlarmNow(f"no_effect:{name}", "high", True, block.strain.failed_s, {"reset": name}))
    return found


def stale_sensors(turn: Turn, tags: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each sensor that no loop needs and that has said nothing usable for ten minutes."""
    values, found = turn.values, []
    for tag in [one for one in tags if values[one] is None]:
        reading = turn.readings[tag]
        seen: Seen = turn.blocks[f"{tag}#seen"]  # type: ignore[assignment]  # a tag's block is a Seen
        if reading.reason is not Reason.NEVER_SEEN and turn.now_s - seen.at_s >= STALE_S:
            reason = str(reading.reason or "")
            found.append(AlarmNow(f"stale:{tag}", "low", True, seen.at_s + STALE_S, {"tag": tag, "reason": reason}))
    return found


def overdue_calibrations(turn: Turn, due: Mapping[str, Due]) -> list[AlarmNow]:
    """One alarm for each probe that is to be calibrated again."""
    return [
        AlarmNow(f"calibration:{tag}", "low", True, at_s, {"tag": tag})
        for tag, one in due.items()
        if turn.now_s >= (at_s := one.at_s(turn.calibrations.get(tag, ())))
    ]
