import numpy as np
import pytest
from scipy import stats

import mlefit


@pytest.fixture(scope="module")
def names(page):
    return page("learn/explorers.md")


def test_the_surface_is_the_log_likelihood_and_its_top_the_maximum(names):
    lengths = np.array([0.5, 2.0, 1.0])
    here = 40, 20
    by_scipy = stats.norm.logpdf(lengths, names["mean"][here], names["stddev"][here]).sum()
    assert names["log_likelihood"][here] == pytest.approx(by_scipy, rel=1e-12)
    assert names["top"] == pytest.approx(stats.norm.logpdf(lengths, 7 / 6, np.sqrt(7 / 18)).sum(), rel=1e-12)
    assert names["log_likelihood"].max() <= names["top"]


def test_the_path_is_that_of_gradient_descent(names):
    x, y = mlefit.data.line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
    design = np.column_stack([x, np.ones(100)])
    best = np.linalg.lstsq(design, y)[0]
    matrix = np.eye(2) - 0.05 * 2 / 100 * design.T @ design
    left = np.linalg.matrix_power(matrix, 30) @ (0 - best)
    np.testing.assert_allclose(names["path"][30], best + left, rtol=1e-10)
