"""Polls of ten registers a second on one RS-485 line, as a share of what its baud rate allows.

A pty has no baud rate, so a relay in a process of its own gives it one: it takes each byte of a request for as long as
the wire would, answers at once, and releases each byte of the answer when its stop bit would have ended, never before.
The limit counts 8 characters out, 25 back and one silence of 3.5. A master that leaves no silence can pass it here; a
real slave may then take two frames for one, so the silence that each left is a row of its own.

`python -m benchmarks.modbus_rtu BAUD` is the relay.
"""

import asyncio
import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from struct import pack

import minimalmodbus
import uvloop
from pymodbus.client import AsyncModbusSerialClient

from benchmarks.rows import GOAL, Row, percentile, row
from drivers.bus import Bus
from drivers.driver import DeviceSettings, SerialSettings
from drivers.modbus import ModbusDevice
from drivers.product import load_product
from foundation.reading import Quality
from simulator.devices.serial_line import framed

BAUDS = {9_600: 0.9, 19_200: 0.9, 115_200: 0.8}
"""Baud rate -> the share of the limit that is promised."""
REGISTERS = 10
UNIT = 1
REQUEST = framed(UNIT, pack(">BHH", 4, 0, REGISTERS))
VALUES = (1.5, -2.25, 300.0, 0.125, 21.5)
ANSWER = framed(UNIT, bytes((4, 2 * REGISTERS)) + pack(">5f", *VALUES))
SILENCE = 3.5
SPIN_S = 0.0003
"""What a sleeping process wakes up too late by: the last moments before a byte are waited for awake."""


def limit(baud: int) -> float:
    """Polls a second that the wire lets through."""
    return baud / 10.0 / (len(REQUEST) + len(ANSWER) + SILENCE)


# --- the relay


def relay(baud: int) -> None:
    """Prints the path of its pty, serves it until standard input closes, and prints what it saw as JSON."""
    # without the right to it, other programs make the wire a little slower than it should be
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    master, far = pty.openpty()
    tty.setraw(far)
    os.set_blocking(master, False)
    print(os.ttyname(far), flush=True)
    character_s = 10.0 / baud
    now = time.perf_counter
    silences: list[float] = []
    late_s: list[float] = []
    buffer = b""
    heard_s = answered_s = 0.0
    while True:
        data = _read(master)
        if not data:
            if now() - answered_s > 20 * character_s:
                ready, _, _ = select.select([master, sys.stdin], [], [], 1.0)
                if sys.stdin in ready:
                    break
            continue
        came_s = now()
        if not buffer and answered_s:
            silences.append((came_s - answered_s) / character_s)
        heard_s = max(came_s, heard_s) + len(data) * character_s
        buffer += data
        if len(buffer) < len(REQUEST):
            continue
        if buffer == REQUEST:
            _until(heard_s)
            for place in range(len(ANSWER)):
                due_s = heard_s + (place + 1) * character_s
                _until(due_s)
                # before the write: it may wake the master on this very core, and then it is the relay that waits
                answered_s = now()
                os.write(master, ANSWER[place : place + 1])
                late_s.append(answered_s - due_s)
        buffer = b""
    seen = {"late_us": percentile(late_s, 99) * 1e6, "silence": percentile(silences, 1)} if silences else {}
    print(json.dumps(seen), flush=True)


def _read(master: int) -> bytes:
    try:
        return os.read(master, 256)
    except BlockingIOError:
        return b""


def _until(when_s: float) -> None:
    if (left_s := when_s - time.perf_counter() - SPIN_S) > 0:
        time.sleep(left_s)
    while time.perf_counter() < when_s:
        pass


# --- the masters: each polls for some seconds and says how often it did


async def _ours(port: str, baud: int, seconds: float) -> int:
    """The agent's own bus and device."""
    bus = Bus(SerialSettings("line", port, baud))
    keeping = asyncio.create_task(bus.run())
    await bus.tried.wait()
    tags = {f"in{number}": f"gh1.bay1.t{number}" for number in range(1, REGISTERS // 2 + 1)}
    settings = DeviceSettings("node", "generic/io_node", "line", UNIT, 1.0, None, None, tags)
    device = ModbusDevice(settings, load_product("generic/io_node"), bus)
    polls, end_s = 0, time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        readings = await device.poll(1.0 + polls)
        if any(r.quality is not Quality.GOOD for r in readings) or readings[0].value != VALUES[0]:
            raise RuntimeError(f"a poll of ours failed: {device.statistics.last_error}")
        polls += 1
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    return polls


async def _pymodbus(port: str, baud: int, seconds: float) -> int:
    client = AsyncModbusSerialClient(port, baudrate=baud, timeout=1.0)
    if not await client.connect():
        raise RuntimeError("pymodbus did not connect")
    polls, end_s = 0, time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        answer = await client.read_input_registers(0, count=REGISTERS, device_id=UNIT)
        if answer.isError() or len(answer.registers) != REGISTERS:
            raise RuntimeError(f"a poll of pymodbus failed: {answer}")
        polls += 1
    client.close()
    return polls


def _minimalmodbus(port: str, baud: int, seconds: float) -> int:
    instrument = minimalmodbus.Instrument(port, UNIT)
    instrument.serial.baudrate = baud
    instrument.serial.timeout = 1.0
    polls, end_s = 0, time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        instrument.read_registers(0, REGISTERS, functioncode=4)
        polls += 1
    instrument.serial.close()
    return polls


Master = Callable[[str, int, float], int]
MASTERS: dict[str, Master] = {
    "ours": lambda port, baud, seconds: uvloop.run(_ours(port, baud, seconds)),
    "pymodbus async": lambda port, baud, seconds: uvloop.run(_pymodbus(port, baud, seconds)),
    "minimalmodbus": _minimalmodbus,
}


@dataclass(slots=True)
class Polled:
    """What a master reached in one turn."""

    rate: float
    """Polls a second."""
    cpu_us: float
    """Of the master, a poll."""
    silence: float
    """Characters before a request, the least but one in a hundred."""
    late_us: float
    """By how much the relay was late with a byte, 99th of a hundred."""


def polled(master: Master, baud: int, seconds: float) -> Polled:
    """One turn of one master on a wire of its own."""
    command = [sys.executable, "-m", "benchmarks.modbus_rtu", str(baud)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as wire:
        assert wire.stdin is not None
        assert wire.stdout is not None
        try:
            port = wire.stdout.readline().strip()
            master(port, baud, min(0.2, seconds / 4))  # imports and first calls are not what is measured
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            polls = master(port, baud, seconds)
            cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
        finally:
            wire.stdin.close()
        seen = json.loads(wire.stdout.readline())
    return Polled(polls / wall_s, cpu_s / polls * 1e6, seen["silence"], seen["late_us"])


def run(quick: bool = False) -> list[Row]:
    """All rows; about a minute and a half."""
    seconds, turns = (0.4, 1) if quick else (3.0, 3)
    rows: list[Row] = []
    for baud, promised in BAUDS.items():
        turned: dict[str, list[Polled]] = {name: [] for name in MASTERS}
        for _ in range(turns):
            for name, master in MASTERS.items():
                turned[name].append(polled(master, baud, seconds))
        rate = {name: median(one.rate for one in found) for name, found in turned.items()}
        cpu = {name: median(one.cpu_us for one in found) for name, found in turned.items()}
        silence = {name: median(one.silence for one in found) for name, found in turned.items()}
        late_us = max(one.late_us for one in turned["ours"])
        wire = "the wire's limit with one silence"
        what = f"RTU {baud} baud"
        rows.append(
            row(f"{what}: polls", rate["ours"], wire, limit(baud), "1/s", promised, True) | {"late_us": late_us}
        )
        rows.append(row(f"{what}: silence before a request", silence["ours"], GOAL, SILENCE, "characters", 1.0, True))
        for peer in ("pymodbus async", "minimalmodbus"):
            rows.append(row(f"{what}: polls", rate["ours"], peer, rate[peer], "1/s", promised, True))
            least = silence[peer]
            rows.append(
                row(f"{what}: silence before a request", silence["ours"], peer, least, "characters", 0.9, True)
            )  # fmt: skip
            rows.append(row(f"{what}: CPU a poll", cpu["ours"], peer, cpu[peer], "us", 0.5))
    return rows


if __name__ == "__main__":
    relay(int(sys.argv[1]))
