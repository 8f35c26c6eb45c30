"""A mistake in a condition is told at its line and column, over however many lines the condition is written."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_config.loader import load_site
from foundation.problem import ProblemsError
from tests.edge_config.test_rules import SITE, rule

UNKNOWN = "f.z.nobody"
MODE = {"f.all.mode": {"entry": "manual", "choices": ["温室", "夏"], "name": {"zh": "模式", "en": "Mode"}}}
LEAVES = st.sampled_from(
    ["f.z.door", "not f.y.door", "f.z.air > '30 degC'", "max( f.z.air, '5 min' ) > f.y.air", "f.all.mode == '温室'"]
)


@st.composite
def conditions(draw: st.DrawFn) -> list[str]:
    """The words of a condition in brackets, between any two of which a line may end; one of them is unknown."""
    leaves = draw(st.lists(LEAVES, min_size=0, max_size=6))
    leaves.insert(draw(st.integers(0, len(leaves))), UNKNOWN)
    joined = leaves[0]
    for leaf in leaves[1:]:
        joined += f" {draw(st.sampled_from(['and', 'or']))} {draw(st.sampled_from([leaf, f'( {leaf} )']))}"
    words, is_quoted = [""], False
    for letter in f"( {joined} )":
        is_quoted ^= letter == "'"
        if letter == " " and not is_quoted:
            words.append("")
        else:
            words[-1] += letter
    return words


def problem_of(path: Path, text: str):
    path.write_text(text, "utf-8")
    with pytest.raises(ProblemsError) as found:
        load_site(path)
    (problem,) = found.value.problems
    return problem


def written(words: list[str], gaps: list[str], style: str, end: str = "\n") -> str:
    """A site with the rule's condition under `style`; a gap is a space, or the indent of the next line."""
    dumped = yaml.safe_dump(
        {**SITE, "tags": SITE["tags"] | MODE, "rules": [rule("a", "PLACE")]}, allow_unicode=True, sort_keys=False
    )
    text = words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=True))
    return dumped.replace("PLACE", f"{style}{text}").replace("\n", end)


STYLES = ("|\n      ", "|-\n      ", ">\n      ", ">-  # why\n      ", "|\n\n      ", ">2+\n    ", "", "'", '"')
GAPS = (" ", "  ", "\n      ", "\n        ", "\n\n      ", "\n           ")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=conditions(), data=st.data(), style=st.sampled_from(STYLES), end=st.sampled_from(["\n", "\r\n"]))
def test_an_unknown_name_is_told_at_its_line_and_column_wherever_it_stands(words, data, style, end, tmp_path):
    gaps = [data.draw(st.sampled_from(GAPS)) for _ in words[1:]]
    if style in ("'", '"'):
        doubled = [word.replace("'", "''") if style == "'" else word for word in words]
        if doubled != words:
            return  # what is written is not what is read
        words = [*words[:-1], words[-1] + style]
    text = written(words, gaps, style, end)
    problem = problem_of(tmp_path / "site.yaml", text)
    lines = text.split("\n")
    (line,) = (number for number, one in enumerate(lines, 1) if UNKNOWN in one)
    assert (problem.code, problem.line, problem.column) == ("E412", line, lines[line - 1].index(UNKNOWN) + 1)


@pytest.mark.parametrize(("lines", "code", "line", "column"), [
    (["(f.z.door and", "f.z.air > '5 K')"], "E407", 1, 11),
    (["(f.z.door", "and f.z.door", "or or f.z.door)"], "E401", 2, 4),
    (["f.z.door and", "f.z.door"], "E401", 0, 13),  # no bracket: it ends with the line
    (["(f.z.door", "and f.z.door  # a remark", ")"], "E403", 1, 15),
    (["(f.z.door and", "0x1f > f.z.air)"], "E403", 1, 1),
    (["(f.z.air ==", "f.z.air)"], "E408", 0, 2),
    (["(f.z.door and", "nobody(f.z.door))"], "E414", 1, 1),
    (["(f.z.door and", "'5 嘿' > f.z.air)"], "E413", 1, 1),
    (["(f.z.door or", "f.all.mode == '温室' or or f.z.door)"], "E401", 1, 23),
    (["(quality(f.z.air) == 'bad' and", "quality(f.z.air) == 'baad')"], "E457", 1, 21),
    (["(f.z.door and"], "E401", 0, 1),
])  # fmt: skip
def test_every_kind_of_mistake_is_told_on_its_own_line(lines, code, line, column, tmp_path):
    text = written([lines[0], *lines[1:]], ["\n      "] * (len(lines) - 1), "|\n      ")
    problem = problem_of(tmp_path / "site.yaml", text)
    first = next(number for number, one in enumerate(text.split("\n"), 1) if lines[0] in one)
    assert (problem.code, problem.line - first, problem.column - 6) == (code, line, column)


@pytest.mark.parametrize(("style", "gap"), [("|\n      ", "\n      "), (">\n      ", "\n      "), ("", " ")])
def test_what_is_counted_are_characters_whatever_they_take(style, gap, tmp_path):
    text = written(["(f.all.mode == '温室' or", "f.all.mode == '夏' or f.z.nobody)"], [gap], style)
    problem = problem_of(tmp_path / "site.yaml", text)
    (line,) = (number for number, one in enumerate(text.split("\n"), 1) if UNKNOWN in one)
    assert (problem.code, problem.line, problem.column) == ("E412", line, text.split("\n")[line - 1].index(UNKNOWN) + 1)


def test_a_text_that_is_not_read_as_it_is_written_is_told_where_it_begins(tmp_path):
    text = written(["f.z.door \\", 'and f.z.nobody"'], ["\n      "], '"')
    problem = problem_of(tmp_path / "site.yaml", text)
    (line,) = (number for number, one in enumerate(text.split("\n"), 1) if "f.z.door \\" in one)
    assert (problem.line, problem.column) == (line, text.split("\n")[line - 1].index('"') + 1)
