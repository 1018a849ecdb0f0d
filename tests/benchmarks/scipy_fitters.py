"""What a user of SciPy would call: the fits of scipy.stats, and minimize with derivatives by hand."""

import numpy as np

from benchmarks.problems import DF, Fit


def norm_fit(problem):
    from scipy import stats

    return lambda: Fit(np.array(stats.norm.fit(*problem.data)), None, True)


def linregress(problem):
    from scipy import stats

    def fit():
        line = stats.linregress(*problem.data)
        errors = np.array([line.stderr, line.intercept_stderr])
        return Fit(np.array([line.slope, line.intercept]), errors, True, "unbiased")

    return fit


def t_fit(problem):
    from scipy import stats

    return lambda: Fit(np.array(stats.t.fit(*problem.data, f0=DF)[1:]), None, True)


def bfgs(problem):
    return _minimize(problem, "BFGS", lambda result: result.hess_inv)


def lbfgs(problem):
    return _minimize(problem, "L-BFGS-B", lambda result: result.hess_inv.todense())


def trust_exact(problem):
    return _minimize(
        problem, "trust-exact", lambda result: np.linalg.inv(result.hess), hess=problem.curvature
    )


def _minimize(problem, method, inverse, **derivatives):
    """The objective is the mean negative log-likelihood, on an unconstrained scale."""
    from scipy.optimize import minimize

    start = problem.unconstrained(problem.start)

    def fit():
        result = minimize(problem.value_and_gradient, start, jac=True, method=method, **derivatives)
        errors = problem.errors(result.x, inverse(result) / problem.nobs)
        return Fit(problem.natural(result.x), errors, bool(result.success))

    return fit
