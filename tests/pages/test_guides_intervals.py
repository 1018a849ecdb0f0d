"""What guides/intervals.md computes, against the distributions of scipy and the digits of the ten draws."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

Z = stats.norm.ppf(0.975)


@pytest.fixture
def names(page):
    return page("guides/intervals.md")


def test_intervals_of_the_ten_draws(names):
    digits = {"Wald": (6.64, 17.01), "log-Wald": (7.63, 18.33), "profile": (8.07, 19.75)}
    for rule, ends in digits.items():
        assert tuple(np.round(names["ends"][rule], 2)) == ends
    s, quantiles = math.sqrt(139.9196), stats.chi2.ppf([0.975, 0.025], 9)
    assert names["stddev"] == pytest.approx(s, rel=1e-12)
    np.testing.assert_allclose(names["ends"]["exact"], np.sqrt(10 * s**2 / quantiles), rtol=1e-10)
    result = names["result"]
    assert result.log_likelihood == pytest.approx(-38.894725, abs=1e-6)
    np.testing.assert_allclose(list(result.standard_errors.values()), [3.74058, 2.64499], atol=5e-6)
    np.testing.assert_allclose(result.interval("stddev"), names["ends"]["log-Wald"], rtol=1e-10)
    np.testing.assert_allclose(names["profile"], names["ends"]["profile"], rtol=1e-9)
    np.testing.assert_allclose(names["narrow"], s * np.array(names["stddev_rules"](10, 0.68)["profile"]))


def test_the_profile_is_the_likelihood_with_the_best_mean(names):
    x = np.array(names["ten"])
    for end in names["ends"]["profile"]:
        best = optimize.minimize_scalar(lambda m, end=end: -stats.norm.logpdf(x, m, end).sum())
        top = stats.norm.logpdf(x, x.mean(), x.std()).sum()
        assert top + best.fun == pytest.approx(Z**2 / 2, rel=1e-9)


def test_coverage_of_the_stddev_is_a_difference_of_chi_square_functions(names):
    known = {"Wald": 0.848, "log-Wald": 0.896, "profile": 0.926, "exact": 0.95}
    for (n, rule), covered in names["stddev_coverage"].items():
        a, b = names["stddev_rules"](n)[rule]
        exact = stats.chi2.cdf(n / a**2, n - 1) - stats.chi2.cdf(n / b**2, n - 1)
        assert covered == pytest.approx(exact, rel=1e-10)
        if n == 10:
            assert round(covered, 3) == known[rule]
        if rule == "exact":
            assert covered == pytest.approx(0.95, rel=1e-10)
    assert names["above"] == pytest.approx(0.1515, abs=1e-4)
    wald = names["stddev_coverage"][10, "Wald"]
    assert names["above"] + names["below"] == pytest.approx(1 - wald, rel=1e-9)


def test_coverage_of_the_mean_is_students(names):
    for (n, rule), covered in names["mean_coverage"].items():
        c = {
            "Wald": Z / math.sqrt(n),
            "profile": math.sqrt(math.exp(Z**2 / n) - 1),
            "exact": stats.t.ppf(0.975, n - 1) / math.sqrt(n - 1),
        }[rule]
        assert covered == pytest.approx(2 * stats.t.cdf(c * math.sqrt(n - 1), n - 1) - 1, rel=1e-9)
    low, high = names["result"].interval("mean", method="profile")
    c = names["mean_rules"](10)["profile"]
    np.testing.assert_allclose([low, high], 104.38 + c * names["stddev"] * np.array([-1, 1]), rtol=1e-10)


def test_the_simulation_confirms_the_coverage(names):
    deviations = np.array(names["deviations"])
    assert len(deviations) == 4 * 4 + 4 * 3
    assert np.abs(deviations).max() < 4


def test_intervals_of_a_proportion(names):
    for k, rules in enumerate(names["rules_of"]):
        exact = stats.binomtest(k, 20).proportion_ci(0.95, method="exact")
        np.testing.assert_allclose(rules["exact"], exact, atol=1e-9)
        for end in rules["profile"]:
            if 1e-9 < end < 1 - 1e-9:
                fall = stats.binom.logpmf(k, 20, k / 20) - stats.binom.logpmf(k, 20, end)
                assert fall == pytest.approx(Z**2 / 2, rel=1e-6)
        assert ("Wald" in rules) == (0 < k < 20)
    logit, spread = math.log(2 / 18), Z / math.sqrt(1.8)
    ends = 1 / (1 + np.exp(-logit + spread * np.array([1, -1])))
    np.testing.assert_allclose(names["rules_of"][2]["logit-Wald"], ends, rtol=1e-10)
    fits = names["fits"]
    np.testing.assert_allclose(fits[2].interval("chance"), ends, rtol=1e-6)
    found = fits[2].interval("chance", method="profile")
    np.testing.assert_allclose(found, names["rules_of"][2]["profile"], rtol=1e-6)
    assert not fits[0].converged and np.isnan(fits[0].interval("chance")).all()


def test_coverage_of_a_proportion(names):
    for q in (0.05, 0.2, 0.37):
        k = np.arange(21)
        ends = np.array([stats.binomtest(int(j), 20).proportion_ci(0.95, method="exact") for j in k])
        exact = stats.binom.pmf(k, 20, q) @ ((ends[:, 0] <= q) & (q <= ends[:, 1]))
        assert names["proportion_covered"]("exact", q) == pytest.approx(exact, rel=1e-10)
        assert exact > 0.95
    assert round(names["averages"]["profile"], 2) == 0.95
    assert names["proportion_covered"]("logit-Wald", 0.01) < 0.2
    drop = names["rules_of"][0]["profile"][1]
    assert drop == pytest.approx(1 - math.exp(-(Z**2) / 40), rel=1e-9)
    assert names["proportion_covered"]("profile", drop + 1e-6) < 0.85


def test_exercises(names):
    for rule, n in names["needed"].items():
        for size, enough in ((n - 1, False), (n, True)):
            a, b = names["stddev_rules"](size)[rule]
            covered = stats.chi2.cdf(size / a**2, size - 1) - stats.chi2.cdf(size / b**2, size - 1)
            assert (covered >= 0.94) == enough
    reach = Z * math.sqrt(0.2)
    covered = stats.chi2.cdf(10 / (1 - reach), 9) - stats.chi2.cdf(10 / (1 + reach), 9)
    assert names["variance_coverage"] == pytest.approx(covered, rel=1e-9)
    garwood = stats.chi2.ppf(0.025, 6) / 2, stats.chi2.ppf(0.975, 8) / 2
    np.testing.assert_allclose(names["rate_rules"]["exact"], garwood, rtol=1e-9)
    for end in names["rate_rules"]["profile"]:
        fall = stats.poisson.logpmf(3, 3) - stats.poisson.logpmf(3, end)
        assert fall == pytest.approx(Z**2 / 2, rel=1e-8)
