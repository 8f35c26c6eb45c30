"""`farmloop run`, `demo` and `play`, and the processes that the last two start: whatever lives until it is stopped."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from controller import collecting
from controller.compose import command_line
from foundation.problem import ProblemsError


def run(
    site: str,
    directory: Annotated[Path, typer.Option(help="Keeps state, outbox and logs.")] = Path("var"),
    listen: Annotated[str, typer.Option(help="HOST:PORT of the panel, instead of the site's.")] = "",
    wiring: Annotated[Path | None, typer.Option(help="JSON: where each bus really ends (simulated wires).")] = None,
    speed: command_line.Speed = 1.0,
    origin: Annotated[float | None, typer.Option(hidden=True)] = None,
    start: Annotated[float | None, typer.Option(hidden=True)] = None,
    report: Annotated[Path | None, typer.Option(hidden=True)] = None,
    one_click: Annotated[bool, typer.Option("--one-click", hidden=True)] = False,
    as_json: command_line.Json = False,
) -> None:
    """Run the agent on a site until stopped."""
    from controller.hold import HeldError, hold
    from controller.kept import lived_s
    from controller.logs import start_logging
    from controller.panel_task import Up
    from controller.running import run_agent
    from controller.secrets import secrets_beside

    path = command_line.site_path(site)
    loaded = command_line.load(path, quiet="FARMLOOP_LIFELINE" in os.environ)
    host, port = command_line.address(listen or loaded.panel.listen)

    def ready(up: Up) -> None:
        collecting.up()
        if as_json:
            told = {"fingerprint": up.fingerprint} if up.fingerprint else {}
            command_line.print_json({"url": up.url, "sign_in": up.sign_in, "pid": os.getpid(), **told})
        else:
            for line in up.lines(command_line.language()):
                typer.echo(line)
            sys.stdout.flush()

    clock = _clock(speed, origin, start, lived_s(directory))
    secrets = secrets_beside(path)
    try:
        with hold(directory):
            start_logging(directory)
            _until_stopped(
                run_agent(
                    loaded, directory, clock, secrets, wiring, host, port, ready, report, str(path.resolve()), one_click
                ),
                clock,
            )
    except HeldError as error:
        command_line.fail(str(error), 1)


def simulator(
    site: str,
    directory: Path = Path("var"),
    seed: int = 1,
    speed: float = 1.0,
    origin: Annotated[float | None, typer.Option(hidden=True)] = None,
) -> None:
    """The simulator's process of a demo."""
    from controller.compose.simulator_process import simulate_on_wires
    from controller.logs import start_logging
    from simulator.layout import FieldError

    loaded = command_line.load(command_line.site_path(site))
    start_logging(directory)
    clock = _clock(speed, origin)
    try:
        _until_stopped(simulate_on_wires(loaded, directory, clock, seed), clock)
    except FieldError as error:
        command_line.fail(str(error), 1)


def player(
    csv: Path,
    mapping: Annotated[str, typer.Option("--map")],
    directory: Path = Path("var"),
    start: float = 0.0,
    begin: Annotated[float | None, typer.Option("--from")] = None,
    days: float | None = None,
    speed: float = 1.0,
    broker: str = "",
) -> None:
    """The recording's process of a play."""
    from controller.compose.play import map_path, play_on_wires
    from controller.logs import start_logging
    from simulator.recording_map import load_map, read_recording

    mapped = load_map(map_path(mapping))
    recording = read_recording(mapped, csv, begin, days)
    start_logging(directory)
    clock = _clock(speed, None, start)
    at = command_line.address(broker) if broker else None
    _until_stopped(play_on_wires(mapped.site, recording, directory, clock, at), clock)


def demo(
    site: Annotated[str, typer.Argument(help=f"{', '.join(command_line.SAMPLES)}, or a site file.")] = "farm",
    port: command_line.Port = 8080,
    seconds: Annotated[
        float,
        typer.Option("--for", help="Stop by itself after so long; 0 runs on.", callback=command_line.not_below_zero),
    ] = 0.0,
    speed: command_line.Speed = 1.0,
    seed: int = 1,
    directory: Annotated[Path | None, typer.Option(help="Keep state and logs here.")] = None,
    as_json: command_line.Json = False,
) -> None:
    """Simulated wires, broker, agent and panel in one command. Prints the panel's URL."""
    path = command_line.site_path(site)
    if not path.is_file():
        command_line.unreadable(site, FileNotFoundError())
    # both processes read and check the site; the simulator's says what is wrong with it
    raise typer.Exit(asyncio.run(_demo(path, port, seconds, speed, seed, directory, as_json)))


async def _demo(
    path: Path, port: int, seconds: float, speed: float, seed: int, directory: Path | None, as_json: bool
) -> int:
    from controller.compose.demo import Demo, DemoFailed
    from foundation.clock import pause

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    demo = Demo(path, port, speed, seed, directory)
    try:
        async with demo:
            if as_json:
                command_line.print_json(demo.ready)
            else:
                typer.echo(f"\n  {demo.ready['sign_in']}\n\n  Open this once to sign in. Ctrl-C stops everything.")
            waits = [asyncio.create_task(demo.watch()), asyncio.create_task(stop.wait())]
            if seconds > 0:
                waits.append(asyncio.create_task(pause(seconds)))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()
    except DemoFailed as error:
        demo.failure = str(error)
    if demo.failure:
        typer.echo(demo.failure, err=True)
        return 1
    return 0


def play(
    csv: Annotated[Path, typer.Argument(help="The directory of the map's CSV files, or one of them.")],
    mapping: Annotated[str, typer.Option("--map", metavar="MAP", help="A map file, or agc2022.")],
    speed: Annotated[
        float | None,
        typer.Option(help="Farm seconds a second; left out, the buses' fastest.", callback=command_line.above_zero),
    ] = None,
    days: Annotated[
        float | None, typer.Option(help="So many days; left out, to the last row.", callback=command_line.above_zero)
    ] = None,
    begin: Annotated[str, typer.Option("--from", metavar="DATE", help="Local date, or date and time.")] = "",
    broker: Annotated[str, typer.Option(help="HOST:PORT for the MQTT devices, instead of one of our own.")] = "",
    port: command_line.Port = 0,
    directory: Annotated[Path | None, typer.Option(help="Keep state, outbox and logs here.")] = None,
    as_json: command_line.Json = False,
) -> None:
    """Play recorded data onto the wires of its site, the agent on their other end, and say what came of it."""
    from controller.compose.demo import DemoFailed
    from controller.compose.play import SpeedError, map_path, plan_play, run_play
    from simulator.recording_files import RecordingError

    at = "{}:{}".format(*command_line.address(broker)) if broker else ""
    bar = command_line.bar("playing")
    try:
        plan = plan_play(csv, map_path(mapping), speed, begin, days, at)
        with bar if not as_json and sys.stderr.isatty() else contextlib.nullcontext():
            task = bar.add_task("", total=plan.rows)

            def up(sign_in: str) -> None:
                if not as_json:
                    typer.echo(f"\n  {sign_in}\n\n  Open this once to watch. Ctrl-C stops everything.\n")

            played = asyncio.run(run_play(plan, port, directory, up, lambda told: bar.update(task, completed=told)))
    except ProblemsError as error:
        for problem in error.problems:
            typer.echo(problem.line_of_text(command_line.language()), err=True)
        raise typer.Exit(1) from None
    except (RecordingError, SpeedError, DemoFailed, OSError) as error:
        command_line.fail(str(error), 1)
    if as_json:
        command_line.print_json(played.report())
    else:
        _print_played(played.report())


def _clock(speed: float, origin: float | None, start: float | None = None, lived_s: float = 0.0) -> Any:
    """Wall time, or time that runs fast from this moment (with others from one origin). With `start`, time that stands
    there until whoever started us says on our standard input from when it runs, and how fast: "PROCESS_TIME SPEED"."""
    from foundation.clock import AcceleratedClock, WallClock

    if start is not None:
        return AcceleratedClock(start, speed, inf)
    if speed == 1.0:
        return WallClock(lived_s)
    wall = WallClock().now()
    from foundation.clock import process_time

    began = process_time() if origin is None else origin
    return AcceleratedClock(wall - (process_time() - began), speed, began)


def _until_stopped(job: Coroutine[Any, Any, None], clock: Any) -> None:
    """Run until SIGINT or SIGTERM (or until whoever started us is gone), then cancel and let it clean up."""

    async def watched() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stop.set)
        waits: set[asyncio.Task[Any]] = {asyncio.create_task(stop.wait())}
        if os.environ.get("FARMLOOP_LIFELINE"):
            from controller.compose.simulator_process import lifeline

            waits.add(asyncio.create_task(lifeline(lambda line: clock.change(*map(float, line.split())))))
        task = asyncio.create_task(job)
        await asyncio.wait({task, *waits}, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(watched())
            # everything is safe and on the disk: taking the interpreter apart would only make people wait
            logging.shutdown()
            sys.stdout.flush()
            os._exit(0)
    except OSError as error:
        command_line.fail(str(error), 1)


def _print_played(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report['site']}, {report['rows']} rows in {report['wall_s']:.0f} s")
    for name in ("value", "good", "less than good"):
        table.add_column(name, justify="right" if name == "good" else "left")
    for tag, counts in report["points"].items():
        others = ", ".join(f"{why} {count}" for why, count in counts.items() if why != "good")
        table.add_row(tag, str(counts.get("good", 0)), others)
    Console().print(table)
    for name, sink in report["sinks"].items():
        typer.echo(f"{name}: {sink['delivered_points']} points delivered, {sink['dead_points']} refused")
    typer.echo(f"a row waited {report['worst_late_s']:.0f} s of farm time at most")
