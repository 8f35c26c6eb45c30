"""Solar greenhouse, tunnel, nursery, mushroom house, cold store: what must hold for each of them, whatever happens."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.validation.books import spring
from simulator.parameters import ParameterError, names, varied
from simulator.plants import cold_store, mushroom_house, nursery, solar_greenhouse, tunnel
from simulator.plants.plant import Weather
from simulator.survival import LIMITS, Survival
from simulator.weather import WeatherSource
from simulator.weather_of_site import design_day

LOADERS: Mapping[str, Callable[..., Any]] = {
    "cold_store": cold_store.load,
    "mushroom": mushroom_house.load,
    "nursery": nursery.load,
    "solar_greenhouse": solar_greenhouse.load,
    "tunnel": tunnel.load,
}
PRESETS = {name: kind for name in names() for kind in LOADERS if name.startswith(kind)}
PLANTS = {name: LOADERS[kind](name) for name, kind in PRESETS.items()}
DEFAULTS = {kind: load() for kind, load in LOADERS.items()}
ROUNDING = {"energy": 1e-2, "water": 1e-9, "co2": 1e-3}
"""J, kg and mg of the whole plant (a square metre, or a room of 1e10 J): what is left of the digits of the stores."""
START_S = 1.7739e9


def test_every_preset_of_these_plants_is_looked_at() -> None:
    assert {PRESETS[name] for name in PLANTS} == set(LOADERS)
    assert len(PLANTS) >= 9


def numbers(state: Any) -> Iterator[float]:
    """Every number of a state, however deep."""
    for value in state:
        if isinstance(value, tuple):
            yield from numbers(value)
        else:
            yield float(value)


def named(state: Any) -> Iterator[tuple[str, float]]:
    """Every number of a state with the name of its field."""
    for name, value in zip(state._fields, state, strict=True):
        if hasattr(value, "_fields"):
            yield from named(value)
        elif isinstance(value, tuple):
            yield from ((name, part) for part in value)
        else:
            yield name, float(value)


def anything() -> st.SearchStrategy[float]:
    return st.floats(allow_nan=True, allow_infinity=True)


def position() -> st.SearchStrategy[float]:
    return st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0))


def driven(data: st.DataObject, plant: Any, values: st.SearchStrategy[float]) -> dict[str, float]:
    return {name: data.draw(values, label=name) for name in plant.inputs}


SKIES = st.builds(
    Weather, air_c=anything(), relative_humidity=anything(), wind_m_s=anything(), global_radiation_w_m2=anything(),
    sky_c=anything(), co2_ppm=anything(), pressure_pa=anything(), soil_c=anything(), rain=st.booleans(),
    wind_from_degrees=anything(), sun_elevation_degrees=st.none() | anything(),
    sun_azimuth_degrees=st.none() | anything(),
)  # fmt: skip


@pytest.mark.parametrize("kind", LOADERS)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), skies=st.lists(SKIES, min_size=1, max_size=4), step_s=st.floats(0.01, 30.0))
def test_nothing_turns_into_nonsense_under_any_sky(
    kind: str, data: st.DataObject, skies: list[Weather], step_s: float
) -> None:
    plant = DEFAULTS[kind]
    state = plant.initial()
    for weather in skies:
        inputs = driven(data, plant, anything())
        for _ in range(4):
            state = plant.advance(state, inputs, weather, step_s)
        seen = plant.observe(state, inputs, weather)
        assert seen.keys() == plant.outputs.keys()
        for name, port in plant.outputs.items():
            assert port.low <= seen[name] <= port.high, name
        assert all(math.isfinite(value) for value in numbers(state))
        for name, value in named(state):
            if name in ("vapour_kg_m3", "co2_mg_m3", "film_kg", "casing_kg", "fruit_kg", "frost_kg"):
                assert value >= 0.0, name


@pytest.mark.parametrize("name", PLANTS)
@settings(max_examples=6, deadline=None)
@given(
    data=st.data(),
    steps=st.lists(
        st.tuples(
            st.floats(-60.0, 60.0), st.floats(0.0, 1.0), st.floats(0.0, 60.0), st.floats(0.0, 1500.0),
            st.floats(-90.0, 90.0), st.floats(0.0, 360.0), st.sampled_from([1.0, 7.5, 30.0]), st.integers(1, 40),
        ),
        min_size=1, max_size=6,
    ),
)  # fmt: skip
def test_heat_water_and_carbon_dioxide_close_whatever_happens(
    name: str, data: st.DataObject, steps: list[tuple[float, float, float, float, float, float, float, int]]
) -> None:
    plant = PLANTS[name]
    start = state = plant.initial()
    for air_c, humidity, wind, sun, height, bearing, step_s, count in steps:
        inputs = driven(data, plant, position())
        weather = Weather(
            air_c, humidity, wind, sun, air_c - 12.0, sun_elevation_degrees=height, sun_azimuth_degrees=bearing
        )
        for _ in range(count):
            state = plant.advance(state, inputs, weather, step_s)
    for kept, balance in plant.balances(start, state).items():
        assert abs(balance.residual) <= 1e-10 * balance.moved + ROUNDING[kept], kept


@pytest.mark.parametrize("kind", LOADERS)
def test_the_siblings_of_a_seed_close_their_books_too(kind: str) -> None:
    for seed in range(3):
        plant = LOADERS[kind](seed=seed)
        start = state = plant.initial()
        for count in range(240):
            inputs = {name: count // 20 * 37 * place % 11 / 10.0 for place, name in enumerate(plant.inputs, start=1)}
            state = plant.advance(state, inputs, spring(36000.0 + 30.0 * count), 30.0)
        assert all(math.isfinite(value) for value in numbers(state))
        for kept, balance in plant.balances(start, state).items():
            assert abs(balance.residual) <= 1e-10 * balance.moved + ROUNDING[kept], kept
    assert LOADERS[kind](seed=1).initial() == LOADERS[kind](seed=1).initial()


def held_by_hand(kind: str, seen: Mapping[str, float], hour: float) -> dict[str, float]:
    """Somebody who looks after the place, so that a day is a day as it may be."""
    air_c = seen["air.temperature"]
    airing = min(1.0, max(0.0, (air_c - 24.0) / 8.0))
    match kind:
        case "solar_greenhouse":
            return {"blanket": 0.0 if 8.0 < hour < 16.5 else 1.0, "vent.top": airing}
        case "tunnel":
            return {"sides": airing}
        case "nursery":
            mist = 0.02 if 9.0 < hour < 16.0 else 0.0
            return {
                "vent": airing,
                "heater": min(1.0, max(0.0, (20.0 - air_c) / 4.0)),
                "bottom_heat": 0.3,
                "mist": mist,
            }
        case "mushroom":
            return {"damper": 0.15, "cooling": min(1.0, max(0.0, (air_c - 16.0) / 3.0)), "steam": 0.1,
                    "heating": min(1.0, max(0.0, (17.0 - air_c) / 3.0)), "watering": 0.02}  # fmt: skip
    return {"compressor": 1.0 if hour % 1.0 < 0.5 else 0.0, "door": 0.5 if 10.0 < hour < 10.5 else 0.0,
            "defrost": 1.0 if 4.0 < hour < 4.4 else 0.0}  # fmt: skip


def a_day(plant: Any, kind: str, step_s: float, sky: WeatherSource) -> tuple[Any, dict[str, float], dict[str, float]]:
    """The state after a day, the mean of every output over it, and the last of each."""
    state, means, looks = plant.initial(), dict.fromkeys(plant.outputs, 0.0), round(86400.0 / 30.0)
    inputs: dict[str, float] = {}
    seen = plant.observe(state, inputs, sky.at(START_S))
    for look in range(looks):
        weather = sky.at(START_S + 30.0 * look)
        inputs = held_by_hand(kind, seen, look / 120.0)
        for _ in range(round(30.0 / step_s)):
            state = plant.advance(state, inputs, weather, step_s)
        seen = plant.observe(state, inputs, weather)
        for name, value in seen.items():
            means[name] += value / looks
    return state, means, seen


@pytest.mark.parametrize("kind", LOADERS)
def test_half_the_step_gives_the_same_day(kind: str) -> None:
    plant = DEFAULTS[kind]
    sky = design_day("sun_and_cold_night", 3, 36.9, 118.7, "Asia/Shanghai")
    _, means, ends = a_day(plant, kind, 30.0, sky)
    _, half_means, half_ends = a_day(plant, kind, 15.0, sky)
    for name, port in plant.outputs.items():
        if port.unit == "degC":  # a share of a temperature means nothing: 0.5 % of a swing of 20 K
            assert means[name] == pytest.approx(half_means[name], abs=0.1), name
        else:
            assert means[name] == pytest.approx(half_means[name], rel=0.005, abs=0.005), name
            assert ends[name] == pytest.approx(half_ends[name], rel=0.02, abs=0.02), name


@pytest.mark.parametrize("kind", LOADERS)
def test_the_same_run_gives_the_same_bits(kind: str) -> None:
    sky = design_day("sun_and_cold_night", 3, 36.9, 118.7, "Asia/Shanghai")
    first, second = (LOADERS[kind]() for _ in range(2))
    inputs = {name: 0.37 for name in first.inputs}
    states = [first.initial(), second.initial()]
    for count in range(120):
        weather = sky.at(START_S + 43200.0 + 30.0 * count)
        states = [
            plant.advance(state, inputs, weather, 30.0) for plant, state in zip((first, second), states, strict=True)
        ]
    assert states[0] == states[1]


@pytest.mark.parametrize("dt_s", [0.0, -1.0, 30.1, math.nan])
@pytest.mark.parametrize("kind", LOADERS)
def test_a_step_longer_than_allowed_is_refused(kind: str, dt_s: float) -> None:
    plant = DEFAULTS[kind]
    with pytest.raises(ValueError, match="at most 30"):
        plant.advance(plant.initial(), {}, spring(0.0), dt_s)


@pytest.mark.parametrize(("kind", "port"), [("solar_greenhouse", "vent.top"), ("tunnel", "sides"), ("nursery", "vent")])
@settings(max_examples=8, deadline=None)
@given(
    outside_c=st.floats(-10.0, 16.0), sun=st.floats(200.0, 900.0), wind=st.floats(0.0, 12.0),
    humidity=st.floats(0.2, 0.9),
)  # fmt: skip
@example(outside_c=-10.0, sun=900.0, wind=0.0, humidity=0.2)
def test_opening_a_vent_never_warms_a_house_that_is_warmer_than_outside(
    kind: str, port: str, outside_c: float, sun: float, wind: float, humidity: float
) -> None:
    plant = DEFAULTS[kind]
    weather = Weather(
        outside_c, humidity, wind, sun, outside_c - 10.0, sun_elevation_degrees=45.0, sun_azimuth_degrees=160.0
    )
    reached = []
    for opening in (0.0, 0.1, 0.4, 1.0):
        state = plant.initial()
        for _ in range(120):
            state = plant.advance(state, {port: opening}, weather, 30.0)
        reached.append(plant.observe(state, {}, weather)["air.temperature"])
    for less, more in pairwise(reached):
        assert more <= max(less, outside_c) + 0.02  # leaves and sky may cool a house below the air outside


NONSENSE = [
    ("tunnel_8m", "air_height_m", -2.4, "wanted more than 0"),
    ("tunnel_8m", "film_transmission", 1.2, "wanted 0 to 1"),
    ("tunnel_8m", "film_emission", 0.9, "wanted 1 at most"),
    ("nursery_500m2", "germination_base_c", 30.0, "wanted less than germination_best_c"),
    ("solar_greenhouse_brick", "wall_height_m", 4.0, "wanted less than ridge_height_m, 3.8"),
    ("solar_greenhouse_brick", "film_refraction", 0.9, "wanted at least 1"),
    ("mushroom_cropping", "compost_kg_m2", 0.0, "wanted more than 0"),
    ("mushroom_cropping", "initial_air_c", -300.0, "wanted -90 to 360"),
    ("cold_store_cabbage", "product_kg", -1.0, "wanted more than 0"),
]


@pytest.mark.parametrize(("name", "key", "value", "said"), NONSENSE)
def test_a_parameter_that_cannot_be_is_refused_with_its_line(
    name: str, key: str, value: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path("simulator/parameters") / f"{name}.yaml"
    lines = shipped.read_text("utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, start=1) if text.startswith(f"  {key}: ")]
    lines[line - 1] = f"  {key}: {{value: {value}, unit: x, source: x}}"
    (tmp_path / shipped.name).write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(ParameterError, match=rf"{name}\.yaml:\d+: parameter '.*' .*{said}") as refused:
        LOADERS[PRESETS[name]](name)
    assert key in str(refused.value)


@pytest.mark.parametrize("kind", LOADERS)
def test_siblings_far_off_are_still_made_of_this_world(kind: str) -> None:
    for seed in range(5):
        with varied({}, 0.4):
            plant = LOADERS[kind](seed=seed)
        start = state = plant.initial()
        for count in range(60):
            state = plant.advance(
                state, dict.fromkeys(plant.inputs, count % 7 / 6.0), spring(36000.0 + 30.0 * count), 30.0
            )
        assert all(math.isfinite(value) for value in numbers(state))
        assert plant.balances(start, state)["energy"].relative < 1e-9


@pytest.mark.parametrize("kind", LOADERS)
def test_what_lives_in_it_can_die_of_what_the_plant_shows(kind: str) -> None:
    plant = DEFAULTS[kind]
    for port, low, high, longest_s in LIMITS[kind]:
        truth = plant.observe(plant.initial(), {}, spring(43200.0))
        gate = Survival(kind)
        gate.watch(truth, longest_s + 1.0)
        assert gate.alive, gate.cause
        lethal = low - 1.0 if math.isfinite(low) else high + 1.0
        gate.watch({**truth, port: lethal}, 0.5 * longest_s)
        assert gate.alive
        gate.watch({**truth, port: lethal}, 0.6 * longest_s)
        assert not gate.alive
        assert port in gate.cause
