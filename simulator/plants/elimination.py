"""Gauss without pivoting for small, column-dominant systems; plain floats, so the same bits everywhere."""

from typing import Any


def solve(rows: list[list[float]]) -> list[float]:
    """The unknowns of `rows`, each `[a0, ..., an-1, right]`; the rows are used up. Many systems at once are rows of
    arrays, with an array at the very first place."""
    if not isinstance(rows[0][0], float):
        return _solve_many(rows)
    size = len(rows)
    for index in range(size - 1):
        pivot_row = rows[index]
        pivot = pivot_row[index]
        for below in range(index + 1, size):
            row = rows[below]
            head = row[index]
            if head != 0.0:
                factor = head / pivot
                for column in range(index + 1, size + 1):
                    row[column] -= factor * pivot_row[column]
    found = [0.0] * size
    for index in range(size - 1, -1, -1):
        row = rows[index]
        right = row[size]
        for column in range(index + 1, size):
            right -= row[column] * found[column]
        found[index] = right / row[index]
    return found


def _solve_many(rows: list[list[Any]]) -> list[Any]:
    """The same elimination, a whole block below the pivot at a time."""
    import numpy as np

    size = len(rows)
    block = np.zeros((size, size + 1, len(rows[0][0])))
    for line, row in zip(block, rows, strict=True):
        for place, entry in zip(line, row, strict=True):
            place[:] = entry
    for index in range(size - 1):
        pivot = block[index]
        factors = block[index + 1 :, index] / pivot[index]
        block[index + 1 :, index + 1 :] -= factors[:, None] * pivot[index + 1 :]
    found = np.empty((size, block.shape[2]))
    for index in range(size - 1, -1, -1):
        known = (block[index, index + 1 : size] * found[index + 1 :]).sum(axis=0)
        found[index] = (block[index, size] - known) / block[index, index]
    return list(found)
