"""What would change a duty, its standby and what rescues both, and the siren: told in both languages, and true."""

from typing import Any

import pytest

from controller.core.explain import look, standing
from controller.core.words import Override, Reset
from controller.why.card import cards_of
from controller.why.shape import Explanation, explanation_shape
from controller.why.words import changes
from tests.core.small_site import Farm, core_of
from tests.core.test_duty import DUTY, RESCUE, STANDBY, Water, site
from tests.core.test_siren import SIREN, cold_farm, seconds_to_sound


def told(farm: Farm, output: str, language: str = "en") -> list[str]:
    """The sentences of what would change it."""
    why = look(farm.core.plan, farm.state, output, standing(farm.core.plan, farm.state).get(output, ()))
    cards = cards_of(farm.core)
    shape = explanation_shape(Explanation(cards, why, farm.now_s))
    return shape.lines[language][-len(changes(cards, why)) :]


def named(farm: Water, *outputs: str) -> list[str]:
    return [cards_of(farm.core).names[output][1] for output in outputs]


def sound() -> Water:
    farm = Water()
    farm.run(60)
    return farm


def test_of_a_sound_pair_each_says_when_it_takes_over_and_how_often_they_change_places() -> None:
    farm = sound()
    duty, standby = named(farm, DUTY, STANDBY)
    assert told(farm, DUTY) == [
        f"{standby} takes over when it may not run, or is not proven to run",
        f"{duty} and {standby} change places every 7 d while both run as they should",
        "A person may take it by hand",
    ]
    assert told(farm, STANDBY)[0] == f"It takes over when {duty} may not run, or is not proven to run"
    assert told(farm, RESCUE)[0] == f"It would be opened when neither {duty} nor {standby} is proven to run"
    assert not any("change places" in line for line in told(farm, RESCUE))
    assert any("每 7 d 轮换一次" in line for line in told(farm, DUTY, "zh-CN"))


def test_a_pair_that_never_changes_places_does_not_say_so() -> None:
    never: dict[str, Any] = site()
    del never["outputs"][DUTY]["swap"]
    farm = Water(core_of(never))
    farm.run(60)
    assert not any("change places" in line for line in told(farm, DUTY))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_after_a_failure_a_person_resets_the_duty(language: str) -> None:
    farm = sound()
    farm.broken.add(DUTY)
    farm.run(60)
    assert farm.on() == (False, True, False)
    for output in (DUTY, STANDBY):
        (ends,) = [line for line in told(farm, output, language) if "reset" in line or "复位" in line]
        assert all(
            name in ends for name in (cards_of(farm.core).names[one][language == "en"] for one in (DUTY, STANDBY))
        )
        assert not any("takes over" in line or "接替" in line for line in told(farm, output, language))
    farm.broken.clear()
    farm.scan([Reset("1", DUTY, "li", farm.now_s)])
    farm.run(60)
    assert farm.on() == (True, False, False)


def test_a_hand_on_the_duty_is_told_with_its_end_and_the_standby_with_what_it_stands_in_for() -> None:
    farm = sound()
    farm.scan([Override("1", DUTY, 0.0, "li", farm.now_s + 600.0)])
    farm.run(60)
    assert farm.on() == (False, True, False)
    assert any("Ends when" in line for line in told(farm, STANDBY))
    farm.run(660)
    assert farm.on() == (True, False, False)


@pytest.mark.parametrize(("language", "rests", "sounds"), [
    ("en", "Sounds when an alarm that it is for has waited 1 min", "Ends when somebody acknowledges the alarm"),
    ("zh-CN", "等了 1 min 无人处理", "有人确认报警、暂时消音"),
])  # fmt: skip
def test_the_siren_says_what_it_waits_for_and_how_it_is_ended(language: str, rests: str, sounds: str) -> None:
    farm = cold_farm("1 min")
    assert any(rests in line for line in told(farm, SIREN, language))
    assert not any("Only a hand" in line or "只有手动" in line for line in told(farm, SIREN, language))
    assert seconds_to_sound(farm, 400) is not None
    assert sounds in told(farm, SIREN, language)[0]
