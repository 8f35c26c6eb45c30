"""The panel in a real browser: what an operator sees and does, under the strict policy that it is served with."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from controller.core.words import AlarmNow, Override
from controller.panel.app import create_app
from controller.panel.people import People
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from foundation.clock import SteppedClock
from foundation.reading import Reason
from tests.panel.browsing import SMALL, WIDE, Witness, browser, confirmed
from tests.panel.conftest import served
from tests.panel.small_farm import START_S, SmallFarm, site_document

__all__ = ["browser"]
# one loop for all of them, because they share one browser
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
SCREENS = ("#/", "#/facility/ras1", "#/facility/gh1", "#/trend/ras1", "#/devices")


@asynccontextmanager
async def opened(browser: Browser, locale: str, viewport: ViewportSize) -> AsyncIterator[tuple[Page, Witness]]:
    context = await browser.new_context(locale=locale, viewport=viewport, service_workers="block")
    page = await context.new_page()
    page.set_default_timeout(15_000)
    yield page, Witness(page)
    await context.close()


async def test_an_operator_signs_in_and_runs_the_farm(browser: Browser, farm: SmallFarm, sign_in: SignIn) -> None:
    farm.remember("ras1.tank1.do", [(START_S - 3600 + 10 * step, 7.0 + step % 50 / 100) for step in range(360)])
    farm.raise_alarm(AlarmNow("ras1.tank1.do_low_low", "critical", True, START_S - 240, {"minutes": 18}))
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "en-US", WIDE) as (page, witness):
        # the fragment's token is traded for a session, and leaves the address at once
        await page.goto(sign_in.link(url))
        await expect(page).to_have_url(f"{url}/")
        card = page.locator(".card", has_text="RAS 1 tank1")
        oxygen = card.locator(".value", has_text="Dissolved oxygen 1")
        await expect(oxygen.locator(".number")).to_have_text("7.62 mg/L")
        await expect(oxygen.locator(".trust")).to_contain_text("good")
        await expect(oxygen.locator(".aim")).to_contain_text("7.50")
        await expect(card.locator(".alarm-line")).to_contain_text("Tank 1: oxygen supply or circulation lost")
        await expect(card.locator(".states")).to_contain_text("Automatic")

        # values are live
        farm.measure("ras1.tank1.do", 6.91)
        await expect(oxygen.locator(".number")).to_have_text("6.91 mg/L")

        # a stale value is greyed and dashed, with its age in words; one that cannot be read is no number
        assert isinstance(farm.clock, SteppedClock)
        farm.clock.set(START_S + 720)
        farm.lose("ras1.tank1.do", Reason.STALE)
        await expect(oxygen.locator(".number.old")).to_have_text("6.91 mg/L")
        await expect(oxygen.locator(".number b")).to_have_css("text-decoration-style", "dashed")
        await expect(oxygen.locator(".trust")).to_contain_text("bad: out of date")
        await expect(oxygen.locator(".trust")).to_contain_text("12 min ago")
        farm.lose("ras1.tank2.do", Reason.COMM)
        other = page.locator(".card", has_text="RAS 1 tank2")
        await expect(other.locator(".value", has_text="Dissolved oxygen 2").locator(".number")).to_have_text("—")
        await expect(other.locator(".states")).to_contain_text("1 of 2 values not usable: the device does not answer")

        # a setpoint: chosen, looked at, confirmed elsewhere, pending until the controller says so
        await card.get_by_role("link", name="Details").click()
        valve = page.locator(".output", has_text="Oxygen valve 1")
        await expect(valve).to_contain_text("42 %")
        await expect(valve.locator(".why")).to_contain_text("Dissolved oxygen 1: measured 7.62, wanted 7.50 mg/L")
        row = page.locator(".setpoint", has_text="Dissolved oxygen 1")
        await expect(page.locator(".advice")).to_contain_text("Fish begin to die in about 18 min")
        await row.get_by_role("button", name="Change").click()
        form = row.locator("form")
        await form.get_by_role("textbox").fill("13")
        await expect(form.get_by_role("button", name="Review")).to_be_disabled()
        await expect(form.locator(".hint")).to_contain_text("6.00 mg/L to 12.00 mg/L")
        await form.get_by_role("textbox").fill("8.2")
        review = form.get_by_role("button", name="Review")
        first_touch = await review.bounding_box()
        await review.click()
        await expect(form.locator(".old-new")).to_contain_text("7.50 mg/L")
        await expect(form.locator(".old-new b")).to_have_text("8.20 mg/L")
        confirm = form.get_by_role("button", name="Confirm change")
        second_touch = await confirm.bounding_box()
        assert first_touch is not None
        assert second_touch is not None
        assert second_touch["x"] + second_touch["width"] < first_touch["x"]  # a double tap cannot confirm
        farm.hold_echo = True
        async with page.expect_response(lambda reply: reply.request.method == "PUT"):
            await confirm.click()
        await expect(form).to_contain_text("Waiting for the controller")
        await expect(row.locator(".number").first).to_have_text("7.50 mg/L")  # never ahead of the controller
        assert [change[1:] for change in farm.changes_made] == [("ras1.tank1.do_sp", 8.2, "operator")]
        farm.echo("ras1.tank1.do_sp", 8.2, "operator")
        await expect(form).to_contain_text("The controller has taken 8.20 mg/L")
        await expect(row.locator(".number").first).to_have_text("8.20 mg/L")
        await expect(row.locator(".by")).to_have_text("set by operator")

        # an output by hand: chosen, looked at, confirmed
        await valve.get_by_role("button", name="By hand").click()
        await valve.get_by_role("button", name="4 h").click()
        await valve.get_by_role("button", name="on", exact=True).click()
        await expect(valve.locator(".old-new")).to_contain_text("on")
        await expect(valve.locator("form")).to_contain_text("For 4 h, then automatic again")
        assert farm.laid == []
        await valve.get_by_role("button", name="Confirm change").click()
        await expect(valve.locator("form")).to_have_count(0)
        end_s = farm.now() + 4 * 3600
        assert [wish._replace(id="") for wish in farm.laid] == [
            Override("", "ras1.tank1.o2_valve", 100.0, "operator", pytest.approx(end_s, abs=60.0))
        ]
        await expect(valve.locator(".laid")).to_contain_text("operator")
        await expect(valve.locator(".laid .left")).to_have_text(re.compile("(3 h 59|4 h 0) min left"))

        # why, in one line, and on a touch all of it
        await valve.locator("button.why").click()
        await expect(valve.locator(".explanation li").first).to_contain_text("42 %, since")

        # both languages, everything of it
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page.locator(".setpoint").first).to_contain_text("由 operator 设定")
        await page.reload()
        await expect(page.locator("h1")).to_contain_text("循环水一号")  # remembered

        # what rules said to people
        await page.goto(f"{url}/#/")
        await expect(page.locator(".card", has_text="规则消息")).to_contain_text("晨间换气")

        # the trend is drawn
        await page.goto(f"{url}/#/trend/ras1")
        await expect(page.locator(".chart canvas")).to_be_visible()
        await expect(page.locator(".pens [aria-pressed=true]")).to_have_count(2)
        async with asyncio.timeout(15):
            while await _drawn(page) < 500:
                await page.wait_for_timeout(50)
        await page.get_by_role("button", name="24 小时").click()
        await expect(page.locator(".chart canvas")).to_be_visible()
        await page.goto(f"{url}/#/devices")
        await expect(page.locator(".device.away")).to_contain_text("unit 12: no answer within 0.3 s")
        await page.get_by_role("button", name="退出").first.click()
        await expect(page).to_have_url(f"{url}/sign-in")
    assert witness.complaints == []
    assert witness.hosts == {url.removeprefix("http://")}


async def _drawn(page: Page) -> int:
    """How many pixels of the chart have the first pen's blue."""
    script = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
            if (data[at + 3] > 200 && data[at + 2] > 140 && data[at] < 60) count += 1;
        return count;
    }"""
    count: int = await page.locator(".chart canvas").evaluate(script)
    return count


async def test_a_refusal_is_told_in_words(browser: Browser, farm: SmallFarm, sign_in: SignIn) -> None:
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "zh-CN", SMALL) as (page, _):
        await page.goto(sign_in.link(url))
        await page.locator(".card").first.wait_for()
        await page.goto(f"{url}/#/facility/ras1")
        row = page.locator(".setpoint").first
        await row.get_by_role("button", name="修改").click()
        await row.get_by_role("button", name="增大").click()
        await row.get_by_role("button", name="下一步").click()
        # meanwhile somebody else sets it: what was looked at is no longer true
        farm.echo("ras1.tank1.do_sp", 9.0, "li")
        await row.get_by_role("button", name="确认修改").click()
        await expect(row.get_by_role("alert")).to_contain_text("设定值已被改为 9.00（li），请重新查看后再改。")
        assert farm.changes_made == []
        # and whoever has looked at it again may go on
        await row.get_by_role("button", name="返回").click()
        await confirmed(row, "下一步", "确认修改")
        await expect(row.locator(".notice.good")).to_contain_text("7.60 mg/L")
        assert [change[2] for change in farm.changes_made] == [7.6]


async def test_an_alarm_is_told_with_its_limit_and_set_aside_for_a_reason(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S - 60, first_out=True))
    oxygen = {"minutes": 18, "damage": "oxygen", "damage_s": 660.0}
    farm.raise_alarm(AlarmNow("ras1.tank1.do_low_low", "critical", True, START_S - 240, oxygen))
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "en-US", WIDE) as (page, witness):
        await page.goto(sign_in.link(url))
        await expect(page).to_have_url(f"{url}/")
        await page.goto(f"{url}/#/alarms")
        worst = page.locator(".advice").first
        await expect(worst).to_contain_text("oxygen gone in about 11 min")
        await expect(worst.locator(".limit")).to_have_text("Limit: Dissolved oxygen 1 < 5.0 mg/L")
        await expect(worst.get_by_role("button", name="Shelve")).to_have_count(0)  # a critical one is never set aside
        humid = page.locator(".advice", has_text="too humid")
        await expect(humid).to_contain_text("came first")
        await humid.get_by_role("button", name="Shelve").click()
        await humid.get_by_role("button", name="4 h").click()
        await expect(humid.get_by_role("button", name="Review")).to_be_disabled()  # not without a reason
        await humid.get_by_role("textbox").fill("fog machine is tried")
        await humid.get_by_role("button", name="Review").click()
        await humid.get_by_role("button", name="Confirm change").click()
        await expect(humid).to_have_count(0)
        assert [(one.action, one.reason, one.until_s) for one in farm.alarms_asked] == [
            ("shelve", "fog machine is tried", 4 * 3600.0)
        ]
        await page.get_by_role("link", name="Set aside").click()
        await expect(page.locator(".advice")).to_contain_text("shelved")
        await expect(page.locator(".advice .left")).to_contain_text("min left")
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("tbody tr")).to_contain_text("came")
        await page.get_by_role("link", name="Figures").click()
        await expect(page.locator(".facts").first).to_contain_text("Most in 10 min")
    assert witness.complaints == []


async def test_a_flood_says_how_many_alarms_it_hides(browser: Browser, farm: SmallFarm, sign_in: SignIn) -> None:
    for number in range(12):
        farm.raise_alarm(AlarmNow(f"sensor:ras1.tank1.t{number}", "medium", True, START_S))
    farm.raise_alarm(AlarmNow("ras1.tank1.do_low_low", "critical", True, START_S, {"minutes": 18}))
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S, state="shelved"))
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "en-US", SMALL) as (page, _):
        await page.goto(sign_in.link(url))
        strip = page.locator(".strip")
        await expect(strip).to_contain_text("1 Critical")
        await expect(strip).to_contain_text("12 more are hidden while more come than a person can answer")


async def test_names_never_become_markup(browser: Browser, sign_in: SignIn) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
    document = site_document()
    for part in ("facilities", "outputs", "interlocks"):
        for one in document[part].values():
            one["name"] = {"zh": hostile, "en": hostile}
    document["programs"]["ras1.tank1.do_sp"]["name"] = {"zh": hostile, "en": hostile}
    document["alarms"]["gh1.bay1.humid"]["cause"] = {"zh": hostile, "en": hostile}
    document["site"]["name"] = {"zh": hostile, "en": hostile}
    farm = SmallFarm(document=document)
    farm.tags = {name: replace(tag, name_en=hostile) for name, tag in farm.tags.items()}
    farm.raise_alarm(AlarmNow("gh1.bay1.humid", "medium", True, START_S, {}))
    farm.raise_alarm(AlarmNow(f"order:gh1.bay1.{hostile}", "high", True, START_S, {"output": hostile}))
    farm.devices()["do_tank2"].last_error = hostile
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "en-US", WIDE) as (page, witness):
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await page.goto(sign_in.link(url))
        await expect(page.locator(".card h2").first).to_contain_text(hostile)
        for screen in SCREENS:
            await page.goto(f"{url}/{screen}")
            await expect(page.get_by_text("<img src=x").first).to_be_visible()
            assert await page.locator("main img, main script").count() == 0
        assert dialogs == []
    assert witness.complaints == []
    assert witness.hosts == {url.removeprefix("http://")}


@pytest.mark.parametrize(("locale", "mark", "stage"), [
    ("en-US", "unverified: 18 degC", "Rooting, day 4 of 10"), ("zh-CN", "未核实：18 degC", "缓苗，第 4 天，共 10 天"),
])  # fmt: skip
async def test_a_number_that_nobody_verified_is_marked_in_words_and_a_recipe_tells_its_stage(
    browser: Browser, farm: SmallFarm, sign_in: SignIn, locale: str, mark: str, stage: str
) -> None:
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, locale, WIDE) as (page, _):
        await page.goto(sign_in.link(url))
        await expect(page).to_have_url(f"{url}/")
        await page.goto(f"{url}/#/facility/gh1")
        rows = page.locator(".setpoint")
        await expect(rows.filter(has_text="18.0").locator(".unverified")).to_have_text(mark)
        await expect(rows.locator(".unverified")).to_have_count(1)  # what is known, or the farm's own, bears no mark
        await expect(page.locator(".figures")).to_contain_text("recalled")
        await expect(page.locator(".recipes")).to_contain_text(stage)


async def test_a_link_that_is_used_up_says_what_to_do(browser: Browser, farm: SmallFarm, sign_in: SignIn) -> None:
    link = sign_in.link("")
    sign_in.trade(link.partition("token=")[2])
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "zh-CN", SMALL) as (page, _):
        await page.goto(url + link)
        await expect(page.get_by_role("alert")).to_contain_text("已用过或已过期")
        await expect(page.locator("main")).to_contain_text("farmloop user password")
        # a new link can be pasted as a whole
        await page.locator("summary").click()
        await page.locator("#link input").fill(sign_in.link(url))
        await page.locator("#link button").click()
        await expect(page.locator(".card").first).to_be_visible()


@pytest.mark.parametrize("stands", ["controller", "stream"])
async def test_what_a_halted_controller_or_a_stuck_stream_said_last_is_not_shown_as_live(
    browser: Browser, farm: SmallFarm, sign_in: SignIn, stands: str
) -> None:
    # a stuck stream stays open and says nothing; a halted controller has a server that goes on beating its heart
    streams = Streams(farm, beat_s=0.2 if stands == "controller" else 3600.0)
    async with (
        opened(browser, "en-US", WIDE) as (page, _),
        served(create_app(farm, sign_in=sign_in, streams=streams)) as url,
    ):
        await page.clock.install()
        await page.goto(sign_in.link(url))
        await expect(page.locator(".link")).to_have_text("Live")
        farm.halted = stands == "controller"
        await page.goto(f"{url}/#/facility/ras1")
        await expect(page.locator(".mimic .figure.good").first).to_be_visible()
        await page.clock.run_for(31_000)
        await expect(page.locator(".offline")).to_contain_text("What is shown is old")
        await expect(page.locator(".value .number:not(.old)")).to_have_count(0)
        await expect(page.locator(".mimic .figure:not(.old)")).to_have_count(0)
        await expect(page.locator(".value .number b").first).to_have_css("text-decoration-style", "dashed")
        if stands == "controller":
            farm.halted = False
            await expect(page.locator(".offline")).to_have_count(0)
            await expect(page.locator(".mimic .figure.good").first).to_be_visible()


async def test_what_is_down_is_said_and_gone_when_it_is_back(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    async with served(create_app(farm, sign_in=sign_in)) as url, opened(browser, "en-US", WIDE) as (page, witness):
        await page.goto(sign_in.link(url))
        await expect(page.locator(".strip")).to_have_text("No alarms")
        for name, kind in (("influx", "history.failing"), ("mqtt", "bus")):
            farm.raise_alarm(AlarmNow(f"{kind}:{name}", "medium", True, START_S, {"sink": name, "why": "refused"}))
        own = page.locator(".card", has_text="Controller")
        await expect(own).to_contain_text("influx: no connection to the database (refused)")
        await expect(own).to_contain_text("nothing behind it answers")
        await expect(page.locator(".value .trust").first).to_contain_text("good")  # the farm goes on
        farm.end_alarms()
        await expect(own).to_have_count(0)
        await expect(page.locator(".strip")).to_have_text("No alarms")
    assert witness.complaints == []


async def test_when_the_controller_is_silent_nothing_looks_live(
    browser: Browser, farm: SmallFarm, sign_in: SignIn
) -> None:
    people = People(sign_in)
    async with opened(browser, "en-US", WIDE) as (page, _):
        await page.clock.install()
        async with served(create_app(farm, people=people)) as url:
            await page.goto(sign_in.link(url))
            await expect(page.locator(".link")).to_have_text("Live")
            await page.goto(f"{url}/#/facility/ras1")
            await page.locator(".setpoint .change").first.click()
            await page.get_by_role("button", name="More").click()
            await expect(page.get_by_role("button", name="Review")).to_be_enabled()
        await page.clock.fast_forward(13_000)
        await expect(page.locator(".offline")).to_contain_text("What is shown is old")
        await expect(page.locator(".value .number:not(.old)")).to_have_count(0)
        await expect(page.locator(".value .trust").first).to_contain_text("not live")
        await expect(page.get_by_role("button", name="Review")).to_be_disabled()
        # it comes back by itself
        port = int(url.rpartition(":")[2])
        async with served(create_app(farm, people=people), port), asyncio.timeout(30):
            await expect(page.locator(".link")).to_have_text("Live", timeout=20_000)
            await expect(page.locator(".offline")).to_have_count(0)
            await expect(page.get_by_role("button", name="Review")).to_be_enabled()
