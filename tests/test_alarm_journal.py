"""The journal of alarms: on the disk, over crashes, for a table, and what it says of the alarms themselves."""

import csv
import io
from pathlib import Path

import pytest

from controller.alarm_desk import AlarmDesk
from controller.alarm_journal import AlarmJournal, as_csv, change_of
from controller.alarm_kpi import figures
from controller.core.words import AlarmNow, AlarmWish, Event
from tests.core.test_alarm_states import Desk


def told(desk: Desk) -> list[Event]:
    return [event for event in desk.events if event.kind == "alarm"]


def story() -> Desk:
    """One alarm that came, was seen after ten seconds, and went; then another that nobody saw."""
    desk = Desk()
    desk.look("fa.z.low")
    desk.look("fa.z.low", wish=desk.wish("acknowledge", "fa.z.low"), after_s=10.0)
    desk.look(after_s=60.0)
    desk.look("fa.z.high", priority="critical")
    desk.look(after_s=60.0)
    return desk


def test_every_change_is_on_the_disk_and_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    changes = [change_of(event) for event in told(story())]
    journal = AlarmJournal(tmp_path)
    journal.note(changes[:2])
    journal.write()
    (file,) = tmp_path.glob("alarms-*.jsonl")
    with file.open("ab") as torn:
        torn.write(b'{"time_s": 17700')
    again = AlarmJournal(tmp_path)
    again.note(changes[2:])
    assert list(again.changes()) == changes  # what waits is told of, too
    again.write()
    assert list(AlarmJournal(tmp_path).changes()) == changes
    assert list(again.changes(changes[1].time_s, changes[2].time_s)) == changes[1:2]
    rows = list(csv.DictReader(io.StringIO(as_csv(changes))))
    assert [(row["id"], row["event"], row["by"]) for row in rows][:2] == [
        ("fa.z.low", "raise", ""), ("fa.z.low", "acknowledge", "li"),
    ]  # fmt: skip
    assert rows[0]["time"].endswith("+00:00")


def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path) -> None:
    journal = AlarmJournal(tmp_path / "gone")
    changes = [change_of(event) for event in told(story())]
    journal.note(changes)
    journal.write()
    (tmp_path / "gone").mkdir()
    journal.write()
    assert list(AlarmJournal(tmp_path / "gone").changes()) == changes


def test_the_figures_say_how_many_which_and_how_long_nobody_looked() -> None:
    desk = story()
    old = AlarmNow("fa.z.old", "low", True, desk.now_s - 2 * 86400.0)
    changes = [change_of(event) for event in told(desk)]
    found = figures(changes, [*desk.told, old], desk.now_s - 86400.0, desk.now_s + 1.0)
    assert (found.raised, found.by_priority) == (2, {"high": 1, "critical": 1})
    assert found.per_day == pytest.approx(2.0, abs=0.01)
    assert (found.most_in_ten_minutes, found.flooded_share) == (2, 0.0)
    assert [(one.id, one.count, one.share) for one in found.top] == [("fa.z.low", 1, 0.5), ("fa.z.high", 1, 0.5)]
    assert found.acknowledged_after_s == {"high": 10.0}
    assert (found.never_acknowledged, found.stale, found.chattering) == (0, ["fa.z.old"], [])
    gone = figures(changes, [], desk.now_s - 86400.0, desk.now_s)
    assert gone.never_acknowledged == 1


def test_a_crash_undoes_no_acknowledgement_though_the_state_was_written_before_it(tmp_path: Path) -> None:
    desk = Desk()
    desk.look("fa.z.low")
    kept = {"at_s": desk.now_s, "alarms": {"fa.z.low": list(desk.memories["fa.z.low"])}}
    box = AlarmDesk(tmp_path, desk.now_s)
    desk.look("fa.z.low", wish=desk.wish("acknowledge", "fa.z.low"))
    box.see(desk.events, (), desk.now_s)
    box.journal.write()
    # killed here
    again = AlarmDesk(tmp_path, desk.now_s + 30.0).caught_up(kept)
    assert again is not None
    assert again["alarms"]["fa.z.low"][:2] == ["acknowledged", 1]
    assert AlarmDesk(tmp_path, desk.now_s).caught_up(None) is None


def test_what_is_wrong_with_the_agent_itself_is_acknowledged_and_remembered_like_the_rest(tmp_path: Path) -> None:
    box = AlarmDesk(tmp_path, 1000.0)
    disk = AlarmNow("history.disk:outbox", "high", True, 1000.0, {"why": "full"})
    box.see((), (disk,), 1001.0)
    assert [(one.id, one.state, one.activation) for one in box.own] == [(disk.id, "unacknowledged", 1)]
    assert not box.takes(AlarmWish("w0", "acknowledge", "fa.z.low", "li", 1001.0))
    assert box.takes(AlarmWish("w1", "acknowledge", disk.id, "li", 1001.0))
    (_, answer) = box.see((), (disk,), 1002.0)
    assert (answer.kind, answer.values["id"]) == ("alarm_acknowledge", "w1")
    box.journal.write()
    again = AlarmDesk(tmp_path, 1010.0)
    again.resume()
    again.see((), (disk,), 1011.0)
    assert [(one.state, one.acknowledged_by, one.activation) for one in again.own] == [("acknowledged", "li", 1)]
