"""Interlocks, as calls: how each stands, bypass and proof test, and which of a group was first."""

from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.core.words import Bypass, ProofTest
from controller.panel.farm import Farm
from controller.panel.interlock_shapes import FirstOutShape, FirstOutsShape, InterlocksShape, record_shape
from controller.panel.pages import ALL, Before, Most, page
from controller.panel.permissions import GRANTS, Permission
from controller.panel.problems import ProblemError
from controller.panel.replies import session_of
from controller.panel.sessions import who_of
from controller.panel.shapes import CHANGE_ID, ProblemShape

MOST_RECORDS = 50


class BypassBody(BaseModel):
    """So many minutes out of work; 0 ends it. Sent again with the same id it changes nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    minutes: Annotated[float, Field(ge=0, le=60)]
    who: Annotated[str, Field(max_length=40)] = ""


class ProofTestBody(BaseModel):
    """Whether it acted when it was tried."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    passed: bool
    who: Annotated[str, Field(max_length=40)] = ""


class InterlockCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        for method, path, call, model in (
            ("GET", "/api/v1/interlocks", self.interlocks, InterlocksShape),
            ("PUT", "/api/v1/bypasses/{name}", self.bypass, InterlocksShape),
            ("PUT", "/api/v1/proof-tests/{name}", self.proof_test, InterlocksShape),
            ("GET", "/api/v1/first-outs", self.first_outs, FirstOutsShape),
            ("GET", "/api/v1/first-outs/{id}", self.first_out, FirstOutShape),
        ):
            responses: dict[int | str, dict[str, Any]] = {200: {"model": model}, "default": {"model": ProblemShape}}
            app.add_api_route(path, call, methods=[method], response_class=Response, responses=responses)

    async def interlocks(self) -> Response:
        """How each interlock stands, who has bypassed it, and when its proof test is due."""
        return _json(self._farm.interlocks())

    async def bypass(self, name: str, body: BypassBody, request: Request) -> Response:
        """Puts an interlock out of work for some minutes, or back to work (0); answers once it is done."""
        session = session_of(request)
        setting = self._farm.site.interlocks.get(name)
        asks = setting is not None and setting.bypass is not None and setting.bypass.role == "supervisor"
        if asks and Permission.SUPERVISE not in GRANTS[session.role]:
            raise ProblemError(403, "not_allowed")
        who = who_of(body.who, session)
        return await self._done(Bypass(body.change_id, name, body.minutes * 60.0, who, self._farm.now()))

    async def proof_test(self, name: str, body: ProofTestBody, request: Request) -> Response:
        """Records that somebody has tried whether an interlock acts; answers once it is done."""
        who = who_of(body.who, session_of(request))
        return await self._done(ProofTest(body.change_id, name, body.passed, who, self._farm.now()))

    async def first_outs(self, before: Before = "", most: Most = 50) -> Response:
        """Groups that tripped, the last one first, without their rows."""
        records, after = page(await self._farm.first_outs(ALL), lambda one: one.id, before, most)
        return _json(FirstOutsShape([record_shape(record, False) for record in records], after))

    async def first_out(self, id: str) -> Response:  # the name in the path
        """One of them with all that the group said from 5 min before to 1 min after."""
        for record in await self._farm.first_outs(ALL):
            if record.id == id:
                return _json(record_shape(record, True))
        raise ProblemError(404, "not_found")

    async def _done(self, wish: Bypass | ProofTest) -> Response:
        answer = await self._farm.interlock(wish)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return await self.interlocks()


def _json(shape: object) -> Response:
    return Response(orjson.dumps(shape), media_type="application/json")
