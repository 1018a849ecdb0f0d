"""Least absolute deviations against all lines through as many points, medians, and optimality conditions."""

import itertools

import numpy as np
import pytest

from mlefit.solvers import absolute_deviations


@pytest.mark.parametrize("seed", range(6))
def test_no_line_through_two_points_is_better(seed):
    rng = np.random.default_rng(seed)
    X, y = np.column_stack([rng.normal(size=15), np.ones(15)]), rng.normal(size=15)
    w = rng.integers(1, 4, 15).astype(float)
    found = absolute_deviations.minimise(X, y, w)
    sums = []
    for pair in itertools.combinations(range(15), 2):
        b = np.linalg.solve(X[list(pair)], y[list(pair)])
        sums.append(w @ np.abs(y - X @ b))
    assert found.total == pytest.approx(min(sums), rel=1e-13)
    assert (found.residuals == 0).sum() == 2 and found.unique


def test_a_constant_is_a_median():
    odd, even = np.array([3.0, 1.0, 10.0, 2.0, 7.0]), np.array([3.0, 1.0, 10.0, 2.0])
    assert absolute_deviations.minimise(np.ones((5, 1)), odd).coefficients[0] == 3.0
    found = absolute_deviations.minimise(np.ones((4, 1)), even)
    assert 2 <= found.coefficients[0] <= 3 and found.total == 10.0 and not found.unique
    heavy = absolute_deviations.minimise(np.ones((4, 1)), even, np.array([1.0, 1.0, 5.0, 1.0]))
    assert heavy.coefficients[0] == 10.0 and heavy.unique


def test_many_rows_satisfy_the_optimality_conditions():
    """The signs of the residuals off the line balance, up to what the points on it can bear."""
    rng = np.random.default_rng(1)
    X, y = np.column_stack([rng.normal(size=(60_000, 3)), np.ones(60_000)]), rng.standard_cauchy(60_000)
    found = absolute_deviations.minimise(X, y)
    on = found.residuals == 0
    assert on.sum() == 4
    pull = np.linalg.solve(X[on].T, -X[~on].T @ np.sign(found.residuals[~on]))
    assert (np.abs(pull) <= 1 + 1e-9).all()


def test_no_columns_and_an_exact_line():
    y = np.array([1.0, -2.0])
    assert absolute_deviations.minimise(np.empty((2, 0)), y).total == 3.0
    x = np.arange(8.0)
    X = np.column_stack([x, np.ones(8)])
    found = absolute_deviations.minimise(X, 1 + 2 * x)
    np.testing.assert_allclose(found.coefficients, [2, 1], rtol=1e-14)
    assert found.total == 0.0


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9, 1e15, 1e200])
def test_how_far_off_a_point_lies_does_not_matter(far):
    rng = np.random.default_rng(2)
    X, y = np.column_stack([rng.normal(size=(300, 2)), np.ones(300)]), rng.normal(size=300)
    y[:2] = 50.0, -80.0
    near = absolute_deviations.minimise(X, y)
    y[:2] = far, -far
    found = absolute_deviations.minimise(X, y)
    assert found.unique and (found.residuals == 0).sum() == 3
    np.testing.assert_allclose(found.coefficients, near.coefficients, rtol=1e-13)


def test_residuals_of_all_sizes_and_a_steep_line():
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=(200, 2)), np.ones(200)])
    y = 1e5 * X[:, 0] + rng.standard_cauchy(200) ** 3
    found = absolute_deviations.minimise(X, y)
    on = found.residuals == 0
    pull = np.linalg.solve(X[on].T, -X[~on].T @ np.sign(found.residuals[~on]))
    assert found.optimal and on.sum() == 3 and (np.abs(pull) <= 1 + 1e-9).all()
    assert found.coefficients[0] == pytest.approx(1e5, abs=0.1)


def test_many_points_on_the_line():
    """Yes or no, mostly no: thousands of points lie on a line that they hold firmly."""
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=5000), np.ones(5000)])
    found = absolute_deviations.minimise(X, (rng.random(5000) < 0.2).astype(float))
    assert found.unique and found.coefficients.tolist() == [0.0, 0.0]
    assert found.spare > 0.1
