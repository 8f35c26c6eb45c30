"""The forms in which things in the field fail, and the numbers that each takes: what tests and scenarios may name.

    field.fault("ras1.tank1.do_a", "drift", per_day=-1.0)      # an instrument, by its tag
    field.fault("ras1.tank1.o2_valve", "leaking", share=0.1)   # an actuator, by its output
    devices["do_probe_a"].fault("unplugged")                   # a device (simulator/devices/device.py)
    devices["do_probe_a"].fault("sentinel", "oxygen")          # one of its channels
    field.mend("ras1.tank1.do_a", "drift")                     # without a form: everything

Several forms may hold at once; a form set again takes its new numbers.
"""

from collections.abc import Mapping
from math import inf
from typing import Literal, NamedTuple


class Number(NamedTuple):
    """One number of a form. `default` None: it must be given. NaN stands for "not given"."""

    default: float | None
    low: float = -inf
    high: float = inf


Kind = Literal["instrument", "actuator", "device", "channel"]
Forms = Mapping[str, Mapping[str, Number]]

_NOT_GIVEN = float("nan")

INSTRUMENT: Forms = {
    "stuck": {},
    # shows for ever what it shows now; its time stamps go on
    "offset": {"by": Number(None)},
    # tag's unit; what a blow, a ground loop or a wrong calibration does
    "gain": {"by": Number(None, 0.0)},
    # what is shown is so many times what it was
    "drift": {"per_day": Number(None)},
    # tag's unit a day, from now on
    "noise": {"by": Number(None, 0.0)},
    # one standard deviation more, tag's unit
    "spike": {"by": Number(None), "every_s": Number(600.0, 1e-3)},
    # a single look that is off by so much, on average once in so many seconds
    "sentinel": {"value": Number(_NOT_GIVEN), "raw": Number(_NOT_GIVEN)},
    # -127, 85, 850 in the tag's unit, or 65535 as the register holds it; neither: the product's own "no value"
    "dropout": {"every_s": Number(300.0, 1e-3), "for_s": Number(30.0, 1e-3)},
    # no value now and then: mean time between dropouts, mean length
    "fouling": {"share": Number(0.3, 0.0, 1.0), "days": Number(7.0, 1e-3), "slower_per_day": Number(0.1, 0.0)},
    # gain 1 - share * (1 - e^(-t/days)), lag * (1 + slower_per_day * t); mended: cleaned
    "slow": {"times": Number(5.0, 1.0)},
    # so many times its lag: a clogged filter, a sleeve full of mud
    "off": {},
    # no supply: no value; mended: it warms up
}
ACTUATOR: Forms = {
    "stuck": {},
    # a welded contact, a jammed motor: stands where it stands, whatever it is told
    "leaking": {"share": Number(0.1, 0.0, 1.0)},
    # passes at least so much, closed or not
    "weak": {"share": Number(0.5, 0.0, 1.0)},
    # gives so much of what it should; a motor runs so much slower
    "dead": {},
    # its contactor obeys, and nothing moves: a burnt motor, a tripped protection, an empty bottle
}
DEVICE: Forms = {
    "unplugged": {},
    # nothing answers; the device itself runs on, and so does its watchdog
    "refusing": {},
    # answers every request with an exception (device failure)
    "babbling": {"chance": Number(1.0, 0.0, 1.0)},
    # its answers come with a wrong check sum
    "silent": {"chance": Number(0.5, 0.0, 1.0)},
    # hears, and does not answer
    "slow": {"by_s": Number(1.0, 0.0), "chance": Number(1.0, 0.0, 1.0)},
    # answers so much later
    "wrong_unit": {"chance": Number(1.0, 0.0, 1.0)},
    # answers under another's address
    "clock": {"by_s": Number(None)},
    # its own clock is so far ahead
}
CHANNEL: Forms = {
    "stuck": {},
    # a probe shows its last value for ever, a contact is welded
    "offset": {"by": Number(None)},
    # added to what the channel shows
    "sentinel": {},
    # says "no value" in the product's own way
}
FORMS: Mapping[Kind, Forms] = {
    "instrument": INSTRUMENT,
    "actuator": ACTUATOR,
    "device": DEVICE,
    "channel": CHANNEL,
}


def checked(kind: Kind, form: str, values: Mapping[str, float]) -> dict[str, float]:
    """All numbers of a form, those left out at their defaults. Raises ValueError that says what there is."""
    forms = FORMS[kind]
    if form not in forms:
        raise ValueError(f"no form '{form}' of {kind} faults; there are: {', '.join(forms)}")
    numbers = forms[form]
    for name in values:
        if name not in numbers:
            raise ValueError(f"{form}: no number '{name}'; there are: {', '.join(numbers) or 'none'}")
    found: dict[str, float] = {}
    for name, number in numbers.items():
        value = values.get(name, number.default)
        if value is None:
            raise ValueError(f"{form}: '{name}' is missing")
        if name in values and not number.low <= value <= number.high:  # NaN too
            raise ValueError(f"{form}: {name} is {value:g}, must be from {number.low:g} to {number.high:g}")
        found[name] = value
    return found
