"""The unified namespace: the newest value of every tag, retained at a broker, and what came late beside it.

    farm/v1/SITE/FACILITY/ZONE/TAG           {"v":21.5,"t":1763800000000,"q":"good","u":"degC"}   retained
    farm/v1/SITE/$history/FACILITY/ZONE/TAG  the same of what is older than what stands there: a backlog, not retained
    farm/v1/SITE/$state                      online, or offline: the last will

Every message is QoS 1, and a batch is delivered once the broker has acknowledged all of it. MQTT 5, for in older ones a
broker acknowledges what its access list throws away.
"""

import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Condition
from typing import Any
from urllib.parse import urlsplit

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from controller.history.line import parse, split
from controller.history.sinks import Answer, Secrets, clean
from controller.history.wire import CONNECT_S, READ_S, WHOLE_S, context
from edge_config.model.sinks import MqttSink as Config
from foundation.clock import process_time
from foundation.reading import Quality, Reading

KEEPALIVE_S = 15
_UNREADABLE = '{"error":"the line cannot be read"}'


def message(reading: Reading, unit: str) -> bytes:
    """A reading as the namespace shows it; a reason only where it is not good."""
    shown: dict[str, object] = {
        "v": reading.value,
        "t": round(reading.time_s * 1000.0),
        "q": reading.quality.name.lower(),
        "u": unit,
    }
    if reading.quality is not Quality.GOOD and reading.reason is not None:
        shown["why"] = str(reading.reason)
    return orjson.dumps(shown)


class MqttSink:
    """One broker."""

    def __init__(self, config: Config, secrets: Secrets, site: str, units: Mapping[str, str]) -> None:
        """`units` by tag. Raises what `secrets` raises, OSError for certificates, ValueError for the url."""
        parts = urlsplit(config.url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("the url of a broker begins with mqtt:// or mqtts:// and names a host")
        self._host, self._port = parts.hostname, parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        self._tls: ssl.SSLContext | None = context(config.tls) if parts.scheme == "mqtts" else None
        self._user = None if config.username is None else secrets(config.username.name)
        self._password = None if config.password is None else secrets(config.password.name)
        self._root, self._units = f"farm/v1/{site}", units
        self._newest_ms: dict[str, int] = {}
        self._client: paho.Client | None = None
        self._changed = Condition()
        self._connected, self._refused = False, ""
        self._acknowledged = 0

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        try:
            seen = [parse(line.decode())[2] for line in split(body)]
        except ValueError:
            return Answer(400, _UNREADABLE)
        try:
            client = self._client or self._connect()
            newest_ms = dict(self._newest_ms)
            published = 0
            for topic, payload, retained in (self._placed(reading, newest_ms) for reading in seen):
                client.publish(topic, payload, qos=1, retain=retained)
                published += 1
            with self._changed:
                self._changed.wait_for(
                    lambda: self._acknowledged >= published or not self._connected or bool(self._refused), WHOLE_S
                )
                through, refused, connected = self._acknowledged, self._refused, self._connected
                self._acknowledged = 0
        except (OSError, ValueError) as error:
            self._drop()
            return Answer(None, clean(f"{type(error).__name__}: {error}", self._password or ""))
        if refused:
            self._drop()
            return Answer(403, clean(refused, self._password or ""))
        if through < published:
            self._drop()
            return Answer(None, "not acknowledged in time" if connected else "the broker hung up")
        self._newest_ms = newest_ms
        return Answer(204)

    def close(self) -> None:
        if self._client is not None and self._connected:
            said = self._client.publish(f"{self._root}/$state", "offline", qos=1, retain=True)
            # if it does not get there, the last will says it
            with suppress(RuntimeError, ValueError):
                said.wait_for_publish(1.0)
        self._drop()

    def _placed(self, reading: Reading, newest_ms: dict[str, int]) -> tuple[str, bytes, bool]:
        at_ms = round(reading.time_s * 1000.0)
        place = reading.tag.replace(".", "/")
        payload = message(reading, self._units.get(reading.tag, ""))
        if at_ms < newest_ms.get(place, at_ms):
            return f"{self._root}/$history/{place}", payload, False
        newest_ms[place] = at_ms
        return f"{self._root}/{place}", payload, True

    def _connect(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(0)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        client.will_set(f"{self._root}/$state", "offline", qos=1, retain=True)
        client.on_connect, client.on_disconnect, client.on_publish = self._on_connect, self._on_end, self._on_publish
        self._connected, self._refused, self._acknowledged = False, "", 0
        self._client = client
        client.connect(self._host, self._port, KEEPALIVE_S)
        client.loop_start()
        end_s = process_time() + READ_S
        with self._changed:
            self._changed.wait_for(lambda: self._connected or bool(self._refused), max(0.0, end_s - process_time()))
            if not self._connected and not self._refused:
                raise TimeoutError("the broker does not answer")
        if not self._refused:
            said = client.publish(f"{self._root}/$state", "online", qos=1, retain=True)
            said.wait_for_publish(READ_S)
            with self._changed:
                self._acknowledged = 0
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._connected = False
        if client is not None:
            client.on_disconnect = None
            client.disconnect()
            client.loop_stop()

    # --- paho's thread

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self._changed:
            self._connected = not reason.is_failure
            self._refused = f"the broker refuses us: {reason}" if reason.is_failure else ""
            self._changed.notify_all()

    def _on_end(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self._changed:
            self._connected = False
            self._changed.notify_all()

    def _on_publish(self, client: Any, data: Any, mid: int, reason: Any, properties: Any) -> None:
        with self._changed:
            self._acknowledged += 1
            if reason.is_failure:
                self._refused = f"the broker refuses a message: {reason}"
            self._changed.notify_all()
