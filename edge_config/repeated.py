"""`each`: a block of a site file that stands for every zone of a facility (eight tanks are not eight copies)."""

import re
from typing import Any

from edge_config.laying import chosen_zones, lay, zones_of
from edge_config.merged import Layer, Merged
from edge_config.placing import spot_of
from edge_config.preset_library import NAMED_SECTIONS
from edge_config.wording import listed, nearest
from foundation.document import Path_

EACH = re.compile(r"([a-z]\w{0,31}) in ([a-z]\w{0,31})(\.[a-z]\w*)?")


def repeat_blocks(merged: Merged) -> None:
    blocks = merged.value.pop("each", None)
    if blocks is None:
        return
    if not isinstance(blocks, dict):
        merged.problems.append(merged.problem("E112", ("each",), found=blocks, form="{tank in ras1: {programs: {…}}}"))
        return
    for written, block in blocks.items():
        path: Path_ = ("each", written)
        match = EACH.fullmatch(str(written))
        if match is None:
            merged.problems.append(merged.problem("E134", path, key=True))
            continue
        zones = zones_of(merged, match[2])
        if zones is None:
            known = merged.value.get("facilities") or {}
            names = listed(known) if isinstance(known, dict) else ""
            near = nearest(match[2], known)
            merged.problems.append(
                merged.problem("E301", path, key=True, facility=match[2], near=near, known=names)
            )  # fmt: skip
        elif not isinstance(block, dict):
            merged.problems.append(merged.problem("E112", path, form="{programs: {…}, loops: {…}}"))
        else:
            _repeat(merged, path, match[1], match[2], zones, block)


def _repeat(
    merged: Merged, path: Path_, word: str, facility: str, zones: list[str], block: dict[str, Any]
) -> None:  # fmt: skip
    meant = chosen_zones(merged, (*path, "zones"), facility, zones, block.get("zones"))
    at = merged.layer(path)
    for section, parts in block.items():
        if section == "zones":
            continue
        if section not in NAMED_SECTIONS or not isinstance(parts, dict):
            known = ("zones", *NAMED_SECTIONS)
            where, near = merged.where(path), nearest(str(section), known)
            merged.problems.append(
                merged.problem(
                    "E102", (*path, section), key=True, where=where, key_name=section, near=near, known=listed(known)
                )
            )
            continue
        for short, body in parts.items():
            if str(short).partition(".")[0] not in (word, "zone"):
                merged.problems.append(merged.problem("E460", (*path, section, short), key=True, word=word))
                continue
            for zone in meant:
                spot = spot_of(facility, zone, zones, word)
                layer = Layer(at.document, (*at.path, section, short), at.place(key=True))
                lay(merged, section, spot.full(str(short)), spot.placed(body), (layer,))
