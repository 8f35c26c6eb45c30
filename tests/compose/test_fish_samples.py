"""The sample pond and the sample aquaponic farm under control, each through the hours that matter."""

from pathlib import Path

import pytest

from controller.compose.simulate import Simulation, prepare, start_of
from controller.core.words import Snapshot
from edge_config.loader import load_site
from foundation.reading import good

SITES = Path("edge_config/sites")


def simulated(name: str, hour: float, scan_s: float = 1.0) -> Simulation:
    """The sample from an hour of its first day on, at the plant's own start."""
    site = load_site(SITES / f"{name}.yaml").site
    site = site.model_copy(update={"site": site.site.model_copy(update={"scan": scan_s})})
    return prepare(site, 1, start_of(site) + 3600.0 * hour)


def test_paddle_wheels_carry_the_pond_through_the_end_of_the_night() -> None:
    simulation = simulated("pond", 1.0, scan_s=5.0)
    field, oxygen, wheels = simulation.farm, [], 0
    for scan in range(3 * 720):
        simulation.step()
        if scan % 12 == 0:
            oxygen.append(field.grounds["pond1"].truth["pond.oxygen"])
            wheels += field.actuators["pond1.water.aerator1"].position > 0.0
    assert wheels > 10
    assert min(oxygen) > 4.8
    assert field.grounds["pond1"].truth["energy.electricity"] > 0.3


def test_a_dead_bloom_calls_both_wheels_and_stops_the_feeder() -> None:
    simulation = simulated("pond", 8.9)
    ground = simulation.farm.grounds["pond1"]
    ground.state = ground.state._replace(upper=ground.state.upper._replace(oxygen=3.0 * ground.state.upper_m3))
    for _ in range(900):
        simulation.step()
    assert simulation.farm.actuators["pond1.water.aerator1"].position == 1.0
    assert simulation.farm.actuators["pond1.water.aerator2"].position == 1.0
    assert ground.truth["fed"] == 0.0  # it is 9 o'clock, and feeding time
    assert ground.truth["pond.oxygen"] > 3.0


def test_the_pond_is_fed_by_what_its_fish_weigh_and_how_warm_they_are() -> None:
    simulation = simulated("pond", 8.9, scan_s=5.0)
    entered = [("weighed", 0.4), ("count", 4000.0)]
    told = Snapshot(tuple(good(f"pond1.water.{name}", value, simulation.now_s) for name, value in entered))
    simulation.state = simulation.core.scan(simulation.state, told, simulation.now_s).state
    for _ in range(720):
        simulation.step()
    meal = 0.5 * 1600.0 * (1.8 - 0.2 * 0.5) / 100.0  # half of a day's, of fish of 400 g in water below 30 degC
    assert simulation.farm.grounds["pond1"].truth["fed"] == pytest.approx(1000.0 * meal, rel=0.15)
    assert simulation.state.blocks["pond1.water.feeding"].guessed_s < 0.0  # type: ignore[attr-defined]  # a feeding's


def test_fish_are_fed_and_breathe_and_the_lettuce_has_light() -> None:
    simulation = simulated("aquaponics", 7.0)
    for _ in range(3600):
        simulation.step()
    truth = simulation.farm.grounds["aq1"].truth
    assert truth["fed"] == pytest.approx(4.0 * 16.0 * 60.0, rel=0.1)
    assert truth["tank1.oxygen"] == pytest.approx(6.5, abs=0.5)
    assert truth["tank1.ph"] == pytest.approx(6.9, abs=0.2)
    assert truth["lamps.ppfd"] >= 200.0
    assert truth["circulation.flow"] == pytest.approx(60.0, rel=0.01)


def test_a_stopped_pump_brings_the_standby_and_shuts_the_doses() -> None:
    simulation = simulated("aquaponics", 10.0)
    for _ in range(120):
        simulation.step()
    assert simulation.farm.actuators["aq1.rafts.supplement"].position == 1.0
    simulation.farm.force("aq1", "circulation.pump", 0.0)
    for _ in range(120):
        simulation.step()
    truth = simulation.farm.grounds["aq1"].truth
    assert truth["circulation.flow"] > 50.0
    assert simulation.farm.actuators["aq1.tank1.standby_pump"].position == 1.0
    assert simulation.farm.actuators["aq1.rafts.supplement"].position == 0.0
    assert simulation.state.orders["aq1.tank1.pump"].value == 0.0  # it waits for somebody to look at it
    assert [alarm.id for alarm in simulation.state.alarms if alarm.state == "unacknowledged"] == ["duty:aq1.tank1.pump"]
