"""Which parts of a long record tell something: those that begin at a rest that somebody saw."""

from controller.core.tuning.excerpts import Row, excerpts, record_of


def day(lost: range) -> list[Row]:
    """Ten seconds from row to row; the setpoint goes up in the middle, the probe is lost in some rows."""
    return [Row(10.0 * at, (40.0,), None if at in lost else 7.5, 8.0 if at >= 100 else 7.5) for at in range(200)]


def test_a_change_after_a_rest_is_found_though_the_probe_is_lost_for_a_while() -> None:
    assert [rows[0].time_s for rows in excerpts(day(range(60, 70)), 600.0, 900.0)] == [400.0]


def test_a_rest_that_nobody_saw_is_none() -> None:
    assert excerpts(day(range(69, 100)), 600.0, 900.0) == []


def test_a_lost_value_is_missing_in_the_record_and_the_output_is_there() -> None:
    found = record_of(day(range(60, 70)), [40.0] * 200, 10.0)
    assert [at for at, value in enumerate(found.value) if value is None] == list(range(60, 70))
    assert found.output == (40.0,) * 200
