"""Machines of a fish farm that a preset looks after where they are declared, and the ladder of TAN, NH3 and NO2."""

from pathlib import Path

import pytest

from controller.core.words import Slot, Snapshot
from edge_config.loader import load_site
from edge_config.model.site import Site
from edge_config.templates import placed_rules
from foundation.reading import good
from foundation.water import unionised_ammonia_fraction
from tests.edge_config.preset_sites import whole_site, write_site
from tests.edge_config.test_water_presets import BASS, Run, site_of

TILAPIA_POND = "pond/nile_tilapia@1"


def parts(site: Site) -> set[str]:
    """Programs, loops, interlocks, alarms and rules of a site by short name."""
    named = {*site.programs, *site.loops, *site.interlocks, *site.alarms, *(one.id for one in placed_rules(site))}
    return {name.removeprefix("f1.z1.") for name in named}


def inhibited(run: Run, output: str) -> str | None:
    """The interlock that keeps it off."""
    order = run.state.orders[f"f1.z1.{output}"]
    return order.owner.removeprefix("f1.z1.") if order.slot < Slot.LOOP and order.value == 0.0 else None


@pytest.mark.parametrize(
    ("lost", "gone"),
    [
        ("zone.temp_guard", {"far_too_warm"}),
        ("zone.heat_pump", {"heat_pump_loop"}),
        ("zone.blower2", {"second_cone_after_the_blowers"}),
        ("zone.o2_valve2", {"second_cone", "second_cone_after_the_blowers"}),
        ("zone.destruct_runs", {"no_ozone_without_destruct"}),
        ("zone.uv_wiper", {"wiping"}),
        ("zone.exchange_valve", {"exchange", "water_by_feed", "water_in_ammonia"}),
        ("zone.makeup", {"new_water", "half_the_water"}),
        ("zone.alkalinity", {"measure_alkalinity", "alkalinity_is_low"}),
        ("zone.nitrite", {"no_feed_in_nitrite", "feed_half_in_nitrite", "nitrite_high"}),
        ("zone.filter_rate", {"filter_weak", "new_water", "more_acid_water", "both_pumps_for_a_weak_filter"}),
    ],
)
def test_what_the_farm_does_not_have_is_left_out_and_nothing_else_breaks(
    tmp_path: Path, lost: str, gone: set[str]
) -> None:
    whole = parts(site_of(tmp_path, BASS))
    assert gone <= whole
    assert gone.isdisjoint(parts(site_of(tmp_path, BASS, lost)))


def test_compressors_stand_for_five_minutes_and_blowers_run_for_ten(tmp_path: Path) -> None:
    outputs = site_of(tmp_path, BASS).outputs
    assert [outputs[f"f1.z1.{name}"].min_off for name in ("heat_pump", "chiller")] == [300.0, 300.0]
    assert [outputs[f"f1.z1.{name}"].min_on for name in ("blower1", "blower2")] == [600.0, 600.0]
    proofs = {name: outputs[f"f1.z1.{name}"].proof for name in ("blower1", "blower2", "drum")}
    assert {name: proof and proof.tag for name, proof in proofs.items()} == {
        "blower1": "f1.z1.blower1_current", "blower2": "f1.z1.blower2_current", "drum": "f1.z1.rinse_pressure",
    }  # fmt: skip


def test_the_second_high_limit_has_a_thermometer_of_its_own_and_waits_for_somebody(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS), water_temp=20.0, temp_guard=20.0, do=7.0, flow=50.0, mains=True).go(60)
    assert inhibited(run, "heater") is None
    run.go(60, temp_guard=30.6)  # the first still says 20 degC
    assert inhibited(run, "heater") == inhibited(run, "heat_pump") == "far_too_warm"
    run.go(1200, 10.0, temp_guard=20.0)
    assert inhibited(run, "heater") == "far_too_warm"


def test_a_lost_guard_stops_the_heating(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS), water_temp=20.0, do=7.0, flow=50.0, mains=True).go(60)
    assert inhibited(run, "heater") == "far_too_warm"


def test_an_ozone_generator_needs_its_destructor(tmp_path: Path) -> None:
    calm = {"flow": 50.0, "orp": 250.0, "orp_guard": 250.0, "room_ozone": 0.0}
    run = Run(site_of(tmp_path, BASS), destruct_runs=True, mains=True, **calm).go(400)
    assert inhibited(run, "ozone") is None
    assert inhibited(run.go(30, destruct_runs=False), "ozone") == "no_ozone_without_destruct"
    assert inhibited(run.go(30, destruct_runs=True, room_ozone=0.2), "ozone") is not None


def running(run: Run) -> list[bool]:
    return [run.state.applied[f"f1.z1.blower{number}"] > 50.0 for number in (1, 2)]


STEADY = {"water_temp": 25.0, "flow": 50.0, "mains": True, "blower1_current": 5.0, "blower2_current": 5.0}


def test_blowers_join_the_cone_one_by_one_and_leave_one_by_one(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS, "zone.blower"), do=6.75, **STEADY).go(1500, 5.0)
    assert running(run) == [False, False]
    # the cone opens whole: the next after a minute, and the one after that after another
    run.go(70, 5.0, do=5.3)
    began = running(run)
    while sum(running(run)) < 1:
        run.go(5, 5.0)
    first_s = run.now_s
    while sum(running(run)) < 2:
        run.go(5, 5.0)
    assert 55.0 <= run.now_s - first_s <= 75.0
    assert began == [False, False]
    # and the second cone after both
    while run.state.applied["f1.z1.o2_valve2"] == 0.0:
        run.go(5, 5.0)
    assert 55.0 <= run.now_s - first_s <= 200.0
    run.go(5, 5.0, do=9.0)
    while run.state.applied["f1.z1.o2_valve"] >= 50.0:
        run.go(5, 5.0)
    shut_s = run.now_s
    while all(running(run)):
        run.go(5, 5.0)
    assert 590.0 <= run.now_s - shut_s <= 640.0
    while any(running(run)):
        run.go(5, 5.0)
    assert 1190.0 <= run.now_s - shut_s <= 1260.0
    assert run.state.applied["f1.z1.o2_valve2"] == 0.0


def test_the_blower_with_fewer_hours_leads(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS, "zone.blower"), do=6.75, **STEADY).go(1500, 5.0)
    led = []
    for _ in range(2):
        run.go(30, 5.0, do=5.3)
        while not any(running(run)):
            run.go(5, 5.0)
        led.append(running(run).index(True))
        run.go(30, 5.0, do=9.0)
        while any(running(run)):
            run.go(5, 5.0)
    assert sorted(led) == [0, 1]


def test_blowers_without_a_cone_hold_the_oxygen_by_themselves(tmp_path: Path) -> None:
    site = site_of(tmp_path, BASS, "zone.blower", "zone.o2_valve")
    assert {"air_steps_loop", "air_by_steps"} <= parts(site)
    assert {"blowers", "air_need", "do_loop", "air_loop"}.isdisjoint(parts(site))
    run = Run(site, do=5.2, **STEADY).go(900, 5.0)
    assert running(run) == [True, True]


def test_low_oxygen_turns_every_blower_on_at_once(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS, "zone.blower"), do=4.8, **STEADY).go(10)
    assert running(run) == [True, True]


def test_wheels_that_ran_at_night_stop_before_sunrise_only_where_oxygen_is_far_above(tmp_path: Path) -> None:
    text = whole_site(TILAPIA_POND)
    run = Run(load_site(write_site(tmp_path, text)).site, water_temp=26.0)
    run.now_s -= 13 * 3600.0  # 23 h of the day before
    run.state = run.core.start(run.now_s)
    run.go(120, 10.0, do=5.0)
    assert run.state.applied["f1.z1.aerator1"] == 100.0
    run.go(3600, 10.0, do=7.5)
    assert run.state.applied["f1.z1.aerator1"] == 100.0
    run.go(1200, 10.0, do=8.3)
    assert run.state.applied["f1.z1.aerator1"] == 0.0


# --- the ladder


def ladder(tmp_path: Path, *without: str, **values: float) -> Run:
    """A farm by the laboratory alone: no probe of TAN, no estimate of its filter."""
    site = site_of(tmp_path, BASS, "zone.filter_rate", "zone.tan_probe", *without)
    return Run(site, **{"water_temp": 25.0, "ph": 8.0, "do": 7.0, "flow": 50.0, **values})


def tan_of(share: float) -> float:
    """mg/L of TAN at pH 8 and 25 degC with this share of the ammonia that bass bear."""
    return share * 0.02 / float(unionised_ammonia_fraction(8.0, 25.0))


def test_ammonia_raises_the_exchange_and_lowers_the_ph_setpoint(tmp_path: Path) -> None:
    run = ladder(tmp_path, "zone.bicarbonate_pump", tan=tan_of(0.4)).go(30)
    assert [run.value("exchange_sp"), run.value("ph_sp")] == pytest.approx([0.05, 7.2])
    run.go(30, tan=tan_of(0.65))
    assert [run.value("exchange_sp"), run.value("ph_sp")] == pytest.approx([0.05, 7.0])
    run.go(30, tan=tan_of(0.9))
    assert run.value("exchange_sp") == pytest.approx(2.0)


def test_much_ammonia_and_an_old_alkalinity_ask_for_a_measurement(tmp_path: Path) -> None:
    run = ladder(tmp_path, tan=tan_of(0.7))
    asked = "f1.z1.measure_alkalinity"

    def is_asked() -> bool:
        return any(alarm.id == asked for alarm in run.state.alarms)

    run.go(1, alkalinity=100.0)
    del run.says["alkalinity"]
    run.go(3600, 60.0)
    assert not is_asked()
    run.go(24 * 3600, 600.0)
    assert is_asked()


def test_nitrite_of_the_laboratory_halves_the_feed_and_then_stops_it(tmp_path: Path) -> None:
    run = ladder(tmp_path, tan=0.1, nitrite=0.2).go(30)
    assert run.value("feed_share") == 100.0
    assert run.go(30, nitrite=0.4).value("feed_share") == 50.0
    assert not run.state.demands.get("f1.z1.feeder")
    run.go(30, nitrite=0.6)
    assert [demand.value for demand in run.state.demands["f1.z1.feeder"]] == [0.0]


def test_low_alkalinity_of_the_laboratory_calls_for_base_while_the_ph_bears_it(tmp_path: Path) -> None:
    run = ladder(tmp_path, "zone.bicarbonate_pump", tan=0.1, alkalinity=60.0, ph=7.3).go(400, 5.0)
    assert run.state.applied["f1.z1.base_pump"] >= 10.0
    run.go(900, 5.0, ph=7.6)
    assert run.state.applied["f1.z1.base_pump"] == 0.0


def test_a_tan_probe_is_held_against_a_fresh_sample_and_not_against_a_late_one(tmp_path: Path) -> None:
    for ago_s, is_told in ((60.0, True), (7200.0, False)):
        text = whole_site(BASS).replace("f1.z1.tan: {unit: 'mg/L'}", "f1.z1.tan: {unit: mg/L, stale: 48 h}")
        run = Run(load_site(write_site(tmp_path, text)).site, tan_probe=1.0).go(1800, 60.0)
        run.now_s += 1.0
        run.state = run.core.scan(run.state, Snapshot((good("f1.z1.tan", 2.0, run.now_s - ago_s),)), run.now_s).state
        run.go(120, 10.0)
        assert any(alarm.id == "f1.z1.tan_probe_off" for alarm in run.state.alarms) is is_told


def test_water_that_holds_too_much_oxygen_for_hours_is_told_and_a_gust_of_it_is_not(tmp_path: Path) -> None:
    run = ladder(tmp_path, tan=0.1)
    saturated = 8.26  # fresh water of 25 degC

    def is_told() -> bool:
        return any(alarm.id == "f1.z1.supersaturated" for alarm in run.state.alarms)

    run.go(5 * 3600, 30.0, do=saturated).go(3600, 30.0, do=1.3 * saturated)
    assert not is_told()
    run.go(6 * 3600, 30.0, do=1.15 * saturated)
    assert is_told()


def test_carbon_dioxide_that_no_probe_measures_is_told_of_as_well(tmp_path: Path) -> None:
    site = site_of(tmp_path, BASS, "zone.co2")
    assert "f1.z1.co2_soft_high" in site.alarms
    run = Run(site, water_temp=25.0, ph=6.7, do=7.0, flow=50.0).go(1800, 10.0)
    assert not any(alarm.id == "f1.z1.co2_soft_high" for alarm in run.state.alarms)  # of an alkalinity nobody measured
    run.go(1800, 10.0, alkalinity=120.0)
    assert any(alarm.id == "f1.z1.co2_soft_high" for alarm in run.state.alarms)
    assert "f1.z1.co2_high" not in site.alarms
    assert "f1.z1.co2_soft_high" not in site_of(tmp_path, BASS).alarms


def test_fed_by_hand_is_foreseen_as_what_the_feeder_gives(tmp_path: Path) -> None:
    loops = site_of(tmp_path, BASS).loops
    for name in ("do_loop", "ph_loop", "degas_loop"):
        if f"f1.z1.{name}" in loops:
            ahead = {one.of: (one.gain, one.lag) for one in loops[f"f1.z1.{name}"].feed_forward}  # type: ignore[union-attr]
            assert ahead["f1.z1.fed_by_hand"] == ahead["f1.z1.fed"]
    for name in ("feeding", "alkalinity_by_feed"):
        assert loops[f"f1.z1.{name}"].by_hand == "f1.z1.fed_by_hand"  # type: ignore[union-attr]  # both have it
