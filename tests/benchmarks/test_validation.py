"""The reference points, and the promise that nothing in such a file is passed over in silence."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.validation.__main__ import main
from benchmarks.validation.points import BadPoints, Point, read_points
from benchmarks.validation.verdicts import FACILITIES, judged, known_quantities

POINTS = Path(__file__).parents[1] / "validation" / "points.csv"
HEADER = "id,facility,quantity,inputs_json,expected,unit,tolerance,source,gate"
# these run whole plants for days, which is seconds each; tests/simulator has the plants' own runs
LONG = ("gl10d_", "gl110d_", "closure_", "electricity_", "diel_", "dynras_", "energy_per_kg_fish", "dawn_")
QUICK = [point for point in read_points(POINTS) if not point.quantity.startswith(LONG)]


@pytest.fixture(scope="module", name="verdicts")
def _verdicts() -> dict[str, Any]:
    return {result.point.id: result for result in judged(QUICK, known_quantities())}


@pytest.mark.parametrize("point", [point for point in QUICK if point.gate != "report"], ids=lambda point: point.id)
def test_a_reference_point_holds_or_is_said_to_be_missing(point: Point, verdicts: dict[str, Any]) -> None:
    result = verdicts[point.id]
    assert result.verdict in ("pass", "not implemented"), f"{result.value} for {point.expected}: {result.note}"


@pytest.mark.parametrize("facility", ["air", "water", "sun", "crop", "soil"])
def test_these_facilities_have_no_gap(facility: str, verdicts: dict[str, Any]) -> None:
    assert {result.verdict for result in verdicts.values() if result.point.facility == facility} == {"pass"}


@pytest.mark.parametrize("facility", ["ras", "pond", "hydroponics", "plant_factory"])
def test_these_facilities_know_every_row(facility: str, verdicts: dict[str, Any]) -> None:
    rows = [result for result in verdicts.values() if result.point.facility == facility]
    assert {result.verdict for result in rows} <= {"pass", "reported"}
    assert all(result.value is not None for result in rows)


def test_every_row_gets_one_result_in_order(verdicts: dict[str, Any]) -> None:
    assert list(verdicts) == [point.id for point in QUICK]
    assert {result.verdict for result in verdicts.values() if result.point.gate == "report"} == {"reported"}


def test_every_facility_named_is_there() -> None:
    assert {facility for facility, _ in known_quantities()} == set(FACILITIES)
    assert known_quantities(["no_such_facility"]) == {}


def file_of(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "points.csv"
    path.write_text("\r\n".join([header, *rows]) + "\r\n", encoding="utf-8")
    return path


def row(
    id: str = "X1",
    facility: str = "air",
    quantity: str = "saturation_vapour_pressure",
    inputs: Any = None,
    expected: object = 2338.8,
    tolerance: object = 3.5,
    gate: str = "hard",
) -> str:
    text = json.dumps({"t_c": 20} if inputs is None else inputs).replace('"', '""')
    return f'{id},{facility},{quantity},"{text}",{expected},Pa,{tolerance},by hand,{gate}'


def judged_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]], str]:
    code = main([str(path), "--json"])
    out, err = capsys.readouterr()
    document: list[dict[str, Any]] = json.loads(out)
    return code, document, err


def test_a_row_that_holds_passes_with_exactly_these_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document, err = judged_as_json(file_of(tmp_path, row()), capsys)
    assert code == 0
    assert err == ""
    assert document == [
        {
            "id": "X1",
            "facility": "air",
            "quantity": "saturation_vapour_pressure",
            "value": pytest.approx(2338.8, abs=1.0),
            "expected": 2338.8,
            "tolerance": 3.5,
            "verdict": "pass",
        }
    ]


@pytest.mark.parametrize("gate", ["hard", "band"])
def test_a_row_that_gates_and_does_not_hold_makes_the_exit_one(
    gate: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document, _ = judged_as_json(file_of(tmp_path, row(expected=2400.0, gate=gate), row("X2")), capsys)
    assert code == 1
    assert [entry["verdict"] for entry in document] == ["fail", "pass"]


def test_a_row_to_be_reported_never_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = row(expected=2400.0, gate="report"), row("X2", quantity="unheard_of", gate="report")
    code, document, _ = judged_as_json(file_of(tmp_path, *rows), capsys)
    assert code == 0
    assert [entry["verdict"] for entry in document] == ["reported", "reported"]
    assert document[0]["value"] is not None
    assert document[1]["value"] is None


@pytest.mark.parametrize(
    "unknown",
    [
        {"facility": "moon"},
        {"quantity": "taste"},
        {"inputs": {"t_c": 20, "t_f": 68}},
        {"inputs": {}},
        {"facility": "water", "quantity": "nh3_fraction_of_TAN", "inputs": {"t_c": 20, "ph": 8, "salinity": 35}},
        {"facility": "ras", "quantity": "o2_demand_rate", "inputs": {"species": "carp", "t_c": 12, "w_g": 200}},
        {"facility": "hydroponics", "quantity": "ec25_kcl", "inputs": {"K_mM": 1, "Fe_mM": 1}},
    ],
)
def test_what_nobody_here_knows_is_said_to_be_missing(
    unknown: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document, _ = judged_as_json(file_of(tmp_path, row(**unknown)), capsys)
    assert code == 0
    assert document[0]["verdict"] == "not implemented"
    assert document[0]["value"] is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"inputs": {"t_c": "warm"}}, "TypeError"),
        ({"inputs": {"t_c": None}}, "TypeError"),
        ({"facility": "sun", "quantity": "day_length", "inputs": {"lat": 1, "lon": 1, "date": "May", "tz": "UTC"}}, ""),
        (
            {"facility": "sun", "quantity": "azimuth"}
            | {"inputs": {"lat": 1, "lon": 1, "local_time": "2024-05-01 12:00", "tz": "Mars/Olympus"}},
            "Mars/Olympus",
        ),
    ],
)
def test_inputs_that_make_no_sense_fail_and_say_why(
    wrong: dict[str, Any], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document, err = judged_as_json(file_of(tmp_path, row(**wrong), row("X2")), capsys)
    assert code == 1
    assert [entry["verdict"] for entry in document] == ["fail", "pass"]
    assert document[0]["value"] is None
    assert err.startswith("X1: ")
    assert why in err


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("X1,air,vpd", "3 fields where the header has 9"),
        (row(expected="many"), "expected is 'many', not a number"),
        (row(expected="nan"), "expected is 'nan', not a number"),
        (row(tolerance=-1), "tolerance is -1; it cannot be negative"),
        (row(gate="soft"), "gate is 'soft'; there are: hard, band, report"),
        (row(id=""), "id is empty"),
        ("X1,air,vpd,{t_c: 20},1,Pa,1,by hand,hard", "inputs_json is not JSON"),
        ("X1,air,vpd,[20],1,Pa,1,by hand,hard", "inputs_json is not a JSON object"),
        ('X1,air,vpd,"{}"x,1,Pa,1,by hand,hard', "expected after"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(
    bad: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path, row(), bad)
    assert main([str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{path}:3: ")
    assert what in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_or_not_text_is_one_line_and_exit_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = tmp_path / "blob.csv"
    blob.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.csv", blob, tmp_path, file_of(tmp_path, header="id,value")):
        assert main([str(path), "--json"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(str(path))
        assert err.count("\n") == 1


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    rows = list(csv.DictReader([HEADER, row()]))
    path = tmp_path / "turned.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, ["note", *reversed(HEADER.split(","))])
        writer.writeheader()
        writer.writerow({**rows[0], "note": "new"})
    assert [point.id for point in read_points(path)] == ["X1"]


def test_blank_lines_are_no_rows_and_no_rows_are_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read_points(file_of(tmp_path, row(), "", row("X2")))) == 2
    assert judged_as_json(file_of(tmp_path), capsys)[:2] == (0, [])
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(BadPoints, match=":1: no column id"):
        read_points(empty)


def test_the_table_names_every_row_and_counts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file_of(tmp_path, row(), row("[X2]", quantity="taste")))]) == 0
    out, _ = capsys.readouterr()
    assert "X1" in out
    assert "[X2]" in out
    assert "2 rows: 1 pass, 1 not implemented" in out
    assert "\x1b" not in out


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.validation", str(file_of(tmp_path, row())), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["verdict"] == "pass"


def test_days_of_the_greenhouse_are_compared_column_by_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weather = {"tOut": 0, "vpOut": 500, "co2Out": 750, "wind": 4, "tSky": -10, "tSoOut": 10, "iGlob": 0}
    controls = {"uBoil": 0.3, "uRoof": 0, "uThScr": 0, "uLamp": 0, "uExtCo2": 0}
    inputs, trajectories = tmp_path / "inputs.json", tmp_path / "trajectories.csv"
    inputs.write_text(json.dumps({"night": {"weather": weather, "controls": controls}}))
    trajectories.write_text("case,Time,tAir,vpAir\nnight,0,16.5,1681.91\nnight,3600,10.4859,1052.44\n")
    assert main(["--greenlight", str(trajectories), "--inputs", str(inputs), "--json"]) == 0
    [case] = json.loads(capsys.readouterr().out)
    assert case["case"] == "night"
    assert case["columns"]["tAir"]["rms"] <= case["columns"]["tAir"]["max"] < 0.15
    assert main(["--greenlight", str(trajectories), "--inputs", str(trajectories)]) == 2
    assert main(["--greenlight", str(tmp_path / "none.csv"), "--inputs", str(inputs)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("arguments", [[], ["a.csv", "--greenlight", "b.csv"], ["--greenlight", "b.csv"], ["--nope"]])
def test_a_command_that_cannot_be_meant_ends_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
