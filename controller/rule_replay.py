"""When the rules would have come on in the last day: `farmloop rules replay` on the agent's own record.

A process of its own with the least claim to the machine: a day is eighty thousand scans, and the farm does not wait.
"""

import asyncio
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson

from controller.core.words import Because
from foundation.clock import Clock

log = logging.getLogger("farmloop.rules")

SPAN_S = 86400.0
LONGEST_S = 1800.0
"""Process time; longer than this it is given up."""
LOWLY = """
import ctypes, os, runpy, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit()
os.nice(19)
del sys.argv[:2]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""Runs a module with the least claim to the machine. It dies with whoever began it, whatever that died of (1 is
PR_SET_PDEATHSIG, prctl(2))."""


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule in that time: how often it came on, for how long, and when first; farm time."""

    activations: int
    hours_on: float
    first_s: float | None


@dataclass(frozen=True, slots=True)
class Replay:
    """How it stands."""

    state: Literal["none", "running", "done", "failed"] = "none"
    begun_s: float = 0.0
    by: str = ""
    from_s: float = 0.0
    to_s: float = 0.0
    scans: int = 0
    ran: dict[str, Fired | None] | None = None
    """The rules as they ran."""
    now: dict[str, Fired | None] | None = None
    """The same record in front of the rules as they stand now."""
    why: str = ""
    """Of a failure."""


class RuleReplay:
    """Of one agent. One at a time; what the last one found stays until the next."""

    def __init__(self, site_file: str, directory: Path, clock: Clock) -> None:
        self._site_file, self._directory, self._clock = site_file, directory, clock
        self._task: asyncio.Task[None] | None = None
        self.found = Replay()

    def begin(self, by: str) -> Because | None:
        """Begins one; None, or why not. While one runs it is that one."""
        if not self._site_file:
            return Because("replay_no_site", {})
        if self._task is None or self._task.done():
            self.found = Replay("running", self._clock.now(), by)
            self._task = asyncio.create_task(self._run(), name="rule replay")
        return None

    async def done(self) -> None:
        """Returns when nothing runs."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Ends what runs, and its process with it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            done = _replay(await self._asked(), self.found)
        except (OSError, ValueError, KeyError, TypeError, TimeoutError) as error:
            log.warning("rule_replay_failed", extra={"why": str(error)})
            done = replace(self.found, state="failed", why=str(error)[:300] or type(error).__name__)
        self.found = done

    async def _asked(self) -> bytes:
        begin = datetime.fromtimestamp(self.found.begun_s - SPAN_S, UTC).isoformat()
        arguments = ("rules", "replay", self._site_file, "--recorded", str(self._directory), "--from", begin, "--json")
        process = await lowly("controller.cli", *arguments)
        try:
            async with asyncio.timeout(LONGEST_S):
                told, complaint = await process.communicate()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode:
            raise ValueError(complaint.decode("utf-8", "replace").strip())
        return told


async def lowly(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """A module as a process of its own that waits for everybody else."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOWLY, str(os.getpid()), module, *arguments, stdin=nothing, stdout=pipe, stderr=pipe
    )


def _replay(told: bytes, found: Replay) -> Replay:
    document = orjson.loads(told)
    sides: list[dict[str, Fired | None]] = [
        {row["rule"]: None if (one := row[side]) is None else
         Fired(one["activations"], one["hours_on"], one["first_s"]) for row in document["rules"]}
        for side in ("ran", "proposed")
    ]  # fmt: skip
    times = document["from_s"], document["to_s"], document["scans"]
    return replace(found, state="done", from_s=times[0], to_s=times[1], scans=times[2], ran=sides[0], now=sides[1])
