"""The comparison of the record with the files that were played finds whatever is not as the files say."""

from collections import defaultdict

import pytest

from benchmarks.real_data import RECORDINGS
from benchmarks.real_data_check import BAD, GOOD, UNCERTAIN, Cell, Found, Point, compare
from foundation.air import dew_point_c, vapour_pressure_deficit_kpa
from simulator.recording_map import load_map

MAPPED = load_map(RECORDINGS / "agc2022-map.yaml")
AIR, RH = "gh1.ref.air_temp", "gh1.ref.rh"
ROW_MS = 300_000
FIRST_MS = 1_644_303_600_000
ROWS = 12
Points = dict[str, list[Point]]


def at(row: int) -> int:
    return FIRST_MS + row * ROW_MS


def recorded() -> tuple[dict[str, list[Cell]], Points]:
    """Two pairs of probes that agree, an hour of them, and a record that is as it should be."""
    values = {f"{AIR}_computer": 20.0, f"{AIR}_wireless": 21.0, f"{RH}_computer": 70.0, f"{RH}_wireless": 72.0}
    cells = {tag: [Cell(at(row), value) for row in range(ROWS)] for tag, value in values.items()}
    points: Points = defaultdict(list)
    for tag, value in values.items():
        points[tag] = [Point(at(row), value, GOOD, None) for row in range(ROWS)]
    points[AIR] = [Point(at(row), 20.5, GOOD, None) for row in range(ROWS)]
    points[RH] = [Point(at(row), 71.0, GOOD, None) for row in range(ROWS)]
    for tag, formula in (("gh1.ref.vpd", vapour_pressure_deficit_kpa), ("gh1.ref.dew_point", dew_point_c)):
        points[tag] = [Point(at(row), formula(20.5, 71.0), GOOD, None) for row in range(ROWS)]
    return cells, points


def found(cells: dict[str, list[Cell]], points: Points) -> Found:
    return compare(MAPPED, cells, points)


def test_a_record_that_is_as_the_files_say_has_no_fault() -> None:
    cells, points = recorded()
    told = found(cells, points)
    assert told.faults == []
    assert (told.cells, told.right, told.derived, told.overtaken) == (4 * ROWS, 4 * ROWS, 2 * ROWS, 0)
    assert told.votes == {f"{AIR} good": ROWS, f"{RH} good": ROWS}


@pytest.mark.parametrize(
    ("tag", "wrong"),
    [
        (f"{AIR}_computer", Point(at(3), 20.000002, GOOD, None)),
        (f"{AIR}_computer", Point(at(3), 20.0, UNCERTAIN, "rate")),
        (f"{RH}_wireless", Point(at(3), None, BAD, "sentinel")),
        (AIR, Point(at(3), 20.0, GOOD, None)),
        (RH, Point(at(3), 71.0, UNCERTAIN, "disagree")),
        ("gh1.ref.vpd", Point(at(3), 0.5, GOOD, None)),
        ("gh1.ref.dew_point", Point(at(3), dew_point_c(20.5, 71.0), UNCERTAIN, "input")),
    ],
)
def test_one_point_that_is_another_is_found(tag: str, wrong: Point) -> None:
    cells, points = recorded()
    points[tag][3] = wrong
    assert len(found(cells, points).faults) >= 1


def test_a_point_that_is_missing_doubled_or_invented_is_found() -> None:
    cells, points = recorded()
    tag = f"{RH}_computer"
    whole = points[tag]
    points[tag] = whole[:5] + whole[6:]
    assert len(found(cells, points).missing) == 1
    points[tag] = [*whole[:5], whole[4], *whole[5:]]
    assert len(found(cells, points).invented) == 1
    points[tag] = [*whole[:5], Point(at(4) + 60_000, 70.0, GOOD, None), *whole[5:]]
    assert len(found(cells, points).invented) == 1


def test_what_was_learned_of_a_vote_after_its_time_may_stand_in_what_is_computed_from_it() -> None:
    cells, points = recorded()
    learned_ms = at(3) + 40_000
    points[RH].insert(4, Point(learned_ms, 72.0, UNCERTAIN, "input"))
    points[f"{RH}_computer"].insert(4, Point(learned_ms - 1, None, BAD, "comm"))
    one_probe = Point(at(3), vapour_pressure_deficit_kpa(20.5, 72.0), UNCERTAIN, "input")
    points["gh1.ref.vpd"][3] = one_probe
    assert found(cells, points).faults == []
    # but no later row of the probes is an excuse
    points["gh1.ref.vpd"][2] = one_probe._replace(ms=at(2))
    assert len(found(cells, points).wrong) == 1
