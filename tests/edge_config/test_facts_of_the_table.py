"""What presets know of crops and species is what the table of control.md 6.1 and 6.2 says: each figure, and how sure.

A row is a field, the range that the table has, and how sure it is of it. Where the table names a source it is
`verified` (its text was read) or `secondary`; its [K] and what it leaves unmarked are `practice`, its [U] stay
`unverified`. Fields that the table does not have (feed tables, growth) are not looked at here.
"""

from itertools import pairwise
from typing import Literal, NamedTuple

import pytest

from edge_config.preset_library import load_facts, load_preset
from foundation.units import parse_quantity


class Row(NamedTuple):
    """From `low` to `high`, both in `unit`; what is shipped is one figure within."""

    field: str
    low: float
    high: float
    unit: str
    status: Literal["verified", "secondary", "practice", "unverified"]


CROPS: dict[str, tuple[Row, ...]] = {
    "tomato": (
        Row("day_temperature", 19.5, 19.5, "degC", "verified"),
        Row("night_temperature", 18.5, 18.5, "degC", "verified"),
        Row("mean_temperature_dull", 18.0, 18.0, "degC", "secondary"),
        Row("mean_temperature_bright", 24.0, 24.0, "degC", "secondary"),
        Row("temperature_alarm_low", 10.0, 10.0, "degC", "practice"),
        Row("temperature_alarm_high", 35.0, 35.0, "degC", "practice"),
        Row("humidity_max", 87.0, 87.0, "%", "verified"),
        Row("vpd_low", 0.5, 0.5, "kPa", "practice"),
        Row("vpd_high", 1.2, 1.2, "kPa", "practice"),
        Row("co2", 800.0, 1000.0, "ppm", "secondary"),
        Row("co2_max", 1000.0, 1000.0, "ppm", "verified"),
        Row("light_sum", 20.0, 30.0, "mol/m2/d", "practice"),
        Row("photoperiod_max", 18.0, 18.0, "h", "practice"),
        Row("feed_ec", 3.0, 3.0, "mS/cm", "secondary"),
        Row("drain_ec", 4.5, 4.5, "mS/cm", "secondary"),
        Row("feed_ph", 5.5, 6.0, "pH", "unverified"),
        Row("root_oxygen", 5.0, 5.0, "mg/L", "practice"),
    ),
    "lettuce": (
        Row("day_temperature", 24.0, 24.0, "degC", "unverified"),
        Row("night_temperature", 19.0, 19.0, "degC", "unverified"),
        Row("mean_temperature", 20.0, 22.0, "degC", "practice"),
        Row("temperature_alarm_low", 5.0, 5.0, "degC", "practice"),
        Row("temperature_alarm_high", 32.0, 32.0, "degC", "practice"),
        Row("humidity_min", 50.0, 50.0, "%", "unverified"),
        Row("humidity_max", 70.0, 70.0, "%", "unverified"),
        Row("vpd_low", 0.7, 0.7, "kPa", "practice"),
        Row("vpd_high", 1.1, 1.1, "kPa", "practice"),
        Row("co2", 1000.0, 1500.0, "ppm", "unverified"),
        Row("co2_max", 1500.0, 1500.0, "ppm", "unverified"),
        Row("light_sum", 15.0, 15.0, "mol/m2/d", "secondary"),
        Row("photoperiod", 16.0, 20.0, "h", "practice"),
        Row("photoperiod_max", 20.0, 20.0, "h", "practice"),
        Row("feed_ec_above_source", 1.15, 1.25, "mS/cm", "unverified"),
        Row("feed_ph", 5.6, 6.0, "pH", "unverified"),
        Row("root_oxygen", 6.0, 6.0, "mg/L", "secondary"),
        Row("solution_temperature_low", 18.0, 18.0, "degC", "practice"),
        Row("solution_temperature_high", 22.0, 22.0, "degC", "practice"),
    ),
    "strawberry": (
        Row("day_temperature", 20.0, 24.0, "degC", "secondary"),
        Row("night_temperature", 10.0, 12.0, "degC", "secondary"),
        Row("mean_temperature", 18.0, 18.0, "degC", "secondary"),
        Row("temperature_alarm_low", 2.0, 2.0, "degC", "practice"),
        Row("temperature_alarm_high", 32.0, 32.0, "degC", "practice"),
        Row("vpd_low", 0.4, 0.4, "kPa", "unverified"),
        Row("vpd_high", 0.9, 0.9, "kPa", "unverified"),
        Row("co2", 600.0, 1000.0, "ppm", "unverified"),
        Row("co2_max", 1000.0, 1000.0, "ppm", "unverified"),
        Row("light_sum", 17.0, 25.0, "mol/m2/d", "unverified"),
        Row("feed_ec", 1.0, 1.6, "mS/cm", "unverified"),
        Row("feed_ph", 5.5, 6.0, "pH", "unverified"),
        Row("root_oxygen", 5.0, 5.0, "mg/L", "practice"),
    ),
    "cucumber": (
        Row("day_temperature", 22.0, 25.0, "degC", "unverified"),
        Row("night_temperature", 18.0, 20.0, "degC", "unverified"),
        Row("mean_temperature", 20.0, 22.0, "degC", "unverified"),
        Row("seedling_day_temperature", 25.0, 25.0, "degC", "secondary"),
        Row("seedling_night_temperature", 19.0, 19.0, "degC", "secondary"),
        Row("seedling_vpd", 0.3, 0.3, "kPa", "secondary"),
        Row("temperature_alarm_low", 12.0, 12.0, "degC", "practice"),
        Row("temperature_alarm_high", 38.0, 38.0, "degC", "practice"),
        Row("vpd_low", 0.3, 0.3, "kPa", "unverified"),
        Row("vpd_high", 1.0, 1.0, "kPa", "unverified"),
        Row("co2", 800.0, 1000.0, "ppm", "secondary"),
        Row("co2_max", 1000.0, 1000.0, "ppm", "secondary"),
        Row("light_sum", 20.0, 30.0, "mol/m2/d", "practice"),
        Row("photoperiod", 18.0, 20.0, "h", "practice"),
        Row("photoperiod_max", 20.0, 20.0, "h", "practice"),
        Row("feed_ec", 2.2, 2.7, "mS/cm", "unverified"),
        Row("feed_ph", 5.5, 6.0, "pH", "unverified"),
        Row("root_oxygen", 5.0, 5.0, "mg/L", "practice"),
    ),
}
SPECIES: dict[str, tuple[Row, ...]] = {
    "nile_tilapia": (
        Row("temperature_low", 27.0, 27.0, "degC", "unverified"),
        Row("temperature_high", 30.0, 30.0, "degC", "unverified"),
        Row("feed_stop_cold", 18.0, 18.0, "degC", "unverified"),
        Row("feed_stop_warm", 34.0, 34.0, "degC", "unverified"),
        Row("oxygen_setpoint", 6.0, 6.0, "mg/L", "practice"),
        Row("oxygen_feed_inhibit", 4.5, 4.5, "mg/L", "practice"),
        Row("oxygen_low", 4.0, 4.0, "mg/L", "practice"),
        Row("oxygen_low_low", 3.0, 3.0, "mg/L", "practice"),
        Row("oxygen_stress", 3.0, 3.0, "mg/L", "secondary"),
        Row("oxygen_lethal", 1.0, 1.0, "mg/L", "secondary"),
        Row("co2_max", 30.0, 30.0, "mg/L", "unverified"),
        Row("ammonia_max", 0.05, 0.05, "mg/L", "unverified"),
        Row("nitrite_max", 1.0, 1.0, "mg/L", "unverified"),
        Row("ph_low", 6.5, 6.5, "pH", "practice"),
        Row("ph_high", 8.5, 8.5, "pH", "practice"),
        Row("salinity_low", 0.0, 0.0, "g/L", "practice"),
        Row("salinity_high", 15.0, 15.0, "g/L", "practice"),
        Row("orp_trip", 300.0, 320.0, "mV", "secondary"),
    ),
    "rainbow_trout": (
        Row("temperature_low", 12.0, 12.0, "degC", "unverified"),
        Row("temperature_high", 16.0, 16.0, "degC", "unverified"),
        Row("feed_stop_warm", 20.0, 20.0, "degC", "unverified"),
        Row("oxygen_setpoint", 8.0, 9.0, "mg/L", "practice"),
        Row("oxygen_feed_inhibit", 6.5, 6.5, "mg/L", "practice"),
        Row("oxygen_low", 6.0, 6.0, "mg/L", "practice"),
        Row("oxygen_low_low", 5.0, 5.0, "mg/L", "practice"),
        Row("oxygen_stress", 6.0, 6.0, "mg/L", "secondary"),
        Row("oxygen_lethal", 3.0, 3.0, "mg/L", "secondary"),
        Row("co2_max", 20.0, 20.0, "mg/L", "unverified"),
        Row("ammonia_max", 0.0125, 0.02, "mg/L", "unverified"),
        Row("nitrite_max", 0.1, 0.1, "mg/L", "unverified"),
        Row("ph_low", 6.5, 6.5, "pH", "practice"),
        Row("ph_high", 8.0, 8.0, "pH", "practice"),
        Row("salinity_low", 0.0, 0.0, "g/L", "practice"),
        Row("salinity_high", 30.0, 30.0, "g/L", "practice"),
        Row("orp_trip", 300.0, 320.0, "mV", "secondary"),
    ),
    "atlantic_salmon": (
        Row("temperature_low", 12.0, 12.0, "degC", "practice"),
        Row("temperature_high", 14.0, 14.0, "degC", "practice"),
        Row("feed_stop_warm", 18.0, 18.0, "degC", "unverified"),
        Row("oxygen_saturation_setpoint", 85.0, 95.0, "%", "practice"),
        Row("oxygen_stress", 7.0, 7.0, "mg/L", "secondary"),
        Row("oxygen_lethal", 4.0, 4.0, "mg/L", "secondary"),
        Row("co2_max", 15.0, 15.0, "mg/L", "secondary"),
        Row("co2_aim", 12.0, 12.0, "mg/L", "secondary"),
        Row("ammonia_max", 0.01, 0.02, "mg/L", "unverified"),
        Row("nitrite_max", 0.1, 0.5, "mg/L", "unverified"),
        Row("ph_low", 6.5, 6.5, "pH", "practice"),
        Row("ph_high", 7.8, 7.8, "pH", "practice"),
        Row("salinity_low", 0.0, 0.0, "g/L", "practice"),
        Row("salinity_high", 34.0, 34.0, "g/L", "practice"),
        Row("orp_trip", 300.0, 350.0, "mV", "secondary"),
    ),
    "largemouth_bass": (
        Row("temperature_low", 24.0, 24.0, "degC", "secondary"),
        Row("temperature_high", 30.0, 30.0, "degC", "secondary"),
        Row("temperature_best", 26.8, 26.8, "degC", "secondary"),
        Row("growth_stops_cold", 10.0, 10.0, "degC", "secondary"),
        Row("growth_stops_warm", 36.0, 36.0, "degC", "secondary"),
        Row("temperature_stress", 35.0, 35.0, "degC", "secondary"),
        Row("feed_stop_cold", 12.0, 12.0, "degC", "unverified"),
        Row("feed_stop_warm", 34.0, 34.0, "degC", "unverified"),
        Row("oxygen_setpoint", 6.0, 7.5, "mg/L", "practice"),
        Row("oxygen_feed_inhibit", 5.5, 5.5, "mg/L", "practice"),
        Row("oxygen_low", 5.0, 5.0, "mg/L", "practice"),
        Row("oxygen_low_low", 4.0, 4.0, "mg/L", "practice"),
        Row("co2_max", 20.0, 25.0, "mg/L", "unverified"),
        Row("ammonia_max", 0.02, 0.05, "mg/L", "unverified"),
        Row("nitrite_max", 0.5, 0.5, "mg/L", "unverified"),
        Row("ph_low", 6.5, 6.5, "pH", "practice"),
        Row("ph_high", 8.5, 8.5, "pH", "practice"),
        Row("salinity_low", 0.0, 0.0, "g/L", "practice"),
        Row("salinity_high", 8.0, 8.0, "g/L", "practice"),
        Row("orp_trip", 300.0, 320.0, "mV", "secondary"),
    ),
    "whiteleg_shrimp": (
        Row("temperature_low", 28.0, 28.0, "degC", "practice"),
        Row("temperature_high", 32.0, 32.0, "degC", "practice"),
        Row("feed_stop_cold", 22.0, 22.0, "degC", "unverified"),
        Row("feed_stop_warm", 34.0, 34.0, "degC", "unverified"),
        Row("oxygen_setpoint", 6.0, 7.0, "mg/L", "practice"),
        Row("oxygen_feed_inhibit", 5.0, 5.0, "mg/L", "practice"),
        Row("oxygen_low", 4.5, 4.5, "mg/L", "practice"),
        Row("oxygen_low_low", 3.5, 3.5, "mg/L", "practice"),
        Row("oxygen_stress", 4.0, 4.0, "mg/L", "secondary"),
        Row("oxygen_lethal", 2.0, 2.0, "mg/L", "secondary"),
        Row("co2_max", 20.0, 20.0, "mg/L", "unverified"),
        Row("ammonia_max", 0.03, 0.03, "mg/L", "unverified"),
        Row("nitrite_max", 1.0, 1.0, "mg/L", "unverified"),
        Row("ph_low", 7.2, 7.2, "pH", "practice"),
        Row("ph_high", 8.3, 8.3, "pH", "practice"),
        Row("salinity_low", 2.0, 2.0, "g/L", "practice"),
        Row("salinity_high", 35.0, 35.0, "g/L", "practice"),
        Row("salinity_tolerated_low", 0.5, 0.5, "g/L", "unverified"),
        Row("salinity_tolerated_high", 45.0, 45.0, "g/L", "unverified"),
    ),
    "grouper": (
        Row("temperature_low", 26.0, 26.0, "degC", "unverified"),
        Row("temperature_high", 30.0, 30.0, "degC", "unverified"),
        Row("temperature_stress", 32.0, 32.0, "degC", "secondary"),
        Row("temperature_giant_trial", 24.8, 24.8, "degC", "secondary"),
        Row("feed_stop_cold", 20.0, 20.0, "degC", "unverified"),
        Row("feed_stop_warm", 32.0, 32.0, "degC", "unverified"),
        Row("oxygen_setpoint", 6.0, 7.0, "mg/L", "practice"),
        Row("oxygen_feed_inhibit", 5.5, 5.5, "mg/L", "practice"),
        Row("oxygen_low", 5.0, 5.0, "mg/L", "practice"),
        Row("oxygen_low_low", 4.0, 4.0, "mg/L", "practice"),
        Row("co2_max", 15.0, 20.0, "mg/L", "unverified"),
        Row("ammonia_max", 0.02, 0.02, "mg/L", "unverified"),
        Row("nitrite_max", 0.5, 0.5, "mg/L", "unverified"),
        Row("ph_low", 7.5, 7.5, "pH", "secondary"),
        Row("ph_high", 8.3, 8.3, "pH", "secondary"),
        Row("salinity_low", 15.0, 15.0, "g/L", "practice"),
        Row("salinity_high", 33.0, 33.0, "g/L", "practice"),
        Row("orp_trip", 300.0, 300.0, "mV", "unverified"),
    ),
}
SLAB_EC = {"tomato": (8.0, 6.0, 5.0, 4.0, 3.8), "cucumber": (5.0, 4.0, 3.5, 3.2, 3.0)}
"""The most at 200, 400, 600, 800 and 1000 W/m2, mS/cm."""
SALMON_SATURATION = {
    "full_appetite": (42.0, 76.0, "verified"), "limiting": (24.0, 40.0, "verified"),
    "feed_inhibit": (52.0, 86.0, "secondary"), "alarm": (47.0, 81.0, "secondary"), "trip": (34.0, 50.0, "secondary"),
}  # fmt: skip
"""At 7 and at 19 degC, %: feeding 10 above full appetite, the alarm 5 above it, the trip 10 above the limiting one."""


LOCAL = (
    "blanket_loop", "curtain_loop", "vent_loop", "blanket_down_in_wind", "blanket_down_in_the_wet",
    "short_lift_on_snow_days", "blanket_stays_in_the_bitter_cold", "no_cold_draught", "damp_goes_out_after_the_lift",
    "blanket_up_in_the_cold",
)  # fmt: skip
"""Parts of the solar greenhouse with figures of control.md 1.2, of which every one is local agronomy."""


def test_what_is_local_agronomy_says_that_nobody_has_verified_it() -> None:
    parts = {part.name.partition(".")[2]: part.rest for part in load_preset("solar_greenhouse/tomato@1").parts}
    rest = {name: figure.status for name in LOCAL if (figure := parts[name]) is not None}
    assert rest == dict.fromkeys(LOCAL, "unverified")


@pytest.mark.parametrize(("crop", "row"), [(crop, row) for crop, rows in CROPS.items() for row in rows])
def test_a_crops_figure_is_the_tables_and_no_surer(crop: str, row: Row) -> None:
    assert_is_of("crops", crop, row)


@pytest.mark.parametrize(("species", "row"), [(name, row) for name, rows in SPECIES.items() for row in rows])
def test_a_species_figure_is_the_tables_and_no_surer(species: str, row: Row) -> None:
    assert_is_of("species", species, row)


def assert_is_of(folder: str, name: str, row: Row) -> None:
    figure = load_facts(folder, name)[row.field]
    value = parse_quantity(figure.value).to(row.unit)
    assert row.low - 1e-9 <= value <= row.high + 1e-9, f"{name} {row.field}: {figure.value}"
    assert figure.status == row.status, f"{name} {row.field}: {figure.status}"
    # a source in brackets is one that somebody can look up; what is remembered says so, and cannot be looked up
    assert ("[S" in figure.source) or figure.status not in ("verified", "secondary"), figure.source


@pytest.mark.parametrize("crop", SLAB_EC)
def test_a_slab_may_be_the_less_salty_the_brighter_it_is(crop: str) -> None:
    figure = load_facts("crops", crop)["slab_ec_max"]
    points = [(parse_quantity(light).to("W/m2"), parse_quantity(ec).to("mS/cm")) for light, ec in figure.value]
    assert points == list(zip((200.0, 400.0, 600.0, 800.0, 1000.0), SLAB_EC[crop], strict=True))
    assert all(bright < dull for (_, dull), (_, bright) in pairwise(points))
    assert figure.status == "secondary"


@pytest.mark.parametrize("line", SALMON_SATURATION)
def test_a_salmons_oxygen_is_on_the_lines_of_what_was_measured(line: str) -> None:
    cold, warm, status = SALMON_SATURATION[line]
    figure = load_facts("species", "atlantic_salmon")[f"oxygen_saturation_{line}"]
    points = [(parse_quantity(at).to("degC"), parse_quantity(share).to("%")) for at, share in figure.value]
    assert points == [(7.0, cold), (19.0, warm)]
    assert figure.status == status
