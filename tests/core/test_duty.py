"""Proof of action, and a standby that takes over from what is not proven."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.proof import ProofPlan, Proven, step
from controller.core.scan import Core
from controller.core.words import EmergencyStop, Override, Reset
from foundation.reading import Reason, Value
from tests.core.small_site import START_S, Farm, core_of, document
from tests.core.test_restart import restarted

DUTY, STANDBY, RESCUE, FLOW = "fa.z.stirrer", "fa.z.fan", "fa.z.rescue", "fa.z.level"


def site() -> dict[str, Any]:
    """A pump, its standby and emergency oxygen; the flow that proves both pumps stands in `fa.z.level`."""
    found = document()
    found["loops"], found["rules"], found["interlocks"], found["alarms"] = {}, [], {}, {}
    found["tags"] = {"fa.z.level": {"unit": "%"}, "fa.z.door": {}} | {
        name: one for name, one in found["tags"].items() if name in ("fa.z.ppfd", "fa.z.dli")
    }
    found["tags"].pop("fa.z.door")
    found["programs"] = {}
    proof = {"tag": FLOW, "above": "20 %", "within": "15 s"}
    keep = {"lease": "20 s", "fail_safe_by": "device", "type": "on_off", "life_support": True, "safe": "on"}
    found["outputs"] = {
        DUTY: {**keep, "idle": "on", "proof": proof, "standby": STANDBY, "rescue": RESCUE, "swap": "7 d"},
        STANDBY: {**keep, "idle": "off", "proof": proof},
        RESCUE: {**keep, "idle": "off"},
    }
    return found


class Water(Farm):
    """Two pumps in one pipe; `broken` ones give no flow."""

    def __init__(self, core: Core | None = None, kept: object = None, start_s: float = START_S) -> None:
        super().__init__(core or core_of(site()), start_s, kept)
        self.says = {FLOW: 0.0}
        self.broken: set[str] = set()

    def scan(self, people: Any = (), after_s: float = 1.0) -> Any:
        flows = any(self.wires.get(pump) is True and pump not in self.broken for pump in (DUTY, STANDBY))
        if not isinstance(self.says[FLOW], Reason):
            self.says[FLOW] = 60.0 if flows else 0.0
        return super().scan(people, after_s)

    def on(self) -> tuple[bool, bool, bool]:
        return self.wires[DUTY] is True, self.wires[STANDBY] is True, self.wires[RESCUE] is True

    def alarmed(self) -> set[str]:
        return {one.id for one in self.state.alarms if one.active}


def seconds_until(farm: Water, pump: str) -> int:
    for second in range(60):
        if farm.wires[pump] is True:
            return second
        farm.scan()
    raise AssertionError(f"{pump} never started")


def test_the_standby_runs_within_ten_seconds_of_lost_flow_and_the_failed_pump_stops_once_it_is_proven() -> None:
    farm = Water()
    farm.run(60)
    assert farm.on() == (True, False, False)
    farm.broken.add(DUTY)
    assert seconds_until(farm, STANDBY) <= 10
    farm.run(5)
    assert farm.on() == (False, True, False)
    assert farm.told("handed_over") == [DUTY]
    assert farm.alarmed() == {f"duty:{DUTY}"}


def test_it_stays_with_the_standby_when_the_failed_one_would_run_again_until_somebody_resets_it() -> None:
    farm = Water()
    farm.run(30)
    farm.broken.add(DUTY)
    farm.run(30)
    farm.broken.clear()
    farm.run(600)
    assert farm.on() == (False, True, False)
    farm.scan([Reset("1", DUTY, "wang", farm.now_s)])
    farm.run(30)
    assert farm.on() == (True, False, False)
    assert farm.alarmed() == set()
    farm.scan([Reset("2", DUTY, "wang", farm.now_s)])
    assert farm.told("refused") == [DUTY]  # nothing to reset


def test_a_restart_does_not_forget_who_failed() -> None:
    farm = Water()
    farm.run(30)
    farm.broken.add(DUTY)
    farm.run(30)
    again = restarted(farm, after_s=5.0)
    again.says = {FLOW: 60.0}
    again.run(60)
    assert (again.wires[DUTY], again.wires[STANDBY]) == (False, True)


def test_with_both_failed_both_are_told_to_run_and_the_rescue_opens_until_one_is_proven() -> None:
    farm = Water()
    farm.run(30)
    farm.broken |= {DUTY, STANDBY}
    assert seconds_until(farm, RESCUE) <= 30
    farm.run(5)
    assert farm.on() == (True, True, True)
    assert farm.alarmed() == {f"duty_lost:{DUTY}"}
    assert {one.priority for one in farm.state.alarms} == {"critical"}
    farm.broken.remove(STANDBY)
    farm.run(5)
    assert farm.on() == (True, True, False)


def test_flow_that_nobody_can_read_is_no_flow() -> None:
    farm = Water()
    farm.run(30)
    farm.says[FLOW] = Reason.COMM
    farm.run(10)
    assert farm.wires[STANDBY] is True


def test_the_standby_takes_over_from_a_pump_that_a_person_stops_and_gives_back() -> None:
    farm = Water()
    farm.run(30)
    farm.scan([Override("1", DUTY, 0.0, "wang", farm.now_s + 60.0)])
    farm.run(5)
    assert farm.on() == (False, True, False)
    assert farm.alarmed() & {f"duty:{DUTY}", f"not_proven:{DUTY}"} == set()
    farm.run(120)
    assert farm.on() == (True, False, False)


def switched(farm: Water, seconds: int) -> int:
    """How often either pump or the rescue started or stopped meanwhile."""
    seen = [farm.on()]
    for _ in range(seconds):
        farm.scan()
        seen.append(farm.on())
    return sum(was != now for before, after in pairwise(seen) for was, now in zip(before, after, strict=True))


def dry() -> Core:
    """The same pumps where no life hangs on them."""
    found = site()
    for output in found["outputs"].values():
        output |= {"life_support": False, "safe": "off"}
    return core_of(found)


@pytest.mark.parametrize("of", [None, dry])
def test_a_pump_that_a_person_has_stopped_stays_so_and_the_other_runs_on_without_a_break(of: Any) -> None:
    farm = Water(of and of())
    farm.run(60)
    farm.scan([Override("1", DUTY, 0.0, "wang", farm.now_s + 600.0)])
    farm.run(5)
    assert farm.on() == (False, True, False)
    assert switched(farm, 300) == 0


def test_whoever_has_stopped_the_standby_by_hand_does_not_stop_the_duty_too() -> None:
    farm = Water()
    farm.run(60)
    farm.scan([Override("1", STANDBY, 0.0, "wang", farm.now_s + 600.0)])
    farm.run(5)
    farm.scan([Override("2", DUTY, 0.0, "wang", farm.now_s + 600.0)])
    farm.run(5)
    assert farm.on()[0]
    assert switched(farm, 300) == 0


def test_where_no_life_hangs_on_them_both_stay_stopped_by_hand_and_by_an_emergency_stop() -> None:
    for stops in (
        [Override(pump, pump, 0.0, "wang", START_S + 9000.0) for pump in (DUTY, STANDBY)],
        [EmergencyStop("1", "fa", "wang", START_S)],
    ):
        farm = Water(dry())
        farm.run(60)
        farm.scan(stops)
        farm.run(5)
        assert farm.on()[:2] == (False, False)
        assert switched(farm, 300) == 0


def test_a_duty_pump_that_no_life_hangs_on_is_not_started_because_its_standby_is_stopped() -> None:
    found = site()
    for output in found["outputs"].values():
        output |= {"life_support": False, "safe": "off", "idle": "off"}
    farm = Water(core_of(found))
    farm.run(30)
    farm.scan([Override("1", STANDBY, 0.0, "wang", farm.now_s + 600.0)])
    farm.run(30)
    assert farm.on() == (False, False, False)


def test_with_one_failed_and_the_other_tripped_the_rescue_stays_open() -> None:
    found = site()
    found["outputs"][STANDBY] |= {"life_support": False, "safe": "off"}
    found["interlocks"] = {
        "fa.z.dry": {
            "when": "fa.z.ppfd > '500 umol/m2/s'",
            "on_bad_quality": "ignore",
            "effect": [{"inhibit": STANDBY}],
        }
    }
    farm = Water(core_of(found))
    farm.says["fa.z.ppfd"] = 900.0
    farm.run(60)
    farm.broken |= {DUTY, STANDBY}
    farm.run(60)
    assert farm.on()[2]
    assert switched(farm, 300) == 0


def test_they_change_places_every_week_without_a_second_of_standing_water() -> None:
    farm = Water()
    farm.run(60)
    farm.run(7 * 86_400 - 1200, after_s=600.0)
    assert farm.on() == (True, False, False)
    seen = []
    for _ in range(1500):
        farm.scan()
        seen.append(farm.on()[:2])
    assert seen[-1] == (False, True)
    assert (False, False) not in seen
    assert farm.told("swapped") == [STANDBY]
    farm.broken.add(STANDBY)
    farm.run(30)
    assert farm.on() == (True, False, False)


# --- proof by itself

CURRENT = ProofPlan("pump", "amps", "above", 1.0, 10.0, 3.0, None, (), False, True)
CONTACT = ProofPlan("pump", "runs", "contact", 0.0, 10.0, 3.0, None, (), True, True)
WARMS = ProofPlan("heater", "temp", "rises", 0.5, 60.0, 3.0, None, (), False, False)


def looks(plan: ProofPlan, told: list[tuple[bool, Value | None]], shared: bool = False) -> Proven:
    state = Proven()
    for second, (on, value) in enumerate(told):
        state = step(plan, state, on, shared, value, START_S + second)
    return state


@pytest.mark.parametrize(
    ("told", "failed", "runs_on"),
    [
        ([(True, 0.0)] * 10, False, False),
        ([(True, 0.0)] * 11, True, False),
        ([(True, None)] * 11, True, False),
        ([(True, 0.0)] * 11 + [(True, 2.0)], False, False),
        ([(True, 2.0)] * 5 + [(True, 1.0)] * 3, False, False),
        ([(True, 2.0)] * 5 + [(True, 1.0)] * 4, True, False),
        ([(True, 2.0)] * 5 + [(False, 2.0)] * 10, False, False),
        ([(True, 2.0)] * 5 + [(False, 2.0)] * 11, False, True),
        ([(True, 2.0)] * 5 + [(False, 2.0)] * 11 + [(False, 0.0)], False, False),
        ([(False, 0.0)] * 99, False, False),
        ([(False, 2.0)] * 9 + [(False, 0.0)] * 9 + [(False, 2.0)] * 9, False, False),  # twice too short
        ([(False, 2.0)] * 9 + [(False, 0.0)] * 9 + [(False, 2.0)] * 11, False, True),
    ],
)
def test_a_current_proves_that_it_runs_and_that_it_has_stopped(
    told: list[tuple[bool, Value | None]], failed: bool, runs_on: bool
) -> None:
    state = looks(CURRENT, told)
    assert (state.failed_s >= 0.0, state.runs_on_s >= 0.0) == (failed, runs_on)


def test_what_another_pump_shows_is_not_held_against_it() -> None:
    assert looks(CURRENT, [(False, 2.0)] * 60, shared=True).runs_on_s == -1.0


def test_a_dosing_pump_that_ran_on_is_remembered() -> None:
    told: list[tuple[bool, Value | None]] = [(False, True)] * 11
    assert looks(CONTACT, told).runs_on_s >= 0.0
    assert looks(CONTACT, [*told, (False, False), (True, False)]).runs_on_s >= 0.0


def test_a_heater_is_proven_by_what_it_warms_once_each_time() -> None:
    assert looks(WARMS, [(True, 20.0)] * 60).failed_s == -1.0
    assert looks(WARMS, [(True, 20.0)] * 61).failed_s >= 0.0
    assert looks(WARMS, [(True, 20.0), (True, 20.5), *[(True, 20.0)] * 90]).failed_s == -1.0
    assert looks(WARMS, [(False, 20.0), (False, 25.0), *[(False, 25.0)] * 90]).runs_on_s == -1.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, 0.0, 2.0]), st.integers(1, 20)), max_size=20))
def test_it_is_never_found_failed_while_it_rests_nor_running_on_while_it_runs(spells: list[Any]) -> None:
    state, now_s = Proven(), START_S
    for on, value, seconds in spells:
        for _ in range(seconds):
            now_s += 1.0
            state = step(CURRENT, state, on, False, value, now_s)
            assert not (state.failed_s >= 0.0 and not on)
            assert not (state.runs_on_s >= 0.0 and on)
