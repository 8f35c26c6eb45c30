"""The logbook on the panel: written in a wet glove, found again, put right by a new note."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from controller.panel.sign_in import SignIn
from tests.history.test_pictures import taken
from tests.panel.browsing import SMALL, WIDE, browser, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]


async def test_a_note_is_written_found_and_put_right(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    farm.did(START_S - 60.0, "wang", "setpoint_changed", "gh1.bay1.heat_sp",
             {"value": 19.0, "before": 18.0, "reason": "cold night"})  # fmt: skip
    farm.did(START_S - 90.0, "li", "signed_in", "li", {"from": "127.0.0.1"})
    async with signed_in(browser, app, sign_in, "logbook", refused=2) as page:
        lines = page.locator(".lines > li")
        await expect(lines).to_have_count(1)  # who came in stands in the audit alone
        await expect(lines.first).to_contain_text("wang")
        await expect(lines.first).to_contain_text("Heating temperature: 18.0 °C → 19.0 °C – cold night")
        await page.get_by_role("button", name="Write a note").click()
        form = page.locator("form")
        keep = form.get_by_role("button", name="Keep it")
        await expect(keep).to_be_disabled()
        await form.get_by_label("What").fill("20 fish died <b>at the screen</b>")
        await form.get_by_label("Where").select_option(label="RAS 1 · tank1")
        await form.get_by_label("About").select_option(label="Dissolved oxygen 1")
        await form.get_by_label("Who says so").fill("zhao")
        await keep.click()
        await expect(lines).to_have_count(2)
        note = lines.filter(has_text="20 fish died <b>at the screen</b>")
        await expect(note).to_contain_text("zhao · Dissolved oxygen 1 · note 1")
        await expect(note).to_contain_text("written by operator")

        # with a photo of it: taken with the telephone, made small, shown small
        await page.set_viewport_size(SMALL)
        await page.get_by_role("button", name="Write a note").click()
        await form.get_by_label("What").fill("they lie there")
        await expect(form.get_by_label("Take a photo")).to_have_attribute("capture", "environment")
        photo = taken("JPEG", 6, (2400, 1600))
        await form.get_by_label("Take a photo").set_input_files(
            {"name": "1.jpg", "mimeType": "image/jpeg", "buffer": photo}
        )
        await expect(form.locator(".photos img")).to_have_count(1)
        await form.get_by_label("Choose a photo").set_input_files(
            {"name": "2.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
        )
        await expect(form.get_by_role("alert")).to_have_text("That is no JPEG, PNG or WebP photo, or not a whole one.")
        await keep.click()
        thumb = lines.filter(has_text="they lie there").get_by_role("img", name="Photo 1")
        await expect(thumb).to_have_js_property("naturalWidth", 1067)  # upright
        await expect(thumb).to_have_js_property("naturalHeight", 1600)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        async with page.context.expect_page() as opened:
            await thumb.click()
        assert (await (await opened.value).evaluate("document.contentType")) == "image/jpeg"
        await (await opened.value).close()
        await page.set_viewport_size(WIDE)

        # put right: both stand
        await note.get_by_role("button", name="Put it right").click()
        await form.get_by_label("What").fill("2 fish died")
        await form.get_by_label("When").fill("2031-01-01T10:00")
        await keep.click()
        await expect(form.get_by_role("alert")).to_have_text("That moment is yet to come.")
        await form.get_by_label("When").fill("")
        await keep.click()
        await expect(lines).to_have_count(4)
        await expect(note).to_contain_text("put right by note 3")
        await expect(note.locator(".words")).to_have_css("text-decoration-line", "line-through")

        # found again
        await page.get_by_role("button", name="Notes", exact=True).click()
        await expect(lines).to_have_count(3)
        await page.get_by_label("Has the words").fill("2 fish")
        await expect(lines).to_have_count(1)
        await page.get_by_label("Has the words").fill("")
        await page.get_by_label("Where").select_option(label="Greenhouse 1")
        await expect(page.locator(".empty")).to_have_text("There is nothing like that.")


async def test_what_is_older_comes_page_by_page_on_a_small_screen(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = [replace(farm.notices(1)[0], id=f"notice-{number}") for number in range(7)]
    receipts = [replace(farm.receipts(1)[0], message=number) for number in range(60)]
    (change,) = farm.alarm_changes(START_S, START_S + 1.0)
    changes = [replace(change, time_s=START_S - 200.0 + number) for number in range(120)]
    monkeypatch.setattr(farm, "notices", lambda most: notices[:most])
    monkeypatch.setattr(farm, "receipts", lambda most: receipts[:most])
    monkeypatch.setattr(farm, "alarm_changes", lambda from_s, to_s: changes)
    for number in range(60):
        farm.did(START_S - 60.0 * number, "li", "override", "gh1.bay1.vent", {"value": float(number)})
    async with signed_in(browser, app, sign_in, "logbook", SMALL, "zh-CN") as page:
        lines = page.locator(".lines > li")
        await expect(lines).to_have_count(50)
        await expect(lines.nth(7)).to_contain_text("天窗：手动 7 %")
        await page.get_by_role("button", name="更早的").click()
        await expect(lines).to_have_count(60)
        older = page.get_by_role("button", name="更早的")
        await expect(older).to_have_count(0)
        for place, rows, count, whole in (
            ("", ".card .alarm-list li .age", 5, 7),
            ("alarms/sent", "tbody tr", 50, 60),
            ("alarms/history", "tbody tr", 100, 120),
        ):
            await page.goto(f"{page.url.partition('#')[0]}#/{place}")
            shown = page.locator(f"main {rows}")
            await expect(shown).to_have_count(count)
            if place == "alarms/history":
                await expect(shown.first).to_contain_text("10:38:39")  # the newest first
            await older.click()
            await expect(shown).to_have_count(whole)
            await expect(older).to_have_count(0)
        await page.goto(f"{page.url.partition('#')[0]}#/logbook")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
