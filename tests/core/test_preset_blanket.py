"""The solar greenhouse preset's blanket: up in two steps once the sun pays, down at night and in all bad weather."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from controller.core.scan import Core
from edge_config.loader import load_site
from foundation.reading import Reason, Value
from tests.core.small_site import START_S, Farm
from tests.edge_config.preset_sites import whole_site, write_site

BRIGHT: dict[str, Value | Reason] = {
    "f1.z1.air_temp": 15.0, "f1.z1.rh": 95.0, "f1.z1.roller_current": 0.0, "f1.all.out_temp": -3.0,
    "f1.all.radiation": 300.0, "f1.all.wind": 1.0, "f1.all.rain": False,
}  # fmt: skip
HOUR_S = 3600.0


@cache
def house() -> Core:
    with TemporaryDirectory() as folder:
        return Core(load_site(write_site(Path(folder), whole_site("solar_greenhouse/tomato@1"))).site)


def at(hour: float) -> Farm:
    """At that hour (START_S is 10:40 there), with the blanket down as the night left it."""
    farm = Farm(house(), START_S + (hour - 10.0 - 2.0 / 3.0) * HOUR_S)
    farm.says = {**BRIGHT, "f1.all.radiation": 20.0}
    farm.run(60, after_s=10.0)
    assert blanket(farm) == 100.0
    return farm


def blanket(farm: Farm, minutes: float = 0.0, **weather: Value | Reason) -> float:
    for name, value in weather.items():
        (tag,) = [tag for tag in BRIGHT if tag.endswith(f".{name}")]
        farm.says[tag] = value
    if minutes:
        farm.run(minutes * 60.0, after_s=10.0)
    return farm.order("f1.z1.blanket").value


def test_it_goes_up_by_a_third_then_waits_and_the_damp_goes_out_once_it_is_up() -> None:
    farm = at(9.0)
    assert blanket(farm, 9.0, radiation=300.0) == 100.0
    assert blanket(farm, 2.0) == 70.0
    assert blanket(farm, 13.0) == 70.0
    assert farm.order("f1.z1.top_vent").value == 0.0
    assert blanket(farm, 5.0) == 0.0
    assert farm.order("f1.z1.top_vent").value == 15.0
    blanket(farm, 40.0)
    assert farm.order("f1.z1.top_vent").value == 0.0


def test_a_house_that_cools_under_the_lifted_edge_keeps_the_rest_of_it() -> None:
    farm = at(9.0)
    assert blanket(farm, 12.0, radiation=300.0) == 70.0
    assert blanket(farm, 16.0, air_temp=12.0) == 70.0
    assert farm.order("f1.z1.blanket").because.key == "cover_paused"


@pytest.mark.parametrize(
    "weather", [{"wind": 9.0}, {"rain": True}, {"out_temp": -20.0, "radiation": 120.0}, {"radiation": 30.0}]
)
def test_it_comes_down_in_bad_weather(weather: dict[str, Value]) -> None:
    farm = at(9.0)
    assert blanket(farm, 60.0, radiation=300.0) == 0.0
    assert blanket(farm, 11.0, **weather) == 100.0


def test_it_comes_down_in_the_afternoon_before_the_warmth_is_gone_and_stays_down() -> None:
    farm = at(9.0)
    assert blanket(farm, 5.8 * 60.0, radiation=300.0, air_temp=25.0) == 0.0
    assert blanket(farm, 12.0, air_temp=17.0) == 100.0
    assert blanket(farm, 60.0, air_temp=25.0) == 100.0  # past three it is not worth it


def test_with_the_light_sensor_lost_it_stays_for_two_hours_and_then_covers() -> None:
    farm = at(9.0)
    assert blanket(farm, 60.0, radiation=300.0) == 0.0
    assert blanket(farm, 110.0, radiation=Reason.COMM) == 0.0
    assert blanket(farm, 15.0) == 100.0


def test_it_covers_while_the_night_would_get_too_cold_and_the_sun_pays_no_more() -> None:
    farm = at(9.0)
    assert blanket(farm, 5.5 * 60.0, radiation=300.0, air_temp=24.0) == 0.0
    assert blanket(farm, 15.0, radiation=120.0, out_temp=6.0) == 0.0  # a mild night to come
    assert blanket(farm, 12.0, out_temp=-8.0) == 100.0


def test_on_a_snow_day_it_is_up_around_noon_alone() -> None:
    farm = at(8.0)
    snow = {"radiation": 20.0, "rain": True, "out_temp": -3.0}
    assert blanket(farm, 30.0, **snow) == 100.0
    assert blanket(farm, 120.0, rain=False, radiation=300.0) == 100.0  # half past ten: the sun shines on snow
    assert blanket(farm, 75.0) == 0.0
    assert blanket(farm, 150.0) == 100.0  # after two
    thaw = at(8.0)
    assert blanket(thaw, 30.0, radiation=20.0, rain=True, out_temp=4.0) == 100.0
    assert blanket(thaw, 60.0, rain=False, radiation=300.0) == 0.0  # rain is no snow


def test_the_top_vent_opens_a_quarter_at_a_time_and_four_minutes_apart() -> None:
    farm = at(9.0)
    blanket(farm, 60.0, radiation=300.0, air_temp=25.0)
    blanket(farm, air_temp=33.0)
    moves: list[tuple[float, float]] = []
    for _ in range(200):
        farm.run(10.0, after_s=10.0)
        value = farm.order("f1.z1.top_vent").value
        if not moves or value > moves[-1][1] + 1.0:
            moves.append((farm.now_s, value))
    steps = [(later[0] - earlier[0], later[1] - earlier[1]) for earlier, later in pairwise(moves)]
    assert 3 <= len(steps) <= 6
    assert all(180.0 <= apart_s <= 300.0 and by <= 26.0 for apart_s, by in steps)
