"""The core's whole memory: one value that can be written down, read back and compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import inf, isfinite
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from controller.core.alarms import Remembered
from controller.core.recipe_state import Edit, Left, Past, Running
from controller.core.words import AlarmNow, Because, Demand, Order, Slot
from foundation.reading import Quality, Reading, Reason, Value

Block = tuple[Any, ...]
"""What a block (loop, program, interlock, actuator, alarm) remembers: a NamedTuple of its own."""


class Sent(NamedTuple):
    """The last command to a device tag."""

    value: Value
    at_s: float
    confirmed: bool
    failures: int


class Chosen(NamedTuple):
    """A setpoint that a person has set."""

    value: float
    by: str
    at_s: float


class Mark(NamedTuple):
    """What a person laid on an output (by hand, locked out), a device, a facility (stopped), a probe (in care) or a
    rule (switched off)."""

    kind: Literal["hand", "lock", "stop", "cleaning", "calibration", "rule_off"]
    subject: str
    by: str
    since_s: float
    until_s: float = 0.0
    """When it ends by itself; 0 it does not."""
    value: float = 0.0
    """By hand: the position, %."""
    note: str = ""
    over_s: float = -1.0
    """When it ended by itself; -1 it has not."""


class Given(NamedTuple):
    """A dose that a person asked for, and that began."""

    output: str
    ml: float
    """As it was asked for."""
    by: str
    at_s: float


class Calibrated(NamedTuple):
    """A calibration that a person made while the controller ran."""

    points: tuple[tuple[float, float], ...]
    """(said, true) in the tag's unit, said rising; none: the site file's stands again."""
    by: str
    method: str
    reference: str
    note: str
    measured_s: float
    applied_s: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the next scan needs of all scans before it. A scan copies what it changes."""

    at_s: float = 0.0
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """The process image: every tag as it stands, conditioned; derived tags, setpoints and outputs among them."""
    values: Mapping[str, Value | None] = field(default_factory=dict)
    """The same as plain values, None where BAD: what expressions see."""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    demands: Mapping[str, tuple[Demand, ...]] = field(default_factory=dict)
    """By output, the strongest slot first."""
    orders: Mapping[str, Order] = field(default_factory=dict)
    applied: Mapping[str, float] = field(default_factory=dict)
    """By output (%), and by cascaded setpoint: what really came out, for the loops to track."""
    sent: Mapping[str, Sent] = field(default_factory=dict)
    """By device tag."""
    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    """By setpoint."""
    wake_s: Mapping[str, float] = field(default_factory=dict)
    """By output: until when nothing happens to it of itself, so that the scan need not look."""
    renew_s: Mapping[str, float] = field(default_factory=dict)
    """By output: when its last commands are to be sent again."""
    moved: frozenset[str] = frozenset()
    """Tags that the last scan saw anew after its rules had looked: a condition that names others need not be looked at
    again."""
    alarms: tuple[AlarmNow, ...] = ()
    late: frozenset[str] = frozenset()
    """Setpoints, outputs and sums that changed after the derived tags which need them were made."""
    failed: Mapping[str, float] = field(default_factory=dict)
    """By block that threw: when that was last told."""
    recipes: Mapping[str, Running] = field(default_factory=dict)
    """By zone (`facility.zone`)."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """By `hand:OUTPUT`, `lock:OUTPUT` or `lock:DEVICE`, `stop:FACILITY`, `care:TAG`, `rule_off:RULE`."""
    alarm_memory: Mapping[str, Remembered] = field(default_factory=dict)
    """By alarm that ever came."""
    doses: Mapping[str, Given] = field(default_factory=dict)
    """By id of the wish, for a day."""
    calibrations: Mapping[str, tuple[Calibrated, ...]] = field(default_factory=dict)
    """By probe, those that people made, the newest last: that one stands."""


def to_plain(state: State) -> dict[str, Any]:
    """The state as JSON-ready values. Readings are left out: after a restart values are seen, not remembered."""
    return {
        "at_s": state.at_s,
        "blocks": {name: _plain(block) for name, block in state.blocks.items()},
        "demands": {name: [_plain_demand(d) for d in demands] for name, demands in state.demands.items()},
        "applied": dict(state.applied),
        "chosen": {name: list(chosen) for name, chosen in state.chosen.items()},
        "recipes": {zone: _plain(running) for zone, running in state.recipes.items()},
        "alarms": {name: _plain(memory) for name, memory in state.alarm_memory.items()},
        "marks": {key: _plain(mark) for key, mark in state.marks.items()},
        "doses": {wish: _plain(given) for wish, given in state.doses.items()},
        "calibrations": {tag: _plain(made) for tag, made in state.calibrations.items()},
    }


def from_plain(plain: object, forms: Mapping[str, Block], now_s: float) -> State:
    """The state again, as far as it can be read. `forms` holds a fresh block for each name: what does not fit its form
    (damaged, or of another version) starts fresh by itself. No past moment lies after `now_s`: clocks are set back.
    """
    return State(
        at_s=now_s,
        blocks={**forms, **blocks_from_plain(_section(plain, "blocks", lambda kept: kept), forms, now_s)},
        demands=_section(plain, "demands", lambda kept: tuple(d for d in map(_demand, kept) if d.slot is Slot.MANUAL)),
        applied=_section(plain, "applied", _number),
        chosen=_section(plain, "chosen", lambda kept: _refilled(kept, _CHOSEN, now_s)),
        recipes=_section(plain, "recipes", lambda kept: _running(kept, now_s)),
        alarm_memory=_section(plain, "alarms", lambda kept: _refilled(kept, _REMEMBERED, now_s)),
        marks=_section(plain, "marks", lambda kept: _refilled(kept, _MARK, now_s)),
        doses=_section(plain, "doses", lambda kept: _refilled(kept, _GIVEN, now_s)),
        calibrations=_section(
            plain, "calibrations", lambda kept: tuple(_refilled(one, _CALIBRATED, now_s) for one in kept)
        ),
    )


def blocks_from_plain(plain: Mapping[str, Any], forms: Mapping[str, Block], now_s: float = inf) -> dict[str, Block]:
    """The blocks of `plain` that fit their form, no moment in them after `now_s`."""
    blocks: dict[str, Block] = {}
    for name, kept in plain.items():
        if name in forms:
            try:
                blocks[name] = _refilled(kept, forms[name], now_s)
            except _MISFIT:
                continue
    return blocks


def written_s(plain: object) -> float:
    """When a kept state was written; -inf if it does not say."""
    try:
        return _number(plain.get("at_s")) if isinstance(plain, dict) else float("-inf")
    except _MISFIT:
        return float("-inf")


_CHOSEN = Chosen(0.0, "", 0.0)
_MARK = Mark("hand", "", "", 0.0)
_GIVEN = Given("", 0.0, "", 0.0)
_CALIBRATED = Calibrated((), "", "", "", "", 0.0, 0.0)
_RUNNING = Running("", 0, 0.0, 0.0, "")
_LEFT = Left("", 0.0, 0.0)
_PAST = Past("clock", 0.0, 0.0)
_EDIT = Edit(0, "", 0, 0.0, "", 0.0)
_REMEMBERED = Remembered()
_MISFIT = (TypeError, ValueError, OverflowError)
MOST_ADDED = 2
"""Fields that a memory has more than an older version's; one that lacks more is of another kind."""
_Read = TypeVar("_Read")


def _section(plain: object, section: str, read: Callable[[Any], _Read]) -> dict[str, _Read]:
    """What can be read of one part of a kept state."""
    kept = plain.get(section) if isinstance(plain, dict) else None
    found: dict[str, _Read] = {}
    for name, value in kept.items() if isinstance(kept, dict) else ():
        try:
            found[name] = read(value)
        except _MISFIT:
            continue
    return found


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _refilled(kept: Any, form: Any, now_s: float) -> Any:
    """A NamedTuple like `form` from a list; raises one of _MISFIT where it is not one. What an older version did not
    remember yet, fields at its end, is as in `form`."""
    kind: Any = type(form)
    hints = _hints(kind)
    if not isinstance(kept, list) or not 0 <= len(form) - len(kept) <= MOST_ADDED:
        raise ValueError(f"not a {kind.__name__}")
    if not kind._field_defaults.keys() >= set(kind._fields[len(kept) :]):
        raise ValueError(f"less than a {kind.__name__}")
    values = []
    for one, (name, hint), like in zip([*kept, *_plain(form[len(kept) :])], hints.items(), form, strict=True):
        value = _fitting(one, hint, like, now_s)
        # a moment ends in _s, and so does a duration, which is never that long
        values.append(min(value, now_s) if hint is float and name.endswith("_s") and name != "until_s" else value)
    return kind(*values)


def _fitting(kept: Any, hint: Any, like: Any, now_s: float) -> Any:
    options = get_args(hint)
    if hint is float:
        return _number(kept)
    if hasattr(hint, "_fields"):
        return _refilled(kept, like, now_s)
    if get_origin(hint) is tuple:
        if hasattr(options[0], "_fields"):
            return tuple(_refilled(one, form, now_s) for one, form in zip(kept, like, strict=True))
        return tuple(_fitting(one, options[0], None, now_s) for one in kept)
    if NoneType in options:
        return None if kept is None else _fitting(kept, options[0], like, now_s)
    if not (kept in options if get_origin(hint) is Literal else type(kept) is hint):
        raise ValueError(f"{kept!r} is not a {hint}")
    return kept


def _running(kept: Any, now_s: float) -> Running:
    """A recipe that runs, with its edits."""
    *rest, left, edits, over = kept
    if not isinstance(over, bool):
        raise ValueError("not a recipe")
    one: Running = _refilled([*rest, [], [], over], _RUNNING, now_s)
    return one._replace(
        left=tuple(_left(one, now_s) for one in left),
        edits=tuple(_refilled(edit, _EDIT, now_s) for edit in edits),
    )


def _left(kept: Any, now_s: float) -> Left:
    """Where a setpoint came from; older versions kept no periods of it."""
    setpoint, value, since_s, *periods = kept
    one: Left = _refilled([setpoint, value, since_s, []], _LEFT, now_s)
    (past,) = periods or ((),)
    return one._replace(periods=tuple(_refilled(period, _PAST, now_s) for period in past))


def _number(kept: Any) -> float:
    if isinstance(kept, bool) or not isinstance(kept, int | float) or not isfinite(kept):
        raise ValueError(f"{kept!r} is not a number")
    return float(kept)


def _plain_demand(demand: Demand) -> list[Any]:
    because = demand.because
    return [
        demand.output, demand.value, int(demand.slot), demand.owner, because.key, dict(because.values), demand.expires_s
    ]  # fmt: skip


def _demand(plain: list[Any]) -> Demand:
    output, value, slot, owner, key, values, expires = plain
    if not all(isinstance(text, str) for text in (output, owner, key)):
        raise ValueError("not a demand")
    return Demand(output, _number(value), Slot(slot), owner, Because(key, dict(values)), _number(expires))


def never_seen(tag: str, at_s: float) -> Reading:
    """What stands in the image before the first reading."""
    return Reading(tag, None, Quality.BAD, Reason.NEVER_SEEN, at_s)
