"""Every screen of the table, as whoever sees badly, has large fingers, a small telephone or no mouse finds it."""

import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from controller.core.words import AlarmNow
from controller.panel.app import create_app
from controller.panel.farm import SirenNow
from controller.panel.sign_in import SignIn
from foundation.reading import Reason
from tests.panel.browsing import SMALL, WIDE, Witness, browser
from tests.panel.conftest import served
from tests.panel.moments import MOMENTS, PH, LivedInFarm, Scene, people_of
from tests.panel.recipe_farm import ZONE
from tests.panel.small_box import SmallBox
from tests.panel.small_farm import START_S

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
STATIC = Path(__file__).parents[2] / "controller/panel/static"
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WITH_ID = {
    "facility": ["facility/ras1", "facility/gh1", "facility/pf1"],
    "alarms": ["alarms", "alarms/aside", "alarms/history", "alarms/sent", "alarms/figures"],
    "trend": ["trend", "trend/ras1"],
    "calibration": ["calibration", f"calibration/{PH}"],
    "schedule": ["schedule", f"schedule/{ZONE}"],
}
FEW = [("zh-CN", "light", SMALL), ("en-US", "dark", WIDE)]
ALL = [(locale, theme, size) for locale in ("zh-CN", "en-US") for theme in ("light", "dark") for size in (SMALL, WIDE)]
NIGHTLY = bool(os.environ.get("FARMLOOP_NIGHTLY"))
LOOKED_AT = ALL if NIGHTLY else FEW


def screens() -> list[str]:
    """The address of every screen of the table."""
    paths = re.findall(r'^  \{ path: "([^"]*)"', (STATIC / "screens.js").read_text("utf-8"), re.MULTILINE)
    return [address for path in paths for address in WITH_ID.get(path, [path])]


def unruly_farm() -> LivedInFarm:
    """One where every mark, form and state is to be seen."""
    farm = LivedInFarm()
    farm.raise_alarm(AlarmNow("ras1.tank1.do_low_low", "critical", True, START_S - 240, {"minutes": 18}))
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S - 60, first_out=True))
    farm.raise_alarm(AlarmNow("history.failing:influx", "low", True, START_S, {"sink": "influx", "why": "refused"}))
    farm.raise_alarm(AlarmNow("sensor:ras1.all.ph", "high", True, START_S, {"tag": "ras1.all.ph"}, state="shelved"))
    farm.lose("ras1.tank2.do", Reason.COMM)
    farm.lose("gh1.bay1.co2", Reason.STALE)
    return farm


@asynccontextmanager
async def seen(
    browser: Browser, farm: LivedInFarm, sign_in: SignIn, locale: str, theme: str, size: ViewportSize
) -> AsyncIterator[Scene]:
    dark: Literal["dark", "light"] = "dark" if theme == "dark" else "light"
    with TemporaryDirectory() as folder:
        box = SmallBox(Path(folder))
        # no administrator yet: set-up is open
        people = people_of(sign_in=sign_in, note=box.note, code_in=Path(folder))
        app = create_app(farm, people=people, box=box)
        async with served(app) as url, _page(browser, url, sign_in.link(url), locale, dark, size) as (page, witness):
            yield Scene(page, url, witness, farm, people)


@asynccontextmanager
async def _page(
    browser: Browser, url: str, link: str, locale: str, theme: Literal["dark", "light"], size: ViewportSize
) -> AsyncIterator[tuple[Page, Witness]]:
    context = await browser.new_context(
        locale=locale, viewport=size, color_scheme=theme, reduced_motion="reduce", service_workers="block"
    )
    page = await context.new_page()
    page.set_default_timeout(20_000)
    witness = Witness(page)
    await page.goto(link)
    await expect(page.locator(".link")).to_have_class("link live")
    yield page, witness
    await context.close()
    assert witness.complaints == []
    assert witness.hosts == {url.removeprefix("http://")}


async def failings(page: Page, witness: Witness) -> list[str]:
    """What axe finds against WCAG 2.2 AA, each with the first place."""
    before = list(witness.complaints)
    if not await page.evaluate("'axe' in globalThis"):
        await page.evaluate(AXE)
    options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
    found = await page.evaluate(f"axe.run(document, {options})")
    witness.complaints[:] = before  # axe styles what it measures, which the page's policy complains of
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


async def too_small(page: Page) -> list[str]:
    """What is touched and lower than 48 px, or narrower but for a word of a sentence, where it can be seen."""
    script = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        const held = one.closest("label");
        const box = held && ["checkbox", "radio"].includes(one.type) ? held.getBoundingClientRect() : { width, height };
        const amongWords = getComputedStyle(one).display === "inline";
        return width > 0 && ((box.width < 47.9 && !amongWords) || box.height < 47.9);
    }).map((one) => one.outerHTML.slice(0, 160))"""
    found: list[str] = await page.evaluate(script)
    return found


async def what_is_wrong(page: Page, witness: Witness, size: ViewportSize) -> list[str]:
    """All that somebody with bad eyes, large fingers or a small telephone would stumble over on what is shown."""
    wrong = await failings(page, witness) + [f"small: {one}" for one in await too_small(page)]
    across = await page.evaluate("document.documentElement.scrollWidth")
    wrong += [f"{across} px wide"] if across != size["width"] else []
    text = await page.locator("main").first.inner_text()
    return wrong + [f"untold: {key}" for key in re.findall(r"\b(?:panel|why|reason|refused|unit)\.[a-z_.]+", text)]


def wide_of(locale: str, theme: str, size: ViewportSize) -> str:
    return f"{locale} {theme} {size['width']}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("locale", "theme", "size"), LOOKED_AT, ids=[wide_of(*one) for one in LOOKED_AT])
async def test_every_screen_can_be_used_by_whoever_sees_badly_or_has_wet_gloves(
    browser: Browser, sign_in: SignIn, locale: str, theme: str, size: ViewportSize
) -> None:
    """With each form of it open, and wherever work on it leads; at night in every guise, and as it begins too."""
    farm = unruly_farm()
    farm.horn = SirenNow("gh1.bay1.vent", True, 0.0)
    found: dict[str, list[str]] = {}
    places = screens()
    assert len(places) > 15
    async with seen(browser, farm, sign_in, locale, theme, size) as scene:
        looks = 0

        async def look(place: str) -> None:
            nonlocal looks
            looks += 1
            await scene.witness.quiet()
            if wrong := await what_is_wrong(scene.page, scene.witness, size):
                found[place] = wrong

        here = slice(None) if NIGHTLY else slice(FEW.index((locale, theme, size)), None, len(FEW))
        for screen in places[here]:
            await scene.shown(screen)
            if NIGHTLY:
                await look(screen)
            await scene.opened()
            await look(f"{screen}, with its forms")
        # and it would be told
        await scene.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
        assert [one.partition(":")[0] for one in await failings(scene.page, scene.witness)] == ["image-alt"]
        await scene.page.goto(f"{scene.url}/set-up")  # it is gone once there is an administrator
        await scene.page.evaluate("document.querySelectorAll('[data-when]').forEach((one) => (one.hidden = false))")
        await look("set-up")
        for moment in MOMENTS[here]:
            async for name in moment(scene):
                await look(name)
        scene.witness.complaints[:] = [one for one in scene.witness.complaints if "status of 4" not in one]
    line = {"id": "axe", "at": wide_of(locale, theme, size), "n": looks, "wrong": sum(map(len, found.values()))}
    sys.stdout.write(json.dumps(line) + "\n")
    assert found == {}


async def test_words_half_as_long_again_still_have_room(browser: Browser, sign_in: SignIn) -> None:
    """What German or Russian would need, in brackets so that what is cut off shows."""

    async def longer(route: Route) -> None:
        words = await (await route.fetch()).json()
        stretched = {key: f"[{text} {'lorem ' * (len(text) * 2 // 30 + 1)}]" for key, text in words.items()}
        await route.fulfill(json=stretched)

    async with seen(browser, unruly_farm(), sign_in, "en-US", "light", SMALL) as scene:
        page, url = scene.page, scene.url
        await page.route("**/api/v1/messages/*", longer)
        await page.goto(f"{url}/")
        await page.reload()
        await expect(page.locator(".navigation a").first).to_contain_text("[Overview lorem")
        for screen in screens():
            await scene.shown(screen)
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, screen


async def test_keys_alone_set_a_setpoint(browser: Browser, sign_in: SignIn) -> None:
    farm = LivedInFarm()
    async with seen(browser, farm, sign_in, "en-US", "light", WIDE) as scene:
        page = scene.page
        await scene.shown("facility/ras1")

        async def tab_to(name: str) -> None:
            for _ in range(120):
                await page.keyboard.press("Tab")
                script = (
                    "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText).trim()"
                )
                if await page.evaluate(script) == name:
                    outline = "getComputedStyle(document.activeElement).outlineStyle"
                    assert await page.evaluate(outline) == "solid", name  # it can be seen where one is
                    return
            raise AssertionError(f"no way to {name} with keys")

        await tab_to("Change")
        await page.keyboard.press("Enter")
        await tab_to("More")
        await page.keyboard.press("Enter")
        await tab_to("Review")
        await page.keyboard.press("Enter")
        await tab_to("Confirm change")
        await page.keyboard.press("Enter")
        await expect(page.locator(".notice.good")).to_contain_text("7.60 mg/L")
    assert [(name, value) for _, name, value, _ in farm.changes_made] == [("ras1.tank1.do_sp", 7.6)]
