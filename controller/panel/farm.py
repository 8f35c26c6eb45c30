"""All that the panel may ask of the agent, and ask it to do. The panel knows nothing else."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from controller.alarm_journal import AlarmChange
from controller.commissioning import Standing
from controller.core.calibrating import Points, ProbeNow
from controller.core.state import Given, Mark
from controller.core.trials import TrialMemory
from controller.core.words import (
    AlarmNow,
    AlarmWish,
    Because,
    Bypass,
    Calibrate,
    Dose,
    EmergencyStop,
    LockOut,
    LockOutEnd,
    Maintain,
    MaintainEnd,
    Order,
    Override,
    ProofTest,
    RuleSwitch,
    Trial,
)
from controller.entries import Entry, Wish
from controller.first_outs import FirstOutRecord
from controller.history.aggregate import Slot
from controller.history.bands import Band
from controller.history.logbook import Line, Note, Search
from controller.notices import Notice
from controller.notify.queue import Receipt
from controller.panel.automation import RulesShape, SequencesShape
from controller.panel.interlock_shapes import InterlocksShape
from controller.panel.recipes import RecipeBody, RecipesShape
from controller.panel.schedule_shapes import ScheduleShape
from controller.planned import Plan
from controller.rule_replay import Replay
from controller.why.shape import Explanation
from drivers.driver import Statistics
from edge_config.model.site import Site
from foundation.reading import Reading
from foundation.tag import Tag


@dataclass(frozen=True, slots=True)
class SetpointNow:
    """A setpoint as it stands: where the program wants it, where ramp and influences have it, what may be set."""

    name: str
    unit: str
    value: float
    target: float
    """What was set (or the program's period asks for), before ramp and influences."""
    low: float
    high: float
    settable: bool
    """False for a cascade's inner setpoint and a light program."""
    by: str
    """`program`, or the person who set it."""


@dataclass(frozen=True, slots=True)
class SirenNow:
    """The siren as it stands."""

    output: str
    sounds: bool
    silent_until_s: float
    """Until when a person silenced what sounded; 0: nobody did."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change was not made: a message key `refused.KEY` and its values."""

    because: Because


@dataclass(frozen=True, slots=True)
class LinkedAlarms:
    """What a link in a message shows: whom it was sent to, those of its alarms that stand, whether it was used."""

    person: str
    alarms: tuple[AlarmNow, ...]
    used: bool


class Farm(Protocol):
    """The running agent, as the panel sees it."""

    site: Site
    tags: Mapping[str, Tag]

    def now(self) -> float:
        """Farm time."""
        ...

    def scanned(self) -> float:
        """Farm time of the last scan: what is shown is as old as that, whatever the server says of it."""
        ...

    def readings(self) -> Mapping[str, Reading]:
        """Every tag's present reading, aged: a stale one is BAD here already."""
        ...

    def orders(self) -> Mapping[str, Order]:
        """What each output is told, by whom and why."""
        ...

    def setpoints(self) -> Mapping[str, SetpointNow]: ...

    def alarms(self) -> Sequence[AlarmNow]:
        """All that is not normal."""
        ...

    def alarms_flooded(self) -> bool:
        """Whether more came within ten minutes than a person can answer."""
        ...

    async def alarm(self, wish: AlarmWish) -> Refusal | None:
        """Acknowledge or set aside; None once a scan has done it. `until_s` of the wish is from now on."""
        ...

    def alarm_changes(self, from_s: float, to_s: float) -> Iterable[AlarmChange]:
        """The journal between two moments: reads files, in a thread."""
        ...

    def devices(self) -> Mapping[str, Statistics]: ...

    def buses(self) -> Mapping[str, bool]:
        """Which are connected."""
        ...

    def commissioned(self) -> Mapping[str, Standing]:
        """How every device stands: whether it was seen to go safe by itself (`controller/commissioning.py`)."""
        ...

    async def past(
        self, tags: Sequence[str], from_s: float, to_s: float
    ) -> Mapping[str, Sequence[tuple[float, float | None]]]:
        """Of each tag between two moments: farm time and value, None where it was not good."""
        ...

    async def hours(self, names: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Slot]]:
        """Of each tag the hours between two moments, as `history.db` has them, in order."""
        ...

    async def bands(self, tags: Sequence[str], from_s: float, to_s: float) -> tuple[float, Mapping[str, Band]]:
        """How long a stretch is, s (0: points as they came), and each tag's band between two moments."""
        ...

    async def set_setpoint(self, change_id: str, name: str, value: float, by: str) -> SetpointNow | Refusal:
        """Returns once a scan has taken it (or refused). The same `change_id` twice changes once."""
        ...

    async def reset(self, change_id: str, name: str, by: str) -> Refusal | None:
        """Reset a latched interlock or a locked dosing loop; None once a scan has done it. The same id resets once."""
        ...

    async def lay(
        self, wish: Override | EmergencyStop | LockOut | LockOutEnd | Maintain | MaintainEnd | Dose
    ) -> Refusal | None:
        """A person lays a hand on an output, a facility or a probe, takes it off, or doses; None once it is done."""
        ...

    def interlocks(self) -> InterlocksShape:
        """How each interlock stands."""
        ...

    async def interlock(self, wish: Bypass | ProofTest) -> Refusal | None:
        """A person bypasses an interlock, or has tried it; None once a scan has taken it."""
        ...

    async def first_outs(self, most: int) -> Sequence[FirstOutRecord]:
        """The newest trips of groups of interlocks, the last one first."""
        ...

    def marks(self) -> Mapping[str, Mark]:
        """What people have laid on, as it stands."""
        ...

    def probes(self) -> Mapping[str, ProbeNow]:
        """The probes that can be calibrated, as they stand."""
        ...

    def judged(self, wish: Calibrate) -> Points | Because:
        """The points that would stand, or why they cannot. Changes nothing."""
        ...

    async def calibrate(self, wish: Calibrate) -> Refusal | None:
        """A person has held a probe against what is true; None once that stands."""
        ...

    def doses(self) -> Mapping[str, Given]:
        """Doses of the last day that people asked for, by id."""
        ...

    async def begin_trial(self, wish: Trial) -> Refusal | None:
        """Let a loop's output be moved, or say that a trial is to go on; None once a scan has taken it."""
        ...

    async def end_trial(self, change_id: str, loop: str, by: str) -> Refusal | None: ...

    def trial(self, loop: str) -> TrialMemory | None:
        """The loop's last trial, under way or over; None if there was none."""
        ...

    def trial_every_s(self, loop: str) -> float:
        """From look to look. Raises KeyError for what is no loop that can be tried."""
        ...

    def recipes(self) -> RecipesShape:
        """What recipes there are, and how those that run stand."""
        ...

    async def recipe(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        """Start, move, edit or stop the recipe of a zone; None once a scan has done it. The same id does it once."""
        ...

    async def plan_recipe(self, plan: Plan) -> Refusal | None:
        """Keep a change of a recipe for its moment; None once it is on the disk. The same id is kept once."""
        ...

    async def take_back_recipe(self, change_id: str, plan_id: str, by: str) -> Refusal | None:
        """Take a planned change back; None once that is on the disk."""
        ...

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        """A zone's setpoints in the next 24 hours, and what a change of its recipe would make of them; or why that
        would be refused. Changes nothing, and tells nothing of what is past."""
        ...

    def rules(self) -> RulesShape:
        """How each rule stands, and what it did today."""
        ...

    async def switch_rule(self, wish: RuleSwitch) -> Refusal | None:
        """A person switches a rule off for a time, or on again; None once that stands and is on the disk."""
        ...

    def begin_rule_replay(self, by: str) -> Refusal | None:
        """Play the record of the last day to the rules, in the background; while one runs it is that one."""
        ...

    def rule_replay(self) -> Replay:
        """How the last one stands, and what it found."""
        ...

    def sequences(self) -> SequencesShape: ...

    async def sequence(self, change_id: str, name: str, action: Literal["start", "abort"], by: str) -> Refusal | None:
        """Start a sequence, or abort it; None once a scan has done it. The same id does it once."""
        ...

    async def explain(self, output: str, at_s: float | None) -> Explanation:
        """Why an output stands as it does, or stood at a moment of the last day. Raises NotRecordedError."""
        ...

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        """Enter a person's value; returns once it is on the disk. The same id twice is entered once."""
        ...

    def entered(self, tag: str | None, most: int) -> Sequence[tuple[Entry, str | None]]:
        """The newest of what was entered, the last first, each with the id of what corrected it."""
        ...

    async def note(self, note: Note, seen: str = "") -> Note | Because:
        """Keep a note in the logbook; returns once it is on the disk. The same id twice is kept once. `seen` as in
        `Logbook.keep`."""
        ...

    async def keep_photo(self, data: bytes) -> str | Because:
        """Keep a photo for a note that is to come; its name once it is on the disk."""
        ...

    async def photo(self, name: str) -> bytes | None:
        """A photo that was kept; None where there is none of this name."""
        ...

    async def logbook(self, search: Search) -> Sequence[Line]:
        """The newest notes and deeds that are wanted, the last one first."""
        ...

    def notices(self, most: int) -> Sequence[Notice]:
        """The newest of what rules said to people, the last first."""
        ...

    def receipts(self, most: int) -> Sequence[Receipt]:
        """The newest messages to people, and what became of each by each channel."""
        ...

    def send_test(self, to: str) -> Sequence[str]:
        """A test message to a person or to `all`; the people it goes to."""
        ...

    def siren(self) -> SirenNow | None:
        """How the siren stands; None where the site has none."""
        ...

    async def silence(self, change_id: str, by: str) -> Refusal | None:
        """Silence the siren for a while; None once a scan has done it."""
        ...

    def linked(self, token: str) -> LinkedAlarms | None:
        """What a message's link shows; None if its token is none or has run out. Changes nothing."""
        ...

    async def acknowledge_by_link(self, token: str) -> LinkedAlarms | None:
        """Acknowledges what the link shows, once; None if the token is no good (any more)."""
        ...

    def changes(self) -> AsyncIterator[Mapping[str, Reading]]:
        """Batches of changed readings (outputs and setpoints among them), at most ten a second."""
        ...
