"""First-out: of interlocks that trip together, which cause was there first."""

from typing import Any

from controller.core.first_out import FirstOut, block_of, first_outs
from controller.core.state import State
from controller.core.timed import Held
from controller.core.turn import Turn
from tests.core.interlock_bench import T0_S, trip

A, B, C = (trip(name=f"fa.z.{name}", group="flow") for name in "abc")
GROUPS = {"flow": (A, B, C)}


class Group:
    """Three interlocks of a group; each scan says which hold, and since when the cause of each was there before."""

    def __init__(self) -> None:
        self.blocks: dict[str, Any] = {A.name: Held(), B.name: Held(), C.name: Held(), block_of("flow"): FirstOut()}
        self.events: list[Any] = []

    def scan(self, now_s: float, *holds: str, **causes: float) -> FirstOut:
        old = State(at_s=now_s - 1.0, blocks={
            name: held._replace(differs_s=causes.get(name[-1], -1.0)) if isinstance(held, Held) else held
            for name, held in self.blocks.items()
        })  # fmt: skip
        turn = Turn(old, now_s)
        for one in (A, B, C):
            turn.blocks[one.name] = Held(one.name[-1] in holds, now_s)
        first_outs(turn, GROUPS)
        self.blocks, self.events = dict(turn.blocks), self.events + turn.events
        memory: Any = self.blocks[block_of("flow")]
        assert isinstance(memory, FirstOut)
        return memory


def test_the_first_to_trip_is_first_out_and_what_follows_is_kept_in_order():
    group = Group()
    assert group.scan(T0_S) == FirstOut()
    assert group.scan(T0_S + 1, "b") == FirstOut("fa.z.b", T0_S + 1, T0_S + 1, (), True)
    assert group.scan(T0_S + 2, "b", "a") == FirstOut("fa.z.b", T0_S + 1, T0_S + 1, ("fa.z.a",), True)
    assert group.scan(T0_S + 60, "b", "a", "c").others == ("fa.z.a", "fa.z.c")
    assert [event.values for event in group.events] == [
        {"first": "fa.z.b", "others": [], "tripped_s": T0_S + 1},
        {"first": "fa.z.b", "others": ["fa.z.a"], "tripped_s": T0_S + 1},
        {"first": "fa.z.b", "others": ["fa.z.a", "fa.z.c"], "tripped_s": T0_S + 1},
    ]
    assert {(event.kind, event.subject) for event in group.events} == {("first_out", "flow")}
    assert [event.time_s for event in group.events] == [T0_S + 1, T0_S + 2, T0_S + 60]


def test_of_those_that_trip_at_once_the_earlier_cause_is_first_whatever_its_delay():
    group = Group()
    memory = group.scan(T0_S, "a", "b", "c", a=T0_S - 1.0, b=T0_S - 5.0)
    assert (memory.first, memory.cause_s, memory.others) == ("fa.z.b", T0_S - 5.0, ("fa.z.a", "fa.z.c"))
    group = Group()
    assert group.scan(T0_S, "b", "c", b=0.0).cause_s == 0.0
    # and of equal causes the one that stands first in the file
    group = Group()
    assert group.scan(T0_S, "c", "b").first == "fa.z.b"


def test_an_earlier_cause_that_trips_within_two_seconds_takes_the_first_place():
    group = Group()
    group.scan(T0_S, "a", a=T0_S - 5.0)
    memory = group.scan(T0_S + 2.0, "a", "b", "c", b=T0_S - 30.0, c=T0_S - 1.0)
    assert memory == FirstOut("fa.z.b", T0_S - 30.0, T0_S, ("fa.z.a", "fa.z.c"), True)


def test_an_earlier_cause_that_trips_later_than_that_follows():
    group = Group()
    group.scan(T0_S, "a", a=T0_S - 5.0)
    assert group.scan(T0_S + 2.1, "a", "b", b=T0_S - 30.0).first == "fa.z.a"
    group = Group()
    group.scan(T0_S, "a", a=T0_S - 5.0)
    assert group.scan(T0_S + 1.0, "a", "b", b=T0_S - 5.0).first == "fa.z.a"
    assert group.scan(T0_S + 1.0, "a", "b", "c", c=T0_S - 4.0).first == "fa.z.a"


def test_when_all_have_let_go_the_next_trip_begins_anew():
    group = Group()
    group.scan(T0_S, "a")
    assert group.scan(T0_S + 5.0, "a").stands
    group.scan(T0_S + 6.0, "a", "b")
    assert group.scan(T0_S + 10.0, "b").stands
    memory = group.scan(T0_S + 20.0)
    assert memory == FirstOut("fa.z.a", T0_S, T0_S, ("fa.z.b",), False)
    assert group.scan(T0_S + 30.0) is memory
    assert group.scan(T0_S + 40.0, "c") == FirstOut("fa.z.c", T0_S + 40.0, T0_S + 40.0, (), True)
    assert len(group.events) == 3


def test_what_trips_again_and_again_stands_once():
    group = Group()
    group.scan(T0_S, "a")
    for second in range(1, 9):
        memory = group.scan(T0_S + second, *("a", "b")[: 1 + second % 2])
    assert memory.others == ("fa.z.b",)
    group.scan(T0_S + 10.0, "b")
    assert group.scan(T0_S + 11.0, "a", "b").others == ("fa.z.b",)


def test_an_interlock_that_was_not_there_before_a_restart_trips_all_the_same():
    turn = Turn(State(blocks={block_of("flow"): FirstOut()}), T0_S)
    turn.blocks |= {A.name: Held(True, T0_S), B.name: Held(), C.name: Held()}
    first_outs(turn, GROUPS)
    assert turn.blocks[block_of("flow")].first == "fa.z.a"
    assert FirstOut() == ("", 0.0, 0.0, (), False)
    assert block_of("flow") == "first_out:flow"
