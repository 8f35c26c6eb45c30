"""What a condition claims: proven never, shown possible, or honestly not known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import solver
from rules.claims import All, Either, claim, find
from rules.expression import compile_expression

UNITS = {
    "a.b.air": "degC",
    "a.b.out": "degC",
    "a.b.wind": "m/s",
    "a.b.door": "bool",
    "a.b.rain": "bool",
    "a.b.mode": "text",
}
RANGES = {"a.b.air": (-20.0, 60.0), "a.b.out": (-40.0, 50.0), "a.b.wind": (0.0, 60.0), "time of day": (0.0, 86400.0)}


@pytest.mark.parametrize(("text", "verdict"), [
    ("a.b.air > '70 degC'", "never"),
    ("a.b.air >= '60 degC'", "possible"),
    ("a.b.air > '60 degC'", "never"),
    ("a.b.air > '20 degC' and a.b.air < '10 degC'", "never"),
    ("a.b.air > '20 degC' and not (a.b.air > '20 degC')", "never"),
    ("a.b.air > '20 degC' and a.b.wind > '36 km/h'", "possible"),
    ("a.b.wind > '10 m/s' and a.b.wind < '36 km/h'", "never"),
    ("'10 m/s' < a.b.wind and '9 m/s' > a.b.wind", "never"),
    ("a.b.door and not a.b.door", "never"),
    ("a.b.door == True and a.b.door == False", "never"),
    ("a.b.door == a.b.rain and a.b.door and not a.b.rain", "never"),
    ("a.b.door != a.b.rain and a.b.door", "possible"),
    ("a.b.mode == 'auto' and a.b.mode == 'hand'", "never"),
    ("a.b.mode != 'auto' and a.b.mode != 'hand'", "possible"),
    ("True", "possible"), ("False", "never"),
    ("time_between('22:00', '06:00') and time_between('06:00', '22:00')", "never"),
    ("time_between('22:00', '06:00') and time_between('05:59', '22:00')", "possible"),
    ("not time_between('08:00', '08:00')", "possible"), ("time_between('08:00', '08:00')", "never"),
    ("sun_elevation() > 91", "never"), ("age(a.b.air) < '0 s'", "never"),
    ("avg(a.b.wind, '5 min') > '70 m/s'", "never"), ("rate(a.b.wind, '5 min') > '70 m/s/min'", "possible"),
    ("max(a.b.wind, '10 min') < '5 m/s' and max(a.b.wind, '1 min') > '6 m/s'", "never"),
    ("max(a.b.wind, '1 min') < '5 m/s' and max(a.b.wind, '10 min') > '6 m/s'", "possible"),
    ("min(a.b.wind, '10 min') > '5 m/s' and a.b.wind < '4 m/s'", "never"),
    ("avg(a.b.wind, '5 min') > '5 m/s' and a.b.wind < '4 m/s'", "unknown"),
    ("quality(a.b.air) == 'bad' and quality(a.b.air) == 'good'", "never"),
    ("a.b.air > a.b.out", "unknown"), ("a.b.air > a.b.out and a.b.out >= a.b.air", "unknown"),
    ("a.b.air > a.b.out and a.b.wind > '70 m/s'", "never"),
    ("rising(a.b.door) and not rising(a.b.door)", "never"),
    ("hyst(a.b.air, '5 degC', '6 degC')", "unknown"),
])  # fmt: skip
def test_a_claim_is_weighed(text, verdict):
    compile_expression(text, UNITS, remembers=True)
    assert find(claim(text, UNITS), RANGES).verdict == verdict


def test_a_case_is_one_in_which_it_is_so():
    text = "a.b.air > '25 degC' and a.b.wind > '12 m/s' and not a.b.door"
    case = find(claim(text, UNITS), RANGES).case
    assert compile_expression(text, UNITS).run(case) is True


def _conditions() -> st.SearchStrategy[str]:
    number = st.integers(-5, 15)
    leaves = st.one_of(
        st.tuples(st.sampled_from(["<", "<=", ">", ">="]), number).map(lambda t: f"a.b.air {t[0]} '{t[1]} degC'"),
        st.tuples(st.sampled_from(["<", "<=", ">", ">="]), number).map(lambda t: f"'{t[1]} m/s' {t[0]} a.b.wind"),
        st.sampled_from(["a.b.door", "a.b.rain", "a.b.door == a.b.rain", "a.b.mode == 'auto'", "a.b.mode != 'x'"]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            inner.map(lambda text: f"not ({text})"),
        ),
        max_leaves=6,
    )


@settings(max_examples=200)
@given(
    _conditions(), st.integers(-5, 15), st.integers(0, 15), st.booleans(), st.booleans(), st.sampled_from(["auto", "x"])
)
def test_what_is_so_on_some_farm_is_never_called_never(text, air, wind, door, rain, mode):
    values = {"a.b.air": air, "a.b.wind": wind, "a.b.door": door, "a.b.rain": rain, "a.b.mode": mode}
    answer = compile_expression(text, UNITS).run(values)
    assert isinstance(answer, bool)
    for truth in (True, False):
        found = find(claim(text, UNITS, truth=truth), RANGES)
        if answer is truth:
            assert found.verdict == "possible"
        assert found.verdict != "unknown"
    if find(claim(text, UNITS), RANGES).verdict == "never":
        assert answer is False


def test_a_claim_of_many_alternatives_is_given_up_in_time():
    either = Either(tuple(claim(f"a.b.wind > '{limit} m/s' and a.b.air > a.b.out", UNITS) for limit in range(50)))
    assert find(All((either,) * 6), RANGES).verdict == "unknown"


@pytest.mark.parametrize(("text", "answer"), [
    ("a.b.air > a.b.out and a.b.out >= a.b.air", "never"),
    ("a.b.air - a.b.out > '3 K' and a.b.air < a.b.out", "never"),
    ("a.b.air > a.b.out + '200 K'", "never"),
    ("a.b.air > a.b.out and not a.b.door", "possible"),
    ("a.b.air - a.b.out > '3 K' or a.b.door == a.b.rain", "possible"),
    ("a.b.air > a.b.out and hyst(a.b.air, '5 degC', '6 degC')", "unknown"),
    ("vpd(a.b.air, '50 %') > '1 kPa'", "unknown"),
])  # fmt: skip
def test_where_z3_is_installed_it_compares_tags_with_each_other(text, answer):
    assert solver.is_installed()
    found = solver.find([(text, str, True)], UNITS, RANGES)
    assert found.verdict == answer
    if answer == "possible":
        values = {"a.b.door": False, "a.b.rain": False} | found.case
        assert compile_expression(text, UNITS).run(values) is True
