"""What a solver hands to `fit`: the point it found, how far to trust it, and the way to more."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlefit.models.parameter import TRANSFORMS


@dataclass
class Outcome:
    """An optimum on the unconstrained scale of the model's parameters, p of them.

    Attributes:
        point: `(p,)`.
        root: `(p, r)`; the covariance of the estimates on the natural scale is `root @ root.T`.
        log_likelihood: there, of all observations.
        converged, message: whether it is an optimum, and a sentence on it.
        trusted: whether the errors hold.
        history: mean negative log-likelihood at each iteration.
        method: what was used.
        profile: function from index and quantile to the ends of a profile interval, natural scale.
    """

    point: np.ndarray
    root: np.ndarray
    log_likelihood: float
    converged: bool
    message: str
    trusted: bool
    history: np.ndarray
    method: str
    profile: Callable


def scalar_names(parameters):
    """Return one name for each scalar, `"slope[0]"` for the entries of a vector."""
    names = []
    for parameter in parameters:
        shape = tuple(parameter.variable.shape)
        names += [f"{parameter.name}[{i}]" for i in range(shape[0])] if shape else [parameter.name]
    return tuple(names)


def scalar_supports(parameters):
    """Return the support of each scalar."""
    return tuple(p.support for p in parameters for _ in range(int(np.prod(p.variable.shape))))


def natural(point, supports):
    """Return the natural values of an unconstrained point, `(p,)`, in NumPy."""
    return np.array([TRANSFORMS[s].in_numpy(v) for v, s in zip(point, supports, strict=True)])


def slopes(values, supports):
    """Return the slope of each natural value by its unconstrained one, for the delta method."""
    return np.array([TRANSFORMS[s].slope(np.float64(v)) for v, s in zip(values, supports, strict=True)])
