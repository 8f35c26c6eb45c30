"""What is to be sent outlives the process, and nothing of it is sent twice or lost."""

import sqlite3
from pathlib import Path

import pytest

from controller.notify.escalation import Paged
from controller.notify.queue import FIRST_RETRY_S, GIVE_UP_S, LAST_RETRY_S, LINK_S, Message, Queue, digest_of

PAGED = {"a": Paged(3, 990.0, ((0, "li", 1000.0), (1, "wang", 1180.0)), ("li", "wang"))}


def message(person: str = "li", priority: str = "critical", **more: object) -> Message:
    return Message(person, "alarm", priority, "title", "body", ("phone", "mail"), **more)  # type: ignore[arg-type]


def test_a_page_and_what_its_chain_remembers_are_there_after_a_restart(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message()], 1000.0, PAGED)
    queue.close()
    queue = Queue(tmp_path / "notify.db")
    assert queue.paged() == PAGED
    assert [(due.channel, due.title) for due in queue.due(1000.0)] == [("mail", "title"), ("phone", "title")]


def test_a_delivery_is_tried_again_later_and_later_by_its_channel_alone_until_it_arrives(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message()], 1000.0)
    mail, phone = queue.due(1000.0)
    queue.note(phone, True, "", 1000.0)
    now_s, waits = 1000.0, []
    for _ in range(9):
        (due,) = queue.due(now_s)
        assert due.channel == mail.channel
        queue.note(due, False, "no route", now_s)
        next_s = queue.next_s()
        assert next_s is not None
        waits.append(next_s - now_s)
        now_s = next_s
    assert waits[0] == FIRST_RETRY_S
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RETRY_S
    queue.note(queue.due(now_s)[0], True, "", now_s)
    assert queue.next_s() is None
    states = {receipt.channel: (receipt.state, receipt.attempts) for receipt in queue.receipts()}
    assert states == {"phone": ("delivered", 1), "mail": ("delivered", 10)}


def test_after_a_day_without_success_a_delivery_has_failed_and_says_why(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message()], 1000.0)
    for due in queue.due(1000.0 + GIVE_UP_S):
        queue.note(due, False, "no route", 1000.0 + GIVE_UP_S)
    assert {(receipt.state, receipt.answer) for receipt in queue.receipts()} == {("failed", "no route")}
    assert queue.next_s() is None


def test_critical_messages_go_before_older_ones(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message("wang", "low")], 900.0)
    queue.put([message()], 1000.0)
    assert [due.priority for due in queue.due(1000.0)] == ["critical", "critical", "low", "low"]


def test_what_a_rule_said_is_sent_once_however_often_it_is_put_in(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    for _ in range(3):
        queue.put([message(ref="rule@1000>li")], 1000.0)
    assert len(queue.receipts()) == 2


def test_somebody_whom_nothing_reaches_is_told_of(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message("li"), message("wang")], 1000.0)
    for due in queue.due(1000.0):
        queue.note(due, due.message == 2 and due.channel == "mail", "no route", 1000.0)
    assert queue.unreached(1001.0) == {"li": "no route"}
    assert queue.unreached(1000.0) == {}


def test_a_link_shows_as_often_as_one_likes_and_acknowledges_once_within_a_day(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message(link=(digest_of("secret"), (("a", 3),)))], 1000.0)
    assert queue.opened("wrong", 1000.0) is None
    for _ in range(3):
        opened = queue.opened("secret", 1000.0)
        assert opened is not None
        assert (opened.person, opened.alarms, opened.used) == ("li", (("a", 3),), False)
    assert not queue.use("wrong", 1000.0)
    assert queue.use("secret", 1000.0)
    assert not queue.use("secret", 1000.0)
    queue.put([message(link=(digest_of("late"), (("a", 3),)))], 1000.0)
    assert not queue.use("late", 1000.0 + LINK_S)
    assert queue.opened("late", 1000.0 + LINK_S) is None


def test_the_file_does_not_hold_the_key_of_a_link(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([message(link=(digest_of("a-token-of-a-link"), (("a", 3),)))], 1000.0)
    queue.close()
    assert all(b"a-token-of-a-link" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_file_that_is_no_queue_is_set_aside_and_alarms_go_out_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "notify.db").write_bytes(b"not a database at all" * 100)
    queue = Queue(tmp_path / "notify.db")
    queue.put([message()], 1000.0)
    assert len(queue.due(1000.0)) == 2
    assert (tmp_path / "notify.db.corrupt").exists()


def test_a_commit_that_fails_leaves_neither_the_message_nor_the_memory_of_it(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "notify.db")
    queue.put([], 1000.0, PAGED)
    doubled = message(link=(digest_of("once"), ()))
    with pytest.raises(sqlite3.Error):
        queue.put([doubled, doubled], 1000.0, {})
    assert queue.due(1000.0) == []
    assert queue.paged() == PAGED
