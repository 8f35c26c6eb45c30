"""Which dose goes first: pH waits for EC, and acid and base leave each other alone."""

from typing import Any

from controller.core.state import to_plain
from tests.core.small_site import Farm, core_of, only

PUMPS = ("fa.z.pump_a", "fa.z.pump_b", "fa.z.pump_acid")


def tank(**ph: Any) -> Farm:
    """EC with two pumps and acid; the mixer runs by itself."""
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["outputs"]["fa.z.stirrer"]["life_support"] = False
    site["loops"]["fa.z.ph_loop"] |= ph
    farm = Farm(core_of(site))
    farm.says = {"fa.z.ec": 1.8, "fa.z.ph": 5.8}
    farm.run(400)  # a restart waits for what it may have dosed
    return farm


def runs(farm: Farm, seconds: int) -> dict[str, tuple[int, int]]:
    """Of each pump that ran, the first and the last second."""
    found: dict[str, tuple[int, int]] = {}
    for second in range(seconds):
        farm.scan()
        for pump in PUMPS:
            if farm.wires.get(pump):
                found[pump] = (found.get(pump, (second, 0))[0], second)
    return found


def test_acid_waits_until_the_nutrients_are_dosed_and_mixed():
    farm = tank(after="fa.z.ec_loop")
    farm.says |= {"fa.z.ec": 1.7, "fa.z.ph": 6.4}
    while not farm.wires.get("fa.z.pump_a"):
        farm.scan()
    farm.says["fa.z.ec"] = 1.8  # what it doses is enough
    ran = runs(farm, 900)
    assert ran["fa.z.pump_b"][0] > ran["fa.z.pump_a"][0]
    assert ran["fa.z.pump_acid"][0] >= ran["fa.z.pump_b"][1] + 300


def test_acid_does_not_wait_for_nutrients_that_are_in_band():
    farm = tank(after="fa.z.ec_loop")
    farm.says |= {"fa.z.ec": 2.4, "fa.z.ph": 6.4}  # too much of it: nothing to dose
    assert list(runs(farm, 60)) == ["fa.z.pump_acid"]


def both_ways() -> Farm:
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["outputs"]["fa.z.stirrer"]["life_support"] = False
    acid = site["loops"]["fa.z.ph_loop"] | {"opposite": "fa.z.base_loop"}
    base = acid | {"out": ["fa.z.pump_b"], "effect": "10 pH/L", "opposite": "fa.z.ph_loop", "opposite_wait": "4 h"}
    site["loops"] = {"fa.z.ph_loop": acid, "fa.z.base_loop": base}
    farm = Farm(core_of(site))
    farm.says = {"fa.z.ph": 5.8}
    farm.run(400)
    return farm


def test_base_is_not_dosed_within_four_hours_of_acid():
    farm = both_ways()
    farm.says["fa.z.ph"] = 6.4
    acid = runs(farm, 60)
    assert list(acid) == ["fa.z.pump_acid"]
    farm.says["fa.z.ph"] = 5.2
    for _ in range(4 * 3600 // 20 - 10):
        farm.scan(after_s=20.0)
        assert not farm.wires.get("fa.z.pump_b")
    assert list(runs(farm, 400)) == ["fa.z.pump_b"]


def test_the_pause_between_acid_and_base_outlives_a_restart():
    farm = both_ways()
    farm.says["fa.z.ph"] = 6.4
    runs(farm, 60)
    again = Farm(farm.core, farm.now_s, to_plain(farm.state))
    again.says = {"fa.z.ph": 5.2}
    assert runs(again, 900) == {}
