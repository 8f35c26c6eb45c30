"""The schedule as a call: what a zone's setpoints will do, and what a change would make of that."""

from dataclasses import replace
from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Query, Response

from controller.core.words import Because
from controller.panel.farm import Farm
from controller.panel.problems import ProblemError
from controller.panel.recipes import RecipeBody
from controller.panel.schedule_shapes import BEHIND_S, LineShape, ScheduleShape
from controller.panel.shapes import ProblemShape, pen_shape
from controller.panel.thin import thin

MOST_BEHIND = 200


class ScheduleCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        app.add_api_route(
            "/api/v1/schedule/{zone}", self.schedule, methods=["GET"], response_class=Response,
            responses={200: {"model": ScheduleShape}, "default": {"model": ProblemShape}},
        )  # fmt: skip

    async def schedule(
        self,
        zone: str,
        action: Literal["", "start", "stage", "edit", "stop"] = "",
        recipe: Annotated[str, Query(max_length=40)] = "",
        stage: Annotated[str, Query(max_length=40)] = "",
        setpoint: Annotated[str, Query(max_length=100)] = "",
        period: Annotated[int | None, Query(ge=0, le=100)] = None,
        value: Annotated[float, Query(allow_inf_nan=False)] = 0.0,
    ) -> Response:
        """A zone's setpoints in the next 24 hours; with an `action`, beside them what that change would make of them,
        or why it would be refused. Changes nothing."""
        farm = self._farm
        facility, _, room = zone.partition(".")
        known = farm.site.facilities.get(facility)
        if known is None or room not in (*known.zones, "all"):
            raise ProblemError(404, "not_found")
        body = None
        if action:
            body = RecipeBody(
                change_id="proposal", action=action, recipe=recipe, stage=stage, setpoint=setpoint, period=period,
                value=value,
            )  # fmt: skip
        answer = await farm.schedule(zone, body)
        if isinstance(answer, Because):
            raise ProblemError(422, "refused", key=f"refused.{answer.key}", values=answer.values)
        now_s = farm.now()
        past = await farm.past(list(answer.setpoints), now_s - BEHIND_S, now_s)
        behind: dict[str, LineShape] = {}
        for name, points in past.items():
            pen = pen_shape(thin(points, MOST_BEHIND))
            behind[name] = LineShape(pen.t, pen.v)
        return Response(orjson.dumps(replace(answer, behind=behind)), media_type="application/json")
