"""Dosing: pulse and wait, learned within bounds, and locked before a lying probe can do harm."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.loops.dosing import (
    FIRST,
    FIRST_DOWN,
    FIRST_UP,
    LEARN,
    MOST_DOWN,
    MOST_UP,
    NOTHING,
    NOTHING_OF_A_GUESS,
    SEEN,
    Dose,
    DosingSettings,
    dosing,
)
from controller.core.state import to_plain
from controller.core.words import Override, Reset, SetpointChange
from foundation.reading import Reason
from tests.core.small_site import START_S, Farm, core_of, document, only

EC = DosingSettings((2.0, 4.0), 30.0, 2.0, 0.7, 0.04, 300.0, 4, 90.0, 1.0)
"""A at 2 mL/s, then B at 4; 2 mS/cm for a litre of each."""


def pulses(
    loop: DosingSettings, value: Any, seconds: int, sp: float = 1.8, allowed: Any = None, state: Dose | None = None
):
    """(second, part, seconds) of every pulse, and the last state; `value` gives what the probe says."""
    state, found = state or Dose(), []
    for second in range(seconds):
        before = state
        may = allowed(second) if allowed else True
        state = dosing(loop, state, sp, value(second, found), may, START_S + second)
        if state.phase == "pulse" and (before.phase != "pulse" or before.part != state.part):
            found.append((second, state.part, state.seconds))
    return found, state


def tank(per_litre: float, begins: float, mixed_s: float = 120.0):
    """A well mixed tank: what was dosed of A is seen after a while."""

    def value(second: int, found: list[tuple[int, int, float]]) -> float:
        litres = sum(
            length * 2.0 / 1000.0 for at, part, length in found if part == 0 and second >= at + length + mixed_s
        )
        return begins + per_litre * litres

    return value


def test_a_pulse_is_sized_to_mend_its_share_of_the_error():
    found, _ = pulses(EC, lambda *_: 1.4, 2)
    # 0.7 of 0.4 mS/cm at 2 mS/cm per litre is 140 mL, 70 s of pump A
    assert found == [(0, 0, 70.0)]


def test_a_comes_before_b_with_the_gap_between_and_the_same_volume_of_each():
    found, _ = pulses(EC, lambda *_: 1.4, 300)
    assert found == [(0, 0, 70.0), (100, 1, 35.0)]


def test_the_slower_pump_is_not_cut_short_of_the_same_volume():
    unequal = DosingSettings((4.0, 1.0), 30.0, 2.0, 0.7, 0.04, 300.0, 4, 80.0, 1.0)
    found, _ = pulses(unequal, lambda *_: 0.5, 300)
    assert found == [(0, 0, 20.0), (50, 1, 80.0)]


def test_after_a_dose_it_waits_until_it_has_mixed_and_then_doses_what_is_left():
    found, state = pulses(EC, tank(2.0, 1.4), 3000)
    starts = [second for second, part, _ in found if part == 0]
    assert starts[0] == 0
    assert starts[1] >= 70 + 30 + 35 + 300
    sizes = [length for _, part, length in found if part == 0]
    assert sizes == sorted(sizes, reverse=True)
    assert state.phase == "idle"
    assert tank(2.0, 1.4)(3000, found) == pytest.approx(1.8, abs=0.04)


def test_no_dose_within_the_deadband_beyond_the_target_or_too_small_for_the_pump():
    for value in (1.77, 1.8, 1.9, 5.0):
        assert pulses(EC, lambda *_, value=value: value, 600)[0] == []
    coarse = DosingSettings((100.0,), 30.0, 2.0, 0.7, 0.001, 300.0, 4, 90.0, 1.0)
    assert pulses(coarse, lambda *_: 1.75, 600)[0] == []  # 17 mL at 100 mL/s


def test_acid_lowers_and_only_lowers():
    acid = DosingSettings((0.5,), 0.0, -10.0, 0.7, 0.06, 300.0, 4, 60.0, 1.0)
    assert pulses(acid, lambda *_: 6.2, 2, sp=5.8)[0] == [(0, 0, 56.0)]
    assert pulses(acid, lambda *_: 5.2, 600, sp=5.8)[0] == []


def test_of_the_first_dose_most_is_learned_for_before_it_there_is_a_guess():
    weak = tank(0.8, 1.0)  # of the 2 mS/cm a litre that are believed
    _, state = pulses(EC, weak, 800)
    assert state.learned == 1
    assert state.effect == pytest.approx(0.2 * 2.0 + 0.8 * 1.0, rel=0.03)  # half at most, and it counts 0.8


def test_a_dose_that_aims_beyond_the_setpoint_swings_about_it():
    both = replace(EC, share=1.0, beyond=0.04)
    found, _ = pulses(both, lambda *_: 1.7, 2)
    assert found == [(0, 0, 35.0)]  # 0.1 and 0.04 beyond, at 2 mS/cm per litre
    assert pulses(both, lambda *_: 1.77, 600)[0] == []


@example([2.0, 2.0, 0.3125], 0.109375)
@settings(max_examples=60)
@given(
    st.lists(st.floats(-2.0, 4.0), min_size=1, max_size=30),
    st.floats(0.1, 1.0),
)
def test_one_pulse_moves_what_is_believed_of_a_litre_only_so_far(answers, error):
    """Whatever the tank answers to a pulse, as a share of what was expected."""
    state, now_s, value = Dose(), START_S, 1.8 - error
    for answer in answers:
        state = dosing(EC, state, 1.8, 1.8 - error, True, now_s)
        if state.phase != "pulse":
            break
        before = state
        while state.phase in ("pulse", "gap"):
            now_s += 1.0
            state = dosing(EC, state, 1.8, value, True, now_s)
        now_s = state.until_s
        expected = state.effect * before.litres  # the second pump rounds its seconds down
        state = dosing(EC, state, 1.8, before.before + answer * expected, True, now_s)
        lowest, highest = (1 - LEARN) + LEARN * MOST_DOWN, (1 - LEARN) + LEARN * MOST_UP
        if not before.learned:
            lowest, highest = (1 - FIRST) + FIRST * FIRST_DOWN, (1 - FIRST) + FIRST * FIRST_UP
        assert lowest - 1e-9 <= state.effect / before.effect <= highest + 1e-9
        if answer < (NOTHING if before.learned else NOTHING_OF_A_GUESS) - 0.01:
            assert state.effect == before.effect  # an ineffective pulse teaches nothing but distrust
            assert state.without == before.without + 1
        elif answer > 0.31:
            assert state.without == 0
        much = state.unseen * state.effect >= 4 * SEEN * EC.deadband
        assert (state.phase == "locked") is (state.without >= 4 and much)
        if state.phase == "locked":
            break
        state = state._replace(phase="idle")


@pytest.mark.parametrize("truth", [1.0, 2.0, 4.0, 6.0])
def test_what_a_litre_does_is_learned_from_the_pulses(truth):
    full = tank(truth, 1.4)
    _, state = pulses(EC, lambda second, found: full(second, found) - 0.3 * (second // 1500), 30_000)
    assert state.effect == pytest.approx(truth, rel=0.15)
    assert state.phase != "locked"


@settings(max_examples=20)
@given(st.floats(0.1, 1.6), st.floats(0.0, 0.01))
def test_a_stuck_probe_costs_at_most_four_pulses(stuck_at, noise):
    """control.md S03."""
    found, state = pulses(EC, lambda second, _: stuck_at + noise * (second % 2), 24 * 360)
    assert len([one for one in found if one[1] == 0]) == 4
    assert state.phase == "locked"
    assert pulses(EC, lambda *_: 0.5, 3600, state=state)[0] == []


def test_an_acid_of_a_quarter_of_the_guessed_strength_is_learned_not_locked():
    acid = DosingSettings((0.5,), 60.0, -9.0, 0.75, 0.01, 240.0, 4, 60.0, 1.0, blind=0.8)
    litres: list[float] = []

    def water(_: int, found: list[tuple[int, int, float]]) -> float:
        litres[:] = [length * 0.5 / 1000.0 for _, _, length in found]
        return 6.5 - 2.4 * sum(litres)

    _, state = pulses(acid, water, 4 * 3600, sp=5.8)
    assert state.phase == "idle"
    assert 6.5 - 2.4 * sum(litres) < 5.82


def test_small_doses_that_leaves_and_water_undo_meanwhile_lock_nothing_and_many_of_them_do():
    acid = DosingSettings((0.5,), 60.0, -13.7, 0.75, 0.01, 240.0, 4, 60.0, 1.0, blind=0.8)
    small, state = 0.0137, Dose(effect=-13.7, learned=9)
    _, state = pulses(acid, lambda *_: 5.8 + small * 0.9, 4 * 300, sp=5.8, state=state)
    assert state.without == 4
    assert state.phase != "locked"
    _, state = pulses(acid, lambda *_: 5.8 + small * 0.9, 4 * 3600, sp=5.8, state=state)
    assert state.phase == "locked"
    assert state.unseen * 13.7 < 0.1  # less than a tenth of pH in all


@settings(max_examples=40)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.booleans())
def test_no_second_of_a_pulse_begins_or_runs_on_without_sight_or_mixing(spells, blind):
    """Spells with and without; `blind` takes the probe away, else the mixing."""
    edges = [sum(spells[:index]) for index in range(len(spells) + 1)]

    def good(second: int) -> bool:
        return sum(second >= edge for edge in edges) % 2 == 1

    state = Dose()
    for second in range(edges[-1]):
        pv = 1.0 if good(second) or not blind else None
        state = dosing(EC, state, 1.8, pv, good(second) or blind, START_S + second)
        assert good(second) or state.phase not in ("pulse", "gap")


def test_a_stuck_probe_gets_no_more_than_may_go_in_unseen():
    wary = replace(EC, blind=0.5)  # 250 mL of each at 2 mS/cm a litre
    found, state = pulses(wary, lambda *_: 1.4, 4 * 3600)
    assert [length for _, part, length in found if part == 0] == [70.0, 55.0]  # 140 mL, and what was left
    assert state.phase == "locked"
    found, state = pulses(wary, tank(2.0, 1.0, 120.0), 8 * 3600)
    assert len(found) > 6  # what shows counts no longer
    assert state.phase == "idle"
    assert state.unseen == 0.0


@given(blind=st.floats(0.01, 2.0), per_litre=st.floats(0.0, 0.5), begins=st.floats(0.0, 1.7))
@settings(deadline=None, max_examples=30)
def test_whatever_the_tank_does_unseen_doses_stay_below_their_cap(blind, per_litre, begins):
    found, state = pulses(replace(EC, blind=blind), lambda *_: begins, 2 * 3600)
    litres = sum(length * 2.0 / 1000.0 for _, part, length in found if part == 0)
    assert litres * 2.0 <= blind + 1e-9
    assert state.phase in ("locked", "idle", "wait", "pulse", "gap")


@pytest.mark.parametrize("seed", range(5))
def test_a_month_of_leaves_that_raise_the_ph_under_a_noisy_probe_locks_nothing(seed):
    # learned from those pulses alone that moved much, a litre was believed in ever more: after a week doses drowned
    acid = DosingSettings((1.0,), 60.0, -5.0, 0.6, 0.06, 720.0, 4, 60.0, 1.0)
    chance, state, ph, highest = random.Random(seed), Dose(), 5.8, 0.0
    for minute in range(30 * 1440):
        ph += 0.25 / 1440
        seen = round(ph + chance.gauss(0.0, 0.01), 2)
        before, state = state, dosing(acid, state, 5.8, seen, True, 60.0 * (minute + 1))
        if state.phase == "pulse" and before.phase != "pulse":
            ph -= 4.0 * state.seconds / 1000.0
        highest = max(highest, ph)
        assert state.phase != "locked", f"day {minute // 1440}: {state}"
    assert highest < 5.95


def test_a_dose_that_was_cut_teaches_nothing_but_that_it_did_something():
    begun = dosing(EC, Dose(), 1.8, 1.0, True, START_S)
    assert (begun.phase, begun.seconds) == ("pulse", 90.0)
    cut = dosing(EC, begun, 1.8, None, True, START_S + 45)
    assert (cut.phase, cut.litres) == ("wait", pytest.approx(0.09))  # half of A, and nothing of B
    seen = dosing(EC, cut, 1.8, 1.06, True, cut.until_s)
    assert (seen.without, seen.unseen, seen.effect, seen.learned) == (0, 0.0, 2.0, 0)


def test_doses_that_are_all_cut_under_a_stuck_probe_lock_as_whole_ones_do():
    def allowed(second: int) -> bool:
        return 100 <= second % 500 < 490

    found, state = pulses(EC, lambda *_: 1.0, 20_000, allowed=allowed)
    assert [part for _, part, _ in found].count(0) == 4
    assert state.phase == "locked"


def test_a_pump_that_an_interlock_keeps_still_gave_nothing():
    begun = dosing(EC, Dose(), 1.8, 1.0, True, START_S)
    cut = dosing(EC, begun, 1.8, 1.0, False, START_S + 1, stopped_s=START_S)
    assert cut.litres == 0.0
    again = dosing(EC, cut, 1.8, 1.0, True, cut.until_s)
    assert (again.without, again.unseen) == (0, 0.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 60)), min_size=1, max_size=20), st.floats(0.05, 1.0))
def test_however_often_its_probe_is_away_a_stuck_one_gets_no_more_than_may_go_in_unseen(spells, blind):
    wary, state, second, ran_s = replace(EC, blind=blind), Dose(), 0, 0
    for sees_s, away_s in spells * 4:
        for index in range(sees_s + away_s):
            state = dosing(wary, state, 1.8, 1.0 if index < sees_s else None, True, START_S + second)
            ran_s += state.phase == "pulse" and state.part == 0
            second += 1
    assert ran_s * 2.0 / 1000.0 * 2.0 <= blind + 1e-9


def test_another_stock_or_another_sign_is_learned_anew():
    _, learned = pulses(EC, tank(1.0, 1.0), 3000)
    assert learned.effect < 2.0
    same = dosing(EC, learned, 1.8, 1.4, True, START_S + 9000)
    assert (same.effect, same.learned) == (learned.effect, learned.learned)
    base = dosing(replace(EC, effect=-2.0), learned, 1.8, 1.4, True, START_S + 9000)
    assert (base.effect, base.learned, base.phase) == (-2.0, 0, "idle")  # what lowers does not raise
    assert (same.clear, base.clear) == (learned.clear, 0.0)
    assert learned.clear != 0.0
    stronger = dosing(replace(EC, effect=20.0), learned, 1.8, 1.4, True, START_S + 9000)
    assert stronger.seconds <= 7.0


def test_what_was_dosed_is_looked_at_only_after_a_whole_wait_of_mixing():
    _, state = pulses(EC, lambda *_: 1.4, 200)
    assert state.phase == "wait"
    _, state = pulses_from(state, 200, 260, allowed=False)
    _, state = pulses_from(state, 460, 290, allowed=True)
    assert state.phase == "wait"
    _, state = pulses_from(state, 750, 20, allowed=True)
    assert state.phase != "wait"


def pulses_from(state: Dose, begins: int, seconds: int, allowed: bool) -> tuple[None, Dose]:
    for second in range(begins, begins + seconds):
        state = dosing(EC, state, 1.8, 1.4, allowed, START_S + second)
    return None, state


# --- in the whole scan


class Tank(Farm):
    """The dosing of the small site on a nutrient tank that answers to its pumps."""

    def __init__(self, site: dict[str, Any] | None = None, start_s: float = START_S, kept: object = None) -> None:
        super().__init__(core_of(site or only("fa.z.ec_loop", "fa.z.ph_loop")), start_s, kept)

    def live(self, seconds: int, stuck: bool = False) -> dict[str, float]:
        """Runs, and gives the seconds that each pump ran."""
        ran = dict.fromkeys(("fa.z.pump_a", "fa.z.pump_b", "fa.z.pump_acid"), 0.0)
        for _ in range(seconds):
            self.scan()
            for pump in ran:
                ran[pump] += bool(self.wires.get(pump))
            ec, ph = self.says["fa.z.ec"], self.says["fa.z.ph"]
            if not stuck and isinstance(ec, float) and isinstance(ph, float):
                given_a = 2.0 * bool(self.wires.get("fa.z.pump_a")) / 1000.0
                self.says["fa.z.ec"] = ec + given_a * 2.0
                self.says["fa.z.ph"] = ph - 0.5 * bool(self.wires.get("fa.z.pump_acid")) / 1000.0 * 10.0
        return ran


def test_a_tank_is_brought_to_its_target_and_left_there():
    farm = Tank()
    farm.says |= {"fa.z.ec": 1.3, "fa.z.ph": 6.3}
    farm.live(3600)
    assert farm.says["fa.z.ec"] == pytest.approx(1.8, abs=0.05)
    assert farm.says["fa.z.ph"] == pytest.approx(5.8, abs=0.07)
    ran = farm.live(1200)
    assert sum(ran.values()) == 0.0


def test_no_pump_runs_while_its_probe_is_bad_and_a_running_one_stops_in_the_same_scan():
    farm = Tank()
    farm.says["fa.z.ec"] = 1.0
    farm.run(310)
    assert farm.wires["fa.z.pump_a"] is True
    farm.says["fa.z.ec"] = Reason.COMM
    farm.scan()
    assert farm.wires["fa.z.pump_a"] is False
    assert farm.live(1200)["fa.z.pump_a"] == 0.0


def test_no_pump_runs_while_nothing_mixes():
    farm = Tank()
    farm.says["fa.z.ec"] = 1.0
    farm.run(310)
    assert farm.wires["fa.z.pump_a"] is True
    farm.scan([Override("1", "fa.z.stirrer", 0.0, "wang", farm.now_s + 7000.0)])
    farm.run(2)  # the loops see in the next scan what became of the stirrer
    assert farm.wires["fa.z.pump_a"] is False
    assert farm.live(1200)["fa.z.pump_a"] == 0.0


def test_an_interlock_that_keeps_the_pump_still_does_not_lock_the_dosing():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["interlocks"] = {
        "fa.z.empty": document()["interlocks"]["fa.z.empty"] | {"effect": [{"inhibit": "fa.z.pump_a"}]}
    }
    farm = Tank(site)
    farm.says |= {"fa.z.ec": 1.0, "fa.z.level": 5.0}
    assert farm.live(2400)["fa.z.pump_a"] == 0.0
    assert farm.told("dosing_locked") == []
    assert farm.state.blocks["fa.z.ec_loop"].dose.phase != "locked"
    farm.says["fa.z.level"] = 80.0
    assert farm.live(700)["fa.z.pump_a"] > 0.0


def test_a_box_that_starts_anew_in_every_wait_does_not_dose_for_ever_under_a_stuck_probe():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["loops"]["fa.z.ec_loop"]["wait"] = "2 min"
    farm, ran = Tank(site), 0.0
    farm.says["fa.z.ec"] = 1.4
    for _ in range(12):
        for _ in range(900):
            before = farm.state.blocks["fa.z.ec_loop"].dose.phase
            ran += farm.live(1, stuck=True)["fa.z.pump_a"]
            if (before, farm.state.blocks["fa.z.ec_loop"].dose.phase) == ("pulse", "wait"):
                break
        kept, says = to_plain(farm.state), dict(farm.says)
        farm = Tank(site, farm.now_s + 10.0, kept)
        farm.says.update(says)
    assert ran <= 4 * 70.0
    assert farm.state.blocks["fa.z.ec_loop"].dose.phase == "locked"


def test_a_stuck_probe_costs_four_pulses_of_each_part_and_locks_with_an_event():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["loops"]["fa.z.ec_loop"]["wait"] = "2 min"
    farm = Tank(site)
    farm.says["fa.z.ec"] = 1.4
    ran = farm.live(3600, stuck=True)
    assert farm.told("dosing_locked") == ["fa.z.ec_loop"]
    assert ran["fa.z.pump_a"] == 4 * 70.0
    assert ran["fa.z.pump_b"] == 4 * 35.0
    farm.scan([SetpointChange("1", "fa.z.ec_sp", 3.0, "wang", farm.now_s)])
    assert farm.live(600, stuck=True)["fa.z.pump_a"] == 0.0


def test_no_day_has_more_than_its_volume_whatever_the_loop_wants():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["loops"]["fa.z.ec_loop"] |= {"ineffective": 1000, "wait": "10 s", "gap": "1 s"}
    site["outputs"]["fa.z.pump_a"] |= {"max_per_day": "400 mL", "max_per_hour": "400 mL"}
    farm = Tank(site)
    farm.says["fa.z.ec"] = 1.0
    ran = farm.live(1500, stuck=True)
    assert 398.0 <= 2.0 * ran["fa.z.pump_a"] <= 402.0


# --- a valve that does not shut

ACID = DosingSettings((0.5,), 0.0, -10.0, 0.7, 0.06, 300.0, 4, 60.0, 1.0, 0.15)


def test_a_ph_that_falls_by_itself_locks_the_dosing_before_anything_is_dosed():
    """control.md 2.5, unexpected effect."""
    found, state = pulses(ACID, lambda second, _: 5.75 - 0.0008 * max(second - 1200, 0), 2400, sp=5.8)
    assert found == []
    assert (state.phase, state.unexpected) == ("locked", True)


def test_a_slow_drift_noise_and_what_it_dosed_itself_are_no_leak():
    def falls(second: int, found: list[tuple[int, int, float]]) -> float:
        given = sum(length * 0.5 / 1000.0 for at, _, length in found if second >= at + length + 60)
        return 6.4 - 10.0 * given + 0.02 * (second // 60 % 2) - 0.000_01 * second

    found, state = pulses(ACID, falls, 4 * 3600, sp=5.8)
    assert len(found) > 2
    assert state.phase != "locked"


def test_a_locked_leak_is_an_alarm_of_its_own_until_it_is_reset():
    site = only("fa.z.ec_loop", "fa.z.ph_loop")
    site["loops"]["fa.z.ph_loop"]["unexpected"] = "0.15 pH"
    farm = Farm(core_of(site))
    farm.run(400)  # after a start it waits first
    farm.says["fa.z.ph"] = 5.6
    farm.run(30)
    assert [alarm.id for alarm in farm.standing] == ["unexpected:fa.z.ph_loop"]
    farm.scan([Reset("1", "fa.z.ph_loop", "wang", farm.now_s)])
    assert farm.standing == ()


def leaves(loop: DosingSettings, seed: int, days: int, rise: float, noise: float) -> Dose:
    """A crop that raises the pH by `rise` a minute, from 6.5, under a probe with `noise`; the state after the days, in
    which a litre lowered the pH by 6 and nothing was locked."""
    chance, state, ph = random.Random(seed), Dose(), 6.5
    for minute in range(days * 1440):
        ph += rise
        before = state
        state = dosing(loop, state, 5.8, ph + chance.gauss(0.0, noise), True, START_S + 60.0 * minute)
        if state.phase == "pulse" and before.phase != "pulse":
            ph -= 6.0 * state.seconds * loop.flows_ml_s[0] / 1000.0
        assert state.phase != "locked", f"day {minute / 1440:.2f}: {state}"
        assert minute < 300 or ph < 5.85
    return state


FINE = DosingSettings((0.5,), 60.0, -9.0, 0.75, 0.007, 240.0, 4, 120.0, 1.0, blind=0.8, beyond=0.01)
"""Acid in doses of a hundredth of pH."""


@pytest.mark.parametrize("seed", range(5))
def test_what_a_litre_is_shown_to_do_is_not_what_noise_makes_of_small_doses(seed):
    # a reading that is high by chance begins a dose, and the next is lower whatever the dose did
    state = leaves(FINE, seed, 1, rise=0.0003, noise=0.006)
    assert state.clear == pytest.approx(-6.0, rel=0.12)
    assert state.effect < -9.0  # what doses go by errs to the side that doses too little


@pytest.mark.parametrize("seed", range(4))
def test_a_probe_noisier_than_the_deadband_locks_nothing(seed):
    # a litre was believed to do six times what it does, and doses that did what they could to have done nothing
    leaves(FINE, seed, 5, rise=0.0004, noise=0.01)


def test_how_much_goes_in_unseen_is_told_by_what_a_litre_does_not_by_what_noise_made_of_it():
    believed = Dose(effect=-30.0, declared=-9.0, clear=-6.0, learned=9)
    _, state = pulses(FINE, lambda *_: 5.82, 12 * 3600, sp=5.8, state=believed)
    assert state.phase == "locked"
    assert 8 * FINE.deadband <= state.unseen * 6.0 < 16 * FINE.deadband


def test_a_water_that_buffers_ever_more_locks_nothing_by_what_a_large_dose_did_long_ago():
    # a litre does a quarter now, as small doses have learned since
    state = Dose(effect=-1.5, declared=-9.0, clear=-6.0, learned=9)
    ph = 5.8
    for minute in range(1440):
        ph += 0.0008
        before, state = state, dosing(FINE, state, 5.8, ph, True, START_S + 60.0 * minute)
        if state.phase == "pulse" and before.phase != "pulse":
            ph -= 1.5 * state.seconds * 0.5 / 1000.0
        assert state.phase != "locked"
        assert state.without == 0
