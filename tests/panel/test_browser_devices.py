"""Devices and buses on the panel: who answers, what came over the wire, and outputs that a technician tries."""

from collections.abc import Mapping

import pytest
from playwright.async_api import Browser, expect

from controller.core.words import Because, Order, Override, Slot
from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from drivers.driver import Heard, Statistics
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.small_farm import START_S, SmallFarm, site_document

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
VALVE = "ras1.tank1.emergency_o2"


@pytest.fixture
def farm() -> SmallFarm:
    document = site_document()
    document["devices"]["relays"] = {
        "product": "icpdas/m7067", "bus": "rs485a", "unit": 20, "watchdog": "20 s", "tags": {"relay1": VALVE}
    }  # fmt: skip
    farm = SmallFarm(document=document)
    devices: Mapping[str, Statistics] = farm.devices()
    assert isinstance(devices, dict)
    devices["relays"] = Statistics(
        polls=40, answered=40, online=True, last_seen_s=START_S, latency_s=0.012, last_error="exception_2",
        heard={("coil", 0): Heard((1, 0), "", START_S)},
    )  # fmt: skip
    devices["do_tank1"].heard["holding", 9732] = Heard((16834, 0, 16640, 0), "", START_S)
    return farm


def told(slot: Slot, value: float, because: Because) -> Order:
    return Order(VALVE, value, slot, "operator", because, float("inf"))


async def test_a_technician_sees_who_answers_reads_registers_and_tries_an_output(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, "devices") as page:
        head = page.locator(".bus-head")
        await expect(head).to_contain_text("Modbus RTU · by-id/usb-FTDI_1 · configured 9600 8N1")
        await expect(head).to_contain_text("87.7 % answered, 2 of 3 devices online")
        await expect(head).to_contain_text("checksum: 12")
        probe, relays = (page.locator(".device", has_text=name) for name in ("do_tank1", "relays"))
        await expect(relays).to_contain_text("refused by the device (exception 2)")

        # as it came, word by word
        await probe.get_by_role("button", name="As it came").click()
        await expect(probe.locator("tbody tr").first).to_contain_text("9732")
        await expect(probe.locator("tbody tr").first).to_contain_text("16834 0x41C2")
        await expect(probe.get_by_role("button", name="Try outputs")).to_have_count(0)  # it has none

        # tried: looked at, confirmed, for half a minute, and an interlock is seen to go before
        await relays.get_by_role("button", name="Try outputs").click()
        form = relays.locator(".try")
        await form.get_by_role("button", name="on", exact=True).click()
        await expect(form).to_contain_text("For 30 s, then automatic again")
        assert farm.laid == []
        await form.get_by_role("button", name="Confirm change").click()
        await expect(form).to_contain_text("Taken, but something stronger decides")
        assert [wish._replace(id="") for wish in farm.laid] == [
            Override("", VALVE, 100.0, "operator", farm.now() + 30.0)
        ]  # fmt: skip
        farm.order(told(Slot.MANUAL, 100.0, Because("manual", {"by": "operator"})))
        farm.measure("ras1.tank1.do", 7.0)
        await expect(form).to_contain_text("Being tried")
        await expect(relays.locator(".told")).to_have_text("on")
        await form.get_by_role("button", name="Close").click()
        await expect(form.get_by_role("button", name="on", exact=True)).to_be_visible()


async def test_a_small_screen_shows_registers_without_scrolling_sideways(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    farm.devices()["do_tank1"].heard["message", 0] = Heard(
        (), '{"oxygen": 7.62, "very_long_key": "' + "x" * 200, START_S
    )
    async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, "devices", SMALL, "zh-CN") as page:
        probe = page.locator(".device", has_text="do_tank1")
        await probe.get_by_role("button", name="原始数据").click()
        await expect(probe.locator("pre")).to_contain_text("very_long_key")
        assert await page.evaluate("document.documentElement.scrollWidth") == SMALL["width"]
