"""A code beside the password: asked for only of who has it and the password, each good once, and no locked door."""

import sqlite3
from io import BytesIO
from pathlib import Path

import httpx
import pyotp
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.async_api import Browser, expect

from controller.history.state_database import StateDatabase
from controller.panel.permissions import Role
from controller.panel.second_factors import PAPER_CODES, STEP_S, SecondFactors
from tests.panel.browsing import SMALL, browser
from tests.panel.conftest import served
from tests.panel.small_farm import START_S, SmallFarm
from tests.panel.test_people import GOOD, House, admin, house

__all__ = ["admin", "browser", "house"]
PATH = "/api/v1/session/second-factor"


def set_up(factors: SecondFactors, name: str = "li", at_s: float = START_S) -> tuple[pyotp.TOTP, list[str]]:
    key, _ = factors.begin(name)
    totp = pyotp.TOTP(key)
    paper = factors.turn_on(name, totp.at(int(at_s)), at_s)
    assert paper is not None
    return totp, list(paper)


def test_a_code_lets_in_once_and_no_earlier_one_after_it() -> None:
    factors = SecondFactors()
    totp, _ = set_up(factors)
    assert not factors.fits("li", totp.at(int(START_S)), START_S)  # that one turned it on
    later_s = START_S + 5 * STEP_S
    assert not factors.fits("li", totp.at(int(later_s - 2 * STEP_S)), later_s)
    assert not factors.fits("li", "", later_s)
    assert factors.fits("li", f" {totp.at(int(later_s))} ", later_s)
    assert not factors.fits("li", totp.at(int(later_s)), later_s)
    assert not factors.fits("li", totp.at(int(later_s - STEP_S)), later_s)
    assert factors.fits("li", totp.at(int(later_s + STEP_S)), later_s)  # a telephone that is half a minute ahead
    assert factors.fits("wang", "", later_s)  # of whom none is asked


@given(st.text(max_size=20) | st.just("\ud800"), st.integers(0, 10**6))
def test_what_is_no_code_lets_nobody_in(code: str, after_s: int) -> None:
    factors = SecondFactors()
    totp, _ = set_up(factors)
    now_s = START_S + after_s
    known = {totp.at(int(now_s) + apart * STEP_S) for apart in (-1, 0, 1)}
    assert code in known or not factors.fits("li", code, now_s)


def test_paper_lets_in_once_each_over_a_restart_and_is_kept_as_hashes(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    totp, paper = set_up(SecondFactors(database, START_S))
    assert len(set(paper)) == PAPER_CODES
    factors = SecondFactors(database, START_S)
    assert factors.fits("li", paper[0].lower().replace("-", " "), START_S)
    factors = SecondFactors(database, START_S)
    assert (factors.fits("li", paper[0], START_S), factors.paper_left("li")) == (False, PAPER_CODES - 1)
    assert not factors.fits("li", totp.at(int(START_S)), START_S)  # used before the restart
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(one.encode() in kept or one.replace("-", "").encode() in kept for one in paper)
    factors.remove("li", START_S)
    assert not SecondFactors(database, START_S).has("li")


def test_a_disk_that_takes_nothing_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = StateDatabase(tmp_path)
    factors = SecondFactors(database, START_S)
    _, paper = set_up(factors)

    def full(now_s: float) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(database, "transaction", full)
    assert factors.fits("li", paper[0], START_S)
    assert not factors.fits("li", paper[0], START_S)
    with pytest.raises(sqlite3.OperationalError):
        set_up(factors, "wang")
    assert not factors.has("wang")


async def test_signing_in_and_stepping_up_ask_for_the_code(house: House, farm: SmallFarm) -> None:
    async with house.signed_in("technician") as client, house.signed_in("technician") as elsewhere:
        begun = (await client.post(PATH, json={"password": GOOD})).json()
        totp = pyotp.TOTP(begun["key"])
        shown = pyotp.parse_uri(begun["uri"])
        assert (shown.secret, shown.name, shown.issuer) == (begun["key"], "technician", "Farmloop")
        wrong = await client.put(PATH, json={"code": "0000000"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "second_factor_wrong")
        assert (await client.get(PATH)).json() == {"on": False, "paper_left": 0}
        paper = (await client.put(PATH, json={"code": totp.at(int(farm.now()))})).json()["paper"]
        assert (await client.get(PATH)).json() == {"on": True, "paper_left": PAPER_CODES}
        assert (await elsewhere.get("/api/v1/session")).status_code == 401  # it came in without
        refused = await client.post("/api/v1/session/confirm", json={"password": GOOD})
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor")
        assert (await client.post("/api/v1/session/confirm", json={"password": GOOD, "code": paper[0]})).is_success
    house.hands.now += 60.0
    async with house.client() as stranger:
        told = {
            said: (reply.status_code, reply.json()["code"])
            for said, body in {
                "password": {"name": "technician", "password": "wrong one"},
                "nobody": {"name": "nobody", "password": GOOD, "code": "123456"},
                "no code": {"name": "technician", "password": GOOD},
                "wrong code": {"name": "technician", "password": GOOD, "code": "12345678"},
            }.items()
            if (reply := await stranger.post("/api/v1/session", json=body))
        }
        # only who has the password learns that a code is asked for
        assert told == {
            "password": (401, "password"), "nobody": (401, "password"),
            "no code": (401, "second_factor"), "wrong code": (401, "second_factor_wrong"),
        }  # fmt: skip
        body = {"name": "technician", "password": GOOD, "code": paper[1]}
        house.hands.now += 3600.0
        assert (await stranger.post("/api/v1/session", json=body)).status_code == 201
        house.hands.now += 60.0
        assert (await stranger.post("/api/v1/session", json=body)).status_code == 401  # used
    assert "second_factor_on" in house.done()


async def test_an_administrator_takes_it_away_and_a_new_account_of_the_name_has_none(
    house: House, admin: httpx.AsyncClient
) -> None:
    set_up(house.people.factors, "viewer")
    users = {one["name"]: one["second_factor"] for one in (await admin.get("/api/v1/users")).json()["users"]}
    assert (users["viewer"], users["admin"]) == (True, False)
    assert (await admin.delete("/api/v1/users/viewer/second-factor")).status_code == 204
    assert (await admin.delete("/api/v1/users/viewer/second-factor")).status_code == 404
    assert house.deeds[-1][:3] == ("admin", "second_factor_off", "viewer")
    set_up(house.people.factors, "viewer")
    assert (await admin.delete("/api/v1/users/viewer")).status_code == 204
    house.add("viewer", Role.VIEWER)
    async with house.signed_in("viewer"):
        pass


@pytest.mark.browser
@pytest.mark.wire
@pytest.mark.asyncio(loop_scope="module")
async def test_it_is_set_up_on_a_telephone_and_asked_for_at_the_door(browser: Browser, farm: SmallFarm) -> None:
    house = House(farm)
    house.add("li", Role.OPERATOR)
    async with served(house.app) as url:
        context = await browser.new_context(locale="en-US", viewport=SMALL)
        page = await context.new_page()

        async def sign_in() -> None:
            await page.goto(f"{url}/sign-in")
            await page.get_by_label("Name").fill("li")
            await page.get_by_label("Password").fill(GOOD)
            await page.get_by_role("button", name="Sign in").first.click()

        await sign_in()
        await expect(page.locator(".link")).to_have_class("link live")
        await page.goto(f"{url}/#/access")
        form = page.locator(".factor")
        await form.get_by_label("Password").fill(GOOD)
        await form.get_by_role("button", name="Set it up").click()
        key = (await form.locator("output").inner_text()).replace(" ", "")
        await expect(form.get_by_role("link")).to_have_attribute(
            "href", f"otpauth://totp/Farmloop:li?secret={key}&issuer=Farmloop"
        )
        # the telephone that is the second one takes it with its camera
        picture = form.get_by_role("img")
        await picture.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        (seen,) = zxingcpp.read_barcodes(Image.open(BytesIO(await picture.screenshot())))
        assert seen.text == await form.get_by_role("link").get_attribute("href")
        await form.get_by_role("textbox", name="Code").fill(pyotp.TOTP(key).at(int(farm.now())))
        await form.get_by_role("button", name="Ask for it").click()
        await expect(form.locator(".paper li")).to_have_count(PAPER_CODES)
        paper = await form.locator(".paper li").first.inner_text()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await context.clear_cookies()
        await sign_in()
        await expect(page.get_by_text("Now the code that your authenticator shows.")).to_be_visible()
        await page.get_by_label("Code of the authenticator").fill(paper)
        await page.get_by_role("button", name="Sign in").first.click()
        await expect(page.locator(".link")).to_have_class("link live")
        await context.close()
