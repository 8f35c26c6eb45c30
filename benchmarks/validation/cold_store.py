"""Cold store: the respiration of produce against its printed form, and the books of the whole room."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.books import closures
from benchmarks.validation.verdicts import Quantity
from simulator.plants.produce import HEAT_J_MG_CO2, respiration_mg_kg_h


def _respiration(commodity: str, f: float, g: float, t_c: float) -> float:
    return respiration_mg_kg_h(t_c, f, g)


def _heat(f: float, g: float, t_c: float, commodity: str = "") -> float:
    """W/t."""
    return 1000.0 * HEAT_J_MG_CO2 * respiration_mg_kg_h(t_c, f, g) / 3600.0


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "respiration_co2": _respiration,
    "respiration_heat": _heat,
    **closures("cold_store"),
}
