"""Soft sensors: what a model makes of what the probes say, how sure it is, and what it says when it is not."""

import json
from math import exp, inf, isfinite, nan
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.estimate import NIS_HIGH, REFUSED_IN_A_ROW, Belief, begun, is_sound, predicted, updated
from controller.core.loops.feed_forward import Ahead, FishOxygen
from controller.core.soft_sensors import Estimated, HeatLoss, Tan, Uptake
from controller.core.state import State, blocks_from_plain, to_plain
from controller.core.words import Override
from foundation.reading import Quality, Reading, Reason, bad, good
from tests.core.small_site import START_S, Farm, changed, core_of, only

HOUR_S = 3600.0
IDENTITY = ((1.0, 0.0), (0.0, 1.0))


# --- the filter


def test_a_constant_that_was_measured_n_times_is_believed_to_be_the_mean():
    belief = begun((0.0,), (1e3,), 0.0)
    values = [4.0, 5.0, 6.0, 3.0]
    for value in values:
        belief = updated(belief, (1.0,), value, 1.0, 0.0)
    assert belief.x[0] == pytest.approx(4.5, abs=1e-4)
    assert belief.variance(0) == pytest.approx(0.25, rel=1e-4)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 100), st.booleans()), max_size=30),
    st.floats(1e-3, 1e3),
)
def test_whatever_is_measured_the_belief_stays_finite_and_its_covariance_symmetric_and_positive(story, sigma):
    belief = begun((1.0, 2.0), (sigma, sigma), 0.0)
    for y, r, q, first in story:
        belief = predicted(belief, (belief.x[0] + belief.x[1], belief.x[1]), ((1.0, 1.0), (0.0, 1.0)), (q, q), 1.0)
        belief = updated(belief, (1.0, 0.0) if first else (0.3, -1.0), y, r, 1.0)
        assert is_sound(belief, 2)
        a, b, c, d = belief.p
        assert b == pytest.approx(c, rel=1e-6, abs=1e-9)
        assert a * d - b * c >= -1e-6 * max(abs(a * d), 1e-12)


def test_one_wild_value_is_not_believed_but_a_world_that_has_changed_is():
    belief = begun((7.0,), (0.1,), 0.0)
    wild = updated(belief, (1.0,), 20.0, 0.01, 1.0)
    assert (wild.x, wild.refused) == ((7.0,), 1)
    assert updated(wild, (1.0,), 7.05, 0.01, 2.0).refused == 0
    for step in range(REFUSED_IN_A_ROW):
        belief = updated(belief, (1.0,), 20.0, 0.01, float(step))
    assert belief.x[0] > 12.0
    assert not belief.is_model_good  # and says so for a while


def test_a_filter_that_is_too_sure_of_itself_says_so_and_an_honest_one_does_not():
    def told(sigma_believed: float) -> Belief:
        random, belief = Random(2), begun((0.0,), (1.0,), 0.0)
        for _ in range(400):
            belief = predicted(belief, belief.x, ((1.0,),), (1e-6,), 0.0)
            belief = updated(belief, (1.0,), random.gauss(0.0, 1.0), sigma_believed**2, 0.0)
        return belief

    assert told(1.0).is_model_good
    assert told(0.5).nis > NIS_HIGH


# --- oxygen


def uptake(**more: Any) -> Uptake:
    settings_ = {
        "name": "u", "gives_oxygen": False, "oxygen": "o", "supply": (("valve", 0.3),), "lag_s": 0.0,
        "exchange_per_h": 0.2, "temperature": "t", "fed": "fed", "digest": FishOxygen(1.0, 2700.0), "per_fed": 4.0,
        "noise": 0.03, "wander": 4.0, "period_s": 30.0, "wait_s": 900.0,
    }  # fmt: skip
    return Uptake(**(settings_ | more))


def form_again(block: Estimated, now_s: float) -> Estimated:
    """The block as it is after a restart."""
    kept = json.loads(json.dumps(to_plain(State(blocks={"u": block}))))
    return blocks_from_plain(kept["blocks"], {"u": Estimated()}, now_s)["u"]  # type: ignore[return-value]


class Water:
    """A tank that takes up oxygen, and the sensor that watches it."""

    def __init__(self, sensor: Uptake, per_fed: float = 4.0, seed: int = 1) -> None:
        self.sensor, self.per_fed, self.random = sensor, per_fed, Random(seed)
        self.block: Estimated = sensor.fresh
        self.digest, self.gut, self.fed_kg = FishOxygen(1.0, 2700.0), sensor.fresh.fed, 0.0
        self.oxygen, self.rest, self.valve, self.now_s = 7.5, 18.0, 60.0, START_S
        self.truth, self.water_c, self.lost = 0.0, 25.0, ""

    def live(self, hours: float, says: bool = True, feeds_kg_h: float = 0.0) -> Reading:
        reading: Reading | None = None
        for _ in range(int(hours * HOUR_S / 10.0)):
            self.now_s += 10.0
            self.fed_kg += feeds_kg_h * 10.0 / HOUR_S
            self.gut, digested = self.digest.step(self.gut, self.fed_kg, self.now_s)
            self.truth = self.rest + self.per_fed * digested
            self.valve = min(max(60.0 + 80.0 * (7.5 - self.oxygen), 0.0), 100.0)
            self.oxygen += 10.0 / HOUR_S * (0.3 * self.valve + 0.2 * (8.26 - self.oxygen) - self.truth)
            shown = good("o", self.oxygen + self.random.gauss(0.0, 0.03), self.now_s)
            image = {
                "o": shown if says else bad("o", Reason.COMM, self.now_s),
                "valve": good("valve", self.valve, self.now_s),
                "t": good("t", self.water_c, self.now_s), "fed": good("fed", self.fed_kg, self.now_s),
            }  # fmt: skip
            if self.lost:
                image[self.lost] = bad(self.lost, Reason.COMM, self.now_s)
            made = self.sensor.step(self.block, image, {}, self.now_s)
            if made is not None:
                self.block, reading = made
        assert reading is not None
        return reading


def test_oxygen_uptake_is_found_within_a_tenth_and_follows_a_step_within_an_hour():
    water = Water(uptake())
    found = water.live(2.0)
    assert found.value == pytest.approx(18.0, rel=0.1)
    assert (found.quality, found.reason) == (Quality.SUBSTITUTED, Reason.ESTIMATED)
    water.rest = 24.0
    assert water.live(1.0).value == pytest.approx(24.0, rel=0.1)


def test_a_meal_is_seen_coming_and_what_it_takes_is_learned_from_it():
    water = Water(uptake(), per_fed=5.5)  # the site file says 4
    water.live(3.0)
    for _ in range(3):
        water.live(0.4, feeds_kg_h=12.0)
        found = water.live(7.6)
    assert found.value == pytest.approx(water.truth, rel=0.1)
    assert water.block.belief.x[2] == pytest.approx(5.5, rel=0.15)
    water.live(0.4, feeds_kg_h=12.0)
    assert water.live(0.5).value == pytest.approx(water.truth, rel=0.1)  # on its peak


def test_a_shock_in_the_night_is_no_doubt_about_the_next_meal():
    water = Water(uptake())
    water.live(1.0)
    water.oxygen += 2.0  # somebody rinsed the probe's holder with the hose
    water.live(6.0)
    for _ in range(20):
        found = water.live(1.0 / 60.0, feeds_kg_h=36.0)
        assert 0.5 * 4.0 <= water.block.belief.x[2] <= 2.0 * 4.0
        assert found.value == pytest.approx(water.truth, abs=1.5)


def gust(lag_s: float) -> float:
    """By how much a minute of emergency oxygen moves the uptake that is believed, in water that a probe shows late."""
    sensor = uptake(
        lag_s=lag_s, supply=(("gas", 8.0),), exchange_per_h=0.0, period_s=10.0, noise=0.02, wander=0.3, fed=None
    )
    block, said, shown, now_s, oxygen = sensor.fresh, [], 7.5, START_S, 7.5
    for second in range(0, 7_200, 10):
        now_s += 10.0
        gas = 3.0 + (4.0 if 3_600 <= second < 3_660 else 0.0)
        oxygen += 10.0 / HOUR_S * (8.0 * gas - 24.0)
        shown += (oxygen - shown) * (1.0 - exp(-10.0 / 50.0))
        image = {"o": good("o", shown, now_s), "gas": good("gas", gas, now_s), "t": good("t", 25.0, now_s)}
        made = sensor.step(block, image, {}, now_s)
        assert made is not None
        block = made[0]
        said.append(made[1].number or 0.0)
    return max(abs(one - 24.0) for one in said[360:])


def test_a_gust_that_the_probe_shows_late_is_not_taken_for_a_change_of_the_fish():
    assert gust(50.0) < 0.1
    assert gust(0.0) > 0.3  # the water is one in which it matters


def test_after_a_shock_it_is_as_sure_of_the_fish_and_their_feed_as_before():
    water = Water(uptake(wander=0.3))
    for _ in range(3):
        water.live(0.4, feeds_kg_h=12.0)
        water.live(3.0)
    before, water.oxygen = water.block.belief, water.oxygen + 1.0
    water.live(0.15)
    after = water.block.belief
    assert after.x[0] == pytest.approx(water.oxygen, abs=0.1)  # begun anew
    assert after.variance(1) <= 3.0 * before.variance(1)
    assert after.variance(2) <= 3.0 * before.variance(2)


def test_without_its_probe_the_model_goes_on_alone_and_is_believed_less_and_less():
    water = Water(uptake(gives_oxygen=True))
    assert water.live(2.0).value == pytest.approx(7.5, abs=0.1)
    assert water.live(0.05, says=False).quality is Quality.SUBSTITUTED
    doubted = water.live(0.15, says=False)
    assert doubted.quality is Quality.UNCERTAIN
    assert doubted.value == pytest.approx(water.oxygen, abs=0.3)
    assert water.live(0.2, says=False).quality is Quality.BAD
    assert water.live(0.2).quality is not Quality.BAD


@pytest.mark.parametrize("gives_oxygen", [False, True])
def test_while_nobody_knows_what_comes_in_nothing_is_learned_of_the_fish_and_they_are_believed_less(gives_oxygen):
    water = Water(uptake(gives_oxygen=gives_oxygen))
    before = water.live(2.0)
    assert before.quality is Quality.SUBSTITUTED
    rest, water.lost = water.block.belief.x[1], "valve"
    qualities = []
    for _ in range(4):
        said = water.live(0.0695)  # a quarter of an hour and a bit in all
        qualities.append(said.quality)
        assert said.value is None or said.value == pytest.approx(before.value, abs=0.2)
        assert water.block.belief.x[1] == rest
    assert qualities == [Quality.SUBSTITUTED, *[Quality.UNCERTAIN] * 2, Quality.BAD]
    water.live(12.0)
    water.lost, water.rest = "", 24.0
    found = water.live(0.75)
    assert found.quality is Quality.SUBSTITUTED
    assert found.value == pytest.approx(water.oxygen if gives_oxygen else 24.0, rel=0.1)


def test_what_fish_take_up_is_not_known_before_it_is_known_what_comes_in():
    water = Water(uptake())
    water.lost = "valve"
    water.live(0.005)  # at a start it may be told a moment later
    for _ in range(10):
        assert water.live(0.01).quality is Quality.BAD
    water.lost = ""
    assert water.live(0.5).value == pytest.approx(18.0, rel=0.1)


def test_meals_are_seen_coming_while_nobody_knows_what_comes_in():
    water = Water(uptake())
    water.live(2.0)
    water.lost = "valve"
    before = water.live(0.01)
    after = water.live(0.2, feeds_kg_h=24.0)
    assert isinstance(before.value, float)
    assert after.value == pytest.approx(before.value + water.truth - water.rest, abs=0.2)
    assert water.truth - water.rest > 2.0


def test_water_whose_thermometer_is_lost_is_as_warm_as_it_was():
    seen, lost = (Water(uptake(exchange_per_h=2.5)) for _ in range(2))
    for water in (seen, lost):
        water.water_c = 31.0
        water.live(2.0)
    lost.lost = "t"
    assert lost.live(0.9) == seen.live(0.9)
    lost.block = form_again(lost.block, lost.now_s)
    assert lost.live(0.1) == seen.live(0.1)  # nor does a restart cool it down
    for _ in range(6):
        rest = lost.block.belief.x[1]
        told = lost.live(0.1)
        assert lost.block.belief.x[1] == rest
    assert told.quality is Quality.BAD  # an hour ago is too long ago
    lost.lost = ""
    assert lost.live(0.1).quality is Quality.SUBSTITUTED


def test_water_whose_temperature_nobody_ever_knew_is_taken_to_have_twenty_degrees():
    never, always = Water(uptake()), Water(uptake())
    never.lost, always.water_c = "t", 20.0
    assert never.live(3.0) == always.live(3.0)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e9, 1e9)), st.one_of(st.none(), st.floats(-1e9, 1e9)),
            st.one_of(st.none(), st.floats(0, 1e6)), st.one_of(st.floats(-1e8, 4e7), st.just(0.0), st.just(30.0)),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_whatever_comes_and_whenever_an_estimate_is_a_number_or_bad(story):
    sensors: list[Any] = [
        uptake(), HeatLoss("u", "o", "t", (("valve", 0.1),), 2.0, 0.5, 0.05, 30.0, 900.0),
        Tan("u", False, "o", "fed", FishOxygen(1.0, 3600.0), 0.6, 0.0, 0.4, 0.1, 30.0, 259200.0),
    ]  # fmt: skip
    blocks, now_s = [sensor.fresh for sensor in sensors], START_S
    for oxygen, valve, fed, pause_s in story:
        now_s += pause_s
        said = {"o": oxygen, "valve": valve, "fed": fed, "t": oxygen}
        image = {
            name: bad(name, Reason.COMM, now_s) if value is None else good(name, value, now_s)
            for name, value in said.items()
        }
        for index, sensor in enumerate(sensors):
            made = sensor.step(blocks[index], image, {}, now_s)
            if made is not None:
                blocks[index], reading = made
                assert (reading.quality is Quality.BAD) is (reading.value is None)
                assert reading.value is None or isfinite(reading.value)


def test_a_belief_from_a_damaged_file_is_thrown_away():
    water = Water(uptake())
    water.live(1.0)
    for damaged in (Belief((7.0,), (1.0,), water.now_s), water.block.belief._replace(p=(float("inf"),) * 9)):
        water.block = water.block._replace(belief=damaged)
        assert water.live(0.5).quality is not Quality.BAD


# --- ammonia


class Loop:
    """A tank with a filter, and a lab that looks every so often and tells of it hours later."""

    def __init__(self, removal: float, gives_removal: bool = False) -> None:
        digest = FishOxygen(1.0, 2 * HOUR_S)
        self.sensor = Tan("u", gives_removal, "lab", "fed", digest, 0.6, 0.0, 0.4, 0.1, 60.0, 72 * HOUR_S)
        self.block, self.digest, self.gut = self.sensor.fresh, digest, self.sensor.fresh.fed
        self.removal, self.tan, self.fed_kg, self.now_s = removal, 1.0, 0.0, START_S
        self.lab = bad("lab", Reason.NEVER_SEEN, START_S)
        self.taken: list[tuple[float, float]] = []

    def live(self, hours: float, lab_every_h: float = 12.0, told_after_h: float = 2.0) -> Reading:
        reading: Reading | None = None
        for _ in range(int(hours * 60)):
            self.now_s += 60.0
            hour = (self.now_s - START_S) / HOUR_S
            self.fed_kg += 12.0 / 60.0 / 0.5 * (hour % 8.0 < 0.5)  # 12 kg in half an hour, three times a day
            self.gut, digested = self.digest.step(self.gut, self.fed_kg, self.now_s)
            self.tan += (0.6 * digested - self.removal * self.tan) / 60.0
            if hour % lab_every_h < 1.0 / 60.0:
                self.taken.append((self.now_s, self.tan))
            if self.taken and self.now_s - self.taken[0][0] >= told_after_h * HOUR_S:
                at_s, value = self.taken.pop(0)
                self.lab = good("lab", value, at_s)
            made = self.sensor.step(
                self.block, {"lab": self.lab, "fed": good("fed", self.fed_kg, self.now_s)}, {}, self.now_s
            )
            if made is not None:
                self.block, reading = made
        assert reading is not None
        return reading


def test_between_lab_samples_ammonia_follows_the_meals_and_the_filter_is_learned():
    loop = Loop(removal=0.6)  # the site file says 0.4
    assert loop.live(1.0).quality is Quality.BAD  # no lab value has been told yet
    worst = 0.0
    loop.live(71.0)
    for _ in range(24):
        found = loop.live(1.0)
        assert isinstance(found.value, float)
        worst = max(worst, abs(found.value - loop.tan))
    assert worst < 0.2
    assert found.quality is Quality.SUBSTITUTED
    assert 0.4 * exp(loop.block.belief.x[1]) == pytest.approx(0.6, rel=0.2)


def slipped(slip: float, put_right: str = "value") -> tuple[Loop, Reading]:
    """A loop whose first lab value is `slip` times what it should be for an hour, and what comes of it then."""
    loop = Loop(removal=0.4)
    loop.live(12.4, told_after_h=99.0)
    ((at_s, value),) = loop.taken
    loop.taken.clear()
    loop.lab = good("lab", value * slip, at_s + 900.0 * (put_right == "time"))
    loop.live(1.0)
    loop.lab = good("lab", value, at_s)
    return loop, loop.live(2.5)


@pytest.mark.parametrize("put_right", ["value", "time"])
def test_a_lab_value_that_is_put_right_leaves_nothing_of_the_wrong_one(put_right: str):
    _, never = slipped(1.0)
    loop, after = slipped(3.0, put_right)
    assert after.value == pytest.approx(never.value, abs=0.03)
    assert (after.quality, loop.block.belief.refused) == (never.quality, 0)


def test_a_wild_lab_value_that_is_put_right_is_no_first_of_two():
    loop = Loop(removal=0.4)
    loop.live(49.0, told_after_h=0.5)
    right = loop.lab
    assert isinstance(right.value, float)
    for slip in (30.0, 20.0, 1.0):
        loop.lab = right._replace(value=right.value * slip, time_s=right.time_s + 60.0)
        assert loop.live(0.5).value == pytest.approx(loop.tan, abs=0.3)
    assert loop.block.belief.refused == 0


def test_ammonia_is_not_known_where_the_only_lab_value_was_withdrawn():
    loop = Loop(removal=0.4)
    loop.live(14.0)
    assert loop.block.belief.at_s > 0.0
    loop.lab = Reading("lab", 1.0, Quality.BAD, Reason.CORRECTED, loop.lab.time_s)
    assert loop.live(0.1, lab_every_h=99.0).quality is Quality.BAD


def test_feed_that_was_entered_late_or_put_right_is_digested_as_if_it_had_been_told_at_once():
    people = FishOxygen(1.0, 2 * HOUR_S, is_counter=False)

    def digested(*told: tuple[float, float, float]) -> float:
        """After six hours; each total with the hour at which it was told, and how old it was."""
        state, rate = people.step(Ahead(), 0.0, START_S)
        total = 0.0
        for minute in range(1, 361):
            now_s, age_s = START_S + minute * 60.0, 0.0
            for at_h, kg, age_h in told:
                if minute == round(at_h * 60):
                    total, age_s = kg, age_h * HOUR_S
            state, rate = people.step(state, total, now_s, age_s)
        return rate

    at_once = digested((1.0, 10.0, 0.0))
    assert at_once > 0.5
    assert digested((4.0, 10.0, 3.0)) == pytest.approx(at_once, rel=0.02)
    assert digested((1.0, 100.0, 0.0), (1.5, 10.0, 0.5)) == pytest.approx(at_once, rel=0.05)


def lived(fish: FishOxygen, state: Ahead, hours: float, feeds_kg_h: float, steps: int) -> tuple[Ahead, float]:
    """The gut after so many hours in so many steps, and what is digested then, kg/h."""
    begin_s, fed_kg, rate = state.at_s, state.source or 0.0, 0.0
    for step in range(1, steps + 1):
        done_h = hours * step / steps
        state, rate = fish.step(state, fed_kg + feeds_kg_h * done_h, begin_s + done_h * HOUR_S)
    return state, rate


@pytest.mark.parametrize("stopped_h", [0.5, 1.0, 3.0, 12.0, 5 * 365 * 24.0])
def test_what_was_in_the_fish_before_a_stop_is_digested_by_its_end_however_long_it_was(stopped_h):
    fish = FishOxygen(1.0, 2700.0)
    state, _ = fish.step(Ahead(), 0.0, START_S)
    state, _ = fish.step(state, 6.0, START_S + 30.0)
    state, before = lived(fish, state, 0.5, 0.0, 60)
    assert before > 2.5
    _, found = lived(fish, state, stopped_h, 0.0, 1)
    _, true = lived(fish, state, min(stopped_h, 24.0), 0.0, 3000)
    assert found == pytest.approx(true, rel=0.02, abs=1e-9)


@settings(max_examples=60)
@given(st.floats(0.17, 48.0), st.floats(0.0, 20.0), st.floats(0.0, 20.0), st.floats(0.5, 4.0))
def test_after_a_stop_the_fish_stand_where_even_feeding_would_have_brought_them(stopped_h, before, meanwhile, lag_h):
    fish = FishOxygen(1.0, lag_h * HOUR_S)
    state, _ = fish.step(Ahead(), 0.0, START_S)
    state, _ = lived(fish, state, 2.0, before, 240)
    once, at_once = lived(fish, state, stopped_h, meanwhile, 1)
    often, true = lived(fish, state, stopped_h, meanwhile, 2000)
    assert at_once == pytest.approx(true, rel=0.05, abs=0.05)
    assert once.first == pytest.approx(often.first, rel=0.05, abs=0.05)
    assert once.second == pytest.approx(often.second, rel=0.05, abs=0.05)
    assert once.first + once.second <= state.first + state.second + meanwhile * stopped_h + 1e-9


def test_a_meal_that_people_enter_after_a_stop_was_fed_when_they_say():
    people = FishOxygen(1.0, 2 * HOUR_S, is_counter=False)
    state, _ = people.step(Ahead(), 0.0, START_S)
    stopped, rate = people.step(state, 10.0, START_S + 12 * HOUR_S, 3 * HOUR_S)
    state, _ = lived(people, state, 9.0, 0.0, 540)
    state, _ = people.step(state, 10.0, state.at_s)
    _, true = lived(people, state, 3.0, 0.0, 180)
    assert rate == pytest.approx(true, rel=0.02)
    assert lived(people, stopped, 4.0, 0.0, 240)[1] == pytest.approx(lived(people, state, 7.0, 0.0, 420)[1], rel=0.03)


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e308, 1e308)),
            st.one_of(st.floats(), st.floats(0.0, 1e6), st.sampled_from([0.0, 600.0, 600.1, 1e300, inf, nan])),
            st.one_of(st.floats(0.0, 1e6), st.sampled_from([0.0, -5.0, 1e300])),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_whatever_is_fed_and_however_long_a_stop_is_what_fish_digest_is_a_number_above_none(story, is_counter):
    fish, state, now_s = FishOxygen(1.0, 2700.0, is_counter), Ahead(), START_S
    for fed, pause_s, age_s in story:
        now_s = now_s + pause_s if isfinite(now_s + pause_s) else now_s
        at_s = now_s if isfinite(pause_s) else pause_s
        after, rate = fish.step(state, fed, at_s, age_s)
        assert isfinite(rate)
        assert rate >= 0.0
        assert isfinite(after.first)
        assert isfinite(after.second)
        state = after


def test_a_filter_that_fails_is_seen_in_the_next_samples():
    loop = Loop(removal=0.4, gives_removal=True)
    before = loop.live(48.0)
    loop.removal = 0.15
    after = loop.live(48.0)
    assert isinstance(before.value, float)
    assert isinstance(after.value, float)
    assert before.value == pytest.approx(40.0, rel=0.2)
    assert after.value < 0.6 * before.value


def test_a_probe_tells_within_two_hours_that_the_filter_takes_half():
    sensor = Tan("u", True, "probe", "fed", FishOxygen(1.0, 1.5 * HOUR_S), 0.6, 0.4, 1.8, 0.05, 30.0, HOUR_S)
    block, random, tan, seen = sensor.fresh, Random(3), 0.3, {}
    digest, gut, fed_kg = FishOxygen(1.0, 1.5 * HOUR_S), sensor.fresh.fed, 0.0
    for second in range(0, int(34 * HOUR_S), 10):
        hour, now_s = second / HOUR_S, START_S + second
        fed_kg += 0.1 * (hour % 8.0 < 1.0 / 3.0)  # 12 kg in twenty minutes, three times a day
        gut, digested = digest.step(gut, fed_kg, now_s)
        tan += (0.4 + 0.6 * digested - (1.7 if hour < 30.0 else 0.85) * tan) * 10.0 / HOUR_S
        image = {"probe": good("probe", tan * random.gauss(1.0, 0.03), now_s), "fed": good("fed", fed_kg, now_s)}
        made = sensor.step(block, image, {}, now_s)
        if made is not None:
            block, reading = made
            seen[hour] = reading.value
    assert all(150.0 < value < 190.0 for hour, value in seen.items() if 20.0 < hour < 30.0)
    assert all(value < 0.7 * 170.0 for hour, value in seen.items() if hour > 32.0)


def test_ammonia_without_a_lab_value_for_three_days_is_not_known():
    loop = Loop(removal=0.4)
    loop.live(24.0)
    assert loop.live(30.0, lab_every_h=1e9).quality is Quality.UNCERTAIN
    assert loop.live(48.0, lab_every_h=1e9).quality is Quality.BAD


# --- heat


@pytest.mark.parametrize("truth", [0.3, 0.5, 0.9])
def test_what_a_house_loses_is_found_from_a_night_of_heating(truth):
    sensor = HeatLoss("u", "in", "out", (("heater", 0.12),), 2.0, 0.5, 0.05, 30.0, 900.0)
    block, air_c, random = sensor.fresh, 18.0, Random(4)
    for step in range(int(10 * HOUR_S / 30.0)):
        now_s = START_S + 30.0 * step
        heater = min(max(60.0 + 30.0 * (18.0 - air_c), 0.0), 100.0)
        outside = -2.0 - 3.0 * step / 1200.0
        air_c += 30.0 / HOUR_S / 2.0 * (0.12 * heater - truth * (air_c - outside))
        image = {
            "in": good("in", air_c + random.gauss(0.0, 0.05), now_s), "out": good("out", outside, now_s),
            "heater": good("heater", heater, now_s),
        }  # fmt: skip
        made = sensor.step(block, image, {}, now_s)
        if made is not None:
            block, reading = made
    assert reading.value == pytest.approx(truth, rel=0.1)
    assert reading.quality is Quality.SUBSTITUTED


# --- what loops and motors know


def test_what_a_litre_does_is_a_tag_that_is_doubted_until_it_was_learned():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["tags"]["fa.z.gain"] = {"estimate": {"model": "dose_effect", "loop": "fa.z.ec_loop"}}
    farm = Farm(core_of(site))
    farm.says["fa.z.ec"] = 1.2
    farm.run(60)
    assert farm.core.tags["fa.z.gain"].unit == "(mS/cm)/L"
    assert (farm.state.values["fa.z.gain"], farm.quality("fa.z.gain")[0]) == (2.0, Quality.UNCERTAIN)
    for _ in range(2500):
        farm.says["fa.z.ec"] += 2.0 * bool(farm.wires.get("fa.z.pump_a")) / 1000.0 * 2.6
        farm.scan()
    assert farm.state.values["fa.z.gain"] == pytest.approx(2.6, rel=0.15)
    assert farm.quality("fa.z.gain")[0] is Quality.SUBSTITUTED
    farm.run(1, after_s=8 * 86400.0)
    assert farm.quality("fa.z.gain")[0] is Quality.UNCERTAIN  # a week without a dose that tells


def test_a_motor_that_has_moved_often_since_its_end_is_not_surely_where_it_is_thought():
    site = changed("tags", "fa.z.vent_at", {"estimate": {"model": "position", "output": "fa.z.vent"}})
    farm = Farm(core_of(site))
    farm.run(200)
    assert farm.quality("fa.z.vent_at")[0] is Quality.SUBSTITUTED  # homed
    moves = 0
    while farm.quality("fa.z.vent_at")[0] is Quality.SUBSTITUTED:
        assert moves < 100
        hand = Override(str(moves), "fa.z.vent", 40.0 if moves % 2 else 60.0, "wang", farm.now_s + 600.0)
        farm.scan([hand], after_s=2.0)
        farm.run(76 if moves == 0 else 30, after_s=2.0)
        moves += 1
    assert moves > 30  # by half a per cent a move, and two of a hundred of its way
    farm.scan([Override("end", "fa.z.vent", 0.0, "wang", farm.now_s + 600.0)])
    farm.run(100, after_s=2.0)
    assert farm.quality("fa.z.vent_at")[0] is Quality.SUBSTITUTED
