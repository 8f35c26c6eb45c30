"""What all tests share: how hypothesis searches, a command, wires that lead nowhere, the wheel, a recorded session."""

import gc
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.wheels import build_wheel, install_wheel

if TYPE_CHECKING:
    from tests.recorded_session import Session

# a deadline is a timing assertion, and fails on a busy machine what is right
settings.register_profile("farm", deadline=None, print_blob=True)
settings.load_profile("farm")


class Said:
    """What a command said, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one document; AssertionError if there is anything else."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def farmloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process."""
    from controller import cli  # imports typer and every command, which most tests do without

    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["farmloop", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, dict[str, Any]]]:
    """Wires of the fish farm that lead nowhere: refused at once, and not waited for at the end."""
    monkeypatch.setattr("drivers.link.STOP_S", 0.05)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        end = {"host": "127.0.0.1", "port": probe.getsockname()[1]}
        yield {"ras_rs485": {"port": "/nonexistent/port"}, "ras_tcp": end, "farm_mqtt": end}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel was installed to (`tests.wheels.run_installed`)."""
    return install_wheel(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> "Session":
    """A farm's session with faults, recorded once (`tests.recorded_session`)."""
    # imports the whole farm, which most tests do without
    from tests.recorded_session import record_session

    return record_session(tmp_path_factory.mktemp("session"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: begun last, one of them would keep a core waiting."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Seven thousand tests and all that they import stay to the end: nobody looks for rubbish among them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
