"""What the species files say is what control.md 6.2 has, figure by figure, and no surer than it is there."""

from pathlib import Path
from typing import NamedTuple

import pytest

from edge_config.preset_library import load_facts
from foundation.units import parse_quantity

SPECIES = ("nile_tilapia", "rainbow_trout", "atlantic_salmon", "largemouth_bass", "whiteleg_shrimp", "grouper")
RECALLED, PRACTICE, READ = "unverified", "practice", "secondary"
"""[U]; [K]; a number that stands behind a source in brackets."""


class Row(NamedTuple):
    """One row of the table: what a field may be for each species, in the table's unit, and how sure that is."""

    field: str
    unit: str
    figures: tuple[tuple[float, float, str] | None, ...]
    """By SPECIES: lowest, highest, status; None where the table has none."""


def row(field: str, unit: str, *figures: tuple[float, float, str] | None) -> Row:
    return Row(field, unit, figures)


def one(value: float, status: str) -> tuple[float, float, str]:
    return value, value, status


TABLE = (
    row("temperature_low", "degC", one(27, RECALLED), one(12, RECALLED), one(12, PRACTICE), one(24, READ),
        one(28, PRACTICE), one(26, RECALLED)),
    row("temperature_high", "degC", one(30, RECALLED), one(16, RECALLED), one(14, PRACTICE), one(30, READ),
        one(32, PRACTICE), one(30, RECALLED)),
    row("temperature_best", "degC", None, None, None, one(26.8, READ), None, None),
    row("growth_stops_cold", "degC", None, None, None, one(10, READ), None, None),
    row("growth_stops_warm", "degC", None, None, None, one(36, READ), None, None),
    row("temperature_stress", "degC", None, None, None, one(35, READ), None, one(32, READ)),
    row("temperature_giant_trial", "degC", None, None, None, None, None, one(24.8, READ)),
    row("feed_stop_cold", "degC", one(18, RECALLED), None, None, one(12, RECALLED), one(22, RECALLED),
        one(20, RECALLED)),
    row("feed_stop_warm", "degC", one(34, RECALLED), one(20, RECALLED), one(18, RECALLED), one(34, RECALLED),
        one(34, RECALLED), one(32, RECALLED)),
    row("oxygen_setpoint", "mg/L", one(6, PRACTICE), (8, 9, PRACTICE), None, (6, 7.5, PRACTICE), (6, 7, PRACTICE),
        (6, 7, PRACTICE)),
    row("oxygen_feed_inhibit", "mg/L", one(4.5, PRACTICE), one(6.5, PRACTICE), None, one(5.5, PRACTICE),
        one(5, PRACTICE), one(5.5, PRACTICE)),
    row("oxygen_low", "mg/L", one(4, PRACTICE), one(6, PRACTICE), None, one(5, PRACTICE), one(4.5, PRACTICE),
        one(5, PRACTICE)),
    row("oxygen_low_low", "mg/L", one(3, PRACTICE), one(5, PRACTICE), None, one(4, PRACTICE), one(3.5, PRACTICE),
        one(4, PRACTICE)),
    row("oxygen_stress", "mg/L", one(3, READ), one(6, READ), one(7, READ), None, one(4, READ), None),
    row("oxygen_lethal", "mg/L", one(1, READ), one(3, READ), one(4, READ), None, one(2, READ), None),
    row("co2_max", "mg/L", one(30, RECALLED), one(20, RECALLED), one(15, READ), (20, 25, RECALLED), one(20, RECALLED),
        (15, 20, RECALLED)),
    row("co2_aim", "mg/L", None, None, one(12, READ), None, None, None),
    row("ammonia_max", "mg/L", one(0.05, RECALLED), (0.0125, 0.02, RECALLED), (0.01, 0.02, RECALLED),
        (0.02, 0.05, RECALLED), one(0.03, RECALLED), one(0.02, RECALLED)),
    row("nitrite_max", "mg/L", one(1, RECALLED), one(0.1, RECALLED), (0.1, 0.5, RECALLED), one(0.5, RECALLED),
        one(1, RECALLED), one(0.5, RECALLED)),
    row("ph_low", "pH", one(6.5, PRACTICE), one(6.5, PRACTICE), one(6.5, PRACTICE), one(6.5, PRACTICE),
        one(7.2, PRACTICE), one(7.5, READ)),
    row("ph_high", "pH", one(8.5, PRACTICE), one(8.0, PRACTICE), one(7.8, PRACTICE), one(8.5, PRACTICE),
        one(8.3, PRACTICE), one(8.3, READ)),
    row("salinity_low", "g/L", one(0, PRACTICE), one(0, PRACTICE), one(0, PRACTICE), one(0, PRACTICE),
        one(2, PRACTICE), one(15, PRACTICE)),
    row("salinity_high", "g/L", one(15, PRACTICE), one(30, PRACTICE), one(34, PRACTICE), one(8, PRACTICE),
        one(35, PRACTICE), one(33, PRACTICE)),
    row("orp_trip", "mV", (300, 320, READ), (300, 320, READ), (300, 350, READ), (300, 320, READ), None,
        one(300, RECALLED)),
)  # fmt: skip
CELLS = [
    pytest.param(species, line, line.figures[index], id=f"{species}-{line.field}")
    for line in TABLE
    for index, species in enumerate(SPECIES)
]


@pytest.mark.parametrize(("species", "line", "expected"), CELLS)
def test_a_species_file_has_the_figure_of_the_table_and_says_how_sure_it_is(
    species: str, line: Row, expected: tuple[float, float, str] | None
) -> None:
    figure = load_facts("species", species).get(line.field)
    if expected is None:
        # what the table does not have is an engineering choice, and is marked as one
        assert figure is None or (figure.status in (RECALLED, PRACTICE) and figure.source), figure
        return
    assert figure is not None
    low, high, status = expected
    assert low <= parse_quantity(figure.value).to(line.unit) <= high
    assert figure.status == status


def test_salmon_need_the_share_of_saturation_that_the_table_has() -> None:
    """42 % at 7 degC to 76 % at 19 degC, limiting 24 to 40 %: verified; feed at 10 % more, alarm 5, trip 10."""
    facts = load_facts("species", "atlantic_salmon")
    wanted = {
        "oxygen_saturation_full_appetite": (42, 76, "verified"),
        "oxygen_saturation_limiting": (24, 40, "verified"),
        "oxygen_saturation_feed_inhibit": (52, 86, READ),
        "oxygen_saturation_alarm": (47, 81, READ),
        "oxygen_saturation_trip": (34, 50, READ),
    }
    for field, (cold, warm, status) in wanted.items():
        figure = facts[field]
        assert figure.value == [["7 degC", f"{cold} %"], ["19 degC", f"{warm} %"]]
        assert figure.status == status
    assert 85 <= parse_quantity(facts["oxygen_saturation_setpoint"].value).to("%") <= 95


def test_every_species_of_the_table_has_its_file_and_no_other() -> None:
    assert {path.stem for path in Path("edge_config/presets/species").glob("*.yaml")} == set(SPECIES)


@pytest.mark.parametrize("species", SPECIES)
def test_what_is_recalled_is_nowhere_said_to_be_verified(species: str) -> None:
    for name, figure in load_facts("species", species).items():
        assert figure.status in ("verified", "secondary", "practice", "unverified")
        if "recalled" in figure.source:
            assert figure.status == "unverified", name
        if figure.status in ("verified", "secondary"):
            assert "[S" in figure.source or "physics.md" in figure.source, name
