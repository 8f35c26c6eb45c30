"""Alarms as calls: what is not normal and what it asks for, acknowledge, set aside, the journal, and the figures."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.alarm_journal import AlarmChange, as_csv
from controller.alarm_kpi import AlarmFigures, figures
from controller.alarm_texts import AlarmTexts
from controller.core.words import AlarmWish
from controller.moments import MomentError, moment_s
from controller.panel.farm import Farm
from controller.panel.pages import Before, page
from controller.panel.permissions import GRANTS, Permission
from controller.panel.problems import ProblemError
from controller.panel.sessions import Session
from controller.panel.shapes import CHANGE_ID, AlarmNowShape, ProblemShape, alarm_shapes
from foundation.messages import LANGUAGES, catalogue

PATH = "/api/v1/alarms"
MOST_ROWS = 100_000
Moment = Annotated[str, Query(max_length=40)]


class AlarmBody(BaseModel):
    """What a person wants of an alarm. Sent again with the same id it changes nothing more."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    change_id: Annotated[str, Field(pattern=CHANGE_ID)]
    action: Literal["acknowledge", "shelve", "unshelve", "take_out", "put_back"]
    subject: Annotated[str, Field(max_length=200)] = ""
    """The alarm; of an acknowledgement with another scope the facility, or nothing."""
    scope: Literal["one", "facility", "all"] = "one"
    reason: Annotated[str, Field(max_length=200)] = ""
    """To shelve and to take out of service."""
    hours: Annotated[float, Field(gt=0, le=24 * 31)] = 8.0
    """The same."""


@dataclass(frozen=True, slots=True)
class AlarmToldShape:
    """One alarm in the words of both languages."""

    alarm: AlarmNowShape
    texts: dict[str, dict[str, str]]
    """By language."""


@dataclass(frozen=True, slots=True)
class AlarmsShape:
    flood: bool
    """More came within ten minutes than a person can answer: what is urgent, first or explains others is shown."""
    alarms: list[AlarmToldShape]


@dataclass(frozen=True, slots=True)
class AlarmJournalShape:
    changes: list[AlarmChange]
    more: bool
    """Whether there are more than are told here."""
    next: str | None
    """What `before` has to be for those after these; null: there are none."""


class AlarmCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._texts = AlarmTexts(farm.site)

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for method, path, call, model in (
            ("GET", PATH, self.alarms, AlarmsShape),
            ("POST", PATH, self.change, AlarmsShape),
            ("GET", f"{PATH}/journal", self.journal, AlarmJournalShape),
            ("GET", f"{PATH}/kpi", self.kpi, AlarmFigures),
        ):
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, 200: {"model": model}}
            app.add_api_route(path, call, methods=[method], responses=answers, response_class=Response)

    async def alarms(self) -> Response:
        """All that is not normal, the most urgent first, and what each asks for."""
        return _json(self._told())

    def _told(self) -> AlarmsShape:
        flood, alarms = self._farm.alarms_flooded(), self._farm.alarms()
        return AlarmsShape(
            flood,
            [
                AlarmToldShape(
                    shape,
                    {name: self._texts.tell(catalogue(name), one, name)._asdict() for name in LANGUAGES},
                )
                for one, shape in zip(alarms, alarm_shapes(alarms, flood), strict=True)
            ],
        )

    async def change(self, body: AlarmBody, request: Request) -> Response:
        """Acknowledges, shelves, or takes out of service (a technician's: that lasts for days); answers once it is
        done, or with why it is not."""
        session = request.state.session
        if not isinstance(session, Session):
            raise ProblemError(401, "no_session")
        if body.action == "take_out" and Permission.SERVICE not in GRANTS[session.role]:
            raise ProblemError(403, "not_allowed")
        wish = AlarmWish(
            body.change_id, body.action, body.subject, session.who, 0.0, body.scope, body.reason, 3600.0 * body.hours
        )  # fmt: skip
        refusal = await self._farm.alarm(wish)
        if refusal is not None:
            raise ProblemError(422, "refused", key=f"refused.{refusal.because.key}", values=refusal.because.values)
        return _json(self._told())

    async def journal(
        self,
        from_: Annotated[Moment, Query(alias="from")] = "",
        to: Moment = "",
        form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
        before: Before = "",
        most: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS,
        order: Literal["oldest", "newest"] = "oldest",
    ) -> Response:
        """Every change of every alarm between two moments, in the order in which they came, or the newest first (a
        table: all at once, as they came)."""
        from_s = self._moment(from_) if from_ else 0.0
        to_s = self._moment(to) if to else self._farm.now() + 1.0
        changes = await asyncio.to_thread(self._changes, from_s, to_s)
        if form == "csv":
            return Response(await asyncio.to_thread(as_csv, changes), media_type="text/csv; charset=utf-8")
        rows = list(enumerate(changes))
        shown, after = page(rows if order == "oldest" else rows[::-1], lambda one: one[0], before, most)
        return _json(AlarmJournalShape([change for _, change in shown], after is not None, after))

    async def kpi(self, days: Annotated[float, Query(gt=0, le=400, allow_inf_nan=False)] = 30.0) -> Response:
        """How many alarms there were, which, and how long nobody looked, over the last days."""
        to_s = self._farm.now()
        from_s, standing = to_s - 86400.0 * days, tuple(self._farm.alarms())
        return _json(
            await asyncio.to_thread(lambda: figures(self._changes(from_s, to_s + 1.0), standing, from_s, to_s))
        )

    def _changes(self, from_s: float, to_s: float) -> list[AlarmChange]:
        return list(self._farm.alarm_changes(from_s, to_s))

    def _moment(self, text: str) -> float:
        try:
            return moment_s(text, self._farm.site.site.timezone, self._farm.now())
        except MomentError as error:
            raise ProblemError(422, "invalid", key="enter.moment", values={"text": text[:40]}) from error


def _json(shape: object) -> Response:
    return Response(orjson.dumps(shape, default=str), media_type="application/json")
