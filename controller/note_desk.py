"""Where notes and photos for the logbook come in, and where it is read."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from controller.core.words import Because
from controller.history.audit import Audit
from controller.history.logbook import Line, Logbook, Note, Search, lines
from controller.history.photos import Photos, photo
from controller.history.state_database import StateDatabase
from foundation.clock import Clock

log = logging.getLogger("farmloop.agent")


class NoteDesk:
    """Of one agent. What is kept is on the disk when it is answered."""

    def __init__(self, directory: Path, database: StateDatabase, clock: Clock, audit: Audit) -> None:
        self._directory = directory
        self._logbook = Logbook(database)
        self._photos = Photos(database)
        self._clock = clock
        self._audit = audit

    async def note(self, note: Note, seen: str) -> Note | Because:
        now_s = self._clock.now()
        try:
            answer = await asyncio.to_thread(self._logbook.keep, note, now_s, seen)
        except (sqlite3.Error, OSError) as error:
            log.error("note_not_kept", extra={"why": str(error)})
            return Because("note_not_kept", {"why": str(error)})
        if isinstance(answer, Note) and answer.entered_ms == note.entered_ms:
            digest = sha256(answer.text.encode()).hexdigest()
            told = {"id": answer.id, "number": answer.number, "who": answer.who, "sha256": digest}
            if answer.photos:
                told["photos"] = list(answer.photos)
            self._audit.note(now_s, answer.by, "noted", answer.place or "farm", told)
        return answer

    async def keep_photo(self, data: bytes) -> str | Because:
        try:
            return await asyncio.to_thread(self._photos.keep, data, self._clock.now())
        except (sqlite3.Error, OSError) as error:
            log.error("photo_not_kept", extra={"why": str(error)})
            return Because("note_not_kept", {"why": str(error)})

    async def photo(self, name: str) -> bytes | None:
        return await asyncio.to_thread(photo, self._directory, name)

    async def logbook(self, search: Search) -> Sequence[Line]:
        await asyncio.to_thread(self._audit.write, self._clock.now())
        return await asyncio.to_thread(lines, self._directory, search)
