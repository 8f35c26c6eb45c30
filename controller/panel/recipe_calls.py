"""Recipes as calls: what runs, changing it now or at a later moment, and taking such a plan back."""

from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Request, Response

from controller.moments import MomentError, moment_s
from controller.panel.farm import Farm, Refusal
from controller.panel.hands import who_of
from controller.panel.problems import ProblemError
from controller.panel.recipes import RecipeBody, RecipesShape
from controller.panel.replies import check_version
from controller.panel.shapes import CHANGE_ID, ProblemShape
from controller.planned import Plan


class RecipeCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        for method, path, call in (
            ("GET", "/api/v1/recipes", self.recipes),
            ("PUT", "/api/v1/recipes/{zone}", self.change),
            ("DELETE", "/api/v1/planned-recipes/{id}", self.take_back),
        ):
            app.add_api_route(
                path, call, methods=[method], response_class=Response,
                responses={200: {"model": RecipesShape}, "default": {"model": ProblemShape}},
            )  # fmt: skip

    async def recipes(self) -> Response:
        """What recipes there are, how those that run stand, and what is planned."""
        return Response(orjson.dumps(self._farm.recipes()), media_type="application/json")

    async def change(self, zone: str, body: RecipeBody, request: Request) -> Response:
        """Starts a recipe in a zone (as of a day), goes to another stage, edits one, or ends it; answers once it is
        done. With `at`, once it is planned. With `If-Match` only if nobody was faster (`versions` tells by zone)."""
        farm, by = self._farm, who_of("", request)
        known = farm.recipes()
        running = known.running.get(zone)
        last = max(running.edits, key=lambda one: one.at, default=None) if running is not None else None
        check_version(request, known.versions.get(zone, "none"), last.by if last else running.by if running else "")
        if body.at:
            at_s = self._moment(body.at)
            plain = body.model_dump(exclude_defaults=True, exclude={"at", "why"})
            now_ms = round(farm.now() * 1000.0)
            plan = Plan(body.change_id, zone, round(at_s * 1000.0), plain, by, body.why, now_ms)
            _check(await farm.plan_recipe(plan))
        else:
            _check(await farm.recipe(zone, body, self._moment(body.on) if body.on else farm.now(), by))
        return await self.recipes()

    async def take_back(
        self, id: str, change_id: Annotated[str, Query(pattern=CHANGE_ID)], request: Request
    ) -> Response:
        """Takes a planned change back."""
        _check(await self._farm.take_back_recipe(change_id, id, who_of("", request)))
        return await self.recipes()

    def _moment(self, text: str) -> float:
        try:
            return moment_s(text, self._farm.site.site.timezone, self._farm.now())
        except MomentError as error:
            raise ProblemError(422, "invalid", key="enter.moment", values={"text": text[:40]}) from error


def _check(answer: Refusal | None) -> None:
    if answer is not None:
        raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
