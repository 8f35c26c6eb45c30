"""Long books: whatever the actuators do, nothing appears and nothing vanishes over weeks.

FARMLOOP_DAYS sets over how many days: half of one by default, 30 by `make faults`.
"""

import os

import pytest

from benchmarks.validation.months import KEPT, MOST, PLANTS, unexplained
from simulator.layout import PLANTS as KINDS

DAYS = float(os.environ.get("FARMLOOP_DAYS", "0.5"))


@pytest.mark.parametrize("plant", PLANTS)
def test_over_weeks_round_off_stays_round_off(plant: str) -> None:
    left = unexplained(plant, DAYS)
    assert {"energy", "water", "carbon"} <= set(left) <= set(KEPT)
    assert {kept: share for kept, share in left.items() if not share < MOST} == {}


def test_every_kind_of_plant_is_among_them() -> None:
    assert {kind for kind, _ in PLANTS.values()} == set(KINDS)
