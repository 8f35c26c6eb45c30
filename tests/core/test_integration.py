"""Temperature integration: the mean over a window comes out as wanted, within its bands, whatever the day does."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.integration import DAY_S, Integration, Mean, Target
from controller.core.programs import HandOver, Line, SetpointProgram
from controller.core.state import Chosen, from_plain, to_plain
from tests.core.small_site import Farm, core_of, document
from tests.core.test_programs import SHANDONG, at, clock, program

STEP_S = 300.0
MIDNIGHT_S = at("2026-03-02 00:00")
TWO_PERIODS = program((clock("06:00"), 20.0), (clock("18:00"), 17.0))
READ = "t.z.temp"


def integration(target: float = 18.5, days: int = 1, band: float = 2.0, day_band: float = 2.0) -> Integration:
    return Integration("t.z.sp", READ, Target(target), days, band, day_band, SHANDONG)


def lived(
    one: Integration, base: SetpointProgram, days: int, gains: list[float], begin: Mean | None = None
) -> tuple[list[float], list[float]]:
    """Temperatures and shifts of a house that is at its setpoint, or `gains` (an hour each, over and over) above it."""
    begin_s, value = MIDNIGHT_S, base.target(None, {}, MIDNIGHT_S)
    block: Mean = begin or Mean(day_s=begin_s, at_s=begin_s)
    temperatures, shifts = [], []
    for index in range(int(days * DAY_S / STEP_S)):
        now_s = begin_s + (index + 1) * STEP_S - 1.0
        block, shift = one.step(block, {READ: value}, now_s, base.target(None, {}, now_s), partial(base.mean, None))
        value = base.target(None, {}, now_s) + shift + gains[int(index * STEP_S / 3600.0) % len(gains)]
        temperatures.append(value)
        shifts.append(shift)
    return temperatures, shifts


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@given(
    days=st.integers(1, 4),
    gains=st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=17),
    offset=st.floats(-0.7, 0.7),
    base=st.sampled_from([TWO_PERIODS, program(value=18.5)]),
)
@settings(max_examples=25, deadline=None)
def test_the_mean_over_the_window_is_the_target_where_the_house_can_follow(
    days: int, gains: list[float], offset: float, base: SetpointProgram
) -> None:
    temperatures, shifts = lived(integration(18.5 + offset, days, 3.0, 3.0), base, days, gains)
    assert mean(temperatures) == pytest.approx(18.5 + offset, abs=0.2)
    assert max(map(abs, shifts)) <= 3.0


@given(
    days=st.integers(1, 7),
    band=st.floats(0.1, 3.0),
    steps=st.lists(
        st.tuples(
            st.sampled_from([10.0, 300.0, 0.0, -7200.0, 6 * 3600.0, DAY_S, 366 * DAY_S]),
            st.none() | st.floats(-40.0, 60.0) | st.sampled_from([float("nan"), float("inf"), 1e300]),
        ),
        max_size=30,
    ),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_measured_and_whatever_the_clock_does_the_shift_stays_within_its_band(
    days: int, band: float, steps: list[tuple[float, float | None]]
) -> None:
    one, block, now_s = integration(18.0, days, band, band), Mean(), MIDNIGHT_S + 40_000.0
    for step_s, value in steps:
        now_s += step_s
        before = block
        block, shift = one.step(block, {READ: value}, now_s, 20.0, partial(TWO_PERIODS.mean, None))
        assert isfinite(shift)
        assert abs(shift) <= band
        share = min(max(now_s - before.at_s, 0.0) / 3600.0, 1.0)  # through the whole band in an hour, no faster
        assert abs(block.shift - before.shift) <= band * share + 1e-9
        assert all(
            isfinite(one) for number in block for one in (number if isinstance(number, tuple) else [number or 0.0])
        )


def test_one_degree_missed_with_five_hours_left_is_a_fifth_of_a_degree() -> None:
    """control.md 1.1: 1 degree (times an hour) with 5 h left is 0.2 an hour."""
    base, now_s = program(value=18.0), MIDNIGHT_S + 19 * 3600.0
    block = Mean(MIDNIGHT_S, 0, 0.0, -3600.0, 19 * 3600.0, 18.0, 18.0, 0.2, now_s)
    _, shift = integration(18.0).step(block, {READ: 18.0}, now_s, 18.0, partial(base.mean, None))
    assert shift == pytest.approx(0.2)


def test_a_lost_sensor_freezes_what_was_missed() -> None:
    base, one = program(value=18.0), integration()
    block = Mean(day_s=MIDNIGHT_S, at_s=MIDNIGHT_S)
    for minute in range(0, 360, 5):
        now_s = MIDNIGHT_S + (minute + 5) * 60.0
        block, _ = one.step(block, {READ: 17.5}, now_s, 18.0, partial(base.mean, None))
    missed = block.missed_today
    assert missed == pytest.approx(6 * 3600.0)
    for minute in range(360, 600, 5):
        now_s = MIDNIGHT_S + (minute + 5) * 60.0
        block, _ = one.step(block, {READ: None}, now_s, 18.0, partial(base.mean, None))
    assert block.missed_today == missed
    assert block.shift == pytest.approx(6.0 / 14.0, rel=1e-6)


def test_days_and_nights_keep_their_difference_where_nothing_is_missed() -> None:
    """A program whose own mean is the target is not moved, though every night is colder than the target."""
    _, shifts = lived(integration(18.5, 2), TWO_PERIODS, 2, [0.0])
    assert max(map(abs, shifts)) < 0.05


@pytest.mark.parametrize(("day_band", "warmest"), [(1.0, 19.5), (6.0, 21.0)])
def test_no_single_day_of_a_long_window_strays_beyond_its_own_band(day_band: float, warmest: float) -> None:
    """Five days were a degree too cold: the two that are left would have to be 2.5 K warmer, and may not be."""
    missed = Mean(MIDNIGHT_S, 5, 5 * DAY_S, 0.0, 0.0, 18.5, 18.5, 0.0, MIDNIGHT_S)
    temperatures, _ = lived(integration(18.5, 7, 6.0, day_band), program(value=18.5), 2, [0.0], missed)
    per_day = int(DAY_S / STEP_S)
    means = [mean(temperatures[:per_day]), mean(temperatures[per_day:])]
    assert means == pytest.approx([warmest, warmest], abs=0.1)


def test_the_target_follows_the_days_light() -> None:
    """RTR: T24 = 17.5 + 0.20 K for each 100 J/cm2 of the day, 24 at most."""
    line = Line("t.z.sum", 0.0, 17.5, 3250.0, 24.0)
    target = Target(None, "t.z.sum", line.at)
    assert target.value({"t.z.sum": 500.0}) == pytest.approx(18.5)
    assert target.value({"t.z.sum": 9000.0}) == 24.0
    assert target.value({"t.z.sum": None}) is None


@pytest.mark.parametrize("base", [
    program((clock("06:00"), 18.0), (clock("22:00"), 18.0)), program(value=18.0),
])  # fmt: skip
def test_what_a_person_sets_counts_from_then_on_and_not_before(base: SetpointProgram) -> None:
    """16 from eight until ten at night, or until midnight, in a day of 18."""
    chosen = Chosen(16.0, "li", MIDNIGHT_S + 8 * 3600.0)
    lasts_h = 14.0 if base.periods else 16.0
    assert base.mean(chosen, MIDNIGHT_S, MIDNIGHT_S + DAY_S) == pytest.approx(18.0 - 2.0 * lasts_h / 24.0)
    assert base.mean(chosen, MIDNIGHT_S + DAY_S, MIDNIGHT_S + 2 * DAY_S) == (18.0 if base.periods else 16.0)


def test_the_mean_comes_out_though_a_person_sets_something_else_on_the_way() -> None:
    base, one = program((clock("06:00"), 18.0), (clock("22:00"), 18.0)), integration(18.0, band=3.0)
    block, value, chosen = Mean(day_s=MIDNIGHT_S, at_s=MIDNIGHT_S), 18.0, Chosen(16.0, "li", MIDNIGHT_S + 8 * 3600.0)
    temperatures, shifts = [], []
    for index in range(int(DAY_S / STEP_S)):
        now_s = MIDNIGHT_S + (index + 1) * STEP_S - 1.0
        set_to = chosen if now_s >= chosen.at_s else None
        asked = base.target(set_to, {}, now_s)
        block, shift = one.step(block, {READ: value}, now_s, asked, partial(base.mean, set_to))
        value = asked + shift
        temperatures.append(value)
        shifts.append(shift)
    assert max(map(abs, shifts[: 8 * 12 - 1])) < 0.05  # nothing was missed until then
    assert shifts[9 * 12] > 0.3  # an hour after it
    assert mean(temperatures) == pytest.approx(18.0, abs=0.1)


def test_the_mean_of_a_day_in_which_a_stage_hands_over_is_what_was_asked_for() -> None:
    since_s = MIDNIGHT_S + 9 * 3600.0
    old = ((clock("06:00"), 20.0), (clock("18:00"), 16.0))
    base = replace(TWO_PERIODS, hand_over=HandOver(19.0, since_s, 12 * 3600.0, old))
    asked = [base.target(None, {}, MIDNIGHT_S + 30.0 + 60.0 * minute) for minute in range(1440)]
    assert base.mean(None, MIDNIGHT_S, MIDNIGHT_S + DAY_S) == pytest.approx(mean(asked), abs=0.001)


SUNNY = [0.0] * 9 + [1.0, 2.0, 3.0, 3.0, 2.0, 1.0] + [0.0] * 9
"""What the sun brings over the setpoint, hour by hour."""


def with_hole(from_h: float, lasts_h: float, paused: bool, days: int = 3) -> tuple[list[float], Mean]:
    """Shifts of sunny days that are all alike. On the third the probe, or the controller, is dead for a while."""
    one, base = integration(18.0), program(value=18.0)
    block, value, shifts = Mean(day_s=MIDNIGHT_S, at_s=MIDNIGHT_S), 18.0, []
    begin_s = MIDNIGHT_S + 2 * DAY_S + from_h * 3600.0
    for index in range(int(days * DAY_S / STEP_S)):
        now_s = MIDNIGHT_S + (index + 1) * STEP_S - 1.0
        is_dead = begin_s <= now_s < begin_s + lasts_h * 3600.0
        told = None if is_dead else value
        shift = block.shift
        if not (is_dead and paused):
            block, shift = one.step(block, {READ: told}, now_s, 18.0, partial(base.mean, None))
        value = 18.0 + shift + SUNNY[int(index * STEP_S / 3600.0) % 24]
        shifts.append(shift)
    return shifts, block


@given(from_h=st.floats(0.0, 23.0), lasts_h=st.floats(0.1, 20.0), paused=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_hole_moves_the_setpoint_by_no_step_and_costs_no_day_its_sun(
    from_h: float, lasts_h: float, paused: bool
) -> None:
    """Hours that nobody saw are thought to be as they usually are: neither a cold to be made good nor a jump."""
    whole, _ = with_hole(0.0, 0.0, paused)
    shifts, _ = with_hole(from_h, lasts_h, paused)
    moves = [abs(b - a) for a, b in pairwise(shifts)]
    assert max(moves) <= 2.0 * 300.0 / 3600.0 + 0.02  # and the hundredth of the band that it is rounded to
    in_day = int(2 * DAY_S / STEP_S)
    until = in_day + int((22.0 * 3600.0) / STEP_S)  # in the last two hours a little missed is much an hour
    back = in_day + int(((from_h + lasts_h) * 3600.0 + 7200.0) / STEP_S)
    assert all(abs(a - b) <= 0.3 for a, b in list(zip(whole, shifts, strict=True))[back:until])


def test_noon_of_which_nothing_was_seen_is_no_noon_without_sun() -> None:
    _, block = with_hole(10.0, 4.0, paused=False, days=4)
    assert sum(block.usual) == pytest.approx(sum(SUNNY) * 3600.0, rel=0.1)
    _, short = with_hole(11.0, 0.4, paused=False, days=4)  # the half of the hour that was seen tells of all of it
    assert short.usual[11] == pytest.approx(3.0 * 3600.0, rel=0.1)


def test_what_an_older_version_remembers_of_a_day_counts_as_seen() -> None:
    _, block = with_hole(0.0, 0.0, paused=False)
    now_s, one, base = MIDNIGHT_S + 3 * DAY_S - 1.0 + 300.0, integration(18.5), program(value=18.0)
    evening = block._replace(day_s=MIDNIGHT_S + 3 * DAY_S, counted_s=60_000.0, at_s=now_s + 60_000.0 - 10.0)
    args = ({READ: 18.5}, now_s + 60_000.0, 18.0, partial(base.mean, None))
    seen = one.step(evening._replace(seen_s=(3600.0,) * 24), *args)
    assert one.step(evening._replace(seen_s=(0.0,) * 24), *args)[1] == seen[1]


def site_with(more: dict[str, object]) -> Farm:
    site = document()
    site["programs"]["fa.z.mean_sp"] = {"value": "18 degC", "limits": ["10 degC", "19 degC"], "integration": more}
    return Farm(core_of(site))


def test_limits_win_and_a_restart_goes_on_with_what_was_missed() -> None:
    farm = site_with({"of": "fa.z.temp", "target": "18 degC", "band": "4 K"})
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 10.0)
    farm.run(4 * 3600.0, after_s=30.0)
    assert farm.state.values["fa.z.mean_sp"] == 19.0  # cold for hours, and no more than its limit
    block: Mean = farm.state.blocks["fa.z.mean_sp#mean"]  # type: ignore[assignment]  # its own
    assert block.shift > 2.0
    kept = from_plain(to_plain(farm.state), farm.core.plan.fresh, farm.state.at_s)
    assert kept.blocks["fa.z.mean_sp#mean"] == block
