"""A PID on a fixed period as Mycodo's is (control.md 7): its integral is a plain sum of errors, without time.

The sum is clamped to 100 either way, whatever the output does; there is no tracking. Gains are SIMC's, made to fit:
Ki = Kc * period / Ti, so that at its own period it does what a PI would. A value older than 120 s turns everything off.

Dosing pumps it does not drive by PID: as its regulator of pH and EC it gives a fixed pulse every 300 s while the value
is out of tolerance, never looks what a pulse did, and knows no most. The pulse is tuned to half the tolerance.
"""

from foundation.reading import Reading
from simulator.references.reference import Task

STALE_S = 120.0
CLAMP = 100.0
DOSE_EVERY_S = 300.0


class PeriodPid:
    period_s = 30.0
    window_s = 30.0

    def __init__(self, task: Task) -> None:
        self._task = task
        self._sum = 0.0
        self._dosed_s = -1e9

    def step(self, reading: Reading | None, setpoint: float, now_s: float) -> float:
        task = self._task
        number = None if reading is None else reading.number
        if reading is None or number is None or now_s - reading.time_s > STALE_S:
            return task.idle
        error = setpoint - number if task.raises else number - setpoint
        if task.pulse_s > 0.0:
            return self._dose(error, now_s)
        self._sum = min(max(self._sum + error, -CLAMP), CLAMP)
        per_sum = task.kc * self.period_s / task.ti_s
        return min(max(task.idle + task.kc * error + per_sum * self._sum, 0.0), 100.0)

    def _dose(self, error: float, now_s: float) -> float:
        """What is left of a pulse as the share of this period; the drive makes seconds of it."""
        if now_s - self._dosed_s >= DOSE_EVERY_S - 1.0 and error >= self._task.tolerance:
            self._dosed_s = now_s
        left_s = min(self._task.pulse_s, DOSE_EVERY_S) - (now_s - self._dosed_s)
        return min(max(100.0 * left_s / self.period_s, 0.0), 100.0)
