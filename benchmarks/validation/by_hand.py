"""Step responses and steady states of fish farm and nutrient tank beside solutions worked by hand."""

from functools import lru_cache

from benchmarks.validation import ras_by_hand, tank_by_hand
from benchmarks.validation.course import Course

ROUND_OFF = 1e-9


@lru_cache(maxsize=1)
def courses() -> tuple[Course, ...]:
    """All of them, a few seconds."""
    return tuple(course() for course in (*ras_by_hand.COURSES, *tank_by_hand.COURSES))


def table() -> str:
    """A line a course: its end, and where it is furthest off for what is allowed there."""
    lines = ["| what | by hand | at | ours | by hand | furthest off | share of what is allowed | |", "|---" * 8 + "|"]
    for one in courses():
        unit = f" {one.unit}" if one.unit else ""
        end = f"{one.hours[-1]:g} h | {one.ours[-1]:.4g}{unit} | {one.by_hand[-1]:.4g}{unit}"
        verdict = "pass" if one.share <= 1.0 else "**fail**"
        off = "round-off" if one.off < ROUND_OFF else f"{one.off:.2g}{unit}"
        lines.append(f"| {one.what} | {one.form} | {end} | {off} | {one.share:.0%} | {verdict} |")
    return "\n".join(lines)
