"""Pulling the cable: outputs are moved away from where they are safe, the device is left alone, and is asked where they
went. The agent does not run meanwhile, so nothing orders them back before they have been read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Protocol

from controller.commissioning import How, Moved, Record, digest_of, outputs_on
from controller.wiring import device_settings, safe_of
from drivers.driver import BusSettings, DeviceSettings, Statistics, Written
from drivers.links import build_links
from edge_config.fail_safe import fall_of
from edge_config.model.outputs import Output, ThreePoint
from edge_config.model.site import Site
from foundation.clock import Clock
from foundation.reading import Reading, Value

ANSWER_S = 60.0
"""Farm time in which a device must answer, and again after its cable is back."""
PULL_S = 600.0
"""Farm time in which the cable must be pulled: outputs stand where nobody wants them meanwhile."""
MARGIN_S = 2.0
"""Beyond the watchdog's time: its outputs may take a moment."""
STEP = 20.0
"""By which a continuous output is moved, %."""
CLOSE = 0.5
"""What is as near as that is the same, %."""
LOOK_S = 0.1


class Technician(Protocol):
    """Whose hands are at the device."""

    async def ready(self, device: str, outputs: Sequence[str]) -> bool:
        """May these outputs be moved? Nothing else controls them, and what keeps animals alive is among them."""
        ...

    async def pull(self, device: str) -> None: ...

    async def plug(self, device: str) -> None: ...

    async def sees(self, output: str, should: bool | float | str) -> bool | None:
        """Whether the output itself stands there now; None if nobody can tell."""
        ...


class _Wire:
    """One device on its wire, and what it says."""

    def __init__(self, site: Site, device: str, buses: Sequence[BusSettings], clock: Clock) -> None:
        settings = next(one for one in device_settings(site) if one.id == device)
        self.settings: DeviceSettings = settings
        self.clock = clock
        self.heard: dict[str, Reading] = {}
        self.written: dict[str, Written] = {}
        self.links = build_links(
            [bus for bus in buses if bus.id == settings.bus], [settings], clock, self._hear, self._note, safe_of(site),
            safe_of(site, "signal_lost"),
        )  # fmt: skip

    @property
    def statistics(self) -> Statistics:
        return self.links.links[0].driver.statistics

    @property
    def silent_s(self) -> float:
        """How long nothing has come."""
        seen_s = self.statistics.last_seen_s
        return self.clock.now() - seen_s if seen_s is not None else float("inf")

    async def until(self, what: str, within_s: float) -> bool:
        """Until the device is `there`, or `away`."""
        end_s, patience_s = self.clock.now() + within_s, 2.0 * self.settings.period_s + 1.0
        while self.clock.now() < end_s:
            if (self.silent_s < patience_s) is (what == "there"):
                return True
            await self.clock.sleep_until(self.clock.now() + LOOK_S)
        return False

    def _hear(self, readings: Sequence[Reading], token: object | None) -> None:
        self.heard.update((reading.tag, reading) for reading in readings)
        if token is not None:
            self.links.acknowledge(token)

    def _note(self, written: Written) -> None:
        self.written[written.tag] = written


def away_from(output: Output, tag: str, safe: Value) -> bool | float:
    """Somewhere else than `safe`. A motor is driven one way only."""
    if isinstance(output, ThreePoint):
        return tag == output.open
    if isinstance(safe, bool):
        return not safe
    number = float(safe)
    return number + STEP if number + STEP <= 100.0 else number - STEP


async def pull_cable(
    site: Site,
    device: str,
    buses: Sequence[BusSettings],
    clock: Clock,
    hands: Technician,
    who: str,
    how: How,
) -> Record | None:
    """Pull the cable of one device. None if the technician does not want it now."""
    wire, falls = _Wire(site, device, buses, clock), safe_of(site, "signal_lost")
    placed = {tag: (name, output) for name, output, tag in outputs_on(site, device)}
    tags = {tag for tag, (_, output) in placed.items() if fall_of(output, "signal_lost").by != "none"}
    moves = {tag: away_from(placed[tag][1], tag, falls[tag]) for tag in placed if tag in tags}
    moved: tuple[Moved, ...] = ()
    failure, fell_s = "", 0.0
    async with wire.links:
        if not await wire.until("there", ANSWER_S):
            failure = "silent"
        elif wire.statistics.watchdog in ("refused", "not set"):
            failure = "watchdog"
        elif not await hands.ready(device, sorted({placed[tag][0] for tag in moves})):
            return None
        else:
            failure, fell_s = await _left_alone(wire, moves, hands)
            seen = {} if failure else await _seen({tag: placed[tag] for tag in moves}, hands)
            await hands.plug(device)
            back_s = clock.now()
            if not failure and not await wire.until("there", ANSWER_S):
                failure = "not_back"
            if not failure:
                after = await _read(wire, moves, back_s)
                moved = tuple(
                    [await _judged(tag, *placed[tag], moves, falls, after, seen, hands) for tag in sorted(moves)]
                )
                failure = "" if all(one.ok for one in moved) else "not_safe"
        told = wire.statistics.watchdog
    at = datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds")
    product = site.devices[device].product
    return Record(device, product, digest_of(site, device), at, who, how, told, round(fell_s, 1), moved, failure)


async def _left_alone(wire: _Wire, moves: Mapping[str, Value], hands: Technician) -> tuple[str, float]:
    """Move the outputs, have the cable pulled and wait for the watchdog's time: why not, and how long it was alone."""
    async with _held(wire, moves):
        end_s = wire.clock.now() + ANSWER_S
        while not all(tag in wire.written and wire.written[tag].ok for tag in moves):
            if wire.clock.now() > end_s:
                return "not_moved", 0.0
            await wire.clock.sleep_until(wire.clock.now() + LOOK_S)
        await hands.pull(wire.settings.id)
        if not await wire.until("away", PULL_S):
            return "not_pulled", 0.0
    # the last order may have fed it, though nothing came back
    alone_s = wire.clock.now() + (wire.settings.watchdog_s or 0.0) + MARGIN_S
    await wire.clock.sleep_until(alone_s)
    return "", wire.silent_s


@asynccontextmanager
async def _held(wire: _Wire, moves: Mapping[str, Value]) -> AsyncIterator[None]:
    """Order these again and again, as the agent would."""

    async def order() -> None:
        while True:
            wire.links.order(moves)
            await wire.clock.sleep_until(wire.clock.now() + (wire.settings.watchdog_s or 15.0) / 3.0)

    ordering = asyncio.create_task(order())
    try:
        yield
    finally:
        ordering.cancel()
        with suppress(asyncio.CancelledError):
            await ordering


async def _seen(placed: Mapping[str, tuple[str, Output]], hands: Technician) -> dict[str, bool | None]:
    """What the technician sees of outputs that hardware is to make safe, by output."""
    seen: dict[str, bool | None] = {}
    for name, output in placed.values():
        fall = fall_of(output, "signal_lost")
        if fall.by == "hardware" and name not in seen:
            seen[name] = await hands.sees(name, fall.to)
    return seen


async def _read(wire: _Wire, moves: Mapping[str, Value], since_s: float) -> dict[str, bool | float | None]:
    """Where the outputs stand, read after `since_s`; None for what is not told."""
    end_s = wire.clock.now() + 2.0 * wire.settings.period_s + MARGIN_S
    while wire.clock.now() < end_s and any(not _is_new(wire.heard.get(tag), since_s) for tag in moves):
        await wire.clock.sleep_until(wire.clock.now() + LOOK_S)
    found: dict[str, bool | float | None] = {}
    for tag in moves:
        reading = wire.heard.get(tag)
        value = reading.usable if reading is not None and _is_new(reading, since_s) else None
        found[tag] = value if isinstance(value, bool | int | float) else None
    return found


def _is_new(reading: Reading | None, since_s: float) -> bool:
    return reading is not None and reading.time_s >= since_s and reading.usable is not None


async def _judged(
    tag: str,
    name: str,
    output: Output,
    moves: Mapping[str, bool | float],
    falls: Mapping[str, Value],
    after: Mapping[str, bool | float | None],
    seen: Mapping[str, bool | None],
    hands: Technician,
) -> Moved:
    """Whether one device tag went where it shall: its device says so, or, where hardware sees to it, the technician."""
    fall, should, found = fall_of(output, "signal_lost"), falls[tag], after[tag]
    assert isinstance(should, bool | int | float)
    looked = seen.get(name)
    if fall.by == "device" and found is None:
        looked = await hands.sees(name, fall.to)
    fell = found is not None and abs(float(found) - float(should)) <= CLOSE
    by_eye = found is None or (fall.by == "hardware" and looked is not None)
    return Moved(name, tag, fall.by, moves[tag], should, found, looked, bool(looked) if by_eye else fell)
