"""Presets on the sample farms' devices and plants: each carries its farm through hours that matter."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.compose.simulate import Simulation, prepare, start_of
from edge_config.loader import load_site

SITES = Path("edge_config/sites")
CONTROL = ("programs", "recipes", "loops", "rules", "interlocks", "alarms")


def filled(folder: Path, sample: str, use: str, **more: Any) -> Path:
    """The sample's devices, outputs and plant, and of its control nothing but the preset."""
    site = yaml.safe_load((SITES / f"{sample}.yaml").read_text("utf-8"))
    (facility,) = site["facilities"]
    site = {section: content for section, content in site.items() if section not in CONTROL}
    site["tags"] = {name: tag for name, tag in site["tags"].items() if {"derive", "estimate"}.isdisjoint(tag)}
    kept = {key: said for key, said in site["facilities"][facility].items() if key not in ("use", "with", "without")}
    site["facilities"][facility] = {**kept, "use": use, **more.pop("facility", {})}
    for device, tags in more.pop("wired", {}).items():
        site["devices"][device]["tags"] |= tags
    site["simulation"][facility]["bind"] |= more.pop("bind", {})
    for section, content in more.items():
        site[section] = {**site.get(section, {}), **content}
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    return path


def simulated(path: Path, hour: float, scan_s: float = 1.0) -> Simulation:
    site = load_site(path).site
    site = site.model_copy(update={"site": site.site.model_copy(update={"scan": scan_s})})
    return prepare(site, 1, start_of(site) + 3600.0 * hour)


def truths(simulation: Simulation, hours: float, *ports: str, after_h: float = 0.0) -> list[tuple[float, ...]]:
    """What really is, once a minute, from `after_h` on."""
    (ground,) = simulation.farm.grounds.values()
    seen: list[tuple[float, ...]] = []
    begin_s, next_s = simulation.now_s, simulation.now_s + 3600.0 * after_h
    while simulation.now_s < begin_s + 3600.0 * hours:
        simulation.step()
        if simulation.now_s >= next_s:
            next_s += 60.0
            seen.append(tuple(ground.truth[port] for port in ports))
    return seen


def test_bass_get_their_ration_and_their_oxygen(tmp_path: Path) -> None:
    path = filled(
        tmp_path, "ras", "ras/largemouth_bass@1",
        facility={"with": {"temperature": "25 degC"}},
        devices={
            "fish_node": {
                "product": "generic/io_node", "bus": "ras_tcp", "unit": 2, "period": "2 s",
                "tags": {"in1": "ras1.tank1.weighed", "in2": "ras1.tank1.count"},
            }
        },
        tags={"ras1.tank1.weighed": {"unit": "g"}, "ras1.tank1.count": {"unit": "1"}},
        bind={"ras1.tank1.weighed": "tank1.mean_weight", "ras1.tank1.count": "tank1.fish"},
    )  # fmt: skip
    simulation = simulated(path, 6.5)
    seen = truths(simulation, 2.0, "tank1.oxygen", "tank1.ph", "tank1.temperature", "tank1.biomass", after_h=0.4)
    assert max(abs(oxygen - 6.75) for oxygen, *_ in seen) < 0.7
    assert all(6.8 < ph < 7.4 and abs(water_c - 25.0) < 1.0 for _, ph, water_c, _ in seen)
    # a third of the day's 1.1 to 1.3 % of what they weigh
    biomass_kg = seen[0][3]
    assert simulation.farm.grounds["ras1"].truth["fed"] / 1000.0 == pytest.approx(biomass_kg * 0.012 / 3.0, rel=0.15)


def test_lettuce_has_its_light_its_warmth_and_its_dry_air(tmp_path: Path) -> None:
    path = filled(tmp_path, "plant-factory", "plant_factory/lettuce@1")
    simulation = simulated(path, 5.5)
    seen = truths(simulation, 3.5, "air.temperature", "lamps.ppfd", "tank.ec", "tank.ph", after_h=2.0)
    planned = 15e6 / (16 * 3600.0)
    assert all(abs(air_c - 24.0) < 1.0 and abs(ppfd - planned) < 12.0 for air_c, ppfd, *_ in seen)
    assert all(abs(ec - 1.8) < 0.1 and abs(ph - 5.8) < 0.15 for *_, ec, ph in seen)
    assert simulation.state.values["pf1.rack1.vpd"] == pytest.approx(0.9, abs=0.15)


def test_a_wheel_that_runs_at_night_runs_until_sunrise(tmp_path: Path) -> None:
    simulation = simulated(filled(tmp_path, "pond", "pond/nile_tilapia@1"), 1.0, scan_s=5.0)
    (ground,) = simulation.farm.grounds.values()
    wheel, ran = simulation.farm.actuators["pond1.water.aerator1"], []
    # hungry for oxygen, and an hour later a wind has blown: its own loop would stop the wheel at 5.5 mg/L
    for oxygen_mg_l in (4.9, 6.5):
        upper = ground.state.upper
        ground.state = ground.state._replace(upper=upper._replace(oxygen=oxygen_mg_l * ground.state.upper_m3))
        for _ in range(720):
            simulation.step()
            ran.append(wheel.position > 0.0)
    assert ground.truth["pond.oxygen"] > 5.6
    assert all(ran)


def test_tilapia_and_lettuce_share_their_water(tmp_path: Path) -> None:
    simulation = simulated(filled(tmp_path, "aquaponics", "aquaponics/tilapia_lettuce@1"), 7.0)
    ports = ("tank1.oxygen", "tank1.ph", "tank1.temperature", "circulation.flow", "lamps.ppfd")
    seen = truths(simulation, 1.5, *ports, after_h=0.4)
    assert all(abs(oxygen - 6.5) < 0.7 and abs(ph - 6.9) < 0.2 for oxygen, ph, *_ in seen)
    assert all(abs(water_c - 25.0) < 1.0 and flow > 50.0 for _, _, water_c, flow, _ in seen)
    assert seen[-1][4] >= 200.0
