"""Why outputs stand as they do, as the agent is asked it: now out of its state, then out of the record."""

import asyncio
import logging
from pathlib import Path

from controller.core.scan import Core
from controller.core.state import State
from controller.why.journal import NotRecordedError, WhyJournal, record_at
from controller.why.shape import Explanation

log = logging.getLogger("farmloop.agent")


class WhyDesk:
    """Of one agent. `see` after each scan; `write` now and then, in a thread."""

    def __init__(self, directory: Path, core: Core, now_s: float) -> None:
        self._directory = directory
        self._journal = WhyJournal(directory, core, now_s)
        self._failed = False
        self.write = self._journal.write

    def see(self, state: State) -> None:
        try:
            self._journal.see(state)
        except Exception as error:  # the record may fail, the farm may not
            if not self._failed:
                log.exception("why_failed", extra={"why": str(error)})
            self._failed = True

    async def explain(self, state: State, output: str, at_s: float | None, now_s: float) -> Explanation:
        """Of one output at a moment, or now. Raises NotRecordedError."""
        seen_s = self._journal.seen_s
        if at_s is None or (state.at_s <= at_s <= now_s):
            if output in state.orders:
                return Explanation(self._journal.cards, self._journal.now(state, output), at_s or now_s)
            if at_s is None:  # before the first scan
                raise NotRecordedError(None, None)
        await asyncio.to_thread(self._journal.write)
        record = await asyncio.to_thread(record_at, self._directory, at_s, seen_s)
        if output not in record.outputs:
            raise NotRecordedError(None, None)
        return Explanation(record.cards, record.outputs[output], at_s, record.thinned)
