"""A mistake found in what a person wrote: where, what was found, what would do, in their language."""

from dataclasses import dataclass, field

from foundation.messages import tell


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. Its text stands in the locales under `problem.CODE` and `hint.CODE`."""

    code: str
    """Stable, `E` for what stops a site from loading, `W` for what only deserves a look: `E112`, `W301`."""
    file: str
    line: int
    """1-based; 0 where the file as a whole is meant."""
    column: int
    values: dict[str, object] = field(default_factory=dict)
    used: str = ""
    """Where a site asks for what stands here, if that is elsewhere: `site.yaml:7:12`."""

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")

    def message(self, language: str = "en") -> str:
        text = tell(f"problem.{self.code}", language, **self.values)
        return f"{text} {tell('used_at', language, where=self.used)}" if self.used else text

    def hint(self, language: str = "en") -> str:
        return tell(f"hint.{self.code}", language, **self.values)

    def line_of_text(self, language: str = "en") -> str:
        """`site.yaml:57:5 E112 what was found. What would do.`"""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where} {self.code} {self.message(language)} {self.hint(language)}".rstrip()


class ProblemsError(Exception):
    """Carries the problems out of a loader."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.line_of_text() for problem in problems))
