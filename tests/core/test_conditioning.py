"""Probes that are stuck, that spike, that were calibrated; and probes that wander away from the others."""

from itertools import pairwise
from math import isfinite
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.calibration import Calibration, Warmth
from controller.core.condition import FAST_IN_A_ROW, Conditioner, Seen, Stuck
from controller.core.vote import DROP_S, LEARN_MEANS, MEAN_S, Voted
from foundation.reading import Quality, Reading, Reason, bad, good
from tests.core.small_site import START_S, Farm, changed, core_of
from tests.core.test_image import say, tag

HOUR_S = 3600.0


def told(conditioner: Conditioner, pairs: list[tuple[float, float]], every_s: float = 10.0) -> list[Reading]:
    """What becomes of values that come with another tag's value."""
    seen, found = Seen(), []
    for index, (value, other) in enumerate(pairs):
        now_s = START_S + every_s * index
        seen, out = conditioner.condition(seen, good("t.z.x", value, now_s), now_s, {"t.z.other": other})
        found.append(out)
    return found


# --- too fast


def test_the_third_reading_in_a_row_that_moves_faster_than_nature_is_refused():
    rising = [20.0 + 1.0 * step for step in range(6)]  # 6 K a minute
    outs = say(Conditioner(tag(rate_per_s=0.05)), *rising, 25.0, 25.1)
    assert [out.reason for out in outs] == [None] + [Reason.RATE] * 5 + [None, None]
    assert [out.quality for out in outs[1:6]] == [Quality.UNCERTAIN] * (FAST_IN_A_ROW - 1) + [Quality.BAD] * 3


def test_noise_that_goes_there_and_back_is_never_refused_for_its_pace():
    outs = say(Conditioner(tag(rate_per_s=0.005)), *[20.0, 20.1, 20.0, 20.1, 20.0, 20.1, 20.0])
    assert [out.quality for out in outs[1:]] == [Quality.UNCERTAIN] * 6


@pytest.mark.parametrize("check", [{"hampel": 1.0}, {"spike": 2.0}, {"spike": 2.0, "hampel": 1.0}])
def test_what_comes_after_a_spike_is_not_too_fast_for_having_come_back_from_it(check):
    conditioner = Conditioner(tag(rate_per_s=0.05), **check)
    outs = say(conditioner, *[7.0] * 7, 12.0, 7.1, 7.0, -3.0, 14.0, 7.1, 7.0)
    assert [index for index, out in enumerate(outs) if out.quality is not Quality.GOOD] == [7, 10, 11]
    # the spike took its time: 0.9 K in 20 s is nature's, in 10 s it is not
    assert say(conditioner, *[7.0] * 7, 12.0, 7.9)[-1].reason is None
    assert say(conditioner, *[7.0] * 7, 12.0, 7.0, 7.9)[-1].reason is Reason.RATE


@pytest.mark.parametrize("check", [{"hampel": 1.0}, {"spike": 2.0}])
def test_a_step_that_is_believed_after_spikes_was_as_fast_as_any_other_step(check):
    outs = say(Conditioner(tag(rate_per_s=0.05), **check), *[20.0] * 7, *[25.0] * 6)
    stepped = [(out.quality, out.reason) for out in outs[7:] if out.reason is not Reason.SPIKE]
    assert stepped[0] == (Quality.UNCERTAIN, Reason.RATE)
    assert set(stepped[1:]) == {(Quality.GOOD, None)}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.sampled_from([0.0, 5.0, -5.0])), max_size=60))
def test_of_calm_water_whose_probe_spikes_nothing_but_the_spikes_is_doubted(story):
    water, values, wild = 20.0, [], []
    for index, (moves, spike) in enumerate(story):
        water += moves
        wild.append(spike != 0.0 and index > 6 and index % 4 == 0)
        values.append(water + spike if wild[-1] else water)
    for check in ({"spike": 3.0}, {"hampel": 3.0}, {"spike": 3.0, "filter_s": 5.0}):
        outs = say(Conditioner(tag(rate_per_s=0.05), **check), *values)
        assert [out.reason for out in outs] == [Reason.SPIKE if one else None for one in wild]


# --- stuck


def test_a_value_that_stays_while_its_output_moves_is_doubted_and_then_refused():
    conditioner = Conditioner(tag(), stuck=Stuck(600.0, 0.0, "t.z.other", 50.0))
    waves = [(21.5, 100.0 * (step // 6 % 2)) for step in range(300)]  # the heater switches each minute
    outs = told(conditioner, waves)
    first_doubt = next(index for index, out in enumerate(outs) if out.quality is Quality.UNCERTAIN)
    first_bad = next(index for index, out in enumerate(outs) if out.quality is Quality.BAD)
    assert (first_doubt, first_bad) == (60, 180)
    assert {out.reason for out in outs[60:]} == {Reason.STUCK}
    assert outs[-1].value == 21.5  # for the record
    again = told(conditioner, [*waves, (21.6, 0.0)])[-1]
    assert again.quality is Quality.GOOD


def test_a_value_that_stays_while_nothing_moves_it_is_a_calm_night():
    conditioner = Conditioner(tag(), stuck=Stuck(600.0, 0.0, "t.z.other", 50.0))
    assert {out.quality for out in told(conditioner, [(21.5, 30.0)] * 2000)} == {Quality.GOOD}
    assert {out.quality for out in told(conditioner, [(21.5, 30.0 + step % 2) for step in range(45)])} == {Quality.GOOD}


def test_a_probe_that_is_never_quite_still_is_stuck_once_it_is():
    conditioner = Conditioner(tag(), stuck=Stuck(300.0))
    noise = Random(1)
    outs = say(conditioner, *(7.0 + noise.gauss(0.0, 0.02) for _ in range(200)), *[7.01] * 40)
    assert {out.quality for out in outs[:200]} == {Quality.GOOD}
    assert outs[231].reason is Reason.STUCK


def test_moves_of_the_last_digit_are_no_moves_if_the_site_says_so():
    outs = say(Conditioner(tag(), stuck=Stuck(300.0, within=0.1)), *[7.0, 7.1] * 40)
    assert outs[-1].reason is Reason.STUCK
    outs = say(Conditioner(tag(), stuck=Stuck(300.0)), *[7.0, 7.1] * 40)
    assert outs[-1].quality is Quality.GOOD


# --- spikes among noise


def test_a_spike_leaves_the_last_value_standing_and_a_true_step_is_believed():
    calm = [20.0, 20.1, 20.0, 19.9, 20.1, 20.0, 19.9, 20.0, 20.1]
    outs = say(Conditioner(tag(), hampel=0.5), *calm, 27.0, *calm[:3], *[25.0, 25.1, 24.9, 25.0, 25.1, 25.0])
    spike = outs[len(calm)]
    assert (spike.value, spike.quality, spike.reason) == (20.1, Quality.SUBSTITUTED, Reason.SPIKE)
    assert [out.quality for out in outs[len(calm) + 1 : len(calm) + 4]] == [Quality.GOOD] * 3
    stepped = [out.quality for out in outs[len(calm) + 4 :]]
    assert stepped[0] is Quality.SUBSTITUTED
    assert stepped[-1] is Quality.GOOD
    assert stepped.index(Quality.GOOD) <= 4


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.01, 2.0))
def test_plain_noise_has_next_to_no_spikes_however_large_it_is(seed, noise):
    random = Random(seed)
    outs = say(Conditioner(tag(), hampel=0.001), *(random.gauss(20.0, noise) for _ in range(150)))
    assert sum(out.quality is not Quality.GOOD for out in outs) <= 15


@settings(max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_what_stands_in_for_a_spike_is_a_value_that_was_said(values):
    outs = say(Conditioner(tag(), hampel=0.1), *values)
    assert all(out.value in values for out in outs)


# --- calibration


@pytest.mark.parametrize(("points", "pairs"), [
    ((), [(7.1, 7.1)]),
    (((7.2, 7.0),), [(7.2, 7.0), (5.0, 4.8)]),
    (((4.1, 4.0), (7.3, 7.0)), [(4.1, 4.0), (7.3, 7.0), (5.7, 5.5), (8.9, 8.5)]),
    (((4.0, 4.0), (7.0, 7.2), (10.0, 10.2)),
     [(4.0, 4.0), (5.5, 5.6), (7.0, 7.2), (8.5, 8.7), (10.0, 10.2), (11.0, 11.2), (3.0, 3.0 - 0.2 / 3.0)]),
])  # fmt: skip
def test_one_point_moves_the_zero_two_the_slope_and_three_make_two_pieces(points, pairs):
    for said, true in pairs:
        assert Calibration(points).apply(said, None) == pytest.approx(true)


def test_conductivity_is_told_as_at_twenty_five_degrees():
    warmth = Warmth("t.z.water", "linear", 0.02, 25.0)
    assert Calibration((), warmth).apply(2.0, 30.0) == pytest.approx(2.0 / 1.1)
    assert Calibration((), warmth).apply(2.0, None) == 2.0
    assert Calibration(((1.0, 1.1),), warmth).apply(2.0, 30.0) == pytest.approx(2.0 / 1.1 + 0.1)


def test_an_electrode_in_warm_water_is_steeper_than_its_meter_thinks_and_right_at_seven():
    warmth = Warmth("t.z.water", "nernst", 0.0, 25.0)
    # Nernst: 59.16 mV/pH at 25 degC, 62.13 at 40
    assert Calibration((), warmth).apply(4.0, 40.0) == pytest.approx(7.0 - 3.0 * 59.16 / 62.13, abs=1e-3)
    assert Calibration((), warmth).apply(7.0, 40.0) == 7.0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 14), st.floats(0, 14)), max_size=3), st.floats(-1e9, 1e9),
    st.one_of(st.none(), st.floats(-300, 1e6)), st.sampled_from(["linear", "nernst"]),
)  # fmt: skip
def test_a_calibration_of_numbers_is_a_number(points, said, water_c, form):
    rising = tuple(sorted({round(x, 3): y for x, y in points}.items()))
    assert isfinite(Calibration(rising, Warmth("w", form, 0.02, 25.0)).apply(said, water_c))


def test_a_calibrated_value_is_used_and_its_raw_one_recorded_beside_it():
    setting = {
        "unit": "mS/cm", "range": ["0 mS/cm", "20 mS/cm"],
        "calibration": {"points": [["1.2 mS/cm", "1.4 mS/cm"]],
                        "temperature": {"tag": "fa.z.temp_a", "form": "linear", "per_kelvin": 0.02}},
    }  # fmt: skip
    farm = Farm(core_of(changed("tags", "fa.z.ec", setting)))
    farm.says |= {"fa.z.ec": 1.84, "fa.z.temp_a": 21.0}
    farm.scan()
    farm.scan()  # the temperature is heard in the same scan, but may come after it
    assert farm.state.values["fa.z.ec"] == pytest.approx(1.84 / 0.92 + 0.2)
    assert farm.state.values["fa.z.ec_raw"] == 1.84
    assert farm.quality("fa.z.ec") == (Quality.GOOD, None)
    farm.says["fa.z.temp_a"] = Reason.COMM
    farm.run(2)
    assert farm.state.values["fa.z.ec"] == pytest.approx(2.04)
    assert farm.quality("fa.z.ec") == (Quality.UNCERTAIN, Reason.INPUT)


# --- probes beside each other


def live(
    voted: Voted, says: Any, hours: float, every_s: float = 30.0
) -> tuple[list[float], dict[int, float], list[Reading]]:
    """The votes, when each probe was dropped first, and all readings; `says(hour)` gives what the probes say."""
    block, values, dropped, outs = voted.fresh, [], {}, []
    for step in range(int(hours * HOUR_S / every_s)):
        now_s = START_S + step * every_s
        said = says(step * every_s / HOUR_S)
        image = {
            name: bad(name, Reason.COMM, now_s) if value is None else good(name, value, now_s)
            for name, value in zip(voted.inputs, said, strict=True)
        }
        block, out = voted.step(block, image, now_s)
        outs.append(out)
        if isinstance(out.value, float):
            values.append(out.value)
        for index, probe in enumerate(block.probes):
            if probe.dropped:
                dropped.setdefault(index, step * every_s / HOUR_S)
    return values, dropped, outs


THREE = Voted("t.z.v", ("a", "b", "c"), 0.6, "low", 0.3)
TWO = Voted("t.z.v", ("a", "b"), 0.6, "low", 0.3)


def noisy(seed: int, *of: float, drifts: float = 0.0, from_h: float = 2.0) -> Any:
    """Probes with offsets `of`, in water that moves; the first drifts by so much an hour."""
    random = Random(seed)

    def says(hour: float) -> tuple[float, ...]:
        water = 7.5 - 0.4 * (0.5 < hour % 6.0 < 1.5)
        drifted = drifts * max(hour - from_h, 0.0)
        return tuple(
            water + one + random.gauss(0.0, 0.03) + drifted * (index == 0) for index, one in enumerate(of)
        )  # fmt: skip

    return says


@pytest.mark.parametrize("drifts", [0.15, -0.15])
@pytest.mark.parametrize("of", [(0.0, 0.0, 0.0), (0.1, -0.1, 0.05), (-0.15, 0.1, 0.1)])
def test_a_probe_that_wanders_is_dropped_within_two_hours_and_the_vote_does_not_follow_it(of, drifts):
    """control.md S11: 0.15 mg/L an hour."""
    values, dropped, _ = live(THREE, noisy(3, *of, drifts=drifts), 12.0)
    assert set(dropped) == {0}
    assert 2.0 < dropped[0] <= 4.0
    healthy = sorted(of)[1], (of[1] + of[2]) / 2.0
    assert all(min(healthy) - 0.15 < value - 7.5 < max(healthy) + 0.15 for value in values[-300:])


@pytest.mark.parametrize("of", [(0.0, 0.0, 0.0), (0.2, -0.2, 0.1), (0.0, 0.0)])
def test_probes_that_only_differ_are_never_taken_to_drift(of):
    voted = THREE if len(of) == 3 else TWO
    _, dropped, outs = live(voted, noisy(5, *of), 30 * 24.0, every_s=300.0)
    assert dropped == {}
    assert {out.quality for out in outs} == {Quality.GOOD}


def test_a_probe_that_jumps_away_is_dropped_after_ten_minutes_and_comes_back_after_ten_beside_the_others():
    voted = Voted("t.z.v", ("a", "b", "c"), 0.6, "low")

    def says(hour: float) -> tuple[float, ...]:
        return (5.0 if 1.0 <= hour < 2.0 else 7.5, 7.4, 7.6)

    block, spans = voted.fresh, []
    for step in range(int(3 * HOUR_S / 10.0)):
        now_s = START_S + step * 10.0
        image = {name: good(name, value, now_s) for name, value in zip("abc", says(step / 360.0), strict=True)}
        block, out = voted.step(block, image, now_s)
        assert out.value == pytest.approx(7.5, abs=0.11)
        if block.probes[0].dropped:
            spans.append(step * 10.0)
    assert spans[0] == HOUR_S + DROP_S
    assert spans[-1] == pytest.approx(2 * HOUR_S + DROP_S, abs=11.0)
    assert [b - a for a, b in pairwise(spans)] == [10.0] * (len(spans) - 1)


def test_of_three_that_all_differ_nobody_is_dropped():
    _, dropped, outs = live(Voted("t.z.v", ("a", "b", "c"), 0.6, "low"), lambda _: (7.0, 5.0, 3.0), 2.0)
    assert dropped == {}
    assert outs[-1].reason is Reason.DISAGREE


def test_of_four_the_one_that_wanders_goes_and_those_that_only_differ_stay():
    voted = Voted("t.z.v", ("a", "b", "c", "d"), 0.6, "low", 0.3)
    _, dropped, _ = live(voted, noisy(9, 0.0, 0.25, -0.25, 0.0, drifts=0.15), 16.0)
    assert set(dropped) == {0}


def test_a_probe_that_has_wandered_does_not_become_usual_by_staying_there():
    random = Random(4)

    def says(hour: float) -> tuple[float, ...]:
        wandered = min(max(hour - 2.0, 0.0) * 0.1, 0.28)
        return (7.5 + wandered + random.gauss(0.0, 0.02), 7.5, 7.5)

    block = THREE.fresh
    for step in range(5 * 288):
        now_s = START_S + step * 300.0
        image = {name: good(name, value, now_s) for name, value in zip("abc", says(step / 12.0), strict=True)}
        block, _ = THREE.step(block, image, now_s)
        assert block.probes[0].dropped is (step > 0 and block.probes[0].dropped_s > 0.0)
    assert block.probes[0].dropped


def test_when_the_good_ones_are_gone_the_dropped_one_is_all_there_is():
    def says(hour: float) -> tuple[float | None, ...]:
        return (5.0, 7.4, 7.6) if hour < 1.0 else (5.0, None, None)

    _, dropped, outs = live(Voted("t.z.v", ("a", "b", "c"), 0.6, "low"), says, 2.0)
    assert set(dropped) == {0}
    assert (outs[-1].value, outs[-1].quality) == (5.0, Quality.UNCERTAIN)


def test_a_model_stands_in_for_probes_that_are_all_gone_but_only_for_a_while():
    voted = Voted("t.z.v", ("a", "b"), 0.6, "low", None, "m", 1800.0)

    def says(hour: float) -> tuple[float | None, ...]:
        return (7.4, 7.6, 7.0) if hour < 1.0 else (None, None, 7.0)

    _, _, outs = live(voted, says, 2.0)
    lost = outs[120:]
    assert [out.quality for out in lost[:60]] == [Quality.SUBSTITUTED] * 60
    assert {out.value for out in lost[:60]} == {7.0}
    assert {out.quality for out in lost[61:]} == {Quality.BAD}


def test_a_probe_that_is_lost_is_missed_after_a_minute_though_the_others_are_there():
    farm = Farm()
    farm.run(5)
    farm.says["fa.z.temp_b"] = Reason.COMM
    farm.run(60)
    assert [alarm.id for alarm in farm.standing] == []
    farm.run(5)
    (missed,) = farm.standing
    assert (missed.id, missed.values) == ("probe:fa.z.temp_b", {"tag": "fa.z.temp_b", "reason": "comm"})
    assert farm.quality("fa.z.temp") == (Quality.GOOD, None)
    farm.says["fa.z.temp_b"] = 21.0
    farm.run(2)
    assert farm.standing == ()


def test_two_probes_that_part_are_told_of_after_ten_minutes():
    farm = Farm(core_of(changed("tags", "fa.z.temp", {"vote": ["fa.z.temp_a", "fa.z.temp_b"], "disagree": "1 K"})))
    farm.run(5)
    farm.says["fa.z.temp_b"] = 23.0
    farm.run(DROP_S, after_s=5.0)
    assert [alarm.id for alarm in farm.standing] == []
    farm.run(10)
    assert [alarm.id for alarm in farm.standing] == ["disagree:fa.z.temp"]


def test_of_two_probes_one_of_which_wanders_both_are_suspected():
    _, dropped, _ = live(TWO, noisy(7, 0.1, -0.1, drifts=0.15), 12.0)
    assert set(dropped) == {0, 1}
    assert 2.0 < min(dropped.values()) <= 4.0


def test_of_two_that_part_the_dangerous_one_is_believed():
    _, _, outs = live(TWO, lambda hour: (7.5, 7.5 - (hour >= 1.0)), 2.0)
    assert outs[-1].value == 6.5
    assert outs[-1].reason is Reason.DISAGREE


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.floats(-1e308, 1e308))] * 3, st.one_of(st.floats(-1e3, 1e7), st.just(0.0))),
        min_size=1, max_size=30,
    )
)  # fmt: skip
@example([(1e308, -1e308, None, 0.0), (1e308, 1e308, -1e308, 700.0), (7.0, 7.0, 7.0, -50.0)])
def test_whatever_probes_say_and_whenever_the_vote_is_within_what_the_living_say(story):
    block, now_s = THREE.fresh, START_S
    for *said, pause_s in story:
        now_s += pause_s
        image = {
            name: bad(name, Reason.COMM, now_s) if value is None else good(name, value, now_s)
            for name, value in zip("abc", said, strict=True)
        }
        block, out = THREE.step(block, image, now_s)
        alive = [value for value in said if value is not None]
        assert (out.value is None) is (not alive)
        if alive and max(alive) < 1e150 and min(alive) > -1e150:
            assert min(alive) <= out.value <= max(alive)


def test_a_dropped_probe_is_doubted_itself_and_an_alarm_names_it():
    farm = Farm()
    farm.run(5)
    farm.says["fa.z.temp_c"] = 26.0
    farm.run(DROP_S + 10, after_s=5.0)
    assert farm.quality("fa.z.temp_c") == (Quality.UNCERTAIN, Reason.DRIFT)
    assert [alarm.values for alarm in farm.standing if alarm.id == "drift:fa.z.temp_c"] == [{"tag": "fa.z.temp_c"}]
    assert farm.quality("fa.z.temp") == (Quality.GOOD, None)
    farm.says["fa.z.temp_c"] = 21.0
    farm.run(DROP_S + 10, after_s=5.0)
    assert farm.quality("fa.z.temp_c") == (Quality.GOOD, None)
    assert [alarm for alarm in farm.standing if alarm.id.startswith("drift")] == []


def test_nothing_counts_as_drift_before_the_probes_are_known():
    assert LEARN_MEANS * MEAN_S == HOUR_S
    _, dropped, _ = live(THREE, noisy(1, 0.0, 0.0, 0.0, drifts=0.5, from_h=0.0), 0.99)
    assert dropped == {}
