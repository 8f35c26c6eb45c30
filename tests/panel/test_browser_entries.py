"""What people enter on the panel: looked at, kept, put right beside what was wrong."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from foundation.tag import Kind, Tag
from tests.panel.browsing import SMALL, WIDE, browser, confirmed, signed_in
from tests.panel.small_farm import START_S, SmallFarm, site_document

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
TAN, PESTS = "ras1.tank1.tan", "gh1.bay1.pests"


@pytest.fixture
def farm() -> SmallFarm:
    document: dict[str, Any] = site_document()
    document["tags"] = {
        TAN: {"entry": "lab", "unit": "mg/L"},
        PESTS: {"entry": "manual", "as": "text", "choices": ["none", "whitefly"]},
    }
    farm = SmallFarm(document=document)
    farm.tags = {
        **farm.tags,
        TAN: Tag(TAN, "mg/L", Kind.MEASURED, "water", "氨氮", "Ammonia", 0.0, 20.0, entered=True),
        PESTS: Tag(PESTS, "text", Kind.MEASURED, "plant", "害虫", "Pests", entered=True, choices=("none", "whitefly")),
    }  # fmt: skip
    return farm


async def test_what_nobody_has_entered_yet_is_no_value_that_was_lost(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    plain = SmallFarm()
    said = []
    for one in (plain, farm):
        async with signed_in(browser, create_app(one, sign_in=sign_in), sign_in, "") as page:
            await expect(page.locator(".card .trust").first).to_be_visible()
            said.append(await page.locator(".card .states").all_inner_texts())
    assert said[0] == said[1]


async def test_a_laboratory_value_is_entered_put_right_and_withdrawn(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, "entries") as page:
        card = page.locator(".card", has_text="Ammonia")
        await expect(card).to_contain_text("never entered")
        await card.get_by_role("button", name="Enter", exact=True).click()
        form = card.locator("form")
        await form.get_by_label("Value (mg/L)").fill("much")
        await expect(form.get_by_role("button", name="Review")).to_be_disabled()
        await form.get_by_label("Value (mg/L)").fill("0,8")
        await form.get_by_label("Sampled at").fill("2026-02-02T06:30")
        await form.get_by_label("Sampled by").fill("li")
        await form.get_by_label("Method").fill("photometer")
        await form.get_by_role("button", name="Review").click()
        await expect(form).to_contain_text("0.8 mg/L")
        await expect(form).to_contain_text("sampled at 2026-02-02 06:30, by li")
        assert farm.entries_made == []
        await form.get_by_role("button", name="Confirm change").click()
        await expect(form).to_contain_text("Kept: it is on the disk")
        (entry,) = farm.entries_made
        assert (entry.value, entry.who, entry.method, entry.entered_by) == (0.8, "li", "photometer", "operator")
        assert entry.time_s == START_S - 4 * 3600 - 10 * 60  # 06:30 in Shanghai

        # how it stands comes from the farm, not from the form
        await form.get_by_role("button", name="Close").click()
        await expect(card).to_contain_text("never entered")
        farm.measure(TAN, 0.8)
        await expect(card.locator(".number")).to_have_text("0.80 mg/L")

        # a correction stands beside what it puts right
        await card.get_by_role("button", name="What was entered").click()
        row = card.locator(".entered > li")
        await expect(row).to_contain_text("li · photometer")
        await row.get_by_role("button", name="Correct").click()
        await expect(form.get_by_label("Sampled at")).to_have_value("2026-02-02T06:30")
        await form.get_by_label("Value (mg/L)").fill("0.4")
        await confirmed(form, "Review", "Confirm change")
        await form.get_by_role("button", name="Close").click()
        await expect(row).to_have_count(2)
        await expect(row.first).to_contain_text("0.40 mg/L corrects 0.80 mg/L")
        await expect(row.last).to_have_class("corrected")
        await expect(row.last.get_by_role("button")).to_have_count(0)

        # and who takes one back says why
        await row.first.get_by_role("button", name="Withdraw").click()
        await expect(form.get_by_role("button", name="Review")).to_be_disabled()
        await form.get_by_label("Say why it is withdrawn.").fill("wrong bottle")
        await confirmed(form, "Review", "Confirm change")
        await form.get_by_role("button", name="Close").click()
        await expect(row.first).to_contain_text("withdrawn corrects 0.40 mg/L")
        last = farm.entries_made[-1]
        assert (last.value, last.note, last.corrects) == (None, "wrong bottle", farm.entries_made[1].id)

        # older ones come on a touch, and stay though newer ones come
        farm.entries_made[:0] = [replace(farm.entries_made[0], id=f"older-{number:04d}") for number in range(40)]
        await page.goto(page.url.replace("entries", "more"))
        await page.goto(page.url.replace("more", "entries"))
        await card.get_by_role("button", name="What was entered").click()
        await expect(row).to_have_count(30)
        await card.get_by_role("button", name="Older ones").click()
        await expect(row).to_have_count(43)
        await row.nth(35).get_by_role("button", name="Correct").click()
        await form.get_by_label("Value (mg/L)").fill("0.5")
        await confirmed(form, "Review", "Confirm change")
        await form.get_by_role("button", name="Close").click()
        await expect(row).to_have_count(44)
        await expect(row.nth(36)).to_have_class("corrected")


@pytest.mark.parametrize(("viewport", "locale"), [(SMALL, "zh-CN"), (WIDE, "en-US")])
async def test_what_was_seen_is_chosen_and_a_refusal_is_told_in_words(
    browser: Browser, farm: SmallFarm, sign_in: SignIn, viewport: Any, locale: str
) -> None:
    zh = locale == "zh-CN"
    app = create_app(farm, sign_in=sign_in)
    async with signed_in(browser, app, sign_in, "entries", viewport, locale, refused=1) as page:
        await page.get_by_role("button", name="人工观测" if zh else "Counted, weighed, seen").click()
        card = page.locator(".card", has_text="害虫" if zh else "Pests")
        await card.get_by_role("button", name="录入" if zh else "Enter", exact=True).click()
        form = card.locator("form")
        await form.get_by_role("combobox").select_option("whitefly")
        assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        await confirmed(form, "下一步" if zh else "Review", "确认修改" if zh else "Confirm change")
        await expect(form.get_by_role("alert")).to_contain_text(PESTS)
        assert farm.entries_made == []
