"""Sequences: every step ends, nothing in them shuts off what keeps alive, and who else wants their outputs is told."""

from collections.abc import Iterable

from edge_config.checks.inspection import Inspection
from edge_config.checks.life_support import shuts_off
from edge_config.checks.rule_conflicts import Guarded, may_be_on
from edge_config.model.sequences import Sequence, SequenceStep
from foundation.document import Path_
from rules.claims import All, Ranges, claim, find
from rules.expression import BOOL

LONGEST_S = 24 * 3600.0


def check_sequences(inspection: Inspection) -> None:
    """E450 is with the rules; E451, E453 to E456. Who else wants its outputs (W327) is told with the rules."""
    for name, sequence in inspection.site.sequences.items():
        path: Path_ = ("sequences", name)
        for number, step in enumerate(sequence.steps):
            _step(inspection, (*path, "steps", number), name, step)
        if sequence.abort is not None:
            inspection.condition((*path, "abort"), sequence.abort)
        if sequence.longest_s > LONGEST_S:
            inspection.note("E456", path, key=True, hours=f"{sequence.longest_s / 3600.0:.3g}")


def _step(inspection: Inspection, path: Path_, name: str, step: SequenceStep) -> None:
    if (step.for_ is None) is (step.until is None) or (step.until is None) is not (step.within is None):
        inspection.note("E451", path)
    for key, length in (("for", step.for_), ("within", step.within)):
        inspection.positive((*path, key), length)
    if step.until is not None:
        inspection.condition((*path, "until"), step.until)
    elif step.else_ != "abort":
        inspection.note("W308", (*path, "else"), key=True, key_name="else")
    for verb, wants in (("set", step.set), ("request", step.request)):
        for output, value in wants.items():
            place: Path_ = (*path, verb, output)
            there = inspection.output(place, output)
            if there is None:
                continue
            if shuts_off(there, value):
                inspection.note("E454", place, output=output, sequence=name)
            elif verb == "request" and output in step.set:
                inspection.note("E455", place, key=True, output=output)


def check_others(inspection: Inspection, wishes: Iterable[Guarded], ranges: Ranges) -> None:
    """A rule that wants an output elsewhere than a sequence loses, unless the rule's cause aborts the sequence."""
    for wish in wishes:
        for name, sequence in inspection.site.sequences.items():
            beats = any(
                _beats(wish, value)
                for step in sequence.steps
                for output, value in step.set.items()
                if output == wish.output
            )
            if beats and not _is_aborted_by(inspection, sequence, wish, ranges):
                inspection.note("W327", wish.path, rule=wish.placed.id, output=wish.output, sequence=name)


def _beats(wish: Guarded, value: float) -> bool:
    """Whether a position is against what the rule wants. What is only asked for gives way to anybody."""
    match wish.verb:
        case "limit_min":
            return value < wish.to
        case "limit_max":
            return value > wish.to
        case "request":
            return False
    return value != wish.to


def _is_aborted_by(inspection: Inspection, sequence: Sequence, wish: Guarded, ranges: Ranges) -> bool:
    if sequence.abort is None:
        return False
    expression = inspection.quiet(sequence.abort)
    if expression is None or expression.unit != BOOL:
        return True  # what is wrong with it is told there
    denied = claim(sequence.abort, inspection.units, truth=False)
    return find(All((may_be_on(inspection, wish.placed), denied)), ranges).verdict == "never"
