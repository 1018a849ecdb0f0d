"""learn/uncertainty.md against SciPy's integrals, bootstrap and exact coverage, and finite differences."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats


@pytest.fixture
def names(page):
    return page("learn/uncertainty.md")


def numerical_hessian(f, point, step=1e-4):
    steps = step * np.eye(len(point))
    return np.array(
        [
            [f(point + a + b) - f(point + a - b) - f(point - a + b) + f(point - a - b) for a in steps]
            for b in steps
        ]
    ) / (4 * step**2)


def test_both_sides_of_the_information_identity_are_the_integral(names):
    density = stats.norm(2.0, 0.5)

    def score(x):  # by differences of SciPy's log-density
        h = 1e-5
        by_mean = stats.norm.logpdf(x, 2.0 + h, 0.5) - stats.norm.logpdf(x, 2.0 - h, 0.5)
        by_stddev = stats.norm.logpdf(x, 2.0, 0.5 + h) - stats.norm.logpdf(x, 2.0, 0.5 - h)
        return np.array([by_mean, by_stddev]) / (2 * h)

    def mean(f):  # over the density, by the trapezoid rule
        x = np.linspace(-3.0, 7.0, 20_001)
        return np.trapezoid(f(x) * density.pdf(x), x)

    information = mean(lambda x: score(x)[:, None] * score(x))
    assert np.allclose(information, [[4, 0], [0, 8]], atol=1e-5)
    assert mean(score) == pytest.approx([0, 0], abs=1e-6)
    # 3.5 Monte Carlo errors of the worst entry, sqrt(56) / 0.5**2 / 1000
    assert np.allclose(names["score_variance"], information, atol=0.1)
    assert np.allclose(names["mean_curvature"], information, atol=0.1)


def test_covariances_are_those_of_the_numerical_hessian(names):
    x = np.random.default_rng(0).normal(2.0, 0.5, size=100)
    best = np.array(stats.norm.fit(x))

    def nll(theta):
        return -stats.norm.logpdf(x, theta[0], theta[1]).sum()

    def nll_log(theta):
        return nll([theta[0], math.exp(theta[1])])

    expected = np.linalg.inv(numerical_hessian(nll, best))
    assert np.allclose(names["covariance"], expected, rtol=1e-4, atol=1e-9)
    expected_log = np.linalg.inv(numerical_hessian(nll_log, [best[0], math.log(best[1])]))
    assert np.allclose(names["covariance_log"], expected_log, rtol=1e-4, atol=1e-9)
    assert np.allclose(names["result"].covariance, expected, rtol=1e-4, atol=1e-9)
    closed = best[1] / 10, best[1] / math.sqrt(200)
    assert names["errors"] == pytest.approx(closed, rel=1e-10)
    assert list(names["result"].standard_errors.values()) == pytest.approx(closed, rel=1e-10)
    assert abs(names["mean"] - 2.0) < closed[0] and abs(names["stddev"] - 0.5) < closed[1]


def test_bootstrap_agrees_with_scipys_and_with_the_sandwich(names):
    x = names["x"]
    for k, statistic in enumerate((np.mean, np.std)):
        again = stats.bootstrap((x,), statistic, n_resamples=5000, rng=np.random.default_rng(7))
        assert names["boot_errors"][k] == pytest.approx(again.standard_error, rel=0.05)
    kurtosis = stats.kurtosis(x, fisher=False)
    robust = x.std() * math.sqrt((kurtosis - 1) / 400)
    assert names["robust_result"].standard_errors["stddev"] == pytest.approx(robust, rel=1e-10)
    assert np.sqrt(names["sandwich"][1, 1]) == pytest.approx(robust, rel=1e-10)
    assert names["boot_errors"][1] == pytest.approx(robust, rel=0.03)
    assert kurtosis < 3 and names["boot_errors"][1] / names["errors"][1] == pytest.approx(5 / 6, abs=0.02)


def test_regions_are_the_chi_square_ones(names):
    assert names["q"] == pytest.approx(stats.chi2(2).ppf(0.95), rel=1e-12)
    precision = np.linalg.inv(names["covariance"])
    ellipse = names["ellipse"]
    assert np.allclose(np.sum(ellipse * (precision @ ellipse), axis=0), names["q"])
    assert np.max(ellipse, axis=1) / names["errors"] == pytest.approx([2.45, 2.45], abs=0.005)
    x = names["x"]
    drop = stats.norm.logpdf(x, x.mean(), x.std()).sum() - stats.norm.logpdf(x, 2.1, 0.45).sum()
    assert 100 * names["fall"](x.mean(), x.std(), 2.1, 0.45) == pytest.approx(2 * drop, rel=1e-10)
    inside = 100 * names["fall"](x.mean(), x.std(), *names["boot"]) < names["q"]
    assert 0.93 < inside.mean() < 1.0  # what the picture shows


def test_coverage_is_the_exact_one(names):
    for n, covered in names["covered"].items():
        by_t = 2 * stats.t(n - 1).cdf(1.96 * math.sqrt((n - 1) / n)) - 1
        chi = stats.chi2(n - 1)  # of n (stddev_hat / stddev)**2

        def between(low, high, n=n, chi=chi):
            return chi.cdf(n * high**2) - chi.cdf(n * low**2)

        reach = 1.96 / math.sqrt(2 * n)
        by_wald = between(1 / (1 + reach), 1 / (1 - reach))
        by_log = between(math.exp(-reach), math.exp(reach))
        assert covered[:3] == pytest.approx([by_t, by_wald, by_log], abs=0.012)
        assert abs(covered[4] - 0.95) < 0.02
        assert covered[4] > covered[3]
    assert np.all(names["covered"][500] > 0.94) and np.all(names["covered"][100] > 0.93)
    assert np.all(names["covered"][10] < 0.945)


def test_the_sandwich_mends_most_of_a_wrong_density(names):
    # The Laplace kurtosis is 6, so the error is sqrt(5 / 4n) where the usual one says sqrt(2 / 4n).
    usual = 2 * stats.norm.cdf(1.96 * math.sqrt(2 / 5)) - 1
    assert names["usual_covered"] == pytest.approx(usual, abs=0.02)
    assert names["usual_covered"] < 0.8 < 0.87 < names["robust_covered"] < 0.95


def test_hubbles_slope_and_errors_are_those_of_scipy(names):
    d, v = names["distance"], names["velocity"]
    fit = stats.linregress(d, v)
    assert [names["slope"], names["slope_hand"]] == pytest.approx([fit.slope] * 2, rel=1e-10)
    expected = fit.stderr * math.sqrt(22 / 24)
    assert [names["error"], names["error_hand"]] == pytest.approx([expected] * 2, rel=1e-10)
    assert round(fit.stderr) == 75
    ends = stats.norm.interval(0.95, fit.slope, expected)
    assert [names["low"], names["high"]] == pytest.approx(ends, rel=1e-6)
    design = np.column_stack([d, np.ones(24)])
    residuals = v - design @ np.linalg.lstsq(design, v)[0]
    bread = np.linalg.inv(design.T @ design)
    sandwich = bread @ (design.T * residuals**2) @ design @ bread
    assert names["error_robust"] == pytest.approx(math.sqrt(sandwich[0, 0]), rel=1e-8)
    assert names["mended"].estimates["slope"] == pytest.approx(70, rel=1e-10)
    assert names["mended_error"] / 70 == pytest.approx(expected / fit.slope, rel=1e-10)
    assert names["change"] < 1e-9 and 5 < names["errors_away"] < 5.5
    assert (73.04 - 67.36) / math.hypot(1.04, 0.54) == pytest.approx(5, abs=0.2)  # the two of today


def test_exercises(names):
    integral = integrate.quad(
        lambda z: 2 * (1 - z**2) / (1 + z**2) ** 2 / (math.pi * (1 + z**2)), -np.inf, np.inf
    )
    assert integral[0] == pytest.approx(0.5)
    sample = names["sample"]  # the last
    best = optimize.minimize_scalar(
        lambda m: -stats.cauchy.logpdf(sample, m).sum(),
        bounds=(names["peak"][0] - 0.1, names["peak"][0] + 0.1),
        method="bounded",
    ).x
    h = 1e-4
    second = -sum(w * stats.cauchy.logpdf(sample, best + k * h).sum() for k, w in ((-1, 1), (0, -2), (1, 1)))
    assert names["observed"][-1] == pytest.approx(second / h**2, rel=0.02)
    ratio = names["stddev"] / names["mean"]
    closed = ratio * math.sqrt(ratio**2 / 100 + 1 / 200)
    assert names["ratio_error"] == pytest.approx(closed, rel=1e-10)
    assert names["ratio_spread"] == pytest.approx(closed, rel=0.03)
    for n, spread in names["spread_max"].items():
        exact = stats.beta(n, 1).std()  # of the largest of n uniform draws
        assert spread == pytest.approx(exact, rel=0.06)
