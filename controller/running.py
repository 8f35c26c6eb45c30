"""`farmloop run`: agent and panel on one event loop, and the word that both are up."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from controller.agent import Agent
from controller.panel.app import create_app
from controller.panel.server import serve
from controller.panel.sign_in import SignIn
from edge_config.model.site import Site
from foundation.clock import Clock, pause, process_time

WIRING_S = 30.0


async def run_agent(
    site: Site,
    directory: Path,
    clock: Clock,
    secrets: Callable[[str], str],
    wiring: Path | None,
    host: str,
    port: int,
    ready: Callable[[str, str], None],
) -> None:
    """Until cancelled. `ready` gets the panel's URL and a sign-in that works once."""
    ends = await _read_wiring(wiring) if wiring is not None else {}
    agent = Agent(site, directory, clock, secrets, ends)
    sign_in = SignIn()

    def listening(bound: int) -> None:
        url = f"http://{host}:{bound}/"
        ready(url, sign_in.link(url))

    running = asyncio.create_task(agent.run(), name="agent")
    panel = asyncio.create_task(serve(create_app(agent, sign_in=sign_in), host, port, listening), name="panel")
    try:
        done, _ = await asyncio.wait({running, panel}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        # the farm first: it must be safe before anything else is tidied up
        running.cancel()
        panel.cancel()
        await asyncio.gather(running, panel, return_exceptions=True)


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
