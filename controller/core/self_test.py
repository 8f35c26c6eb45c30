"""A probe that is cleaned by a pulse of air (or water) tests itself: how fast it follows, and what the dirt hid.

control.md 2.5, fouling: in the pulse the value goes towards what is known (air: saturation). A clean probe follows with
the time constant of its data sheet, a fouled one later; and what it says after the pulse differs from what it said
before by what the film took away. Until a test is passed again its values are doubted.
"""

from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple

from foundation.reading import Quality, Reading, Reason

LONGEST_PULSE_S = 600.0
"""Beyond this the cleaner has not been switched off: what the probe says is not what it is there for."""
HALF = 0.5
"""Of the way: a first-order probe is there after ln 2 of its time constants."""
UNHEARD = -2.0
"""The time constant of a pulse in which the probe was silent: how fast it followed cannot be told, so it is no test."""


class Pulsed(NamedTuple):
    """What is remembered of a probe that tests itself."""

    phase: Literal["", "pulse", "recovery"] = ""
    since_s: float = -1.0
    """When the pulse began, or ended; before it, when the probe said what it said last."""
    before: float = 0.0
    """What it said last before the pulse."""
    known: bool = False
    """Whether it had said anything, and not too long ago."""
    response_s: float = -1.0
    """Time constant of this pulse; -1 not yet known, -2 it will not be."""
    lasted_s: float = 0.0
    """How long the pulse was."""
    fouled_s: float = -1.0
    """Since when the tests fail; -1 the last one was passed."""
    why: Literal["", "slow", "bias"] = ""


class Verdict(NamedTuple):
    """How a test went."""

    why: Literal["", "slow", "bias"]
    """Empty: passed."""
    response_s: float
    bias: float


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How one probe is tested. `to` and `bias` are in the tag's unit."""

    of: str
    """The output that cleans it."""
    to: float
    """Where its value goes in the pulse."""
    response_s: float
    """Time constant of a clean probe."""
    slower: float
    """So many times that is fouled."""
    bias: float
    recovers_s: float
    """From the end of the pulse until it says again what it is there for."""

    def step(
        self, block: Pulsed, conditioned: Reading, said: float | None, cleaning: bool, now_s: float
    ) -> tuple[Pulsed, Reading, Verdict | None]:
        """One reading later. `said` is its value before spikes and rates are looked for, for the pulse is both."""
        if conditioned.quality is Quality.BAD and conditioned.reason not in (Reason.RATE, Reason.SPIKE, Reason.STUCK):
            return self._cleaned(block, conditioned, None, cleaning, now_s)[0], conditioned, None  # the pulse goes on
        if cleaning or block.phase:
            return self._cleaned(block, conditioned, said, cleaning, now_s)
        number = conditioned.number
        if number is not None:
            block = block._replace(before=number, known=True, since_s=now_s)
        return block, self._doubted(block, conditioned), None

    def _cleaned(
        self, block: Pulsed, reading: Reading, said: float | None, cleaning: bool, now_s: float
    ) -> tuple[Pulsed, Reading, Verdict | None]:
        """One reading later in a pulse or after it; one in which the probe is silent is none."""
        if block.phase == "recovery":
            return self._recovery(block, reading, said, cleaning, now_s)
        if cleaning and not block.phase:
            known = block.known and now_s - block.since_s <= LONGEST_PULSE_S
            block = block._replace(phase="pulse", since_s=now_s, response_s=-1.0, known=known)
        return self._pulse(block, reading, said, cleaning, now_s) if block.phase else (block, reading, None)

    def _pulse(
        self, block: Pulsed, reading: Reading, said: float | None, cleaning: bool, now_s: float
    ) -> tuple[Pulsed, Reading, Verdict | None]:
        elapsed_s, way = now_s - block.since_s, self.to - block.before
        if block.response_s < 0.0 and said is None:
            block = block._replace(response_s=UNHEARD)
        elif block.response_s == -1.0 and said is not None and abs(way) > self.bias:
            share = (said - block.before) / way
            if share >= HALF:
                block = block._replace(response_s=elapsed_s / log(2.0))
        if elapsed_s > LONGEST_PULSE_S:
            block = block._replace(known=False)  # what it said before is of long ago
        if not cleaning:
            block = block._replace(phase="recovery", since_s=now_s, lasted_s=elapsed_s)
        return block, self._held(block, reading), None

    def _recovery(
        self, block: Pulsed, reading: Reading, said: float | None, cleaning: bool, now_s: float
    ) -> tuple[Pulsed, Reading, Verdict | None]:
        if cleaning:  # once more, from the same value
            return block._replace(phase="pulse", since_s=now_s, response_s=-1.0), self._held(block, reading), None
        if now_s - block.since_s < self.recovers_s or said is None:
            return block, self._held(block, reading), None
        verdict, fouled_s, why = None, block.fouled_s, block.why
        if block.known and block.response_s != UNHEARD:
            verdict = self._verdict(block, said)
            why = verdict.why
            fouled_s = -1.0 if not why else fouled_s if fouled_s >= 0.0 else now_s
        new = Pulsed(known=True, since_s=now_s, before=said, fouled_s=fouled_s, why=why)
        if reading.reason in (Reason.RATE, Reason.SPIKE):  # from the end of the pulse to the water again
            reading = reading._replace(value=said, quality=Quality.GOOD, reason=None)
        return new, self._doubted(new, reading), verdict

    def _verdict(self, block: Pulsed, said: float) -> Verdict:
        bias, response_s = said - block.before, block.response_s
        if response_s < 0.0 and abs(self.to - block.before) > self.bias:
            response_s = block.lasted_s / log(2.0)  # at least
        is_slow = response_s > self.slower * self.response_s
        return Verdict("slow" if is_slow else "bias" if abs(bias) > self.bias else "", response_s, bias)

    def _held(self, block: Pulsed, reading: Reading) -> Reading:
        """What it said before the pulse, for what it says now is of the air: nothing, where that is not known."""
        if not block.known:
            return reading._replace(quality=Quality.BAD, reason=Reason.CALIBRATING)
        return reading._replace(value=block.before, quality=Quality.SUBSTITUTED, reason=Reason.CALIBRATING)

    def _doubted(self, block: Pulsed, reading: Reading) -> Reading:
        if block.fouled_s < 0.0 or reading.quality < Quality.UNCERTAIN:
            return reading
        return reading._replace(quality=Quality.UNCERTAIN, reason=Reason.FOULED)
