"""What is old is never drawn as live: a bus that falls silent, a clock that stands, a clock that jumps, on the screen.

Of a controller that is frozen and of a stream that is stuck `test_browser.py` tells. Here readings go through the core,
scan by scan, as the agent's do: who is late is for the core to say, and for the screen to show.
"""

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from foundation.clock import pause
from tests.panel.browsing import browser, signed_in
from tests.panel.scanned_farm import ScannedFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
DAY_S = 86400.0


async def test_a_silent_bus_a_standing_clock_and_a_clock_that_jumps_are_told_from_a_farm_that_is_well(
    browser: Browser, sign_in: SignIn
) -> None:
    farm = ScannedFarm()
    farm.run(30, 20.0)
    streams = Streams(farm, beat_s=0.2, look_s=0.05)
    app = create_app(farm, sign_in=sign_in, streams=streams)
    async with signed_in(browser, app, sign_in, "facility/pf1", stepped=True) as page:
        await page.reload()  # so that its timers are stepped from the first one on
        air, heater = page.locator(".value", has_text="air temp").first, page.locator(".output", has_text="heater")
        await _is_live(page, "20.0 °C")
        await expect(heater).to_contain_text("on")
        await expect(heater.locator(".why")).to_contain_text("measured 20.0, wanted 22.0")

        # the bus falls silent while scans and stream go on: first it is only older, then it is none of now any more
        farm.run(5, None)
        await expect(air.locator(".age")).to_have_text("· 5 s ago")
        await expect(air.locator(".number:not(.old)")).to_have_count(1)
        farm.run(55, None)
        await expect(air.locator(".number.old")).to_have_text("20.0 °C")
        await expect(air.locator(".number b")).to_have_css("text-decoration-style", "dashed")
        await expect(air.locator(".trust")).to_have_text("bad: out of date· 1 min ago")
        await expect(page.locator(".mimic .figure:not(.old)")).to_have_count(0)
        await expect(air.locator(".pointer:not(.old)")).to_have_count(0)
        await expect(heater).to_contain_text("off")  # and nothing heats by it
        await expect(page.locator(".link")).to_have_text("Live")
        await page.goto(f"{page.url.partition('#')[0]}#/")
        await expect(page.locator(".card .number.old")).to_have_text("20.0 °C")
        await expect(page.locator(".card .states")).to_contain_text("1 of 1 values not usable: out of date")
        await page.goto(f"{page.url.partition('#')[0]}#/facility/pf1")
        farm.run(5, 20.5)
        await _is_live(page, "20.5 °C")

        # the agent's clock stands: its server answers, its heart beats, and nothing grows older by it
        async with asyncio.timeout(15):
            heard = streams._event_id
            while streams._event_id < heard + 3:  # the last scan is told of with the next beat of the heart
                await pause(0.02)
        await page.clock.run_for(31_000)
        await expect(page.locator(".offline")).to_contain_text("What is shown is old")
        await expect(air.locator(".number.old")).to_have_text("20.5 °C")
        await expect(page.locator(".mimic .figure:not(.old)")).to_have_count(0)
        await expect(page.locator(".setpoint .change")).to_be_visible()
        await page.locator(".setpoint .change").click()
        await page.get_by_role("button", name="More").click()
        await expect(page.get_by_role("button", name="Review")).to_be_disabled()
        await page.get_by_role("button", name="Cancel").click()
        farm.run(5, 20.6)
        await _is_live(page, "20.6 °C")


async def test_a_box_that_is_told_the_time_makes_nothing_three_days_younger_or_older_than_it_is(
    browser: Browser, sign_in: SignIn
) -> None:
    farm = ScannedFarm()
    farm.run(30, 20.0)
    # what is told is told with a change alone: the browser counts on by itself between
    app = create_app(farm, sign_in=sign_in, streams=Streams(farm, beat_s=3600.0, look_s=0.05))
    async with signed_in(browser, app, sign_in, "facility/pf1", stepped=True) as page:
        await page.reload()  # so that its timers are stepped from the first one on
        air = page.locator(".value", has_text="air temp").first
        await page.clock.run_for(1000)
        farm.run(5, 20.1)
        await _is_live(page, "20.1 °C")
        await page.clock.run_for(1000)
        farm.scan(farm.now() + 3 * DAY_S, None)  # the jump of decision 0062: the first scan after it
        await expect(air.locator(".number.old")).to_have_text("20.1 °C")
        await expect(air.locator(".trust")).to_have_text("bad: out of date· 3 d ago")
        # five seconds until the next word are five seconds, and not a fortnight
        await page.clock.run_for(5000)
        await expect(air.locator(".trust")).to_have_text("bad: out of date· 3 d ago")
        await expect(page.locator(".link")).to_have_text("Live")
        farm.run(5, 20.2)
        await _is_live(page, "20.2 °C")


async def _is_live(page: Page, words: str) -> None:
    await expect(page.locator(".offline")).to_have_count(0)
    air = page.locator(".value", has_text="air temp").first
    await expect(air.locator(".number:not(.old)")).to_have_text(words)
    await expect(air.locator(".trust")).to_contain_text("good")
    await expect(page.locator(".mimic .figure.good").first).to_be_visible()
