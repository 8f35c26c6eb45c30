"""What people of the sample farms enter does something: at its time of sampling, and until it is too old."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.core.build import build
from controller.core.scan import Core
from controller.core.state import State
from controller.core.strategies.irrigation import Round
from controller.core.timed import Held
from controller.core.words import Snapshot
from edge_config.loader import load_site
from edge_config.tags import site_tags
from edge_config.templates import placed_rules
from foundation.reading import Quality, Reading, Reason, Value, good
from tests.edge_config.preset_sites import whole_site, write_site

SITES = sorted(Path("edge_config/sites").glob("*.yaml"))
NOON_S = 1_773_979_200.0
"""Of a day in March."""
DAY_S = 86_400.0
PF, GH = "pf1.rack1", "gh1.bay1"


class Sample:
    """A sample farm; its sensors say the same once in `step_s`, and people enter things now and then."""

    def __init__(self, name: str, **says: Value) -> None:
        self.core = Core(load_site(Path(f"edge_config/sites/{name}.yaml")).site)
        self.zone = next(iter(self.core.site.tags)).rpartition(".")[0]
        self.now_s = NOON_S
        self.state: State = self.core.start(self.now_s)
        self.says = says

    def go(
        self,
        seconds: float,
        says: Mapping[str, Value] | None = None,
        step_s: float = 5.0,
        entered: tuple[Reading, ...] = (),
    ) -> "Sample":
        self.says |= says or {}
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            told = [good(self.tag(name), value, self.now_s) for name, value in self.says.items()]
            self.state = self.core.scan(self.state, Snapshot((*told, *entered)), self.now_s).state
            entered = ()
        return self

    def enter(self, sampled_ago_s: float = 0.0, **values: float) -> "Sample":
        at_s = self.now_s - sampled_ago_s
        return self.go(5.0, entered=tuple(good(self.tag(name), value, at_s) for name, value in values.items()))

    def tag(self, name: str) -> str:
        return name if "." in name else f"{self.zone}.{name}"

    def value(self, name: str) -> Value | None:
        return self.state.values[self.tag(name)]

    def tells(self, name: str) -> bool:
        raised = {one.id for one in self.state.alarms if one.state in ("unacknowledged", "acknowledged")}
        return any(one.endswith(self.tag(name)) for one in raised)


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.stem)
def test_nothing_is_asked_of_people_that_the_farm_does_not_use(path: Path) -> None:
    site = load_site(path).site
    entered = {name for name, tag in site_tags(site).items() if tag.entered}
    others = site.model_dump_json(include={"loops", "programs", "alarms", "interlocks", "sequences"})
    rules = " ".join(
        one.named(name)
        for one in placed_rules(site)
        for name in re.findall(r"\b[a-z]\w*\.[a-z]\w*(?:\.[a-z]\w*)?\b", one.rule.model_dump_json())
    )
    tags = " ".join(one.model_dump_json() for one in site.tags.values())
    counted = {name for name, one in site.tags.items() if one.counts is not None}
    used = {name for name in entered if re.search(rf"\b{re.escape(name)}\b", f"{others} {rules} {tags}")} | counted
    assert entered - used == set()
    assert entered or path.stem in ("cold-store", "tunnel")
    build(site)


@pytest.mark.parametrize(
    ("probe", "bench", "says", "near", "far"), [("ec", "ec_lab", 1.8, 1.9, 2.1), ("ph", "ph_lab", 5.8, 6.0, 6.2)]
)
def test_a_probe_that_the_bench_does_not_confirm_is_told_of_until_the_next_measurement_does(
    probe: str, bench: str, says: float, near: float, far: float
) -> None:
    farm = Sample("plant-factory", **{probe: says}).go(900)
    farm.enter(**{bench: near}).go(120)
    assert not farm.tells(f"{probe}_probe_off")
    farm.enter(**{bench: far}).go(120)
    assert farm.tells(f"{probe}_probe_off")
    farm.go(3600)
    assert farm.tells(f"{probe}_probe_off")  # nobody has done anything about it
    farm.enter(**{bench: says}).go(120)
    assert not farm.tells(f"{probe}_probe_off")


def test_a_bench_measurement_that_is_entered_late_says_nothing_of_what_the_probe_says_now() -> None:
    farm = Sample("plant-factory", ec=1.8).go(900)
    farm.enter(sampled_ago_s=2400.0, ec_lab=2.4).go(600)
    assert farm.value("ec_lab") == 2.4
    assert not farm.tells("ec_probe_off")


def test_a_disagreement_of_last_week_is_not_told_any_more() -> None:
    farm = Sample("plant-factory", ec=1.8).go(900).enter(ec_lab=2.4).go(120)
    assert farm.tells("ec_probe_off")
    farm.go(7 * DAY_S, step_s=600.0)
    assert farm.state.readings[f"{PF}.ec_lab"].reason is Reason.STALE
    farm.go(300)
    assert not farm.tells("ec_probe_off")


def test_stock_that_was_mixed_wrong_is_told_of_until_it_is_mixed_anew() -> None:
    farm = Sample("plant-factory", ec=1.8).go(60).enter(stock_ec=1.5).go(120)
    assert not farm.tells("stock_mixed_wrong")
    farm.enter(stock_ec=1.1).go(120)
    assert farm.tells("stock_mixed_wrong")
    farm.enter(stock_ec=1.4).go(120)
    assert not farm.tells("stock_mixed_wrong")


def test_young_plants_get_a_thinner_solution_by_their_leaves_and_the_usual_one_once_nobody_counts() -> None:
    farm = Sample("plant-factory", ec=1.8).go(60)
    assert farm.value("ec_sp") == pytest.approx(1.8)
    for leaves, wanted in ((4.0, 1.2), (8.0, 1.5), (12.0, 1.8), (20.0, 1.8), (4.0, 1.2)):
        farm.enter(leaves=leaves).go(10)
        assert farm.value("ec_sp") == pytest.approx(wanted)
    farm.go(10.1 * DAY_S, step_s=600.0)
    assert farm.value("ec_sp") == pytest.approx(1.8)


def test_seedlings_that_are_up_are_kept_cooler_at_the_roots_than_seeds() -> None:
    farm = Sample("nursery").go(60)
    assert farm.value("substrate_sp") == pytest.approx(23.0)
    farm.enter(emerged=85.0).go(10)
    assert farm.value("substrate_sp") == pytest.approx(20.0)
    farm.enter(emerged=0.0).go(10)  # the next sowing
    assert farm.value("substrate_sp") == pytest.approx(23.0)


def test_casing_that_somebody_found_wet_is_not_watered_until_that_is_half_a_day_old() -> None:
    """Watered at 16:00 and 08:00; it is noon."""
    for casing, wets in ((70.0, 100.0), (84.0, 0.0)):
        farm = Sample("mushroom").go(60).enter(casing_water=casing).go(4 * 3600.0, step_s=60.0).go(300)
        assert farm.state.orders["mu1.room1.watering"].value == wets
        farm.go(16 * 3600.0, step_s=60.0)
        assert farm.state.orders["mu1.room1.watering"].value == 100.0


def test_salty_drain_gets_the_glasshouse_more_water_and_one_of_the_morning_none() -> None:
    usual = 0.0023

    def given(ago_s: float, ec: float, share: float) -> float:
        farm = Sample("greenhouse")
        farm.now_s -= 4 * 3600.0  # three rounds from eight in the morning on, and a drain sampled at noon
        farm.state = farm.core.start(farm.now_s)
        farm.go(4 * 3600.0, {"gh1.all.radiation": 600.0})
        farm.enter(sampled_ago_s=ago_s, drain_ec=ec, drain_share=share).go(600)
        block = farm.state.blocks[f"{GH}.irrigation"]
        assert isinstance(block, Round)
        return block.gives or usual

    assert given(0.0, 4.5, 15.0) == pytest.approx(usual)
    assert given(0.0, 5.5, 15.0) == pytest.approx(1.05 * usual)
    assert given(0.0, 3.5, 15.0) == pytest.approx(0.95 * usual)
    assert given(0.0, 5.5, 35.0) == pytest.approx(usual)  # it runs already
    assert given(3 * 3600.0, 5.5, 15.0) == usual  # before eleven the drain says nothing of the day


# --- probes in the air


@pytest.mark.parametrize(
    ("name", "probe", "dry", "wet"),
    [("plant-factory", "pf1.rack1.ec", 0.05, 1.7), ("aquaponics", "aq1.rafts.ec", 0.05, 0.8)],
)
def test_a_conductivity_probe_that_hangs_in_the_air_is_believed_by_nobody(
    name: str, probe: str, dry: float, wet: float
) -> None:
    farm = Sample(name, **{probe: wet}).go(60)
    assert farm.state.readings[probe].quality is Quality.GOOD
    farm.go(30, {probe: dry})
    assert farm.state.readings[probe].reason is Reason.IN_AIR
    if name == "plant-factory":
        trip = farm.state.blocks[f"{PF}.probe_dry"]
        assert isinstance(trip, Held)
        assert trip.on
    farm.go(400, {probe: wet})
    assert farm.state.readings[probe].quality is Quality.GOOD


OXYGEN = [
    ("ras", "ras1.tank1", "hall_temp"),
    ("aquaponics", "aq1.tank1", "hall_temp"),
    ("pond", "pond1.water", "air_temp"),
]


@pytest.mark.parametrize(("name", "zone", "air"), OXYGEN, ids=[one[0] for one in OXYGEN])
@pytest.mark.parametrize(("out", "stays"), [("a", "b"), ("b", "a")])
def test_of_two_oxygen_probes_the_one_that_was_pulled_out_is_left_out(
    name: str, zone: str, air: str, out: str, stays: str
) -> None:
    own = {"a": f"{zone}.water_temp", "b": f"{zone}.water_temp_b"}
    farm = Sample(name, **{
        f"{zone}.do_a": 6.5, f"{zone}.do_b": 6.5, own["a"]: 25.0, own["b"]: 25.0, f"{zone}.{air}": 16.0,
    })  # fmt: skip
    farm.go(3600.0)
    assert farm.state.readings[f"{zone}.do_{out}"].quality is Quality.GOOD
    for step in range(120):  # saturation and the air's warmth within ten minutes
        left = 0.96**step
        farm.go(5.0, {f"{zone}.do_{out}": 9.8 - 3.3 * left, own[out]: 16.0 + 9.0 * left})
    farm.go(900.0)
    assert farm.state.readings[f"{zone}.do_{out}"].reason is Reason.IN_AIR
    assert farm.state.readings[own[out]].reason is Reason.IN_AIR
    assert farm.state.readings[f"{zone}.do_{stays}"].quality is Quality.GOOD
    assert farm.value(f"{zone}.do") == pytest.approx(6.5, abs=0.05)


@pytest.mark.parametrize(
    ("preset", "probe", "dry", "wet"),
    [("greenhouse/tomato@1", "slab_ec", 0.1, 3.0), ("nursery/seedlings@1", "moisture", 1.0, 30.0)],
)
def test_a_probe_that_fell_out_of_its_slab_or_tray_is_not_believed(
    preset: str, probe: str, dry: float, wet: float, tmp_path: Path
) -> None:
    core = Core(load_site(write_site(tmp_path, whole_site(preset))).site)
    state = core.start(NOON_S)
    for second, says, reason in ((1, wet, None), (2, dry, Reason.IN_AIR), (3, wet, Reason.IN_AIR), (400, wet, None)):
        told = good(f"f1.z1.{probe}", says, NOON_S + second)
        state = core.scan(state, Snapshot((told,)), NOON_S + second).state
        assert state.readings[told.tag].reason is reason
