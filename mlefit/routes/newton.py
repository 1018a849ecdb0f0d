"""Any model, fitted by Newton's method on standardised data, or judged where an optimizer left it."""

import functools

import numpy as np
import tensorflow as tf

from mlefit import training
from mlefit.inference import intervals, words
from mlefit.inference.verdict import verdict
from mlefit.likelihood.linear_predictor import LINKS, CanonicalObjective
from mlefit.likelihood.objective import Objective
from mlefit.routes.outcome import Outcome, natural, scalar_names, scalar_supports, slopes
from mlefit.solvers import newton, qr, sampled_newton


class NewtonFit:
    """A model and its data, centred and scaled inside where the model's class allows it.

    Args:
        model: a built `Model`.
        named: its data, as `Model.named` returns them.
        own: whether the model is of one of our classes itself, so that its log-density is known.
    """

    def __init__(self, model, named, own=False):
        self.model, self.named = model, named
        self.parameters = list(model.parameters.values())
        self.names, self.supports = scalar_names(self.parameters), scalar_supports(self.parameters)
        self.data = tuple(map(np.asarray, named.values()))
        self.start = self._outer()
        self.back, self.origin = np.eye(len(self.start)), np.zeros(len(self.start))
        self._objective = None
        if own:
            # The likelihood has one maximum: it is found from anywhere.
            self.start = np.zeros(len(self.start))
            if getattr(model, "link", None) in LINKS:
                self._objective = CanonicalObjective(model.link, *self.data, intercept=model.has_intercept)
                self.back = self._objective.back
                self.start = self._objective.start()
                if not self._objective.in_support():
                    words.require_finite_start(model, named)
            else:
                self.data, self.back, self.origin = model.standardised(self.data)

    def newton(self, covariance, max_iterations):
        """Return the `Outcome` of Newton's method."""
        minimum = self._confirmed(functools.partial(self._search, max_iterations))
        return self.outcome(minimum, "Newton", covariance)

    def _confirmed(self, search):
        """The `newton.Minimum` of a search, made again if the program turns out to be stale."""
        minimum = search()
        if not self.objective.confirmed(minimum.point, self._spread(minimum)):
            self.objective.retrace()
            minimum = search()
        return minimum

    def _search(self, max_iterations):
        objective = self.objective
        if objective.nobs > objective.many:
            samples = [objective.sample(size) for size in objective.sizes]
            minimum = sampled_newton.minimise(objective, samples, self.start, max_iterations)
            if minimum is not None:
                return minimum
        first = objective(self.start)
        if not np.isfinite(first[0]):
            words.require_finite_start(self.model, self.named)
        words.require_finite_derivatives(first, self.names)
        leap = objective.sample() is not objective
        return newton.minimise(objective, self.start, objective.nobs, max_iterations, first=first, leap=leap)

    def first_order(self, optimizer, steps, progress, covariance, checkpoint=None):
        """Take an optimizer's steps on the parameters themselves, and judge where it got."""
        variables = self.model.trainable_variables
        named = {name: tf.convert_to_tensor(values) for name, values in self.named.items()}
        history = training.train(
            lambda: -tf.reduce_mean(self.model.terms(named)),
            variables,
            optimizer,
            steps,
            progress=progress,
            checkpoint=checkpoint,
        )
        objective = self.objective
        point = np.linalg.solve(self.back, self._outer() - self.origin)
        minimum = self._confirmed(lambda: newton.judge(objective, point, history, objective.nobs))
        return self.outcome(minimum, f"{type(optimizer).__name__}, {steps} steps", covariance)

    @property
    def objective(self):
        if self._objective is None:
            self._objective = Objective(self.model, self.data, self.start)
        return self._objective

    def outcome(self, minimum, method, covariance):
        """The `Outcome` of a `newton.Minimum`, on the scale of the model's own parameters."""
        objective = self.objective
        trouble = verdict(objective, minimum, self.names, self.supports)
        message = trouble or "the gradient vanishes and the Hessian is positive definite"
        if not objective.exact:
            message += "; TensorFlow has no second derivative of this log_prob: the Hessian is differenced"
        point = self.origin + self.back @ minimum.point
        inner = np.full((len(point), len(point)), np.nan)
        if trouble is None:
            inner = _root(minimum.hessian) / np.sqrt(objective.nobs)
            if covariance == "robust":
                R = qr.triangle(scores.T for scores in objective.scores(minimum.point))
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
        now = self.objective(minimum.point)[0]
        if not abs(now - minimum.value) <= 1e-9 * (1 + abs(now)):
            raise ValueError(
                "the data or the model have changed since the fit, which holds them and not a copy: fit again"
            )
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
    scale, curvatures, axes = newton.spectrum(hessian, np.diag(hessian))
    return scale[:, None] * axes / np.sqrt(curvatures)
