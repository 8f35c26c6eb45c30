"""Racks in one room, on one solution: each grows by its own light, and all share air and water."""

import pytest

from simulator.plants.plant import Weather
from simulator.plants.plant_factory import PlantFactory, PlantFactoryState, RackParameters, load

ONE, TWO = load("plant_factory_100m2"), load("plant_factory_2x50m2")
SPRING = Weather(air_c=12.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=0.0)
ROOM = {"cooling": 0.62, "dehumidifier": 1.0, "pump.a": 0.02, "pump.b": 0.02}
LIT = {**ROOM, "rack1.lamps": 0.75, "rack2.lamps": 0.75}


def run(plant: PlantFactory, hours: float, inputs: dict[str, float]) -> tuple[PlantFactoryState, dict[str, float]]:
    state = plant.initial()
    for _ in range(round(hours * 360.0)):
        state = plant.advance(state, inputs, SPRING, 10.0)
    return state, plant.observe(state, inputs, SPRING)


def test_two_racks_alike_are_one_rack_of_their_area() -> None:
    f, half = ONE.farm, TWO.room.parameters
    second = RackParameters(
        half.cultivated_m2, f.lamp_ppfd_max, f.start_lamp_h, f.crop_start_reserves_g_m2, f.crop_start_structure_g_m2
    )
    alike = PlantFactory(f, half, ONE.tank.parameters, [second])
    _, whole = run(ONE, 6.0, {**ROOM, "lamps": 0.75})
    _, both = run(alike, 6.0, LIT)
    for name in ("ppfd", "lamp_hours", "dry_mass"):
        assert both[f"rack1.{name}"] == both[f"rack2.{name}"]
    own = {"lamps.ppfd": "rack1.ppfd", "lamps.hours": "rack1.lamp_hours", "crop.dry_mass": "rack1.dry_mass"}
    for name, value in whole.items():
        assert both[own.get(name, name)] == pytest.approx(value, rel=1e-9), name


def test_the_strings_of_one_rack_fail_and_only_its_crop_stands_in_the_dark() -> None:
    start = TWO.observe(TWO.initial(), {}, SPRING)
    _, lit = run(TWO, 6.0, LIT)
    _, dark = run(TWO, 6.0, {**LIT, "rack2.strings": 0.0})
    assert dark["rack2.ppfd"] == 0.0
    assert dark["rack2.dry_mass"] < start["rack2.dry_mass"] < lit["rack2.dry_mass"]
    assert dark["rack1.ppfd"] == pytest.approx(lit["rack1.ppfd"], rel=1e-3)
    assert dark["rack1.dry_mass"] > start["rack1.dry_mass"]
    # the older lamps of the second rack draw as much, and give less
    assert lit["rack2.ppfd"] < 0.99 * lit["rack1.ppfd"]
    assert dark["lamps.power"] == pytest.approx(0.5 * lit["lamps.power"])
    assert dark["rack2.lamp_hours"] == start["rack2.lamp_hours"]


def test_the_books_of_every_rack_add_up_and_would_notice_a_leak() -> None:
    first = TWO.initial()
    state, _ = run(TWO, 8.0, {**LIT, "rack2.lamps": 1.0, "co2.valve": 0.2})
    assert max(TWO.closure(first, state).values()) < 1e-9
    crop = state.racks[1].crop
    stolen = state.with_rack(1, crop=crop._replace(structure_g_m2=crop.structure_g_m2 - 0.1))
    assert TWO.closure(first, stolen)["co2"] > 1e-4
