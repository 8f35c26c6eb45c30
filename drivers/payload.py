"""What an MQTT message says, as readings. Pure; no payload, however hostile, makes it raise.

`mqtt_json` is one JSON object: a key (or a dotted path) a channel, and optionally `t`, the source time in ms since the
epoch or as ISO 8601 with an offset. `mqtt_uns` is one value: `{"v":21.5,"t":ms,"q":"good","u":"degC"}`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from math import isclose, isfinite
from typing import Any, NamedTuple

from drivers.product import Channel, Product
from foundation.reading import Quality, Reading, Reason, Value, bad

MAX_BYTES = 64 * 1024
FUTURE_S = 5.0
"""A source's clock may be ahead by this much."""
QUALITIES = {
    "good": Quality.GOOD,
    "uncertain": Quality.UNCERTAIN,
    "substituted": Quality.SUBSTITUTED,
    "bad": Quality.BAD,
}


class Said(NamedTuple):
    """The readings of a message, and what was wrong with it (`size`, `json`, `clock`, `wrong_type`, …)."""

    readings: list[Reading]
    failures: list[str]


def parse_object(data: bytes) -> dict[str, Any] | str:
    """The JSON object in `data`, its numbers all floats; or what is wrong: `size`, `json`, `duplicate`, `depth`."""
    if len(data) > MAX_BYTES:
        return "size"
    try:
        found = json.loads(data.decode("utf-8"), parse_int=float, object_pairs_hook=_no_key_twice)
    except _DuplicateError:
        return "duplicate"
    except RecursionError:
        return "depth"
    except ValueError:
        return "json"
    return found if isinstance(found, dict) else "json"


def decode_message(product: Product, tags: Mapping[str, str], data: bytes, now_s: float) -> Said:
    """The readings in a message. `tags` is channel -> tag; what arrives undated gets `now_s` (farm time)."""
    found = parse_object(data)
    if isinstance(found, str):
        # nothing in it can be believed, and it came in place of the values
        return Said([bad(tag, Reason.COMM, now_s) for tag in tags.values()], [found])
    time_s = _time_s(found.get("t"), now_s)
    readings: list[Reading] = []
    failures: list[str] = []
    for name, tag in tags.items():
        channel = product.channels.get(name) or product.channels["*"]
        path = name if channel.path is None or channel.path == "*" else channel.path
        there, raw = _at(found, path)
        if there:
            value, reason = _value(channel, raw)
            if time_s is None and reason is None:
                reason = Reason.CLOCK
            if reason is not None:
                failures.append(reason.value)
            quality = Quality.GOOD if reason is None else Quality.BAD
            readings.append(Reading(tag, value, quality, reason, now_s if time_s is None else time_s))
    if product.protocol == "mqtt_uns":
        readings = [_graded(reading, found.get("q", "good")) for reading in readings]
    if not readings:
        failures.append("no_value")
    return Said(readings, failures)


def same(written: Value, read: object) -> bool:
    """Whether a node's acknowledgement carries the value that was written."""
    if isinstance(written, bool | str) or isinstance(read, bool | str):
        return type(written) is type(read) and written == read
    return isinstance(read, float | int) and isclose(written, read, rel_tol=1e-6, abs_tol=1e-9)


class _DuplicateError(ValueError):
    """A key stands twice in an object: nobody knows which was meant."""


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateError
    return found


def _time_s(stamp: object, now_s: float) -> float | None:
    """Source time, None for one that cannot be: no time, or in the future."""
    if stamp is None:
        return now_s
    time_s: float
    if isinstance(stamp, str):
        try:
            moment = datetime.fromisoformat(stamp)
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        try:
            time_s = moment.timestamp()
        except (OverflowError, ValueError):
            return None
    elif isinstance(stamp, float):
        time_s = stamp / 1000.0
    else:
        return None
    return time_s if isfinite(time_s) and 0.0 < time_s <= now_s + FUTURE_S else None


def _at(found: dict[str, Any], path: str) -> tuple[bool, Any]:
    if path in found:
        return True, found[path]
    here: Any = found
    for key in path.split("."):
        if not isinstance(here, dict) or key not in here:
            return False, None
        here = here[key]
    return True, here


def _value(channel: Channel, raw: object) -> tuple[Value | None, Reason | None]:
    if raw is None:
        return None, Reason.SENTINEL
    if isinstance(raw, bool):
        return (raw, None) if channel.kind in ("bool", "any") else (None, Reason.WRONG_TYPE)
    if isinstance(raw, str):
        return (raw, None) if channel.kind == "text" else (None, Reason.WRONG_TYPE)
    if not isinstance(raw, float) or channel.kind not in ("number", "any"):
        return None, Reason.WRONG_TYPE
    if not isfinite(raw):
        return None, Reason.NOT_FINITE
    if raw in channel.sentinels:
        return None, Reason.SENTINEL
    value = raw * channel.scale + channel.offset
    if not isfinite(value):
        return None, Reason.NOT_FINITE
    if channel.range is not None and not channel.range[0] <= value <= channel.range[1]:
        return value, Reason.RANGE
    return value, None


def _graded(reading: Reading, said: object) -> Reading:
    """The reading no better than its publisher says it is."""
    quality = QUALITIES.get(said, Quality.BAD) if isinstance(said, str) else Quality.BAD
    if quality is Quality.GOOD or reading.quality is Quality.BAD:
        return reading
    return reading._replace(quality=quality, reason=Reason.DEVICE)
