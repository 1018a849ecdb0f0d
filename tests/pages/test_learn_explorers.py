import numpy as np
import pytest
from scipy import stats

import mlefit


@pytest.fixture(scope="module")
def names(page):
    return page("learn/explorers.md")


def test_the_maximum_is_that_of_three_lengths(names):
    assert list(names["result"].estimates.values()) == pytest.approx([7 / 6, np.sqrt(7 / 18)], rel=1e-9)


def test_the_path_is_that_of_gradient_descent(names):
    x, y = mlefit.data.line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
    design = np.column_stack([x, np.ones(100)])
    best = np.linalg.lstsq(design, y)[0]
    matrix = np.eye(2) - 0.05 * 2 / 100 * design.T @ design
    left = np.linalg.matrix_power(matrix, 30) @ (0 - best)
    np.testing.assert_allclose(names["path"][30], best + left, rtol=1e-10)


def test_only_least_squares_follows_the_outlier(names):
    x, y = names["along"], names["up"]
    slopes = {name: mlefit.fit(model, x, y).estimates["slope"] for name, model in names["models"].items()}
    ordinary = np.polyfit(x[:11], y[:11], 1)[0]
    assert slopes["Gaussian"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert abs(slopes["Gaussian"] - ordinary) > 0.2
    assert max(abs(slopes[name] - ordinary) for name in ("Laplace", "Student's t")) < 0.05


def test_the_polynomial_and_its_band_are_a_gaussian_process(names):
    # The same curve without weights: the conditional Gaussian, given the data, of a process with this kernel.
    X, P = names["X"], names["P"]
    kernel = {key: 0.25 * a @ b.T for key, (a, b) in {"xx": (X, X), "px": (P, X), "pp": (P, P)}.items()}
    gain = np.linalg.solve(kernel["xx"] + 0.04 * np.eye(14), kernel["px"].T).T
    np.testing.assert_allclose(names["height"], gain @ names["wave"], atol=1e-9)
    variance = np.diag(kernel["pp"] - gain @ kernel["px"].T)
    np.testing.assert_allclose(names["spread"], np.sqrt(variance), rtol=1e-6)


def test_three_of_fifty_intervals_lie_below_the_truth(names):
    rates = 1 / names["waits"].mean(axis=1)
    ends = [stats.norm.interval(0.95, rate, rate / np.sqrt(5)) for rate in rates]
    below, above = [high < 0.5 for _, high in ends], [low > 0.5 for low, _ in ends]
    assert names["missed"].tolist() == below
    assert (sum(below), sum(above)) == (3, 0)
