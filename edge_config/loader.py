"""From site files to a checked Site, or to every mistake in them with its place.

A file may `include` others beside or below it: their sections are merged; `schema`, `site`, `panel` and `notify` are
the including file's own, and a name that two files define differently is a mistake.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edge_config.checks import check_site
from edge_config.model.site import Site
from foundation.document import Document, read_document
from foundation.problem import Problem, ProblemsError

MAX_INCLUDES = 64
OWN_SECTIONS = ("schema", "site", "panel", "notify", "include")
"""What an included file says for itself alone."""

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site that may run, with what deserves a look, and where everything stands."""

    site: Site
    warnings: tuple[Problem, ...]
    text: "Merged"


class Merged:
    """Several documents as one value that still knows where each part came from."""

    def __init__(self, main: Document) -> None:
        self.main = main
        self.value: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._origin: dict[Path_, tuple[Document, Path_]] = {}
        self._add(main, included=False)

    def include(self, document: Document) -> None:
        """Merge in another file's sections."""
        self._add(document, included=True)

    def problem(self, code: str, path: Path_, /, key: bool = False, **values: object) -> Problem:
        """A problem at a path of the merged value, placed in the file it came from."""
        for length in (2, 1):
            origin = self._origin.get(path[:length])
            if origin is not None and len(path) >= length:
                document, there = origin
                return document.problem(code, (*there, *path[length:]), key=key, **values)
        return self.main.problem(code, path, key=key, **values)

    def _add(self, document: Document, included: bool) -> None:
        if not isinstance(document.value, dict):
            self.problems.append(document.problem("E011", ()))
            return
        for section, content in document.value.items():
            if section in OWN_SECTIONS:
                if not included:
                    self.value[section] = content
                continue
            if isinstance(content, dict):
                self._add_names(document, section, content, included)
            elif isinstance(content, list):
                kept = self.value.setdefault(section, [])
                if isinstance(kept, list):
                    for index, item in enumerate(content):
                        self._origin[(section, len(kept))] = (document, (section, index))
                        kept.append(item)
            elif section not in self.value:
                self._origin[(section,)] = (document, (section,))
                self.value[section] = content

    def _add_names(self, document: Document, section: str, content: dict[str, Any], included: bool) -> None:
        kept = self.value.setdefault(section, {})
        if not isinstance(kept, dict):
            return
        for name, item in content.items():
            if name not in kept:
                kept[name] = item
                self._origin[(section, name)] = (document, (section, name))
            elif kept[name] != item and not (section == "simulation" and name == "weather"):
                first, _ = self._origin[(section, name)]
                where = f"{first.file}:{first.place((section, name), key=True)[0]}"
                self.problems.append(document.problem("E012", (section, name), key=True, name=name, first=where))


def load_site(path: Path) -> Loaded:
    """Read, merge, validate and check a site. Raises OSError, or ProblemsError if anything is an error."""
    merged = _read(path)
    try:
        site = Site.model_validate({key: value for key, value in merged.value.items() if key != "include"})
    except ValidationError as error:
        raise ProblemsError([*merged.problems, *(_translate(merged, one) for one in error.errors())]) from error
    problems = [*merged.problems, *check_site(site, merged.problem)]
    if any(problem.is_error for problem in problems):
        raise ProblemsError(problems)
    return Loaded(site, tuple(problems), merged)


def _read(path: Path) -> Merged:
    document = read_document(path)
    merged = Merged(document)
    if not isinstance(document.value, dict):
        raise ProblemsError(merged.problems)
    names = document.value.get("include", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(names) > MAX_INCLUDES:
        raise ProblemsError([document.problem("E013", ("include",), limit=MAX_INCLUDES)])
    for index, name in enumerate(names):
        place = (path.parent / name).resolve()
        if not place.is_relative_to(path.parent.resolve()) or place == path.resolve():
            raise ProblemsError([document.problem("E014", ("include", index), name=name)])
        try:
            included = read_document(place)
        except OSError as error:
            raise ProblemsError(
                [document.problem("E015", ("include", index), name=name, why=error.strerror or str(error))]
            ) from error
        merged.include(included)
    return merged


def _translate(merged: Merged, error: Any) -> Problem:
    """A pydantic error as a problem of ours, at its place."""
    path: Path_ = tuple(part for part in error["loc"])
    kind, found = error["type"], error.get("input")
    values = {key: value for key, value in (error.get("ctx") or {}).items() if key != "error"}
    values |= {"where": ".".join(str(part) for part in path), "found": values.get("found", found)}
    if kind == "extra_forbidden":
        return _unknown_key(merged, path, values)
    return merged.problem("E101", path, what=error["msg"], **values)


def _unknown_key(merged: Merged, path: Path_, values: dict[str, Any]) -> Problem:
    name = str(path[-1])
    near = get_close_matches(name, list(Site.model_fields), 1)
    return merged.problem("E102", path, key=True, key_name=name, near=near[0] if near else "", **values)
