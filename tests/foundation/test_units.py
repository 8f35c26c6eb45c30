"""Units of a farm: what can be meant converts, what cannot is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foundation.units import CANONICAL, Quantity, UnitError, canonical, factor, is_unit, parse_quantity, same_dimension


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("7.5 mg/L", 7.5, "mg/L"), ("300 ms", 0.3, "s"), ("2 h", 7200.0, "s"), ("48 h", 172_800.0, "s"),
        ("30 L/min", 1.8, "m3/h"), ("1.8 dS/m", 1.8, "mS/cm"), ("1800 µS/cm", 1.8, "mS/cm"),
        ("1800 uS/cm", 1.8, "mS/cm"), ("20 °C", 20.0, "degC"), ("20 ℃", 20.0, "degC"),
        ("-0.5 degC", -0.5, "degC"), ("3 K", 3.0, "K"),
        ("60%", 60.0, "%"), ("1e3 Pa", 1.0, "kPa"), ("200 W/m²", 200.0, "W/m2"), ("6 pH", 6.0, "pH"), ("12", 12.0, ""),
        ("1.5 K/h", 1.5, "K/h"), ("0.02 pH/L", 0.02, "pH/L"), ("12 %/(mg/L)", 12.0, "%/(mg/L)"), ("500 g", 0.5, "kg"),
        ("2 mol/m2/d", 2.0, "mol/m2/d"), ("3600 kJ", 1.0, "kWh"), ("1 ha", 10_000.0, "m2"),
        (4, 4.0, ""), (0.5, 0.5, ""),
    ],
)  # fmt: skip
def test_a_quantity_is_what_it_says_in_the_farms_unit(text: str | float, value: float, unit: str) -> None:
    quantity = parse_quantity(text)
    assert quantity.unit == unit
    assert quantity.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "warm", "5 foo", "mg/L", "5 5", "5 (", "nan", "inf", "1e400", "1e308 m3", "5 K K**", "--5 s", True]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_quantity(text)


@pytest.mark.parametrize("unit", ["9**9**9", "9^9^9", "(9)**(9)**(9)**9", "m**9**9**9", "m**(9**9)", "m**99999"])
def test_no_unit_is_a_sum_to_be_worked_out(unit: str) -> None:
    """Pint would compute 9**9**9, and the box would stand for years."""
    assert not is_unit(unit)


@pytest.mark.parametrize(
    ("unit", "other"),
    [
        ("degC", "K"),
        ("%", "ppm"),
        ("%", ""),
        ("pH", ""),
        ("ppm", "mg/L"),
        ("s", "m"),
        ("kW", "kWh"),
        ("W/m2", "umol/m2/s"),
    ],
)
def test_what_cannot_be_meant_does_not_convert(unit: str, other: str) -> None:
    assert not same_dimension(unit, other)
    with pytest.raises(UnitError, match="is not a kind of"):
        Quantity(1.0, unit).to(other)


def test_a_rate_of_change_of_a_temperature_is_in_kelvin() -> None:
    assert parse_quantity("3 K/min").to("K/s") == pytest.approx(0.05)
    with pytest.raises(UnitError):
        parse_quantity("3 degC/min").to("K/s")


def test_the_first_of_two_canonical_units_wins_unless_spelled() -> None:
    assert canonical("rpm") == "rpm"
    assert canonical("1/s") in ("Hz", "1/s")
    assert canonical("") == canonical("1") == canonical("-") == ""


@pytest.mark.parametrize("unit", CANONICAL)
def test_every_canonical_unit_is_its_own(unit: str) -> None:
    assert canonical(unit) == unit
    assert factor(unit, unit) == 1.0
    assert str(Quantity(2.5, unit)) == f"2.5 {unit}"


@given(value=st.floats(-1e6, 1e6), unit=st.sampled_from(CANONICAL))
def test_a_quantity_reads_back_from_what_it_prints(value: float, unit: str) -> None:
    again = parse_quantity(f"{value!r} {unit}")
    assert (again.value, again.unit) == (value, unit)


PAIRS = [
    ("s", "h"),
    ("mg/L", "g/m3"),
    ("m3/h", "L/min"),
    ("kPa", "bar"),
    ("mS/cm", "uS/cm"),
    ("kWh", "MJ"),
    ("kg", "g"),
]


@given(value=st.floats(-1e9, 1e9), pair=st.sampled_from(PAIRS))
def test_there_and_back_is_where_it_was(value: float, pair: tuple[str, str]) -> None:
    one, other = pair
    assert Quantity(Quantity(value, one).to(other), other).to(one) == pytest.approx(value, rel=1e-12, abs=1e-12)


@given(text=st.text(max_size=12))
@example("1 °")
@example("1 **")
@example("5 \x00")
@example("٣ s")
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except UnitError:
        return
    assert is_unit(quantity.unit)
    assert quantity.value == quantity.value
