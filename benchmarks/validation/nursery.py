"""Seedling nursery: when seeds come at a held temperature, and its books."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.books import closures
from benchmarks.validation.verdicts import Quantity
from simulator.plants import nursery

_PLANT: Final = nursery.load()


def _half_come(t_c: float) -> float | None:
    """Days until half of the seeds have germinated."""
    rate = _PLANT.germinates_per_s(t_c)
    return 1.0 / (86400.0 * rate) if rate > 0.0 else None


QUANTITIES: Final[Mapping[str, Quantity]] = {"germination_half": _half_come, **closures("nursery")}
