"""Flags that conditioning and loops raise of themselves, as alarms: probes that are not believed, effects that fail."""

from collections.abc import Iterable, Sequence

from controller.core.loops.run import PidBlock, SimpleBlock
from controller.core.turn import Turn
from controller.core.vote import Ballot, Voted
from controller.core.words import AlarmNow


def doubted_probes(turn: Turn, votes: Sequence[Voted]) -> list[AlarmNow]:
    """One alarm for each probe that its vote has dropped; of two that part nobody knows which: one for the vote."""
    found: list[AlarmNow] = []
    for vote in votes:
        ballot: Ballot = turn.blocks[vote.name]  # type: ignore[assignment]  # a vote's block is a Ballot
        if len(vote.probes) > 2:
            for tag, probe in zip(vote.probes, ballot.probes, strict=True):
                if probe.dropped:
                    found.append(AlarmNow(f"drift:{tag}", "medium", True, probe.dropped_s, {"tag": tag}))
        parted_s = ballot.parted_s(turn.now_s)
        if parted_s is not None:
            found.append(AlarmNow(f"disagree:{vote.name}", "medium", True, parted_s, {"tag": vote.name}))
    return found


def failed_effects(turn: Turn, loops: Iterable[str]) -> list[AlarmNow]:
    """One alarm for each loop that gave up because what it does has no effect: only a person ends it."""
    found: list[AlarmNow] = []
    for name in loops:
        block: PidBlock | SimpleBlock = turn.blocks[name]  # type: ignore[assignment]  # a checked loop's
        if block.strain.failed_s >= 0:
            found.append(AlarmNow(f"no_effect:{name}", "high", True, block.strain.failed_s, {"reset": name}))
    return found
