"""Why a dosing pump stands still though its value is off: told with its time, in both languages, now and later."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import look
from controller.core.loops.dosing import is_off
from controller.core.loops.dosing_loop import DosingLoop, Rest
from controller.core.words import Override
from controller.why.card import cards_of
from controller.why.journal import WhyJournal, record_at
from controller.why.shape import Explanation, explanation_shape
from foundation.reading import Reason
from tests.core.small_site import START_S, Farm, core_of, only

ACID, EC, PH, PUMP, STIRRER = "fa.z.pump_acid", "fa.z.ec_loop", "fa.z.ph_loop", "fa.z.pump_a", "fa.z.stirrer"


def dosed(**ph_loop: Any) -> Farm:
    """A nutrient tank, its probes where they should be; more is said of its acid."""
    site = only(EC, PH)
    site["loops"][PH] |= ph_loop
    farm = Farm(core_of(site))
    farm.run(330)
    return farm


def rests(farm: Farm, output: str = ACID) -> tuple[Rest, ...]:
    return look(farm.core.plan, farm.state, output, ()).rests


def lines(farm: Farm, language: str, output: str = ACID) -> list[str]:
    why = look(farm.core.plan, farm.state, output, ())
    found = explanation_shape(Explanation(cards_of(farm.core), why, farm.now_s))
    return [line for line in found.lines[language] if "dose" in line or "加药" in line or "short" in line]


def test_a_pump_whose_value_is_right_has_nothing_to_excuse() -> None:
    farm = dosed()
    assert rests(farm) == ()
    farm.says["fa.z.ph"] = 5.83  # within the deadband
    farm.run(40)
    assert rests(farm) == ()
    farm.says["fa.z.ph"] = 5.2  # acid would not mend that
    farm.run(40)
    assert rests(farm) == ()


def test_after_a_dose_it_is_told_until_when_it_mixes() -> None:
    farm = dosed()
    farm.says["fa.z.ph"] = 6.3
    farm.run(25)
    assert farm.wires[ACID] is True
    assert rests(farm) == ()
    farm.run(90)
    assert farm.wires[ACID] is False
    (rest,) = rests(farm)
    assert (rest.loop, rest.why) == (PH, "mixes")
    assert rest.until_s is not None
    assert farm.now_s < rest.until_s <= farm.now_s + 320.0
    until = f"{datetime.fromtimestamp(rest.until_s, ZoneInfo('Asia/Shanghai')):%H:%M:%S}"
    (told,) = lines(farm, "en")
    assert told == f"Analog input 7: no dose before {until}, what was dosed last, or before a start, has to mix"
    (told,) = lines(farm, "zh-CN")
    assert told.endswith(f"：{until} 之前不加药，上一次（或启动前）加的药要先混合")
    # and it is true
    farm.run(rest.until_s - farm.now_s - 2.0)
    assert farm.wires[ACID] is False
    farm.run(25)
    assert farm.wires[ACID] is True


def test_without_sight_and_without_a_mixer_it_says_which_of_them_is_missing() -> None:
    farm = dosed()
    farm.says["fa.z.ph"] = 6.3
    farm.scan([Override("1", STIRRER, 0.0, "wang", farm.now_s + 7000.0)])
    farm.run(60)
    assert rests(farm) == (Rest(PH, "mixer", of=STIRRER),)
    farm.says["fa.z.ph"] = Reason.COMM
    farm.run(2)
    assert rests(farm) == (Rest(PH, "lost", of="fa.z.ph"),)


@pytest.mark.parametrize("phase", ["pulse", "gap"])
def test_in_the_scan_in_which_the_mixer_stops_under_a_dose_it_still_gives_one(phase: str) -> None:
    farm = dosed()
    farm.says["fa.z.ph"] = 6.3
    farm.run(30)
    block = farm.state.blocks[PH]
    blocks = {**farm.state.blocks, PH: block._replace(dose=block.dose._replace(phase=phase))}
    farm.state = replace(farm.state, blocks=blocks, applied={**farm.state.applied, STIRRER: 0.0})
    assert rests(farm) == ()


def test_one_that_locked_itself_says_who_ends_that() -> None:
    farm = dosed()
    farm.says["fa.z.ph"] = 6.6  # whatever it doses
    farm.run(4 * 3600, after_s=2.0)
    assert rests(farm) == (Rest(PH, "locked"),)
    (told,) = lines(farm, "en")
    assert "until a person resets it" in told
    (told,) = lines(farm, "zh-CN")
    assert "须由人复位" in told


def test_acid_that_stops_short_says_what_it_waits_for_until_it_has_seen_it() -> None:
    farm = dosed(short="0.2 pH", deadband="0.02 pH")
    farm.says["fa.z.ph"] = 5.9
    farm.run(60)
    assert rests(farm) == (Rest(PH, "short"),)
    (told,) = lines(farm, "en")
    assert "until the value is seen to come back by itself" in told
    farm.says["fa.z.ph"] = 5.98
    for _ in range(12):  # the crop raises it
        farm.run(60)
        farm.says["fa.z.ph"] += 0.005
    assert farm.told("dosing_locked") == []
    assert farm.state.blocks[PH].dose.course.comes_back == 1
    assert "short" not in [rest.why for rest in rests(farm)]


def test_one_that_leaves_another_the_first_turn_names_it() -> None:
    farm = dosed(after=EC)
    farm.says |= {"fa.z.ec": 1.2, "fa.z.ph": 6.3}
    farm.run(30)
    assert farm.wires[PUMP] is True
    assert rests(farm) == (Rest(PH, "first", of=EC),)
    (told,) = lines(farm, "zh-CN")
    assert "先加" in told


def test_base_that_waits_for_the_acid_to_be_over_says_until_when() -> None:
    site = only(EC, PH)
    site["outputs"]["fa.z.pump_base"] = site["outputs"][ACID] | {"opposite": ACID}
    site["devices"]["switches"]["tags"]["relay9"] = "fa.z.pump_base"
    acid = site["loops"][PH]
    site["loops"][PH] = acid | {"opposite": "fa.z.base_loop", "opposite_wait": "1 h"}
    site["loops"]["fa.z.base_loop"] = acid | {
        "out": ["fa.z.pump_base"], "effect": "10 pH/L", "opposite": PH, "opposite_wait": "1 h",
    }  # fmt: skip
    farm = Farm(core_of(site))
    farm.says["fa.z.ph"] = 6.3
    farm.run(400)
    assert True in [command.value for command in farm.commands if command.tag == ACID]
    given_s = farm.state.blocks[PH].dose.dosed_s
    farm.says["fa.z.ph"] = 5.3
    farm.run(400)
    assert rests(farm, "fa.z.pump_base") == (Rest("fa.z.base_loop", "opposite", given_s + 3600.0, PH),)


def test_what_it_waited_for_is_known_afterwards(tmp_path: Path) -> None:
    farm = dosed()
    journal = WhyJournal(tmp_path, farm.core, farm.now_s)
    moments = []
    for says, seconds in ((5.8, 100), (6.3, 100), (6.3, 100), (Reason.COMM, 5)):
        farm.says["fa.z.ph"] = says
        for _ in range(seconds):
            farm.scan()
            journal.see(farm.state)
        moments.append((farm.now_s, rests(farm)))
    journal.write()
    assert [[rest.why for rest in told] for _, told in moments] == [[], ["mixes"], ["mixes"], ["lost"]]
    for at_s, told in moments:
        assert record_at(tmp_path, at_s).outputs[ACID].rests == told


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(4.5, 7.5) | st.just(Reason.COMM), st.booleans(), st.integers(5, 200)),
        min_size=1, max_size=12,
    ),
    st.sampled_from([{}, {"short": "0.1 pH"}, {"after": EC}]),
)  # fmt: skip
def test_a_loop_that_has_looked_doses_or_is_right_or_says_why_not(
    told: list[tuple[float | Reason, bool, int]], more: dict[str, str]
) -> None:
    farm = dosed(**more)
    loop = next(one for one in farm.core.plan.loops if one.name == PH)
    assert isinstance(loop, DosingLoop)
    for number, (ph, mixes, seconds) in enumerate(told):
        farm.says |= {"fa.z.ph": ph, "fa.z.ec": 1.2 if number % 2 else 1.8}
        stirs = 100.0 if mixes else 0.0
        farm.scan([Override(str(number), STIRRER, stirs, "wang", farm.now_s + 7000.0)])
        for _ in range(seconds):
            farm.scan()
            block = farm.state.blocks[PH]
            sp, pv = farm.state.values[loop.sp], farm.state.values[loop.pv]
            rest = loop.rests(farm.state)
            doses = block.dose.phase in ("pulse", "gap")
            if doses:
                assert rest is None
            elif block.at_s == farm.now_s and rest is None:
                assert isinstance(sp, float)
                assert isinstance(pv, float)
                mean = -block.dose.course.mean if loop.settings.short is not None else pv
                near = loop.settings.deadband
                assert not is_off(block.dose, sp, pv, near) or not is_off(block.dose, *_aim(loop, block, sp, mean))
            if rest is not None and rest.until_s is not None:
                assert rest.until_s > START_S


def _aim(loop: DosingLoop, block: Any, sp: float, pv: float) -> tuple[float, float, float]:
    aim, _, deadband = loop.settings.aim(block.dose, sp)
    return aim, pv, deadband
