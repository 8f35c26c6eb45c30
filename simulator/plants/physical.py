"""Parameters of the thin plants, loaded and held to what can be: refused where a file says nonsense, with its place."""

from collections.abc import Collection, Iterator, Mapping

from simulator.parameters import load_parameters

_SHARES = (
    "absorption", "emission", "transmission", "_share", "wetness", "frame_shade", "evaporates", "bypass", "damper_leak",
    "curtain", "into_coil", "picked_at", "film_clear", "relative_humidity", "discharge", "fan_still",
)  # fmt: skip
"""Words in the names of what lies between 0 and 1."""
_MAY_BE_ZERO = (
    "leak", "infiltration", "co2", "fruit_start", "fruit_most", "heater_c", "heater_k", "steam", "watering", "fan_w",
    "insulation", "bottom_heat", "mist_kg", "respiration", "transpiration", "defrost_kw", "rest_s", "approach",
    "initial_casing", "below", "wind_pressure",
)  # fmt: skip
_TOGETHER_AT_MOST_1 = (("film_fir_transmission", "film_emission"), ("film_transmission", "film_absorption"))
_SMALLER_THAN = (
    ("wall_height_m", "ridge_height_m"), ("ridge_from_front_m", "span_m"), ("floor_area_m2", "cover_area_m2"),
    ("germination_base_c", "germination_best_c"), ("germination_best_c", "germination_ceiling_c"),
    ("casing_dry_kg_m2", "casing_most_kg_m2"), ("initial_casing_kg_m2", "casing_most_kg_m2"),
)  # fmt: skip


def load_physical(name: str, plant: str, known: Collection[str], seed: int | None) -> dict[str, float]:
    """The values of a parameter file; what a sibling moves beyond a whole share is held there."""
    values = load_parameters(name, plant=plant, known=known, seed=seed, check=unphysical)
    for key, value in values.items():
        if _share(key):
            values[key] = min(1.0, max(0.0, value))
    for first, second in _TOGETHER_AT_MOST_1:
        if first in values:
            values[first] = min(values[first], 1.0 - values[second])
    return values


def unphysical(values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Parameters that no house, crop or machine can have, each with what is wrong with it."""
    for key, value in values.items():
        if _share(key):
            if not 0.0 <= value <= 1.0:
                yield key, f"is {value:g}, wanted 0 to 1"
        elif key.endswith(("_c", "_degrees")):
            if not -90.0 <= value <= 360.0:
                yield key, f"is {value:g}, wanted -90 to 360"
        elif value < 0.0 or (value == 0.0 and not any(part in key for part in _MAY_BE_ZERO)):
            yield key, f"is {value:g}, wanted more than 0"
    for first, second in _TOGETHER_AT_MOST_1:
        if values.get(first, 0.0) + values.get(second, 0.0) > 1.0:
            yield first, f"makes {values[first] + values[second]:g} with {second}, wanted 1 at most"
    for less, more in _SMALLER_THAN:
        if less in values and values[less] >= values[more]:
            yield less, f"is {values[less]:g}, wanted less than {more}, {values[more]:g}"
    if values.get("film_refraction", 1.5) < 1.0:
        yield "film_refraction", f"is {values['film_refraction']:g}, wanted at least 1"


def _share(key: str) -> bool:
    return any(part in key for part in _SHARES)
