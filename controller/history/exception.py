"""Report by exception: which readings are worth a point.

Every change is (a value beyond its tag's deadband, a quality, a reason), and each tag at least once a minute, or as
often as its `said_every_s` says. A source time of a tag is recorded once, but for what people enter: that stands at its
own time, and so does what puts it right, in its place. What is learned later about the same source time (it went stale,
a probe was found to disagree) is a fact of the time it was found out: it is stamped then, and a BAD one carries no
value there, for the value was not seen at that time. Setpoints, outputs and states hold until they change, so they are
said again each minute; a measured value is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.history.line import milliseconds
from foundation.reading import Quality, Reading, Reason, Value
from foundation.tag import Kind, Tag

HEARTBEAT_MS = 60_000
"""If a tag does not say otherwise."""
AHEAD_S = 60.0
"""A source time further in the future than this is not believed."""
REMEMBERED = 32
"""Stamps remembered a tag, so that what a broker delivers again is known again: mosquitto has up to 20 messages under
way, and all of them may be of one tag."""
HOLDING = frozenset({Kind.SETPOINT, Kind.OUTPUT, Kind.STATUS})
FOUND_OUT = frozenset({Reason.NEVER_SEEN, Reason.STALE, Reason.COMM, Reason.CLOCK, Reason.INPUT})
"""Reasons that the source did not give itself."""


class Recorded(NamedTuple):
    """What has been recorded of one tag."""

    said: Reading
    """The latest point's reading, as it came."""
    latest: Reading
    stamps_ms: tuple[int, ...]
    """When the latest points stand, in order."""
    seen_ms: int
    """Newest source time seen, recorded or not."""
    usable_ms: int
    """The same of usable readings only: of a failed read the time is ours."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What has been recorded so far; `since_s` is when that began."""

    since_s: float
    at_s: float
    tags: Mapping[str, Recorded] = field(default_factory=dict)


def differs(a: Value | None, b: Value | None, deadband: float) -> bool:
    """Whether `b` is news after `a`."""
    if isinstance(a, float) and isinstance(b, float):
        # written so that a NaN is news
        return a != b and not abs(a - b) <= deadband
    return type(a) is not type(b) or a != b


def _source_ms(reading: Reading, since_s: float, now_s: float) -> int | None:
    """Its source time in ms; None where the point has to stand at the time it came."""
    if reading.quality is Quality.BAD:
        believed = since_s <= reading.time_s <= now_s
    else:
        believed = 0.0 < reading.time_s <= now_s + AHEAD_S
    return milliseconds(reading.time_s) if believed else None


def _restated(reading: Reading, stamp_ms: int) -> Reading:
    return reading._replace(value=reading.usable, time_s=stamp_ms / 1000.0)


def _is_repeated(held: Reading, tag: Tag, now_s: float) -> bool:
    """Whether what stands is said again although nobody speaks of it."""
    if tag.kind in HOLDING:
        return True
    if held.quality is not Quality.BAD:
        return False
    return held.reason in FOUND_OUT or not now_s - held.time_s <= (tag.stale_s or 0.0)


def _remember(stamps: tuple[int, ...], stamp_ms: int) -> tuple[int, ...]:
    if stamp_ms > stamps[-1]:
        return (*stamps[1 - REMEMBERED :], stamp_ms)
    return tuple(sorted((*stamps, stamp_ms)))[-REMEMBERED:]


def _first(reading: Reading, source_ms: int | None, now_ms: int) -> tuple[Recorded, list[Reading]]:
    usable_ms = 0 if source_ms is None or reading.quality is Quality.BAD else source_ms
    if source_ms is None:
        return Recorded(reading, reading, (now_ms,), 0, usable_ms), [_restated(reading, now_ms)]
    return Recorded(reading, reading, (source_ms,), source_ms, usable_ms), [reading]


def _next(
    before: Recorded, reading: Reading, source_ms: int | None, now_ms: int, tag: Tag
) -> tuple[Recorded, list[Reading]]:
    points: list[Reading] = []
    stamps_ms, last_ms = before.stamps_ms, before.stamps_ms[-1]
    usable = source_ms is not None and reading.quality is not Quality.BAD
    seen_ms = 0 if source_ms is None else source_ms
    said = before.said
    changed = (
        reading.quality is not said.quality
        or reading.reason is not said.reason
        or differs(said.value, reading.value, tag.deadband)
    )
    if seen_ms > max(last_ms, before.seen_ms):
        # an unchanged one is due if the next would come too late
        if changed or 2 * seen_ms - before.seen_ms - last_ms > milliseconds(tag.said_every_s):
            points.append(reading)
            stamps_ms, said = _remember(stamps_ms, seen_ms), reading
    else:
        if usable and seen_ms != before.usable_ms and seen_ms not in stamps_ms:
            points.append(reading)
            stamps_ms = _remember(stamps_ms, seen_ms)
        if usable and seen_ms < before.usable_ms:
            # late, from a device's own memory: it stands at its own time, and says nothing of now
            if points and seen_ms > last_ms:
                # but it is not to be the record's last word: what came after it is worth a point now
                points.append(before.latest)
                stamps_ms, said = _remember(stamps_ms, before.seen_ms), before.latest
            return before._replace(said=said, stamps_ms=stamps_ms), points
        if points and seen_ms > last_ms:
            said = reading  # the record's last word already, though a failed read of the same time was seen before it
        elif changed:
            stamp_ms = max(now_ms, last_ms + 1)
            points.append(_restated(reading, stamp_ms))
            stamps_ms, said = _remember(stamps_ms, stamp_ms), reading
    usable_ms = max(seen_ms, before.usable_ms) if usable else before.usable_ms
    return Recorded(said, reading, stamps_ms, max(seen_ms, before.seen_ms), usable_ms), points


def _entered(before: Recorded | None, reading: Reading) -> Recorded:
    """After a point that a person entered: it stands at its own time, however late it comes."""
    stamp_ms = milliseconds(reading.time_s)
    if before is None:
        return Recorded(reading, reading, (stamp_ms,), stamp_ms, stamp_ms)
    kept = before._replace(stamps_ms=_remember(before.stamps_ms, stamp_ms))
    if stamp_ms < before.usable_ms:
        return kept
    return kept._replace(said=reading, latest=reading, seen_ms=max(stamp_ms, before.seen_ms), usable_ms=stamp_ms)


def report(
    reports: Reports, readings: Iterable[Reading], now_s: float, tags: Mapping[str, Tag]
) -> tuple[Reports, list[Reading]]:
    """The next state, and what to record of `readings`, stamped. What is not in `tags` is left out."""
    known = dict(reports.tags)
    points: list[Reading] = []
    now_ms = milliseconds(now_s)
    for reading in readings:
        tag = tags.get(reading.tag)
        if tag is None:
            continue
        before = known.get(reading.tag)
        if tag.entered and (reading.quality is not Quality.BAD or reading.reason is Reason.CORRECTED):
            points.append(reading)
            if reading.quality is not Quality.BAD:
                known[reading.tag] = _entered(before, reading)
            continue
        source_ms = _source_ms(reading, reports.since_s, now_s)
        known[reading.tag], new = (
            _first(reading, source_ms, now_ms) if before is None else _next(before, reading, source_ms, now_ms, tag)
        )
        points += new
    # what nobody speaks of any more: a scan later would be too late
    next_ms = 2 * now_ms - milliseconds(reports.at_s)
    for name, before in known.items():
        if next_ms - before.stamps_ms[-1] > milliseconds(tags[name].said_every_s) and now_ms > before.stamps_ms[-1]:
            held = before.latest
            if _is_repeated(held, tags[name], now_s):
                points.append(_restated(held, now_ms))
                known[name] = before._replace(said=held, stamps_ms=_remember(before.stamps_ms, now_ms))
    return Reports(reports.since_s, now_s, known), points
