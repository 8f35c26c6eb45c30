"""docs/simulator/validation.md says what is computed now, where that takes a moment."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.validation import page, pictures
from benchmarks.validation.__main__ import main
from benchmarks.validation.points import Point, read_points
from benchmarks.validation.verdicts import Result, judged, known_quantities

ROOT = Path(__file__).parents[2]
POINTS = ROOT / "tests" / "validation" / "points.csv"
COMMITTED = (ROOT / "docs" / "simulator" / "validation.md").read_text("utf-8")
LONG = (
    "gl10d_", "gl110d_", "closure_", "electricity_", "energy_per_", "diel_", "dynras_", "static24h_", "dawn_do_",
    "night_lift", "blanket_gain", "damping_depth_daily", "dry_weight_day40", "benchmark_return",
)  # fmt: skip
"""Days of whole plants; the static days are held against GreenLight's hours here, in another table."""
ALL = read_points(POINTS)
AGAIN = "write it again: python -m benchmarks.validation tests/validation/points.csv --page docs/simulator"


@pytest.fixture(scope="module", name="quick")
def _quick() -> list[Result]:
    return list(judged([point for point in ALL if not point.quantity.startswith(LONG)], known_quantities()))


def test_every_row_stands_on_the_page_and_the_quick_ones_as_they_are_now(quick: list[Result]) -> None:
    lines = COMMITTED.splitlines()
    assert len(quick) > 200
    there = [result for result in quick if result.value is not None]  # what is at hand where the page was made
    assert [line for result in there if (line := page.row_line(result)) not in lines] == [], AGAIN
    assert [point.id for point in ALL if f"| {point.id} | {point.quantity} | " not in COMMITTED] == [], AGAIN


def test_facilities_of_quick_rows_are_summed_up_as_they_are_now(quick: list[Result]) -> None:
    slow = {point.facility for point in ALL if point.quantity.startswith(LONG)}
    quickly = {result.point.facility for result in quick} - slow
    assert {"air", "water", "sun"} <= quickly
    for facility in quickly - {"lettuce_greenhouse"}:  # some of its rows want weather that may not be at hand
        line = page.facility_line(facility, [result for result in quick if result.point.facility == facility])
        assert line in COMMITTED.splitlines(), AGAIN


def test_what_was_worked_by_hand_is_that_of_now() -> None:
    assert "**fail**" not in page.by_hand.table()
    assert page.by_hand.table() in COMMITTED, AGAIN


def test_design_days_and_seasons_are_those_of_now() -> None:
    assert page.design_days() in COMMITTED, AGAIN
    assert page.seasons() in COMMITTED, AGAIN


@pytest.mark.skipif(not all(path.is_file() for path in page.STATIC), reason="they stand beside the project")
def test_the_trajectories_are_those_of_now() -> None:
    assert "**fail**" not in page.trajectories()[-1]
    assert page.trajectories()[-1] in COMMITTED, AGAIN


def test_a_trajectory_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"tAir": {"rms": 0.051, "max": 0.2}, "vpAir": {"rms": 2.9, "max": 9.0}, "lai": {"rms": 1.0, "max": 1.0}}
    monkeypatch.setattr(page, "STATIC", (POINTS, POINTS))
    monkeypatch.setattr(page.greenlight, "compared", lambda *files: [{"case": "S1", "columns": columns}])
    assert page.trajectories()[-1].splitlines()[2:] == [
        "| S1 | tAir | 0.051 K | 0.2 K | 0.05 K | **fail** |",
        "| S1 | vpAir | 2.9 Pa | 9 Pa | 3 Pa | pass |",
    ]


def result(value: float | None, gate: str = "hard", **changes: Any) -> Result:
    point = Point(
        **{
            "id": "X1",
            "facility": "air",
            "quantity": "vpd",
            "inputs": {},
            "expected": 10.0,
            "tolerance": 2.0,
            **changes,
        },
        gate=gate,
    )
    verdict: Any = (
        "reported"
        if gate == "report"
        else "fail"
        if value is None or abs(value - point.expected) > point.tolerance
        else "pass"
    )
    return Result(point, value, verdict)


def test_a_row_tells_its_share_of_the_tolerance() -> None:
    assert page.row_line(result(11.0)) == "| X1 | vpd | 10 | 11 | 2 | 50% | pass |"
    assert page.row_line(result(15.0)) == "| X1 | vpd | 10 | 15 | 2 | 250% | **fail** |"
    assert page.row_line(result(None)) == "| X1 | vpd | 10 |  | 2 |  | **fail** |"


def test_a_facility_is_judged_by_the_row_that_is_furthest_off_and_gates() -> None:
    told = result(99.0, gate="report", id="X3")
    line = page.facility_line("air", [result(11.0), result(15.0, id="X2"), told])
    assert line == "| air | 3 | 1 | 1 | 1 | 0 | X2, 250% |"


def test_a_band_that_does_not_hold_must_be_argued(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = result(15.0, gate="band")
    with pytest.raises(page.NotArgued, match=r"X1 \(vpd\) does not hold: say why"):
        page.argued([missed])
    monkeypatch.setattr(page, "ARGUED", {"X1": "The sample was taken in the rain."})
    assert page.argued([missed]) == "- X1, vpd: 15 for 10 ± 2. The sample was taken in the rain."
    assert page.argued([result(15.0)]).endswith("It is a fault.")
    assert page.argued([result(11.0)]) == "None."


def test_an_argument_is_only_kept_for_what_does_not_hold(quick: list[Result]) -> None:
    held = {one.point.id for one in quick if one.verdict == "pass"}
    assert set(page.ARGUED) & held == set()
    assert set(page.ARGUED) <= {point.id for point in ALL if point.gate == "band"}


@pytest.mark.parametrize("arguments", [["--page", "x"], ["p.csv", "--page", "x", "--json"]])
def test_a_page_wants_points_and_nothing_else(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_page_is_written_with_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for dear in ("trajectories", "ten_days", "side_by_side", "design_days", "seasons", "reality"):
        monkeypatch.setattr(page, dear, lambda: "")
    monkeypatch.setattr(page.months, "table", lambda: "")
    monkeypatch.setattr(pictures, "_recorded", lambda path: None)
    monkeypatch.setattr(pictures, "_ten_days", lambda weather, path: None)
    points = tmp_path / "points.csv"
    lines = POINTS.read_text("utf-8").splitlines()
    points.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("AIR00"))]), "utf-8")
    assert main([str(points), "--page", str(tmp_path / "page")]) == 0
    written = (tmp_path / "page" / "validation.md").read_text("utf-8")
    assert "| AIR001 |" in written
    for picture in ("points", "by-hand", "lettuce", "weather"):
        size = (tmp_path / "page" / f"validation-{picture}.png").stat().st_size
        assert 5_000 < size < 150_000
