"""Asymmetric relay: swings a loop around its setpoint to see what it does, within guards; pure, told the time.

The describing function alone is 26 % low in the ultimate gain on a lag of 300 s with a delay of 60 s (control.md 2.2),
so nothing is taken from it: `identify` fits the recorded swing. The normalised dead time is a look from elsewhere.
J. Berner, T. Hägglund, K. J. Åström, Asymmetric relay autotuning - practical features for industrial use,
Control Engineering Practice 54 (2016) 231-245.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

OXYGEN_BELOW = 0.5
"""mg/L under the setpoint, where no experiment lets oxygen go."""
NOISES = 3.0
"""The hysteresis is more than so many standard deviations of the noise."""

End = Literal["done", "not_permitted", "alarm", "value_lost", "value_low", "value_high", "too_long"]
Refusal = Literal["ph", "noise", "size", "limits"]


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """`up` and `down` are what is added to and taken from `base`: unlike, so that the swing tells the gain too."""

    sp: float
    base: float
    """Output, 0 to 100 %, at which the value rests near `sp`."""
    up: float
    down: float
    hysteresis: float
    """Value."""
    low: float
    high: float
    """The value stays between. A trial is refused where an alarm would come before it is there."""
    most_s: float
    raises: bool = True
    """More of the output raises the value."""
    cycles: int = 3


def refused(settings: RelaySettings, unit: str, noise: float) -> Refusal | None:
    """Why such a swing must not be begun."""
    if unit == "pH":
        return "ph"
    if not settings.hysteresis > NOISES * noise:
        return "noise"
    if settings.up <= 0 or settings.down <= 0 or settings.up == settings.down:
        return "size"
    if settings.base - settings.down < 0 or settings.base + settings.up > 100:
        return "size"
    if not settings.low < settings.sp - settings.hysteresis < settings.sp + settings.hysteresis < settings.high:
        return "limits"
    return None


def floor_of(unit: str, sp: float, low: float) -> float:
    """The lowest value of the swing: what it is allowed; oxygen never more than 0.5 mg/L under its setpoint."""
    return max(low, sp - OXYGEN_BELOW) if unit == "mg/L" else low


class RelayState(NamedTuple):
    """`ended` says that it is over, and the output is back at the base."""

    output: float
    begun_s: float
    is_up: bool = True
    switched_s: tuple[float, ...] = ()
    ended: End | None = None


def begin(settings: RelaySettings, now_s: float) -> RelayState:
    return RelayState(settings.base + settings.up, now_s)


def relay(
    settings: RelaySettings, state: RelayState, value: float | None, now_s: float, permitted: bool, alarmed: bool
) -> RelayState:
    """One look. `permitted` is the safety layer's word, `alarmed` any alarm of the loop's facility."""
    if state.ended is not None:
        return state
    end: End | None = None
    if alarmed:
        end = "alarm"
    elif not permitted:
        end = "not_permitted"
    elif value is None or not isfinite(value):
        end = "value_lost"
    elif value <= settings.low:
        end = "value_low"
    elif value >= settings.high:
        end = "value_high"
    elif now_s - state.begun_s > settings.most_s:
        end = "too_long"
    elif len(state.switched_s) > 2 * settings.cycles:
        end = "done"
    if end is not None or value is None:
        return state._replace(output=settings.base, ended=end)
    over = value - settings.sp if settings.raises else settings.sp - value
    if abs(over) <= settings.hysteresis or (over > 0.0) != state.is_up:
        return state
    output = settings.base - settings.down if state.is_up else settings.base + settings.up
    return state._replace(output=output, is_up=not state.is_up, switched_s=(*state.switched_s, now_s))


def dead_time(settings: RelaySettings, switched_s: tuple[float, ...]) -> float | None:
    """Delay's share of delay and lag, 0 to 1, from the last swing's half periods; None before there are two."""
    if len(switched_s) < 3:
        return None
    first_s, second_s = switched_s[-1] - switched_s[-2], switched_s[-2] - switched_s[-3]
    wide = max(settings.up, settings.down) / min(settings.up, settings.down)
    long = max(first_s, second_s) / min(first_s, second_s)
    share = (wide - long) / ((wide - 1.0) * (0.35 * long + 0.65))
    return min(max(share, 0.0), 1.0)
