"""The network under the thin plants: what leaves one store enters another, layers behind a surface are layers."""

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.air import absolute_humidity_g_m3
from simulator.plants.moist_air import AIR_J_M3_K, LATENT_J_KG, condensing_m_s, drip, saturation
from simulator.plants.network import Layers, Network, radiant_w_m2_k

temperature = st.floats(-60.0, 90.0)
conductance = st.floats(0.0, 1e4)
FLOWS = st.lists(st.tuples(st.sampled_from(["join", "tie", "give", "wet", "draw"]), st.integers(0, 3), conductance,
                           temperature, st.floats(0.0, 1.0)), max_size=12)  # fmt: skip


@settings(max_examples=200)
@given(values=st.tuples(*[temperature] * 3, st.floats(0.0, 0.05)), flows=FLOWS, dt_s=st.floats(0.1, 30.0))
def test_what_is_more_in_the_stores_came_over_the_border(
    values: tuple[float, ...], flows: list[tuple[str, int, float, float, float]], dt_s: float
) -> None:
    capacities = (7.5e3, 4e4, 300.0, LATENT_J_KG * 3.0)
    net = Network(values, capacities, dt_s)
    tied: list[tuple[int, float, float]] = []
    given_w: list[float] = []
    for kind, node, w_k, outside, share in flows:
        other = (node + 1) % 3
        match kind:
            case "join" if node < 3:
                net.join(node, other, w_k)
            case "tie" if node < 3:
                net.tie(node, w_k, outside)
                tied.append((node, w_k, outside))
            case "give":
                net.give(node, outside)
                given_w.append(outside)
            case "wet" if node < 3:
                density, slope = saturation(values[node])
                net.wet(node, 3, 100.0 * w_k, density - slope * values[node], slope)
            case "draw" if node < 3:
                net.draw(node, other, w_k, share, outside, 0.0, 1.0)
            case _:
                pass
    now = net.solve()
    came_w = [*given_w, *(w_k * (outside - now[node]) for node, w_k, outside in tied)]
    more_j = [capacity * (after - before) for capacity, after, before in zip(capacities, now, values, strict=True)]
    moved_j = dt_s * sum(map(abs, came_w)) + sum(map(abs, more_j))
    held_j = sum(abs(capacity * after) for capacity, after in zip(capacities, now, strict=True))
    assert sum(more_j) == pytest.approx(dt_s * sum(came_w), abs=1e-9 * moved_j + 1e-11 * held_j + 1e-6)


def test_a_store_comes_to_rest_at_what_it_is_tied_to_as_an_implicit_step_says() -> None:
    net = Network((10.0,), (1000.0,), 10.0)
    net.tie(0, 50.0, 20.0)
    assert net.solve() == pytest.approx([(1000.0 / 10.0 * 10.0 + 50.0 * 20.0) / (1000.0 / 10.0 + 50.0)])
    value, steps = 10.0, 10_000
    for _ in range(steps):
        net = Network((value,), (1000.0,), 20.0 / steps)
        net.tie(0, 50.0, 20.0)
        (value,) = net.solve()
    assert value == pytest.approx(20.0 - 10.0 * exp(-1.0), abs=1e-3)  # one time constant, exactly


@settings(max_examples=100)
@given(
    temperatures=st.lists(temperature, min_size=1, max_size=8), surface=temperature, beyond=temperature,
    air=temperature, dt_s=st.floats(0.1, 30.0), layer_m=st.floats(0.01, 1.0),
)  # fmt: skip
def test_layers_hung_on_a_surface_are_the_same_as_nodes_of_the_network(
    temperatures: list[float], surface: float, beyond: float, air: float, dt_s: float, layer_m: float
) -> None:
    layers = Layers.of(1.0, 0.02, [layer_m] * len(temperatures), 0.85, 1.73e6, 1.5)
    hung = Network((surface,), (3.5e4,), dt_s)
    hung.tie(0, 5.0, air)
    folded = layers.fold(temperatures, beyond, dt_s)
    hung.hang(0, layers, folded)
    (surface_c,) = hung.solve()
    whole = Network((surface, *temperatures), (3.5e4, *layers.capacities_j_k), dt_s)
    whole.tie(0, 5.0, air)
    for index, link in enumerate(layers.links_w_k[:-1]):
        whole.join(index, index + 1, link)
    whole.tie(len(temperatures), layers.links_w_k[-1], beyond)
    assert [surface_c, *layers.unfold(folded, surface_c)] == pytest.approx(whole.solve(), abs=1e-9)


def test_a_wall_at_rest_passes_what_its_resistance_says() -> None:
    wall = Layers.of(2.0, 0.02, [0.07] * 7, 0.81, 1.89e6, 2.5)
    layers: tuple[float, ...] = (10.0,) * 7
    for _ in range(5000):
        layers = wall.unfold(wall.fold(layers, -10.0, 3600.0), 20.0)
    from_middle_of_skin = (0.01 + 7 * 0.07) / 0.81 + 2.5
    assert wall.beyond_w(layers[-1], -10.0) == pytest.approx(2.0 * 30.0 / from_middle_of_skin)
    assert wall.heat_j((1.0,) * 7) == pytest.approx(2.0 * 0.49 * 1.89e6)


@given(one=temperature, other=temperature)
def test_the_secant_of_radiation_is_the_law_of_the_fourth_power(one: float, other: float) -> None:
    exact = 5.67e-8 * ((one + 273.15) ** 4 - (other + 273.15) ** 4)
    assert radiant_w_m2_k(one, other) * (one - other) == pytest.approx(exact, abs=1e-6)


@given(celsius=st.floats(-40.0, 60.0))
def test_saturation_is_that_of_the_formulas_and_its_slope_is_its_slope(celsius: float) -> None:
    density, slope = saturation(celsius)
    assert 1000.0 * density == pytest.approx(absolute_humidity_g_m3(celsius, 100.0), rel=1e-6)
    above, below = saturation(celsius + 0.01)[0], saturation(celsius - 0.01)[0]
    assert slope == pytest.approx((above - below) / 0.02, rel=1e-4)


@given(air_c=st.floats(-30.0, 60.0), humidity=st.floats(0.0, 3.0))
def test_air_drips_down_to_saturation_and_keeps_its_heat(air_c: float, humidity: float) -> None:
    vapour = humidity * saturation(air_c)[0] + 2e-6
    after_c, left, kg = drip(air_c, vapour, 3.0, 3.0 * AIR_J_M3_K)
    assert kg >= 0.0
    assert vapour - left == pytest.approx(kg / 3.0)
    assert (after_c - air_c) * 3.0 * AIR_J_M3_K == pytest.approx(LATENT_J_KG * kg, abs=1e-6)
    # along the tangent of the curve, which bends upwards: never above it any more
    assert left <= saturation(after_c)[0] * (1.0 + 1e-12) + 2e-6
    assert kg == 0.0 or left >= saturation(air_c)[0]


@given(excess=st.floats(-0.02, 0.02), h=st.floats(0.0, 20.0))
def test_nothing_condenses_above_the_dew_point(excess: float, h: float) -> None:
    moved = condensing_m_s(h, excess)
    assert 0.0 <= moved <= h / AIR_J_M3_K
    assert excess > 0.0 or moved == 0.0
