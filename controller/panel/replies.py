"""What every call of the API does alike: its answer as JSON, its session, its place under a path."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from controller.panel.problems import ProblemError
from controller.panel.sessions import Session
from controller.panel.shapes import ProblemShape

Call = tuple[str, str, Callable[..., Any], int, Any]
"""Method, path, function, status when all is well, and the shape that it answers with (None: nothing)."""


def add_calls(app: FastAPI, calls: Iterable[Call]) -> None:
    """Puts calls under their paths. Each needs its line in `permissions.py`, or nobody may make it."""
    wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
    for method, path, call, status, model in calls:
        right: dict[str, Any] = {"model": model} if model else {"description": "Nothing"}
        answers: dict[int | str, dict[str, Any]] = {"default": wrong, status: right}
        app.add_api_route(path, call, methods=[method], status_code=status, responses=answers, response_class=Response)


def json_reply(shape: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The shape as JSON."""
    body = orjson.dumps(shape, default=str)
    return Response(body, status_code=status, media_type="application/json", headers=dict(headers or {}))


def session_of(request: Request) -> Session:
    """The session that the guard found: no route that asks for it is reached without one."""
    session = request.state.session
    if not isinstance(session, Session):
        raise ProblemError(401, "no_session")
    return session


def address_of(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


def seen_version(request: Request) -> str:
    """The version that an edit is of, as `If-Match` names it; empty: whatever stands."""
    wanted = request.headers.get("if-match", "*").strip().removeprefix("W/").strip('"')
    return "" if wanted == "*" else wanted


def check_version(
    request: Request, version: str, by: str = "", *, key: str = "", values: Mapping[str, object] | None = None
) -> None:
    """Raises ProblemError (412) if `If-Match` names another version than what stands now; it tells that one, and who
    made it where that is known: whoever looks at it and wants it all the same names it in turn. `key` and `values` are
    words of its own for that."""
    wanted = request.headers.get("if-match", "*")
    if wanted != "*" and version not in {one.strip().removeprefix("W/").strip('"') for one in wanted.split(",")}:
        told = {"version": version, "by": by, **(values or {})}
        key = key or ("panel.error.changed_by" if by else "")
        raise ProblemError(412, "changed_since", key=key, values=told, headers=etag(version))


def etag(version: str) -> dict[str, str]:
    """The header that tells a version."""
    return {"etag": f'"{version}"'}
