"""Sentences for people, in Chinese and English, from one file a language (`locales/*.json`)."""

import json
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh-CN", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of a language by key. An unknown language is English."""
    name = language if language in LANGUAGES else "en"
    text = files("foundation").joinpath("locales", f"{name}.json").read_text("utf-8")
    messages: dict[str, str] = json.loads(text)
    return messages


def tell(key: str, language: str, /, **values: object) -> str:
    """The message `key` with its `{places}` filled. A key that is missing is shown itself, never an exception."""
    template = catalogue(language).get(key)
    if template is None:
        return key
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return template
