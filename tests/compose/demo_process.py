"""`farmloop demo` as a process of a test's own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FARMLOOP = (sys.executable, "-m", "controller.cli")


def start(directory: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A demo that is up, and the one line that it printed."""
    arguments = [*FARMLOOP, "demo", *options, "--port", "0", "--json", "--directory", str(directory)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"the demo did not start: {process.communicate()[1]}")
    return process, json.loads(line)


@contextmanager
def started(directory: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The same, interrupted and waited for at the end."""
    process, ready = start(directory, *options)
    try:
        yield process, ready
    finally:
        process.terminate()
        process.communicate(timeout=30)
