"""Where a replay begins: the whole state of the core, so exactly that the next scan comes out to the bit."""

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
    """What stands at the beginning of a journal, and after every start of the agent."""

    site_file: str
    site_digest: str
    names: Names
    plain: dict[str, Any]
    """The state."""

    def state(self, core: Core) -> State:
        """The state for `core`; blocks that its site does not have are left out, new ones begin fresh. Raises
        JournalError for what cannot be read."""
        try:
            state = _STATE.validate_python({**self.plain, "blocks": {}})
        except ValidationError as error:
            raise JournalError(f"its state is of another version: {error.errors()[0]['loc']}") from None
        blocks = {**core.plan.fresh, **blocks_from_plain(self.plain["blocks"], core.plan.fresh)}
        fresh = core.start(state.at_s)
        return replace(
            state,
            blocks=blocks,
            readings={**fresh.readings, **{tag: one for tag, one in state.readings.items() if tag in core.tags}},
            values={**fresh.values, **{tag: one for tag, one in state.values.items() if tag in core.tags}},
            demands={name: one for name, one in state.demands.items() if name in core.plan.outputs},
            orders={name: one for name, one in state.orders.items() if name in core.plan.outputs},
            applied={**fresh.applied, **{name: one for name, one in state.applied.items() if name in fresh.applied}},
        )


def packed(core: Core, state: State, site_file: str) -> bytes:
    """The beginning as bytes."""
    plain = _STATE.dump_python(replace(state, blocks={}))
    return json.dumps(
        {
            "site_file": site_file, "site": site_digest(core.site), "tags": names_of(core).tags,
            "reasons": names_of(core).reasons, "state": {**plain, "blocks": to_plain(state)["blocks"]},
        },
        separators=(",", ":"), default=sorted,
    ).encode()  # fmt: skip


def unpacked(content: bytes) -> Beginning:
    """Raises JournalError."""
    try:
        told = json.loads(content)
        names = Names(tuple(told["tags"]), tuple(told["reasons"]))
        return Beginning(told["site_file"], told["site"], names, told["state"])
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"its beginning cannot be read: {error}") from None


def names_of(core: Core) -> Names:
    """Tags that the core takes from outside."""
    return Names(tuple(sorted({*core.plan.conditioners, *core.plan.output_of})))


def site_digest(site: Site) -> str:
    """Of all that the core is built from."""
    plain = site.model_dump(mode="json", exclude=_SEEN_BY_NOBODY, exclude_defaults=True)
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
