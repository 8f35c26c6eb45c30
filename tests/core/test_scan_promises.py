"""What holds for every scan, whatever it is told: the promises of the core as properties."""

from dataclasses import replace
from functools import cache
from math import isfinite, nextafter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.arbiter import OutputPlan
from controller.core.loops.run import PidLoop
from controller.core.scan import Core
from controller.core.state import State
from controller.core.words import Override, Reset, ScanResult, SetpointChange, Snapshot
from edge_config.loader import load_site
from foundation.reading import Quality, Reading, Reason
from tests.core.small_site import CALM, START_S, core_of, document, only, small_core

ODD = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, True, False, "on", "", None, -127.0, 0.0)
Step = tuple[float, Snapshot]


@cache
def sample_farm() -> Core:
    return Core(load_site(Path(__file__).parents[2] / "edge_config/sites/farm.yaml").site)


def _readings(core: Core, tags: list[str]) -> st.SearchStrategy[list[Any]]:
    """(tag, value, quality, reason, age): what a wire may say, likely or not."""
    spans = {name: (core.tags[name].low, core.tags[name].high) for name in core.tags}

    def of(tag: str) -> st.SearchStrategy[Any]:
        low, high = spans.get(tag, (None, None))
        likely = st.floats(low if low is not None else -50.0, high if high is not None else 150.0)
        unit = core.tags[tag].unit if tag in core.tags else "bool"
        value = st.booleans() if unit == "bool" else likely
        return st.tuples(
            st.just(tag),
            st.one_of(value, value, value, value, st.sampled_from(ODD)),
            st.sampled_from([Quality.GOOD] * 6 + [Quality.UNCERTAIN, Quality.SUBSTITUTED, Quality.BAD]),
            st.sampled_from([None, Reason.COMM, Reason.DEVICE]),
            st.sampled_from([0.0] * 8 + [1.0, 20.0, 1e6, -3.0, -60.0, float("nan"), float("inf"), float("-inf")]),
        )

    return st.lists(st.sampled_from(tags).flatmap(of), max_size=8)


def _people(core: Core) -> st.SearchStrategy[list[Any]]:
    plan = core.plan
    setpoints, outputs = [*plan.programs, *plan.cascaded, "fa.z.nothing"], [*plan.outputs, "fa.z.nothing"]
    value = st.one_of(st.floats(0, 100), st.sampled_from([float("nan"), float("inf"), -1.0, 101.0, 22.0]))
    ends = st.sampled_from([-1.0, 3.0, 600.0, 1e9, float("nan"), float("inf")])
    return st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.sampled_from(setpoints), value, ends),
            st.tuples(st.just("hand"), st.sampled_from(outputs), st.one_of(st.none(), value), ends),
            st.tuples(st.just("reset"), st.sampled_from([*plan.fresh, "fa.z.nothing"]), st.just(0.0), ends),
        ),
        max_size=2,
    )


def _wish(kind: str, subject: str, value: Any, ends: float, now_s: float) -> Any:
    if kind == "set":
        return SetpointChange("1", subject, value, "wang", now_s)
    if kind == "hand":
        return Override("2", subject, value, "wang", now_s + ends)
    return Reset("3", subject, "wang", now_s)


def inputs(core: Core, longest: int, pauses: tuple[float, ...] = (0.0, 1.0, 1.0, 1.0, 2.5, 30.0, 700.0, 90_000.0)):
    """A story of scans: pauses between them, and all that one may be told."""
    tags = [*core.plan.conditioners, "fa.z.nothing"]
    written = st.lists(
        st.tuples(st.sampled_from([*core.plan.output_of, "fa.z.nothing"]), st.booleans(), st.just("timeout")),
        max_size=4,
    )
    step = st.tuples(st.sampled_from(pauses), _readings(core, tags), written, _people(core))

    def place(raw: list[Any]) -> list[Step]:
        now_s, story = START_S, []
        for pause_s, readings, results, people in raw:
            now_s += pause_s
            said = tuple(Reading(tag, value, quality, why, now_s - age) for tag, value, quality, why, age in readings)
            story.append((now_s, Snapshot(said, tuple(results), tuple(_wish(*one, now_s) for one in people))))
        return story

    return st.lists(step, min_size=1, max_size=longest).map(place)


def play(core: Core, story: list[Step]) -> list[ScanResult]:
    state, results = core.start(START_S), []
    for now_s, snapshot in story:
        results.append(core.scan(state, snapshot, now_s))
        state = results[-1].state
    return results


# --- the same again


def check_same_again(core: Core, other: Core, story: list[Step]) -> None:
    state = core.start(START_S)
    for now_s, snapshot in story:
        before = repr(state)
        result = core.scan(state, snapshot, now_s)
        assert repr(state) == before, "a scan changed the state that it was given"
        assert repr(core.scan(state, snapshot, now_s)) == repr(result)
        state = result.state
    assert repr(play(other, story)[-1]) == repr(result)


@settings(max_examples=25)
@given(story=inputs(small_core(), 8))
def test_the_same_inputs_give_the_same_outputs_bit_for_bit_and_leave_the_old_state_alone(story):
    check_same_again(small_core(), core_of(document()), story)


@settings(max_examples=4)
@given(story=st.deferred(lambda: inputs(sample_farm(), 5)))
def test_the_sample_farm_too_gives_the_same_outputs_for_the_same_inputs(story):
    check_same_again(sample_farm(), Core(sample_farm().site), story)


# --- what comes out


def check_result(core: Core, result: ScanResult, now_s: float) -> None:
    plan = core.plan
    assert set(result.orders) == set(plan.outputs)
    for name, order in result.orders.items():
        assert order.output == name
        assert isfinite(order.value)
        assert 0.0 <= order.value <= 100.0
        assert order.owner
        assert order.because.key
        assert order.expires_s > now_s
    for command in result.commands:
        assert plan.output_of[command.tag] == command.output
        assert now_s < command.expires_s <= now_s + plan.outputs[command.output].lease_s
        assert isinstance(command.value, bool) or (isinstance(command.value, float) and 0.0 <= command.value <= 100.0)
    for name, reading in result.state.readings.items():
        value = result.state.values[name]
        assert value is None if reading.quality is Quality.BAD else value == reading.value
        assert not isinstance(value, float) or isfinite(value)
    assert not [event for event in result.events if event.kind == "block_failed"]
    for alarm in result.alarms:
        assert alarm.since_s <= now_s + 5.0


@settings(max_examples=35)
@given(story=inputs(small_core(), 10))
def test_every_order_is_a_position_with_owner_reason_and_end_and_every_command_has_its_output(story):
    for (now_s, _), result in zip(story, play(small_core(), story), strict=True):
        check_result(small_core(), result, now_s)


@settings(max_examples=6)
@given(story=st.deferred(lambda: inputs(sample_farm(), 8)))
def test_the_sample_farm_too_orders_only_positions_with_owner_reason_and_end(story):
    for (now_s, _), result in zip(story, play(sample_farm(), story), strict=True):
        check_result(sample_farm(), result, now_s)


# --- a bad input is never a number


@settings(max_examples=25)
@given(story=inputs(small_core(), 6), refused=st.one_of(st.none(), st.floats(), st.booleans()))
def test_a_bad_reading_moves_no_integral_and_asks_only_for_what_its_loss_action_says(story, refused):
    core = small_core()
    state: State = play(core, story)[-1].state
    now_s = state.at_s
    pids = [loop for loop in core.plan.loops if isinstance(loop, PidLoop)]
    lost = tuple(Reading(tag, refused, Quality.BAD, Reason.COMM, now_s + 1.0) for tag in CALM)
    held = core.scan(state, Snapshot(lost), now_s + 1.0)
    for loop in pids:
        before, after = state.blocks[loop.name], held.state.blocks[loop.name]
        assert held.state.values[loop.pv] is None
        assert repr(after.inner.integral) == repr(before.inner.integral)  # type: ignore[attr-defined]  # a PidBlock
        held_s = now_s + 1.0 - after.lost.since_s  # type: ignore[attr-defined]  # a PidBlock
        if held_s >= loop.on_loss.hold_s:
            assert after.inner.output == loop.on_loss.then  # type: ignore[attr-defined]  # a PidBlock
        for part in loop.parts:
            mine = [d for d in held.state.demands[part.output] if d.owner == loop.name]
            assert [d.because.key for d in mine] == ["sensor_lost"]
    later = core.scan(held.state, Snapshot(), now_s + 3600.0)
    for loop in pids:
        assert later.state.blocks[loop.name].inner.output == loop.on_loss.then
        for part in loop.parts:
            mine = [d.value for d in later.state.demands[part.output] if d.owner == loop.name]
            assert mine == [part.share(loop.on_loss.then)]


# --- what is not looked at


def check_skipping(core: Core, story: list[Step]) -> None:
    """Neither commands nor conditions depend on what was not looked at.

    Only `Order.expires_s` may differ: an output that is skipped keeps the order of the scan that last decided it, so
    that order's lease counts from there. Its commands are sent by scans that look, and carry their own lease.
    """

    def look_everywhere(state: State) -> State:
        return replace(state, wake_s={}, moved=frozenset(core.tags))

    lazy = eager = core.start(START_S)
    for now_s, snapshot in story:
        at_all = replace(eager, wake_s={}, moved=frozenset(core.tags))
        one, two = core.scan(lazy, snapshot, now_s), core.scan(at_all, snapshot, now_s)
        assert one.commands == two.commands
        assert one.events == two.events
        assert one.changed == two.changed
        assert one.alarms == two.alarms
        assert one.alarms == two.alarms
        assert one.state.blocks.keys() == two.state.blocks.keys()
        for name, order in one.orders.items():
            other = two.orders[name]
            assert (order.value, order.slot, order.owner, order.because) == (
                other.value, other.slot, other.owner, other.because
            )  # fmt: skip
        assert one.state.applied == two.state.applied
        lazy, eager = one.state, two.state


def _busy(story: list[Step], core: Core, values: list[float]) -> list[Step]:
    """Sensors that drift between the steps of a story, a scan a second, so that loops, motors and pumps work."""
    busy: list[Step] = []
    now_s = START_S
    for index, (_, snapshot) in enumerate(story):
        readings = snapshot.readings
        for second in range(12):
            now_s += 1.0
            drift = values[(index + second) % len(values)]
            calm = tuple(
                Reading(tag, value + drift * (1.0 + 0.01 * second) if isinstance(value, float) else value, Quality.GOOD,
                        None, now_s)
                for tag, value in CALM.items()
                if tag in core.plan.conditioners and second % 5 == 0
            )  # fmt: skip
            said = tuple(reading._replace(time_s=now_s) for reading in readings) if second == 0 else ()
            people = tuple(
                wish if isinstance(wish, SetpointChange | Reset) else wish._replace(expires_s=now_s + 20.0)
                for wish in snapshot.people
            )
            told = Snapshot((*calm, *said), snapshot.written if second == 3 else (), people if second == 1 else ())
            busy.append((now_s, told))
    return busy


@settings(max_examples=20)
@given(story=inputs(small_core(), 8), values=st.lists(st.floats(-3, 3), min_size=1, max_size=6))
def test_what_is_not_looked_at_would_not_have_moved(story, values):
    check_skipping(small_core(), story)
    check_skipping(small_core(), _busy(story, small_core(), values))


@settings(max_examples=3)
@given(story=st.deferred(lambda: inputs(sample_farm(), 6)))
def test_what_is_not_looked_at_in_the_sample_farm_would_not_have_moved(story):
    check_skipping(sample_farm(), story)


def test_a_share_of_a_period_that_no_float_can_hold_still_ends_in_time():
    core = core_of(only("fa.z.pipe_loop"))
    for share in (55.0, nextafter(55.0, 100.0), nextafter(55.0, 0.0), nextafter(30.0, 100.0), 7.0, 93.0):
        state, closed = core.start(START_S), 0
        wish = Override("1", "fa.z.heater", share, "wang", START_S + 1e4)
        for second in range(1, 61):
            result = core.scan(state, Snapshot(people=(wish,) if second == 1 else ()), START_S + second)
            state = result.state
            closed += state.sent["fa.z.heater"].value is True
        assert share * 0.6 - 1 <= closed <= share * 0.6 + 1, share


def test_every_output_plan_is_looked_at_again_when_its_order_must_be_renewed():
    core = small_core()
    state = core.start(START_S)
    sent: dict[str, float] = {}
    for second in range(1, 120):
        result = core.scan(state, Snapshot(), START_S + second)
        state = result.state
        for command in result.commands:
            assert START_S + second - sent.get(command.tag, START_S) <= 20.0 / 3 + 1.0
            sent[command.tag] = START_S + second
    plans: list[OutputPlan] = list(core.plan.outputs.values())
    assert set(sent) == {tag for plan in plans for tag in plan.device_tags}


def test_a_scan_never_takes_farm_time_back():
    core = small_core()
    state = core.scan(core.start(START_S), Snapshot(), START_S + 10.0).state
    result = core.scan(state, Snapshot(), START_S + 4.0)
    assert result.state.at_s == START_S + 10.0
    check_result(core, result, START_S + 10.0)
