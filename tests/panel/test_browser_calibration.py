"""Calibrating a probe on the panel, as somebody with wet hands does it."""

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect

from controller.core.state import Calibrated
from controller.panel.app import create_app
from controller.panel.permissions import Role
from controller.panel.sign_in import SignIn
from foundation.clock import SteppedClock
from tests.panel.browsing import SMALL, browser, confirmed, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
PH = "pf1.room1.ph"


async def hold(page: Page, farm: SmallFarm, said: list[float]) -> None:
    """The probe says these, ten seconds apart; each has been asked for before the next comes."""
    for value in said:
        assert isinstance(farm.clock, SteppedClock)
        farm.clock.set(farm.now() + 10.0)
        farm.measure(PH, value)
        async with page.expect_response(lambda reply: f"/calibrations/{PH}" in reply.url and reply.ok):
            await page.clock.run_for(1000)


async def test_a_probe_is_calibrated_in_two_buffers_and_an_older_calibration_comes_back(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    old = Calibrated(((4.05, 4.01), (6.95, 7.0)), "li", "two buffers", "lot 3", "", START_S - 9e6, START_S - 9e6)
    farm.calibrated[PH] = (old,)
    async with signed_in(browser, app, sign_in, "calibration", stepped=True) as page:
        # what is due stands first; the one that was done is found by its name
        await expect(page.locator(".card").first).to_contain_text("overdue by 1 d")
        await page.get_by_role("searchbox").fill("nutrient")
        card = page.locator(".card", has_text="Nutrient pH")
        await expect(card).to_contain_text("104 d ago, li")
        await expect(card).to_contain_text("97.0 %")
        await card.get_by_role("link", name="Calibrate").click()

        # out of use first: nothing is measured before the controller says so
        await expect(page.locator("h1")).to_contain_text("Nutrient pH")
        await expect(page.get_by_text("How", exact=True)).to_have_count(0)
        await confirmed(page.locator("main"), "Take out of use", "Confirm change")
        await expect(page.locator(".notice").first).to_contain_text("Being calibrated by operator, 30 min left")
        assert farm.marks()[f"care:{PH}"].kind == "calibration"
        await page.get_by_role("button", name="Two points").click()

        # a point is taken once the probe stands still, and not before
        take = page.get_by_role("button", name="Take this point")
        await page.get_by_role("textbox", name="What is true").fill("4.01")
        await hold(page, farm, [5.0, 4.6, 4.3, 4.2])
        await expect(page.locator(".steady")).to_contain_text("not still yet")
        await expect(take).to_be_disabled()
        await hold(page, farm, [4.1] * 6)
        await expect(page.locator(".steady")).to_contain_text("stands still")
        await take.click()
        await expect(page.locator(".taken")).to_contain_text("it said 4.10, true is 4.01")
        await page.get_by_role("textbox", name="What is true").fill("7")
        await hold(page, farm, [6.2] * 6)
        await take.click()

        # 70 %: nonsense is told in words, and cannot be confirmed
        await expect(page.get_by_role("alert")).to_contain_text("A slope of 70.2 % cannot be")
        await expect(page.get_by_role("button", name="Review")).to_be_disabled()
        await page.get_by_role("button", name="Begin anew").click()
        await page.get_by_role("button", name="Two points").click()
        for said, true in ((6.9, "7,00"), (4.1, "4.01")):
            await page.get_by_role("textbox", name="What is true").fill(true)
            await hold(page, farm, [said] * 6)
            await take.click()

        # old and new beside each other; applied by a second touch, and shown when it stands
        await expect(page.locator(".table").first).to_contain_text("97.0 %93.6 %")
        await page.get_by_role("textbox", name="Method").fill("two buffers")
        await page.get_by_role("textbox", name="Held against").fill("lot 7")
        farm.hold_calibration = True
        await page.get_by_role("button", name="Review").click()
        async with page.expect_response(lambda reply: reply.request.method == "PUT"):  # answered; it does not stand yet
            await page.get_by_role("button", name="Confirm change").click()
        await expect(page.locator(".set.pending")).to_contain_text("Waiting for the controller")
        assert farm.calibrated[PH] == (old,)
        made = Calibrated(
            ((4.1, 4.01), (6.9, 7.0)), "operator", "two buffers", "lot 7", "", farm.now(), farm.now()
        )  # fmt: skip
        farm.calibrated[PH] = (old, made)
        farm.hold_calibration = False
        await expect(page.locator(".set.taken")).to_contain_text("The controller has taken it")
        rows = page.locator("tbody tr", has=page.locator("td:nth-child(5)"))
        await expect(rows.first).to_contain_text("operatortwo buffers · lot 793.6 %")
        await page.get_by_role("button", name="Close").click()

        # back in its place, and the older one again
        await confirmed(page.locator("main"), "It is back in its place", "Confirm change")
        await expect(page.get_by_role("button", name="Take out of use")).to_be_visible()
        assert farm.marks() == {}
        assert isinstance(farm.clock, SteppedClock)
        farm.clock.set(farm.now() + 60.0)
        await confirmed(page.locator("main"), "Apply again", "Confirm change")
        await expect(rows).to_have_count(3)
        assert farm.calibrated[PH][-1].points == old.points
        assert farm.calibrated[PH][-1].measured_s == old.measured_s


async def test_who_is_no_technician_sees_what_stands_and_no_dead_button(browser: Browser, farm: SmallFarm) -> None:
    farm.calibrated[PH] = tuple(
        Calibrated(((4.1, 4.01), (6.9, 7.0 + at / 10)), "li", "", "", "", START_S - 9 + at, START_S - 9 + at)
        for at in range(2)
    )
    for role, buttons in ((Role.VIEWER, []), (Role.OPERATOR, ["Take out of use"])):
        sign_in = SignIn(role=role)
        async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, f"calibration/{PH}") as page:
            await expect(page.locator("tbody tr")).to_have_count(2)
            await expect(page.locator("main")).to_contain_text("Technicians calibrate")
            assert await page.locator("main button").all_inner_texts() == buttons


async def test_what_was_taken_is_there_after_the_phone_slept(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    farm.clock = SteppedClock(START_S)
    async with signed_in(browser, app, sign_in, f"calibration/{PH}", SMALL, "zh-CN", stepped=True) as page:
        await confirmed(page.locator("main"), "停用探头", "确认修改")
        await page.get_by_role("button", name="一点，保留斜率").click()
        await page.get_by_role("textbox", name="真值").fill("7")
        await hold(page, farm, [6.9] * 6)
        await page.get_by_role("button", name="记录此点").click()
        assert await page.evaluate("document.documentElement.scrollWidth") == SMALL["width"]
        await page.reload()
        await expect(page.locator(".taken")).to_contain_text("读数 6.90，真值 7.00")
        await expect(page.locator(".table").first).to_contain_text("100.0 %100.0 %")
