"""The triangular factor against LAPACK on the whole matrix, and what it says of dependent columns."""

import numpy as np
import pytest

from mlefit.solvers.qr import EPS, analyse, triangle

rng = np.random.default_rng(0)


@pytest.mark.parametrize("p", [1, 2, 7, 40])
@pytest.mark.parametrize("n", [1, 5, 81, 30_000])
def test_against_lapack(n, p):
    X = rng.normal(size=(n, p)) + 3.0
    R = triangle(X[low : low + 11_000].T for low in range(0, n, 11_000))
    rows = min(n, p)
    assert R.shape == (p, p) and not np.tril(R, -1).any() and not R[rows:].any()
    expected = np.linalg.qr(X, mode="r")
    np.testing.assert_allclose(np.abs(R[:rows]), np.abs(expected), rtol=0, atol=1e-13 * np.sqrt(n) * p)
    np.testing.assert_array_equal(R, triangle(X[low : low + 11_000].T for low in range(0, n, 11_000)))


def test_small_columns_beside_large_ones_keep_their_digits():
    X = rng.normal(size=(500, 3))
    scale = np.array([1e-200, 1.0, 1e200])
    found, expected = triangle([(X * scale).T]), triangle([X.T]) * scale
    for R in (found, expected):
        R *= np.sign(np.diag(R))[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("p", [0, 1, 4])
def test_independent_columns(p):
    X = rng.normal(size=(50, p)) * 10.0 ** np.arange(p)
    found = analyse(triangle([X.T])) if p else analyse(np.zeros((0, 0)))
    np.testing.assert_allclose(found.inverse @ found.inverse.T, np.linalg.inv(X.T @ X), rtol=1e-9)
    assert found.null_space.shape == (p, 0)
    if p:
        assert found.condition == pytest.approx(np.linalg.cond(X / np.linalg.norm(X, axis=0)), rel=1e-12)


def test_dependent_columns_are_named_by_the_null_space():
    X = rng.normal(size=(50, 5)) * 10.0 ** np.arange(5)
    X[:, 2] = 3e4 * X[:, 0] - 7 * X[:, 4]
    X[:, 1] = 0.0
    found = analyse(triangle([X.T]))
    assert found.condition == np.inf and found.null_space.shape == (5, 2)
    involved = np.abs(found.null_space) > 1e-3
    assert involved.T.tolist() == [
        [False, True, False, False, False],
        [True, False, True, False, True],
    ]
    lengths = np.linalg.norm(X, axis=0)
    directions = found.null_space / np.where(lengths > 0, lengths, 1.0)[:, None]
    np.testing.assert_allclose(X @ directions, 0.0, atol=1e-14)
    np.testing.assert_allclose(X @ found.inverse @ found.inverse.T @ X.T @ X, X, rtol=1e-9, atol=1e-9)


def test_what_counts_as_dependent_is_what_rounding_could_have_done():
    X = rng.normal(size=(50, 2))
    X[:, 1] = X[:, 0] + 1e-9 * X[:, 1]
    R = triangle([X.T])
    assert analyse(R).condition == pytest.approx(2e9, rel=0.5)
    assert analyse(R, 1e8 * EPS).condition == np.inf
    assert analyse(R, np.array([EPS, 1e8 * EPS])).condition == np.inf
