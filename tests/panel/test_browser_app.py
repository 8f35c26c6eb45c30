"""The panel as an app in a real browser: kept files, a newer version, a box that is off, help, and units."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, Response, expect

from controller.panel.app import create_app
from controller.panel.people import People
from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser
from tests.panel.conftest import served
from tests.panel.small_farm import SmallFarm
from tests.panel.test_app import changed_assets, newer_app

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

KEPT = """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(
    async (name) => [name, (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)])))"""


async def _kept(page: Page) -> dict[str, list[str]]:
    """Of every cache of this origin, the paths in it."""
    found: dict[str, list[str]] = await page.evaluate(KEPT)
    return found


async def test_the_installed_panel_opens_from_what_it_keeps_tells_of_a_newer_one_and_of_a_box_that_is_off(
    browser: Browser, farm: SmallFarm, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(sign_in)
    context = await browser.new_context(locale="en-US", viewport=SMALL)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda one: complaints.append(one.text) if "Content Security" in one.text else None)
    replies: list[Response] = []
    page.on("response", lambda reply: replies.append(reply))

    async with served(create_app(farm, people=people)) as url:
        port = int(url.rpartition(":")[2])
        await page.goto(sign_in.link(url))
        await expect(page.locator(".card").first).to_be_visible()
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        (before,) = await _kept(page)

    # the box started again with the same version: its page, and no other file of it, is asked for
    async with served(create_app(farm, people=people), port):
        replies.clear()
        await page.reload()
        await expect(page.locator(".link")).to_have_class("link live")
        await page.goto(f"{url}/#/logbook")
        await expect(page.locator("h1")).to_contain_text("Logbook")
        static = [one for one in replies if "/static/" in one.url]
        assert len(static) > 20
        assert [one.url for one in static if not one.from_service_worker] == []
        assert list(await _kept(page)) == [before]
        await expect(page.locator(".newer")).to_have_count(0)
        await page.get_by_role("button", name="Write").click()
        await page.locator("form textarea").fill("two fish at the surface")

    # with a newer one it says so, moves nothing and reloads nothing: somebody may be writing
    newer = changed_assets("panel.js", 'class="frame"', 'class="frame fresh"')
    async with served(newer_app(monkeypatch, farm, newer, people=people), port):
        touch = page.get_by_role("button", name="A newer panel is here: load it")
        box = await page.locator("form textarea").bounding_box()
        await expect(touch).to_be_visible()
        assert await page.locator("form textarea").bounding_box() == box
        await expect(page.locator("form textarea")).to_have_value("two fish at the surface")
        await expect(page.locator(".fresh")).to_have_count(0)
        await touch.click()
        await expect(page.locator(".fresh")).to_be_visible()
        await expect(page.locator(".link")).to_have_class("link live")
        await expect(page.locator(".newer")).to_have_count(0)
        # of the old version nothing is left, and what the farm said was never kept
        async with asyncio.timeout(15):
            while len(kept := await _kept(page)) != 1:
                await page.wait_for_timeout(50)
        assert before not in kept
        (paths,) = kept.values()
        assert [path for path in paths if not path.startswith("/static/")] == ["/offline"]
        await page.goto(f"{url}/#/facility/ras1")
        await expect(page.locator(".value .number").first).to_contain_text("7.62")

    # the box is off: said in words, no value of it is shown, and it comes back by itself
    await page.clock.install()
    await page.reload()
    for words in ("控制箱没有应答", "The box does not answer"):
        await expect(page.get_by_role("heading", name=words)).to_be_visible()
    assert "7.62" not in await page.locator("body").inner_text()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    async with served(newer_app(monkeypatch, farm, newer, people=people), port):
        await page.clock.run_for(6_000)
        await expect(page.locator(".value .number").first).to_contain_text("7.62")
    await context.close()
    assert complaints == []
