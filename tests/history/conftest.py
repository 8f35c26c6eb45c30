"""A farm's own authority, for servers that only it vouches for."""

import subprocess
from pathlib import Path

import pytest


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A farm's own `ca.pem`, and `server.pem` and `server.key` for 127.0.0.1."""
    place = tmp_path_factory.mktemp("authority")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    ca = ("-keyout", f"{place}/ca.key", "-out", f"{place}/ca.pem", "-days", "30", "-subj", "/CN=farm")
    _openssl("req", "-x509", *key, *ca)
    server = ("-keyout", f"{place}/server.key", "-out", f"{place}/server.csr", "-subj", "/CN=influx")
    _openssl("req", *key, *server)
    (place / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("-CA", f"{place}/ca.pem", "-CAkey", f"{place}/ca.key", "-CAcreateserial", "-days", "30")
    files = ("-in", f"{place}/server.csr", "-out", f"{place}/server.pem", "-extfile", f"{place}/names")
    _openssl("x509", "-req", *signed, *files)
    return place
