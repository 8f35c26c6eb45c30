"""What is wrong with a section `weather` of a site or a scenario: told at its line before anything runs."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from edge_config.loader import Loaded
from edge_config.model.site import Place
from edge_config.weather_beside import FILE_KINDS, WEATHER, weather_folder
from edge_config.wording import listed, nearest
from foundation.document import Path_
from foundation.problem import Problem
from simulator.weather import CLIMATES
from simulator.weather_of_site import weather_of
from simulator.weather_synthetic import climate_names

Note = Callable[..., None]
"""Takes a code, the path within the section, and what the message tells."""
_ANY_SEED: Final = 1
_SHOWN: Final = 12
"""So many files of a folder are named at most."""


def check_site_weather(loaded: Loaded) -> list[Problem]:
    """Every mistake in `simulation.weather` of a site."""
    problems: list[Problem] = []

    def note(code: str, path: Path_, **values: Any) -> None:
        problems.append(loaded.text.problem(code, (*WEATHER, *path), **values))

    section = loaded.text.value.get("simulation", {}).get("weather")
    check_weather(section, weather_folder(loaded.text), loaded.site.site, note)
    return problems


def check_weather(section: Any, folder: Path, place: Place, note: Note) -> None:
    """E702 for a name or a file that there is not, E706 for what is no weather, E707 for a file that cannot be read.

    `folder` is where a relative path counts from.
    """
    if section is None:
        return
    names: Mapping[str, Callable[[], Iterable[str]]] = {"design_day": lambda: CLIMATES, "year": climate_names}
    kind = next((one for one in (*names, *FILE_KINDS) if isinstance(section, dict) and one in section), None)
    if kind is None:
        note("E706", (), choices=", ".join((*names, *FILE_KINDS)))
        return
    name = section[kind]
    if kind in names:
        if name not in names[kind]():
            _unknown(kind.replace("_", " "), (kind,), str(name), names[kind](), note)
            return
        placed = section
    else:
        file = folder / str(name)
        if not file.is_file():
            _unknown(f"{kind} file", (kind,), str(name), _files_near(file), note)
            return
        placed = section | {kind: str(file)}
    try:
        weather_of(placed, place, _ANY_SEED)
    except (ValueError, OSError) as error:
        note("E707", (kind,), what=str(error))


def _unknown(kind: str, path: Path_, found: str, known: Iterable[str], note: Note) -> None:
    there = sorted(known)
    note("E702", path, kind=kind, found=found, near=nearest(found, there), known=listed(there[:_SHOWN]))


def _files_near(file: Path) -> list[str]:
    """Files of the folder that end as it does, or any."""
    try:
        there = [one.name for one in file.parent.iterdir() if one.is_file()]
    except OSError:
        return []
    return [name for name in there if name.endswith(file.suffix)] or there
