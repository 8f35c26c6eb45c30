"""The same seed gives the same bytes: in another process, and however often somebody looks."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from controller.compose.simulate import prepare, start_of
from controller.core.state import to_plain
from edge_config.loader import load_site
from edge_config.model.outputs import ThreePoint
from simulator.field import Field

SITES = ("greenhouse", "plant-factory", "ras")
SCANS = 300
COMMON_S = 60


def fingerprints(name: str, seed: int, look_every_s: int) -> list[str]:
    """Of a farm under its agent: all that was decided, and what plants, probes and outputs were at whole minutes."""
    site = load_site(Path("edge_config/sites") / f"{name}.yaml").site
    simulation = prepare(site, seed, start_of(site))
    farm, decided, seen = simulation.farm, hashlib.sha256(), hashlib.sha256()
    for scan in range(1, SCANS + 1):
        result = simulation.step()
        decided.update(repr((result.orders, result.commands, result.events, result.changed)).encode())
        if scan % look_every_s == 0:
            simulation.look(float(look_every_s), scored=True)
            shown = {tag: (one.value, one.true_value) for tag, one in farm.instruments.items()}
            stands = {tag: one.position for tag, one in farm.actuators.items()}
            truth = {ground.name: (repr(ground.state), ground.truth) for ground in farm.grounds.values()}
            if scan % COMMON_S == 0:
                seen.update(repr((shown, stands, truth, farm.weather)).encode())
    decided.update(json.dumps(to_plain(simulation.state)).encode())
    return [decided.hexdigest(), seen.hexdigest()]


@pytest.mark.parametrize("name", SITES)
def test_two_processes_and_two_output_intervals_give_the_same_bytes(name: str) -> None:
    code = f"import runpy; print(runpy.run_path({__file__!r})['fingerprints']({name!r}, 7, COMMON))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code.replace("COMMON", str(look_every_s))],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": str(look_every_s)},
        ).stdout
        for look_every_s in (10, COMMON_S)
    ]  # fmt: skip
    assert runs[0] == runs[1] != ""
    assert repr(fingerprints(name, 8, COMMON_S)) != runs[1].strip()


@pytest.mark.parametrize("name", sorted(path.stem for path in Path("edge_config/sites").glob("*.yaml")))
def test_a_farm_asked_every_second_or_now_and_then_is_the_same_farm(name: str) -> None:
    site = load_site(Path("edge_config/sites") / f"{name}.yaml").site
    ends = []
    for stride_s in (1.0, 7.3, 60.0):
        farm = Field(site, 1.77e9, 7)
        tag, output = next(iter(site.outputs.items()))
        tag = output.open if isinstance(output, ThreePoint) else tag
        now_s = farm.now_s
        for switched_s, value in ((40.5, True), (90.25, False), (600.0, False)):
            while now_s + stride_s < 1.77e9 + switched_s:
                now_s += stride_s
                farm.advance(now_s)
            now_s = 1.77e9 + switched_s
            farm.advance(now_s)
            farm.actuate(tag, value)
        ends.append(repr([(ground.state, ground.truth) for ground in farm.grounds.values()]))
    assert ends[0] == ends[1] == ends[2]
