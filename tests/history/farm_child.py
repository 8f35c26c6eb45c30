"""A farm that records as fast as it can until it is killed: started by `test_kill.py` in a process of its own.

It reads `DIRECTORY NUMBER DIALECT|URL` lines, forks a farm for each (so that imports are paid for once) and waits for
its end. A sink is left out by a `-`. The farm writes `pid P` first and then each number that was acknowledged.
"""

import asyncio
import contextlib
import os
import sys
from functools import partial
from pathlib import Path

# what History would import only when it needs it
import controller.history.influx_http
import controller.history.influx_v2  # noqa: F401
from controller.history.history import History
from controller.history.line import milliseconds
from foundation.clock import WallClock, pause
from foundation.reading import good
from tests.history.farm import START_S, secrets, site, tags, v2, victoria

TAGS = [f"gh1.bay1.t{number}" for number in range(5)]


def value(number: int, tag: int) -> float:
    """What tag `tag` shows at scan `number`: never twice the same in a row."""
    return number * 0.25 + tag


def time_s(number: int) -> float:
    return START_S + number * 0.01


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def record(directory: Path, number: int, url: str) -> None:
    dialect, _, url = url.partition("|")
    sinks = {"influx": {"v2": v2, "victoriametrics": victoria}[dialect](url)} if url else {}
    recorder = History(directory, site(sinks), tags(*TAGS), secrets, WallClock(), tick_s=0.01)
    running = asyncio.create_task(recorder.run())
    while not running.done():
        readings = [good(name, value(number, tag), time_s(number)) for tag, name in enumerate(TAGS)]
        recorder.record(readings, [partial(say, str(number))])
        number += 1
        await pause(0.002)
    await running


def main() -> None:
    say("ready")
    for line in sys.stdin:
        directory, number, url = line.split()
        pid = os.fork()
        if pid == 0:
            say(f"pid {os.getpid()}")
            asyncio.run(record(Path(directory), int(number), url))
            os._exit(1)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        say("ended")


if __name__ == "__main__":
    assert milliseconds(time_s(1)) - milliseconds(START_S) == 10
    main()
