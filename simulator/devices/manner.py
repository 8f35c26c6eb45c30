"""How one answer of a device comes: as it should, or garbled, late, under another's address, or not at all."""

import random
from collections.abc import Mapping
from typing import NamedTuple


class Manner(NamedTuple):
    """What happens to one answer."""

    silent: bool = False
    garbled: bool = False
    foreign: bool = False
    late_s: float = 0.0
    """In farm seconds."""

    def is_lost(self, deadline_s: float) -> bool:
        """Whether a master that waits for so long gets nothing that it can believe."""
        return self.silent or self.garbled or self.foreign or self.late_s >= deadline_s


PROPER = Manner()


def manner_of(faults: Mapping[str, Mapping[str, float]], chance: random.Random) -> Manner:
    """The manner of the next answer of a device with these faults (`simulator/faults.py`, device)."""
    if not faults:
        return PROPER

    def strikes(form: str) -> bool:
        numbers = faults.get(form)
        return numbers is not None and chance.random() < numbers["chance"]

    return Manner(
        strikes("silent"),
        strikes("babbling"),
        strikes("wrong_unit"),
        faults["slow"]["by_s"] if strikes("slow") else 0.0,
    )
