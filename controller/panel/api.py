"""What the panel's pages and other programs may ask and do: `/api/v1/...`, JSON by orjson, errors as problem+json."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Query, Request, Response
from starlette.responses import StreamingResponse

from controller.core.words import Trial
from controller.entries import Wish
from controller.moments import MomentError, moment_s, spelled
from controller.panel.assets import Asset, packed, serve
from controller.panel.automation import RulesShape, SequenceBody, SequencesShape
from controller.panel.farm import Farm, Refusal
from controller.panel.layout import SiteShape, layout, reason_above
from controller.panel.pages import ALL, MOST_ROWS, Before, Most, page
from controller.panel.people import People
from controller.panel.problems import ProblemError
from controller.panel.replies import check_version, etag, json_reply
from controller.panel.sessions import Session
from controller.panel.shapes import (
    CHANGE_ID,
    DevicesShape,
    EntriesShape,
    EntryBody,
    EntryShape,
    NoticesShape,
    PenShape,
    ProblemShape,
    ResetBody,
    ResetShape,
    SetpointBody,
    SetpointNowShape,
    StateShape,
    TrendShape,
    TrialBody,
    TrialShape,
    devices_shape,
    entry_shape,
    milliseconds,
    notice_shape,
    pen_shape,
    setpoint_shape,
    state_shape,
    trial_shape,
)
from controller.panel.stream import Streams
from controller.panel.target_version import target_version
from controller.panel.thin import thin
from controller.why.journal import NotRecordedError
from controller.why.shape import ExplanationShape, explanation_shape
from edge_config.wording import nearest
from foundation.messages import LANGUAGES, catalogue

MOST_PENS = 8
MOST_ENTRIES = 200
MOST_POINTS = 1500
"""Points of one pen: more than a screen has columns."""
LONGEST_TREND_S = 3653 * 86400.0
"""Ten years: what the box keeps."""
FOR_THE_PANEL = ("panel.", "why.", "refused.", "reason.", "quality.", "unit.", "alarm.", "failure.")
"""First words of the messages that the front end is given."""
LATER = (
    "why.", "refused.", "failure.", "panel.access.", "panel.alarm.take_out", "panel.alarms.sent.", "panel.audit.",
    "panel.away.", "panel.calibration.", "panel.deed.", "panel.device.", "panel.entries.", "panel.factor.",
    "panel.help.", "panel.logbook.", "panel.photos.", "panel.recipe.", "panel.rule.", "panel.rules.",
    "panel.schedule.", "panel.sequence.", "panel.set_up.", "panel.sign_in.", "panel.siren", "panel.system.",
    "panel.trend.", "panel.users.",
)  # fmt: skip
"""First words of those that the overview does not need: they come after it."""
Part = Literal["all", "first"]


@cache
def messages_of(language: str, part: Part = "all") -> Asset:
    """Packed once: they are much of what a page loads first."""
    told = {
        key: text
        for key, text in catalogue(language).items()
        if key.startswith(FOR_THE_PANEL) and not (part == "first" and key.startswith(LATER))
    }
    return packed(orjson.dumps(told), "application/json")


class Api:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm, people: People, streams: Streams) -> None:
        self._farm = farm
        self._people = people
        self._streams = streams
        self._thinning = asyncio.Semaphore(1)

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for method, path, call, status, model in (
            ("GET", "/api/v1/messages/{language}", self.messages, 200, dict[str, str]),
            ("GET", "/api/v1/site", self.site, 200, SiteShape),
            ("GET", "/api/v1/state", self.state, 200, StateShape),
            ("GET", "/api/v1/stream", self.stream, 200, None),
            ("GET", "/api/v1/trend", self.trend, 200, TrendShape),
            ("GET", "/api/v1/devices", self.devices, 200, DevicesShape),
            ("GET", "/api/v1/entries", self.entries, 200, EntriesShape),
            ("POST", "/api/v1/entries", self.enter, 201, EntryShape),
            ("GET", "/api/v1/notices", self.notices, 200, NoticesShape),
            ("GET", "/api/v1/explanations/{output}", self.explain, 200, ExplanationShape),
            ("GET", "/api/v1/setpoints/{name}", self.setpoint, 200, SetpointNowShape),
            ("PUT", "/api/v1/setpoints/{name}", self.set_setpoint, 200, SetpointNowShape),
            ("PUT", "/api/v1/resets/{name}", self.reset, 200, ResetShape),
            ("GET", "/api/v1/rules", self.rules, 200, RulesShape),
            ("GET", "/api/v1/sequences", self.sequences, 200, SequencesShape),
            ("PUT", "/api/v1/sequences/{name}", self.sequence, 200, SequencesShape),
            ("GET", "/api/v1/trials/{loop}", self.trial, 200, TrialShape),
            ("PUT", "/api/v1/trials/{loop}", self.begin_trial, 200, TrialShape),
            ("DELETE", "/api/v1/trials/{loop}", self.end_trial, 200, TrialShape),
        ):
            right: dict[str, Any] = {"model": model} if model else {"description": "Nothing, or a stream"}
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, status: right}
            app.add_api_route(
                path, call, methods=[method], status_code=status, responses=answers, response_class=Response
            )

    async def messages(self, language: str, request: Request, part: Part = "all") -> Response:
        """The sentences of one language, by key; `first` leaves out what the overview does not need."""
        if language not in LANGUAGES:
            raise ProblemError(404, "not_found")
        return serve(messages_of(language, part), request)

    async def site(self) -> Response:
        """What the farm is made of."""
        return _json(layout(self._farm))

    async def state(self) -> Response:
        """Everything that changes, as it is now."""
        return _json(state_shape(self._farm))

    async def stream(self, request: Request) -> Response:
        """Server-sent events: `state` first, then `change`, and `beat` every five seconds. With `Last-Event-ID` what
        was missed since comes in place of `state`, if it is not long ago."""
        session = _session(request)
        if self._streams.full:
            raise ProblemError(503, "busy", headers={"retry-after": "10"})

        async def events() -> AsyncIterator[bytes]:
            last_id = request.headers.get("last-event-id", "")
            async for event in self._streams.follow(lambda: self._people.is_alive(session), last_id):
                yield event

        return StreamingResponse(events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def trend(
        self,
        tag: Annotated[list[str], Query(min_length=1, max_length=MOST_PENS)],
        seconds: Annotated[float, Query(ge=60, le=LONGEST_TREND_S, allow_inf_nan=False)] = 3600.0,
        to: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        """The last seconds (up to ten years) of up to eight values, or those before a moment (ISO 8601, or HH:MM),
        thinned to what a screen can show. Over hours a line is drawn through the lowest and the highest of minutes,
        over days through those of hours."""
        if any(name not in self._farm.tags for name in tag):
            raise ProblemError(404, "not_found")
        pens: dict[str, PenShape] = {}
        to_s = _moment(self._farm, to) if to else self._farm.now()
        for name, points in (await self._farm.past(tag, to_s - seconds, to_s)).items():
            # A day of seconds takes a moment: beside the scan, and one at a time.
            async with self._thinning:
                pens[name] = pen_shape(await asyncio.to_thread(thin, points, MOST_POINTS))
        return _json(TrendShape(milliseconds(self._farm.now()), seconds, pens))

    async def devices(self) -> Response:
        """How every device behaves on its wire."""
        return _json(devices_shape(self._farm.now(), self._farm.devices(), self._farm.commissioned()))

    async def explain(self, output: str, at: Annotated[str, Query(max_length=40)] = "") -> Response:
        """Why an output stands as it does, or stood at a moment of the last day (ISO 8601, or HH:MM), and what would
        change it."""
        farm, place = self._farm, self._farm.site
        if output not in place.outputs:
            values: dict[str, object] = {"tag": output, "near": nearest(output, place.outputs)}
            raise ProblemError(404, "not_found", key="explain.not_output", values=values)
        at_s = _moment(farm, at) if at else None
        try:
            explanation = await farm.explain(output, at_s)
        except NotRecordedError as error:
            times = {"at": at_s, "first": error.first_s, "last": error.last_s}
            spoken = {name: spelled(one, place.site.timezone) for name, one in times.items()}
            raise ProblemError(404, "not_found", key="explain.not_recorded", values=spoken) from error
        return _json(explanation_shape(explanation))

    async def entries(self, tag: str = "", before: Before = "", most: Most = MOST_ROWS) -> Response:
        """What people entered (for one tag, or for all), corrections and what they correct among it."""
        known = self._farm.entered(tag or None, ALL if before else most + 1)
        found, after = page(known, lambda one: one[0].id, before, most)
        return _json(EntriesShape([entry_shape(entry, corrected_by) for entry, corrected_by in found], after))

    async def enter(self, body: EntryBody, request: Request) -> Response:
        """Enters a value at its time of sampling; answers once it is on the disk, or with why it is not entered."""
        farm, by = self._farm, _session(request).who
        time_s = farm.now()
        if isinstance(body.time, str):
            time_s = _moment(farm, body.time) if body.time else time_s
        elif body.time is not None:
            time_s = body.time / 1000.0
        wish = Wish(
            body.change_id, body.tag, body.value, time_s, body.who.strip() or by, body.unit, body.method, body.note,
            body.corrects,
        )  # fmt: skip
        answer = await farm.enter(wish, by)
        if isinstance(answer, Refusal):
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return _json(entry_shape(answer), 201)

    async def notices(self, before: Before = "", most: Most = MOST_ROWS) -> Response:
        """What rules said to people."""
        found, after = page(self._farm.notices(ALL), lambda one: one.id, before, most)
        return _json(NoticesShape([notice_shape(one) for one in found], after))

    async def set_setpoint(self, name: str, body: SetpointBody, request: Request) -> Response:
        """Sets a setpoint; answers once the controller has taken it, or with why it has not. With `If-Match` (its
        target, as `ETag` tells it) only if nobody was faster; a request repeated finds its own value, which is no
        conflict."""
        present = self._farm.setpoints().get(name)
        if present is None:
            raise ProblemError(404, "not_found")
        if present.target != body.value:
            now = {"target": present.target, "unit": present.unit, "by": present.by}
            check_version(request, target_version(present.target), key="panel.error.changed_meanwhile", values=now)
            if body.expected is not None and body.expected != present.target:
                raise ProblemError(409, "changed_meanwhile", values={"expected": body.expected, **now})
        who, reason = _session(request).who, body.reason.strip()
        most = reason_above(self._farm.site.programs[name], present.unit)
        within = present.low <= body.value <= present.high  # what is outside is refused with the limits
        if within and not reason and abs(body.value - present.target) > most + 1e-9:
            raise ProblemError(422, "reason_missing", values={"most": most, "unit": present.unit})
        answer = await self._farm.set_setpoint(body.change_id, name, body.value, who)
        if isinstance(answer, Refusal):
            because = answer.because
            raise ProblemError(422, "refused", key=f"refused.{because.key}", values=because.values)
        if reason and present.target != body.value:  # told again it is written down once
            said = {"id": body.change_id, "from": present.target, "to": body.value, "reason": reason}
            self._people.note(who, "setpoint_reason", name, said)
        return json_reply(setpoint_shape(answer), headers=etag(target_version(answer.target)))

    async def setpoint(self, name: str) -> Response:
        """A setpoint as it stands; its `ETag` is what `If-Match` of a change is held against."""
        present = self._farm.setpoints().get(name)
        if present is None:
            raise ProblemError(404, "not_found")
        return json_reply(setpoint_shape(present), headers=etag(target_version(present.target)))

    async def reset(self, name: str, body: ResetBody, request: Request) -> Response:
        """Resets a latched interlock or a locked dosing loop; answers once it is done, or with why it is not."""
        answer = await self._farm.reset(body.change_id, name, _session(request).who)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return _json(ResetShape(name))

    async def rules(self) -> Response:
        """How each rule stands, how often it came on today and for how long, and how often it threw."""
        return _json(self._farm.rules())

    async def sequences(self) -> Response:
        """How each sequence stands."""
        return _json(self._farm.sequences())

    async def sequence(self, name: str, body: SequenceBody, request: Request) -> Response:
        """Starts a sequence, or aborts the one that runs; answers once it is done, or with why it is not."""
        answer = await self._farm.sequence(body.change_id, name, body.action, _session(request).who)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return _json(self._farm.sequences())

    async def trial(self, loop: str) -> Response:
        """A loop's last trial: what was done to its output, and what the value did."""
        memory = self._farm.trial(loop)
        if memory is None:
            raise ProblemError(404, "not_found")
        return _json(trial_shape(loop, memory, self._farm.trial_every_s(loop)))

    async def begin_trial(self, loop: str, body: TrialBody, request: Request) -> Response:
        """Begins a trial of a loop on the running plant, or says that one's own is to go on (every minute or so: two
        minutes without a word end it)."""
        hours = body.longest_hours
        wish = Trial(
            body.change_id, loop, body.form, body.size, body.within, 3600.0 * hours, _session(request).who, 0.0,
            body.goes_on,
        )  # fmt: skip
        return self._tried(loop, await self._farm.begin_trial(wish))

    async def end_trial(
        self, loop: str, change_id: Annotated[str, Query(pattern=CHANGE_ID)], request: Request
    ) -> Response:
        """Ends a trial: the loop goes on from where its output is."""
        return self._tried(loop, await self._farm.end_trial(change_id, loop, _session(request).who))

    def _tried(self, loop: str, answer: Refusal | None) -> Response:
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        memory = self._farm.trial(loop)
        assert memory is not None
        return _json(trial_shape(loop, memory, self._farm.trial_every_s(loop)))


def _moment(farm: Farm, text: str) -> float:
    """A moment that somebody wrote, as farm time."""
    try:
        return moment_s(text, farm.site.site.timezone, farm.now())
    except MomentError as error:
        raise ProblemError(422, "invalid", key="enter.moment", values={"text": text[:40]}) from error


def _session(request: Request) -> Session:
    """The session that the guard found: no route that asks for it is reached without one."""
    session = request.state.session
    if not isinstance(session, Session):
        raise ProblemError(401, "no_session")
    return session


def _json(shape: object, status: int = 200) -> Response:
    return Response(orjson.dumps(shape, default=str), status_code=status, media_type="application/json")
