"""The time of a bus is counted in frames: what is asked, what is answered, the silence between."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge_config.checks.budget import MOST, TURNAROUND_S, check_budget
from edge_config.checks.inspection import Inspection
from edge_config.loader import load_site
from foundation.document import Path_
from foundation.problem import Problem
from tests.edge_config.test_mistakes import SAMPLE, TEXT, problems_in

SITE = load_site(SAMPLE).site


def placed(code: str, path: Path_, /, key: bool = False, inside: int | None = None, **values: object) -> Problem:
    return Problem(code, "site.yaml", 1, 1, values)


def told(period_s: float, baud: int = 9600) -> list[Problem]:
    """What is told of the sample's bus if its oxygen probe is polled so often."""
    buses = {**SITE.buses, "rs485a": SITE.buses["rs485a"].model_copy(update={"baud": baud})}
    devices = {**SITE.devices, "do_probe": SITE.devices["do_probe"].model_copy(update={"period": period_s})}
    inspection = Inspection(SITE.model_copy(update={"buses": buses, "devices": devices}), placed)
    check_budget(inspection)
    return inspection.problems


def test_a_poll_takes_as_long_as_its_frames() -> None:
    """One register over 9600 baud, 8N1: 8 bytes, 7 back, and twice 3.5 characters of silence; then the turnaround."""
    poll_s = (8 + 7 + 7) * 10 / 9600 + TURNAROUND_S
    for period_s, is_told in ((poll_s / MOST * 1.001, False), (poll_s / MOST * 0.999, True)):
        device = SITE.devices["climate_b"].model_copy(update={"period": period_s})
        site = SITE.model_copy(update={"devices": {"climate_b": device}})
        inspection = Inspection(site, placed)
        check_budget(inspection)
        assert bool(inspection.problems) is is_told


def test_the_sample_leaves_its_bus_most_of_the_time() -> None:
    assert told(5.0) == []


def test_a_bus_that_is_asked_too_often_is_told_with_the_worst_of_its_devices() -> None:
    (problem,) = told(0.04)
    assert problem.code == "E316"
    assert int(str(problem.values["percent"])) > 70
    assert str(problem.values["most"]).startswith("do_probe ")


def test_a_faster_line_has_more_room() -> None:
    assert told(0.04) != []
    assert told(0.04, 115200) == []


@given(period_s=st.floats(0.01, 10.0))
def test_asking_less_often_never_takes_more(period_s: float) -> None:
    if not told(period_s):
        assert not told(2 * period_s)


def test_orders_count_as_well(tmp_path: Path) -> None:
    """Six relays whose orders are renewed every 33 ms leave no time for anything else."""
    path = tmp_path / "site.yaml"
    path.write_text(TEXT.replace("lease: 20 s", "lease: 100 ms"), "utf-8")
    (problem,) = [problem for problem in problems_in(path) if problem.code == "E316"]
    assert str(problem.values["most"]).startswith("relays ")
