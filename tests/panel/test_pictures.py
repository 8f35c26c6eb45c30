"""Pictures of the panel for the operators' pages: `FARMLOOP_PICTURES=docs/images` writes them anew."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, ViewportSize

from controller.core.words import AlarmNow, Because, Order, Slot
from controller.panel.app import create_app
from controller.panel.farm import SetpointNow
from controller.panel.sign_in import SignIn
from edge_config.loader import load_site
from edge_config.tags import site_tags
from foundation.reading import good
from tests.panel.browsing import SMALL, browser, signed_in
from tests.panel.small_farm import START_S, SmallFarm

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]
SITE = Path(__file__).parents[2] / "edge_config/sites/ras.yaml"
MEASURED = {
    "do": 7.62,
    "do_percent": 91.0,
    "water_temp": 24.3,
    "ph": 7.02,
    "level": 88.0,
    "flow": 118.0,
    "o2_flow": 1.6,
}
RUNNING = {"o2_valve": 42.0, "pump": 100.0, "blower": 60.0, "heater": 35.0, "makeup": 12.0}
WIDE: ViewportSize = {"width": 1100, "height": 760}
MOST_BYTES = 60_000
PICTURES = [
    ("panel-overview", "", WIDE), ("panel-facility", "facility/ras1", WIDE), ("panel-alarms", "alarms", WIDE),
    ("panel-phone", "facility/ras1", SMALL),
]  # fmt: skip
WRITTEN = "FARMLOOP_PICTURES" in os.environ
"""Else the largest picture of each language is enough to see that they can be taken."""


def fish_farm() -> SmallFarm:
    """The sample fish farm on a good morning, with one thing to do."""
    farm = SmallFarm()
    farm.site = load_site(SITE).site
    farm.tags = site_tags(farm.site)
    point = {name: name.split(".")[2] for name in (*farm.tags, *farm.site.outputs)}
    farm.put(
        {name: good(name, MEASURED.get(point[name], 0.4), START_S) for name in farm.tags},
        {
            name: Order(
                name,
                RUNNING.get(point[name], 0.0),
                Slot.LOOP if point[name] in RUNNING else Slot.IDLE,
                "",
                Because("idle"),
                0.0,
            )
            for name in farm.site.outputs
        },
        {
            name: SetpointNow(name, limits[0].unit, middle, middle, limits[0].value, limits[1].value, True, "program")
            for name, limits in ((name, program.limits) for name, program in farm.site.programs.items())
            for middle in ((2.0 * limits[0].value + limits[1].value) / 3.0,)
        },
    )
    farm.raise_alarm(AlarmNow("calibration:ras1.tank1.ph", "low", True, START_S - 3600.0, {"tag": "ras1.tank1.ph"}))
    return farm


@pytest.mark.parametrize(("locale", "ending"), [("en-US", ""), ("zh-CN", "-zh")])
async def test_pictures_show_the_panel_as_it_is(
    browser: Browser, sign_in: SignIn, tmp_path: Path, locale: str, ending: str
) -> None:
    folder = Path(os.environ.get("FARMLOOP_PICTURES", tmp_path))
    for name, screen, size in PICTURES if WRITTEN else PICTURES[1:2]:
        app = create_app(fish_farm(), sign_in=sign_in)
        async with signed_in(browser, app, sign_in, screen, size, locale) as page:
            await page.locator("main h1").first.wait_for(state="attached")
            await page.locator(".value, .advice").first.wait_for()
            picture = folder / f"{name}{ending}.png"
            # 64 greys and colours are enough, and a third of the size
            Image.open(BytesIO(await page.screenshot())).convert("RGB").quantize(64).save(picture, optimize=True)
            assert 5_000 < picture.stat().st_size < MOST_BYTES, picture.name
