"""Changes of recipes that people want at a later moment, kept in `state.db` until it is there.

They are given to the core as if their person had come at that moment: nothing here decides whether they are granted.
What came due while the agent was away is given to it when it is back.
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Final

import orjson

from controller.core.words import Because
from controller.history.state_database import StateDatabase

log = logging.getLogger("farmloop.planned")

FARTHEST_S: Final = 400 * 86400.0
MOST_WAITING: Final = 100
KEPT_DONE_S: Final = 30 * 86400.0
DONE: Final = "done"
CANCELLED: Final = "cancelled"
_COLUMNS = "id, zone, at_ms, body, by, why, said_ms, outcome, done_ms"


@dataclass(frozen=True, slots=True)
class Plan:
    """One change to come, or one that has been."""

    id: str
    zone: str
    at_ms: int
    body: dict[str, object]
    """What the call was given."""
    by: str
    why: str
    said_ms: int
    outcome: str = ""
    """Empty: it waits. `done`, `cancelled`, or why it was refused: a key without its first word."""
    done_ms: int | None = None


Give = Callable[[Plan], Awaitable[Because | None]]


class Planned:
    """Of one agent. Methods that touch the disk raise sqlite3.Error or OSError, and change nothing then."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        self._plans: dict[str, Plan] | None = None
        """None: not read yet."""
        self._lock = RLock()

    def all(self) -> list[Plan]:
        """What waits, and what was done lately; the soonest first."""
        return sorted(list((self._plans or {}).values()), key=lambda one: (one.at_ms, one.id))

    def read(self, now_s: float) -> None:
        """What was kept; what was done long ago goes."""
        with self._lock, self._database.transaction(now_s) as database:
            oldest_ms = round(1000.0 * (now_s - KEPT_DONE_S))
            database.execute("DELETE FROM planned WHERE done_ms < ?", (oldest_ms,))
            rows = database.execute(f"SELECT {_COLUMNS} FROM planned").fetchall()
            self._plans = {
                name: Plan(name, zone, at_ms, orjson.loads(body), by, why, said_ms, outcome, done_ms)
                for name, zone, at_ms, body, by, why, said_ms, outcome, done_ms in rows
            }

    def keep(self, plan: Plan, now_s: float) -> Because | None:
        """Keeps one; the same id is kept once."""
        with self._lock:
            if self._plans is None:
                self.read(now_s)
            plans = self._plans or {}
            if plan.id in plans:
                return None
            if sum(not one.outcome for one in plans.values()) >= MOST_WAITING:
                return Because("planned_full", {"most": MOST_WAITING})
            if not now_s < plan.at_ms / 1000.0 <= now_s + FARTHEST_S:
                return Because("planned_when", {"days": round(FARTHEST_S / 86400.0)})
            self._write(plan, now_s)
        return None

    def cancel(self, plan_id: str, now_s: float) -> Because | None:
        """Takes one back that waits. One that is taken back already stays so."""
        with self._lock:
            plan = (self._plans or {}).get(plan_id)
            if plan is not None and plan.outcome == CANCELLED:
                return None
            if plan is None or plan.outcome:
                return Because("planned_none", {})
            self._write(replace(plan, outcome=CANCELLED, done_ms=round(now_s * 1000.0)), now_s)
        return None

    def due(self, now_s: float) -> list[Plan]:
        """Those whose moment is there, in order."""
        return [one for one in self.all() if not one.outcome and one.at_ms <= now_s * 1000.0]

    def settle(self, plan: Plan, refusal: Because | None, now_s: float) -> None:
        """What became of one that was due."""
        outcome = DONE if refusal is None else refusal.key
        self._write(replace(plan, outcome=outcome, done_ms=round(now_s * 1000.0)), now_s)

    def _write(self, plan: Plan, now_s: float) -> None:
        body = orjson.dumps(plan.body).decode()
        values = (plan.id, plan.zone, plan.at_ms, body, plan.by, plan.why, plan.said_ms, plan.outcome, plan.done_ms)
        with self._lock, self._database.transaction(now_s) as database:
            database.execute(f"INSERT OR REPLACE INTO planned ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        assert self._plans is not None
        self._plans[plan.id] = plan


async def give_due(planned: Planned, give: Give, now_s: float) -> None:
    """Gives the core what is due. What it does not answer in time stays due: by its id it is done once."""
    for plan in planned.due(now_s):
        try:
            refusal = await give(plan)
            if refusal is None or refusal.key != "no_answer":
                planned.settle(plan, refusal, now_s)
                log.info("planned", extra={"zone": plan.zone, "outcome": refusal.key if refusal else DONE})
        except (sqlite3.Error, OSError) as error:
            log.error("planned_not_kept", extra={"why": str(error)})
