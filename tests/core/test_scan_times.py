"""Scans come a little late, and never all alike: a loop still runs as often as its period says."""

import pytest

from tests.core.small_site import Farm, changed, core_of


@pytest.mark.parametrize("late_s", [0.0, 0.002, 0.05, 0.4])
@pytest.mark.parametrize("period_s", [1, 10])
def test_a_late_scan_does_not_cost_a_loop_its_turn(late_s: float, period_s: int) -> None:
    farm = Farm(core_of(changed("loops", "fa.z.pipe_loop", "period", f"{period_s} s")))
    farm.run(60.0)
    ran: set[float] = set()
    for count in range(60):
        # one scan late, the next on time again
        farm.scan(after_s=1.0 + (late_s if count % 2 else -late_s))
        ran.add(farm.state.blocks["fa.z.pipe_loop"].at_s)
    assert len(ran) in (60 // period_s, 60 // period_s + 1)
