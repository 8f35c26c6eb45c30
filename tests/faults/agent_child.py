"""Whole agents that live until they are killed: started by `test_r1_kill.py` in a process of its own.

It reads the agents' directory once a line, forks an agent for each (so that imports are paid for once) and waits for
its end. The agent writes `pid P` first, and then each blob that its outbox has acknowledged: number, points, crc.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from controller.history.outbox import Blob, Outbox
from controller.running import run_agent
from edge_config.loader import load_site
from foundation.clock import AcceleratedClock
from tests.wire.agent_on_wires import no_secret

LATE = ("numpy", "pydantic.v1", "uvicorn.lifespan.off", "uvicorn.protocols.http.httptools_impl")
"""What an agent imports only once it runs."""


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


quietly = Outbox.append


def aloud(box: Outbox, blobs: Sequence[Blob]) -> None:
    quietly(box, blobs)
    # from here on somebody may count on it
    for number, blob in enumerate(blobs, box.newest - len(blobs) + 1):
        say(f"{number} {blob.points} {blob.crc32}")


def main(site_file: str, wiring: str, start_s: str, speed: str, origin: str) -> None:
    for late in LATE:
        import_module(late)
    site = load_site(Path(site_file)).site
    Outbox.append = aloud  # type: ignore[method-assign]
    say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            say(f"pid {os.getpid()}")
            clock = AcceleratedClock(float(start_s), float(speed), float(origin))
            at = Path(line.strip())
            asyncio.run(run_agent(site, at, clock, no_secret, Path(wiring), "127.0.0.1", 0, lambda url, link: None))
            os._exit(1)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        say("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
