"""The words of the core: what a scan is told, what is wanted of an actuator, what it is told, what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, NamedTuple

from foundation.reading import Reading, Value


class Slot(IntEnum):
    """Who may speak, the lowest number first (control.md 3.2)."""

    LIFE_SAFETY = 1
    LOCK_OUT = 2
    TRIP = 3
    TIMER = 4
    MANUAL = 5
    SEQUENCE = 6
    RULE = 7
    LOOP = 8
    REMOTE = 9
    IDLE = 10


class Because(NamedTuple):
    """A reason in words: a message key (`why.KEY` in the locales) and what fills its places."""

    key: str
    values: Mapping[str, object] = {}


class Demand(NamedTuple):
    """What somebody wants of an output. It dies at `expires_s` unless it is made again."""

    output: str
    value: float
    """0 to 100 %; of a pulse output, the seconds still to run (above 0 is on)."""
    slot: Slot
    owner: str
    """The loop, rule, interlock or person."""
    because: Because
    expires_s: float
    rank: int = 0
    """Among demands of one slot the lower goes first."""
    bound: Literal["at", "at_least", "at_most"] = "at"
    """A limit moves what a weaker or equal slot wants, and wants nothing itself."""


class Order(NamedTuple):
    """What the arbiter and the interlocks made of the demands for one output: what it is told."""

    output: str
    value: float
    """0 to 100 %, within every bound."""
    slot: Slot
    owner: str
    because: Because
    expires_s: float


class Command(NamedTuple):
    """What goes on the wire: one device tag, one value, good until `expires_s`."""

    tag: str
    value: Value
    output: str
    expires_s: float


class SetpointChange(NamedTuple):
    """A person (or a program of theirs) sets a setpoint."""

    id: str
    setpoint: str
    value: float
    by: str
    time_s: float


class Override(NamedTuple):
    """A person takes an output by hand until `expires_s` (or gives it back: value None)."""

    id: str
    output: str
    value: float | None
    by: str
    expires_s: float


class Reset(NamedTuple):
    """A person resets a latched interlock or a locked dosing loop."""

    id: str
    subject: str
    by: str
    time_s: float


class RuleSwitch(NamedTuple):
    """A person switches a rule off for so long, and says why; 0 s switches it on again."""

    id: str
    rule: str
    seconds: float
    reason: str
    by: str
    time_s: float


class SequenceWish(NamedTuple):
    """A person starts a sequence, or aborts the one that runs."""

    id: str
    sequence: str
    action: Literal["start", "abort"]
    by: str
    time_s: float


class Trial(NamedTuple):
    """A person lets a loop's output be moved, to see what it does to the value."""

    id: str
    loop: str
    form: Literal["steps", "relay"]
    size: float
    """% of the output, up and down."""
    within: float
    """How far the value may leave its setpoint, in its unit."""
    longest_s: float
    by: str
    time_s: float
    goes_on: bool = False
    """It is told again that it may go on, and begins nothing."""


class TrialEnd(NamedTuple):
    """A person ends a trial."""

    id: str
    loop: str
    by: str
    time_s: float


class RecipeStart(NamedTuple):
    """A person starts a recipe in a zone, as of a moment that may be past; another one that runs there ends."""

    id: str
    zone: str
    """`facility.zone`."""
    recipe: str
    begun_s: float
    by: str
    time_s: float


class RecipeStage(NamedTuple):
    """A person puts a running recipe into a stage, from now on."""

    id: str
    zone: str
    stage: int
    by: str
    time_s: float


class RecipeEdit(NamedTuple):
    """A person changes the present stage of a running recipe, or one that is to come."""

    id: str
    zone: str
    stage: int
    setpoint: str
    """The full name, or empty for the stage's days."""
    period: int
    """Its number from 0; -1 for a setpoint's one value."""
    value: float
    by: str
    time_s: float


class RecipeStop(NamedTuple):
    """A person ends a recipe: setpoints stay where they are until their programs move them."""

    id: str
    zone: str
    by: str
    time_s: float


class Bypass(NamedTuple):
    """A person puts an interlock out of work for so long; 0 s ends it."""

    id: str
    interlock: str
    seconds: float
    by: str
    time_s: float


class ProofTest(NamedTuple):
    """A person has tried whether an interlock acts."""

    id: str
    interlock: str
    passed: bool
    by: str
    time_s: float


class EmergencyStop(NamedTuple):
    """A person stops a facility: it stays stopped until somebody resets it (`Reset` of the facility)."""

    id: str
    facility: str
    by: str
    time_s: float


class LockOut(NamedTuple):
    """A person locks an output, or all outputs of a device, out: nothing starts it until the lock is taken off."""

    id: str
    subject: str
    by: str
    note: str
    """Why."""
    statement: str
    """What keeps animals or crop alive meanwhile: asked of whoever locks life support out."""
    time_s: float


class LockOutEnd(NamedTuple):
    """The person whose lock it is takes it off, or a supervisor does."""

    id: str
    subject: str
    by: str
    supervisor: bool
    time_s: float


class Maintain(NamedTuple):
    """A person cleans or calibrates a probe until `until_s`: what it says meanwhile is not of the plant."""

    id: str
    tag: str
    kind: Literal["cleaning", "calibration"]
    by: str
    until_s: float
    time_s: float


class MaintainEnd(NamedTuple):
    """The probe is back in its place."""

    id: str
    tag: str
    by: str
    time_s: float


class Calibrate(NamedTuple):
    """A person has held a probe against what is true; applied at once."""

    id: str
    tag: str
    points: tuple[tuple[float, float], ...]
    """(said, true) in the tag's unit, what temperature does taken out of `said`; none: as the site file has it."""
    keeps_slope: bool
    """One point that moves the zero of what stands, and leaves its slope."""
    method: str
    reference: str
    """What it was held against: a buffer and its lot, a meter and its certificate."""
    note: str
    by: str
    measured_s: float
    """When it was done: of one that is applied again, then."""
    time_s: float


class Dose(NamedTuple):
    """A person wants so much dosed: once by this id, and not any more from `expires_s` on."""

    id: str
    output: str
    """A dosing pump."""
    volume_l: float
    by: str
    time_s: float
    expires_s: float


class AlarmWish(NamedTuple):
    """A person has seen alarms, sets one aside for a time with a reason, or has it back."""

    id: str
    action: Literal["acknowledge", "shelve", "unshelve", "take_out", "put_back", "reset"]
    """`take_out`: of service, for maintenance."""
    subject: str
    """The alarm's id; of an acknowledgement that concerns more, the facility, or nothing."""
    by: str
    time_s: float
    scope: Literal["one", "facility", "all"] = "one"
    reason: str = ""
    until_s: float = 0.0


class Silence(NamedTuple):
    """A person silences the siren for a while. That acknowledges nothing, and the next alarm sounds at once."""

    id: str
    by: str
    time_s: float


Wish = (
    SetpointChange | Override | Reset | Trial | TrialEnd | RecipeStart | RecipeStage | RecipeEdit | RecipeStop
    | Bypass | ProofTest | EmergencyStop | LockOut | LockOutEnd | Maintain | MaintainEnd | AlarmWish
    | SequenceWish | Silence | Dose | Calibrate | RuleSwitch
)  # fmt: skip
"""What people want of the core."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one scan is told, in order of arrival."""

    readings: tuple[Reading, ...] = ()
    written: tuple[tuple[str, bool, str | None], ...] = ()
    """Results of writes: tag, whether it was confirmed, why not."""
    people: tuple[Wish, ...] = ()


class Event(NamedTuple):
    """Something that happened, for the record: `setpoint_changed`, `refused`, `trip`, `tag_bad`, `tag_back`, …"""

    time_s: float
    kind: str
    subject: str
    values: Mapping[str, object]


Priority = Literal["critical", "high", "medium", "low"]
"""How soon somebody must act: within 5 min, 30 min, 4 h, a day (control.md 3.7)."""
AlarmState = Literal[
    "unacknowledged", "acknowledged", "returned", "latched", "shelved", "suppressed", "out_of_service"
]  # fmt: skip
"""ISA-18.2 without `normal`, in which an alarm is not told. `returned`: its cause is gone, and nobody has seen it."""


@dataclass(frozen=True, slots=True)
class AlarmNow:
    """One alarm that is not normal. Whoever raises it says the first five; the rest is the alarm table's."""

    id: str
    """Its name in the site file, or `kind:subject` of what the controller raises by itself."""
    priority: Priority
    active: bool
    """Whether its cause is there."""
    since_s: float
    values: Mapping[str, object] = field(default_factory=dict)
    """What fills the places of its sentences; `damage_s` with `damage` is a time to damage."""
    state: AlarmState = "unacknowledged"
    activation: int = 0
    """Counts up each time that it comes, over restarts: what is told of one is not told twice."""
    acknowledged_by: str = ""
    acknowledged_s: float = 0.0
    parent: str = ""
    """The alarm that explains it, while it is suppressed."""
    first_out: bool = False
    """It was the first of its group."""
    until_s: float = 0.0
    """Of one that is shelved: until when."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What one scan made."""

    state: Any
    """The next state (`controller.core.state.State`)."""
    orders: Mapping[str, Order]
    """Every output's order, as it stands after this scan."""
    commands: tuple[Command, ...]
    """What to write now: changes, and renewals that are due."""
    changed: tuple[Reading, ...]
    """What is new in this scan for record and panel: conditioned and derived readings, setpoints, outputs."""
    events: tuple[Event, ...]
    alarms: tuple[AlarmNow, ...]
