"""Which readings become points: every change, a sign of life a minute, each source time once."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.history.exception import Reports, report
from controller.history.line import milliseconds
from foundation.reading import Quality, Reading, Reason, bad, good
from foundation.tag import Kind
from tests.history.farm import START_S, tag

AIR, SET = "gh1.bay1.air", "gh1.bay1.air_set"
TAGS = {AIR: tag(AIR, deadband=0.5), SET: tag(SET, Kind.SETPOINT)}


class Farm:
    """Scans one after the other."""

    def __init__(self) -> None:
        self.reports = Reports(START_S, START_S)

    def scan(self, at: float, *readings: Reading) -> list[Reading]:
        """Scan `at` seconds after the start."""
        self.reports, points = report(self.reports, readings, START_S + at, TAGS)
        return points


def test_a_change_within_the_deadband_is_no_news_and_a_creep_is() -> None:
    farm = Farm()
    first = good(AIR, 20.0, START_S)
    assert farm.scan(0, first) == [first]
    assert farm.scan(1, good(AIR, 20.5, START_S + 1)) == []
    crept = good(AIR, 20.6, START_S + 2)
    assert farm.scan(2, crept) == [crept]


def test_a_quality_or_its_reason_is_always_news() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    doubtful = Reading(AIR, 20.0, Quality.UNCERTAIN, Reason.DISAGREE, START_S + 1)
    assert farm.scan(1, doubtful) == [doubtful]
    other = doubtful._replace(reason=Reason.DEVICE, time_s=START_S + 2)
    assert farm.scan(2, other) == [other]
    assert farm.scan(3, other._replace(time_s=START_S + 3)) == []


def test_a_tag_may_be_said_more_often_than_once_a_minute() -> None:
    often = {name: replace(tag_, said_every_s=10.0) for name, tag_ in TAGS.items()}
    reports, said = Reports(START_S, START_S), Counter[str]()
    for at in range(121):
        seen = [good(AIR, 20.0, START_S + at), *([good(SET, 5.0, START_S)] if at == 0 else [])]
        reports, points = report(reports, seen, START_S + at, often)
        said.update(point.tag for point in points)
    assert said == {AIR: 13, SET: 13}


def test_an_unchanging_value_is_said_once_a_minute() -> None:
    farm = Farm()
    times = [
        point.time_s - START_S for at in range(0, 601, 7) for point in farm.scan(at, good(AIR, 20.0, START_S + at))
    ]
    gaps = [b - a for a, b in pairwise(times)]
    assert max(gaps) <= 60.0
    assert min(gaps) >= 53.0


def test_a_setpoint_that_holds_is_said_once_a_minute_and_a_measured_value_never_again() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S), good(SET, 21.0, START_S))
    said = [(point.tag, point.value, point.time_s - START_S) for at in range(1, 181) for point in farm.scan(at)]
    assert said == [(SET, 21.0, 60.0), (SET, 21.0, 120.0), (SET, 21.0, 180.0)]


def test_going_stale_is_stamped_when_it_was_found_out_and_shows_no_old_value() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    stale = bad(AIR, Reason.STALE, START_S, refused=20.0)
    (point,) = farm.scan(15, stale)
    assert point == bad(AIR, Reason.STALE, START_S + 15)
    assert farm.scan(16, stale) == []
    assert farm.scan(75, stale) == [bad(AIR, Reason.STALE, START_S + 75)]


def test_going_stale_does_not_rewrite_a_good_value_that_was_not_worth_a_point() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    farm.scan(5, good(AIR, 20.0, START_S + 5))
    assert farm.scan(20, bad(AIR, Reason.STALE, START_S + 5, refused=20.0)) == [bad(AIR, Reason.STALE, START_S + 20)]


def test_a_fresh_refused_value_stands_at_its_source_time() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    refused = bad(AIR, Reason.RANGE, START_S + 1, refused=85.0)
    assert farm.scan(1.2, refused) == [refused]
    assert farm.scan(2, refused._replace(time_s=START_S + 2)) == []
    assert farm.scan(3, refused._replace(time_s=START_S + 2)) == []


def test_a_tag_never_seen_does_not_stand_in_1970_nor_before_the_start() -> None:
    farm = Farm()
    assert farm.scan(2, bad(AIR, Reason.NEVER_SEEN, 0.0)) == [bad(AIR, Reason.NEVER_SEEN, START_S + 2)]
    again = Farm()
    assert again.scan(2, bad(AIR, Reason.STALE, START_S - 99, 20.0)) == [bad(AIR, Reason.STALE, START_S + 2)]
    kept = Farm()
    retained = good(AIR, 20.0, START_S - 99)
    assert kept.scan(2, retained) == [retained]


def test_a_source_time_nobody_can_believe_is_replaced_by_the_time_it_came() -> None:
    for time_s in (START_S + 9e9, float("nan"), float("inf"), -5.0):
        (point,) = Farm().scan(3, good(AIR, 20.0, time_s))
        assert point == good(AIR, 20.0, START_S + 3)
    (point,) = Farm().scan(3, bad(AIR, Reason.CLOCK, START_S + 30, refused=20.0))
    assert point == bad(AIR, Reason.CLOCK, START_S + 3)


def test_what_a_device_kept_while_the_line_was_down_stands_at_its_own_time_once() -> None:
    farm = Farm()
    farm.scan(100, good(AIR, 20.0, START_S + 100))
    late = [good(AIR, 15.0, START_S + at) for at in (10, 20, 30)]
    assert farm.scan(101, *late) == late
    assert farm.scan(102, *late) == []
    # and it does not pass for the present
    assert farm.scan(103, good(AIR, 20.0, START_S + 103)) == []


def test_what_comes_late_is_not_the_last_word_of_the_record() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    unchanged = good(AIR, 20.2, START_S + 10)
    late = good(AIR, 15.0, START_S + 9)
    assert farm.scan(10, unchanged, late) == [late, unchanged]


def test_a_logger_that_has_no_value_says_so_once_a_row_until_the_next_row_is_overdue() -> None:
    tags = {AIR: replace(TAGS[AIR], stale_s=600.0)}
    reports = Reports(START_S, START_S)
    empty = [bad(AIR, Reason.SENTINEL, START_S + at) for at in (0, 300)]
    points: list[Reading] = []
    for at in range(0, 1021, 20):
        reports, new = report(reports, [row for row in empty if row.time_s == START_S + at], START_S + at, tags)
        points += new
    # 300 + 600 s: the next row should have come
    assert points == [*empty, *(bad(AIR, Reason.SENTINEL, START_S + at) for at in (920, 980))]


def test_a_sensor_that_comes_back_is_news_even_behind_our_own_stamp() -> None:
    farm = Farm()
    farm.scan(0, good(AIR, 20.0, START_S))
    farm.scan(15, bad(AIR, Reason.COMM, START_S + 15))
    back = good(AIR, 20.0, START_S + 14.9)
    assert farm.scan(15.5, back) == [back, back._replace(time_s=START_S + 15.5)]
    assert farm.scan(16.5, back) == []


def test_a_value_of_the_time_of_a_failed_read_stands_there_once() -> None:
    farm = Farm()
    farm.scan(0, bad(AIR, Reason.DEVICE, START_S))
    again, back = bad(AIR, Reason.DEVICE, START_S + 1), good(AIR, 20.0, START_S + 1)
    assert farm.scan(1, again, back) == [back]
    assert farm.scan(2, good(AIR, 20.0, START_S + 2)) == []


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from([AIR, SET]),
                st.sampled_from([20.0, 20.4, 21.0, "auto", True]),
                st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]),
                st.integers(-40, 3).map(lambda steps: steps * 0.25),
            ),
            max_size=3,
        ),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_comes_no_stamp_is_used_twice_and_the_record_ends_as_the_farm_does(
    scans: list[list[tuple[str, float | str | bool, Quality, float]]],
) -> None:
    farm = Farm()
    points: list[Reading] = []
    for number, seen in enumerate(scans):
        now = 100.0 + number
        batch = [
            Reading(name, value, quality, None if quality is Quality.GOOD else Reason.DEVICE, START_S + now + offset)
            for name, value, quality, offset in seen
        ]
        points += farm.scan(now, *batch)
    stamps = Counter((point.tag, milliseconds(point.time_s)) for point in points)
    assert set(stamps.values()) <= {1}
    for name, recorded in farm.reports.tags.items():
        newest = max((point for point in points if point.tag == name), key=lambda point: point.time_s)
        assert newest.quality is recorded.latest.quality


# --- what people enter

LAB = "gh1.bay1.drain_ec"


def test_what_people_enter_stands_at_its_own_time_however_late_it_comes() -> None:
    TAGS[LAB] = replace(tag(LAB), entered=True)
    farm = Farm()
    first, older = good(LAB, 2.0, START_S - 600.0), good(LAB, 1.8, START_S - 86_400.0)
    assert farm.scan(0, first) == [first]
    assert farm.scan(1, older) == [older]
    right = good(LAB, 2.2, START_S - 600.0)
    assert farm.scan(2, right) == [right]
    wrong = Reading(LAB, 1.8, Quality.BAD, Reason.CORRECTED, START_S - 86_400.0)
    assert farm.scan(3, wrong) == [wrong]
    stale = Reading(LAB, None, Quality.BAD, Reason.STALE, START_S + 4)
    assert farm.scan(4, stale) == [stale]
    # one that was sampled before what is out of date changes nothing of that
    oldest = good(LAB, 1.7, START_S - 90_000.0)
    assert farm.scan(5, oldest) == [oldest]
    assert [point.reason for at in range(6, 130) for point in farm.scan(at)] == [Reason.STALE, Reason.STALE]
    again = good(LAB, 2.1, START_S - 60.0)
    assert farm.scan(130, again) == [again]
    assert [point for at in range(131, 300) for point in farm.scan(at)] == []  # no longer said to be out of date
    assert farm.scan(300, stale._replace(time_s=START_S + 300)) == [stale._replace(time_s=START_S + 300)]


def test_a_value_at_a_wrong_time_is_withdrawn_once() -> None:
    TAGS[LAB] = replace(tag(LAB), entered=True)
    farm = Farm()
    wrong = good(LAB, 2.0, START_S - 60.0)
    farm.scan(0, wrong)
    withdrawn = wrong._replace(quality=Quality.BAD, reason=Reason.CORRECTED)
    right = good(LAB, 2.0, START_S - 600.0)
    assert farm.scan(1, withdrawn, right) == [withdrawn, right]
    assert [point for at in range(2, 200) for point in farm.scan(at)] == []
