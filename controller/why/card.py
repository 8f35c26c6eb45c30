"""What stays the same about a farm's outputs while it runs: names, and who may want something of each, and when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from controller.core.scan import Core
from controller.panel.layout import layout
from edge_config.checks.loops import written_by
from edge_config.model.control import LoopBase
from rules.expression import Expression


@dataclass(frozen=True, slots=True)
class Watcher:
    """An interlock, a rule or a sequence that may want something of an output."""

    kind: Literal["interlock", "rule", "sequence"]
    id: str
    slot: str
    when: str
    """Its condition as the site file spells it (of a sequence: the rules that run it); empty: always, of an interlock
    that it counts."""
    value: float
    bound: str
    """`at`, `at_least`, `at_most`, or `insists` of an interlock."""
    latch: bool = False
    starts: bool = False
    """Of an interlock: it lets go on what runs."""
    clear: str = ""
    """Of a rule: it ends when this holds; empty: when `when` holds no longer."""
    on_s: float = 0.0
    """Of a rule: for so long its condition holds before it comes on; `off_s`: what ends it, before it goes off."""
    off_s: float = 0.0
    rank: int = 0
    """Of rules that want different things the lower goes first."""
    most_s: float | None = None
    """Of a rule: it is on for no longer than this."""
    slow: bool = False
    """A limit that comes and goes slowly."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A loop that writes an output; `pv` and `sp` are empty for one that follows the clock."""

    id: str
    pv: str
    sp: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Duty and standby of which an output is one, or which it rescues."""

    part: Literal["duty", "standby", "rescue"]
    duty: str
    standby: str
    swap_s: float | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One output."""

    switched: bool = False
    """On or off, nothing between."""
    watchers: tuple[Watcher, ...] = ()
    loops: tuple[Follower, ...] = ()
    pairs: tuple[Pair, ...] = ()
    siren_s: float | None = None
    """Of the siren: for so long an alarm waits for somebody before it sounds."""


@dataclass(frozen=True, slots=True)
class Cards:
    """All of a site that is needed to tell in words why an output stands as it does."""

    timezone: str = "UTC"
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """In Chinese and English, of whatever a reason may name."""
    units: dict[str, str] = field(default_factory=dict)
    """By loop, of the value that it controls; by setpoint, its own."""
    outputs: dict[str, Card] = field(default_factory=dict)


def cards_of(core: Core) -> Cards:
    """The cards of a built site."""
    site, shape = core.site, layout(core)
    names = {
        name: (one.name.zh, one.name.en)
        for shapes in (shape.tags, shape.outputs, shape.setpoints, shape.loops)
        for name, one in shapes.items()
    } | {name: (one.zh, one.en) for name, one in shape.names.items()}
    for recipe, one in site.recipes.items():
        names[recipe] = one.name.zh, one.name.en
        names |= {f"{recipe}/{stage.id}": (stage.name.zh, stage.name.en) for stage in one.stages}
    outputs = {
        name: Card(
            output.type in ("on_off", "pulse"),
            (*_interlocks(core, name), *_rules(core, name), *_sequences(core, name)),
            tuple(
                Follower(key, loop.pv, loop.sp) if isinstance(loop, LoopBase) else Follower(key, "", "")
                for key, loop in site.loops.items()
                if name in written_by(loop)
            ),
            tuple(_pairs(core, name)),
            core.plan.siren.after_s if core.plan.siren is not None and core.plan.siren.output == name else None,
        )
        for name, output in site.outputs.items()
    }
    units = {name: loop.unit for name, loop in shape.loops.items()} | {
        name: core.tags[name].unit for name in site.programs
    }
    return Cards(site.site.timezone, names, units, outputs)


def _interlocks(core: Core, output: str) -> list[Watcher]:
    return [
        Watcher(
            "interlock", one.name, demand.slot.name.lower(),
            f"not ({_text(one.when)})" if one.kind == "permissive" else _text(one.when), demand.value,
            demand.bound if demand.bound == "at_most" else "insists", one.latch,
            not one.while_running and any(action.how == "start" for action in one.actions if action.output == output),
        )
        for one in core.plan.interlocks
        for demand in one.demands(False, {})
        if demand.output == output
    ]  # fmt: skip


def _rules(core: Core, output: str) -> list[Watcher]:
    return [
        Watcher(
            "rule", rule.name, want.slot.name.lower(), _text(rule.law.when), want.value, want.bound,
            clear=_text(rule.law.clear), on_s=rule.law.on_s, off_s=rule.law.off_s, rank=rule.rank,
            most_s=rule.law.max_true_s, slow=slow,
        )
        for rule in core.plan.rules.rules
        for slow, wants in ((False, rule.wants), (True, rule.slow))
        for want in wants
        if want.output == output
    ]  # fmt: skip


def _pairs(core: Core, output: str) -> Iterator[Pair]:
    for one in core.plan.safeguards.pairs:
        parts: dict[str | None, Literal["duty", "standby", "rescue"]] = {
            one.duty: "duty", one.standby: "standby", one.rescue: "rescue"
        }  # fmt: skip
        if output in parts:
            yield Pair(parts[output], one.duty, one.standby, one.swap_s)


def _text(condition: Expression | None) -> str:
    return "" if condition is None else condition.text


def _sequences(core: Core, output: str) -> list[Watcher]:
    """Each once for every position that it takes."""
    wants = {
        (one.name, slot.name.lower(), ", ".join(one.askers), value, one.latch)
        for one in core.plan.sequences
        for step in one.steps
        for name, value, slot in step.wants
        if name == output
    }
    return [
        Watcher("sequence", name, slot, rules, value, "at", latch) for name, slot, rules, value, latch in sorted(wants)
    ]
