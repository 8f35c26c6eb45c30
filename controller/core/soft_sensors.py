"""Soft sensors: values that no probe gives, from those that probes do give (control.md 2.6).

Each is a derived tag. What it says is at best SUBSTITUTED (it was computed), UNCERTAIN while its model does not fit or
its measurement is away, and BAD once that has been away for long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import Any, NamedTuple, Protocol

from controller.core.actuators import Motor
from controller.core.estimate import REFUSED_IN_A_ROW, Belief, begun, is_sound, predicted, updated
from controller.core.loops.feed_forward import Ahead, FishOxygen
from controller.core.state import Block
from foundation.reading import Quality, Reading, Reason, Value
from foundation.water import oxygen_saturation_mg_l

NEVER = 10**9
LONGEST_STEP_S = 600.0
"""A pause longer than this is not bridged: the model begins anew from what is measured."""
WARM_S = 3600.0
"""For so long water is as warm as it was last known to be."""
UNKNOWN_C = 20.0
"""Of water whose temperature was never known."""
SAME = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
Values = Mapping[str, Value | None]


class Estimator(Protocol):
    """One soft sensor."""

    @property
    def name(self) -> str: ...

    @property
    def inputs(self) -> tuple[str, ...]: ...

    @property
    def fresh(self) -> Block: ...

    def step(
        self, block: Any, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Block, Reading] | None:
        """What is believed now, and the reading; None while it is not due."""
        ...


class Estimated(NamedTuple):
    belief: Belief = Belief()
    fed: Ahead = Ahead()
    due_s: float = 0.0
    added: float | None = None
    """What is supplied, as the measurement shows it: behind by its lag."""
    water_c: float | None = None
    """What was last known of the water's temperature; None nothing yet."""
    water_s: float = -1.0
    """When that was."""
    by_hand: Ahead = Ahead()


def _number(image: Mapping[str, Reading], tag: str | None) -> float | None:
    return None if tag is None else image[tag].number


def _age_s(image: Mapping[str, Reading], tag: str | None, now_s: float) -> float:
    """How long ago a counter said what it says: what people enter they enter later."""
    return 0.0 if tag is None else now_s - image[tag].time_s


def _digested(
    digest: FishOxygen,
    states: tuple[Ahead, Ahead],
    tags: tuple[str | None, str | None],
    image: Mapping[str, Reading],
    now_s: float,
) -> tuple[Ahead, Ahead, float]:
    """Of what a feeder has counted and of what people entered that they gave by hand: what is remembered of each, and
    kg/h being digested of both."""
    fed, by_hand = tags
    one, kg_h = digest.step(states[0], _number(image, fed), now_s, _age_s(image, fed, now_s))
    if by_hand is None:
        return one, states[1], kg_h
    entered = FishOxygen(digest.gain, digest.lag_s, is_counter=False)
    other, more_kg_h = entered.step(states[1], _number(image, by_hand), now_s, _age_s(image, by_hand, now_s))
    return one, other, kg_h + more_kg_h


def _told(name: str, value: float, belief: Belief, wait_s: float, now_s: float) -> Reading:
    """The reading of a belief, with the quality that it deserves."""
    away_s = now_s - belief.heard_s
    if away_s > wait_s:
        return Reading(name, None, Quality.BAD, Reason.INPUT, now_s)
    if away_s > wait_s / 3.0:
        return Reading(name, value, Quality.UNCERTAIN, Reason.INPUT, now_s)
    if not belief.is_model_good:
        return Reading(name, value, Quality.UNCERTAIN, Reason.ESTIMATED, now_s)
    return Reading(name, value, Quality.SUBSTITUTED, Reason.ESTIMATED, now_s)


def _nothing(name: str, now_s: float) -> Reading:
    return Reading(name, None, Quality.BAD, Reason.INPUT, now_s)


@dataclass(frozen=True, slots=True)
class Uptake:
    """Oxygen uptake R per volume: dC/dt = supply + exchange (Cs - C) - R0 - k feed; R0 and k wander slowly.

    States are C (mg/L), R0 (mg/L/h) and k (mg/L/h per kg/h being digested). `wander` is what R0 may go within an hour.
    Supply comes through a lag, as it does to the probe: taken at once, a gust is first an uptake and then its opposite.
    While it is not known what comes in, nothing is learned: what was known of the fish stands, and is believed less.
    """

    name: str
    gives_oxygen: bool
    oxygen: str
    supply: tuple[tuple[str, float], ...]
    lag_s: float
    """From what supplies to what the probe says of it: mixing, membrane and filter; 0 for none."""
    exchange_per_h: float
    temperature: str | None
    fed: str | None
    digest: FishOxygen
    """With gain 1: kg/h being digested."""
    per_fed: float
    noise: float
    wander: float
    period_s: float
    wait_s: float
    by_hand: str | None = None
    """What people entered that they gave, kg."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.oxygen,)

    @property
    def fresh(self) -> Estimated:
        return Estimated()

    def step(
        self, block: Estimated, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Estimated, Reading] | None:
        belief = block.belief
        if now_s - belief.at_s >= 0.0 and now_s < block.due_s <= now_s + self.period_s:
            return None
        due_s = now_s + self.period_s - 0.5
        oxygen = _number(image, self.oxygen)
        fed, hand, digested = _digested(self.digest, (block.fed, block.by_hand), (self.fed, self.by_hand), image, now_s)
        supply = [(_number(image, tag), adds) for tag, adds in self.supply]
        added = sum(number * adds for number, adds in supply if number is not None)
        water_c, water_s = _number(image, self.temperature), now_s
        if water_c is None:
            water_c, water_s = block.water_c, block.water_s
        saturation = oxygen_saturation_mg_l(UNKNOWN_C if water_c is None else water_c)
        is_known = all(number is not None for number, _ in supply)
        if water_c is not None and self.exchange_per_h != 0.0:
            is_known = is_known and now_s - water_s <= WARM_S
        h = (now_s - belief.at_s) / 3600.0
        if not is_sound(belief, 3) or belief.at_s < 0 or not 0.0 <= h <= LONGEST_STEP_S / 3600.0:
            if oxygen is None:
                return Estimated(Belief(), fed, due_s, added, water_c, water_s, hand), _nothing(self.name, now_s)
            uptake = added + self.exchange_per_h * (saturation - oxygen) - self.per_fed * digested
            begin = begun((oxygen, uptake, self.per_fed), (self.noise, 10 * self.wander, self.per_fed / 4), now_s)
            reading = self._reading(begin, digested, now_s)
            if not is_known:  # at a start much is told a moment later: a guess until then, and nothing from then on
                begin = begin._replace(heard_s=-1.0)
            return Estimated(begin, fed, due_s, added, water_c, water_s, hand), reading
        c, rest, per_fed = belief.x
        q = (self.noise**2 * h, self.wander**2 * h, (0.05 * self.per_fed) ** 2 * h)
        if not is_known:
            x = (c if oxygen is None else oxygen, rest, per_fed)
            kept = self._sober(predicted(belief, x, SAME, q, now_s))
            return Estimated(kept, fed, due_s, None, water_c, water_s, hand), self._reading(kept, digested, now_s)
        if self.lag_s > 0.0 and block.added is not None and isfinite(block.added):
            added += (block.added - added) * exp(-3600.0 * h / self.lag_s)
        new_c = c + h * (added + self.exchange_per_h * (saturation - c) - rest - per_fed * digested)
        f = ((1.0 - self.exchange_per_h * h, -h, -digested * h), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        belief = predicted(belief, (new_c, rest, per_fed), f, q, now_s)
        if oxygen is not None:
            belief = updated(belief, (1.0, 0.0, 0.0), oxygen, self.noise**2, now_s, refuse=NEVER)
            if belief.refused >= REFUSED_IN_A_ROW:
                # a shock is the water's, not the fish's: an uptake that might be anything would swing a loop from end
                # to end, so it begins anew from what is measured and is as sure of the uptake as it was
                x = (oxygen, max(belief.x[1], 0.0), belief.x[2])
                sure = sqrt(belief.variance(1)), sqrt(belief.variance(2))
                sigmas = (self.noise, min(sure[0], 3.0 * self.wander), min(sure[1], self.per_fed / 4.0))
                belief = begun(x, sigmas, now_s)._replace(nis=belief.nis)
        belief = self._sober(belief)
        return Estimated(belief, fed, due_s, added, water_c, water_s, hand), self._reading(belief, digested, now_s)

    def _sober(self, belief: Belief) -> Belief:
        """What feed takes is told by meals alone: between them doubt about it must not grow without end."""
        if self.per_fed <= 0.0:
            return belief
        c, rest, per_fed = belief.x
        x = (c, rest, min(max(per_fed, 0.5 * self.per_fed), 2.0 * self.per_fed))
        share = min(0.25 * self.per_fed / sqrt(belief.p[8]), 1.0) if belief.p[8] > 0.0 else 1.0
        scale = (1.0, 1.0, share)
        p = tuple(belief.p[3 * i + j] * scale[i] * scale[j] for i in range(3) for j in range(3))
        return belief._replace(x=x, p=p)

    def _reading(self, belief: Belief, digested: float, now_s: float) -> Reading:
        value = belief.x[0] if self.gives_oxygen else belief.x[1] + belief.x[2] * digested
        return _told(self.name, max(value, 0.0), belief, self.wait_s, now_s)


class Sampled(NamedTuple):
    """What the TAN sensor remembers."""

    belief: Belief = Belief()
    fed: Ahead = Ahead()
    due_s: float = 0.0
    lab_s: float = 0.0
    """Source time of the last lab value that was used."""
    lab: float = 0.0
    """That value, as it was then: one of the same sample that differs puts it right."""
    refused: int = 0
    """How many wild ones had been refused before it."""
    past: tuple[float, ...] = ()
    """Of every quarter of an hour of the last day, one after the other: time, kg/h being digested, T, ln k, p00, p01,
    p11 (T below 0: nothing was believed yet)."""
    by_hand: Ahead = Ahead()


PAST_STEP_S, PAST_WIDTH, PAST_LENGTH = 900.0, 7, 96
BELIEVE_LAB_AFTER = 2
"""One wild lab value may be a slip of the pen; a second is not."""
LOG_K_PER_DAY = 0.5
"""How far ln k may go within a day: a biofilter that fails loses most of its work in half of one."""


@dataclass(frozen=True, slots=True)
class Tan:
    """TAN between samples: dT/dt = rest + per_fed feed - k T; a lab value is used at the time of its sample.

    States are T (mg/L) and ln k (k per hour): a removal cannot be negative, and is known to a factor. A value that is
    told hours later goes back to the belief of then, and what has been fed since is gone through again. A probe's
    value is newer than the last step: it is taken once a period.
    """

    name: str
    gives_removal: bool
    lab: str
    fed: str
    digest: FishOxygen
    per_fed: float
    """mg/L for each kg digested."""
    rest: float
    """mg/L/h that unfed fish give off."""
    removal_per_h: float
    noise: float
    period_s: float
    wait_s: float
    by_hand: str | None = None
    """What people entered that they gave, kg."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.lab, self.fed)

    @property
    def fresh(self) -> Sampled:
        return Sampled()

    def step(
        self, block: Sampled, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Sampled, Reading] | None:
        lab, belief, past = image[self.lab], block.belief, block.past
        is_new = lab.number is not None and lab.time_s > block.lab_s
        is_late = is_new and not 0 <= belief.at_s < lab.time_s
        # what stood is put right, or withdrawn so that an earlier one stands again: its effect goes with it
        is_other = lab.number is not None and not is_new and (lab.time_s, lab.number) != (block.lab_s, block.lab)
        is_gone = lab.number is None and lab.reason is Reason.CORRECTED and block.lab_s > 0.0
        if not (is_late or is_other or is_gone) and now_s < block.due_s <= now_s + self.period_s:
            return None
        due_s = now_s + self.period_s - 0.5
        fed, hand, digested = _digested(self.digest, (block.fed, block.by_hand), (self.fed, self.by_hand), image, now_s)
        if (belief.at_s >= 0 and not is_sound(belief, 2)) or len(past) % PAST_WIDTH or now_s < belief.at_s:
            belief, past = Belief(), ()
        if is_gone:
            return Sampled(fed=fed, due_s=due_s, by_hand=hand), _nothing(self.name, now_s)
        lab_s, refused = block.lab_s, belief.refused if is_new else block.refused
        if is_new and lab.number is not None and 0 <= belief.at_s < lab.time_s:
            lab_s = lab.time_s
            belief = self._forward(belief, digested, lab_s)
            belief = updated(belief, (1.0, 0.0), lab.number, self.noise**2, lab_s, BELIEVE_LAB_AFTER)
        if belief.at_s >= 0:
            belief = self._forward(belief, digested, now_s)
        if not past or now_s - past[-PAST_WIDTH] >= PAST_STEP_S:
            past = (*past, *self._row(belief, digested, now_s))[-PAST_WIDTH * PAST_LENGTH :]
        if lab.number is not None and (is_other or (is_new and lab_s != lab.time_s)):
            lab_s = lab.time_s
            belief = belief._replace(refused=refused)
            belief, past = self._sampled(belief, past, lab.number, lab_s, digested, now_s)
        value = lab.number if lab.number is not None and (is_new or is_other) else block.lab
        return Sampled(belief, fed, due_s, lab_s, value, refused, past, hand), self._reading(belief, now_s)

    def _sampled(
        self, belief: Belief, past: tuple[float, ...], value: float, at_s: float, digested: float, now_s: float
    ) -> tuple[Belief, tuple[float, ...]]:
        """The belief now, with a value of `at_s`; the past is told again as it then was."""
        rows = [past[at : at + PAST_WIDTH] for at in range(0, len(past), PAST_WIDTH)]
        before = [row for row in rows if row[0] < at_s]
        after = [row for row in rows if row[0] >= at_s]
        then = self._of_row(before[-1], belief) if before else Belief()
        if then.at_s >= 0:
            then = self._forward(then, before[-1][1], at_s)
            then = updated(then, (1.0, 0.0), value, self.noise**2, at_s, BELIEVE_LAB_AFTER)
        else:
            then = begun((max(value, 0.0), 0.0), (self.noise, 0.7), at_s)
        feeding, told = (before[-1][1] if before else digested), list(before)
        for row in after:
            then, feeding = self._forward(then, feeding, row[0]), row[1]
            told.append(self._row(then, feeding, row[0]))
        then = self._forward(then, digested, now_s)
        return then._replace(heard_s=at_s), tuple(number for row in told for number in row)

    def _row(self, belief: Belief, digested: float, now_s: float) -> tuple[float, ...]:
        if belief.at_s < 0:
            return (now_s, digested, -1.0, 0.0, 0.0, 0.0, 0.0)
        return (now_s, digested, *belief.x, belief.p[0], belief.p[1], belief.p[3])

    def _of_row(self, row: tuple[float, ...], now: Belief) -> Belief:
        at_s, _, tan, log_k, p00, p01, p11 = row
        if tan < 0.0:
            return Belief()
        return now._replace(x=(tan, log_k), p=(p00, p01, p01, p11), at_s=at_s)

    def _forward(self, belief: Belief, digested: float, to_s: float) -> Belief:
        h = min(max(to_s - belief.at_s, 0.0) / 3600.0, 24.0)
        tan, log_k = belief.x[0], max(min(belief.x[1], 3.0), -3.0)
        k = self.removal_per_h * exp(log_k)
        kept = exp(-k * h)
        balance = (self.rest + self.per_fed * digested) / k
        new = max(balance + (tan - balance) * kept, 0.0)
        # by ln k: the balance moves against k, and what is above it decays faster
        by_k = -balance * (1.0 - kept) - (tan - balance) * k * h * kept
        q = ((0.3 * self.noise) ** 2 * h, LOG_K_PER_DAY**2 * h / 24.0)
        return predicted(belief, (new, log_k), ((kept, by_k), (0.0, 1.0)), q, to_s)

    def _reading(self, belief: Belief, now_s: float) -> Reading:
        if belief.at_s < 0:
            return _nothing(self.name, now_s)
        value = 100.0 * self.removal_per_h * exp(belief.x[1]) if self.gives_removal else max(belief.x[0], 0.0)
        reading = _told(self.name, value, belief, self.wait_s, now_s)
        sigma = sqrt(belief.variance(0))
        if reading.quality is Quality.SUBSTITUTED and (
            belief.refused > 0 or sigma > max(3.0 * self.noise, 0.5 * belief.x[0])
        ):
            return reading._replace(quality=Quality.UNCERTAIN)
        return reading


@dataclass(frozen=True, slots=True)
class HeatLoss:
    """What a house loses: capacity dT/dt = supply - U (T - outside). States are T (degC) and U (kW/K)."""

    name: str
    inside: str
    outside: str
    supply: tuple[tuple[str, float], ...]
    capacity: float
    """kWh/K."""
    guess: float
    noise: float
    period_s: float
    wait_s: float

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.inside, self.outside)

    @property
    def fresh(self) -> Estimated:
        return Estimated()

    def step(
        self, block: Estimated, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Estimated, Reading] | None:
        belief = block.belief
        if now_s - belief.at_s >= 0.0 and now_s < block.due_s <= now_s + self.period_s:
            return None
        due_s = now_s + self.period_s - 0.5
        inside, outside = _number(image, self.inside), _number(image, self.outside)
        supply = [(_number(image, tag), adds) for tag, adds in self.supply]
        h = (now_s - belief.at_s) / 3600.0
        if not is_sound(belief, 2) or belief.at_s < 0 or not 0.0 <= h <= LONGEST_STEP_S / 3600.0:
            if inside is None:
                return Estimated(Belief(), due_s=due_s), _nothing(self.name, now_s)
            begin = begun((inside, self.guess), (self.noise, self.guess / 2), now_s)
            return Estimated(begin, due_s=due_s), self._reading(begin, now_s)
        air_c, loss = belief.x
        if outside is None or any(number is None for number, _ in supply):
            # what goes in or out is not known: nothing is learned, and it is not heard
            kept = belief._replace(at_s=now_s, x=(air_c if inside is None else inside, loss))
            return Estimated(kept, due_s=due_s), self._reading(kept, now_s)
        added = sum(number * adds for number, adds in supply if number is not None)
        apart = air_c - outside
        new = air_c + h / self.capacity * (added - loss * apart)
        f = ((1.0 - h / self.capacity * loss, -h / self.capacity * apart), (0.0, 1.0))
        # 0.2 K an hour that the model does not know of; the loss may change by a tenth of the guess within an hour
        q = ((self.noise**2 + 0.04) * h, (0.1 * self.guess) ** 2 * h)
        belief = predicted(belief, (new, loss), f, q, now_s)
        if inside is not None:
            belief = updated(belief, (1.0, 0.0), inside, self.noise**2, now_s)
        return Estimated(belief, due_s=due_s), self._reading(belief, now_s)

    def _reading(self, belief: Belief, now_s: float) -> Reading:
        reading = _told(self.name, max(belief.x[1], 0.0), belief, self.wait_s, now_s)
        if reading.quality is Quality.SUBSTITUTED and sqrt(belief.variance(1)) > 0.3 * self.guess:
            return reading._replace(quality=Quality.UNCERTAIN)  # not warm enough inside against outside to tell
        return reading


class Shown(NamedTuple):
    value: float = 0.0
    is_sure: bool = False


CLEAR_FOR_S = 7 * 86400.0
"""A week without a dose that could be told from noise: water and stock may be others by now."""


@dataclass(frozen=True, slots=True)
class DoseEffect:
    """What one litre does, by those doses of its loop that can be told from noise."""

    name: str
    loop: str
    pv: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.pv,)

    @property
    def fresh(self) -> Shown:
        return Shown()

    def step(
        self, block: Shown, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Shown, Reading] | None:
        dose = blocks[self.loop][0]
        if dose.effect == 0.0:
            return None  # the loop has not run yet
        # what was only written in the site file is a guess, and so is what pulses without effect contradict
        is_sure = dose.clear != 0.0 and dose.without == 0 and 0.0 <= now_s - dose.clear_s < CLEAR_FOR_S
        shown = Shown(dose.clear or dose.effect, is_sure)
        if shown == block and image[self.name].quality is not Quality.BAD:
            return None
        quality = Quality.SUBSTITUTED if is_sure else Quality.UNCERTAIN
        return shown, Reading(self.name, shown.value, quality, Reason.ESTIMATED, now_s)


class Travelled(NamedTuple):
    direction: int = 0
    variance: float = 0.0
    """Of the position, %^2."""
    at: float = -1.0


MOVE_SIGMA = 0.5
"""%: what one start and stop of a motor leaves unknown (dead time and overrun of about half a second of 120)."""
WAY_SIGMA = 0.02
"""Share of the way: how far a motor's real speed is from its stated travel."""
SURE_SIGMA = 5.0
"""control.md 1.5: beyond this the position is to be set right at an end."""


@dataclass(frozen=True, slots=True)
class MotorPosition:
    """Where a motor without feedback is: prediction by what was switched, sure again at each end."""

    name: str
    output: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return ()  # it is looked at in every scan: at an end it becomes sure without moving

    @property
    def fresh(self) -> Travelled:
        return Travelled()

    def step(
        self, block: Travelled, image: Mapping[str, Reading], blocks: Mapping[str, Block], now_s: float
    ) -> tuple[Travelled, Reading] | None:
        motor = blocks[self.output]
        if not isinstance(motor, Motor):
            return None
        variance = block.variance
        if motor.direction != block.direction and motor.direction != 0:
            variance += MOVE_SIGMA**2
        if block.at >= 0.0:
            variance += (WAY_SIGMA * (motor.position - block.at)) ** 2
        if motor.homed and motor.stop != 0:
            variance = 0.0
        new = Travelled(motor.direction, min(variance, 1e4), motor.position)
        sure = motor.homed and sqrt(variance) <= SURE_SIGMA
        quality = Quality.SUBSTITUTED if sure else Quality.UNCERTAIN
        if new == block and image[self.name].quality is quality:
            return None
        return new, Reading(self.name, motor.position, quality, Reason.ESTIMATED, now_s)
