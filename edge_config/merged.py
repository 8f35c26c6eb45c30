"""Site files read and merged into one value that still knows in which file, line and column each part stands.

A file may `include` others beside or below it: their sections are merged; `schema`, `site`, `panel` and `notify` are
the including file's own, and a name that two files define differently is a mistake.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_config.wording import shown
from foundation.document import Document, Path_, read_document
from foundation.problem import Problem, ProblemsError

MAX_INCLUDES = 64
OWN_SECTIONS = ("schema", "site", "panel", "notify", "include")
"""What an included file says for itself alone."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the texts that a part of a site was laid together from."""

    document: Document
    path: Path_
    """Where it stands in the document."""
    used: str = ""
    """Where the site asks for it (`site.yaml:7:12`), if it does not stand in the site itself."""

    def place(self, key: bool = False) -> str:
        """`site.yaml:7:12`."""
        line, column = self.document.place(self.path, key)
        return f"{self.document.file}:{line}:{column}"

    def reach(self, rest: Path_) -> int:
        """How many steps of a path from here exist."""
        there, _ = _followed(self.document.value, (*self.path, *rest))
        return next((n for n in range(len(there), 0, -1) if there[:n] in self.document.places), 0) - len(self.path)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a preset that this farm does not have, and why."""

    section: str
    name: str
    why: str
    """`missing`, `instead`, `unknown` or `unwanted`: a message's key, `left_out.WHY`."""
    what: str
    """The name or value that decided it."""


class Merged:
    """Several documents as one value. `problems` are those of the merging itself."""

    def __init__(self, main: Document) -> None:
        self.main = main
        self.value: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self.is_partial = False
        """Something could not be merged at all, and would be missed everywhere."""
        self._origin: dict[Path_, tuple[Document, Path_]] = {}
        self._layers: dict[Path_, tuple[Layer, ...]] = {}
        self.left_out: list[LeftOut] = []
        self._add(main, included=False)

    def include(self, document: Document) -> None:
        """Merge in another file's sections."""
        self._add(document, included=True)

    def change(self, document: Document, at: Path_, changes: dict[str, Any]) -> None:
        """Lay `changes`, which stand at `at` of another file, over the sections: mappings are merged, everything else
        is replaced, null removes. What is changed has its place there."""
        for section, content in changes.items():
            kept = self.value.get(section)
            if isinstance(content, dict) and isinstance(kept, dict):
                self._origin.setdefault((section,), (self.main, (section,)))
                for name in content:
                    path: Path_ = (section, name)
                    if path in self._layers:
                        self._layers[path] = (Layer(document, (*at, *path)), *self._layers[path])
                    self._origin[path] = (document, (*at, *path))
            else:
                self._origin[(section,)] = (document, (*at, section))
        self.value = changed(self.value, changes)

    def problem(
        self, code: str, path: Path_, /, key: bool = False, inside: int | None = None, **values: object
    ) -> Problem:
        """A problem at a path of the merged value, placed in the file it came from.

        `key` means the key itself, not its value; `inside` is a 0-based character within a text. What stands there and
        where is among the values as `found` and `where`, unless they are given.
        """
        layer = self.layer(path)
        document = layer.document
        there, raw = _followed(document.value, layer.path)
        if layer.used:
            # what the part became counts, not what it was written like
            written, (_, raw) = raw, _followed(self.value, path)
            inside = inside if written == raw else None
        key = key and bool(there) and isinstance(there[-1], str)
        line, column = document.place(there, key)
        if inside is not None:
            line, column = document.place_inside(there, inside)
        told = {"where": self.where(there if not layer.used else path), "found": str(there[-1]) if key else shown(raw)}
        return Problem(code, document.file, line, column, told | values, layer.used)

    def lay(self, path: Path_, layers: tuple[Layer, ...]) -> None:
        """A part was laid together from several texts, what goes first first."""
        self._layers[path] = layers

    def layers(self, path: Path_) -> tuple[Layer, ...]:
        """The texts that a part comes from, what goes first first."""
        return self._layers.get(path) or (self.layer(path),)

    def layer(self, path: Path_) -> Layer:
        """The text that a part comes from."""
        for length in range(len(path), 0, -1):
            layers = self._layers.get(path[:length])
            if layers is not None:
                rest = path[length:]
                best = max(layers, key=lambda layer: layer.reach(rest))
                return Layer(best.document, (*best.path, *rest), best.used)
        return Layer(*self._source(path))

    def where(self, path: Path_) -> str:
        """A path for people: `loops.gh1.bay1.vent_loop.kc`, or the file's name for the whole."""
        return ".".join(map(str, path)) or Path(self.main.file).name

    def _source(self, path: Path_) -> tuple[Document, Path_]:
        """The document that a part came from, and its path there."""
        for length in (2, 1):
            origin = self._origin.get(path[:length])
            if origin is not None and len(path) >= length:
                document, there = origin
                return document, (*there, *path[length:])
        return self.main, path

    def _add(self, document: Document, included: bool) -> None:
        if not isinstance(document.value, dict):
            self.problems.append(document.problem("E011", ()))
            self.is_partial = True
            return
        for section, content in document.value.items():
            if section in OWN_SECTIONS:
                if not included:
                    self.value[section] = content
                elif section == "include":
                    self.problems.append(document.problem("E018", (section,), key=True))
                continue
            kept = self.value.get(section)
            if kept is None:
                # nowhere yet, or empty there
                self._origin[(section,)] = (document, (section,))
                kept = self.value[section] = type(content)() if isinstance(content, dict | list) else content
            if isinstance(content, dict) and isinstance(kept, dict):
                self._add_names(document, section, content, kept)
            elif isinstance(content, list) and isinstance(kept, list):
                for index, item in enumerate(content):
                    self._origin[(section, len(kept))] = (document, (section, index))
                    kept.append(item)
            elif content is not None and content is not kept:
                first, there = self._origin[(section,)]
                where = f"{first.file}:{first.place(there, key=True)[0]}"
                self.problems.append(document.problem("E019", (section,), key=True, section=section, first=where))
                self.is_partial = True

    def _add_names(self, document: Document, section: str, content: dict[str, Any], kept: dict[str, Any]) -> None:
        for name, item in content.items():
            if name not in kept:
                kept[name] = item
                self._origin[(section, name)] = (document, (section, name))
            elif kept[name] != item and not (section == "simulation" and name == "weather"):
                first, _ = self._origin[(section, name)]
                where = f"{first.file}:{first.place((section, name), key=True)[0]}"
                self.problems.append(document.problem("E012", (section, name), key=True, name=name, first=where))


def read_merged(path: Path) -> Merged:
    """A site file with all that it includes. Raises OSError if it cannot be read itself, ProblemsError for the rest."""
    document = read_document(path)
    merged = Merged(document)
    if not isinstance(document.value, dict):
        raise ProblemsError(merged.problems)
    names = document.value.get("include", [])
    if not isinstance(names, list) or len(names) > MAX_INCLUDES:
        raise ProblemsError([document.problem("E013", ("include",), limit=MAX_INCLUDES)])
    problems: list[Problem] = []
    seen = {path.resolve()}
    for index, name in enumerate(names):
        at: Path_ = ("include", index)
        if not isinstance(name, str) or "\0" in name:
            problems.append(document.problem("E013", at, limit=MAX_INCLUDES))
            continue
        try:
            place = (path.parent / name).resolve()
            if not place.is_relative_to(path.parent.resolve()) or place in seen:
                problems.append(document.problem("E014", at, name=name))
                continue
            seen.add(place)
            merged.include(read_document(path.parent / name))
        except ProblemsError as error:
            problems += error.problems
        except (OSError, RuntimeError) as error:  # a ring of symbolic links is a RuntimeError
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            problems.append(document.problem("E015", at, name=name, why=why))
    if problems or merged.is_partial:
        raise ProblemsError(problems + merged.problems)
    return merged


def changed(value: Any, changes: Any) -> Any:
    """`value` with `changes` laid over it; neither is touched."""
    if not isinstance(value, dict) or not isinstance(changes, dict):
        return changes
    laid = {name: changed(value.get(name), change) for name, change in changes.items() if change is not None}
    return {name: kept for name, kept in value.items() if name not in changes} | laid


def _followed(value: Any, path: Path_) -> tuple[Path_, Any]:
    """The path as the file has it, and what stands there (None if nothing does).

    One thing may stand where a list of them may: `feed_forward: {...}` has no index.
    """
    followed: list[str | int] = []
    for part in path:
        if isinstance(part, int) and not isinstance(value, list):
            continue
        followed.append(part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            value = None
    return tuple(followed), value
