"""One value as it was seen: what, how good, why, and when at its source."""

from enum import IntEnum, StrEnum
from math import isfinite
from typing import NamedTuple

Value = float | bool | str
"""What a tag can hold. A number is always a float; an enumeration or a text is a str."""


class Quality(IntEnum):
    """How far a value may be trusted. The numbers are those stored in field `q` of the time series."""

    BAD = 0
    UNCERTAIN = 1
    SUBSTITUTED = 2
    GOOD = 3


BAD, UNCERTAIN, SUBSTITUTED, GOOD = Quality
"""The same for what a scan asks thousands of times: Python 3.11 finds them here ten times as fast as in the class."""


class Reason(StrEnum):
    """Why a value is less than GOOD."""

    NEVER_SEEN = "never_seen"
    STALE = "stale"
    COMM = "comm"
    """The device did not answer, or not in a way that can be believed."""
    EXCEPTION = "exception"
    """The device answered that it cannot."""
    RANGE = "range"
    RATE = "rate"
    SPIKE = "spike"
    STUCK = "stuck"
    SENTINEL = "sentinel"
    """The device's own mark for "no value": NaN, -127, 85, 65535."""
    NOT_FINITE = "not_finite"
    WRONG_TYPE = "wrong_type"
    DISAGREE = "disagree"
    DRIFT = "drift"
    """It wanders away from the other probes, or stands apart from them."""
    FOULED = "fouled"
    """Its last test by cleaning found it slow, or wrong by what was cleaned away."""
    ESTIMATED = "estimated"
    """Computed by a model, not measured."""
    WIRE_BREAK = "wire_break"
    CLOCK = "clock"
    """The source time lies in the future."""
    MANUAL = "manual"
    CORRECTED = "corrected"
    """What a person entered, and put right afterwards."""
    CALIBRATING = "calibrating"
    IN_AIR = "in_air"
    """The probe is not in the water or the soil that it is to measure."""
    DEVICE = "device"
    """The device itself says that the value is not reliable."""
    INPUT = "input"
    """A derived value one of whose sources is not good."""


class Reading(NamedTuple):
    """What a driver hands over and the core works on. `value` is None where there is no number at all.

    A BAD reading may still carry the value that was refused (out of range, a spike), so that it can be
    recorded; nothing but the record may use it: ask `usable`.
    """

    tag: str
    value: Value | None
    quality: Quality
    reason: Reason | None
    time_s: float
    """Farm time at the source, seconds since the Unix epoch."""

    @property
    def usable(self) -> Value | None:
        """The value if it may be acted on, else None."""
        return None if self.quality is BAD else self.value

    @property
    def number(self) -> float | None:
        """The value as a float if it may be acted on and is a number (True is 1.0), else None."""
        value = self.value
        if self.quality is BAD or value is None or isinstance(value, str):
            return None
        return float(value)


def good(tag: str, value: Value, time_s: float) -> Reading:
    """A GOOD reading; a float that is not finite comes out BAD instead."""
    if isinstance(value, float) and not isfinite(value):
        return Reading(tag, None, BAD, Reason.NOT_FINITE, time_s)
    return Reading(tag, value, GOOD, None, time_s)


def bad(tag: str, reason: Reason, time_s: float, refused: Value | None = None) -> Reading:
    """A BAD reading; `refused` keeps what was seen for the record."""
    return Reading(tag, refused, BAD, reason, time_s)
