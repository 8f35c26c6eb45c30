"""Gas exchange and the night's oxygen of a pond against their printed and exact forms."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import water


def _schmidt(t_c: float) -> float:
    return water.oxygen_schmidt_number(t_c)


def _k600(u10: float) -> float:
    return water.gas_exchange_600_cm_h(u10)


def _night(do0: float, hours: float, k_per_h: float, resp_mg_l_h: float, t_c: float) -> float:
    saturation = water.oxygen_saturation_mg_l(t_c)
    return water.oxygen_through_the_night_mg_l(do0, saturation, resp_mg_l_h, k_per_h, hours)


QUANTITIES: Final[Mapping[str, Quantity]] = {"schmidt_o2": _schmidt, "k600": _k600, "night_do": _night}
