"""Formulas for one value or for many: `math` for a float, numpy for an array, chosen where the call is made.

A formula is written once, with these functions for whatever is not plain arithmetic. Its first argument
decides: a float gives a float (numpy's own scalars included), an array gives an array, and the arguments
after it may be floats that hold for the whole array. NaN goes through every one of them; none of them raises.

numpy takes a third of a second to load, and 20 MB: it is imported where the first array comes, so an agent never does.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any
Value = TypeVar("Value", float, "Array")
"""A float, or an array of them."""


@overload
def exp(x: float) -> float: ...
@overload
def exp(x: Array) -> Array: ...
@overload
def exp(x: float | Array) -> float | Array: ...
def exp(x: float | Array) -> float | Array:
    """e to the x. Beyond e^700 it stays there: no sensor ever gets near, and nothing overflows."""
    if isinstance(x, (float, int)):
        return math.exp(700.0 if x > 700.0 else x)
    import numpy as np

    return np.exp(np.minimum(x, 700.0))


@overload
def log(x: float) -> float: ...
@overload
def log(x: Array) -> Array: ...
@overload
def log(x: float | Array) -> float | Array: ...
def log(x: float | Array) -> float | Array:
    """The natural logarithm; NaN for what has none (zero and below)."""
    if isinstance(x, (float, int)):
        return math.log(x) if x > 0.0 else math.nan
    import numpy as np

    return np.log(np.where(x > 0.0, x, np.nan))


@overload
def sqrt(x: float) -> float: ...
@overload
def sqrt(x: Array) -> Array: ...
@overload
def sqrt(x: float | Array) -> float | Array: ...
def sqrt(x: float | Array) -> float | Array:
    """The square root; NaN for what has none (below zero)."""
    if isinstance(x, (float, int)):
        return math.sqrt(x) if x >= 0.0 else math.nan
    import numpy as np

    return np.sqrt(np.where(x >= 0.0, x, np.nan))


@overload
def held(x: float, low: float, high: float) -> float: ...
@overload
def held(x: Array, low: float, high: float) -> Array: ...
@overload
def held(x: float | Array, low: float, high: float) -> float | Array: ...
def held(x: float | Array, low: float, high: float) -> float | Array:
    """`x` held between the limits, both included; NaN stays NaN."""
    if isinstance(x, (float, int)):
        return low if x < low else high if x > high else x
    import numpy as np

    return np.clip(x, low, high)


@overload
def greater(a: float, b: float) -> float: ...
@overload
def greater(a: float | Array, b: float | Array) -> float | Array: ...
def greater(a: float | Array, b: float | Array) -> float | Array:
    """The greater of the two, element by element; either may be an array. A NaN in `a` stays NaN."""
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return b if b > a else a
    import numpy as np

    return np.maximum(a, b)


@overload
def lesser(a: float, b: float) -> float: ...
@overload
def lesser(a: float | Array, b: float | Array) -> float | Array: ...
def lesser(a: float | Array, b: float | Array) -> float | Array:
    """The lesser of the two, element by element; either may be an array. A NaN in `a` stays NaN."""
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return b if b < a else a
    import numpy as np

    return np.minimum(a, b)


@overload
def chosen(condition: bool, yes: float, no: float) -> float: ...
@overload
def chosen(condition: Any, yes: float | Array, no: float | Array) -> float | Array: ...
def chosen(condition: Any, yes: float | Array, no: float | Array) -> float | Array:
    """`yes` where the condition holds, else `no`. Both are computed: neither may fail where it is not wanted."""
    if condition is True:
        return yes
    if condition is False:
        return no
    import numpy as np

    return np.where(condition, yes, no) if np.ndim(condition) else yes if condition else no


def anywhere(condition: Any) -> bool:
    """Whether the condition of one value, or of any of many, holds."""
    return condition if isinstance(condition, bool) else bool(condition.any())


_LONG = 30
"""Steps after which Newton is not trusted: on a curve as steep as sinh far out he takes a hundred small ones."""


def rising_root(curve: Callable[[Value], tuple[Value, Value]], start: Value, low: float, high: float) -> Value:
    """Where a curve that rises throughout crosses zero; `curve` gives its value and its slope.

    Newton's steps inside a bracket that only shrinks, halved where a step would leave it: to 1e-10 in some six
    steps from a near start; a search that takes long halves the bracket from there on. No crossing inside reads as
    the limit on that side; NaN gives NaN.
    """
    if not isinstance(start, (float, int)):
        return _rising_roots(curve, start, low, high)
    x = start
    for turn in range(100):
        y, slope = curve(x)
        if math.isnan(y):
            return math.nan
        if y > 0.0:
            high = x
        else:
            low = x
        ahead = x - y / slope if slope > 0.0 else low
        if turn > _LONG or not low < ahead < high:
            ahead = (low + high) / 2.0
        if abs(ahead - x) < 1e-10:
            return ahead
        x = ahead
    return x


def _rising_roots(curve: Callable[[Array], tuple[Array, Array]], start: Array, low: float, high: float) -> Array:
    import numpy as np

    x, lows, highs = start, np.full_like(start, low), np.full_like(start, high)
    for turn in range(100):
        y, slope = curve(x)
        highs = np.where(y > 0.0, x, highs)
        lows = np.where(y > 0.0, lows, x)
        ahead = x - y / np.where(slope > 0.0, slope, np.nan)
        ahead = np.where((ahead > lows) & (ahead < highs) & (turn <= _LONG), ahead, (lows + highs) / 2.0)
        ahead = np.where(np.isnan(y), np.nan, ahead)
        moved = np.abs(ahead - x)
        x = ahead
        if not np.any(moved > 1e-10):
            break
    return x
