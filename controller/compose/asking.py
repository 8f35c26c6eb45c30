"""A call of the running agent from the command line: its document, or its own words and a non-zero exit."""

from pathlib import Path
from typing import Any, NoReturn

import typer

from controller.compose import command_line


def answer_of(
    directory: Path,
    method: str,
    path: str,
    *,
    not_running: str,
    body: Any = None,
    query: dict[str, str] | None = None,
) -> Any:
    """What the agent in `directory` answers. Where none answers, says `not_running` (a message's key) and exits."""
    from controller.access import NoAgentError, ask

    try:
        status, document = ask(directory, method, path, query=query, body=body, language=command_line.language())
    except NoAgentError:
        say(not_running, 1, directory=directory)
    except OSError as error:
        end(str(error), 2)
    if status >= 400:
        refused(document)
    return document


def refused(document: Any) -> NoReturn:
    """The agent's own words."""
    end(str(document.get("title", document)), 1)


def say(key: str, code: int, **values: object) -> NoReturn:
    """A message of the locales, and the exit code."""
    from foundation.messages import tell

    end(tell(key, command_line.language(), **values), code)


def end(text: str, code: int) -> NoReturn:
    """One line on stderr, and the exit code."""
    typer.echo(text, err=True)
    raise typer.Exit(code)
