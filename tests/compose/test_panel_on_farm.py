"""The whole of it: a browser on the panel of the real agent, whose real drivers run a simulated farm's wires."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.compose.demo_process import FARMLOOP, started

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.slow]
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def sign_in_url(tmp_path: Path) -> Iterator[str]:
    """A fish farm thirty times as fast as life: a quarter of an hour passes in half a minute.

    Twice as fast, a busy machine that pauses for a second lets its probes go stale, and emergency oxygen comes for good
    reason.
    """
    with started(tmp_path, "ras", "--speed", "30") as (_, ready):
        yield ready["sign_in"]


def test_an_operator_changes_a_setpoint_and_sees_the_plant_follow(sign_in_url: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = chromium.new_page(locale="en-GB")
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(sign_in_url)
        card = page.locator(".card", has_text="RAS 1")
        oxygen = card.locator(".value", has_text="Dissolved oxygen").first
        expect(oxygen.locator(".trust")).to_contain_text("good", timeout=30_000)
        expect(oxygen.locator(".number")).to_contain_text(re.compile(r"^7\.\d\d"), timeout=60_000)

        page.goto(page.url + "#/facility/ras1")
        row = page.locator(".setpoint", has_text="Oxygen setpoint")
        row.get_by_role("button", name="Change").click()
        form = row.locator("form")
        form.get_by_role("textbox").fill("8.6")
        form.get_by_role("button", name="Review").click()
        form.get_by_role("button", name="Confirm change").click()
        expect(form).to_contain_text("The controller has taken 8.60 mg/L", timeout=15_000)

        # the valve opens for it, and says why; the water follows
        valve = page.locator(".output", has_text="Oxygen valve").first
        expect(valve.locator(".why")).to_contain_text("wanted 8.60 mg/L", timeout=30_000)
        page.goto(page.url.split("#")[0] + "#/")
        expect(oxygen.locator(".number")).to_contain_text(re.compile(r"^8\.[3-9]\d"), timeout=120_000)
        assert complaints == []
        chromium.close()


def test_the_demo_says_in_one_line_what_is_wrong_with_a_site(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("schema: 1\nsite: {id: x}\n", "utf-8")
    done = subprocess.run(
        [*FARMLOOP, "demo", str(site), "--port", "0", "--json"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "site.yaml:2:" in done.stderr
