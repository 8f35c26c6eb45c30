"""What people feed by hand is part of the day's ration: the feeder gives what is left of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.strategies.feeding import Meal
from controller.core.words import Snapshot
from foundation.reading import good
from tests.core.small_site import Farm
from tests.core.test_feeding import feed, pen

BY_HAND = "fa.z.by_hand"
MEALS = ["10:45", "11:15"]
"""Of 6 kg each."""


def pen_with_a_bucket(heard_kg: float = 0.0) -> Farm:
    farm = pen(meals=MEALS, by_hand=BY_HAND)
    farm.says[BY_HAND] = heard_kg
    return farm


def spare_kg(farm: Farm) -> float:
    block = farm.state.blocks["fa.z.feeding"]
    assert isinstance(block, Meal)
    return block.spare_kg


def test_what_was_given_by_hand_is_taken_from_the_meals_that_follow() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    farm.says[BY_HAND] = 2.0
    assert feed(farm, 1500) == pytest.approx(4.0, abs=0.1)
    assert feed(farm, 1800) == pytest.approx(6.0, abs=0.1)


def test_more_than_a_meal_leaves_that_one_out_and_is_taken_from_the_next() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    farm.says[BY_HAND] = 7.5
    assert feed(farm, 1500) == 0.0
    assert farm.told("meal_short") == []
    assert feed(farm, 1800) == pytest.approx(4.5, abs=0.1)


def test_what_was_fed_before_the_box_first_heard_of_it_takes_nothing() -> None:
    assert feed(pen_with_a_bucket(300.0), 1500) == pytest.approx(6.0, abs=0.1)


def test_what_is_told_of_yesterday_is_not_taken_from_today() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    del farm.says[BY_HAND]
    farm.now_s += 1.0
    farm.state = farm.core.scan(farm.state, Snapshot((good(BY_HAND, 5.0, farm.now_s - 86_400.0),)), farm.now_s).state
    assert spare_kg(farm) == 0.0
    assert feed(farm, 1500) == pytest.approx(6.0, abs=0.1)


def test_what_is_told_of_yesterday_after_something_of_today_is_not_taken_from_today_either() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    del farm.says[BY_HAND]
    today_s = farm.now_s
    for total_kg, at_s in ((2.0, today_s), (5.0, today_s - 86_400.0), (5.0, today_s)):  # as the desk tells it
        farm.now_s += 1.0
        farm.state = farm.core.scan(farm.state, Snapshot((good(BY_HAND, total_kg, at_s),)), farm.now_s).state
    assert spare_kg(farm) == 2.0
    assert farm.state.readings[BY_HAND].time_s == today_s


def test_what_was_left_over_is_forgotten_at_midnight() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    farm.says[BY_HAND] = 20.0
    farm.run(3 * 3600.0, after_s=30.0)
    assert spare_kg(farm) == pytest.approx(8.0)
    farm.run(12 * 3600.0, after_s=30.0)
    assert spare_kg(farm) == 0.0


def test_a_slip_that_is_put_right_before_the_meal_costs_the_fish_nothing() -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    farm.says[BY_HAND] = 50.0
    farm.run(60.0)
    farm.says[BY_HAND] = 0.5
    assert feed(farm, 1440) == pytest.approx(5.5, abs=0.1)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0.0, 5.0), max_size=4))
def test_hand_and_feeder_together_give_the_ration_and_no_less(amounts: list[float]) -> None:
    farm = pen_with_a_bucket()
    farm.scan()
    total = 0.0
    for amount in amounts:
        total += amount
        farm.says[BY_HAND] = total
        farm.scan()
    assert feed(farm, 3300) == pytest.approx(max(12.0 - total, 0.0), abs=0.2)
