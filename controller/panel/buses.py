"""Buses and what stands on them, as calls: how each line does, what a device said last, outputs tried for a moment."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import Field

from controller.core.words import Override
from controller.panel.farm import Farm
from controller.panel.hands import SaidBody, who_of
from controller.panel.problems import ProblemError
from controller.panel.shapes import ProblemShape, milliseconds
from drivers.product import load_product
from edge_config.model.site import AsciiBus, BrokerBus, Bus, SerialBus, TcpBus

TEST_S = 30.0
"""So long an output is tried; then it is automatic again, whoever has gone home."""


@dataclass(frozen=True, slots=True)
class BusShape:
    """A line with all its devices; counts since the start."""

    protocol: str
    where: str
    """The port or the address, as the site file has it."""
    settings: str
    """`9600 8N1` as configured; empty where there is nothing to set."""
    deadline_s: float
    connected: bool
    devices: int
    online: int
    polls: int
    answered: int
    failures: dict[str, int]


@dataclass(frozen=True, slots=True)
class BusesShape:
    now: float
    buses: dict[str, BusShape]


@dataclass(frozen=True, slots=True)
class WordShape:
    """One register or bit, as it came."""

    address: int
    word: int
    channel: str
    """What the device library reads there; empty where it stands between others, or is the second half of one."""
    tag: str


@dataclass(frozen=True, slots=True)
class HeardShape:
    """What a device said last in one place. Times are milliseconds since the Unix epoch."""

    table: str
    """`holding`, `input`, `coil`, `discrete`; `line` or `message` of what speaks text."""
    at: float
    words: list[WordShape]
    text: str


@dataclass(frozen=True, slots=True)
class DeviceHeardShape:
    device: str
    heard: list[HeardShape]


class TestBody(SaidBody):
    """A position to try for half a minute."""

    position: Annotated[float, Field(ge=0, le=100)]
    """%: 100 is on, 0 is off."""


@dataclass(frozen=True, slots=True)
class TestShape:
    output: str
    until: float


class BusCalls:
    """The calls, bound to one farm."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        wrong = {"model": ProblemShape, "description": "What went wrong (application/problem+json)"}
        for method, path, call, model in (
            ("GET", "/api/v1/buses", self.buses, BusesShape),
            ("GET", "/api/v1/devices/{device}/heard", self.heard, DeviceHeardShape),
            ("PUT", "/api/v1/output-tests/{output}", self.test, TestShape),
        ):
            answers: dict[int | str, dict[str, Any]] = {"default": wrong, 200: {"model": model}}
            app.add_api_route(path, call, methods=[method], responses=answers, response_class=Response)

    async def buses(self) -> Response:
        """How each bus does: connected, how often it is answered, and what went wrong."""
        farm, connected = self._farm, self._farm.buses()
        shapes = {name: self._bus(name, bus, connected.get(name, False)) for name, bus in farm.site.buses.items()}
        return _json(BusesShape(milliseconds(farm.now()), shapes))

    async def heard(self, device: str) -> Response:
        """What a device said last, word by word: registers, bits or text, before anything is made of it."""
        known, statistics = self._farm.site.devices.get(device), self._farm.devices().get(device)
        if known is None or statistics is None:
            raise ProblemError(404, "not_found")
        channels = load_product(known.product).channels
        places = {
            (one.table, one.address): (name, known.tags.get(name, ""))
            for name, one in channels.items()
            if one.address is not None
        }
        found = [
            HeardShape(
                table, milliseconds(said.time_s),
                [WordShape(address + at, word, *places.get((table, address + at), ("", "")))  # type: ignore[arg-type]  # a table of the library's
                 for at, word in enumerate(said.words)],
                said.text,
            )
            for (table, address), said in sorted(statistics.heard.items())
        ]  # fmt: skip
        return _json(DeviceHeardShape(device, found))

    async def test(self, output: str, body: TestBody, request: Request) -> Response:
        """Tries an output for half a minute by hand, under interlocks and dosing guard like every hand. Whatever is by
        hand already stays so."""
        now_s, hand = self._farm.now(), self._farm.marks().get(f"hand:{output}")
        if hand is not None and hand.over_s < 0.0 and hand.until_s - hand.since_s > TEST_S:
            raise ProblemError(422, "refused", key="refused.test_hand", values={"owner": hand.by})
        if f"lock:{output}" in self._farm.marks():
            raise ProblemError(422, "refused", key="refused.test_locked")
        wish = Override(body.change_id, output, body.position, who_of(body.who, request), now_s + TEST_S)
        answer = await self._farm.lay(wish)
        if answer is not None:
            raise ProblemError(422, "refused", key=f"refused.{answer.because.key}", values=answer.because.values)
        return _json(TestShape(output, milliseconds(wish.expires_s)))

    def _bus(self, name: str, bus: Bus, connected: bool) -> BusShape:
        statistics, devices = self._farm.devices(), self._farm.site.devices
        on_it = [statistics[key] for key, one in devices.items() if one.bus == name and key in statistics]
        failures: Counter[str] = Counter()
        for one in on_it:
            failures.update(one.failures)
        return BusShape(
            bus.protocol, _where(bus), _settings(bus), bus.deadline, connected,
            len(on_it), sum(one.online for one in on_it), sum(one.polls for one in on_it),
            sum(one.answered for one in on_it), dict(failures),
        )  # fmt: skip


def _where(bus: Bus) -> str:
    match bus:
        case SerialBus() | AsciiBus():
            return bus.port
        case TcpBus() | BrokerBus():
            return f"{bus.host}:{bus.port}"


def _settings(bus: Bus) -> str:
    if isinstance(bus, SerialBus | AsciiBus):
        return f"{bus.baud} 8{bus.parity[0].upper()}{bus.stop_bits}"
    return ""


def _json(shape: object) -> Response:
    return Response(orjson.dumps(shape), media_type="application/json")
