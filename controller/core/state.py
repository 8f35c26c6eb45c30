"""The core's whole memory: one value that can be written down, read back and compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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
    alarms: tuple[AlarmNow, ...] = ()


def to_plain(state: State) -> dict[str, Any]:
    """The state as JSON-ready values. Readings are left out: after a restart values are seen, not remembered."""
    return {
        "at_s": state.at_s,
        "blocks": {name: _plain(block) for name, block in state.blocks.items()},
        "demands": {name: [_plain_demand(d) for d in demands] for name, demands in state.demands.items()},
        "applied": dict(state.applied),
        "chosen": {name: list(chosen) for name, chosen in state.chosen.items()},
    }


def from_plain(plain: Mapping[str, Any], forms: Mapping[str, Block]) -> State:
    """The state again. `forms` holds a fresh block for each name: what does not fit its form starts fresh."""
    blocks: dict[str, Block] = {}
    for name, form in forms.items():
        kept = plain.get("blocks", {}).get(name)
        blocks[name] = _refill(kept, form) if _fits(kept, form) else form
    demands = {
        name: tuple(_demand(one) for one in kept if Slot(one[2]) is Slot.MANUAL)
        for name, kept in plain.get("demands", {}).items()
    }
    return replace(
        State(),
        at_s=float(plain.get("at_s", 0.0)),
        blocks=blocks,
        demands=demands,
        applied={name: float(value) for name, value in plain.get("applied", {}).items()},
        chosen={
            name: Chosen(float(value), str(by), float(at)) for name, (value, by, at) in plain.get("chosen", {}).items()
        },
    )


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _fits(kept: object, form: object) -> bool:
    if isinstance(form, tuple) and hasattr(form, "_fields"):
        return isinstance(kept, list) and len(kept) == len(form)
    return True


def _refill(kept: Any, form: Any) -> Any:
    """`kept` (lists) in the types of `form` (NamedTuples)."""
    if isinstance(form, tuple) and hasattr(form, "_fields"):
        return type(form)(*(_refill(one, like) for one, like in zip(kept, form, strict=True)))
    if isinstance(form, tuple) and isinstance(kept, list):
        if len(kept) == len(form):
            return tuple(_refill(one, like) for one, like in zip(kept, form, strict=True))
        return tuple(kept)
    return kept


def _plain_demand(demand: Demand) -> list[Any]:
    because = demand.because
    return [
        demand.output, demand.value, int(demand.slot), demand.owner, because.key, dict(because.values), demand.expires_s
    ]  # fmt: skip


def _demand(plain: list[Any]) -> Demand:
    output, value, slot, owner, key, values, expires = plain
    return Demand(output, float(value), Slot(slot), owner, Because(key, values), float(expires))


def never_seen(tag: str, at_s: float) -> Reading:
    """What stands in the image before the first reading."""
    return Reading(tag, None, Quality.BAD, Reason.NEVER_SEEN, at_s)
