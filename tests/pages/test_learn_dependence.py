"""learn/dependence.md against published digits, the joint Gaussian of all years, and simulation."""

import numpy as np
import pytest
from scipy import linalg, optimize, stats


@pytest.fixture
def names(page):
    return page("learn/dependence.md")


def joint(x, mean, phi, stddev):
    """The log-density of an AR(1) series as one Gaussian with its covariance matrix."""
    covariance = linalg.toeplitz(stddev**2 * phi ** np.arange(len(x)) / (1 - phi**2))
    return stats.multivariate_normal(np.full(len(x), mean), covariance).logpdf(x)


def errors(log_likelihood, best, step):
    """Standard errors by finite differences of a log-likelihood."""
    hessian = np.empty((len(best), len(best)))
    for i, a in enumerate(np.diag(step)):
        for j, b in enumerate(np.diag(step)):
            corners = [best + a + b, best + a - b, best - a + b, best - a - b]
            one, two, three, four = map(log_likelihood, corners)
            hessian[i, j] = -(one - two - three + four) / (4 * step[i] * step[j])
    return np.sqrt(np.diag(np.linalg.inv(hessian)))


def test_given_the_first_value_it_is_least_squares(names):
    found = [names["constant"], names["phi"], names["variance"], names["height"]]
    assert found == pytest.approx([94.712574, 0.836411, 0.509037, -104.888118], abs=1e-6)
    line = stats.linregress(names["before"], names["after"])
    assert [line.intercept, line.slope] == pytest.approx(found[:2], rel=1e-9)
    assert names["same_line"] and names["line"].nobs == 97


def test_the_exact_fit_has_the_published_digits_and_the_joint_density(names):
    result, x = names["result"], names["x"]
    mean, phi, stddev = result.estimates.values()
    # The published parameters stop a little before the optimum, so the last digits differ.
    assert [mean, phi, stddev**2] == pytest.approx([579.115103, 0.837555, 0.509284], abs=5e-5)
    assert result.log_likelihood == pytest.approx(-106.597975, abs=1e-6)
    # Beside the fit given the first value: "a small fraction of an error", "about a third of one".
    given = names["constant"] / (1 - names["phi"])
    assert abs(phi - names["phi"]) < 0.05 * result.standard_errors["phi"]
    assert (mean - given) / result.standard_errors["mean"] == pytest.approx(1 / 3, abs=0.03)
    assert round(given, 1) == 579.0
    assert joint(x, mean, phi, stddev) == pytest.approx(result.log_likelihood, rel=1e-9)
    assert joint(x, mean, phi, stddev) >= joint(x, 579.115103, 0.837555, np.sqrt(0.509284))
    assert names["agree"]
    for step in np.diag([1e-3, 1e-4, 1e-4]):
        for sign in (-1, 1):
            assert joint(x, *(np.array([mean, phi, stddev]) + sign * step)) < result.log_likelihood


def test_the_error_of_the_fit_is_the_curvature_of_the_joint_density(names):
    x, best = names["x"], np.array([*names["result"].estimates.values()])
    expected = errors(lambda t: joint(x, *t), best, np.array([1e-2, 1e-3, 1e-3]))
    np.testing.assert_allclose([*names["result"].standard_errors.values()], expected, rtol=2e-3)


def test_the_factor_and_its_exact_finite_form(names):
    phi, n = names["phi_hat"], names["n"]
    covariances = linalg.toeplitz(phi ** np.arange(n))
    assert names["factor"] ** 2 == pytest.approx((1 + phi) / (1 - phi), rel=1e-12)
    exact = covariances.sum() / n  # the variance of the sum over that of independent years
    assert names["factor"] ** 2 == pytest.approx(exact, rel=0.07)
    assert names["naive"] * names["factor"] == pytest.approx(names["mean_error"], rel=0.06)
    assert n / names["factor"] ** 2 == pytest.approx(8.7, abs=0.05)


def test_simulated_lakes_are_stationary(names):
    lakes, phi = names["lakes"], names["phi_hat"]
    assert lakes.shape == (98, 2000)
    for year in (0, 50, 97):
        assert lakes[year].std() == pytest.approx(1 / np.sqrt(1 - phi**2), rel=0.06)
    assert np.corrcoef(lakes[10], lakes[13])[0, 1] == pytest.approx(phi**3, abs=0.05)


def test_coverage_by_the_normal_distribution_and_by_other_draws(names):
    phi, n, covered = names["phi_hat"], names["n"], names["covered"]
    true = np.sqrt(linalg.toeplitz(phi ** np.arange(n)).sum() / (1 - phi**2)) / n
    formula = 2 * stats.norm.cdf(1.96 * names["true_error"] / true) - 1
    assert covered["true coefficient"] == pytest.approx(formula, abs=0.02)
    lakes = names["simulate"](4000, n, phi, seed=99)
    means = lakes.mean(axis=0)
    independent = np.mean(np.abs(means) < 1.96 * lakes.std(axis=0) / np.sqrt(n))
    assert covered["as if independent"] == pytest.approx(independent, abs=0.045)
    assert covered["as if independent"] < 0.5
    slopes = np.array([stats.linregress(v[:-1], v[1:])[:2] for v in lakes[:, :600].T])
    noise = [np.std(v[1:] - b - m * v[:-1]) for v, (m, b) in zip(lakes.T, slopes, strict=False)]
    own = np.abs(means[:600]) < 1.96 * np.array(noise) / np.abs(1 - slopes[:, 0]) / np.sqrt(n)
    assert covered["its own coefficient"] == pytest.approx(own.mean(), abs=0.045)
    assert 1 / 10 < 1 - covered["its own coefficient"] < 1 / 7  # "one time in nine"


def test_the_first_residual_autocorrelation_has_the_narrow_band(names):
    """By the lakes that follow AR(1): the spread of the first autocorrelation of their residuals."""
    for lag in (1, 5):
        d = names["x"] - names["x"].mean()
        assert names["of_levels"][lag - 1] == pytest.approx(d[lag:] @ d[:-lag] / (d @ d), rel=1e-12)
    first = []
    for lake in names["lakes"].T[:800]:
        m, b = np.polyfit(lake[:-1], lake[1:], 1)
        r = lake[1:] - b - m * lake[:-1]
        r = r - r.mean()
        first.append(r[1:] @ r[:-1] / (r @ r))
    assert np.std(first) == pytest.approx(names["phi"] / np.sqrt(97), rel=0.12)
    assert names["phi"] * names["band"] < names["of_residuals"][0] < names["band"]
    assert np.abs(names["of_residuals"]).max() < names["band"]


def test_the_trend_with_both_kinds_of_noise(names):
    year, x = names["year"], names["x"]
    assert names["plain"].estimates["slope"] == pytest.approx(stats.linregress(year, x).slope, rel=1e-9)

    def nll(t):
        return -joint(x - 579.0 - t[0] - t[1] / 100 * (year - 1923.5), 0.0, np.tanh(t[2]), np.exp(t[3]))

    found = optimize.minimize(nll, [0.0, -2.0, 1.0, -0.3])
    assert names["falling"].log_likelihood == pytest.approx(-found.fun, abs=1e-4)
    assert 100 * names["falling"].estimates["slope"] == pytest.approx(found.x[1], abs=0.01)
    statistic = 2 * (-found.fun - names["result"].log_likelihood)
    assert names["statistic"] == pytest.approx(statistic, abs=1e-3)
    assert names["p_value"] == pytest.approx(stats.chi2(1).sf(statistic), abs=1e-3)
    gap = names["falling"].log_likelihood - names["plain"].log_likelihood
    assert gap == pytest.approx(45, abs=0.5)
    ratio = names["plain"].estimates["slope"] / names["plain"].standard_errors["slope"]
    assert ratio == pytest.approx(-6, abs=0.2)


def test_two_years_of_memory_and_a_trend_are_those_of_r(names):
    """R: arima(LakeHuron, order = c(2, 0, 0), xreg = time(LakeHuron) - 1920), by the joint Gaussian."""
    year, x = names["year"], names["x"]

    def nll(t):
        a, b = t[2] * (1 - t[3]), t[3]  # by partial autocorrelations, so that it stays stationary
        correlations = [1.0, a / (1 - b)]
        for _ in range(len(x) - 2):
            correlations.append(a * correlations[-1] + b * correlations[-2])
        variance = np.exp(2 * t[4]) / ((1 - b**2) * (1 - t[2] ** 2))
        mean = t[0] + 579 + t[1] / 100 * (year - 1920)
        return -stats.multivariate_normal(mean, variance * linalg.toeplitz(correlations)).logpdf(x)

    found = optimize.minimize(nll, [0.1, -2.2, 0.78, -0.29, -0.4], method="BFGS")
    assert found.fun == pytest.approx(101.2, abs=0.05)
    assert found.x[1] == pytest.approx(-2.16, abs=0.02)  # "-2.2"
    assert errors(lambda t: -nll(t), found.x, np.full(5, 1e-3))[1] == pytest.approx(0.81, abs=0.02)  # "0.8"


def test_exercises(names):
    phi, n = names["phi_hat"], names["n"]
    slopes = [stats.linregress(lake[:-1], lake[1:]).slope for lake in names["lakes"].T[:300]]
    np.testing.assert_allclose(names["phis"][:300], slopes, rtol=1e-9)
    assert names["kendall"] == pytest.approx(-(1 + 3 * phi) / n)
    assert names["bias"] == pytest.approx(names["kendall"], abs=4 * names["phis"].std() / np.sqrt(2000))
    assert abs(names["bias"]) == pytest.approx(names["phis"].std() / 2, rel=0.2)
    assert names["known_bias"] == pytest.approx(-2 * phi / n, abs=4 * names["phis"].std() / np.sqrt(2000))
    assert names["bias"] < 2 * names["known_bias"] < 0  # "more than half of the bias comes from the mean"
    covered = []
    for series in names["lakes"].T[:1000]:
        line = stats.linregress(series[:-1], series[1:])
        error = line.stderr * np.sqrt((n - 3) / (n - 1))  # of n - 1 pairs, with the divisor n - 1
        covered.append(abs(line.slope - phi) < 1.96 * error)
    assert names["phi_covered"] == pytest.approx(np.mean(covered), abs=0.015)
    assert 0.9 < names["phi_covered"] < 0.94  # "a little less than it says"

    x = names["x"]
    design = np.column_stack([np.ones(96), x[1:-1], x[:-2]])
    coefficients, rss, *_ = np.linalg.lstsq(design, x[2:])
    np.testing.assert_allclose(names["two_years"].estimates["slope"], coefficients[1:], rtol=1e-7)
    line = stats.linregress(x[1:-1], x[2:])
    one = np.sum((x[2:] - line.intercept - line.slope * x[1:-1]) ** 2)
    difference = 96 * np.log(one / rss[0]) - 2
    assert names["one_year"].aic - names["two_years"].aic == pytest.approx(difference, abs=1e-6)
    assert difference == pytest.approx(4, abs=0.1)

    mean, found, stddev = names["every_second"].estimates.values()
    assert joint(x[::2], mean, found, stddev) == pytest.approx(names["every_second"].log_likelihood, rel=1e-8)
    assert abs(names["squared"] - phi**2) < names["squared_error"]
