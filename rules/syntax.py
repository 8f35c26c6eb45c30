"""A condition's text as a syntax tree, or what is wrong with it and where: nothing is read otherwise than it looks."""

import ast
import io
import re
import tokenize
import warnings

MAX_NODES = 200
MAX_LENGTH = 4000
"""Characters; refused before they are parsed."""
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LINE_END = re.compile(r"\r\n|\r|\n")


class ExpressionError(ValueError):
    """What is wrong with an expression: a problem code, its values, and at which character of the text, from 0."""

    def __init__(self, code: str, column: int, **values: object) -> None:
        self.code, self.column, self.values = code, column, values
        super().__init__(f"{code} at {column}: {values}")


def parsed(text: str) -> ast.expr:
    """The syntax tree of an expression that is neither too long nor too large. Raises ExpressionError."""
    stripped = text.strip()
    indent = len(text) - len(text.lstrip())
    if len(stripped) > MAX_LENGTH:
        raise ExpressionError("E419", 0, count=len(stripped), limit=MAX_LENGTH)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python has opinions on `1 is 2` that are none of the farmer's business
            tree = tree_of(stripped)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = _stopped(stripped, error) if isinstance(error, SyntaxError) else 0
        raise ExpressionError("E401", indent + at, found=text) from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise ExpressionError("E402", 0, limit=MAX_NODES)
    if "\n" in stripped:
        starts = [len(stripped[:start].encode()) for start in _line_starts(stripped)]
        for node in nodes:
            if isinstance(node, ast.expr):  # from here on a column is that of the whole text
                node.col_offset += starts[node.lineno - 1]
    _refuse_odd_words(stripped)
    return tree.body


def _line_starts(text: str) -> list[int]:
    """At which character each line begins, as Python counts lines."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _stopped(text: str, error: SyntaxError) -> int:
    """The character at which the parser gave up; it counts from 1, and says 0 where the text ends too early."""
    starts = _line_starts(text)
    if not error.offset or not error.lineno or error.lineno > len(starts):
        return len(text)
    return min(starts[error.lineno - 1] + error.offset - 1, len(text))


def _refuse_odd_words(text: str) -> None:
    """What Python would read otherwise than it looks: a remark that hides the rest, texts that run together, `1_0`."""
    last: tokenize.TokenInfo | None = None
    for word in tokenize.generate_tokens(io.StringIO(text).readline):
        if word.type == tokenize.NL:
            continue
        runs_on = last is not None and last.type == word.type == tokenize.STRING
        if (
            runs_on
            or word.type == tokenize.COMMENT
            or (word.type == tokenize.STRING and word.string[0] not in "'\"")
            or (word.type == tokenize.NUMBER and not _NUMBER.fullmatch(word.string))
        ):
            first = last if runs_on and last is not None else word
            found = f"{first.string} {word.string}" if runs_on else word.string
            row, column = first.start
            before = "\n".join([*text.split("\n")[: row - 1], first.line[:column]])
            raise ExpressionError("E403", len(before.encode()), found=found)
        last = word


def tree_of(text: str) -> ast.Expression:
    """Raises what `ast.parse` raises for a wrong text."""
    try:
        return ast.parse(text, mode="eval")
    except SystemError:
        # Python 3.11 counts its depth wrong where a traceback was written meanwhile (gh-106905): not the text's fault
        return ast.parse(text, mode="eval")
