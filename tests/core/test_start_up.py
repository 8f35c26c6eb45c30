"""The first scans: what stands otherwise than it should is found and put right; machines start one after the other."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.words import Override
from foundation.reading import Reason
from tests.core.small_site import Farm, core_of, document

NAMES = ("fa.z.fan", "fa.z.siren", "fa.z.stirrer", "fa.z.feeder")


def machines(*power_kw: float, most: int = 2, life: int | None = None, idle: str = "on") -> dict[str, Any]:
    """Contacts that idle on, each with a machine; nothing else."""
    site = document()
    site["site"]["motor_starts"] = most
    for section in ("loops", "programs", "interlocks", "alarms"):
        site[section] = {}
    site["rules"], site["sequences"] = [], {}
    site["tags"] = {}
    site["outputs"] = {
        name: {
            "type": "on_off", "safe": "off", "idle": idle, "lease": "20 s", "fail_safe_by": "device",
            "power": f"{power} kW",
        }
        for name, power in zip(NAMES, power_kw, strict=False)
    }  # fmt: skip
    if life is not None:
        site["outputs"][NAMES[life]] |= {"safe": "on", "life_support": True}
    site["devices"]["switches"]["tags"] = {
        channel: tag for channel, tag in site["devices"]["switches"]["tags"].items() if tag in site["outputs"]
    }
    site["devices"]["inputs"]["tags"] = {"in1": "fa.z.temp_a"}
    return site


def starts(farm: Farm, seconds: int) -> dict[str, float]:
    """When each machine first ran, in seconds after the first scan."""
    found: dict[str, float] = {}
    for second in range(seconds):
        farm.scan()
        for name in NAMES:
            if farm.wires.get(name) is True:
                found.setdefault(name, float(second))
    return found


def test_a_valve_left_on_is_found_and_closed_at_start() -> None:
    farm = Farm(core_of(document()))
    farm.says["fa.z.co2_valve"] = True
    farm.says["fa.z.siren"] = False
    farm.scan()
    assert farm.wires["fa.z.co2_valve"] is False, "it does not wait for anything"
    running = [tag for tag, value in farm.wires.items() if value is True]
    assert running
    farm.says |= dict.fromkeys(running, True)
    farm.scan()
    (event,) = [event for event in farm.events if event.kind == "output_found"]
    assert (event.subject, event.values) == (
        "fa.z.co2_valve", {"tag": "fa.z.co2_valve", "stood": True, "ordered": False}
    )  # fmt: skip
    farm.run(30)
    assert farm.told("output_found") == ["fa.z.co2_valve"], "once a start"


def test_a_continuous_output_is_found_where_it_is_half_a_percent_off_and_not_where_it_is_rounded() -> None:
    for stood, told in ((0.4, []), (0.6, ["fa.z.lamp"]), (-0.6, ["fa.z.lamp"])):
        farm = Farm(core_of(document()))
        farm.scan()
        farm.says["fa.z.lamp"] = float(farm.wires["fa.z.lamp"]) + stood  # type: ignore[arg-type]  # a number
        farm.scan()
        assert farm.told("output_found") == told


def test_what_cannot_be_read_at_first_is_still_found_within_a_minute_and_no_later() -> None:
    for after_s, told in ((40, ["fa.z.co2_valve"]), (80, [])):
        farm = Farm(core_of(document()))
        farm.says["fa.z.co2_valve"] = Reason.COMM
        farm.run(after_s)
        farm.says["fa.z.co2_valve"] = True
        farm.run(3)
        assert farm.told("output_found") == told


def test_two_machines_start_at_once_and_the_others_follow_the_strongest_first() -> None:
    found = starts(Farm(core_of(machines(1.0, 2.0, 5.0, 3.0))), 30)
    assert found == {"fa.z.stirrer": 0.0, "fa.z.feeder": 0.0, "fa.z.siren": 10.0, "fa.z.fan": 10.0}
    one = starts(Farm(core_of(machines(1.0, 2.0, 5.0, 3.0, most=1))), 60)
    assert [one[name] for name in ("fa.z.stirrer", "fa.z.feeder", "fa.z.siren", "fa.z.fan")] == [0.0, 10.0, 20.0, 30.0]


def test_life_support_does_not_wait_for_its_turn_and_the_others_wait_for_it() -> None:
    found = starts(Farm(core_of(machines(5.0, 5.0, 5.0, 1.0, most=1, life=3))), 60)
    assert sorted(found.values()) == [0.0, 0.0, 10.0, 20.0]
    assert found["fa.z.feeder"] == 0.0, "it ran, and runs on"
    farm = Farm(core_of(machines(5.0, 5.0, 5.0, 1.0, most=1, life=3)))
    wish = Override("hand-1", "fa.z.feeder", 0.0, "li", farm.now_s + 36000.0)
    farm.scan([wish])
    farm.run(4)
    assert farm.wires["fa.z.feeder"] is False
    assert farm.wires["fa.z.fan"] is True, "it has just started"
    farm.scan([wish._replace(id="hand-2", value=100.0)])
    assert farm.wires["fa.z.feeder"] is True
    began_s = farm.now_s
    while not farm.wires["fa.z.siren"]:
        farm.scan()
    assert farm.now_s - began_s >= 10.0, "the others wait for it"


def test_of_two_that_are_wanted_at_once_life_support_goes_first_however_weak_it_is() -> None:
    farm = Farm(core_of(machines(9.0, 1.0, most=1, life=1, idle="off")))
    farm.run(12)
    ends_s = farm.now_s + 3600.0
    farm.scan([Override(f"hand-{name}", name, 100.0, "li", ends_s) for name in ("fa.z.fan", "fa.z.siren")])
    assert (farm.wires["fa.z.fan"], farm.wires["fa.z.siren"]) == (False, True)


def test_what_has_no_machine_waits_for_none() -> None:
    found = starts(Farm(core_of(machines(0.0, 5.0, 5.0, 0.0, most=1))), 30)
    assert found == {"fa.z.fan": 0.0, "fa.z.feeder": 0.0, "fa.z.siren": 0.0, "fa.z.stirrer": 10.0}


def test_a_machine_that_is_no_longer_wanted_lets_the_others_pass() -> None:
    farm = Farm(core_of(machines(9.0, 7.0, 5.0, most=1)))
    starts(farm, 2)
    farm.scan([Override("hand-1", "fa.z.siren", 0.0, "li", farm.now_s + 3600.0)])
    found = starts(farm, 20)
    assert "fa.z.siren" not in found
    assert found["fa.z.stirrer"] <= 10.0


powers = st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0]), min_size=4, max_size=4)


@settings(max_examples=25, deadline=None)
@given(powers, st.integers(1, 3), st.lists(st.tuples(st.sampled_from(NAMES), st.booleans(), st.integers(1, 15))))
@example([1.0, 1.0, 1.0, 1.0], 1, [("fa.z.fan", False, 1), ("fa.z.fan", True, 1)])
def test_in_no_ten_seconds_more_machines_start_than_may_and_each_that_is_wanted_starts_at_last(
    power_kw: list[float], most: int, hands: list[tuple[str, bool, int]]
) -> None:
    farm, before = Farm(core_of(machines(*power_kw, most=most))), dict.fromkeys(NAMES, False)
    began: list[float] = []
    wanted = dict.fromkeys(NAMES, True)
    heavy = {name for name, power in zip(NAMES, power_kw, strict=True) if power}
    for number, (name, on, seconds) in enumerate([*hands, ("", True, 45)]):
        wish = Override(f"hand-{number}", name, 100.0 if on else 0.0, "li", farm.now_s + 36000.0)
        if name:
            wanted[name] = on
        for second in range(seconds):
            farm.scan([wish] if name and second == 0 else [])
            for one in NAMES:
                if farm.wires[one] and not before[one] and one in heavy:
                    began.append(farm.now_s)
                before[one] = bool(farm.wires[one])
    assert all(sum(0.0 <= at_s - one < 10.0 for at_s in began) <= most for one in began)
    assert {name: farm.wires[name] for name in NAMES} == wanted
