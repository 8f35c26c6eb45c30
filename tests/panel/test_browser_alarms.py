"""Alarms on the panel: the siren is silenced, and an alarm is out of service until it is looked at again."""

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from controller.core.words import AlarmNow, Because, Order, Slot
from controller.panel.farm import SirenNow
from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
HORN = "gh1.bay1.heater"
"""It stands in for a horn: any output will do."""


async def test_the_siren_is_silenced_and_an_alarm_is_out_of_service_until_its_review(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S - 60))
    farm.horn = SirenNow(HORN, True, 0.0)
    farm.order(Order(HORN, 100.0, Slot.LIFE_SAFETY, "siren", Because("siren", {"alarm": "gh1.bay1.humid"}), 2e9))
    async with signed_in(browser, app, sign_in, "alarms") as page:
        siren = page.locator(".siren")
        await expect(siren.locator(".slot")).to_have_text("The siren sounds")
        await siren.get_by_role("button", name="Silence it for 10 min").click()
        await expect(siren.get_by_role("alert")).to_have_count(0)
        farm.order(Order(HORN, 0.0, Slot.IDLE, "idle", Because("idle"), 2e9))
        await page.reload()
        await expect(siren.locator(".slot")).to_contain_text("Silenced until 10:50; any other alarm")
        await expect(siren.get_by_role("button")).to_be_disabled()
        assert [made[1:] for made in farm.resets_made] == [("siren", "operator")]

        # out of service: until when it is to be looked at again, and why
        humid = page.locator(".advice", has_text="too humid")
        await humid.get_by_role("button", name="Out of service").click()
        await humid.get_by_role("button", name="7 d").click()
        await humid.get_by_role("textbox").fill("probe sent away")
        await humid.get_by_role("button", name="Review").click()
        await expect(humid.locator("form")).to_contain_text("until its review on 02-09 10:40: probe sent away")
        await humid.get_by_role("button", name="Confirm change").click()
        await expect(humid).to_have_count(0)
        await page.get_by_role("link", name="Set aside").click()
        await expect(humid.locator(".age")).to_contain_text("Review on 02-09 10:40")
        await humid.get_by_role("button", name="Back into service").click()
        await humid.get_by_role("button", name="Review").click()
        await humid.get_by_role("button", name="Confirm change").click()
        await expect(humid).to_have_count(0)

        # any alarm of the site, on a telephone, in Chinese: a critical one for a shift at most
        await page.set_viewport_size(SMALL)
        await page.get_by_role("button", name="中文").click()
        await page.get_by_role("button", name="停用一个报警").click()
        await page.get_by_role("combobox").select_option("ras1.tank1.do_low_low")
        form = page.locator("form")
        await expect(form.locator(".pick button")).to_have_text(["2 小时", "8 小时"])
        await form.get_by_role("textbox").fill("换探头")
        await form.get_by_role("button", name="下一步").click()
        await expect(form).to_contain_text("停用至复查日")
        box = await page.get_by_role("combobox").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await form.get_by_role("button", name="确认修改").click()
        await expect(form).to_have_count(0)
        await expect(page.locator(".advice .age")).to_contain_text("复查日 02-02 12:40")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert [(one.action, one.subject, one.reason, one.until_s) for one in farm.alarms_asked[::2]] == [
            ("take_out", "gh1.bay1.humid", "probe sent away", 7 * 86400.0),
            ("take_out", "ras1.tank1.do_low_low", "换探头", 2 * 3600.0),
        ]
