"""The Gaussian and the straight line, fitted by least squares: in closed form, errors and profiles too."""

import functools
import math

import numpy as np

from mlefit.inference import words
from mlefit.routes.outcome import Outcome, scalar_names
from mlefit.solvers import qr, roots
from mlefit.solvers.linear_least_squares import solve_linear

_ROWS = 8192  # in a block of scores


def fit_line(model, data, covariance):
    """Fit a model of a line with Gaussian noise; its last parameter is `stddev`.

    Args:
        model: a `LinearRegression` or, for an intercept alone, a `Gaussian`.
        data: tuple of float64 arrays: x and y, or y alone.
        covariance: `"observed"`, `"expected"`, which is the same here, or `"robust"`.

    Returns:
        An `Outcome`.

    Source: G. Seber and A. Lee, Linear Regression Analysis (2003), chapters 3 and 4; for the sandwich, H.
        White, Econometrica 50 (1982), 1-25.
    """
    y = data[-1]
    n = len(y)
    x = data[0].reshape(n, -1) if len(data) == 2 else np.empty((n, 0))
    intercept = len(data) == 1 or model.has_intercept
    solution = solve_linear(x, y, intercept)
    names = scalar_names(model.parameters.values())
    stddev = solution.residual_norm / math.sqrt(n)
    message = _trouble(solution, names, x.shape[1] + intercept)
    with np.errstate(divide="ignore"):
        log_stddev = np.log(stddev)
    log_likelihood = -n * (0.5 * math.log(2 * math.pi) + log_stddev + 0.5)
    p = len(names)
    root = np.zeros((p, p))
    root[:-1, :-1], root[-1, -1] = stddev * solution.factor, stddev / math.sqrt(2 * n)
    if covariance == "robust" and message is None:
        root = _sandwich(solution, x, y, stddev, intercept)
    errors = np.linalg.norm(stddev * solution.factor, axis=1)
    return Outcome(
        point=np.append(solution.coefficients, log_stddev),
        root=root,
        log_likelihood=float(log_likelihood),
        converged=message is None,
        message=message or "solved in closed form",
        trusted=message is None,
        history=np.array([-log_likelihood / n]),
        method="least squares",
        profile=functools.partial(_profile, solution.coefficients, errors, float(stddev), n),
    )


def _trouble(solution, names, columns):
    if solution.nobs < columns + 1:
        return words.too_few(solution.nobs, columns + 1)
    if solution.null_space.size:
        involved = [names[i] for i in np.flatnonzero(np.abs(solution.null_space).max(axis=1) > 1e-6)]
        return words.undetermined(involved)
    if solution.exact:
        return words.unbounded("stddev")
    return None


def _sandwich(solution, x, y, stddev, intercept):
    """A root of the sandwich covariance of slopes, intercept and stddev."""
    n, k = x.shape
    middle, centred = solution.origin[0], solution.centred_factor

    def scores():
        for low in range(0, n, _ROWS):
            part = slice(low, low + _ROWS)
            residuals = solution.residuals(x[part], y[part])
            whitened = (x[part] - middle) @ centred[:k] + (centred[k] if intercept else 0.0)
            yield np.vstack([whitened.T * residuals, (residuals**2 / stddev - stddev) / (2 * n)])

    back = np.zeros((len(centred) + 1, len(centred) + 1))
    back[:-1, :-1], back[-1, -1] = solution.factor, 1.0
    return back @ qr.triangle(scores()).T


def _profile(coefficients, errors, stddev, n, index, quantile):
    """Ends of the profile interval: exact, for a parameter acts through the sum of squares alone."""
    fall = quantile**2 / n
    if index < len(coefficients):
        reach = errors[index] * math.sqrt(n * math.expm1(fall))
        return coefficients[index] - reach, coefficients[index] + reach

    def excess(log_ratio):
        return 2 * log_ratio + math.expm1(-2 * log_ratio) - fall

    ends = (roots.bracketed(excess, 0.0, side * math.sqrt(fall), grow=2.0) for side in (-1, 1))
    return tuple(stddev * math.exp(end) for end in ends)
