"""The report on fishery water (GB 11607-89): what is told to people is so, whenever the box was started."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.state import State, from_plain, to_plain
from edge_config.rule_library import library, rule_of_library
from edge_config.rule_trials import library_units, tried
from edge_config.templates import Placed
from rules.gauges import Look
from rules.place import Place
from rules.rule import RuleMemory

NAMES = ("oxygen_hours_of_fishery_water", "least_oxygen_of_fishery_water", "ph_of_fishery_water")
PLACE = Place("Asia/Shanghai", 36.9, 118.7)
START_S = 1_770_000_000.0
STEP_S = 60.0
DAY_MIN = 24 * 60
ENOUGH_MIN = 16 * 60


class Watched:
    """A rule of the library on a tank, from the start of the box, a look a minute."""

    def __init__(self, name: str, tag: str = "do") -> None:
        one = library()[name]
        placed = Placed(0, rule_of_library(one), f"library.zone.{one.short}", {"zone": "library.zone"})
        self.law = tried(placed, library_units(one)).law
        self.tag = f"library.zone.{tag}"
        assert self.law.when is not None
        self.gauges = self.law.when.gauges
        self.memories = {gauge.name: gauge.fresh for gauge in self.gauges}
        self.memory = RuleMemory(since_s=START_S)

    def at(self, minute: int, value: float | None) -> bool:
        now_s, values = START_S + minute * STEP_S, {self.tag: value}
        for gauge in self.gauges:
            look = Look(now_s, values, {}, PLACE)
            self.memories[gauge.name], values[gauge.name] = gauge.step(self.memories[gauge.name], look)
        self.memory = self.law.step(self.memory, self.law.cause(self.memory.on, values), now_s)
        return self.memory.on

    def restart(self, minute: int) -> None:
        kept = to_plain(State(blocks={**self.memories, "rule": self.memory}))
        blocks = dict(from_plain(kept, {**self.memories, "rule": RuleMemory()}, START_S + minute * STEP_S).blocks)
        self.memory = self.law.restarted(blocks.pop("rule"))
        self.memories = blocks


def oxygen(minute: int, high_min: int, phase_min: int) -> float:
    """A night without enough each day; `phase_min` is where in its day the box was started."""
    return 6.0 if (minute + phase_min) % DAY_MIN < high_min else 4.0


@pytest.mark.parametrize("kind", ["ras", "pond"])
@pytest.mark.parametrize("name", NAMES)
def test_it_tells_people_and_drives_nothing(kind, name):
    one = library()[f"{kind}/{name}"]
    effects = rule_of_library(one).effects
    assert [effect.notify is not None for effect in effects] == [True]
    assert (one.outputs, one.setpoints, one.sequences) == ((), {}, ())
    assert "GB 11607-89" in one.source
    assert "Not verified" in one.source
    (text,) = (effect.notify.text for effect in effects)
    assert all(word in text.zh for word in ("GB 11607-89", "未核实"))
    assert all(word in text.en for word in ("GB 11607-89", "not verified"))


@settings(max_examples=12, deadline=None)
@example(phase_min=0)
@example(phase_min=ENOUGH_MIN)
@example(phase_min=ENOUGH_MIN - 4 * 60)
@given(st.integers(0, DAY_MIN - 1))
def test_water_that_has_its_sixteen_hours_exactly_is_never_told_of(phase_min):
    watched = Watched("pond/oxygen_hours_of_fishery_water")
    assert not any(watched.at(minute, oxygen(minute, ENOUGH_MIN, phase_min)) for minute in range(3 * DAY_MIN))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, DAY_MIN - 1), st.integers(15, ENOUGH_MIN))
@example(phase_min=0, missing_min=15)
def test_water_that_lacks_a_quarter_of_an_hour_is_told_of_within_two_days(phase_min, missing_min):
    watched = Watched("pond/oxygen_hours_of_fishery_water")
    said = [watched.at(minute, oxygen(minute, ENOUGH_MIN - missing_min, phase_min)) for minute in range(2 * DAY_MIN)]
    assert said[-1]
    assert not any(said[:DAY_MIN])  # half a window is not known before half a day, and then it waits as long


@settings(max_examples=12, deadline=None)
@given(st.integers(0, DAY_MIN - 1), st.integers(1, 10), st.sampled_from([720, ENOUGH_MIN]))
def test_of_a_probe_that_is_lost_for_most_of_the_day_nothing_is_told(phase_min, good_hours, high_min):
    watched = Watched("pond/oxygen_hours_of_fishery_water")
    for minute in range(3 * DAY_MIN):
        is_seen = minute % DAY_MIN < good_hours * 60
        assert not watched.at(minute, oxygen(minute, high_min, phase_min) if is_seen else None)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 2 * DAY_MIN), st.integers(0, DAY_MIN - 1), st.sampled_from(NAMES))
def test_a_restart_neither_tells_again_nor_forgets(at, phase_min, name):
    tag = "ph" if name.startswith("ph") else "do"
    through, again = Watched(f"pond/{name}", tag), Watched(f"pond/{name}", tag)
    for minute in range(2 * DAY_MIN):
        if minute == at:
            again.restart(minute)
        value = oxygen(minute, 600, phase_min) * (1.0 if tag == "ph" else 0.7)
        assert again.at(minute, value) is through.at(minute, value)
