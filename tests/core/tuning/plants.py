"""A first order with delay, moved a second at a time by nothing but its equation: no code of ours in it."""

from collections import deque
from dataclasses import dataclass, field
from math import exp

from foundation.simc import FirstOrder


@dataclass
class Plant:
    """At rest it stands at `value` with no output. `step` moves it by `dt_s`, of which the delay is a multiple."""

    model: FirstOrder
    dt_s: float = 1.0
    value: float = 0.0
    _line: deque[float] = field(default_factory=deque)
    _moved: float = 0.0

    def __post_init__(self) -> None:
        self._line.extend([0.0] * round(self.model.delay_s / self.dt_s))

    def step(self, output: float) -> float:
        self._line.append(output)
        arrived = self._line.popleft()
        gain, _, lag_s = self.model
        if lag_s is None:
            self._moved += gain * arrived * self.dt_s
        else:
            keep = exp(-self.dt_s / lag_s)
            self._moved = keep * self._moved + (1 - keep) * gain * arrived
        return self.value + self._moved
