"""One number of a site's `simulation` section."""

from typing import Any

from foundation.units import UnitError, factor, parse_quantity


def number_in(raw: Any, unit: str, key: str) -> float:
    """A quantity in `unit`; a bare number is in it already, and '' is a share (`95 %` or 0.95). Raises ValueError that
    names the key."""
    try:
        quantity = parse_quantity(raw)
        if not quantity.unit:
            return quantity.value
        return quantity.value * (factor(quantity.unit, unit) if unit else factor(quantity.unit, "%") / 100.0)
    except (UnitError, TypeError) as error:
        raise ValueError(f"{key}: {error}") from error
