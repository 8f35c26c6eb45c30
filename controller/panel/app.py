"""The operators' panel as one web application: its pages, its calls, and the guard before all of them."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from controller.panel.account_calls import AccountCalls
from controller.panel.alarm_links import AlarmLinks
from controller.panel.alarms import AlarmCalls
from controller.panel.api import Api
from controller.panel.assets import Asset, open_pages, read_assets, serve
from controller.panel.box import Box
from controller.panel.buses import BusCalls
from controller.panel.calibrations import CalibrationCalls
from controller.panel.consumption import ConsumptionCalls
from controller.panel.description import DescribedLater, described
from controller.panel.doses import DoseCalls
from controller.panel.farm import Farm
from controller.panel.guard import HEADERS, Guard
from controller.panel.guide import Guide
from controller.panel.hands import HandsCalls
from controller.panel.installed import Installed
from controller.panel.interlocks import InterlockCalls
from controller.panel.logbook import LogbookCalls
from controller.panel.messages_sent import MessagesSent
from controller.panel.people import People
from controller.panel.permissions import OPEN, STEP_UP, allows
from controller.panel.photo_calls import PhotoCalls
from controller.panel.problems import ProblemError, language_of, problem_response
from controller.panel.rates import Rate
from controller.panel.recipe_calls import RecipeCalls
from controller.panel.rules import RuleCalls
from controller.panel.schedule import ScheduleCalls
from controller.panel.second_factor_calls import SecondFactorCalls
from controller.panel.session_calls import SessionCalls
from controller.panel.sessions import Session, Sessions
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from controller.panel.system import SystemCalls
from controller.panel.trends import TrendCalls

log = logging.getLogger("farmloop.panel")
LINK_ATTEMPTS = 20
"""A minute, from one address, of links in messages."""
WRITES = 10
"""A second, of one session."""


def create_app(
    farm: Farm,
    *,
    sign_in: SignIn | None = None,
    people: People | None = None,
    box: Box | None = None,
    streams: Streams | None = None,
    hosts: Iterable[str] = (),
    secure: bool = False,
) -> FastAPI:
    """The panel of `farm`, for `people`; `sign_in` is theirs where only that is given.

    `hosts` are names, beyond localhost, IP addresses and `*.local`, under which browsers may call it. `secure` says
    that they do so by https: then the cookie is bound to it. `app.state.streams` is there for the server to close.
    """
    people = people or People(sign_in or SignIn())
    streams = streams or Streams(farm)
    cookie = "__Host-farmloop" if secure else "farmloop"
    assets = read_assets()
    sign_in_pages, set_up_pages = open_pages(assets, "sign_in.html"), open_pages(assets, "set_up.html")

    def door() -> dict[str, Asset]:
        return set_up_pages if people.set_up.is_open else sign_in_pages

    app = FastAPI(
        title="Farmloop", version="1", openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False, dependencies=[Depends(_permit(people.sessions))],
    )  # fmt: skip
    app.router.route_class = DescribedLater
    app.state.streams = streams
    app.add_middleware(Guard, people=people, cookie=cookie, hosts=hosts, writes=Rate(WRITES, 1.0), door=door)
    Api(farm, people, streams).add_to(app)
    session_calls = SessionCalls(people, cookie, secure)
    session_calls.add_to(app)
    AccountCalls(people, session_calls).add_to(app)
    SecondFactorCalls(people, session_calls).add_to(app)
    SystemCalls(farm, box).add_to(app)
    AlarmLinks(farm, Rate(LINK_ATTEMPTS, 60.0), open_pages(assets, "alarm_link.html")).add_to(app)
    MessagesSent(farm).add_to(app)
    AlarmCalls(farm).add_to(app)
    HandsCalls(farm).add_to(app)
    DoseCalls(farm).add_to(app)
    InterlockCalls(farm).add_to(app)
    BusCalls(farm).add_to(app)
    CalibrationCalls(farm).add_to(app)
    TrendCalls(farm).add_to(app)
    ScheduleCalls(farm).add_to(app)
    RecipeCalls(farm).add_to(app)
    ConsumptionCalls(farm).add_to(app)
    RuleCalls(farm).add_to(app)
    LogbookCalls(farm).add_to(app)
    PhotoCalls(farm).add_to(app)
    Installed(farm, assets).add_to(app)
    Guide(assets).add_to(app)

    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    async def sign_in_page(request: Request, language: str = "") -> Response:
        return serve(sign_in_pages.get(language) or sign_in_pages[language_of(request)], request)

    async def set_up_page(request: Request, language: str = "") -> Response:
        if not people.set_up.is_open:
            raise ProblemError(404, "not_found")
        return serve(set_up_pages.get(language) or set_up_pages[language_of(request)], request)

    async def index(request: Request) -> Response:
        return serve(assets["index.html"], request)

    async def static(request: Request, path: str = "") -> Response:
        asset = assets.get(path or request.scope["path"].removeprefix("/static/"))
        if asset is None or asset.media_type == "text/html":
            raise ProblemError(404, "not_found")
        return serve(asset, request)

    async def openapi() -> Response:
        return Response(orjson.dumps(described(app)), media_type="application/json")

    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/sign-in", sign_in_page, include_in_schema=False)
    app.add_api_route("/set-up", set_up_page, include_in_schema=False)
    app.add_api_route("/", index, include_in_schema=False)
    for _, path in sorted(OPEN):
        if path.startswith("/static/"):
            app.add_api_route(path, static, include_in_schema=False)
    app.add_api_route("/static/{path:path}", static, include_in_schema=False)
    app.add_api_route("/api/v1/openapi.json", openapi, include_in_schema=False)
    answer_with_problems(app)
    return app


def _permit(sessions: Sessions) -> Callable[[Request], Awaitable[None]]:
    """Every route passes here once it is known which one it is. The guard has asked for the session already."""

    async def permit(request: Request) -> None:
        key = (request.method, request.scope["route"].path)
        if key in OPEN:
            return
        session = request.state.session
        if not isinstance(session, Session) or not allows(session.role, *key):
            raise ProblemError(403, "not_allowed")
        if key in STEP_UP and not sessions.is_confirmed(session):
            raise ProblemError(403, "confirm_first")

    return permit


def answer_with_problems(app: FastAPI) -> None:
    """Every error leaves as problem+json, and none of them repeats what was sent."""

    @app.exception_handler(ProblemError)
    async def _(request: Request, error: ProblemError) -> Response:
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(sorted({".".join(str(part) for part in one["loc"][1:]) for one in error.errors()}))
        return problem_response(request, ProblemError(422, "invalid", values={"fields": fields[:200]}))

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "invalid")
        return problem_response(request, ProblemError(error.status_code, code, headers=error.headers))

    @app.exception_handler(sqlite3.Error)
    async def _(request: Request, error: sqlite3.Error) -> Response:
        log.error("panel_disk", extra={"why": str(error)})
        return problem_response(request, ProblemError(503, "not_kept"))

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> Response:
        # Starlette sends this one from outside the guard, so it brings the guard's headers itself.
        return problem_response(request, ProblemError(500, "broken", headers={**HEADERS, "cache-control": "no-store"}))
