"""What a hint needs to be helpful: a value as it was written, and the known name that was probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from foundation.document import Secret, scalar

NONE = "—"
"""Shown where there is nothing to name."""
LONGEST = 60


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`; NONE if nothing is known at all."""
    names = sorted(known)
    if not names:
        return NONE
    close = get_close_matches(name, names, 1, 0.6)
    return close[0] if close else max(names, key=lambda one: SequenceMatcher(None, one, name).quick_ratio())


def listed(known: Iterable[str]) -> str:
    """All of a few names."""
    return ", ".join(known) or NONE


def shown(found: object) -> str:
    """A value as a person would recognise it from the file, on one line and not too long."""
    match found:
        case None:
            return "null"
        case bool():
            return str(found).lower()
        case dict():
            return "{…}"
        case list() | tuple():
            return "[…]"
        case Secret():
            text = f"!secret {found.name}"
        case str():
            text = found if isinstance(scalar(found), str) else f'"{found}"'
        case _:
            text = str(found)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
