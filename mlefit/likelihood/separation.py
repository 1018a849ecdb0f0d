"""Which columns of x tell some outcomes apart without error, so that a likelihood grows for ever."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

if TYPE_CHECKING:
    from mlefit.likelihood.linear_predictor import LinearPredictorObjective

_LARGEST = 2_000_000  # numbers in the columns beyond which it would take too long


def separating(objective: "LinearPredictorObjective", free: np.ndarray | None = None) -> np.ndarray | None:
    """Return a direction of few columns in which no log-density falls and some grow for ever, or None.

    Among such directions it is the shortest by the sum of its entries' sizes, each in units of its column's
    spread, for the same total movement of the predictors: so it names few.

    Args:
        objective: a `LinearPredictorObjective` whose family has `receding(y)`: two arrays `(m,)`, how far the
            predictor of each observation may move down and up, 0 or infinity, so that its log-density does
            not fall.
        free: which slopes and, last, whether the intercept may move, booleans `(p,)`; all of them if None.

    Returns:
        The slopes, `(k,)`, of the columns as they are scaled; None where there is none, or too much data to
        tell.

    Source: K. Konis, Linear programming algorithms for detecting separated data in binary logistic regression
        models, thesis, Oxford (2007).

    Examples:
        >>> from mlefit import LogisticRegression
        >>> from mlefit.likelihood.linear_predictor import LinearPredictorObjective
        >>> from mlefit.likelihood.rows import Rows
        >>> X, y = np.array([[1.0, 3.0], [2.0, 1.0], [3.0, 4.0], [4.0, 2.0]]), np.array([0.0, 0.0, 1.0, 1.0])
        >>> rows = Rows(X=X, y=y)
        >>> separating(LinearPredictorObjective(LogisticRegression, rows)).round(3).tolist()
        [1.118, 0.0]
    """
    if not objective.rows.in_memory:
        return None
    X, y, *_ = objective.rows.whole()
    n, k = X.shape
    if n * k > _LARGEST:
        return None
    free = np.ones(k + objective.intercept, bool) if free is None else free
    intercept = bool(objective.intercept and free[-1])
    X = (X - X.mean(axis=0) * intercept) / objective.scale * free[:k]
    low, high = objective.family.receding(y)
    ones = np.ones((n, int(intercept)))
    # Slopes as differences of two that are not negative, then the intercept.
    move = np.hstack([X, -X, ones])
    sign = np.where(high > 0, 1.0, np.where(low < 0, -1.0, 0.0))
    moving = sign != 0
    cost = np.concatenate([np.ones(2 * k), np.zeros(ones.shape[1])])
    total = (sign[moving] @ move[moving])[None]
    fixed = move[~moving]
    found = optimize.linprog(
        cost,
        A_ub=-sign[moving, None] * move[moving],
        b_ub=np.zeros(moving.sum()),
        A_eq=np.vstack([total, fixed]),
        b_eq=np.concatenate([[n], np.zeros(len(fixed))]),
        bounds=[(0, None)] * (2 * k) + [(None, None)] * ones.shape[1],
    )
    return found.x[:k] - found.x[k : 2 * k] if found.status == 0 else None
