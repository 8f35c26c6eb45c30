"""The real agent in a process of its own, for benchmarks that watch it from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MODULE = ("controller.cli",)
STOPS_S = 10.0


def write_site(directory: Path, document: dict[str, Any]) -> Path:
    """A site file (JSON is YAML)."""
    path = directory / "site.yaml"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


@contextlib.contextmanager
def process(*arguments: str, module: Sequence[str] = MODULE) -> Iterator[subprocess.Popen[str]]:
    """`python -m MODULE ARGUMENTS`, ended by SIGTERM (its error output goes where ours goes)."""
    with subprocess.Popen(
        [sys.executable, "-m", *module, *arguments],
        stdout=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as started:  # fmt: skip
        try:
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):
                started.send_signal(signal.SIGTERM)
            try:
                started.wait(STOPS_S)
            except subprocess.TimeoutExpired:
                started.kill()


@contextlib.contextmanager
def agent(site: Path, wiring: Path, module: Sequence[str] = MODULE) -> Iterator[subprocess.Popen[str]]:
    """`farmloop run` on simulated wires, from the moment that its panel is up."""
    arguments = ("run", str(site), "--directory", str(site.parent / "agent"), "--wiring", str(wiring))
    with process(*arguments, "--listen", "127.0.0.1:0", "--json", module=module) as started:
        assert started.stdout is not None
        if not started.stdout.readline():
            raise RuntimeError("the agent did not start")
        yield started
