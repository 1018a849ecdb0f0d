"""A model and its rows, centred and scaled where the model's class allows it: what a search is handed."""

import functools
from collections.abc import Callable

import numpy as np

from mlefit.inference import intervals, words
from mlefit.inference.verdict import verdict
from mlefit.likelihood.linear_predictor import ROWS, LinearPredictorObjective
from mlefit.likelihood.objective import Objective
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.model import Model, declared_routes
from mlefit.routes.outcome import Outcome
from mlefit.solvers import newton, qr


class Problem:
    """The mean negative log-likelihood of a model's rows, and the way between its points and the parameters.

    Args:
        model: a built `Model`.
        rows: its data, `Rows`.

    Attributes:
        start: where to start, `(p,)`.
        back, origin: `origin + back @ point` are the model's parameters, unconstrained.
    """

    def __init__(self, model: Model, rows: Rows) -> None:
        self.model, self.rows = model, rows
        self.names, self.supports = flat.names(model), flat.supports(model)
        self.start = flat.point(model)
        self.back, self.origin = np.eye(len(self.start)), np.zeros(len(self.start))
        self._objective, self._shift, routes = None, 0.0, declared_routes(model)
        if "linear predictor" in routes:
            # The likelihood has one maximum: it is found from anywhere.
            designed = rows.changed(model.design)
            self._objective = LinearPredictorObjective(model, designed, model.has_intercept)
            if not self._objective.possible():
                words.require_finite_start(model, rows)
            self.back, self.start = self._objective.back, self._objective.start()
        elif "newton" in routes:
            scaled = model.standardised(rows.sample(ROWS).whole())
            self.rows, self.start, self._shift = rows.changed(scaled.change), scaled.start, scaled.shift
            self.back, self.origin = scaled.back, scaled.origin

    @property
    def objective(self) -> Objective | LinearPredictorObjective:
        if self._objective is None:
            self._objective = Objective(self.model, self.rows, self.start)
        return self._objective

    def solved(self, search: Callable[[], newton.Minimum], method: str, covariance: str) -> Outcome:
        """Return the `Outcome` of a search, made again if the program turns out to be stale.

        Args:
            search: function that returns a `newton.Minimum` of the objective.
            method: what it is called.
            covariance: `"observed"` or `"robust"`.
        """
        minimum, own = self._checked(search)
        if not _agree(minimum.value, own):
            self.objective.retrace()
            minimum, own = self._checked(search)
        trouble = verdict(self.objective, minimum, self.names, self.supports)
        if trouble is None and not _agree(minimum.value, own):
            trouble = words.disagrees(minimum.value, own)
        return self._outcome(minimum, own, trouble, method, covariance)

    def _checked(self, search):
        """A minimum, and the value there of all rows under the caller's own model."""
        minimum = search()
        if not self.objective.confirmed(minimum.point, self._spread(minimum)):
            self.objective.retrace()
            minimum = search()
        return minimum, self.objective.own_value(minimum.point)

    def _outcome(self, minimum, own, trouble, method, covariance):
        """The `Outcome` of a `newton.Minimum`, on the scale of the model's own parameters."""
        objective = self.objective
        message = trouble or "the gradient vanishes and the Hessian is positive definite"
        if not objective.exact:
            message += "; TensorFlow has no second derivative of this log_prob: the Hessian is differenced"
        point = self.origin + self.back @ minimum.point
        inner = np.full((len(point), len(point)), np.nan)
        if trouble is None:
            inner = newton.inverse_root(minimum.hessian) / np.sqrt(objective.nobs)
            if covariance == "robust":
                R = qr.triangle(scores.T for scores in objective.scores(minimum.point))
                inner = inner @ inner.T @ R.T
        with np.errstate(over="ignore", invalid="ignore"):
            values = flat.natural(point, self.supports)
            root = flat.slopes(values, self.supports)[:, None] * (self.back @ inner)
        return Outcome(
            point=point,
            root=root,
            log_likelihood=-objective.nobs * (own + self._shift),
            message=message,
            trusted=trouble is None,
            history=minimum.history + (self._shift if method == "Newton" else 0.0),
            method=method,
            profile=functools.partial(self.profile, minimum),
        )

    def profile(self, minimum: newton.Minimum, index: int, quantile: float) -> tuple[float, float]:
        """Return the ends of a profile interval on the natural scale."""
        now = self.objective(minimum.point)[0]
        if not abs(now - minimum.value) <= 1e-9 * (1 + abs(now)):
            raise ValueError(
                "the data or the model have changed since the fit, which holds them and not a copy: fit again"
            )
        ends = intervals.profile(self.objective, minimum, self.back[index], quantile)
        support = (self.supports[index],)
        with np.errstate(over="ignore"):
            low, high = (flat.natural([self.origin[index] + end], support)[0] for end in ends)
        return float(low), float(high)

    def _spread(self, minimum):
        diagonal = np.diag(minimum.hessian)
        return np.where(
            diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1) * self.objective.nobs), 0.1
        )


def _agree(value, own):
    """Whether two means of log-densities are one but for rounding; what is not finite shows elsewhere."""
    return not np.isfinite(value) or abs(value - own) <= 1e-9 * (1 + abs(own))
