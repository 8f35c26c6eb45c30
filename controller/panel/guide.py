"""The operators' pages on the box itself (`guide/` is `docs/operators/`): as pages of the panel, in both languages.

Of Markdown just what those pages are written in: headings, paragraphs, lists, tables, blocks of code; code, bold,
italic and links within a line. Pictures of the panel are left out: the panel is at hand.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from controller.panel.assets import Asset, filled, packed, serve
from controller.panel.problems import ProblemError, language_of
from foundation.messages import LANGUAGES

ENDINGS: Final = {"zh-CN": ".zh.md", "en": ".md"}
WORDS_PLACE: Final = "<!-- the page's own words -->"
_BLOCK = re.compile(r"(?P<heading>#{1,3}) |(?P<table>\|)|(?P<code>```)|(?P<item>- |\d+\. )")
_WITHIN = re.compile(
    r"`(?P<code>[^`]+)`|!\[[^\]]*\]\([^)]*\)|\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)"
    r"|\*\*(?P<bold>.+?)\*\*|\*(?P<italic>[^*]+)\*"
)
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


def markup(text: str, language: str) -> str:
    """A page's Markdown as HTML."""
    lines = text.splitlines()
    parts: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        kind = _kind(lines[at])
        if kind == "code":
            end = next(number for number in range(at + 1, len(lines)) if lines[number].startswith("```"))
            parts.append(
                f'<pre class="scroll" tabindex="0"><code>{escape(chr(10).join(lines[at + 1 : end]))}</code></pre>'
            )
            at = end + 1
            continue
        end = at + 1
        while kind != "heading" and end < len(lines) and lines[end].strip() and _goes_on(kind, _kind(lines[end])):
            end += 1
        parts.append(_BLOCKS[kind](lines[at:end], language))
        at = end
    return "\n".join(parts)


def _kind(line: str) -> str:
    match = _BLOCK.match(line)
    return match.lastgroup or "words" if match else "words"


def _goes_on(kind: str, next_kind: str) -> bool:
    """Whether a line of `next_kind` belongs to the block before it: items hold words, and further items."""
    return next_kind == kind or (kind == "item" and next_kind == "words")


def _heading(lines: list[str], language: str) -> str:
    marks, _, words = lines[0].partition(" ")
    # as GitHub names it, so that the pages' links lead there
    anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
    return f'<h{len(marks)} id="{escape(anchor)}">{_within(words, language)}</h{len(marks)}>'


def _words(lines: list[str], language: str) -> str:
    inner = _within(_joined(lines), language)
    return f"<p>{inner}</p>" if inner else ""


def _items(lines: list[str], language: str) -> str:
    numbered = lines[0][0].isdigit()
    items: list[list[str]] = []
    for line in lines:
        if _kind(line) == "item":
            items.append([line.partition(" ")[2]])
        else:
            items[-1].append(line)
    inner = "".join(f"<li>{_within(_joined(item), language)}</li>" for item in items)
    return f"<ol>{inner}</ol>" if numbered else f"<ul>{inner}</ul>"


def _table(lines: list[str], language: str) -> str:
    head, _, *rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines)

    def row(cells: list[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{_within(cell, language)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    table = f'<table class="table"><thead>{row(head, "th")}</thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


_BLOCKS: Final[dict[str, Callable[[list[str], str], str]]] = {
    "heading": _heading,
    "words": _words,
    "item": _items,
    "table": _table,
}


def _joined(lines: list[str]) -> str:
    """One line of several; Chinese has no space where a line was broken."""
    whole = lines[0].strip()
    for line in lines[1:]:
        more = line.strip()
        whole += more if ord(whole[-1]) > 0x2E7F and ord(more[0]) > 0x2E7F else f" {more}"
    return whole


def _within(text: str, language: str) -> str:
    """The markup of one line; whatever is not ours is plain text."""
    parts: list[str] = []
    done = 0
    for match in _WITHIN.finditer(text):
        parts.append(escape(text[done : match.start()]))
        done = match.end()
        if match["code"]:
            parts.append(f"<code>{escape(match['code'])}</code>")
        elif match["text"]:
            parts.append(_link(_within(match["text"], language), match["to"], language))
        elif match["bold"]:
            parts.append(f"<b>{_within(match['bold'], language)}</b>")
        elif match["italic"]:
            parts.append(f"<em>{_within(match['italic'], language)}</em>")
    return "".join(parts) + escape(text[done:])


def _link(words: str, to: str, language: str) -> str:
    """To another of these pages, or within one; technicians' pages are not on the box."""
    if to.startswith("#"):
        return f'<a href="{escape(to)}">{words}</a>'
    match = _PAGE.fullmatch(to)
    if match is None:
        return words
    wanted = "zh-CN" if match["zh"] else "en"
    return (
        f'<a href="/guide/{match["name"]}?language={wanted}{escape(match["part"] or "")}" lang="{wanted}">{words}</a>'
    )
