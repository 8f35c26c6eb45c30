"""`farmloop run`: agent and panel on one event loop, and the word that both are up."""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from controller.agent import Agent
from controller.panel_task import Panel, Up
from controller.service import Manager
from drivers.ending import end_tasks
from edge_config.model.site import Site
from foundation.clock import Clock, pause, process_time

WIRING_S = 30.0
REPORT_S = 0.1
PULSE_S = 1.0
"""How often the agent's health is looked at, and the service manager told of it."""
END_AGAIN_S = 5.0
"""Whatever did not take its cancellation by then, the panel above all, gets another one."""


async def run_agent(
    site: Site,
    directory: Path,
    clock: Clock,
    secrets: Callable[[str], str],
    wiring: Path | None,
    host: str,
    port: int,
    ready: Callable[[Up], None],
    report: Path | None = None,
    site_file: str = "",
    one_click: bool = False,
) -> None:
    """Until cancelled. `ready` gets the panel's URL and the way in; `report` is a file to write every now and then how
    the agent is doing. `one_click`: a demo's link signs in without an account."""
    ends = await _read_wiring(wiring) if wiring is not None else {}
    agent = Agent(site, directory, clock, secrets, ends, site_file)
    running = asyncio.create_task(agent.run(), name="agent")
    panel = asyncio.create_task(Panel(agent, directory, clock, host, port, ready, one_click).keep(), name="panel")
    manager = Manager(os.environ)
    told = asyncio.create_task(keep_told(agent, manager, PULSE_S), name="service")
    tasks = {running, panel, told}
    if report is not None:
        tasks.add(asyncio.create_task(_report_on(agent, report), name="report"))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        manager.tell("STOPPING=1")
        # the farm first: it must be safe before anything else is tidied up
        running.cancel()
        await asyncio.gather(running, end_tasks(tasks - {running}, again_s=END_AGAIN_S), return_exceptions=True)


async def keep_told(agent: Agent, manager: Manager, every_s: float) -> None:
    """Tell the service manager that the farm is being looked after, as long as that is so: ready with the first scan,
    and alive while everything turns. Silence makes it start us again."""
    while not agent.health.scans:
        await pause(0.05)
    manager.tell("READY=1")
    known: tuple[str, ...] = ()
    while True:
        before_s = process_time()
        await pause(every_s)
        wrong = agent.ailments(process_time() - before_s - every_s)
        if wrong != known:
            known = wrong
            logging.getLogger("farmloop.service").log(
                logging.ERROR if wrong else logging.WARNING, "unwell" if wrong else "well", extra={"wrong": wrong}
            )
        manager.tell(*(("STATUS=unwell: " + ", ".join(wrong),) if wrong else ("WATCHDOG=1", "STATUS=well")))


async def _report_on(agent: Agent, path: Path) -> None:
    """Write the report again and again, whole each time."""
    new = path.with_suffix(".new")
    while True:
        new.write_text(json.dumps(report_of(agent)), "utf-8")
        os.replace(new, path)
        await pause(REPORT_S)


def report_of(agent: Agent) -> dict[str, object]:
    """How the agent is doing, for whoever started it: JSON-ready."""
    history = agent.history.status()
    points: dict[str, dict[str, int]] = {}
    for (tag, reason), count in sorted(history.recorded.items()):
        points.setdefault(tag, {})[reason] = count
    return {
        "now_s": agent.now(),
        "source_s": agent.heard_s(),
        "points": points,
        "stored_s": history.last_stored_s,
        "dropped_points": history.dropped_points,
        "storing": history.last_error,
        "sinks": {
            name: {**asdict(sink.health), "oldest_ms": sink.pending.oldest_ms} for name, sink in history.sinks.items()
        },
        "buses": dict(agent.buses()),
        "devices": {
            # what it said last is the panel's, and has keys that JSON has not
            name: {key: value for key, value in asdict(one).items() if key != "heard"}
            for name, one in agent.devices().items()
        },
        "scan": asdict(agent.health),
    }


async def _read_wiring(path: Path) -> dict[str, dict[str, object]]:
    """Wait for the simulator to say where its wires end."""
    until = process_time() + WIRING_S
    while True:
        try:
            return _wiring_in(path)
        except FileNotFoundError:
            if process_time() > until:
                raise OSError(f"{path}: no wiring within {WIRING_S:g} s") from None
        await pause(0.05)


def _wiring_in(path: Path) -> dict[str, dict[str, object]]:
    wiring: dict[str, dict[str, object]] = json.loads(path.read_text("utf-8"))
    return wiring
