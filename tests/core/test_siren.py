"""The siren sounds until somebody has seen the alarm, and silencing it is no acknowledgement."""

from controller.core.words import AlarmWish, Override, Silence, Slot
from tests.core.small_site import Farm, changed, core_of

SIREN = "fa.z.siren"
COLD = {f"fa.z.temp_{one}": 7.0 for one in "abc"}


def cold_farm(after: str = "0 s") -> Farm:
    """A farm in which it is too cold, just before its critical alarm is raised."""
    farm = Farm(core_of(changed("notify", {"siren": {"output": SIREN, "after": after}})))
    farm.run(60)
    farm.says |= COLD
    return farm


def seconds_to_sound(farm: Farm, within: int) -> int | None:
    return next((second for second in range(within) if farm.scan() and farm.order(SIREN).value == 100.0), None)


def test_a_critical_alarm_sounds_the_siren_until_somebody_acknowledges_it() -> None:
    farm = cold_farm()
    assert seconds_to_sound(farm, 300) is not None
    assert (farm.order(SIREN).owner, farm.order(SIREN).because.values["alarm"]) == ("siren", "fa.z.low")
    farm.run(600)
    assert farm.order(SIREN).value == 100.0
    farm.scan([AlarmWish("wish-0001", "acknowledge", "fa.z.low", "li", farm.now_s)])
    farm.run(3)
    assert farm.order(SIREN).value == 0.0


def test_a_silenced_horn_leaves_the_alarm_waiting_and_the_next_one_sounds() -> None:
    farm = cold_farm()
    assert seconds_to_sound(farm, 300) is not None
    farm.scan([Silence("wish-0001", "li", farm.now_s)])
    farm.run(60)
    assert farm.order(SIREN).value == 0.0
    assert next(one for one in farm.standing if one.id == "fa.z.low").state == "unacknowledged"
    farm.says |= {f"fa.z.temp_{one}": 21.0 for one in "abc"}
    farm.run(600)
    farm.says |= COLD
    assert seconds_to_sound(farm, 600) is not None


def test_the_siren_waits_as_long_as_the_site_says_and_is_spared_by_what_is_not_critical() -> None:
    at_once, later = (seconds_to_sound(cold_farm(after), 1500) for after in ("0 s", "10 min"))
    assert at_once is not None
    assert later is not None
    assert 599 <= later - at_once <= 601
    farm = cold_farm()
    farm.says |= {f"fa.z.temp_{one}": 21.0 for one in "abc"} | {"fa.z.ph": 4.5}
    assert seconds_to_sound(farm, 600) is None
    assert [one.id for one in farm.standing] == ["fa.z.acid"]


def test_nobody_takes_the_siren_away_by_hand_while_it_is_needed() -> None:
    farm = cold_farm()
    assert seconds_to_sound(farm, 300) is not None
    farm.scan([Override("wish-0002", SIREN, 0.0, "li", farm.now_s + 3600.0)])
    farm.run(3)
    assert (farm.order(SIREN).value, farm.order(SIREN).slot) == (100.0, Slot.LIFE_SAFETY)


def test_a_farm_without_a_siren_says_so() -> None:
    farm = Farm()
    farm.scan([Silence("wish-0001", "li", farm.now_s)])
    assert "siren" in farm.told("refused")
