"""What drives a plant factory and what can be seen of it: `rack1.*` for each of several racks, the rest for all."""

from collections.abc import Mapping

from simulator.plants.plant import Port

COMMON: Mapping[str, Port] = {
    "cooling": Port("", 0.0, 1.0, 0.0, "compressor capacity"),
    "heating": Port("", 0.0, 1.0, 0.0, "electric reheat"),
    "dehumidifier": Port("", 0.0, 1.0, 0.0, "running"),
    "humidifier": Port("", 0.0, 1.0, 0.0, "mist"),
    "co2.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "fans": Port("", 0.0, 1.0, 1.0, "air over canopy and coil"),
    "pump.a": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.b": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.acid": Port("", 0.0, 1.0, 0.0, "running"),
    "pump.base": Port("", 0.0, 1.0, 0.0, "running"),
    "topup.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "circulation": Port("", 0.0, 1.0, 1.0, "pump through the channels; without it nothing mixes"),
    "drain.valve": Port("", 0.0, 1.0, 0.0, "open"),
    "acid.master": Port("", 0.0, 1.0, 1.0, "valve behind the acid pump; what it holds back returns into the can"),
}
"""In the order in which `PlantFactory.advance` takes them."""
_LAMPS = Port("", 0.0, 1.0, 0.0, "dimming; off below 0.1")
_STRINGS = Port("", 0.0, 1.0, 1.0, "fault: share of the LED strings that light")
_PPFD = Port("umol/m2/s", 0.0, 2000.0, note="at the canopy")
_HOURS = Port("h", 0.0, 1e6, note="counts up")
_DRY_MASS = Port("g/m2", 0.0, 1e5)
_SEEN: Mapping[str, Port] = {
    "air.temperature": Port("degC", -40.0, 120.0),
    "air.relative_humidity": Port("%", 0.0, 100.0),
    "air.co2": Port("ppm", 0.0, 1e6),
    "lamps.power": Port("kW", 0.0, 1000.0),
    "compressor.load": Port("", 0.0, 1.0, note="of its capacity; starts and stops as its own limits allow"),
    "compressor.starts": Port("", 0.0, 1e9, note="counts up"),
    "tank.ec": Port("mS/cm", 0.0, 500.0, note="at 25 degC, of the water at the probe"),
    "tank.ph": Port("pH", 0.0, 14.0, note="of the water at the probe"),
    "tank.level": Port("%", 0.0, 150.0),
    "tank.temperature": Port("degC", -40.0, 120.0),
    "tank.volume": Port("L", 0.0, 1e6),
    "circulation.flow": Port("m3/h", 0.0, 1000.0),
    "crop.fresh_mass": Port("kg", 0.0, 1e6, note="standing, whole farm"),
    "acid.flow": Port("L/h", 0.0, 1000.0, note="of the acid pump, into the tank or back into the can"),
    "dosed.a": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.b": Port("L", 0.0, 1e9, note="counts up"),
    "dosed.acid": Port("L", 0.0, 1e9, note="counts up"),
    "topup.volume": Port("L", 0.0, 1e9, note="counts up"),
    "energy.electricity": Port("kWh", 0.0, 1e9, note="counts up"),
}


def driven(rack: int, racks: int) -> dict[str, Port]:
    """The input ports of one rack (from 1): its lamps, and how many of their strings light. One alone has no number."""
    if racks == 1:
        return {"lamps": _LAMPS, "lamps.strings": _STRINGS}
    return {f"rack{rack}.lamps": _LAMPS, f"rack{rack}.strings": _STRINGS}


def seen_on(rack: int, racks: int) -> dict[str, Port]:
    """The output ports of one rack: light, hours of the lamps, dry matter of the crop."""
    first = ("lamps.ppfd", "lamps.hours", "crop.dry_mass")
    names = first if racks == 1 else tuple(f"rack{rack}.{name}" for name in ("ppfd", "lamp_hours", "dry_mass"))
    return dict(zip(names, (_PPFD, _HOURS, _DRY_MASS), strict=True))


def inputs(racks: int) -> dict[str, Port]:
    """All input ports of a room with so many racks."""
    return {name: port for rack in range(1, racks + 1) for name, port in driven(rack, racks).items()} | dict(COMMON)


def outputs(racks: int) -> dict[str, Port]:
    """All output ports of a room with so many racks."""
    return {name: port for rack in range(1, racks + 1) for name, port in seen_on(rack, racks).items()} | dict(_SEEN)
