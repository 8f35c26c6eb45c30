"""The greenhouse plant against seven weeks of a real one."""

import random
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks import recorded_greenhouse as real
from benchmarks import recorded_greenhouse_fit as fit
from simulator import ensemble
from simulator.plants import greenhouse

pytestmark = pytest.mark.skipif(not real.DATA.is_dir(), reason="the recording stands beside the project, in ../shared")
PLANT = greenhouse.load("agc2022_compartment")


@pytest.fixture(scope="module", name="recorded")
def _recorded() -> list[real.Moment]:
    return real.moments()


@pytest.mark.slow
def test_the_plant_follows_a_real_greenhouse_through_a_week_that_was_not_fitted(recorded: list[real.Moment]) -> None:
    found = real.deviation(PLANT, recorded, real.OTHER_DAYS[-1])
    assert found.kelvin <= real.GOAL_K
    assert found.percent <= real.GOAL_PERCENT


def test_what_was_not_fitted_is_no_day_of_what_was(recorded: list[real.Moment]) -> None:
    fitted = {day + at for day in real.FITTED_DAYS for at in range(7)}
    told = {day + at for day in real.OTHER_DAYS for at in range(7)}
    assert not fitted & told
    assert max(fitted | told) * 288 < len(recorded)


def test_lamps_and_pump_are_read_off_what_was_recorded(recorded: list[real.Moment]) -> None:
    """Lamps in two groups, by night alone visible as such; a pipe without water has no temperature."""
    assert {moment.lamps for moment in recorded} == {0.0, 0.5, 1.0}
    night = [moment for moment in recorded[288 * 12 : 288 * 13] if moment.outside.radiation_w_m2 == 0.0]
    assert {moment.lamps for moment in night} == {0.0, 1.0}
    assert any(moment.pipe_c is None for moment in recorded)
    assert all(moment.pipe_c is None or moment.pipe_c > 5.0 for moment in recorded)
    assert all(-60.0 < moment.outside.sky_c < moment.outside.air_c + 1.0 for moment in recorded)


def test_a_gap_in_the_recording_keeps_what_was_before_it(tmp_path: Path) -> None:
    rows = ["Date,Tair", "2/1/2022 0:00,12", "2/1/2022 0:04,", "2/1/2022 0:20,13"]
    path = tmp_path / "climate.csv"
    path.write_text("\n".join(rows) + "\n")
    assert [row["Tair"] for row in real._on_grid(path, ("Tair",))] == [12.0, 12.0, 12.0, 12.0, 13.0]


def test_many_houses_follow_the_recording_as_each_would_alone(recorded: list[real.Moment]) -> None:
    many = ensemble.stacked([PLANT, greenhouse.load("agc2022_compartment", seed=1)])
    _, together = next(islice(real.follow(many, recorded, 12, 1, 150.0), 20, None))
    _, alone = next(islice(real.follow(PLANT, recorded, 12, 1, 150.0), 20, None))
    assert np.shape(together.air_c) == (2,)
    assert together.air_c[0] == pytest.approx(alone.air_c, rel=1e-9)
    assert together.air_c[0] != together.air_c[1]


def test_the_search_keeps_to_its_ranges_and_never_loses_its_best(recorded: list[real.Moment]) -> None:
    chance = random.Random(1)
    anywhere = fit.guesses_around(None, 1.0, 3, chance)
    cost = fit.costs(anywhere, recorded, [12], 1)
    best = anywhere[int(np.argmin(cost))]
    around = fit.guesses_around(best, 0.5, 3, chance)
    assert around[0] == best
    assert around[1] != best
    assert fit.costs(around, recorded, [12], 1)[0] == pytest.approx(min(cost), rel=1e-9)
    for guess in anywhere + around:
        assert all(low <= guess[name] <= high for name, (low, high) in fit.RANGES.items())


def test_no_recording_is_said_with_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(real, "DATA", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="none: it is not there"):
        real.run(quick=True)
