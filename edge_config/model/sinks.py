"""Sinks: where the history goes, and how it is carried there."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edge_config.model.values import Frozen, Seconds, SecretName


class Tls(Frozen):
    """How a server is known to be the one that is meant."""

    ca: Path | None = None
    """Certificates (PEM) that vouch for it; those of the operating system if left out."""
    verify: bool = True
    """False takes whoever answers, and tells them the token."""


class InfluxSink(Frozen):
    """An InfluxDB, or what speaks its language."""

    type: Literal["influxdb"]
    dialect: Literal["v1", "v2", "v3", "victoriametrics"] = "v2"
    url: str
    org: str | None = None
    bucket: str | None = None
    database: str | None = None
    retention: str | None = None
    """A retention policy of `v1`; the database's own if left out."""
    token: SecretName | None = None
    username: SecretName | None = None
    password: SecretName | None = None
    tls: Tls = Tls()
    gzip: bool | None = None
    """Compressed on the wire; if left out, anywhere but on the loopback."""
    batch: int = Field(default=5000, ge=1, le=50_000)
    """Most lines of one request."""


class MqttSink(Frozen):
    """A broker that holds the newest value of every tag: the unified namespace `farm/v1/SITE/FACILITY/ZONE/TAG`."""

    type: Literal["mqtt"]
    url: str
    username: SecretName | None = None
    password: SecretName | None = None
    tls: Tls = Tls()
    batch: int = Field(default=1000, ge=1, le=50_000)
    """Most messages on their way at once."""


class FileSink(Frozen):
    """Files on a disk, one a day (UTC)."""

    type: Literal["file"]
    directory: Path
    format: Literal["lines", "csv"] = "csv"
    """Line protocol, or a table."""
    keep: Seconds = 366 * 86400.0
    """Files of days longer ago are deleted."""


Sink = Annotated[InfluxSink | MqttSink | FileSink, Field(discriminator="type")]
