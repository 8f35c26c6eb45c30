"""How commands on the same box reach a running agent: `access.json` in its directory, which only its owner can read."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.panel.client import Client

NAME = "access.json"


class NoAgentError(OSError):
    """No agent answers for the directory."""


class DeniedError(OSError):
    """The file is there, and not for us."""


def write_access(directory: Path, url: str, session: str, authority: Path | None = None) -> None:
    """Leave the panel's address, a session for commands and, over https, whom to trust; raises OSError."""
    path = directory / NAME
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": url, "session": session, "authority": str(authority.absolute()) if authority else None}, file)


def agents_client(directory: Path, language: str) -> "Client":
    """A client of the agent that runs in `directory`. Raises NoAgentError, or DeniedError."""
    from controller.panel.client import Client  # brings much that the agent, which only writes the file, has no use for

    try:
        access = json.loads((directory / NAME).read_text("utf-8"))
        url, session, authority = str(access["url"]), str(access["session"]), access.get("authority")
        return Client(
            url, session=session, authority=Path(str(authority)) if authority else None, language=language
        )  # fmt: skip
    except PermissionError as error:
        raise DeniedError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAgentError(str(error)) from error


def ask(
    directory: Path, method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None, language: str
) -> tuple[int, Any]:
    """A call of the agent's API, and its status (200 where all is well) and document. Raises NoAgentError, or
    DeniedError."""
    from controller.panel.client import RefusedError, UnreachableError

    try:
        with agents_client(directory, language) as client:
            return 200, client.call(method, path, query=query, body=body)
    except UnreachableError as error:
        raise NoAgentError(str(error)) from error
    except RefusedError as error:
        if error.status == 401:
            # another program by now, or an agent that was started again: this session is not its
            raise NoAgentError("no session") from error
        return error.status, error.problem
