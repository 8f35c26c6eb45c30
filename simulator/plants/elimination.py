"""Gauss without pivoting for small, column-dominant systems; plain floats, so the same bits everywhere."""


def solve(rows: list[list[float]]) -> list[float]:
    """The unknowns of `rows`, each `[a0, ..., an-1, right]`; the rows are used up."""
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
