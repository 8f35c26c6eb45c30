"""Tags: the names of a farm's values, and what is known of each."""

import keyword
import re
from dataclasses import dataclass
from enum import StrEnum

PART = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Kind(StrEnum):
    """Where a tag's value comes from."""

    MEASURED = "measured"
    DERIVED = "derived"
    SETPOINT = "setpoint"
    OUTPUT = "output"
    STATUS = "status"


MEASUREMENTS = ("env", "water", "plant", "actuator", "energy", "alarm", "event", "system")
"""The fixed list of measurements (tables) in the time series."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One value of the farm. `range`, `rate_per_s` and `deadband` are in `unit`, which is canonical."""

    name: str
    unit: str
    kind: Kind
    measurement: str
    name_zh: str
    name_en: str
    low: float | None = None
    high: float | None = None
    rate_per_s: float | None = None
    stale_s: float | None = None
    """Age after which a value is no longer one; None for what does not age (setpoints, entries)."""
    deadband: float = 0.0
    """Smallest change that is worth recording."""
    entered: bool = False
    """People type it in: a value may come late, or put an earlier one right."""
    amount: tuple[float | None, float | None] | None = None
    """Each entry is an amount within this, and the value the total of them; None: each entry is the value."""
    choices: tuple[str, ...] = ()
    """What a text that people enter may be; empty: anything."""
    said_every_s: float = 60.0
    """So often at least it is recorded, changed or not."""

    plus: tuple[str, ...] = ()
    """Of a count that people enter: amounts that came since it was counted."""
    less: tuple[str, ...] = ()
    """Amounts that went since it was counted."""

    @property
    def moved_by(self) -> tuple[str, ...]:
        """The amounts that move what was entered; none for most tags."""
        return (*self.plus, *self.less)

    @property
    def facility(self) -> str:
        return self.name.split(".", 1)[0]

    @property
    def zone(self) -> str:
        return self.name.split(".", 2)[1]

    @property
    def point(self) -> str:
        return self.name.split(".", 2)[2]


def is_identifier(part: str) -> bool:
    """Whether `part` may stand in a tag: `[a-z][a-z0-9_]{0,31}` and no Python keyword."""
    return PART.fullmatch(part) is not None and not keyword.iskeyword(part)


def is_tag_name(name: str) -> bool:
    """Whether `name` is `facility.zone.name`."""
    parts = name.split(".")
    return len(parts) == 3 and all(is_identifier(part) for part in parts)
