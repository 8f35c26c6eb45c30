"""The box itself as calls: disk, outbox, sinks, clock, versions; the chain of deeds; and metrics for a monitor."""

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response

from controller.history.audit import Verdict
from controller.panel.box import Box, Disk
from controller.panel.farm import Farm
from controller.panel.metrics import MEDIA_TYPE, metrics
from controller.panel.problems import ProblemError
from controller.panel.replies import add_calls, json_reply
from controller.panel.shapes import milliseconds
from controller.scan_times import Spread

MOST_DEEDS = 200


@dataclass(frozen=True, slots=True)
class SinkShape:
    """A way out. Times are milliseconds since the Unix epoch."""

    state: str
    """`starting`, `ok`, `failing` or `refused`."""
    last_ok: float | None
    last_error: str
    last_error_at: float | None
    delivered: int
    dead: int
    """Points that it will never take."""
    waiting: int
    """Points that it does not have yet."""
    oldest: float | None
    """Of them."""


@dataclass(frozen=True, slots=True)
class SystemShape:
    """How the box and the agent on it do. Seconds of process time, bytes, milliseconds since the Unix epoch."""

    now: float
    clock_is_set: bool
    up_s: float
    versions: dict[str, str]
    fingerprint: str
    """SHA-256 of the panel's certificate; empty over plain http."""
    ailments: list[str]
    scans: int
    overruns: int
    late: Spread
    took: Spread
    disk_total: int | None
    disk_free: int | None
    disk_kept: int | None
    """Null where the file system does not say."""
    stored: int
    dropped: int
    thinned: int
    filled: float
    """Of the outbox's quota, 0 to 1 and above."""
    errors: list[str]
    """Why the disk takes nothing; empty when it does."""
    sinks: dict[str, SinkShape]
    buses: dict[str, bool]


@dataclass(frozen=True, slots=True)
class DeedShape:
    """A row of the chain. Time is milliseconds since the Unix epoch."""

    id: int
    at: float
    who: str
    what: str
    subject: str
    said: dict[str, Any]
    """All that was told of it: before, after, reason."""
    hash: str


@dataclass(frozen=True, slots=True)
class DeedsShape:
    deeds: list[DeedShape]
    """The last one first."""
    next: int | None
    """Give it as `before` for those that came earlier; null: there are none."""


@dataclass(frozen=True, slots=True)
class ChainProblemShape:
    kind: str
    """`changed`, `missing`, or `cut` (from the end)."""
    id: int


@dataclass(frozen=True, slots=True)
class ChainShape:
    """Whether the chain holds: nothing in it was changed or taken out."""

    holds: bool
    rows: int
    newest: str
    """Hash of the newest row, to be written down elsewhere."""
    problems: list[ChainProblemShape]


class SystemCalls:
    """The calls, bound to one box; without one they are not there."""

    def __init__(self, farm: Farm, box: Box | None) -> None:
        self._farm = farm
        self._given = box

    def add_to(self, app: FastAPI) -> None:
        """Puts the calls under their paths."""
        add_calls(
            app,
            (
                ("GET", "/api/v1/system", self.system, 200, SystemShape),
                ("GET", "/api/v1/audit", self.deeds, 200, DeedsShape),
                ("GET", "/api/v1/audit/chain", self.chain, 200, ChainShape),
            ),
        )
        app.add_api_route("/metrics", self.metrics, include_in_schema=False)

    @property
    def _box(self) -> Box:
        if self._given is None:
            raise ProblemError(404, "not_found")
        return self._given

    async def system(self) -> Response:
        """How the box does: scan, disk, what waits for sinks, buses, clock, versions."""
        box = self._box
        health, history = box.health(), box.history()
        try:
            disk: Disk | None = await asyncio.to_thread(box.disk)
        except OSError:
            disk = None
        total, free, kept = (disk.total, disk.free, disk.kept) if disk is not None else (None, None, None)
        return json_reply(
            SystemShape(
                milliseconds(self._farm.now()),
                box.clock_is_set(),
                health.up_s,
                dict(box.versions()),
                box.fingerprint,
                list(health.ailments),
                health.scans,
                health.overruns,
                health.late,
                health.took,
                total,
                free,
                kept,
                history.stored_points,
                history.dropped_points,
                history.thinned_points,
                history.filled,
                [one for one in (history.last_error, history.trends_error) if one],
                {
                    name: SinkShape(
                        one.health.state,
                        _ms(one.health.last_ok_s),
                        one.health.last_error,
                        _ms(one.health.last_error_s),
                        one.health.delivered_points,
                        one.health.dead_points,
                        one.pending.points,
                        one.pending.oldest_ms,
                    )
                    for name, one in history.sinks.items()
                },
                dict(box.buses()),
            )
        )

    async def deeds(
        self,
        before: Annotated[int, Query(ge=1, le=1 << 62)] = 1 << 62,
        most: Annotated[int, Query(ge=1, le=MOST_DEEDS)] = 50,
    ) -> Response:
        """Who did what and when, the last first; `before` gives the page after."""
        rows = await self._box.deeds(before, most + 1)
        shapes = [
            DeedShape(row.id, row.at_ms, row.who, row.what, row.subject, json.loads(row.said), row.hash.hex())
            for row in rows[:most]
        ]
        return json_reply(DeedsShape(shapes, shapes[-1].id if len(rows) > most else None))

    async def chain(self) -> Response:
        """Holds every row of the chain against the one before."""
        try:
            verdict = await self._box.examined()
        except FileNotFoundError:  # nobody did anything yet: nothing was changed either
            verdict = Verdict(0, "", ())
        problems = [ChainProblemShape(kind, id) for kind, id in verdict.problems]
        return json_reply(ChainShape(not problems, verdict.rows, verdict.newest, problems))

    async def metrics(self) -> Response:
        """For Prometheus and what understands it, with a token of a program."""
        return Response(metrics(self._farm, self._box), media_type=MEDIA_TYPE)


def _ms(time_s: float | None) -> float | None:
    return None if time_s is None else milliseconds(time_s)
