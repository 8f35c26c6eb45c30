"""InfluxDB line protocol: one reading, one line.

    env,facility=gh1,site=farm1,tag=air_temp,zone=bay1 v=21.5,q=3i 1763800000000
    water,facility=ras1,site=farm1,tag=do,zone=tank1 q=0i,why="comm" 1763800000000
    water,facility=ras1,site=farm1,tag=do,zone=tank1 v=51.0,q=0i,why="range" 1763800000000

A number is `v`, a bool `b`, a text `s`; `q` is always there and `why` wherever q < 3. A refused value stands in the
record as it was seen, for the record equals its source, and `q=0` and `why` stand in the same point: who draws `v`
asks for q > 0. Where there was no value there is none here, and what is not finite is never a value.
"""

import re
from functools import cache
from math import isfinite

from foundation.reading import Quality, Reading, Reason, Value
from foundation.tag import Tag

TEXT_LIMIT = 16_000
"""Characters of a text that are kept: InfluxDB takes 64 KB in a string."""

_ESCAPED = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_TEXT_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\""})
_UNWRITABLE = re.compile(r'[\x00-\x1f\x7f"\\]')
_WORD = r"((?:[^\\ ,=]|\\.)+)"
_OURS = re.compile(
    rf"{_WORD},facility={_WORD},site={_WORD},tag={_WORD},zone={_WORD} "
    r'(?:(?:v=([-+0-9.e]+)|b=(true|false)|s="((?:[^"\\]|\\.)*)"),)?q=([0-3])i(?:,why="(\w+)")? (-?[0-9]{1,16})',
    re.DOTALL,
)
_LINE = re.compile(rb'(?:[^"\n]|"(?:[^"\\]|\\.)*")+', re.DOTALL)


def milliseconds(time_s: float) -> int:
    """Farm time as it is stored: whole milliseconds since the Unix epoch."""
    return round(time_s * 1000.0)


def _key(text: str) -> str:
    # A quote, a backslash or a line break cannot be told from syntax by every server, whatever the escape.
    if not text or _UNWRITABLE.search(text):
        raise ValueError(f"{text!r} cannot stand in line protocol")
    return text.translate(_ESCAPED)


def prefix(site: str, tag: Tag) -> str:
    """All of a tag's line that never changes, escaped: built once a tag. ValueError for what no server could read."""
    where = f"facility={_key(tag.facility)},site={_key(site)},tag={_key(tag.point)},zone={_key(tag.zone)}"
    return f"{_key(tag.measurement)},{where} "


@cache
def _trust(quality: Quality, reason: Reason | None) -> str:
    why = f',why="{reason}"' if reason is not None and quality is not Quality.GOOD else ""
    return f"q={int(quality)}i{why}"


def _field(value: Value) -> str:
    if isinstance(value, bool):
        return "b=true" if value else "b=false"
    if isinstance(value, str):
        return f's="{value[:TEXT_LIMIT].translate(_TEXT_ESCAPED)}"'
    digits = repr(float(value))
    # always with a dot, so that nobody takes a float for an integer: 1e+16 is written 1.0e+16
    return f"v={digits}" if "." in digits else f"v={digits.replace('e', '.0e')}"


def line(prefix: str, reading: Reading) -> str:
    """The reading as a line, without a line break behind it."""
    _, value, quality, reason, time_s = reading
    if value is not None and not isinstance(value, str) and not isfinite(value):
        value, quality, reason = None, Quality.BAD, Reason.NOT_FINITE
    if value is not None:
        return f"{prefix}{_field(value)},{_trust(quality, reason)} {milliseconds(time_s)}"
    if quality is not Quality.BAD:
        # trusted, but nothing there to trust
        quality, reason = Quality.BAD, Reason.WRONG_TYPE
    return f"{prefix}{_trust(quality, reason)} {milliseconds(time_s)}"


def split(body: bytes) -> list[bytes]:
    """The lines of a body of lines; a text may hold line breaks of its own."""
    return _LINE.findall(body) if b'"' in body else body.split(b"\n")


def count(body: bytes) -> int:
    """How many lines `split` makes of it."""
    return len(_LINE.findall(body)) if b'"' in body else body.count(b"\n") + 1


def parse(line: str) -> tuple[str, str, Reading]:
    """Measurement, site and reading of a line that is written as ours are. ValueError for anything else."""
    found = _OURS.fullmatch(line)
    if found is None:
        raise ValueError(f"not a line as it is written here: {line[:200]!r}")
    measurement, facility, site, point, zone, number, switch, text, quality, why, time_ms = found.groups()
    value: Value | None = None
    if number is not None:
        value = float(number)
    elif switch is not None:
        value = switch == "true"
    elif text is not None:
        value = re.sub(r'\\(["\\])', r"\1", text)
    name = ".".join(re.sub(r"\\([,= ])", r"\1", word) for word in (facility, zone, point))
    reason = None if why is None else Reason(why)
    return measurement, site, Reading(name, value, Quality(int(quality)), reason, int(time_ms) / 1000.0)
