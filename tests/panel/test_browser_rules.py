"""Rules on the panel: a sentence each, how it stands, its text, and when it would have come on."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect

from controller.panel.automation import RuleShape, RulesShape
from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.small_farm import SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
LAMPS = "pf1.room1.day"


@pytest.fixture
def ruled(farm: SmallFarm, monkeypatch: pytest.MonkeyPatch) -> dict[str, RuleShape]:
    """The farm's one rule as the test says that it stands."""
    now = farm.now() * 1000.0
    rules = {LAMPS: RuleShape(True, now - 600_000.0, False, "", 3, 7200.0, 0)}
    monkeypatch.setattr(farm, "rules", lambda: RulesShape(now, rules))
    return rules


async def opened_again(page: Page) -> None:
    """What is there now, without waiting until the screen asks by itself."""
    url = page.url
    await page.goto(url.replace("#/rules", "#/more"))
    await page.locator(".ways").first.wait_for()
    await page.goto(url)


async def test_a_rule_says_what_it_does_how_it_stands_and_what_it_would_have_done(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn, ruled: dict[str, RuleShape]
) -> None:
    now_ms = farm.now() * 1000.0
    async with signed_in(browser, app, sign_in, "rules") as page:
        card = page.locator(".rule")
        await expect(card.locator("h2")).to_have_text("Light by day")
        await expect(card.locator(".sentence")).to_contain_text("When Nutrient EC is above 1 mS/cm: Lamps goes to 80 %")
        await expect(card.locator(".slot")).to_have_text("on")
        await expect(card.locator(".facts")).to_contain_text("10 min ago")
        await expect(card.locator(".facts")).to_contain_text("3 ×, 120 min in all")

        # waiting for its delay, then at its limit; let run again by a person who looked
        ruled[LAMPS] = replace(ruled[LAMPS], on=False, waits="on", waits_until=farm.now() * 1000.0 + 65_000.0)
        await opened_again(page)
        await expect(card.locator(".slot")).to_have_text("waits, comes on at 10:41:05")
        ruled[LAMPS] = replace(ruled[LAMPS], waits="", waits_until=None, spent="activations")
        await opened_again(page)
        await expect(card.locator(".slot.trip")).to_have_text("stays off: came on too often")
        await card.get_by_role("button", name="Let it run again").click()
        await card.get_by_role("button", name="Review").click()
        assert farm.resets_made == []
        farm.reset_names.add(LAMPS)
        await card.get_by_role("button", name="Confirm change").click()
        await expect(card.locator("form")).to_have_count(0)
        assert [made[1:] for made in farm.resets_made] == [(LAMPS, "operator")]

        # switched off for a time by somebody who read what it does, with a reason; and on again before its time
        ruled[LAMPS] = replace(ruled[LAMPS], spent="", guarded=True)
        await opened_again(page)
        await card.get_by_role("button", name="Switch off for a time").click()
        await card.get_by_role("button", name="4 h", exact=True).click()
        await expect(card.get_by_role("button", name="Review")).to_be_disabled()  # not without a reason
        await card.get_by_role("textbox").fill("lamps are cleaned")
        await card.get_by_role("button", name="Review").click()
        await expect(card.locator("form")).to_contain_text("switched off for 4 h: lamps are cleaned")
        await expect(card.locator("form .sentence")).to_contain_text("Lamps goes to 80 %")
        await expect(card.locator("form .notice:visible")).to_contain_text("look after the plant yourself")
        assert farm.rules_switched == []
        await card.get_by_role("button", name="Confirm change").click()
        await expect(card.locator("form")).to_have_count(0)
        until = now_ms + 4 * 3600_000.0
        ruled[LAMPS] = replace(ruled[LAMPS], off_until=until, off_by="li", off_reason="lamps are cleaned")
        await opened_again(page)
        await expect(card.locator(".slot")).to_have_text("switched off")
        told = "by li until 02-02 14:40: lamps are cleaned ("
        await expect(card.locator(".facts")).to_contain_text(told)
        await card.get_by_role("button", name="Switch on again").click()
        await card.get_by_role("button", name="Review").click()
        await card.get_by_role("button", name="Confirm change").click()
        await expect(card.locator("form")).to_have_count(0)
        assert [(one.rule, one.seconds, one.reason, one.by) for one in farm.rules_switched] == [
            (LAMPS, 14400.0, "lamps are cleaned", "operator"), (LAMPS, 0.0, "", "operator")
        ]  # fmt: skip
        ruled[LAMPS] = replace(ruled[LAMPS], off_until=None)
        await opened_again(page)

        # its text, line by line
        await card.get_by_role("button", name="Its text").click()
        await expect(card.locator(".code li").first).to_have_text("id: pf1.room1.day")
        await expect(card.locator(".text > ul")).to_contain_text("it looks at Nutrient EC (pf1.room1.ec, mS/cm)")

        # the last day
        await page.get_by_role("button", name="Try the rules on the last 24 hours").click()
        await expect(page.get_by_role("button", name="Being tried")).to_be_disabled()
        farm.replayed()
        await opened_again(page)
        row = page.locator("tbody tr")
        await expect(row).to_contain_text("Light by day")
        await expect(row).to_contain_text("3 ×, 9.5 h")
        await expect(row).to_contain_text("4 ×, 10.3 h")

        # on a telephone, in Chinese
        ruled[LAMPS] = replace(ruled[LAMPS], spent="", unknown=True)
        await page.set_viewport_size(SMALL)
        await page.get_by_role("button", name="中文").click()
        await opened_again(page)
        await expect(card.locator(".slot")).to_have_text("未动作，原因无法判断")
        await expect(card.locator(".sentence")).to_contain_text("当营养液 EC高于 1 mS/cm时：补光灯")
        await card.get_by_role("button", name="条文").click()
        await expect(card.locator(".code")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
