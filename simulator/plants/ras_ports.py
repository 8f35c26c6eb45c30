"""What drives a recirculating farm and what can be seen of it: `tank1.*` for each tank, the rest for all of them."""

from collections.abc import Mapping

from simulator.plants.plant import Port

COMMON: Mapping[str, Port] = {
    "blower": Port("", 0.0, 1.0, 0.6, "air for the moving bed, the degasser and the tanks' air stones"),
    "circulation.pump": Port("", 0.0, 1.0, 1.0, "duty pump, speed"),
    "circulation.standby": Port("", 0.0, 1.0, 0.0, "standby pump, speed"),
    "heater": Port("", 0.0, 1.0, 0.0, "heat pump, heating"),
    "chiller": Port("", 0.0, 1.0, 0.0, "heat pump, cooling"),
    "base.pump": Port("", 0.0, 1.0, 0.36, "bicarbonate doser; the default holds the day's alkalinity"),
    "makeup.valve": Port("", 0.0, 1.0, 0.17, "new water to the sump"),
    "uv": Port("", 0.0, 1.0, 1.0, "lamps"),
    "drum.rinse": Port("", 0.0, 1.0, 0.05, "rinse of the drum filter"),
    "oxygen.supply": Port("", 0.0, 1.0, 1.0, "fault: what is left of the cones' oxygen pressure"),
    "biofilter.health": Port("", 0.0, 1.0, 1.0, "fault: share of the biofilm that works"),
    "fish.stress": Port("", 0.0, 1.0, 0.0, "handling: up to half as much oxygen again"),
}
"""In the order of `ras_loop.Positions`."""
_FEEDER = Port("", 0.0, 1.0, 0.0, "running")
_OF_TANK: Mapping[str, Port] = {
    "oxygen_valve": Port("", 0.0, 1.0, 0.0, "oxygen to the cone; dissolves only in flowing water"),
    "emergency_diffuser": Port("", 0.0, 1.0, 0.0, "oxygen of its own, needs neither flow nor power"),
    "feeder": _FEEDER,
    "inlet": Port("", 0.0, 1.0, 1.0, "valve of the tank's inlet: the others get what it does not take"),
}
"""In the order of `ras_loop.TankPositions`."""

_SEEN_IN_TANK: Mapping[str, Port] = {
    "oxygen": Port("mg/L", 0.0, 80.0),
    "oxygen_saturation": Port("%", 0.0, 1500.0),
    "temperature": Port("degC", 0.0, 60.0, note="of all the water"),
    "ph": Port("pH", 4.0, 11.0, note="total scale in sea water"),
    "tan": Port("mg/L", 0.0, 1000.0, note="as N"),
    "nh3": Port("mg/L", 0.0, 1000.0, note="un-ionised, as N"),
    "no2": Port("mg/L", 0.0, 1000.0, note="as N"),
    "no3": Port("mg/L", 0.0, 5000.0, note="as N"),
    "alkalinity": Port("mg/L", 0.0, 5000.0, note="as CaCO3"),
    "co2": Port("mg/L", 0.0, 500.0),
    "solids": Port("mg/L", 0.0, 5000.0),
    "biomass": Port("kg", 0.0, 10000.0),
    "fish": Port("", 0.0, 1e6, note="alive"),
    "mean_weight": Port("g", 0.0, 20000.0),
    "oxygen_flow": Port("L/min", 0.0, 200.0, note="to the cone"),
    "emergency_flow": Port("L/min", 0.0, 200.0),
    "level": Port("%", 0.0, 120.0),
}
"""In the order of `ras_tanks.seen`."""
_SEEN_BESIDE_OTHERS: Mapping[str, Port] = {
    "inflow": Port("m3/h", 0.0, 500.0),
    "fed": Port("g", 0.0, 1e12, note="counter of its feeder"),
}
_SEEN: Mapping[str, Port] = {
    "sump.level": Port("%", 0.0, 120.0),
    "circulation.flow": Port("m3/h", 0.0, 500.0),
    "blower.current": Port("A", 0.0, 50.0),
    "pump.power": Port("kW", 0.0, 50.0, note="both pumps"),
    "uv.dose": Port("mJ/cm2", 0.0, 5000.0, note="to the water that passes; grows as the flow falls"),
    "fed": Port("g", 0.0, 1e12, note="counter of the feeders"),
    "water.used": Port("L", 0.0, 1e9, note="counter: new water, and what base and salts are dissolved in"),
    "oxygen.used": Port("kg", 0.0, 1e9, note="counter, cones and diffusers"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counter"),
    "hall.temperature": Port("degC", -60.0, 60.0, note="of the air"),
}


def driven(tank: int, tanks: int) -> dict[str, Port]:
    """The input ports of one tank (from 1), in the order of `_OF_TANK`. One alone has no inlet to throttle, and its
    feeder is called `feeder`."""
    if tanks > 1:
        return {f"tank{tank}.{name}": port for name, port in _OF_TANK.items()}
    valve, emergency = (f"tank1.{name}" for name in ("oxygen_valve", "emergency_diffuser"))
    return {valve: _OF_TANK["oxygen_valve"], emergency: _OF_TANK["emergency_diffuser"], "feeder": _FEEDER}


def seen_in(tank: int, tanks: int) -> dict[str, Port]:
    """The output ports of one tank."""
    found = {f"tank{tank}.{name}": port for name, port in _SEEN_IN_TANK.items()}
    if tanks > 1:
        found |= {f"tank{tank}.{name}": port for name, port in _SEEN_BESIDE_OTHERS.items()}
    return found


def inputs(tanks: int) -> dict[str, Port]:
    """All input ports of a farm with so many tanks."""
    return {name: port for tank in range(1, tanks + 1) for name, port in driven(tank, tanks).items()} | dict(COMMON)


def outputs(tanks: int) -> dict[str, Port]:
    """All output ports of a farm with so many tanks."""
    return {name: port for tank in range(1, tanks + 1) for name, port in seen_in(tank, tanks).items()} | dict(_SEEN)
