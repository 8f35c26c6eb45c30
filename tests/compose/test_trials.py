"""A loop is tried on a running plant: it tells what its output does, and stops before anything is hurt."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from controller.compose.simulate import Simulation, prepare, start_of
from controller.compose.tune import TuneError, tune_swung, tune_tried
from controller.core.loops.run import PidBlock
from controller.core.state import to_plain
from controller.core.trials import TrialMemory, key_of, owner_of
from controller.core.turn import Turn
from controller.core.words import Override, ScanResult, SetpointChange, Trial, TrialEnd
from edge_config.loader import load_site
from foundation.messages import tell

HEAT, PUMP = "nu1.bench1.heat_loop", "nu1.bench1.heating"


@cache
def settled() -> Simulation:
    """The nursery an hour after midnight."""
    site = load_site(Path("edge_config/sites/nursery.yaml")).site
    farm = prepare(site, 1, start_of(site))
    while farm.now_s < start_of(site) + 3600.0:
        farm.step()
    return farm


class Night:
    """The nursery at night, to be tried."""

    def __init__(self) -> None:
        self.farm = copy.deepcopy(settled())
        self.events: list[Any] = []

    def scan(self, *people: Any) -> ScanResult:
        result = self.farm.step(people)
        self.events += result.events
        return result

    def wish(self, id_: str = "trial-1", **changes: Any) -> Trial:
        plain: dict[str, Any] = {"form": "relay", "size": 15.0, "within": 3.0, "longest_s": 6 * 3600.0, "by": "li"}
        return Trial(id=id_, loop=HEAT, time_s=self.farm.now_s, **{**plain, **changes})

    def begun(self, **changes: Any) -> "Night":
        self.scan(self.wish(**changes))
        assert self.memory.id == "trial-1", self.events[-1]
        return self

    def until_ended(self, most: int = 12_000, renewed: bool = True) -> TrialMemory:
        for count in range(1, most):
            self.scan(*([self.wish(f"again-{count}", goes_on=True)] if renewed and count % 60 == 0 else []))
            if self.memory.ended:
                return self.memory
        raise AssertionError("it goes on")

    @property
    def memory(self) -> TrialMemory:
        found = self.farm.state.blocks[key_of(HEAT)]
        assert isinstance(found, TrialMemory)
        return found

    @property
    def outputs(self) -> list[str]:
        return [part.output for part in self.farm.core.plan.trials[HEAT].loop.parts]

    def why(self) -> str:
        return next(str(one.values["why"]) for one in reversed(self.events) if one.kind in ("trial_ended", "refused"))


def test_a_relay_and_steps_find_the_same_plant_and_stay_in_their_limits() -> None:
    slopes, kc = [], []
    for form in ("relay", "steps"):
        night = Night().begun(form=form)
        told = night.until_ended()
        assert told.ended == "done"
        assert all(abs(value - told.sp) < 3.0 for value in told.values)
        assert all(abs(output - told.base) <= 1.2 * 15.0 + 1.0 for output in told.outputs)
        tuned = tune_tried(night.farm.site, HEAT, form, night.farm.core.plan.trials[HEAT].every_s, told, "normal")
        model = tuned.identified.model
        slopes.append(model.gain / (model.lag_s or 1.0))
        kc.append(tuned.new.kc)
        assert tuned.margin[1] <= 2.5
    assert slopes[0] == pytest.approx(slopes[1], rel=0.5)
    assert kc[0] == pytest.approx(kc[1], rel=0.5)


def test_the_loop_goes_on_from_where_the_output_is_without_a_bump() -> None:
    night = Night().begun()
    for _ in range(1500):
        night.scan(*([night.wish("go-on", goes_on=True)] if night.farm.now_s % 60 == 0 else []))
    moved = night.memory.output
    assert night.farm.state.orders[night.outputs[0]].owner == owner_of(HEAT)
    night.scan(TrialEnd("end", HEAT, "li", night.farm.now_s))
    assert night.memory.ended == "stopped"
    for _ in range(40):
        night.scan()
    assert night.farm.state.orders[night.outputs[0]].owner == HEAT
    block = night.farm.state.blocks[HEAT]
    assert isinstance(block, PidBlock)
    pv, sp = (float(night.farm.state.values[f"nu1.bench1.{name}"] or 0.0) for name in ("air_temp", "heat_sp"))
    loop = night.farm.core.plan.trials[HEAT].loop
    assert abs(block.inner.output - moved) <= abs(loop.settings.kc * (sp - pv)) + 8.0


def by_hand(night: Night) -> None:
    night.scan(Override("hand", night.outputs[0], 20.0, "wang", night.farm.now_s + 600.0))


def by_setpoint(night: Night) -> None:
    night.scan(SetpointChange("set", "nu1.bench1.heat_sp", 21.0, "wang", night.farm.now_s))


def by_lost_probe(night: Night) -> None:
    for device in night.farm.devices.values():
        if any("air_temp" in tag for tag in device.tags.values()):
            device.fault("silent")


def by_silence(night: Night) -> None:
    """Nobody renews it."""


@pytest.mark.parametrize(
    ("trouble", "ended"),
    [(by_hand, {"beaten"}), (by_setpoint, {"setpoint", "alarm"}), (by_lost_probe, {"value_lost", "alarm"}),
     (by_silence, {"contact"})],
)  # fmt: skip
def test_whoever_is_stronger_ends_a_trial_and_so_does_silence(
    trouble: Callable[[Night], None], ended: set[str]
) -> None:
    night = Night().begun()
    night.scan()
    trouble(night)
    told = night.until_ended(most=3600, renewed=trouble is not by_silence)
    assert told.ended in ended
    night.scan()
    assert all(night.farm.state.orders[output].owner != owner_of(HEAT) for output in night.outputs)
    assert night.why() == told.ended


def test_a_trial_does_not_outlive_a_restart() -> None:
    night = Night().begun()
    night.scan()
    state = night.farm.core.start(night.farm.now_s + 2.0, to_plain(night.farm.state))
    told = state.blocks[key_of(HEAT)]
    assert isinstance(told, TrialMemory)
    assert told.ended == "restart"


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"size": 50.0}, "trial_size"), ({"size": float("nan")}, "trial_size"), ({"within": 0.0}, "trial_size"),
     ({"longest_s": 1e9}, "trial_long"), ({"size": 30.0, "within": 0.01}, "trial_away")],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused_with_its_reason(changes: dict[str, Any], why: str) -> None:
    night = Night()
    night.scan(night.wish(**changes))
    assert night.why() in {why, "trial_room"} if why == "trial_away" else night.why() == why
    assert night.memory.id == ""


@pytest.mark.parametrize(("setpoint", "begins"), [(15.5, True), (14.5, False)])
def test_a_trial_whose_value_may_pass_an_alarms_limit_is_refused(setpoint: float, begins: bool) -> None:
    night = Night()
    limits = night.farm.core.plan.programs["nu1.bench1.heat_sp"]
    assert limits.low <= setpoint <= limits.high
    trial = night.farm.core.plan.trials[HEAT]
    turn = Turn(night.farm.state, night.farm.now_s)
    turn.values[trial.loop.sp] = setpoint
    turn.readings[trial.loop.pv] = turn.readings[trial.loop.pv]._replace(value=setpoint)
    refusal = trial.refusal(turn, night.wish(within=3.0))
    key = None if refusal is None else refusal.key
    assert (key != "trial_limit") is begins
    if refusal is not None and not begins:
        for language in ("zh", "en"):
            assert "nu1.bench1.air_low" in tell("refused.trial_limit", language, **refusal.values)


def test_who_says_go_on_after_the_end_begins_nothing() -> None:
    night = Night().begun()
    night.scan(TrialEnd("end", HEAT, "li", night.farm.now_s))
    night.scan(night.wish("go-on", goes_on=True))
    assert night.why() == "trial_none"
    assert night.memory.ended == "stopped"


def test_one_trial_of_a_loop_at_a_time_and_only_its_own_person_keeps_it_alive() -> None:
    night = Night().begun()
    night.scan(night.wish("other", by="wang"))
    assert night.why() == "trial_running"
    for loop, why in (("nu1.bench1.no_such", "trial_loop"),):
        night.scan(night.wish("x")._replace(loop=loop))
        assert night.why() == why


def test_nobody_swings_ph_or_what_keeps_fish_alive() -> None:
    site = load_site(Path("edge_config/sites/ras.yaml")).site
    for loop, why in (("ras1.tank1.ph_loop", "trial_ph"), ("ras1.tank1.do_loop", "trial_life_support")):
        farm = prepare(site, 1, start_of(site))
        for _ in range(30):
            farm.step()
        result = farm.step((Trial("t", loop, "relay", 5.0, 0.5, 3600.0, "li", farm.now_s),))
        assert [one.values["why"] for one in result.events if one.kind == "refused"] == [why]


def test_the_command_tries_the_simulated_loop_and_a_trial_that_ended_early_gives_no_gains() -> None:
    site = settled().site
    with pytest.raises(TuneError) as caught:
        tune_swung(site, HEAT, "relay", 15.0, 0.2, "normal")
    assert caught.value.key in ("trial_ended", "refused.trial_away", "refused.trial_room")
