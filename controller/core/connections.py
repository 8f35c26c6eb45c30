"""Devices and buses that are not there: one alarm for a broker, not one for each value that came through it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controller.core.condition import Seen
from controller.core.turn import Turn
from controller.core.words import AlarmNow
from edge_config.model.site import Site
from foundation.reading import BAD, Reason

LOST_PERIODS = 2.0
"""So many periods without an answer are no lost frame any more."""
LOST_S = 10.0
"""And at least so long."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A device that measures something, and the tags that it tells."""

    device: str
    bus: str
    patience_s: float
    tags: tuple[str, ...]


def wired(site: Site, measured: Iterable[str]) -> tuple[Wired, ...]:
    """Every device with a tag among `measured`, in the order of the site."""
    known = frozenset(measured)
    found: list[Wired] = []
    for name, device in site.devices.items():
        tags = tuple(tag for tag in device.tags.values() if tag in known)
        if tags:
            found.append(Wired(name, device.bus, max(LOST_PERIODS * device.period, LOST_S), tags))
    return tuple(found)


def lost_connections(turn: Turn, devices: Sequence[Wired]) -> list[AlarmNow]:
    """One alarm for each device that is lost, and one, which explains them, for each bus behind which nothing answers.

    A device is lost when nothing comes from it: no answer, or values that have all grown old. One that answers with
    values that cannot be is there. What has never been heard is not yet known to be missing.
    """
    lost = {one: since_s for one in devices if (since_s := _lost_since(turn, one)) is not None}
    if not lost:
        return []
    answering = {one.bus for one in devices if not _silent(turn, one)}
    found: dict[str, AlarmNow] = {}
    for one, since_s in lost.items():
        device, bus = f"device:{one.device}", f"bus:{one.bus}"
        found[device] = AlarmNow(device, "high", True, since_s, {"device": one.device})
        if one.bus not in answering:
            before_s = found[bus].since_s if bus in found else since_s
            found[bus] = AlarmNow(bus, "high", True, min(since_s, before_s), {"bus": one.bus})
    return list(found.values())


def _silent(turn: Turn, one: Wired) -> bool:
    """No answer at all, now or ever; values that have grown old say that the way there is whole."""
    return all(turn.readings[tag].reason in (Reason.COMM, Reason.NEVER_SEEN) for tag in one.tags)


def is_going(turn: Turn, one: Wired) -> bool:
    """Whether nothing comes from it, and not yet for so long that it is lost."""
    heard_s = _silent_since(turn, one)
    return heard_s is not None and turn.now_s - heard_s < one.patience_s


def _lost_since(turn: Turn, one: Wired) -> float | None:
    """When it was last heard, if that is too long ago."""
    heard_s = _silent_since(turn, one)
    return heard_s if heard_s is not None and turn.now_s - heard_s >= one.patience_s else None


def _silent_since(turn: Turn, one: Wired) -> float | None:
    """When it was last heard, if nothing comes from it now."""
    heard_s = 0.0
    for tag in one.tags:
        reading = turn.readings[tag]
        if reading.quality is not BAD or reading.reason not in (Reason.COMM, Reason.STALE):
            return None
        seen: Seen = turn.blocks[f"{tag}#seen"]  # type: ignore[assignment]  # a tag's block is a Seen
        heard_s = max(heard_s, seen.at_s)
    return heard_s
