"""A rule's limit that comes and goes slowly: no loop follows half of the air in one step, but over half an hour."""

from typing import NamedTuple

STEP = 1.0
"""%; whoever records why an output stands where it does is not told of less."""


class Ramp(NamedTuple):
    """Where the limit stands, in %; there is none where `at_s` is 0."""

    value: float = 0.0
    at_s: float = 0.0


GONE = Ramp()


def crept(ramp: Ramp, to: float, end: float, rate_per_s: float, on: bool, stands: float, now_s: float) -> Ramp:
    """One scan later. It begins where the output `stands`, goes to `to` while the rule is on, and to `end` (100 % of an
    upper limit, 0 % of a lower one) afterwards, where it is gone. `rate_per_s` is that of the way on which it is."""
    if ramp.at_s <= 0.0:
        if not on:
            return ramp
        return Ramp(min(max(stands, min(to, end)), max(to, end)), now_s)
    target = to if on else end
    left, most = target - ramp.value, rate_per_s * max(now_s - ramp.at_s, 0.0)
    if left == 0.0:
        return ramp._replace(at_s=now_s) if on else GONE
    if most < min(STEP, abs(left)):
        return ramp if now_s >= ramp.at_s else ramp._replace(at_s=now_s)
    value = target if most >= abs(left) else ramp.value + (most if left > 0.0 else -most)
    return GONE if not on and value == end else ramp._replace(value=value, at_s=now_s)
