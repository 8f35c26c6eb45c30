"""Reference evapotranspiration against refet and the examples printed in FAO-56."""

from collections.abc import Mapping
from typing import Final

from benchmarks.validation.verdicts import Quantity
from foundation import evapotranspiration as et


def _eto(
    tmin: float,
    tmax: float,
    ea_kpa: float,
    rs_mj: float,
    doy: float,
    lat: float,
    elev: float,
    u10: float | None = None,
    u2: float | None = None,
) -> float | None:
    wind = u2 if u10 is None else et.wind_at_two_metres_m_s(u10, 10.0)
    if wind is None:
        return None
    return et.reference_evapotranspiration_mm_d(tmin, tmax, ea_kpa, rs_mj, wind, doy, lat, elev)


QUANTITIES: Final[Mapping[str, Quantity]] = {"eto_fao56_daily": _eto}
