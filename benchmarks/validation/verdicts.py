"""A point, the function that knows its quantity, and what comes of the two.

A facility is a module of this package with a mapping `QUANTITIES` of quantity names to functions. The parameters
of such a function are the input keys that it knows, by name; it returns the value, or None where it has none for
these inputs.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Literal

from benchmarks.validation.points import Point


class NotAtHand(Exception):
    """What a quantity is computed from is not on this machine; the message says what, and how to have it."""


Quantity = Callable[..., float | None]
Verdict = Literal["pass", "fail", "not implemented", "reported"]

FACILITIES: Final = (
    "air",
    "water",
    "hydroponics",
    "sun",
    "crop",
    "soil",
    "lettuce_greenhouse",
    "greenhouse",
    "plant_factory",
    "ras",
    "pond",
    "mushroom",
    "cold_store",
    "solar_greenhouse",
    "tunnel",
    "nursery",
)
"""Modules here that know quantities, by the name of their facility."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one point."""

    point: Point
    value: float | None
    """None: nothing knows this quantity for these inputs, or it came to no number."""
    verdict: Verdict
    note: str = ""
    """Why there is no value."""


def known_quantities(facilities: Iterable[str] = FACILITIES) -> dict[tuple[str, str], Quantity]:
    """Everything that can be computed, by facility and quantity. A module that is not there knows nothing."""
    known: dict[tuple[str, str], Quantity] = {}
    for facility in facilities:
        name = f"{__package__}.{facility}"
        if find_spec(name) is not None:
            quantities: Mapping[str, Quantity] = import_module(name).QUANTITIES
            known.update({(facility, quantity): function for quantity, function in quantities.items()})
    return known


def judged(points: Iterable[Point], known: Mapping[tuple[str, str], Quantity]) -> Iterator[Result]:
    """One result a point, in order. Nothing is skipped, and nothing that goes wrong in one stops the rest."""
    for point in points:
        value, note = _evaluated(point, known.get((point.facility, point.quantity)))
        yield Result(point, value, _verdict(point, value, note), note)


def unsaid(result: Result) -> bool:
    """Whether a result has a reason that its verdict does not tell: a failure, or what is not on this machine."""
    return result.verdict == "fail" or (result.verdict == "not implemented" and result.note != _UNKNOWN)


def failed(results: Iterable[Result]) -> bool:
    """Whether a point that gates did not hold."""
    return any(result.verdict == "fail" for result in results)


_UNKNOWN = "nothing here knows it"
"""How a note begins when nothing is wrong but that there is no value."""


def _evaluated(point: Point, function: Quantity | None) -> tuple[float | None, str]:
    if function is None:
        return None, _UNKNOWN
    try:
        bound = inspect.signature(function).bind(**point.inputs)
    except TypeError:  # a key that the function does not know, or one that it wants and the row lacks
        return None, _UNKNOWN
    try:
        value = function(*bound.args, **bound.kwargs)
    except NotAtHand as error:
        return None, f"{_UNKNOWN}: {error}"
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"
    if value is None:
        return None, _UNKNOWN
    return (float(value), "") if math.isfinite(value) else (None, f"came to {value}")


def _verdict(point: Point, value: float | None, note: str) -> Verdict:
    if point.gate == "report":
        return "reported"
    if value is None:
        return "not implemented" if note.startswith(_UNKNOWN) else "fail"
    return "pass" if abs(value - point.expected) <= point.tolerance else "fail"
