"""What a link in a message opens, without a session: the token in it is the key to its alarms, and to nothing else.

The page reads the token from its fragment, so that whoever previews or logs the address sees none. Showing changes
nothing; acknowledging is a call of its own, and good once.
"""

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.alarm_texts import AlarmTexts
from controller.panel.assets import Asset, serve
from controller.panel.farm import Farm, LinkedAlarms
from controller.panel.problems import ProblemError, language_of
from controller.panel.rates import Rate
from controller.panel.shapes import ProblemShape, milliseconds
from foundation.messages import catalogue

PAGE = "/alarm"
SHOW = "/api/v1/alarm-links/show"
ACKNOWLEDGE = "/api/v1/alarm-links/acknowledge"


class LinkBody(BaseModel):
    """The token of a link."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=20, max_length=100)


class LinkedAlarmShape(BaseModel):
    """One alarm in words."""

    name: str
    cause: str
    consequence: str
    response: str
    time_to_damage: str
    since: float
    acknowledged_by: str


class LinkShape(BaseModel):
    """What a link shows; no alarms: they are over."""

    person: str
    used: bool
    alarms: list[LinkedAlarmShape]


class AlarmLinks:
    """The page and its two calls, bound to one farm."""

    def __init__(self, farm: Farm, attempts: Rate, pages: dict[str, Asset]) -> None:
        self._farm, self._attempts, self._pages = farm, attempts, pages
        self._texts = AlarmTexts(farm.site)

    def add_to(self, app: FastAPI) -> None:
        """Puts page and calls under their paths."""
        app.add_api_route(PAGE, self.page, include_in_schema=False)
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for path, call in ((SHOW, self.show), (ACKNOWLEDGE, self.acknowledge)):
            app.add_api_route(
                path, call, methods=["POST"], responses={"default": wrong, 200: {"model": LinkShape}},
                response_class=Response,
            )  # fmt: skip

    async def page(self, request: Request) -> Response:
        return serve(self._pages[language_of(request)], request)

    async def show(self, body: LinkBody, request: Request) -> Response:
        """The alarms of a message, as they stand now."""
        self._spare(request)
        return self._told(self._farm.linked(body.token), request)

    async def acknowledge(self, body: LinkBody, request: Request) -> Response:
        """Acknowledges them, once."""
        self._spare(request)
        return self._told(await self._farm.acknowledge_by_link(body.token), request)

    def _spare(self, request: Request) -> None:
        """Nobody tries tokens by the thousand."""
        address = request.client.host if request.client else ""
        if (wait_s := self._attempts.wait_s(address)) > 0:
            values = {"seconds": round(wait_s)}
            raise ProblemError(429, "too_many", values=values, headers={"retry-after": f"{wait_s:.0f}"})

    def _told(self, linked: LinkedAlarms | None, request: Request) -> Response:
        if linked is None:
            raise ProblemError(404, "not_found", key="panel.link.over")
        language = language_of(request)
        alarms = []
        for alarm in linked.alarms:
            text = self._texts.tell(catalogue(language), alarm, language)
            said = {**text._asdict(), "since": milliseconds(alarm.since_s), "acknowledged_by": alarm.acknowledged_by}
            alarms.append(LinkedAlarmShape(**said))
        shape = LinkShape(person=linked.person, used=linked.used, alarms=alarms)
        return Response(orjson.dumps(shape.model_dump()), media_type="application/json")
