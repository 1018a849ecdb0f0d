"""Any model, fitted by Newton's method on standardised data, or judged where an optimizer left it."""

import functools

import numpy as np
import tensorflow as tf

from mlefit import diagnostics, intervals, newton, training
from mlefit.objective import BLOCK, Objective
from mlefit.outcome import Outcome, natural, scalar_names, scalar_supports, slopes


class NewtonFit:
    """A model and its data, standardised inside.

    Args:
        model: a built `Model`.
        named: its data, as `Model.named` returns them.
        standardise: whether to work on what `model.standardised` makes of them.
    """

    def __init__(self, model, named, standardise=False):
        self.model, self.named = model, named
        self.parameters = list(model.parameters.values())
        self.names, self.supports = scalar_names(self.parameters), scalar_supports(self.parameters)
        data = tuple(values.numpy() for values in named.values())
        outer = self._outer()
        self.back, self.origin, start = np.eye(len(outer)), np.zeros(len(outer)), outer
        if standardise:
            data, self.back, self.origin = model.standardised(data)
            start = np.zeros(len(outer))  # The likelihood has one maximum: it is found from anywhere.
        self.data, self.start = data, start
        self._objective = None

    def newton(self, covariance, max_iterations):
        """Return the `Outcome` of Newton's method."""
        objective = self.objective
        search = functools.partial(newton.minimise, objective, self.start, objective.nobs, max_iterations)
        minimum = search()
        if not objective.confirmed(minimum.point, self._spread(minimum)):
            objective.retrace()
            minimum = search()
        return self.outcome(minimum, "Newton", covariance)

    def first_order(self, optimizer, steps, progress, covariance):
        """Take an optimizer's steps on the parameters themselves, and judge where it got."""
        variables = self.model.trainable_variables
        history = training.train(
            lambda: -tf.reduce_mean(self.model.terms(self.named)),
            variables,
            optimizer,
            steps,
            progress=progress,
        )
        objective = self.objective
        point = np.linalg.solve(self.back, self._outer() - self.origin)
        minimum = newton.judge(objective, point, history, objective.nobs)
        if not objective.confirmed(point, self._spread(minimum)):
            objective.retrace()
            minimum = newton.judge(objective, point, history, objective.nobs)
        return self.outcome(minimum, f"{type(optimizer).__name__}, {steps} steps", covariance)

    @property
    def objective(self):
        if self._objective is None:
            self._objective = Objective(self.model, self.data, self.start)
            diagnostics.require_finite_derivatives(self._objective(self.start), self.names)
        return self._objective

    def outcome(self, minimum, method, covariance):
        """The `Outcome` of a `newton.Minimum`, on the scale of the model's own parameters."""
        objective = self.objective
        sample = objective.scores(minimum.point, BLOCK)
        trouble = diagnostics.exact_fit(objective, minimum, self.names, self.supports)
        trouble = trouble or diagnostics.verdict(minimum, self.names, self.supports, sample, objective.nobs)
        trouble = trouble or diagnostics.curvature_fails(objective, minimum)
        message = trouble or "the gradient vanishes and the Hessian is positive definite"
        if not objective.exact:
            message += "; TensorFlow has no second derivative of this log_prob: the Hessian is differenced"
        point = self.origin + self.back @ minimum.point
        inner = np.full((len(point), len(point)), np.nan)
        if trouble is None:
            inner = _root(minimum.hessian) / np.sqrt(objective.nobs)
            if covariance == "robust":
                R = np.linalg.qr(objective.scores(minimum.point), mode="r")
                inner = inner @ inner.T @ R.T
        # The scale of the data is that of the densities too: log|dy/dy'| for each observation.
        shift = self.origin[-1] if self.supports[-1] == "positive" else 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            values = natural(point, self.supports)
            root = slopes(values, self.supports)[:, None] * (self.back @ inner)
        return Outcome(
            point=point,
            root=root,
            log_likelihood=-objective.nobs * (minimum.value + shift),
            converged=trouble is None,
            message=message,
            trusted=trouble is None,
            history=minimum.history + (0.0 if method != "Newton" else shift),
            method=method,
            profile=functools.partial(self.profile, minimum),
        )

    def profile(self, minimum, index, quantile):
        """Return the ends of a profile interval on the natural scale."""
        ends = intervals.profile(self.objective, minimum, self.back[index], quantile)
        support = (self.supports[index],)
        with np.errstate(over="ignore"):
            return tuple(float(natural([self.origin[index] + end], support)[0]) for end in ends)

    def _spread(self, minimum):
        diagonal = np.diag(minimum.hessian)
        return np.where(
            diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1) * self.objective.nobs), 0.1
        )

    def _outer(self):
        return np.concatenate([p.variable.numpy().ravel() for p in self.parameters])


def _root(hessian):
    """A matrix whose product with its transpose is the inverse of a positive definite one."""
    scale = 1 / np.sqrt(np.diag(hessian))
    curvatures, axes = np.linalg.eigh(hessian * np.outer(scale, scale))
    return scale[:, None] * axes / np.sqrt(curvatures)
