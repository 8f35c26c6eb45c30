"""Rules as calls: each in words and as it is written, switched off for a time, and when it would have come on."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import orjson
import yaml
from fastapi import FastAPI, Query, Request, Response

from controller.core.words import RuleSwitch
from controller.panel.automation import RuleOffBody, RulesShape
from controller.panel.farm import Farm
from controller.panel.hands import who_of
from controller.panel.permissions import GRANTS, Permission
from controller.panel.problems import ProblemError
from controller.panel.replies import session_of
from controller.panel.rule_sentences import sentence
from controller.panel.shapes import CHANGE_ID, ProblemShape, milliseconds
from controller.rule_replay import Fired, Replay
from edge_config.rule_words import explained
from edge_config.templates import Placed, placed_rules
from foundation.messages import LANGUAGES

WIDTH = 100


@dataclass(frozen=True, slots=True)
class RuleTextsShape:
    rules: dict[str, dict[str, str]]
    """By rule, by language: the whole of it in a sentence."""


@dataclass(frozen=True, slots=True)
class RuleTextShape:
    """One rule, as it runs: what presets and repetitions made of it, and not as its file spells it."""

    words: dict[str, list[str]]
    """By language, a line a fact."""
    lines: list[str]
    """As YAML, a line a line."""


@dataclass(frozen=True, slots=True)
class FiredShape:
    activations: int
    hours_on: float
    first: float | None
    """When it first came on, milliseconds."""


@dataclass(frozen=True, slots=True)
class ReplayShape:
    """The rules on the record of the last day: as they ran, and as they stand now. Times are milliseconds."""

    state: Literal["none", "running", "done", "failed"]
    begun: float
    by: str
    begins: float
    ends: float
    scans: int
    ran: dict[str, FiredShape | None]
    now: dict[str, FiredShape | None]
    why: str


class RuleCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        calls: tuple[tuple[str, str, Any, int, type], ...] = (
            ("PUT", "/api/v1/rules-off/{name}", self.switch_off, 200, RulesShape),
            ("DELETE", "/api/v1/rules-off/{name}", self.switch_on, 200, RulesShape),
            ("GET", "/api/v1/rule-texts", self.texts, 200, RuleTextsShape),
            ("GET", "/api/v1/rule-texts/{name}", self.text, 200, RuleTextShape),
            ("GET", "/api/v1/rule-replay", self.replay, 200, ReplayShape),
            ("POST", "/api/v1/rule-replay", self.begin_replay, 202, ReplayShape),
        )
        for method, path, call, status, model in calls:
            app.add_api_route(
                path, call, methods=[method], status_code=status, response_class=Response,
                responses={status: {"model": model}, "default": {"model": ProblemShape}},
            )  # fmt: skip

    @cached_property
    def _placed(self) -> dict[str, Placed]:
        return {one.id: one for one in placed_rules(self._farm.site)}

    @cached_property
    def _sentences(self) -> dict[str, dict[str, str]]:
        tags = self._farm.tags
        return {
            name: {language: sentence(tags, one, language) for language in LANGUAGES}
            for name, one in self._placed.items()
        }

    async def texts(self) -> Response:
        """Every rule in a sentence."""
        return _json(RuleTextsShape(await asyncio.to_thread(lambda: self._sentences)))

    async def text(self, name: str) -> Response:
        """All that a rule says, in words and as it is written."""
        placed = self._placed.get(name)
        if placed is None:
            raise ProblemError(404, "not_found")
        return _json(await asyncio.to_thread(self._text, placed))

    def _text(self, placed: Placed) -> RuleTextShape:
        plain = placed.rule.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        written = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=WIDTH)
        words = {language: explained(self._farm.site, placed, language, self._farm.tags) for language in LANGUAGES}
        return RuleTextShape(words, written.splitlines())

    async def switch_off(self, name: str, body: RuleOffBody, request: Request) -> Response:
        """Switches a rule off for some hours; then it runs again by itself. One that raises an alarm, moves life
        support or holds feeding or dosing back is a technician's. Answers once it is done, or with why it is not."""
        rule = self._farm.rules().rules.get(name)
        if rule is not None and rule.guarded and Permission.SERVICE not in GRANTS[session_of(request).role]:
            raise ProblemError(403, "not_allowed")
        who, seconds = who_of(body.who, request), 3600.0 * body.hours
        return await self._switch(RuleSwitch(body.change_id, name, seconds, body.reason, who, self._farm.now()))

    async def switch_on(
        self,
        name: str,
        change_id: Annotated[str, Query(pattern=CHANGE_ID)],
        request: Request,
        who: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        """Lets a rule that was switched off run again before its time."""
        return await self._switch(RuleSwitch(change_id, name, 0.0, "", who_of(who, request), self._farm.now()))

    async def _switch(self, wish: RuleSwitch) -> Response:
        refusal = await self._farm.switch_rule(wish)
        if refusal is not None:
            raise ProblemError(422, "refused", key=f"refused.{refusal.because.key}", values=refusal.because.values)
        return _json(self._farm.rules())

    async def replay(self) -> Response:
        """How the last replay of a day stands, and what it found."""
        return _json(_shape(self._farm.rule_replay()))

    async def begin_replay(self, request: Request) -> Response:
        """Plays the record of the last day to the rules as they stand now, in the background; while one runs, it is
        that one. Open loop: the record has the old control in it."""
        refusal = self._farm.begin_rule_replay(who_of("", request))
        if refusal is not None:
            raise ProblemError(422, "refused", key=f"refused.{refusal.because.key}", values=refusal.because.values)
        return _json(_shape(self._farm.rule_replay()), 202)


def _shape(one: Replay) -> ReplayShape:
    begun, begins, ends = (milliseconds(time_s) for time_s in (one.begun_s, one.from_s, one.to_s))
    ran, now = ({name: _fired(fired) for name, fired in (side or {}).items()} for side in (one.ran, one.now))
    return ReplayShape(one.state, begun, one.by, begins, ends, one.scans, ran, now, one.why)


def _fired(one: Fired | None) -> FiredShape | None:
    if one is None:
        return None
    return FiredShape(one.activations, one.hours_on, None if one.first_s is None else milliseconds(one.first_s))


def _json(shape: object, status: int = 200) -> Response:
    return Response(orjson.dumps(shape), status_code=status, media_type="application/json")
