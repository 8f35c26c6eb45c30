"""Two who edit one thing: the slower is told what stands and who made it, and may go on knowingly."""

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from controller.core.words import Override
from controller.panel.client import Client, RefusedError
from controller.panel.sign_in import SignIn
from tests.panel.browsing import browser, confirmed, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
VALVE = "ras1.tank1.o2_valve"


def of(version: str) -> dict[str, str]:
    return {"if-match": f'"{version}"'}


async def test_a_hand_on_what_another_hand_took_meanwhile_is_told(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    async def hand(id: str, seen: str) -> httpx.Response:
        body = {"change_id": id, "position": 0.0, "hours": 1.0}
        return await operator.put(f"/api/v1/hands/{VALVE}", json=body, headers=of(seen))

    await farm.lay(Override("by-wang-0001", VALVE, 30.0, "wang", START_S + 3600.0))
    late = await hand("by-li-000001", "none")
    assert (late.status_code, late.json()["message"]) == (412, "panel.error.changed_by")
    version = late.json()["values"]["version"]
    assert late.json()["values"]["by"] == "wang"
    assert late.headers["etag"] == f'"{version}"'
    [mark] = (await operator.get("/api/v1/hands")).json()["marks"]
    assert f"{mark['since']:.0f}" == version
    assert (await hand("by-li-000002", version)).status_code == 200
    assert (
        await operator.put(f"/api/v1/hands/{VALVE}", json={"change_id": "by-li-000003", "position": None})
    ).is_success


def test_a_program_names_the_target_that_it_saw_as_the_farm_spells_it() -> None:
    named: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        named.append(request.headers.get("if-match"))
        return httpx.Response(412, json={"title": "wang was faster"})

    with Client("http://127.0.0.1", transport=httpx.MockTransport(answer)) as client:
        for expected in (None, 8.0, 7.25, 1234567.0):
            with pytest.raises(RefusedError, match="wang"):
                client.set_setpoint("ras1.tank1.do_sp", 9.0, expected=expected)
    assert named == [None, '"8"', '"7.25"', '"1234567"']


async def test_a_probe_that_somebody_calibrated_meanwhile_is_told(operator: httpx.AsyncClient, farm: SmallFarm) -> None:
    tag = next(iter(farm.probes()))
    seen = await operator.get(f"/api/v1/calibrations/{tag}")
    assert seen.headers["etag"] == f'"{seen.json()["version"]}"'
    body = {"change_id": "calibrate-01", "points": []}
    late = await operator.put(f"/api/v1/calibrations/{tag}", json=body, headers=of("1"))
    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    assert late.json()["values"]["version"] == seen.json()["version"]


async def test_a_note_that_somebody_put_right_meanwhile_is_told(operator: httpx.AsyncClient) -> None:
    async def note(id: str, seen: str = "", **body: object) -> httpx.Response:
        said = {"change_id": id, "text": id, **body}
        return await operator.post("/api/v1/logbook", json=said, headers=of(seen) if seen else {})

    assert (await note("the-note")).json()["number"] == 1
    assert (await note("put-right", "none", corrects=1, who="wang")).json()["number"] == 2
    late = await note("put-right-too", "none", corrects=1)
    assert (late.status_code, late.json()["message"]) == (412, "refused.note_corrected")
    assert late.json()["values"] == {"version": "2", "number": 1, "by": "wang"}
    assert (await note("put-right", "none", corrects=1, who="wang")).json()["number"] == 2  # sent again
    assert (await note("put-right-too", "2", corrects=1)).json()["number"] == 3
    assert (await note("without-looking", corrects=1)).json()["number"] == 4


@pytest.mark.browser
@pytest.mark.wire
@pytest.mark.asyncio(loop_scope="module")
async def test_whoever_was_slower_sees_what_stands_keeps_what_they_chose_and_may_go_on(
    browser: Browser, farm: SmallFarm, app: FastAPI, sign_in: SignIn
) -> None:
    async with signed_in(browser, app, sign_in, "facility/ras1", refused=1) as page:
        row = page.locator(".output", has_text="Oxygen valve 1").first
        await row.get_by_role("button", name="By hand").click()
        form = row.locator("form")
        await form.get_by_role("button", name="15 min").click()
        await form.get_by_role("button", name="off", exact=True).click()
        await farm.lay(Override("by-wang-0001", VALVE, 30.0, "wang", START_S + 3600.0))
        await form.get_by_role("button", name="Confirm change").click()
        await expect(form.get_by_role("alert")).to_contain_text("wang has changed it before you.")
        await expect(row.locator(".laid")).to_contain_text("wang")
        await form.get_by_role("button", name="Back").click()
        await expect(form.get_by_role("button", name="15 min")).to_have_attribute("aria-pressed", "true")
        await confirmed(form, "off", "Confirm change")
        await expect(row.locator(".laid")).to_contain_text("operator")
