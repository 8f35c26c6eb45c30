"""Whether alarms are any good: how many, which, how long nobody looked (ISA-18.2's figures, control.md 3.7)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from controller.alarm_journal import AlarmChange
from controller.core.words import AlarmNow

STALE_S = 86400.0
PERIOD_S = 600.0
MOST_IN_A_PERIOD = 10
TOP = 10


@dataclass(frozen=True, slots=True)
class Often:
    """An alarm, and how often it came."""

    id: str
    count: int
    share: float
    """Of all, 0 to 1."""


@dataclass(frozen=True, slots=True)
class AlarmFigures:
    """Of a span of days. Suppressed and shelved alarms are not counted: nobody was told."""

    days: float
    raised: int
    per_day: float
    per_ten_minutes: float
    """On average."""
    flooded_share: float
    """Of the ten minutes, how many had more than ten."""
    most_in_ten_minutes: int
    by_priority: dict[str, int]
    top: list[Often]
    chattering: list[str]
    """Shelved for coming and going."""
    stale: list[str]
    """Have stood for a day and longer, and stand."""
    acknowledged_after_s: dict[str, float]
    """By priority, the median time until somebody had seen it."""
    never_acknowledged: int
    """Went, or came again, with nobody having seen them."""


def figures(changes: Iterable[AlarmChange], standing: Sequence[AlarmNow], from_s: float, to_s: float) -> AlarmFigures:
    """The figures of the changes between two times; `standing` is what is not normal at the end."""
    raised: list[AlarmChange] = []
    waits: dict[str, AlarmChange] = {}
    seen_after_s: dict[str, list[float]] = defaultdict(list)
    chattering: dict[str, None] = {}
    missed = 0
    for one in changes:
        if one.event == "raise":
            missed += one.id in waits
            raised.append(one)
            waits[one.id] = one
        elif one.event == "acknowledge" and one.id in waits:
            begun = waits.pop(one.id)
            seen_after_s[begun.priority].append(one.time_s - begun.time_s)
        elif one.event == "shelve" and one.reason == "chatter":
            chattering[one.id] = None
    missed += sum(all(now.id != name for now in standing) for name in waits)
    days = max((to_s - from_s) / 86400.0, 1e-9)
    periods = max(ceil((to_s - from_s) / PERIOD_S), 1)
    in_period = Counter(int((one.time_s - from_s) // PERIOD_S) for one in raised)
    counts = Counter(one.id for one in raised)
    return AlarmFigures(
        days=round(days, 3),
        raised=len(raised),
        per_day=round(len(raised) / days, 2),
        per_ten_minutes=round(len(raised) / periods, 4),
        flooded_share=round(sum(count > MOST_IN_A_PERIOD for count in in_period.values()) / periods, 4),
        most_in_ten_minutes=max(in_period.values(), default=0),
        by_priority=dict(Counter(one.priority for one in raised)),
        top=[Often(name, count, round(count / len(raised), 3)) for name, count in counts.most_common(TOP)],
        chattering=list(chattering),
        stale=[
            one.id for one in standing if one.active and one.state != "suppressed" and to_s - one.since_s >= STALE_S
        ],
        acknowledged_after_s={name: median(times) for name, times in seen_after_s.items()},
        never_acknowledged=missed,
    )
