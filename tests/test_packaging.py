"""What a farm gets: the wheel with everything in it, the service, and the broker's settings."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.syntax import tree_of
from tests.wheels import run_installed
from tests.wire.servers import Mosquitto, wait_for

ROOT = Path(__file__).parents[1]
ROOMS = ("foundation", "drivers", "rules", "edge_config", "simulator", "controller")
SHIPPED = {".py", ".yaml", ".json", ".png", ".js", ".css", ".svg", ".html", ".txt", ".csv", ".epw"}


# --- the wheel


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_everything_that_the_rooms_hold_is_in_the_wheel(names: set[str]) -> None:
    here = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here - names == set()
    assert {Path(name).suffix for name in here} <= SHIPPED
    for folder, least in (
        ("controller/panel/static/", 20), ("drivers/library/", 10), ("edge_config/sites/", 4),
        ("foundation/locales/", 2), ("simulator/parameters/", 5),
    ):  # fmt: skip
        assert sum(name.startswith(folder) for name in names) >= least, folder


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(ROOMS)
    odd = {name for name in names if re.search("test|secret|__pycache__|[.]db$", name.lower())}
    assert odd == {"controller/secrets.py", "controller/core/self_test.py"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_wheel_is_the_whole_farm(installed: Path) -> None:
    script = installed / "bin" / "farmloop"
    done = run_installed(installed, str(script), "check", "farm", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
    where = "import controller, simulator, foundation.messages as m; print(controller.__file__, len(m.catalogue('en')))"
    origin, messages = run_installed(installed, "-c", where).stdout.split()
    assert origin == str(installed / "controller/__init__.py")
    assert int(messages) > 100
    panel = "from controller.panel.assets import read_assets; print(*read_assets())"
    assert {"index.html", "panel.js", "vendor/preact.js"} <= set(run_installed(installed, "-c", panel).stdout.split())


# --- where we live among other packages


def test_no_other_distribution_brought_one_of_our_names() -> None:
    brought = packages_distributions()
    assert "numpy" in brought  # the table is there
    for room in ROOMS:
        assert set(brought.get(room, ["farmloop"])) == {"farmloop"}, room
        spec = find_spec(room)
        assert spec is not None
        assert spec.origin == str(ROOT / room / "__init__.py")


def test_the_tests_run_on_an_editable_install() -> None:
    ours = distribution("farmloop")
    assert json.loads(ours.read_text("direct_url.json") or "{}")["dir_info"] == {"editable": True}
    (command,) = ours.entry_points.select(group="console_scripts")
    assert (command.name, command.value) == ("farmloop", "controller.cli:main")
    assert (Path(sys.executable).parent / "farmloop").is_file()


def test_every_library_that_is_imported_is_asked_for() -> None:
    # an extra for farms or researchers is asked for by whom it serves; what tests want is nobody's in a room
    asked = {
        re.split(r"[<>=;\[ ]", line)[0].lower()
        for line in distribution("farmloop").requires or []
        if "extra == 'test'" not in line
    }
    brought = packages_distributions()
    imported = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                    imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - set(ROOMS)
    assert {"fastapi", "pymodbus", "numpy"} <= foreign
    missing = {name for name in foreign if not {dist.lower() for dist in brought.get(name, [])} & asked}
    # what FastAPI, pydantic and influxdb-client are made of, and show
    assert missing == {"starlette", "pydantic_core", "urllib3"}


# --- the service and the broker


def test_the_service_is_one_that_systemd_takes_and_is_shut_in(tmp_path: Path) -> None:
    text = (ROOT / "deploy/systemd/farmloop.service").read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=(\S+) (.*)$", text, re.MULTILINE)
    assert command[0].endswith("/bin/farmloop")
    unit = tmp_path / "farmloop.service"
    unit.write_text(text.replace(command[0], f"{Path(sys.executable).parent}/farmloop"), "utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    secured = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True, check=True
    )
    exposure = re.search(r"exposure level for farmloop.service: ([\d.]+)", secured.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= 2.0
    assert {"Type=notify", "WatchdogSec=20", "Restart=always"} <= set(text.splitlines())
    # and what it starts is what the command knows
    words = command[1].split()
    shown = subprocess.run([sys.executable, "-m", "controller.cli", words[0], "--help"], capture_output=True, text=True)
    assert all(word in shown.stdout for word in words if word.startswith("--"))


class ShippedMosquitto(Mosquitto):
    """Debian's own configuration with ours in its conf.d, moved to a directory and a port of the test."""

    def command(self) -> list[str]:
        settings = (ROOT / "deploy/mosquitto/farmloop.conf").read_text("utf-8")
        assert "listener 1883 127.0.0.1" in settings
        settings = settings.replace("listener 1883 ", f"listener {self.port} ")
        settings = settings.replace("/etc/mosquitto/", f"{self.directory}/")
        assert "allow_anonymous false" in settings
        (self.directory / "conf.d").mkdir(exist_ok=True)
        (self.directory / "conf.d" / "farmloop.conf").write_text(settings)
        acl = (ROOT / "deploy/mosquitto/farmloop.acl").read_text("utf-8")
        (self.directory / "farmloop.acl").write_text(acl)
        (self.directory / "farmloop.acl").chmod(0o600)
        words = self.directory / "farmloop.passwords"
        words.write_text("".join(f"{user}:word\n" for user in ("farmloop", "feeder", "weather")))
        words.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(words)], check=True, capture_output=True)
        main = self.directory / "mosquitto.conf"
        main.write_text(
            f"user root\npersistence true\npersistence_location {self.directory}/\n"
            f"include_dir {self.directory}/conf.d\n"
        )
        return ["/usr/sbin/mosquitto", "-c", str(main)]


class Person:
    """Somebody at the broker: what they hear, and whether they were let in."""

    def __init__(self, port: int, user: str | None, word: str = "word") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.in_: list[bool] = []
        self.subscribed = 0
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        if user is not None:
            self.client.username_pw_set(user, word)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = lambda *told: self.heard.append((told[2].topic, told[2].payload))
        self.client.connect("127.0.0.1", port)
        wait_for(lambda: self.in_ or self.client.loop(0.05))

    def _connected(self, client: paho.Client, _: object, flags: object, code: ReasonCode, properties: object) -> None:
        self.in_.append(not code.is_failure)

    def _subscribed(self, *_: object) -> None:
        self.subscribed += 1

    def listen(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        wait_for(lambda: self.subscribed or self.client.loop(0.05))

    def say(self, topic: str, text: str) -> None:
        told = self.client.publish(topic, text, 1)
        wait_for(lambda: told.is_published() or self.client.loop(0.05))


@pytest.mark.wire
def test_the_shipped_broker_lets_in_whom_it_knows_and_to_what_is_theirs(tmp_path: Path) -> None:
    with ShippedMosquitto(tmp_path / "mosquitto") as broker:
        assert not Person(broker.port, None).in_[0]
        assert not Person(broker.port, "feeder", "guess").in_[0]
        agent, feeder, weather = (Person(broker.port, name) for name in ("farmloop", "feeder", "weather"))
        agent.listen("#")
        weather.listen("feeder/1/set")
        feeder.listen("feeder/1/set")
        feeder.say("feeder/1/state", "fed")
        weather.say("feeder/1/set", "forged order")
        weather.say("feeder/1/state", "forged state")
        agent.say("feeder/1/set", "order")
        wait_for(lambda: feeder.heard or feeder.client.loop(0.05))
        wait_for(lambda: len(agent.heard) >= 2 or agent.client.loop(0.05))
        for person in (agent, feeder, weather):
            person.client.loop(0.1)
        assert agent.heard == [("feeder/1/state", b"fed"), ("feeder/1/set", b"order")]
        assert feeder.heard == [("feeder/1/set", b"order")]
        assert weather.heard == []
        for person in (agent, feeder, weather):
            person.client.disconnect()
