"""Least absolute deviations: the line with the smallest sum of absolute residuals, exactly."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

_TURNS = 20  # of the program, each about the line of the one before
_FAR = 1e4  # typical residuals: beyond it only the side on which a point lies matters
_ROUNDING = 64 * np.finfo(float).eps
_LOOSE = 1e-7  # of a weight: force to spare that is none


@dataclass(frozen=True)
class Corner:
    """A line with the smallest sum of absolute residuals.

    Attributes:
        coefficients: `(p,)`.
        residuals: `(n,)`; those of the points on the line are 0.
        total: the sum of the weights times absolute residuals.
        spare: by which share of their weights the points on the line hold it with force to spare: 0 if
            another line has as small a sum, negative if another has a smaller one.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    total: float
    spare: float

    @property
    def optimal(self) -> bool:
        """Whether no line has a smaller sum."""
        return self.spare >= -_LOOSE

    @property
    def unique(self) -> bool:
        """Whether no other line has as small a sum."""
        return self.spare > _LOOSE


def minimise(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Corner:
    """Minimise the sum of weights times absolute residuals, `sum w |y - X b|`.

    The dual is solved: maximise `y . d` where `X' d = 0` and no `|d_i|` exceeds its weight. It has as many
    equations as there are columns, and its multipliers are the coefficients. The smallest sum is reached in a
    corner, where the line passes through as many points as it has coefficients: these are found, and the line
    through them solved for, so that no digit is lost to the tolerance of the program.

    A point far off matters by its side of the line alone, so it is moved nearer; this is done again about the
    line that was found until the points on it prove that it is the best.

    Args:
        X: columns, `(n, p)`, independent, of about the same size.
        y: `(n,)`.
        weights: positive, `(n,)`; None for ones.

    Returns:
        A `Corner`; look whether it is `optimal`.

    Source: I. Barrodale and F. Roberts, An improved algorithm for discrete l1 linear approximation, SIAM
        Journal on Numerical Analysis 10 (1973), 839-848.

    Examples:
        >>> x = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
        >>> found = minimise(np.column_stack([x, np.ones(5)]), np.array([0.0, 1.0, 2.0, 3.0, 40.0]))
        >>> found.coefficients.round(9).tolist(), round(found.total, 9), found.unique
        ([1.0, 0.0], 36.0, True)
    """
    n, p = X.shape
    w = np.ones(n) if weights is None else weights
    if p == 0:
        return Corner(np.zeros(0), y, float(w @ np.abs(y)), np.inf)
    best = _corner(X, y, w, np.zeros(p))
    for _ in range(_TURNS):
        step = _step(X, y - X @ best.coefficients, w)
        found = _corner(X, y, w, _through(X, y, w, best.coefficients + step))
        if found.optimal:
            return found
        if not found.total < best.total:
            break
        best = found
    return best


def _step(X, rest, weights):
    """About the best step from a line with these residuals, the far ones nearer."""
    size = np.abs(rest)
    unit = np.median(size) or size.mean() or 1.0
    found = optimize.linprog(
        -np.clip(rest / unit, -_FAR, _FAR),
        A_eq=X.T,
        b_eq=np.zeros(X.shape[1]),
        bounds=np.column_stack([-weights, weights]),
        method="highs-ipm" if len(rest) > 20_000 else "highs",
    )
    return np.zeros(X.shape[1]) if found.status != 0 else -found.eqlin.marginals * unit


def _corner(X, y, weights, b):
    """A line as a `Corner`, with the residuals that are rounding at 0."""
    residuals = y - X @ b
    residuals[np.abs(residuals) <= _ROUNDING * (np.abs(y) + np.abs(X) @ np.abs(b))] = 0.0
    return Corner(b, residuals, float(weights @ np.abs(residuals)), _spare(X, residuals, weights))


def _spare(X, residuals, weights):
    """By which share of their weights the points on the line hold it with force to spare.

    Their multipliers d must balance the pull of the others, `X' d = 0`, and each may be as large as its
    weight: the largest t is sought for which all are within `(1 - t)` of it.
    """
    on = residuals == 0
    pull, w, p = X[~on].T @ (weights[~on] * np.sign(residuals[~on])), weights[on], X.shape[1]
    if len(w) < p or np.linalg.matrix_rank(X[on]) < p:
        return -np.inf
    if len(w) == p:
        return float(1 - np.max(np.abs(np.linalg.solve(X[on].T, pull)) / w))
    each, share = sparse.eye_array(len(w)), sparse.csr_array(w[:, None])
    found = optimize.linprog(
        np.append(np.zeros(len(w)), -1.0),
        A_eq=np.hstack([X[on].T, np.zeros((p, 1))]),
        b_eq=-pull,
        A_ub=sparse.vstack([sparse.hstack([each, share]), sparse.hstack([-each, share])]),
        b_ub=np.tile(w, 2),
        bounds=[(None, None)] * (len(w) + 1),
    )
    return float(-found.fun) if found.status == 0 else -np.inf


def _through(X, y, weights, rough):
    """The line through the nearest points that determine it, if it is no worse than a rough one."""
    chosen = []
    for i in np.argsort(np.abs(y - X @ rough), kind="stable"):
        if np.linalg.matrix_rank(X[[*chosen, i]]) > len(chosen):
            chosen.append(i)
        if len(chosen) == X.shape[1]:
            break
    b = np.linalg.solve(X[chosen], y[chosen])
    return min(b, rough, key=lambda line: weights @ np.abs(y - X @ line))
