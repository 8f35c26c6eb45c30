"""What has crossed the border of a plant since its start, so that its books can be closed."""

from typing import NamedTuple


class Ledger(NamedTuple):
    """Net is what came in less what went out; moved is both together."""

    heat_net_j: float = 0.0
    heat_moved_j: float = 0.0
    water_net_kg: float = 0.0
    water_moved_kg: float = 0.0
    co2_net_mg: float = 0.0
    co2_moved_mg: float = 0.0

    def plus(
        self, dt_s: float, heat_w: tuple[float, ...], water_kg_s: tuple[float, ...], co2_mg_s: tuple[float, ...]
    ) -> "Ledger":
        """What flowed for `dt_s`; into the plant is positive."""
        return Ledger(
            self.heat_net_j + dt_s * sum(heat_w),
            self.heat_moved_j + dt_s * sum(map(abs, heat_w)),
            self.water_net_kg + dt_s * sum(water_kg_s),
            self.water_moved_kg + dt_s * sum(map(abs, water_kg_s)),
            self.co2_net_mg + dt_s * sum(co2_mg_s),
            self.co2_moved_mg + dt_s * sum(map(abs, co2_mg_s)),
        )


class Stores(NamedTuple):
    """What a plant holds."""

    heat_j: float
    water_kg: float
    co2_mg: float


class Balance(NamedTuple):
    """What the books cannot explain, and how much moved in all."""

    residual: float
    moved: float

    @property
    def relative(self) -> float:
        return abs(self.residual) / max(self.moved, 1e-12)


def balances(then: Ledger, held_then: Stores, now: Ledger, held_now: Stores) -> dict[str, Balance]:
    """`energy` in J, `water` in kg, `co2` in mg, between two states of one run."""
    return {
        "energy": _balance(now.heat_net_j - then.heat_net_j, now.heat_moved_j - then.heat_moved_j,
                           held_now.heat_j - held_then.heat_j),
        "water": _balance(now.water_net_kg - then.water_net_kg, now.water_moved_kg - then.water_moved_kg,
                          held_now.water_kg - held_then.water_kg),
        "co2": _balance(now.co2_net_mg - then.co2_net_mg, now.co2_moved_mg - then.co2_moved_mg,
                        held_now.co2_mg - held_then.co2_mg),
    }  # fmt: skip


def _balance(net: float, moved: float, stored: float) -> Balance:
    return Balance(net - stored, moved + abs(stored))
