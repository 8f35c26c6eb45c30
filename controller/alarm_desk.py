"""Where the agent keeps its alarms: the journal of all of them, and the table of those that are its own.

The core keeps its alarms in its state; what is wrong with the agent itself (disk, database, messages, watchdogs) the
core cannot know, and goes through the same table here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.alarm_journal import AlarmChange, AlarmJournal, change_of, remembered
from controller.core.alarms import Remembered, flooded, resumed, standing, step
from controller.core.state import State, written_s
from controller.core.words import AlarmNow, AlarmWish, Event

OWN = ("history.", "agent.", "notify.", "watchdog:", "uncommissioned:")
"""How the ids of the agent's own alarms begin."""


@dataclass(slots=True)
class AlarmDesk:
    """Of one agent. `see` once a scan; `write` now and then, in a thread."""

    directory: Path
    now_s: float
    journal: AlarmJournal = field(init=False)
    own: tuple[AlarmNow, ...] = field(init=False)
    _memories: Mapping[str, Remembered] = field(init=False)
    _last: dict[str, AlarmChange] = field(init=False)
    _wishes: list[AlarmWish] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = AlarmJournal(self.directory)
        self._last = self.journal.last_changes(self.now_s)
        self._memories, self.own = {}, ()

    def caught_up(self, kept: dict[str, Any] | None) -> dict[str, Any] | None:
        """A kept state with what changed of its alarms after it was written: a crash undoes no acknowledgement."""
        since_s = written_s(kept)
        known = kept.get("alarms") if kept is not None else None
        if kept is None or not isinstance(known, dict):
            return kept
        newer = {name: one for name, one in self._last.items() if one.time_s > since_s and not _is_own(name)}
        return {**kept, "alarms": {**known, **{name: _plain(remembered(one)) for name, one in newer.items()}}}

    def resume(self) -> None:
        """Take up the agent's own alarms as they stood."""
        kept = {name: remembered(one) for name, one in self._last.items() if _is_own(name)}
        self._memories = resumed(kept, self.now_s)
        self.own = standing(self._memories)
        self._last = {}

    def see(self, events: Sequence[Event], raised: Sequence[AlarmNow], now_s: float) -> tuple[Event, ...]:
        """One scan's events, and what of the agent itself stands. Gives the events of its own alarms."""
        wishes, self._wishes = self._wishes, []
        stepped = step({}, self._memories, self.own, raised, {}, wishes, now_s)
        self._memories, self.own = stepped.memories, stepped.alarms
        changes = [change_of(event) for event in (*events, *stepped.events) if event.kind == "alarm"]
        if changes:
            self.journal.note(changes)
        return tuple(stepped.events)

    def takes(self, wish: AlarmWish) -> bool:
        """Whether a wish is for an alarm of the agent's own; then it is heard in the next scan."""
        is_own = wish.scope == "one" and any(one.id == wish.subject for one in self.own)
        if is_own or (wish.scope == "all" and self.own):
            self._wishes.append(wish)
        return is_own

    def is_flooded(self, state: State) -> bool:
        """Whether more alarms came than a person can answer."""
        return flooded({**state.alarm_memory, **self._memories}, state.at_s)


def _is_own(name: str) -> bool:
    return name.startswith(OWN)


def _plain(memory: Remembered) -> list[Any]:
    return [list(one) if isinstance(one, tuple) else one for one in memory]
