"""learn/changing-noise.md against published digits, SciPy's optimum, and closed forms."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from mlefit.data import load


@pytest.fixture
def names(page):
    return page("learn/changing-noise.md")


def total(theta, x, y):
    """The log-likelihood of the model, by SciPy's density."""
    return stats.norm(theta[0] + theta[1] * x, np.exp(theta[2] + theta[3] * x)).logpdf(y).sum()


def test_the_fits_have_the_published_digits(names):
    np.testing.assert_allclose(names["least_squares"], [-17.579095, 3.932409], atol=1e-6)
    published = [-11.91917, 3.522028, 1.695438, 0.0615004]
    np.testing.assert_allclose(names["by_hand"], published, rtol=2e-6)
    np.testing.assert_allclose(names["package"], published, rtol=2e-6)
    assert names["changing"].log_likelihood == pytest.approx(-203.074158, abs=1e-6)
    assert names["constant"].log_likelihood == pytest.approx(-206.578432, abs=1e-6)
    assert total(names["by_hand"], names["x"], names["y"]) == pytest.approx(-203.074158, abs=1e-6)


def test_the_errors_are_the_curvature_of_scipys_density(names):
    cars = load("stopping")
    x, y = cars["speed"], cars["distance"]
    steps = np.diag(1e-2 * names["errors_by_hand"])
    at = names["by_hand"]
    curvature = np.array(
        [
            [
                sum(s * t * total(at + s * a + t * b, x, y) for s in (1, -1) for t in (1, -1))
                / -(4 * a.max() * b.max())
                for b in steps
            ]
            for a in steps
        ]
    )
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    np.testing.assert_allclose(names["errors_by_hand"], errors, rtol=1e-3)
    np.testing.assert_allclose(names["package_errors"], errors, rtol=1e-3)


def test_weighted_least_squares_is_that_of_curve_fit(names):
    values, covariance = optimize.curve_fit(
        lambda x, b, m: b + m * x,
        names["x"],
        names["y"],
        p0=[0, 1],
        sigma=names["known"],
        absolute_sigma=True,
    )
    np.testing.assert_allclose(names["weighted"], values, rtol=1e-5)
    np.testing.assert_allclose(names["weighted_errors"], np.sqrt(np.diag(covariance)), rtol=1e-5)


def test_the_tests_say_what_the_page_says(names):
    assert names["statistic"] == pytest.approx(2 * (206.578432 - 203.074158), abs=1e-5)
    assert names["p_value"] == pytest.approx(math.erfc(math.sqrt(names["statistic"] / 2)), rel=1e-9)
    assert 1 / names["p_value"] == pytest.approx(120, abs=10)
    # The statistic of Breusch and Pagan: half the explained sum of squares of a regression of r^2 / mean.
    x, g = names["x"], names["residuals"] ** 2 / np.mean(names["residuals"] ** 2)
    fitted = np.polyval(np.polyfit(x, g, 1), x)
    assert names["observed"] == pytest.approx(np.sum((fitted - 1) ** 2) / 2, rel=1e-9)
    assert 0.02 < names["beyond"] < 0.05  # "a little less often"
    assert names["statistic_miles"] == pytest.approx(names["statistic"], rel=1e-6)


def test_errors_of_least_squares(names):
    """The true spreads, exactly."""
    design, stddev = names["design"], names["true_stddev"]
    bread = np.linalg.inv(design.T @ design)
    sandwich = bread @ (design.T * stddev**2) @ design @ bread
    best = np.linalg.inv((design.T / stddev**2) @ design)
    claims = names["claims"]
    assert claims["least squares"] == pytest.approx(math.sqrt(sandwich[1, 1]), rel=0.04)
    assert claims["weighted"] == pytest.approx(math.sqrt(best[1, 1]), rel=0.04)
    assert claims["usual"] < claims["robust"] < claims["least squares"]
    assert claims["weighted"] < claims["least squares"]
    hc0 = bread @ (design.T * names["residuals"] ** 2) @ design @ bread
    assert names["slope_errors"]["least squares, robust"] == pytest.approx(math.sqrt(hc0[1, 1]), rel=1e-6)


def test_the_trap_and_its_cures(names):
    runs = names["runs"]
    together, beta, first = (runs[k] for k in ("together", "beta-NLL", "mean first"))
    assert together[0] > 2 * first[0] and together[0] > 5 * beta[0]
    assert together[1] > first[1] > beta[1]  # "the better mean also has the lower NLL"
    # Part of the waves is called noise: the stddev there is as large as the waves, and small on the left.
    t = names["t"]
    assert np.max(together[3][t > 0.5]) > 20 * np.median(together[3][t < 0.4])
    assert names["runs"]["beta-NLL"][1] < 0
    # "Another start of the network gives the same order."
    network, train, report, steps = (names[k] for k in ("network", "train", "report", "STEPS"))
    others = [network(seed=2) for _ in range(3)]
    train(others[0], steps)
    train(others[1], steps, beta=0.5)
    train(others[2], steps * 3 // 5, mean_only=True)
    train(others[2], steps * 2 // 5)
    together, beta, first = (report("another start", weights) for weights in others)
    assert together[0] > first[0] > beta[0] and together[1] > first[1] > beta[1]


def test_units_and_the_unbounded_likelihood(names):
    assert names["feet_nll"] - names["miles_nll"] == pytest.approx(math.log(5280), abs=1e-7)
    assert names["miles_nll"] < 0 < names["feet_nll"]
    climbing = names["climbing"]
    assert climbing == sorted(climbing) and climbing[-1] - climbing[-2] > 15  # 10 (8 - 6)
    assert not names["nowhere"].converged and "unbounded" in names["nowhere"].message
    assert names["caught"]


def test_exercises(names):
    x, y = names["x"], names["y"]
    r = names["power"].estimates

    def minus(t):
        return -stats.norm(t[0] * x + t[1], np.exp(t[2] + t[3] * np.log(x / 15))).logpdf(y).sum()

    best = optimize.minimize(minus, [4, -12, 2.6, 0.5], method="Nelder-Mead", options={"maxiter": 4000})
    assert names["power"].log_likelihood == pytest.approx(-best.fun, abs=1e-4)
    assert r["power"] == pytest.approx(best.x[3], abs=0.01)
    assert names["shift"] == pytest.approx(math.log(0.3048), abs=1e-6)
    metres, feet = names["metres"].estimates, names["changing"].estimates
    assert metres["slope"] == pytest.approx(0.3048 * feet["slope"], rel=1e-6)
    assert metres["log_stddev_slope"] == pytest.approx(feet["log_stddev_slope"], rel=1e-5)
