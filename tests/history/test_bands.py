"""A trend as a band: what it shows of minutes and hours is what was there, and nothing is drawn where nothing was."""

from math import isnan, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.history.aggregate import Slot, combined
from controller.history.bands import STRETCHES, _band, bands, of_points
from controller.history.blocks import NAME
from controller.history.local import Local
from controller.history.local_reader import Reader
from foundation.reading import Reason, bad, good
from tests.history.farm import tags
from tests.history.test_local import AIR, BEGIN_S, recorded

DAY_S = 86400.0


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A point a minute: a peak at 17:00, bad from 10:00 to 12:00 of the first day, silent from 20:00 to 22:00."""
    directory = tmp_path_factory.mktemp("bands")
    record = Local(directory / NAME)
    for minute in range(2880):
        if not 1200 <= minute < 1320:
            is_bad = 600 <= minute < 720
            value = 95.0 if minute == 1020 else 20.0 + minute % 2
            at_s = BEGIN_S + 60.0 * minute
            record.keep([bad(AIR, Reason.COMM, at_s) if is_bad else good(AIR, value, at_s)], at_s)
    record.close(BEGIN_S + 2 * DAY_S)
    return directory


@pytest.mark.parametrize("days", [1.0, 2.0])
def test_a_band_keeps_the_peak_the_gap_and_what_could_not_be_relied_on(two_days: Path, days: float) -> None:
    to_s = BEGIN_S + days * DAY_S
    stretch_s, found = bands(Reader(two_days / NAME), tags(AIR), [AIR, "gh1.bay1.other"], BEGIN_S, to_s, to_s)
    band = found[AIR]
    assert 0 < len(band.times_s) <= STRETCHES + 2
    assert stretch_s % 60.0 == 0.0
    assert band.times_s == sorted(band.times_s)
    assert max(high for high in band.highs if high is not None) == 95.0
    usual = [
        (mean, low, high)
        for mean, low, high in zip(band.means, band.lows, band.highs, strict=True)
        if mean is not None and low is not None and high is not None and high < 95.0
    ]
    assert {(low, high) for _, low, high in usual} == {(20.0, 21.0)}
    assert [mean for mean, _, _ in usual] == pytest.approx([20.5] * len(usual), abs=0.2)
    gaps = [(at_s - BEGIN_S) / 3600.0 for at_s, mean in zip(band.times_s, band.means, strict=True) if mean is None]
    assert all(10.0 <= hour <= 12.0 or 20.0 <= hour <= 22.0 for hour in gaps)
    assert any(hour <= 12.0 for hour in gaps)
    assert any(hour >= 20.0 for hour in gaps)
    ((from_s, until_s),) = band.bad
    assert (from_s - BEGIN_S, until_s - BEGIN_S) == (36000.0, pytest.approx(43200.0, abs=stretch_s))
    assert found["gh1.bay1.other"].times_s == []


def test_a_year_is_drawn_from_hours(two_days: Path) -> None:
    to_s = BEGIN_S + 2 * DAY_S
    stretch_s, found = bands(Reader(two_days / NAME), tags(AIR), [AIR], to_s - 365 * DAY_S, to_s, to_s)
    assert stretch_s % 3600.0 == 0.0
    assert 365 * DAY_S / stretch_s <= STRETCHES
    assert max(high for high in found[AIR].highs if high is not None) == 95.0


def test_points_as_they_came_are_a_line_and_bad_until_the_next() -> None:
    band = of_points([(1.0, 5.0), (2.0, None), (4.0, None), (7.0, 6.0), (9.0, None)], 12.0)
    assert band.lows == band.highs == band.means == [5.0, None, None, 6.0, None]
    assert band.bad == [(2.0, 7.0), (9.0, 12.0)]


SLOTS = st.lists(
    st.tuples(st.integers(1, 3), st.none() | st.floats(-50, 50), st.floats(0, 9), st.floats(0.0, 60.0), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip


@given(SLOTS, st.sampled_from([60.0, 180.0, 600.0]))
def test_a_stretch_is_its_minutes_put_together(
    told: list[tuple[int, float | None, float, float, bool]], stretch_s: float
) -> None:
    slots, at_s = [], 0
    for after, low, more, good_s, is_bad in told:
        at_s += 60 * after
        if low is None:
            slots.append(Slot(at_s, nan, nan, nan, 1, 1, 0.0))
        else:
            slots.append(Slot(at_s, low + more / 2, low, low + more, 2, int(is_bad), good_s))
    columns = [[float(slot[place]) for slot in slots] for place in (0, 1, 2, 3, 5, 6)]
    band = _band(columns, stretch_s, float("inf"), slots[-1].at_s + 60.0)
    known: dict[float, list[Slot]] = {}
    for slot in slots:
        known.setdefault(slot.at_s // stretch_s * stretch_s, []).append(slot)
    wanted = [combined(0, within) for within in known.values()]
    assert len(band.times_s) == len(wanted)
    for place, slot in enumerate(wanted):
        if isnan(slot.low):
            assert band.means[place] is band.lows[place] is band.highs[place] is None
            continue
        assert (band.lows[place], band.highs[place]) == (slot.low, slot.high)
        if slot.good_s > 0.0:
            assert band.means[place] == pytest.approx(slot.mean, abs=1e-9)
    doubted = {begin_s for begin_s, within in known.items() if any(slot.bad for slot in within)}
    assert all(any(from_s <= begin_s < to_s for from_s, to_s in band.bad) for begin_s in doubted)
    assert all(not any(from_s <= begin_s < to_s for from_s, to_s in band.bad) for begin_s in known.keys() - doubted)


def test_what_is_not_folded_yet_is_in_the_band_too(tmp_path: Path) -> None:
    recorded(tmp_path, range(5400)).close(BEGIN_S + 5400)
    now_s = BEGIN_S + 5400
    _, found = bands(Reader(tmp_path / NAME), tags(AIR), [AIR], now_s - 3 * 3600, now_s, now_s)
    assert max(found[AIR].times_s) > now_s - 120.0
