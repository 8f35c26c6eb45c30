"""The first boot, users, access, audit and system, in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from controller.panel.accounts import Accounts
from controller.panel.app import create_app
from controller.panel.people import People
from controller.panel.permissions import Role
from tests.panel.browsing import SMALL, WIDE, Witness, browser
from tests.panel.conftest import served
from tests.panel.small_box import HOSTILE, SmallBox
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
GOOD, BETTER = "carp under the third bridge", "seven lettuces and a lamp"
CHANGES = (
    ("setpoint_changed", "ras1.tank1.do_sp", 7.5, 8.25, "7.50 mg/L → 8.25 mg/L"),
    ("override", "pf1.room1.lamps", None, 40.0, "Automatic → 40 %"),
    ("alarm_take_out", "gh1.bay1.humid", "unacknowledged", "out_of_service", "not acknowledged → out of service"),
    ("rule_switched_off", "pf1.room1.day", 0.0, START_S + 14400.0, "runs → off until 02-02 14:40"),
    ("rule_switched_on", "pf1.room1.day", START_S + 14400.0, 0.0, "off until 02-02 14:40 → runs"),
    ("entered", "ras1.tank1.do", 7.62, None, "7.62 mg/L → –"),
)
"""Deeds with what stood before and after, and how the audit says it."""


@asynccontextmanager
async def panel(
    browser: Browser, directory: Path, viewport: Any = WIDE, locale: str = "en-US"
) -> AsyncIterator[tuple[Page, str, People]]:
    """A box on its first boot; the page complains of nothing but of what is refused."""
    farm, box = SmallFarm(), SmallBox(directory)
    people = People(accounts=Accounts(box.database, START_S), note=box.note, now=farm.now, code_in=directory)
    async with served(create_app(farm, people=people, box=box)) as url:
        context = await browser.new_context(locale=locale, viewport=viewport, service_workers="block")
        page = await context.new_page()
        page.set_default_timeout(15_000)
        witness = Witness(page)
        yield page, url, people
        complaints, hosts = witness.complaints, witness.hosts
        await context.close()
    assert [one for one in complaints if "status of 4" not in one] == []
    assert hosts == {url.removeprefix("http://")}
    box.database.close()


async def test_a_new_box_is_set_up_and_its_people_are_kept_by_whoever_did_it(browser: Browser, tmp_path: Path) -> None:
    async with panel(browser, tmp_path) as (page, url, people):
        # the code of the link stands in its field, and in the address no more
        await page.goto(f"{url}/set-up#code={people.set_up.code}")
        await expect(page.get_by_label("The code on the box")).to_have_value(people.set_up.code)
        assert "code=" not in page.url
        await page.get_by_label("Your name").fill("wang")
        await page.get_by_label("A new password").fill("password1234")
        await page.get_by_label("The password again").fill("password1234")
        await page.get_by_role("button", name="Make the administrator").click()
        await expect(page.get_by_role("alert")).to_contain_text("too easy to guess")
        await page.get_by_label("A new password").fill(GOOD)
        await page.get_by_role("button", name="Make the administrator").click()
        await expect(page.get_by_role("alert")).to_contain_text("two passwords differ")
        await page.get_by_label("The password again").fill(GOOD)
        await page.get_by_role("button", name="Make the administrator").click()
        await expect(page.locator(".link")).to_have_class("link live")

        # another person, another role: looked at, then confirmed
        await page.goto(f"{url}/#/users")
        new = page.locator("form", has_text="A new person")
        await new.get_by_label("Name").fill("li")
        await new.get_by_label("A new password").fill(BETTER)
        await new.get_by_role("button", name="Add").click()
        row = page.locator(".user", has_text="li").filter(has_text="operator")
        await row.get_by_role("button", name="Change").click()
        await row.get_by_label("Role").select_option("technician")
        await row.get_by_label("Why").fill(HOSTILE)
        await row.get_by_role("button", name="Review").click()
        await expect(row.locator(".old-new")).to_contain_text("technician")
        await row.get_by_role("button", name="Confirm change").click()
        await expect(page.locator(".user", has_text="li").locator(".slot")).to_have_text("technician")
        assert people.accounts.find("li").role is Role.TECHNICIAN  # type: ignore[union-attr]

        # a token is shown once
        form = page.locator("form", has_text="A new token")
        await form.get_by_label("The program's name").fill("grafana")
        await form.get_by_role("button", name="Make the token").click()
        text = await form.locator(".token").input_value()
        assert people.session_of_token(text) is not None
        await page.locator(".user", has_text="grafana").get_by_role("button", name="Take back").click()
        await expect(page.locator(".user", has_text="grafana")).to_have_count(0)
        assert people.session_of_token(text) is None

        # what was done, from what to what, and that the chain of it holds
        for what, subject, before, after, _ in CHANGES:
            people.note("li", what, subject, {"by": "li", "before": before, "after": after})
        await page.goto(f"{url}/#/audit")
        await expect(page.locator(".chain")).to_contain_text("The chain holds")
        told = [row[-1] for row in reversed(CHANGES)]
        await expect(page.locator("tbody tr td:last-child").first).to_have_text(told[0])
        assert (await page.locator("tbody tr td:last-child").all_inner_texts())[: len(told)] == told
        changed = page.locator("tr", has_text="account li changed")
        await expect(changed).to_contain_text("operator → technician")
        await expect(changed).to_contain_text(HOSTILE)
        with people.accounts._database.transaction(START_S) as file:  # type: ignore[union-attr]
            file.execute("UPDATE audit SET who = 'nobody' WHERE id = 2")
        await page.get_by_role("button", name="Examine it again").click()
        await expect(page.locator(".chain")).to_contain_text("row 2 was changed")

        # another password of one's own
        await page.goto(f"{url}/#/access")
        await expect(page.locator(".user")).to_contain_text("This very browser")
        own = page.locator("form", has_text="Another password")
        await own.get_by_label("Your password").fill(GOOD)
        await own.get_by_label("A new password").fill(BETTER)
        await own.get_by_label("The password again").fill(BETTER)
        await own.get_by_role("button", name="Change it").click()
        await expect(own.get_by_role("status")).to_contain_text("Changed")


async def test_a_phone_signs_in_with_name_and_password_and_sees_how_the_box_does(
    browser: Browser, tmp_path: Path
) -> None:
    async with panel(browser, tmp_path, SMALL, "zh-CN") as (page, url, people):
        hashed = await people.passwords.hash(GOOD)
        people.accounts.add("王芳", Role.ADMIN, hashed, START_S)
        await page.goto(url)
        await page.get_by_label("姓名").fill("王芳")
        await page.get_by_label("密码", exact=True).fill("not this one")
        await page.get_by_role("button", name="登录").first.click()
        await expect(page.get_by_role("alert")).to_contain_text("姓名或密码不对")
        await page.get_by_label("密码", exact=True).fill(GOOD)
        await page.get_by_role("button", name="登录").first.click()
        await expect(page.locator(".link")).to_have_class("link live")
        await page.goto(f"{url}/#/system")
        sink = page.locator(".card", has_text="influx")
        await expect(sink).to_contain_text("没有应答")
        await expect(sink).to_contain_text("800")
        await expect(sink).to_contain_text(HOSTILE)
        await expect(page.locator("main")).to_contain_text("8.5 GB / 32.0 GB")
        await expect(page.locator("main")).to_contain_text("AB:CD")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        # without the password again nothing changes who may come in
        (session,) = people.sessions.all()
        session.confirmed_s = -1e9
        await page.goto(f"{url}/#/users")
        await expect(page.get_by_role("button", name="添加")).to_be_disabled()
        await page.get_by_label("现在的密码").fill(GOOD)
        await page.get_by_role("button", name="确认").click()
        await expect(page.get_by_role("button", name="添加")).to_be_enabled()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
