"""Feed that people give counts in every soft sensor as the feeder's does, and is taken back when it is put right."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller.core.biofilter import Biofilter
from controller.core.loops.feed_forward import FishOxygen
from controller.core.soft_sensors import Estimator, Tan, Uptake
from controller.core.state import State, blocks_from_plain, to_plain
from foundation.reading import good
from tests.core.small_site import START_S

HOUR_S = 3600.0
DIGEST = FishOxygen(1.0, 1.5 * HOUR_S)


def uptake(**more: Any) -> Uptake:
    return Uptake(
        "e", False, "oxygen", (("cone", 0.3),), 0.0, 0.2, None, "fed", DIGEST, 3.2, 0.02, 0.3, 30.0, 900.0, **more
    )


def ammonia(**more: Any) -> Tan:
    return Tan("e", False, "lab", "fed", DIGEST, 0.62, 0.1, 0.3, 0.05, 30.0, 72 * HOUR_S, **more)


def biofilter(**more: Any) -> Biofilter:
    return Biofilter("e", "tan", "flow", "fed", 50.0, DIGEST, 0.62, 0.39, 4.5, 0.04, 30.0, HOUR_S, **more)


SENSORS = [uptake, ammonia, biofilter]


def day(
    sensor: Estimator, feeder: Callable[[float], float], hand: Callable[[float], float], restart_h: float = -1.0
) -> Iterator[float]:
    """What the sensor says every half minute of twelve hours; `feeder` and `hand`: what each has given by then, kg."""
    block = sensor.fresh
    for step in range(12 * 120):
        hour, now_s = step / 120.0, START_S + 30.0 * step
        says = {
            "oxygen": 7.5, "cone": 40.0, "tan": 0.4, "flow": 120.0, "fed": feeder(hour), "hand": hand(hour),
        }  # fmt: skip
        image = {tag: good(tag, value, now_s) for tag, value in says.items()}
        image["lab"] = good("lab", 0.4, START_S)
        if hour == restart_h:
            kept = json.loads(json.dumps(to_plain(State(blocks={"e": block}))))
            block = blocks_from_plain(kept["blocks"], {"e": sensor.fresh}, now_s)["e"]
        made = sensor.step(block, image, {}, now_s)
        assert made is not None
        block, reading = made
        assert reading.number is not None
        yield reading.number


def meal(hour: float) -> float:
    return 6.0 if hour >= 3.0 else 0.0


def nothing(hour: float) -> float:
    return 0.0


@pytest.mark.parametrize("restart_h", [-1.0, 4.0])
@pytest.mark.parametrize("make", SENSORS)
def test_a_meal_is_a_meal_whoever_gave_it(make: Callable[..., Estimator], restart_h: float) -> None:
    by_feeder = list(day(make(), meal, nothing))
    by_hand = list(day(make(by_hand="hand"), nothing, meal, restart_h))
    unfed = list(day(make(), nothing, nothing))
    assert by_hand == pytest.approx(by_feeder, rel=1e-6)
    assert max(abs(one - other) for one, other in zip(by_hand, unfed, strict=True)) > 0.05


@pytest.mark.parametrize("make", SENSORS)
def test_what_both_gave_counts_once_each(make: Callable[..., Estimator]) -> None:
    def half(hour: float) -> float:
        return meal(hour) / 2.0

    both = list(day(make(by_hand="hand"), half, half))
    assert both == pytest.approx(list(day(make(), meal, nothing)), rel=1e-6)


@pytest.mark.parametrize("make", [ammonia, biofilter])
def test_a_meal_that_was_entered_by_mistake_is_taken_back(make: Callable[..., Estimator]) -> None:
    def wrong(hour: float) -> float:
        return 6.0 if 3.0 <= hour < 3.2 else 0.0

    unfed, fed = (list(day(make(), of, nothing))[-1] for of in (nothing, meal))
    said = list(day(make(by_hand="hand"), nothing, wrong))[-1]
    assert abs(said - unfed) < 0.35 * abs(fed - unfed)
