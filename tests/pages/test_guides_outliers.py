"""guides/outliers.md against closed forms, SciPy's fits and roots, and the theory of breakdown."""

import math

import numpy as np
import pytest
from scipy import optimize, stats


@pytest.fixture
def names(page):
    return page("guides/outliers.md")


def huber_efficiency(delta):
    """In closed form: E psi^2 = P(|z| < d) - 2 d phi(d) + d^2 P(|z| > d)."""
    inside = 1 - 2 * stats.norm.sf(delta)
    return inside**2 / (inside - 2 * delta * stats.norm.pdf(delta) + delta**2 * (1 - inside))


def test_efficiencies_are_the_known_ones(names):
    """Huber's 1.345 and 95%; Student's t against the inverse sandwich, by sums over a fine grid."""
    assert names["tuned"] == pytest.approx(1.345, abs=5e-4)
    assert huber_efficiency(names["tuned"]) == pytest.approx(0.95, rel=1e-9)
    z = np.linspace(-12, 12, 240_001)
    phi = stats.norm.pdf(z) * (z[1] - z[0])
    for df, efficiency in names["t_table"].items():

        def score(at, df=df):  # the expected slopes of the log-likelihood by location and log scale
            pull = (df + 1) * (z - at[0]) / (df * at[1] ** 2 + (z - at[0]) ** 2)
            return pull, pull * (z - at[0]) - 1

        scale = optimize.brentq(lambda s: phi @ score((0.0, s))[1], 0.05, 3.0)
        pull = score((0.0, scale))[0]
        slope = phi @ (score((1e-5, scale))[0] - score((-1e-5, scale))[0]) / 2e-5
        assert efficiency == pytest.approx(slope**2 / (phi @ pull**2), rel=1e-6)
    for delta, efficiency in ((names["deltas"][e], e) for e in (0.90, 0.95, 0.99)):
        assert huber_efficiency(delta) == pytest.approx(efficiency, rel=1e-8)


def test_the_simulated_efficiencies_are_those_within_their_error(names):
    for name, (ratio, error, formula) in names["seen"].items():
        # 51 values, not infinitely many: the median's efficiency is higher by about 0.5 / 51.
        assert abs(ratio - formula) < 4 * error + 0.5 / 51, name
        assert error < 0.03
    u = stats.beta(26, 26)
    p = (np.arange(200_000) + 0.5) / 200_000
    exact = 1 / 51 / np.mean(stats.norm.ppf(p) ** 2 * u.pdf(p))
    ratio, error, _ = names["seen"]["median"]
    assert abs(ratio - exact) < 4 * error


def test_robust_estimates_win_from_a_few_outliers_on(names):
    variances = {name: np.array(v) for name, v in names["variances"].items()}
    exact = 1 + 24 * np.array(names["shares"])  # the mean's: 1 - share + 25 share
    np.testing.assert_allclose(variances["mean"], exact, rtol=0.15)
    for name in ("Huber 1.345", "Student's t, df 4"):
        assert variances[name][0] > variances["mean"][0]
        assert np.all(variances[name][1:] < variances["mean"][1:])
        assert np.all(variances[name] < variances["median"])
    assert variances["mean"][2] > 2 * variances["mean"][0]


def test_the_reweighted_estimates_are_scipy_s(names):
    values = np.random.default_rng(11).standard_t(2, size=60)
    fitted = optimize.minimize(
        lambda theta: -stats.t.logpdf(values, 4, theta[0], np.exp(theta[1])).sum(), [0.0, 0.0], tol=1e-12
    )
    assert names["student"](values, 4.0, 300) == pytest.approx(fitted.x[0], abs=1e-5)
    scale = 1.4826 * stats.median_abs_deviation(values)
    root = optimize.brentq(lambda at: np.clip((values - at) / scale, -1.345, 1.345).sum(), -5, 5)
    assert names["huber"](values, 1.345, 300) == pytest.approx(root, abs=1e-8)


def test_breakdown_is_what_theory_says(names):
    borne = names["borne"]
    assert borne["mean"] == 0 and borne["Huber, own scale"] == 0
    assert borne["median"] == borne["Huber 1.345"] == 49
    assert borne["Student's t, df 4"] == pytest.approx(100 / 5, abs=1)
    assert borne["Student's t, df 1"] == pytest.approx(100 / 2, abs=1)


def test_the_degrees_of_freedom_are_scipy_s(names):
    light, heavy = names["light"], names["heavy"]
    df, location, scale = stats.t.fit(light)
    assert heavy.log_likelihood == pytest.approx(stats.t.logpdf(light, df, location, scale).sum(), abs=1e-4)
    assert heavy.estimates["df"] == pytest.approx(df, rel=2e-3)

    def profile(df):
        best = optimize.minimize(
            lambda t: -stats.t.logpdf(light, df, t[0], np.exp(t[1])).sum(), [27.0, 1.3], tol=1e-10
        )
        return -best.fun

    for end in (names["low"], names["high"]):
        assert 2 * (heavy.log_likelihood - profile(end)) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-3)
    assert not names["runaway"].converged and "df" in names["runaway"].message
    assert any("df" in str(warning.message) for warning in names["caught"])
    draws = np.random.default_rng(3).normal(size=(20_000, 50))
    assert np.mean(stats.kurtosis(draws, axis=1) < 0) == pytest.approx(2 / 3, abs=0.02)


def test_a_bad_y_is_cured_and_a_bad_x_is_not(names):
    lines = names["lines"]
    for name in ("least absolute", "Student's t"):
        slope, error = (
            getattr(lines["three bad y", name], a)["slope"] for a in ("estimates", "standard_errors")
        )
        assert abs(slope - 1) < 3 * error
    assert abs(lines["three bad y", "least squares"].estimates["slope"] - 1) > 0.4
    for name in names["models"]:
        assert abs(lines["one bad x", name].estimates["slope"]) < 0.1
        assert lines["one bad x", name].standard_errors["slope"] < 0.05
    searched, trapped = names["searched"], names["trapped"]
    assert searched.log_likelihood > trapped.log_likelihood + 30
    assert abs(searched.estimates["slope"] - 1) < 3 * searched.standard_errors["slope"]
    X, y = names["design"], names["y"]
    for result in (searched, trapped):  # both are maxima: no step uphill near them
        b = [result.estimates["intercept"], result.estimates["slope"]]
        at = np.array([*b, result.estimates["scale"]])
        height = stats.t.logpdf(y, 4, X @ at[:2], at[2]).sum()
        assert result.log_likelihood == pytest.approx(height, rel=1e-9)
        for step in np.vstack([np.diag([1e-3, 1e-5, 1e-3]), -np.diag([1e-3, 1e-5, 1e-3])]):
            moved = at + step
            assert stats.t.logpdf(y, 4, X @ moved[:2], moved[2]).sum() < height
    hat = np.diag(X @ np.linalg.pinv(X))
    np.testing.assert_allclose(names["leverage"], hat, rtol=1e-8)


def test_errors_and_aims(names):
    assert names["newcomb_bootstrap"] == pytest.approx(names["heavy"].standard_errors["location"], rel=0.1)
    drawn, absolute = names["drawn"], names["absolute"]
    assert drawn.standard_errors["slope[0]"] > 1.2 * absolute.standard_errors["slope"][0]
    aims = names["aims"]
    assert aims["mean"] == pytest.approx(1.0, abs=0.015)
    assert aims["median"] == pytest.approx(math.log(2), abs=0.015)
    # Huber's centre of an exponential density, with the MAD of one, by a root.
    x = stats.expon.ppf((np.arange(200_000) + 0.5) / 200_000)
    scale = 1.4826 * stats.median_abs_deviation(x)
    root = optimize.brentq(lambda at: np.clip((x - at) / scale, -1.345, 1.345).mean(), 0.1, 2.0)
    assert aims["Huber 1.345"] == pytest.approx(root, abs=0.015)


def test_exercises(names):
    scale = names["log_cosh_scale"]
    z = np.linspace(-12, 12, 100_001)
    phi = stats.norm.pdf(z) * (z[1] - z[0])
    slope = phi @ (1 / (scale * np.cosh(z / scale) ** 2))
    assert slope**2 / (phi @ np.tanh(z / scale) ** 2) == pytest.approx(0.95, abs=1e-6)
    assert names["after_deletion"] == pytest.approx(0.885, abs=0.02)
    assert names["nothing_deleted"] == pytest.approx(2 * stats.t.cdf(1.96, 49) - 1, abs=0.014)
