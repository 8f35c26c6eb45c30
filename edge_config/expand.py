"""What a site file says briefly, written out: included files, blocks repeated over zones, facilities from presets."""

from pathlib import Path

from edge_config.merged import Merged, read_merged
from edge_config.preset_use import use_preset
from edge_config.repeated import repeat_blocks


def read_site(path: Path) -> Merged:
    """A site file with all that it includes, repeats and uses; what the site says itself goes first, key by key. Raises
    OSError if it cannot be read itself, ProblemsError where it could not be merged."""
    merged = read_merged(path)
    repeat_blocks(merged)
    facilities = merged.value.get("facilities")
    for name, facility in facilities.items() if isinstance(facilities, dict) else ():
        if isinstance(facility, dict) and isinstance(facility.get("use"), str):
            use_preset(merged, str(name), facility)
    return merged
