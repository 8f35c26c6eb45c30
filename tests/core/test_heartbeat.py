"""The heartbeat: a contact that opens and closes while the farm is scanned, so that an outside timer relay holds."""

from itertools import pairwise
from typing import Any

import pytest

from tests.core.small_site import Farm, core_of, document

BEAT = "fa.z.siren"


def site(period: str = "4 s") -> dict[str, Any]:
    found = document()
    found["outputs"][BEAT] = {
        "type": "heartbeat", "period": period, "safe": "off", "lease": "20 s", "fail_safe_by": "device"
    }  # fmt: skip
    found["rules"] = []
    found["interlocks"] = {
        "fa.z.open": {"when": "fa.z.door", "delay": "0 s", "latch": False, "effect": [{"inhibit": BEAT}]}
    }
    return found


def beats(farm: Farm, scans: int, after_s: float = 1.0) -> list[float]:
    """When the contact changed."""
    found, before = [], farm.wires.get(BEAT)
    for _ in range(scans):
        farm.scan(after_s=after_s)
        if farm.wires[BEAT] != before:
            found.append(farm.now_s)
        before = farm.wires[BEAT]
    return found


@pytest.mark.parametrize("after_s", [1.0, 0.97])
def test_a_heartbeat_opens_and_closes_in_equal_parts_of_its_period_even_if_scans_come_early(after_s: float) -> None:
    times = beats(Farm(core_of(site())), 60, after_s)
    assert len(times) >= 28
    assert all(b - a == pytest.approx(2.0 * after_s) for a, b in pairwise(times))


def test_an_interlock_holds_the_heartbeat_still_and_open() -> None:
    farm = Farm(core_of(site()))
    beats(farm, 10)
    farm.says["fa.z.door"] = True
    beats(farm, 3)
    assert beats(farm, 30) == []
    assert farm.wires[BEAT] is False
    assert farm.order(BEAT).because.key == "interlock"
    farm.says["fa.z.door"] = False
    assert len(beats(farm, 20)) >= 9


def test_a_heartbeat_goes_on_after_a_restart_without_a_long_rest() -> None:
    from controller.core.state import to_plain

    farm = Farm(core_of(site()))
    beats(farm, 10)
    again = Farm(core_of(site()), farm.now_s + 3.0, to_plain(farm.state))
    assert len(beats(again, 5)) >= 2
