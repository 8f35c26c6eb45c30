"""Unit tests that stand in a rule: a made-up farm second by second, and what the rule wants of it at which moment."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from foundation.reading import Quality, Reading, Reason, Value
from foundation.units import Quantity, UnitError, parse_quantity
from rules.expression import BOOL, TEXT, Expression, Named
from rules.gauges import Gauge, Look
from rules.place import Place
from rules.rule import RuleLaw, RuleMemory, limit_now

START = "2026-03-20 12:00"
FINE_S = 3600.0
"""Up to here a test moves second by second, beyond in steps of ten."""
WARM_UP_STEPS = 120
VERBS = {"set": "set", "inhibited": "inhibit", "limit_min": "limit_min", "limit_max": "limit_max",
         "requested": "request", "asked": "run_sequence"}  # fmt: skip
"""How an expectation names what a rule does."""


class TrialError(ValueError):
    """A test that cannot be read: why."""


class Deed(NamedTuple):
    """What a rule does to an output while it is on, in %."""

    verb: str
    output: str
    to: float
    by: Expression | None = None
    """The line that a limit stands on."""


class Addition(NamedTuple):
    """What it adds to a setpoint, in `unit`, no more than `cap`."""

    setpoint: str
    by: Expression
    scale: float
    cap: float
    unit: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule as a test sees it."""

    id: str
    law: RuleLaw
    deeds: tuple[Deed, ...]
    adds: tuple[Addition, ...]
    has_alarm: bool
    named: Named = str
    has_notice: bool = False

    @property
    def lines(self) -> tuple[Expression, ...]:
        """What it adds, and what its limits stand on."""
        return (*(add.by for add in self.adds), *(deed.by for deed in self.deeds if deed.by is not None))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test of one rule went."""

    rule: str
    number: int
    """Of the test, from 1."""
    failures: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return not self.failures


class _At(NamedTuple):
    value: Any
    at_s: float


_Check = tuple[tuple[str, str], bool | float | None]


def try_rule(
    rule: Tried, number: int, given: Mapping[str, Any], expect: Mapping[str, Any], units: Mapping[str, str],
    timezone: str = "UTC", latitude: float = 36.9, longitude: float = 118.7, at: str | None = None,
) -> Outcome:  # fmt: skip
    """Run one test. `units` gives the tags' units. Raises TrialError where the test cannot be read."""
    told, checks, start_s = read_trial(rule, given, expect, units, timezone, at)
    moments = {at_s for _, _, at_s in checks} | {one.at_s for values in told.values() for one in values}
    expressions = [one for one in (rule.law.when, rule.law.clear, *rule.lines) if one is not None]
    farm = _Farm(told, expressions, Place(timezone, latitude, longitude), start_s)
    memory, failures = RuleMemory(since_s=start_s), []
    for time_s in _times(max(moments), moments):
        values = farm.look(time_s)
        memory = rule.law.step(memory, rule.law.cause(memory.on, values), start_s + time_s)
        for key, (label, expected), at_s in checks:
            if at_s == time_s:
                found = _found(rule, label, memory, values)
                if not _same(found, expected):
                    failures.append(f"{key} at {at_s:g} s is {_shown(found)}, not {_shown(expected)}")
    return Outcome(rule.id, number, tuple(failures))


def read_trial(
    rule: Tried, given: Mapping[str, Any], expect: Mapping[str, Any], units: Mapping[str, str], timezone: str,
    at: str | None,
) -> tuple[dict[str, list[_At]], list[tuple[str, _Check, float]], float]:  # fmt: skip
    """What is given by full name, what is to be checked and when, and the farm time of the beginning."""
    told = {rule.named(name): _told(rule, units, name, raw) for name, raw in given.items()}
    wanted = [(key, one) for key, raw in expect.items() for one in _moments(raw)]
    if not wanted:
        raise TrialError("nothing is expected")
    checks = [(key, _expectation(rule, units, key, one.value), one.at_s) for key, one in wanted]
    needed = {tag for one in (rule.law.when, rule.law.clear) if one is not None for tag in one.tags}
    missing = sorted(needed.difference(told))
    if missing:
        raise TrialError(f"{missing[0]} is not given")
    return told, checks, _start(at or START, timezone)


class _Farm:
    """Values over time, and the gauges that look at them. Before the test they were as they are at its beginning."""

    def __init__(
        self, told: Mapping[str, list[_At]], expressions: Iterable[Expression], place: Place, start_s: float
    ) -> None:
        self.told, self.place, self.start_s = told, place, start_s
        self.gauges: dict[str, Gauge] = {one.name: one for expression in expressions for one in expression.gauges}
        self.memories = {name: gauge.fresh for name, gauge in self.gauges.items()}
        longest_s = max((gauge.window_s for gauge in self.gauges.values()), default=0.0)
        step_s = min(max(longest_s / WARM_UP_STEPS, 1.0), 60.0)
        for count in range(int(longest_s / step_s), 0, -1):
            self.look(-count * step_s)

    def look(self, time_s: float) -> dict[str, Any]:
        now_s = self.start_s + time_s
        values: dict[str, Any] = {}
        readings: dict[str, Reading] = {}
        for name, moments in self.told.items():
            value = [one.value for one in moments if one.at_s <= max(time_s, 0.0)][-1]
            values[name] = value
            readings[name] = (
                Reading(name, None, Quality.BAD, Reason.COMM, now_s)
                if value is None
                else Reading(name, value, Quality.GOOD, None, now_s)
            )
        look = Look(now_s, values, readings, self.place)
        for name, gauge in self.gauges.items():
            self.memories[name], values[name] = gauge.step(self.memories[name], look)
        return values


def _times(end_s: float, moments: set[float]) -> list[float]:
    step_s = 1.0 if end_s <= FINE_S else 10.0
    return sorted({count * step_s for count in range(int(end_s / step_s) + 1)} | moments)


def _start(at: str, timezone: str) -> float:
    try:
        return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(timezone)).timestamp()
    except ValueError as error:
        raise TrialError(f"'{at}' is no local date and time") from error


def _told(rule: Tried, units: Mapping[str, str], written: str, raw: Any) -> list[_At]:
    """A given tag's values in its unit; the first from the beginning."""
    name = rule.named(written)
    if name not in units:
        raise TrialError(f"there is no tag '{name}'")
    moments = [one._replace(value=_value(one.value, units[name], written)) for one in _moments(raw)]
    if not moments or moments[0].at_s != 0.0:
        raise TrialError(f"{written} has no value at the beginning")
    return sorted(moments, key=lambda one: one.at_s)


def _moments(raw: Any) -> Iterator[_At]:
    """`[a, b @ 5 s]` as values with their moments."""
    for one in raw if isinstance(raw, list | tuple) else [raw]:
        if not isinstance(one, bool | int | float | str):
            raise TrialError(f"'{one}' is no value")
        text, at, moment = str(one).partition("@") if isinstance(one, str) else (one, "", "")
        if not at:
            yield _At(one, 0.0)
            continue
        try:
            quantity = parse_quantity(moment)
        except UnitError as error:
            raise TrialError(f"'{moment.strip()}' is no time") from error
        if quantity.unit != "s" or not 0.0 <= quantity.value <= 7 * 86400.0:
            raise TrialError(f"'{moment.strip()}' is no time")
        yield _At(str(text).strip(), quantity.value)


def _value(raw: Any, unit: str, written: str) -> Value | None:
    if raw == "bad":
        return None
    if unit == BOOL:
        if raw is True or raw in ("true", "on"):
            return True
        if raw is False or raw in ("false", "off"):
            return False
        raise TrialError(f"{written}: '{raw}' is neither true nor false")
    if unit == TEXT:
        return str(raw)
    try:
        return parse_quantity(raw).to(unit)
    except UnitError as error:
        raise TrialError(f"{written}: {error}") from error


def _expectation(rule: Tried, units: Mapping[str, str], key: str, raw: bool | float | str) -> _Check:
    """What a key asks for, and the answer that is right: None for "nothing"."""
    truth = raw if isinstance(raw, bool) else {"true": True, "false": False}.get(str(raw))
    if key in ("on", "alarm", "notified"):
        if truth is None:
            raise TrialError(f"{key} is true or false")
        return (key, ""), truth
    written, _, verb = key.rpartition(".")
    name = rule.named(written)
    if verb in VERBS:
        _is_there(rule, units, verb, name)
    if verb in ("inhibited", "asked") and truth is not None:
        return (VERBS[verb], name), truth
    if verb == "added":
        add = next((one for one in rule.adds if one.setpoint == name), None)
        if add is None:
            raise TrialError(f"nothing is added to '{name}'")
        return ("added", name), _quantity(raw, add.unit)
    if verb not in VERBS or verb in ("inhibited", "asked"):
        known = (
            "on, alarm, notified, OUTPUT.inhibited, .set, .limit_min, .limit_max, .requested, SETPOINT.added, "
            "SEQUENCE.asked"
        )
        raise TrialError(f"'{key}' is none of {known}")
    if truth is False:
        return (VERBS[verb], name), None
    position = 100.0 if truth else {"on": 100.0, "off": 0.0}.get(str(raw))
    return (VERBS[verb], name), _quantity(raw, "%") if position is None else position


def _is_there(rule: Tried, units: Mapping[str, str], verb: str, name: str) -> None:
    """Of what does not exist everybody could expect that nothing is wanted."""
    if verb == "asked":
        if all((deed.verb, deed.output) != ("run_sequence", name) for deed in rule.deeds):
            raise TrialError(f"nothing asks for '{name}'")
    elif units.get(name) != "%":
        raise TrialError(f"there is no output '{name}'")


def _quantity(raw: Any, unit: str) -> float:
    try:
        quantity = parse_quantity(raw)
        if not quantity.unit and quantity.value != 0.0 and unit:
            raise TrialError(f"'{raw}' needs its unit: {quantity.value:g} {unit}")
        return (Quantity(quantity.value, unit) if quantity.value == 0.0 and not quantity.unit else quantity).to(unit)
    except UnitError as error:
        raise TrialError(str(error)) from error


def _found(rule: Tried, label: tuple[str, str], memory: RuleMemory, values: Mapping[str, Any]) -> bool | float | None:
    what, name = label
    if what == "on":
        return memory.on
    if what == "alarm":
        return memory.on and rule.has_alarm
    if what == "notified":
        return memory.on and rule.has_notice
    if what == "added":
        return sum(_adds(add, values) for add in rule.adds if memory.on and add.setpoint == name)
    deed = next((one for one in rule.deeds if memory.on and one.output == name and one.verb == what), None)
    if what in ("inhibit", "run_sequence"):
        return deed is not None
    return None if deed is None else limit_now(deed.by, deed.to, what == "limit_max", values)


def _adds(add: Addition, values: Mapping[str, Any]) -> float:
    value = add.by.run(values)
    return 0.0 if value is None else min(max(float(value) * add.scale, -add.cap), add.cap)


def _same(found: bool | float | None, expected: bool | float | None) -> bool:
    if isinstance(found, bool) or found is None or expected is None or isinstance(expected, bool):
        return found is expected
    return abs(found - expected) <= 1e-6 * max(1.0, abs(expected))


def _shown(one: bool | float | None) -> str:
    return {True: "true", False: "false", None: "nothing"}[one] if isinstance(one, bool) or one is None else f"{one:g}"
