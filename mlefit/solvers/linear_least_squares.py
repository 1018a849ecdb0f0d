"""Linear least squares: a line, a plane, a polynomial or a mean, to the last digit that the data hold."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mlefit.solvers import qr
from mlefit.solvers.compensated import two_product, two_sum
from mlefit.solvers.linear_blocks import Centred, Factor, Gradient

_BLOCK = 131_072  # numbers held at a time by each core, whatever the number of observations
_PIECE = 65_536  # the same where ten copies of them must stay in the cache
_START = 4096  # observations that tell about where the data lie
_SMALL = 32_768  # with fewer numbers than this, refinement costs nothing that anyone would notice
_WELL_CONDITIONED = 100.0
_ORDINARY = 100  # binary exponents up to which no product overflows or loses its error


class Table(Protocol):
    """Observations in blocks, `mlefit.likelihood.rows.Rows` for one."""

    nobs: int

    def sample(self, size: int) -> "Table": ...

    def map(self, function: Callable, size: int) -> Iterable: ...

    def whole(self) -> tuple[np.ndarray, ...]: ...


@dataclass(frozen=True)
class LinearSolution:
    """The least-squares solution of `y = x @ slopes + intercept`.

    Attributes:
        coefficients: `(p,)`, the slopes and, last, the intercept if there is one. If the columns of x are
            dependent, these are one solution of many.
        residual_norm: the root of the sum of squared residuals.
        exact: whether the residuals are no larger than rounding of the data would make them.
        factor: `(p, p)`, with `factor @ factor.T` the inverse of X'X, where X is x and, last, a column of
            ones if there is an intercept; all nan if the columns are dependent.
        centred_factor: the same for x measured from `origin`: the last row, if there is an intercept, belongs
            to the height of the fit there. Where x is far from 0 it keeps digits that `factor` loses.
        condition: condition number of x once its columns are centred and have length one.
        null_space: `(k, d)`, one column for each combination of columns of x that is constant (that
            vanishes, without an intercept) to rounding. An entry that is not near 0 marks a column involved.
        nobs: number of observations.
        origin: `(x, y, rise)`, a point near the middle of the data, and how far above it the fit passes; from
            there `residuals` measures, so that none of their digits is lost.
    """

    coefficients: np.ndarray
    residual_norm: float
    exact: bool
    factor: np.ndarray
    centred_factor: np.ndarray
    condition: float
    null_space: np.ndarray
    nobs: int
    origin: tuple

    def residuals(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return y less the fitted value, shape `(n,)`, for x of shape `(n, k)` and y of shape `(n,)`."""
        middle, height, rise = self.origin
        rest = (y - height) - rise
        for column, centre, slope in zip(x.T, middle, self.coefficients, strict=False):
            rest -= (column - centre) * slope
        return rest


def solve_linear(rows: Table, intercept: bool = True) -> LinearSolution:
    """Minimise the sum of squares of `y - x @ slopes - intercept`, each times the weight of its row.

    The columns are centred and the triangular factor of (1, x, y) formed by Householder reflections, block by
    block. Where conditioning could cost digits, or the data are few, the coefficients are refined: residuals,
    and their products with the columns, are computed in twice the precision from the data as given, and the
    correction from the factor. With a condition number c each step gains about `16 - log10(c)` digits, and
    large residuals do not cost any.

    Args:
        rows: what has `nobs`, the sum of the weights, `sample(size)` and `map(function, size)`, which yields
            what the function makes of the weights, or None for ones, and of x, float64, `(m, k)`, and y,
            `(m,)`, of each block. With an intercept k may be 0, and the fit is a mean.
        intercept: whether the model has one.

    Returns:
        A `LinearSolution`.

    Source: Å. Björck, Stability analysis of the method of seminormal equations for linear least squares
        problems, Linear Algebra and its Applications 88/89 (1987), 31-48; for residuals in twice the
        precision, Iterative refinement of linear least squares solutions I, BIT 7 (1967), 257-278.

    Examples:
        >>> from mlefit.likelihood.rows import Rows
        >>> rows = Rows(x=np.array([[1.0], [2.0], [3.0]]) + 1e8, y=np.array([1.0, 2.0, 4.0]))
        >>> solve_linear(rows).coefficients.tolist()
        [1.5, -150000000.66666666]
    """
    problem = _Problem(rows, intercept)
    first, k = int(intercept), problem.k
    R = problem.factor()
    spread = np.linalg.norm(R[first:, first:], axis=0)
    lengths = np.hypot(np.linalg.norm(R[:, first:], axis=0), np.sqrt(problem.n) * np.abs(problem.centre))
    with np.errstate(divide="ignore", invalid="ignore"):
        rounding = np.where(spread > 0, qr.EPS * lengths / spread, np.inf)
    inner = qr.analyse(R[first:-1, first:-1], rounding[:-1])
    factor = np.zeros((k + first, k + first))  # for the slopes and the height at the centre
    factor[:k, first:] = inner.inverse
    if intercept:
        means = R[0, 1:-1] / R[0, 0]
        factor[k, 0], factor[k, 1:] = 1 / R[0, 0], -means @ inner.inverse
    high = factor @ R[:-1, -1]
    noise = qr.EPS * (lengths[-1] + np.abs(high[:k]) @ lengths[:-1])
    low, norm = np.zeros_like(high), np.linalg.norm(R[:, -1] - R[:, :-1] @ np.roll(high, first))
    if len(R) * problem.n <= _SMALL or inner.condition > _WELL_CONDITIONED or norm <= 100 * noise:
        high, low, norm = _refined(problem, factor, inner.condition, high, low)
    return problem.solution(high, low, norm, noise, factor, inner)


class _Problem:
    """The data in blocks, measured from their middle; if extreme, scaled by powers of two, which is exact."""

    def __init__(self, rows, intercept):
        self.rows, self.n, self.intercept = rows, rows.nobs, intercept
        start = np.column_stack(rows.sample(_START).whole())
        self.k = start.shape[1] - 1
        exponent = np.frexp(np.abs(start).max(axis=0))[1]
        exponent[np.abs(exponent) < _ORDINARY] = 0
        self.scale = np.ldexp(1.0, -exponent.clip(-1000, 1000))
        self.centre = (start * self.scale).mean(axis=0) * intercept

        self._centred = Centred(self.scale, self.centre, intercept)

    def factor(self):
        """Return the triangular factor of (1, x, y), centred; of (x, y) without an intercept."""
        return qr.joined(self.rows.map(Factor(self._centred), self._rows(_BLOCK)))

    def gradient(self, high, low):
        """Return X'Wr for the slopes and the height at the centre, and the norm of r, both rounded once."""
        found = self.rows.map(Gradient(self._centred, high, low), self._rows(_PIECE))
        *products, squares = [math.fsum(parts.ravel()) for parts in np.stack(list(found), axis=1)]
        return np.array(products), np.sqrt(max(squares, 0.0))

    def _rows(self, numbers):
        return max(1024, numbers // (self.k + 2))

    def solution(self, high, low, norm, noise, factor, inner):
        """Express the fit in the units and from the origin of the data."""
        *x_scale, y_scale = self.scale
        *middle, height = self.centre
        slopes = high[: self.k] * x_scale / y_scale
        factor[: self.k] *= np.reshape(x_scale, (-1, 1))
        if inner.null_space.size:
            factor[:] = np.nan
        centred_factor = factor.copy()
        coefficients, rise = slopes, 0.0
        if self.intercept:
            rise = high[-1]
            back = [two_product(-c, b) for c, b in zip(middle, high, strict=False)]
            fine = [low[-1], *(-c * b for c, b in zip(middle, low, strict=False))]
            coefficients = np.append(slopes, math.fsum([height, rise, *np.ravel(back), *fine]) / y_scale)
            factor[-1] -= (self.centre[:-1] / x_scale) @ factor[:-1]
        return LinearSolution(
            coefficients=coefficients,
            residual_norm=float(norm / y_scale),
            exact=bool(norm <= noise),
            factor=factor,
            centred_factor=centred_factor,
            condition=inner.condition,
            null_space=inner.null_space,
            nobs=self.n,
            origin=(np.divide(middle, x_scale), height / y_scale, rise / y_scale),
        )


def _refined(problem, factor, condition, high, low):
    """Return the coefficients, high and low, and the norm of their residuals, after iterative refinement."""
    before = np.inf
    for _ in range(20):
        gradient, norm = problem.gradient(high, low)
        decrement = factor.T @ gradient
        size = np.linalg.norm(decrement)
        if not size < before / 2:
            break
        step, before = factor @ decrement, size
        high, low = two_sum(high, low + step)
        left = 16 * qr.EPS * min(condition, 1 / qr.EPS) * np.abs(step)  # what this step leaves to the next
        whole = np.abs(high)
        if problem.intercept:
            whole[-1] += abs(problem.centre[-1])
        if size <= 1e-9 * norm and (left <= qr.EPS / 16 * whole).all():
            break
    return high, low, norm
