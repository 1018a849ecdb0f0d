"""A regression through a linear predictor as a function of its coefficients, in closed form, by blocks."""

import copy
import functools
from collections.abc import Iterator

import numpy as np

from mlefit.likelihood import separation
from mlefit.likelihood.by_block import Together
from mlefit.likelihood.by_line import (
    ROWS,
    Constants,
    Line,
    LineInformation,
    LinePull,
    LineScores,
    LineSums,
)
from mlefit.likelihood.rows import Rows
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import middle
from mlefit.solvers import qr

_BLOCK = 262_144  # rows handed over at a time


class LinearPredictorObjective:
    """The mean negative log-likelihood of a regression, with its gradient and Hessian.

    It is a function of slopes and the height of the line in the middle, for columns of x that are scaled and,
    if they lie far from 0 and there is an intercept, centred. `back @ point` are slopes and intercept for the
    data as given.

    Args:
        family: the model: it has `derivatives`, `constant`, `possible` and `height`, as
            `models.linear.LinearPredictor` says.
        rows: `Rows`, whose blocks are predictors `(m, k)`, responses `(m,)` and, if there is one, an offset
            `(m,)` that is added to the predictor.
        intercept: whether there is one, the last coefficient.

    Source: P. McCullagh and J. Nelder, Generalized Linear Models (1989), sections 2.2.4 and 2.5.

    Examples:
        >>> from mlefit import LogisticRegression
        >>> from mlefit.likelihood.rows import Rows
        >>> rows = Rows(X=np.array([[-1.0], [1.0]]), y=np.array([0.0, 1.0]))
        >>> objective = LinearPredictorObjective(LogisticRegression, rows)
        >>> value, gradient, hessian = objective(np.zeros(2))
        >>> round(float(value), 4), gradient.tolist(), hessian.tolist()
        (0.6931, [-0.5, 0.0], [[0.25, 0.0], [0.0, 0.25]])
    """

    exact, whole = True, False
    many = 4 * ROWS  # observations beyond which samples lead the way sooner

    def __init__(
        self, family: LinearPredictor | type[LinearPredictor], rows: Rows, intercept: bool = True
    ) -> None:
        self.family, self.rows, self.intercept, self.nobs = family, rows, intercept, rows.nobs
        self.centre, self.scale = middle(rows.sample(ROWS).whole()[0], intercept)
        if (np.abs(self.centre) < 3 * self.scale).all():
            self.centre = np.zeros_like(self.centre)  # Near 0 no digits are lost, and time is won.
        self.back = np.pad(np.diag(1 / self.scale), (0, int(intercept)))
        if intercept:
            self.back[-1] = *(-self.centre / self.scale), 1.0

    @property
    def sizes(self) -> tuple[int, int]:
        """How many observations the samples have that lead the way."""
        return ROWS // 4, self.rows.leading(ROWS)

    @functools.cached_property
    def constant(self) -> float:
        """The mean of the part of the log-densities that no coefficient changes."""
        return float(self._constants[0]) / self.nobs

    def __call__(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        sums, slope_pull, border, curvature = self._summed(LineSums(self._line(point)))
        value, pull, weight = sums / self.nobs
        gradient = slope_pull / self.scale / self.nobs
        hessian = curvature / np.outer(self.scale, self.scale) / self.nobs
        if self.intercept:
            border = border / self.scale / self.nobs
            gradient = np.append(gradient, pull)
            hessian = np.block([[hessian, border[:, None]], [border, weight]])
        return -self.constant - value, 0.0 - gradient, hessian

    def gradient(self, point: np.ndarray) -> np.ndarray:
        """Return the gradient `(p,)` alone."""
        slope_pull, total = self._summed(LinePull(self._line(point)))
        pulls = np.append(slope_pull / self.scale, [total] * self.intercept)
        return 0.0 - pulls / self.nobs

    def start(self, point: np.ndarray | None = None) -> np.ndarray:
        """Return a point of given slopes, or 0, at about the height that suits them, where there is one."""
        point = np.zeros(len(self.back)) if point is None else np.array(point)
        if self.intercept:
            slopes = point[:-1] / self.scale
            some = slopes.any() or not self.rows.in_memory
            X, y, *offset = (self.rows.sample(ROWS) if some else self.rows).whole()
            line = (X - self.centre) @ slopes if slopes.any() else np.zeros(1)
            height = self.family.height(y, sum(offset, line))
            point[-1] = 0.0 if height is None else height
        return point

    def possible(self) -> bool:
        """Whether all y can occur; of rows that are not held, a sample is asked until a pass has seen all."""
        seen = self.rows.in_memory or "_constants" in self.__dict__
        return not (self if seen else self.sample())._constants[1]

    def scores(self, point: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the gradients of the log-densities of observations, block by block, each `(m, p)`."""
        found = LineScores(self._line(point))
        return (scores for block in self.rows.blocks(_BLOCK) for scores in found.scores(*block))

    def score_factor(self, point: np.ndarray) -> np.ndarray:
        """Return R, `(p, p)`, with `R' R` the sum over observations of `s s'`, s being their scores."""
        return qr.joined(self.rows.map(LineScores(self._line(point)), _BLOCK))

    def own_value(self, point: np.ndarray, found: float) -> float:
        """Return what a search found for the mean negative log-likelihood: no program led it astray."""
        return found

    def confirmed(self, point: np.ndarray, spread: np.ndarray) -> bool:
        """Whether what was computed is what the model means: it is, for nothing was traced."""
        return True

    def separating(self, free: np.ndarray | None = None) -> np.ndarray | None:
        """Return a direction of few slopes in which the likelihood grows for ever; None if none is known.

        Args:
            free: which coefficients may move, `(p,)`; all of them if None.
        """
        return separation.separating(self, free) if hasattr(self.family, "receding") else None

    def retrace(self) -> None:
        """Do nothing: there is no program that could be stale."""

    def sample(self, size: int = ROWS) -> "LinearPredictorObjective":
        """Return the same function of `size` observations, evenly spaced, or itself if it has few more."""
        if self.rows.size < 4 * size:
            return self
        few = copy.copy(self)
        few.rows = self.rows.sample(size)
        few.nobs = few.rows.nobs
        for known in ("constant", "_constants"):
            few.__dict__.pop(known, None)
        return few

    def information(self, point: np.ndarray) -> np.ndarray:
        """Return what the Hessian is in the mean over responses, `(p, p)`, of a family with it."""
        return self.rows.sum(LineInformation(self._line(point)), _BLOCK) / self.nobs

    @functools.cached_property
    def _constants(self):
        return self.rows.sum(Constants(self.family), _BLOCK)

    def _summed(self, function):
        """The sums over all rows. The first pass over rows that are not held brings the constants with it."""
        if self.rows.in_memory or "_constants" in self.__dict__:
            return self.rows.sum(function, _BLOCK)
        *sums, self._constants = self.rows.sum(Together(function, Constants(self.family)), _BLOCK)
        return sums

    def _line(self, point):
        return Line(self.family, self.centre, self.scale, self.intercept, point)
