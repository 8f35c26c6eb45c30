"""One line of a benchmark's table, and what every benchmark needs to make it."""

import os
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

GOAL = "the goal"
"""The peer of a row that is held against a figure promised, not against another program."""


def row(
    name: str, ours: float, peer: str, peer_value: float, unit: str, limit: float = 1.0, more_is_better: bool = False
) -> Row:
    """A line of the table. `ratio` above 1 means that ours is better; below `limit` something is wrong.

    `load` tells how busy the machine was: the system's load of the last minute, a core.
    """
    better, worse = (ours, peer_value) if more_is_better else (peer_value, ours)
    return {
        "name": name,
        "ours": float(f"{ours:.4g}"),
        "peer": peer,
        "peer_value": float(f"{peer_value:.4g}"),
        "unit": unit,
        "ratio": float(f"{better / worse:.3g}") if worse else float("inf"),
        "limit": limit,
        "load": round(os.getloadavg()[0] / (os.cpu_count() or 1), 2),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them do not exceed; of few values the 99th is the largest."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100.0), len(ordered) - 1)]
