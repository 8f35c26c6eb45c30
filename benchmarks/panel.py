"""What the panel asks of a weak telephone: its first load, the wait for the first live value, the work of 200 values
that all change every second, and what its heap grows by. Chromium, its processor slowed to a quarter.

The heap is measured over a part of the day's messages and told for all 86 400 of them: they come faster than life.
"""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, CDPSession, Page, Response, async_playwright

from benchmarks.rows import GOAL, Row, percentile, row
from controller.panel.app import create_app
from controller.panel.sign_in import SignIn
from controller.panel.stream import Streams
from foundation.reading import good
from foundation.tag import Kind, Tag
from tests.panel.browsing import ARGUMENTS, SMALL
from tests.panel.conftest import served
from tests.panel.small_farm import START_S, SmallFarm

TILES = 200
SLOWED = 4
DAY_MESSAGES = 86_400
GOAL_LOAD_KB, GOAL_FIRST_S, GOAL_SHARE_PERCENT, GOAL_HEAP_MB = 60.0, 2.0, 30.0, 10.0
LOADS, SECONDS, MESSAGES = 5, 30.0, 6000
WARMED = 500
"""Messages after which the first reading of the heap is taken: caches are filled by then."""


def run(quick: bool = False) -> list[Row]:
    """One row a figure."""
    found = asyncio.run(_measured(1 if quick else LOADS, 2.0 if quick else SECONDS, 50 if quick else MESSAGES))
    rows = (
        ("panel: first load, gzipped", "load_kb", GOAL_LOAD_KB, "KB"),
        (f"panel: first live value, processor / {SLOWED}", "first_s", GOAL_FIRST_S, "s"),
        (f"panel: {TILES} values at 1 Hz, share of a processor / {SLOWED}", "share_percent", GOAL_SHARE_PERCENT, "%"),
        ("panel: growth of the heap in a day's messages", "heap_mb", GOAL_HEAP_MB, "MB"),
    )
    return [row(name, found[key], GOAL, goal, unit) for name, key, goal, unit in rows]


def farm_of(tiles: int) -> SmallFarm:
    """The small farm with so many values in one greenhouse."""
    farm = SmallFarm()
    names = [f"gh1.bay1.value{number}" for number in range(tiles)]
    setpoints = {name: tag for name, tag in farm.tags.items() if tag.kind is Kind.SETPOINT}
    farm.tags = setpoints | {name: Tag(name, "degC", Kind.MEASURED, "env", name, name, 0.0, 50.0) for name in names}
    farm.site = farm.site.model_copy(update={"loops": {}})
    farm.put({name: good(name, 20.0, START_S) for name in names}, farm.orders(), farm.setpoints())
    return farm


async def _measured(loads: int, seconds: float, messages: int) -> dict[str, float]:
    farm, sign_in = farm_of(TILES), SignIn()
    app = create_app(farm, sign_in=sign_in, streams=Streams(farm, least_s=0.005))
    async with async_playwright() as playwright, served(app) as url:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page, session = await _slowed(browser)
        kilobytes: list[int] = []
        page.on("response", lambda reply: kilobytes.append(_loaded(reply)))
        await page.goto(sign_in.link(url))
        await page.wait_for_url(f"{url}/")
        waits = [await _first_live(page, url, kilobytes) for _ in range(loads)]
        load_kb = sum(kilobytes) / 1000.0
        await page.goto(f"{url}/#/facility/gh1")
        await page.locator(".value").nth(TILES - 1).wait_for()
        share = await _share(farm, session, seconds)
        heap = await _growth(farm, session, messages)
        await browser.close()
    return {"load_kb": load_kb, "first_s": percentile(waits, 50.0), "share_percent": share, "heap_mb": heap}


def _loaded(reply: Response) -> int:
    """Bytes of page, code, style and words; what the farm says of itself is not the panel's weight."""
    path = urlsplit(reply.url).path
    counts = path == "/" or path.startswith(("/static/", "/api/v1/messages/"))
    return int(reply.headers.get("content-length", 0)) if counts else 0


async def _slowed(browser: Browser) -> tuple[Page, CDPSession]:
    page = await (await browser.new_context(viewport=SMALL, locale="en-US", service_workers="block")).new_page()
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    # what the thread itself works: what others take of a busy machine is not counted
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return page, session


async def _first_live(page: Page, url: str, kilobytes: list[int]) -> float:
    """Seconds from asking for the page until a value of the stream stands on it; nothing is in the cache."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    await page.goto("about:blank")
    kilobytes.clear()
    begun_s = time.perf_counter()
    await page.goto(f"{url}/#/")
    await page.locator(".value .trust.good").first.wait_for()
    return time.perf_counter() - begun_s


async def _metrics(session: CDPSession) -> dict[str, float]:
    found: dict[str, Any] = await session.send("Performance.getMetrics")
    return {one["name"]: float(one["value"]) for one in found["metrics"]}


async def _share(farm: SmallFarm, session: CDPSession, seconds: float) -> float:
    """Per cent of the page's thread that it works while every value changes once a second."""
    before, begun_s = await _metrics(session), time.perf_counter()
    turn = 0
    while time.perf_counter() - begun_s < seconds:
        turn += 1
        _change(farm, turn)
        await asyncio.sleep(max(0.0, begun_s + turn - time.perf_counter()))
    lasted_s = time.perf_counter() - begun_s
    return 100.0 * ((await _metrics(session))["TaskDuration"] - before["TaskDuration"]) / lasted_s


async def _growth(farm: SmallFarm, session: CDPSession, messages: int) -> float:
    """MB by which the heap grows in a day's messages, by what it grew in so many after a warm-up."""
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    warmed = min(WARMED, messages)
    heaps = []
    for count in (warmed, messages):
        for turn in range(count):
            farm.measure(f"gh1.bay1.value{turn % TILES}", 20.0 + turn % 97 / 10.0)
            await asyncio.sleep(0.008)
        await asyncio.sleep(1.0)
        await session.send("HeapProfiler.collectGarbage")
        heaps.append((await _metrics(session))["JSHeapUsedSize"] / 1e6)
    return max(0.0, heaps[1] - heaps[0]) * DAY_MESSAGES / messages


def _change(farm: SmallFarm, turn: int) -> None:
    for number in range(TILES):
        farm.measure(f"gh1.bay1.value{number}", 20.0 + (turn * 7 + number) % 97 / 10.0)
