"""What people want of the next scan, and what each of them is answered."""

import asyncio

from controller.alarm_desk import AlarmDesk
from controller.core.words import AlarmWish, Because, Event, Wish
from controller.history.audit import Audit
from controller.panel.farm import Refusal

ANSWER_S = 10.0
"""Process time in which a scan must take up a person's wish."""
REMEMBERED = 1000
"""Answers, so that what is asked again is not done again."""


class WishDesk:
    """Of one agent, on its event loop. The scan takes what waits, and its events are heard here."""

    def __init__(self, audit: Audit, alarms: AlarmDesk) -> None:
        self._audit = audit
        self._alarms = alarms
        self._waiting: list[Wish] = []
        self._reasons: dict[str, str] = {}
        """By id of a wish, what its person says why: for the record, the core does not ask."""
        self._asking: dict[str, asyncio.Future[Event]] = {}
        self._answered: dict[str, Event] = {}

    async def ask(self, wish: Wish, subject: str, why: str = "") -> Refusal | None:
        """Put a person's wish before the next scan; None once it was granted. The same id is asked once."""
        event = self._answered.get(wish.id)
        if event is None:
            if why:
                self._reasons[wish.id] = why
            waiting = self._asking.get(wish.id)
            if waiting is None:
                waiting = self._asking[wish.id] = asyncio.get_running_loop().create_future()
                if not (isinstance(wish, AlarmWish) and self._alarms.takes(wish)):
                    self.put(wish)
            try:
                async with asyncio.timeout(ANSWER_S):
                    event = await asyncio.shield(waiting)
            except TimeoutError:
                return Refusal(Because("no_answer", {"setpoint": subject}))
        if event.kind == "refused":
            return Refusal(Because(str(event.values.get("why", "limits")), dict(event.values)))
        return None

    def put(self, wish: Wish) -> None:
        """Before the next scan, whose answer nobody waits for."""
        self._waiting.append(wish)

    def take(self) -> tuple[Wish, ...]:
        """For a scan: what waits, in the order in which it came."""
        taken, self._waiting = tuple(self._waiting), []
        return taken

    def hear(self, event: Event) -> None:
        """An event of a scan. Where it answers somebody it is told to them, and goes to the record."""
        change, by = event.values.get("id"), event.values.get("by")
        if not isinstance(change, str):
            return
        if change and isinstance(by, str) and by:
            reason = self._reasons.pop(change, "")
            told = {**event.values, "reason": reason} if reason else event.values
            self._audit.note(event.time_s, by, event.kind, event.subject, told)
        self._answered[change] = event
        while len(self._answered) > REMEMBERED:
            del self._answered[next(iter(self._answered))]
        waiting = self._asking.pop(change, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)
