"""Step responses and steady states of the fish farm and the nutrient tank go as worked by hand."""

from collections.abc import Callable

import pytest

from benchmarks.validation import by_hand, ras_by_hand, tank_by_hand
from benchmarks.validation.course import Course

COURSES = (*ras_by_hand.COURSES, *tank_by_hand.COURSES)


@pytest.mark.parametrize("worked", COURSES, ids=lambda course: course.__name__)
def test_it_goes_as_worked_by_hand(worked: Callable[[], Course]) -> None:
    course = worked()
    assert course.share <= 1.0, course
    # what is allowed is little beside what happens, or else nothing would be tested
    assert max(course.allowed) <= 0.1 * max(map(abs, course.by_hand))
    assert len(course.hours) == len(course.ours) == len(course.by_hand) == len(course.allowed)


def test_a_course_that_leaves_what_is_allowed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course("tank", "exp", "K", (1.0, 2.0), (1.0, 2.2), (1.0, 2.0), (0.1, 0.1))
    assert (course.off, course.share) == pytest.approx((0.2, 2.0))
    monkeypatch.setattr(by_hand, "courses", lambda: (course, course._replace(ours=(1.0, 2.05))))
    assert [line.rsplit(" | ", 1)[1] for line in by_hand.table().splitlines()[2:]] == ["**fail** |", "pass |"]
