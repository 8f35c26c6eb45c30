"""A probe that a person calibrates while the farm runs: applied at once, nonsense refused, what stood before kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.calibration import Calibration
from controller.core.calibration_check import nonsense, offset, slopes, wrong_points
from controller.core.state import to_plain
from controller.core.words import Calibrate, Maintain, Snapshot
from controller.journal.scans import Names, Scan
from foundation.reading import Quality, Reason
from tests.core.small_site import START_S, Farm, changed, core_of, document, small_core
from tests.core.test_image import tag

PH = "fa.z.ph"
BUFFERS = ((4.1, 4.01), (6.9, 7.0))
"""A slope of 93.6 %."""


def wish(farm: Farm, points: tuple[tuple[float, float], ...], of: str = PH, **more: Any) -> Calibrate:
    told = {"keeps_slope": False, "method": "two buffers", "reference": "lot 7", "note": "", "by": "wang"} | more
    return Calibrate(f"{farm.now_s}", of, points, measured_s=farm.now_s, time_s=farm.now_s, **told)


def running(core: Any = None) -> Farm:
    farm = Farm(core or small_core())
    farm.run(20)
    farm.events.clear()
    return farm


def refusals(farm: Farm) -> list[object]:
    return [event.values["why"] for event in farm.events if event.kind == "refused"]


def test_a_calibration_stands_at_once_and_says_who_and_by_what():
    farm = running()
    farm.scan([wish(farm, tuple(reversed(BUFFERS)))])  # whatever buffer was first
    assert farm.state.values[PH] == pytest.approx(Calibration(BUFFERS).apply(5.8, None))
    (told,) = [event for event in farm.events if event.kind == "calibrated"]
    assert told.values["slopes"] == (pytest.approx(93.645, abs=0.01),)
    (made,) = farm.state.calibrations[PH]
    assert (made.by, made.method, made.reference, made.applied_s) == ("wang", "two buffers", "lot 7", farm.now_s)
    assert made.points == BUFFERS


def test_a_step_that_only_the_calibration_made_is_no_spike_and_no_fast_change():
    farm = running()
    farm.says["fa.z.temp_a"] = 20.0
    farm.run(20)
    farm.scan([wish(farm, ((20.0, 27.0),), "fa.z.temp_a")])  # further than the spike and the rate that are believed
    assert farm.quality("fa.z.temp_a") == (Quality.GOOD, None)
    assert farm.state.values["fa.z.temp_a"] == pytest.approx(27.0)


def test_one_point_moves_the_zero_and_leaves_the_slope():
    farm = running()
    farm.scan([wish(farm, BUFFERS)])
    farm.scan([wish(farm, ((6.5, 6.8),), keeps_slope=True)])
    assert slopes(farm.core.calibrations.points(farm.state.calibrations, PH)) == pytest.approx(slopes(BUFFERS))
    farm.says[PH] = 6.5
    farm.scan()
    assert farm.state.values[PH] == pytest.approx(6.8)
    farm.scan([wish(farm, BUFFERS, keeps_slope=True)])
    assert refusals(farm) == ["calibration_one"]


def test_the_site_files_calibration_is_moved_and_comes_back():
    site = changed("tags", "fa.z.ec", {"unit": "mS/cm", "range": ["0 mS/cm", "20 mS/cm"],
        "calibration": {"points": [["1 mS/cm", "1.1 mS/cm"], ["10 mS/cm", "10.5 mS/cm"]],
                        "temperature": {"tag": "fa.z.temp_a", "form": "linear"}}})  # fmt: skip
    farm = running(core_of(site))
    farm.says |= {"fa.z.ec": 4.6, "fa.z.temp_a": 21.0}  # 5.0 at 25 degC
    farm.run(2)
    before = farm.state.values["fa.z.ec"]
    now = farm.core.calibrations.probe(farm.state, "fa.z.ec")
    assert (now.says, now.water_c, now.compensated) == (pytest.approx(5.0), 21.0, True)
    farm.scan([wish(farm, ((5.0, 5.0),), "fa.z.ec", keeps_slope=True)])
    assert farm.state.values["fa.z.ec"] == pytest.approx(5.0)
    assert farm.state.values["fa.z.ec_raw"] == 4.6
    assert farm.core.calibrations.points(farm.state.calibrations, "fa.z.ec")[0][1] < 1.1
    farm.scan([wish(farm, (), "fa.z.ec")])
    assert farm.state.values["fa.z.ec"] == before


@pytest.mark.parametrize(("points", "more", "why"), [
    (((4.1, 4.01), (6.2, 7.0)), {}, "calibration_slope"),  # 70 %
    (((3.8, 4.01), (7.1, 7.0)), {}, "calibration_slope"),  # 110 %
    (((4.5, 4.01), (6.96, 7.0)), {}, "calibration_worn"),  # 82 %: somebody has to say why
    (((4.1, 7.0), (6.9, 4.01)), {}, "calibration_swapped"),
    (((4.1, 4.01), (4.1, 7.0)), {}, "calibration_swapped"),
    (((6.9, 7.0), (7.1, 7.2)), {}, "calibration_close"),
    (((6.9, 9.0),), {}, "calibration_offset"),
    (((6.9, 70.0),), {}, "calibration_range"),
    (((4.0, 4.0), (5.5, 5.5), (7.0, 7.0), (9.0, 9.0)), {}, "calibration_points"),
    (((float("nan"), 4.0),), {}, "calibration_points"),
    (BUFFERS, {"of": "fa.z.door"}, "no_probe"),
    (BUFFERS, {"of": "fa.z.lab"}, "no_probe"),
    (((1.0, 1.0), (2.0, 9.0)), {"of": "fa.z.ec"}, "calibration_slope"),
])  # fmt: skip
def test_what_cannot_be_a_calibration_is_refused(points, more, why):
    farm = running()
    before = farm.state.values[PH]
    farm.scan([wish(farm, points, **more)])
    assert refusals(farm) == [why]
    assert farm.state.calibrations == {}
    assert farm.state.values[PH] == before


def test_a_worn_electrode_is_used_on_by_who_says_why():
    farm = running()
    farm.scan([wish(farm, ((4.5, 4.01), (6.96, 7.0)), note="no other before Friday")])
    assert farm.told("calibrated") == [PH]


def test_an_older_one_is_applied_again_and_twelve_are_kept():
    farm = running()
    worn = ((4.5, 4.01), (6.96, 7.0))
    farm.scan([wish(farm, worn, note="no other")])
    farm.scan([wish(farm, BUFFERS)])
    farm.scan([wish(farm, worn)])  # as it was: no need to say why again
    assert [one.points for one in farm.state.calibrations[PH]] == [worn, BUFFERS, worn]
    for number in range(20):
        farm.scan([wish(farm, ((6.0, 6.0 + number / 100.0),))])
    assert len(farm.state.calibrations[PH]) == 12


def test_a_calibration_outlives_a_restart_and_a_damaged_one_does_not():
    farm = running()
    farm.scan([wish(farm, BUFFERS)])
    plain = json.loads(json.dumps(to_plain(farm.state)))
    assert farm.core.start(farm.now_s + 60.0, plain).calibrations == farm.state.calibrations
    plain["calibrations"][PH][0][0] = [[4.0, 4.0, 4.0]]
    plain["calibrations"]["fa.z.gone"] = plain["calibrations"][PH]
    assert farm.core.start(farm.now_s + 60.0, plain).calibrations == {PH: ()}
    plain["calibrations"] = {PH: 7}
    assert farm.core.start(farm.now_s + 60.0, plain).calibrations == {}


def test_a_probe_in_care_says_what_it_says_before_calibration():
    farm = running()
    farm.scan([wish(farm, BUFFERS)])
    assert farm.core.calibrations.probe(farm.state, PH).says == 5.8
    del farm.says[PH]
    farm.scan([Maintain("1", PH, "calibration", "wang", farm.now_s + 600.0, farm.now_s)])
    # what stands there is of before, and calibrated
    assert farm.core.calibrations.probe(farm.state, PH).says is None
    farm.says[PH] = 6.98
    farm.scan()
    now = farm.core.calibrations.probe(farm.state, PH)
    assert (now.says, now.says_s, now.points) == (6.98, farm.now_s, BUFFERS)
    farm.says[PH] = Reason.COMM
    farm.scan()
    assert farm.core.calibrations.probe(farm.state, PH).says is None


def test_a_probe_that_cannot_be_read_says_nothing_and_no_calibration_was_made_in_the_future():
    farm = running()
    farm.says[PH] = Reason.COMM
    farm.scan()
    assert farm.core.calibrations.probe(farm.state, PH).says is None
    farm.scan([wish(farm, BUFFERS)._replace(measured_s=farm.now_s + 9e6)])
    assert farm.state.calibrations[PH][0].measured_s == farm.now_s


def test_a_probe_that_was_calibrated_is_due_again_from_then():
    site = document()
    site["tags"][PH] |= {"calibration": {"every": "90 d", "on": "2025-11-02"}}  # 92 days before
    farm = running(core_of(site))
    assert any(one.id == f"calibration:{PH}" for one in farm.state.alarms)
    farm.scan([wish(farm, BUFFERS)])
    farm.run(2)
    assert all(one.id != f"calibration:{PH}" or not one.active for one in farm.state.alarms)
    due_s = farm.core.calibrations.probe(farm.state, PH).due_s
    assert due_s == pytest.approx(START_S + 90 * 86400.0, abs=60.0)


def test_a_vote_learns_anew_how_far_a_calibrated_probe_stands_from_the_others():
    site = document()
    site["tags"]["fa.z.temp"] |= {"drift": "0.5 K"}
    farm = Farm(core_of(site))
    farm.says["fa.z.temp_b"] = 21.8  # beside the others, and used to be
    farm.run(3 * 3600, after_s=5.0)
    assert farm.state.blocks["fa.z.temp"].probes[1].usual > 0.5
    farm.scan([wish(farm, ((21.8, 21.0),), "fa.z.temp_b")])
    assert abs(farm.state.blocks["fa.z.temp"].probes[1].usual) < 0.1


def test_a_scan_with_a_calibration_comes_out_of_the_journal_to_the_bit():
    farm = running()
    scan = Scan(farm.now_s, Snapshot(people=(wish(farm, BUFFERS),)), 0)
    (again,) = Names(("fa.z.ph",)).unpack(Names(("fa.z.ph",)).pack([scan]))
    assert again == scan
    twice = [farm.core.scan(farm.state, one.snapshot, farm.now_s + 1.0) for one in (scan, again)]
    assert twice[0] == twice[1]


PIECES = st.lists(st.tuples(st.floats(0.5, 4.0), st.floats(0.5, 4.0)), min_size=1, max_size=2)


@given(st.floats(1.0, 5.0), st.floats(1.0, 5.0), PIECES)
def test_what_is_believed_of_an_electrode_lies_where_makers_say_that_it_can(said, true, pieces):
    points = [(said, true)]
    for up, further in pieces:
        points.append((points[-1][0] + up, points[-1][1] + further))
    probe = tag("pH", low=0.0, high=14.0)
    if wrong_points(points, probe) is None and nonsense(points, probe, "worn") is None:
        assert all(80.0 <= one <= 105.0 for one in slopes(points))
        assert abs(offset(points, "pH")) <= 1.0
        assert all(Calibration(tuple(points)).apply(one, None) == pytest.approx(other) for one, other in points)
