"""The command `farmloop`. The one file above all: what needs both agent and simulator is put together from here."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.compose import (
    account_commands,
    alarm_commands,
    commission_command,
    history_export_commands,
    interlock_commands,
    notify_commands,
    people_commands,
    recipe_commands,
    replay_command,
    sequence_commands,
    tune_command,
)
from controller.compose.hand_commands import COMMANDS as HANDS
from controller.compose.rules_commands import app as rules_app
from foundation.messages import tell
from foundation.problem import Problem, ProblemsError

SAMPLES = (
    "greenhouse", "solar-greenhouse", "tunnel", "nursery", "plant-factory", "mushroom", "ras", "pond", "aquaponics",
    "cold-store", "farm",
)  # fmt: skip

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(rules_app, name="rules", help="Rules: their tests, in words, on recorded values, with simulated plants.")
# typer brings a click of its own, or uses the installed one: in both, this is above all that a command line can be
CommandLineError: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")


def _above_zero(value: float | None) -> float | None:
    if value is not None and not 0.0 < value < inf:
        raise typer.BadParameter(f"{value:g} is not above 0.")
    return value


def _not_below_zero(value: float) -> float:
    if not 0.0 <= value < inf:
        raise typer.BadParameter(f"{value:g} is below 0, or no number.")
    return value


Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Speed = Annotated[float, typer.Option(help="Farm seconds a second.", callback=_above_zero)]
Port = Annotated[int, typer.Option(help="Of the panel; 0 takes a free one.", min=0, max=65535)]


def main() -> None:
    """Entry point: every failure is one line on stderr and a non-zero exit."""
    try:
        code = app(prog_name="farmloop", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except CommandLineError as error:
        code = _refused(error)
    except Exception as error:
        code = _broken(error)
    raise SystemExit(code)


def _refused(error: Any) -> int:
    """A command line that is not right. Where help was shown instead, nothing is left to say."""
    if error.format_message():
        path = error.ctx.command_path if getattr(error, "ctx", None) is not None else "farmloop"
        typer.echo(f"{error.format_message().rstrip('.')}. See {path} --help", err=True)
    return int(error.exit_code)


def _broken(error: Exception) -> int:
    """A mistake of ours: told in a line; the log has all of it, or stderr with FARMLOOP_TRACE set."""
    log = logging.getLogger("farmloop")
    if logging.getLogger().handlers:
        log.critical("broken", exc_info=error)
    if os.environ.get("FARMLOOP_TRACE"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    text = " ".join(str(error).split())
    typer.echo(f"farmloop broke: {type(error).__name__}: {text} ({where}; FARMLOOP_TRACE=1 shows all)", err=True)
    return 1


app.command()(people_commands.explain)
app.command()(people_commands.enter)
for _command in HANDS:
    app.command()(_command)
app.command()(replay_command.replay)
app.command()(tune_command.tune)
app.command()(commission_command.commission)
app.add_typer(interlock_commands.app, name="interlocks", help="Interlocks of an agent: bypass, proof tests, first-out.")
app.add_typer(
    alarm_commands.app, name="alarms", help="Alarms of an agent: list, acknowledge, set aside, export, figures."
)
app.add_typer(
    notify_commands.app, name="notify", help="Messages to people: try whether they arrive, see what was sent."
)
app.add_typer(
    history_export_commands.app,
    name="history",
    help="What an agent keeps: back up, restore, export, import, verify, repair.",
)
app.add_typer(sequence_commands.app, name="sequence", help="Sequences of a running agent: show, start, abort.")
app.add_typer(account_commands.users, name="user", help="Who may sign in: add, list, role, password, no-code, remove.")
app.add_typer(account_commands.tokens, name="token", help="Tokens of programs: create, list, revoke.")
app.add_typer(recipe_commands.app, name="recipe", help="Recipes of a running agent: show, start, stage, edit, stop.")


# --- what exists


@app.command()
def check(
    site: str,
    as_json: Json = False,
    language: Annotated[str, typer.Option(help="zh-CN or en")] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="What presets left out, and what nothing protects.")
    ] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the whole site as presets made it.")] = False,
) -> None:
    """Check a site file: exit 0 ok, 1 problems, 2 cannot read."""
    from edge_config.expand import read_site
    from edge_config.loader import checked
    from edge_config.protection import Unprotected, unprotected
    from edge_config.resolved import resolved as written_out
    from simulator.weather_check import check_site_weather

    speech = language or _language()
    text, left_out = "", []
    bare: list[Unprotected] = []
    try:
        merged = read_site(_site_path(site))
        left_out = merged.left_out
        loaded = checked(merged)
        problems: list[Problem] = [*loaded.warnings, *check_site_weather(loaded)]
        text = written_out(merged)
        bare = unprotected(loaded.site)
    except ProblemsError as error:
        problems = error.problems
    except OSError as error:
        _unreadable(site, error)
    ok = not any(problem.is_error for problem in problems)
    if as_json:
        told = {"ok": ok, "problems": [_problem_row(problem, speech) for problem in problems]}
        _print_json(told | ({"left_out": [asdict(one) for one in left_out]} if explain else {})
                    | ({"unprotected": [asdict(one) for one in bare]} if explain else {}))  # fmt: skip
    else:
        for problem in problems:
            typer.echo(problem.line_of_text(speech), err=resolved)
        for one in left_out if explain else ():
            typer.echo(tell(f"left_out.{one.why}", speech, **asdict(one)), err=resolved)
        if explain and bare:
            typer.echo(tell("unprotected.title", speech) + ":", err=resolved)
        for row in bare if explain else ():
            cause = row.zh if speech.startswith("zh") else row.en
            typer.echo("  " + tell("unprotected.row", speech, **asdict(row), cause=cause), err=resolved)
        typer.echo(text if resolved and text else f"{site}: {'ok' if ok else 'not ok'}")
    raise typer.Exit(0 if ok else 1)


@app.command()
def run(
    site: str,
    directory: Annotated[Path, typer.Option(help="Keeps state, outbox and logs.")] = Path("var"),
    listen: Annotated[str, typer.Option(help="HOST:PORT of the panel, instead of the site's.")] = "",
    wiring: Annotated[Path | None, typer.Option(help="JSON: where each bus really ends (simulated wires).")] = None,
    speed: Speed = 1.0,
    origin: Annotated[float | None, typer.Option(hidden=True)] = None,
    start: Annotated[float | None, typer.Option(hidden=True)] = None,
    report: Annotated[Path | None, typer.Option(hidden=True)] = None,
    one_click: Annotated[bool, typer.Option("--one-click", hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Run the agent on a site until stopped."""
    from controller.hold import HeldError, hold
    from controller.kept import lived_s
    from controller.logs import start_logging
    from controller.panel_task import Up
    from controller.running import run_agent
    from controller.secrets import secrets_beside

    path = _site_path(site)
    loaded = _load(path, quiet="FARMLOOP_LIFELINE" in os.environ)
    host, port = _address(listen or loaded.panel.listen)

    def ready(up: Up) -> None:
        # what stands now stands to the end: the collector must not walk through all of it in the middle of a scan
        gc.collect()
        gc.freeze()
        if as_json:
            told = {"fingerprint": up.fingerprint} if up.fingerprint else {}
            _print_json({"url": up.url, "sign_in": up.sign_in, "pid": os.getpid(), **told})
        else:
            for line in up.lines(_language()):
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
        _fail(str(error), 1)


@app.command(hidden=True)
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

    loaded = _load(_site_path(site))
    start_logging(directory)
    clock = _clock(speed, origin)
    try:
        _until_stopped(simulate_on_wires(loaded, directory, clock, seed), clock)
    except FieldError as error:
        _fail(str(error), 1)


@app.command(hidden=True)
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
    at = _address(broker) if broker else None
    _until_stopped(play_on_wires(mapped.site, recording, directory, clock, at), clock)


@app.command()
def demo(
    site: Annotated[str, typer.Argument(help=f"{', '.join(SAMPLES)}, or a site file.")] = "farm",
    port: Port = 8080,
    seconds: Annotated[
        float, typer.Option("--for", help="Stop by itself after so long; 0 runs on.", callback=_not_below_zero)
    ] = 0.0,
    speed: Speed = 1.0,
    seed: int = 1,
    directory: Annotated[Path | None, typer.Option(help="Keep state and logs here.")] = None,
    as_json: Json = False,
) -> None:
    """Simulated wires, broker, agent and panel in one command. Prints the panel's URL."""
    path = _site_path(site)
    if not path.is_file():
        _unreadable(site, FileNotFoundError())
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
                _print_json(demo.ready)
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


@app.command()
def play(
    csv: Annotated[Path, typer.Argument(help="The directory of the map's CSV files, or one of them.")],
    mapping: Annotated[str, typer.Option("--map", metavar="MAP", help="A map file, or agc2022.")],
    speed: Annotated[
        float | None, typer.Option(help="Farm seconds a second; left out, the buses' fastest.", callback=_above_zero)
    ] = None,
    days: Annotated[
        float | None, typer.Option(help="So many days; left out, to the last row.", callback=_above_zero)
    ] = None,
    begin: Annotated[str, typer.Option("--from", metavar="DATE", help="Local date, or date and time.")] = "",
    broker: Annotated[str, typer.Option(help="HOST:PORT for the MQTT devices, instead of one of our own.")] = "",
    port: Port = 0,
    directory: Annotated[Path | None, typer.Option(help="Keep state, outbox and logs here.")] = None,
    as_json: Json = False,
) -> None:
    """Play recorded data onto the wires of its site, the agent on their other end, and say what came of it."""
    from controller.compose.demo import DemoFailed
    from controller.compose.play import SpeedError, map_path, plan_play, run_play
    from simulator.recording_files import RecordingError

    at = "{}:{}".format(*_address(broker)) if broker else ""
    bar = _bar("playing")
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
            typer.echo(problem.line_of_text(_language()), err=True)
        raise typer.Exit(1) from None
    except (RecordingError, SpeedError, DemoFailed, OSError) as error:
        _fail(str(error), 1)
    if as_json:
        _print_json(played.report())
    else:
        _print_played(played.report())


# --- what would be


@app.command()
def sim(
    site: Annotated[str, typer.Argument(help=f"{', '.join(SAMPLES)}, or a site file.")],
    days: Annotated[float, typer.Option(help="Days after settling.", callback=_above_zero)] = 1.0,
    speed: Annotated[str, typer.Option(help="max, or farm seconds a second.")] = "max",
    seed: int = 1,
    as_json: Json = False,
) -> None:
    """Run site, core and plants in one process and print how well each setpoint was held."""
    from controller.compose.simulate import SETTLE_S, run, start_of
    from foundation.clock import process_time
    from simulator.layout import FieldError

    loaded = _load(_site_path(site))
    pace = _pace(speed)
    begun = process_time()
    bar = _bar("simulating")
    first_s = start_of(loaded) - SETTLE_S
    try:
        with bar if not as_json and sys.stderr.isatty() else contextlib.nullcontext():
            task = bar.add_task("", total=days * 86400.0 + SETTLE_S)
            done = run(
                loaded, days, seed, lambda now_s: bar.update(task, completed=now_s - first_s), pace=pace
            )  # fmt: skip
    except FieldError as error:
        _fail(str(error), 1)
    factor = (days * 86400.0 + SETTLE_S) / max(process_time() - begun, 1e-9)
    rows = [score.row() for score in done.scores]
    if as_json:
        report = {"site": loaded.site.id, "seed": seed, "days": days, "real_time_factor": round(factor, 1)}
        _print_json({**report, "loops": rows, "survived": done.survived})
    else:
        _print_table(
            rows, f"{loaded.site.id}, {days:g} days after 4 h of settling, seed {seed}, {factor:.0f} x real time"
        )
        if not done.survived:
            typer.echo("; ".join(f"{name}: {gate.cause}" for name, gate in done.gates.items() if gate.cause))
    raise typer.Exit(0 if done.survived else 1)


@app.command()
def score(
    scenarios: Annotated[list[str] | None, typer.Argument(help="Scenarios by name, or files; left out, all.")] = None,
    controller: Annotated[
        list[str] | None, typer.Option(help="farmloop, hysteresis, simple-pid, period-pid; left out, all.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="So many; left out, what each scenario says.", min=1)] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw seed 1 of the first scenario: FILE.png or FILE.html.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page of scores here.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="A folder that keeps every run, to go on later from where it was broken off.")
    ] = None,
    run: Annotated[bool, typer.Option(help="With --keep: --no-run takes what is kept and runs nothing.")] = True,
    as_json: Json = False,
) -> None:
    """Score controllers on scenarios over seeds: gates first, then metrics, goals and skill against the references."""
    from controller.compose.contenders import UntunedError
    from controller.compose.score import CONTROLLERS
    from controller.compose.score import score as score_all
    from controller.compose.score_plot import PlotError
    from controller.compose.score_table import page as page_of
    from controller.compose.score_table import print_scores
    from simulator.references.simple_pid import MissingPackageError

    who = list(dict.fromkeys(controller or CONTROLLERS))
    for name in who:
        if name not in CONTROLLERS:
            _no_such("controller", name, CONTROLLERS)
    loaded = _scenarios(scenarios or [])
    bar = _bar("scoring")
    try:
        with bar if not as_json and sys.stderr.isatty() else contextlib.nullcontext():
            task = bar.add_task("", total=None)
            scores = score_all(
                loaded, who, seeds, progress=lambda done, of: bar.update(task, completed=done, total=of), keep=keep,
                run=run,
            )  # fmt: skip
        if plot is not None:
            _draw(loaded[0], who, plot)
        if page is not None:
            page.write_text(page_of(scores), "utf-8")
    except (UntunedError, MissingPackageError, PlotError, OSError) as error:
        _fail(str(error), 1)
    if as_json:
        _print_json([one.row() for one in scores])
    else:
        print_scores(scores)


@app.command()
def doctor(
    site: Annotated[str, typer.Argument(help="A site file, to look at its ports, servers and secrets too.")] = "",
    directory: Annotated[Path, typer.Option(help="Of an agent, running or not: its state, outbox and log.")] = Path(
        "var"
    ),
) -> None:
    """Say what is wrong with this box, an agent, a site or a connection, and what to do. Exit 0 if nothing is."""
    from controller.doctor import examine

    findings = examine(_site_path(site) if site else None, _language(), directory)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}")
        if finding.do:
            typer.echo(f"       {finding.do}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


# --- inside


def _site_path(site: str) -> Path:
    """A sample by its name, or a file."""
    if site in SAMPLES:
        return Path(str(files("edge_config").joinpath("sites", f"{site}.yaml")))
    return Path(site)


def _scenarios(given: list[str]) -> list[Any]:
    """Scenarios that ship by name, or files; their mistakes on stderr and the end."""
    from simulator.scenario_file import load_scenario, names, scenario_path

    known, found = names(), []
    for name in given or known:
        path = scenario_path(name)
        try:
            found.append(load_scenario(path))
        except FileNotFoundError:
            _no_such("scenario", name, known)
        except OSError as error:
            _fail(f"{name}: {error.strerror or error}", 2)
        except ProblemsError as error:
            for problem in error.problems:
                typer.echo(problem.line_of_text(_language()), err=True)
            raise typer.Exit(1) from None
    return found


def _draw(loaded: Any, who: list[str], path: Path) -> None:
    from controller.compose.score import outcomes_of
    from controller.compose.score_plot import draw, pictures
    from controller.compose.score_run import Job

    runs = outcomes_of([Job(loaded.file, name, 1, traced=True) for name in who])
    draw(pictures(loaded, {run.controller: run.trace for run in runs if run.trace is not None}), path)


def _no_such(kind: str, name: str, known: Sequence[str]) -> Any:
    from edge_config.wording import nearest

    _fail(f"no {kind} '{name}': did you mean {nearest(name, known)}? There are: {', '.join(known)}", 2)


def _pace(speed: str) -> float | None:
    """Farm seconds a second, None for as fast as it goes."""
    if speed == "max":
        return None
    try:
        pace = float(speed)
    except ValueError:
        pace = 0.0
    if not 0.0 < pace < inf:
        _fail(f"speed is '{speed}': max, or a number of farm seconds a second", 2)
    return pace


def _load(path: Path, quiet: bool = False) -> Any:
    """The site, or its mistakes on stderr (unless somebody else says them) and the end."""
    from edge_config.loader import load_site

    try:
        return load_site(path).site
    except ProblemsError as error:
        for problem in () if quiet else error.problems:
            typer.echo(problem.line_of_text(_language()), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        _unreadable(str(path), error)


def _unreadable(site: str, error: OSError) -> Any:
    if isinstance(error, FileNotFoundError):
        _fail(f"{site}: no such file, and no sample ({', '.join(SAMPLES)})", 2)
    _fail(f"{site}: {error.strerror or error}", 2)


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
        _fail(str(error), 1)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        _fail(f"'{text}' is not HOST:PORT", 2)
    return host.strip("[]"), int(port)


def _language() -> str:
    return "zh-CN" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh") else "en"


def _problem_row(problem: Problem, language: str) -> dict[str, object]:
    return {
        "code": problem.code, "file": problem.file, "line": problem.line, "column": problem.column,
        "message": problem.message(language), "hint": problem.hint(language),
    }  # fmt: skip


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))
    sys.stdout.flush()


def _bar(doing: str) -> Any:
    """A progress bar on stderr, not yet shown."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(TextColumn(doing), BarColumn(), TimeRemainingColumn(), console=Console(stderr=True))


def _print_table(rows: list[dict[str, Any]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for name in ("value", "setpoint", "held %", "band", "rms", "min", "max"):
        table.add_column(name, justify="left" if name in ("value", "setpoint") else "right")
    for row in rows:
        side = {"below": "−", "above": "+", "both": "±"}[row["side"]]
        table.add_row(
            row["tag"], row["setpoint_source"], f"{row['in_band_percent']:.1f}", f"{side}{row['band']:g} {row['unit']}",
            *("–" if row[key] is None else f"{row[key]:.4g}" for key in ("rms_error", "min", "max")),
        )  # fmt: skip
    Console().print(table)


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


def _fail(text: str, code: int) -> Any:
    typer.echo(text, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
