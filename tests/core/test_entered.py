"""What people enter reaches the core as a Reading at its time of sampling: used, aged and put right like any other."""

from typing import Any

import pytest

from controller.core.words import ScanResult, Snapshot
from foundation.reading import Quality, Reason, good
from tests.core.small_site import START_S, Farm, core_of, document

LAB, TWICE = "fa.z.lab", "fa.z.twice"


@pytest.fixture(scope="module")
def site() -> dict[str, Any]:
    """The small site, whose rule dims the lamp by what the laboratory found."""
    site = document()
    site["tags"][TWICE] = {"derive": "fa.z.lab * 2"}
    site["tags"]["fa.z.tan"] = {"estimate": {
        "model": "ammonia", "lab": LAB, "fed": {"of": "fa.z.fed", "adds": "0.6 (mg/L)/kg", "lag": "2 h"},
        "removal": "40 %/h", "noise": "0.1 mg/L",
    }}  # fmt: skip
    site["rules"] = [{"id": "fa.z.too_much", "when": "fa.z.lab > '2 mg/L'", "on_bad_quality": "deassert",
                      "then": [{"set": "fa.z.siren", "to": "on"}]}]  # fmt: skip
    return site


class Entered(Farm):
    def enter(self, value: float, sampled_s: float) -> ScanResult:
        self.now_s += 1.0
        result = self.core.scan(self.state, Snapshot((good(LAB, value, sampled_s),)), self.now_s)
        self.state = result.state
        return result

    def enter_all(self, *samples: tuple[float, float]) -> ScanResult:
        """As many as are told in one scan."""
        self.now_s += 1.0
        readings = tuple(good(LAB, value, sampled_s) for value, sampled_s in samples)
        result = self.core.scan(self.state, Snapshot(readings), self.now_s)
        self.state = result.state
        return result

    def lab(self) -> tuple[float | None, float]:
        reading = self.state.readings[LAB]
        return reading.number, reading.time_s


@pytest.fixture
def farm(site: dict[str, Any]) -> Entered:
    farm = Entered(core_of(site))
    farm.run(3)
    return farm


def test_rules_and_derived_tags_use_it_from_its_time_of_sampling_on(farm: Entered) -> None:
    assert farm.state.values[TWICE] is None
    result = farm.enter(2.5, START_S - 7200.0)
    assert farm.lab() == (2.5, START_S - 7200.0)
    assert good(LAB, 2.5, START_S - 7200.0) in result.changed
    farm.run(5)
    assert farm.state.values[TWICE] == 5.0
    assert farm.order("fa.z.siren").value == 100.0
    assert farm.order("fa.z.siren").owner == "fa.z.too_much"


def test_a_correction_may_go_back_in_time_and_all_that_followed_follows_it(farm: Entered) -> None:
    farm.enter(25.0, START_S)
    farm.run(5)
    farm.enter(0.25, START_S - 7200.0)
    farm.run(5)
    assert farm.lab() == (0.25, START_S - 7200.0)
    assert farm.state.values[TWICE] == 0.5
    assert farm.order("fa.z.siren").value == 0.0


def test_a_correction_at_the_same_time_takes_the_place_of_the_value(farm: Entered) -> None:
    farm.enter(25.0, START_S)
    farm.enter(2.5, START_S)
    assert farm.lab() == (2.5, START_S)


def test_it_is_out_of_date_so_long_after_it_was_sampled_not_after_it_was_entered(farm: Entered) -> None:
    farm.enter(2.5, START_S - 48 * 3600.0 + 30.0)
    assert farm.lab()[0] == 2.5
    farm.run(40)
    assert (farm.state.readings[LAB].quality, farm.state.readings[LAB].reason) == (Quality.BAD, Reason.STALE)
    assert farm.state.values[TWICE] is None
    farm.run(1)
    assert farm.order("fa.z.siren").value == 0.0


def test_what_was_too_old_when_it_came_moves_nothing_but_is_told_to_the_record(farm: Entered) -> None:
    result = farm.enter(25.0, START_S - 72 * 3600.0)
    assert farm.lab()[0] is None
    assert good(LAB, 25.0, START_S - 72 * 3600.0) in result.changed
    farm.run(5)
    assert farm.state.values[TWICE] is None
    assert farm.order("fa.z.siren").value == 0.0


def test_a_soft_sensor_learns_from_each_sample_that_is_told_in_one_scan_and_rules_see_the_last(
    site: dict[str, Any],
) -> None:
    def tan(*told: tuple[tuple[float, float], ...]) -> float:
        farm = Entered(core_of(site))
        farm.says = {"fa.z.fed": 100.0}
        farm.run(3 * 3600, after_s=60.0)
        for samples in told:
            farm.enter_all(*samples)
            farm.run(300, after_s=60.0)
            assert farm.order("fa.z.siren").value == 0.0
        found = farm.state.readings["fa.z.tan"].number
        assert found is not None
        return found

    old_s, new_s = START_S + 3600.0, START_S + 7200.0
    never = tan(((1.6, old_s),), ((0.9, new_s),), ((0.9, new_s),))
    slipped = tan(((0.3, old_s),), ((0.9, new_s),), ((0.9, new_s),))
    put_right = tan(((0.3, old_s),), ((0.9, new_s),), ((1.6, old_s), (0.9, new_s)))
    assert abs(slipped - never) > 0.02
    assert put_right == pytest.approx(never, abs=0.003)
    # a rule for more than 2 mg/L sees the newest alone
    tan(((0.9, new_s),), ((3.0, old_s), (0.9, new_s)))
