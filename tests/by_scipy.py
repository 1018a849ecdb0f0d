"""Maximum likelihood by SciPy and differences alone: an independent truth for the fits of the package."""

import numpy as np
from scipy import optimize


def maximum(nll, start):
    """Return the minimum of a summed negative log-likelihood, `(p,)`, and its Hessian's inverse there."""
    start = np.array(start, dtype=float)
    found = optimize.minimize(nll, start, method="Nelder-Mead", options={"maxiter": 400})
    found = optimize.minimize(nll, found.x, method="BFGS", options={"gtol": 1e-7})
    point = found.x
    for _ in range(3):  # Newton's steps, by differences of the values
        point = point - np.linalg.solve(hessian(nll, point), gradient(nll, point))
    return point, np.linalg.inv(hessian(nll, point))


def gradient(function, point):
    """Return central differences of fourth order, `(p,)`, or a row for each value of the function."""
    rows = []
    for i in range(len(point)):
        step = 1e-3 * (1 + abs(point[i])) * np.eye(len(point))[i]
        one, two = (function(point + k * step) - function(point - k * step) for k in (1, 2))
        rows.append((8 * one - two) / (12 * step[i]))
    return np.array(rows)


def hessian(function, point):
    """Return second differences of fourth order, `(p, p)`."""
    found = gradient(lambda p: gradient(function, p), point)
    return (found + found.T) / 2
