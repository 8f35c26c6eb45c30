"""InfluxDB 2: `/api/v2/write` through influxdb-client, with ready lines, over our own wire."""

from collections.abc import Callable, Mapping
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from controller.history import wire
from controller.history.sinks import Answer, Secrets, address, clean, retry_after_s
from edge_config.model.sinks import InfluxSink


class V2Sink:
    """One InfluxDB 2."""

    def __init__(self, config: InfluxSink, secrets: Secrets) -> None:
        url, compress = address(config)
        self._token = secrets(config.token.name) if config.token is not None else ""
        self._bucket = config.bucket or config.database or ""
        self._org = config.org or ""
        timeout = (int(wire.CONNECT_S * 1000), int(wire.READ_S * 1000))
        self._client = InfluxDBClient(
            url, self._token, org=self._org, timeout=timeout, retries=False, enable_gzip=compress
        )
        self._wire = wire.Wire(config.tls)
        # the client's own would read an endless answer to its end
        rest: Any = self._client.api_client.rest_client
        rest.pool_manager = self._wire
        self._write = self._client.write_api(write_options=SYNCHRONOUS)

    def send(self, body: bytes, meanwhile: Callable[[], object] | None = None) -> Answer:
        self._wire.meanwhile = meanwhile
        try:
            # a plain string to the client, whatever its annotation says
            precision: Any = WritePrecision.MS
            self._write.write(self._bucket, self._org, body, write_precision=precision)
        except ApiException as error:
            headers: Mapping[str, str] = error.headers or {}
            wait_s = retry_after_s(headers.get("Retry-After"), headers.get("Date"))
            # the client's status 0 is an error of TLS
            return Answer(error.status or None, clean(f"{error.body or error.reason}", self._token), wait_s)
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            return Answer(None, clean(f"{type(error).__name__}: {error}", self._token))
        last = self._client.api_client.last_response
        return Answer(last.status, clean(last.data))

    def close(self) -> None:
        self._wire.clear()
