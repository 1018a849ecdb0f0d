"""A regression through a linear predictor as a function of its coefficients, in closed form, block by block.

The derivatives of a log-density by its predictor are numbers, so with the columns X the gradient is `X' u`
and the Hessian `-X' diag(w) X`, u being the first derivative and w minus the second: nothing need be traced.
"""

import copy
from collections.abc import Iterator

import numpy as np

from mlefit.likelihood import separation
from mlefit.likelihood.rows import Rows
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import middle

ROWS = 8192  # in a block: it stays in the processor's cache


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
    sizes = ROWS // 4, ROWS  # of those

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
        self.constant = (
            sum(
                np.sum(family.constant(y) if weights is None else family.constant(y) * weights)
                for weights, (_, y, *_) in rows.weighted_blocks(ROWS)
            )
            / self.nobs
        )

    def __call__(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        k = len(self.scale)
        sums, slope_pull, border, curvature = np.zeros(3), np.zeros(k), np.zeros(k), np.zeros((k, k))
        with np.errstate(over="ignore", invalid="ignore"):
            for X, terms, pull, weight in self._derivatives(point):
                sums += terms.sum(), pull.sum(), weight.sum()
                slope_pull += pull @ X
                border += weight @ X
                curvature += X.T @ (X * weight[:, None])
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
        slope_pull, total = np.zeros(len(self.scale)), 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for X, _, pull, _ in self._derivatives(point):
                slope_pull, total = slope_pull + pull @ X, total + pull.sum()
        pulls = np.append(slope_pull / self.scale, [total] * self.intercept)
        return 0.0 - pulls / self.nobs

    def start(self, point: np.ndarray | None = None) -> np.ndarray:
        """Return a point of given slopes, or 0, at about the height that suits them, where there is one."""
        point = np.zeros(len(self.back)) if point is None else np.array(point)
        if self.intercept:
            slopes = point[:-1] / self.scale
            X, y, *offset = (self.rows.sample(ROWS) if slopes.any() else self.rows).whole()
            line = (X - self.centre) @ slopes if slopes.any() else np.zeros(1)
            height = self.family.height(y, sum(offset, line))
            point[-1] = 0.0 if height is None else height
        return point

    def possible(self) -> bool:
        """Whether all y can occur."""
        return all(self.family.possible(y).all() for _, y, *_ in self.rows.blocks(ROWS))

    def scores(self, point: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the gradients of the log-densities of observations, block by block, each `(m, p)`."""
        for X, _, pull, _ in self._derivatives(point, weigh=False):
            with np.errstate(over="ignore", invalid="ignore"):
                scores = X / self.scale * pull[:, None]
            yield np.hstack([scores, *[pull[:, None]] * self.intercept])

    def own_value(self, point: np.ndarray) -> float:
        """Return the mean negative log-likelihood of all rows, which no program and no sample led to."""
        with np.errstate(over="ignore", invalid="ignore"):
            return (
                -self.constant
                - float(sum(terms.sum() for _, terms, *_ in self._derivatives(point))) / self.nobs
            )

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
        return few

    def information(self, point: np.ndarray) -> np.ndarray:
        """Return what the Hessian is in the mean over responses, `(p, p)`, of a family with it."""
        total = np.zeros((len(point), len(point)))
        for weights, X, y, line in self._lines(point):
            columns = np.hstack([X / self.scale, *[np.ones((len(X), 1))] * self.intercept])
            weight = self.family.information(y, line) * (1.0 if weights is None else weights)
            total += columns.T @ (columns * weight[:, None])
        return total / self.nobs

    def _derivatives(self, point, weigh=True):
        """Yield, block by block, the centred columns, and the family's derivatives by the line at a point,
        each times the weight of its row."""
        for weights, X, y, line in self._lines(point):
            parts = self.family.derivatives(y, line)
            yield X, *(parts if weights is None or not weigh else (weights * part for part in parts))

    def _lines(self, point):
        """Yield, block by block, the weights, the centred columns, the responses and the line at a point."""
        slopes = point[: len(self.scale)] / self.scale  # by the columns centred but not scaled
        height = point[-1] if self.intercept else 0.0
        for weights, (X, y, *offset) in self.rows.weighted_blocks(ROWS):
            X = X - self.centre if self.centre.any() else X
            yield weights, X, y, sum(offset, X @ slopes + height)
