"""What is wrong with the agent itself, as alarms beside those of the farm: `history.*`, `agent.*`."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from controller.core.words import AlarmNow
from controller.history.status import HistoryStatus
from controller.scan_times import Slow

FAILING_S = 900.0
"""A database that is away for so long is worth a word; nothing is lost meanwhile."""
FULL_AT = 0.8
"""Of the quota of what waits: somebody has time to mend the connection before points are thinned."""
REMEMBERED_S = 86400.0
"""What was lost or put aside stands so long after it last happened."""
MOST_SLOW = 3
"""Scans of ten minutes that may take too long: a start, a tidying of memory or a disk that is busy costs one or two. A
box that cannot keep up has hundreds."""
NONE_SLOW = Slow()

Priority = Literal["critical", "high", "medium", "low"]


class _Condition(NamedTuple):
    id: str
    priority: Priority
    delay_s: float
    values: Mapping[str, object]


class OwnAlarms:
    """Remembers since when; `now` is asked once a scan."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}
        self._counted: dict[str, tuple[int, float]] = {}
        """A counter's value, and when it last rose."""
        self._is_slow = False

    def now(
        self,
        history: HistoryStatus,
        dropped_readings: int,
        now_s: float,
        telling: tuple[str, Mapping[str, str]] = ("", MappingProxyType({})),
        audit: str = "",
        slow: Slow = NONE_SLOW,
    ) -> tuple[AlarmNow, ...]:
        """The alarms that stand at farm time `now_s`. `telling`: why messages are not kept on the disk, or nothing, and
        the people whom nothing reaches. `audit`: why what people did is not kept on the disk, or nothing. `slow`: the
        scans of late that took too long."""
        standing = [*self._conditions(history, dropped_readings, now_s), *_untold(*telling)]
        if audit:
            standing.append(_Condition("history.audit:disk", "medium", 0.0, {"why": audit}))
        # it ends once none was too slow for ten minutes, and does not come and go about a limit
        self._is_slow = slow.scans > (0 if self._is_slow else MOST_SLOW)
        if self._is_slow:
            values = {"count": slow.scans, "longest": slow.longest_s, "period": slow.period_s}
            standing.append(_Condition("agent.slow:scan", "medium", 0.0, values))
        self._since_s = {one.id: self._since_s.get(one.id, now_s) for one in standing}
        return tuple(
            AlarmNow(one.id, one.priority, True, self._since_s[one.id], one.values)
            for one in standing
            if now_s - self._since_s[one.id] >= one.delay_s
        )

    def _conditions(self, history: HistoryStatus, dropped_readings: int, now_s: float) -> Iterator[_Condition]:
        if history.last_error:
            yield _Condition("history.disk:outbox", "high", 0.0, {"why": history.last_error})
        if history.trends_error:
            yield _Condition("history.trends:disk", "low", 0.0, {"why": history.trends_error})
        if history.filled >= FULL_AT:
            yield _Condition("history.filling:outbox", "medium", 0.0, {"percent": int(100.0 * history.filled)})
        for name, sink in history.sinks.items():
            why = {"sink": name, "why": sink.health.last_error}
            if sink.health.state == "refused":
                yield _Condition(f"history.refused:{name}", "medium", 0.0, why)
            elif sink.health.state == "failing":
                yield _Condition(f"history.failing:{name}", "low", FAILING_S, why)
        refused = sum(sink.health.dead_points for sink in history.sinks.values())
        for id_, priority, count in (
            ("history.dropped:outbox", "high", history.dropped_points),
            ("history.thinned:outbox", "high", history.thinned_points),
            ("history.aside:outbox", "medium", len(history.quarantined)),
            ("history.dead:outbox", "low", refused),
            ("agent.flood:inbox", "medium", dropped_readings),
        ):
            before, rose_s = self._counted.get(id_, (0, float("-inf")))
            if count > before:
                rose_s = now_s
            self._counted[id_] = (count, rose_s)
            if now_s - rose_s < REMEMBERED_S:
                yield _Condition(id_, priority, 0.0, {"count": count})  # type: ignore[arg-type]  # a tuple's literal


def _untold(failure: str, unreached: Mapping[str, str]) -> Iterator[_Condition]:
    if failure:
        yield _Condition("notify.disk:queue", "high", 0.0, {"why": failure})
    for person, why in unreached.items():
        yield _Condition(f"notify.unreached:{person}", "medium", 0.0, {"person": person, "why": why})
