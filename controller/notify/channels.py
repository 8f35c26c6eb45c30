"""The ways out to people: whatever address apprise knows, and a broker. One attempt, its answer, never an exception."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import aiomqtt

from controller.notify.queue import Due
from controller.secrets import SecretError
from drivers.driver import BrokerSettings
from drivers.mqtt_command import connected

DEADLINE_S = 30.0
"""Process time for one attempt."""
MQTT = "mqtt:"


class Answer(NamedTuple):
    """What came of one attempt."""

    delivered: bool
    said: str


class Channels:
    """Sends by a channel's name: `mqtt:BUS`, or the name of a secret that holds an address."""

    def __init__(self, secrets: Callable[[str], str], brokers: Mapping[str, BrokerSettings], site: str) -> None:
        self._secrets, self._brokers, self._site = secrets, brokers, site
        # an address that hangs keeps a thread until its own deadline: never the last one
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="notify")

    async def send(self, due: Due) -> Answer:
        """One attempt to deliver."""
        try:
            async with asyncio.timeout(DEADLINE_S + 5.0):
                if due.channel.startswith(MQTT):
                    return await self._publish(due)
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._notify, due)
        except TimeoutError:
            return Answer(False, "timeout")
        except SecretError as error:
            return Answer(False, str(error))
        except Exception as error:  # whatever a library throws is an answer, and the next attempt comes
            return Answer(False, f"{type(error).__name__}: {error}")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, due: Due) -> Answer:
        import apprise  # half a second that only a farm with people pays

        # what it says goes into receipts, without addresses; its own log would have them
        logging.getLogger("apprise").propagate = False
        address = self._secrets(due.channel)
        sender = apprise.Apprise()
        if not sender.add(address):
            return Answer(False, f"the secret '{due.channel}' is no address that apprise knows")
        urgent = {"critical": apprise.NotifyType.FAILURE, "high": apprise.NotifyType.WARNING}
        done = sender.notify(
            body=due.body,
            title=due.title,
            notify_type=apprise.NotifyType.SUCCESS if due.kind == "over" else urgent.get(due.priority, "info"),
            timeout=DEADLINE_S,
            log_level=logging.INFO,
        )
        said = "; ".join(entry.message for entry in done.logs() if entry.level in ("WARNING", "ERROR"))
        # a library may put the address into its words: a receipt never holds a secret
        return Answer(bool(done), said.replace(address, "…") or ("" if done else "refused"))

    async def _publish(self, due: Due) -> Answer:
        """At least once: the broker's own acknowledgement is the receipt."""
        bus = due.channel.removeprefix(MQTT)
        topic = f"farm/v1/{self._site}/$alarm" if due.kind == "change" else f"farm/v1/{self._site}/$message"
        payload = due.body if due.kind == "change" else json.dumps({"title": due.title, "body": due.body})
        async with connected(broker_client(self._brokers[bus], "notify")) as client:
            await client.publish(topic, payload, qos=1)
        return Answer(True, "")


def broker_client(settings: BrokerSettings, purpose: str) -> aiomqtt.Client:
    """A connection of its own for one purpose."""
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password,
        identifier=f"{settings.client_id}-{purpose}",
        timeout=settings.deadline_s,
    )
