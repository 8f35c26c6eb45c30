"""The command `farmloop`. The one file above all: what needs both agent and simulator is put together from here."""

import logging
import os
import traceback
from pathlib import Path
from typing import Any

import typer

from controller.compose import (
    account_commands,
    alarm_commands,
    check_command,
    commission_command,
    history_export_commands,
    interlock_commands,
    notify_commands,
    people_commands,
    recipe_commands,
    replay_command,
    run_commands,
    sequence_commands,
    simulation_commands,
    tune_command,
)
from controller.compose.hand_commands import COMMANDS as HANDS
from controller.compose.rules_commands import app as rules_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(rules_app, name="rules", help="Rules: their tests, in words, on recorded values, with simulated plants.")
# typer brings a click of its own, or uses the installed one: in both, this is above all that a command line can be
CommandLineError: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")


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
app.command()(check_command.check)
app.command()(run_commands.run)
app.command(hidden=True)(run_commands.simulator)
app.command(hidden=True)(run_commands.player)
app.command()(run_commands.demo)
app.command()(run_commands.play)
app.command()(simulation_commands.sim)
app.command()(simulation_commands.score)
app.command()(check_command.doctor)
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


if __name__ == "__main__":
    main()
