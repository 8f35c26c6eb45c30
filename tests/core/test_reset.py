"""Latches and locked dosing loops: an operator sees that they wait for a person, and can end them."""

from collections.abc import Iterable
from pathlib import Path

from controller.compose.simulate import Simulation, prepare, start_of
from controller.core.words import Reset
from edge_config.loader import load_site

LATCH = "pf1.rack1.ph_low"
LOOP = "pf1.rack1.ec_loop"


def running() -> Simulation:
    site = load_site(Path("edge_config/sites/plant-factory.yaml")).site
    simulation = prepare(site, 1, start_of(site) + 8 * 3600.0)
    for _ in range(60):
        simulation.step()
    return simulation


def waiting(simulation: Simulation) -> set[str]:
    return {alarm.id for alarm in simulation.state.alarms if alarm.active and "reset" in alarm.values}


def soured(simulation: Simulation, eighths: Iterable[int]) -> None:
    """An eighth of a pH a minute: a step would be the probe's own, with a latch of its own."""
    for eighth in eighths:
        simulation.devices["pf_ph"].offset["ph"] = -0.125 * eighth
        for _ in range(60):
            simulation.step()


def test_a_latch_waits_for_a_person_who_finds_the_cause_gone() -> None:
    farm = running()
    assert waiting(farm) == set()
    soured(farm, range(1, 13))
    assert waiting(farm) == {f"latched:{LATCH}"}
    # while the cause stands nothing is reset
    farm.step((Reset("reset-1", LATCH, "operator", farm.now_s),))
    assert waiting(farm) == {f"latched:{LATCH}"}
    soured(farm, range(11, -1, -1))
    assert waiting(farm) == {f"latched:{LATCH}"}
    farm.step((Reset("reset-2", LATCH, "operator", farm.now_s),))
    assert waiting(farm) == set()


def test_a_dosing_loop_that_locked_itself_waits_for_a_person() -> None:
    farm = running()
    farm.devices["pf_ec"].stuck.add("conductivity")
    farm.devices["pf_ec"].offset["conductivity"] = -0.4
    for _ in range(3 * 3600):
        farm.step()
        if waiting(farm):
            break
    assert waiting(farm) == {f"dosing:{LOOP}"}
    farm.devices["pf_ec"].stuck.clear()
    farm.devices["pf_ec"].offset.clear()
    farm.step((Reset("reset-3", LOOP, "operator", farm.now_s),))
    farm.step()
    assert waiting(farm) == set()
