"""People's hands in a real browser, on a farm whose core answers: lock-outs, stops, care, hands that end, setpoints.

And that who only looks finds nothing to touch.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from controller.core.state import Mark
from controller.core.words import LockOut
from controller.panel.app import create_app
from controller.panel.people import People
from controller.panel.permissions import Role
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from edge_config.model.site import Site
from foundation.tag import Kind, Tag
from tests.panel.browsing import browser, confirmed, signed_in
from tests.panel.scanned_farm import FAN, ScannedFarm
from tests.panel.small_box import SmallBox
from tests.panel.small_farm import site_document
from tests.panel.test_browser_accessible import screens, unruly_farm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
TAN = "ras1.tank1.tan"
ASKED_MS = 6000
"""Of a page: it has asked again for what is laid on the farm."""


async def test_hands_locks_stops_and_care_do_what_they_say_and_end_as_they_say(
    browser: Browser, sign_in: SignIn
) -> None:
    farm = ScannedFarm()
    farm.run(30, 20.0)
    app = create_app(farm, sign_in=sign_in, streams=Streams(farm, beat_s=0.2, look_s=0.05))
    async with signed_in(browser, app, sign_in, "facility/pf1", stepped=True) as page:
        await page.reload()
        heater = page.locator(".output", has_text="heater")
        fan = page.locator(".output", has_text="fan")
        await expect(heater.locator(".told")).to_have_text("on")

        # by hand for a quarter of an hour: it counts down, and ends by itself
        await heater.get_by_role("button", name="By hand").click()
        await heater.get_by_role("button", name="15 min").click()
        await confirmed(heater, "off", "Confirm change")
        await expect(heater.locator(".told")).to_have_text("off")
        await expect(heater.locator(".laid")).to_contain_text("operator · 14 min left")
        await _later(page, farm, 600)
        await expect(heater.locator(".left")).to_have_text("4 min left")
        await expect(heater.locator(".told")).to_have_text("off")
        await _later(page, farm, 301)
        await expect(heater.locator(".laid")).to_have_count(0)
        await expect(heater.locator(".told")).to_have_text("on")
        await expect(heater.get_by_role("button", name="By hand", exact=True)).to_be_visible()

        # locked out: nothing starts it until the lock is off
        await heater.get_by_role("button", name="Lock out").click()
        await heater.get_by_label("What is being done").fill("a new belt")
        await confirmed(heater, "Review", "Confirm change")
        await expect(heater.locator(".laid")).to_have_text("Locked outoperator · a new belt ")
        await _later(page, farm, 60)
        await expect(heater.locator(".told")).to_have_text("off")
        await expect(heater.get_by_role("button", name="By hand")).to_have_count(0)
        await heater.get_by_role("button", name="Take lock off").click()
        await expect(heater.locator("form")).to_contain_text("people and tools are clear")
        await confirmed(heater, "Review", "Confirm change")
        await expect(heater.locator(".laid")).to_have_count(0)
        await _later(page, farm, 20)
        await expect(heater.locator(".told")).to_have_text("on")
        # of life support it asks what keeps the farm alive meanwhile; of somebody else's, to look there first
        await fan.get_by_role("button", name="Lock out").click()
        await expect(fan.get_by_role("button", name="Review")).to_be_disabled()
        await fan.get_by_label("Life support").fill("doors are open")
        await expect(fan.get_by_role("button", name="Review")).to_be_enabled()
        await fan.get_by_role("button", name="Cancel").click()
        await farm.lay(LockOut("lock-of-wang", FAN, "wang", "new blades", "doors are open", farm.now()))
        await page.clock.run_for(ASKED_MS)
        await expect(fan.locator(".told")).to_have_text("off")
        await fan.get_by_role("button", name="Take lock off").click()
        await expect(fan.locator("form")).to_contain_text("Locked by wang.")
        await confirmed(fan, "Review", "Confirm change")
        await expect(fan.locator(".told")).to_have_text("on")

        # a lock on the whole device stands beside each of its outputs, with whatever stands there already
        await farm.lay(LockOut("lock-the-relays", "relays", "wang", "a new relay", "doors are open", farm.now()))
        await page.clock.run_for(ASKED_MS)
        for output in (heater, fan):
            await expect(output.locator(".laid")).to_have_text("Device relays locked outwang · a new relay ")
            await expect(output.get_by_role("button", name="By hand")).to_have_count(0)
            await expect(output.get_by_role("button", name="Lock out")).to_be_visible()
        await fan.get_by_role("button", name="Take lock off").click()
        await expect(fan.locator("form")).to_contain_text("Locked by wang.")
        await fan.get_by_role("button", name="Review").click()
        await expect(fan.locator(".old-new")).to_contain_text("heater · fan")
        await fan.get_by_role("button", name="Confirm change").click()
        await expect(page.locator(".laid")).to_have_count(0)

        # everything but what keeps alive stands, until somebody hands it back
        stop = page.locator(".stop")
        await stop.get_by_role("button", name="Emergency stop").click()
        assert not any(mark.kind == "stop" for mark in farm.marks().values())
        await confirmed(stop, "Review", "Confirm change")
        await expect(stop.get_by_role("alert")).to_contain_text("Emergency stopoperator")
        await _later(page, farm, 60)
        await expect(heater.locator(".told")).to_have_text("off")
        await expect(fan.locator(".told")).to_have_text("on")
        await expect(stop.get_by_role("button", name="Emergency stop")).to_have_count(0)
        await stop.get_by_role("button", name="Reset").click()
        await confirmed(stop, "Review", "Confirm change")
        await expect(stop.get_by_role("alert")).to_have_count(0)
        await _later(page, farm, 20)
        await expect(heater.locator(".told")).to_have_text("on")

        # a probe in care is not believed, counts down, and is believed again by itself
        air = page.locator(".value", has_text="Air temperature")
        await air.get_by_role("button", name="Probe care").click()
        await air.get_by_role("button", name="10 min").click()
        await confirmed(air, "Review", "Confirm change")
        await expect(air.locator(".laid")).to_contain_text("Cleaningoperator")
        await _later(page, farm, 300, air_c=35.0)
        await expect(air.locator(".left")).to_have_text("4 min left")
        await expect(air.locator(".trust")).to_contain_text("bad")
        await expect(heater.locator(".told")).to_have_text("off")  # it does not act by a probe in a bucket
        await _later(page, farm, 305)
        await expect(air.locator(".laid")).to_have_count(0)
        await expect(air.locator(".trust")).to_contain_text("good")
        await expect(heater.locator(".told")).to_have_text("on")
        await air.get_by_role("button", name="Probe care").click()
        await confirmed(air, "Review", "Confirm change")
        await air.get_by_role("button", name="Probe is back").click()
        await expect(air.get_by_role("button", name="Probe care")).to_be_visible()


async def test_a_setpoint_is_taken_back_within_ten_seconds_and_a_large_step_says_why(
    browser: Browser, sign_in: SignIn
) -> None:
    farm, deeds = ScannedFarm(), list[tuple[str, str, Mapping[str, object]]]()
    farm.run(30, 20.0)
    people = People(sign_in, note=lambda who, what, _, said: deeds.append((who, what, said)))
    app = create_app(farm, people=people, streams=Streams(farm, beat_s=0.2, look_s=0.05))
    async with signed_in(browser, app, sign_in, "facility/pf1", stepped=True) as page:
        await page.reload()
        row = page.locator(".setpoint")
        await _chosen(row, "26")
        # more than a quarter of what may be set, at once
        await expect(row.get_by_role("button", name="Review")).to_be_disabled()
        why = row.get_by_label("at once: why")
        await why.fill("   ")
        await expect(row.get_by_role("button", name="Review")).to_be_disabled()
        await why.fill("frost is coming")
        await confirmed(row, "Review", "Confirm change")
        await expect(row.locator(".number").first).to_have_text("26.0 °C")
        said = {key: value for key, value in deeds[-1][2].items() if key != "id"}
        assert (deeds[-1][:2], said) == (
            ("operator", "setpoint_reason"), {"from": 22.0, "to": 26.0, "reason": "frost is coming"}
        )  # fmt: skip
        # taken back: looked at once more, and confirmed
        await row.get_by_role("button", name="Undo, back to 22.0").click()
        await expect(row.locator(".old-new")).to_have_text("26.0 °C→22.0 °C")
        await expect(row.locator(".number").first).to_have_text("26.0 °C")
        await row.get_by_role("button", name="Confirm change").click()
        await expect(row.locator(".number").first).to_have_text("22.0 °C")
        await row.get_by_role("button", name="Close").click()
        # a small step asks nothing, and after ten seconds is not taken back with a touch any more
        await _chosen(row, "23")
        await confirmed(row, "Review", "Confirm change")
        await expect(row.get_by_role("button", name="Undo, back to 22.0")).to_be_visible()
        await page.clock.run_for(10_000)
        await expect(row.get_by_role("button", name="Undo")).to_have_count(0)
        await expect(row.get_by_role("button", name="Close")).to_be_visible()
        await expect(row.locator(".number").first).to_have_text("23.0 °C")


async def test_who_only_looks_finds_nothing_to_touch_on_any_screen(browser: Browser, tmp_path: Path) -> None:
    farm, box = unruly_farm(), SmallBox(tmp_path)
    farm.site = Site.model_validate({**site_document(), "tags": {TAN: {"entry": "lab", "unit": "mg/L"}}})
    farm.tags = {**farm.tags, TAN: Tag(TAN, "mg/L", Kind.MEASURED, "water", "氨氮", "Ammonia", entered=True)}
    farm._marks["lock"] = Mark("lock", "ras1.tank1.o2_valve", "wang", farm.now())
    writes: dict[Role, dict[str, set[str]]] = {Role.VIEWER: {}, Role.OPERATOR: {}}
    for role, addresses, times in ((Role.VIEWER, screens(), 2), (Role.OPERATOR, ["facility/ras1"], 3)):
        sign_in = SignIn(who="li", role=role)
        app = create_app(farm, people=People(sign_in, note=box.note), box=box)
        async with signed_in(browser, app, sign_in, "facility/ras1") as page:
            # another's lock is to be seen, and a technician's to take off
            valve = page.locator(".output", has_text="Oxygen valve 1")
            await expect(valve.locator(".laid")).to_have_text("Locked outwang ")
            await expect(valve.get_by_role("button", name="Take lock off")).to_have_count(0)
            await page.route("**/api/v1/**", _none_arrives)
            for address in addresses:
                writes[role][address] = await _written_by_touching_all(page, address, times)
    assert len(writes[Role.VIEWER]) > 15
    assert {address: found for address, found in writes[Role.VIEWER].items() if found} == {}
    # whoever may, does something by the same touches
    assert any(one.startswith("PUT /api/v1/hands/") for one in writes[Role.OPERATOR]["facility/ras1"])
    box.database.close()


async def _none_arrives(route: Route) -> None:
    if route.request.method == "GET":
        await route.continue_()
    else:
        await route.fulfill(json={"marks": []})


async def _written_by_touching_all(page: Page, address: str, times: int) -> set[str]:
    """What is sent, and which forms of changes are shown, if every button is touched, and what comes of that."""
    asked: set[str] = set()

    def heard(request: Request) -> None:
        if request.method != "GET":
            asked.add(f"{request.method} {urlsplit(request.url).path}")

    page.on("request", heard)
    await page.goto(f"{page.url.partition('#')[0]}#/{address}")
    await page.locator("main h1").first.wait_for(state="attached")
    for _ in range(times):
        asked |= {f"a form: {words[:40]}" for words in await page.evaluate(TOUCH_ALL)}
    page.remove_listener("request", heard)
    return asked


TOUCH_ALL = """async () => {
    const back = ["Cancel", "Back", "Close", "Sign out"];
    for (const one of document.querySelectorAll("main button:enabled:not([aria-expanded=true], .kiosk-out *)"))
        if (!back.includes(one.textContent)) one.click();
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    return [...document.querySelectorAll("main form.set")].map((one) => one.textContent);
}"""


async def _later(page: Page, farm: ScannedFarm, seconds: int, air_c: float = 20.0) -> None:
    farm.run(seconds, air_c)
    await page.clock.run_for(ASKED_MS)


async def _chosen(row: Locator, value: str) -> None:
    await row.get_by_role("button", name="Change").click()
    await row.get_by_role("textbox").first.fill(value)
