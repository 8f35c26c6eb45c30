"""What the parts of a site must be to each other; each mistake with its place."""

from typing import Protocol

from edge_config.model.site import Site
from foundation.problem import Problem


class Placer(Protocol):
    """Makes a problem at a path of the site file."""

    def __call__(self, code: str, path: tuple[str | int, ...], /, key: bool = False, **values: object) -> Problem: ...


def check_site(site: Site, at: Placer) -> list[Problem]:
    """Every problem of a site whose single values are valid."""
    return []
