"""Every reading becomes a line that says the same, and nothing looks better than it is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.history.line import TEXT_LIMIT, line, milliseconds, parse, prefix, split
from foundation.reading import Quality, Reading, Reason, bad, good
from foundation.tag import Kind, Tag
from tests.history.farm import START_S, tag
from tests.history.protocol import Point, read

AIR = prefix("farm1", tag("gh1.bay1.air"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | texts
readings = st.builds(
    Reading,
    st.just("gh1.bay1.air"),
    values,
    st.sampled_from(Quality),
    st.none() | st.sampled_from(Reason),
    st.floats(0.0, 9e9),
)


def one(reading: Reading) -> Point:
    (point,) = read(line(AIR, reading))
    return point


def test_a_good_reading_stands_under_its_measurement_and_four_tags_in_order() -> None:
    assert (
        line(AIR, good("gh1.bay1.air", 21.5, START_S + 0.25))
        == "env,facility=gh1,site=farm1,tag=air,zone=bay1 v=21.5,q=3i 1700000000250"
    )


@given(readings)
@example(Reading("gh1.bay1.air", 'a\\\nb,= "c\\', Quality.GOOD, None, START_S))
@example(Reading("gh1.bay1.air", 1e16, Quality.GOOD, None, START_S))
@example(Reading("gh1.bay1.air", 5e-324, Quality.GOOD, None, START_S))
def test_what_is_read_back_is_what_was_recorded(reading: Reading) -> None:
    point = one(reading)
    assert point.tags == {"facility": "gh1", "site": "farm1", "tag": "air", "zone": "bay1"}
    assert point.time_ms == round(reading.time_s * 1000)
    fields = dict(point.fields)
    q, why = fields.pop("q"), fields.pop("why", None)
    if reading.value is None:
        assert (q, fields) == (0, {})
        return
    key = "b" if isinstance(reading.value, bool) else "s" if isinstance(reading.value, str) else "v"
    assert fields == {key: reading.value}
    assert type(fields[key]) is type(reading.value)
    assert q == int(reading.quality)
    assert why == (None if reading.quality is Quality.GOOD else reading.reason)


@given(st.lists(readings, min_size=1, max_size=20))
def test_a_body_falls_apart_into_the_lines_it_was_made_of(many: list[Reading]) -> None:
    lines = [line(AIR, reading).encode() for reading in many]
    assert split(b"\n".join(lines)) == lines


def test_a_refused_value_stands_in_the_record_with_its_reason_beside_it() -> None:
    assert one(bad("gh1.bay1.air", Reason.RANGE, START_S, 85.0)).fields == {"v": 85.0, "q": 0, "why": "range"}


def test_a_failed_read_is_never_a_number() -> None:
    assert one(bad("gh1.bay1.air", Reason.COMM, START_S)).fields == {"q": 0, "why": "comm"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("quality", Quality)
def test_what_is_not_finite_is_never_a_value_and_never_good(number: float, quality: Quality) -> None:
    fields = one(Reading("gh1.bay1.air", number, quality, None, START_S)).fields
    assert fields == {"q": 0, "why": "not_finite"}


def test_nothing_at_all_is_never_good() -> None:
    assert one(Reading("gh1.bay1.air", None, Quality.GOOD, None, START_S)).fields["q"] == 0


def test_half_a_character_becomes_a_question_mark_and_a_long_text_is_cut() -> None:
    text = line(AIR, good("gh1.bay1.air", "\ud800" + "长" * 20_000, START_S))
    (point,) = read(text.encode("utf-8", "replace").decode())
    assert point.fields["s"] == "?" + "长" * (TEXT_LIMIT - 1)


@given(texts.filter(lambda text: "." not in text))
def test_a_name_reads_back_as_it_is_or_is_refused(name: str) -> None:
    strange = Tag(f"gh1.bay1.{name}", "", Kind.MEASURED, "env", "", "")
    try:
        start = prefix("farm1", strange)
    except ValueError:
        return
    (point,) = read(line(start, good("x", 1.0, 1.0)))
    assert point.tags["tag"] == name


@given(readings)
@example(Reading("gh1.bay1.air", 'a\\\nb,= "c\\', Quality.UNCERTAIN, Reason.DISAGREE, START_S))
def test_our_own_lines_are_read_back_as_readings(reading: Reading) -> None:
    text = line(AIR, reading)
    (point,) = read(text)
    measurement, site, back = parse(text)
    assert (measurement, site, back.tag) == ("env", "farm1", "gh1.bay1.air")
    assert line(AIR, back) == text
    assert milliseconds(back.time_s) == point.time_ms


@given(st.text(max_size=80))
@example("env,facility=a,site=b,tag=c,zone=d v=1..2,q=3i 1")
@example('env,facility=a,site=b,tag=c,zone=d v=1.0,q=3i,why="nonsense" 1')
def test_what_is_not_a_line_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
