"""Who may come in, as administrators see and change it: accounts, tokens of programs, and the first boot's door."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.panel.accounts import Account, ApiToken, LastAdminError
from controller.panel.pages import MOST_ROWS, Before, Most, page
from controller.panel.people import People
from controller.panel.permissions import Role
from controller.panel.problems import ProblemError
from controller.panel.replies import add_calls, address_of, check_version, json_reply, session_of
from controller.panel.session_calls import Secret, SessionCalls, SessionShape, check_rate

Name = Annotated[str, Field(min_length=1, max_length=40)]
Reason = Annotated[str, Field(max_length=200)]
DAY_S = 86400.0


class _Body(BaseModel):
    # a role is in the body of whoever may give roles, and in no other
    model_config = ConfigDict(extra="forbid")


class UserBody(_Body):
    """A person who is to come in."""

    name: Name
    role: Role
    password: Secret
    reason: Reason = ""


class UserChangeBody(_Body):
    """Another role, another password, or both; either ends the person's sessions."""

    role: Role | None = None
    password: Secret | None = None
    reason: Reason = ""


class TokenBody(_Body):
    """A program that is to ask by itself. It may what the role may, but for what asks for a password again."""

    name: Name
    role: Role = Role.VIEWER
    days: Annotated[float, Field(gt=0, le=3653, allow_inf_nan=False)] | None = 365.0
    """None: until it is taken back."""


class SetUpBody(_Body):
    """The code that stands on the box, and the first administrator."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Name
    password: Secret


@dataclass(frozen=True, slots=True)
class UserShape:
    """A person who may sign in. Times are milliseconds since the Unix epoch."""

    name: str
    role: Role
    made: float
    changed: float
    sessions: int
    """Open now."""
    version: str
    """For `If-Match`."""
    second_factor: bool
    """A code is asked for beside the password."""


@dataclass(frozen=True, slots=True)
class UsersShape:
    users: list[UserShape]
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


@dataclass(frozen=True, slots=True)
class TokenShape:
    """A program that may ask. Times are milliseconds since the Unix epoch."""

    id: str
    name: str
    role: Role
    made_by: str
    made: float
    ends: float | None
    used: float | None
    """When it last asked."""


@dataclass(frozen=True, slots=True)
class TokensShape:
    tokens: list[TokenShape]
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


@dataclass(frozen=True, slots=True)
class NewTokenShape:
    """The only time that the token's text is told."""

    token: TokenShape
    text: str


class AccountCalls:
    """The calls, bound to the people of one panel."""

    def __init__(self, people: People, door: SessionCalls) -> None:
        self._people = people
        self._door = door

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their paths."""
        add_calls(
            app,
            (
                ("GET", "/api/v1/users", self.users, 200, UsersShape),
                ("POST", "/api/v1/users", self.add, 201, UserShape),
                ("PUT", "/api/v1/users/{name}", self.change, 200, UserShape),
                ("DELETE", "/api/v1/users/{name}", self.remove, 204, None),
                ("GET", "/api/v1/tokens", self.tokens, 200, TokensShape),
                ("POST", "/api/v1/tokens", self.make_token, 201, NewTokenShape),
                ("DELETE", "/api/v1/tokens/{id}", self.remove_token, 204, None),
                ("POST", "/api/v1/set-up", self.set_up, 201, SessionShape),
            ),
        )

    async def users(self, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """Everybody who may sign in."""
        found, after = page(list(self._people.accounts.all()), lambda one: one.name, before, most)
        return json_reply(UsersShape([self._shape(account) for account in found], after))

    async def add(self, body: UserBody, request: Request) -> Response:
        """A new account."""
        by = session_of(request).who
        account = await self._added(body.name, body.role, body.password)
        said = {"by": by, "before": None, "after": {"role": body.role}, "reason": body.reason}
        self._people.note(by, "account_added", body.name, said)
        return _versioned(self._shape(account), 201)

    async def change(self, name: str, body: UserChangeBody, request: Request) -> Response:
        """Another role or password; the person's sessions end. With `If-Match` only if nobody was faster."""
        people, by = self._people, session_of(request).who
        new = await people.hash_of_new(body.password, name) if body.password is not None else None
        async with people.changing:
            old = self._known(name)
            check_version(request, old.version, people.changed_by.get(name, ""))
            try:
                account = await asyncio.to_thread(
                    people.accounts.change, name, people.now(), role=body.role, password=new
                )
            except LastAdminError as error:
                raise ProblemError(409, "last_admin") from error
            people.changed_by[name] = by
        ended = people.sessions.close_of(name)
        await people.keep_sessions()
        said = {
            "by": by, "before": {"role": old.role}, "after": {"role": account.role}, "password": new is not None,
            "sessions_ended": ended, "reason": body.reason,
        }  # fmt: skip
        people.note(by, "account_changed", name, said)
        return _versioned(self._shape(account), 200)

    async def remove(self, name: str, request: Request) -> Response:
        """Takes an account away; the person's sessions end."""
        people, by = self._people, session_of(request).who
        async with people.changing:
            old = self._known(name)
            check_version(request, old.version, people.changed_by.get(name, ""))
            try:
                await asyncio.to_thread(people.accounts.remove, name, people.now())
                await asyncio.to_thread(people.factors.remove, name, people.now())
            except LastAdminError as error:
                raise ProblemError(409, "last_admin") from error
        ended = people.sessions.close_of(name)
        await people.keep_sessions()
        said = {"by": by, "before": {"role": old.role}, "after": None, "sessions_ended": ended}
        people.note(by, "account_removed", name, said)
        return Response(status_code=204)

    async def tokens(self, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """Every program that may ask by itself."""
        found, after = page(list(self._people.accounts.tokens()), lambda one: one.id, before, most)
        return json_reply(TokensShape([_token_shape(token) for token in found], after))

    async def make_token(self, body: TokenBody, request: Request) -> Response:
        """A new token; its text is told once, here."""
        people, by = self._people, session_of(request).who
        now_s = people.now()
        ends_s = now_s + body.days * DAY_S if body.days is not None else None
        async with people.changing:
            try:
                token, text = await asyncio.to_thread(
                    people.accounts.make_token, body.name, body.role, by, now_s, ends_s
                )
            except ValueError as error:
                raise ProblemError(422, "no_name") from error
        people.note(by, "token_made", token.id, {"by": by, "name": body.name, "role": body.role, "days": body.days})
        return json_reply(NewTokenShape(_token_shape(token), text), 201)

    async def remove_token(self, id: str, request: Request) -> Response:
        """Takes a token back: it opens nothing from now on."""
        people, by = self._people, session_of(request).who
        async with people.changing:
            try:
                await asyncio.to_thread(people.accounts.remove_token, id, people.now())
            except KeyError as error:
                raise ProblemError(404, "not_found") from error
        people.note(by, "token_removed", id, {"by": by})
        return Response(status_code=204)

    async def set_up(self, body: SetUpBody, request: Request) -> Response:
        """Makes the first administrator with the code that stands on the box, and signs in. Then this is no more."""
        people = self._people
        if not people.set_up.is_open:
            raise ProblemError(404, "not_found")
        check_rate(self._people.attempts, address_of(request))
        if not people.set_up.fits(body.code):
            raise ProblemError(403, "set_up_code")
        account = await self._added(body.name, Role.ADMIN, body.password, first=True)
        people.set_up.shut()
        said = {"by": body.name, "before": None, "after": {"role": Role.ADMIN}, "from": address_of(request)}
        people.note(body.name, "account_added", body.name, said)
        return await self._door.begin(request, account.name, account.role, account, long=False)

    async def _added(self, name: str, role: Role, password: str, first: bool = False) -> Account:
        people = self._people
        hashed = await people.hash_of_new(password, name)
        async with people.changing:
            if first and not people.set_up.is_open:  # somebody else was faster
                raise ProblemError(404, "not_found")
            try:
                return await asyncio.to_thread(people.accounts.add, name, role, hashed, people.now())
            except KeyError as error:
                raise ProblemError(409, "name_taken", values={"name": name}) from error
            except ValueError as error:
                raise ProblemError(422, "no_name") from error

    def _known(self, name: str) -> Account:
        account = self._people.accounts.find(name)
        if account is None:
            raise ProblemError(404, "not_found")
        return account

    def _shape(self, account: Account) -> UserShape:
        sessions = sum(one.account and one.who == account.name for one in self._people.sessions.all())
        return UserShape(
            account.name, account.role, account.made_ms, account.changed_ms, sessions, account.version,
            self._people.factors.has(account.name),
        )  # fmt: skip


def _token_shape(token: ApiToken) -> TokenShape:
    return TokenShape(
        token.id, token.name, token.role, token.made_by, token.made_ms, token.ends_ms, token.used_ms
    )  # fmt: skip


def _versioned(shape: UserShape, status: int) -> Response:
    return json_reply(shape, status, {"etag": f'"{shape.version}"'})
