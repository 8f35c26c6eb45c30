"""A dose that a person asks for: exactly its volume, once, at once or never, and past no guard."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.dosing_guard import DAY_S, Guarded, key_of
from controller.core.explain import look
from controller.core.state import to_plain
from controller.core.words import Dose, EmergencyStop, Override
from foundation.reading import Value
from tests.core.small_site import Farm, changed, core_of

PUMP = "fa.z.pump_acid"
"""0.5 mL/s."""


def wish(farm: Farm, ml: float, name: str = "dose-0001", output: str = PUMP, good_for_s: float = 30.0) -> Dose:
    return Dose(name, output, ml / 1000.0, "wang", farm.now_s, farm.now_s + good_for_s)


def given_ml(farm: Farm, output: str = PUMP) -> float:
    guard: Any = farm.state.blocks[key_of(output)]
    assert isinstance(guard, Guarded)
    return sum(guard.given_ml)


def whys(farm: Farm) -> list[object]:
    return [event.values["why"] for event in farm.events if event.kind == "refused"]


def settled(**says: Value) -> Farm:
    farm = Farm()
    farm.says |= {f"fa.z.{name}": value for name, value in says.items()}
    farm.run(30)
    return farm


@settings(max_examples=15, deadline=None)
@given(st.floats(0.5, 30.0))
def test_a_dose_is_as_many_whole_scans_as_its_volume_fills_and_never_more(ml: float) -> None:
    farm = settled()
    farm.scan([wish(farm, ml)])
    assert farm.state.doses["dose-0001"].by == "wang"
    farm.run(70)
    assert ml - 0.5 < given_ml(farm) <= ml + 1e-6
    assert farm.order(PUMP).value == 0.0


def test_a_dose_runs_once_by_its_id_over_restarts_and_a_day() -> None:
    farm = settled()
    asked = wish(farm, 5.0)
    farm.scan([asked, asked])
    farm.run(3)
    assert look(farm.core.plan, farm.state, PUMP, ()).won.values == {"by": "wang", "ml": 5.0}
    cut = Farm(farm.core, farm.now_s + 2.0, json.loads(json.dumps(to_plain(farm.state))))
    cut.scan([asked])
    cut.run(600)
    farm.run(600)
    for one in (farm, cut):
        one.scan([asked])
        one.scan([wish(one, 4.0)])
        one.run(30)
        assert one.told("dose_begun") == [PUMP] * (one is farm)
        assert whys(one) == ["dose_same_id"]
    assert given_ml(farm) == 5.0
    # what was booked counts in full, though the restart cut it
    assert given_ml(cut) == 30.0
    assert farm.told("dose_known") == [PUMP]
    farm.scan(after_s=DAY_S)
    farm.scan([wish(farm, 1.0, "dose-0002")])
    assert list(farm.state.doses) == ["dose-0002"]


def test_a_dose_that_comes_too_late_is_never_given() -> None:
    farm = settled()
    late = wish(farm, 5.0, good_for_s=30.0)
    farm.run(29)
    farm.scan([late])
    assert whys(farm) == ["expired"]
    farm.run(60)
    assert given_ml(farm) == 0.0
    farm.scan([wish(farm, 5.0)])  # what was refused is not known, and may be asked for anew
    assert farm.told("dose_begun") == [PUMP]


@pytest.mark.parametrize(
    ("ml", "output", "why"),
    [
        (5.0, "fa.z.lamp", "no_pump"),
        (5.0, "nothing", "no_pump"),
        (0.4, PUMP, "dose_small"),
        (-5.0, PUMP, "dose_small"),
        (float("nan"), PUMP, "dose_small"),
        (30.5, PUMP, "dose_room"),
        (float("inf"), PUMP, "dose_room"),
    ],
)
def test_what_is_no_dose_of_a_pump_is_refused(ml: float, output: str, why: str) -> None:
    farm = settled()
    farm.scan([wish(farm, ml, output=output)])
    assert whys(farm) == [why]
    assert not farm.state.doses


def test_what_holds_the_pump_refuses_the_dose_and_it_does_not_come_afterwards() -> None:
    farm = settled()
    farm.scan([wish(farm, 5.0)])
    farm.scan([wish(farm, 5.0, "dose-0002")])
    farm.run(60)
    farm.scan([wish(farm, 5.0, "dose-0003")])  # it mixes for five minutes
    farm.run(600)
    farm.scan([Override("hand-0001", PUMP, 0.0, "li", farm.now_s + 60.0)])
    farm.scan([wish(farm, 5.0, "dose-0004")])
    farm.run(600)
    farm.scan([EmergencyStop("stop-0001", "fa", "li", farm.now_s)])
    farm.scan([wish(farm, 5.0, "dose-0005")])
    assert whys(farm) == ["dose_runs", "guard_mixing", "dose_hand", "dose_held"]
    farm.run(60)
    assert (given_ml(farm), list(farm.state.doses)) == (5.0, ["dose-0001"])


def test_an_interlock_that_stands_refuses_a_dose_and_one_that_trips_cuts_it() -> None:
    farm = settled(level=5.0)
    farm.scan([wish(farm, 20.0, output="fa.z.pump_a")])
    assert [(event.values["why"], event.values["owner"]) for event in farm.events if event.kind == "refused"] == [
        ("dose_held", "fa.z.empty")
    ]
    farm = settled(level=5.0)
    farm.scan([wish(farm, 170.0, output="fa.z.pump_a")])
    farm.says["fa.z.level"] = 80.0  # it lets go before the dose would have been over
    farm.run(120)
    assert given_ml(farm, "fa.z.pump_a") == 0.0
    farm = settled()
    farm.scan([wish(farm, 20.0, output="fa.z.pump_a")])
    farm.says["fa.z.level"] = 5.0
    farm.run(120)
    assert 0.0 < given_ml(farm, "fa.z.pump_a") < 20.0


def test_a_dosing_loop_takes_a_persons_dose_for_no_leak_and_waits_until_it_has_mixed() -> None:
    farm = Farm(core_of(changed("loops", "fa.z.ph_loop", "unexpected", "0.15 pH")))
    farm.run(400)  # after its first wait
    farm.scan([wish(farm, 10.0)])
    farm.run(30)
    farm.says["fa.z.ph"] = 5.6  # as the dose moves it
    farm.run(200)
    loop: Any = farm.state.blocks["fa.z.ph_loop"]
    assert (loop.dose.phase, loop.dose.unexpected) == ("wait", False)
    farm.run(200)
    loop = farm.state.blocks["fa.z.ph_loop"]
    assert (loop.dose.phase, loop.dose.without) == ("idle", 0)
