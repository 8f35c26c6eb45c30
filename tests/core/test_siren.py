"""The siren sounds until somebody has seen the alarm, and silencing it is no acknowledgement."""

from dataclasses import replace

from controller.core.siren import BLOCK, SILENT_S, Horn, SirenBlock, silence
from controller.core.state import State
from controller.core.turn import Turn
from controller.core.words import AlarmNow, AlarmWish, Override, Silence, Slot
from tests.core.small_site import START_S, Farm, changed, core_of

SIREN, LOW = "fa.z.siren", "fa.z.low"
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
    result = farm.scan([Silence("wish-0001", "li", farm.now_s)])
    silenced = next(one.values for one in result.events if one.kind == "silenced")
    assert silenced["until"] == farm.state.at_s + SILENT_S
    farm.run(60)
    assert farm.order(SIREN).value == 0.0
    assert next(one for one in farm.standing if one.id == "fa.z.low").state == "unacknowledged"
    farm.says |= {f"fa.z.temp_{one}": 21.0 for one in "abc"}
    farm.run(600)
    farm.says |= COLD
    assert seconds_to_sound(farm, 600) is not None


def test_a_silence_ends_by_itself_while_nobody_has_seen_the_alarm() -> None:
    farm = cold_farm()
    assert seconds_to_sound(farm, 300) is not None
    farm.scan([Silence("wish-0001", "li", farm.now_s)])
    silent_for = seconds_to_sound(farm, 700)
    assert silent_for is not None
    assert abs(silent_for - SILENT_S) <= 2.0
    farm.scan([Silence("wish-0002", "li", farm.now_s), AlarmWish("wish-0003", "acknowledge", LOW, "li", farm.now_s)])
    assert seconds_to_sound(farm, 700) is None


def test_an_alarm_that_becomes_urgent_after_the_silence_sounds_at_once() -> None:
    """Only what sounded when somebody silenced it is silent."""
    siren = SirenBlock(SIREN, 0.0, frozenset({"critical"}))

    def demands(horn: Horn, *alarms: AlarmNow) -> bool:
        turn = Turn(State(at_s=START_S, alarms=alarms, blocks={BLOCK: horn}), START_S + 1.0)
        siren.run(turn)
        return bool(turn.demands.get(SIREN))

    low = AlarmNow("fa.z.low", "critical", True, START_S - 60.0, activation=1)
    turn = Turn(State(at_s=START_S, alarms=(low, replace(low, id="fa.z.warm", priority="high")), blocks={}), START_S)
    silence(turn, Silence("wish-0001", "li", START_S), siren)
    horn = turn.blocks[BLOCK]
    assert isinstance(horn, Horn)
    assert horn == Horn(START_S, ("fa.z.low@1",))
    assert not demands(horn, low)
    assert demands(horn, low, replace(low, id="fa.z.warm"))
    assert demands(horn, replace(low, activation=2))
    assert demands(Horn(), low)


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
