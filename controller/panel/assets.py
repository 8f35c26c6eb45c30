"""The front end's files, read once and served from memory: no path of a request ever reaches the disk."""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from foundation.messages import LANGUAGES, tell

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html",
    ".json": "application/json",
    ".txt": "text/plain",
}
PLACE = re.compile(r"\{\{([a-z_.]+)\}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    packed: bytes
    media_type: str
    etag: str


@cache
def read_assets() -> Mapping[str, Asset]:
    """Every file under `static/` by its path there. Read and packed once a process."""
    found: dict[str, Asset] = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            elif (ending := entry.name[entry.name.rfind(".") :]) in TYPES:
                found[prefix + entry.name] = packed(entry.read_bytes(), TYPES[ending])

    walk(files("controller.panel").joinpath("static"), "")
    return found


def open_pages(assets: Mapping[str, Asset], name: str) -> dict[str, Asset]:
    """A page in each language: sign-in and alarm link have to speak before anybody may ask for the messages."""
    template = assets[name].body.decode("utf-8")
    return {language: packed(filled(template, language).encode("utf-8"), "text/html") for language in LANGUAGES}


def filled(template: str, language: str) -> str:
    """The template with the words of a language in its {{places}}."""
    return PLACE.sub(lambda match: escape(tell(match[1], language)), template.replace("{{language}}", language))


def serve(asset: Asset, request: Request, status: int = 200) -> Response:
    """The file, packed if the browser takes it so, or 304 if it has it already."""
    headers = {"cache-control": "no-cache", "etag": asset.etag, "vary": "accept-encoding, accept-language"}
    if status == 200 and request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.packed
        headers["content-encoding"] = "gzip"
    return Response(body, status_code=status, headers=headers, media_type=asset.media_type)


def packed(body: bytes, media_type: str) -> Asset:
    """Bytes as they are sent, packed once."""
    return Asset(body, gzip.compress(body, 9, mtime=0), media_type, f'"{sha256(body).hexdigest()[:32]}"')
