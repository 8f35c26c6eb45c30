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
RANGES = {"a.b.air": (-20.0, 60.0), "a.b.out": (-40.0, 50.0), "a.b.wind": (0.0, 60.0), "a.b.door": (0.0, 1.0),
          "time of day": (0.0, 86400.0)}  # fmt: skip


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
    ("max(avg(a.b.air, '1 h'), a.b.out) > '65 degC'", "unknown"),
    ("min(a.b.air, avg(a.b.air, '1 h')) > '65 degC'", "unknown"),
    ("max(max(a.b.air, '1 h'), '70 degC') > '65 degC'", "unknown"),
    ("avg(a.b.door, '1 h') > 1", "never"), ("avg(a.b.door, '1 h') >= 1", "possible"),
    ("avg(a.b.door, '1 h') < 0 or avg(a.b.air > a.b.out, '1 h') < 0", "never"),
    ("avg(max(a.b.wind, '10 min') > '5 m/s', '24 h') < 0.5", "possible"),
    ("avg(max(a.b.wind, '10 min') > '5 m/s', '24 h') > 1.5", "never"),
    ("avg(line(a.b.wind, '1 m/s', '2 m/s', 0, 1) > 0.5, '24 h') > 0.5 and max(a.b.wind, '1 h') > '1 m/s'", "possible"),
    ("quality(a.b.air) == 'bad' and quality(a.b.air) == 'good'", "never"),
    ("'bad' == quality(a.b.air) and quality(a.b.air) == 'good'", "never"),
    ("'bad' != quality(a.b.air) and quality(a.b.air) == 'good'", "possible"),
    ("a.b.air > a.b.out", "unknown"), ("a.b.air > a.b.out and a.b.out >= a.b.air", "unknown"),
    ("a.b.air > a.b.out and a.b.wind > '70 m/s'", "never"),
    ("rising(a.b.door) and not rising(a.b.door)", "never"),
    ("hyst(a.b.air, '5 degC', '6 degC')", "unknown"),
])  # fmt: skip
def test_a_claim_is_weighed(text, verdict):
    compile_expression(text, UNITS, remembers=True)
    assert find(claim(text, UNITS), RANGES).verdict == verdict


@pytest.mark.parametrize(
    "text", ["a.b.air > t", "t < a.b.air", "a.b.air - t > '1 K'", "t > '70 degC'", "d == a.b.door"]
)
def test_a_name_of_one_word_is_a_tag_on_either_side(text):
    def named(one: str) -> str:
        return {"t": "a.b.out", "d": "a.b.rain"}.get(one, one)

    in_full = text.replace("t ", "a.b.out ").replace("> t", "> a.b.out").replace("d =", "a.b.rain =")
    assert claim(text, UNITS, named) == claim(in_full, UNITS)


def test_one_name_for_two_tags_is_not_one_tag():
    door, rain = ({"d": "a.b.door"}, {"d": "a.b.rain"})
    both = All(
        (
            claim("rising(d)", UNITS, lambda one: door.get(one, one)),
            claim("not rising(d)", UNITS, lambda one: rain.get(one, one)),
        )
    )
    assert find(both, RANGES).verdict == "unknown"
    same = All((claim("rising(d)", UNITS, lambda one: door.get(one, one)), claim("not rising(a.b.door)", UNITS)))
    assert find(same, RANGES).verdict == "never"


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


@settings(max_examples=200)
@given(_conditions(), st.integers(-5, 15), st.integers(0, 15), st.booleans(), st.sets(st.sampled_from(sorted(UNITS))))
def test_what_cannot_be_known_may_be_so_and_is_not_so_for_sure(text, air, wind, door, lost):
    farm = {"a.b.air": air, "a.b.wind": wind, "a.b.door": door, "a.b.rain": not door, "a.b.mode": "auto"}
    answer = compile_expression(text, UNITS).run({name: None if name in lost else one for name, one in farm.items()})
    for truth in (True, False):
        if answer is truth:
            assert find(claim(text, UNITS, truth=truth, known=True), RANGES).verdict == "possible"
        if answer is truth or answer is None:
            assert find(claim(text, UNITS, truth=truth, known=False), RANGES).verdict == "possible"
            lingers = claim(text, UNITS, truth=truth, lingers_s=60.0)
            assert find(lingers, RANGES).verdict == "possible" or answer is None
    both = All((claim(text, UNITS, known=True), claim(text, UNITS, truth=False, known=False)))
    assert find(both, RANGES).verdict == "never"


def test_how_good_a_value_is_can_be_told_of_a_lost_one_too():
    lost, good = "quality(a.b.air) == 'bad'", "quality(a.b.air) == 'good'"
    for text in (lost, good, "time_between('22:00', '06:00')", "sun_elevation() > 5"):
        assert find(claim(text, UNITS, known=True), RANGES).verdict == "possible"
        assert claim(text, UNITS, known=True) == claim(text, UNITS, known=False) == claim(text, UNITS)
    cold = claim("a.b.air < '5 degC'", UNITS, known=True)
    assert find(All((cold, claim(lost, UNITS))), RANGES).verdict == "never"
    perhaps = claim("a.b.air < '5 degC' and a.b.air > '6 degC'", UNITS, known=False)
    assert find(All((perhaps, claim(lost, UNITS))), RANGES).verdict == "possible"
    assert find(All((perhaps, claim(good, UNITS))), RANGES).verdict == "never"


def test_a_claim_of_many_alternatives_is_given_up_in_time():
    either = Either(tuple(claim(f"a.b.wind > '{limit} m/s' and a.b.air > a.b.out", UNITS) for limit in range(50)))
    assert find(All((either,) * 6), RANGES).verdict == "unknown"


EITHER = " and ".join(["(a.b.door or a.b.rain)"] * 12)


@pytest.mark.parametrize(("text", "verdict"), [
    (f"{EITHER} and a.b.door and not a.b.door", "never"),
    (f"{EITHER} and a.b.wind > '5 m/s' and a.b.wind < '3 m/s'", "never"),
    (f"{EITHER} and a.b.wind > '5 m/s'", "possible"),
])  # fmt: skip
def test_what_is_plain_is_looked_at_before_what_branches(text, verdict):
    assert find(claim(text, UNITS), RANGES).verdict == verdict


def test_contacts_that_equal_each_other_many_times_over_are_given_up_in_time():
    text = "d"
    for _ in range(48):
        text = f"d == ({text})"
    assert find(claim(text, UNITS, lambda one: "a.b.door" if one == "d" else one), RANGES).verdict in (
        "possible",
        "unknown",
    )


@pytest.mark.parametrize(("text", "answer"), [
    ("a.b.air > a.b.out and a.b.out >= a.b.air", "never"),
    ("a.b.air - a.b.out > '3 K' and a.b.air < a.b.out", "never"),
    ("a.b.air > a.b.out + '200 K'", "never"),
    ("a.b.air > a.b.out and not a.b.door", "possible"),
    ("a.b.air - a.b.out > '3 K' or a.b.door == a.b.rain", "possible"),
    ("a.b.air > a.b.out and hyst(a.b.air, '5 degC', '6 degC')", "unknown"),
    ("vpd(a.b.air, '50 %') > '1 kPa'", "unknown"),
    ("'bad' == quality(a.b.air) and a.b.air > a.b.out", "unknown"),
    ("avg(a.b.air, '5 min') > a.b.out and avg(a.b.air, '5 min') < a.b.out", "never"),
])  # fmt: skip
def test_where_z3_is_installed_it_compares_tags_with_each_other(text, answer):
    assert solver.is_installed()
    found = solver.find([(text, str, True)], UNITS, RANGES)
    assert found.verdict == answer
    if answer == "possible":
        values = {"a.b.door": False, "a.b.rain": False} | found.case
        assert compile_expression(text, UNITS).run(values) is True


@pytest.mark.parametrize(("text", "answer"), [
    ("rising(d)", "unknown"), ("d", "possible"), ("rising(zone.door)", "unknown"), ("zone.air > a.b.out", "possible"),
    ("t > a.b.out", "possible"), ("max(t, '5 min') > a.b.out", "unknown"),
    ("avg(zone.air, '5 min') > a.b.out", "unknown"), ("abs(t - a.b.out) > '3 K'", "unknown"),
])  # fmt: skip
def test_what_z3_does_not_look_into_is_another_thing_in_another_zone(text, answer):
    units = {**UNITS, "a.c.door": "bool", "a.c.air": "degC"}

    def in_zone(zone: str):
        known = {"d": f"{zone}.door", "t": f"{zone}.air", "zone.door": f"{zone}.door", "zone.air": f"{zone}.air"}
        return lambda written: known.get(written, written)

    asked = [(text, in_zone("a.b"), True), (text, in_zone("a.c"), False)]
    assert solver.find(asked, units, RANGES).verdict == answer
    asked = [(text, in_zone("a.b"), True), (text, in_zone("a.b"), False)]
    assert solver.find(asked, units, RANGES).verdict == "never"
