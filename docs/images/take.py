"""Takes the pictures of the panel again: `python docs/images/take.py` (needs Chromium and the test requirements).

Runs a demo of its own on a free port, signs in once, waits until the values are live, and writes `overview.png` and
`overview.zh.png` beside this file.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PICTURES = {"en": HERE / "overview.png", "zh-CN": HERE / "overview.zh.png"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LIVE_MS = 20_000
"""Until every device has been polled, loops have had a few turns, and the trends have something to draw."""
SETTLED_MS = 3_000
"""After the page was loaded again in another language."""


def main() -> None:
    """Both pictures from one farm, ten times as fast as life."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no chromium here (apt-get install chromium)")
    with tempfile.TemporaryDirectory() as directory:
        demo = subprocess.Popen(
            [sys.executable, "-m", "controller.cli", "demo", "farm", "--port", "0", "--json", "--speed", "10",
             "--directory", directory],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert demo.stdout is not None
            ready = json.loads(demo.stdout.readline())
            take(ready["sign_in"], ready["url"], chromium)
        finally:
            demo.terminate()
            demo.wait()


def take(sign_in: str, url: str, chromium: str) -> None:
    """Sign in, wait, and take a picture in each language."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page = context.new_page()
        page.goto(sign_in)
        page.wait_for_selector(".card")
        page.wait_for_timeout(LIVE_MS)
        for language, picture in PICTURES.items():
            page.evaluate("language => localStorage.setItem('farmloop.language', language)", language)
            page.goto(url)
            page.reload()
            page.wait_for_selector(".card")
            page.wait_for_timeout(SETTLED_MS)
            page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
