"""Tanks side by side behind one treatment loop: each lives by its own water, and all share what comes back."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulator import parameters
from simulator.parameters import ParameterError
from simulator.plants.plant import Weather
from simulator.plants.ras import Ras, RasState, load
from simulator.survival import Survival

ONE, TWO = load("bass_50m3"), load("bass_2x25m3")
WEATHER = Weather(air_c=12.0, relative_humidity=0.7, wind_m_s=2.0, global_radiation_w_m2=0.0, sky_c=5.0)
FED = {"tank1.oxygen_valve": 0.6, "tank2.oxygen_valve": 0.6, "tank1.feeder": 0.03, "tank2.feeder": 0.03}


def run(plant: Ras, hours: float, inputs: dict[str, float], state: RasState | None = None) -> RasState:
    state = state or plant.initial()
    for _ in range(round(hours * 360.0)):
        state = plant.advance(state, inputs, WEATHER, 10.0)
    return state


def see(plant: Ras, state: RasState, inputs: dict[str, float]) -> dict[str, float]:
    return plant.observe(state, inputs, WEATHER)


def test_two_tanks_alike_are_one_tank_of_their_volume() -> None:
    half = replace(
        TWO.parameters,
        start_stomach_g=0.5 * ONE.parameters.start_stomach_g,
        start_gut_g=0.5 * ONE.parameters.start_gut_g,
    )
    alike = Ras(half, [half])
    emergency = {"tank1.emergency_diffuser": 0.1, "circulation.pump": 0.8}
    whole_inputs = {"tank1.oxygen_valve": 0.6, "feeder": 0.03, **emergency}
    both_inputs = {**FED, **emergency, "tank2.emergency_diffuser": 0.1}
    whole = see(ONE, run(ONE, 8.0, whole_inputs), whole_inputs)
    both = see(alike, run(alike, 8.0, both_inputs), both_inputs)
    split = ("tank1.biomass", "tank1.fish", "tank1.oxygen_flow", "tank1.emergency_flow")
    for name, value in whole.items():
        ours = both[name] + both[name.replace("tank1", "tank2")] if name in split else both[name]
        assert ours == pytest.approx(value, rel=1e-9), name
    assert both["fed"] == 2.0 * both["tank2.fed"] > 0.0


def test_a_shut_inlet_starves_its_tank_and_leaves_the_flow_to_the_others() -> None:
    shut = {**FED, "tank2.inlet": 0.0, "blower": 0.0}
    state = run(TWO, 1.0, shut)
    seen, before = see(TWO, state, shut), see(TWO, run(TWO, 1.0, FED), FED)
    assert seen["tank2.inflow"] == 0.0
    # one inlet alone is a narrower pipe: four times the friction
    by_hand = (6.0 / (3.0 + 3.0 * 4.0)) ** 0.5 * 120.0
    assert seen["tank1.inflow"] == pytest.approx(by_hand, rel=0.01)
    assert seen["tank1.inflow"] > 1.2 * before["tank1.inflow"]
    assert seen["tank1.oxygen"] > 6.0
    gate = Survival("ras")
    for _ in range(50):
        state = run(TWO, 0.1, shut, state)
        gate.watch(see(TWO, state, shut), 360.0)
        assert see(TWO, state, shut)["tank1.oxygen"] > 6.0
        if not gate.alive:
            break
    assert gate.cause.startswith("tank2.oxygen")
    saved = {**shut, "tank2.emergency_diffuser": 1.0}
    assert see(TWO, run(TWO, 0.4, saved, state), saved)["tank2.oxygen"] > 6.0


def test_what_one_tank_eats_the_other_smells() -> None:
    feasts = {**FED, "tank1.feeder": 0.0, "tank2.feeder": 0.3}
    hungry, fed = (
        see(TWO, run(TWO, 3.0, {**FED, "tank1.feeder": 0.0, "tank2.feeder": 0.0}), FED),
        see(TWO, run(TWO, 3.0, feasts), feasts),
    )
    for port, way in (("tan", 1.0), ("oxygen", -1.0)):
        own, other = (way * (fed[f"{tank}.{port}"] - hungry[f"{tank}.{port}"]) for tank in ("tank2", "tank1"))
        assert own > 2.0 * other > 0.0, port


def test_the_books_of_every_tank_add_up_and_would_notice_a_leak() -> None:
    state = run(TWO, 6.0, {**FED, "tank2.inlet": 0.4, "drum.rinse": 0.0})
    assert max(TWO.closure(TWO.initial(), state).values()) < 1e-9
    second = state.tanks[1]
    leaks = state.with_tank(1, water=second.water._replace(tan=1.1 * second.water.tan), m3=second.m3 - 0.01)
    missing = TWO.closure(TWO.initial(), leaks)
    assert {name for name, share in missing.items() if share > 1e-6} == {"water", "nitrogen", "energy"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("tank2.tank_m3: {value: 0, unit: m3, source: none}", "parameter 'tank2.tank_m3' is 0, wanted more than 0"),
        ("tank2.media_m2: {value: 1, unit: m2, source: none}", "unknown parameter 'tank2.media_m2'"),
        ("tank4.tank_m3: {value: 25, unit: m3, source: none}", "tank4.* is there, and nothing of tank3.*"),
    ],
)
def test_a_tank_that_cannot_be_is_refused_by_name(
    line: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in Path(str(parameters.__file__)).parent.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "odd.yaml").write_text(
        f"plant: ras\nname: odd\nbase: bass_2x25m3\nparameters:\n  {line}\n", encoding="utf-8"
    )
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(ParameterError) as refused:
        load("odd")
    assert says in str(refused.value)
