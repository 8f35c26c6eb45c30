"""From a sensor that changes to the command on the wire, through the real agent and real drivers.

Four RS-485 lines of 19 200 baud (pseudo terminals at the pace of the wire) with one node each: a probe that steps over
its thermostat's setpoint at random moments, and a contact that has to follow. The agent runs as `farmloop run` in a
process of its own, its panel and record with it. A probe is polled every 0.7 s and the scan runs every second, so that
a reading may arrive at any moment between two scans. Half of a second's wait is therefore the mean that a scan of 1 Hz
must have; the goal is one scan + 100 ms from the answer on the wire to the whole command on the wire.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from struct import pack
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.agents import agent, write_site
from benchmarks.rows import GOAL, Row, percentile, row
from simulator.devices.serial_line import SerialLine

LINES = 4
BAUD = 19_200
SCAN_S = 1.0
PERIOD_S = 0.7
ALLOWED_S = 0.1
COLD, WARM = 15.0, 25.0
LONGEST_S = 60.0
_NAME = {"zh": "测试", "en": "Latency"}


def site_document(lines: int = LINES) -> dict[str, Any]:
    """A thermostat a line."""
    document: dict[str, Any] = {
        "schema": 1,
        "site": {
            "id": "latency", "name": _NAME, "timezone": "Asia/Shanghai", "latitude": 36.9, "longitude": 118.7,
            "scan": f"{SCAN_S} s",
        },
        "facilities": {"gh1": {"kind": "greenhouse", "zones": [f"bay{n}" for n in range(lines)], "name": _NAME}},
        "buses": {}, "devices": {}, "tags": {}, "outputs": {}, "programs": {}, "loops": {},
    }  # fmt: skip
    for number in range(lines):
        bay, bus = f"gh1.bay{number}", f"line{number}"
        document["buses"][bus] = {"protocol": "modbus_rtu", "port": f"/dev/{bus}", "baud": BAUD}
        document["devices"][f"node{number}"] = {
            "product": "generic/io_node", "bus": bus, "unit": 1, "period": f"{PERIOD_S} s", "watchdog": "60 s",
            "tags": {"in1": f"{bay}.air_temp", "relay1": f"{bay}.heater"},
        }  # fmt: skip
        document["tags"][f"{bay}.air_temp"] = {"unit": "degC", "range": ["-20 degC", "60 degC"]}
        document["outputs"][f"{bay}.heater"] = {
            "type": "on_off",
            "safe": "off",
            "lease": "60 s",
            "fail_safe_by": "device",
        }
        document["programs"][f"{bay}.air_sp"] = {"value": "20 degC", "limits": ["10 degC", "30 degC"]}
        document["loops"][f"{bay}.loop"] = {
            "type": "hysteresis", "pv": f"{bay}.air_temp", "sp": f"{bay}.air_sp", "out": f"{bay}.heater",
            "period": f"{SCAN_S} s", "below": "1 K", "on_loss": "off",
        }  # fmt: skip
    return document


@dataclass(slots=True)
class Node:
    """An io_node of one probe and one contact, with a watch on what is asked of it."""

    value: float = WARM
    relay: bool = False
    changed_s: float = 0.0
    """When the probe last stepped; 0 while nothing is awaited."""
    told_s: float = 0.0
    """When an answer with the new value began to leave."""
    follows: asyncio.Event = field(default_factory=asyncio.Event)
    since_change_s: list[float] = field(default_factory=list)
    since_told_s: list[float] = field(default_factory=list)
    holding: dict[int, int] = field(default_factory=dict)

    def respond(self, unit: int, pdu: bytes) -> bytes | None:
        """Function 4 reads the probe, 1 and 5 the contact, 3, 6 and 16 the watchdog's registers."""
        function, address, third = pdu[0], int.from_bytes(pdu[1:3]), int.from_bytes(pdu[3:5])
        if function == 4:
            if self.changed_s and not self.told_s:
                self.told_s = time.perf_counter()
            return bytes((4, 4)) + pack(">f", self.value)
        if function in (1, 2):
            count = (third + 7) // 8
            return bytes((function, count)) + int(self.relay).to_bytes(count, "little")
        if function == 3:
            return bytes((3, 2 * third)) + b"".join(
                self.holding.get(at, 0).to_bytes(2) for at in range(address, address + third)
            )
        if function in (5, 15):
            on = third == 0xFF00 if function == 5 else bool(pdu[6] & 1)
            if address == 0 and on is not self.relay:
                self.relay = on
                self._followed(time.perf_counter())
            return pdu[:5]
        if function in (6, 16):
            words = pdu[6:] if function == 16 else pdu[3:5]
            for place in range(0, len(words), 2):
                self.holding[address + place // 2] = int.from_bytes(words[place : place + 2])
            return pdu[:5]
        return bytes((function | 0x80, 1))

    def _followed(self, now_s: float) -> None:
        if self.changed_s and self.told_s:
            self.since_change_s.append(now_s - self.changed_s)
            self.since_told_s.append(now_s - self.told_s)
            self.changed_s = self.told_s = 0.0
            self.follows.set()


async def _step(node: Node, changes: int, random: Random) -> None:
    """Let a probe step over the setpoint so many times, each time when its contact has followed."""
    await asyncio.sleep(3.0 + random.random())  # the agent opens the device first
    for _ in range(changes):
        await asyncio.sleep(random.random() * 0.7)
        node.follows.clear()
        node.value = WARM if node.value == COLD else COLD
        node.changed_s = time.perf_counter()
        async with asyncio.timeout(LONGEST_S):
            await node.follows.wait()


async def measure(changes: int, directory: Path, lines: int = LINES) -> list[Node]:
    """Every node after `changes` steps."""
    random = Random(1)
    site = write_site(directory, site_document(lines))
    nodes = [Node() for _ in range(lines)]
    wires = [SerialLine(directory / f"line{number}", node.respond, BAUD) for number, node in enumerate(nodes)]
    try:
        for wire in wires:
            await wire.start()
        wiring = directory / "wiring.json"
        wiring.write_text(json.dumps({f"line{n}": {"port": str(wire.path)} for n, wire in enumerate(wires)}), "utf-8")
        with_agent = agent(site, wiring)
        await asyncio.to_thread(with_agent.__enter__)
        try:
            await asyncio.gather(*(_step(node, changes, random) for node in nodes))
        finally:
            await asyncio.to_thread(with_agent.__exit__, None, None, None)
    finally:
        for wire in wires:
            await wire.stop()
    return nodes


def run(quick: bool = False) -> list[Row]:
    """All rows; about half a minute."""
    with TemporaryDirectory(prefix="farmloop-") as name:
        nodes = asyncio.run(measure(1 if quick else 15, Path(name), 1 if quick else LINES))
    told = [seconds * 1e3 for node in nodes for seconds in node.since_told_s]
    changed = [seconds * 1e3 for node in nodes for seconds in node.since_change_s]
    goal = (SCAN_S + ALLOWED_S) * 1e3
    whole = goal + PERIOD_S * 1e3
    of = f"of {len(told)}"
    return [
        row(f"latency answer to command: median {of}", percentile(told, 50), GOAL, goal, "ms"),
        row(f"latency answer to command: p99 {of}", percentile(told, 99), GOAL, goal, "ms"),
        row(f"latency change to command: median {of}", percentile(changed, 50), "goal + one poll", whole, "ms"),
        row(f"latency change to command: p99 {of}", percentile(changed, 99), "goal + one poll", whole, "ms"),
    ]
