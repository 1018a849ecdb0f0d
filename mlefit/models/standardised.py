"""Data centred and scaled for a search, and the way back to the parameters of the data as given."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Standardised(NamedTuple):
    """What a search is handed in place of a model's data, where the model's class knows how to scale them.

    A class that takes the route `"newton"` has a method `standardised(sample)`, which returns this; the
    sample is a tuple of arrays of observations that are typical of all.

    Attributes:
        change: function from the columns of a block to those of the new one.
        back, origin: matrix `(p, p)` and vector `(p,)`: `origin + back @ point` are the parameters,
            unconstrained, for the data as given, of a point for the new ones.
        start: where a search starts, `(p,)`, for the new data.
        shift: by how much the log-density of an observation falls on the way back: the log of the scale of
            what the density is of; 0 for probabilities of counts.
        reason: function from the parameters found (a dict of natural values of those not held fixed) and all
            data, as given, to why there is no estimate, for a search that ends without one: a sentence, or
            None if the family knows no reason. A ValueError for data that no parameters could fit.
    """

    change: Callable
    back: np.ndarray
    origin: np.ndarray
    start: np.ndarray
    shift: float = 0.0
    reason: Callable[..., str | None] | None = None


def middle(X: np.ndarray, centred: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return about the middle and spread of each column, both `(k,)`; if not `centred`, 0 and its size.

    Examples:
        >>> centre, scale = middle(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> centre.tolist(), scale.tolist()
        ([2.0, 5.0], [1.0, 1.0])
    """
    centre = X.mean(axis=0) if centred else np.zeros(X.shape[1])
    centre = centre + (X - centre).mean(axis=0) * centred
    scale = np.sqrt(np.mean((X - centre) ** 2, axis=0))
    scale[scale <= 1e-14 * np.abs(centre)] = 1.0
    return centre, scale


def centred(
    x: np.ndarray, intercept: bool, start: ArrayLike, lines: int = 1, reason: Callable | None = None
) -> Standardised:
    """Return the columns of predictors centred (if there is an intercept) and scaled, all else as it is.

    For a model whose first parameters are the slopes, `lines` rows of `k`, and then, if there are any, the
    intercepts, one for each of the lines.

    Args:
        x: predictors of the sample, `(n,)` or `(n, k)`, the first of the data.
        intercept: whether the lines have intercepts.
        start: where a search starts, `(p,)`, for the new data.
        lines: how many linear predictors there are.
        reason: as `Standardised` has it.

    Examples:
        >>> scaled = centred(np.array([10.0, 14.0]), True, np.zeros(3))
        >>> x, y = scaled.change(np.array([10.0, 14.0]), np.array([0.0, 1.0]))
        >>> x.tolist(), scaled.back.tolist()
        ([-1.0, 1.0], [[0.5, 0.0, 0.0], [-6.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    centre, scale = middle(x.reshape(len(x), -1), intercept)
    slopes, back = lines * len(scale), np.eye(np.size(start))
    back[:slopes, :slopes] = np.kron(np.eye(lines), np.diag(1 / scale))
    if intercept:
        back[slopes : slopes + lines, :slopes] = np.kron(np.eye(lines), -centre / scale)

    def change(x, *others):
        return ((x.reshape(len(x), -1) - centre) / scale).reshape(x.shape), *others

    return Standardised(change, back, np.zeros(len(back)), np.array(start, float), reason=reason)
