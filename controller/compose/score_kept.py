"""Runs of `farmloop score` kept in a folder, so that hours of them can be broken off and gone on with.

A run is used again only if nothing that it came from has changed: the code, the samples and parameters, the scenario.
"""

import json
import os
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path

from controller.compose.score_run import Job, Outcome, run_once
from simulator.scenario_file import load_scenario, scenario_path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("foundation", "drivers", "rules", "edge_config", "simulator", "controller/core", "controller/compose")
"""What a run depends on: no panel, no history."""


def kept_or_run(job: Job, keep: Path | None = None) -> Outcome:
    """The run as it is kept in `keep`, or made now and kept there. One with a trace is always made."""
    if keep is None or job.traced:
        return run_once(load_scenario(scenario_path(job.file)), job.controller, job.seed, job.traced)
    outcome = kept_run(job, keep)
    if outcome is None:
        outcome = run_once(load_scenario(scenario_path(job.file)), job.controller, job.seed)
        keep.mkdir(parents=True, exist_ok=True)
        fresh = _file(job, keep).with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"code": _code(job), **asdict(outcome)}), "utf-8")
        fresh.replace(_file(job, keep))
    return outcome


def kept_run(job: Job, keep: Path) -> Outcome | None:
    """None where it was never made, is torn, or came from something else than what stands here now."""
    try:
        told = json.loads(_file(job, keep).read_text("utf-8"))
        return Outcome(**told) if told.pop("code") == _code(job) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _file(job: Job, keep: Path) -> Path:
    return keep / f"{Path(job.file).stem}-{job.controller}-{job.seed}.json"


def _code(job: Job) -> str:
    return code_digest() + sha256(scenario_path(job.file).read_bytes()).hexdigest()[:16]


@cache
def code_digest() -> str:
    """Of all files that a run may depend on, in every room of `ROOMS`."""
    digest = sha256()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".yaml", ".csv", ".json") and path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
