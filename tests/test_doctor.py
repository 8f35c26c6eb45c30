"""The doctor: every bad thing is found, told in both languages, and comes with what to do about it."""

import json
import os
import re
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from controller import doctor
from controller.commissioning import Record, add, digest_of, to_test
from controller.doctor import Finding, examine
from controller.history.state_database import StateDatabase
from controller.hold import HeldError, hold, is_held
from controller.kept_state import KeptState
from controller.secrets import SecretError, secrets_beside
from edge_config.loader import load_site
from foundation.messages import LANGUAGES, catalogue

SAMPLES = Path(__file__).parents[1] / "edge_config/sites"
NOW_S = 1_800_000_000.0
PLACE = re.compile(r"[{}]")


@pytest.fixture(autouse=True)
def _no_secrets_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for name in [name for name in os.environ if name.startswith("FARMLOOP_SECRET_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def site_file(directory: Path, port: str = "/dev/null", broker: int = 1, sink: str = "http://127.0.0.1:1") -> Path:
    """The fish farm with wires of this test, secrets and a database."""
    text = (SAMPLES / "ras.yaml").read_text("utf-8")
    text = text.replace("by-id/usb-FTDI_RAS1", port).replace("host: 192.168.10.23", f"host: 127.0.0.1, port: {broker}")
    text = text.replace("port: 1883}", f"port: {broker}, username: !secret mqtt_user, password: !secret mqtt_word}}")
    sinks = f"sinks:\n  influx: {{type: influxdb, url: '{sink}', org: o, bucket: b, token: !secret influx_token}}\n"
    path = directory / "site.yaml"
    path.write_text(text + sinks, "utf-8")
    return path


def keep_secrets(directory: Path, mode: int = 0o600, text: str | None = None) -> Path:
    path = directory / "secrets.yaml"
    path.write_text(text or "mqtt_user: farm\nmqtt_word: 0123\ninflux_token: yes\n", "utf-8")
    path.chmod(mode)
    return path


def bad(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.ok]


def look(*arguments: Any, **settings: Any) -> list[str]:
    """What is bad, in English; checked to be whole in both languages."""
    told = {language: bad(examine(arguments[0], language, *arguments[1:], **settings)) for language in LANGUAGES}
    for findings in told.values():
        for finding in findings:
            assert not PLACE.search(finding.what + finding.do), finding
            assert not finding.what.startswith("doctor."), finding
            assert finding.do, finding
    assert len(told["en"]) == len(told["zh-CN"])
    assert {one.what for one in told["en"]}.isdisjoint(one.what for one in told["zh-CN"])
    return [finding.what for finding in told["en"]]


# --- the box


def test_a_good_box_has_nothing_bad(tmp_path: Path) -> None:
    findings = examine(None, "en", tmp_path / "not" / "there")
    assert len(findings) == 6
    assert bad(findings) == []
    assert not (tmp_path / "not").exists()


def test_a_nearly_full_disk_is_told_of(tmp_path: Path) -> None:
    (said,) = look(None, tmp_path, least_disk_bytes=1 << 60)
    assert re.fullmatch(rf"Only \d+ MiB free at {tmp_path}", said)


def test_a_clock_that_was_never_set_is_told_of(tmp_path: Path) -> None:
    assert look(None, tmp_path, now_s=0.0) == ["The clock says a time before 2026, which cannot be right"]
    assert look(None, tmp_path, now_s=NOW_S) == []


def test_a_directory_of_others_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert look(None, tmp_path) == [f"{tmp_path} cannot be written to"]
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert look(None, tmp_path) == [f"{tmp_path} cannot be written to", f"{tmp_path} may not be looked at"]


@pytest.mark.parametrize(
    ("what", "value"), [("sys.version_info", (3, 10, 4)), ("sqlite3.sqlite_version_info", (3, 31, 0))]
)
def test_what_is_too_old_is_told_of(what: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"controller.doctor.{what}", value)
    assert len(look(None, tmp_path)) == 1


# --- the site and its ends


def test_a_site_whose_ends_all_answer_has_nothing_bad(tmp_path: Path) -> None:
    keep_secrets(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        file = site_file(tmp_path, broker=port, sink=f"http://127.0.0.1:{port}")
        site = load_site(file).site
        for device in to_test(site):
            add(tmp_path / "var", Record(device, "", digest_of(site, device), "", "", "cable", "", 0.0, (), ""))
        findings = examine(file, "en", tmp_path / "var")
    assert bad(findings) == []
    said = " ".join(finding.what for finding in findings)
    for name in ("ras_rs485", "ras_tcp", "farm_mqtt", "influx", "mqtt_user", "mqtt_word", "influx_token"):
        assert name in said


def test_every_end_that_is_not_there_is_told_of_by_its_name(tmp_path: Path, closed_port: int) -> None:
    site = site_file(tmp_path, "by-id/usb-none", closed_port, f"http://127.0.0.1:{closed_port}")
    said = look(site, tmp_path / "var")
    refused = f"no connection to 127.0.0.1:{closed_port}"
    starts = [f"There is no secret {name}" for name in ("mqtt_user", "mqtt_word", "influx_token")]
    waiting = ", ".join(f"{name} (never tested)" for name in ("ras_relays", "ras_node", "ras_feeder"))
    starts.insert(0, f"Devices that were not seen to go safe by themselves: {waiting}")
    starts += ["ras_rs485: there is no /dev/serial/by-id/usb-none"]
    starts += [f"{name}: {refused}" for name in ("ras_tcp", "farm_mqtt", "influx")]
    assert [line for line, start in zip(said, starts, strict=True) if not line.startswith(start)] == []
    assert "Connection refused" in said[-1]


def test_a_port_that_may_not_be_used_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != "/dev/null" and may(path, mode))
    assert "ras_rs485: /dev/null may not be used" in look(site_file(tmp_path), tmp_path / "var")


def test_a_host_name_that_cannot_be_one_is_told_of(tmp_path: Path) -> None:
    said = look(site_file(tmp_path, sink="http://a..b"), tmp_path / "var")
    assert said[-1].startswith("influx: no connection to a..b:80")


def test_a_site_that_cannot_be_read_or_has_mistakes_is_told_of(tmp_path: Path) -> None:
    assert look(tmp_path / "none.yaml", tmp_path) == [
        f"{tmp_path / 'none.yaml'} cannot be read: No such file or directory"
    ]
    broken = tmp_path / "broken.yaml"
    broken.write_text("schema: 1\nsite: {id: x}\n", "utf-8")
    findings = bad(examine(broken, "en", tmp_path / "var"))
    assert len(findings) > 1
    assert all(finding.what.startswith(f"{broken}:") for finding in findings)


# --- secrets


@pytest.mark.parametrize(
    ("text", "mode", "kind"),
    [
        (None, 0o644, "exposed"),
        (None, 0o660, "exposed"),
        ("mqtt_user: farm\n", 0o600, "missing"),
        ("mqtt_word: ''\n", 0o600, "missing"),
        ("mqtt_word: [hidden, words]\n", 0o600, "missing"),
        ("- mqtt_word\n", 0o600, "missing"),
        ("mqtt_word: 'hidden\n", 0o600, "unreadable"),
    ],
)
def test_a_secret_that_is_not_well_kept_is_told_of_without_its_value(
    text: str | None, mode: int, kind: str, tmp_path: Path
) -> None:
    file = keep_secrets(tmp_path, mode, text)
    with pytest.raises(SecretError) as refused:
        secrets_beside(tmp_path / "site.yaml")("mqtt_word")
    assert refused.value.kind == kind
    assert str(refused.value).startswith(("Secret mqtt_word", "There is no secret mqtt_word"))
    assert str(file) in str(refused.value)
    assert "hidden" not in f"{refused.value!r}{refused.value}{refused.value.__cause__}"
    assert any("mqtt_word" in line for line in look(site_file(tmp_path), tmp_path / "var"))


def test_a_secrets_file_that_is_no_text_is_told_of(tmp_path: Path) -> None:
    file = keep_secrets(tmp_path)
    file.write_bytes(b"mqtt_word: \xff\n")
    with pytest.raises(SecretError, match="cannot be read"):
        secrets_beside(tmp_path / "site.yaml")("mqtt_word")


def test_secrets_come_as_they_were_written_from_the_nearest_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_secrets(tmp_path)
    secret = secrets_beside(tmp_path / "site.yaml")
    # a number to YAML, a password to us
    assert (secret("mqtt_word"), secret("influx_token")) == ("0123", "yes")
    monkeypatch.setenv("FARMLOOP_SECRET_MQTT_WORD", "from the environment")
    assert secret("mqtt_word") == "from the environment"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt_word").write_text("from systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert secret("mqtt_word") == "from systemd"
    with pytest.raises(SecretError):
        secret("../secrets.yaml")


# --- an agent's directory


def keep(directory: Path, at_s: float = NOW_S - 5.0) -> None:
    """What an agent keeps, with a minute of points that nobody took."""
    from controller.history.outbox import Outbox, pack

    database = StateDatabase(directory)
    assert KeptState(database).write({"at_s": at_s, "blocks": {"gh1.bay1.heat_loop": [at_s]}}, at_s)
    database.close()
    box = Outbox(directory / "outbox.db", ["influx"])
    box.open(NOW_S)
    box.append([pack(["env,tag=a v=1.5,q=3i 1"], [round((NOW_S - 7200.0 + second) * 1000)]) for second in range(60)])
    box.close()


def log_lines(directory: Path, *lines: object) -> None:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (directory / "farmloop.log").write_text(text)


def test_a_running_agent_that_is_well_has_nothing_bad(tmp_path: Path) -> None:
    keep(tmp_path)
    log_lines(tmp_path, {"at": "2027-01-15T07:59:00.000Z", "level": "warning", "what": "device is lost"})
    with hold(tmp_path):
        findings = examine(None, "en", tmp_path, now_s=NOW_S)
    assert bad(findings) == []
    assert [finding.what for finding in findings[-3:]] == [
        f"An agent runs in {tmp_path}",
        "Its state was kept 5 s ago",
        "No errors in the log of the last day",
    ]


def test_what_waits_too_long_for_a_database_is_told_of(tmp_path: Path) -> None:
    keep(tmp_path)
    assert look(site_file(tmp_path), tmp_path, now_s=NOW_S)[0] == "influx: 60 points wait, the oldest from 2 h ago"
    soon = [finding.what for finding in examine(site_file(tmp_path), "en", tmp_path, now_s=NOW_S - 6600.0)]
    assert "influx: 60 points wait, the oldest from 10 min ago" in soon


def test_what_was_delivered_does_not_wait(tmp_path: Path) -> None:
    keep(tmp_path)
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        database.execute("INSERT INTO shipped VALUES ('influx', 1, 40), ('influx', 51, 60)")
        database.execute("INSERT INTO dead (sink, seq, line, reason, at) VALUES ('influx', 3, 'x', 'because', 0)")
    database.close()
    said = look(None, tmp_path, now_s=NOW_S)
    assert said == [
        "influx: 10 points wait, the oldest from 119 min ago",
        "1 points were refused for good by a database",
    ]


def test_a_state_that_a_running_agent_does_not_write_is_told_of(tmp_path: Path) -> None:
    keep(tmp_path, NOW_S - 600.0)
    assert look(None, tmp_path, now_s=NOW_S) == []  # it was stopped ten minutes ago
    with hold(tmp_path):
        assert look(None, tmp_path, now_s=NOW_S) == ["It runs, but its state was kept 10 min ago"]


def test_a_state_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    keep(tmp_path)
    with sqlite3.connect(tmp_path / "state.db") as database:
        database.execute("UPDATE kept SET body = '1' WHERE part = 'at_s'")
    database.close()
    assert [line[:11] for line in look(None, tmp_path, now_s=NOW_S)][-1:] == ["state.db in"]
    (tmp_path / "state.db").write_text("no database at all")
    assert [line[:11] for line in look(None, tmp_path, now_s=NOW_S)][-1:] == ["state.db in"]


def test_what_was_put_aside_or_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    keep(tmp_path)
    (tmp_path / "state.db.corrupt.20270101T000000Z").write_text("?")
    (tmp_path / "state.db.corrupt.20270101T000000Z-wal").write_text("?")
    (tmp_path / "outbox.db").write_bytes(b"no database at all" * 100)
    (tmp_path / "farmloop.log").mkdir()
    said = look(None, tmp_path, now_s=NOW_S)
    assert [line[:10] for line in said] == ["What could", "outbox.db ", "The log in"]


def test_the_last_errors_of_the_log_are_told_of(tmp_path: Path) -> None:
    keep(tmp_path)
    error = {"level": "error", "what": "the outbox takes nothing (disk full); points wait in memory"}
    log_lines(
        tmp_path,
        {"at": "2027-01-13T08:00:00.000Z", **error},  # two days ago
        {"at": "2027-01-15T07:00:00.000Z", **error},
        {"at": "2027-01-15T07:58:00.000Z", **error, "what": "the newest"},
        {"at": "2027-01-15T07:59:00.000Z", "level": "info", "what": "started"},
        {"at": "when?", **error},
        '{"level": "error", "cut off',
        "[]",
    )
    assert look(None, tmp_path, now_s=NOW_S) == ["2 errors in the log of the last day, the last 2 min ago: the newest"]


def test_of_a_long_log_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path)
    monkeypatch.setattr("controller.kept.TAIL_BYTES", 300)
    error = {"at": "2027-01-15T07:00:00.000Z", "level": "error", "what": "x" * 40}
    log_lines(tmp_path, *[error] * 100)
    assert look(None, tmp_path, now_s=NOW_S)[0].startswith("2 errors")


def test_one_agent_a_directory(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with hold(tmp_path / "new"):
        assert is_held(tmp_path / "new")
        with pytest.raises(HeldError, match="another agent runs in"), hold(tmp_path / "new"):
            pass
        assert is_held(tmp_path / "new")
    assert not is_held(tmp_path / "new")
    with hold(tmp_path / "new"):
        assert is_held(tmp_path / "new")


def test_a_directory_that_cannot_be_held_does_not_keep_the_farm_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with hold(tmp_path / "file" / "var"):
        assert not is_held(tmp_path / "file" / "var")


# --- words


def test_every_finding_has_words_and_every_bad_one_says_what_to_do() -> None:
    def asked(word: str) -> list[str]:
        return re.findall(rf'speech\.{word}\(\s*[^"]*"(\w+)"', source)

    source = Path(doctor.__file__).read_text("utf-8")
    good, wrong = set(asked("good")), set(asked("bad")) | {"secret_missing", "secret_exposed", "secret_unreadable"}
    for judged in set(re.findall(r'speech\.judge\(.*?"(\w+)"', source, re.DOTALL)):
        good.add(f"{judged}_ok")
        wrong.add(f"{judged}_bad")
    good |= {"agent_runs", "agent_stopped"}
    keys = {f"doctor.{key}" for key in good | wrong} | {f"doctor.{key}.do" for key in wrong}
    assert len(keys) > 50
    there = {key for key in catalogue("en") if key.startswith("doctor.") and not key.startswith("doctor.age.")}
    assert keys == there


def test_the_sample_sites_are_read_by_the_doctor_as_by_the_agent() -> None:
    for name in ("greenhouse", "plant-factory", "ras", "farm"):
        assert load_site(SAMPLES / f"{name}.yaml").site.buses
