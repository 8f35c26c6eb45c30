"""A thermostat as Home Assistant's `generic_thermostat` is one (control.md 3.6, 7).

On when the value is `tolerance` on the wrong side of the setpoint, off when it is `tolerance` on the other; 0.3 K there
by default, and here for temperatures (control.md 5.1). When its sensor is lost it keeps the last value, and with it
what it does. There is nothing to tune but the tolerance. Lamps it runs by the clock, at a fixed dimming.
"""

from foundation.reading import Reading
from simulator.references.reference import Task


class Thermostat:
    period_s = 10.0
    window_s = 0.0

    def __init__(self, task: Task) -> None:
        self._task = task
        self._on = 0
        """-1 lowers, 1 raises, 0 rests."""
        self._value: float | None = None

    def step(self, reading: Reading | None, setpoint: float, now_s: float) -> float:
        number = None if reading is None else reading.number
        if number is not None:
            self._value = number
        task = self._task
        if task.by_clock:
            return min(max(setpoint / task.gain, 0.0), 100.0)
        if self._value is None:
            return task.idle
        short = setpoint - self._value
        both = 0.0 < task.idle < 100.0
        if short >= task.tolerance and (task.raises or both):
            self._on = 1
        elif -short >= task.tolerance and (not task.raises or both):
            self._on = -1
        elif short * self._on <= -task.tolerance or (both and short * self._on <= 0.0):
            self._on = 0
        if self._on == 0:
            return task.idle
        return 100.0 if (self._on > 0) is task.raises else 0.0 if both else 100.0
