"""How interlocks stand and what groups of them did, in the forms that the panel tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.core.bypass import Proven, proof_of
from controller.core.interlocks import Guard, InterlockBlock
from controller.core.state import Block
from controller.core.timed import Held
from controller.first_outs import FirstOutRecord
from edge_config.model.site import Site


@dataclass(frozen=True, slots=True)
class InterlockShape:
    """One interlock. Times are milliseconds since the Unix epoch."""

    kind: str
    zh: str
    en: str
    when: str
    holds: bool
    """Its cause stands, or it is latched."""
    since: float
    latched: bool
    """It waits for somebody who resets it."""
    group: str
    bypass_minutes: float
    """Longest bypass; 0: none is allowed."""
    bypassed_until: float | None
    bypassed_by: str
    test_due: float | None
    """When its proof test is due; null: none is asked for."""
    test_passed: bool
    tested_by: str
    """Empty: nobody has tested it yet."""


@dataclass(frozen=True, slots=True)
class InterlocksShape:
    interlocks: dict[str, InterlockShape]


@dataclass(frozen=True, slots=True)
class FirstOutShape:
    """A group that tripped. The rows of one that is asked for by its id: time, tag, value, quality, reason."""

    id: str
    group: str
    first: str
    tripped: float
    others: tuple[str, ...]
    whole: bool
    cut: bool
    began: dict[str, Any]
    rows: tuple[tuple[float, str, Any, int, str], ...]


@dataclass(frozen=True, slots=True)
class FirstOutsShape:
    first_outs: list[FirstOutShape]
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


def interlocks_shape(site: Site, interlocks: Sequence[InterlockBlock], blocks: Mapping[str, Block]) -> InterlocksShape:
    """How each interlock stands."""
    return InterlocksShape({one.name: _shape(site, one, blocks) for one in interlocks})


def _shape(site: Site, one: InterlockBlock, blocks: Mapping[str, Block]) -> InterlockShape:
    held: Held = blocks[one.name]  # type: ignore[assignment]  # an interlock's block is a Held
    guard: Guard = blocks[one.guard]  # type: ignore[assignment]  # what its `fresh` is
    proven: Any = blocks.get(proof_of(one), Proven())
    name = site.interlocks[one.name].name
    due = None if one.test_interval_s is None else _ms(max(proven.at_s, 0.0) + one.test_interval_s)
    return InterlockShape(
        one.kind, name.zh if name else one.name, name.en if name else one.name, one.when.text if one.when else "",
        held.on, _ms(held.since_s), one.latch and held.on, one.group or "", one.bypass_s / 60.0,
        _ms(guard.until_s) if guard.until_s > 0.0 else None, guard.by if guard.until_s > 0.0 else "",
        due, proven.passed, proven.by,
    )  # fmt: skip


def record_shape(record: FirstOutRecord, whole: bool) -> FirstOutShape:
    rows = tuple((_ms(at_s), *rest) for at_s, *rest in record.rows) if whole else ()
    return FirstOutShape(
        record.id, record.group, record.first, _ms(record.tripped_s), record.others, record.whole, record.cut,
        record.began if whole else {}, rows,  # type: ignore[arg-type]  # four more of each
    )  # fmt: skip


def _ms(time_s: float) -> float:
    return float(round(time_s * 1000.0))
