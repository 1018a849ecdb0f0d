"""What goes into a route and what comes out: the options; the point found, and how far to trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit.likelihood.rows import Rows
from mlefit.models.model import Model


@dataclass(frozen=True)
class Options:
    """How to fit, as `mlefit.fit` was asked: checked, None where a route has a default of its own."""

    method: Any = "auto"
    covariance: str = "observed"
    max_iterations: int | None = None
    steps: int | None = None
    progress: bool = False
    checkpoint: Any = None
    fixed: Mapping[str, Any] | None = None
    starts: int | None = None
    seed: int = 0
    start: Any = None  # a point of a `Problem` where to start, `(f,)`; its own start if None
    free: Any = (
        None  # which scalar parameters are fitted, booleans `(p,)`: known once the model has seen data
    )
    cluster: Any = None
    programs: dict | None = None  # where a route keeps what it traced, for other fits of the same model


@dataclass(frozen=True)
class Route:
    """A way of fitting.

    Attributes:
        name: what a model's class calls it.
        method: what a caller of `fit` calls it.
        fit: function from a model, its rows and the options to an `Outcome`.
        expected: function from model, rows and outcome to a root of the covariance by the expected
            information; None where the route's likelihood has none in closed form.
        exact: function from an outcome and the number of observations to its exact intervals, an
            `intervals.Line`; None where the model has none.
        holds: whether parameters may be held fixed.
        single: whether the likelihood has one maximum, so that it does not matter where a search starts.
        smooth: whether the likelihood has derivatives at its maximum; if not, the route finds profiles too.
        in_memory: whether it looks at all rows at once, so that they must lie in memory.
        meets_all: whether the model is shown every observation at the start, so that a bad one is named.
    """

    name: str
    method: str
    fit: Callable
    expected: Callable | None = None
    exact: Callable | None = None
    holds: bool = True
    single: bool = False
    smooth: bool = True
    in_memory: bool = False
    meets_all: bool = False


@dataclass(eq=False)
class Outcome:
    """An optimum on the unconstrained scale of the model's parameters, p of them.

    Attributes:
        point: `(p,)`.
        root: `(p, r)`; the covariance of the estimates on the natural scale is `root @ root.T`.
        log_likelihood: there, of all observations.
        message: a sentence on how far it is an optimum.
        trusted: whether it is one, and the errors hold.
        history: mean negative log-likelihood at each iteration.
        method: what was used, in words.
        free: which parameters were fitted, booleans `(p,)`; the rows of `root` of the others are 0.
        profile: function from index and quantile to the ends of a profile interval, natural scale.
        log_prior: at the point, where the model has one: then it is the maximum of log-likelihood and
            log-prior together.
        errors: what the covariance is in fact, where it is not what was asked for: `"robust"`.
    """

    point: np.ndarray
    root: np.ndarray
    log_likelihood: float
    message: str
    trusted: bool
    history: np.ndarray
    method: str
    free: np.ndarray
    profile: Callable
    log_prior: float | None = None
    errors: str | None = None


def as_observed(model: Model, rows: Rows, outcome: Outcome) -> np.ndarray:
    """Return the root at hand: where the expected information is the observed one at the optimum."""
    return outcome.root
