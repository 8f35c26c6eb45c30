"""The panel as an app: its manifest, the worker that keeps its files, and the page for a box that is off."""

import base64
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from controller.panel.assets import Asset, filled, packed, serve
from controller.panel.farm import Farm
from controller.panel.permissions import OPEN
from controller.panel.problems import language_of
from foundation.messages import LANGUAGES

AWAY: Final = "/offline"
GROUND, HEAD = "#d9d9d9", "#2c373d"
"""As in `static/panel.css`."""
ICONS: Final = (
    {"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml"},
    {"src": "/static/app-192.png", "sizes": "192x192", "type": "image/png"},
    {"src": "/static/app-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
)
KEPT_TYPES: Final = frozenset({"text/javascript", "text/css", "image/svg+xml"})


class Installed:
    """The calls, bound to one farm and one version of the front end."""

    def __init__(self, farm: Farm, assets: Mapping[str, Asset]) -> None:
        self._away = away_page(assets)
        self._worker = worker(assets, self._away)
        self._manifests = {language: manifest(farm, language) for language in LANGUAGES}

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        app.add_api_route(AWAY, self.away, include_in_schema=False)
        app.add_api_route("/worker.js", self.worker, include_in_schema=False)
        app.add_api_route("/manifest.webmanifest", self.manifest, include_in_schema=False)

    async def away(self, request: Request) -> Response:
        """What the worker shows in place of a page that does not come."""
        return serve(self._away, request)

    async def worker(self, request: Request) -> Response:
        """Another script, and so another version to the browser, whenever a file of it is another."""
        return serve(self._worker, request)

    async def manifest(self, request: Request) -> Response:
        return serve(self._manifests[language_of(request)], request)


def away_page(assets: Mapping[str, Asset]) -> Asset:
    """One page that speaks every language: the worker cannot know which was chosen."""
    template = assets["offline.html"].body.decode("utf-8")

    def in_each(match: re.Match[str]) -> str:
        return "".join(filled(match[0], language) for language in LANGUAGES)

    return packed(re.sub(r"<section.*</section>\n", in_each, template, flags=re.DOTALL).encode(), "text/html")


def worker(assets: Mapping[str, Asset], away: Asset) -> Asset:
    """The worker's script with what it keeps. The files of the pages at the door are not kept: those pages have to work
    with whatever version is behind the door."""
    left_out = {path for _, path in OPEN if path.endswith(".js")} | {"/static/worker.js"}
    paths = {f"/static/{name}": asset for name, asset in assets.items() if asset.media_type in KEPT_TYPES}
    keeps = {path: asset for path, asset in sorted(paths.items()) if path not in left_out} | {AWAY: away}
    integrity = {path: f"sha256-{base64.b64encode(sha256(one.body).digest()).decode()}" for path, one in keeps.items()}
    script = f"const KEPT = {orjson.dumps(integrity).decode()};\n" + assets["worker.js"].body.decode("utf-8")
    version = sha256(script.encode()).hexdigest()[:16]
    return packed(f'const VERSION = "{version}";\n{script}'.encode(), "text/javascript")


def manifest(farm: Farm, language: str) -> Asset:
    """What the home screen shows: the farm's own name, since a telephone may hold the panels of several."""
    name = farm.site.site.name
    called = name.zh if language == "zh-CN" else name.en
    shown = {
        "id": "/", "start_url": "/", "scope": "/", "lang": language, "display": "standalone", "icons": ICONS,
        "name": f"{called} · Farmloop", "short_name": called,
        "background_color": GROUND, "theme_color": HEAD,
    }  # fmt: skip
    return packed(orjson.dumps(shown), "application/manifest+json")
