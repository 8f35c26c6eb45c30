"""Schedule and recipes on the panel: what will be is drawn, and a change is looked at before it is made."""

import pytest
from playwright.async_api import Browser, expect

from controller.panel.app import create_app
from controller.panel.recipes import RecipeBody
from controller.panel.sign_in import SignIn
from tests.panel.browsing import SMALL, browser, confirmed, signed_in
from tests.panel.recipe_farm import HEAT, ZONE, RecipeFarm
from tests.panel.small_farm import START_S

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]


async def test_a_grower_sees_the_day_to_come_and_changes_the_recipe_with_open_eyes(
    browser: Browser, sign_in: SignIn
) -> None:
    farm = RecipeFarm()
    farm.remember(HEAT, [(START_S - 3600.0 + 60.0 * minute, 18.0) for minute in range(60)])
    async with signed_in(browser, create_app(farm, sign_in=sign_in), sign_in, f"schedule/{ZONE}") as page:
        vent = page.locator(".card", has_text="Ventilation temperature")
        await expect(vent.locator(".day .ahead")).to_be_visible()
        await expect(vent.locator(".day .now-word")).to_have_text("now")
        await expect(vent.locator(".periods")).to_contain_text("from 06:00 24.0 °C")
        await expect(vent.locator(".periods")).to_contain_text("from sunset 19.0 °C")
        heat = page.locator(".card", has_text="Heating temperature")
        await expect(heat.locator(".day .behind")).to_have_count(1)

        # a recipe is started: shown first, and nothing has happened yet
        recipe = page.locator(".card.recipe")
        await expect(recipe).to_contain_text("No recipe runs")
        await recipe.get_by_role("button", name="Start a recipe").click()
        await recipe.get_by_label("Why").fill("new batch")
        await recipe.get_by_role("button", name="Review").click()
        await expect(recipe.locator(".proposal .day .proposed")).to_be_visible()
        assert farm.recipes_asked == []
        await recipe.get_by_role("button", name="Confirm change").click()
        await expect(recipe.locator("h2")).to_have_text("Tomato")
        await expect(recipe.locator(".stages .present")).to_contain_text("Rooting")
        await expect(recipe).to_contain_text("day 1 of 10")

        # a stage to come is edited; the next day stays as it is, and it says so
        await recipe.get_by_role("button", name="Change a value").click()
        await recipe.get_by_label("What").select_option(label="Heating temperature 21:00")
        await recipe.get_by_label("New value").fill("14")
        await recipe.get_by_role("button", name="Review").click()
        await expect(recipe.locator(".proposal")).to_contain_text("Growing: Heating temperature 14.0 °C (was 15.0 °C)")
        await expect(recipe.locator(".proposal")).to_contain_text("changes no setpoint within the next 24 hours")
        await recipe.get_by_role("button", name="Confirm change").click()
        await expect(recipe.locator(".stages")).to_contain_text("21:00 14.0 °C")
        await expect(recipe).to_contain_text("Changed while it runs: 1")

        # a change for a later moment waits in sight, and is taken back
        await recipe.get_by_role("button", name="Another stage").click()
        await recipe.get_by_role("combobox", name="Stage").select_option(label="Ripening")
        await recipe.get_by_label("When").fill("2026-02-04T06:30")
        await recipe.get_by_role("button", name="Review").click()
        await expect(recipe.locator(".proposal")).to_contain_text("It will be done on 2026-02-04 06:30")
        await recipe.get_by_role("button", name="Confirm change").click()
        planned = recipe.locator(".planned li")
        await expect(planned).to_contain_text("02-04 06:30 Into the stage Ripening")
        await planned.get_by_role("button", name="Take back").click()
        await confirmed(planned, "Review", "Confirm change")
        await expect(recipe.locator(".planned")).to_have_count(0)

        # a sequence is aborted by hand
        one = page.locator(".card", has_text="Sequences").locator("li")
        await expect(one).to_contain_text("step 1 of 3")
        await one.get_by_role("button", name="Abort").click()
        await confirmed(one, "Review", "Confirm change")
        await expect(one.locator("form")).to_have_count(0)
    assert [asked[1:] for asked in farm.sequences_asked] == [("abort", "operator")]


async def test_whoever_was_slower_is_told_and_changes_it_only_knowingly(browser: Browser, sign_in: SignIn) -> None:
    farm = RecipeFarm()
    assert (
        await farm.recipe(ZONE, RecipeBody(change_id="start-001", action="start", recipe="tomato"), START_S, "li")
        is None
    )
    app = create_app(farm, sign_in=sign_in)
    async with signed_in(browser, app, sign_in, f"schedule/{ZONE}", SMALL, "zh-CN", refused=2) as page:
        recipe = page.locator(".card.recipe")
        await recipe.get_by_role("button", name="改数值").click()
        await recipe.get_by_label("新值").fill("55")
        await recipe.get_by_role("button", name="下一步").click()
        # what the controller would refuse is said before it is asked
        await expect(recipe.get_by_role("alert")).to_contain_text("控制器会拒绝")
        await recipe.get_by_role("button", name="返回").click()
        await recipe.get_by_label("新值").fill("21")
        await recipe.get_by_role("button", name="下一步").click()
        await expect(recipe.locator(".proposal")).to_contain_text("原为 20.0 °C")
        edit = RecipeBody(change_id="edit-0001", action="edit", stage="root", setpoint=HEAT, value=19.0)
        assert await farm.recipe(ZONE, edit, START_S, "wang") is None
        await recipe.get_by_role("button", name="确认修改").click()
        await expect(recipe.get_by_role("alert")).to_contain_text("wang 在您之前已改过")
        # what was typed is still there; looked at again, it is done over the other's
        await recipe.get_by_role("button", name="返回").click()
        await expect(recipe.get_by_label("新值")).to_have_value("21")
        await recipe.get_by_role("button", name="下一步").click()
        await expect(recipe.locator(".proposal")).to_contain_text("原为 19.0 °C")
        await recipe.get_by_role("button", name="确认修改").click()
        await expect(recipe.locator("form")).to_have_count(0)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
    assert [one.value for one in farm.state.recipes[ZONE].edits] == [19.0, 21.0]
