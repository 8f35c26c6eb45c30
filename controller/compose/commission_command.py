"""`farmloop commission`: pulls the cable of every device with the technician, or on the simulated farm."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from controller.compose import command_line
from foundation.messages import tell


def commission(
    site: Annotated[str, typer.Argument(help="A sample or site file.")],
    device: Annotated[list[str] | None, typer.Option(help="Only this one; may be given again.")] = None,
    who: Annotated[str, typer.Option(help="Who tests; left out, your name on this box.")] = "",
    directory: Annotated[Path, typer.Option(help="Of the agent: the record is kept there.")] = Path("var"),
    simulate: Annotated[
        bool, typer.Option("--simulate", help="On the simulated farm; such a record commissions no real one.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="How every device stands; tests nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing before outputs move; say when to pull.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False,
) -> None:
    """Pull each device's cable and see that its outputs go safe by themselves; the record is kept beside the state.

    The agent must not run meanwhile: stop it first. Exit 0: all passed.
    """
    from controller.commissioning import How, Record, standing, to_test
    from controller.compose.commission_walk import report, walk
    from controller.hold import HeldError, hold
    from simulator.layout import FieldError

    path, speech = command_line.site_path(site), command_line.language()
    loaded = command_line.load(path)
    ways: tuple[How, ...] = ("cable", "simulated") if simulate else ("cable",)
    chosen = tuple(device or to_test(loaded))
    for name in chosen:
        if name not in to_test(loaded):
            command_line.fail(
                tell("commission.not_to_test", speech, device=name, known=", ".join(to_test(loaded)) or "-"), 2
            )
    tested: list[Record] = []
    if not show:
        try:
            with hold(directory):
                tested = asyncio.run(walk(loaded, path, chosen, who or _me(), directory, simulate, yes, speech))
        except FieldError as error:
            command_line.fail(str(error), 1)
        except HeldError:
            command_line.fail(tell("commission.agent_runs", speech, directory=directory), 1)
    stands = standing(loaded, directory, ways)
    if as_json:
        command_line.print_json(report(tested, stands))
    else:
        for name, how in stands.items():
            if how != "not needed":
                typer.echo(f"{name}: {tell(f'commission.stands.{how}', speech)}")
    wanted = chosen if not show else to_test(loaded)
    raise typer.Exit(0 if all(stands[name] == "passed" for name in wanted) else 1)


def _me() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
