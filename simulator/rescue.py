"""What somebody would do who sees the plant as it is and has its actuators in hand: the measure of a death.

Not a controller: it knows true values at once and moves whatever is whole at once. What dies under it as well, nobody
could have saved; what lives under it and died under ours, ours lost.
"""

from collections.abc import Mapping

Truth = Mapping[str, float]

COLD_C: Mapping[str, float] = {
    "greenhouse": 12.0, "solar_greenhouse": 10.0, "tunnel": 12.0, "nursery": 16.0, "plant_factory": 16.0,
    "mushroom": 12.0, "ras": 22.0, "aquaponics": 22.0, "pond": 20.0, "cold_store": 0.5,
}  # fmt: skip
HOT_C: Mapping[str, float] = {
    "greenhouse": 26.0, "solar_greenhouse": 28.0, "tunnel": 28.0, "nursery": 28.0, "plant_factory": 26.0,
    "mushroom": 20.0, "ras": 27.0, "aquaponics": 28.0, "pond": 30.0, "cold_store": 1.0,
}  # fmt: skip
WARMS = ("heating.valve", "heater", "heating", "heating.pump", "boiler", "bottom_heat", "steam")
KEEPS_WARM = ("screen.thermal", "blanket")
COOLS = (
    "vent.lee", "vent.wind", "vent.top", "vent.bottom", "vent", "sides", "fog", "screen.shade", "shade", "cooling",
    "mist", "chiller", "compressor", "damper",
)  # fmt: skip
BREATHES = (
    "circulation.pump", "circulation.standby", "blower", "aerator1", "aerator2", "tank1.emergency_diffuser",
    "tank1.oxygen_valve", "circulation", "fans", "fan",
)  # fmt: skip
HARMS = (
    "feeder", "pump.a", "pump.b", "pump.acid", "pump.base", "acid.master", "base.pump", "supplement.pump", "co2.valve",
    "drain.valve", "defrost", "watering",
)  # fmt: skip
TOO_MUCH_PERCENT = 140.0
"""Oxygen saturation above which no more is given."""


def rescue(kind: str, truth: Truth, ports: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Where to hold each input port in hand (`ports`: lowest and highest) in a facility of this kind, now."""
    warm_c = truth.get("tank1.temperature", truth.get("pond.temperature", truth.get("air.temperature", 20.0)))
    cold, hot = warm_c < COLD_C[kind], warm_c > HOT_C[kind]
    rich = truth.get("tank1.oxygen_saturation", truth.get("pond.oxygen_saturation", 0.0)) > TOO_MUCH_PERCENT
    held: dict[str, float] = {}
    for port, (low, high) in ports.items():
        if port in WARMS or port in KEEPS_WARM:
            held[port] = high if cold else low
        elif port in COOLS:
            held[port] = high if hot else low
        elif port in BREATHES:
            gives_oxygen = port in ("tank1.emergency_diffuser", "tank1.oxygen_valve")
            held[port] = low if rich and gives_oxygen else high
        elif port == "lamps" or port in HARMS:
            held[port] = low
    return held
