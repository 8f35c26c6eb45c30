"""Rail pipes fed from a boiler through a three-way mixing valve: what the valve's position means as heat.

The pump keeps the pipes circulating; the valve decides which share of the supply is boiler water and which is
return water. With the pipe at the mean of supply and return, the circuit is one conductance between boiler water
and pipe, so an implicit step can take it as it is.
"""

from simulator.plants.greenhouse_parameters import GreenhouseParameters

_RECOVERY_S = 120.0  # the burner brings boiler water back to its setpoint in about this time


def circulation_w_k(p: GreenhouseParameters, valve: float, pump: float) -> float:
    """Conductance from boiler water to pipe, W/m2/K; `valve` 0 to 1, `pump` 0 or 1."""
    return pump * p.circulation_w_m2_k * 2.0 * valve / (2.0 - valve)


def supply_c(valve: float, pump: float, boiler_c: float, pipe_c: float) -> float:
    """Behind the mixing valve. Still water has the temperature of the pipe."""
    mixed = (valve * boiler_c + 2.0 * (1.0 - valve) * pipe_c) / (2.0 - valve)
    return pipe_c + pump * (mixed - pipe_c)


def burner_w(p: GreenhouseParameters, boiler_j_k: float, boiler_c: float, drawn_w: float, on: float) -> float:
    """A modulating burner: what is drawn, and what brings the water back to its setpoint, W/m2."""
    wanted = drawn_w + boiler_j_k * (p.boiler_water_c - boiler_c) / _RECOVERY_S
    return on * min(p.boiler_capacity_w_m2, max(0.0, wanted))
