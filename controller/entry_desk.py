"""Where people's entries come in: onto the disk, then to the core what stands, and to the record what changed."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from controller.core.words import Because
from controller.entries import Entries, Entry, Wish, checked, repeated
from controller.history.audit import Audit
from controller.panel.farm import Refusal
from foundation.clock import Clock
from foundation.reading import Reading, Reason, good
from foundation.tag import Tag

log = logging.getLogger("farmloop.agent")


class EntryDesk:
    """Of one agent, on its event loop. `hear` takes what the next scan is to hear; after each scan `to_record`."""

    def __init__(
        self, directory: Path, tags: Mapping[str, Tag], zone: str, clock: Clock, audit: Audit,
        hear: Callable[[Sequence[Reading]], None],
    ) -> None:  # fmt: skip
        self._entries = Entries(directory)
        self._tags = tags
        self._zone = zone
        self._clock = clock
        self._audit = audit
        self._hear = hear
        self._entering = asyncio.Lock()
        self._late: list[Reading] = []
        """What people entered and the farm does not stand at: for the record alone."""
        self._remembered: set[Reading] = set()
        """Entries that the record has already: told to the core again after a restart, not to the record."""
        self._in_scan: list[str] = []
        self._then: list[str] = []
        """Totals whose stand the scan is to hear after that which hears what was told late."""
        self._moved: dict[str, list[Tag]] = {}
        """By amount, the counts that it moves."""
        for tag in tags.values():
            for amount in tag.moved_by:
                self._moved.setdefault(amount, []).append(tag)
        self._take_up()

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        async with self._entering:
            entry = checked(wish, self._tags, self._entries, self._clock.now(), by, self._zone)
            if isinstance(entry, Because):
                return Refusal(entry)
            if (known := self._entries.find(entry.id)) is not None:
                return known if repeated(entry, known) else Refusal(Because("entry_same_id", {"id": entry.id}))
            try:
                await asyncio.to_thread(self._entries.keep, entry)
            except OSError as error:
                log.error("entry_not_kept", extra={"tag": entry.tag, "why": str(error)})
                return Refusal(Because("entry_not_kept", {"why": str(error)}))
            tags = self._told_by(entry)
            before = [self._entries.stands(tag) for tag in tags]
            self._entries.add(entry)
        log.info("entered", extra={"subject": entry.tag, "value": entry.value, "id": entry.id, "by": entry.entered_by})
        stands = [self._entries.stands(tag) for tag in tags]
        changed = {"before": before[0] and before[0].usable, "after": stands[0] and stands[0].usable}
        self._audit.note(entry.entered_s, entry.entered_by, "entered", entry.tag, asdict(entry) | changed)
        is_again = self._record(entry)
        for index, (was, one) in enumerate(zip(before, stands, strict=True)):
            if one is not None and (one != was or (is_again and index == 0)):
                self._hear((self._at_its_time(entry, one),) if index == 0 else (one,))
        return entry

    def _at_its_time(self, entry: Entry, stands: Reading) -> Reading:
        """An amount that comes late makes the total grow at its own time, for whoever looks at what it grows by: what
        was fed yesterday is not of today's ration. In the scan after that the total stands as of its newest amount."""
        if self._tags[entry.tag].amount is None or entry.value is None or entry.time_s >= stands.time_s:
            return stands
        late = stands._replace(time_s=entry.time_s)
        self._remembered.add(late)
        self._then.append(entry.tag)
        return late

    def entered(self, tag: str | None, most: int) -> list[tuple[Entry, str | None]]:
        """The newest, the last first, each with the id of what corrected it."""
        return [(one, self._entries.corrected_by.get(one.id)) for one in self._entries.of_tag(tag, most)]

    def to_record(self, changed: Sequence[Reading], now_s: float) -> tuple[list[Reading], list[Callable[[], None]]]:
        """What the record is to have of a scan at farm time `now_s` in which `changed` did, and what is to be called
        once it has it."""
        late, self._late = self._late, []
        if self._then:  # as they stand by now: meanwhile more may have come, or gone
            stands = [self._entries.stands(self._tags[tag]) for tag in dict.fromkeys(self._then)]
            self._hear(tuple(one for one in stands if one is not None))
            self._then = []
        on_disk = [partial(self._entries.note_recorded, tuple(self._in_scan), now_s)] if self._in_scan else []
        self._in_scan = []
        seen = [one for one in changed if one not in self._remembered] if self._remembered else changed
        self._remembered.clear()
        if late:  # what was withdrawn after the farm was told of it, and before the scan, is not recorded after that
            gone = {(one.tag, one.time_s) for one in late if one.reason is Reason.CORRECTED}
            gone = {one for one in gone if not self._entries.stood_at(*one)}
            seen = [one for one in seen if (one.tag, one.time_s) not in gone or one.reason is Reason.CORRECTED]
        return [*late, *seen], [*on_disk]

    def _told_by(self, entry: Entry) -> list[Tag]:
        """Its own tag first, then the counts that it moves."""
        return [self._tags[entry.tag], *self._moved.get(entry.tag, ())]

    def _record(self, entry: Entry) -> bool:
        """What the next scan is to hand to the record, beside what the core makes of what stands; whether the core is
        to hear older samples again before that."""
        self._in_scan.append(entry.id)
        tag = self._tags[entry.tag]
        late = [reading for one in self._told_by(entry) for reading in self._entries.record_of(entry, one)]
        again = self._entries.samples_again(entry, tag)
        self._late += [*late, *(one for one in again if one not in late)]
        self._hear(again)
        self._remembered.update(again)
        return bool(again)

    def _take_up(self) -> None:
        """After a restart: what stands goes to the core, what the record does not have yet to the record."""
        for entry in self._entries.all():
            if entry.id not in self._entries.recorded and entry.tag in self._tags:
                self._record(entry)
        for name, tag in self._tags.items():
            stands = self._entries.stands(tag) if tag.entered else None
            if stands is None and tag.amount is not None:
                # nothing was entered yet: that is a total of nothing, and none for the record
                stands = good(name, 0.0, self._clock.now())
            if stands is not None and stands.usable is not None:
                self._hear((stands,))
                if all(self._entries.is_recorded(one) for one in (name, *tag.moved_by)):
                    self._remembered.add(stands)
