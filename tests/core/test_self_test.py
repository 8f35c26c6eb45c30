"""A probe that is cleaned by a pulse tests itself: slow or wrong, it is doubted, told of, and left to its fellows."""

import json
from math import exp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.self_test import Pulsed, SelfTest
from controller.core.state import to_plain
from foundation.reading import Quality, Reading, Reason, bad, good
from tests.core.small_site import Farm, changed, core_of

EC = "fa.z.ec"
TEST = {"of": "fa.z.siren", "to": "0 mS/cm", "response": "5 s", "bias": "0.15 mS/cm", "recovers": "40 s"}


class Tank(Farm):
    """Water of 1.8 mS/cm, a probe in it, and air that blows the water away from it while the cleaner runs."""

    tau_s, film, silent = 5.0, 0.0, False

    def __init__(self, **tags: Any) -> None:
        site = changed("rules", [{"id": "fa.z.r", "when": "fa.z.door", "then": [{"set": "fa.z.siren", "to": "on"}]}])
        site["tags"][EC] |= {"self_test": TEST, "rate": "1 mS/cm/min", "spike": "0.2 mS/cm"}
        site["tags"] |= tags
        super().__init__(core_of(site))
        self.probe = 1.8

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            target = 0.0 if self.wires.get("fa.z.siren") else 1.8
            self.probe = target + (self.probe - target) * exp(-1.0 / self.tau_s)
            self.says[EC] = Reason.COMM if self.silent else self.probe * (1.0 - self.film)
            self.scan()

    def clean(self, for_s: int = 20) -> None:
        self.says["fa.z.door"] = True
        self.live(for_s)
        self.says["fa.z.door"] = False
        self.live(60)

    def verdicts(self) -> list[str]:
        return [str(event.values["why"]) for event in self.events if event.kind == "self_test"]

    def alarmed(self) -> dict[str, Any]:
        return {alarm.id: alarm.values["why"] for alarm in self.standing if alarm.id.startswith("fouled:")}


def test_while_it_is_cleaned_the_farm_goes_on_with_what_it_said_before():
    tank = Tank()
    tank.live(60)
    tank.says["fa.z.door"] = True
    told = []
    for _ in range(55):
        tank.live(1)
        tank.says["fa.z.door"] = len(told) < 20
        told.append((tank.state.values[EC], tank.quality(EC)))
    assert all(value == pytest.approx(1.8, abs=0.01) for value, _ in told)
    assert {quality for _, quality in told[3:]} == {(Quality.SUBSTITUTED, Reason.CALIBRATING)}
    tank.live(60)
    assert (tank.quality(EC), tank.verdicts(), tank.alarmed()) == ((Quality.GOOD, None), [""], {})
    assert tank.order("fa.z.pump_a").value == 0.0  # nobody dosed for the air


def test_a_film_makes_it_slow_and_a_test_that_is_passed_makes_it_good_again():
    tank = Tank()
    tank.live(60)
    tank.tau_s = 15.0
    tank.clean()
    assert tank.verdicts() == ["slow"]
    assert (tank.quality(EC), tank.alarmed()) == ((Quality.UNCERTAIN, Reason.FOULED), {f"fouled:{EC}": "slow"})
    after = Tank()
    after.state = after.core.start(tank.now_s, json.loads(json.dumps(to_plain(tank.state))))
    after.now_s = tank.now_s
    after.live(20)
    assert after.quality(EC) == (Quality.UNCERTAIN, Reason.FOULED)  # a restart cleans no probe
    after.clean()
    assert (after.verdicts(), after.quality(EC), after.alarmed()) == ([""], (Quality.GOOD, None), {})


def test_a_probe_that_does_not_reach_half_of_the_way_is_slow():
    tank = Tank()
    tank.live(60)
    tank.tau_s = 100.0
    tank.clean()
    assert tank.verdicts() == ["slow"]


def test_what_the_pulse_took_away_had_been_a_bias():
    tank = Tank()
    tank.film = 0.2
    tank.live(60)
    tank.says["fa.z.door"] = True
    tank.live(10)
    tank.film = 0.0
    tank.live(10)
    tank.says["fa.z.door"] = False
    tank.live(60)
    assert (tank.verdicts(), tank.alarmed()) == (["bias"], {f"fouled:{EC}": "bias"})
    assert tank.state.values[EC] == pytest.approx(1.8, abs=0.02)
    tank.clean()
    assert (tank.verdicts(), tank.alarmed()) == (["bias", ""], {})


def test_a_cleaner_that_stays_on_leaves_no_value_at_all():
    tank = Tank()
    tank.live(60)
    tank.says["fa.z.door"] = True
    tank.live(700)
    assert tank.quality(EC) == (Quality.BAD, Reason.CALIBRATING)


@pytest.mark.parametrize("lost_at_s", [0, 2, 12, 19, 20, 30])
def test_a_message_that_is_lost_while_it_is_cleaned_makes_no_water_of_the_air(lost_at_s: int):
    tank, told = Tank(), []
    tank.live(60)
    for second in range(70):
        tank.says["fa.z.door"] = second < 20
        tank.silent = lost_at_s <= second < lost_at_s + 2
        tank.live(1)
        told.append((tank.state.values[EC], tank.quality(EC)))
    assert [value for value, _ in told if value is not None] == pytest.approx([1.8] * 68, abs=0.01)
    assert [quality for value, quality in told if value is None] == [(Quality.BAD, Reason.COMM)] * 2
    assert (tank.quality(EC), tank.alarmed()) == ((Quality.GOOD, None), {})
    assert tank.verdicts() == ([] if lost_at_s <= 2 else [""])  # how fast it followed cannot be told
    tank.clean()
    assert tank.verdicts()[-1] == ""


def test_a_probe_that_is_silent_while_it_is_cleaned_stays_as_doubted_as_it_was():
    tank = Tank()
    tank.live(60)
    tank.tau_s = 15.0
    tank.clean()
    tank.says["fa.z.door"] = tank.silent = True
    tank.live(20)
    tank.says["fa.z.door"] = tank.silent = False
    tank.live(60)
    assert (tank.verdicts(), tank.quality(EC)) == (["slow"], (Quality.UNCERTAIN, Reason.FOULED))


@pytest.mark.parametrize("silent_s", [0, 700])
def test_a_probe_that_has_said_nothing_of_the_water_for_long_says_nothing_while_it_is_cleaned(silent_s: int):
    tank = Tank()
    if silent_s:
        tank.live(60)
    tank.silent = True
    tank.live(silent_s)
    tank.says["fa.z.door"] = True
    tank.live(3)
    tank.silent = False
    for second in range(50):
        tank.live(1)
        assert tank.quality(EC) == (Quality.BAD, Reason.CALIBRATING)
        tank.says["fa.z.door"] = second < 20
    tank.live(60)
    assert (tank.quality(EC), tank.verdicts()) == ((Quality.GOOD, None), [])
    assert tank.state.values[EC] == pytest.approx(1.8, abs=0.01)


def test_a_fouled_probe_leaves_the_vote_to_its_fellow():
    other = {"derive": "line(fa.z.level, '0 %', '100 %', '1.7 mS/cm', '1.7 mS/cm')"}
    both = {"vote": [EC, "fa.z.other"], "disagree": "0.2 mS/cm"}
    tank = Tank(**{"fa.z.other": other, "fa.z.ec_both": both})
    tank.live(60)
    assert tank.state.values["fa.z.ec_both"] == pytest.approx(1.75, abs=0.01)
    tank.tau_s = 15.0
    tank.clean()
    assert tank.state.values["fa.z.ec_both"] == 1.7


STEP = st.tuples(st.floats(0.0, 20.0), st.booleans(), st.sampled_from(["", "rate", "comm"]), st.floats(0.5, 400.0))


@given(st.lists(STEP, max_size=40))
@settings(max_examples=100)
def test_whatever_the_probe_says_it_is_never_good_while_it_is_cleaned_or_fouled(steps: list[Any]):
    test, block, now_s = SelfTest("c", 8.0, 5.0, 2.0, 0.5, 30.0), Pulsed(), 0.0
    for value, cleaning, failure, after_s in steps:
        now_s += after_s
        value += 30.0 * cleaning  # of the air
        reading = good("t", value, now_s) if not failure else bad("t", Reason(failure), now_s, value)
        said = None if failure == "comm" else value
        block, told, verdict = test.step(block, reading, said, cleaning, now_s)
        assert isinstance(told, Reading)
        assert told.quality is not Quality.GOOD or not (cleaning or block.phase or block.fouled_s >= 0.0)
        assert told.time_s == now_s
        assert verdict is None or (verdict.why != "") is (block.fouled_s >= 0.0)
        assert told.number is None or 0.0 <= told.number <= 20.0
        assert failure != "comm" or told == reading
