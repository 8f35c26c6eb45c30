"""The link in a message: whoever opens it sees the alarm, and only pressing the button acknowledges it, once."""

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import async_playwright

from controller.core.words import AlarmNow
from controller.panel.alarm_links import ACKNOWLEDGE, PAGE, SHOW
from tests.panel.conftest import OWN, served
from tests.panel.small_farm import START_S, SmallFarm

LOW = AlarmNow("device:do_tank1", "critical", True, START_S, {"device": "do_tank1"})


async def test_a_preview_of_a_message_shows_nothing_and_acknowledges_nothing(
    stranger: httpx.AsyncClient, farm: SmallFarm
) -> None:
    farm.raise_alarm(LOW)
    for method in ("GET", "HEAD"):
        await stranger.request(method, f"{PAGE}#{farm.link_token}")
        reply = await stranger.request(method, SHOW)
        assert reply.status_code in (401, 404, 405)
    page = (await stranger.get(PAGE)).text
    assert "do_tank1" not in page
    assert farm.links_used == []


async def test_the_key_of_a_message_shows_its_alarms_and_acknowledges_them_once(
    stranger: httpx.AsyncClient, farm: SmallFarm
) -> None:
    farm.raise_alarm(LOW)
    stranger.headers.update({**OWN, "accept-language": "en"})
    for _ in range(2):
        shown = (await stranger.post(SHOW, json={"token": farm.link_token})).json()
        assert (shown["person"], shown["used"]) == ("li", False)
        assert [alarm["cause"] for alarm in shown["alarms"]] == ["do tank1: the device does not answer"]
    assert farm.links_used == []
    done = await stranger.post(ACKNOWLEDGE, json={"token": farm.link_token})
    assert done.json()["alarms"][0]["acknowledged_by"] == "li"
    again = await stranger.post(ACKNOWLEDGE, json={"token": farm.link_token})
    assert again.status_code == 404
    assert "Open the panel" in again.json()["title"]


@pytest.mark.parametrize("path", [SHOW, ACKNOWLEDGE])
async def test_whoever_guesses_keys_is_stopped_and_learns_nothing(stranger: httpx.AsyncClient, path: str) -> None:
    stranger.headers.update(OWN)
    answers = [(await stranger.post(path, json={"token": f"{number:040}"})).status_code for number in range(30)]
    assert set(answers) == {404, 429}
    assert answers.index(429) <= 20


async def test_the_key_of_a_message_opens_nothing_else(stranger: httpx.AsyncClient, farm: SmallFarm) -> None:
    key = farm.link_token
    stranger.headers.update({**OWN, "authorization": f"Bearer {key}", "cookie": f"farmloop={key}"})
    for path in ("/api/v1/state", "/api/v1/messages-sent", "/"):
        assert (await stranger.get(path)).status_code == 401


async def test_receipts_are_told_to_whoever_is_signed_in_and_a_test_goes_to_whom_one_says(
    operator: httpx.AsyncClient,
) -> None:
    receipt = (await operator.get("/api/v1/messages-sent")).json()["receipts"][0]
    assert (receipt["person"], receipt["channel"], receipt["state"], receipt["attempts"]) == (
        "li", "li_phone", "delivered", 1
    )  # fmt: skip
    sent = await operator.post("/api/v1/messages-sent", json={"to": "wang"})
    assert (sent.status_code, sent.json()) == (202, {"people": ["wang"]})
    nobody = await operator.post("/api/v1/messages-sent", json={"to": "nobody"})
    assert nobody.status_code == 404


async def test_on_a_phone_the_alarm_is_read_and_acknowledged_with_one_press(app: FastAPI, farm: SmallFarm) -> None:
    farm.raise_alarm(LOW)
    async with async_playwright() as playwright, served(app) as url:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
        await page.goto(f"{url}{PAGE}#{farm.link_token}")
        await page.get_by_text("设备没有应答").wait_for()
        assert farm.links_used == []
        await page.get_by_role("button", name="确认报警").click()
        await page.get_by_text("已确认。").wait_for()
        assert farm.links_used == [farm.link_token]
        await browser.close()
