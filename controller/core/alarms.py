"""Alarms as people are told of them: every condition that stands goes through the table of ISA-18.2, once a scan.

Pure: memories and what is raised in, memories, alarms and events out. control.md 3.7 is the specification.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from controller.core.alarm_table import Happening, State, after
from controller.core.words import AlarmNow, AlarmWish, Event, Priority

PRIORITIES: Final[tuple[Priority, ...]] = ("critical", "high", "medium", "low")
"""The most urgent first."""
CHATTER_S, CHATTER_TIMES = 60.0, 3
"""So often in so long is chatter (control.md 3.7) …"""
CHATTER_SHELVED_S = 600.0
"""… and is shelved for so long, unless it is critical."""
FLOOD_S, FLOOD_TIMES = 600.0, 10
SHELVED_AT_MOST_S: Final[dict[Priority, float]] = {"critical": 0.0, "high": 3600.0, "medium": 28800.0, "low": 28800.0}
OUT_AT_MOST_S: Final[dict[Priority, float]] = {
    "critical": 28800.0, "high": 7 * 86400.0, "medium": 30 * 86400.0, "low": 30 * 86400.0
}  # fmt: skip
"""Out of service ends by itself, too: what protects fish and crop within a shift."""
ASIDE: Final[frozenset[State]] = frozenset({"suppressed", "shelved", "out_of_service"})
"""Nobody is asked for anything: another alarm explains it, or somebody set it aside."""
RELEASED_AFTER_S = 2.0
"""Beyond its own off-delay, what another one explained has so long to go with it."""
SETTLES_S = 60.0
"""After a start values have so long to be heard again before an alarm that stood is taken for gone."""
_REMEMBERED_TIMES = 20


class Remembered(NamedTuple):
    """What is kept of one alarm, over restarts. It stays when the alarm is normal: its activations go on counting."""

    state: State = "normal"
    activation: int = 0
    since_s: float = 0.0
    priority: Priority = "low"
    """As it was told last."""
    acknowledged_by: str = ""
    acknowledged_s: float = 0.0
    parent: str = ""
    unexplained_s: float = -1.0
    """Since when nothing explains what is suppressed."""
    first_out: bool = False
    until_s: float = 0.0
    """Of what is shelved or out of service."""
    by: str = ""
    reason: str = ""
    settled_s: float = 0.0
    """It is not taken for gone before."""
    recent: tuple[float, ...] = ()
    """When it came within the last ten minutes."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a site says of one of its alarms, beside its condition."""

    priority: Priority = "low"
    latch: bool = False
    off_s: float = 0.0
    group: str = ""


class Explained(NamedTuple):
    """What explains an alarm."""

    parent: str
    lends: bool
    """Whether the parent is as urgent as what it hides: where values are lost, nobody sees what they would say."""


@dataclass(slots=True)
class Stepped:
    """What a step made."""

    memories: Mapping[str, Remembered]
    alarms: tuple[AlarmNow, ...] = ()
    events: list[Event] = field(default_factory=list)


def resumed(memories: Mapping[str, Remembered], now_s: float) -> dict[str, Remembered]:
    """The memories after a start: what stood has a while to be seen again, so that it does not come as new."""
    return {
        name: one if one.state == "normal" else one._replace(settled_s=now_s + SETTLES_S)
        for name, one in memories.items()
    }


def standing(memories: Mapping[str, Remembered]) -> tuple[AlarmNow, ...]:
    """The alarms of memories alone: before the first scan."""
    return tuple(_told(name, one, None, None) for name, one in memories.items() if one.state != "normal")


def flooded(memories: Mapping[str, Remembered], now_s: float) -> bool:
    """Whether more alarms came within ten minutes than a person can answer."""
    return sum(now_s - at_s < FLOOD_S for one in memories.values() for at_s in one.recent) >= FLOOD_TIMES


def shown_in_flood(alarms: Iterable[AlarmNow]) -> set[str]:
    """In a flood people see what is urgent, what came first, and what explains others."""
    alarms = list(alarms)
    parents = {one.parent for one in alarms}
    return {one.id for one in alarms if one.priority in ("critical", "high") or one.first_out or one.id in parents}


def step(
    rows: Mapping[str, Row],
    memories: Mapping[str, Remembered],
    before: Sequence[AlarmNow],
    raised: Iterable[AlarmNow],
    explained: Mapping[str, Explained],
    wishes: Sequence[AlarmWish],
    now_s: float,
) -> Stepped:
    """One scan. `before` is what the last step told: all that is not normal. `explained` is by alarm that is raised."""
    now = {one.id: one for one in raised}
    if not now and not before and not wishes:
        return Stepped(memories)
    for one in before:
        if one.state == "shelved" and one.id in memories and memories[one.id].reason == "chatter":
            subject = one.id.rpartition(":")[2]
            now[f"chatter:{subject}"] = AlarmNow(f"chatter:{subject}", "low", True, one.since_s, {"alarm": one.id})
    for_a_person = {one.id for one in before if "reset" in one.values}
    turn = _Turn(rows, dict(memories), now, _urgent(now, explained), for_a_person, now_s)
    told_before = {one.id: one for one in before}
    for wish in wishes:
        turn.hear(wish, told_before)
    alarms: list[AlarmNow] = []
    for name in dict.fromkeys((*told_before, *now, *(wish.subject for wish in wishes if wish.subject in memories))):
        turn.look(name, explained.get(name))
        memory = turn.memories.get(name)
        if memory is not None and memory.state != "normal":
            alarms.append(_told(name, memory, now.get(name), told_before.get(name)))
    return Stepped(turn.memories, tuple(alarms), turn.events)


def _urgent(now: Mapping[str, AlarmNow], explained: Mapping[str, Explained]) -> dict[str, Priority]:
    """By alarm, its priority: no less than that of what it hides."""
    found = {name: one.priority for name, one in now.items()}
    for first in explained:
        child, why = first, explained.get(first)
        seen = {child}
        while why is not None and why.lends and why.parent in found and why.parent not in seen:
            seen.add(why.parent)
            if PRIORITIES.index(found[child]) < PRIORITIES.index(found[why.parent]):
                found[why.parent] = found[child]
            child = why.parent
            why = explained.get(child)
    return found


class _Turn:
    """One step in the making."""

    def __init__(
        self, rows: Mapping[str, Row], memories: dict[str, Remembered], now: Mapping[str, AlarmNow],
        urgent: Mapping[str, Priority], for_a_person: Collection[str], now_s: float,
    ) -> None:  # fmt: skip
        self.rows, self.memories, self.now, self.urgent, self.now_s = rows, memories, now, urgent, now_s
        self.for_a_person = for_a_person
        self.events: list[Event] = []

    # --- conditions

    def look(self, name: str, why: Explained | None) -> None:
        """What the scan found of one alarm."""
        memory = self.memories.get(name, Remembered())
        if memory.state in ("shelved", "out_of_service"):
            is_over = self.now_s >= memory.until_s
            if not is_over and not (memory.state == "shelved" and self.urgent.get(name) == "critical"):
                return
            self.happens(name, "unshelve" if memory.state == "shelved" else "put_back", until_s=0.0, reason="", by="")
        if name in self.now:
            self._there(name, why)
        elif self.now_s >= memory.settled_s:
            row = self.rows.get(name)
            if name in self.for_a_person and memory.state == "unacknowledged":  # who ended it has seen it
                self.happens(name, "acknowledge")
            self.happens(name, "clear_latching" if row is not None and row.latch else "clear")

    def _there(self, name: str, why: Explained | None) -> None:
        memory = self.memories.get(name, Remembered())
        if memory.settled_s:  # seen again after a start
            memory = self.memories[name] = memory._replace(settled_s=0.0)
        if why is not None and why.parent in self.now:
            self.happens(name, "suppress", parent=why.parent, unexplained_s=-1.0, priority=self.urgent[name])
            return
        if memory.state == "suppressed":
            if memory.unexplained_s < 0.0:
                memory = self.memories[name] = memory._replace(unexplained_s=self.now_s)
            off_s = self.rows[name].off_s if name in self.rows else 0.0
            if self.now_s - memory.unexplained_s < off_s + RELEASED_AFTER_S:
                return
            self.happens(name, "release", parent="", unexplained_s=-1.0)
        if after(self.memories.get(name, Remembered()).state, "raise") != self.memories.get(name, Remembered()).state:
            self._comes(name)
        elif self.urgent[name] != memory.priority:
            worse = PRIORITIES.index(self.urgent[name]) < PRIORITIES.index(memory.priority)
            if worse:
                self.happens(name, "worsen", priority=self.urgent[name], acknowledged_by="", acknowledged_s=0.0)
            self.memories[name] = self.memories[name]._replace(priority=self.urgent[name])

    def _comes(self, name: str) -> None:
        memory = self.memories.get(name, Remembered())
        now_s, priority = self.now_s, self.urgent[name]
        recent = (*(at_s for at_s in memory.recent if now_s - at_s < FLOOD_S), now_s)[-_REMEMBERED_TIMES:]
        self.happens(
            name, "raise", activation=memory.activation + 1, since_s=self.now[name].since_s, priority=priority,
            acknowledged_by="", acknowledged_s=0.0, recent=recent, first_out=self._is_first(name),
        )  # fmt: skip
        often = sum(now_s - at_s < CHATTER_S for at_s in recent) >= CHATTER_TIMES
        if often and priority != "critical":
            self.happens(name, "shelve", until_s=now_s + CHATTER_SHELVED_S, reason="chatter")

    def _is_first(self, name: str) -> bool:
        """Of its group: no other of it stands."""
        group = self.rows[name].group if name in self.rows else ""
        return bool(group) and all(
            other == name or self.rows[other].group != group or self.memories[other].state in ("normal", "returned")
            for other in self.rows.keys() & self.memories.keys()
        )

    def happens(self, name: str, happening: Happening, by: str | None = None, **what: Any) -> bool:
        """Move an alarm by the table; False, and nothing changed, where its state knows no such thing."""
        memory = self.memories.get(name, Remembered())
        state = after(memory.state, happening)
        if state == memory.state:
            return False
        if by is not None:
            what["by"] = by
        if memory.state == "normal":
            what.setdefault("since_s", self.now[name].since_s if name in self.now else self.now_s)
        new = memory._replace(state=state, **what)
        self.memories[name] = new
        told = {"event": happening, "from": memory.state, "to": state, "priority": new.priority,
                "activation": new.activation, "by": by or "", "reason": new.reason, "parent": new.parent,
                "since": new.since_s, "until": new.until_s,
                "acknowledged_by": new.acknowledged_by, "acknowledged": new.acknowledged_s}  # fmt: skip
        self.events.append(Event(self.now_s, "alarm", name, told))
        return True

    # --- people

    def hear(self, wish: AlarmWish, before: Mapping[str, AlarmNow]) -> None:
        """Do what a person wants, and answer by an event with the wish's id."""
        why = self._refusal(wish, before)
        said: dict[str, object] = {"id": wish.id, "by": wish.by, "reason": wish.reason}
        stood = self.memories.get(wish.subject, Remembered()).state
        if why:
            self.events.append(Event(self.now_s, "refused", wish.subject, {**said, **why}))
            return
        if wish.action == "acknowledge":
            names = [one.id for one in before.values() if _concerns(wish, one.id)]
            said["count"] = sum([
                self.happens(name, "acknowledge", wish.by, acknowledged_by=wish.by, acknowledged_s=self.now_s)
                or self._seen(name, wish.by)
                for name in names
            ])  # fmt: skip
        elif wish.action in ("shelve", "take_out"):
            self.happens(wish.subject, wish.action, wish.by, until_s=wish.until_s, reason=wish.reason)
            said["until"] = wish.until_s
        elif wish.action == "reset":
            self.happens(wish.subject, "reset", wish.by, acknowledged_by=wish.by, acknowledged_s=self.now_s)
        else:
            self.happens(wish.subject, wish.action, wish.by, until_s=0.0, reason="")
        if wish.scope == "one":
            said |= {"before": stood, "after": self.memories.get(wish.subject, Remembered()).state}
        self.events.append(Event(self.now_s, f"alarm_{wish.action}", wish.subject, said))

    def _seen(self, name: str, by: str) -> bool:
        """A latched alarm waits for its reset; that somebody has seen it is noted. Seen again, what still stands is
        seen anew: whoever was woken once more may go back to sleep."""
        memory = self.memories[name]
        if memory.state != "acknowledged" and (memory.state != "latched" or memory.acknowledged_by):
            return False
        self.memories[name] = memory._replace(acknowledged_by=by, acknowledged_s=self.now_s)
        return True

    def _refusal(self, wish: AlarmWish, before: Mapping[str, AlarmNow]) -> dict[str, object]:
        """Why not; empty if it may be."""
        if wish.action == "acknowledge" and wish.scope != "one":
            return {}
        if wish.subject not in before and (wish.action == "acknowledge" or wish.subject not in self.rows):
            return {"why": "alarm_unknown", "alarm": wish.subject}
        if wish.action not in ("shelve", "take_out"):
            return {}
        if not wish.reason.strip():
            return {"why": "alarm_reason"}
        priority = self._priority(wish.subject)
        most_s = (SHELVED_AT_MOST_S if wish.action == "shelve" else OUT_AT_MOST_S)[priority]
        if most_s == 0.0:
            return {"why": "alarm_critical", "alarm": wish.subject}
        if not self.now_s < wish.until_s <= self.now_s + most_s + 1.0:
            return {"why": "alarm_too_long", "hours": f"{most_s / 3600.0:g}"}
        return {}

    def _priority(self, name: str) -> Priority:
        """The more urgent of what it is now and what the site says."""
        known = [self.urgent.get(name), self.rows[name].priority if name in self.rows else None]
        known.append(self.memories[name].priority if name in self.memories else None)
        return min((one for one in known if one is not None), key=PRIORITIES.index)


def _concerns(wish: AlarmWish, name: str) -> bool:
    if wish.scope == "facility":
        return name.rpartition(":")[2].partition(".")[0] == wish.subject
    return wish.scope == "all" or name == wish.subject


def _told(name: str, memory: Remembered, now: AlarmNow | None, before: AlarmNow | None) -> AlarmNow:
    values = now.values if now is not None else before.values if before is not None else {}
    assert memory.state != "normal"
    active = now is not None or memory.state in ("unacknowledged", "acknowledged", "suppressed")  # not looked at yet
    told = AlarmNow(
        name, memory.priority, active, memory.since_s, values, memory.state, memory.activation,
        memory.acknowledged_by, memory.acknowledged_s, memory.parent if memory.state == "suppressed" else "",
        memory.first_out, memory.until_s,
    )  # fmt: skip
    return before if before == told else told
