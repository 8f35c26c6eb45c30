"""Trends on the panel: found, drawn with their gaps, moved by finger, mouse and keys, and taken away."""

import asyncio
import csv
from math import sin
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, Response, expect

from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
DO1, DO2, SET = "ras1.tank1.do", "ras1.tank2.do", "ras1.tank1.do_sp"
HOUR_MS = 3_600_000.0


@pytest.fixture
def farm() -> SmallFarm:
    """Two days of a point a minute; half an hour ago nothing could be relied on for ten minutes."""
    farm = SmallFarm()
    for tag, level in ((DO1, 7.5), (DO2, 7.0), (SET, 7.5)):
        points = [
            (START_S - 60.0 * minute, None if 25 <= minute < 35 and tag != SET else level + sin(minute / 60.0) / 4.0)
            for minute in range(2880, -1, -1)
        ]  # fmt: skip
        farm.remember(tag, points)
    return farm


def shown(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment.partition("?")[2]).items()}


async def asked(page: Page, act: object, hours: float | None = None) -> dict[str, list[str]]:
    """What the chart asks the farm for after something is done to it; of so many hours, where what was done before may
    still be asked for."""

    def suits(reply: Response) -> bool:
        if "/api/v1/trends?" not in reply.url or not reply.ok:
            return False
        return hours is None or abs(span_ms(parse_qs(urlsplit(reply.url).query)) / HOUR_MS - hours) < 0.05 * hours

    async with page.expect_response(suits) as reply:
        await act  # type: ignore[misc]  # something that can be awaited
    return parse_qs(urlsplit((await reply.value).url).query)


async def picture(page: Page) -> dict[str, float]:
    """Where the picture is, brought into view: what was touched before may have scrolled it off the top, where no
    pointer reaches it. In one step, for every answer puts a new picture in its place."""
    where: dict[str, float] = await page.evaluate(
        """() => {
          document.querySelector(".chart").scrollIntoView({ block: "center" });
          return document.querySelector(".u-over").getBoundingClientRect().toJSON();
        }"""
    )
    return where


async def pointed(page: Page, share: float, words: str) -> None:
    """The pointer at this share of the width tells so; it moves, as a hand does, while the chart is drawn anew."""
    async with asyncio.timeout(15):
        while words not in (await page.locator(".readout").text_content() or ""):
            box = await picture(page)
            await page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
            await page.mouse.move(box["x"] + box["width"] * share + 1, box["y"] + box["height"] / 3)


def span_ms(query: dict[str, list[str]]) -> float:
    return float(query["end"][0]) - float(query["start"][0])


async def test_values_are_found_by_name_compared_with_yesterday_and_taken_away(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn, tmp_path: Path
) -> None:
    async with signed_in(browser, app, sign_in, "trend/ras1") as page:
        pens = page.locator(".pens [aria-pressed=true]")
        await expect(pens).to_have_count(2)
        await expect(page.locator(".chart canvas")).to_be_visible()
        # in a language that is not the screen's, of another facility, and never more than eight
        await page.get_by_role("searchbox").fill("气温")
        query = await asked(page, page.locator(".pens button", has_text="Air temperature").click())
        assert "gh1.bay1.air_temp" in query["tag"]
        assert SET in query["tag"]  # the setpoint that oxygen is held to comes with it
        await page.get_by_role("searchbox").fill("")
        for _ in range(5):
            await page.locator(".pens [aria-pressed=false]").first.click()
        await expect(pens).to_have_count(8)
        await expect(page.locator(".pens [aria-pressed=false]").first).to_be_disabled()
        for _ in range(6):
            await pens.last.click()
        await expect(pens).to_have_count(2)

        # what could not be relied on is a gap, and the pointer says so
        await pointed(page, 0.5, "Dissolved oxygen 1 not to be relied on")
        await pointed(page, 0.2, "mg/L")

        # a day is a band, and yesterday lies under it
        day = await asked(page, page.get_by_role("button", name="24 h").click(), 24)
        assert span_ms(day) == pytest.approx(24 * HOUR_MS, abs=1000.0)
        before = await asked(page, page.get_by_role("button", name="Yesterday").click())
        assert shown(page)["yesterday"] == "1"
        assert span_ms(before) == pytest.approx(24 * HOUR_MS, abs=1000.0)
        await pointed(page, 0.3, "…")  # the lowest and the highest

        # away with it: a table, a picture
        async with page.expect_download() as begun:
            await page.get_by_role("link", name="CSV").click()
        await (await begun.value).save_as(tmp_path / "trend.csv")
        rows = list(csv.reader((tmp_path / "trend.csv").read_text("utf-8").splitlines()))
        assert rows[0][1] == f"{DO1} mean [mg/L]"
        assert len(rows) > 1000
        async with page.expect_download() as begun:
            await page.get_by_role("button", name="Picture (PNG)").click()
        await (await begun.value).save_as(tmp_path / "trend.png")
        assert (tmp_path / "trend.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "trend.png").stat().st_size > 5000

        # the address alone shows the same again
        address = page.url
        await page.goto("about:blank")
        again = await asked(page, page.goto(address))
        assert span_ms(again) == pytest.approx(24 * HOUR_MS, abs=1000.0)
        await expect(page.get_by_role("button", name="Yesterday")).to_have_attribute("aria-pressed", "true")
        await expect(pens).to_have_count(2)


async def test_a_trend_is_moved_by_keys_mouse_and_fingers(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    async with signed_in(browser, app, sign_in, "trend/ras1", SMALL, "zh-CN") as page:
        await expect(page.locator(".chart canvas")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == SMALL["width"]
        chart, now = page.locator(".chart"), page.get_by_role("button", name="现在")
        await expect(now).to_have_attribute("aria-pressed", "true")
        await chart.focus()
        closer = await asked(page, page.keyboard.press("+"))
        assert span_ms(closer) == pytest.approx(HOUR_MS / 2, rel=0.01)
        back = await asked(page, page.keyboard.press("ArrowLeft"))
        assert float(back["end"][0]) == pytest.approx(float(closer["end"][0]) - HOUR_MS / 8, abs=5000.0)
        await expect(now).to_have_attribute("aria-pressed", "false")
        assert float(shown(page)["to"]) == pytest.approx(float(back["end"][0]), abs=1.0)
        await asked(page, page.keyboard.press("End"))
        await expect(now).to_have_attribute("aria-pressed", "true")

        # dragged to the right, what was before comes in
        plot, box = page.locator(".u-over"), await picture(page)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        async def drag() -> None:
            await page.mouse.move(x - box["width"] / 4, y)
            await page.mouse.down()
            await page.mouse.move(x + box["width"] / 4, y, steps=4)
            await page.mouse.up()

        end = float((await asked(page, page.keyboard.press("-")))["end"][0])
        dragged = await asked(page, drag())
        assert end - float(dragged["end"][0]) == pytest.approx(span_ms(dragged) / 2, rel=0.15)

        # two fingers apart: closer
        fingers = await page.context.new_cdp_session(page)

        async def touch(*apart: float, kind: str = "touchMove") -> None:
            for one in apart:
                points = [{"x": x - one, "y": y, "id": 0}, {"x": x + one, "y": y, "id": 1}]
                await fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        async def let_go() -> None:
            await fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        await touch(40.0, kind="touchStart")
        await touch(60.0, 80.0)
        # what fingers lay on when it came is asked for once more
        await asked(page, let_go(), span_ms(dragged) / HOUR_MS / 2)

        # what comes while fingers are on the picture does not take it from under them
        await expect(plot).to_have_count(1)
        before = await asked(page, page.keyboard.press("-"))
        await touch(40.0, kind="touchStart")
        await plot.evaluate("picture => { picture.dataset.held = 'yes' }")
        async with page.expect_response(lambda reply: "/api/v1/trends?" in reply.url and reply.ok):
            await page.keyboard.press("ArrowLeft")
        await page.wait_for_event("response", lambda reply: "/api/v1/trends?" in reply.url and reply.ok)
        assert await plot.get_attribute("data-held") == "yes"
        await touch(60.0, 80.0)
        await asked(page, let_go(), span_ms(before) / HOUR_MS / 2)
        await expect(page.locator(".u-over[data-held]")).to_have_count(0)


async def test_alarms_and_what_people_did_stand_beside_the_picture(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    to = round((START_S + 600.0) * 1000)
    farm.clock.set(START_S + 1200.0)  # type: ignore[attr-defined]  # a clock that is stepped
    async with signed_in(browser, app, sign_in, f"trend/ras1?pens={DO1}&span=3600&to={to}") as page:
        row = page.locator(".happened li")
        await expect(row).to_have_count(1)
        await expect(row.locator("svg.critical")).to_be_visible()
        await expect(row).to_contain_text("02-02 10:40:00")
        await page.get_by_role("button", name="Alarms and events").click()
        await expect(row).to_have_count(0)
        assert shown(page)["marks"] == "0"


async def test_who_goes_to_another_screen_right_after_a_touch_stays_there(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    async with signed_in(browser, app, sign_in, "trend/ras1") as page:
        await expect(page.locator(".chart canvas")).to_be_visible()
        # between two touches the address goes on, before the page hears of it
        await page.get_by_role("button", name="24 h").evaluate("""async button => {
            button.click();
            for (let turn = 0; turn < 9; turn += 1) await Promise.resolve();
            location.hash = "#/devices";
            button.previousElementSibling.click();
        }""")
        await expect(page.locator("h1")).to_have_text("Devices")
        assert page.url.endswith("#/devices")
