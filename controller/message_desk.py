"""Where alarms and what rules say go out to people, and where a message's link acknowledges."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller.core.alarms import shown_in_flood
from controller.core.words import AlarmNow, AlarmWish, Event
from controller.notices import Notices
from controller.notify.dead_man import DeadManSign
from controller.notify.notifier import Notifier
from controller.panel.farm import LinkedAlarms
from controller.wish_desk import WishDesk
from drivers.driver import BrokerSettings
from edge_config.model.site import Site
from foundation.clock import Clock

log = logging.getLogger("farmloop.agent")


class MessageDesk:
    """Of one agent. `see` after each scan, which does no I/O; `jobs` run beside it."""

    def __init__(
        self, directory: Path, site: Site, secrets: Callable[[str], str], brokers: Mapping[str, BrokerSettings],
        clock: Clock, notices: Notices, wishes: WishDesk, unhealthy: Callable[[], Sequence[str]],
    ) -> None:  # fmt: skip
        """`unhealthy` tells what is wrong with the agent, for its sign of life; empty if nothing is."""
        self.notifier = Notifier(directory, site, secrets, brokers, clock)
        self._notices = notices
        self._wishes = wishes
        self._clock = clock
        dead_man = site.notify.dead_man
        self.jobs: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {"notify": self.notifier.run}
        if dead_man is not None:
            sign = DeadManSign(dead_man, site.site.id, directory, secrets, brokers, clock, unhealthy)
            self.jobs["dead man"] = sign.run

    def see(
        self, alarms: Sequence[AlarmNow], is_flooded: Callable[[], bool], events: Iterable[Event], now_s: float
    ) -> None:
        """Alarms and what rules say, to whom they concern."""
        try:
            if is_flooded():  # nobody reads forty messages
                shown = shown_in_flood(alarms)
                alarms = [one if one.id in shown else replace(one, state="suppressed") for one in alarms]
            self.notifier.see(alarms, now_s)
            for event in events:
                if event.kind == "notice" and event.values["number"] == 0:
                    for notice in self._notices.newest(20):
                        if (notice.rule, notice.time_s) == (event.subject, event.time_s):
                            self.notifier.notice(notice, now_s)
        except Exception as error:  # whoever is to be told, the farm is looked after
            log.exception("notify_failed", extra={"why": str(error)})

    def linked(self, token: str, alarms: Iterable[AlarmNow]) -> LinkedAlarms | None:
        """What a link shows of the alarms that stand; None if its token is none or has run out."""
        opened = self.notifier.opened(token)
        if opened is None:
            return None
        standing = {(one.id, one.activation): one for one in alarms}
        return LinkedAlarms(
            opened.person, tuple(standing[one] for one in opened.alarms if one in standing), opened.used
        )

    async def acknowledge(self, token: str, alarms: Iterable[AlarmNow]) -> LinkedAlarms | None:
        """Acknowledges what a link shows, once; None if the token is no good (any more)."""
        linked = self.linked(token, alarms)
        if linked is None or not await asyncio.to_thread(self.notifier.use, token):
            return None
        for number, alarm in enumerate(linked.alarms):
            wish = AlarmWish(f"link-{token[:8]}-{number}", "acknowledge", alarm.id, linked.person, self._clock.now())
            await self._wishes.ask(wish, alarm.id)
        return linked
