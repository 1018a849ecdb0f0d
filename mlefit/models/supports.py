"""Supports of parameters: the open interval in which one lies, and the unconstrained scale on which it moves.

A support is `"real"`, `"positive"` (moves as its logarithm), `"unit"` (in (0, 1), as its logit), or a pair
of numbers `(low, high)` for another open interval. All maps increase, so that intervals keep their order.
"""

import functools
from collections import namedtuple
from collections.abc import Sequence

import keras
import numpy as np

from mlefit import checks

type Support = str | tuple[float, float]

Transform = namedtuple("Transform", "natural unconstrained slope in_numpy")
# The natural value, its unconstrained form, the slope of the first by the second, as a function of it, and
# the natural value once more, of a NumPy number.
_NAMED = {
    "real": Transform(lambda theta: theta, lambda value: value, np.ones_like, lambda theta: theta),
    "positive": Transform(keras.ops.exp, np.log, lambda value: value, np.exp),
    "unit": Transform(
        keras.ops.sigmoid,
        lambda value: np.log(value) - np.log1p(-value),
        lambda value: value * (1 - value),
        lambda theta: np.exp(-np.logaddexp(0.0, -theta)),
    ),
}
_ENDS = {"real": (-np.inf, np.inf), "positive": (0.0, np.inf), "unit": (0.0, 1.0)}


def support(given: str | Sequence[float | None]) -> Support:
    """Return a support in its one form, or raise an error that says what it may be.

    Args:
        given: a name, or the two ends of an open interval, None or infinity where there is none.

    Examples:
        >>> support((-1, 1)), support((0, None)), support((None, 3.0))
        ((-1.0, 1.0), 'positive', (-inf, 3.0))
    """
    if isinstance(given, str):
        if given not in _NAMED:
            raise ValueError(
                f"support must be one of {', '.join(map(repr, _NAMED))}, or an open interval (low, high), "
                f"got {given!r}"
            )
        return given
    if not isinstance(given, Sequence | np.ndarray) or len(given) != 2:
        raise TypeError(
            f"support must be 'real', 'positive', 'unit' or an open interval (low, high), got {given!r}"
        )
    low, high = (
        none if end is None else _end(name, end)
        for name, end, none in zip(("low", "high"), given, (-np.inf, np.inf), strict=True)
    )
    if not low < high or low == np.inf or high == -np.inf:
        raise ValueError(f"support must be an interval (low, high) with low below high, got {given!r}")
    return next((name for name, ends in _ENDS.items() if ends == (low, high)), (low, high))


def _end(name, value):
    if isinstance(value, float | np.floating) and np.isinf(value):
        return float(value)
    return checks.real_number(f"the {name} end of support", value)


def require_inside(name: str, value: np.ndarray, support: Support) -> None:
    """Raise a ValueError unless all entries of a value lie in a support."""
    if isinstance(support, str):
        if support != "real":
            checks.require_domain(name, value, support)
        return
    low, high = support
    outside = ~((value > low) & (value < high))
    if outside.any():
        raise ValueError(f"{name} must lie in {said(support)}, got {value[tuple(np.argwhere(outside)[0])]}")


def said(support: Support) -> str:
    """Return a support in a word or two: `positive`, `(-1, 1)`."""
    return support if isinstance(support, str) else "({:g}, {:g})".format(*support)


def ends(support: Support) -> tuple[float, float]:
    """Return the two ends of a support, infinite where it has none."""
    return _ENDS[support] if isinstance(support, str) else support


@functools.cache
def transform(support: Support) -> Transform:
    """Return the maps between a support and the unconstrained scale.

    Examples:
        >>> maps = transform((-1.0, 1.0))
        >>> maps.unconstrained(0.5).round(4), maps.in_numpy(maps.unconstrained(0.5)).round(4)
        (np.float64(1.0986), np.float64(0.5))
    """
    if isinstance(support, str):
        return _NAMED[support]
    low, high = support
    if high == np.inf:
        return Transform(
            lambda theta: low + keras.ops.exp(theta),
            lambda value: np.log(value - low),
            lambda value: value - low,
            lambda theta: low + np.exp(theta),
        )
    if low == -np.inf:
        return Transform(
            lambda theta: high - keras.ops.exp(-theta),
            lambda value: -np.log(high - value),
            lambda value: high - value,
            lambda theta: high - np.exp(-theta),
        )
    width = high - low
    unit = _NAMED["unit"]
    return Transform(
        lambda theta: low + width * keras.ops.sigmoid(theta),
        lambda value: np.log(value - low) - np.log(high - value),
        lambda value: (value - low) * (high - value) / width,
        lambda theta: low + width * unit.in_numpy(theta),
    )
