"""A trial on the running plant: what would raise an alarm on its way is seen before it is raised."""

from typing import Any

import pytest

from controller.core.turn import Turn
from controller.core.words import Trial
from tests.core.small_site import START_S, Farm, changed, core_of

LOOP = "fa.z.vent_loop"
_NAMED = {"zh": "报警", "en": "Alarm"}


def house(when: str, **probes: float) -> Farm:
    """The vent loop on three thermometers at 24 degrees, and one alarm."""
    site = changed("alarms", {"fa.z.told": {
        "cause": _NAMED, "consequence": _NAMED, "response": _NAMED, "when": when, "priority": "medium",
    }})  # fmt: skip
    site["tags"]["fa.z.warm"] = {"derive": "fa.z.temp - fa.z.vent_sp"}
    farm = Farm(core_of(site))
    farm.says |= {f"fa.z.{name}": 24.0 for name in ("temp_a", "temp_b", "temp_c")} | probes
    farm.run(60)
    return farm


def refused(farm: Farm, within: float = 2.0) -> Any:
    wish = Trial("t", LOOP, "steps", 5.0, within, 3600.0, "li", farm.now_s)
    return farm.core.plan.trials[LOOP].refusal(Turn(farm.state, farm.now_s), wish)


@pytest.mark.parametrize(("when", "limit"), [
    ("fa.z.temp > '25.9 degC'", True), ("fa.z.temp > '26.1 degC'", False), ("fa.z.temp_b < '22.1 degC'", True),
    ("fa.z.temp_b < '21.9 degC'", False), ("fa.z.warm > '1.9 K'", True), ("fa.z.warm > '2.1 K'", False),
    ("vpd(fa.z.temp_c, fa.z.rh) > '0.99 kPa'", True), ("fa.z.rh > '80 %'", False),
])  # fmt: skip
def test_a_trial_is_refused_that_would_take_a_probe_or_what_is_made_of_it_into_an_alarm(when: str, limit: bool) -> None:
    refusal = refused(house(when))
    assert (refusal is not None and (refusal.key, refusal.values.get("alarm")) == ("trial_limit", "fa.z.told")) is limit


def test_a_probe_that_reads_higher_than_the_vote_comes_to_its_alarm_sooner() -> None:
    assert refused(house("fa.z.temp_a > '26.5 degC'", **{"fa.z.temp_a": 24.0})).key != "trial_limit"
    assert refused(house("fa.z.temp_a > '26.5 degC'", **{"fa.z.temp_a": 24.8})).key == "trial_limit"


def test_a_trial_ends_before_the_alarm_that_a_single_probe_is_about_to_raise() -> None:
    farm = house("fa.z.temp_a > '26.5 degC'")
    runner = farm.core.plan.trials[LOOP]
    turn = Turn(farm.state, farm.now_s)
    memory = runner.begun(turn, Trial("t", LOOP, "steps", 5.0, 2.0, 3600.0, "li", START_S))
    turn.blocks[f"{LOOP}#trial"] = memory
    runner.run(turn)
    assert turn.blocks[f"{LOOP}#trial"].ended == ""  # type: ignore[attr-defined]  # a trial's
    farm.says["fa.z.temp_a"] = 26.6
    farm.state = turn.state()
    farm.scan()
    ended = farm.state.blocks[f"{LOOP}#trial"]
    assert ended.ended == "alarm"  # type: ignore[attr-defined]  # a trial's
    assert farm.state.alarms == ()
    assert [one.values["beaten_by"] for one in farm.events if one.kind == "trial_ended"] == ["fa.z.told"]
