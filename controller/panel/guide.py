"""The operators' pages on the box itself (`guide/` is `docs/operators/`): as pages of the panel, in both languages.

Links lead to pages that are on the box, and are plain words otherwise. Pictures of the panel are left out: the panel is
at hand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import unquote

from fastapi import FastAPI
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from starlette.requests import Request
from starlette.responses import Response

from controller.panel.assets import Asset, filled, packed, serve
from controller.panel.problems import ProblemError, language_of
from foundation.messages import LANGUAGES

ENDINGS: Final = {"zh-CN": ".zh.md", "en": ".md"}
WORDS_PLACE: Final = "<!-- the page's own words -->"
_PAGE = re.compile(r"(?P<name>[a-z-]+)(?P<zh>\.zh)?\.md(?P<part>#.+)?")


class Guide:
    """The calls: a page each."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        template = assets["guide.html"].body.decode("utf-8")
        self._pages = {
            (name, language): packed(
                filled(template, language).replace(WORDS_PLACE, markup(text, language)).encode(), "text/html"
            )
            for name, language, text in texts()
        }

    def add_to(self, app: FastAPI) -> None:
        """Puts every call under its path."""
        app.add_api_route("/guide/{page}", self.page, include_in_schema=False)

    async def page(self, page: str, request: Request, language: str = "") -> Response:
        """In the language that is asked for, or that the browser prefers."""
        wanted = language if language in LANGUAGES else language_of(request)
        if (page, wanted) not in self._pages:
            raise ProblemError(404, "not_found")
        return serve(self._pages[page, wanted], request)


def texts() -> Iterator[tuple[str, str, str]]:
    """Name, language and Markdown of every page."""
    for entry in sorted(files("controller.panel").joinpath("guide").iterdir(), key=lambda one: one.name):
        language = "zh-CN" if entry.name.endswith(ENDINGS["zh-CN"]) else "en"
        yield entry.name.removesuffix(ENDINGS[language]), language, entry.read_text("utf-8")


@cache
def markup(text: str, language: str) -> str:
    """A page's Markdown as HTML; what is written as HTML in it is plain text."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "inline":
            token.children = _line(token.children or [], language)
            if not token.children:  # it held nothing but a picture
                tokens[place - 1].hidden = tokens[place + 1].hidden = True
        elif token.type == "heading_open":
            # as GitHub names it, so that the pages' links lead there
            name = re.sub(r"[^\w\- ]", "", tokens[place + 1].content.lower()).replace(" ", "-")
            token.attrSet("id", name)
        elif token.type == "table_open":
            token.attrSet("class", "table")
    reader.add_render_rule("table_open", _scrolling)
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    reader.add_render_rule("fence", lambda self, told, at, *_: _code(told[at].content))
    reader.add_render_rule("softbreak", lambda self, told, at, *_: _break(told, at))
    return str(reader.renderer.render(tokens, reader.options, {}))


def _line(children: list[Token], language: str) -> list[Token]:
    """What stands within a line, without pictures and without links that lead away."""
    kept: list[Token] = []
    leads = True
    for token in children:
        if token.type == "image":
            continue
        if token.type == "link_open":
            to, wanted = _target(str(token.attrGet("href")))
            leads = bool(to)
            token.attrs = {"href": to, "lang": wanted} if wanted else {"href": to}
        if leads or token.type not in ("link_open", "link_close"):
            kept.append(token)
    return kept


def _target(to: str) -> tuple[str, str]:
    """Address and language of a link to another of these pages, or within one; both empty where it leads away."""
    if to.startswith("#"):
        return to, ""
    match = _PAGE.fullmatch(unquote(to))
    if match is None:
        return "", ""
    wanted = "zh-CN" if match["zh"] else "en"
    return f"/guide/{match['name']}?language={wanted}{match['part'] or ''}", wanted


def _scrolling(self: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    return '<div class="scroll" tabindex="0">' + self.renderToken(tokens, at, options, env)


def _code(text: str) -> str:
    return f'<pre class="scroll" tabindex="0"><code>{escape(text)}</code></pre>\n'


def _break(tokens: Sequence[Token], at: int) -> str:
    """Between two lines: Chinese has no space where a line was broken."""
    before, after = tokens[at - 1].content[-1:], tokens[at + 1].content[:1] if at + 1 < len(tokens) else ""
    return "" if min(before, after) > "\u2e7f" else " "
