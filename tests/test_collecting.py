"""Python's rubbish is collected between scans: a scan is not held up by it, and nothing piles up."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller import collecting
from tests.test_agent import agent_at, alive
from tests.wire.agent_on_wires import until


class Rubbish:
    """Holds itself: only the collector gets rid of it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def as_python_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def thrown_away() -> "weakref.ref[Rubbish]":
    return weakref.ref(Rubbish())


async def test_what_a_running_agent_throws_away_is_gone_within_a_scan_or_two(
    tmp_path: Path, nowhere: Any, as_python_was: None
) -> None:
    async with alive(agent_at(tmp_path, nowhere)) as agent:
        collecting.up()
        rubbish, scans = thrown_away(), agent.health.scans
        await until(lambda: agent.health.scans > scans + 2, "two scans more")
        assert rubbish() is None


def test_nothing_is_collected_while_a_scan_makes_ten_thousand_things(as_python_was: None) -> None:
    collecting.up()
    looks: list[str] = []
    gc.callbacks.append(lambda phase, _: looks.append(phase))
    try:
        kept = [[number] for number in range(10_000)]
    finally:
        gc.callbacks.pop()
    assert len(kept) == 10_000
    assert looks == []


def test_what_grew_old_before_it_was_thrown_away_is_gone_within_a_minute_of_scans(as_python_was: None) -> None:
    collecting.up()
    old = Rubbish()
    gone = weakref.ref(old)
    for _ in range(3):
        collecting.after_scan(1)
    del old
    collecting.after_scan(1)
    assert gone() is not None  # it is not looked for in each scan
    collecting.after_scan(collecting.WHOLE_EVERY)
    assert gone() is None


def test_a_process_that_is_not_an_agents_is_left_alone() -> None:
    looks: list[str] = []
    gc.callbacks.append(lambda phase, _: looks.append(phase))
    try:
        collecting.after_scan(collecting.WHOLE_EVERY)
    finally:
        gc.callbacks.pop()
    assert looks == []
