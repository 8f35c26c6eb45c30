"""What a farm counts (`counts`): in which unit its books are kept, and whether a tag tells a total or a rate."""

from typing import Final, Literal

from foundation.units import UnitError, factor

Counts = Literal["electricity", "heat", "gas", "water", "co2", "harvest"]
UNITS: Final[dict[str, str]] = {
    "electricity": "kWh", "heat": "kWh", "gas": "m3", "water": "m3", "co2": "kg", "harvest": "kg",
}  # fmt: skip
Form = Literal["total", "rate"]


def counted_as(counts: str, unit: str) -> tuple[Form, float] | None:
    """Whether a tag in `unit` tells a total or a rate, and what its numbers are multiplied by to be in the unit of the
    books (a rate: per hour); None if neither."""
    into = UNITS[counts]
    for form, wanted in (("total", into), ("rate", f"{into}/h")):
        try:
            return form, factor(unit, wanted)  # type: ignore[return-value]  # one of the two
        except UnitError:
            continue
    return None
