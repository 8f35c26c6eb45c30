"""A course worked by hand, and ours beside it."""

from typing import NamedTuple


class Course(NamedTuple):
    """One quantity at some moments: of the plant, and of a solution in closed form."""

    what: str
    form: str
    """How it was worked, in one line."""
    unit: str
    hours: tuple[float, ...]
    ours: tuple[float, ...]
    by_hand: tuple[float, ...]
    allowed: tuple[float, ...]
    """How far ours may be off at each moment."""

    @property
    def off(self) -> float:
        """The largest deviation, in the unit."""
        return max(abs(mine - worked) for mine, worked in zip(self.ours, self.by_hand, strict=True))

    @property
    def share(self) -> float:
        """The largest deviation over what is allowed there."""
        triples = zip(self.ours, self.by_hand, self.allowed, strict=True)
        return max(abs(mine - worked) / most for mine, worked, most in triples)
