"""R9: the wall clock is stepped under a recording farm. Each point once, in order, and time runs as it should."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from controller.history.history import History
from foundation import clock as clock_module
from foundation.clock import SLEW, WallClock
from foundation.reading import good
from tests.faults.proof import SEED, Proof, times
from tests.history.farm import secrets, site, tags
from tests.history.test_history import AIR, RH, on_disk

HOUR_S, DAY_S = 3600.0, 86_400.0
NEW_YEAR_S = 1_767_225_600.0
"""2026, UTC."""
LEAP_DAY_S = 1_835_395_200.0
"""29 February 2028, UTC."""
LAST_32_BIT_S = 2_147_483_647.0
"""19 January 2038."""
DST_S = 1_774_746_000.0
"""29 March 2026, 01:00 UTC."""
CASES = {
    "hour ahead": (NEW_YEAR_S, [HOUR_S]),
    "hour back": (NEW_YEAR_S, [-HOUR_S]),
    "day ahead": (NEW_YEAR_S, [DAY_S]),
    "day back": (NEW_YEAR_S, [-DAY_S]),
    "no clock at the start": (0.0, [NEW_YEAR_S]),
    "a battery that died": (NEW_YEAR_S, [-NEW_YEAR_S]),
    "summer time begins": (DST_S - 30.0, [HOUR_S]),
    "summer time ends": (DST_S - 30.0, [-HOUR_S]),
    "leap day": (LEAP_DAY_S - 30.0, [0.0]),
    "leap day is over": (LEAP_DAY_S + DAY_S - 30.0, [0.0]),
    "the end of 32 bits": (LAST_32_BIT_S - 30.0, [0.0]),
    "slewed by a time server": (NEW_YEAR_S, [0.004] * 50),
}
RANDOM = [(f"random {number}", (NEW_YEAR_S, None)) for number in range(times(3, 60))]
SCANS = 120


class FakeTime:
    """The two clocks of a machine, a scan at a time."""

    def __init__(self, wall_s: float) -> None:
        self.wall_s, self.monotonic_s = wall_s, 1000.0

    def time(self) -> float:
        return self.wall_s

    def monotonic(self) -> float:
        return self.monotonic_s


@pytest.mark.parametrize("case", [*CASES, *(name for name, _ in RANDOM)])
async def test_a_stepped_clock_loses_and_doubles_no_point(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof, random = Proof(f"R9 {case}"), Random(f"{SEED} {case}")
    start_s, steps = CASES.get(case, (NEW_YEAR_S, None))
    if steps is None:
        steps = [random.choice([-DAY_S, -HOUR_S, -1.0, 1.0, HOUR_S, DAY_S]) * random.random() for _ in range(20)]
    at = dict(zip(random.sample(range(10, SCANS), len(steps)), steps, strict=True))
    machine = FakeTime(start_s)
    monkeypatch.setattr(clock_module, "time", machine)
    clock = WallClock()
    recorder = History(tmp_path, site(), tags(AIR, RH), secrets, clock)
    before_s = clock.now()
    for scan in range(SCANS):
        machine.monotonic_s += 1.0
        machine.wall_s += 1.0 + at.get(scan, 0.0)
        now_s = clock.now()
        # what lasts a second lasts a second, whatever the wall says: nothing fires twice, and nothing is left out;
        # but for a box that had no clock when it started, and is told the time
        told = start_s == 0.0 and scan in at
        assert told or 1.0 - SLEW - 1e-6 <= now_s - before_s <= 1.0 + SLEW + 1e-6
        before_s = now_s
        recorder.record([good(AIR, float(scan), now_s), good(RH, scan / 2, now_s)])
        await recorder._commit()
    await asyncio.wait_for(recorder.close(), 20)
    found = on_disk(tmp_path)
    keys = [(point.tags["tag"], point.time_ms) for point in found]
    lost = 0
    for tag, factor in (("air", 1.0), ("rh", 0.5)):
        told = [point for point in found if point.tags["tag"] == tag]
        assert [point.time_ms for point in told] == sorted({point.time_ms for point in told})
        lost += [point.fields.get("v") for point in told] != [scan * factor for scan in range(SCANS)]
    proof.says(SCANS, lost, len(keys) - len(set(keys)))
