"""Calibrating probes, as calls: what is due, what a probe says, whether points can be, and what people made before."""

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.core.calibrating import Points, ProbeNow
from controller.core.calibration_check import offset, slopes
from controller.core.state import Calibrated
from controller.core.words import Because, Calibrate
from controller.panel.farm import Farm
from controller.panel.hands import SaidBody, who_of
from controller.panel.problems import ProblemError, language_of
from controller.panel.replies import check_version, etag, json_reply
from controller.panel.shapes import ProblemShape, milliseconds
from foundation.messages import tell

PATH = "/api/v1/calibrations"
DRIFTING = ("pH", "mS/cm", "mg/L")
"""Units of probes that need it often; of those that are due at no set time they stand first."""
Words = Annotated[str, Field(max_length=200)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class PointsBody(BaseModel):
    """Points as [what the probe said, what is true], in the tag's unit, in any order; none: the site file's stand."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    points: Annotated[list[Point], Field(max_length=3)]
    keeps_slope: bool = False
    """One point that moves the zero of what stands, and leaves its slope."""
    note: Words = ""
    """Asked for where an electrode is worn."""


class CalibrateBody(PointsBody, SaidBody):
    """A calibration, applied at once. Sent again with the same id it is done once."""

    method: Words = ""
    reference: Words = ""
    """What it was held against: a buffer and its lot, a meter and its certificate."""
    again: float | None = None
    """When one that stood before was applied (milliseconds): it stands again, and `points` is left empty."""


@dataclass(frozen=True, slots=True)
class CalibratedShape:
    """A calibration that a person made. Times are milliseconds since the Unix epoch."""

    points: Points
    """(said, true); none: the site file's were taken again."""
    slopes: tuple[float, ...]
    """% of the step that a true one gives, by piece."""
    offset: float
    """What is added where the probe says its zero (pH 7, or 0)."""
    by: str
    method: str
    reference: str
    note: str
    measured: float
    applied: float


@dataclass(frozen=True, slots=True)
class ProbeShape:
    """A probe: what it says before calibration, what stands, and what people made before, the newest last."""

    tag: str
    unit: str
    says: float | None
    """Null: nothing, or nothing yet since it is in care."""
    says_at: float
    compensated: bool
    """What temperature does is taken out of `says`."""
    water_c: float | None
    points: Points
    slopes: tuple[float, ...]
    offset: float
    due: float | None
    """Null: the site file names no interval."""
    care: str | None
    """`cleaning` or `calibration` while it is out of use."""
    care_by: str
    care_until: float | None
    made: tuple[CalibratedShape, ...]
    version: str
    """For `If-Match`: another one after each calibration."""


@dataclass(frozen=True, slots=True)
class ProbesShape:
    now: float
    probes: tuple[ProbeShape, ...]
    """The most overdue first."""


@dataclass(frozen=True, slots=True)
class JudgedShape:
    """What points would make of a probe; nothing is changed."""

    points: Points
    slopes: tuple[float, ...]
    offset: float
    message: str
    """Empty, or the message key of why they would be refused."""
    values: dict[str, object]
    title: str
    """The same in words."""


class CalibrationCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for method, path, call, model in (
            ("GET", PATH, self.probes, ProbesShape),
            ("GET", f"{PATH}/{{tag}}", self.probe, ProbeShape),
            ("POST", f"{PATH}/{{tag}}/judged", self.judged, JudgedShape),
            ("PUT", f"{PATH}/{{tag}}", self.calibrate, ProbeShape),
        ):
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, 200: {"model": model}}
            app.add_api_route(path, call, methods=[method], responses=answers, response_class=Response)

    async def probes(self) -> Response:
        """Every probe that can be calibrated, and when it is due."""
        never = float("inf")
        shapes = sorted(
            (self._shape(tag, one) for tag, one in self._farm.probes().items()),
            key=lambda one: (one.due or never, one.unit not in DRIFTING, one.tag),
        )
        return _json(ProbesShape(milliseconds(self._farm.now()), tuple(shapes)))

    async def probe(self, tag: str) -> Response:
        """One probe; ask each second while it stands in its buffer."""
        return self._versioned(tag)

    async def judged(self, tag: str, body: PointsBody, request: Request) -> Response:
        """What points would make of a probe, or why they would be refused. Changes nothing."""
        self._known(tag)
        found = self._farm.judged(self._wish(tag, body, "", "", None))
        if isinstance(found, Because):
            key = f"refused.{found.key}"
            title = tell(key, language_of(request), **found.values)
            return _json(JudgedShape((), (), 0.0, key, dict(found.values), title))
        return _json(JudgedShape(found, slopes(found), offset(found, self._farm.tags[tag].unit), "", {}, ""))

    async def calibrate(self, tag: str, body: CalibrateBody, request: Request) -> Response:
        """Lets a calibration stand; answers once it does, or with why it does not. With `If-Match` only if nobody has
        calibrated it meanwhile."""
        known = self._known(tag)
        check_version(request, known.version, known.made[-1].by if known.made else "")
        wish = self._wish(tag, body, body.change_id, who_of(body.who, request), body.again)
        answer = await self._farm.calibrate(wish)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return self._versioned(tag)

    def _versioned(self, tag: str) -> Response:
        shape = self._known(tag)
        return json_reply(shape, headers=etag(shape.version))

    def _wish(self, tag: str, body: PointsBody, change_id: str, by: str, again: float | None) -> Calibrate:
        now_s = self._farm.now()
        if again is not None:
            made = self._farm.probes()[tag].made
            old = next((one for one in made if milliseconds(one.applied_s) == again), None)
            if old is None:
                raise ProblemError(404, "not_found")
            return Calibrate(
                change_id, tag, old.points, False, old.method, old.reference, old.note, by, old.measured_s, now_s
            )
        points = tuple((said, true) for said, true in body.points)
        method, reference = (body.method, body.reference) if isinstance(body, CalibrateBody) else ("", "")
        return Calibrate(change_id, tag, points, body.keeps_slope, method, reference, body.note, by, now_s, now_s)

    def _known(self, tag: str) -> ProbeShape:
        found = self._farm.probes().get(tag)
        if found is None:
            raise ProblemError(404, "not_found")
        return self._shape(tag, found)

    def _shape(self, tag: str, one: ProbeNow) -> ProbeShape:
        unit = self._farm.tags[tag].unit
        mark = self._farm.marks().get(f"care:{tag}")
        care = mark if mark is not None and mark.over_s < 0.0 else None
        return ProbeShape(
            tag, unit, one.says, milliseconds(one.says_s), one.compensated, one.water_c, one.points,
            slopes(one.points), offset(one.points, unit), None if one.due_s is None else milliseconds(one.due_s),
            care.kind if care else None, care.by if care else "", milliseconds(care.until_s) if care else None,
            tuple(_made(made, unit) for made in one.made),
            f"{milliseconds(one.made[-1].applied_s):.0f}" if one.made else "none",
        )  # fmt: skip


def _made(one: Calibrated, unit: str) -> CalibratedShape:
    return CalibratedShape(
        one.points, slopes(one.points), offset(one.points, unit), one.by, one.method, one.reference, one.note,
        milliseconds(one.measured_s), milliseconds(one.applied_s),
    )  # fmt: skip


def _json(shape: object) -> Response:
    return Response(orjson.dumps(shape), media_type="application/json")
