"""The panel as an app in a real browser: kept files, a newer version, a box that is off, help, and units."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Response, expect

from controller.entries import Entry, Wish
from controller.panel.app import create_app
from controller.panel.farm import Refusal
from controller.panel.people import People
from controller.panel.sign_in import SignIn
from foundation.tag import Kind, Tag
from tests.panel.browsing import PATIENCE_MS, SMALL, Witness, browser, confirmed, signed_in
from tests.panel.conftest import served
from tests.panel.small_farm import SmallFarm, site_document
from tests.panel.test_app import changed_assets, newer_app
from tests.panel.test_browser_accessible import failings

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

KEPT = """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(
    async (name) => [name, (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)])))"""


@asynccontextmanager
async def hanging(port: int) -> AsyncIterator[None]:
    """A box that takes every call and says nothing."""
    over = asyncio.Event()

    async def keep_waiting(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(keep_waiting, "127.0.0.1", port)
    yield
    over.set()
    server.close()


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
        assert await failings(page, Witness(page)) == []
        await expect(page.locator("form textarea")).to_have_value("two fish at the surface")
        await expect(page.locator(".fresh")).to_have_count(0)
        # and what is opened next is of the version that it began with
        waits = "navigator.serviceWorker.getRegistration().then((one) => one.waiting !== null)"
        assert await page.evaluate(waits)
        assert before in await _kept(page)
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
        await page.goto(f"{url}/#/kiosk")
        await expect(page.locator(".kiosk .value .number").first).to_contain_text("7.62")

    # nobody touches the screen on the wall
    newer = {
        **changed_assets("panel.js", 'class="frame"', 'class="frame freshest"'),
        "worker.js": changed_assets("worker.js", "PATIENCE_MS = 10000", "PATIENCE_MS = 500")["worker.js"],
    }
    async with served(newer_app(monkeypatch, farm, newer, people=people), port):
        # all of its files are fetched once more before any is shown
        await expect(page.locator(".freshest .value .number").first).to_contain_text("7.62", timeout=3 * PATIENCE_MS)
        await page.goto(f"{url}/#/")

    # of a newer one a file is spoiled on its way: that is told, and none of it is taken
    spoiled = dict(changed_assets("panel.js", 'class="frame"', 'class="frame rotten"'))
    rotten = newer_app(monkeypatch, farm, spoiled, people=people)
    spoiled["kiosk.js"] = changed_assets("kiosk.js", "Kiosk", "Wall")["kiosk.js"]
    async with served(rotten, port):
        await expect(page.locator(".spoiled")).to_have_attribute("title", "/static/kiosk.js")
        await expect(page.locator(".spoiled")).to_have_text("A file of the newer panel is damaged: not loaded")
        assert await failings(page, Witness(page)) == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert len(await _kept(page)) == 1
        await page.reload()
        await expect(page.locator(".freshest .value .number").first).to_contain_text("7.62")

    # the box takes the call and never answers
    async with hanging(port):
        await page.reload()
        await expect(page.get_by_role("heading", name="The box does not answer")).to_be_visible()

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


class WeighingFarm(SmallFarm):
    """One that reads a number with its unit, as the agent does."""

    async def enter(self, wish: Wish, by: str) -> Entry | Refusal:
        number, _, unit = str(wish.value).partition(" ")
        assert unit in ("", "kg")
        return await super().enter(replace(wish, value=number), by)


def weighing_farm() -> SmallFarm:
    """One that weighs its harvest, knows its beds, and is told how much fish there is."""
    reaped, beds, fish = "ras1.tank1.tan", "gh1.bay1.beds", "ras1.tank1.fish"
    document: dict[str, Any] = site_document()
    document["tags"] = {name: {"entry": "manual", "unit": unit} for name, unit in ((reaped, "kg"), (beds, "m2"))}
    document["programs"][fish] = {"value": "100 kg", "limits": ["0 kg", "500 kg"]}
    farm = WeighingFarm(document=document)
    farm.tags = {
        **farm.tags,
        reaped: Tag(reaped, "kg", Kind.MEASURED, "plant", "采收", "Harvest", 0.0, 500.0, entered=True),
        beds: Tag(beds, "m2", Kind.MEASURED, "plant", "苗床", "Beds", entered=True),
    }
    farm.measure(reaped, 12.5)
    farm.measure(beds, 2000.0)
    return farm


async def test_a_grower_reads_and_types_jin_and_mu_and_the_farm_keeps_kilograms(
    browser: Browser, sign_in: SignIn
) -> None:
    farm = weighing_farm()
    async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, "entries", locale="zh-CN") as page:
        weighed, beds = (page.locator(".card", has_text=name) for name in ("采收", "苗床"))
        await expect(weighed.locator(".number")).to_have_text("25.0 斤")
        await expect(beds.locator(".number")).to_have_text("3.00 亩")
        form = weighed.locator("form")
        for typed, told, kilograms in (
            ("5", "5 斤", 2.5),
            ("4 kg", "4 kg", 4.0),
            ("1e1 斤", "10 斤", 5.0),
        ):
            await weighed.get_by_role("button", name="录入", exact=True).click()
            await expect(form).to_contain_text("0.0 斤 到 1000.0 斤")
            await form.get_by_label("数值（斤）").fill(typed)
            await form.get_by_role("button", name="下一步").click()
            await expect(form.locator(".old-new")).to_have_text(told)
            await form.get_by_role("button", name="确认修改").click()
            await form.get_by_role("button", name="关闭").click()
            assert farm.entries_made[-1].value == kilograms

        # a setpoint is typed as it is shown, by steps and by keys, and stands in kilograms
        await page.goto(page.url.replace("entries", "facility/ras1"))
        row = page.locator(".setpoint", has_text="fish")
        await expect(row.locator(".number").first).to_have_text("200.0 斤")
        await row.get_by_role("button", name="修改").click()
        await row.get_by_role("button", name="增大").click()
        await expect(row.get_by_role("textbox")).to_have_value("220.0")
        await row.get_by_role("textbox").fill("300")
        await confirmed(row, "下一步", "确认修改")
        await expect(row.locator(".notice.good")).to_contain_text("300.0 斤")
        assert farm.changes_made[-1][1:3] == ("ras1.tank1.fish", 150.0)

        # reasons too, but where their words name the unit themselves
        script = """async () => {
            const [{ site }, { whyWords }] = await Promise.all(
                [import("/static/farm.js"), import("/static/outputs.js")]);
            const loop = "ras1.tank1.do_loop";
            site.value.loops[loop].unit = "kg";
            return [
                whyWords({ key: "loop", values: { loop, pv: 7, sp: 8 } }),
                whyWords({ key: "feeding", values: { loop, kg: 7, given: 2 } }),
            ];
        }"""
        held, fed = await page.evaluate(script)
        assert ("14.0" in held, "16.0 斤" in held, "7.0 kg" in fed, "2.0 kg" in fed) == (True, True, True, True)

        # who would rather have kilograms and hectares says so, once for this device
        await page.get_by_role("button", name="质量：斤").click()
        await expect(row.locator(".number").first).to_have_text("150.0 kg")
        await page.get_by_role("button", name="面积：亩").click()
        await page.reload()
        await expect(page.get_by_role("button", name="面积：公顷")).to_be_visible()
        await page.goto(page.url.replace("facility/ras1", "entries"))
        await expect(beds.locator(".number")).to_have_text("0.200 公顷")
        await expect(weighed.locator(".number")).to_have_text("12.5 kg")

        # what is typed comes to what was shown, in every unit there is
        script = """async () => {
            const [units, numbers] = await Promise.all([import("/static/units.js"), import("/static/numbers.js")]);
            const wrong = [];
            for (let round = 0; round < 6; round += 1) {
                for (const unit of units.CHOSEN) {
                    units.chooseNext(unit);
                    for (const value of [0, 0.25, 1 / 3, 7, 123.456, 98765])
                        if (Math.abs(numbers.typed(String(units.toShown(value, unit)), unit) - value) > 1e-9 * value)
                            wrong.push([unit, units.shownIn(unit), value]);
                }
            }
            return wrong;
        }"""
        assert await page.evaluate(script) == []


async def test_help_opens_by_its_key_or_a_touch_and_leaves_the_screen_as_it_was(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    app = create_app(farm, sign_in=sign_in)
    async with signed_in(browser, app, sign_in, "trend/ras1") as page:
        here = page.get_by_role("button", name="24 h", exact=True)
        await here.focus()
        await page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Help · Trends")
        await expect(dialog).to_contain_text("with the chart chosen: to now")
        await expect(dialog.get_by_role("link").first).to_have_text("Trends, devices, calibration, people's values")
        async with page.expect_popup() as opened:
            await dialog.get_by_role("link").first.click()
        guide = await opened.value
        await expect(guide.get_by_role("heading", level=1)).to_have_text(
            "Trends, devices, calibration, people's values"
        )
        await guide.close()
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(here).to_be_focused()

        # what is written is written, and who does not want the key has the button
        await page.get_by_role("searchbox").press("?")
        await expect(page.get_by_role("searchbox")).to_have_value("?")
        await page.get_by_role("button", name="Help").click()
        await dialog.get_by_label("The ? key opens this help").uncheck()
        await dialog.get_by_role("button", name="Close").click()
        await here.press("?")
        await page.set_viewport_size(SMALL)
        await page.get_by_role("button", name="中文").click()
        await page.get_by_role("link", name="更多").click()
        await page.locator("main").get_by_role("button", name="帮助").click()
        small = page.get_by_role("dialog", name="帮助")
        await expect(small).to_contain_text("本页可用的按键")  # the only one: the key opened none
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
