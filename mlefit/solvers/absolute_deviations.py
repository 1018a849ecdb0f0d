"""Least absolute deviations: the line with the smallest sum of absolute residuals, exactly."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

_ON = 1e-9  # of the spread of the residuals: one that is less lies on the line
_LOOSE = 1e-7  # of a weight: force to spare that is none


@dataclass(frozen=True)
class Corner:
    """A line with the smallest sum of absolute residuals.

    Attributes:
        coefficients: `(p,)`.
        residuals: `(n,)`; those of the points on the line are 0.
        total: the sum of the weights times absolute residuals.
        unique: whether no other line has as small a sum.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    total: float
    unique: bool


def minimise(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Corner:
    """Minimise the sum of weights times absolute residuals, `sum w |y - X b|`.

    The dual is solved: maximise `y . d` where `X' d = 0` and no `|d_i|` exceeds its weight. It has as many
    equations as there are columns, and its multipliers are the coefficients. The smallest sum is reached in a
    corner, where the line passes through as many points as it has coefficients: these are found, and the line
    through them solved for, so that no digit is lost to the tolerance of the program.

    Args:
        X: columns, `(n, p)`, independent, of about the same size.
        y: `(n,)`.
        weights: positive, `(n,)`; None for ones.

    Returns:
        A `Corner`.

    Raises:
        ArithmeticError: if the program ends without a solution.

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
        return Corner(np.zeros(0), y, float(w @ np.abs(y)), True)
    height = np.abs(y).max() or 1.0
    found = optimize.linprog(
        -y / height,
        A_eq=X.T,
        b_eq=np.zeros(p),
        bounds=np.column_stack([-w, w]),
        method="highs-ipm" if n > 20_000 else "highs",
    )
    if found.status != 0:
        raise ArithmeticError(f"the linear program of least absolute deviations failed: {found.message}")
    rough = -found.eqlin.marginals * height
    rest = y - X @ rough
    near = _ON * np.mean(np.abs(rest)) + 16 * np.finfo(float).eps * height
    nearest = np.argsort(np.abs(rest), kind="stable")[: max(4 * p, p + np.sum(np.abs(rest) <= near))]
    b = _through(X, y, nearest, rough)
    residuals = y - X @ b
    residuals[np.abs(residuals) <= near] = 0.0
    return Corner(b, residuals, float(w @ np.abs(residuals)), _unique(X, residuals, w))


def _unique(X, residuals, weights):
    """Whether the line cannot turn without a loss: the points on it hold it with force to spare.

    Their multipliers d must balance the pull of the others, `X' d = 0`, and none may exceed its weight:
    the largest t is sought for which all are within `(1 - t)` of it.
    """
    on = residuals == 0
    if np.linalg.matrix_rank(X[on]) < X.shape[1]:
        return False
    pull, w = X[~on].T @ (weights[~on] * np.sign(residuals[~on])), weights[on]
    within = np.hstack([np.eye(len(w)), w[:, None]])
    found = optimize.linprog(
        np.append(np.zeros(len(w)), -1.0),
        A_eq=np.hstack([X[on].T, np.zeros((X.shape[1], 1))]),
        b_eq=-pull,
        A_ub=np.vstack([within, within * np.append(-np.ones(len(w)), 1.0)]),
        b_ub=np.tile(w, 2),
        bounds=[(None, None)] * (len(w) + 1),
    )
    return found.status == 0 and -found.fun > _LOOSE


def _through(X, y, nearest, rough):
    """The line through the nearest points that determine it, if it is no worse than a rough one."""
    chosen = []
    for i in nearest:
        if np.linalg.matrix_rank(X[[*chosen, i]]) > len(chosen):
            chosen.append(i)
        if len(chosen) == X.shape[1]:
            b = np.linalg.solve(X[chosen], y[chosen])
            better = np.abs(y - X @ b).sum() <= np.abs(y - X @ rough).sum() * (1 + 1e-9)
            return b if better else rough
    return rough
