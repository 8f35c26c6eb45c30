"""The dead man's sign: given again and again while the agent is healthy. Where it stays away, a watcher outside calls.

It says nothing when something is wrong, because a broken agent could not either: silence is the alarm.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from controller.notify.channels import broker_client
from controller.secrets import SecretError
from drivers.driver import BrokerSettings
from drivers.mqtt_command import connected
from edge_config.model.notify import DeadMan
from foundation.clock import Clock

DEADLINE_S = 10.0
log = logging.getLogger("farmloop.dead_man")


class DeadManSign:
    """A file that is written anew, an address that is asked for, a topic: each that the site names."""

    def __init__(
        self,
        settings: DeadMan,
        site: str,
        directory: Path,
        secrets: Callable[[str], str],
        brokers: Mapping[str, BrokerSettings],
        clock: Clock,
        unhealthy: Callable[[], Sequence[str]],
    ) -> None:
        """`unhealthy` tells what is wrong with the agent; empty if nothing is."""
        self._settings, self._clock, self._unhealthy = settings, clock, unhealthy
        self._file = directory / settings.file if settings.file is not None else None
        self._secrets, self._brokers = secrets, brokers
        self._topic = f"farm/v1/{site}/$alive"
        self._told: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        when = self._clock.now()
        while True:
            await self.give()
            when = max(when + self._settings.every, self._clock.now())
            await self._clock.sleep_until(when)

    async def give(self) -> None:
        """The sign, if all is well; a way that fails is told of once, and does not stop the others."""
        if wrong := self._unhealthy():
            log.warning("sign_of_life_withheld", extra={"why": ", ".join(wrong)})
            return
        now_s = self._clock.now()
        ways = {"file": self._write(now_s), "url": self._ask(), "topic": self._publish(now_s)}
        for way, done in zip(ways, await asyncio.gather(*ways.values(), return_exceptions=True), strict=True):
            if isinstance(done, asyncio.CancelledError):
                raise done
            if isinstance(done, BaseException) and way not in self._told:
                log.warning("sign_of_life_failed", extra={"way": way, "why": type(done).__name__})
            (self._told.add if isinstance(done, BaseException) else self._told.discard)(way)

    async def _write(self, now_s: float) -> None:
        if self._file is not None:
            await asyncio.to_thread(_written, self._file, f"{now_s:.0f}\n")

    async def _ask(self) -> None:
        if self._settings.url is None:
            return
        try:
            address = self._secrets(self._settings.url.name)
        except SecretError as error:
            raise ValueError(error.kind) from None
        import httpx  # brings much that a farm without a watcher has no use for

        async with httpx.AsyncClient(timeout=DEADLINE_S) as client:
            (await client.get(address)).raise_for_status()

    async def _publish(self, now_s: float) -> None:
        if self._settings.bus is None:
            return
        async with (
            asyncio.timeout(DEADLINE_S),
            connected(broker_client(self._brokers[self._settings.bus], "alive")) as it,
        ):
            await it.publish(self._topic, f"{now_s * 1000:.0f}", qos=1, retain=True)


def _written(file: Path, text: str) -> None:
    """Whole or not at all; its time of change is what a watcher looks at."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, "utf-8")
    os.replace(new, file)
