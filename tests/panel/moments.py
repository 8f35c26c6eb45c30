"""What the screens of the panel come to while somebody works with them: forms, what they lead to, and the doors.

Each moment takes a page there and yields a name wherever something is to be looked at. It finds what it touches without
a word of any language.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pyotp
from playwright.async_api import Locator, Page

from controller.core.state import Calibrated
from controller.core.words import Maintain, Override
from controller.entries import Wish
from controller.panel.automation import RulesShape
from controller.panel.client import COOKIE
from controller.panel.passwords import Passwords
from controller.panel.people import People
from controller.panel.permissions import Role
from foundation.tag import Kind, Tag
from tests.history.test_pictures import taken
from tests.panel.browsing import Witness
from tests.panel.recipe_farm import ZONE, RecipeFarm
from tests.panel.small_farm import START_S
from tests.panel.test_people import GOOD, Counting

TAN, PH, VALVE = "ras1.tank1.tan", "pf1.room1.ph", "ras1.tank1.o2_valve"
OLD = Calibrated(((4.05, 4.01), (6.95, 7.0)), "li", "two buffers", "lot 3", "", START_S - 9e6, START_S - 9e6)


class LivedInFarm(RecipeFarm):
    """One with a value of people, a probe that was calibrated, and a rule that a test may switch off."""

    def __init__(self) -> None:
        super().__init__(tags={TAN: {"entry": "lab", "unit": "mg/L"}})
        known = Tag(TAN, "mg/L", Kind.MEASURED, "water", "氨氮", "Ammonia", 0.0, 20.0, entered=True)
        self.tags = {**self.tags, TAN: known}
        self.calibrated[PH] = (OLD, OLD._replace(applied_s=START_S - 8e6))
        self.rule_is_off = False

    def rules(self) -> RulesShape:
        shape = super().rules()
        told = {"off_until": START_S * 1000.0 + 3.6e6, "off_by": "li", "off_reason": "the vet"}
        off: dict[str, Any] = told if self.rule_is_off else {}
        return replace(shape, rules={name: replace(one, guarded=True, **off) for name, one in shape.rules.items()})


def people_of(**more: Any) -> People:
    """People whose passwords cost a test nothing."""
    return People(passwords=Passwords(Counting()), now=lambda: START_S, **more)


@dataclass(frozen=True)
class Scene:
    """A page, the farm that it shows, and who may come in."""

    page: Page
    url: str
    witness: Witness
    farm: LivedInFarm
    people: People

    async def shown(self, screen: str) -> None:
        """The screen as it begins, also where the page was there already."""
        other, left = ("access", "main .access") if screen == "more" else ("more", "main .more-screens")
        await self.page.goto(f"{self.url}/#/{other}")
        await self.page.locator(left).wait_for()
        await self.page.goto(f"{self.url}/#/{screen}")
        await self.page.locator(left).wait_for(state="detached")
        await self.page.locator("main h1").first.wait_for(state="attached")
        await self.witness.quiet()

    async def opened(self) -> None:
        """Every form and fold of what is shown; of two that shut each other, one."""
        script = """() => {
            const shut = [...document.querySelectorAll("main [aria-expanded=false]:not([disabled])")];
            for (const one of shut) one.click();
            for (const one of document.querySelectorAll("main details, .door details")) one.open = true;
            return shut.length;
        }"""
        for _ in range(3):
            if not await self.page.evaluate(script):
                break
            await self.witness.quiet()

    async def signed_in_as(self, name: str, role: Role) -> None:
        """As an account, with the password just given."""
        account = self.people.accounts.find(name)
        if account is None:
            account = self.people.accounts.add(name, role, Counting().hash(GOOD), START_S)
        key = self.people.sessions.open(name, role, account=True, version=account.version)
        await self.page.context.add_cookies([{"name": COOKIE, "value": key, "url": self.url}])
        await self.page.goto(f"{self.url}/#/more")
        await self.page.reload()
        await self.page.locator(".link.live").wait_for()


async def _strong(within: Locator) -> None:
    await within.locator(".strong:visible").first.click()


async def hands(at: Scene) -> AsyncIterator[str]:
    await at.farm.lay(Override("by-hand-0001", VALVE, 30.0, "li", START_S + 3600.0))
    await at.shown("facility/ras1")
    setpoint, output = at.page.locator(".setpoint").first, at.page.locator(".output").nth(1)
    await setpoint.locator(".change").click()
    await setpoint.locator(".set button").nth(1).click()
    await _strong(setpoint)
    await output.locator(".hand .change").first.click()
    await output.locator(".set .choices button").first.click()
    await output.locator("button.confirm").wait_for()
    yield "a setpoint and a hand before they are confirmed"
    await setpoint.locator("button.confirm").click()
    await output.locator("button.confirm").click()
    await setpoint.locator(".notice.good").wait_for()
    yield "what was set, with its way back"


async def rules(at: Scene) -> AsyncIterator[str]:
    await at.shown("rules")
    await at.opened()
    await at.page.locator(".rule .set input").fill("the vet")
    await _strong(at.page.locator(".rule .set"))
    await at.page.locator(".rule button.confirm").wait_for()
    yield "a rule before it is switched off"
    at.farm.rule_is_off = True
    at.farm.begin_rule_replay("li")
    at.farm.replayed()
    await at.shown("rules")
    await at.opened()
    await _strong(at.page.locator(".rule .set"))
    await at.page.locator(".rule button.confirm").wait_for()
    yield "a rule before it is switched on, and a day played to it"
    at.farm.rule_is_off = False


async def logbook(at: Scene) -> AsyncIterator[str]:
    await at.shown("logbook")
    form = at.page.locator("form.set")
    await at.page.locator("h1 .strong").click()
    photo, other = (form.locator("input[type=file]").nth(place) for place in (0, 1))
    await photo.set_input_files({"name": "1.jpg", "mimeType": "image/jpeg", "buffer": taken("JPEG", 1, (60, 40))})
    await form.locator(".photos img").wait_for()
    await other.set_input_files({"name": "2.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    await form.locator(".notice.bad").wait_for()
    yield "a note with a photo, and with what is none"
    await form.locator("textarea").fill("they lie there")
    await _strong(form)
    await at.page.locator(".line.note button").first.click()
    await form.wait_for()
    yield "a note that is put right"


async def entries(at: Scene) -> AsyncIterator[str]:
    for number, corrects in enumerate(("", "entry-0000")):
        wish = Wish(f"entry-000{number}", TAN, 0.4 + number, START_S - 60.0, "li", "", "strip", "", corrects)
        await at.farm.enter(wish, "li")
    await at.shown("entries")
    card = at.page.locator(".entries .card").first
    await card.locator(".choices button").nth(1).click()
    await card.locator(".entered .pick button").first.click()
    await card.locator("form").wait_for()
    yield "what was entered, and putting it right"


async def calibration(at: Scene) -> AsyncIterator[str]:
    await at.farm.lay(Maintain("in-care-0001", PH, "calibration", "li", START_S + 1800.0, START_S))
    await at.shown(f"calibration/{PH}")
    await at.page.locator("main .card").nth(2).locator(".pick button").nth(1).click()
    await at.page.locator(".steady").wait_for()
    yield "a point that is waited for"
    script = """(tag) => sessionStorage.setItem(`farmloop.calibration.${tag}`,
        JSON.stringify({ kind: 1, points: [[5.84, 5.8]], method: "", reference: "", note: "", begun: Date.now() }))"""
    await at.page.evaluate(script, PH)
    await at.shown(f"calibration/{PH}")
    yield "old and new slope"
    await at.page.evaluate("sessionStorage.clear()")


async def schedule(at: Scene) -> AsyncIterator[str]:
    await at.shown(f"schedule/{ZONE}")
    recipe = at.page.locator(".card.recipe")
    await recipe.locator("footer .change").first.click()
    await _strong(recipe.locator("form"))
    await recipe.locator(".proposal .proposed").first.wait_for()
    yield "a recipe before it is started"
    await recipe.locator("button.confirm").click()
    await recipe.locator(".stages").wait_for()
    await recipe.locator("footer .change").nth(1).click()
    await recipe.locator("input[type=datetime-local]").fill("2026-02-04T06:30")
    await _strong(recipe.locator("form"))
    await recipe.locator("button.confirm").click()
    await recipe.locator(".planned .change").click()
    yield "a recipe that runs, a change of it that waits, and taking that back"


async def users(at: Scene) -> AsyncIterator[str]:
    await at.signed_in_as("admin", Role.ADMIN)
    await at.shown("access")
    form = at.page.locator(".factor")
    await form.locator("input[name=password]").fill(GOOD)
    await _strong(form)
    await form.locator(".qr").wait_for()
    yield "the key of a code"
    key = (await form.locator("output").inner_text()).replace(" ", "")
    await form.locator("input[name=code]").fill(pyotp.TOTP(key).at(int(START_S)))
    await _strong(form)
    await form.locator(".paper").wait_for()
    await form.locator("input[name=password]").fill("not this one")
    await form.locator("input[name=code]").fill("123456")
    await _strong(form)
    await form.locator(".notice.bad").wait_for()
    yield "codes on paper, and a wrong one"
    for name in ("wang", "zhao"):
        at.people.accounts.add(name, Role.OPERATOR, "new:", START_S)
    await at.shown("users")
    rows = [at.page.locator(".user", has_text=name) for name in ("admin", "wang", "zhao")]
    for place, row in enumerate(rows):
        # of admin its code, of wang role and password, of zhao all of it
        await row.first.locator(".choices button").nth((1, 0, 1)[place]).click()
    await _strong(rows[2].first)
    token = at.page.locator("form", has=at.page.locator("[name=days]"))
    await token.locator("input").first.fill("grafana")
    await _strong(token)
    await at.page.locator(".token").wait_for()
    yield "people and tokens that are changed"
    for session in at.people.sessions.all():
        session.confirmed_s = -1e9
    await at.shown("users")
    await at.page.locator("form.password").wait_for()
    yield "the password again"


async def help_and_wall(at: Scene) -> AsyncIterator[str]:
    await at.shown("trend/ras1")
    await at.page.locator("main h1").click()
    await at.page.keyboard.press("?")
    await at.page.locator("dialog").wait_for()
    yield "help over a screen"
    await at.page.keyboard.press("Escape")
    await at.signed_in_as("visitor", Role.VIEWER)
    await at.shown("kiosk")
    yield "the wall, for who only looks"
    await at.shown("facility/gh1")
    yield "a facility, for who only looks"


async def doors(at: Scene) -> AsyncIterator[str]:
    """With all that each may come to say."""
    language = await at.page.evaluate("document.documentElement.lang")
    waited = {f"alarm#{at.farm.link_token}": "#alarms h2", "sign-in": "form", "offline": "button", "guide/panel": "h1"}
    for door, there in waited.items():
        await at.page.goto(f"{at.url}/{door}" + ("" if "#" in door else f"?language={language}"))
        await at.page.locator(there).first.wait_for()
        await at.page.evaluate(
            """() => {
                for (const one of document.querySelectorAll("[data-when], #code")) one.hidden = false;
                for (const one of document.querySelectorAll("details")) one.open = true;
            }"""
        )
        yield door.partition("#")[0]


async def a_stale_farm(at: Scene) -> AsyncIterator[str]:
    await at.shown("facility/ras1")
    await at.page.clock.install()
    await at.page.reload()
    await at.page.locator(".link.live").wait_for()
    at.farm.halted = True
    await at.page.clock.run_for(31_000)
    await at.page.locator(".offline").wait_for()
    yield "nothing is live"
    at.farm.halted = False


MOMENTS: tuple[Callable[[Scene], AsyncIterator[str]], ...] = (
    hands, users, rules, logbook, schedule, entries, calibration, help_and_wall, doors, a_stale_farm,
)  # fmt: skip
"""The stale farm last: its page has a clock of its own from then on."""
