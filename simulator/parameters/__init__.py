"""Parameter files of the plants: every number with its unit, its source and how far it may lie off."""

import math
import random
from collections.abc import Collection
from importlib import resources
from pathlib import PurePath
from typing import Any

import yaml

_TOP_KEYS = frozenset({"plant", "name", "note", "base", "parameters"})
_ENTRY_KEYS = frozenset({"value", "unit", "source", "spread", "note"})


class ParameterError(ValueError):
    """A parameter file says something that no plant can be built from; names the file and the key."""


def names() -> list[str]:
    """Every parameter file that comes with the simulator, without its ending."""
    found = (PurePath(entry.name) for entry in resources.files(__package__).iterdir())
    return sorted(path.stem for path in found if path.suffix == ".yaml")


def load_parameters(
    name: str,
    *,
    plant: str | None = None,
    known: Collection[str] | None = None,
    seed: int | None = None,
) -> dict[str, float]:
    """The values of `simulator/parameters/{name}.yaml`, those of its `base:` file underneath.

    `plant` is what the file must be for, `known` exactly the names it must give: one too many, one too few,
    one that is not a finite number raise ParameterError. With a `seed` every value that declares a `spread`
    (a fraction) is moved by as much at most, always the same way for the same name and seed.
    """
    entries = _entries(name, plant, ())
    if known is not None:
        for key in entries:
            if key not in known:
                raise ParameterError(f"{name}.yaml: unknown parameter '{key}'")
        for key in known:
            if key not in entries:
                raise ParameterError(f"{name}.yaml: parameter '{key}' is missing")
    values = {key: value for key, (value, _) in entries.items()}
    if seed is not None:
        for key, (value, spread) in entries.items():
            values[key] = value * (1.0 + spread * random.Random(f"{key}:{seed}").uniform(-1.0, 1.0))
    return values


def _entries(name: str, plant: str | None, above: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    file = f"{name}.yaml"
    if name in above:
        raise ParameterError(f"{file}: is its own base ({' <- '.join((*above, name))})")
    document = _document(name)
    for key in document:
        if key not in _TOP_KEYS:
            raise ParameterError(f"{file}: unknown key '{key}'; there are: {', '.join(sorted(_TOP_KEYS))}")
    if plant is not None and document.get("plant") != plant:
        raise ParameterError(f"{file}: is for plant '{document.get('plant')}', not for '{plant}'")
    base = document.get("base")
    entries = _entries(str(base), plant, (*above, name)) if base is not None else {}
    own = document.get("parameters")
    if not isinstance(own, dict):
        raise ParameterError(f"{file}: key 'parameters' must be a mapping of name to value, unit and source")
    for key, entry in own.items():
        entries[str(key)] = _entry(file, str(key), entry)
    return entries


def _document(name: str) -> dict[str, Any]:
    source = resources.files(__package__).joinpath(f"{name}.yaml")
    if PurePath(name).name != name or not source.is_file():
        raise ParameterError(f"there is no parameter file '{name}'; there are: {', '.join(names())}")
    try:
        document = yaml.safe_load(source.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParameterError(f"{name}.yaml: {error}") from error
    if not isinstance(document, dict):
        raise ParameterError(f"{name}.yaml: must be a mapping with 'plant', 'name' and 'parameters'")
    return document


def _entry(file: str, key: str, entry: Any) -> tuple[float, float]:
    if not isinstance(entry, dict):
        raise ParameterError(f"{file}: parameter '{key}' must give value, unit and source")
    for part in entry:
        if part not in _ENTRY_KEYS:
            raise ParameterError(f"{file}: parameter '{key}' has the unknown key '{part}'")
    for part in ("value", "unit", "source"):
        if part not in entry:
            raise ParameterError(f"{file}: parameter '{key}' has no {part}")
    spread = _number(file, f"{key}.spread", entry.get("spread", 0.0))
    if not 0.0 <= spread < 1.0:
        raise ParameterError(f"{file}: parameter '{key}' has the spread {spread:g}, wanted 0 up to 1")
    return _number(file, key, entry["value"]), spread


def _number(file: str, key: str, value: Any) -> float:
    """YAML 1.1 reads 1e-4 as a text, so numbers written that way are taken too."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError(f"{file}: parameter '{key}' is {value!r}, not a finite number")
    return number
