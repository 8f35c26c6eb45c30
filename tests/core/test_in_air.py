"""A probe that lies in the air is found out by what it says; one in the water never is, whatever the water does."""

import json
from math import exp
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.in_air import Aired, Dry, Left
from controller.core.state import to_plain
from controller.core.words import Maintain, MaintainEnd
from foundation.reading import Quality, Reason, good
from foundation.water import oxygen_saturation_mg_l
from tests.core.small_site import START_S, Farm, core_of, only

DO, OWN, AIR, WATER, EC = "fa.z.level", "fa.z.pipe", "fa.z.temp_c", "fa.z.temp_b", "fa.z.ec"
LEFT = Left(OWN, AIR, None, 10.0, 3.0 / 3600.0, 300.0, in_percent=True)
TOLD_S = 1800.0
"""A probe whose thermometer takes ten minutes in the air is told of in so long."""


class Probe:
    """A probe of oxygen (%) and its thermometer, in water or in air, looked at every `every_s`."""

    def __init__(self, water_c: float, air_c: float, percent: float = 95.0, check: Left = LEFT) -> None:
        self.water_c, self.air_c, self.own_c, self.percent, self.check = water_c, air_c, water_c, percent, check
        self.now_s, self.every_s, self.air_s, self.is_out, self.beside_c = START_S, 10.0, 600.0, False, water_c
        self.block = Aired()

    def live(self, seconds: float, water_k_h: float = 0.0, air_k_h: float = 0.0, noise_k: float = 0.0) -> None:
        for index in range(int(seconds / self.every_s)):
            self.now_s += self.every_s
            self.water_c += water_k_h * self.every_s / 3600.0
            self.air_c += air_k_h * self.every_s / 3600.0
            around_c, lag_s = (self.air_c, self.air_s) if self.is_out else (self.water_c, 30.0)
            self.own_c = around_c + (self.own_c - around_c) * exp(-self.every_s / lag_s)
            told_c = self.own_c + (noise_k if index % 2 else -noise_k)
            says = {OWN: told_c, AIR: self.air_c, WATER: self.beside_c}
            image = {tag: good(tag, value, self.now_s) for tag, value in says.items()}
            said = 100.0 if self.is_out else self.percent
            self.block = self.check.step(self.block, said, image, self.now_s)

    @property
    def found(self) -> bool:
        return self.block.held.on


HOURS = st.tuples(st.floats(-2.9, 2.9), st.floats(-8.0, 8.0), st.floats(0.1, 6.0), st.sampled_from([5.0, 10.0, 60.0]))


@given(
    water_c=st.floats(5.0, 32.0), air_c=st.floats(-10.0, 40.0), percent=st.floats(60.0, 130.0) | st.just(100.0),
    noise_k=st.floats(0.0, 0.2), hours=st.lists(HOURS, min_size=1, max_size=5),
)  # fmt: skip
@example(12.0, 17.0, 100.0, 0.2, [(2.9, 0.0, 2.0, 5.0)])  # a heater brings the water up to the hall's temperature
@example(24.0, 24.0, 100.0, 0.1, [(-0.5, -6.0, 3.0, 10.0), (0.5, 6.0, 3.0, 60.0)])  # a pond, at night
@settings(max_examples=60, deadline=None)
def test_no_tank_is_taken_for_air_by_a_night_a_heater_or_the_oxygen_it_is_kept_at(
    water_c: float, air_c: float, percent: float, noise_k: float, hours: list[tuple[float, float, float, float]]
) -> None:
    """Saturated and as warm as the air, or on the way there: as fast as water goes it is water."""
    probe = Probe(water_c, air_c, percent)
    for water_k_h, air_k_h, lasts_h, probe.every_s in hours:
        probe.live(lasts_h * 3600.0, water_k_h, air_k_h, noise_k)
        assert not probe.found


@given(
    water_c=st.floats(5.0, 32.0), colder_k=st.floats(3.2, 25.0) | st.floats(-25.0, -3.2), air_s=st.floats(60.0, 600.0),
    every_s=st.sampled_from([5.0, 10.0, 30.0]), before_h=st.floats(0.75, 8.0),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_probe_that_is_pulled_out_of_the_water_is_told_of_in_half_an_hour_and_not_before_five_minutes(
    water_c: float, colder_k: float, air_s: float, every_s: float, before_h: float
) -> None:
    probe = Probe(water_c, water_c - colder_k)
    probe.every_s, probe.air_s = every_s, air_s
    probe.live(before_h * 3600.0)
    probe.is_out = True
    probe.live(290.0)
    assert not probe.found
    probe.live(TOLD_S - 290.0)
    assert probe.found
    probe.live(12 * 3600.0, air_k_h=-0.2 if colder_k > 0.0 else 0.2)
    assert probe.found  # lying there makes no water of it
    probe.is_out = False
    probe.live(600.0)
    assert not probe.found


def test_a_wet_probe_that_is_colder_than_the_air_for_a_while_is_found_once_it_is_dry() -> None:
    probe = Probe(25.0, 20.0)
    probe.live(3600.0)
    probe.is_out = True
    probe.air_c = 15.0  # what evaporates
    probe.live(1200.0)
    probe.air_c = 20.0
    probe.live(TOLD_S)
    assert probe.found


def test_cold_water_that_passes_is_no_air_though_the_hall_is_as_warm_as_the_tank() -> None:
    probe = Probe(20.0, 20.0, 100.0)
    probe.live(3600.0)
    for water_c in (15.0, 20.0, 23.0, 20.0):
        probe.water_c = water_c
        probe.live(900.0)
        assert not probe.found


def test_water_that_goes_to_the_airs_temperature_at_once_is_doubted_but_not_once_fish_have_breathed_in_it() -> None:
    """Half the tank was changed: nobody can tell, until the oxygen does."""
    probe = Probe(25.0, 18.0, 95.0)
    probe.live(3600.0)
    probe.water_c = 18.2
    probe.live(900.0)
    assert probe.found
    probe.percent = 80.0
    probe.live(400.0)
    assert not probe.found
    probe.percent = 95.0
    probe.live(6 * 3600.0)
    assert not probe.found


def test_another_thermometer_in_the_water_says_where_it_is_however_fast_that_goes() -> None:
    check = Left(OWN, AIR, WATER, 10.0, 3.0 / 3600.0, 300.0, in_percent=True)
    probe = Probe(25.0, 18.0, 95.0, check)
    probe.live(3600.0)
    probe.water_c = probe.beside_c = 18.2
    probe.live(3600.0)
    assert not probe.found
    probe.air_c, probe.is_out = 10.0, True
    probe.live(TOLD_S)
    assert probe.found


@given(st.lists(st.tuples(
    st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0, 400.0, 1e5, 3e7]),
), max_size=20))  # fmt: skip
def test_whatever_is_said_what_is_remembered_is_a_temperature_that_was_there(
    told: list[tuple[float, float, float, float]],
) -> None:
    block, now_s, check = Aired(), START_S, Left(OWN, AIR, None, 10.0, 1e-3, 300.0, in_percent=False)
    for said, own_c, air_c, step_s in told:
        now_s += step_s
        image = {OWN: good(OWN, own_c, now_s), AIR: good(AIR, air_c, now_s)}
        block = check.step(block, said, image, now_s)
        assert block.water_c is not None
        assert min(own for _, own, _, _ in told) <= block.water_c <= max(own for _, own, _, _ in told)


def test_where_nothing_can_tell_it_stays_as_it_is_until_the_air_does() -> None:
    """Put back without a word, while the hall is as warm as the water and that is saturated."""
    probe = Probe(25.0, 15.0, 100.0)
    probe.live(3600.0)
    probe.is_out = True
    probe.live(TOLD_S)
    probe.air_c, probe.is_out = 24.0, False
    probe.live(6 * 3600.0)
    assert probe.found
    probe.live(2 * 3600.0, air_k_h=-2.0)
    assert not probe.found


def test_conductivity_that_no_solution_has_is_air_at_once_and_water_again_after_a_while() -> None:
    check, block = Dry(0.2, 300.0), Aired()
    found = []
    for second, said in enumerate([1.8] * 10 + [0.05] * 10 + [1.8] * 310):
        block = check.step(block, said, {}, START_S + second)
        found.append(block.held.on)
    assert found == [False] * 10 + [True] * 310 + [False] * 10


# --- in the scan


def tank(**in_air: Any) -> Farm:
    """Two probes of conductivity (one that may lie in the air) and one of oxygen with its thermometer."""
    site = only("fa.z.ec_loop")
    site["tags"] |= {
        DO: {"unit": "mg/L", "in_air": {"temperature": OWN, "air": AIR, **in_air}},
        OWN: {"unit": "degC"}, EC: {**site["tags"][EC], "in_air": {"below": "0.2 mS/cm", "for": "1 min"}},
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says |= {DO: 7.5, OWN: 25.0, AIR: 15.0}
    return farm


def test_nothing_is_dosed_by_a_probe_in_the_air_and_people_read_why() -> None:
    farm = tank()
    farm.run(60)
    farm.says[EC] = 0.02
    farm.run(600)
    assert farm.quality(EC) == (Quality.BAD, Reason.IN_AIR)
    assert farm.state.readings[EC].value == 0.02
    assert farm.order("fa.z.pump_a").value == 0.0
    (alarm,) = [one for one in farm.standing if one.id == f"sensor:{EC}"]
    assert alarm.values["reason"] == "in_air"
    farm.says[EC] = 1.8
    farm.run(59)
    assert farm.quality(EC)[0] is Quality.BAD
    farm.run(2)
    assert farm.quality(EC) == (Quality.GOOD, None)


def test_an_oxygen_probe_in_the_air_and_its_thermometer_are_not_believed_through_a_restart_until_they_are_back() -> (
    None
):
    farm = tank()
    farm.run(3600, 10.0)
    farm.says |= {OWN: 15.4, DO: float(oxygen_saturation_mg_l(15.4))}
    farm.run(290, 10.0)
    assert {farm.quality(tag)[0] for tag in (DO, OWN)} == {Quality.GOOD}
    farm.run(30, 10.0)
    assert {farm.quality(tag) for tag in (DO, OWN)} == {(Quality.BAD, Reason.IN_AIR)}
    after = Farm(farm.core, farm.now_s, json.loads(json.dumps(to_plain(farm.state))))
    after.says = {**farm.says}
    after.run(3600, 10.0)
    assert {after.quality(tag) for tag in (DO, OWN)} == {(Quality.BAD, Reason.IN_AIR)}
    after.says |= {OWN: 24.8, DO: 7.4}
    after.run(330, 10.0)
    assert {after.quality(tag) for tag in (DO, OWN)} == {(Quality.GOOD, None)}


@pytest.mark.parametrize(("done", "found"), [(True, False), (False, True)])
def test_a_probe_that_is_forgotten_after_cleaning_is_found_and_one_that_somebody_put_back_is_not(
    done: bool, found: bool
) -> None:
    """Back, in water that was changed meanwhile and is as warm as the air: who put it there says so."""
    farm = tank()
    farm.run(3600, 10.0)
    farm.scan([Maintain("m", DO, "cleaning", "li", farm.now_s + 1200.0, farm.now_s)])
    farm.says |= {OWN: 15.2, DO: float(oxygen_saturation_mg_l(15.2))}
    farm.run(1100, 10.0)
    if done:
        farm.scan([MaintainEnd("n", DO, "li", farm.now_s)])
    farm.run(900, 10.0)
    assert (farm.quality(DO)[1] is Reason.IN_AIR) is found


def test_a_probe_reckons_with_the_air_of_its_height_and_the_salt_of_its_water() -> None:
    site = only("fa.z.ec_loop")
    site["site"]["altitude"] = "2500 m"
    site["tags"][DO] = {"unit": "mg/L", "in_air": {"temperature": OWN, "air": AIR, "salinity": "30 g/L"}}
    check = core_of(site).plan.conditioners[DO].in_air
    assert isinstance(check, Left)
    assert (check.salinity_g_l, check.in_percent) == (30.0, False)
    assert check.pressure_pa == pytest.approx(74_700.0, rel=0.01)
    probe = Probe(25.0, 15.0, check=check)
    probe.percent = 6.2
    probe.live(3600.0)
    says_mg_l = float(oxygen_saturation_mg_l(15.3, 30.0, check.pressure_pa))
    image = {OWN: good(OWN, 15.3, 0.0), AIR: good(AIR, 15.0, 0.0)}
    for step in range(40):
        probe.block = check.step(probe.block, says_mg_l, image, probe.now_s + 10.0 * step)
    assert probe.found
