"""First-out: when a group of interlocks trips, what it saw and moved is kept, from 5 min before to 1 min after."""

from pathlib import Path

from controller import first_outs
from controller.first_outs import FirstOuts
from foundation.reading import Reason
from tests.core.small_site import Farm, core_of, document


def grouped() -> Farm:
    site = document()
    site["interlocks"]["fa.z.too_hot"] |= {"group": "air", "delay": "0 s"}
    site["interlocks"]["fa.z.too_much_co2"] |= {"group": "air", "delay": "1 s"}
    farm = Farm(core_of(site))
    farm.run(10)
    return farm


def watched(farm: Farm, kept: FirstOuts, seconds: int) -> None:
    for _ in range(seconds):
        kept.see(farm.scan(), farm.now_s)


def test_a_trip_is_kept_with_its_five_minutes_before_and_its_minute_after(tmp_path: Path) -> None:
    farm = grouped()
    kept = FirstOuts(tmp_path, farm.core.plan.interlock_groups)
    watched(farm, kept, 400)
    farm.says["fa.z.co2"] = 3000.0
    watched(farm, kept, 10)
    kept.write()
    (half,) = kept.records(9)
    assert (half.first, half.whole) == ("fa.z.too_much_co2", False)
    farm.says |= dict.fromkeys(("fa.z.temp_a", "fa.z.temp_b", "fa.z.temp_c"), 40.0)
    watched(farm, kept, 20)
    farm.says["fa.z.co2"] = Reason.COMM
    watched(farm, kept, 60)
    kept.write()
    (file,) = (tmp_path / "first-out").glob("*")
    (record,) = FirstOuts(tmp_path, {}).records(9)  # read back by an agent that was started anew
    assert file.stem == record.id == f"fa.air-{round(record.tripped_s * 1000)}"
    assert (record.first, record.others, record.whole, record.cut) == (
        "fa.z.too_much_co2", ("fa.z.too_hot",), True, False
    )  # fmt: skip
    assert {row[1] for row in record.rows} == {"fa.z.co2", "fa.z.temp", "fa.z.heater", "fa.z.vent"}
    times = [row[0] - record.tripped_s for row in record.rows if row[1] == "fa.z.co2"]
    assert (times[0], times[-1]) == (-300.0, 60.0)
    assert record.began["fa.z.co2"] == 800.0
    assert [row[2:] for row in record.rows if row[1] == "fa.z.co2"][-1] == (None, 0, "comm")


def test_a_snapshot_is_bounded_and_says_what_it_lacks(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(first_outs, "ROWS", 50)
    monkeypatch.setattr(first_outs, "FILES", 2)
    farm = grouped()
    kept = FirstOuts(tmp_path, farm.core.plan.interlock_groups)
    for _ in range(4):
        watched(farm, kept, 60)
        farm.says["fa.z.co2"] = Reason.COMM
        watched(farm, kept, 5)
        farm.scan()
        farm.state = farm.core.start(farm.now_s)
        farm.says["fa.z.co2"] = 800.0
        watched(farm, kept, 70)
        kept.write()
    records = kept.records(9)
    assert len(list((tmp_path / "first-out").glob("*"))) == 2
    assert all(record.cut and len(record.rows) <= 50 for record in records)
    assert records[0].tripped_s > records[1].tripped_s


def test_a_disk_that_takes_nothing_is_waited_for(tmp_path: Path) -> None:
    farm = grouped()
    kept = FirstOuts(tmp_path, farm.core.plan.interlock_groups)
    (tmp_path / "first-out").write_text("in the way")
    farm.says["fa.z.co2"] = 3000.0
    watched(farm, kept, 10)
    kept.write()
    (tmp_path / "first-out").unlink()
    kept.write()
    assert [record.first for record in FirstOuts(tmp_path, {}).records(9)] == ["fa.z.too_much_co2"]
