"""The logbook as calls: notes of people, beside what they did. A note is put right by another, never changed."""

from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.core.words import Because
from controller.history.logbook import LONGEST_TEXT, Line, Note, Search, mark
from controller.history.photos import PATTERN
from controller.moments import MomentError, moment_s
from controller.panel.farm import Farm
from controller.panel.hands import who_of
from controller.panel.problems import ProblemError
from controller.panel.replies import etag, seen_version
from controller.panel.shapes import CHANGE_ID, ProblemShape, milliseconds

MOST_LINES = 200
MOST_PHOTOS = 4
AHEAD_S = 60.0
"""A clock may be so much behind the one on the wall."""


class NoteBody(BaseModel):
    """A note. Sent again with the same id it is kept once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
    place: Annotated[str, Field(max_length=100)] = ""
    """A facility, a zone (`gh1.bay1`), a tag or an output; empty: the farm."""
    time: Annotated[str, Field(max_length=40)] = ""
    """What it is about: ISO 8601 (local time if it names no other), HH:MM, or milliseconds; left out: now."""
    who: Annotated[str, Field(max_length=40)] = ""
    """Who says so; left out, whoever is signed in."""
    corrects: Annotated[int, Field(ge=1)] | None = None
    """Number of the note that this one puts right."""
    photos: Annotated[list[Annotated[str, Field(pattern=PATTERN)]], Field(max_length=MOST_PHOTOS)] = []
    """Names of photos, as `POST /api/v1/photos` gave them."""


@dataclass(frozen=True, slots=True)
class LineShape:
    """A note, or a deed. Times are milliseconds since the Unix epoch."""

    kind: Literal["note", "deed"]
    number: int
    at: float
    entered: float
    who: str
    by: str
    place: str
    what: str
    """A deed's kind."""
    text: str
    """A note's."""
    said: dict[str, object]
    """All that was told of a deed."""
    corrects: int | None
    corrected_by: int | None
    photos: tuple[str, ...]
    """Under `/api/v1/photos/`."""


@dataclass(frozen=True, slots=True)
class LogbookShape:
    now: float
    lines: list[LineShape]
    """The last one first."""
    next: str | None
    """What `before` has to be for the lines after these; null: there are none."""


class LogbookCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        for method, call, status, model in (
            ("GET", self.lines, 200, LogbookShape),
            ("POST", self.note, 201, LineShape),
        ):
            app.add_api_route(
                "/api/v1/logbook", call, methods=[method], status_code=status, response_class=Response,
                responses={status: {"model": model}, "default": {"model": ProblemShape}},
            )  # fmt: skip

    async def lines(
        self,
        kind: Literal["", "note", "deed"] = "",
        who: Annotated[str, Query(max_length=40)] = "",
        place: Annotated[str, Query(max_length=100)] = "",
        text: Annotated[str, Query(max_length=100)] = "",
        days: Annotated[float, Query(gt=0, le=3653, allow_inf_nan=False)] | None = None,
        before: Annotated[str, Query(pattern=r"^(-?\d{1,15}\.[01]\.\d{1,15})?$")] = "",
        most: Annotated[int, Query(ge=1, le=MOST_LINES)] = 50,
    ) -> Response:
        """Notes and what people did, the last first; `place` with all that lies in it, `text` somewhere in it."""
        now_s = self._farm.now()
        at_ms, is_note, number = map(int, before.split(".")) if before else (0, 0, 0)
        search = Search(
            kind, who, place, text, 0 if days is None else round(1000.0 * (now_s - days * 86400.0)),
            (at_ms, is_note, number) if before else None, most + 1,
        )  # fmt: skip
        found = await self._farm.logbook(search)
        shown = found[:most]
        after = ".".join(map(str, mark(shown[-1]))) if len(found) > most else None
        return _json(LogbookShape(milliseconds(now_s), [_shape(line) for line in shown], after))

    async def note(self, body: NoteBody, request: Request) -> Response:
        """Writes a note; answers once it is on the disk, or with why it is not kept. A correction with `If-Match` (the
        note's `corrected_by`, or `none`) only if nobody else put it right meanwhile."""
        farm, by = self._farm, who_of("", request)
        now_s = farm.now()
        try:
            at_s = moment_s(body.time, farm.site.site.timezone, now_s) if body.time else now_s
        except MomentError as error:
            raise ProblemError(422, "invalid", key="enter.moment", values={"text": body.time}) from error
        text = body.text.strip()
        if at_s > now_s + AHEAD_S:
            raise _refused(Because("note_time", {}))
        if not text:
            raise _refused(Because("note_empty", {}))
        if not self._is_place(body.place):
            raise _refused(Because("note_place", {"place": body.place}))
        entered_ms = round(now_s * 1000.0)
        wanted = Note(
            0, body.change_id, round(at_s * 1000.0), entered_ms, body.who.strip() or by, by, body.place, text,
            body.corrects, tuple(dict.fromkeys(body.photos)),
        )  # fmt: skip
        answer = await farm.note(wanted, seen_version(request))
        if isinstance(answer, Because):
            if answer.key == "note_corrected":
                told = etag(str(answer.values["version"]))
                raise ProblemError(
                    412, "changed_since", key="refused.note_corrected", values=answer.values, headers=told
                )
            raise _refused(answer)
        line = Line(
            answer.at_ms, "note", answer.number, answer.who, answer.by, answer.place, "", answer.text,
            answer.entered_ms, answer.corrects, None, answer.photos,
        )  # fmt: skip
        return _json(_shape(line), 201)

    def _is_place(self, place: str) -> bool:
        facility, _, zone = place.partition(".")
        known = self._farm.site.facilities.get(facility)
        zones = ("", *known.zones, "all") if known is not None else ()
        return not place or zone in zones or place in self._farm.tags


def _refused(because: Because) -> ProblemError:
    return ProblemError(422, "refused", key=f"refused.{because.key}", values=because.values)


def _shape(line: Line) -> LineShape:
    is_note = line.kind == "note"
    return LineShape(
        line.kind, line.number, line.at_ms, line.entered_ms, line.who, line.by, line.place, line.what,
        line.text if is_note else "", {} if is_note else _said(line.text), line.corrects, line.corrected_by,
        line.photos,
    )  # fmt: skip


def _said(text: str) -> dict[str, object]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _json(shape: object, status: int = 200) -> Response:
    return Response(orjson.dumps(shape, default=str), status_code=status, media_type="application/json")
