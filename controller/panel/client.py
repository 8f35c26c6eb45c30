"""A client of the API, for the command line and for other programs. One call is one method; what comes back has a type.

    with Client("https://farm-box.local:8443", token="farmloop_…", authority=Path("authority.pem")) as farm:
        farm.set_setpoint("ras1.tank1.do_sp", 8.0)

A write carries an `Idempotency-Key`: where no answer came it is asked once more, and done once.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import httpx

from controller.panel.target_version import target_version

if TYPE_CHECKING:  # the shapes bring the core along, which a command that only prints has no use for
    from controller.panel.account_calls import NewTokenShape, TokenShape, UserShape
    from controller.panel.automation import RulesShape
    from controller.panel.shapes import SetpointNowShape, StateShape
    from controller.panel.system import DeedsShape, SystemShape

API: Final = "/api/v1"
COOKIE, SECURE_COOKIE, OWN_HEADER = "farmloop", "__Host-farmloop", "x-farmloop"
ANSWER_S: Final = 20.0
Shape = TypeVar("Shape")


class UnreachableError(OSError):
    """Nobody answers, or it is no Farmloop that does."""


class RefusedError(Exception):
    """The farm's own words, in the language that was asked for."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("title", problem)))
        self.status = status
        self.problem = problem
        """As it came: `code`, `message` (a key of the locales), `values`."""


class Client:
    """Of one farm, as a program with a token, or as a session. Leaving the block closes its connections."""

    def __init__(
        self, url: str, *, token: str = "", session: str = "", authority: Path | None = None, language: str = "en",
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """`authority` is the box's own (`tls/authority.pem`): over https nobody else is believed. Raises OSError if
        it cannot be read."""
        headers = {OWN_HEADER: "1", "accept-language": language}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if session:
            headers["cookie"] = f"{SECURE_COOKIE if url.startswith('https:') else COOKIE}={session}"
        verify = _trusting(authority) if authority is not None else True
        try:
            self._http = httpx.Client(
                base_url=url, headers=headers, timeout=ANSWER_S, trust_env=False, verify=verify, transport=transport
            )
        except httpx.InvalidURL as error:
            raise UnreachableError(str(error)) from error

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._http.close()

    def call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None, seen: str = ""
    ) -> Any:
        """Any call (`/api/v1/...`), and its document; None where it has none. `seen` is the version that an edit is
        of. Raises RefusedError, UnreachableError."""
        headers = {"if-match": f'"{seen}"'} if seen else {}
        if method not in ("GET", "HEAD"):
            headers["idempotency-key"] = secrets.token_urlsafe(16)
        try:
            try:
                reply = self._http.request(method, path, params=query, json=body, headers=headers)
            except httpx.RemoteProtocolError:  # a connection that was kept, and that the server had closed meanwhile
                reply = self._http.request(method, path, params=query, json=body, headers=headers)
            document = reply.json() if reply.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise UnreachableError(str(error)) from error
        if reply.status_code >= 400:
            raise RefusedError(reply.status_code, document if isinstance(document, dict) else {})
        return document

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Documents of a list that grows, one a page, until its last. Raises RefusedError, UnreachableError."""
        given = dict(query or {})
        while True:
            document = self.call("GET", path, query=given)
            yield document
            if document["next"] is None:
                return
            given["before"] = str(document["next"])

    # --- the farm

    def state(self) -> "StateShape":
        """Everything that changes, as it is now."""
        from controller.panel.shapes import StateShape

        return _shaped(StateShape, self.call("GET", f"{API}/state"))

    def set_setpoint(
        self, name: str, value: float, *, expected: float | None = None, reason: str = ""
    ) -> "SetpointNowShape":
        """Returns once the controller has taken it; with `expected` only if its target is that still."""
        from controller.panel.shapes import SetpointNowShape

        body = {"change_id": f"client_{secrets.token_urlsafe(9)}", "value": value, "reason": reason}
        seen = "" if expected is None else target_version(expected)
        return _shaped(SetpointNowShape, self.call("PUT", f"{API}/setpoints/{quote(name)}", body=body, seen=seen))

    def switch_rule_off(self, name: str, hours: float, reason: str) -> "RulesShape":
        """Returns once the rule is off; after so many hours (24 at most) it runs again by itself."""
        from controller.panel.automation import RulesShape

        body = {"change_id": f"client_{secrets.token_urlsafe(9)}", "hours": hours, "reason": reason}
        return _shaped(RulesShape, self.call("PUT", f"{API}/rules-off/{quote(name)}", body=body))

    def switch_rule_on(self, name: str) -> "RulesShape":
        from controller.panel.automation import RulesShape

        query = {"change_id": f"client_{secrets.token_urlsafe(9)}"}
        return _shaped(RulesShape, self.call("DELETE", f"{API}/rules-off/{quote(name)}", query=query))

    # --- who may come in

    def users(self) -> Sequence["UserShape"]:
        from controller.panel.account_calls import UsersShape

        return [user for one in self.pages(f"{API}/users") for user in _shaped(UsersShape, one).users]

    def add_user(self, name: str, role: str, password: str) -> "UserShape":
        from controller.panel.account_calls import UserShape

        return _shaped(UserShape, self.call("POST", f"{API}/users", body=_user(role, password) | {"name": name}))

    def change_user(self, name: str, *, role: str = "", password: str = "", seen: str = "") -> "UserShape":
        """Another role, another password, or both; `seen` is the version that the edit is of."""
        from controller.panel.account_calls import UserShape

        document = self.call("PUT", f"{API}/users/{quote(name)}", body=_user(role, password), seen=seen)
        return _shaped(UserShape, document)

    def remove_user(self, name: str) -> None:
        self.call("DELETE", f"{API}/users/{quote(name)}")

    def tokens(self) -> Sequence["TokenShape"]:
        from controller.panel.account_calls import TokensShape

        return [token for one in self.pages(f"{API}/tokens") for token in _shaped(TokensShape, one).tokens]

    def make_token(self, name: str, role: str = "viewer", days: float | None = 365.0) -> "NewTokenShape":
        """The only time that its text is told."""
        from controller.panel.account_calls import NewTokenShape

        body = {"name": name, "role": role, "days": days}
        return _shaped(NewTokenShape, self.call("POST", f"{API}/tokens", body=body))

    def remove_token(self, id: str) -> None:
        self.call("DELETE", f"{API}/tokens/{quote(id)}")

    # --- the box

    def system(self) -> "SystemShape":
        from controller.panel.system import SystemShape

        return _shaped(SystemShape, self.call("GET", f"{API}/system"))

    def deeds(self, most: int = 50, before: int | None = None) -> "DeedsShape":
        """Who did what, the last first; its `next` is the `before` of the page after."""
        from controller.panel.system import DeedsShape

        query = {"most": str(most)} | ({} if before is None else {"before": str(before)})
        return _shaped(DeedsShape, self.call("GET", f"{API}/audit", query=query))


def _shaped(shape: type[Shape], document: object) -> Shape:
    from pydantic import TypeAdapter

    return TypeAdapter(shape).validate_python(document)


def _user(role: str, password: str) -> dict[str, str]:
    return ({"role": role} if role else {}) | ({"password": password} if password else {})


def _trusting(authority: Path) -> Any:
    import ssl

    return ssl.create_default_context(cafile=str(authority))
