"""What the farm is doing now, in the shapes that go over the wire. Times are milliseconds since the Unix epoch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from controller.commissioning import Standing
from controller.core.alarms import ASIDE, shown_in_flood
from controller.core.trials import TrialMemory
from controller.core.words import AlarmNow, Because, Order
from controller.entries import Entry
from controller.notices import Notice
from controller.panel.farm import Farm, SetpointNow
from drivers.driver import Statistics
from foundation.reading import Quality, Reading, Reason, Value

CHANGE_ID = r"^[A-Za-z0-9_-]{8,64}$"


@dataclass(frozen=True, slots=True)
class ReadingShape:
    """A value. `v` is null unless it may be believed; `last` is what a stale one last was, to be shown as such."""

    v: Value | None
    q: Literal["bad", "uncertain", "substituted", "good"]
    why: str | None
    t: float
    last: Value | None


@dataclass(frozen=True, slots=True)
class BecauseShape:
    """A message key without its first word, and what fills its places."""

    key: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class OrderShape:
    """What an output is told: 0 to 100 %, by whom and why."""

    value: float
    slot: str
    owner: str
    because: BecauseShape


@dataclass(frozen=True, slots=True)
class SetpointNowShape:
    value: float
    target: float
    low: float
    high: float
    unit: str
    settable: bool
    by: str


@dataclass(frozen=True, slots=True)
class AlarmNowShape:
    """An alarm that is not normal. One without an entry in the site's alarms is told by `alarm.KIND`."""

    id: str
    kind: str
    """`site`, or what the controller raises by itself: `sensor`, `order`, `history.refused`, …."""
    facility: str
    priority: str
    active: bool
    since: float
    values: dict[str, object]
    state: str
    """`unacknowledged`, `acknowledged`, `returned`, `latched`, `shelved`, `suppressed` or `out_of_service`."""
    activation: int
    """Counts up each time that it comes."""
    acknowledged_by: str
    parent: str
    """What explains it, while it is suppressed."""
    first_out: bool
    until: float | None
    """Of what is shelved or out of service."""
    shown: bool
    """False for what asks nothing of anybody (explained by another, set aside) and for what a flood hides."""


@dataclass(frozen=True, slots=True)
class StateShape:
    """Everything that changes, whole. In a `change` event every part may be left out."""

    now: float
    scanned: float
    """When the controller last looked at all this. A `beat` event tells `now` and `scanned`."""
    readings: dict[str, ReadingShape]
    orders: dict[str, OrderShape]
    setpoints: dict[str, SetpointNowShape]
    alarms: list[AlarmNowShape]


@dataclass(frozen=True, slots=True)
class DeviceNowShape:
    """How a device behaves on its wire; counts since start, `seen` null if it never answered."""

    online: bool
    polls: int
    answered: int
    writes: int
    writes_failed: int
    failures: dict[str, int]
    last_error: str
    seen: float | None
    latency_ms: float
    watchdog: str
    """Its own: `none`, `not set`, `refused`, `by its tool`, or its time (`20 s`)."""
    commissioned: Standing
    """Whether it was seen to go safe by itself."""


@dataclass(frozen=True, slots=True)
class DevicesShape:
    now: float
    devices: dict[str, DeviceNowShape]


@dataclass(frozen=True, slots=True)
class PenShape:
    """One tag's line: null stands where the value was not good."""

    t: list[float]
    v: list[float | None]


@dataclass(frozen=True, slots=True)
class TrendShape:
    now: float
    seconds: float
    pens: dict[str, PenShape]


@dataclass(frozen=True, slots=True)
class ProblemShape:
    """RFC 9457, with a message key and its values for whoever tells it in another language."""

    type: str
    title: str
    status: int
    code: str
    message: str
    values: dict[str, object]


class SetpointBody(BaseModel):
    """A change of a setpoint. Sent again with the same id it changes nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    value: float
    expected: float | None = None
    """The target that the person saw. If it is another one by now, nothing is changed (409). `If-Match` says the same
    as every other edit does (412)."""
    reason: Annotated[str, Field(max_length=200)] = ""
    """Asked for where the change is larger than the setpoint's `reason_above`; kept with who and when."""


class TrialBody(BaseModel):
    """A trial of a loop on the running plant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    form: Literal["steps", "relay"]
    size: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
    """% of the loop's output, up and down."""
    within: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """How far the value may leave its setpoint, in its unit."""
    longest_hours: Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)]
    goes_on: bool = False
    """It is under way and may go on: begins none."""


@dataclass(frozen=True, slots=True)
class TrialShape:
    """A trial, under way (`ended` is empty) or over."""

    loop: str
    form: Literal["steps", "relay"]
    by: str
    begun: float
    ended: str
    """`done`, or why it ended before: `alarm`, `beaten`, `value_low`, …"""
    ended_at: float | None
    beaten_by: str
    looks: int
    every_s: float
    outputs: list[float]
    """% of the loop."""
    values: list[float]


def trial_shape(loop: str, memory: TrialMemory, every_s: float) -> TrialShape:
    """As the API tells it."""
    return TrialShape(
        loop, memory.form, memory.by, milliseconds(memory.begun_s), memory.ended,
        milliseconds(memory.ended_s) if memory.ended else None, memory.beaten_by, len(memory.values), every_s,
        list(memory.outputs), list(memory.values),
    )  # fmt: skip


class ResetBody(BaseModel):
    """A reset of a latch. Sent again with the same id it resets nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]


class EntryBody(BaseModel):
    """A value that a person enters, or withdraws. Sent again with the same id it is entered once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    tag: Annotated[str, Field(max_length=100)]
    value: float | Annotated[str, Field(max_length=500)] | None
    """A number, or a text of one, with its unit if it likes: `0.4 mg/L`; a text where the tag is one. None withdraws
    what `corrects` names, and `note` says why."""
    unit: Annotated[str, Field(max_length=40)] = ""
    """Empty: the tag's."""
    time: Annotated[str, Field(max_length=40)] | float | None = None
    """Of sampling: ISO 8601 (local time if it names no other), HH:MM, or milliseconds; left out, now."""
    who: Annotated[str, Field(max_length=100)] = ""
    """Who sampled it; left out, who is signed in."""
    method: Annotated[str, Field(max_length=100)] = ""
    note: Annotated[str, Field(max_length=500)] = ""
    corrects: Annotated[str, Field(max_length=64)] = ""
    """Id of the entry that this one puts right."""


@dataclass(frozen=True, slots=True)
class EntryShape:
    """A value that was entered, in the tag's unit."""

    id: str
    tag: str
    value: float | str | None
    """None: a withdrawal."""
    unit: str
    given: str
    """As it was written."""
    time: float
    """Of sampling."""
    who: str
    method: str
    note: str
    corrects: str | None
    corrected_by: str | None
    entered: float
    entered_by: str
    book_only: bool
    """It puts right what is too long ago for soft sensors to go back to: the book alone is changed."""


@dataclass(frozen=True, slots=True)
class EntriesShape:
    entries: list[EntryShape]
    """The last one entered first."""
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


@dataclass(frozen=True, slots=True)
class NoticeShape:
    """What a rule said to people."""

    id: str
    rule: str
    time: float
    text: dict[str, str]
    """By language."""
    to: list[str]
    """Empty: everybody."""


@dataclass(frozen=True, slots=True)
class NoticesShape:
    notices: list[NoticeShape]
    """The last one first."""
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


@dataclass(frozen=True, slots=True)
class ResetShape:
    """What was reset."""

    name: str


def milliseconds(time_s: float) -> float:
    return round(time_s * 1000.0)


def reading_shape(reading: Reading) -> ReadingShape:
    last = reading.value if reading.reason is Reason.STALE and reading.quality is Quality.BAD else None
    return ReadingShape(
        reading.usable,
        _QUALITY[reading.quality],
        reading.reason.value if reading.reason else None,
        milliseconds(reading.time_s),
        last,
    )


def order_shape(order: Order) -> OrderShape:
    return OrderShape(order.value, order.slot.name.lower(), order.owner, because_shape(order.because))


def entry_shape(entry: Entry, corrected_by: str | None = None) -> EntryShape:
    return EntryShape(
        entry.id, entry.tag, entry.value, entry.unit, entry.given, milliseconds(entry.time_s), entry.who, entry.method,
        entry.note, entry.corrects or None, corrected_by, milliseconds(entry.entered_s), entry.entered_by,
        entry.book_only,
    )  # fmt: skip


def notice_shape(notice: Notice) -> NoticeShape:
    return NoticeShape(notice.id, notice.rule, milliseconds(notice.time_s), notice.text, list(notice.to))


def because_shape(because: Because) -> BecauseShape:
    return BecauseShape(because.key, dict(because.values))


def setpoint_shape(now: SetpointNow) -> SetpointNowShape:
    return SetpointNowShape(now.value, now.target, now.low, now.high, now.unit, now.settable, now.by)


def alarm_shapes(alarms: Sequence[AlarmNow], flood: bool = False) -> list[AlarmNowShape]:
    urgent = shown_in_flood(alarms) if flood else {one.id for one in alarms}
    return [_alarm_shape(one, one.id in urgent and one.state not in ASIDE) for one in alarms]


def _alarm_shape(now: AlarmNow, shown: bool) -> AlarmNowShape:
    kind, _, subject = now.id.rpartition(":")
    facility = subject.partition(".")[0]
    values, until = dict(now.values), milliseconds(now.until_s) if now.until_s else None
    return AlarmNowShape(
        now.id, kind or "site", facility, now.priority, now.active, milliseconds(now.since_s), values, now.state,
        now.activation, now.acknowledged_by, now.parent, now.first_out, until, shown,
    )  # fmt: skip


def state_shape(farm: Farm) -> StateShape:
    return StateShape(
        milliseconds(farm.now()),
        milliseconds(farm.scanned()),
        {name: reading_shape(reading) for name, reading in farm.readings().items()},
        {name: order_shape(order) for name, order in farm.orders().items()},
        {name: setpoint_shape(setpoint) for name, setpoint in farm.setpoints().items()},
        alarm_shapes(farm.alarms(), farm.alarms_flooded()),
    )


def devices_shape(
    now_s: float, devices: Mapping[str, Statistics], commissioned: Mapping[str, Standing]
) -> DevicesShape:
    return DevicesShape(
        milliseconds(now_s),
        {
            name: DeviceNowShape(
                one.online,
                one.polls,
                one.answered,
                one.writes,
                one.writes_failed,
                dict(one.failures),
                one.last_error,
                None if one.last_seen_s is None else milliseconds(one.last_seen_s),
                one.latency_s * 1000.0,
                one.watchdog,
                commissioned.get(name, "not needed"),
            )
            for name, one in devices.items()
        },
    )


def pen_shape(points: Iterable[tuple[float, float | None]]) -> PenShape:
    times: list[float] = []
    values: list[float | None] = []
    for time_s, value in points:
        times.append(milliseconds(time_s))
        values.append(value)
    return PenShape(times, values)


_QUALITY: dict[Quality, Literal["bad", "uncertain", "substituted", "good"]] = {
    Quality.BAD: "bad",
    Quality.UNCERTAIN: "uncertain",
    Quality.SUBSTITUTED: "substituted",
    Quality.GOOD: "good",
}
