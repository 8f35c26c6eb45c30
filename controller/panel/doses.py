"""Doses that people ask for, as calls: a volume through the dosing guard, once by its id, and not too late."""

from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import Field

from controller.core.words import Dose
from controller.panel.farm import Farm
from controller.panel.hands import SaidBody, who_of
from controller.panel.pages import MOST_ROWS, Before, Most, page
from controller.panel.problems import ProblemError
from controller.panel.shapes import ProblemShape, milliseconds

GOOD_FOR_S = 30.0


class DoseBody(SaidBody):
    """So much of a pump, once: sent again with the same id it is not dosed again, for a day and over restarts."""

    millilitres: Annotated[float, Field(gt=0)]
    expires: int | None = None
    """Milliseconds since the Unix epoch; what arrives later is not dosed. Null: half a minute from its arrival."""


@dataclass(frozen=True, slots=True)
class DoseShape:
    """A dose that began. Times are milliseconds since the Unix epoch."""

    id: str
    output: str
    millilitres: float
    by: str
    begun: float


@dataclass(frozen=True, slots=True)
class DosesShape:
    doses: list[DoseShape]
    """Of the last day, the newest first."""
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


class DoseCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        for method, path, call in (
            ("GET", "/api/v1/doses", self.doses),
            ("PUT", "/api/v1/doses/{output}", self.dose),
        ):
            app.add_api_route(
                path, call, methods=[method], response_class=Response,
                responses={200: {"model": DosesShape}, "default": {"model": ProblemShape}},
            )  # fmt: skip

    async def doses(self, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """What people have dosed in the last day."""
        known = sorted(self._farm.doses().items(), key=lambda one: -one[1].at_s)
        begun, after = page(known, lambda one: one[0], before, most)
        shapes = [DoseShape(name, one.output, one.ml, one.by, milliseconds(one.at_s)) for name, one in begun]
        return Response(orjson.dumps(DosesShape(shapes, after)), media_type="application/json")

    async def dose(self, output: str, body: DoseBody, request: Request) -> Response:
        """Doses a volume; answers once the pump runs. What cannot begin at once is refused, and does not come later."""
        now_s = self._farm.now()
        expires_s = now_s + GOOD_FOR_S if body.expires is None else body.expires / 1000.0
        litres, who = body.millilitres / 1000.0, who_of(body.who, request)
        answer = await self._farm.lay(Dose(body.change_id, output, litres, who, now_s, expires_s))
        if answer is not None:
            because = answer.because
            key = f"{'why' if because.key.startswith('guard_') else 'refused'}.{because.key}"
            raise ProblemError(422, "refused", key=key, values=because.values)
        return await self.doses()
