"""`farmloop play`: a recording on its site's wires, the agent on their other end, and what came of it.

The player's process and the agent's share one clock. It stands before the first row until both are up, and runs slower
for a while when the machine is too busy for its speed. The play is over when the agent has seen every device's last
row, has it on the disk, and every sink has it.
"""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from controller.compose.demo import START_S, Demo, DemoFailed
from controller.compose.simulator_process import outputs_now, write_whole
from controller.running import REPORT_S
from drivers.codec import plan, poll_cost_s
from drivers.product import Product, load_product
from edge_config.model.site import BrokerBus, Device, SerialBus, Site
from edge_config.tags import site_tags
from foundation.clock import Clock, pause, process_time
from simulator.devices.recorded import Recording
from simulator.recording_files import RecordingError
from simulator.recording_map import Mapped, load_map, read_recording
from simulator.wire import TURNAROUND_S, FarmOnWires

LOOK_S = 0.1
"""Process time between two looks at how it goes."""
BEFORE_S = 1.0
"""Farm time before the first row at which the clock stands: devices have nothing to tell yet."""
LEAD_S = 0.2
"""Process time from the word of a change of speed until it holds: both processes must have heard it by then."""
STRAINED, EASY = 2.5, 1.5
"""How long a row that is due has waited to be seen, in polls and scans of its device; one of each is usual. Above the
first the play slows down, below the second it runs faster again."""
SLOWER, FASTER, SLOWEST = 0.5, 1.1, 60.0
PATIENCE_S = 600.0
"""Farm time that a change of speed has to show."""
REACTION_S = REPORT_S + LOOK_S + LEAD_S
"""Process time from the moment at which the agent falls behind until a slower pace holds."""
SHIPPING_S = 60.0
"""Process time that the sinks have for what is left, from the last row on."""
EXCHANGE_S = 0.0015
"""Processor time of one request and its answer, agent and player together (measured at 4800 x)."""
MESSAGE_S = 0.0015
"""The same of one MQTT message, from the node through the broker to its acknowledgement."""
SCAN_S = 0.002
"""The same of one scan of some fifty tags, and of the record that it leaves."""
BUSY = 0.6
"""How much of one core may be spoken for."""


class SpeedError(ValueError):
    """A speed that somebody cannot keep; names who, and the largest that will do."""


@dataclass(frozen=True, slots=True)
class PlayPlan:
    """What is to be played, and how fast."""

    csv: Path
    map_path: Path
    mapped: Mapped
    start_s: float
    """Farm time at which the clock stands first."""
    first_s: float
    """Farm time of the first row."""
    days: float | None
    times_s: Mapping[str, Sequence[float]]
    """Device -> farm time of each of its rows."""
    speed: float
    broker: str

    @property
    def rows(self) -> int:
        """Rows of all devices."""
        return sum(len(times_s) for times_s in self.times_s.values())


@dataclass(frozen=True, slots=True)
class Played:
    """How it went."""

    plan: PlayPlan
    wall_s: float
    player: dict[str, Any]
    agent: dict[str, Any]

    def report(self) -> dict[str, Any]:
        """JSON-ready. `points` is by tag and reason (`good` for none), heartbeats included."""
        return {
            "site": self.plan.mapped.site.site.id,
            "first_s": self.plan.first_s,
            "last_s": max(times_s[-1] for times_s in self.plan.times_s.values()),
            "rows": self.plan.rows,
            "speed": self.plan.speed,
            "wall_s": round(self.wall_s, 3),
            "worst_late_s": self.player["worst_late_s"],
            "points": self.agent["points"],
            "dropped_points": self.agent["dropped_points"],
            "sinks": self.agent["sinks"],
            "devices": self.agent["devices"],
            "scan": self.agent["scan"],
        }


def map_path(name: str) -> Path:
    """A map file, or one of our own by its name: `agc2022`."""
    own = Path(str(files("simulator").joinpath("recordings", f"{name}-map.yaml")))
    return own if "/" not in name and own.is_file() else Path(name)


def plan_play(csv: Path, map_file: Path, speed: float | None, begin: str, days: float | None, broker: str) -> PlayPlan:
    """Read and check all of it. Raises OSError, ProblemsError, RecordingError and SpeedError."""
    mapped = load_map(map_file)
    recording = read_recording(mapped, csv, _moment(begin, mapped.site) if begin else None, days)
    fastest, whose = fastest_speed(mapped.site)
    if speed is None:
        speed = float(int(fastest))
    if not 0 < speed <= fastest:
        raise SpeedError(f"speed {speed:g}: {whose} keeps {int(fastest)} at most")
    tracks = recording.tracks
    first_s = min(track.times_s[0] for track in tracks.values())
    return PlayPlan(
        csv,
        map_file,
        mapped,
        first_s - BEFORE_S,
        first_s,
        days,
        {name: track.times_s for name, track in tracks.items()},
        speed,
        broker,
    )


def fastest_speed(site: Site) -> tuple[float, str]:
    """Largest farm seconds a second at which every bus and the agent keep up, and who sets it.

    The wire's own time runs as fast as farm time does; what does not is what a request, a message and a scan cost the
    machine, and how long it takes to slow down: until then no value may go stale. Raises SpeedError for a bus whose
    wire is too slow for its devices at any speed.
    """
    spent: dict[str, float] = {"the agent": SCAN_S / site.site.scan}
    """Process seconds a farm second, by who spends them."""
    for name, bus in site.buses.items():
        devices = [(one, load_product(one.product)) for one in site.devices.values() if one.bus == name]
        if isinstance(bus, BrokerBus):
            spent[f"bus {name}"] = sum(MESSAGE_S / device.period for device, _ in devices)
            continue
        orders = sum(2.0 * _orders(site, device) for device, _ in devices)  # written, and read back
        polls = sum(_requests(device, product) / device.period for device, product in devices)
        spent[f"bus {name}"] = (polls + orders) * EXCHANGE_S
        if isinstance(bus, SerialBus):
            frame = (bus.baud, bus.parity, bus.stop_bits, TURNAROUND_S)
            wire = sum(poll_cost_s(product, device.tags, *frame) / device.period for device, product in devices)
            if wire > BUSY:
                raise SpeedError(f"bus {name}: the wire is busy for {wire:.0%} of the time at {bus.baud} baud")
    # they are two processes on the same few cores: everybody's time counts
    fastest, whose = BUSY / sum(spent.values()), max(spent, key=lambda who: spent[who])
    stale = min(
        (tag for tag in site_tags(site).values() if tag.stale_s), key=lambda tag: tag.stale_s or 0.0, default=None
    )
    if stale is not None and stale.stale_s is not None and stale.stale_s / 2 / REACTION_S < fastest:
        return stale.stale_s / 2 / REACTION_S, f"{stale.name}, stale after {stale.stale_s:g} s,"
    return fastest, whose


async def play_on_wires(
    site: Site, recording: Recording, directory: Path, clock: Clock, broker: tuple[str, int] | None
) -> None:
    """The player's process: serve until cancelled, and write `player.json` every now and then."""
    lines = directory / "wires"
    lines.mkdir(parents=True, exist_ok=True)
    async with FarmOnWires(site, clock, 0, lines, broker, world=recording) as farm:
        write_whole(directory / "wiring.json", farm.wiring)
        telling = asyncio.create_task(_tell(recording, directory / "player.json"))
        try:
            await farm.serve()
        finally:
            telling.cancel()
            write_whole(directory / "outputs.json", outputs_now(site, farm))


async def run_play(
    plan: PlayPlan, port: int, directory: Path | None, up: Callable[[str], None], told: Callable[[int], None]
) -> Played:
    """Play all of it and stop by itself. `up` hears where to sign in, `told` how many rows have been told. Raises
    DemoFailed."""
    play = Play(plan, port, directory)
    async with play:
        up(play.ready["sign_in"])
        await play.connected()
        began_s = process_time()
        play.run_at(plan.speed)
        going = asyncio.create_task(play.follow(told))
        ended = asyncio.create_task(play.watch())
        try:
            await asyncio.wait({going, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise DemoFailed(play.failure)
            player, agent = going.result()
        finally:
            going.cancel()
            ended.cancel()
        wall_s = process_time() - began_s
    if play.failure:
        raise DemoFailed(play.failure)
    return Played(plan, wall_s, player, agent)


class Play(Demo):
    """A demo whose farm is a recording, and whose clock begins when told to."""

    agent_stops_s = 15.0
    """A database may have to answer first, which a demo does not have."""

    def __init__(self, plan: PlayPlan, port: int, directory: Path | None) -> None:
        super().__init__(plan.mapped.site_path, port, plan.speed, 0, directory)
        self.plan = plan
        self._pace = 0.0
        self._strained = 0.0
        self._judged_s = plan.start_s

    async def connected(self) -> None:
        """Return once the agent is on every bus: what an MQTT node says before that is lost."""
        until_s = process_time() + START_S
        while not all(_read(self.directory / "agent.json").get("buses", {"": False}).values()):
            if process_time() > until_s:
                raise DemoFailed(f"the agent did not find its buses within {START_S:g} s; logs in {self.directory}")
            await pause(LOOK_S)

    def run_at(self, speed: float) -> None:
        """Have farm time run so fast, in both processes."""
        self._pace, from_s = speed, process_time() + LEAD_S
        for process in (self.simulator, self.agent):
            assert process is not None
            assert process.stdin is not None
            process.stdin.write(f"{from_s!r} {speed!r}\n".encode())

    async def follow(self, told: Callable[[int], None]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the last words of player and agent once every row has come through."""
        seen_s: float | None = None
        until_s = float("inf")
        while True:
            await pause(LOOK_S)
            player, agent = _read(self.directory / "player.json"), _read(self.directory / "agent.json")
            told(player.get("told", 0))
            self._keep_up(agent)
            if seen_s is None:
                if player.get("over") and self._has_seen(agent):
                    seen_s, until_s = agent["now_s"], process_time() + SHIPPING_S
            elif _has_shipped(agent, seen_s):
                return player, agent
            if process_time() > until_s:
                sinks = "; ".join(f"{name}: {one['last_error']}" for name, one in agent["sinks"].items())
                raise DemoFailed(f"not all points are where they belong: {agent['storing']} {sinks}".rstrip())

    def _keep_up(self, agent: dict[str, Any]) -> None:
        """Slow down while readings come late and ever later, and go back to speed."""
        if not agent or agent["now_s"] < self._judged_s + PATIENCE_S:
            return
        strain = max(self._strain(name, agent) for name in self.plan.times_s)
        if strain > max(STRAINED, self._strained):
            self.run_at(max(self._pace * SLOWER, min(SLOWEST, self.speed)))
        elif self._pace < self.speed and strain < EASY:
            self.run_at(min(self._pace * FASTER, self.speed))
        self._strained, self._judged_s = strain, agent["now_s"]

    def _strain(self, name: str, agent: dict[str, Any]) -> float:
        """How long a row of this device has been due and not seen, as a multiple of what is usual."""
        site, times_s = self.plan.mapped.site, self.plan.times_s[name]
        device = site.devices[name]
        following = bisect_right(times_s, agent["source_s"][next(iter(device.tags.values()))])
        late_s = agent["now_s"] - times_s[following] if following < len(times_s) else 0.0
        return max(late_s, 0.0) / (device.period + site.site.scan)

    def _has_seen(self, agent: dict[str, Any]) -> bool:
        """Whether the last row of every device has passed a scan."""
        devices, seen_s = self.plan.mapped.site.devices, agent["source_s"]
        return all(
            seen_s[tag] >= times_s[-1]
            for name, times_s in self.plan.times_s.items()
            for tag in devices[name].tags.values()
        )

    def _clock(self) -> list[str]:
        return ["--speed", repr(self.speed), "--start", repr(self.plan.start_s)]

    def _simulator(self) -> list[str]:
        plan = self.plan
        more = ["--from", repr(plan.first_s)]
        more += [] if plan.days is None else ["--days", repr(plan.days)]
        more += ["--broker", plan.broker] if plan.broker else []
        return ["player", str(plan.csv), "--map", str(plan.map_path), "--directory", str(self.directory), *more]

    def _agent(self) -> list[str]:
        return [*super()._agent(), "--report", str(self.directory / "agent.json")]


def _has_shipped(agent: dict[str, Any], seen_s: float) -> bool:
    """Whether all that was recorded up to `seen_s` is on the disk and in every sink."""
    if agent["stored_s"] is None or agent["stored_s"] <= seen_s:
        return False
    return all(one["oldest_ms"] is None or one["oldest_ms"] > seen_s * 1000.0 for one in agent["sinks"].values())


async def _tell(recording: Recording, path: Path) -> None:
    while True:
        tracks = recording.tracks.values()
        over = all(track.is_over for track in tracks)
        late_s = max(track.worst_late_s for track in tracks)
        write_whole(path, {"told": sum(track.told for track in tracks), "over": over, "worst_late_s": late_s})
        await pause(LOOK_S)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _moment(text: str, site: Site) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordingError(f"'{text}' is not a date, or a date and a time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(site.site.timezone))
    return moment.timestamp()


def _orders(site: Site, device: Device) -> float:
    """How often a farm second this device is told its outputs again, at least."""
    leases = [output.lease for tag, output in site.outputs.items() if tag in device.tags.values()]
    return 3.0 / min(leases) if leases else 0.0


def _requests(device: Device, product: Product) -> int:
    """How many one poll takes."""
    if product.text is not None:
        return 1
    wanted = dict.fromkeys(name for name in device.tags if product.channels[name].access != "write")
    if product.time_channel is not None:
        wanted[product.time_channel] = None
    return len(plan(product, wanted))
