"""Energy and water on the panel: what was used, where each figure comes from, and a table to take along."""

import pytest
from playwright.async_api import Browser, expect

from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.test_consumption import counting_farm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]


async def test_a_manager_reads_what_was_used_and_takes_it_along(browser: Browser, sign_in: SignIn) -> None:
    app = create_app(counting_farm(), sign_in=sign_in)
    async with signed_in(browser, app, sign_in, "energy") as page:
        house = page.locator(".card", has_text="Greenhouse 1")
        await expect(house.locator(".number").first).to_contain_text("24.0 kWh today so far")
        await expect(house).to_contain_text("Off meters.")
        await expect(page.locator(".card", has_text="Plant factory")).to_contain_text(
            "No meter: rated power by position by time."
        )
        await expect(page.locator(".card", has_text="RAS 1")).to_have_count(0)  # nobody counts there
        await house.get_by_text("Each of them").click()
        row = house.locator("tbody tr").nth(1)
        await expect(row).to_contain_text("03-03")
        await expect(row).to_contain_text("48.0 kWh")
        await expect(row).to_contain_text("8.0 kWh")  # a kilogram
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("thead").first).to_contain_text("每 斤 收获")
        await expect(page.locator("tbody tr").nth(1).locator("td").last).to_have_text("4.0 kWh")
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="Month", exact=True).click()
        await expect(house.locator(".number").first).to_contain_text("168.0 kWh this month so far")
        async with page.expect_download() as taken:
            await page.get_by_role("link", name="Download CSV").click()
        download = await taken.value
        assert download.suggested_filename == "consumption-month.csv"

        # the overview has today's on the facility's card, and zones by the names that people call them
        await page.goto(page.url.partition("#")[0])
        await expect(page.locator(".card", has_text="Greenhouse 1").locator(".used")).to_have_text(
            "Electricity 24.0 kWh today so far"
        )
        await expect(page.locator(".used")).to_have_count(2)
        heads = page.locator(".card h2", has_text="RAS 1")
        await expect(heads).to_have_text(["RAS 1 East tank", "RAS 1 tank2", "RAS 1"])
        await page.get_by_role("button", name="中文").click()
        heads = page.locator(".card h2", has_text="循环水")
        await expect(heads).to_have_text(["循环水一号 东池", "循环水一号 tank2", "循环水一号"])
        await page.goto(f"{page.url.partition('#')[0]}#/facility/ras1")
        await expect(page.get_by_role("link", name="东池")).to_be_visible()
        await page.get_by_role("button", name="English").click()
        await page.goto(f"{page.url.partition('#')[0]}#/energy")

        # a farm that counts nothing says what would do
        await page.set_viewport_size(SMALL)
        nothing = {"now": 0, "by": "week", "begins": [], "facilities": {}}
        await page.route("**/api/v1/consumption?by=week*", lambda route: route.fulfill(json=nothing))
        await page.get_by_role("button", name="Week", exact=True).click()
        await expect(page.locator(".empty")).to_contain_text("Nothing is counted.")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
