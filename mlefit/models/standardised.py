"""Data centred and scaled for a search, and the way back to the parameters of the data as given."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


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
    """

    change: Callable
    back: np.ndarray
    origin: np.ndarray
    start: np.ndarray
    shift: float


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
