"""How a rule comes on and goes off: its delays, what it does when it cannot know, its limits. Time is an argument."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

from rules.expression import Expression
from rules.gauges import Sky, Values

Spent = Literal["", "activations", "true", "broken"]


class Counted(NamedTuple):
    """What a rule has done, for people: on the day that began at `midnight_s`, and how often it threw, ever."""

    midnight_s: float = 0.0
    starts: int = 0
    on_s: float = 0.0
    errors: int = 0


class RuleMemory(NamedTuple):
    """How a rule stands; kept over restarts, so that its timers count from when they really began."""

    on: bool = False
    since_s: float = 0.0
    differs_s: float = -1.0
    """Since when its cause says otherwise (-1: it agrees); later by as long as that was not known."""
    unknown_s: float = -1.0
    """Since when its cause is not known (-1: it is)."""
    starts: tuple[float, ...] = ()
    """When it came on, as far back as its limit looks."""
    spent: Spent = ""
    """Why it stays off whatever its cause says."""
    told_s: float = -1.0
    """When what it wants was last demanded."""
    counted: Counted = Counted()
    """As it stood when it last came on or went off; see `today`."""


def today(memory: RuleMemory, now_s: float, sky: Sky) -> Counted:
    """What a rule has done today until now; what it is on for now is among it."""
    counted, midnight_s = memory.counted, sky.midnight_s(now_s)
    if counted.midnight_s < midnight_s - 1.0:
        counted = Counted(midnight_s, errors=counted.errors)
    if not memory.on:
        return counted
    return counted._replace(on_s=counted.on_s + max(now_s - max(memory.since_s, midnight_s), 0.0))


def limit_now(by: Expression | None, to: float, is_most: bool, values: Values) -> float:
    """Where a limit stands, %: on the line `by`, no further than `to`, and there while the line is not known."""
    value = None if by is None else by.run(values)
    number = None if value is None else float(value)
    if number is None or not isfinite(number):
        return to
    return max(number, to) if is_most else min(max(number, 0.0), to)


@dataclass(frozen=True, slots=True)
class RuleLaw:
    """One rule without what it does."""

    when: Expression | None
    """None: always."""
    clear: Expression | None = None
    on_s: float = 0.0
    off_s: float = 0.0
    on_bad: Literal["assert", "deassert", "hold"] = "hold"
    max_hold_s: float = 600.0
    """`hold` keeps a rule on for no longer than this without knowing its cause."""
    max_activations: int | None = None
    per_s: float = 86400.0
    max_true_s: float | None = None
    resumes: bool = True
    """After a restart its timers count on; otherwise it starts as if it had never run, but for how often it came on."""

    @property
    def needs(self) -> frozenset[str]:
        """Tags and gauges that its cause is read from."""
        return frozenset().union(*(one.needs for one in (self.when, self.clear) if one is not None))

    def cause(self, on: bool, values: Values) -> bool | None:
        """Whether it has cause to be on; None if that cannot be known. May raise what its expression raises."""
        if on and self.clear is not None:
            cleared = self.clear.run(values)
            if not cleared:
                return None if cleared is None else True
            # what may have cause again, for all that is known, has not ended: it would come on at once
            return None if self.when is not None and self.when.run(values) is None else False
        if self.when is None:
            return True
        known = self.when.run(values)
        return None if known is None else bool(known)

    def rests(self, memory: RuleMemory, now_s: float) -> bool:
        """Whether nothing can change while what it needs stays as it is."""
        if memory.differs_s >= 0.0:
            return False
        if not memory.on:
            return self.when is not None
        return memory.unknown_s < 0.0 and (self.max_true_s is None or now_s - memory.since_s < self.max_true_s)

    def step(self, memory: RuleMemory, known: bool | None, now_s: float) -> RuleMemory:
        """The rule one look later; `known` is its cause."""
        memory = self._seen(memory, known, now_s)
        if memory.on and self.max_true_s is not None and now_s - memory.since_s >= self.max_true_s:
            return memory._replace(on=False, since_s=now_s, differs_s=-1.0, spent="true")
        if memory.spent == "true":
            # it was on for as long as it may be: its cause has to be away once, and not only unknown
            return memory._replace(spent="") if known is False else memory
        if known is None and (memory.on or self.on_bad != "assert"):
            if memory.on and not self._holds(memory, now_s):
                return memory._replace(on=False, since_s=now_s, differs_s=-1.0)
            return memory
        cause = known is not False
        if cause is memory.on:
            return memory if memory.differs_s < 0.0 and not memory.spent else memory._replace(differs_s=-1.0, spent="")
        since_s = memory.differs_s if memory.differs_s >= 0.0 else now_s
        if now_s - since_s < (self.on_s if cause else self.off_s):
            return memory._replace(differs_s=since_s)
        return (
            self._begun(memory, since_s, now_s) if cause else memory._replace(on=False, since_s=now_s, differs_s=-1.0)
        )

    def _seen(self, memory: RuleMemory, known: bool | None, now_s: float) -> RuleMemory:
        """Whether its cause is known. Its delays stand still until it is again, where that is not as if it held."""
        if (known is None) is (memory.unknown_s >= 0.0):
            return memory
        if known is None:
            return memory._replace(unknown_s=now_s)
        differs_s = memory.differs_s
        if differs_s >= 0.0 and (memory.on or self.on_bad != "assert"):
            differs_s += max(now_s - memory.unknown_s, 0.0)
        return memory._replace(unknown_s=-1.0, differs_s=differs_s)

    def _holds(self, memory: RuleMemory, now_s: float) -> bool:
        """Whether it stays on without knowing its cause."""
        return self.on_bad == "assert" or (self.on_bad == "hold" and now_s - memory.unknown_s < self.max_hold_s)

    def _begun(self, memory: RuleMemory, since_s: float, now_s: float) -> RuleMemory:
        starts: tuple[float, ...] = ()
        if self.max_activations is not None:
            starts = tuple(one for one in memory.starts if 0.0 <= now_s - one < self.per_s)
            if len(starts) >= self.max_activations:
                return memory._replace(differs_s=since_s, starts=starts, spent="activations")
            starts = (*starts, now_s)
        return memory._replace(on=True, since_s=now_s, differs_s=-1.0, starts=starts, spent="")

    def restarted(self, memory: RuleMemory) -> RuleMemory:
        """After a restart: what threw is tried once more, and what it wants is demanded anew. Its limit counts on."""
        if not self.resumes or memory.spent == "broken":
            return RuleMemory(starts=memory.starts, counted=memory.counted)
        return memory._replace(told_s=-1.0)
