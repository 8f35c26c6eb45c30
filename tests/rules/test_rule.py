"""How a rule comes on and goes off."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expression import compile_expression
from rules.rule import RuleLaw, RuleMemory, today

UNITS = {"a.b.do": "mg/L", "a.b.ok": "bool"}
DAY_S = 86400.0
LOW = compile_expression("a.b.do < '6 mg/L'", UNITS)
HIGH = compile_expression("a.b.do > '7 mg/L'", UNITS)


def said(law: RuleLaw, oxygen, step_s: float = 1.0, memory: RuleMemory | None = None, begin_s: float = 0.0):
    """Whether the rule is on, a step each."""
    memory, answers = memory or RuleMemory(), []
    for count, value in enumerate(oxygen):
        values = {"a.b.do": value}
        memory = law.step(memory, law.cause(memory.on, values), begin_s + count * step_s)
        answers.append(memory.on)
    return answers, memory


def test_it_waits_before_it_acts_and_before_it_lets_go():
    answers, _ = said(RuleLaw(LOW, on_s=3.0, off_s=2.0), [5, 5, 5, 5, 8, 8, 8, 8])
    assert answers == [False, False, False, True, True, True, False, False]


def test_a_cause_that_comes_and_goes_begins_its_delay_anew():
    answers, _ = said(RuleLaw(LOW, on_s=2.0), [5, 5, 8, 5, 5, 5])
    assert answers == [False, False, False, False, False, True]


def test_between_cause_and_end_it_stays_as_it_is():
    answers, _ = said(RuleLaw(LOW, HIGH), [6.5, 5.9, 6.5, 6.9, 7.1, 6.5])
    assert answers == [False, True, True, True, False, False]


@pytest.mark.parametrize(("on_bad", "off_before", "on_before"), [
    ("assert", [True] * 3, [True] * 3), ("deassert", [False] * 3, [False] * 3), ("hold", [False] * 3, [True] * 3),
])  # fmt: skip
def test_what_it_does_without_knowing_is_what_was_declared(on_bad, off_before, on_before):
    law = RuleLaw(LOW, HIGH, on_bad=on_bad)
    assert said(law, [None] * 3)[0] == off_before
    assert said(law, [5, None, None, None])[0][1:] == on_before


def test_it_holds_no_longer_than_it_may_without_knowing():
    answers, _ = said(RuleLaw(LOW, on_bad="hold", max_hold_s=3.0), [5, None, None, None, None, 5])
    assert answers == [True, True, True, True, False, True]


def test_an_end_that_is_reached_while_the_cause_is_not_known_is_no_end():
    when = compile_expression("a.b.ok", UNITS)
    law = RuleLaw(when, HIGH, on_bad="assert")
    assert law.cause(True, {"a.b.do": 8.0, "a.b.ok": None}) is None
    assert law.cause(True, {"a.b.do": 8.0, "a.b.ok": False}) is False
    assert law.cause(True, {"a.b.do": 6.5, "a.b.ok": None}) is True


def test_it_comes_on_no_more_often_than_it_may_and_again_when_the_day_is_over():
    law = RuleLaw(LOW, max_activations=2, per_s=100.0)
    answers, memory = said(law, [5, 8] * 10, 5.0)
    assert answers == [True, False, True, False] + [False] * 16
    assert memory.spent == ""  # its cause is away just now
    _, memory = said(law, [5], begin_s=99.0, memory=memory)
    assert (memory.on, memory.spent) == (False, "activations")
    answers, memory = said(law, [5], begin_s=100.0, memory=memory)
    assert (answers, memory.spent) == ([True], "")


def test_what_was_on_for_as_long_as_it_may_rests_until_its_cause_was_away():
    answers, memory = said(RuleLaw(LOW, max_true_s=3.0), [5, 5, 5, 5, 5, 8, 5])
    assert answers == [True, True, True, False, False, False, True]
    assert memory.spent == ""
    assert said(RuleLaw(LOW, max_true_s=3.0), [5] * 6)[1].spent == "true"


@pytest.mark.parametrize("on_bad", ["assert", "deassert", "hold"])
def test_what_was_on_for_as_long_as_it_may_does_not_come_on_again_for_a_lost_read(on_bad):
    answers, memory = said(RuleLaw(LOW, max_true_s=3.0, on_bad=on_bad), [5, 5, 5, 5, None, 5, 5])
    assert (answers[3:], memory.spent) == ([False] * 4, "true")
    assert said(RuleLaw(LOW, max_true_s=3.0, on_bad=on_bad), [8, 5], begin_s=7.0, memory=memory)[0] == [False, True]


@pytest.mark.parametrize("on_bad", ["deassert", "hold"])
def test_time_in_which_its_cause_is_not_known_neither_counts_before_it_comes_on_nor_begins_it_anew(on_bad):
    law = RuleLaw(LOW, on_s=5.0, on_bad=on_bad)
    assert said(law, [5, 5, 5, None, 5, 5, 5, 5])[0] == [False] * 6 + [True] * 2
    assert said(law, [5, 5, 5] + [None] * 700 + [5, 5, 5])[0] == [False] * 705 + [True]
    assert said(law, [5, 5, 5, None, 8, 5, 5, 5, 5, 5, 5])[0] == [False] * 10 + [True]


def test_time_in_which_its_cause_is_not_known_counts_before_it_comes_on_where_that_is_as_if_it_held():
    law = RuleLaw(LOW, on_s=5.0, on_bad="assert")
    assert said(law, [5, 5, 5, None, 5, 5])[0] == [False] * 5 + [True]
    assert said(law, [None] * 6)[0] == [False] * 5 + [True]


@pytest.mark.parametrize("on_bad", ["assert", "hold"])
def test_time_in_which_its_cause_is_not_known_neither_counts_before_it_goes_off_nor_begins_it_anew(on_bad):
    law = RuleLaw(LOW, off_s=5.0, on_bad=on_bad)
    assert said(law, [5, 8, 8, 8, None, None, 8, 8, 8])[0] == [True] * 8 + [False]
    assert said(law, [5, 8, 8, 8, None, 5, 8, 8, 8, 8, 8, 8])[0] == [True] * 11 + [False]


def test_a_delay_that_was_frozen_counts_on_after_a_restart():
    law = RuleLaw(LOW, on_s=5.0)
    waiting = law.restarted(said(law, [5, 5, 5, None])[1])
    assert said(law, [None, 5, 5, 5], memory=waiting, begin_s=1000.0)[0] == [False] * 3 + [True]


def test_what_it_holds_without_knowing_and_what_it_lets_go_without_knowing_waits_for_no_delay():
    held = RuleLaw(LOW, off_s=5.0, max_hold_s=3.0)
    assert said(held, [5, None, None, None, None, None])[0] == [True] * 4 + [False] * 2
    assert said(held, [5, 8, 8, None, None, None, None])[0] == [True] * 6 + [False]
    assert said(RuleLaw(LOW, off_s=5.0, on_bad="deassert"), [5, None, None, 5])[0] == [True, False, False, True]


def test_a_restart_does_not_begin_the_count_of_its_activations_anew():
    law, memory, now_s = RuleLaw(LOW, max_activations=1, resumes=False), RuleMemory(), 0.0
    for _ in range(3):
        answers, memory = said(law, [5, 8], 5.0, memory, now_s)
        assert answers == [now_s == 0.0, False]
        memory, now_s = law.restarted(memory), now_s + 20.0
    assert said(law, [5], memory=memory, begin_s=DAY_S)[0] == [True]
    broken = RuleMemory(spent="broken", starts=(1.0,))
    assert RuleLaw(LOW, max_activations=1).restarted(broken) == RuleMemory(starts=(1.0,))


def test_a_restart_goes_on_with_its_timers_or_begins_anew_as_declared():
    waiting = said(RuleLaw(LOW, on_s=600.0), [5])[1]
    resumes, forgets = RuleLaw(LOW, on_s=600.0), RuleLaw(LOW, on_s=600.0, resumes=False)
    assert said(resumes, [5], memory=resumes.restarted(waiting), begin_s=600.0)[0] == [True]
    assert said(forgets, [5], memory=forgets.restarted(waiting), begin_s=600.0)[0] == [False]
    broken = RuleMemory(spent="broken")
    assert resumes.restarted(broken) == RuleMemory()


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 12)), min_size=1, max_size=80),
    st.sampled_from(["assert", "deassert", "hold"]),
    st.integers(0, 5), st.integers(0, 5), st.sampled_from([None, 1, 3]), st.sampled_from([None, 4.0]),
    st.sampled_from([None, HIGH]),
)  # fmt: skip
def test_a_rule_that_rests_would_not_have_changed_and_keeps_within_its_limits(
    oxygen, on_bad, on_s, off_s, most, longest_s, clear
):
    law = RuleLaw(LOW, clear, on_s, off_s, on_bad, 7.0, most, 20.0, longest_s)
    memory, before, begun, on_for = RuleMemory(), object(), [], 0
    for now_s, value in enumerate(oxygen):
        values = {"a.b.do": value}
        new = law.step(memory, law.cause(memory.on, values), float(now_s))
        if value == before and law.rests(memory, float(now_s)):
            assert new._replace(spent=memory.spent) == memory
        if new.on and not memory.on:
            begun.append(now_s)
        on_for = on_for + 1 if new.on else 0
        if longest_s is not None:
            assert on_for <= longest_s
        memory, before = new, value
    if most is not None:
        assert all(sum(at - 20 < other <= at for other in begun) <= most for at in begun)


class _Days:
    """A place whose days begin at multiples of 86 400 s."""

    def day_s(self, now_s: float) -> float:
        return now_s % DAY_S

    def midnight_s(self, now_s: float) -> float:
        return now_s - now_s % DAY_S

    def sun_degrees(self, now_s: float) -> float:
        raise AssertionError


@given(st.lists(st.tuples(st.booleans(), st.floats(1.0, 0.6 * DAY_S)), min_size=1, max_size=20))
def test_what_a_rule_did_today_is_what_its_history_says(history):
    """However often it came on and went off, over midnight and over days in which nothing happened."""
    memory, now_s, spans, begun = RuleMemory(), 1000.0, [], 0.0
    for on, lasts_s in history:
        if on is not memory.on:
            counted = today(memory, now_s, _Days())
            counted = counted._replace(starts=counted.starts + 1) if on else counted
            if on:
                begun = now_s
            else:
                spans.append((begun, now_s))
            memory = RuleMemory(on, now_s, counted=counted)
        now_s += lasts_s
    midnight_s = now_s - now_s % DAY_S
    spans += [(begun, now_s)] if memory.on else []
    counted = today(memory, now_s, _Days())
    assert counted.on_s == pytest.approx(sum(max(end - max(begin, midnight_s), 0.0) for begin, end in spans), abs=1e-3)
    assert counted.starts == sum(begin >= midnight_s for begin, _ in spans)
