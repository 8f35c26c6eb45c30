"""What rules cost a scan is bounded before they run: more of them cost more, what says the same is looked at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cost import cost_ms
from rules.expression import Expression, compile_expression

UNITS = {"a.b.air": "degC", "a.b.rh": "%", "a.b.ph": "pH", "a.b.alk": "mg/L", "a.b.door": "bool"}
CONDITIONS = (
    "a.b.door", "a.b.air > '30 degC'", "not a.b.door and a.b.rh < '60 %'", "vpd(a.b.air, a.b.rh) > '1 kPa'",
    "avg(a.b.air, '5 min') > '30 degC'", "rate(a.b.air, '60 s') > '1 K/min'", "hyst(a.b.air, '30 degC', '28 degC')",
    "max(a.b.air, '2 h') > '30 degC' or time_between('22:00', '06:00')",
)  # fmt: skip
conditions = st.sampled_from(CONDITIONS).map(lambda text: compile_expression(text, UNITS, remembers=True))


def made(text: str) -> Expression:
    return compile_expression(text, UNITS, remembers=True)


@given(
    st.lists(st.lists(conditions, min_size=1, max_size=3), max_size=20), st.lists(conditions, min_size=1, max_size=3)
)
def test_one_more_rule_always_costs_more(rules: list[list[Expression]], one: list[Expression]) -> None:
    assert cost_ms([*rules, one]) > cost_ms(rules) >= 0.0


@given(st.lists(conditions, min_size=1, max_size=8), st.integers(1, 50))
def test_windows_that_say_the_same_are_paid_for_once(expressions: list[Expression], times: int) -> None:
    once, often = cost_ms([expressions]), cost_ms([expressions] * times)
    windows = sum(bool(one.window_s) for one in {gauge.name: gauge for e in expressions for gauge in e.gauges}.values())
    assert often <= times * once + 1e-9
    if windows and times > 1:
        assert often < times * once - 0.004 * windows * (times - 1)


@pytest.mark.parametrize(("dear", "cheap"), [
    ("rate(a.b.air, '1 min') > '1 K/min'", "avg(a.b.air, '1 min') > '30 degC'"),
    ("avg(a.b.air, '1 min') > '30 degC'", "avg(a.b.air, '1 h') > '30 degC'"),
    ("avg(a.b.air, '1 h') > '30 degC'", "a.b.air > '30 degC'"),
    ("vpd(a.b.air, a.b.rh) > '1 kPa'", "a.b.air > '30 degC'"),
])  # fmt: skip
def test_what_takes_longer_counts_for_more(dear: str, cheap: str) -> None:
    assert cost_ms([[made(dear)]]) > cost_ms([[made(cheap)]])


def test_a_window_of_a_second_moves_on_once_a_scan_and_no_oftener() -> None:
    shortest, minute = (cost_ms([[made(f"avg(a.b.air, '{text}') > '30 degC'")]]) for text in ("1 s", "60 s"))
    assert shortest == minute
    slow = cost_ms([[made("avg(a.b.air, '10 min') > '30 degC'")]], scan_s=10.0)
    assert slow == pytest.approx(minute)


def test_two_thousand_plain_rules_fit_and_two_thousand_of_the_longest_do_not() -> None:
    plain = made("a.b.air > '30 degC' and a.b.rh < '60 %' or a.b.door")
    assert cost_ms([[plain]] * 2000) < 20.0
    longest = made(" or ".join(["carbon_dioxide(a.b.ph, a.b.alk, a.b.air) > '9 mg/L'"] * 7))
    assert cost_ms([[longest]] * 2000) > 4 * 20.0


def test_a_function_costs_more_than_as_many_parts_without_it() -> None:
    called, bare = made("abs(a.b.rh) > '1 %'"), made("-a.b.rh + a.b.rh - a.b.rh > '1 %'")
    assert cost_ms([[called]]) > cost_ms([[bare]])
