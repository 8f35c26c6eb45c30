"""The table of usual units: what Pint says, and enough of it that a sample farm starts without Pint."""

import subprocess
import sys

import pytest

from foundation.unit_table import table
from foundation.units import measure


def test_the_table_says_what_pint_says() -> None:
    for unit, (dimension, size) in table().items():
        assert measure(unit) == (dimension, pytest.approx(size, rel=1e-12)), unit


def test_a_sample_farm_is_built_without_loading_pint() -> None:
    code = """
import sys
from pathlib import Path
from controller.core.scan import Core
from edge_config.loader import load_site
Core(load_site(Path("edge_config/sites/farm.yaml")).site)
print("pint" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
