"""YAML as a person means it: nothing is guessed, everything has its place, nothing that is read brings the box down."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foundation.document import MAX_DEPTH, Document, Secret, parse_document, read_document, scalar
from foundation.problem import Problem, ProblemsError


def parse(text: str) -> Document:
    return parse_document(text.encode(), "site.yaml")


def problems_of(data: bytes) -> list[Problem]:
    with pytest.raises(ProblemsError) as caught:
        parse_document(data, "site.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("no", "no"), ("off", "off"), ("NO", "NO"), ("y", "y"),
        ("22:00", "22:00"), ("1:30", "1:30"), ("2026-11-23", "2026-11-23"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("010", 10.0), ("0x1F", "0x1F"), ("1_000", "1_000"), ("7", 7), ("-3", -3), ("0", 0),
        ("1e3", 1000.0), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("+2.0E-1", 0.2),
        (".inf", ".inf"), (".nan", ".nan"), ("5 s", "5 s"), ("<<", "<<"),
    ],
)  # fmt: skip
def test_a_word_means_what_it_says(text: str, meant: object) -> None:
    assert scalar(text) == meant
    assert type(scalar(text)) is type(meant)
    assert parse(f"[{text or '~'}]").value == [meant]


def test_what_stands_in_quotes_is_text() -> None:
    assert parse("{a: '5', b: \"true\", c: \"\", d: '~'}").value == {"a": "5", "b": "true", "c": "", "d": "~"}


def test_a_number_of_five_thousand_digits_is_no_trap() -> None:
    assert scalar("9" * 5000) == float("inf")
    assert parse(f"a: {'9' * 5000}").value == {"a": float("inf")}


def test_every_key_and_value_knows_its_place() -> None:
    document = parse("gh1:\n  温度: {low: 5, high: [1, '二', 3]}\n")
    assert document.place(("gh1",), key=True) == (1, 1)
    assert document.place(("gh1", "温度")) == (2, 7)
    assert document.place(("gh1", "温度", "high"), key=True) == (2, 16)
    assert document.place(("gh1", "温度", "high", 1)) == (2, 26)
    assert document.place(()) == (1, 1)


def test_what_is_not_there_has_the_place_of_what_would_hold_it() -> None:
    document = parse("a:\n  b: {c: 1}\n")
    assert document.place(("a", "b", "x"), key=True) == (2, 6)
    assert document.place(("a", "b", "c", "d", "e")) == (2, 10)
    assert document.place(("z",)) == (1, 1)
    problem = document.problem("E103", ("a", "b"), key=True, missing="x")
    assert (problem.file, problem.line, problem.column, problem.values) == ("site.yaml", 2, 3, {"missing": "x"})


def test_a_place_within_a_text_is_known_only_where_the_text_stands_as_it_is() -> None:
    document = parse("a: \"one\"\nb: two\nc: 'it''s'\nd: |\n  three\ne: \"f\\x41r\"\n")
    assert document.indents == {("a",): 1, ("b",): 0, ("d",): 0}
    assert document.places["d",] == (5, 3)  # under its bar


def test_a_place_within_a_text_over_several_lines_is_known_where_it_stands_word_for_word() -> None:
    blocks = "a: |  # why\n\n  one\n\n    two  \n\n# beside\nb: >\n  one\n  two\n\n  three\n"
    document = parse(blocks + "c: one\n  two\nd: 'one\n\n   two'\n" + 'e: "one \\\n  two"\nf: |\n')
    assert document.indents == {}
    assert document.pieces == {
        ("a",): ((1, 3, 3), (8, 5, 5)), ("b",): ((0, 9, 3), (4, 10, 3), (8, 12, 3)),
        ("c",): ((0, 13, 4), (4, 14, 3)), ("d",): ((0, 15, 5), (4, 17, 4)),
    }  # fmt: skip
    assert [document.place_inside(("b",), at) for at in (0, 2, 3, 4, 9, 12)] == [
        (9, 3), (9, 5), (9, 6), (10, 3), (12, 4), (12, 7)
    ]  # fmt: skip
    assert document.place_inside(("a",), 0) == (3, 3)
    assert document.place_inside(("e",), 5) == (18, 4)


def test_a_secret_is_a_name_and_never_a_value() -> None:
    assert parse("token: !secret influx_token").value == {"token": Secret("influx_token")}
    assert [problem.code for problem in problems_of(b"token: !secret {a: 1}\nother: !secret ''\n")] == ["E016", "E016"]


def test_an_anchor_is_what_it_stands_for() -> None:
    document = parse("a: &x {b: 1}\nc: *x\n")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.place(("c", "b")) == (1, 11)


def test_a_mark_at_the_beginning_and_windows_line_ends_are_no_matter() -> None:
    assert parse_document("\ufeffa: 1\r\nb: 二\r\n".encode(), "site.yaml").value == {"a": 1, "b": "二"}


def test_an_empty_file_is_nothing() -> None:
    assert parse("").value is None
    assert parse("# only a comment\n").value is None


def test_every_doubled_key_is_told() -> None:
    found = problems_of(b"a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [(problem.code, problem.line, problem.column) for problem in found] == [("E010", 2, 1), ("E010", 3, 11)]
    assert found[1].values == {"key": "c", "first": 3}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000, 100_000])
def test_no_depth_brings_the_box_down(opening: str, depth: int) -> None:
    """A hundred thousand brackets once ended the process."""
    if opening == "- ":
        depth = min(depth, 5_000)
    (problem,) = problems_of((opening * depth).encode())
    assert problem.code == "E006"


def test_a_billion_laughs_are_cut_short() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (problem,) = problems_of("\n".join(lines).encode())
    assert problem.code == "E006"


@pytest.mark.parametrize("end", ["\u0085", "\u2028", "\u2029"])
def test_line_ends_that_only_yaml_sees_do_not_shift_the_places(end: str) -> None:
    (problem,) = problems_of(f"a: 1\nb: x{end}y\nc: [\n".encode())
    assert (problem.code, problem.line, problem.column) == ("E017", 2, 5)


def test_a_file_that_breaks_off_is_told_at_its_last_line() -> None:
    (problem,) = problems_of(b"a: {b: 1\nc: 2}\nd: [\n5")
    assert problem.code == "E005"
    assert problem.line <= 4


@given(data=st.binary(max_size=80))
@example(b"\xff\xfea\x00")
@example(b"? [a]\n: b")
@example(b"%YAML 3.0\n---\na: 1")
@example(b"a: *b")
@example(b"a: 1\n---\nb: 2")
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    found: list[Problem] = []
    try:
        parse_document(data, "site.yaml")
    except ProblemsError as error:
        found = error.problems
    assert all(problem.line > 0 and problem.column > 0 for problem in found)


NAMES = st.text("abc", min_size=1, max_size=3)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(value=st.dictionaries(NAMES, PLAIN, max_size=4))
def test_what_json_says_is_read_back(value: dict[str, object]) -> None:
    document = parse(json.dumps(value))
    assert document.value == value
    assert all(document.place((key,), key=True)[0] == 1 for key in value)


def test_a_file_that_is_not_there_is_the_callers_affair(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_document(tmp_path / "none.yaml")
    (tmp_path / "a.yaml").write_text("a: 1\n", "utf-8")
    assert read_document(tmp_path / "a.yaml").file == str(tmp_path / "a.yaml")
