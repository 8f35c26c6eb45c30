"""https by a certificate that the box made itself, and what plain http is told."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import async_playwright, expect

from controller.panel.app import create_app
from controller.panel.certificate import PANEL_DAYS, Certificate, certificate
from controller.panel.client import Client, UnreachableError
from controller.panel.people import People
from controller.panel.redirect import redirect, reply_to
from controller.panel.server import serve
from controller.panel.sign_in import SignIn
from controller.panel_task import is_loopback
from tests.panel.browsing import ARGUMENTS
from tests.panel.small_farm import START_S, SmallFarm

DAY_S = 86400.0


def names_of(made: Certificate) -> set[str]:
    names = x509.load_pem_x509_certificate(made.file.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return {*names.value.get_values_for_type(x509.DNSName), *map(str, names.value.get_values_for_type(x509.IPAddress))}


def test_a_box_makes_its_authority_once_and_its_certificate_again_when_it_has_to(tmp_path: Path) -> None:
    first = certificate(tmp_path, "farm", ["Panel.Farm.example"], START_S)
    assert names_of(first) >= {"panel.farm.example", "localhost", "127.0.0.1", "::1"}
    for path in (tmp_path / "tls").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    kept = first.file.read_bytes()
    assert certificate(tmp_path, "farm", ["panel.farm.example"], START_S + DAY_S) == first
    assert first.file.read_bytes() == kept
    # another name, and one that is getting old: made again, by the same authority
    other = certificate(tmp_path, "farm", ["other.example", "192.0.2.7"], START_S + DAY_S)
    assert names_of(other) >= {"other.example", "192.0.2.7"}
    made = other.file.read_bytes()
    renewed = certificate(tmp_path, "farm", ["other.example", "192.0.2.7"], START_S + 600 * DAY_S)
    assert renewed.file.read_bytes() != made
    assert renewed.fingerprint == other.fingerprint == first.fingerprint
    ends = x509.load_pem_x509_certificate(renewed.file.read_bytes()).not_valid_after_utc.timestamp()
    assert ends == pytest.approx(START_S + (600 + PANEL_DAYS) * DAY_S, abs=2.0)
    # a file that rotted is no reason to have no panel
    renewed.file.write_bytes(b"\x00" * 100)
    renewed.key.unlink()
    mended = certificate(tmp_path, "farm", ["other.example", "192.0.2.7"], START_S + 600 * DAY_S)
    assert mended.fingerprint == first.fingerprint
    assert names_of(mended) >= {"other.example"}


def test_two_boxes_have_nothing_in_common(tmp_path: Path) -> None:
    one, two = (certificate(tmp_path / name, "farm", [], START_S) for name in ("one", "two"))
    assert one.fingerprint != two.fingerprint
    assert one.key.read_bytes() != two.key.read_bytes()
    theirs = x509.load_pem_x509_certificate(two.authority.read_bytes())
    with pytest.raises(InvalidSignature):
        x509.load_pem_x509_certificate(one.file.read_bytes()).verify_directly_issued_by(theirs)


@asynccontextmanager
async def over_https(shown: Certificate, people: People | None = None) -> AsyncIterator[int]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    app = create_app(SmallFarm(), people=people or People(), secure=True)
    server = asyncio.create_task(serve(app, "127.0.0.1", 0, port.set_result, shown))
    try:
        yield await port
    finally:
        server.cancel()
        with suppress(asyncio.CancelledError):
            await server


@pytest.mark.wire
async def test_a_browser_that_trusts_the_box_reads_over_https_and_no_other_does(tmp_path: Path) -> None:
    shown = certificate(tmp_path / "ours", "farm", [], START_S)
    other = certificate(tmp_path / "theirs", "farm", [], START_S)
    # the certificate begins where the farm's time is; the machine's own clock is not in question here
    trusting = ssl.create_default_context(cafile=str(shown.authority))
    async with over_https(shown) as port:
        url = f"https://127.0.0.1:{port}"
        async with httpx.AsyncClient(verify=trusting, base_url=url) as client:
            assert (await client.get("/healthz")).text == "ok"
        stranger = ssl.create_default_context(cafile=str(other.authority))
        async with httpx.AsyncClient(verify=stranger, base_url=url) as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get("/healthz")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/healthz")
        with pytest.raises(UnreachableError, match="CERTIFICATE"):
            await asyncio.to_thread(_ask, url, other.authority)


@pytest.mark.wire
@pytest.mark.browser
async def test_a_telephone_that_trusts_the_box_keeps_the_panel_and_its_session_over_https(tmp_path: Path) -> None:
    shown = certificate(tmp_path / "tls", "farm", [], START_S)
    key = x509.load_pem_x509_certificate(shown.file.read_bytes()).public_key()
    pin = base64.b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()
    sign_in = SignIn()
    async with over_https(shown, People(sign_in)) as port, async_playwright() as playwright:
        phone = await playwright.chromium.launch_persistent_context(
            tmp_path / "phone", executable_path="/usr/bin/chromium", headless=True,
            args=[*ARGUMENTS, f"--ignore-certificate-errors-spki-list={pin}"],
        )  # fmt: skip
        page = await phone.new_page()
        await page.goto(sign_in.link(f"https://127.0.0.1:{port}"))
        await expect(page.locator(".link")).to_have_class("link live")
        kept = "navigator.serviceWorker.ready.then(() => caches.keys()).then((all) => all.length)"
        assert await page.evaluate(kept) == 1
        (cookie,) = await phone.cookies()
        assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-farmloop", True, True)
        await phone.close()


def _ask(url: str, authority: Path) -> None:
    with Client(url, authority=authority) as client:
        client.call("GET", "/healthz")


@pytest.mark.wire
async def test_plain_http_is_told_where_https_is_and_nothing_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with await redirect("127.0.0.1", port, 8443), httpx.AsyncClient() as client:
        reply = await client.get(f"http://127.0.0.1:{port}/alarm?x=1")
        assert (reply.status_code, reply.headers["location"]) == (308, "https://127.0.0.1:8443/alarm?x=1")
        assert reply.content == b""


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n", b"GET //evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\x0d\x0ax HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a/b@evil\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_of_a_browser_is_told_nothing(head: bytes) -> None:
    assert reply_to(head, 8443).startswith(b"HTTP/1.1 400 ")


def test_loopback_is_what_only_this_box_reaches() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.7", "farm.local")] == [False] * 4
