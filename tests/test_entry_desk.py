"""Amounts that are entered late move the total at their own time, and the record has them where they belong."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from controller.entries import Entry, Wish
from controller.entry_desk import EntryDesk
from controller.history.audit import Audit
from controller.history.state_database import StateDatabase
from foundation.clock import SteppedClock
from foundation.reading import Reading, Reason, good
from foundation.tag import Kind, Tag
from tests.wire.agent_on_wires import NOON_S

FED = "ras1.tank1.fed_by_hand"
TAG = Tag(FED, "kg", Kind.MEASURED, "plant", FED, FED, entered=True, amount=(0.0, 100.0))
DAY_S, HOUR_S = 86_400.0, 3600.0


class Desk:
    """A desk, and what each scan hears of it."""

    def __init__(self, directory: Path) -> None:
        self.heard: list[Reading] = []
        audit, clock = Audit(StateDatabase(directory)), SteppedClock(NOON_S)
        self.desk = EntryDesk(directory, {FED: TAG}, "Asia/Shanghai", clock, audit, self.heard_of)
        self.scan()

    def heard_of(self, readings: Sequence[Reading]) -> None:
        self.heard.extend(readings)

    async def enter(self, entry_id: str, kg: float | None, ago_s: float, corrects: str = "") -> None:
        wish = Wish(entry_id, FED, kg, NOON_S - ago_s, "li", note="a slip", corrects=corrects)
        assert isinstance(await self.desk.enter(wish, "operator"), Entry)

    def scan(self) -> tuple[list[Reading], list[Reading]]:
        """What it hears, and what it hands to the record."""
        heard, self.heard = self.heard, []
        seen, _ = self.desk.to_record(heard, NOON_S)
        return heard, seen


async def test_what_was_fed_yesterday_and_is_entered_today_moves_the_total_yesterday(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.enter("today_01", 2.0, HOUR_S)
    assert desk.scan()[0] == [good(FED, 2.0, NOON_S - HOUR_S)]
    await desk.enter("late_01", 3.0, DAY_S)
    heard, recorded = desk.scan()
    assert heard == [good(FED, 5.0, NOON_S - DAY_S)]
    assert recorded == [good(FED, 3.0, NOON_S - DAY_S)]  # as it stood then, not what it is now
    heard, recorded = desk.scan()
    assert heard == recorded == [good(FED, 5.0, NOON_S - HOUR_S)]
    assert desk.scan() == ([], [])


async def test_an_amount_of_yesterday_that_is_put_right_is_put_right_yesterday(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.enter("late_01", 3.0, DAY_S)
    await desk.enter("today_01", 2.0, HOUR_S)
    desk.scan()
    desk.scan()
    await desk.enter("right_01", 4.0, DAY_S, corrects="late_01")
    assert desk.scan()[0] == [good(FED, 6.0, NOON_S - DAY_S)]
    assert desk.scan()[0] == [good(FED, 6.0, NOON_S - HOUR_S)]


async def test_what_is_withdrawn_before_the_next_scan_does_not_come_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.enter("today_01", 2.0, HOUR_S)
    await desk.enter("late_01", 3.0, DAY_S)
    assert desk.scan()[0][-1] == good(FED, 5.0, NOON_S - DAY_S)
    await desk.enter("gone_01", None, HOUR_S, corrects="today_01")
    heard, recorded = desk.scan()
    assert heard[-1] == good(FED, 3.0, NOON_S - DAY_S)
    assert {one.time_s: one.reason for one in recorded}[NOON_S - HOUR_S] is Reason.CORRECTED
    assert desk.scan()[0] == []


@pytest.mark.parametrize("ago_s", [0.0, HOUR_S])
async def test_what_is_entered_in_its_turn_is_heard_once(tmp_path: Path, ago_s: float) -> None:
    desk = Desk(tmp_path)
    await desk.enter("first_01", 2.0, 2.0 * HOUR_S)
    await desk.enter("next_01", 1.0, ago_s)
    assert desk.scan()[0][-1] == good(FED, 3.0, NOON_S - ago_s)
    assert desk.scan() == ([], [])
