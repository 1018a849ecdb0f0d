"""learn/uncertainty.md against SciPy's bootstrap, intervals and exact coverage, and finite differences."""

import math

import numpy as np
import pytest
from scipy import optimize, stats


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


def test_estimates_spread_as_theory_says(names):
    """The spreads in the first picture, whose Monte Carlo error is one per cent, by chi-square of 99."""
    assert names["spread"]["mean"] == pytest.approx(0.5 / 10, rel=0.03)
    chi = stats.chi(99)
    assert names["spread"]["stddev"] == pytest.approx(0.5 * chi.std() / 10, rel=0.03)
    for name, values in names["estimates"].items():
        assert values.shape == (5000,)
        assert values.mean() == pytest.approx(names["truths"][name], abs=0.005)
    low, high = np.quantile(names["estimates"]["stddev"], [0.001, 0.999])
    assert low > 0.38 and high < 0.64  # inside the lower picture


def test_width_of_the_peak_is_one_over_the_root_of_minus_the_second_derivative(names):
    x = np.random.default_rng(0).normal(2.0, 0.5, size=100)

    def log_likelihood(stddev):
        return stats.norm.logpdf(x, x.mean(), stddev).sum()

    h = 1e-4
    best = x.std()
    second = (log_likelihood(best + h) - 2 * log_likelihood(best) + log_likelihood(best - h)) / h**2
    assert names["J"] == pytest.approx(-second, rel=1e-5)
    assert names["width"] == pytest.approx(1 / math.sqrt(-second), rel=1e-5)
    assert names["width"] == pytest.approx(names["spread"]["stddev"], rel=0.05)  # the two bars
    drawn = [log_likelihood(s) - log_likelihood(best) for s in names["grid"]]
    np.testing.assert_allclose(names["fall_below"], drawn, atol=1e-9)
    ends = -names["J"] * names["width"] ** 2 / 2
    assert ends == pytest.approx(-0.5, rel=1e-12)


def test_fifty_intervals_miss_as_often_as_they_should(names):
    first = names["repeats"][:50]
    misses = [
        not low < 2.0 < high
        for low, high in (stats.norm.interval(0.95, sample.mean(), sample.std() / 10) for sample in first)
    ]
    assert names["misses"].tolist() == misses and sum(misses) == 4  # as the figure's description says
    exact = 2 * stats.t(99).cdf(1.96 * math.sqrt(99 / 100)) - 1
    assert names["hit_rate"] == pytest.approx(exact, abs=3 * math.sqrt(exact * (1 - exact) / 5000))


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
    assert names["agree"]
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


def test_exact_intervals_are_those_of_scipy(names):
    x = names["x"]
    by_t = stats.ttest_1samp(x, 2.0).confidence_interval(0.95)
    assert names["exact_mean"] == pytest.approx([by_t.low, by_t.high], rel=1e-10)

    def tail(stddev):  # the probability of a spread as small as the sample's
        return stats.chi2(99).cdf(np.sum((x - x.mean()) ** 2) / stddev**2)

    low = optimize.brentq(lambda s: tail(s) - 0.975, 0.2, 1.0)
    high = optimize.brentq(lambda s: tail(s) - 0.025, 0.2, 1.0)
    assert names["exact_stddev"] == pytest.approx([low, high], rel=1e-8)
    assert names["agree_mean"] and names["agree_stddev"]


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
        assert covered[5:] == pytest.approx([0.95, 0.95], abs=3.5 * 0.0022)
    assert np.all(names["covered"][500] > 0.94) and np.all(names["covered"][100] > 0.93)
    assert np.all(names["covered"][10][:5] < 0.945)


def test_fifty_rates_miss_as_the_figure_says(names):
    waits = names["ten_waits"]
    assert waits.shape == (50, 10)
    assert stats.kstest(waits.ravel(), stats.expon(scale=2.0).cdf).pvalue > 0.05
    ends = np.array([stats.norm.interval(0.95, 1 / x.mean(), 1 / x.mean() / math.sqrt(10)) for x in waits])
    below, above = ends[:, 1] < 0.5, ends[:, 0] > 0.5
    assert names["missed"].tolist() == (below | above).tolist()
    assert (below.sum(), above.sum()) == (2, 0)
    assert stats.spearmanr(ends.mean(axis=1), ends @ [-1, 1]).statistic == pytest.approx(1)
    gamma = stats.gamma(10)  # ten times truth over estimate
    reach = 10 * stats.norm.ppf(0.975) / math.sqrt(10)
    assert gamma.sf(10 + reach) > 5 * gamma.cdf(10 - reach)  # most misses lie below


def test_hubbles_slope_and_errors_are_those_of_scipy(names):
    d, v = names["distance"], names["velocity"]
    fit = stats.linregress(d, v)
    assert [names["slope"], names["slope_hand"]] == pytest.approx([fit.slope] * 2, rel=1e-10)
    expected = fit.stderr * math.sqrt(22 / 24)
    assert [names["error"], names["error_hand"]] == pytest.approx([expected] * 2, rel=1e-10)
    assert names["error_less"] == pytest.approx(fit.stderr, rel=1e-10)
    assert round(expected, 1) == 72.0 and round(fit.stderr, 1) == 75.2
    wald = stats.norm.interval(0.95, fit.slope, expected)
    assert names["wald"] == pytest.approx(wald, rel=1e-4)  # 1.96 for 1.959964
    assert [names["wald_low"], names["wald_high"]] == pytest.approx(wald, rel=1e-6)
    exact = stats.t(22).interval(0.95)
    exact = [fit.slope + end * fit.stderr for end in exact]
    assert names["exact"] == pytest.approx(exact, rel=1e-10)
    assert [names["low"], names["high"]] == pytest.approx(exact, rel=1e-8)
    assert names["mended"].estimates["slope"] == pytest.approx(70, rel=1e-10)
    assert names["mended_error"] / 70 == pytest.approx(expected / fit.slope, rel=1e-10)
    assert names["change"] < 1e-9 and 5 < names["errors_away"] < 5.5
    assert (73.04 - 67.36) / math.hypot(1.04, 0.54) == pytest.approx(5, abs=0.2)  # the two of today


def test_hubbles_intervals_cover_what_the_page_says(names):
    """Against SciPy's regression of other noise at Hubble's distances."""
    rng = np.random.default_rng(11)
    t = []
    for _ in range(2000):
        fit = stats.linregress(names["distance"], rng.normal(size=24))
        t.append(abs(fit.slope) / fit.stderr)
    hits = np.mean(np.array(t) < 1.96 * math.sqrt(22 / 24))
    assert names["wald_exact"] == pytest.approx(hits, abs=3 * 0.0059)
    assert round(names["wald_exact"], 3) == 0.926
    assert names["wald_hits"] == pytest.approx(names["wald_exact"], abs=3 * 0.0019)
    assert names["t_hits"] == pytest.approx(0.95, abs=3 * 0.0016)


def test_exercises(names):
    waits = names["waits"]
    best = optimize.minimize_scalar(
        lambda rate: -stats.expon.logpdf(waits, scale=1 / rate).sum(), bounds=(0.1, 2), method="bounded"
    ).x
    assert names["rate"] == pytest.approx(best, rel=1e-5)
    assert names["rate_error"] == pytest.approx(best / 20, rel=1e-5)
    assert names["wait_error"] == pytest.approx(waits.mean() / 20, rel=1e-10)
    exact = stats.invgamma(400, scale=400 * names["rate"]).std()  # of one over the mean of 400
    assert names["rate_spread"] == pytest.approx(exact, rel=0.03)
    assert names["wait_spread"] == pytest.approx(names["wait_error"], rel=0.03)
    ratio = names["stddev"] / names["mean"]
    closed = ratio * math.sqrt(ratio**2 / 100 + 1 / 200)
    assert names["ratio_error"] == pytest.approx(closed, rel=1e-10)
    assert names["ratio_spread"] == pytest.approx(closed, rel=0.03)
    data = names["distance"], names["velocity"]
    again = stats.bootstrap(
        data,
        lambda x, y: stats.linregress(x, y).slope,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(3),
    )
    assert names["hubble_boot"] == pytest.approx(again.standard_error, rel=0.06)
