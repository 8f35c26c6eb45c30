"""S10 by somebody who sees the biofilter itself, and acts at the moment when it has lost 30 % of its work.

Same plant, same actuators. Not before: the goal counts from there, and no probe tells of it sooner. The oracle stops
the feed and the bicarbonate, and tries every mixture of air, new water and circulation that the water allowed permits,
from then on or, where ammonia is high anyhow, from the first hour. A meal pauses while ammonia is near its limit.
"""

from itertools import product
from math import inf
from typing import NamedTuple

from simulator.loaded_scenario import LoadedScenario
from simulator.plants.plant import Weather

TAN_GOAL, NH3_GOAL = 1.8, 0.015
LOST = 0.3
WATER_L = 40000.0
USUAL_L_H = 510.0
MEALS_S = (7 * 3600.0, 12 * 3600.0, 17 * 3600.0)
MEAL_S = 1200.0
PAUSES_AT, GOES_ON_AT = 0.9, 0.73
"""A meal; of the limit of un-ionised ammonia, as the sample's rule has it."""
HELP = ("makeup.valve", "circulation.standby")
"""What costs energy, and may stop while it is not needed."""
USUAL = {"makeup.valve": 0.17, "blower": 0.6, "circulation.standby": 0.0}
MILD = Weather(15.0, 0.6, 2.0, 0.0, 5.0)


class Worst(NamedTuple):
    """The highest TAN and un-ionised ammonia of a run, mg/L as N, and what was bought for it, kWh."""

    tan: float
    nh3: float
    energy_kwh: float


def plans() -> list[dict[str, float]]:
    """What may be done once it is known: positions until the new water is used up."""
    return [
        {"blower": blower, "makeup.valve": makeup, "circulation.standby": standby, "base.pump": 0.0}
        for blower, makeup, standby in product((0.3, 0.45, 0.6), (0.17, 0.6, 1.0), (0.0, 1.0))
    ]


NOTHING: dict[str, float] = {}
"""The plan of somebody who does not know."""


def followed(
    loaded: LoadedScenario, seed: int, hours: float, plan: dict[str, float], early: bool = False, above: float = 0.0
) -> Worst:
    """The scenario's plant under one plan; oxygen, temperature and, until it is known, pH are held. `early`: all of the
    plan but for the bicarbonate holds from the beginning. New water and the second pump only while the worse of TAN and
    ammonia takes more than `above` of its goal. With `NOTHING` meals and bicarbonate go on as on any day."""
    plant = loaded.plant(seed)
    fault = loaded.scenario.timeline[0]
    assert fault.ramp is not None
    assert fault.for_ is not None
    first, last = fault.ramp["biofilter.health"]
    state, inputs = plant.initial(), dict(USUAL)
    seen = plant.observe(state, inputs, MILD)
    tan = nh3 = trim = bought_kwh = 0.0
    paused = helps = False
    water_l: float | None = None
    for step in range(int((loaded.scenario.settle + hours * 3600.0) / plant.step_s)):
        since_s = step * plant.step_s - loaded.scenario.settle
        health = first + (last - first) * min(max((since_s - fault.at) / fault.for_, 0.0), 1.0)
        knows = bool(plan) and health <= first * (1.0 - LOST)
        short = 7.5 - seen["tank1.oxygen"]
        trim = min(max(trim + short * plant.step_s / 600.0, 0.0), 1.0)
        eats = not knows and any(0.0 <= since_s % 86400.0 - meal_s < MEAL_S for meal_s in MEALS_S)
        paused = bool(plan) and seen["tank1.nh3"] > (GOES_ON_AT if paused else PAUSES_AT) * NH3_GOAL
        helps = share(seen["tank1.tan"], seen["tank1.nh3"]) > (above - 0.03 if helps else above)
        base = min(max(0.36 + 3.0 * (7.2 - seen["tank1.ph"]), 0.0), 1.0)
        planned = (plan if knows or early else {}) | ({} if knows else {"base.pump": base})
        if not helps:
            planned = {name: position for name, position in planned.items() if name not in HELP}
        inputs = USUAL | planned | {
            "heater": min(max(2.0 * (25.0 - seen["tank1.temperature"]), 0.0), 1.0),
            "tank1.oxygen_valve": min(max(trim + 0.4 * short, 0.0), 1.0),
            "feeder": float(eats and not paused),
            "biofilter.health": health,
        }  # fmt: skip
        left_h = (loaded.scenario.length - since_s) / 3600.0
        if water_l is not None and seen["water.used"] - water_l > WATER_L - USUAL_L_H * left_h:
            inputs["makeup.valve"] = min(inputs["makeup.valve"], USUAL["makeup.valve"])
        state = plant.advance(state, inputs, MILD, plant.step_s)
        seen = plant.observe(state, inputs, MILD)
        if since_s >= 0.0:
            if water_l is None:
                water_l, bought_kwh = seen["water.used"], -_bought_kwh(seen)
            tan, nh3 = max(tan, seen["tank1.tan"]), max(nh3, seen["tank1.nh3"])
    return Worst(tan, nh3, bought_kwh + _bought_kwh(seen))


def _bought_kwh(seen: dict[str, float]) -> float:
    return sum(count for name, count in seen.items() if name.startswith("energy."))


def best(loaded: LoadedScenario, seed: int, hours: float, quick: bool = False) -> float:
    """The share of its goal that the worse of the two takes, with the plan that does best: above 1 none meets both."""
    begins = (False,) if quick else (False, True)
    return min(
        worse(followed(loaded, seed, hours, plan, early))
        for plan in plans()[: 1 if quick else None]
        for early in begins
    )


def cheapest(loaded: LoadedScenario, seed: int, hours: float, most: float, quick: bool = False) -> float:
    """The least energy with which the worse of the two stays within `most` of its goal, as multiples of what doing
    nothing takes; infinite where no plan does it. New water and second pump may stop as soon as they are not needed."""
    begins, aboves = ((False,), (0.0,)) if quick else ((False, True), (0.0, 0.8, 0.92))
    nothing = followed(loaded, seed, hours, NOTHING).energy_kwh
    found = (
        followed(loaded, seed, hours, plan, early, above)
        for plan in plans()[: 1 if quick else None]
        for early in begins
        for above in aboves
    )
    return min((one.energy_kwh / nothing for one in found if worse(one) <= most), default=inf)


def worse(one: Worst) -> float:
    """Share of its goal that the worse of the two takes."""
    return share(one.tan, one.nh3)


def share(tan: float, nh3: float) -> float:
    """Of the goals of control.md 5.2 S10, the worse."""
    return max(tan / TAN_GOAL, nh3 / NH3_GOAL)
