"""Where changes of recipes come in: for the next scan, or to be kept until their moment is there."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import Because
from controller.history.audit import Audit
from controller.history.state_database import StateDatabase
from controller.moments import moment_s
from controller.panel.farm import Refusal
from controller.panel.recipes import RecipeBody, RecipesShape, recipes_shape, wish_of
from controller.panel.schedule_shapes import ScheduleShape, proposed_state, schedule_shape
from controller.planned import Plan, Planned, give_due
from controller.wish_desk import WishDesk
from foundation.clock import Clock

log = logging.getLogger("farmloop.agent")


class RecipeDesk:
    """Of one agent. `state` is the farm's as it stands; `give_planned` runs beside the scan."""

    def __init__(
        self, core: Core, state: Callable[[], State], database: StateDatabase, clock: Clock, audit: Audit,
        wishes: WishDesk,
    ) -> None:  # fmt: skip
        self._core = core
        self._state = state
        self._planned = Planned(database)
        self._clock = clock
        self._audit = audit
        self._wishes = wishes

    def shape(self) -> RecipesShape:
        return recipes_shape(self._core.recipes, self._state().recipes, self._clock.now(), self._planned.all())

    async def change(self, zone: str, body: RecipeBody, begun_s: float, by: str) -> Refusal | None:
        """Start, move, edit or stop the recipe of a zone; None once a scan has done it."""
        wish = wish_of(self._core.recipes, self._state().recipes, zone, body, begun_s, by, self._clock.now())
        return await self._wishes.ask(wish, zone, body.why)

    async def plan(self, plan: Plan) -> Refusal | None:
        return await self._keep(partial(self._planned.keep, plan), plan.by, "recipe_planned", plan.zone, asdict(plan))

    async def take_back(self, change_id: str, plan_id: str, by: str) -> Refusal | None:
        told: dict[str, object] = {"id": change_id, "plan": plan_id}
        zone = next((one.zone for one in self._planned.all() if one.id == plan_id), "")
        return await self._keep(partial(self._planned.cancel, plan_id), by, "recipe_unplanned", zone, told)

    async def _keep(
        self, change: Callable[[float], Because | None], by: str, what: str, zone: str, told: dict[str, object]
    ) -> Refusal | None:
        now_s = self._clock.now()
        try:
            refusal = await asyncio.to_thread(change, now_s)
        except (sqlite3.Error, OSError) as error:
            log.error("planned_not_kept", extra={"why": str(error)})
            refusal = Because("planned_not_kept", {"why": str(error)})
        self._audit.note(now_s, by, what if refusal is None else "refused", zone, told)
        return None if refusal is None else Refusal(refusal)

    async def give_planned(self, every_s: float) -> None:
        """Every so many seconds of farm time, what is due. Until cancelled."""
        await asyncio.to_thread(self._planned.read, self._clock.now())
        when = self._clock.now()
        while True:
            when = max(when + every_s, self._clock.now())
            await self._clock.sleep_until(when)
            await give_due(self._planned, self._give, self._clock.now())

    async def _give(self, plan: Plan) -> Because | None:
        body = RecipeBody.model_validate({**plan.body, "why": plan.why})
        zone, at_s = self._core.site.site.timezone, plan.at_ms / 1000.0
        refusal = await self.change(plan.zone, body, moment_s(body.on, zone, at_s) if body.on else at_s, plan.by)
        return None if refusal is None else refusal.because

    async def schedule(self, zone: str, body: RecipeBody | None) -> ScheduleShape | Because:
        state, now_s = self._state(), self._clock.now()
        proposed = None if body is None else proposed_state(self._core, state, zone, body, now_s)
        if isinstance(proposed, Because):
            return proposed
        return await asyncio.to_thread(schedule_shape, self._core, state, proposed, zone, now_s)
