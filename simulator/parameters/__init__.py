"""Parameter files of the plants: every number with its unit, its source and how far it may lie off."""

import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import resources
from pathlib import PurePath
from typing import Any, NamedTuple

import yaml

_TOP_KEYS = frozenset({"plant", "name", "note", "base", "parameters"})
SPECIES = "species"
"""`plant:` of a preset that serves every plant with such a stock."""
_ENTRY_KEYS = frozenset({"value", "unit", "source", "spread", "range", "measured", "note"})
_MEASURED = frozenset({"m", "m2", "m3", "L", "m2/m2", "m/m2", "L/m2", "degree", "degC", "pH"})
"""Units of what a builder measures, and of what is no multiple of anything."""


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ParameterError(ValueError):
    """A parameter file says something that no plant can be built from; names the file, the line and the key."""


class _Entry(NamedTuple):
    value: float
    spread: float
    low: float
    high: float
    """Where nature, or the maker, ends it: no sibling lies beyond."""
    measured: bool
    """Known on a real farm: a scenario's wide spread leaves it its own."""
    place: str
    """File and line."""


class Varied(NamedTuple):
    """What a scenario changes of whatever is loaded while it builds its plant."""

    changes: Mapping[str, float] = {}
    spread: float | None = None
    """As a fraction, for every parameter that nobody measures; None for what each declares."""


_AS_THEY_ARE = Varied()
_VARIED: ContextVar[Varied] = ContextVar("varied", default=_AS_THEY_ARE)


@contextmanager
def varied(changes: Mapping[str, float], spread: float | None) -> Iterator[None]:
    """Plants that are loaded inside have these values, and siblings this spread."""
    token = _VARIED.set(Varied(changes, spread))
    try:
        yield
    finally:
        _VARIED.reset(token)


def names() -> list[str]:
    """Every parameter file that comes with the simulator, without its ending."""
    found = (PurePath(entry.name) for entry in resources.files(__package__).iterdir())
    return sorted(path.stem for path in found if path.suffix == ".yaml")


def load_parameters(
    name: str,
    *,
    plant: str | tuple[str, ...] | None = None,
    known: Collection[str] | None = None,
    optional: Collection[str] = (),
    seed: int | None = None,
    check: Callable[[Mapping[str, float]], Iterable[tuple[str, str]]] | None = None,
) -> dict[str, float]:
    """The values of `simulator/parameters/{name}.yaml`, those of its `base:` file, or files in order, underneath.

    `plant` is what the file must be for; of several, the files underneath may be for the others. `known` are
    exactly the names it must give, beside those that are `optional`: one too many, one too few,
    one that is not a finite number raise ParameterError. With a `seed` every value that declares a `spread`
    (a fraction) is moved by as much at most within its `range`, always the same way for the same name and seed;
    within `varied(..., spread)` every value is moved by that much, but for sizes, temperatures, pH, where a run
    starts, and what says `measured: true`: those keep what they declare.
    `bass_50m3+rainbow_trout` lays one file over another: a plant, and over it the preset of a species.
    What `check` finds in the values (key, what is wrong with it) raises ParameterError too, with the key's place.
    """
    entries = {key: entry for part in name.split("+") for key, entry in _entries(part.strip(), plant, ()).items()}
    if known is not None:
        for key in entries:
            if key not in known and key not in optional:
                raise ParameterError(f"{entries[key].place}: unknown parameter '{key}'")
        for key in known:
            if key not in entries:
                raise ParameterError(f"{name}.yaml: parameter '{key}' is missing")
    values = {key: entry.value for key, entry in entries.items()}
    if check is not None:
        for key, wrong in check(values):
            raise ParameterError(f"{entries[key].place}: parameter '{key}' {wrong}")
    varied = _VARIED.get()
    values |= {key: value for key, value in varied.changes.items() if key in values}
    if seed is not None:
        for key, entry in entries.items():
            wide = varied.spread if varied.spread is not None and not entry.measured else entry.spread
            values[key] = _drawn(values[key], wide, entry, random.Random(f"{key}:{seed}").uniform(-1.0, 1.0))
    return values


def _drawn(value: float, spread: float, entry: _Entry, draw: float) -> float:
    """Uniform within the spread, and within the range where that is narrower; `draw` is -1 to 1."""
    ends = sorted((value * (1.0 - spread), value * (1.0 + spread)))
    low, high = max(ends[0], min(entry.low, value)), min(ends[1], max(entry.high, value))
    if [low, high] == ends:
        return value * (1.0 + spread * draw)
    return low + (high - low) * (draw + 1.0) / 2.0


def _entries(name: str, plant: str | tuple[str, ...] | None, above: tuple[str, ...]) -> dict[str, _Entry]:
    file = f"{name}.yaml"
    if name in above:
        raise ParameterError(f"{file}: is its own base ({' <- '.join((*above, name))})")
    document, lines = _document(name)
    for key in document:
        if key not in _TOP_KEYS:
            raise ParameterError(f"{file}: unknown key '{key}'; there are: {', '.join(sorted(_TOP_KEYS))}")
    wanted = (plant,) if isinstance(plant, str) else plant
    if wanted is not None and document.get("plant") not in (*wanted, SPECIES):
        raise ParameterError(f"{file}: is for plant '{document.get('plant')}', not for '{wanted[0]}'")
    base = document.get("base", [])
    entries: dict[str, _Entry] = {}
    for under in base if isinstance(base, list) else [base]:
        entries.update(_entries(str(under), plant, (*above, name)))
    own = document.get("parameters")
    if not isinstance(own, dict):
        raise ParameterError(f"{file}: key 'parameters' must be a mapping of name to value, unit and source")
    for key, entry in own.items():
        entries[str(key)] = _entry(f"{file}:{lines.get(str(key), 1)}", str(key), entry)
    return entries


def _document(name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The file, and the line of each of its parameters."""
    source = resources.files(__package__).joinpath(f"{name}.yaml")
    if PurePath(name).name != name or not source.is_file():
        raise ParameterError(f"there is no parameter file '{name}'; there are: {', '.join(names())}")
    return _parsed(name, source.read_text(encoding="utf-8"))


@lru_cache(64)
def _parsed(name: str, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Kept: a farm, its siblings and a scenario's inspection ask for the same few files again and again."""
    try:
        document = yaml.load(text, _SafeLoader)
        root: Any = yaml.compose(text, _SafeLoader)
    except yaml.YAMLError as error:
        raise ParameterError(f"{name}.yaml: {error}") from error
    if not isinstance(document, dict):
        raise ParameterError(f"{name}.yaml: must be a mapping with 'plant', 'name' and 'parameters'")
    lines = {
        key.value: key.start_mark.line + 1
        for section, under in root.value
        if section.value == "parameters" and isinstance(under, yaml.MappingNode)
        for key, _ in under.value
    }
    return document, lines


def _entry(place: str, key: str, entry: Any) -> _Entry:
    if not isinstance(entry, dict):
        raise ParameterError(f"{place}: parameter '{key}' must give value, unit and source")
    for part in entry:
        if part not in _ENTRY_KEYS:
            raise ParameterError(f"{place}: parameter '{key}' has the unknown key '{part}'")
    for part in ("value", "unit", "source"):
        if part not in entry:
            raise ParameterError(f"{place}: parameter '{key}' has no {part}")
    spread = _number(place, f"{key}.spread", entry.get("spread", 0.0))
    if not 0.0 <= spread < 1.0:
        raise ParameterError(f"{place}: parameter '{key}' has the spread {spread:g}, wanted 0 up to 1")
    value, unit = _number(place, key, entry["value"]), str(entry["unit"])
    # what has no unit and is not more than 1 is taken for a share
    ends = entry.get("range", (-math.inf, 1.0 if unit == "-" and 0.0 <= value <= 1.0 else math.inf))
    if not (isinstance(ends, list | tuple) and len(ends) == 2):
        raise ParameterError(f"{place}: parameter '{key}' has the range {ends!r}, wanted [lowest, highest]")
    low, high = (end if isinstance(end, float) else _number(place, f"{key}.range", end) for end in ends)
    if not low <= value <= high:
        raise ParameterError(f"{place}: parameter '{key}' is {value:g}, outside of its range {low:g} to {high:g}")
    begins = key.rpartition(".")[2].startswith(("start_", "initial_", "crop_start_"))
    measured = bool(entry.get("measured", False)) or unit in _MEASURED or begins
    return _Entry(value, spread, low, high, measured, place)


def _number(place: str, key: str, value: Any) -> float:
    """YAML 1.1 reads 1e-4 as a text, so numbers written that way are taken too."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError(f"{place}: parameter '{key}' is {value!r}, not a finite number")
    return number
