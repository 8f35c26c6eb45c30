"""What the outbox holds comes back as it was written, and stands until the next point or too long."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.compose import outbox_scans
from controller.history.line import line, prefix
from controller.history.outbox import Outbox, pack
from foundation.reading import Quality, Reading, Reason, good
from foundation.tag import Kind, Tag

NAME = "f.z.do"
TAG = Tag(NAME, "mg/L", Kind.MEASURED, "water", NAME, NAME)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(st.characters(codec="utf-8"), max_size=40)
)


@given(VALUES, st.sampled_from(Quality), st.sampled_from(Reason), st.integers(0, 4_000_000_000_000))
def test_a_point_comes_back_as_it_was_written(value: float | bool | str, quality: Quality, reason: Reason, ms: int):
    why = None if quality is Quality.GOOD else reason
    reading = Reading(NAME, value, quality, why, ms / 1000.0)
    assert outbox_scans._point(line(prefix("farm", TAG), reading)) == reading


def test_a_point_stands_until_the_next_and_no_longer_than_somebody_speaks(tmp_path: Path):
    outbox = Outbox(tmp_path / outbox_scans.NAME, ())
    outbox.open(0.0)
    said = [(8.0, 1000.0), (5.0, 1030.0), (6.0, 1300.0)]
    lines = [line(prefix("farm", TAG), good(NAME, value, at_s)) for value, at_s in said]
    outbox.append([pack(lines, [round(at_s * 1000) for _, at_s in said])])
    outbox.close()
    told = {
        scan.now_s: [one.number for one in scan.snapshot.readings]
        for scan in outbox_scans.scans(tmp_path / outbox_scans.NAME, 10.0)
    }
    assert [told[at_s] for at_s in (1000.0, 1020.0, 1030.0, 1120.0, 1130.0, 1300.0)] == [[8.0], [8.0], [5.0], [5.0], [],
                                                                                        [6.0]]  # fmt: skip
    with pytest.raises(FileNotFoundError):
        next(outbox_scans.scans(tmp_path / "none.db", 10.0))
