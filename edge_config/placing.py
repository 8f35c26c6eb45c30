"""Short names in their place: `zone.air_temp` and `tank.do` of a repeated part become the full names of one zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_config.preset_library import with_inner

SHORT = re.compile(r"(?<![\w.])([a-z]\w*)\.([a-z]\w*)(?![\w.])")
"""`zone.air_temp`, and not a part of a longer name."""

NAMING = ("set", "request")
"""Keys of a sequence's step under which outputs are keys themselves."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One zone, or the facility as a whole."""

    facility: str
    zone: str
    words: Mapping[str, str]
    """What a short name may begin with -> the zone that it leads to."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Short names that the farm calls otherwise."""

    def full(self, short: str) -> str:
        """The full name; what does not begin with a known word stays as it is."""
        meant = self.renamed.get(short, short)
        word, _, point = meant.partition(".")
        return f"{self.facility}.{self.words[word]}.{point}" if "." not in point and word in self.words else meant

    def placed(self, raw: Any) -> Any:
        """A part with its names in full."""
        if isinstance(raw, str):
            return SHORT.sub(lambda match: self.full(match[0]) if match[1] in self.words else match[0], raw)
        inner = with_inner(raw, self.placed)
        if isinstance(inner, dict):
            for verb in NAMING:
                if isinstance(inner.get(verb), dict):
                    inner[verb] = {self.placed(name): to for name, to in inner[verb].items()}
        return inner

    def names_in(self, raw: Any) -> dict[str, str]:
        """The short names in a part -> their full ones."""
        if isinstance(raw, str):
            return {match[0]: self.full(match[0]) for match in SHORT.finditer(raw) if match[1] in self.words}
        if isinstance(raw, dict):
            named = [name for verb in NAMING if isinstance(raw.get(verb), dict) for name in raw[verb]]
            raw = [*named, *(one for key, one in raw.items() if key not in ("name", "description", "tests"))]
        return {k: v for one in raw for k, v in self.names_in(one).items()} if isinstance(raw, list) else {}


def spot_of(facility: str, zone: str, zones: list[str], word: str, renamed: Mapping[str, str] | None = None) -> Spot:
    """`word` (and `zone`) mean this zone, `all` the facility, and each zone's own name itself."""
    words = {one: one for one in (*zones, "all")} | {word: zone, "zone": zone}
    return Spot(facility, zone, words, renamed or {})
