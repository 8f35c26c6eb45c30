"""What a compressor makes of being asked: it starts and stops only as often as it may."""

from typing import NamedTuple

_LONG_AGO_S = 1e6


class CompressorLimits(NamedTuple):
    """Of the machine itself; nobody outside can pass them."""

    least: float
    """Below this share of its capacity it cannot run, 0 to 1."""
    min_on_s: float
    min_off_s: float
    starts_per_h: float


class Compressor(NamedTuple):
    """On or off, and for how long."""

    on: bool = False
    switched_s: float = _LONG_AGO_S
    """Since it last started or stopped."""
    started_s: float = _LONG_AGO_S
    """Since it last started."""
    starts: float = 0.0


def asked(limits: CompressorLimits, was: Compressor, share: float, dt_s: float) -> tuple[Compressor, float]:
    """(the machine `dt_s` later, what it runs at, 0 to 1) when it is asked for `share` of its capacity.

    It starts where at least `least` is asked, and stops where less than half of that is.
    """
    on, switched_s, started_s, starts = was
    if on:
        if share < 0.5 * limits.least and switched_s >= limits.min_on_s:
            on, switched_s = False, 0.0
    elif share >= limits.least and switched_s >= limits.min_off_s and started_s * limits.starts_per_h >= 3600.0:
        on, switched_s, started_s, starts = True, 0.0, 0.0, starts + 1.0
    now = Compressor(on, min(_LONG_AGO_S, switched_s + dt_s), min(_LONG_AGO_S, started_s + dt_s), starts)
    return now, max(share, limits.least) if on else 0.0
