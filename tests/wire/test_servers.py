"""The servers that other tests lean on start, answer, survive a kill and end."""

from pathlib import Path
from urllib.error import HTTPError

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.wire.servers import InfluxDB, InfluxV2, Mosquitto, VictoriaMetrics, get, wait_for


def test_influxdb_keeps_what_it_acknowledged_over_a_kill(influxdb: InfluxDB, influx_v2: InfluxV2) -> None:
    influxdb.create("kept")
    get(f"{influx_v2.url}/api/v2/write?org=o&bucket=kept&precision=ms", b"env,tag=a v=1.5 1700000000000")
    influxdb.kill()
    with pytest.raises(HTTPError, match="502"):
        get(f"{influx_v2.url}/api/v2/write?org=o&bucket=kept&precision=ms", b"env,tag=a v=2.5 1700000001000")
    influxdb.start()
    assert influxdb.query("kept", 'SELECT v FROM "env"')[0]["values"] == [[1700000000000, 1.5]]
    with pytest.raises(HTTPError, match="404"):
        get(f"{influx_v2.url}/api/v2/write?bucket=unknown&precision=ms", b"env v=1 1")
    with pytest.raises(HTTPError, match="400"):
        get(f"{influx_v2.url}/api/v2/write?bucket=kept&precision=ms", b"no line at all")


def test_victoria_metrics_shows_one_of_two_equal_points(victoria_metrics: VictoriaMetrics) -> None:
    for _ in range(2):
        get(f"{victoria_metrics.url}/api/v2/write?bucket=b&precision=ms", b"env,tag=twice v=1.5 1700000000000")
    (series,) = victoria_metrics.export('{tag="twice"}')
    assert (series["timestamps"], series["values"]) == ([1700000000000], [1.5])


def lets_in(broker: Mosquitto, user: str | None = None, word: str | None = None) -> bool:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    if user is not None:
        client.username_pw_set(user, word)
    answers: list[bool] = []
    client.on_connect = lambda *said: answers.append(not said[3].is_failure)
    client.connect("127.0.0.1", broker.port)
    wait_for(lambda: answers or client.loop(0.1))
    client.disconnect()
    return answers[0]


def test_a_broker_with_users_lets_nobody_else_in(tmp_path: Path, mosquitto: Mosquitto) -> None:
    assert lets_in(mosquitto)
    with Mosquitto(tmp_path / "closed", {"farm": "word"}) as closed:
        assert not lets_in(closed)
        assert not lets_in(closed, "farm", "guess")
        closed.kill()
        closed.start()
        assert lets_in(closed, "farm", "word")
