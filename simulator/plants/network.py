"""A linearly implicit step of a few coupled stores: temperatures, and the vapour of the air among them.

The store of a temperature is a heat capacity, J/K; that of the vapour (kg/m3) is latent heat times volume, so that
what evaporates leaves one store and enters the other like any heat. Every flow is written once, as a line in the
unknowns at the end of the step, and enters both its ends: heat and water close to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from foundation.air import ZERO_C_IN_K
from simulator.plants.elimination import solve

STEFAN_BOLTZMANN = 5.67e-8


class Folded(NamedTuple):
    """A stack of layers folded into the surface that it hangs on, until that is known."""

    own_w_k: list[float]
    right_w: list[float]


@dataclass(frozen=True, slots=True)
class Layers:
    """A wall or the ground behind its surface, from the surface outwards; `links_w_k` has one more than layers."""

    capacities_j_k: tuple[float, ...]
    links_w_k: tuple[float, ...]
    """Surface to the first layer, from layer to layer, last layer to what is beyond."""

    @classmethod
    def of(
        cls,
        area_m2: float,
        surface_m: float,
        thicknesses_m: Sequence[float],
        conductivity_w_m_k: float,
        heat_capacity_j_m3_k: float,
        beyond_m2_k_w: float,
    ) -> "Layers":
        """Layers of one material behind a surface of `surface_m` of it; temperatures stand in their middles."""
        middles = [0.5 * thickness / conductivity_w_m_k for thickness in (surface_m, *thicknesses_m)]
        resistances = [a + b for a, b in pairwise(middles)] + [middles[-1] + beyond_m2_k_w]
        return cls(
            tuple(area_m2 * thickness * heat_capacity_j_m3_k for thickness in thicknesses_m),
            tuple(area_m2 / resistance for resistance in resistances),
        )

    def heat_j(self, temperatures_c: Sequence[float]) -> float:
        """Above 0 degC."""
        return sum(capacity * layer for capacity, layer in zip(self.capacities_j_k, temperatures_c, strict=True))

    def beyond_w(self, last_c: float, beyond_c: float) -> float:
        """What leaves the last layer."""
        return self.links_w_k[-1] * (last_c - beyond_c)

    def fold(self, temperatures_c: Sequence[float], beyond_c: float, dt_s: float) -> Folded:
        """From the far end to the surface; the first layer stands last in the lists."""
        links = self.links_w_k
        link = links[-1]
        own_w_k, right_w = [], []
        own, right = link, link * beyond_c
        for index in range(len(temperatures_c) - 1, -1, -1):
            held = self.capacities_j_k[index] / dt_s
            near = links[index]
            own += held + near
            right += held * temperatures_c[index]
            own_w_k.append(own)
            right_w.append(right)
            right *= near / own
            own = near - near * near / own
        return Folded(own_w_k, right_w)

    def unfold(self, folded: Folded, surface_c: float) -> tuple[float, ...]:
        """The temperatures at the end of the step, once the surface's is known."""
        found = []
        before = surface_c
        for link, own, right in zip(self.links_w_k, reversed(folded.own_w_k), reversed(folded.right_w), strict=False):
            before = (right + link * before) / own
            found.append(before)
        return tuple(found)


class Network:
    """The equations of one step. What is not said to flow stays where it is."""

    __slots__ = ("_rows", "dt_s")

    def __init__(self, values: Sequence[float], capacities: Sequence[float], dt_s: float) -> None:
        self.dt_s = dt_s
        size = len(values)
        rows = []
        for index in range(size):
            row = [0.0] * (size + 1)
            row[index] = capacities[index] / dt_s
            row[size] = row[index] * values[index]
            rows.append(row)
        self._rows = rows

    def join(self, one: int, other: int, w_k: float) -> None:
        """Heat flows between two stores."""
        a, b = self._rows[one], self._rows[other]
        a[one] += w_k
        a[other] -= w_k
        b[other] += w_k
        b[one] -= w_k

    def tie(self, one: int, w_k: float, outside: float) -> None:
        """A store exchanges with something that stays as it is."""
        row = self._rows[one]
        row[one] += w_k
        row[-1] += w_k * outside

    def give(self, one: int, watts: float) -> None:
        self._rows[one][-1] += watts

    def hang(self, surface: int, layers: Layers, folded: Folded) -> None:
        """The stack behind a surface."""
        link, own = layers.links_w_k[0], folded.own_w_k[-1]
        row = self._rows[surface]
        row[surface] += link - link * link / own
        row[-1] += link * folded.right_w[-1] / own

    def wet(self, surface: int, vapour: int, latent_w: float, rest: float, slope: float) -> None:
        """Water evaporates from a surface (or condenses on it) at latent_w x (rest + slope x T - vapour)."""
        a, b = self._rows[surface], self._rows[vapour]
        to, back = latent_w * slope, latent_w * rest
        a[surface] += to
        a[vapour] -= latent_w
        a[-1] -= back
        b[vapour] += latent_w
        b[surface] -= to
        b[-1] += back

    def draw(self, room: int, coil: int, w: float, share: float, fresh: float, rest: float, slope: float) -> None:
        """A stream mixed of room (`share`) and fresh air meets a coil: w x (mixed - rest - slope x T) leaves the room.

        With rest 0 and slope 1 that is heat; with the line of the coil's saturation, latent heat.
        """
        a, b = self._rows[room], self._rows[coil]
        mine, fixed = w * share, w * ((1.0 - share) * fresh - rest)
        a[room] += mine
        a[coil] -= w * slope
        a[-1] -= fixed
        b[coil] += w * slope
        b[room] -= mine
        b[-1] += fixed

    def solve(self) -> list[float]:
        """Every store at the end of the step; the network is used up."""
        return solve(self._rows)


def radiant_w_m2_k(one_c: float, other_c: float) -> float:
    """Conductance of far infrared between black surfaces: the secant s (T1^2 + T2^2)(T1 + T2), one for both ends."""
    one, other = one_c + ZERO_C_IN_K, other_c + ZERO_C_IN_K
    return STEFAN_BOLTZMANN * (one * one + other * other) * (one + other)
