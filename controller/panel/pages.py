"""Lists that grow, a page at a time: `most` rows, and in `before` what `next` of the page before said."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query

from controller.panel.problems import ProblemError

MOST_ROWS: Final = 200
ALL: Final = 1_000_000
"""As many as there can be: what a farm is asked for where a page may begin anywhere."""
Before = Annotated[str, Query(max_length=200)]
Most = Annotated[int, Query(ge=1, le=MOST_ROWS)]
Row = TypeVar("Row")


def page(
    rows: Sequence[Row], mark: Callable[[Row], object], before: str, most: int
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page, and what `before` has to be for the next; None: there are none. `mark` tells rows apart,
    also when others came meanwhile. Raises ProblemError where the row that `before` names is there no more."""
    begin = 0
    if before:
        begin = next((place for place, row in enumerate(rows, 1) if str(mark(row)) == before), 0)
        if not begin:
            raise ProblemError(422, "page_gone")
    shown = rows[begin : begin + most]
    return shown, str(mark(shown[-1])) if begin + most < len(rows) else None
