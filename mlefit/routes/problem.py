"""A model and its rows, centred and scaled where the model's class allows it: what a search is handed."""

import functools
from collections.abc import Callable

import numpy as np

from mlefit.inference import intervals, words
from mlefit.inference.verdict import verdict
from mlefit.likelihood.linear_predictor import ROWS, LinearPredictorObjective
from mlefit.likelihood.objective import Objective
from mlefit.likelihood.rows import Rows
from mlefit.likelihood.wrapped import LogPrior, Penalised, Restricted, Wrapped
from mlefit.models import flat
from mlefit.models.asking import declared_routes, has_prior
from mlefit.models.model import Model
from mlefit.routes import sandwich
from mlefit.routes.outcome import Outcome
from mlefit.solvers import newton

_RANGE = 690.0  # of the logarithm of a float64


class Problem:
    """The mean negative log-likelihood of a model's rows, and the way between its points and the parameters.

    A prior of the model's is added to it, over the number of observations. A point has a coordinate for each
    parameter that is free.

    Args:
        model: a built `Model`; parameters that are held are where they are held.
        rows: its data, `Rows`.
        free: which of its scalar parameters are fitted, booleans `(p,)`.
        start: where to start, `(f,)`, if not where the model's class says.

    Attributes:
        start: where to start, `(f,)`.
        back, origin: `origin + back @ point` are the model's parameters, unconstrained: `(p, f)` and `(p,)`.
    """

    def __init__(self, model: Model, rows: Rows, free: np.ndarray, start: np.ndarray | None = None) -> None:
        self.model, self.rows, self.free = model, rows, free
        self.names = tuple(np.array(flat.names(model))[free])
        self.supports = flat.supports(model)
        self.start = flat.point(model)
        self.back, self.origin = np.eye(len(self.start)), np.zeros(len(self.start))
        self._objective, self._shift, self._reason = None, 0.0, None
        self._given, routes = rows, declared_routes(model)
        if "linear predictor" in routes:
            # The likelihood has one maximum: it is found from anywhere.
            designed = rows.changed(model.design)
            self._objective = LinearPredictorObjective(model, designed, model.has_intercept)
            self._require_possible()
            self.back, self.start = self._objective.back, self._objective.start()
        elif "newton" in routes:
            scaled = model.standardised(rows.sample(ROWS).whole())
            self.rows, self.start, self._shift = rows.changed(scaled.change), scaled.start, scaled.shift
            self.back, self.origin = scaled.back, scaled.origin
            if scaled.reason and rows.in_memory:  # It looks at all of them.
                self._reason = functools.partial(self._explained, scaled.reason, self._given)
        self.prior = LogPrior(model, len(self.start)) if has_prior(model) else None
        self._of_all = self.back, self.origin, self.start
        if not free.all():
            self._hold(flat.point(model))
        if start is not None:
            self.start = start

    def _hold(self, point):
        """Leave coordinates to the free parameters alone; those of the others follow from them."""
        free, (back, origin, start) = self.free, self._of_all
        held, size = ~free, len(point)
        solve = np.linalg.inv(back[np.ix_(held, held)])
        self._spread, self._centre = np.eye(size)[:, free], np.zeros(size)
        self._spread[held] = -solve @ back[np.ix_(held, free)]
        self._centre[held] = solve @ (point - origin)[held]
        self.back, self.origin = back @ self._spread, origin + back @ self._centre
        self.back[held], self.origin[held] = 0.0, point[held]
        if isinstance(self._objective, LinearPredictorObjective):
            start = self._objective.start(self._centre)
        self.start = start[free]

    @functools.cached_property
    def objective(self) -> Wrapped:
        """What is minimised, a function of `(f,)`."""
        back, origin, _ = self._of_all
        found = self._objective or Objective(self.model, self.rows, self._whole(self.start))
        if self.prior is not None:
            found = Penalised(found, self.prior, back, origin, self.rows.nobs)
        return found if self.free.all() else Restricted(found, self._spread, self._centre, self.free)

    def inside(self, parameters: np.ndarray) -> np.ndarray:
        """Return the point of a vector of the model's parameters, unconstrained."""
        back, origin, _ = self._of_all
        return np.linalg.solve(back, parameters - origin)[self.free]

    def solved(self, search: Callable[[], newton.Minimum], method: str, covariance: str) -> Outcome:
        """Return the `Outcome` of a search, made again if the program turns out to be stale.

        Args:
            search: function that returns a `newton.Minimum` of the objective.
            method: what it is called.
            covariance: `"observed"` or `"robust"`.
        """
        minimum, own = self._checked(search)
        if not self._agree(minimum, own):
            self.objective.retrace()
            minimum, own = self._checked(search)
        supports = [s for s, free in zip(self.supports, self.free, strict=True) if free]
        trouble = verdict(self.objective, minimum, self.names, supports, self.prior is None)
        if trouble is not None and self.prior is not None:
            trouble = words.with_prior(trouble)
        if trouble is None and not self._agree(minimum, own):
            trouble = words.disagrees(minimum.value - self._penalty(minimum.point), own)
        elif (
            trouble
            and self._reason
            and self.rows.in_memory
            and self.prior is None
            and self.objective.nobs >= len(self.names)
        ):
            trouble = self._reason(minimum.point) or trouble
        return self._outcome(minimum, own, trouble, method, covariance)

    def _explained(self, reason, rows, point):
        """What the family knows of why there is no estimate, which says more than the search can."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = flat.natural(self.origin + self.back @ point, self.supports)
        moving = (free.any() for _, free in flat.parts(self.model, self.free))
        parts = zip(flat.parts(self.model, values), moving, strict=True)
        named = {p.name: part for (p, part), moves in parts if moves}
        return reason(named, *rows.whole())

    def _checked(self, search):
        """A minimum, and the value there of all rows under the caller's own model."""
        minimum = search()
        if not self.objective.confirmed(minimum.point, self._error(minimum)):
            self.objective.retrace()
            minimum = search()
        self._require_possible()
        found = minimum.value - self._penalty(minimum.point)
        return minimum, self.objective.own_value(minimum.point, found)

    def _require_possible(self):
        if isinstance(self._objective, LinearPredictorObjective) and not self._objective.possible():
            words.require_finite_start(self.model, self._given)

    def _outcome(self, minimum, own, trouble, method, covariance):
        """The `Outcome` of a `newton.Minimum`, on the scale of the model's own parameters."""
        objective, size = self.objective, len(minimum.point)
        message = trouble or "the gradient vanishes and the Hessian is positive definite"
        if not objective.exact:
            message += "; TensorFlow has no second derivative of this log_prob: the Hessian is differenced"
        point = self.origin + self.back @ minimum.point
        inner = np.full((size, size), np.nan)
        if trouble is None:
            inner = newton.inverse_root(minimum.hessian) / np.sqrt(objective.nobs)
            if covariance == "robust":
                if self.rows.clusters is None:
                    R = objective.score_factor(minimum.point)
                else:
                    R = sandwich.middle(objective.scores(minimum.point), self.rows)
                inner = inner @ inner.T @ R.T
        with np.errstate(over="ignore", invalid="ignore"):
            values = flat.natural(point, self.supports)
            root = flat.slopes(values, self.supports)[:, None] * (self.back @ inner)
        root[~self.free] = 0.0
        return Outcome(
            point=point,
            root=root,
            log_likelihood=-objective.nobs * (own + self._shift),
            message=message,
            trusted=trouble is None,
            history=minimum.history + (self._shift if method == "Newton" else 0.0),
            method=method,
            free=self.free,
            profile=functools.partial(self.profile, minimum),
            log_prior=None if self.prior is None else self.prior.value(point),
        )

    def profile(self, minimum: newton.Minimum, index: int, quantile: float) -> tuple[float, float]:
        """Return the ends of a profile interval of a parameter, its index among all, on the natural scale."""
        now = self.objective(minimum.point)[0]
        if not abs(now - minimum.value) <= 1e-9 * (1 + abs(now)):
            raise ValueError(
                "the data or the model have changed since the fit, which holds them and not a copy: fit again"
            )
        ends = intervals.profile(self.objective, minimum, self.back[index], quantile)
        support, where = self.supports[index], self.origin[index] + np.array(ends)
        if support != "real":
            # What ends there is the range of float64, and not the interval.
            where = np.where(np.abs(where) > _RANGE, np.copysign(np.inf, where), where)
        low, high = flat.natural(where, (support,) * 2)
        return float(low), float(high)

    def _whole(self, point):
        """A point of the free coordinates with the others."""
        return point if self.free.all() else self._centre + self._spread @ point

    def _penalty(self, point):
        """What a prior adds to the mean negative log-likelihood, under the caller's own model."""
        if self.prior is None:
            return 0.0
        return -self.prior.value(self.origin + self.back @ point) / self.rows.nobs

    def _error(self, minimum):
        diagonal = np.diag(minimum.hessian)
        return np.where(
            diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1) * self.objective.nobs), 0.1
        )

    def _agree(self, minimum, own):
        """Whether two means of log-densities are one but for rounding; what is not finite shows elsewhere."""
        value = minimum.value - self._penalty(minimum.point)
        return not np.isfinite(value) or abs(value - own) <= 1e-9 * (1 + abs(own))
