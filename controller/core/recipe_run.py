"""Recipes in the scan: people's wishes about them, stages that end by themselves, and the programs that they shape."""

from collections.abc import Mapping

from controller.core.programs import SetpointProgram
from controller.core.recipe_state import Edit, Left, Running
from controller.core.recipes import DAYS, WHOLE, RecipePlan, StagePlan, StageSetting, advanced, fits, leaving
from controller.core.state import Chosen
from controller.core.turn import Turn
from controller.core.words import Event, RecipeEdit, RecipeStage, RecipeStart, RecipeStop
from edge_config.model.recipes import Recipe, StageSetpoint
from edge_config.model.site import Site

RecipeWish = RecipeStart | RecipeStage | RecipeEdit | RecipeStop
MOST_EDITS = 500
"""Of one running recipe, so that the state stays small."""


class Recipes:
    """All recipes of a site in all zones that have their setpoints."""

    def __init__(self, site: Site, programs: Mapping[str, SetpointProgram], units: Mapping[str, str]) -> None:
        self._programs = programs
        self.plans = {
            f"{facility}.{zone}": {
                name: plan
                for name, recipe in site.recipes.items()
                if (plan := _plan(name, recipe, f"{facility}.{zone}", programs, units)).setpoints
            }
            for facility, one in site.facilities.items()
            for zone in (*one.zones, "all")
        }
        """By zone, by recipe."""

    def kept(self, running: Mapping[str, Running]) -> dict[str, Running]:
        """Of what was kept before a restart, what still fits the site."""
        found: dict[str, Running] = {}
        for zone, one in running.items():
            plan = self.plans.get(zone, {}).get(one.recipe)
            if plan is not None and 0 <= one.stage < len(plan.stages):
                left = tuple(x for x in one.left if x.setpoint in self._programs)
                fresh = one._replace(edits=(), left=left)
                for edit in one.edits:
                    if fits(plan, fresh, edit):
                        fresh = fresh._replace(edits=(*fresh.edits, edit))
                found[zone] = fresh
        return found

    def plan_of(self, zone: str, running: Mapping[str, Running]) -> RecipePlan | None:
        one = running.get(zone)
        return None if one is None else self.plans[zone][one.recipe]

    def program(self, name: str, running: Mapping[str, Running]) -> SetpointProgram:
        """A setpoint's program as it is now: its own, or with what the recipe in its zone makes of it."""
        program, zone = self._programs[name], name.rpartition(".")[0]
        plan = self.plan_of(zone, running)
        return program if plan is None else plan.program(running[zone], program)

    def stage_of(self, name: str, running: Mapping[str, Running]) -> tuple[RecipePlan, StagePlan] | None:
        """The recipe and stage that a setpoint comes from; None if from its own program."""
        zone = name.rpartition(".")[0]
        plan = self.plan_of(zone, running)
        if plan is None or plan.setting(running[zone], name) is None:
            return None
        return plan, plan.stages[running[zone].stage]

    # --- in the scan

    def advance(self, turn: Turn) -> None:
        """Go on to the stage that it is by now."""
        for zone, before in list(turn.recipes.items()):
            plan = self.plans[zone][before.recipe]
            after, begun = advanced(plan, before, turn.now_s)
            if begun:
                self._hand_over(turn, zone, plan, after)
            elif after.over != before.over:
                turn.recipes[zone] = after
            for stage in begun:
                self._tell(turn, "recipe_stage", zone, plan, stage, {"by": "", "id": ""})
            if after.over and not before.over:
                self._tell(turn, "recipe_over", zone, plan, after.stage, {"by": "", "id": ""})

    def hear(self, turn: Turn, wish: RecipeWish) -> None:
        """Grant a person's wish, or say why not."""
        told: dict[str, object] = {"id": wish.id, "by": wish.by}
        zone, running = wish.zone, turn.recipes.get(wish.zone)
        if isinstance(wish, RecipeStart):
            plan = self.plans.get(zone, {}).get(wish.recipe)
            if plan is None:
                self._refuse(turn, zone, told, "recipe_unknown", {"recipe": wish.recipe, "zone": zone})
            elif not wish.begun_s <= turn.now_s:
                self._refuse(turn, zone, told, "recipe_future", {})
            else:
                one = Running(plan.id, 0, wish.begun_s, wish.begun_s, wish.by)
                one, _ = advanced(plan, one, turn.now_s)
                self._hand_over(turn, zone, plan, one)
                changed = {"before": None if running is None else running.recipe, "after": plan.id}
                self._tell(turn, "recipe_started", zone, plan, one.stage, told | changed)
            return
        if running is None:
            self._refuse(turn, zone, told, "recipe_none", {"zone": zone})
            return
        plan = self.plans[zone][running.recipe]
        if isinstance(wish, RecipeStop):
            self._stop(turn, zone, plan)
            changed = {"before": running.recipe, "after": None}
            self._tell(turn, "recipe_stopped", zone, plan, running.stage, told | changed)
        elif isinstance(wish, RecipeStage):
            if not 0 <= wish.stage < len(plan.stages):
                self._refuse(turn, zone, told, "recipe_stage", {"stage": wish.stage})
                return
            self._hand_over(turn, zone, plan, running._replace(stage=wish.stage, begun_s=turn.now_s, over=False))
            changed = {"before": plan.stages[running.stage].id, "after": plan.stages[wish.stage].id}
            self._tell(turn, "recipe_stage", zone, plan, wish.stage, told | changed)
        else:
            self._edit(turn, zone, plan, running, wish, told)

    def _edit(
        self, turn: Turn, zone: str, plan: RecipePlan, running: Running, wish: RecipeEdit, told: dict[str, object]
    ) -> None:
        edit = Edit(wish.stage, wish.setpoint, wish.period, wish.value, wish.by, turn.now_s)
        program = self._programs.get(wish.setpoint)
        if wish.stage < running.stage:
            self._refuse(turn, zone, told, "recipe_past", {})
        elif not fits(plan, running, edit) or len(running.edits) >= MOST_EDITS:
            self._refuse(turn, zone, told, "recipe_edit", {"setpoint": wish.setpoint, "stage": wish.stage})
        elif program is not None and not program.low <= wish.value <= program.high:
            self._refuse(turn, zone, told, "limits", {"low": program.low, "high": program.high, "value": wish.value})
        else:
            stood = plan.stands(running, wish.stage, wish.setpoint, wish.period)
            after = running._replace(edits=(*running.edits, edit))
            if wish.stage == running.stage and wish.setpoint != DAYS:
                self._hand_over(turn, zone, plan, after)
            else:
                turn.recipes[zone] = after
            what = {"setpoint": wish.setpoint or "days", "value": wish.value, "before": stood, "after": wish.value}
            period = {} if wish.period == WHOLE else {"period": wish.period}
            self._tell(turn, "recipe_edited", zone, plan, wish.stage, told | what | period)

    def _hand_over(self, turn: Turn, zone: str, plan: RecipePlan, after: Running) -> None:
        """What will be another setpoint leaves from where it is; what people had set of it was for the time before."""
        before, old = turn.recipes.get(zone), self.plan_of(zone, turn.recipes)
        left = {one.setpoint: one for one in (before.left if before is not None else ())}
        for name in {*plan.setpoints, *(old.setpoints if old is not None else ()), *left}:
            was = None if before is None or old is None else old.setting(before, name)
            if was != plan.setting(after, name):
                left[name] = self._leaving(turn, name)
                turn.chosen.pop(name, None)
            elif name in left and self._pace(old, before) != self._pace(plan, after):
                # still on its way to the same place, and from here on at the pace of another stage
                left[name] = self._leaving(turn, name)
        turn.recipes[zone] = after._replace(left=tuple(sorted(left.values())))

    def _pace(self, plan: RecipePlan | None, running: Running | None) -> float | None:
        return None if plan is None or running is None else plan.stages[running.stage].hand_over_s

    def _leaving(self, turn: Turn, name: str) -> Left:
        return leaving(self.program(name, turn.recipes), turn.chosen.get(name), turn.values, turn.now_s)

    def _stop(self, turn: Turn, zone: str, plan: RecipePlan) -> None:
        """Back to the programs: where a setpoint is, it stays as if set by hand until its next period."""
        for name in {*plan.setpoints, *self._on_their_way(turn, zone)}:
            turn.chosen[name] = Chosen(self._leaving(turn, name).value, turn.recipes[zone].by, turn.now_s)
        del turn.recipes[zone]

    def _on_their_way(self, turn: Turn, zone: str) -> list[str]:
        """The setpoints that are still handed over, among them those of a recipe that ran there before."""
        hands = {one.setpoint: self.program(one.setpoint, turn.recipes).hand_over for one in turn.recipes[zone].left}
        return [name for name, hand in hands.items() if hand is not None and hand.share(turn.now_s) < 1.0]

    def _tell(
        self, turn: Turn, kind: str, zone: str, plan: RecipePlan, stage: int, values: Mapping[str, object]
    ) -> None:
        told = {**values, "recipe": plan.id, "stage": plan.stages[stage].id}
        turn.events.append(Event(turn.now_s, kind, zone, told))

    def _refuse(self, turn: Turn, zone: str, told: dict[str, object], why: str, values: dict[str, object]) -> None:
        turn.events.append(Event(turn.now_s, "refused", zone, {**told, "why": why, **values}))


def _plan(
    name: str, recipe: Recipe, zone: str, programs: Mapping[str, SetpointProgram], units: Mapping[str, str]
) -> RecipePlan:
    """The recipe in one zone, with what of it that zone has."""
    stages = tuple(
        StagePlan(
            stage.id, stage.name, stage.days, stage.hand_over,
            {
                full: _setting(one, units[full])
                for short, one in stage.setpoints.items()
                if (full := f"{zone}.{short.partition('.')[2]}") in programs and programs[full].settable
            },
        )
        for stage in recipe.stages
    )  # fmt: skip
    return RecipePlan(name, recipe.name, zone, stages)


def _setting(one: StageSetpoint, unit: str) -> StageSetting:
    return StageSetting(
        one.value.to(unit) if one.value is not None else None,
        tuple((period.from_, period.value.to(unit)) for period in one.periods or ()),
    )
