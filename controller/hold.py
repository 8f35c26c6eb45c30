"""One agent a directory: two would write one state, one outbox and, worst of all, one set of outputs."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

NAME = "agent.lock"
log = logging.getLogger("farmloop.hold")


class HeldError(OSError):
    """Another agent has the directory."""


@contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Have the directory alone. Whatever ends the process frees it, `kill -9` too. Raises HeldError."""
    with ExitStack() as stack:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((directory / NAME).open("a"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(f"another agent runs in {directory}; give this one a --directory of its own") from None
        except OSError as error:
            # a disk that takes nothing is no reason to leave the farm alone
            log.warning("directory_not_held", extra={"directory": str(directory), "why": str(error)})
        yield


def is_held(directory: Path) -> bool:
    """Whether an agent runs in the directory."""
    try:
        with (directory / NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
