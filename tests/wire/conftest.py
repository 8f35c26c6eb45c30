"""Servers as fixtures for the tests in this folder; other rooms import the classes from `tests.wire.servers`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.servers import InfluxDB, InfluxV2, Mosquitto, VictoriaMetrics


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """Shared: create a database of your own in it."""
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(scope="session")
def influx_v2(influxdb: InfluxDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxV2]:
    with InfluxV2(tmp_path_factory.mktemp("nginx"), influxdb) as front:
        yield front


@pytest.fixture(scope="session")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as server:
        yield server
