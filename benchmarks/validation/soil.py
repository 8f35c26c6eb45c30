"""Heat in the ground against its exact solution."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from simulator.plants.soil import damping_depth_m

_DAY_S = 86400.0


def _daily(lambda_w_mk: float, rho_cp: float) -> float:
    return damping_depth_m(lambda_w_mk, rho_cp, _DAY_S)


def _annual(lambda_w_mk: float, rho_cp: float) -> float:
    return damping_depth_m(lambda_w_mk, rho_cp, 365.25 * _DAY_S)


QUANTITIES: Final[Mapping[str, Quantity]] = {"damping_depth_daily": _daily, "damping_depth_annual": _annual}
