"""Real servers for tests: each a context manager on a free loopback port with a directory of its own, ended by pid.

    with Mosquitto(tmp_path / "broker") as broker:
        client.connect("127.0.0.1", broker.port)
        broker.kill()    # as a power cut
        broker.start()   # same port, same directory

`InfluxV2` is nginx rewriting InfluxDB 2's write path in front of a real InfluxDB 1.6.
"""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

START_S = 30.0
OPENER = build_opener(ProxyHandler({}))


def wait_for(condition: Callable[[], object], deadline_s: float = 30.0, what: str = "") -> None:
    """Poll until `condition()` is true; AssertionError after `deadline_s` of process time."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not so within {deadline_s} s: {what or condition}"
        time.sleep(0.01)


def free_port() -> int:
    """A loopback TCP port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, data: bytes | None = None) -> bytes:
    """The body of a GET (or POST) to a server here."""
    with OPENER.open(url, data, timeout=30) as answer:
        body: bytes = answer.read()
        return body


class Server:
    """A process that listens on `port`. A subclass says how it is started and when it is ready."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self) -> Sequence[str]:
        """Write what configuration it takes into `directory`, and say how it is started."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        for _ in range(3):
            self.port = free_port()
            try:
                self.start()
                break
            except ChildProcessError as error:
                # somebody took the port between asking and using it
                last = error
        else:
            raise last
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start (again) on the same port and directory; returns once it answers."""
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ready() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                raise ChildProcessError(f"{type(self).__name__} did not start:\n{self.log()[-2000:]}")
            return self.is_ready()

        try:
            wait_for(ready, START_S, f"{type(self).__name__} answers")
        except AssertionError:
            self.kill()
            raise

    def log(self) -> str:
        return (self.directory / "server.log").read_text("utf-8", "replace")

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def stop(self) -> None:
        """End it as a service manager would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a warning."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Mosquitto(Server):
    """An MQTT broker. `users` (name to password) closes it to everybody else; `lines` go into its configuration."""

    def __init__(self, directory: Path, users: dict[str, str] | None = None, lines: Sequence[str] = ()) -> None:
        super().__init__(directory)
        self.users = users
        self.lines = lines

    def command(self) -> Sequence[str]:
        config = [f"listener {self.port} 127.0.0.1", "user root", "persistence true", "autosave_interval 1"]
        config += [f"persistence_location {self.directory}/", "set_tcp_nodelay true", "max_queued_messages 100000"]
        if self.users is None:
            config.append("allow_anonymous true")
        else:
            passwords = self.directory / "passwords"
            passwords.write_text("".join(f"{name}:{word}\n" for name, word in self.users.items()))
            passwords.chmod(0o600)
            subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
            config += ["allow_anonymous false", f"password_file {passwords}"]
        path = self.directory / "mosquitto.conf"
        path.write_text("\n".join([*config, *self.lines, ""]))
        return ["/usr/sbin/mosquitto", "-c", str(path)]


class InfluxDB(Server):
    """Debian's InfluxDB 1.6: `/write?db=` and InfluxQL at `/query`."""

    def command(self) -> Sequence[str]:
        path = self.directory / "influxdb.conf"
        path.write_text(
            f"""reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "{self.directory}/meta"
[data]
dir = "{self.directory}/data"
wal-dir = "{self.directory}/wal"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:{self.port}"
log-enabled = false
[monitor]
store-enabled = false
"""
        )
        return ["/usr/bin/influxd", "-config", str(path)]

    def is_ready(self) -> bool:
        try:
            get(f"{self.url}/ping")
        except (URLError, OSError):
            return False
        return True

    def create(self, database: str) -> None:
        get(f"{self.url}/query", urlencode({"q": f'CREATE DATABASE "{database}"'}).encode())

    def query(self, database: str, sentence: str) -> list[dict[str, Any]]:
        """The series of an InfluxQL answer, times in ms: `[{"name", "tags", "columns", "values"}]`."""
        arguments = urlencode({"db": database, "q": sentence, "epoch": "ms"})
        answer = json.loads(get(f"{self.url}/query?{arguments}"))
        results = answer["results"][0]
        assert "error" not in results, results
        series: list[dict[str, Any]] = results.get("series", [])
        return series


class InfluxV2(Server):
    """nginx in front of `influx`: `/api/v2/write?bucket=B&precision=P` becomes `/write?db=B&precision=P`.

    Tokens and organisations are not checked, and nothing but writing is there: those parts of version 2 need a fake.
    """

    def __init__(self, directory: Path, influx: InfluxDB) -> None:
        super().__init__(directory)
        self.influx = influx

    def command(self) -> Sequence[str]:
        temporary = "".join(
            f"    {name}_temp_path {self.directory}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
        )
        path = self.directory / "nginx.conf"
        path.write_text(
            f"""daemon off;
master_process off;
worker_processes 1;
pid {self.directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
{temporary}    client_max_body_size 25m;
    client_body_buffer_size 2m;
    map $arg_precision $influx_precision {{ ns ns; us u; ms ms; s s; default ns; }}
    upstream influx {{ server {self.influx.url.removeprefix("http://")} max_fails=0; keepalive 4; }}
    server {{
        listen 127.0.0.1:{self.port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Authorization "";
        location = /api/v2/write {{
            rewrite ^ /write?db=$arg_bucket&precision=$influx_precision? break;
            proxy_pass http://influx;
        }}
        location = /health {{
            default_type application/json;
            return 200 '{{"name":"influxdb","status":"pass"}}';
        }}
        location = /ping {{ proxy_pass http://influx; }}
        location / {{ return 404; }}
    }}
}}
"""
        )
        return ["/usr/sbin/nginx", "-p", str(self.directory), "-c", str(path)]


class VictoriaMetrics(Server):
    """The second, independent taker of line protocol. It keeps numbers only, and answers 204 to everything."""

    def command(self) -> Sequence[str]:
        return [
            "/usr/bin/victoria-metrics",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.directory}/data",
            "-dedup.minScrapeInterval=1ms",
            "-retentionPeriod=100y",
            "-loggerLevel=WARN",
            "-memory.allowedBytes=268435456",
        ]

    def is_ready(self) -> bool:
        try:
            return get(f"{self.url}/health") == b"OK"
        except (URLError, OSError):
            return False

    def export(self, match: str) -> list[dict[str, Any]]:
        """Every stored series that matches: `[{"metric": {...}, "values": [...], "timestamps": [ms, ...]}]`."""
        get(f"{self.url}/internal/force_flush")
        arguments = urlencode({"match[]": match, "reduce_mem_usage": "0"})
        return [json.loads(line) for line in get(f"{self.url}/api/v1/export?{arguments}").splitlines()]
