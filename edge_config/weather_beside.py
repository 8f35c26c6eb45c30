"""Weather files of a simulation count from the file that names them, not from where a command runs."""

from pathlib import Path
from typing import Any, Final

from edge_config.merged import Merged

WEATHER: Final = ("simulation", "weather")
FILE_KINDS: Final = ("epw", "tmy3", "pvgis", "csv")
"""Keys of the section `simulation.weather` whose value is a file."""


def weather_beside(simulation: dict[str, Any], text: Merged) -> dict[str, Any]:
    """The section `simulation` with its weather file, if it names one, as a path that holds from anywhere."""
    weather = simulation.get("weather")
    if not isinstance(weather, dict):
        return simulation
    folder = weather_folder(text)
    placed = {
        key: str(folder / one) if key in FILE_KINDS and isinstance(one, str) else one for key, one in weather.items()
    }
    return simulation | {"weather": placed}


def weather_folder(text: Merged) -> Path:
    """Where the file stands that names the weather."""
    return Path(text.layer(WEATHER).document.file).absolute().parent
