"""What all tests share: how hypothesis searches, and the wheel."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.wheels import build_wheel, install_wheel

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
