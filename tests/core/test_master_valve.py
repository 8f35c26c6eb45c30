"""A dosing pump's master valve: open for its pulses and five seconds longer, whoever doses, and at no other time."""

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.scan import Core
from controller.core.words import Override
from foundation.reading import Reason
from tests.core.small_site import Farm, core_of, document, only

ACID, VALVE = "fa.z.pump_acid", "fa.z.co2_valve"


def site() -> dict[str, Any]:
    """Acid alone, behind a valve; an empty tank trips the valve."""
    found, whole = only("fa.z.ph_loop"), document()
    found["outputs"] = {VALVE: whole["outputs"][VALVE], **found["outputs"]}
    found["outputs"][ACID]["master"] = VALVE
    found["devices"]["switches"]["tags"]["relay11"] = VALVE
    found["interlocks"] = {"fa.z.empty": whole["interlocks"]["fa.z.empty"] | {"effect": [{"inhibit": VALVE}]}}
    return found


@cache
def core() -> Core:
    return core_of(site())


acts = st.one_of(
    st.builds(lambda ph: ("ph", ph), st.sampled_from([5.8, 6.4, 7.5, Reason.COMM])),
    st.builds(lambda value: ("hand", value), st.sampled_from([0.0, 100.0, None])),
    st.builds(lambda level: ("level", level), st.sampled_from([5.0, 80.0])),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(acts, st.integers(1, 90)), min_size=1, max_size=12))
def test_it_is_open_exactly_while_the_pump_runs_and_five_seconds_longer(spells: list[tuple[Any, int]]) -> None:
    farm = Farm(core())
    ran_s = -1e9
    for (what, value), seconds in [(("ph", 7.5), 400), *spells]:
        people = []
        if what == "hand":
            people = [Override("1", ACID, value, "wang", farm.now_s + 60.0)]
        else:
            farm.says[f"fa.z.{what}"] = value
        for _ in range(seconds):
            farm.scan(people)
            people = []
            runs = farm.wires[ACID] is True
            ran_s = farm.now_s if runs else ran_s
            tripped = farm.state.orders[VALVE].owner == "fa.z.empty"
            # the pump stops in the scan after the last in which it ran
            assert (farm.wires[VALVE] is True) is (farm.now_s - ran_s < 6.0 and not tripped)
    assert ran_s > 0.0


def test_why_it_is_open_is_told() -> None:
    farm = Farm(core())
    farm.says["fa.z.ph"] = 7.5
    while farm.wires.get(ACID) is not True:
        farm.scan()
    assert (farm.order(VALVE).owner, farm.order(VALVE).because.key) == (ACID, "master")
