"""Who is told of which alarm, and when the next one. Pure: alarms, what went out so far, and the time go in.

A chain begins when an alarm becomes active and ends when somebody acknowledges it or it goes. It begins anew when the
alarm comes again, and when a critical one still stands a while after it was acknowledged (control.md 3.7: what was
mended once and failed again in the night must wake somebody again).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from controller.core.words import AlarmNow
from edge_config.model.notify import Notify, Priority

GATHER_S = 3.0
"""An alarm waits so long for what follows from it, so that one message tells of both, the first one first."""
JUST_NOW_S = 60.0
"""Whoever heard of it by one step of the chain is not told by another within this."""
ALL = "all"


class Step(NamedTuple):
    """One step of a chain."""

    to: str
    after_s: float = 0.0
    repeat_s: float | None = None


USUAL: Mapping[Priority, tuple[Step, ...]] = {"critical": (Step(ALL, 0.0, 300.0),), "high": (Step(ALL),)}
"""The chains of a site that has people and says nothing else."""
_RANK: Mapping[str, int] = {"critical": 0, "high": 1, "medium": 2, "low": 3}


class Paged(NamedTuple):
    """What went out for one alarm."""

    activation: int
    began_s: float
    """When its chain began, or began anew."""
    sent_s: tuple[tuple[int, str, float], ...] = ()
    """Step, person, and when the step last reached for that person."""
    told: tuple[str, ...] = ()
    """Who has heard of it, in this chain or an earlier one."""

    def last_s(self, step: int, person: str) -> float | None:
        return next((sent_s for number, who, sent_s in self.sent_s if (number, who) == (step, person)), None)


class Page(NamedTuple):
    """One message to one person: alarms that stand, or alarms that are over, the first first."""

    person: str
    alarms: tuple[AlarmNow, ...]
    over: bool = False
    again: bool = False
    """Said before, and nobody has acknowledged it."""


class Escalation(NamedTuple):
    """The chains of a site."""

    people: tuple[str, ...]
    chains: Mapping[Priority, Sequence[Step]]
    again_s: float

    def turn(
        self,
        alarms: Iterable[AlarmNow],
        paged: Mapping[str, Paged],
        now_s: float,
        asleep: Callable[[str], bool],
    ) -> tuple[list[Page], dict[str, Paged]]:
        """What is to be said at farm time `now_s`, and what will have gone out then.

        `alarms` are all that are not normal; what is missing among them is over. Whoever is `asleep` is woken by
        critical alarms alone, and hears the rest after waking, if it still stands.
        """
        standing = {alarm.id: alarm for alarm in alarms}
        after: dict[str, Paged] = {}
        due: dict[str, list[AlarmNow]] = {}
        said_before: set[str] = set()
        for alarm in sorted(standing.values(), key=lambda one: (one.since_s, _RANK[one.priority], one.id)):
            began_s = self._began_s(alarm)
            before = paged.get(alarm.id)
            if began_s is None or began_s > now_s:
                # acknowledged, shelved, or over but not yet acknowledged: who was told stays known
                if before is not None:
                    after[alarm.id] = before
                continue
            memory = before or Paged(alarm.activation, began_s)
            if (memory.activation, memory.began_s) != (alarm.activation, began_s):
                memory = Paged(alarm.activation, began_s, told=memory.told)
            for number, person, step in self._steps(alarm):
                last_s = memory.last_s(number, person)
                if not _is_due(step, began_s, last_s, now_s) or (alarm.priority != "critical" and asleep(person)):
                    continue
                heard_s = max((sent_s for _, who, sent_s in memory.sent_s if who == person), default=-inf)
                if now_s - heard_s >= JUST_NOW_S:
                    if heard_s > -inf:
                        said_before.add(person)
                    due.setdefault(person, []).append(alarm)
                kept = tuple(one for one in memory.sent_s if one[:2] != (number, person))
                told = memory.told if person in memory.told else (*memory.told, person)
                memory = memory._replace(sent_s=(*kept, (number, person, now_s)), told=told)
            after[alarm.id] = memory
        pages = [Page(person, tuple(found), again=person in said_before) for person, found in due.items()]
        return pages + self._over(standing, paged, after, asleep), after

    def asks(self, alarm: AlarmNow, now_s: float) -> bool:
        """Whether it wants somebody now."""
        began_s = self._began_s(alarm)
        return began_s is not None and began_s <= now_s

    def _began_s(self, alarm: AlarmNow) -> float | None:
        """When the chain that is open for this alarm began; None if none is."""
        if not alarm.active:
            return None
        if alarm.state in ("unacknowledged", "latched") and not alarm.acknowledged_by:
            return alarm.since_s
        stands_on_s = alarm.acknowledged_s + self.again_s
        return stands_on_s if alarm.state == "acknowledged" and alarm.priority == "critical" else None

    def _steps(self, alarm: AlarmNow) -> Iterable[tuple[int, str, Step]]:
        for number, step in enumerate(self.chains.get(alarm.priority, ())):
            for person in self.people if step.to == ALL else (step.to,):
                yield number, person, step

    def _over(
        self,
        standing: Mapping[str, AlarmNow],
        paged: Mapping[str, Paged],
        after: dict[str, Paged],
        asleep: Callable[[str], bool],
    ) -> list[Page]:
        """Whoever was told of an alarm is told that it is over, once; a sleeper is left to sleep."""
        over: dict[str, list[AlarmNow]] = {}
        for alarm_id, memory in paged.items():
            alarm = standing.get(alarm_id)
            if alarm is not None and (alarm.active or alarm.state not in ("returned", "latched")):
                continue
            after.pop(alarm_id, None)
            for person in memory.told:
                if not asleep(person):
                    gone = alarm or AlarmNow(alarm_id, "low", False, memory.began_s)
                    over.setdefault(person, []).append(gone)
        return [Page(person, tuple(found), over=True) for person, found in over.items()]


def escalation_of(notify: Notify) -> Escalation:
    """The chains that a site has, the usual ones where it leaves a priority out."""
    own = {
        priority: tuple(Step(step.to, step.after, step.repeat) for step in steps)
        for priority, steps in notify.escalation.items()
    }
    return Escalation(tuple(notify.people), {**USUAL, **own}, notify.again)


def _is_due(step: Step, began_s: float, last_s: float | None, now_s: float) -> bool:
    if last_s is None:
        return now_s - began_s >= max(step.after_s, GATHER_S)
    return step.repeat_s is not None and now_s - last_s >= step.repeat_s
