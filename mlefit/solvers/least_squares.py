"""Nonlinear least squares: Gauss-Newton steps in a trust region, through QR of the Jacobian."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mlefit.solvers import qr

type Linear = tuple[np.ndarray, np.ndarray]  # residuals `(m,)` and their Jacobian `(m, p)`

_ACCEPT = 1e-4  # the least share of the predicted decrease that a step must bring
_OFFSET = 1e-3  # the relative offset below which Bates and Watts call a fit converged
_STUCK = 4  # where rounding hides the sum of squares: steps in a row, ever shorter, that bring nothing
_LARGEST = 1e140  # beyond it sums of squares overflow, and a number is no better than an infinite one
_JACOBIAN_ERROR = 1e-13  # relative: some hundred roundings


@dataclass(frozen=True)
class NonlinearSolution:
    """Where the iteration stopped, and how it went.

    Attributes:
        point: the parameters, `(p,)`.
        residual_norm: the root of the sum of squared residuals.
        exact: whether the residuals are no larger than rounding would make them.
        offset: relative offset: the length of the part of the residuals that lies along the columns of the
            Jacobian J over the length of the rest, each over the root of its degrees of freedom. It says how
            far the point is from the minimum, in standard errors. Infinite if there is no rest.
        factor: `(p, p)`, with `factor @ factor.T` the inverse of J'J; all nan if J's columns are dependent.
        condition: condition number of J once its columns have length one.
        null_space: `(p, d)`, one column for each direction in which, to rounding, the residuals do not
            change: a unit vector, each parameter in units of one over the length of its column of J. An entry
            that is not near 0 marks a parameter involved.
        nobs: number of observations.
        history: mean squared residual at the start and after each step that was kept.
        converged: whether the point is a stationary point at which the parameters are determined.
        reason: `"converged"`, `"iteration limit"`, `"no descent"` (no step, however short, brings the sum of
            squares down) or `"singular"` (J's columns are dependent where the iteration stopped).
    """

    point: np.ndarray
    residual_norm: float
    exact: bool
    offset: float
    factor: np.ndarray
    condition: float
    null_space: np.ndarray
    nobs: int
    history: np.ndarray
    converged: bool
    reason: str


def minimise(
    function: Callable[[np.ndarray], Linear | Iterable[Linear]],
    start: ArrayLike,
    max_iterations: int = 1000,
    rounding: float = 0.0,
) -> NonlinearSolution:
    """Minimise the sum of squared residuals.

    Each step minimises the sum of squares of `r + J h`, the residuals to first order, within an ellipsoid
    whose axes follow the longest columns of J seen so far; it grows and shrinks with how well that predicts.
    Where rounding hides what happens to the sum of squares, J'r takes over, until it falls no more.

    Args:
        function: function from a point `(p,)` to a tuple of the residuals there, `(n,)`, and their Jacobian
            J, `(n, p)`; or to an iterable of such tuples, one for each block of observations, of which only
            one is in memory at a time. Values that are not finite make for a shorter step.
        start: the first point, `(p,)`.
        max_iterations: the largest number of steps, those not kept included.
        rounding: norm of the rounding errors of the residuals as far as the caller knows of them: for
            observations y less a fitted value, `2.0**-52 * norm(y)`.

    Returns:
        A `NonlinearSolution`.

    Raises:
        ValueError: if a residual or a derivative is not finite, or beyond 1e140, at the start.

    Source: J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, in Numerical Analysis,
        Lecture Notes in Mathematics 630 (1978), 105-116; for the relative offset, D. M. Bates and
        D. G. Watts, Technometrics 23 (1981), 179-183.

    Examples:
        >>> x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([2.1, 1.2, 0.8, 0.4])
        >>> def decay(b):
        ...     e = np.exp(-b[1] * x)
        ...     return b[0] * e - y, np.column_stack([e, -b[0] * x * e])
        >>> solution = minimise(decay, [1.0, 1.0])
        >>> solution.reason, solution.point.round(4)
        ('converged', array([2.0919, 0.5231]))
    """
    try:
        here = _Linearised(function, np.array(start, dtype=float), rounding)
    except FloatingPointError as error:
        raise ValueError(f"residuals and derivatives must be finite at the start: {error}") from None
    longest = here.lengths
    radius = np.linalg.norm(longest * here.point) or here.norm
    history, stuck, reason = [here.mean_square], 0, "iteration limit"
    for _ in range(max_iterations):
        if here.explained == 0:
            break
        scale = np.where(longest > 0, longest, 1.0)
        step = here.step(scale, radius)
        length = np.linalg.norm(scale * step)
        try:
            trial = _Linearised(function, here.point + step, rounding)
        except FloatingPointError:
            ratio = -1.0
        else:
            ratio = here.ratio(step, trial)
        if ratio < 0.25:
            radius = length / (4 if ratio < 0 else 2)
        elif ratio > 0.75:
            radius = max(radius, 2 * length)
        if ratio > _ACCEPT:
            here, stuck = trial, 0
            longest = np.maximum(longest, here.lengths)
            history.append(here.mean_square)
            continue
        stuck += 1
        if (here.settled and stuck >= _STUCK) or radius <= here.noise:
            reason = "no descent"
            break
    if here.settled and here.stationary:
        reason = "converged"
    return here.solution(np.array(history), reason)


class _Linearised:
    """The residuals to first order around a point, `r + J h`, held as the triangular factor of (J, r)."""

    def __init__(self, function, point, rounding):
        result = function(point)
        self.point, self.nobs = point, 0
        R = qr.triangle(self._columns([result] if isinstance(result, tuple) else result))
        self.R, self.inside = R[:-1, :-1], R[:-1, -1]
        self.lengths = np.linalg.norm(self.R, axis=0)
        self.explained, self.rest = np.linalg.norm(self.inside), abs(R[-1, -1])
        self.norm = float(np.hypot(self.explained, self.rest))
        self.noise = rounding + qr.EPS * (self.norm + np.abs(point) @ self.lengths)

    def _columns(self, blocks):
        for residuals, jacobian in blocks:
            block = np.concatenate([np.transpose(jacobian), [residuals]])
            good = (np.abs(block) <= _LARGEST).all(axis=0)
            if not good.all():
                raise FloatingPointError(f"those of observation {self.nobs + int(np.argmin(good))} are not")
            self.nobs += len(residuals)
            yield block

    @property
    def mean_square(self):
        return self.norm**2 / self.nobs

    @property
    def exact(self):
        return bool(self.norm <= 16 * self.noise)

    @property
    def settled(self):
        """Whether rounding hides the decrease of the sum of squares that is left."""
        return self._hidden(self.explained**2)

    @property
    def stationary(self):
        """Whether the point is the minimum, but for a small part of a standard error, or for rounding."""
        return self.offset <= _OFFSET or self.explained <= 16 * self.noise

    @property
    def offset(self):
        p = len(self.point)
        size, rest = self.explained / np.sqrt(p), self.rest / np.sqrt(max(self.nobs - p, 1))
        return float(size / rest) if rest > 0 else np.inf

    def _hidden(self, decrease):
        return decrease <= 4 * self.norm * self.noise

    def ratio(self, step, trial):
        """The decrease of the sum of squares at `trial`, `step` from here, over the predicted one."""
        predicted = self.explained**2 - np.linalg.norm(self.inside + self.R @ step) ** 2
        if self._hidden(predicted):
            return 1.0 if trial.explained < self.explained else -1.0
        return (self.norm - trial.norm) * (self.norm + trial.norm) / predicted

    def step(self, scale, radius):
        """Return the h that minimises `|r + J h|` with `|scale * h|` at most `radius`, to a tenth."""
        left, values, right = np.linalg.svd(self.R / scale)
        slopes = -(left.T @ self.inside)
        told_apart = values > qr.EPS * values[0]
        move = np.divide(slopes, values, out=np.zeros_like(slopes), where=told_apart)
        if np.linalg.norm(move) <= radius:
            return (move @ right) / scale
        low, high = 0.0, np.linalg.norm(values * slopes) / radius
        damping = 1e-3 * high
        for _ in range(100):
            move = values * slopes / (values**2 + damping)
            length = np.linalg.norm(move)
            if abs(length - radius) <= 0.1 * radius:
                break
            low, high = (damping, high) if length > radius else (low, damping)
            slope = np.sum(move**2 / (values**2 + damping)) / length
            damping += (length / radius) * (length - radius) / slope
            if not low < damping < high:
                damping = max(1e-3 * high, np.sqrt(low * high))
        return (move @ right) / scale

    def solution(self, history, reason):
        found = qr.analyse(self.R, _JACOBIAN_ERROR)
        if found.null_space.size:
            found.inverse[:], reason = np.nan, "singular"
        return NonlinearSolution(
            point=self.point,
            residual_norm=self.norm,
            exact=self.exact,
            offset=self.offset,
            factor=found.inverse,
            condition=found.condition,
            null_space=found.null_space,
            nobs=self.nobs,
            history=history,
            converged=reason == "converged",
            reason=reason,
        )
