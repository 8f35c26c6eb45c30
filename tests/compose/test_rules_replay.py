"""How often a rule came on in a recording, and when that is chattering."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.compose.rules_replay import RuleRecord

HOUR_S = 3600.0
times = st.lists(st.floats(0.0, 10 * HOUR_S), max_size=60).map(sorted)


@given(times)
def test_the_worst_hour_is_that_from_some_start_on(begun: list[float]) -> None:
    worst = max((sum(one <= other < one + HOUR_S for other in begun) for one in begun), default=0)
    assert RuleRecord("a.b.c", list(begun)).most_in_an_hour == worst


@pytest.mark.parametrize(("every_s", "chatters"), [(2700.0, True), (3600.0, False), (7200.0, False)])
def test_more_often_than_once_an_hour_all_day_is_chattering(every_s: float, chatters: bool) -> None:
    count = int(24 * HOUR_S / every_s)
    record = RuleRecord("a.b.c", [number * every_s for number in range(count)])
    assert record.most_in_an_hour <= 2
    assert record.chatters(1.0) is chatters


@pytest.mark.parametrize(("count", "chatters"), [(6, False), (7, True)])
def test_noise_of_one_hour_is_not_lost_in_the_mean_of_a_week(count: int, chatters: bool) -> None:
    record = RuleRecord("a.b.c", [1000.0 + 60.0 * number for number in range(count)])
    assert record.chatters(7.0) is chatters


def test_a_short_recording_may_have_a_few() -> None:
    assert not RuleRecord("a.b.c", [0.0, 100.0, 200.0]).chatters(0.01)
    assert RuleRecord("a.b.c", [0.0, 100.0, 200.0, 300.0]).chatters(0.01)
