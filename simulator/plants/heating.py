"""Rail pipes fed from a boiler through a three-way mixing valve: what the valve's position means as heat.

The pump keeps the pipes circulating; the valve decides which share of the supply is boiler water and which is
return water. With the pipe at the mean of supply and return, the circuit is one conductance between boiler water
and pipe, so an implicit step can take it as it is.

Where there is a heat buffer, the boiler's water is its upper half. The boiler draws from the bottom and gives to the
top at its setpoint, the rails draw from the top and return to the bottom; what the one moves more than the other goes
through the middle.
"""

from foundation.elementwise import greater, held, lesser
from simulator.plants.greenhouse_parameters import GreenhouseParameters

_RECOVERY_S = 120.0  # the burner brings boiler water back to its setpoint in about this time
_FULL_K = 5.0  # below its setpoint at the bottom: a buffer so full makes the burner modulate down


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
    return on * lesser(p.boiler_capacity_w_m2, greater(0.0, wanted))


def charging_w(p: GreenhouseParameters, bottom_c: float, on: float) -> float:
    """The burner of a boiler with a heat buffer: all it has until the buffer is full, W/m2."""
    return on * p.boiler_capacity_w_m2 * held((p.boiler_water_c - bottom_c) / _FULL_K, 0.0, 1.0)


def downwards_w(
    p: GreenhouseParameters, top_c: float, bottom_c: float, burner_w: float, valve: float, pump: float
) -> float:
    """What the streams carry out of the top of the buffer, W/m2: down through the middle, and to the rails, whose
    return to the bottom is that much colder as they have taken. `burner_w` is what the burner gives.
    """
    rails = valve * pump * p.circulation_w_m2_k
    # the burner fades as the bottom nears the setpoint, so this stays finite
    boiler = burner_w / greater(0.01, p.boiler_water_c - bottom_c)
    to_top = boiler * (p.boiler_water_c - top_c) + greater(0.0, rails - boiler) * (bottom_c - top_c)
    return burner_w - to_top
