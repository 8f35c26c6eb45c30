"""What presets of fish, ponds and closed rooms make of a farm that has less, and what their rules then do."""

import re
from pathlib import Path

import pytest

from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import Snapshot
from edge_config.loader import load_site
from edge_config.model.control import Pid, Timer
from edge_config.model.site import Site
from edge_config.preset_library import load_preset
from foundation.reading import Value, good
from foundation.water import unionised_ammonia_fraction
from tests.edge_config.preset_sites import needs_of, whole_site, write_site

BASS, LETTUCE = "ras/largemouth_bass@1", "plant_factory/lettuce@1"
START_S = 1_773_979_200.0
"""Noon of a day in March."""


def site_of(folder: Path, preset: str, *without: str) -> Site:
    """A farm with all that the preset can use but these."""
    text = whole_site(preset)
    for name in without:
        short = f"f1.{name.replace('zone.', 'z1.')}"
        text = re.sub(rf"\w+: {re.escape(short)}\b(, )?(?=[\w}}])", "", text)
        text = re.sub(rf"  {re.escape(short)}: .*\n", "", text)
    return load_site(write_site(folder, text)).site


class Run:
    """The site's core, told the same values again and again."""

    def __init__(self, site: Site, **values: Value) -> None:
        self.core, self.now_s = Core(site), START_S
        self.state: State = self.core.start(self.now_s)
        self.says = dict(values)

    def go(self, seconds: float, step_s: float = 1.0, **values: Value) -> "Run":
        self.says |= values
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            told = tuple(good(f"f1.z1.{name}", value, self.now_s) for name, value in self.says.items())
            self.state = self.core.scan(self.state, Snapshot(told, (), ()), self.now_s).state
        return self

    def value(self, name: str) -> Value | None:
        return self.state.values[f"f1.z1.{name}"]


def test_without_a_carbon_dioxide_probe_the_degasser_goes_by_ph_and_alkalinity(tmp_path: Path) -> None:
    site = site_of(tmp_path, BASS, "zone.co2")
    assert {"f1.z1.degas_loop", "f1.z1.degas_by_uptake"}.isdisjoint(site.loops)
    loop = site.loops["f1.z1.degas_by_ph"]
    assert isinstance(loop, Pid)
    run = Run(site, ph=7.0, alkalinity=100.0, water_temp=20.0).go(60)
    assert run.value("co2_soft") == pytest.approx(21.0, rel=0.1)
    assert run.core.plan.tags[loop.pv].unit == "mg/L"


def test_a_degasser_follows_what_the_fish_take_up_where_that_is_known(tmp_path: Path) -> None:
    assert "f1.z1.degas_by_uptake" in site_of(tmp_path, BASS).loops
    by_feed = site_of(tmp_path, BASS, "zone.uptake").loops
    assert "f1.z1.degas_loop" in by_feed
    assert "f1.z1.degas_by_uptake" not in by_feed


def test_a_farm_with_blowers_alone_is_aerated_and_a_drum_without_a_level_is_rinsed_by_time(tmp_path: Path) -> None:
    site = site_of(tmp_path, BASS, "zone.o2_valve", "zone.drum_head")
    assert {"f1.z1.air_loop", "f1.z1.drum_by_time"} <= site.loops.keys()
    assert {"f1.z1.do_loop", "f1.z1.drum_loop"}.isdisjoint(site.loops)
    drum = site.loops["f1.z1.drum_by_time"]
    assert isinstance(drum, Timer)
    assert drum.every == 600.0


def test_a_room_without_a_dehumidifier_dries_by_its_coil_and_heats_again(tmp_path: Path) -> None:
    site = site_of(tmp_path, LETTUCE, "zone.dehumidifier", "zone.pump_base")
    assert {"f1.z1.coil", "f1.z1.dew_loop", "f1.z1.reheat_loop", "f1.z1.ph_loop"} <= site.loops.keys()
    assert {"f1.z1.temp_loop", "f1.z1.vpd_loop", "f1.z1.acid_loop"}.isdisjoint(site.loops)
    # humid and neither too warm nor too cold: the coil is cold for the dew point's sake, and the heater makes it good
    run = Run(site, air_temp=23.5, rh=90.0, ppfd=250.0).go(900)
    assert float(run.state.orders["f1.z1.cooling"].value) > 30.0
    assert float(run.state.orders["f1.z1.heating"].value) > 5.0


def test_racks_light_up_by_turns_where_the_site_says_so(tmp_path: Path) -> None:
    own = 'programs: {f1.z2.ppfd_sp: {light: {from: "07:30", to: "23:30"}}}\n'
    site = load_site(write_site(tmp_path, whole_site(LETTUCE, ("z1", "z2"), own))).site
    first, second = (site.programs[f"f1.{rack}.ppfd_sp"].light for rack in ("z1", "z2"))
    assert first is not None
    assert second is not None
    assert (first.from_.offset_s, second.from_.offset_s) == (6 * 3600.0, 7.5 * 3600.0)
    assert (second.target, second.adjust) == (first.target, first.adjust)


def test_ammonia_takes_a_quarter_of_the_feed_then_half_then_all(tmp_path: Path) -> None:
    site = site_of(tmp_path, BASS)
    toxic = float(unionised_ammonia_fraction(8.0, 25.0))
    run = Run(site, ph=8.0, water_temp=25.0, do=7.0)
    shares = [run.go(30, tan=part * 0.02 / toxic).value("feed_share") for part in (0.55, 0.7, 0.9)]
    assert shares == [100.0, 75.0, 50.0]
    assert not run.state.demands.get("f1.z1.feeder")
    run.go(310, tan=1.05 * 0.02 / toxic)
    assert [demand.value for demand in run.state.demands["f1.z1.feeder"]] == [0.0]


def test_new_water_follows_the_feed_of_the_last_day_and_never_falls_below_its_least(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS), fed=0.0)
    run.go(60)
    assert run.value("exchange_sp") == pytest.approx(0.05)
    for minute in range(16 * 60):
        run.go(60, 60.0, fed=2.0 * minute / 60.0)
    # 2 kg an hour of 32 g of nitrogen each, and 75 mg/L that may stay: 0.86 m3 an hour
    assert run.value("exchange_sp") == pytest.approx(0.86, rel=0.03)


def test_salmon_stop_feeding_at_a_saturation_that_rises_with_warmth(tmp_path: Path) -> None:
    site = site_of(tmp_path, "ras/atlantic_salmon@1")

    def is_held_back(water_c: float, oxygen_mg_l: float) -> bool:
        run = Run(site, water_temp=water_c, do=oxygen_mg_l).go(60)
        return any(demand.value == 0.0 for demand in run.state.demands.get("f1.z1.feeder", ()))

    assert not is_held_back(7.0, 7.3)  # 60 % of saturation
    assert is_held_back(17.0, 5.8)  # the same share of warmer water


@pytest.mark.parametrize(
    ("name", "oxygen", "coldest"),
    [("nile_tilapia", 6.0, 18.0), ("rainbow_trout", 8.5, 4.0), ("whiteleg_shrimp", 6.5, 22.0), ("grouper", 6.5, 20.0)],
)
def test_each_species_has_its_own_oxygen_and_its_own_cold(tmp_path: Path, name: str, oxygen: float, coldest: float):
    site = site_of(tmp_path, f"ras/{name}@1")
    value, feeding = site.programs["f1.z1.do_sp"].value, site.loops["f1.z1.feeding"]
    assert value is not None
    assert value.to("mg/L") == pytest.approx(oxygen)
    assert feeding.stops[0].to("degC") == coldest  # type: ignore[union-attr]  # a feeding
    figures = feeding.figures["feed_table"]  # type: ignore[union-attr]
    assert figures.status == "unverified"


def test_every_fish_preset_marks_what_nobody_has_checked(tmp_path: Path) -> None:
    marked = {
        name: figure.status
        for name, figure in site_of(tmp_path, BASS).interlocks["f1.z1.low_oxygen"].figures.items()
    }  # fmt: skip
    assert marked == {"oxygen_low": "practice", "others": "practice"}
    assert load_preset(BASS).facts["species.feed_stop_cold"].status == "unverified"
    assert len(needs_of(load_preset(BASS), ("z1",))) > 30


def test_duty_and_standby_pump_change_places_and_lost_flow_starts_both(tmp_path: Path) -> None:
    run = Run(site_of(tmp_path, BASS), do=7.5, flow=50.0, water_temp=25.0, ph=7.2).go(60)
    pumps = ("f1.z1.duty_pump", "f1.z1.standby_pump")
    alone = [run.state.applied[pump] for pump in pumps]
    assert sorted(alone) == [0.0, 100.0]
    run.go(4 * 86400, step_s=900.0)
    assert [run.state.applied[pump] for pump in pumps] == alone[::-1]
    run.go(15, flow=2.0)
    assert [run.state.applied[pump] for pump in pumps] == [100.0, 100.0]


def test_sulphide_is_told_and_in_salt_water_nitrate_at_its_floor_too(tmp_path: Path) -> None:
    for preset, told in (("ras/grouper@1", {"h2s_high", "nitrate_at_its_floor"}), (BASS, {"h2s_high"})):
        folder = tmp_path / preset.replace("/", "_")
        folder.mkdir()
        run = Run(site_of(folder, preset), h2s=0.0005, nitrate=60.0).go(120, step_s=20.0)
        kinds = {f"f1.z1.{name}" for name in ("h2s_high", "nitrate_at_its_floor")}
        assert kinds.isdisjoint(alarm.id for alarm in run.state.alarms)
        run.go(900, step_s=20.0, h2s=0.003, nitrate=12.0)
        found = kinds.intersection(alarm.id for alarm in run.state.alarms)
        assert found == {f"f1.z1.{name}" for name in told}
