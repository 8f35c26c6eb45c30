"""The front end as it is served: vendored files are what their packages held, and no word is written in code."""

import gzip
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from controller.panel.api import LATER, messages_of
from controller.panel.assets import open_pages, read_assets
from foundation.messages import LANGUAGES, catalogue

STATIC = Path(__file__).parents[2] / "controller/panel/static"
VENDOR = STATIC / "vendor"
VENDORED = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))["files"]
OWN = sorted(STATIC.glob("*.js"))


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_what_its_package_held(entry: dict[str, object]) -> None:
    body = (VENDOR / str(entry["file"])).read_bytes()
    assert sha256(body).hexdigest() == entry["sha256"]
    # with the listed changes taken back it is the published file, byte for byte
    for change in entry["changed"]:  # type: ignore[attr-defined]  # a list of {from, to}
        body = body.replace(change["to"].encode(), change["from"].encode())
    assert sha256(body).hexdigest() == entry["source_sha256"]
    assert (VENDOR / str(entry["licence_file"])).stat().st_size > 500


def test_nothing_is_vendored_without_an_entry() -> None:
    named = {entry["file"] for entry in VENDORED} | {entry["licence_file"] for entry in VENDORED} | {"VENDOR.json"}
    assert {path.name for path in VENDOR.iterdir()} == named


def _templates(source: str) -> list[str]:
    """The text of every html`…` in the source, each ${…} in it a blank: templates within come by themselves."""
    found = []
    for start in (match.end() for match in re.finditer(r"html`", source)):
        text, at = [], start
        while source[at] != "`":
            if source.startswith("${", at):
                depth, at = 1, at + 2
                while depth:
                    if source[at] == "`":
                        at = _end_of_template(source, at + 1)
                    depth += {"{": 1, "}": -1}.get(source[at], 0)
                    at += 1
                text.append(" ")
            else:
                text.append(source[at])
                at += 1
        found.append("".join(text))
    return found


def _end_of_template(source: str, at: int) -> int:
    """Index of the backquote that ends the template which begins at `at`."""
    while source[at] != "`":
        if source.startswith("${", at):
            depth, at = 1, at + 2
            while depth:
                if source[at] == "`":
                    at = _end_of_template(source, at + 1)
                depth += {"{": 1, "}": -1}.get(source[at], 0)
                at += 1
        else:
            at += 1
    return at


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_word_stands_in_the_code(path: Path) -> None:
    source = path.read_text("utf-8")
    assert re.findall(r"[\u3400-\u9fff]", source) == []
    for template in _templates(source):
        shown = re.sub(r"<[^<>]*>", " ", template)
        assert re.findall(r"[A-Za-z]{2,}", shown) == [], template
        spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*[A-Za-z][^"]*)"', template)
        assert spoken == [], template


def test_the_check_for_words_would_find_one() -> None:
    assert "Hello" in _templates("html`<b>Hello ${x ? html`<i>a</i>` : `}`}</b>`")[0]
    assert _templates("html`<b>${y}</b>`") == ["<b> </b>"]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_what_a_module_takes_from_ours_is_given_there(path: Path) -> None:
    for names, other in re.findall(r'^import \{([^}]+)\} from "\./(\w+\.js)"', path.read_text("utf-8"), re.MULTILINE):
        given = set(
            re.findall(r"^export (?:async )?(?:function|const|class) (\w+)", (STATIC / other).read_text("utf-8"), re.M)
        )
        assert {name.split()[0] for name in names.split(",")} - given == set(), other


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_makes_markup_of_text(path: Path) -> None:
    source = path.read_text("utf-8")
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|dangerously|\beval\(|new Function", source)
        == []
    )
    assert re.findall(r"https?:|//cdn", source) == []


@pytest.mark.parametrize("name", ["index.html", "sign_in.html", "offline.html", "guide.html"])
def test_pages_hold_no_code_and_name_no_other_host(name: str) -> None:
    page = (STATIC / name).read_text("utf-8")
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|style=|https?:", page) == []


def _imported(name: str, found: set[str]) -> set[str]:
    """A module and all that it imports before it runs (what is fetched later comes by `import()`)."""
    if name not in found:
        found.add(name)
        for other in re.findall(r'\bfrom ?"\./([^"]+)"', read_assets()[name].body.decode()):
            _imported(f"{name.rpartition('/')[0]}/{other}".lstrip("/"), found)
    return found


def test_the_first_screen_is_small() -> None:
    """All that comes before the overview shows: page, style, code, and the words of a language."""
    assets = read_assets()
    first = _imported("overview.js", _imported("panel.js", {"index.html", "panel.css", "icon.svg"}))
    assert "vendor/uplot.js" not in first
    assert "trend.js" not in first
    words = max(len(messages_of(language, "first").packed) for language in LANGUAGES)
    assert sum(len(assets[name].packed) for name in first) + words < 60_000
    assert all(gzip.decompress(assets[name].packed) == assets[name].body for name in first)
    # and no word of it is among those that come after it
    early = {name: re.findall("|".join(map(re.escape, LATER)), assets[name].body.decode()) for name in first}
    assert {name: found for name, found in early.items() if found} == {}


def _table() -> list[str]:
    """The lines of the table of screens."""
    return re.findall(r"^  \{ path: .*$", (STATIC / "screens.js").read_text("utf-8"), re.MULTILINE)


def test_every_screen_of_the_table_is_there() -> None:
    assert len(_table()) > 4
    for line in _table():
        module, component = re.findall(r'import\("\./(\w+\.js)"\)\.then\(\(one\) => one\.(\w+)\)', line)[0]
        assert f"export function {component}(" in (STATIC / module).read_text("utf-8"), line
        assert all((STATIC / style).exists() for style in re.findall(r'style: "([^"]+)"', line)), line
        assert all(label in catalogue("en") for label in re.findall(r'label: "([^"]+)"', line)), line
        assert re.findall(r'least: "(?:viewer|operator|technician|admin)"', line), line


def test_the_sign_in_page_speaks_each_language_without_asking_anybody() -> None:
    pages = open_pages(read_assets(), "sign_in.html")
    assert 'lang="zh-CN"' in pages["zh-CN"].body.decode()
    assert "{{" not in pages["zh-CN"].body.decode() + pages["en"].body.decode()
    assert "过期" in pages["zh-CN"].body.decode()
    assert "has expired" in pages["en"].body.decode()
