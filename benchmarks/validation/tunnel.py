"""Plastic tunnel: its books."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.books import closures
from benchmarks.validation.verdicts import Quantity

QUANTITIES: Final[Mapping[str, Quantity]] = {**closures("tunnel")}
