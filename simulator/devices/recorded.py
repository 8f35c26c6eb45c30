"""Recorded rows in place of the field: each device that a recording feeds has a track, as a logger has its memory."""

from collections.abc import Mapping, Sequence
from math import isfinite

from edge_config.model.site import Site
from foundation.reading import Value
from simulator.devices.device import VirtualDevice, devices_of


class Track:
    """What one device has to tell: rows in order, each from its own time on, until it was told and the next is due.

    Whoever asks late gets every row all the same, one at each asking, with the row's own time: none is passed over
    because a reader was slow. Orders go nowhere.
    """

    def __init__(self, times_s: Sequence[float], values: Mapping[str, Sequence[float]]) -> None:
        """`values[tag][k]` is of `times_s[k]`; NaN is an empty cell. Times rise."""
        self.times_s = times_s
        self.told = 0
        """Rows that have been asked for."""
        self.worst_late_s = 0.0
        """Longest that a row waited to be asked for, in farm time."""
        self._values = values
        self._row = -1
        self._now_s = 0.0

    @property
    def is_over(self) -> bool:
        """The last row has been told."""
        return self.told == len(self.times_s)

    def advance(self, now_s: float) -> None:
        """Turn to the next row if it is due and the one that stands was told."""
        self._now_s = now_s
        following = self._row + 1
        if following == self.told < len(self.times_s) and self.times_s[following] <= now_s:
            self._row = following

    def sense(self, tag: str) -> float | bool | None:
        """The cell of the row that stands; None before the first, for an empty cell and for an unknown tag."""
        column = self._values.get(tag)
        if column is None or self._row < 0:
            return None
        if self.told == self._row:
            self.told += 1
            self.worst_late_s = max(self.worst_late_s, self._now_s - self.times_s[self._row])
        value = column[self._row]
        return value if isfinite(value) else None

    def taken_s(self, now_s: float) -> float:
        """The row's own time."""
        return self.times_s[self._row] if self._row >= 0 else now_s

    def actuate(self, tag: str, value: Value) -> None:
        """What is over cannot be moved."""

    def compensate(self, tag: str, water_c: float) -> None:
        """What is over was compensated then."""

    def power_up(self, tag: str) -> None:
        """What is over was warm."""


class Recording:
    """What the devices of a site may be wired to instead of a `Field`."""

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        """By device; one without a track has nothing to tell, and takes orders that move nothing."""
        self.tracks = dict(tracks)

    def advance(self, now_s: float) -> None:
        """Bring every track to `now_s`."""
        for track in self.tracks.values():
            track.advance(now_s)

    def devices(self, site: Site) -> dict[str, VirtualDevice]:
        """Every device of the site on its track. Raises ProblemsError for an unknown product."""
        nothing = Track((), {})
        return {
            name: device
            for name in site.devices
            for device in devices_of(site, self.tracks.get(name, nothing), [name]).values()
        }
