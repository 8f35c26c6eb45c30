"""What was sent to people and what became of it, tests whether they are reached, and silence for the siren."""

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.panel.farm import Farm
from controller.panel.pages import ALL, MOST_ROWS, Before, Most, page
from controller.panel.problems import ProblemError
from controller.panel.shapes import CHANGE_ID, ProblemShape, milliseconds
from edge_config.wording import nearest

PATH = "/api/v1/messages-sent"
SIREN = "/api/v1/siren"
MOST = 200


class TestBody(BaseModel):
    """Whom to send a test message."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(default="all", max_length=64)


class ReceiptShape(BaseModel):
    """One message by one channel; `at` is the last attempt."""

    id: int
    made: float
    person: str
    kind: str
    priority: str
    title: str
    channel: str
    state: str
    attempts: int
    at: float | None
    answer: str


class ReceiptsShape(BaseModel):
    receipts: list[ReceiptShape]
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


class SentShape(BaseModel):
    """The people to whom a test goes; the receipts tell whether it arrived."""

    people: list[str]


class SilenceBody(BaseModel):
    """The same id silences once."""

    model_config = ConfigDict(extra="forbid")

    change_id: str = Field(pattern=CHANGE_ID)


class SirenShape(BaseModel):
    """How the siren stands. Silenced, what people heard is silent `silent_until`; any other alarm sounds at once."""

    output: str
    """Empty: the site has none."""
    sounds: bool = False
    silent_until: float | None = None


class MessagesSent:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for method, path, call, status, model in (
            ("GET", PATH, self.receipts, 200, ReceiptsShape),
            ("POST", PATH, self.test, 202, SentShape),
            ("GET", SIREN, self.siren, 200, SirenShape),
            ("PUT", SIREN, self.silence, 200, SirenShape),
        ):
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, status: {"model": model}}
            app.add_api_route(
                path, call, methods=[method], status_code=status, responses=answers, response_class=Response
            )

    async def receipts(self, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """The newest messages, one row a channel, the last first."""
        rows = self._farm.receipts(ALL if before else most + 1)
        shown, after = page(rows, lambda one: f"{one.message}/{one.person}/{one.channel}", before, most)
        found = [
            ReceiptShape(
                id=one.message,
                made=milliseconds(one.made_s),
                person=one.person,
                kind=one.kind,
                priority=one.priority,
                title=one.title,
                channel=one.channel,
                state=one.state,
                attempts=one.attempts,
                at=None if one.at_s is None else milliseconds(one.at_s),
                answer=one.answer,
            )
            for one in shown
        ]
        return Response(
            orjson.dumps(ReceiptsShape(receipts=found, next=after).model_dump()), media_type="application/json"
        )

    async def test(self, body: TestBody) -> Response:
        """Sends a test message to one person, or to all."""
        people = list(self._farm.send_test(body.to))
        if not people:
            known = self._farm.site.notify.people
            values: dict[str, object] = {"to": body.to, "near": nearest(body.to, known)}
            raise ProblemError(404, "not_found", key="notify.nobody", values=values)
        return Response(orjson.dumps(SentShape(people=people).model_dump()), 202, media_type="application/json")

    async def silence(self, body: SilenceBody, request: Request) -> Response:
        """Silences the siren for ten minutes. Nothing is acknowledged by it, and the next alarm sounds."""
        session = request.state.session
        refusal = await self._farm.silence(body.change_id, session.who)
        if refusal is not None:
            raise ProblemError(422, "refused", key=f"refused.{refusal.because.key}", values=refusal.because.values)
        return await self.siren()

    async def siren(self) -> Response:
        """Whether the siren sounds, and until when it is silenced."""
        now = self._farm.siren()
        shape = SirenShape(output="")
        if now is not None:
            until = milliseconds(now.silent_until_s) if now.silent_until_s else None
            shape = SirenShape(output=now.output, sounds=now.sounds, silent_until=until)
        return Response(orjson.dumps(shape.model_dump()), media_type="application/json")
