"""`farmloop demo`: a simulator process and an agent process with a supervisor above, and nothing left behind."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from foundation.clock import process_time

START_S = 60.0
AGENT_STOPS_S = 1.3
SIMULATOR_STOPS_S = 0.6
"""The agent needs the simulator's devices to make its outputs safe: it stops first. Together under 2 s."""


class DemoFailed(Exception):
    """What went wrong, for one line on stderr."""


class Demo:
    """`async with Demo(...) as demo`: both processes run, `demo.ready` is the agent's line; leaving stops them."""

    agent_stops_s = AGENT_STOPS_S

    def __init__(self, site: Path, port: int, speed: float, seed: int, directory: Path | None) -> None:
        self.site, self.port, self.speed, self.seed = site, port, speed, seed
        self.ready: dict[str, Any] = {}
        self.failure = ""
        self._stack = contextlib.ExitStack()
        self.directory = directory or Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="farmloop-")))
        self.simulator: Process | None = None
        self.agent: Process | None = None

    async def __aenter__(self) -> "Demo":
        try:
            async with asyncio.timeout(START_S):
                await self._start()
        except TimeoutError as error:
            await self._stop()
            raise DemoFailed(f"not up within {START_S:g} s; logs in {self.directory}") from error
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def watch(self) -> None:
        """Return when one of the processes has ended by itself: that is a failure."""
        assert self.agent is not None
        assert self.simulator is not None
        waits = {
            asyncio.create_task(one.wait()): who for one, who in ((self.agent, "agent"), (self.simulator, "simulator"))
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            self.failure = f"the {waits[done.pop()]} ended by itself; logs in {self.directory}"
        finally:
            for task in waits:
                task.cancel()

    async def _start(self) -> None:
        _check_port(self.port)
        self.directory.mkdir(parents=True, exist_ok=True)
        wiring = self.directory / "wiring.json"
        wiring.unlink(missing_ok=True)
        clock = self._clock()
        self.simulator = await _spawn(*self._simulator(), *clock)
        self.agent = await _spawn(*self._agent(), "--wiring", str(wiring), *clock)
        assert self.agent.stdout is not None
        line = asyncio.create_task(self.agent.stdout.readline())
        ended = asyncio.create_task(self.simulator.wait())
        done, _ = await asyncio.wait({line, ended}, return_when=asyncio.FIRST_COMPLETED)
        if line not in done or not line.result():
            line.cancel()
            raise DemoFailed(f"the {'agent' if line in done else 'simulator'} did not start; logs in {self.directory}")
        ended.cancel()
        self.ready = json.loads(line.result())

    def _clock(self) -> list[str]:
        """How both processes are told of their clock."""
        # one origin for both: the machine's monotonic clock is the same in all its processes
        return ["--speed", str(self.speed), "--origin", repr(process_time())] if self.speed != 1.0 else []

    def _simulator(self) -> list[str]:
        """The command for the far end of the wires."""
        return ["simulator", str(self.site), "--directory", str(self.directory), "--seed", str(self.seed)]

    def _agent(self) -> list[str]:
        """The command for the agent."""
        listen = f"127.0.0.1:{self.port}"
        return [
            "run",
            str(self.site),
            "--directory",
            str(self.directory / "agent"),
            "--listen",
            listen,
            "--one-click",
            "--json",
        ]

    async def _stop(self) -> None:
        for process, patience_s, who in (
            (self.agent, self.agent_stops_s, "agent"),
            (self.simulator, SIMULATOR_STOPS_S, "simulator"),
        ):
            if process is None:
                continue
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(patience_s):
                    code = await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                self.failure = self.failure or f"the {who} did not stop in {patience_s:g} s"
                continue
            if code != 0:
                self.failure = self.failure or f"the {who} ended with code {code}"
        if self.simulator is not None:
            self._look_at_outputs()
        self._stack.close()

    def _look_at_outputs(self) -> None:
        """The simulator writes how every output stood at its end."""
        try:
            unsafe = json.loads((self.directory / "outputs.json").read_text("utf-8"))["unsafe"]
        except (OSError, ValueError, KeyError):
            self.failure = self.failure or "the simulator left no word of its outputs"
            return
        if unsafe:
            self.failure = self.failure or f"outputs not in their safe state: {', '.join(unsafe)}"


def _check_port(port: int) -> None:
    """The agent would go on without its panel, and try again: a person at a screen is told."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoFailed(f"port {port}: {error.strerror}; --port 0 takes a free one") from None


async def _spawn(*arguments: str) -> Process:
    """A process of ours in a session of its own (Ctrl-C is the supervisor's alone) that ends when our pipe closes."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "controller.cli", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=None, start_new_session=True,
        env={**os.environ, "FARMLOOP_LIFELINE": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
