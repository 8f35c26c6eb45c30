"""What all tests share: how hypothesis searches, the wheel, and a recorded session."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.wheels import build_wheel, install_wheel

if TYPE_CHECKING:
    from tests.recorded_session import Session

# a deadline is a timing assertion, and fails on a busy machine what is right
settings.register_profile("farm", deadline=None, print_blob=True)
settings.load_profile("farm")


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
