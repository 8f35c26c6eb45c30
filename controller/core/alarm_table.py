"""How an alarm goes from state to state: ISA-18.2 (OPC UA Part 9's model), as one table. Nothing else moves an alarm.

An acknowledgement says that somebody has seen it: it resets nothing, and ends only what has gone by itself already.
"""

from typing import Final, Literal, get_args

from controller.core.words import AlarmState

State = Literal["normal", AlarmState]
Happening = Literal[
    "raise",  # its cause has come
    "clear",  # its cause has gone
    "clear_latching",  # the same, of one that only a person ends
    "worsen",  # it has become more urgent than it was when somebody saw it
    "acknowledge",
    "reset",
    "shelve",
    "unshelve",  # by a person, or because its time is over
    "suppress",  # another alarm explains it
    "release",  # that one has gone
    "take_out",  # of service
    "put_back",
]

STATES: Final[tuple[State, ...]] = ("normal", *get_args(AlarmState))
HAPPENINGS: Final[tuple[Happening, ...]] = get_args(Happening)

_ROWS: Final[dict[State, dict[Happening, State]]] = {
    "normal": {
        "raise": "unacknowledged", "shelve": "shelved", "suppress": "suppressed", "take_out": "out_of_service"
    },
    "unacknowledged": {
        "clear": "returned", "clear_latching": "latched", "acknowledge": "acknowledged", "shelve": "shelved",
        "suppress": "suppressed", "take_out": "out_of_service",
    },
    "acknowledged": {
        "clear": "normal", "clear_latching": "latched", "worsen": "unacknowledged", "shelve": "shelved",
        "suppress": "suppressed", "take_out": "out_of_service",
    },
    "returned": {
        "raise": "unacknowledged", "acknowledge": "normal", "shelve": "shelved", "suppress": "suppressed",
        "take_out": "out_of_service",
    },
    "latched": {
        "raise": "unacknowledged", "reset": "normal", "shelve": "shelved", "suppress": "suppressed",
        "take_out": "out_of_service",
    },
    # the raise after it makes what is still there new
    "shelved": {"unshelve": "normal", "take_out": "out_of_service"},
    "suppressed": {
        "clear": "normal", "clear_latching": "latched", "release": "normal", "shelve": "shelved",
        "take_out": "out_of_service",
    },
    "out_of_service": {"put_back": "normal"},
}  # fmt: skip
"""What is not in a row changes nothing."""


def after(state: State, happening: Happening) -> State:
    """The state that `happening` leads to."""
    return _ROWS[state].get(happening, state)
