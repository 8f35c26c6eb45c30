"""YAML as version 1.2 means it, with the position of every key and value, and nothing that surprises.

`no`, `on`, `22:00` and `1:30` stay text; `1e3` is a number; a key written twice, a tab, a merge key, more than
1 MB or 1 000 aliases, nesting deeper than any farm, or a file that is not UTF-8 are problems with a place, not guesses.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from foundation.problem import Problem, ProblemsError

MAX_BYTES = 1_000_000
MAX_ALIASES = 1_000
MAX_DEPTH = 60
MAX_NODES = 100_000
"""Aliases counted out: what a megabyte of real site never has."""

Path_ = tuple[str | int, ...]
Piece = tuple[int, int, int]
"""Of a text over several lines: the character from which on it stands on a line, that line, and the column there."""
Scalar = str | int | float | bool | None

_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_WORD = re.compile(r"\S")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?")

_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML refuses, and the line ends that only YAML sees."""
_LONGEST_INT = 300
"""Digits; longer whole numbers are read as floats (infinite ones, so that they are refused)."""
_KNOWN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value", "yaml")
)
"""What PyYAML resolves to by itself, or a person may spell out; we read the text ourselves."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Secret:
    """A `!secret name`: the value stands elsewhere and is never in the document."""

    name: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file as plain Python values, with the place of each."""

    file: str
    value: Any
    places: dict[Path_, tuple[int, int]]
    """1-based line and column of the value at a path."""
    key_places: dict[Path_, tuple[int, int]]
    """1-based line and column of the key at a path."""
    indents: dict[Path_, int]
    """Columns from a text's place to its first character (1 behind a quote), for texts that stand on one line as they
    are: there a place inside the text is a place in the file."""
    pieces: dict[Path_, tuple[Piece, ...]] = field(default_factory=dict)
    """The same of texts that stand over several lines, word for word, however they are folded."""

    def place(self, path: Path_, key: bool = False) -> tuple[int, int]:
        """Where `path` stands, or its nearest ancestor that exists."""
        table = self.key_places if key else self.places
        while path:
            if path in table:
                return table[path]
            path, table = path[:-1], self.places
        return self.places.get((), (1, 1))

    def place_inside(self, path: Path_, at: int) -> tuple[int, int]:
        """Where character `at` (from 0) of the text at `path` stands; where that is not known, the text itself."""
        line, column = self.place(path)
        if path in self.indents:
            return line, column + self.indents[path] + at
        pieces = self.pieces.get(path)
        if pieces is None:
            return line, column
        begin, line, column = pieces[max(bisect_right(pieces, at, key=lambda piece: piece[0]) - 1, 0)]
        return line, column + max(at - begin, 0)

    def problem(self, code: str, path: Path_, /, key: bool = False, **values: object) -> Problem:
        line, column = self.place(path, key)
        return Problem(code, self.file, line, column, values)


def scalar(text: str) -> Scalar:
    """A plain (unquoted) scalar as YAML 1.2's JSON-like core reads it."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_INT else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def read_document(path: Path) -> Document:
    """Read a file; raises OSError if it cannot be read and ProblemsError for what is wrong inside."""
    return parse_document(path.read_bytes(), str(path))


def parse_document(data: bytes, file: str) -> Document:
    """Parse UTF-8 YAML; raises ProblemsError with every problem that was found."""
    if len(data) > MAX_BYTES:
        raise ProblemsError([Problem("E001", file, 0, 0, {"size": len(data), "limit": MAX_BYTES})])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ProblemsError([Problem("E002", file, line, 1)]) from error
    for number, line_text in enumerate(text.split("\n"), 1):
        stripped = line_text.lstrip(" ")
        if stripped.startswith("\t"):
            column = len(line_text) - len(stripped) + 1
            raise ProblemsError([Problem("E003", file, number, column)])
    if strange := _NOT_PRINTABLE.search(text):
        line, column = text.count("\n", 0, strange.start()) + 1, strange.start() - text.rfind("\n", 0, strange.start())
        raise ProblemsError([Problem("E017", file, line, column, {"found": f"U+{ord(strange.group()):04X}"})])
    try:
        _look_over(text, file)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line, column = _place_of(error.problem_mark or error.context_mark)
        line = min(line, len(text.splitlines()))  # the parser counts one more where the last line has no end
        what = error.problem or error.context or "?"
        raise ProblemsError([Problem("E005", file, line, column, {"what": what})]) from error
    except yaml.YAMLError as error:
        raise ProblemsError([Problem("E005", file, 1, 1, {"what": str(error).splitlines()[0]})]) from error
    reader = _Reader(file, text.split("\n"))
    value = reader.read(root, ()) if root is not None else None
    if reader.problems:
        raise ProblemsError(reader.problems)
    return Document(file, value, reader.places, reader.key_places, reader.indents, reader.pieces)


def _look_over(text: str, file: str) -> None:
    """Refuse what would blow up when it is composed; yaml.compose has no limits of its own."""
    aliases = depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                raise ProblemsError([Problem("E004", file, 0, 0, {"limit": MAX_ALIASES})])
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line, column = _place_of(event.start_mark)
                raise ProblemsError([Problem("E006", file, line, column, {"limit": MAX_DEPTH})])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _place_of(mark: Any) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


class _Reader:
    def __init__(self, file: str, lines: list[str]) -> None:
        self.file, self.lines = file, lines
        self.problems: list[Problem] = []
        self.places: dict[Path_, tuple[int, int]] = {}
        self.key_places: dict[Path_, tuple[int, int]] = {}
        self.indents: dict[Path_, int] = {}
        self.pieces: dict[Path_, tuple[Piece, ...]] = {}
        self._nodes = 0

    def _note(self, code: str, node: yaml.Node, **values: object) -> None:
        mark = node.start_mark
        self.problems.append(Problem(code, self.file, mark.line + 1, mark.column + 1, values))

    def read(self, node: yaml.Node, path: Path_) -> Any:
        self._nodes += 1
        if len(path) > MAX_DEPTH or self._nodes > MAX_NODES:
            # an alias inside itself, or a billion laughs: either way nothing a person wrote
            if not any(problem.code == "E006" for problem in self.problems):
                self._note("E006", node, limit=MAX_DEPTH)
            return None
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if node.tag == "!secret":
            return self._secret(node)
        if node.tag not in _KNOWN_TAGS and node.tag != "!":
            self._note("E007", node, tag=node.tag.replace("tag:yaml.org,2002:", "!!"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        start, end, quotes = node.start_mark, node.end_mark, 1 if node.style in ("'", '"') else 0
        if start.line == end.line and end.column - start.column == len(node.value) + 2 * quotes:
            self.indents[path] = quotes
        else:
            self._over_lines(node, path, quotes)
        return node.value if node.style else scalar(node.value)  # the C parser gives "" for plain

    def _over_lines(self, node: yaml.ScalarNode, path: Path_, quotes: int) -> None:
        """Which piece of a text stands on which line. A text under a bar stands where its first word does."""
        start, end, is_block = node.start_mark, node.end_mark, node.style in ("|", ">")
        text, at, pieces = node.value, 0, list[Piece]()
        length = len(text.rstrip())
        for number in range(start.line + is_block, len(self.lines) if is_block else end.line + 1):
            line = self.lines[number]
            first = start.column + quotes if number == start.line else 0
            words = line[first : end.column - quotes if number == end.line and not is_block else None]
            written = words.strip()
            if not written:
                continue
            word = _WORD.search(text, at)
            if word is None or not text.startswith(written, word.start()):
                return  # an escape, or not a line of it any more
            at = word.start()
            pieces.append((at, number + 1, first + len(words) - len(words.lstrip()) + 1))
            at += len(written)
            if is_block:
                self.places[path] = pieces[0][1:]
            if at >= length:
                break
        if len(pieces) == 1 and is_block and not pieces[0][0]:
            self.indents[path] = 0
        elif pieces:
            self.pieces[path] = tuple(pieces)

    def _secret(self, node: yaml.Node) -> Secret | None:
        if isinstance(node, yaml.ScalarNode) and node.value.strip():
            return Secret(node.value.strip())
        self._note("E016", node)
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note("E008", key_node)
                continue
            key = str(key_node.value)
            if key == "<<":
                self._note("E009", key_node)
                continue
            if key in out:
                first = self.key_places[(*path, key)][0]
                self._note("E010", key_node, key=key, first=first)
                continue
            mark = key_node.start_mark
            self.key_places[(*path, key)] = (mark.line + 1, mark.column + 1)
            out[key] = self.read(value_node, (*path, key))
        return out
