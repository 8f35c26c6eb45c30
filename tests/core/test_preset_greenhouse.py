"""What the glasshouse preset does where a farm has the equipment, or gives the figure: boilers, flue gas, grow pipe."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from controller.core.programs import Setting
from controller.core.scan import Core
from controller.core.words import Reset
from edge_config.loader import load_site
from foundation.reading import Reason, Value
from tests.core.small_site import START_S, Farm
from tests.core.test_preset_vents import HOT_AND_CALM
from tests.edge_config.preset_sites import whole_site, write_site

GIVEN = (
    "night_by_day: -3 K, vents_most_day: 100 %, vents_most_night: 20 %, boiler_flow_least: 5 m3/h, flue_nox: 0.2 ppm"
)
MIDNIGHT_S = START_S - (10.0 + 2.0 / 3.0) * 3600.0
BOILERS = ("f1.all.boiler1", "f1.all.boiler2")


@cache
def core(given: str = GIVEN) -> Core:
    with TemporaryDirectory() as folder:
        text = whole_site("greenhouse/tomato@1", facility=f", with: {{{given}}}")
        return Core(load_site(write_site(Path(folder), text)).site)


def farm(hour: float = 10.7, **says: Value | Reason) -> Farm:
    one = Farm(core(), MIDNIGHT_S + hour * 3600.0)
    one.says = {**HOT_AND_CALM, "f1.z1.nox": 0.0, "f1.z1.door_open": False}
    say(one, **says)
    return one


def say(one: Farm, **says: Value | Reason) -> None:
    for name, value in says.items():
        everywhere = f"f1.all.{name}"
        one.says[everywhere if everywhere in HOT_AND_CALM else f"f1.z1.{name}"] = value


def setpoint(one: Farm, name: str) -> float:
    value = one.state.values[f"f1.z1.{name}"]
    assert isinstance(value, float)
    return value


# --- the day and the night


def test_a_night_is_as_much_colder_than_the_day_as_the_farm_says() -> None:
    one = farm(0.5, air_temp=16.5, radiation=0.0)
    one.run(600.0, after_s=10.0)
    plain = core("").site.programs["f1.z1.heat_sp"].periods
    moved = core().site.programs["f1.z1.heat_sp"].periods
    assert plain is not None
    assert moved is not None
    assert [str(period.value) for period in plain] == ["19.5 degC", "18.5 degC"]
    assert [str(period.value) for period in moved] == ["19.5 degC", "18.5 degC", "16.5 degC"]
    assert setpoint(one, "heat_sp") == pytest.approx(16.5, abs=1.01)  # the mean of three days moves it by a kelvin
    assert setpoint(one, "vent_sp") == pytest.approx(19.5)


def test_a_cold_morning_is_there_at_sunrise_in_heating_and_vents_and_over_two_hours_later() -> None:
    drops = core("drop: -6 K, drop_over_by: 12 K/h")
    sunrise_s = drops.plan.programs["f1.z1.heat_sp"].calendar.day(MIDNIGHT_S + 3600.0).sunrise_s
    shown: dict[str, list[float]] = {}
    for name in ("heat_sp", "vent_sp"):
        program, setting = drops.plan.programs[f"f1.z1.{name}"], Setting()
        values = {}
        for minute in range(-180, 241):
            setting, values[minute] = program.step(setting, None, {}, sunrise_s + 60.0 * minute)
        shown[name] = [round(values[minute], 1) for minute in (-60, 0, 60, 120, 240)]
    assert shown["heat_sp"] == pytest.approx([18.5, 13.5, 13.5, 19.5, 19.5], abs=0.3)
    assert shown["vent_sp"] == pytest.approx([21.5, 16.5, 16.5, 22.5, 22.5], abs=0.3)
    for half in ("drop: -6 K", "drop_over_by: 12 K/h"):
        heat = core(half).site.programs["f1.z1.heat_sp"].periods
        assert {str(period.value) for period in heat or ()} == {"19.5 degC", "18.5 degC"}, "half of it is none of it"


def test_at_night_the_lee_vent_opens_no_further_than_its_period_lets_it() -> None:
    one = farm(0.5, air_temp=33.0, radiation=0.0, rh=60.0)
    one.run(1800.0, after_s=10.0)
    assert one.order("f1.z1.vent_lee").value == pytest.approx(20.0)
    noon = farm(11.0)
    noon.run(1800.0, after_s=10.0)
    assert noon.order("f1.z1.vent_lee").value == 100.0


# --- pipes


@pytest.mark.parametrize(
    ("demand", "light", "least"),
    [(0.0, 0.0, 20.0), (45.0, 0.0, 20.0), (60.0, 0.0, 30.0), (75.0, 0.0, 40.0), (100.0, 0.0, 40.0),
     (75.0, 150.0, 26.0), (75.0, 300.0, 12.0), (0.0, 300.0, 12.0)],
)  # fmt: skip
def test_the_least_pipe_is_the_warmer_the_damper_and_off_in_the_light(
    demand: float, light: float, least: float
) -> None:
    program = core().plan.programs["f1.z1.pipe_min"]
    values = {"f1.z1.dry_demand": demand, "f1.all.radiation": light}
    _, value = program.step(Setting(), None, values, START_S)
    assert value == pytest.approx(least)


@pytest.mark.parametrize(("rail", "grow"), [(20.0, 20.0), (30.0, 30.0), (45.0, 45.0), (80.0, 45.0)])
def test_the_grow_pipe_follows_the_rail_pipe_and_never_burns_the_crop(rail: float, grow: float) -> None:
    program = core().plan.programs["f1.z1.grow_sp"]
    _, value = program.step(Setting(), None, {"f1.z1.pipe_sp": rail}, START_S)
    assert value == pytest.approx(grow)


# --- boilers


def lit(one: Farm) -> list[str]:
    return [name for name in BOILERS if one.state.applied[name] > 50.0]


def test_one_boiler_leads_and_the_other_comes_when_the_water_stays_cold() -> None:
    one = farm(boiler_temp=80.0)
    one.run(600.0, after_s=10.0)
    assert len(lit(one)) == 1
    say(one, boiler_temp=60.0)
    one.run(900.0, after_s=10.0)
    assert len(lit(one)) == 2
    say(one, boiler_temp=95.0)
    one.run(5400.0, after_s=10.0)
    assert lit(one) == []


def test_one_boiler_burns_while_nobody_knows_how_warm_the_water_is() -> None:
    one = farm(boiler_temp=95.0)
    one.run(600.0, after_s=10.0)
    assert lit(one) == []
    say(one, boiler_temp=Reason.COMM)
    one.run(600.0, after_s=10.0)
    assert len(lit(one)) == 1


def test_no_boiler_burns_without_flow() -> None:
    one = farm(boiler_temp=60.0)
    one.run(900.0, after_s=10.0)
    assert lit(one)
    say(one, boiler_flow=1.0)
    one.run(30.0, after_s=10.0)
    assert lit(one) == []


def test_when_the_leading_boiler_fails_the_other_takes_over() -> None:
    one = farm(boiler_temp=80.0)
    one.run(600.0, after_s=10.0)
    (lead,) = lit(one)
    say(one, **{f"{lead.rpartition('.')[2]}_fault": True})
    one.run(30.0, after_s=10.0)
    (other,) = lit(one)
    assert other != lead
    say(one, **{f"{lead.rpartition('.')[2]}_fault": False})
    one.run(1200.0, after_s=10.0)
    assert lead not in lit(one)  # until somebody has looked
    one.scan([Reset("1", f"{lead}_failed", "wang", one.now_s)])
    say(one, boiler_temp=60.0)
    one.run(1200.0, after_s=10.0)
    assert len(lit(one)) == 2


def test_a_boiler_that_has_stopped_rests_for_ten_minutes() -> None:
    one = farm(boiler_temp=60.0)
    one.run(1200.0, after_s=10.0)
    assert len(lit(one)) == 2
    say(one, boiler_flow=1.0)
    one.run(30.0, after_s=10.0)
    say(one, boiler_flow=20.0)
    one.run(540.0, after_s=10.0)
    assert lit(one) == []
    one.run(180.0, after_s=10.0)
    assert lit(one)


# --- flue gas


@pytest.mark.parametrize(
    ("fault", "owner"),
    [({"burner_runs": False}, "burner_not_proven"), ({"burner_runs": Reason.COMM}, "burner_not_proven"),
     ({"air_temp": 36.0}, "no_flue_gas_in_the_heat"),
     ({"co": 26.0}, "fumes"), ({"co": Reason.COMM}, "fumes"), ({"nox": 0.3}, "fumes_nox")],
)  # fmt: skip
def test_flue_gas_of_a_bad_burner_is_shut_out(fault: dict[str, Value | Reason], owner: str) -> None:
    one = farm(air_temp=20.0, co2=400.0)
    one.run(300.0, after_s=10.0)
    assert one.state.applied["f1.z1.co2_valve"] > 0.0
    say(one, **fault)
    one.run(180.0, after_s=10.0)
    assert (one.state.applied["f1.z1.co2_valve"], one.order("f1.z1.co2_valve").owner) == (0.0, f"f1.z1.{owner}")


def test_after_fumes_somebody_looks_before_there_is_more() -> None:
    one = farm(air_temp=20.0, co2=400.0, co=30.0)
    one.run(300.0, after_s=10.0)
    assert one.state.applied["f1.z1.beacon"] > 50.0
    say(one, co=1.0)
    one.run(3600.0, after_s=10.0)
    assert one.state.applied["f1.z1.co2_valve"] == 0.0


# --- lamps under a blackout


def test_damp_air_under_the_blackout_puts_the_lamps_out_and_opens_it() -> None:
    one = farm(4.0, radiation=0.0, ppfd=0.0, air_temp=19.0, rh=80.0)
    for _ in range(180):
        one.run(60.0, after_s=10.0)
        if one.state.applied["f1.z1.lamps"] > 50.0:
            break
    assert one.state.applied["f1.z1.lamps"] > 50.0
    one.run(120.0, after_s=10.0)
    assert one.order("f1.z1.blackout").value == 100.0
    say(one, rh=94.0)
    one.run(1800.0, after_s=10.0)  # they dim by a tenth a minute
    assert one.order("f1.z1.lamps").owner == "f1.z1.damp_puts_the_lamps_out"
    assert one.order("f1.z1.blackout").value == 0.0
