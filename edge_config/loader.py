"""From site files to a checked Site, or to every mistake in them with its place."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge_config.checks import check_site
from edge_config.expand import read_site
from edge_config.merged import Merged
from edge_config.model.site import Site
from edge_config.refusals import problems_of
from edge_config.rule_library import take_from_library
from edge_config.weather_beside import weather_beside
from foundation.problem import Problem, ProblemsError


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site that may run, with what deserves a look, and where everything stands."""

    site: Site
    warnings: tuple[Problem, ...]
    text: Merged


def load_site(path: Path) -> Loaded:
    """Read, merge, validate and check a site. Raises OSError if the file cannot be read, and ProblemsError with all
    that could be found, in the order of the file, if anything is an error."""
    return checked(read_site(path))


def checked(merged: Merged) -> Loaded:
    """The site of what was read. Raises ProblemsError."""
    merged.problems.extend(take_from_library(merged))
    try:
        site = Site.model_validate({key: value for key, value in merged.value.items() if key != "include"})
    except ValidationError as error:
        raise ProblemsError(_in_order([*merged.problems, *problems_of(error, merged)])) from error
    problems = _in_order([*merged.problems, *check_site(site, merged.problem)])
    if any(problem.is_error for problem in problems):
        raise ProblemsError(problems)
    site = site.model_copy(update={"simulation": weather_beside(site.simulation, merged)})
    return Loaded(site, tuple(problems), merged)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """By place; what is wrong with a repeated part is told once."""
    first = {(one.code, one.file, one.line, one.column) if one.used else id(one): one for one in reversed(problems)}
    return sorted(first.values(), key=lambda problem: (problem.file, problem.line, problem.column, problem.code))
