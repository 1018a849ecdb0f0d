"""learn/your-own-model.md against scipy's densities and optimisers, finite differences and closed forms."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, optimize, stats

import mlefit


@pytest.fixture(scope="module")
def names(page):
    return page("learn/your-own-model.md")


def newcomb():
    return mlefit.data.load("newcomb")["deviation"]


def t_nll(theta, x):
    """Summed; scale and degrees of freedom as logarithms."""
    return -np.sum(stats.t.logpdf(x, math.exp(theta[2]), theta[0], math.exp(theta[1])))


def peak(nll, start, *arguments):
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 10_000, "maxfev": 10_000}
    return optimize.minimize(nll, start, arguments, method="Nelder-Mead", options=options)


def second_differences(f, point, step=1e-3):
    axes = np.eye(len(point)) * step
    corners = [[f(point + a + b) - f(point + a - b) - f(point - a + b) for b in axes] for a in axes]
    lowest = [[f(point - a - b) for b in axes] for a in axes]
    return (np.array(corners) + np.array(lowest)) / (4 * step**2)


def test_estimates_and_errors_are_those_of_scipy(names):
    x = newcomb()
    best = peak(t_nll, [27.0, 1.3, 0.8], x).x
    expected = np.array([best[0], *np.exp(best[1:])])
    np.testing.assert_allclose(names["by_hand"], expected, rtol=1e-5)
    np.testing.assert_allclose(names["estimates"], expected, rtol=1e-5)
    covariance = np.linalg.inv(second_differences(lambda theta: t_nll(theta, x), best))
    errors = np.sqrt(np.diag(covariance)) * [1.0, *expected[1:]]
    np.testing.assert_allclose(names["standard_errors"], errors, rtol=1e-4)
    np.testing.assert_allclose(names["error_by_hand"], errors, rtol=1e-4)
    assert names["agree"]
    assert names["errors_agree"]


def test_bare_newton_runs_away(names):
    assert names["runaway"][2] < 0.1
    far = t_nll([names["runaway"][0], *np.log(names["runaway"][1:])], newcomb())
    assert far > t_nll([26.2, math.log(10.7), math.log(5.0)], newcomb())


def test_the_likelihood_is_unbounded_and_the_fit_a_local_maximum(names):
    """The path by scipy's density, its slope in closed form, the peak of the rounded readings by scipy."""
    x = newcomb()
    assert np.sum(x == 28) == 7
    for scale, value in list(zip(names["path_scales"], names["path"], strict=True))[::5]:
        expected = np.sum(stats.t.logpdf(x, 0.05, 28, scale))
        assert value == pytest.approx(expected, rel=1e-9)
    assert names["path_slope"] == pytest.approx((7 - 59 * 0.05) * math.log(10), rel=1e-6)
    crossing = names["path_scales"][np.argmax(names["path"] > names["result"].log_likelihood)]
    assert crossing == pytest.approx(1e-12)  # so that it lies between 11 and 12 digits
    # With df above 7 / 59 the path falls.
    assert np.sum(stats.t.logpdf(x, 0.13, 28, 1e-20)) < np.sum(stats.t.logpdf(x, 0.13, 28, 1e-10))
    # A local maximum: the Hessian of the NLL is positive definite there.
    best = peak(t_nll, [27.0, 1.3, 0.8], x).x
    assert np.all(np.linalg.eigvalsh(second_differences(lambda theta: t_nll(theta, x), best)) > 0)

    def rounded(theta):
        t = stats.t(math.exp(theta[2]), theta[0], math.exp(theta[1]))
        return -np.sum(np.log(np.abs(t.cdf(x + 0.5) - t.cdf(x - 0.5))))

    expected = peak(rounded, best).x
    for found in names["rounded"].values():
        np.testing.assert_allclose(found, [expected[0], *np.exp(expected[1:])], rtol=1e-4)
    assert names["apart"].max() < 0.05


def test_log_density_is_that_of_scipy(names):
    grid = np.linspace(-30.0, 60.0, 31)
    for location, scale, df in [(27.0, 4.0, 2.0), (0.0, 0.1, 0.7), (5.0, 9.0, 40.0)]:
        given = names["StudentT"](location, scale, df).log_prob(tf.constant(grid)).numpy()
        np.testing.assert_allclose(given, stats.t.logpdf(grid, df, location, scale), rtol=1e-12)


def test_comparisons(names):
    """The profile from scipy's optimiser, AIC from its densities, Cauchy as its own distribution."""
    x = newcomb()
    best = peak(t_nll, [27.0, 1.3, 0.8], x)
    for end in (names["low"], names["high"]):
        rest = peak(lambda rest, end=end: t_nll([end, *rest], x), best.x[1:])
        assert 2 * (rest.fun - best.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-4)
    gaussian = 4 - 2 * np.sum(stats.norm.logpdf(x, x.mean(), x.std()))
    assert names["aic_gap"] == pytest.approx(gaussian - (6 + 2 * best.fun), abs=1e-6)
    assert names["mean_error"] == pytest.approx(x.std() / math.sqrt(66))
    assert names["mean_error"] / names["standard_errors"][0] > 2
    assert names["low"] < names["high"] < 33.02
    cauchy = peak(lambda t: -np.sum(stats.cauchy.logpdf(x, t[0], math.exp(t[1]))), [27.0, 1.0])
    assert names["statistic"] == pytest.approx(2 * (cauchy.fun - best.fun), abs=1e-6)
    assert names["freedom"] == 1
    assert names["p_value"] == pytest.approx(stats.chi2.sf(names["statistic"], 1), rel=1e-9)


def test_areas(names):
    assert list(names["areas"].values()) == pytest.approx([1.0] * 3, abs=1e-9)
    factor = math.gamma(1.55) * math.gamma(2.6) / (math.gamma(1.05) * math.gamma(3.1))  # of beta integrals
    assert names["slips"]["Forgetful"] == pytest.approx(3.8, rel=1e-9)
    assert names["slips"]["WrongSign"] == pytest.approx(3.8**2, rel=1e-9)
    assert names["slips"]["WrongFactor"] == pytest.approx(factor, rel=1e-9)
    model = names["StudentT"](1.0, 2.0, 3.0)

    def density(x):
        return math.exp(model.log_prob(tf.constant([x], tf.float64))[0])

    assert integrate.quad(density, -np.inf, np.inf)[0] == pytest.approx(1.0, abs=1e-6)


def test_z_scores_are_standard(names):
    """To two of the standard errors that the page states, and the first of them from scipy's own fit."""
    scores = names["z_scores"]
    assert scores.shape == (50, 3)
    assert np.max(np.abs(scores.mean(axis=0))) < 2 / math.sqrt(50)
    assert np.max(np.abs(scores.std(axis=0) - 1)) < 2 / math.sqrt(100)
    sample = 27.0 + 4.0 * np.random.default_rng(0).standard_t(4.0, size=200)
    best = peak(t_nll, [27.0, math.log(4), math.log(4)], sample).x
    covariance = np.linalg.inv(second_differences(lambda theta: t_nll(theta, sample), best))
    expected = (best - [27.0, math.log(4), math.log(4)]) / np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(scores[0], expected, atol=2e-3)


def test_regression(names):
    u, y = names["u"], names["y"]
    slope, intercept = np.polyfit(u, y, 1)
    least_squares, robust = names["lines"]["LinearRegression"], names["lines"]["RobustLine"]
    assert least_squares.estimates["slope"] == pytest.approx(slope, rel=1e-9)
    error = np.std(y - slope * u - intercept) / math.sqrt(len(u) * u.var())
    assert least_squares.standard_errors["slope"] == pytest.approx(error, rel=1e-9)

    def nll(theta):
        return -np.sum(stats.t.logpdf(y, 4, theta[1] + theta[0] * u, math.exp(theta[2])))

    best = peak(nll, [1.0, 2.0, -2.0]).x
    assert robust.estimates["slope"] == pytest.approx(best[0], rel=1e-5)
    covariance = np.linalg.inv(second_differences(nll, best))
    assert robust.standard_errors["slope"] == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-3)
    assert abs(robust.estimates["slope"] - 1) < abs(slope - 1)
    assert robust.standard_errors["slope"] < error


def test_what_goes_wrong(names):
    messages = names["messages"]
    assert "one log-density for each observation" in messages["Averaged"]
    assert "write it in keras.ops" in messages["InNumPy"]
    assert "double" in messages["Single"]
    assert "float" in messages["Single"]


def test_exercise_counts(names):
    deaths = names["deaths"]
    assert np.bincount(deaths.astype(int)).tolist() == [109, 65, 22, 3, 1]
    assert list(names["sums"].values()) == pytest.approx([1.0, 1.0], abs=1e-9)
    q = deaths.mean() / (1 + deaths.mean())
    fits = names["kick_fits"]
    assert fits["Geometric"].estimates["q"] == pytest.approx(q, rel=1e-9)
    assert fits["Poisson"].estimates["rate"] == pytest.approx(deaths.mean(), rel=1e-9)
    geometric = 2 - 2 * np.sum(stats.geom.logpmf(deaths + 1, 1 - q))
    poisson = 2 - 2 * np.sum(stats.poisson.logpmf(deaths, deaths.mean()))
    assert fits["Geometric"].aic == pytest.approx(geometric, rel=1e-9)
    assert fits["Poisson"].aic == pytest.approx(poisson, rel=1e-9)
    assert poisson < geometric


def test_exercises_colleague_and_slip(names):
    assert names["colleague_area"] == pytest.approx(1.0, abs=1e-9)
    means = names["colleague_scores"].mean(axis=0)
    assert means[1] > 4
    assert max(abs(means[0]), abs(means[2])) < 2 / math.sqrt(3)
    x = newcomb()
    assert names["moves"]["mean"] == pytest.approx(-396 / 66 / (x.std() / math.sqrt(66)), rel=1e-9)
    moved = np.where(x == -44, -440.0, x)
    shift = peak(t_nll, [27.0, 1.3, 0.8], moved).x[0] - names["estimates"][0]
    assert names["moves"]["location"] == pytest.approx(shift / names["standard_errors"][0], abs=1e-4)
