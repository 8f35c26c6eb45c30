"""Every mistake that a site file can hold is told at its line and column, with a code and a hint, in both languages."""

import re
from pathlib import Path

import pytest

from drivers import product as library
from edge_config.loader import load_site
from edge_config.merged import Merged
from edge_config.refusals import CODES, EMPTY, FALLBACK, MISSING, problems_of
from foundation.document import MAX_ALIASES, MAX_BYTES, parse_document
from foundation.messages import LANGUAGES, catalogue
from foundation.problem import Problem, ProblemsError
from tests.edge_config.mistakes import INCLUDES, MARK, PATCHES, TEXTS, Mistake

SAMPLE = Path(__file__).parent / "sample.yaml"
TEXT = SAMPLE.read_text("utf-8")
PLACE = re.compile(r"\{\w+(:g)?\}")
BY_HAND = {"E001", "E004", "E101", "E201", "E202", "E419", "E441", "E459"}
"""Codes with a test of their own below."""
ELSEWHERE = ("E6", "E7")
"""Not a site file's: maps of recordings and scenarios, which are tested with the simulator."""


def problems_in(path: Path) -> list[Problem]:
    """All problems of a site, errors and warnings."""
    try:
        return list(load_site(path).warnings)
    except ProblemsError as error:
        return error.problems


def marked(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the line and column where that stood."""
    assert text.count(MARK) == 1, text
    before = text[: text.index(MARK)]
    return text.replace(MARK, ""), before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def is_well_told(problem: Problem, hint: str) -> None:
    for language in LANGUAGES:
        for kind, text in (("problem", problem.message(language)), ("hint", problem.hint(language))):
            assert f"{kind}.{problem.code}" in catalogue(language)
            assert text
            assert not PLACE.search(text), text
    assert hint in problem.hint("en"), problem.hint("en")


def patched(mistake: Mistake) -> tuple[str, int, int]:
    assert TEXT.count(mistake.old) == 1, mistake.old
    text = TEXT.replace(mistake.old, mistake.new)
    if mistake.at:
        plain = mistake.at.replace(MARK, "")
        assert text.count(plain) == 1, plain
        text = text.replace(plain, mistake.at)
    return marked(text)


@pytest.mark.parametrize("mistake", PATCHES, ids=[f"{m.code}-{i}" for i, m in enumerate(PATCHES)])
def test_a_mistake_is_told_where_it_stands_and_once(mistake: Mistake, tmp_path: Path) -> None:
    text, line, column = patched(mistake)
    path = tmp_path / "site.yaml"
    path.write_text(text, "utf-8")
    problems = problems_in(path)
    told = [problem for problem in problems if (problem.line, problem.column) == (line, column)]
    codes = [problem.code for problem in problems]
    assert mistake.code in [problem.code for problem in told], [problem.line_of_text() for problem in problems]
    problem = next(one for one in told if one.code == mistake.code)
    assert problem.file == str(path)
    is_well_told(problem, mistake.hint)
    assert sorted(codes) == sorted([mistake.code, *mistake.also]), [one.line_of_text() for one in problems]
    assert problem.is_error is mistake.code.startswith("E")


@pytest.mark.parametrize(("code", "data", "hint"), TEXTS, ids=[f"{row[0]}-{i}" for i, row in enumerate(TEXTS)])
def test_a_file_that_is_no_site_is_told_where_it_breaks(code: str, data: bytes, hint: str, tmp_path: Path) -> None:
    before, mark, after = data.partition(MARK.encode())
    assert mark
    path = tmp_path / "site.yaml"
    path.write_bytes(before + after)
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode()) + 1
    (problem,) = problems_in(path)
    assert (problem.code, problem.file, problem.line, problem.column) == (code, str(path), line, column)
    is_well_told(problem, hint)


@pytest.mark.parametrize(("code", "files", "hint"), INCLUDES, ids=[f"{row[0]}-{i}" for i, row in enumerate(INCLUDES)])
def test_a_mistake_in_one_of_several_files_is_told_in_its_file(
    code: str, files: dict[str, str], hint: str, tmp_path: Path
) -> None:
    wanted = ("", 0, 0)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if MARK in text:
            text, line, column = marked(text)
            wanted = (str(path), line, column)
        path.write_text(text, "utf-8")
    (problem,) = problems_in(tmp_path / "site.yaml")
    assert (problem.code, problem.file, problem.line, problem.column) == (code, *wanted)
    is_well_told(problem, hint)


def test_more_rules_than_a_scan_can_bear_are_told(tmp_path: Path) -> None:
    form = "  - {{id: ras1.tank1.r{}, when: gh1.bay1.door, then: [{{set: gh1.bay1.fogger, to: 'on'}}]}}\n"
    many = "".join(map(form.format, range(2001)))
    path = tmp_path / "site.yaml"
    path.write_text(re.sub(r"(?s)^rules:\n.*?\n\n", f"rules:\n{many}\n", TEXT, flags=re.MULTILINE), "utf-8")
    (problem,) = [one for one in problems_in(path) if one.code.startswith("E")]
    assert (problem.code, problem.values["count"], problem.column) == ("E441", 2001, 3)
    is_well_told(problem, "Merge rules")


def test_a_condition_of_thousands_of_characters_is_told_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    long = "when: \"ras1.tank1.do < '6.0 mg/L'" + " " * 4000 + 'or gh1.bay1.door"'
    path.write_text(TEXT.replace("when: \"ras1.tank1.do < '6.0 mg/L'\"", long), "utf-8")
    (problem,) = problems_in(path)
    assert (problem.code, problem.values["count"], problem.values["limit"]) == ("E419", 4042, 4000)
    is_well_told(problem, "derive a tag")


def test_rules_that_would_take_too_much_of_a_scan_are_told(tmp_path: Path) -> None:
    form = (
        "  - {{id: ras1.tank1.r{0}, when: \"{1}\", for: {{on: 1 min}}, then: [{{set: gh1.bay1.fogger, to: 'on'}}]}}\n"
    )
    windows = (f"avg(gh1.bay1.air, '{60 + number / 100} s') > '30 degC'" for number in range(2000))
    many = "".join(form.format(number, when) for number, when in enumerate(windows))
    path = tmp_path / "site.yaml"
    path.write_text(re.sub(r"(?s)^rules:\n.*?\n\n", f"rules:\n{many}\n", TEXT, flags=re.MULTILINE), "utf-8")
    (problem,) = [one for one in problems_in(path) if one.code.startswith("E")]
    assert (problem.code, problem.values["limit"], problem.column) == ("E459", 20.0, 3)
    assert float(str(problem.values["ms"])) > 20.0
    is_well_told(problem, "counts once")


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ProblemsError) as caught:
        parse_document(b"#" * (MAX_BYTES + 1), "site.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == ("E001", 0, 0)
    is_well_told(problem, "Split it")


def test_a_file_of_aliases_is_not_read() -> None:
    with pytest.raises(ProblemsError) as caught:
        parse_document(b"a: &a 1\nb: [" + b"*a, " * (MAX_ALIASES + 1) + b"]", "site.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == ("E004", 0, 0)
    is_well_told(problem, "Write out")


def test_a_refusal_that_nobody_foresaw_is_told_all_the_same() -> None:
    """Should pydantic learn a new error, its own words are shown."""
    merged = Merged(parse_document(b"schema: 1\nsite: {id: a}\n", "site.yaml"))

    class New:
        def errors(self, include_url: bool) -> list[dict[str, object]]:
            return [{"type": "new", "loc": ("site", "id"), "msg": "Input is odd", "input": "a"}]

    (problem,) = problems_of(New(), merged)  # type: ignore[arg-type]  # all that is asked of a ValidationError
    assert (problem.code, problem.line, problem.column) == (FALLBACK, 2, 12)
    is_well_told(problem, "sample site")
    assert "Input is odd" in problem.message()


def test_a_product_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(ProblemsError) as caught:
        library.load_product("acme/none")
    is_well_told(caught.value.problems[0], "yosemitech/y504_a")


def test_a_product_file_with_a_mistake_is_told_in_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "library" / "acme"
    folder.mkdir(parents=True)
    (folder / "probe.yaml").write_text(
        "name_zh: 探头\nname_en: Probe\nprotocol: modbus\nsources: [none]\nconfidence: generic\n"
        "channels:\n  value: {table: holding, address: 70000}\n",
        "utf-8",
    )
    monkeypatch.setattr(library, "files", lambda _: tmp_path)
    site = tmp_path / "site.yaml"
    old = "do_probe: {product: yosemitech/y504_a, bus: rs485a"
    text = TEXT.replace(old, "do_probe: {product: acme/probe, bus: rs485a")
    assert text != TEXT
    library.load_product.cache_clear()
    for known in (
        "xymd/xy_md02", "yosemitech/y520_a", "icpdas/m7067", "generic/io_node", "generic/mqtt_json",
        "generic/ascii_probe", "atlas/ezo_ph",
    ):  # fmt: skip
        maker, model = known.split("/")
        (tmp_path / "library" / maker).mkdir(exist_ok=True)
        original = Path(library.__file__).parent / "library" / maker / f"{model}.yaml"
        (tmp_path / "library" / maker / f"{model}.yaml").write_bytes(original.read_bytes())
    site.write_text(text, "utf-8")
    try:
        problems = problems_in(site)
    finally:
        library.load_product.cache_clear()
    (problem,) = problems
    assert (problem.code, problem.file, problem.line, problem.column) == ("E202", "library/acme/probe.yaml", 7, 36)
    is_well_told(problem, "product's file")


def test_every_code_has_its_words_and_its_mistake() -> None:
    tried = {mistake.code for mistake in PATCHES} | {row[0] for row in TEXTS} | {row[0] for row in INCLUDES} | BY_HAND
    for language in LANGUAGES:
        for kind in ("problem", "hint"):
            known = {key.split(".")[1] for key in catalogue(language) if key.startswith(f"{kind}.")}
            assert {code for code in known if not code.startswith(ELSEWHERE)} == tried


def test_every_refusal_of_the_models_has_a_code_of_its_own() -> None:
    """Only types that mean the same to a person share a code."""
    shared = {"E112": 3, "E116": 2, "E117": 5, "E118": 2, "E119": 2, "E120": 2}
    codes = list(CODES.values())
    assert {code: codes.count(code) for code in codes if codes.count(code) > 1} == shared
    assert not {EMPTY, FALLBACK, *MISSING.values()} & set(codes)


def test_the_table_is_long_enough() -> None:
    assert len(PATCHES) + len(TEXTS) + len(INCLUDES) >= 60
