"""GreenLight and the gyms beside ours: what runs without them, and what is said where they are not."""

import json
import sys
from math import isfinite
from pathlib import Path

import pytest

from benchmarks import __main__ as harness
from benchmarks import greenhouse_gyms, greenlight, peers
from benchmarks.validation.__main__ import main as validate
from benchmarks.validation.greenlight import TEN_DAYS, closed_loop, hourly_sky, katzin_rules, means_and_sums
from benchmarks.validation.lettuce_greenhouse import benchmark_weather
from simulator.plants.greenhouse import load

HEADER = "id,facility,quantity,inputs_json,expected,unit,tolerance,source,gate\n"
recorded = pytest.mark.skipif(not TEN_DAYS.is_file(), reason="the record stands beside the project, in ../shared")


@recorded
def test_six_hours_beside_the_record_need_no_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert harness.main(["greenlight", "--quick", "--json", "--lamp", "none"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    off = {row["name"]: row["ours"] for row in json.loads(told.out)}
    assert len(off) == 2
    assert all("ours alone" in name and "none" in name for name in off)
    air, vapour = off.values()
    assert air < 0.05
    assert vapour < 8.0


def test_an_option_belongs_to_its_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["greenlight", "--lamp", "mercury"], ["scan", "--lamp", "led"]):
        with pytest.raises(SystemExit) as left:
            harness.main(wrong)
        assert left.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


@recorded
def test_air_that_warms_loses_vapour_in_greenlight_alone() -> None:
    ours, alike = (closed_loop("led", 0.05, hourly_sky(), as_greenlight=way) for way in (False, True))
    assert ours.house.air_c == pytest.approx(alike.house.air_c, abs=0.1)
    assert alike.house.vapour_air_kg_m3 < ours.house.vapour_air_kg_m3


SKY = {"tOut": 4.0, "iGlob": 0.0, "dayRadSum": 3.0, "isDay": 0.0}


def test_katzins_rules_heat_the_cold_vent_the_hot_and_light_until_six_in_the_evening() -> None:
    cold = katzin_rules(3600.0, SKY, 15.0, 70.0, 600.0, lamps=True)
    hot = katzin_rules(12 * 3600.0, SKY | {"iGlob": 700.0, "isDay": 1.0}, 30.0, 70.0, 1200.0, lamps=True)
    evening = katzin_rules(20 * 3600.0, SKY, 18.5, 70.0, 600.0, lamps=True)
    assert (cold["uBoil"], cold["uLamp"]) == (pytest.approx(1.0, abs=1e-3), 1.0)
    assert cold["uThScr"] > 0.99 > 0.01 > cold["uRoof"]
    assert (hot["uRoof"], hot["uLamp"]) == (pytest.approx(1.0, abs=0.05), 0.0)
    assert hot["uBoil"] < 1e-6 > hot["uExtCo2"]
    assert (evening["uLamp"], evening["uExtCo2"]) == (0.0, pytest.approx(0.0, abs=1e-6))


def points(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_whose_weather_is_not_here_say_what_they_want(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark_weather.cache_clear()
    means_and_sums.cache_clear()
    for module in ("greenlight", "lettuce_greenhouse"):
        monkeypatch.setattr(f"benchmarks.validation.{module}.folder_of", lambda peer: None)
    season = 'G1,greenhouse,gl110d_tAir_mean,"{""days"": 110, ""lamp"": ""led""}",19.68,degC,0.1,x,hard'
    lettuce = 'L1,lettuce_greenhouse,dry_weight_day40,"{""controller"": ""AllOff""}",0.0158,kg/m2,4e-5,x,hard'
    assert validate([str(points(tmp_path, season, lettuce)), "--json"]) == 0
    told = capsys.readouterr()
    assert [row["verdict"] for row in json.loads(told.out)] == ["not implemented"] * 2
    said = told.err.splitlines()
    assert len(said) == 2
    assert said[0].startswith("G1: ")
    assert "greenlight==2.0.5" in said[0]
    assert said[1].startswith("L1: ")
    assert "lettuce-greenhouse-gym==0.1.3" in said[1]


def test_the_peer_answers_with_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARMLOOP_PEERS", str(tmp_path))
    monkeypatch.setattr(peers, "python_of", lambda peer: Path(sys.executable))
    monkeypatch.setattr(peers, "__file__", str(tmp_path / "peers.py"))
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint('Running: 1 %')\nprint('{\"said\": \"%s\"}' % sys.argv[1])\n")
    assert peers.last_answer(("p", "p==1"), "script.py", "hello") is None
    assert peers.answer(("p", "p==1"), "script.py", "hello") == {"said": "hello"}
    assert peers.last_answer(("p", "p==1"), "script.py", "hello") == {"said": "hello"}
    assert peers.last_answer(("p", "p==2"), "script.py", "hello") is None
    script.write_text("print('nothing')\n")
    with pytest.raises(peers.NoPeer, match="no JSON"):
        peers.answer(("p", "p==1"), "script.py")
    script.write_text("raise SystemExit('no such lamp')\n")
    with pytest.raises(peers.NoPeer, match=r"exit 1 .*no such lamp"):
        peers.answer(("p", "p==1"), "script.py")


def test_a_peer_of_another_pin_lives_in_another_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FARMLOOP_PEERS", str(tmp_path))
    old, new = peers.home_of(("p", "p==1")), peers.home_of(("p", "p==2"))
    assert old.parent == new.parent == tmp_path
    assert old != new
    assert peers.folder_of(("p", "p==1")) is None


def test_our_house_goes_through_what_gl_gym_was_told() -> None:
    told = greenhouse_gyms.SOMETHING_TOLD
    coarse, fine = (greenhouse_gyms.beside_gl_gym(told, step_s) for step_s in (300.0, 30.0))
    assert set(coarse.off) == set(greenhouse_gyms.NOISE)
    assert all(isfinite(off) and off > 0.0 for off in coarse.off.values())
    assert coarse.off["tAir"] == pytest.approx(fine.off["tAir"], rel=0.1)
    # but for the screen that the peer has brighter than light, it is the house of the parameter file
    assert greenhouse_gyms.house_of_gl_gym().floor_area_m2 == load("bleiswijk_2010").parameters.floor_area_m2


def test_the_gyms_are_not_asked_for_a_quick_look(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greenhouse_gyms, "answer", lambda *asked: pytest.fail(f"asked {asked}"))
    assert harness.main(["greenhouse_gyms", "--quick", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert "ours alone" in row["name"]


def test_heat_is_compared_like_with_like() -> None:
    # two days of 300 s samples: 20 W/m2 here and 10 there, but at midnight, where the setpoint jumps
    theirs = [10.0 + (90.0 if at % 288 == 0 else 0.0) for at in range(577)]
    ours = [{"hBoilPipe": 20.0 + (280.0 if at % 288 == 0 else 0.0)} for at in range(577)]
    told = {"samples": {"hBoilPipe": theirs}, "integrals": {"hBoilPipe": 2.0e6}}
    found = greenlight.heat_off(ours, 2.1e6, told)
    summed = 300.0 * (574 * 10.0 + 2 * 100.0)
    assert found == pytest.approx((5.0, 100.0, 100.0 * (2.1e6 / summed - 1.0), 100.0 * (summed / 2.0e6 - 1.0)))


def test_every_gap_between_ours_and_theirs_is_a_row() -> None:
    ours = [dict.fromkeys([*greenlight.GOALS, *greenlight.OTHERS], 1.0 + 0.1 * at) for at in range(3)]
    theirs = {name: [1.0, 1.0, 1.0] for name in ours[0]}
    rows = greenlight._columns("x", ours, theirs)
    assert len(rows) == len(ours[0])
    assert rows[0]["ours"] == pytest.approx((0.05 / 3.0) ** 0.5, rel=1e-3)
    assert "bias +0.1" in rows[0]["name"]


@recorded
def test_sums_are_integrals_and_heat_is_held_against_its_samples_too() -> None:
    ours = closed_loop("led", 0.01, hourly_sky(), sample_s=300.0)
    books = ours.house.books
    integrals = {
        "hBoilPipe": books.boiler_j / 1.01, "qLampIn": books.lamp_j, "mcExtAir": books.co2_dosed_mg,
        "mvCanAir": books.transpired_kg,
    }  # fmt: skip
    after_midnight = ours.samples[1]["hBoilPipe"] / 1.02
    samples = {"hBoilPipe": [books.boiler_j / 300.0 - after_midnight, after_midnight, 0.0]}
    rows = greenlight._sums("x", ours, {"integrals": integrals, "samples": samples})
    off = {row["name"]: row["ours"] for row in rows if row["unit"] == "%"}
    assert off["x: heat, off its integral (+1.00)"] == pytest.approx(1.0, abs=1e-3)
    assert off["x: lamps, off its integral (+0.00)"] == 0.0
    assert off["x: heat, sampled alike, off its 300 s sums without midnights (+2.00)"] == pytest.approx(2.0, abs=1e-3)
    mixed = "x: heat, our integral off its 300 s sums, which are +1.00 off its own integral"
    assert [value for name, value in off.items() if name.startswith(mixed)] == [pytest.approx(0.0, abs=1e-9)]
    told = {row["name"]: (row["ours"], row["peer_value"]) for row in rows if row["unit"] != "%"}
    assert told["x: heat"] == pytest.approx((books.boiler_j / 1e6, books.boiler_j / 1.01e6), rel=1e-3)
    assert set(told) == {"x: heat", "x: lamps", "x: CO2", "x: water"}
