"""Programs of others that want other packages than ours: each runs in an environment of its own, made when first asked.

They stand in a cache directory (`FARMLOOP_PEERS`, else `~/.cache/farmloop/peers`), pinned, installed by pip; nothing
of them ever comes into our own environment.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

INSTALL_S, RUN_S = 1800.0, 7200.0
GREENLIGHT = ("greenlight", "greenlight==2.0.5")
GL_GYM = ("gl_gym", "gl-gym==0.3.2")
LETTUCE_GYM = ("lettuce_greenhouse_gym", "lettuce-greenhouse-gym==0.1.3")
"""Import name and pin of each peer."""


class NoPeer(RuntimeError):
    """The peer cannot be had or did not run; the message says why in one line."""


def directory() -> Path:
    """Where the environments stand."""
    return Path(os.environ.get("FARMLOOP_PEERS") or Path.home() / ".cache" / "farmloop" / "peers")


def home_of(peer: tuple[str, str]) -> Path:
    """The directory of one peer's environment; another pin, another directory."""
    pins = hashlib.sha256(f"{sys.version.split()[0]} {peer[1]}".encode()).hexdigest()[:10]
    return directory() / f"{peer[0]}-{pins}"


def python_of(peer: tuple[str, str]) -> Path:
    """An interpreter that has the peer: ours if it is installed here, else that of its environment, made now if it is
    not there. NoPeer when it cannot be had."""
    if importlib.util.find_spec(peer[0]) is not None:
        return Path(sys.executable)
    home = home_of(peer)
    python, done = home / "bin" / "python", home / "installed"
    if not done.is_file():
        venv.create(home, with_pip=True, clear=True)
        _called(peer[0], [str(python), "-m", "pip", "install", "--quiet", peer[1]], INSTALL_S)
        done.touch()
    return python


def folder_of(peer: tuple[str, str]) -> Path | None:
    """Where the peer's package stands, without starting it; None where it is not installed."""
    here = importlib.util.find_spec(peer[0])
    if here is not None and here.origin is not None:
        return Path(here.origin).parent
    found = sorted(home_of(peer).glob(f"lib/python*/site-packages/{peer[0]}"))
    return found[0] if found and (home_of(peer) / "installed").is_file() else None


def answer(peer: tuple[str, str], script: str, *arguments: str) -> Any:
    """What the script beside this file, run by the peer's interpreter, prints as JSON in its last line."""
    name, python = peer[0], python_of(peer)
    told = _called(name, [str(python), "-P", str(Path(__file__).with_name(script)), *arguments], RUN_S)
    try:
        found = json.loads(told.splitlines()[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise NoPeer(f"{name}: no JSON in what it says: {told[-200:]!r}") from error
    place = _answer_of(peer, script, arguments)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(found), encoding="utf-8")
    return found


def last_answer(peer: tuple[str, str], script: str, *arguments: str) -> Any | None:
    """What it printed when it last ran here with these arguments; None where it never did."""
    place = _answer_of(peer, script, arguments)
    return json.loads(place.read_text(encoding="utf-8")) if place.is_file() else None


def _answer_of(peer: tuple[str, str], script: str, arguments: tuple[str, ...]) -> Path:
    return home_of(peer) / "answers" / f"{'-'.join((Path(script).stem, *arguments))}.json"


def _called(name: str, command: list[str], most_s: float) -> str:
    directory().mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=most_s, env=environment, cwd=directory()
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPeer(f"{name}: {type(error).__name__}: {command[0]}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "nothing said").splitlines()[-1]
        raise NoPeer(f"{name}: exit {done.returncode} of {' '.join(command[:4])}: {last}")
    return done.stdout
