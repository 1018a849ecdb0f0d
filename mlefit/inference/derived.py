"""Quantities derived from the estimates, with errors by the delta method."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from mlefit import checks
from mlefit.inference import words
from mlefit.models.supports import ends

if TYPE_CHECKING:
    from mlefit.inference.result import FitResult

_STEP = 0.1  # standard errors, halved twice
_FAR = 3.0  # standard errors
_LEAST = 1e-6  # of a value's size: a step whose length has digits left
_AGREE = 1e-3  # of the standard error: how far two derivatives may differ, each along its own parameter
_CORNER = 0.02  # of it: by how much a slope may jump where a shorter step no longer bends less
_ROUNDING = 1e-9  # of the values: what is less tells of nothing


@dataclass(frozen=True)
class Derived:
    """A quantity computed from the estimates of a fit, as `FitResult.derived` returns it.

    Attributes:
        estimate: the function of the estimates, a float or an array.
        standard_error: of it, by the delta method, of the same shape; nan where it is not to be trusted.

    Examples:
        >>> import mlefit
        >>> result = mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0])
        >>> variance = result.derived(lambda p: p["stddev"] ** 2)
        >>> round(variance.estimate, 4), round(variance.standard_error, 4)  # s^2 sqrt(2 / n)
        (1.5556, 1.2701)
    """

    estimate: float | np.ndarray
    standard_error: float | np.ndarray

    def interval(self, level: float = 0.95) -> tuple[float | np.ndarray, float | np.ndarray]:
        """Return the Wald interval `estimate -+ quantile * standard_error`, `(low, high)`.

        It is symmetric, so a positive quantity may get a negative end: derive its logarithm then, and take
        the exponentials of the ends. For an array these are two arrays.

        Args:
            level: the coverage it aims at, between 0 and 1.

        Raises:
            TypeError, ValueError: for a level that is no number between 0 and 1.
        """
        reach = NormalDist().inv_cdf(0.5 + checks.level(level) / 2) * self.standard_error
        return self.estimate - reach, self.estimate + reach


def derived(result: "FitResult", function: Callable[[dict[str, Any]], Any]) -> Derived:
    """Return what a function makes of a fit's estimates, with its error.

    Args:
        result: a `FitResult`.
        function: from a dict, name of a parameter to its natural value, a NumPy float or array, to a number
            or an array.
    """
    if not callable(function):
        raise TypeError(f"function must take a dict of the parameters, got {function!r}")
    estimate = _called(function, result.estimates, np.array([]), np.array([], int))
    root, shape = result._root, estimate.shape
    if root is None or not np.isfinite(root).all():
        return _of(estimate, np.full(shape, np.nan))
    errors = np.linalg.norm(root, axis=1)
    parts = [
        _slope(function, result.estimates, estimate, place, error, support)
        for place, error, support in zip(_places(result), errors, result.supports, strict=True)
    ]
    gradient, doubts, corners, sizes = (np.array([part[i] for part in parts]) for i in range(4))
    total = np.linalg.norm(gradient * errors.reshape(-1, *[1] * len(shape)), axis=0)
    smooth = (doubts <= _AGREE * total + _ROUNDING * sizes) & (corners <= _CORNER * total + _ROUNDING * sizes)
    error = np.linalg.norm(np.tensordot(gradient, root, axes=(0, 0)), axis=-1)
    if not smooth.all():
        rough = [name for name, good in zip(result.names, smooth, strict=True) if not np.all(good)]
        words.warn(words.rough(rough))
        error = np.where(smooth.all(axis=0), error, np.nan)
    return _of(estimate, error)


def _of(estimate, error):
    if not estimate.ndim:
        return Derived(float(estimate), float(error))
    return Derived(estimate, error)


def _places(result) -> Iterable[int]:
    """Where each free scalar stands among all of the estimates, laid side by side."""
    size = sum(np.size(value) for value in result.estimates.values())
    return range(size) if result._free is None else result._free


def _called(function, estimates, values, places):
    """The function of the estimates, with other values at some places: a finite float64 array."""
    flat = np.concatenate([np.ravel(value) for value in estimates.values()])
    flat[places] = values
    given, low = {}, 0
    for name, value in estimates.items():
        part = flat[low : low + np.size(value)]
        # NumPy's float and not Python's, of which keras.ops makes float32.
        given[name] = part.reshape(np.shape(value)) if np.ndim(value) else np.float64(part[0])
        low += np.size(value)
    return np.array(checks.real_array("what the function returns", function(given)))


def _slope(function, estimates, estimate, place, error, support):
    """The derivative by one scalar, two doubts about it, times its error, and the size of what was seen.

    Central differences over h, h/2 and h/4 are extrapolated in pairs (Richardson): the two must agree. And
    where the function has a corner, the change of its slope does not shrink with the step.
    """
    value = np.concatenate([np.ravel(part) for part in estimates.values()])[place]
    low, high = ends(support)
    step = min(max(_STEP * error, _LEAST * abs(value)), 0.2 * (value - low), 0.2 * (high - value))
    slopes, bends, sizes = [], [], []
    try:
        for h in (step, step / 2, step / 4):
            up, down = value + h, value - h
            above, below = _beside(function, estimates, estimate.shape, place, (up, down))
            slopes.append((above - below) / (up - down))
            bends.append(np.abs(above - 2 * estimate + below) / h)
            sizes.append(np.maximum(np.abs(above), np.abs(below)))
    except (ArithmeticError, _NotFinite):
        return (np.full(estimate.shape, np.nan),) * 4
    first, second = ((4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(slopes))
    corner = np.where(bends[2] > 0.5 * bends[0], bends[2], 0.0)  # of a smooth one it is a quarter
    rounded = (np.array(slopes) == 0).all(axis=0) & (np.array(bends) == 0).all(axis=0)
    if rounded.any():
        rounded &= _changes(function, estimates, estimate, place, _far(value, error, step, low, high))
    doubt = np.where(rounded, np.inf, np.abs(first - second) * error)
    return second, doubt, corner * error, np.max(sizes, axis=0)


def _far(value, error, step, low, high):
    """Two values further out: what is flat nearby and not there was rounded."""
    reach = max(_FAR * error, 10 * step)
    return min(value + reach, 0.5 * (value + high)), max(value - reach, 0.5 * (value + low))


def _changes(function, estimates, estimate, place, values):
    """Whether a function is another at some values, so far as it is finite there."""
    try:
        return (_beside(function, estimates, estimate.shape, place, values) != estimate).any(axis=0)
    except (ArithmeticError, _NotFinite):
        return np.full(estimate.shape, False)


class _NotFinite(Exception):
    """The function is not finite beside the estimates."""


def _beside(function, estimates, shape, place, values):
    """The function with one scalar at each of some values, `(m, *shape)`."""
    found = []
    for value in values:
        try:
            found.append(_called(function, estimates, value, place))
        except ValueError as error:
            raise _NotFinite from error
        if found[-1].shape != shape:
            raise ValueError(
                f"function must return one shape whatever the values, got {shape} and {found[-1].shape}"
            )
    return np.array(found)
