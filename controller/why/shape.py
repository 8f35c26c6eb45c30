"""An explanation as it goes over the wire and comes out of the command: facts, and sentences in both languages."""

from dataclasses import asdict, dataclass

from controller.core.explain import Claim, Why
from controller.why.card import Cards, Watcher
from controller.why.words import changes, sentences
from foundation.messages import LANGUAGES


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one output stood as it did, and what is needed to say so."""

    cards: Cards
    why: Why
    asked_s: float
    thinned: bool = False


@dataclass(frozen=True, slots=True)
class ClaimShape:
    """What somebody wants of it, limits or insists on. Times are milliseconds since the Unix epoch."""

    slot: str
    owner: str
    key: str
    """Of the reason: `why.KEY` in the messages."""
    values: dict[str, object]
    value: float
    """0 to 100 %."""
    bound: str
    """`at`, `at_least`, `at_most`, or `insists` of an interlock."""
    ends: float | None
    since: float | None


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """One way in which it may change: `change.KEY` in the messages."""

    key: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class ShapingShape:
    """What shapes a setpoint behind the winner: `integration` or `stage`, with its figures."""

    key: str
    setpoint: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class FirstShape:
    """Of a group of interlocks that hold, whose cause was there first, and since when."""

    group: str
    interlock: str
    at: float


@dataclass(frozen=True, slots=True)
class SwitchedOffShape:
    """A rule that would move it, and that a person switched off."""

    rule: str
    by: str
    until: float
    reason: str


@dataclass(frozen=True, slots=True)
class SpentShape:
    """A rule that would move it, and that may not come on."""

    rule: str
    why: str
    """`activations`, `true` (it was on for as long as it may) or `broken`."""
    until: float | None


@dataclass(frozen=True, slots=True)
class WaitsShape:
    """An interlock or a rule that would move it, or lets it go, and whose delay runs."""

    kind: str
    """`interlock` or `rule`."""
    owner: str
    what: str
    """`on`, `off`, or `reset`: from then on a person may reset it."""
    at: float


@dataclass(frozen=True, slots=True)
class RestShape:
    """A dosing loop of it that gives no dose."""

    loop: str
    why: str
    """`first` (another goes first), `locked`, `lost` (value or setpoint), `mixer` (nothing mixes), `mixes` (the
    last dose, or what was dosed before a start), `opposite` (the other way was dosed), `short` (it waits for the value
    to come back by itself)."""
    until: float | None
    of: str
    """The tag, the output or the loop that it is about; empty: none."""


@dataclass(frozen=True, slots=True)
class ExplanationShape:
    output: str
    name: dict[str, str]
    """By language."""
    asked: float
    """The moment that was asked about, and when what is told was seen."""
    at: float
    since: float
    """Since when the winner decides; `on_since`: since when the output is on, or off."""
    on_since: float
    value: float
    applied: float
    heard: bool
    thinned: bool
    won: ClaimShape
    then: ClaimShape
    """Who would decide if the winner were gone."""
    beaten: list[ClaimShape]
    limits: list[ClaimShape]
    first_out: FirstShape | None
    """Where the winner is an interlock of a group."""
    off: list[SwitchedOffShape]
    spent: list[SpentShape]
    shapes: list[ShapingShape]
    changes: list[ChangeShape]
    lines: dict[str, list[str]]
    """By language."""
    waits: list[WaitsShape]
    rests: list[RestShape]


def explanation_shape(explanation: Explanation) -> ExplanationShape:
    """Everything of it."""
    why, cards = explanation.why, explanation.cards
    zh, en = cards.names.get(why.output, (why.output, why.output))
    return ExplanationShape(
        why.output, dict(zip(LANGUAGES, (zh, en), strict=True)), _ms(explanation.asked_s), _ms(why.at_s),
        _ms(why.since_s), _ms(why.on_since_s), why.value, why.applied, why.heard, explanation.thinned,
        _claim(why.won), _claim(why.then), [_claim(one) for one in why.beaten], [_claim(one) for one in why.limits],
        None if why.first is None else FirstShape(why.first.group, why.first.interlock, _ms(why.first.cause_s)),
        [SwitchedOffShape(one.rule, one.by, _ms(one.until_s), one.reason) for one in why.off],
        [SpentShape(one.rule, one.why, _maybe_ms(one.until_s)) for one in why.spent],
        [ShapingShape(one.key, one.setpoint, dict(one.values)) for one in why.shapes],
        [ChangeShape(one.key, {place: _plain(value) for place, value in one.values.items()})
         for one in changes(cards, why)],
        {language: sentences(cards, why, language, explanation.thinned) for language in LANGUAGES},
        [WaitsShape(one.kind, one.owner, one.what, _ms(one.at_s)) for one in why.waits],
        [RestShape(one.loop, one.why, _maybe_ms(one.until_s), one.of) for one in why.rests],
    )  # fmt: skip


def _claim(claim: Claim) -> ClaimShape:
    return ClaimShape(
        claim.slot, claim.owner, claim.key, claim.values, claim.value, claim.bound, _maybe_ms(claim.ends_s),
        _maybe_ms(claim.since_s),
    )  # fmt: skip


def _plain(value: object) -> object:
    if isinstance(value, Claim):
        return asdict(_claim(value))
    return asdict(value) if isinstance(value, Watcher) else value


def _ms(time_s: float) -> float:
    return round(time_s * 1000.0)


def _maybe_ms(time_s: float | None) -> float | None:
    return None if time_s is None else _ms(time_s)
