"""The solvers of least squares against NIST's certified values: correct significant digits.

NIST divides by n - p, and takes the errors of nonlinear problems from the Jacobian.
"""

import numpy as np
import pytest

import nist
from mlefit import data
from mlefit.least_squares import minimise
from mlefit.linear_least_squares import solve_linear
from nist_models import MODELS

EPS = np.finfo(float).eps


def errors(solution):
    """Standard errors as NIST defines them."""
    spare = solution.nobs - len(solution.factor)
    return solution.residual_norm / np.sqrt(spare) * np.linalg.norm(solution.factor, axis=1)


def powers(x, degree):
    return np.column_stack([x**k for k in range(1, degree + 1)])


@pytest.mark.parametrize(
    ("name", "estimates", "standard_errors"),
    [
        ("Pontius", 12, 12.5),
        ("Eberhardt", 12, 12.5),  # NoInt1
        ("Wampler3", 12, 12),
        ("Wampler4", 12, 12),
        ("Wampler5", 12, 12),
        ("Filippelli", 7, 7),
    ],
)
def test_linear(name, estimates, standard_errors):
    x, y, certified = nist.linear()[name]
    intercept = name != "Eberhardt"
    solution = solve_linear(powers(x, len(certified) - 1), y, intercept)
    certified = np.roll(certified, -1, axis=0) if intercept else certified[1:]
    assert not solution.exact and solution.null_space.size == 0
    assert nist.digits(solution.coefficients, certified[:, 0]) >= estimates
    assert nist.digits(errors(solution), certified[:, 1]) >= standard_errors


@pytest.mark.parametrize("name", ["Wampler1", "Wampler2"])
def test_exact_fits(name):
    x, y, certified = nist.linear()[name]
    solution = solve_linear(powers(x, 5), y)
    assert solution.exact
    assert nist.digits(solution.coefficients, np.roll(certified[:, 0], -1)) >= 12


def test_norris():
    norris = data.load("norris")
    solution = solve_linear(norris["x"][:, None], norris["y"])
    assert nist.digits(solution.coefficients, nist.NORRIS[:, 0]) >= 12
    assert nist.digits(errors(solution), nist.NORRIS[:, 1]) >= 12.5


def test_longley():
    solution = solve_linear(*nist.longley())
    assert nist.digits(solution.coefficients, nist.LONGLEY[:, 0]) >= 12
    assert nist.digits(errors(solution), nist.LONGLEY[:, 1]) >= 12


@pytest.mark.parametrize(
    ("y", "mean", "stddev", "allowed"),
    [
        (data.load("michelson")["speed"] / 1000 + 299, 299.8524, 0.0790105478190518, 12.8),
        (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0, 15),
        (np.array([1.2, *[1.1, 1.3] * 500]), 1.2, 0.1, 14.8),
        (np.array([1000000.2, *[1000000.1, 1000000.3] * 500]), 1000000.2, 0.1, 9.4),
        (np.array([10000000.2, *[10000000.1, 10000000.3] * 500]), 10000000.2, 0.1, 8.2),
    ],
    ids=["Michelso", "NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_univariate(y, mean, stddev, allowed):
    """`allowed` is what rounding of the data to float64 leaves of the standard deviation's digits."""
    solution = solve_linear(np.empty((len(y), 0)), y)
    assert nist.digits(solution.coefficients, [mean]) >= 15
    assert nist.digits([solution.residual_norm / np.sqrt(len(y) - 1)], [stddev]) >= allowed
    assert not solution.exact


@pytest.mark.parametrize("start", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_nonlinear(name, start):
    problem = nist.nonlinear(name)
    solution = minimise(problem.function, problem.starts[start - 1], rounding=EPS * np.linalg.norm(problem.y))
    assert solution.reason == "converged" and solution.converged and not solution.exact
    assert nist.digits(solution.point, problem.estimates) >= 9
    assert nist.digits(errors(solution), problem.errors) >= (2.5 if name == "Lanczos1" else 9)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "Lanczos1"])
def test_converged_means_a_minimum(name):
    """From starts that NIST does not vouch for: a minimum, if not the lowest one, or no claim to be one."""
    problem, rng = nist.nonlinear(name), np.random.default_rng(0)
    for start in problem.starts:
        away = start * (1 + 0.3 * rng.uniform(-1, 1, len(start)))
        solution = minimise(problem.function, away, max_iterations=300)
        if not solution.converged:
            assert solution.reason in ("no descent", "iteration limit", "singular")
            continue
        for _ in range(100):
            direction = rng.normal(size=len(start))
            step = solution.factor @ direction * solution.residual_norm * 0.01 / np.linalg.norm(direction)
            residuals, _ = problem.function(solution.point + step / np.sqrt(solution.nobs))
            assert np.linalg.norm(residuals) > solution.residual_norm
