"""A strict reader of line protocol, written from its description and not from ours: what our lines are held against."""

from typing import NamedTuple


class Point(NamedTuple):
    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int | bool | str]
    time_ms: int


class SyntaxFault(Exception):
    pass


def _word(text: str, at: int, ends: str, escapable: str) -> tuple[str, int]:
    word = ""
    while at < len(text) and text[at] not in ends:
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in escapable:
            at += 1
        elif text[at] == "\n":
            raise SyntaxFault(f"a line break at {at}")
        word += text[at]
        at += 1
    if not word:
        raise SyntaxFault(f"nothing at {at}")
    return word, at


def _value(text: str, at: int) -> tuple[float | int | bool | str, int]:
    if text[at : at + 1] == '"':
        word = ""
        at += 1
        while text[at : at + 1] != '"':
            if at >= len(text):
                raise SyntaxFault("a text without an end")
            if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
                at += 1
            word += text[at]
            at += 1
        return word, at + 1
    end = at
    while end < len(text) and text[end] not in ", \n":
        end += 1
    word = text[at:end]
    if word in ("true", "false"):
        return word == "true", end
    if word.endswith("i"):
        return int(word[:-1]), end
    if word.strip("-+.e0123456789") or not word:
        raise SyntaxFault(f"no value: {word!r}")
    return float(word), end


def _point(text: str, at: int) -> tuple[Point, int]:
    measurement, at = _word(text, at, ", ", ", ")
    tags: dict[str, str] = {}
    while text[at : at + 1] == ",":
        key, at = _word(text, at + 1, ",= ", ",= ")
        if text[at : at + 1] != "=":
            raise SyntaxFault(f"tag {key} has no value")
        tags[key], at = _word(text, at + 1, ",= ", ",= ")
    if text[at : at + 1] != " ":
        raise SyntaxFault(f"no fields at {at}")
    fields: dict[str, float | int | bool | str] = {}
    while True:
        key, at = _word(text, at + 1, ",= ", ",= ")
        if text[at : at + 1] != "=" or key in fields:
            raise SyntaxFault(f"field {key}")
        fields[key], at = _value(text, at + 1)
        if text[at : at + 1] != ",":
            break
    if text[at : at + 1] != " ":
        raise SyntaxFault(f"no time at {at}")
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return Point(measurement, tags, fields, int(text[at + 1 : end])), end


def read(body: str) -> list[Point]:
    """The points of a body; SyntaxFault for anything that is not exactly line protocol."""
    points = []
    at = 0
    while at < len(body):
        point, at = _point(body, at)
        points.append(point)
        at += 1
    return points
