"""A small farm for the tests of its history."""

from collections.abc import Mapping
from typing import Any

from edge_config.model.site import Site
from foundation.document import Secret
from foundation.tag import Kind, Tag

START_S = 1_700_000_000.0
TOKEN = "s3cret/token=="


def tag(name: str, kind: Kind = Kind.MEASURED, deadband: float = 0.0, measurement: str = "env") -> Tag:
    return Tag(name, "degC", kind, measurement, "温度", "temperature", deadband=deadband)


def tags(*names: str, **settings: Any) -> dict[str, Tag]:
    return {name: tag(name, **settings) for name in names}


def site(sinks: Mapping[str, Mapping[str, Any]] | None = None) -> Site:
    name = {"zh": "农场", "en": "farm"}
    place = {"id": "farm1", "name": name, "timezone": "Asia/Shanghai", "latitude": 31.2, "longitude": 121.5}
    return Site.model_validate(
        {
            "schema": 1,
            "site": place,
            "facilities": {"gh1": {"kind": "greenhouse", "zones": ["bay1"], "name": name}},
            "sinks": {key: {"type": "influxdb"} | dict(sink) for key, sink in (sinks or {}).items()},
        }
    )


def v2(url: str, bucket: str = "farm") -> dict[str, Any]:
    return {"dialect": "v2", "url": url, "org": "farm", "bucket": bucket, "token": Secret("influx_token")}


def v1(url: str, database: str = "farm") -> dict[str, Any]:
    return {
        "dialect": "v1",
        "url": url,
        "database": database,
        "username": Secret("influx_user"),
        "password": Secret("influx_token"),
    }


def v3(url: str, database: str = "farm") -> dict[str, Any]:
    return {"dialect": "v3", "url": url, "database": database, "token": Secret("influx_token")}


def victoria(url: str) -> dict[str, Any]:
    return {"dialect": "victoriametrics", "url": url, "bucket": "farm"}


def secrets(name: str) -> str:
    return {"influx_token": TOKEN, "influx_user": "farm"}[name]
