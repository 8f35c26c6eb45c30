"""The PyPI package simple-pid, as its users run it: PI with output limits, which clamp its integral (control.md 7).

Tuned by SIMC from a step on the nominal plant, the closed loop as fast as the delay. Its own `dt` is used, so that it
needs no wall clock. When its sensor is lost there is nothing to call it with: the output stays.
"""

from typing import Any

from foundation.reading import Reading
from simulator.references.reference import Task


class SimplePid:
    period_s = 10.0
    window_s = 60.0

    def __init__(self, task: Task) -> None:
        try:
            from simple_pid import PID
        except ImportError as error:
            raise MissingPackageError("simple-pid is not installed: pip install 'farmloop[score]'") from error
        sign = 1.0 if task.raises else -1.0
        self._output = task.idle
        self._at_s = 0.0
        self._pid: Any = PID(
            sign * task.kc,
            sign * task.kc / task.ti_s,
            0.0,
            sample_time=None,
            output_limits=(0.0, 100.0),
            starting_output=task.idle,
        )

    def step(self, reading: Reading | None, setpoint: float, now_s: float) -> float:
        number = None if reading is None else reading.number
        if number is None:
            return self._output
        dt_s = now_s - self._at_s if self._at_s else self.period_s
        self._at_s = now_s
        self._pid.setpoint = setpoint
        self._output = float(self._pid(number, dt=dt_s))
        return self._output


class MissingPackageError(ImportError):
    """A reference controller needs a package that is not there; the text says which."""
