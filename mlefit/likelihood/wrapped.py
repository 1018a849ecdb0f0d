"""An objective with a prior added, for MAP, or as a function of fewer coordinates: parameters held fixed.

Both hand on what they do not change, so that solvers and verdicts need not know of them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from mlefit.likelihood.linear_predictor import LinearPredictorObjective
from mlefit.likelihood.objective import Objective
from mlefit.models import flat
from mlefit.models.asking import log_prior
from mlefit.models.model import Model
from mlefit.solvers import qr

type Wrapped = Objective | LinearPredictorObjective | Penalised | Restricted
type Evaluated = tuple[float, np.ndarray, np.ndarray]


class LogPrior:
    """The log-prior of a model as a function of the unconstrained vector, with gradient and Hessian.

    It is of the parameters on their natural scale: no Jacobian of the way there is added. A ValueError if it
    cannot be traced.
    """

    def __init__(self, model: Model, size: int) -> None:
        def value(point):
            with flat.parameters_at(model, point):
                return log_prior(model)

        def derivatives(point):
            with tf.GradientTape() as outer:
                outer.watch(point)
                with tf.GradientTape() as inner:
                    inner.watch(point)
                    found = value(point)
                slope = inner.gradient(found, point, unconnected_gradients="zero")
            return found, slope, outer.jacobian(slope, point, unconnected_gradients="zero")

        traced = tf.function(derivatives, autograph=False)
        try:
            self._derivatives = traced.get_concrete_function(tf.TensorSpec((size,), tf.float64))
        except Exception as error:
            raise ValueError(
                f"log_prior could not be traced by TensorFlow; write it in keras.ops: {error}"
            ) from error
        self._value = value

    def __call__(self, point: np.ndarray) -> Evaluated:
        """Return the log-prior, its gradient `(p,)` and its Hessian `(p, p)`."""
        value, gradient, hessian = (part.numpy() for part in self._derivatives(tf.constant(point)))
        return float(value), gradient, hessian

    def value(self, point: np.ndarray) -> float:
        """Return the log-prior under the caller's own model, as it is now."""
        return float(self._value(tf.constant(point)))


class _Wrapper:
    """Hands on what the objective inside knows."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.nobs = inner, inner.nobs

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # while it is copied
            raise AttributeError(name)
        return getattr(self._inner, name)

    def sample(self, *size: int) -> Any:
        """Return the same function of fewer observations, or itself if it has few more."""
        few = self._inner.sample(*size)
        return self if few is self._inner else self._around(few)


class Penalised(_Wrapper):
    """The mean negative log-likelihood, less the log-prior over the number of observations.

    Args:
        inner: the mean negative log-likelihood, an objective.
        prior: the log-prior, a function of the model's own vector.
        back, origin: `origin + back @ point` is that vector.
        nobs: over how many observations the prior is spread; samples keep that of all.
    """

    def __init__(self, inner: Any, prior: LogPrior, back: np.ndarray, origin: np.ndarray, nobs: int) -> None:
        super().__init__(inner)
        self._prior, self._back, self._origin, self._nobs = prior, back, origin, nobs

    def __call__(self, point: np.ndarray) -> Evaluated:
        value, gradient, hessian = self._inner(point)
        prior, slope, curvature = self._prior(self._origin + self._back @ point)
        slope, curvature = self._back.T @ slope, self._back.T @ curvature @ self._back
        n = self._nobs
        return value - prior / n, gradient - slope / n, hessian - curvature / n

    def gradient(self, point: np.ndarray) -> np.ndarray:
        """Return the gradient `(p,)` alone."""
        slope = self._prior(self._origin + self._back @ point)[1]
        return self._inner.gradient(point) - self._back.T @ slope / self._nobs

    def separating(self, free: np.ndarray | None = None) -> None:
        """Return None: where a likelihood grows for ever, a prior may end it."""

    def _around(self, inner):
        return Penalised(inner, self._prior, self._back, self._origin, self._nobs)


class Restricted(_Wrapper):
    """An objective of fewer coordinates: at `origin + spread @ point` of the one inside.

    Args:
        inner: an objective of p coordinates.
        spread, origin: `(p, f)` and `(p,)`.
        free: which of the p coordinates move by themselves, booleans `(p,)`.
    """

    def __init__(self, inner: Any, spread: np.ndarray, origin: np.ndarray, free: np.ndarray) -> None:
        super().__init__(inner)
        self._spread, self._origin, self._free = spread, origin, free

    def __call__(self, point: np.ndarray) -> Evaluated:
        value, gradient, hessian = self._inner(self._whole(point))
        with np.errstate(over="ignore", invalid="ignore"):  # far out, where a search may try
            return value, self._spread.T @ gradient, self._spread.T @ hessian @ self._spread

    def gradient(self, point: np.ndarray) -> np.ndarray:
        """Return the gradient `(f,)` alone."""
        return self._spread.T @ self._inner.gradient(self._whole(point))

    def scores(self, point: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the gradients of the log-densities of observations, block by block, each `(m, f)`."""
        for block in self._inner.scores(self._whole(point)):
            yield block @ self._spread

    def score_factor(self, point: np.ndarray) -> np.ndarray:
        """Return R, `(f, f)`, with `R' R` the sum over observations of `s s'`, s being their scores."""
        return qr.triangle([(self._inner.score_factor(self._whole(point)) @ self._spread).T])

    def terms(self, point: np.ndarray, block: tuple[np.ndarray, ...]) -> np.ndarray:
        """Return the log-density of other data of the same kind under the caller's own model."""
        return self._inner.terms(self._whole(point), block)

    def own_value(self, point: np.ndarray, found: float) -> float:
        """Return the mean negative log-likelihood of all rows under the caller's own model."""
        return self._inner.own_value(self._whole(point), found)

    def confirmed(self, point: np.ndarray, spread: np.ndarray) -> bool:
        """Whether what was computed is what the model means, beside where a solver stopped."""
        return self._inner.confirmed(self._whole(point), np.abs(self._spread) @ spread)

    def separating(self, free: np.ndarray | None = None) -> np.ndarray | None:
        """Return a direction, of the free slopes, in which the likelihood grows for ever, or None."""
        found = self._inner.separating(self._free if free is None else free)
        return found if found is None else found[self._free[: len(found)]]

    def _whole(self, point):
        return self._origin + self._spread @ point

    def _around(self, inner):
        return Restricted(inner, self._spread, self._origin, self._free)
