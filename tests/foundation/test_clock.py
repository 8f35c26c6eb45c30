"""Farm time: it follows the wall clock and never goes back, runs faster when asked, or moves only when told to."""

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation import clock
from foundation.clock import SLEW, AcceleratedClock, Clock, SteppedClock, WallClock


@dataclass
class Machine:
    """The machine's two clocks, in a test's hands."""

    mono_s: float = 1000.0
    wall_s: float = 1_770_000_000.0
    slept_s: float = 0.0

    def monotonic(self) -> float:
        return self.mono_s

    def time(self) -> float:
        return self.wall_s

    def passes(self, seconds: float, stepped_s: float = 0.0) -> None:
        self.mono_s += seconds
        self.wall_s += seconds + stepped_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.passes(seconds)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return _put(monkeypatch, Machine())


def _put(monkeypatch: pytest.MonkeyPatch, made: Machine) -> Machine:
    class Asyncio:
        sleep = staticmethod(made.sleep)

    monkeypatch.setattr(clock, "time", made)
    monkeypatch.setattr(clock, "asyncio", Asyncio)
    return made


# --- the wall clock


def test_farm_time_is_the_walls_while_nobody_touches_it(machine):
    farm = WallClock()
    for _ in range(100):
        machine.passes(10.0)
        assert farm.now() == pytest.approx(machine.wall_s, abs=1e-6)


def test_a_box_that_came_up_in_1970_jumps_once_when_it_is_told_the_time_and_never_again(machine):
    machine.passes(0.0, 5.0 - machine.wall_s)
    farm = WallClock()
    machine.passes(10.0)
    assert (farm.now(), farm.is_set) == (15.0, False)
    machine.passes(10.0, 1_795_000_000.0)
    assert farm.now() == pytest.approx(machine.wall_s)
    assert (farm.is_set, farm.jumped_s) == (True, pytest.approx(1_795_000_000.0))
    told_s = farm.now()
    machine.passes(1.0, 3600.0)
    assert farm.now() == pytest.approx(told_s + 1.0 + SLEW)


def test_a_box_that_goes_on_before_what_it_has_lived_through_does_not_know_the_time(machine):
    lived_s = machine.wall_s + 2400.0
    farm = WallClock(lived_s)
    machine.passes(10.0)
    assert (farm.is_set, farm.guessed_s) == (False, (machine.wall_s - 10.0, lived_s))
    machine.passes(10.0, 86_400.0)
    assert farm.now() == pytest.approx(machine.wall_s)
    assert (farm.is_set, farm.jumped_s) == (True, pytest.approx(86_400.0))


def test_without_being_told_a_box_believes_its_clock_once_it_is_past_what_it_has_lived_through(machine):
    farm = WallClock(machine.wall_s + 2400.0)
    for _ in range(241):
        machine.passes(10.0)
        farm.now()
    assert (farm.is_set, farm.jumped_s) == (True, pytest.approx(0.0))


@pytest.mark.parametrize("ahead_s", [-1.0, 0.0, 86_400.0, 4e8])
def test_a_clock_that_is_past_it_or_was_put_right_is_believed(machine, ahead_s):
    farm = WallClock(machine.wall_s + ahead_s)
    assert farm.is_set


@pytest.mark.parametrize("stepped_s", [-60.0, 60.0])
def test_a_stepped_wall_clock_is_followed_slowly_and_reached(machine, stepped_s):
    farm = WallClock()
    before = farm.now()
    machine.passes(0.0, stepped_s)
    assert farm.now() == before  # nothing has passed
    for second in range(1, 1300):
        machine.passes(1.0)
        now = farm.now()
        assert (1 - SLEW) - 1e-6 <= now - before <= (1 + SLEW) + 1e-6
        before = now
        if second == 600:
            assert abs(now - machine.wall_s) == pytest.approx(60.0 - 600 * SLEW, abs=0.01)
    assert before == pytest.approx(machine.wall_s, abs=1e-6)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
@example([(0.0, -1e6), (0.0, 1e6), (1e-9, -1e6)])
def test_farm_time_never_goes_back_nor_far_from_its_pace_whatever_the_wall_does(story):
    with pytest.MonkeyPatch.context() as patch:
        machine = _put(patch, Machine())
        farm: Clock = WallClock()
        before = farm.now()
        for passed_s, stepped_s in story:
            machine.passes(passed_s, stepped_s)
            now = farm.now()
            assert now >= before
            assert abs((now - before) - passed_s) <= SLEW * passed_s + 1e-5
            before = now


def test_asking_more_often_does_not_change_the_time(machine):
    often, seldom = WallClock(), WallClock()
    machine.passes(0.0, 100.0)
    for _ in range(1000):
        machine.passes(0.1)
        often.now()
    assert often.now() == pytest.approx(seldom.now(), abs=1e-3)


def test_sleeping_until_a_farm_time_is_over_when_that_time_has_come(machine):
    farm = WallClock()
    machine.passes(0.0, -3600.0)  # stepped back: farm time runs a twentieth slower
    when = farm.now() + 10.0
    asyncio.run(farm.sleep_until(when))
    assert farm.now() >= when
    assert machine.slept_s == pytest.approx(10.0 / (1 - SLEW), rel=0.01)
    asyncio.run(farm.sleep_until(when - 5.0))  # past already
    assert machine.slept_s == pytest.approx(10.0 / (1 - SLEW), rel=0.01)


def test_process_time_takes_no_notice_of_the_wall(machine):
    before = clock.process_time()
    machine.passes(5.0, -1e6)
    assert clock.process_time() == before + 5.0
    asyncio.run(clock.pause(2.0))
    assert clock.process_time() == before + 7.0


# --- accelerated


@given(st.floats(0.01, 10_000), st.lists(st.tuples(st.floats(0, 1e4), st.floats(-1e6, 1e6)), max_size=10))
@settings(max_examples=40)
def test_an_accelerated_clock_runs_so_many_times_as_fast_and_never_back(speed, story):
    with pytest.MonkeyPatch.context() as patch:
        machine = _put(patch, Machine())
        farm = AcceleratedClock(5e8, speed)
        before, passed = farm.now(), 0.0
        assert before == 5e8
        for passed_s, stepped_s in story:
            machine.passes(passed_s, stepped_s)
            passed += passed_s
            now = farm.now()
            assert now >= before
            assert now == pytest.approx(5e8 + passed * speed, rel=1e-9)
            before = now


def test_two_clocks_of_one_origin_are_one(machine):
    one = AcceleratedClock(5e8, 60.0, origin=machine.mono_s)
    machine.passes(7.0)
    other = AcceleratedClock(5e8, 60.0, origin=machine.mono_s - 7.0)
    machine.passes(3.0)
    assert one.now() == other.now() == 5e8 + 600.0


def test_an_accelerated_sleep_takes_so_much_less(machine):
    farm = AcceleratedClock(5e8, 60.0)
    asyncio.run(farm.sleep_until(5e8 + 120.0))
    assert machine.slept_s == pytest.approx(2.0)


def test_a_clock_without_an_origin_stands_until_it_is_told_from_when_to_run(machine):
    farm = AcceleratedClock(5e8, 60.0, origin=float("inf"))
    machine.passes(100.0)
    assert farm.now() == 5e8
    farm.change(machine.mono_s + 1.0, 30.0)
    machine.passes(1.0)
    assert farm.now() == 5e8
    machine.passes(2.0)
    assert (farm.now(), farm.speed) == (5e8 + 60.0, 30.0)


@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.1, 10_000)), min_size=1, max_size=8),
    st.lists(st.floats(0.0, 20.0), max_size=40),
)
@settings(max_examples=40)
def test_two_clocks_told_of_the_same_changes_in_time_are_one_however_often_they_are_asked(changes, looks):
    with pytest.MonkeyPatch.context() as patch:
        machine = _put(patch, Machine())
        often, seldom = (AcceleratedClock(5e8, 60.0, origin=machine.mono_s) for _ in range(2))
        when = machine.mono_s
        for after_s, speed in changes:
            when += after_s
            often.change(when, speed)
            seldom.change(when, speed)
        before = often.now()
        for look in looks:
            machine.passes(look)
            assert often.now() >= before
            before = often.now()
        assert seldom.now() == pytest.approx(before, rel=1e-12)


def test_who_hears_too_late_of_a_slower_pace_stands_until_the_others_are_there(machine):
    told, late = (AcceleratedClock(5e8, 100.0, origin=machine.mono_s) for _ in range(2))
    told.change(machine.mono_s + 1.0, 10.0)
    machine.passes(3.0)
    assert (told.now(), late.now()) == (5e8 + 120.0, 5e8 + 300.0)
    late.change(machine.mono_s - 2.0, 10.0)
    machine.passes(1.0)
    assert (told.now(), late.now()) == (5e8 + 130.0, 5e8 + 300.0)
    machine.passes(17.0)
    assert told.now() == late.now() == 5e8 + 300.0


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_clock_that_would_not_run_forward_is_not_made(speed):
    with pytest.raises(ValueError, match="speed"):
        AcceleratedClock(0.0, speed)
    with pytest.raises(ValueError, match="speed"):
        AcceleratedClock(0.0, 1.0).change(1.0, speed)


# --- stepped


async def test_a_stepped_clock_moves_only_when_told_and_never_back():
    farm = SteppedClock(100.0)
    assert farm.now() == 100.0
    farm.set(105.0)
    assert farm.now() == 105.0
    farm.set(105.0)
    with pytest.raises(ValueError, match="cannot go back"):
        farm.set(104.9)
    await farm.sleep_until(99.0)  # past already: only lets others go on
    assert farm.now() == 105.0


@settings(max_examples=60)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(0, 120))
@example([5.0, 5.0, 0.0, 100.0], 100.0)
def test_a_stepped_clock_wakes_its_sleepers_in_order_each_at_its_own_time(whens, stretch):
    async def story() -> list[tuple[float, int, float]]:
        farm, woken = SteppedClock(), []

        async def sleeper(index: int, when: float) -> None:
            await farm.sleep_until(when)
            woken.append((when, index, farm.now()))

        tasks = [asyncio.create_task(sleeper(index, when)) for index, when in enumerate(whens)]
        await farm.advance(stretch)
        assert farm.now() == stretch
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return woken

    woken = asyncio.run(story())
    assert [when for when, _, _ in woken] == sorted(when for when in whens if when <= stretch)
    assert all(seen == when for when, _, seen in woken)
    for (sooner, first, _), (later, second, _) in pairwise(woken):
        assert sooner < later or first < second  # who came first goes first


async def test_a_loop_that_sleeps_again_and_again_misses_none_of_its_times():
    farm, ran = SteppedClock(), []

    async def every(period: float) -> None:
        when = 0.0
        while True:
            when += period
            await farm.sleep_until(when)
            ran.append((period, farm.now()))

    tasks = [asyncio.create_task(every(period)) for period in (1.0, 2.5)]
    await farm.advance(10.0)
    assert [now for period, now in ran if period == 1.0] == [float(n) for n in range(1, 11)]
    assert [now for period, now in ran if period == 2.5] == [2.5, 5.0, 7.5, 10.0]
    assert [now for _, now in ran] == sorted(now for _, now in ran)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_sleeper_that_was_cancelled_wakes_nobody():
    farm = SteppedClock()
    task = asyncio.create_task(farm.sleep_until(5.0))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await farm.advance(10.0)
    assert farm.now() == 10.0
