"""Many greenhouses at once: every number an array over the members, the equations those of one house.

`greenhouse("venlo_1000m2", range(256))` is a plant like any other, whose states and outputs hold arrays. Inputs and
weather may hold for all (a float) or for each (an array).
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from simulator.plants import greenhouse as one_greenhouse
from simulator.plants.greenhouse import GreenhousePlant

Record = TypeVar("Record")
_SAME_FOR_ALL = ("lettuce_crop",)
"""What says which equations hold, not how much of something there is."""


def greenhouse(name: str, seeds: Iterable[int]) -> GreenhousePlant:
    """The siblings of `simulator/parameters/{name}.yaml` that these seeds make, one member a seed."""
    return stacked([one_greenhouse.load(name, seed=seed) for seed in seeds])


def stacked(plants: Sequence[GreenhousePlant]) -> GreenhousePlant:
    """Houses with the same crop and the same parts as one plant of arrays.

    ValueError for none at all, for houses with and without a heat buffer, and for crops of two kinds.
    """
    if not plants:
        raise ValueError("an ensemble of no member")
    if len({plant.has_buffer for plant in plants}) > 1:
        raise ValueError("houses with and without a heat buffer cannot be computed at once")
    return GreenhousePlant(
        _columns([plant.parameters for plant in plants]), _columns([plant.constants for plant in plants])
    )


def member(state: Any, index: int) -> Any:
    """The state, or the outputs, of one member alone."""
    if isinstance(state, dict):
        return {name: member(value, index) for name, value in state.items()}
    if isinstance(state, tuple):
        parts = [member(part, index) for part in state]
        return tuple(parts) if type(state) is tuple else type(state)(*parts)
    return float(state[index]) if isinstance(state, np.ndarray) else state


def _columns(records: Sequence[Record]) -> Record:
    """One record whose fields are arrays over the records; the types say float, the functions take both."""
    first: Any = records[0]
    columns: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(record, field.name) for record in records]
        if field.name in _SAME_FOR_ALL:
            if len(set(values)) > 1:
                raise ValueError(f"members differ in {field.name}, and cannot be computed at once")
            columns[field.name] = values[0]
        elif isinstance(values[0], tuple):
            columns[field.name] = tuple(np.array(column, dtype=float) for column in zip(*values, strict=True))
        else:
            columns[field.name] = np.array(values, dtype=float)
    return type(records[0])(**columns)
