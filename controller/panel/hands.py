"""People's hands on the farm, as calls: outputs by hand and back, emergency stops, lock-outs, probes in care."""

from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.core.state import Mark
from controller.core.words import Dose, EmergencyStop, LockOut, LockOutEnd, Maintain, MaintainEnd, Override
from controller.panel.farm import Farm
from controller.panel.problems import ProblemError
from controller.panel.replies import check_version, session_of
from controller.panel.sessions import who_of as deed_of
from controller.panel.shapes import CHANGE_ID, ProblemShape, milliseconds

HandWish = Override | EmergencyStop | LockOut | LockOutEnd | Maintain | MaintainEnd | Dose
HOUR_S, MINUTE_S = 3600.0, 60.0
Id = Annotated[str, Query(pattern=CHANGE_ID)]
Who = Annotated[str, Query(max_length=40)]
Words = Annotated[str, Field(max_length=200)]


class SaidBody(BaseModel):
    """Who wants it; left out, whoever is signed in. Sent again with the same id it changes nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    who: Annotated[str, Field(max_length=40)] = ""


class HandBody(SaidBody):
    """An output by hand at a position for a time, or back to automatic (null)."""

    position: Annotated[float, Field(ge=0, le=100)] | None
    """%: 100 is on, 0 is off."""
    hours: Annotated[float, Field(gt=0, le=24)] = 4.0


class LockBody(SaidBody):
    """Why it is locked out; for life support also what keeps animals or crop alive meanwhile."""

    note: Words = ""
    statement: Words = ""


class CareBody(SaidBody):
    """A probe is cleaned or calibrated for so long."""

    kind: Literal["cleaning", "calibration"]
    minutes: Annotated[float, Field(gt=0, le=120)] = 20.0


@dataclass(frozen=True, slots=True)
class MarkShape:
    """What a person laid on an output or device, a facility, a probe or a rule. Times are milliseconds since the Unix
    epoch."""

    kind: Literal["hand", "lock", "stop", "cleaning", "calibration", "rule_off"]
    subject: str
    by: str
    since: float
    """Also what `If-Match` of a change names: it is of this mark (`"none"`: of nothing that lies there)."""
    until: float | None
    """When it ends by itself; null: not by itself."""
    value: float | None
    """By hand: the position, %."""
    note: str


@dataclass(frozen=True, slots=True)
class MarksShape:
    marks: list[MarkShape]


class HandsCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        for method, path, call in (
            ("GET", "/api/v1/hands", self.marks),
            ("PUT", "/api/v1/hands/{output}", self.hand),
            ("PUT", "/api/v1/stops/{facility}", self.stop),
            ("PUT", "/api/v1/lock-outs/{subject}", self.lock),
            ("DELETE", "/api/v1/lock-outs/{subject}", self.unlock),
            ("DELETE", "/api/v1/lock-outs-of-others/{subject}", self.unlock_as_supervisor),
            ("PUT", "/api/v1/care/{tag}", self.care),
            ("DELETE", "/api/v1/care/{tag}", self.end_care),
        ):
            app.add_api_route(
                path, call, methods=[method], response_class=Response,
                responses={200: {"model": MarksShape}, "default": {"model": ProblemShape}},
            )  # fmt: skip

    async def marks(self) -> Response:
        """What is by hand, stopped, locked out, in care or switched off, and by whom."""
        shapes = [_shape(mark) for _, mark in sorted(self._farm.marks().items()) if mark.over_s < 0.0]
        return Response(orjson.dumps(MarksShape(shapes)), media_type="application/json")

    async def hand(self, output: str, body: HandBody, request: Request) -> Response:
        """Takes an output by hand for some hours, or gives it back to automatic; answers once it is done. With
        `If-Match` (a mark's `since`, or `none`) only if nobody's hand came between, as every call here."""
        self._check(request, f"hand:{output}")
        until_s = self._farm.now() + body.hours * HOUR_S
        return await self._lay(Override(body.change_id, output, body.position, who_of(body.who, request), until_s))

    async def stop(self, facility: str, body: SaidBody, request: Request) -> Response:
        """Stops a facility, but for what keeps animals alive; a reset of the facility ends it."""
        return await self._lay(EmergencyStop(body.change_id, facility, who_of(body.who, request), self._farm.now()))

    async def lock(self, subject: str, body: LockBody, request: Request) -> Response:
        """Locks an output, or all outputs of a device, out: nothing starts it any more."""
        self._check(request, f"lock:{subject}")
        who, now_s = who_of(body.who, request), self._farm.now()
        return await self._lay(LockOut(body.change_id, subject, who, body.note, body.statement, now_s))

    async def unlock(self, subject: str, change_id: Id, request: Request, who: Who = "") -> Response:
        """Takes one's own lock off."""
        self._check(request, f"lock:{subject}")
        return await self._lay(LockOutEnd(change_id, subject, who_of(who, request), False, self._farm.now()))

    async def unlock_as_supervisor(self, subject: str, change_id: Id, request: Request, who: Who = "") -> Response:
        """Takes another person's lock off."""
        self._check(request, f"lock:{subject}")
        return await self._lay(LockOutEnd(change_id, subject, who_of(who, request), True, self._farm.now()))

    async def care(self, tag: str, body: CareBody, request: Request) -> Response:
        """A probe is cleaned or calibrated: what it says is recorded, and not believed until the time is over."""
        self._check(request, f"care:{tag}")
        now_s = self._farm.now()
        until_s = now_s + body.minutes * MINUTE_S
        return await self._lay(Maintain(body.change_id, tag, body.kind, who_of(body.who, request), until_s, now_s))

    async def end_care(self, tag: str, change_id: Id, request: Request, who: Who = "") -> Response:
        """The probe is back in its place."""
        self._check(request, f"care:{tag}")
        return await self._lay(MaintainEnd(change_id, tag, who_of(who, request), self._farm.now()))

    def _check(self, request: Request, key: str) -> None:
        mark = self._farm.marks().get(key)
        if mark is None or mark.over_s >= 0.0:
            check_version(request, "none")
        else:
            check_version(request, f"{milliseconds(mark.since_s):.0f}", mark.by)

    async def _lay(self, wish: HandWish) -> Response:
        answer = await self._farm.lay(wish)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return await self.marks()


def _shape(mark: Mark) -> MarkShape:
    until = milliseconds(mark.until_s) if mark.until_s > 0.0 else None
    value = mark.value if mark.kind == "hand" else None
    return MarkShape(mark.kind, mark.subject, mark.by, milliseconds(mark.since_s), until, value, mark.note)


def who_of(said: str, request: Request) -> str:
    """Whose deed it is: whoever is signed in; commands on the box may say who asks."""
    return deed_of(said, session_of(request))
