"""A box without a clock of its own comes up in 1970: what it saw before it is told the time is put right, then sent."""

from pathlib import Path

import pytest

from controller.history.guessed import marked, restamped
from controller.history.history import History
from controller.history.line import line, milliseconds, prefix
from foundation.clock import SET_AFTER_S, SteppedClock
from foundation.reading import Quality, Reason, bad, good
from tests.history.fake_influx import FakeInflux
from tests.history.farm import secrets, site, tag, tags, v1
from tests.history.test_history import eventually

AIR, RH = "gh1.bay1.air", "gh1.bay1.rh"
TOLD_S = 1_795_000_000.0
NEVER_MS = (0, milliseconds(SET_AFTER_S))


class BootClock(SteppedClock):
    """Of a box that has not been told the time."""

    def __init__(self, start_s: float = 5.0) -> None:
        super().__init__(start_s)
        self.is_set = False

    def tell(self, now_s: float) -> None:
        self.jumped_s, self.is_set = now_s - self.now(), True
        self.set(now_s)


def test_a_guessed_time_is_marked_and_what_was_bad_keeps_its_own_reason() -> None:
    assert marked(good(AIR, 1.0, 5.0))[2:4] == (Quality.UNCERTAIN, Reason.CLOCK)
    assert marked(bad(AIR, Reason.COMM, 5.0)) == bad(AIR, Reason.COMM, 5.0)


@pytest.mark.parametrize("value", [21.5, True, 'auto, v=1,q=1i,why="clock" 7'])
def test_put_right_a_line_is_as_if_the_time_had_been_known(value: float | bool | str) -> None:
    head = prefix("farm1", tag(AIR))
    guessed = line(head, marked(good(AIR, value, 5.0))).encode()
    assert restamped(guessed, 1_794_999_995_000, NEVER_MS) == (
        line(head, good(AIR, value, TOLD_S)).encode(),
        1_795_000_000_000,
    )
    right = line(head, good(AIR, value, TOLD_S)).encode()
    assert restamped(right, 1000, NEVER_MS) == (right, 1_795_000_000_000)


async def test_nothing_is_sent_at_a_guessed_time_and_all_of_it_at_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.history.upkeep.RESTAMPED_AT_ONCE", 7)
    clock = BootClock()
    with FakeInflux() as influx:
        recorder = History(tmp_path, site({"cellar": v1(influx.url)}), tags(AIR, RH), secrets, clock)
        for second in range(20):
            clock.set(5.0 + second)
            recorder.record([good(AIR, float(second), clock.now()), bad(RH, Reason.COMM, clock.now())])
            await recorder._commit()
        assert recorder.status().stored_points == 20 + 1
        assert recorder.status().sinks["cellar"].health.state == "starting"
        late = good(AIR, 20.0, 25.0)
        clock.tell(TOLD_S + 20.5)
        recorder.record([late, good(RH, 50.0, clock.now())])
        for _ in range(6):
            await recorder._commit()
        await eventually(lambda: recorder.status().sinks["cellar"].health.delivered_points >= 23)
        await recorder.close()
    air = {point.time_ms: point.fields for point in influx.points.values() if point.tags["tag"] == "air"}
    begun_ms = round((TOLD_S + 20.5 - 24.0) * 1000)
    wanted = {begun_ms + 5000 + 1000 * second: float(second) for second in range(21)}
    found = {at_ms: fields["v"] for at_ms, fields in air.items() if at_ms in wanted}
    assert found == wanted
    assert {fields["q"] for at_ms, fields in air.items() if at_ms in wanted} == {3}
    assert min(point.time_ms for point in influx.points.values()) == begun_ms + 5000


async def test_a_box_that_goes_on_from_an_hour_that_was_noted_puts_right_what_it_saw_and_nothing_else(
    tmp_path: Path,
) -> None:
    clock = SteppedClock(TOLD_S)
    with FakeInflux() as influx:
        sinks = {"cellar": v1(influx.url)}
        recorder = History(tmp_path, site(sinks), tags(AIR, RH), secrets, clock)
        recorder.record([good(AIR, -1.0, TOLD_S)])
        await recorder.close()
        # without power for a day, and the clock goes on 40 min before the end
        boot = BootClock(TOLD_S - 2400.0)
        boot.guessed_s = (TOLD_S - 2400.0, TOLD_S)
        recorder = History(tmp_path, site(sinks), tags(AIR, RH), secrets, boot)
        for second in range(10):
            boot.set(TOLD_S - 2400.0 + second)
            # a device with a clock of its own, and one without
            recorder.record([good(AIR, float(second), boot.now()), good(RH, float(second), TOLD_S + 86_400.0 + second)])
            await recorder._commit()
        before = dict(influx.points)
        boot.set(TOLD_S - 2390.0)
        boot.tell(TOLD_S + 86_411.0)
        recorder.record([good(AIR, 10.0, boot.now())])
        for _ in range(3):
            await recorder._commit()
        await eventually(lambda: len(influx.points) >= 21)
        await recorder.close()
    assert all(time_ms <= milliseconds(TOLD_S) for _, _, time_ms in before)
    air = {key[2]: point.fields for key, point in influx.points.items() if key[1] == "air"}
    wanted = {milliseconds(TOLD_S + 86_400.0 + 1 + second): float(second) for second in range(11)}
    wanted[milliseconds(TOLD_S)] = -1.0
    assert {at_ms: fields["v"] for at_ms, fields in air.items()} == wanted
    assert {fields["q"] for fields in air.values()} == {3}
