"""Tanks of a fish farm, racks of a plant factory: what the second and the next have otherwise than the first.

In a parameter file that stands as `tank2.NAME`; what is left out is like the first's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from simulator.parameters import ParameterError
from simulator.plants.wet_parameters import unphysical

MOST = 8


def own_names(word: str, names: Sequence[str]) -> tuple[str, ...]:
    """Every name that a file may give: `tank2.…` to `tank8.…`."""
    return tuple(f"{word}{number}.{name}" for number in range(2, MOST + 1) for name in names)


def own_values(file: str, word: str, names: Sequence[str], values: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Of the second and each next one, what it has of its own. Raises ParameterError where a number is left out."""
    given = [_given(word, number, names, values) for number in range(1, MOST + 1)]
    last = max((index for index, own in enumerate(given) if own), default=0)
    for index in range(1, last + 1):
        if not given[index]:
            raise ParameterError(f"{file}.yaml: {word}{last + 1}.* is there, and nothing of {word}{index + 1}.*")
        yield given[index]


def each_unphysical(word: str, names: Sequence[str]) -> Callable[[Mapping[str, float]], Iterator[tuple[str, str]]]:
    """The check for `load_parameters` that looks at each of them."""

    def check(values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
        first = {key: value for key, value in values.items() if "." not in key}
        yield from unphysical(first)
        for number in range(2, MOST + 1):
            own = _given(word, number, names, values)
            if own:
                for key, wrong in unphysical(first | own):
                    yield (f"{word}{number}.{key}" if key in own else key), wrong

    return check


def _given(word: str, number: int, names: Sequence[str], values: Mapping[str, float]) -> dict[str, float]:
    return {name: values[key] for name in names if (key := f"{word}{number}.{name}") in values}
