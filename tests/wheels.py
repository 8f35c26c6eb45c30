"""The wheel of this tree, built and installed as on a farm's box: once a run, for whichever tests want it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def build_wheel(folder: Path) -> Path:
    """Build it as anybody would."""
    _run([*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)])
    (built,) = folder.iterdir()
    return built


def install_wheel(wheel: Path, place: Path) -> Path:
    """Install it into `place`, without network, beside the libraries that are here."""
    _run([*PIP, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(place), str(wheel)])
    return place


def installed_environment(place: Path) -> dict[str, str]:
    """An environment in which Python finds the installed packages instead of the source tree's."""
    return {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}


def run_installed(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed packages."""
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=place, env=installed_environment(place),
        timeout=60,
    )  # fmt: skip


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
