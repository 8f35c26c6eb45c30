"""Where a replay begins, or may begin: the core's whole state, so exactly that the next scan comes out to the bit."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from controller.core.scan import Core
from controller.core.state import State, blocks_from_plain, to_plain
from controller.journal.frames import JournalError
from controller.journal.scans import Names
from edge_config.model.site import Site

_STATE = TypeAdapter(State)
_SEEN_BY_NOBODY = {"panel", "notify", "sinks", "simulation"}
"""Sections of a site that the core does not look at."""


class Beginning(NamedTuple):
    """What stands at the beginning of a journal, after every start of the agent, and at every hour."""

    site_file: str
    site_digest: str
    names: Names
    plain: dict[str, Any]
    """The state."""
    goes_on: bool = False
    """It is the state that the scan before it left: nothing is missing between them."""

    def state(self, core: Core) -> State:
        """The state for `core`; what its site does not have is left out, what is new begins fresh. Raises JournalError
        for what cannot be read."""
        try:
            state = _STATE.validate_python({**self.plain, "blocks": {}})
        except ValidationError as error:
            raise JournalError(f"its state is of another version: {error.errors()[0]['loc']}") from None
        blocks = {**core.plan.fresh, **blocks_from_plain(self.plain["blocks"], core.plan.fresh)}
        fresh = core.start(state.at_s)
        gauges = {gauge.name for gauge in core.plan.rules.gauges}
        applied = fresh.applied.keys() | core.plan.cascaded.keys()
        if site_digest(core.site) != self.site_digest:  # as after a restart; and every output is decided anew
            kept = core.start(state.at_s, to_plain(state))
            state = replace(
                state, chosen=kept.chosen, recipes=kept.recipes, marks=kept.marks, calibrations=kept.calibrations,
                wake_s={}, renew_s={}, moved=fresh.moved,
            )  # fmt: skip
        return replace(
            state,
            blocks=blocks,
            readings={**fresh.readings, **{tag: one for tag, one in state.readings.items() if tag in core.tags}},
            values={
                **fresh.values,
                **{tag: one for tag, one in state.values.items() if tag in core.tags or tag in gauges},
            },
            demands={name: one for name, one in state.demands.items() if name in core.plan.outputs},
            orders={name: one for name, one in state.orders.items() if name in core.plan.outputs},
            applied={**fresh.applied, **{name: one for name, one in state.applied.items() if name in applied}},
        )

    def is_state(self, core: Core, state: State) -> bool:
        """Whether it is this very state."""
        mine = self.state(core)
        # NaN is not itself, and 4 is 4.0: what was written is compared with what would be written
        return mine == state or _text(core, mine) == _text(core, unpacked(packed(core, state, "")).state(core))


def _text(core: Core, state: State) -> str:
    return json.dumps(json.loads(packed(core, state, "")), sort_keys=True)


def packed(core: Core, state: State, site_file: str, goes_on: bool = False) -> bytes:
    """The beginning as bytes."""
    plain = _STATE.dump_python(replace(state, blocks={}))
    return json.dumps(
        {
            "site_file": site_file, "site": site_digest(core.site), "tags": names_of(core).tags,
            "reasons": names_of(core).reasons, "goes_on": goes_on,
            "state": {**plain, "blocks": to_plain(state)["blocks"]},
        },
        separators=(",", ":"), default=sorted,
    ).encode()  # fmt: skip


def unpacked(content: bytes) -> Beginning:
    """Raises JournalError."""
    try:
        told = json.loads(content)
        names = Names(tuple(told["tags"]), tuple(told["reasons"]))
        return Beginning(told["site_file"], told["site"], names, told["state"], told.get("goes_on", False))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"its beginning cannot be read: {error}") from None


def names_of(core: Core) -> Names:
    """Tags that the core takes from outside."""
    return Names(tuple(sorted({*core.plan.conditioners, *core.plan.output_of})))


def site_digest(site: Site) -> str:
    """Of all that the core is built from."""
    plain = site.model_dump(mode="json", exclude=_SEEN_BY_NOBODY, exclude_defaults=True)
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
