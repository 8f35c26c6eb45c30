"""Whether what lives on a farm is still alive: the gates that come before every other score (control.md 5.1)."""

import re
from collections.abc import Mapping


class Survival:
    """Watches one facility's true values. `alive` turns false once a limit has been broken for too long."""

    def __init__(self, kind: str) -> None:
        self.alive = True
        self.cause = ""
        self._kind = kind
        self._limits: tuple[tuple[str, float, float, float], ...] | None = None
        self._broken_s: list[float] = []
        self._fish: dict[str, float] = {}
        """How many there were, by output port."""

    def watch(self, truth: Mapping[str, float], dt_s: float) -> None:
        """Take in the plant's output ports, `dt_s` after the last look."""
        if self._limits is None:
            self._begin(truth)
        for index, (port, low, high, longest_s) in enumerate(self._limits or ()):
            value = truth[port]
            self._broken_s[index] = 0.0 if low <= value <= high else self._broken_s[index] + dt_s
            if self._broken_s[index] > longest_s and self.alive:
                self.alive, self.cause = False, f"{port} {value:g} outside {low:g} to {high:g} for {longest_s:g} s"
        for port, fish in self._fish.items():
            if self.alive and truth[port] < 0.98 * fish:
                self.alive, self.cause = False, "fish died"

    def _begin(self, truth: Mapping[str, float]) -> None:
        """What holds for `tank1` holds for every tank that there is."""
        self._limits = tuple(
            (name, low, high, longest_s)
            for port, low, high, longest_s in LIMITS.get(self._kind, ())
            for name in truth
            if name == port or (port.startswith("tank1.") and re.fullmatch(rf"tank\d+{re.escape(port[5:])}", name))
        )
        self._broken_s = [0.0] * len(self._limits)
        self._fish = {name: truth[name] for name in truth if name.endswith(".fish")}


INF = float("inf")
LIMITS: dict[str, tuple[tuple[str, float, float, float], ...]] = {
    "ras": (("tank1.oxygen", 3.0, INF, 120.0), ("tank1.temperature", 10.0, 34.0, 3600.0)),
    # tilapia: control.md 6.2, feeding stops at 4.5 mg/L, death below 1
    "pond": (("pond.oxygen", 1.5, INF, 600.0), ("pond.temperature", 12.0, 38.0, 3600.0)),
    "aquaponics": (
        ("tank1.oxygen", 3.0, INF, 120.0),
        ("tank1.temperature", 14.0, 36.0, 3600.0),
        ("tank1.ph", 5.5, 9.0, 3600.0),
    ),
    "greenhouse": (("air.temperature", 2.0, INF, 1800.0), ("air.temperature", -INF, 40.0, 1200.0)),
    "plant_factory": (("air.temperature", 2.0, 40.0, 1200.0), ("tank.ph", 4.5, 8.0, 0.0)),
    "solar_greenhouse": (("air.temperature", 2.0, INF, 1800.0), ("air.temperature", -INF, 40.0, 1200.0)),
    "tunnel": (("air.temperature", 2.0, INF, 1800.0), ("air.temperature", -INF, 40.0, 1200.0)),
    "nursery": (("air.temperature", 2.0, INF, 1800.0), ("air.temperature", -INF, 40.0, 1200.0)),
    # estimates: mycelium dies in compost above 35 degC; produce freezes below -1 degC, and is lost warm after a day
    "mushroom": (("compost.temperature", 2.0, 35.0, 3600.0),),
    "cold_store": (
        ("product.surface_temperature", -1.0, INF, 1800.0),
        ("product.core_temperature", -INF, 20.0, 86400.0),
    ),
}
"""By facility kind: output port, lowest, highest, longest time outside (control.md 5.1)."""
