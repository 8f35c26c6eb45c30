"""Why is this on? Every output of every sample site answers at any moment, whatever the farm has been through."""

import re
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.explain import standing
from controller.core.scan import Core
from controller.core.words import Override, Reset, SetpointChange, Slot, Snapshot
from controller.why.journal import WhyJournal
from controller.why.shape import Explanation, explanation_shape
from edge_config.loader import load_site
from foundation.messages import LANGUAGES
from foundation.reading import Reading, Reason, bad, good
from tests.core.small_site import START_S, document
from tests.wire.agent_on_wires import SITES

SAMPLES = sorted(path.stem for path in SITES.glob("*.yaml"))
NAME = re.compile(r"\b[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\b")
"""What no sentence about the reason holds: people know their farm by its names."""


@cache
def core_of(sample: str) -> Core:
    if sample == "sequences":  # the small site of the tests, which also runs sequences and limits outputs
        from tests.core.small_site import core_of as small

        site = document()
        site["rules"].append({"id": "fa.z.ask", "when": "fa.z.level < '50 %'", "then": [{"run_sequence": "fa.z.wash"}]})
        limits = [{"limit_max": "fa.z.fog", "to": "90 %"}, {"limit_min": "fa.z.mixer", "to": "5 %"}]
        site["rules"].append({"id": "fa.z.within", "when": "fa.z.co2 > '400 ppm'", "then": limits})
        site["sequences"] = {
            "fa.z.wash": {"abort": "fa.z.level < '5 %'", "steps": [
                {"set": {"fa.z.vent": "40 %"}, "request": {"fa.z.siren": "on"}, "for": "20 s"},
                {"set": {"fa.z.fog": "30 %"}, "until": "fa.z.rh > '80 %'", "within": "1 min"},
            ]},
        }  # fmt: skip
        return small(site)
    return Core(load_site(SITES / f"{sample}.yaml").site)


def reading(core: Core, tag: str, random: Random, now_s: float) -> Reading:
    known = core.tags[tag]
    if random.random() < 0.1:
        return bad(tag, Reason.COMM, now_s)
    if known.unit == "text":
        return good(tag, random.choice(known.choices or ("a",)), now_s)
    if known.unit == "bool":
        return good(tag, random.random() < 0.5, now_s)
    low, high = known.low if known.low is not None else 0.0, known.high if known.high is not None else 100.0
    return good(tag, low + (high - low) * random.choice([0.0, 0.2, 0.5, 0.8, 1.0, random.random()]), now_s)


def people(core: Core, random: Random, now_s: float, number: int) -> tuple[Any, ...]:
    """Now and then somebody takes an output by hand, gives one back, resets or sets something."""
    output = random.choice(sorted(core.plan.outputs))
    wish = random.random()
    if wish < 0.3:
        value = random.choice([0.0, 40.0, 100.0, None])
        return (Override(str(number), output, value, "li", now_s + random.choice([30.0, 3600.0])),)
    if wish < 0.5:
        latched = sorted([one.name for one in (*core.plan.interlocks, *core.plan.sequences)] or [output])
        return (Reset(str(number), random.choice(latched), "li", now_s),)
    if wish < 0.6 and core.plan.programs:
        name, program = random.choice(sorted(core.plan.programs.items()))
        return (SetpointChange(str(number), name, random.choice([program.low, program.high]), "li", now_s),)
    return ()


@pytest.mark.parametrize("sample", [*SAMPLES, "sequences"])
@given(
    st.integers(0, 2**32), st.lists(st.sampled_from([1.0, 1.0, 15.0, 70.0, 700.0, 40_000.0]), min_size=6, max_size=10)
)
@settings(max_examples=4, deadline=None)
def test_every_output_answers_at_every_moment(sample: str, seed: int, waits: list[float]) -> None:
    core, random, now_s = core_of(sample), Random(seed), START_S
    state, journal = core.start(now_s), WhyJournal(None, core, START_S)
    winners: dict[str, tuple[tuple[str, str, str], float]] = {}
    seen = {tag: reading(core, tag, random, now_s) for tag in core.plan.conditioners}
    for number, wait_s in enumerate(waits):
        for _ in range(3):  # a farm is rarely as it was a moment ago, and never quite another
            now_s += wait_s / 3.0
            seen |= {tag: reading(core, tag, random, now_s) for tag in random.sample(sorted(seen), len(seen) // 3 + 1)}
            told = tuple(one._replace(time_s=now_s) for one in seen.values())
            result = core.scan(state, Snapshot(told, (), people(core, random, now_s, number)), now_s)
            state = result.state
            journal.see(state)
            for output, order in result.orders.items():
                winner = (order.owner, order.slot.name.lower(), order.because.key)
                if winners.get(output, ((), 0.0))[0] != winner:
                    winners[output] = (winner, now_s)
        holds = standing(core.plan, state)
        assert set(state.orders) == set(core.site.outputs)
        for output, order in state.orders.items():
            why = journal.now(state, output)
            # who, since when, and what it is told
            winner, since_s = winners[output]
            assert (why.won.owner, why.won.slot, why.won.key) == winner
            assert (why.value, why.since_s, why.at_s) == (order.value, since_s, now_s)
            # whom it beat and what limits it: nobody who wants something is left out
            owners = {why.won.owner, *(one.owner for one in (*why.beaten, *why.limits))}
            assert {demand.owner for demand in state.demands.get(output, ())} <= owners
            assert {interlock.name for interlock in holds.get(output, ())} <= owners
            assert all(Slot[one.slot.upper()] >= Slot[why.won.slot.upper()] for one in why.beaten)
            # in words of both languages, with what would change it
            shape = explanation_shape(Explanation(journal.cards, why, now_s))
            assert shape.changes
            assert any(one.key == "then" for one in shape.changes) is (why.won.slot != "idle")
            assert len({len(shape.lines[language]) for language in LANGUAGES}) == 1
            for language in LANGUAGES:
                lines = shape.lines[language]
                assert len(lines) >= 3
                assert not any("{" in line or "why." in line for line in lines)
                assert NAME.search(lines[0] + lines[1]) is None, lines
