"""The panel as an app, as the server gives it: what is kept of it in a browser, and what never is."""

import base64
import html
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from controller.panel import app as panel
from controller.panel.app import create_app
from controller.panel.assets import Asset, packed, read_assets
from controller.panel.guide import markup, texts
from controller.panel.installed import away_page, worker
from controller.panel.permissions import OPEN
from foundation.messages import tell
from tests.panel.small_farm import SmallFarm

OPERATORS = Path(__file__).parents[2] / "docs/operators"


def changed_assets(name: str, was: str, now: str) -> Mapping[str, Asset]:
    """The front end with one file changed, as a newer version would bring it."""
    body, media_type = read_assets()[name].body, read_assets()[name].media_type
    assert was.encode() in body
    return {**read_assets(), name: packed(body.replace(was.encode(), now.encode()), media_type)}


def newer_app(monkeypatch: pytest.MonkeyPatch, farm: SmallFarm, assets: Mapping[str, Asset], **more: Any) -> FastAPI:
    """The panel of `farm` with a front end of another version."""
    monkeypatch.setattr(panel, "read_assets", lambda: assets)
    return create_app(farm, **more)


def _parts(script: str) -> tuple[str, dict[str, str]]:
    """Version, and what is kept."""
    found = re.match(r'const VERSION = "(\w{16})";\nconst KEPT = (\{.*\});\n', script)
    assert found is not None
    return found[1], json.loads(found[2])


async def test_the_worker_keeps_files_of_this_version_and_no_answer_of_the_farm(operator: httpx.AsyncClient) -> None:
    reply = await operator.get("/worker.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    _, kept = _parts(reply.text)
    assert {"/static/panel.js", "/static/panel.css", "/static/vendor/preact.js", "/offline"} <= set(kept)
    assert {path for path in kept if not path.startswith("/static/")} == {"/offline"}
    # a page at the door is new after an update, and so has to be its script: nobody could sign in to touch "load it"
    assert {path for _, path in OPEN} & set(kept) == {"/static/panel.css", "/static/icon.svg"}
    for path, integrity in kept.items():
        body = (await operator.get(path)).content
        assert integrity == f"sha256-{base64.b64encode(sha256(body).digest()).decode()}", path


def test_one_changed_file_is_another_version(farm: SmallFarm) -> None:
    assets = read_assets()
    changed = changed_assets("kiosk.js", "Kiosk", "Wall")

    def version(of: Mapping[str, Asset]) -> str:
        return _parts(worker(of, away_page(of)).body.decode())[0]

    assert version(assets) == version(dict(reversed(list(assets.items()))))
    assert len({version(assets), version(changed), version(changed_assets("worker.js", "= 10000", "= 9000"))}) == 3


async def test_the_operators_pages_are_on_the_box_in_both_languages(operator: httpx.AsyncClient) -> None:
    pages = {(name, language): text for name, language, text in texts()}
    assert {name for name, _ in pages} == {path.name.partition(".")[0] for path in OPERATORS.glob("*.md")}
    assert len(pages) == 2 * len({name for name, _ in pages})
    for (name, language), text in pages.items():
        reply = await operator.get(f"/guide/{name}?language={language}")
        page = reply.text
        assert f'<html lang="{language}">' in page
        title = text.splitlines()[0].removeprefix("# ")
        assert [html.unescape(found) for found in re.findall(r"<h1 .*?>(.*?)</h1>", page)] == [title]
        # what the help calls it is what it calls itself
        assert tell(f"panel.help.page.{name.replace('-', '_')}", language) == title
        plain = html.unescape(re.sub(r"<pre.*?</pre>|<code>.*?</code>|<[^>]+>", "", page, flags=re.DOTALL))
        assert re.findall(r"\*\*|\]\(|^#|^\||^- |`|\{\{", plain, re.MULTILINE) == [], name
        for to, part in re.findall(r'href="/guide/([^"#]+)(?:#([^"]+))?"', page):
            other = await operator.get(f"/guide/{to}")
            assert other.status_code == 200
            assert not part or f'id="{part}"' in other.text, (name, to, part)
    assert (await operator.get("/guide/nothing")).status_code == 404


def test_what_is_no_markdown_of_ours_is_plain_text() -> None:
    def shown(text: str, language: str = "en") -> str:
        return markup(text, language).replace(">\n", ">").replace("\n<", "<")

    assert shown("a <b> & `x<y` *no [way](https://evil.example)*") == (
        "<p>a &lt;b&gt; &amp; <code>x&lt;y</code> <em>no way</em></p>"
    )
    assert shown("- one\n  and\n- two\n\n| a | b |\n|---|---|\n| c | d |") == (
        "<ul><li>one and</li><li>two</li></ul>"
        '<div class="scroll" tabindex="0"><table class="table"><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>c</td><td>d</td></tr></tbody></table></div>"
    )
    assert shown("断开的\n一行 and\n又一行", "zh-CN") == "<p>断开的一行 and 又一行</p>"
    assert shown("![a picture](img/one.png)\n\nand [there](alarms.zh.md#one)") == (
        '<p>and <a href="/guide/alarms?language=zh-CN#one" lang="zh-CN">there</a></p>'
    )
    hostile = shown("<script>x</script>\n\n[x](javascript:alert)")
    assert hostile == "<p>&lt;script&gt;x&lt;/script&gt;</p><p>[x](javascript:alert)</p>"


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "示范农场"), ("en", "Demo farm")])
async def test_the_home_screen_bears_the_farms_own_name(operator: httpx.AsyncClient, language: str, name: str) -> None:
    reply = await operator.get("/manifest.webmanifest", headers={"accept-language": language})
    assert reply.headers["content-type"].startswith("application/manifest+json")
    shown = reply.json()
    assert (shown["short_name"], shown["lang"], shown["display"], shown["start_url"]) == (
        name,
        language,
        "standalone",
        "/",
    )
    assert name in shown["name"]
    for icon in shown["icons"]:
        picture = await operator.get(icon["src"])
        assert picture.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            width, height = (int.from_bytes(picture.content[at : at + 4]) for at in (16, 20))
            assert icon["sizes"] == f"{width}x{height}"


def test_the_page_for_a_box_that_is_off_speaks_both_languages() -> None:
    page = away_page(read_assets()).body.decode()
    assert re.findall(r'<section class="screen" lang="([^"]+)">', page) == ["zh-CN", "en"]
    assert "控制箱没有应答" in page
    assert "The box does not answer" in page
    assert "{{" not in page
