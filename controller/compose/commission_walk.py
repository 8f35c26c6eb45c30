"""The walk of `farmloop commission` from device to device: who is asked, on which wires, and what is said of it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from controller.commission import pull_cable
from controller.commissioning import How, Record, Standing, add
from controller.secrets import secrets_beside
from controller.wiring import bus_settings
from drivers.driver import BusSettings
from edge_config.model.site import Site
from foundation.clock import AcceleratedClock, Clock, WallClock
from foundation.messages import tell
from simulator.wire import FarmOnWires

SIMULATED_SPEED = 20.0


class Asking:
    """A technician at the terminal."""

    def __init__(self, site: Site, language: str, yes: bool) -> None:
        self._site = site
        self._language = language
        self._yes = yes

    async def ready(self, device: str, outputs: Sequence[str]) -> bool:
        self._say("ready", device=device)
        for name in outputs:
            output = self._site.outputs[name]
            self._say("moves_life" if output.life_support else "moves", output=name, type=output.type)
        return self._yes or await asyncio.to_thread(_confirm, tell("commission.go_on", self._language))

    async def pull(self, device: str) -> None:
        self._say("pull", device=device)

    async def plug(self, device: str) -> None:
        self._say("plug", device=device)
        if not self._yes:
            await asyncio.to_thread(_prompt, tell("commission.plugged", self._language))

    async def sees(self, output: str, should: bool | float | str) -> bool | None:
        to = f"{should:g} %" if isinstance(should, float) else str(should)
        question = tell("commission.sees", self._language, output=output, to=to)
        return await asyncio.to_thread(_confirm, question)

    def _say(self, key: str, **values: object) -> None:
        typer.echo(tell(f"commission.{key}", self._language, **values), err=True)


class Simulated:
    """Hands on the simulated farm: its wires are cut, and nobody is asked. Only devices can be looked at."""

    def __init__(self, farm: FarmOnWires) -> None:
        self._farm = farm

    async def ready(self, device: str, outputs: Sequence[str]) -> bool:
        return True

    async def pull(self, device: str) -> None:
        self._farm.device(device).unplugged = True

    async def plug(self, device: str) -> None:
        self._farm.device(device).unplugged = False

    async def sees(self, output: str, should: bool | float | str) -> bool | None:
        return None


def _confirm(question: str) -> bool:
    return typer.confirm(question, err=True)


def _prompt(what: str) -> None:
    typer.prompt(what, "", show_default=False, err=True)


def report(tested: Sequence[Record], stands: Mapping[str, Standing]) -> dict[str, Any]:
    """JSON-ready: what was tested now, and how every device stands."""
    return {"tested": [asdict(one) | {"passed": one.passed} for one in tested], "devices": dict(stands)}


async def walk(
    site: Site,
    path: Path,
    devices: Sequence[str],
    who: str,
    directory: Path,
    simulate: bool,
    yes: bool,
    language: str,
) -> list[Record]:
    """Test these devices one after the other; each record is kept at once. Raises OSError, FieldError."""
    found: list[Record] = []
    async with AsyncExitStack() as stack:
        clock: Clock = WallClock()
        hands: Asking | Simulated = Asking(site, language, yes)
        buses: list[BusSettings]
        if simulate:
            clock = AcceleratedClock(WallClock().now(), SIMULATED_SPEED)
            folder = stack.enter_context(TemporaryDirectory())
            farm = await stack.enter_async_context(FarmOnWires(site, clock, 1, Path(folder)))
            hands = Simulated(farm)
            buses = bus_settings(site, lambda name: "", farm.wiring, SIMULATED_SPEED)
        else:
            buses = bus_settings(site, secrets_beside(path), {}, 1.0)
        for name in devices:
            how: How = "simulated" if simulate else "cable"
            tested = await pull_cable(site, name, buses, clock, hands, who, how)
            if tested is None:
                continue
            add(directory, tested)
            found.append(tested)
            outcome = tested.failure or "passed"
            typer.echo(f"{name}: {tell(f'commission.outcome.{outcome}', language)}", err=True)
            for one in tested.outputs:
                if not one.ok:
                    values = {"output": one.output, "should": one.should, "after": one.after}
                    typer.echo("  " + tell("commission.stays", language, **values), err=True)
    return found
