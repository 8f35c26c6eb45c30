"""A real browser for the panel's tests: one for a module, a page for each test, and what that complains of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, ViewportSize, async_playwright, expect

from controller.panel.sign_in import SignIn
from tests.panel.conftest import served

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SMALL: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 800}
PATIENCE_MS = 15_000
"""For whatever is waited for, of a browser among others on a busy machine; how fast a page is, benchmarks say."""
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        await chromium.close()


class Witness:
    """What a page complains of, and whom it asks."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self._heard(message) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)
        self._page = page
        self._open: set[Request] = set()

    def _asked(self, request: Request) -> None:
        self.hosts.add(request.url.split("/")[2])
        if "/api/" in request.url and not request.url.endswith("/stream"):
            self._open.add(request)

    def _answered(self, request: Request) -> None:
        self._open.discard(request)

    async def quiet(self) -> None:
        """Until the page has drawn what it asked for, but for the stream."""
        for _ in range(PATIENCE_MS // 20):
            await self._page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if not self._open:
                return
            await self._page.wait_for_timeout(20)

    def _heard(self, message: ConsoleMessage) -> None:
        """With the address that it is about."""
        self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())


@asynccontextmanager
async def signed_in(
    browser: Browser,
    app: FastAPI,
    sign_in: SignIn,
    screen: str,
    viewport: ViewportSize = WIDE,
    locale: str = "en-US",
    *,
    stepped: bool = False,
    refused: int = 0,
) -> AsyncIterator[Page]:
    """The panel at `#/screen`. Whatever the test does there, the page complains of nothing and asks nobody else.

    `stepped`: its timers can be run on by `page.clock.run_for`. `refused`: so many calls that the farm refuses, which
    a browser tells its console.
    """
    async with served(app) as url:
        context = await browser.new_context(
            locale=locale, viewport=viewport, accept_downloads=True, service_workers="block"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        witness = Witness(page)
        await page.goto(sign_in.link(url))
        await expect(page.locator(".link")).to_have_class("link live")
        await page.goto(f"{url}/#/{screen}")
        if stepped:
            await page.locator("main h1").wait_for()
            await page.clock.install()
        yield page
        complaints, hosts = witness.complaints, witness.hosts
        await context.close()
    assert complaints[refused:] == []
    assert all(any(code in one for code in ("409", "412", "422")) for one in complaints[:refused])
    assert hosts == {url.removeprefix("http://")}


async def confirmed(within: Locator, touched: str, then: str) -> None:
    """Two touches in two places: a double tap on the first does nothing."""
    await within.get_by_role("button", name=touched, exact=True).click()
    await within.get_by_role("button", name=then, exact=True).click()
