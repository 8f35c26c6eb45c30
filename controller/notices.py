"""What rules say to people (`notify`), kept in the agent's directory for whoever sends it. Nothing is sent from here.

One file of JSON lines a year, `notices-YEAR.jsonl`, synced; a torn line is passed over. A notice is known by its rule
and by when that came on: one whose line a crash took is kept after the restart, and one that was kept is kept once.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from pydantic import TypeAdapter, ValidationError

from controller.core.rules import RuleBlock
from controller.core.state import State
from rules.rule import RuleMemory

log = logging.getLogger("farmloop.notices")

REMEMBERED = 500
"""In memory; the files have all of them."""
YEARS_READ = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for people."""

    id: str
    rule: str
    time_s: float
    """When the rule came on."""
    text: dict[str, str]
    """By language."""
    to: tuple[str, ...]
    """Of the site's people; empty: all of them."""


_NOTICE = TypeAdapter(Notice)


class Notices:
    """`see` after each scan, which does no I/O; `write` now and then, in a thread."""

    def __init__(self, directory: Path, rules: Iterable[RuleBlock], state: State) -> None:
        """What was kept; of rules that are on already, what no crash should have taken is kept now."""
        self._directory = directory
        self._known: deque[Notice] = deque(maxlen=REMEMBERED)
        self._waiting: deque[Notice] = deque(maxlen=REMEMBERED)
        self._rules = {rule.name: rule for rule in rules if rule.notices}
        self._lock = Lock()
        self._failure = ""
        for file in sorted(directory.glob("notices-*.jsonl"))[-YEARS_READ:]:
            self._read(file)
        for name in self._rules:
            memory = state.blocks[name]
            if isinstance(memory, RuleMemory) and memory.on:
                self.see(name, memory.since_s)

    def see(self, rule: str, time_s: float) -> None:
        """A rule has come on."""
        for number, said in enumerate(self._rules[rule].notices):
            notice_id = f"{rule}#{number}@{round(time_s * 1000.0)}"
            if all(one.id != notice_id for one in self._known):
                notice = Notice(notice_id, rule, time_s, {"zh-CN": said.zh, "en": said.en}, said.to)
                self._known.append(notice)
                self._waiting.append(notice)

    def newest(self, most: int) -> Sequence[Notice]:
        """The last one first."""
        return list(self._known)[: -most - 1 : -1]

    def write(self) -> None:
        """Put on the disk what waits for it; what a disk does not take waits on."""
        with self._lock:
            failure = ""
            while self._waiting and not failure:
                try:
                    self._append(self._waiting[0])
                    self._waiting.popleft()
                except OSError as error:
                    failure = str(error)
            if failure and not self._failure:
                log.error("notices_not_kept", extra={"why": failure})
            self._failure = failure

    def _append(self, notice: Notice) -> None:
        path = self._directory / f"notices-{datetime.fromtimestamp(notice.time_s, UTC):%Y}.jsonl"
        with path.open("ab") as file:
            # what a crash tore off ends here
            file.write(b"\n" + json.dumps(asdict(notice), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, file: Path) -> None:
        try:
            lines = file.read_bytes().split(b"\n")
        except OSError as error:
            log.error("notices_unreadable", extra={"file": str(file), "why": str(error)})
            return
        for line in filter(None, lines):
            try:
                self._known.append(_NOTICE.validate_json(line))
            except ValidationError:
                continue
