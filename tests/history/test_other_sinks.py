"""Points that go to a broker or to files: all of them, once, and the newest is what stands."""

import csv
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.history import mqtt_sink
from controller.history.line import line, milliseconds, prefix
from controller.history.mqtt_sink import MqttSink
from controller.history.outbox import Outbox, pack
from controller.history.shipper import REFUSED_S, Shipper
from controller.history.sinks import Sink, opener
from edge_config.model.sinks import MqttSink as MqttConfig
from foundation.document import Secret
from foundation.reading import Quality, Reading, Reason, Value, bad, good
from tests.history.farm import START_S, secrets, site, tag
from tests.history.test_shipper import finish
from tests.wire.servers import Mosquitto, wait_for

DAY_S = 86_400.0


def written(name: str, value: Value, time_s: float) -> bytes:
    return line(prefix("farm1", tag(name)), good(name, value, time_s)).encode()


def sink_of(config: dict[str, Any]) -> Callable[[], Sink]:
    (one,) = site({"it": config}).sinks.values()
    return opener(one, secrets, "farm1", {"gh1.bay1.air": "degC"})


# --- a broker


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    directory = tmp_path_factory.mktemp("broker")
    (directory / "acl").write_text("user farm\ntopic readwrite farm/#\nuser guest\ntopic read farm/#\n")
    with Mosquitto(
        directory, {"farm": "s3cret/token==", "guest": "s3cret/token=="}, [f"acl_file {directory}/acl"]
    ) as it:
        yield it


def to_broker(broker: Mosquitto, user: str = "influx_user") -> dict[str, Any]:
    url = f"mqtt://127.0.0.1:{broker.port}"
    return {"type": "mqtt", "url": url, "username": Secret(user), "password": Secret("influx_token")}


class Listener:
    """All that is said at a broker, in order, from the retained on."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set("farm", "s3cret/token==")
        self._client.on_message = lambda _, __, one: self.heard.append((one.topic, one.payload.decode(), one.retain))
        self._client.on_connect = lambda client, *_: client.subscribe("farm/#", 1)
        self._listens = Event()
        self._client.on_subscribe = lambda *_: self._listens.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> "Listener":
        assert self._listens.wait(30.0)  # what is said before is not heard, unless it is retained
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def topics(self) -> list[str]:
        return [topic for topic, _, _ in self.heard]


@pytest.mark.wire
def test_the_newest_value_stands_at_the_broker_and_a_backlog_beside_it(broker: Mosquitto) -> None:
    sink = sink_of(to_broker(broker))()
    late = line(prefix("farm1", tag("gh1.bay1.air")), bad("gh1.bay1.air", Reason.RANGE, START_S - 60, 85.0)).encode()
    with Listener(broker) as during:
        assert (
            sink.send(
                b"\n".join([written("gh1.bay1.air", 21.5, START_S), written("gh1.bay1.vent", True, START_S)])
            ).status
            == 204
        )
        assert sink.send(late).status == 204
        wait_for(lambda: len(during.heard) >= 4)
    now, past = "farm/v1/farm1/gh1/bay1/air", "farm/v1/farm1/$history/gh1/bay1/air"
    told = {topic: json.loads(text) for topic, text, _ in during.heard if not topic.endswith("$state")}
    assert told[now] == {"v": 21.5, "t": milliseconds(START_S), "q": "good", "u": "degC"}
    assert told["farm/v1/farm1/gh1/bay1/vent"]["v"] is True
    assert (told[past]["v"], told[past]["q"], told[past]["why"]) == (85.0, "bad", "range")
    with Listener(broker) as after:
        wait_for(lambda: len(after.heard) >= 3)
        assert past not in after.topics()
        assert ("farm/v1/farm1/$state", "online", True) in after.heard
        sink.close()
        wait_for(lambda: after.heard[-1][:2] == ("farm/v1/farm1/$state", "offline"))


@pytest.mark.wire
def test_who_may_not_write_at_the_broker_delivers_nothing_and_is_told(broker: Mosquitto) -> None:
    (config,) = site({"it": to_broker(broker)}).sinks.values()
    for given, said in (({"influx_user": "guest"}, "not authorized"), ({"influx_token": "wrong"}, "refuses us")):
        sink = opener(config, lambda name, given=given: given.get(name) or secrets(name), "farm1", {})()  # type: ignore[misc]
        answer = sink.send(written("gh1.bay1.air", 1.0, START_S))
        assert answer.status == 403
        assert said in answer.message.lower()
        sink.close()


@pytest.mark.wire
def test_a_broker_that_freezes_has_delivered_nothing_until_it_says_so(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = sink_of(to_broker(broker))()
    assert sink.send(written("gh1.bay3.air", 1.0, START_S)).status == 204
    broker.freeze()
    with monkeypatch.context() as patched:
        patched.setattr(mqtt_sink, "WHOLE_S", 0.2)
        answer = sink.send(written("gh1.bay3.air", 2.0, START_S + 1))
    broker.thaw()
    assert (answer.status, answer.message) == (None, "not acknowledged in time")
    assert sink.send(written("gh1.bay3.air", 2.0, START_S + 1)).status == 204
    sink.close()


@pytest.mark.wire
def test_a_box_without_power_is_told_of_by_its_last_will(broker: Mosquitto) -> None:
    sink = MqttSink(MqttConfig.model_validate(to_broker(broker)), secrets, "farm9", {})
    assert sink.send(written("gh1.bay1.air", 1.0, START_S)).status == 204
    with Listener(broker) as listener:
        wait_for(lambda: ("farm/v1/farm9/$state", "online", True) in listener.heard)
        assert sink._client is not None
        line = sink._client.socket()
        assert line is not None
        line.shutdown(socket.SHUT_RDWR)
        wait_for(lambda: listener.heard[-1][:2] == ("farm/v1/farm9/$state", "offline"))
    sink.close()


@pytest.mark.wire
def test_a_broker_that_was_away_gets_everything_in_the_end(broker: Mosquitto, tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db", ["it"])
    box.open(START_S)
    for scan in range(30):
        box.append(
            [pack([written("gh1.bay2.air", float(scan), START_S + scan).decode()], [milliseconds(START_S + scan)])]
        )
    shipper = Shipper("it", box, sink_of(to_broker(broker)), lambda: START_S, Random(1), 10)
    broker.kill()
    assert [shipper.step() is not None for _ in range(3)] == [True] * 3
    assert shipper.health.state == "failing"
    broker.start()
    with Listener(broker) as listener:
        assert finish(shipper) == []
        wait_for(lambda: sum("bay2" in topic for topic in listener.topics()) == 30)
        values = sorted(json.loads(text)["v"] for topic, text, _ in listener.heard if "bay2" in topic)
    assert values == [float(scan) for scan in range(30)]
    shipper.stop()
    box.close()


@pytest.mark.wire
def test_a_broker_that_nobody_vouches_for_is_told_no_password(tmp_path: Path, authority: Path) -> None:
    tls = [f"certfile {authority}/server.pem", f"keyfile {authority}/server.key"]
    with Mosquitto(tmp_path / "broker", {"farm": "s3cret/token=="}, tls) as broker:
        config = to_broker(broker) | {"url": f"mqtts://127.0.0.1:{broker.port}"}
        stranger, known = sink_of(config)(), sink_of(config | {"tls": {"ca": f"{authority}/ca.pem"}})()
        answer = stranger.send(written("gh1.bay1.air", 1.0, START_S))
        assert (answer.status, "certificate verify failed" in answer.message) == (None, True)
        assert known.send(written("gh1.bay1.air", 1.0, START_S)).status == 204
        known.close()


# --- files


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_each_day_has_a_table_of_its_own(tmp_path: Path) -> None:
    sink = sink_of({"type": "file", "directory": str(tmp_path / "days")})()
    text = 'a "quoted", text\nof two lines'
    assert (
        sink.send(
            b"\n".join([written("gh1.bay1.air", 21.5, START_S), written("gh1.bay1.air", 22.0, START_S + DAY_S)])
        ).status
        == 204
    )
    assert (
        sink.send(
            b"\n".join([written("gh1.bay1.note", text, START_S), written("gh1.bay1.vent", False, START_S)])
        ).status
        == 204
    )
    unsure = Reading("gh1.bay1.rh", 80.0, Quality.UNCERTAIN, Reason.DISAGREE, START_S + 0.25)
    assert sink.send(line(prefix("farm1", tag("gh1.bay1.rh")), unsure).encode()).status == 204
    assert sorted(path.name for path in (tmp_path / "days").iterdir()) == ["2023-11-14.csv", "2023-11-15.csv"]
    assert rows(tmp_path / "days/2023-11-14.csv") == [
        ["time", "tag", "value", "quality", "reason"],
        ["2023-11-14T22:13:20.000+00:00", "gh1.bay1.air", "21.5", "good", ""],
        ["2023-11-14T22:13:20.000+00:00", "gh1.bay1.note", 'a "quoted", text of two lines', "good", ""],
        ["2023-11-14T22:13:20.000+00:00", "gh1.bay1.vent", "false", "good", ""],
        ["2023-11-14T22:13:20.250+00:00", "gh1.bay1.rh", "80.0", "uncertain", "disagree"],
    ]


@pytest.mark.parametrize("form", ["csv", "lines"])
def test_what_a_power_cut_tore_is_cut_off_and_what_comes_again_stands_once(form: str, tmp_path: Path) -> None:
    config = {"type": "file", "directory": str(tmp_path), "format": form}
    batches = [[written("gh1.bay1.air", 20.0 + n, START_S + n) for n in range(10 * b, 10 * b + 10)] for b in range(3)]
    sink_of(config)().send(b"\n".join(batches[0]))
    (path,) = tmp_path.iterdir()
    sink_of(config)().send(b"\n".join(batches[1]))
    whole = path.read_bytes()
    with path.open("ab") as file:
        # the third was half written when the power went
        file.write(whole.splitlines()[-1][:20])
    # nobody knows whether the second was counted as delivered
    again = sink_of(config)()
    assert again.send(b"\n".join(batches[1])).status == again.send(b"\n".join(batches[2])).status == 204
    calm = sink_of({**config, "directory": str(tmp_path / "calm")})()
    assert [calm.send(b"\n".join(batch)).status for batch in batches] == [204] * 3
    (undisturbed,) = (tmp_path / "calm").iterdir()
    assert path.read_bytes() == undisturbed.read_bytes()


def test_a_disk_that_takes_half_a_batch_has_none_of_it_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = sink_of({"type": "file", "directory": str(tmp_path), "format": "lines"})()
    lines = [written("gh1.bay1.air", float(n), START_S + n) for n in range(20)]

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        answer = sink.send(b"\n".join(lines))
        assert (answer.status, "No space" in answer.message) == (None, True)
    assert sink.send(b"\n".join(lines)).status == 204
    (path,) = tmp_path.iterdir()
    assert path.read_bytes().splitlines() == lines


def test_days_that_are_too_long_ago_are_deleted(tmp_path: Path) -> None:
    sink = sink_of({"type": "file", "directory": str(tmp_path), "keep": "2 d"})()
    for day in range(5):
        sink.send(written("gh1.bay1.air", 1.0, START_S + day * DAY_S))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["2023-11-16", "2023-11-17", "2023-11-18"]


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("a file")
    box = Outbox(tmp_path / "outbox.db", ["it"])
    box.open(START_S)
    box.append([pack([written("gh1.bay1.air", 1.0, START_S).decode()], [milliseconds(START_S)])])
    shipper = Shipper(
        "it", box, sink_of({"type": "file", "directory": str(tmp_path / "here")}), lambda: START_S, Random(1)
    )
    assert shipper.step() == REFUSED_S
    assert "here" in shipper.health.last_error
    box.close()
