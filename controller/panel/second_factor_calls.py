"""The code beside the password, as calls: one's own put on and off, and an administrator's taking it off."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.panel.people import People
from controller.panel.problems import ProblemError
from controller.panel.replies import add_calls, json_reply, session_of
from controller.panel.session_calls import Code, ConfirmBody, SessionCalls

PATH = "/api/v1/session/second-factor"


class TurnOnBody(BaseModel):
    """The first code that the authenticator shows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[Code, Field(min_length=6)]


@dataclass(frozen=True, slots=True)
class SecondFactorShape:
    """Whether a code is asked for beside one's password."""

    on: bool
    paper_left: int
    """Codes on paper that are still good."""


@dataclass(frozen=True, slots=True)
class BegunShape:
    """For the authenticator; nothing is asked for yet."""

    key: str
    uri: str
    picture: list[str]
    """The `uri` as a QR code, a row a text: 1 is dark, 0 light, with the light border that it needs."""


@dataclass(frozen=True, slots=True)
class TurnedOnShape:
    """Codes to be written on paper, each good once; they are told here alone."""

    paper: list[str]


class SecondFactorCalls:
    """The calls, bound to the people of one panel."""

    def __init__(self, people: People, door: SessionCalls) -> None:
        self._people = people
        self._door = door

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their paths."""
        add_calls(
            app,
            (
                ("GET", PATH, self.show, 200, SecondFactorShape),
                ("POST", PATH, self.begin, 201, BegunShape),
                ("PUT", PATH, self.turn_on, 200, TurnedOnShape),
                ("POST", f"{PATH}/off", self.turn_off, 200, SecondFactorShape),
                ("DELETE", "/api/v1/users/{name}/second-factor", self.take_off, 204, None),
            ),
        )

    async def show(self, request: Request) -> Response:
        """Whether a code is asked for beside one's own password."""
        return json_reply(self._shape(session_of(request).who))

    async def begin(self, body: ConfirmBody, request: Request) -> Response:
        """A key for an authenticator, for one's own password (and code, where one is asked for already)."""
        session = session_of(request)
        account = await self._door.own(session, body, request)
        key, uri = self._people.factors.begin(account.name)
        picture = await asyncio.to_thread(self._people.factors.picture, uri)
        return json_reply(BegunShape(key, uri, picture), 201)

    async def turn_on(self, body: TurnOnBody, request: Request) -> Response:
        """From now on a code is asked for: with the first one of the key that was begun. One's other sessions end."""
        people, session = self._people, session_of(request)
        if not session.account:
            raise ProblemError(403, "no_account")
        async with people.changing:
            paper = await asyncio.to_thread(people.factors.turn_on, session.who, body.code, people.now())
        if paper is None:
            raise ProblemError(403, "second_factor_wrong")
        ended = people.sessions.close_of(session.who, but=session)
        await people.keep_sessions()
        people.note(session.who, "second_factor_on", session.who, {"by": session.who, "sessions_ended": ended})
        return json_reply(TurnedOnShape(list(paper)))

    async def turn_off(self, body: ConfirmBody, request: Request) -> Response:
        """The password alone lets in again; asks for it and for a code."""
        account = await self._door.own(session_of(request), body, request)
        await self._removed(account.name, account.name)
        return json_reply(self._shape(account.name))

    async def take_off(self, name: str, request: Request) -> Response:
        """Takes a person's code away (a lost telephone, and no paper); their sessions end."""
        people = self._people
        if people.accounts.find(name) is None or not people.factors.has(name):
            raise ProblemError(404, "not_found")
        await self._removed(name, session_of(request).who)
        people.sessions.close_of(name, but=session_of(request))
        await people.keep_sessions()
        return Response(status_code=204)

    async def _removed(self, name: str, by: str) -> None:
        people = self._people
        async with people.changing:
            was_on = await asyncio.to_thread(people.factors.remove, name, people.now())
        if was_on:
            people.note(by, "second_factor_off", name, {"by": by})

    def _shape(self, name: str) -> SecondFactorShape:
        return SecondFactorShape(self._people.factors.has(name), self._people.factors.paper_left(name))
