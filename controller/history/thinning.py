"""Lines made fewer: of each minute and tag the lowest, the highest, and the mean; and a line that tells of the gap.

Lowest and highest stay as they were written. The mean stands at the middle of its minute, marked as what it is:
computed (`q=2i,why="estimated"`). Only good numbers are thinned; states, texts and whatever is not good stay line for
line.
"""

import re
from collections.abc import Iterable, Sequence

MINUTE_MS = 60_000
_GOOD = ",q=3i"
_SITE = re.compile(r",site=((?:[^,\\ ]|\\.)+),")


def thinned(lines: Iterable[bytes]) -> list[bytes]:
    """The lines that stay, those that stay as they were in their order, the means after them."""
    kept: list[bytes] = []
    groups: dict[tuple[bytes, int], list[tuple[float, int, bytes]]] = {}
    for line in lines:
        parts = line.rsplit(b" ", 2)
        if b'"' not in line and len(parts) == 3 and parts[1].startswith(b"v=") and parts[1].endswith(b",q=3i"):
            place = len(kept)
            kept.append(line)
            value = float(parts[1][2:-5])
            groups.setdefault((parts[0], int(parts[2]) // MINUTE_MS), []).append((value, place, line))
        else:
            kept.append(line)
    gone: set[int] = set()
    means: list[bytes] = []
    for (prefix, minute), points in groups.items():
        if len(points) > 3:
            extremes = {min(points)[1], max(points)[1]}
            gone |= {place for _, place, _ in points} - extremes
            mean = repr(sum(value for value, _, _ in points) / len(points))
            mean = mean if "." in mean else mean.replace("e", ".0e")
            at_ms = minute * MINUTE_MS + MINUTE_MS // 2
            means.append(prefix + f' v={mean},q=2i,why="estimated" {at_ms}'.encode())
    return [line for place, line in enumerate(kept) if place not in gone] + means


def gap_line(lines: Sequence[bytes], first_ms: int, last_ms: int, kept: int) -> bytes:
    """What stands in the record where lines were thinned, as an event of the site that the lines are of."""
    found = _SITE.search(lines[0].decode("utf-8", "replace")) if lines else None
    site = found[1] if found else "unknown"
    said = f"{len(lines)} points of {first_ms} to {last_ms} ms became {kept} for want of room"
    return f'event,facility=all,site={site},tag=history_gap,zone=all s="{said}"{_GOOD} {last_ms}'.encode()


def is_gap(line: bytes) -> bool:
    """Whether it tells of a gap."""
    return line.startswith(b"event,facility=all,") and b",tag=history_gap," in line
