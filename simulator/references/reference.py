"""What a reference controller is given, and what it must answer."""

from dataclasses import dataclass
from typing import Protocol

from foundation.reading import Reading
from foundation.simc import FirstOrder, Gains, simc


@dataclass(frozen=True, slots=True)
class Task:
    """One loop to close. Positions are 0 to 100 %, gains in % per unit of the value."""

    pv: str
    raises: bool
    """More of the output raises the value."""
    idle: float
    """Position at which the output does nothing: 0, or the middle of a range split between heating and cooling."""
    tolerance: float
    """Half the band of a thermostat, in the value's unit."""
    gain: float
    """What 1 % more does to the value in the end (its size; `raises` is its sign)."""
    delay_s: float
    lag_s: float
    """First order with delay, from a step on the nominal plant (`step_response`)."""
    closed_s: float
    """Time constant wanted of the closed loop."""
    pulse_s: float
    """Dosing pumps: a pulse that moves the value by half of what is tolerated; 0 for anything else."""
    by_clock: bool
    """Light: a thermostat runs it by the clock, at the position that should give the setpoint."""

    @property
    def kc(self) -> float:
        """SIMC (control.md 2.2), % per unit."""
        return self._gains.kc

    @property
    def ti_s(self) -> float:
        return self._gains.ti_s

    @property
    def _gains(self) -> Gains:
        return simc(FirstOrder(self.gain, self.delay_s, self.lag_s), self.closed_s)


class Reference(Protocol):
    """One loop's controller."""

    period_s: float
    """It wants to be asked so often."""
    window_s: float
    """A dosing pump gives its position as a share of windows of this length; 0: it is a contact."""

    def step(self, reading: Reading | None, setpoint: float, now_s: float) -> float:
        """The position, 0 to 100 %, from what its probe said last (None: nothing yet)."""
        ...
