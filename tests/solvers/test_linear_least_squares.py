"""Linear least squares against exact rational arithmetic on the same floats."""

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from mlefit.likelihood.rows import Rows
from mlefit.solvers import linear_least_squares

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5] + 3.0 + rng.normal(size=40)
T = np.linspace(0.0, 1.0, 40)
GRID = 2.0**-20


def solve_linear(x, y, intercept=True):
    return linear_least_squares.solve_linear(Rows(x=x, y=y), intercept)


def exact(x, y, intercept=True):
    """The coefficients, the root of the sum of squares and the diagonal of (X'X)^-1, each rounded once."""
    ones = [[Fraction(1)]] * len(y) if intercept else [[]] * len(y)
    rows = [[Fraction(float(v)) for v in row] + one for row, one in zip(x, ones, strict=True)]
    height = [Fraction(float(v)) for v in y]
    columns = list(zip(*rows, strict=True))
    p = len(columns)
    table = [
        [_dot(a, b) for b in columns] + [_dot(a, height)] + [Fraction(int(i == j)) for j in range(p)]
        for i, a in enumerate(columns)
    ]
    for i in range(p):
        table[i] = [v / table[i][i] for v in table[i]]
        for r in range(p):
            if r != i:
                table[r] = [a - table[r][i] * b for a, b in zip(table[r], table[i], strict=True)]
    solution = [row[p] for row in table]
    squares = sum((h - _dot(row, solution)) ** 2 for h, row in zip(height, rows, strict=True))
    diagonal = [float(table[i][p + 1 + i]) for i in range(p)]
    return np.array([float(v) for v in solution]), math.sqrt(squares), np.array(diagonal)


def _dot(a, b):
    return sum(u * v for u, v in zip(a, b, strict=True))


def powers(degree, t=T):
    return np.column_stack([t**k for k in range(1, degree + 1)])


CASES = {
    "plane": (X, Y, True),
    "through the origin": (X, Y, False),
    "mean": (X[:, :0], Y, True),
    "line": (X[:, :1], Y, True),
    "years": (np.column_stack([1950.0 + np.arange(40), X]), Y, True),
    "y + 1e8, x + 1e8": (X + 1e8, Y + 1e8, True),
    "large residuals, degree 6": (powers(6), 1e6 * Y, True),
    "degree 9": (powers(9), Y, True),
    "degree 14": (powers(14), Y, True),
    "scales apart": (X * [1e-100, 1.0, 1e100], 1e30 * Y, True),
    "huge": (1e150 * X, 1e140 * Y, True),
    "tiny": (1e-150 * X, 1e-140 * Y, True),
}


@pytest.mark.parametrize("case", CASES)
def test_against_exact_arithmetic(case):
    x, y, intercept = CASES[case]
    x.flags.writeable = y.flags.writeable = False
    solution = solve_linear(x, y, intercept)
    coefficients, norm, variances = exact(x, y, intercept)
    np.testing.assert_allclose(solution.coefficients, coefficients, rtol=1e-15)
    assert solution.residual_norm == pytest.approx(norm, rel=1e-14)
    assert not solution.exact and solution.null_space.shape == (x.shape[1], 0)
    errors = np.linalg.norm(solution.factor, axis=1)
    np.testing.assert_allclose(errors, np.sqrt(variances), rtol=1e-14 * max(10, solution.condition))


def test_covariance_factors():
    x = np.round(X / GRID) * GRID
    for shift in (0.0, 2.0**27):
        solution = solve_linear(x + shift, Y)
        centred = np.column_stack([x + shift - solution.origin[0], np.ones(40)])
        covariance = solution.centred_factor @ solution.centred_factor.T
        np.testing.assert_allclose(covariance, np.linalg.inv(centred.T @ centred), rtol=1e-12, atol=1e-16)
        height = solution.factor[-1] + solution.origin[0] @ solution.factor[:-1]
        np.testing.assert_allclose(height, solution.centred_factor[-1], atol=1e-15 * (1 + shift))
    factor, design = solve_linear(X, Y).factor, np.column_stack([X, np.ones(40)])
    np.testing.assert_allclose(factor @ factor.T, np.linalg.inv(design.T @ design), atol=1e-15)


def test_shifts_and_order_change_no_digit():
    x, y = np.round(X / GRID) * GRID, np.round(Y / GRID) * GRID  # shifts by a power of two lose nothing
    plain, order = solve_linear(x, y), rng.permutation(40)
    for other in (solve_linear(x + 2.0**27, y + 2.0**27), solve_linear(x[order], y[order])):
        np.testing.assert_array_equal(other.coefficients[:3], plain.coefficients[:3])
        assert other.residual_norm == pytest.approx(plain.residual_norm, rel=1e-15)


def test_residuals():
    for shift in (0.0, 2.0**27):
        x, y = np.round(X / GRID) * GRID + shift, np.round(Y / GRID) * GRID + shift
        solution = solve_linear(x, y)
        residuals = solution.residuals(x, y)
        assert np.linalg.norm(residuals) == pytest.approx(solution.residual_norm, rel=1e-14)
        np.testing.assert_allclose(residuals @ np.column_stack([x - shift, np.ones(40)]), 0.0, atol=1e-12)


@pytest.mark.parametrize("k", [0, 1, 5])
def test_many_observations_in_blocks(k):
    n = 200_003
    x = rng.normal(size=(n, k)) + 50.0
    y = x.sum(axis=1) + rng.normal(size=n)
    design = np.column_stack([x, np.ones(n)])
    solution, (expected, *_) = solve_linear(x, y), np.linalg.lstsq(design, y)
    np.testing.assert_allclose(solution.coefficients, expected, rtol=1e-11)
    assert solution.residual_norm == pytest.approx(np.linalg.norm(y - design @ expected), rel=1e-13)
    assert solution.nobs == n
    np.testing.assert_array_equal(solution.coefficients, solve_linear(x, y).coefficients)


def test_many_observations_nearly_dependent():
    n = 20_000  # more than one block
    x = rng.normal(size=(n, 2))
    x[:, 1] = x[:, 0] + 1e-8 * x[:, 1]
    y = x.sum(axis=1) + rng.normal(size=n)
    solution = solve_linear(x, y)
    assert solution.condition > 1e8
    np.testing.assert_allclose(solution.coefficients, exact(x, y)[0], rtol=1e-15)


def test_memory_is_the_data_and_little_more():
    x, y = np.zeros((1_000_000, 1)), np.arange(1_000_000.0)
    x[:, 0] = rng.normal(size=1_000_000)
    tracemalloc.start()
    solve_linear(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.3 * (x.nbytes + y.nbytes)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, np.full(40, 0.1)),
        (X, np.zeros(40)),
        (X[:4], Y[:4]),
        (X[:1, :0], Y[:1]),
        (X, X @ [0.1, 0.2, 0.3] + 1 / 3),
        (1e6 + X[:, :1], 0.3 * (1e6 + X[:, 0]) + 0.1),
        (powers(5), 1 / 3 + powers(5) @ [0.1, 0.2, 0.3, 0.4, 0.5]),
        (np.arange(100_000.0)[:, None], 0.1 * np.arange(100_000.0) + 1 / 3),
    ],
)
def test_exact_fits_are_recognised(x, y):
    assert solve_linear(x, y).exact
    if len(y) > 4:
        noisy = y + 1e-6 * (1 + np.abs(y)) * rng.normal(size=len(y))
        assert not solve_linear(x, noisy).exact


@pytest.mark.parametrize(
    ("x", "intercept", "involved", "spanning"),
    [
        (np.column_stack([X, X[:, 0] - 2 * X[:, 2]]), True, [0, 2, 3], [0, 1, 2]),
        (np.column_stack([X, 0.1 * X[:, 1] + 0.3]), True, [1, 3], [0, 1, 2]),
        (np.column_stack([X, np.full(40, 0.1)]), True, [3], [0, 1, 2]),
        (np.column_stack([X, np.zeros(40)]), False, [3], [0, 1, 2]),
        (np.column_stack([X[:, 0], 1e200 * X[:, 0]]), True, [0, 1], [0]),
        (1e8 + np.column_stack([X[:, 0], 0.3 * X[:, 0] - 0.7e8]), True, [0, 1], [0]),
        (X[:3], True, [0, 1, 2], [0, 1]),
    ],
)
def test_dependent_columns(x, intercept, involved, spanning):
    y = Y[: len(x)]
    solution = solve_linear(x, y, intercept)
    assert solution.condition == np.inf and np.isnan(solution.factor).all()
    assert np.flatnonzero(np.abs(solution.null_space).max(axis=1) > 1e-3).tolist() == involved
    best = solve_linear(x[:, spanning], y, intercept).residual_norm  # one solution of many is as good as any
    assert solution.residual_norm == pytest.approx(best, rel=1e-7, abs=1e-12)
    assert np.linalg.norm(solution.residuals(x, y)) == pytest.approx(best, rel=1e-7, abs=1e-12)


def test_a_column_of_ones_serves_as_intercept():
    with_ones = solve_linear(np.column_stack([X, np.ones(40)]), Y, intercept=False)
    np.testing.assert_allclose(with_ones.coefficients, solve_linear(X, Y).coefficients, rtol=1e-14)
