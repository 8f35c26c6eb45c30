"""Signing in and out, giving the password again, changing it, and seeing where one is signed in."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from controller.panel.accounts import Account
from controller.panel.pages import MOST_ROWS, Before, Most, page
from controller.panel.people import People
from controller.panel.permissions import GRANTS, Permission, Role
from controller.panel.problems import ProblemError
from controller.panel.rates import Rate
from controller.panel.replies import add_calls, address_of, json_reply, session_of
from controller.panel.sessions import KIOSK_IDLE_S, Session

Secret = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(max_length=20)]


class SignInBody(BaseModel):
    """A name and its password, or the one-time token of a demo's link."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"name": "wang", "password": "…"}]}
    )

    token: Secret | None = None
    name: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    password: Secret | None = None
    code: Code = ""
    """Of the authenticator, or from paper, where the account asks for one."""
    kiosk: bool = False
    """For a screen on the wall: it only shows, whoever signs in, and for twelve hours without a touch."""

    @model_validator(mode="after")
    def _one_way_in(self) -> "SignInBody":
        if (self.token is None) == (self.name is None or self.password is None):
            raise ValueError("a token, or a name with its password")
        return self


class ConfirmBody(BaseModel):
    """The password again, before what only its owner may do; with a code where the account asks for one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Secret
    code: Code = ""


class PasswordBody(BaseModel):
    """One's own password, and the one that is to be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Secret
    new_password: Secret
    code: Code = ""


@dataclass(frozen=True, slots=True)
class SessionShape:
    """Who is signed in, and what that allows."""

    who: str
    role: Role
    account: bool
    """False for a demo's link and for commands on the box: they have no password."""
    may: list[Permission]
    confirmed: bool
    """The password was given within the last five minutes."""
    second_factor: bool
    """A code is asked for beside it."""


@dataclass(frozen=True, slots=True)
class OpenSessionShape:
    """A browser that is signed in."""

    id: str
    who: str
    role: Role
    from_address: str
    opened_s: float
    """Seconds ago."""
    used_s: float
    """The same."""
    this: bool
    """It is the one that asks."""


@dataclass(frozen=True, slots=True)
class OpenSessionsShape:
    sessions: list[OpenSessionShape]
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


class SessionCalls:
    """The calls, bound to the people of one panel."""

    def __init__(self, people: People, cookie: str, secure: bool) -> None:
        self._people = people
        self._cookie = cookie
        self._secure = secure

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their paths."""
        add_calls(
            app,
            (
                ("POST", "/api/v1/session", self.open, 201, SessionShape),
                ("GET", "/api/v1/session", self.show, 200, SessionShape),
                ("DELETE", "/api/v1/session", self.close, 204, None),
                ("POST", "/api/v1/session/confirm", self.confirm, 200, SessionShape),
                ("PUT", "/api/v1/session/password", self.change_password, 200, SessionShape),
                ("GET", "/api/v1/sessions", self.all, 200, OpenSessionsShape),
                ("DELETE", "/api/v1/sessions/{id}", self.revoke, 204, None),
            ),
        )

    async def open(self, body: SignInBody, request: Request) -> Response:
        """Signs in: the session comes as a cookie. A wrong name and a wrong password are told alike."""
        people, address = self._people, address_of(request)
        check_rate(self._people.attempts, address)
        if body.token is not None:
            if not people.sign_in.trade(body.token):
                raise ProblemError(401, "token", headers={"www-authenticate": "Session"})
            who, role = people.sign_in.who, people.sign_in.role
            return await self.begin(request, who, Role.VIEWER if body.kiosk else role, None, long=True)
        account = await self._known(body.name or "", body.password or "", body.code, address)
        role = Role.VIEWER if body.kiosk else account.role
        return await self.begin(request, account.name, role, account, long=body.kiosk)

    async def begin(self, request: Request, who: str, role: Role, account: Account | None, *, long: bool) -> Response:
        """A new session, with its cookie. Whatever session the browser brought ends here: nobody can have planted the
        one that it goes on with. A disk that takes nothing keeps nobody out."""
        people, address = self._people, address_of(request)
        if (old := people.sessions.find(request.cookies.get(self._cookie, ""))) is not None and not old.lasts:
            people.sessions.close(old)
        idle_s = KIOSK_IDLE_S if long else None
        session_id = people.sessions.open(
            who, role, idle_s=idle_s, account=account is not None, version=account.version if account else "",
            from_address=address,
        )  # fmt: skip
        people.note(who, "signed_in", who, {"from": address, "role": role})
        session = people.sessions.find(session_id)
        assert session is not None
        await people.keep_sessions()
        response = json_reply(self._shape(session), 201)
        response.set_cookie(self._cookie, session_id, httponly=True, samesite="strict", secure=self._secure, path="/")
        return response

    async def _known(self, name: str, password: str, code: str, address: str) -> Account:
        """Whose name and password these are; raises ProblemError. Always the work of one hash. That a code is asked
        for is only told to whoever has the password."""
        people = self._people
        if (wait_s := people.delays.wait_s(name)) > 0.0:
            raise too_many(wait_s)
        account = people.accounts.find(name)
        fits = await people.passwords.matches(password, account.password if account else None)
        # it may have been changed or taken away while the hash was worked out
        if not fits or account is None or people.accounts.find(name) != account:
            people.delays.failed(name)
            # an unknown name may be a password that was typed in the wrong place
            people.note(name if account else "", "sign_in_refused", name if account else "", {"from": address})
            raise ProblemError(401, "password", headers={"www-authenticate": "Session"})
        if people.factors.has(name) and not code.strip():
            raise ProblemError(401, "second_factor", headers={"www-authenticate": "Session"})
        async with people.changing:
            is_let_in = await asyncio.to_thread(people.factors.fits, name, code, people.now())
        if not is_let_in:
            people.delays.failed(name)
            people.note(name, "sign_in_refused", name, {"from": address, "code": False})
            raise ProblemError(401, "second_factor_wrong", headers={"www-authenticate": "Session"})
        people.delays.succeeded(name)
        if people.passwords.is_old(account.password):
            async with people.changing:
                new = await people.passwords.hash(password)
                if people.accounts.find(name) == account:
                    account = await asyncio.to_thread(people.accounts.change, name, people.now(), password=new)
                    people.sessions.renew(name, account.version)
        return account

    async def show(self, request: Request) -> Response:
        """Who is signed in."""
        return json_reply(self._shape(session_of(request)))

    async def close(self, request: Request) -> Response:
        """Signs out."""
        self._people.sessions.close(session_of(request))
        await self._people.keep_sessions()
        response = Response(status_code=204)
        response.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._secure, path="/")
        return response

    async def confirm(self, body: ConfirmBody, request: Request) -> Response:
        """Gives the password again: for five minutes the session may change accounts, tokens and interlocks."""
        session = session_of(request)
        await self.own(session, body, request)
        self._people.sessions.confirm(session)
        return json_reply(self._shape(session))

    async def change_password(self, body: PasswordBody, request: Request) -> Response:
        """Changes one's own password, and ends all of one's other sessions."""
        people, session = self._people, session_of(request)
        account = await self.own(session, body, request)
        new = await people.hash_of_new(body.new_password, account.name, body.password)
        async with people.changing:
            if people.accounts.find(account.name) != account:
                raise ProblemError(409, "changed_since")
            account = await asyncio.to_thread(people.accounts.change, account.name, people.now(), password=new)
        ended = people.sessions.close_of(account.name, but=session)
        people.sessions.renew(account.name, account.version)
        await people.keep_sessions()
        people.note(account.name, "password_changed", account.name, {"by": account.name, "sessions_ended": ended})
        people.sessions.confirm(session)
        return json_reply(self._shape(session))

    async def own(self, session: Session, body: ConfirmBody | PasswordBody, request: Request) -> Account:
        """The account of the session, if it is its password, and its code where one is asked for; raises
        ProblemError."""
        if not session.account:
            raise ProblemError(403, "no_account")
        check_rate(self._people.attempts, address_of(request))
        try:
            return await self._known(session.who, body.password, body.code, address_of(request))
        except ProblemError as error:
            if error.status != 401:
                raise
            # 401 would send a browser that is signed in to the sign-in page
            raise ProblemError(403, error.code) from error

    async def all(self, request: Request, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """Where one is signed in; for administrators, where everybody is."""
        session, shapes = session_of(request), []
        for one in self._people.sessions.all():
            if self._is_own(session, one):
                opened_s, used_s = self._people.sessions.age_s(one)
                shapes.append(
                    OpenSessionShape(
                        one.id, one.who, one.role, one.from_address, round(opened_s), round(used_s), one is session
                    )
                )
        found, after = page(shapes, lambda one: one.id, before, most)
        return json_reply(OpenSessionsShape(list(found), after))

    async def revoke(self, id: str, request: Request) -> Response:
        """Ends a session: whatever it had open ends within a second. 503 where it has ended, and would be back after
        a restart because the disk takes nothing."""
        session = session_of(request)
        for one in self._people.sessions.all():
            if one.id == id and self._is_own(session, one):
                self._people.sessions.close(one)
                self._people.note(session.who, "session_ended", one.who, {"by": session.who, "id": id})
                if not await self._people.keep_sessions():
                    raise ProblemError(503, "not_kept")
                return Response(status_code=204)
        raise ProblemError(404, "not_found")

    def _is_own(self, session: Session, other: Session) -> bool:
        own = other is session or (other.account and session.account and other.who == session.who)
        return own or Permission.ADMINISTER in GRANTS[session.role]

    def _shape(self, session: Session) -> SessionShape:
        may = sorted(GRANTS[session.role] - {Permission.OPEN})
        return SessionShape(
            session.who,
            session.role,
            session.account,
            may,
            self._people.sessions.is_confirmed(session),
            session.account and self._people.factors.has(session.who),
        )


def check_rate(attempts: Rate, address: str) -> None:
    """Counts an attempt; raises ProblemError where there were too many."""
    if (wait_s := attempts.wait_s(address)) > 0:
        raise too_many(wait_s)


def too_many(wait_s: float) -> ProblemError:
    """Try again in so many seconds."""
    whole_s = max(1, round(wait_s + 0.5))
    return ProblemError(429, "too_many", values={"seconds": whole_s}, headers={"retry-after": str(whole_s)})
