"""How commands on the same box reach a running agent: `access.json` in its directory, which only its owner can read."""

import json
import os
from pathlib import Path
from typing import Any

NAME = "access.json"
COOKIE, HEADER = "farmloop", "x-farmloop"
ANSWER_S = 20.0


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


def ask(
    directory: Path, method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None, language: str
) -> tuple[int, Any]:
    """A call of the agent's API, and its status and document. Raises NoAgentError, or DeniedError."""
    import httpx  # brings much that the agent, which only writes the file, has no use for

    try:
        access = json.loads((directory / NAME).read_text("utf-8"))
        url, session = str(access["url"]), str(access["session"])
    except PermissionError as error:
        raise DeniedError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAgentError(str(error)) from error
    headers = {HEADER: "1", "accept-language": language, "cookie": f"{COOKIE}={session}"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=ANSWER_S, trust_env=False) as client:
            reply = client.request(method, path, params=query, json=body)
            document = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NoAgentError(str(error)) from error
    if reply.status_code == 401:
        # another program by now, or an agent that was started again: this session is not its
        raise NoAgentError("no session")
    return reply.status_code, document
