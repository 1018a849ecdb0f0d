"""What guides/intervals.md computes, against the distributions of scipy and the digits of the ten draws."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

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
    by_package = names["by_package"]
    for method, rule in {"auto": "exact", "wald": "log-Wald", "profile": "profile"}.items():
        np.testing.assert_allclose(by_package[method], names["ends"][rule], rtol=1e-9)
    mean = stats.t.interval(0.95, 9, 104.38, stats.sem(names["ten"]))
    np.testing.assert_allclose(result.interval("mean"), mean, rtol=1e-9)
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


def test_intervals_of_a_rate(names):
    for n in (5, 20, 100):
        rules = names["rate_ends"](n)
        waits = stats.expon.rvs(size=n, random_state=n)
        rate, top = 1 / waits.mean(), stats.expon.logpdf(waits, scale=waits.mean()).sum()
        for end in rules["profile"]:
            fall = top - stats.expon.logpdf(waits, scale=1 / (end * rate)).sum()
            assert fall == pytest.approx(Z**2 / 2, rel=1e-8)
        sure = np.array(rules["exact"]) * rate * waits.sum()  # gamma(n), if the rate lies there
        np.testing.assert_allclose(stats.gamma(n).cdf(sure), [0.025, 0.975], rtol=1e-10)
        np.testing.assert_allclose(rules["Wald"], stats.norm.interval(0.95, 1, 1 / math.sqrt(n)))
        np.testing.assert_allclose(np.log(rules["log-Wald"]), stats.norm.interval(0.95, 0, 1 / math.sqrt(n)))
        for name, (a, b) in rules.items():
            expected = stats.gamma(n).sf(n * b), stats.gamma(n).cdf(n * a)
            np.testing.assert_allclose(names["rate_misses"][n, name], expected, rtol=1e-9, atol=1e-15)
    for n in (5, 20, 100):  # what the page says of the table
        below, above = zip(*(names["rate_misses"][n, name] for name in rules), strict=True)
        wald, log_wald, profile, exact = np.abs(np.array([below, above]) - 0.025).T
        assert (exact < profile).all() and (profile < np.minimum(wald, log_wald)).all()
        total = np.abs(np.add(below, above) - 0.05)
        assert total[0] < total[1]
    low, high = names["rate_misses"][5, "Wald"]
    assert low > 50 * high and 1.6 < low / 0.025 < 1.8
    assert {name: tuple(map(int, sides)) for name, sides in names["fifty"].items()} == {
        "Wald": (3, 0),
        "exact": (1, 1),
    }


def test_hubbles_slope_has_the_interval_of_linregress(names):
    fit = stats.linregress(names["distance"], names["velocity"])
    expected = stats.t.interval(0.95, 22, fit.slope, fit.stderr)
    np.testing.assert_allclose(names["exact_slope"], expected, rtol=1e-9)
    np.testing.assert_allclose(names["hubble"].interval("slope"), expected, rtol=1e-9)
    assert np.round(expected).tolist() == [298, 610]
    assert np.round(names["hubble"].interval("slope", method="wald")).tolist() == [313, 595]
    assert names["error"] * math.sqrt(24 / 22) == pytest.approx(fit.stderr, rel=1e-9)
    low, high = names["hubble"].interval("stddev")
    rss = np.sum((names["velocity"] - fit.slope * names["distance"] - fit.intercept) ** 2)
    np.testing.assert_allclose([low, high], np.sqrt(rss / stats.chi2.ppf([0.975, 0.025], 22)), rtol=1e-9)
    _, band_low, _ = names["hubble"].predict([1.0])
    reach = stats.t.ppf(0.975, 22) * math.sqrt(
        rss / 22 * (1 / 24 + (1 - names["distance"].mean()) ** 2 / (24 * names["distance"].var()))
    )
    assert band_low[0] == pytest.approx(fit.slope + fit.intercept - reach, rel=1e-9)
    # How often Wald's contains the slope, from simulated lines at Hubble's distances.
    noise = np.random.default_rng(6).normal(size=(20_000, 24))
    away = names["distance"] - names["distance"].mean()
    slopes = noise @ away / (away @ away)
    rest = noise - noise.mean(axis=1, keepdims=True) - slopes[:, None] * away
    sigma = np.sqrt(np.mean(rest**2, axis=1))
    inside = np.abs(slopes) <= Z * sigma / np.sqrt(away @ away)
    assert names["wald_covers"] == pytest.approx(inside.mean(), abs=0.006)


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
    assert len(deviations) == 4 * 4 + 4 * 3 + 4 * 3
    assert np.abs(deviations).max() < 4


def test_intervals_of_a_proportion(names):
    for k, rules in enumerate(names["rules_of"]):
        for rule, method in (("exact", "exact"), ("Wilson", "wilson")):
            expected = stats.binomtest(k, 20).proportion_ci(0.95, method=method)
            np.testing.assert_allclose(rules[rule], expected, atol=1e-9)
        jeffreys = stats.beta.ppf([0.025, 0.975], k + 0.5, 20 - k + 0.5)
        expected = (0.0 if k == 0 else jeffreys[0], 1.0 if k == 20 else jeffreys[1])
        np.testing.assert_allclose(rules["Jeffreys"], expected, atol=1e-9)
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
    grid, k = np.linspace(0.01, 0.5, 197), np.arange(21)
    weights = stats.binom.pmf(k[:, None], 20, grid)
    wilson = np.array([stats.binomtest(int(j), 20).proportion_ci(method="wilson") for j in k])
    beta = stats.beta.ppf([[0.025], [0.975]], k + 0.5, 20 - k + 0.5).T
    for rule, ends, digits in (("Wilson", wilson, (0.954, 0.896)), ("Jeffreys", beta, (0.951, 0.894))):
        curve = (((ends[:, :1] <= grid) & (grid <= ends[:, 1:])) * weights).sum(axis=0)
        found = names["averages"][rule], names["minima"][rule]
        assert found == pytest.approx((curve.mean(), curve.min()), abs=1e-9)
        assert np.round(found, 3) == pytest.approx(digits)
    for rule, ends in (("Wilson", wilson), ("Jeffreys", beta)):
        width = (weights.mean(axis=1) * (ends[:, 1] - ends[:, 0])).sum()
        assert names["widths"][rule] == pytest.approx(width, rel=2e-3)  # Jeffreys: the ends at 0 and 1
        assert width < names["widths"]["exact"] - 0.03
    # Below the low end of k = 1 only k = 0 covers, and nothing is lower.
    fine = np.linspace(1e-5, 0.5, 50_000)
    weights = stats.binom.pmf(k[:, None], 20, fine)
    curve = (((wilson[:, :1] <= fine) & (fine <= wilson[:, 1:])) * weights).sum(axis=0)
    assert names["below_the_grid"] == pytest.approx(curve.min(), abs=1e-3)
    assert names["minima"]["profile"] < min(names["minima"]["Wilson"], names["minima"]["Jeffreys"])
    assert round(names["averages"]["profile"], 2) == 0.95
    assert names["proportion_covered"]("logit-Wald", 0.01) < 0.2
    drop = names["rules_of"][0]["profile"][1]
    assert drop == pytest.approx(1 - math.exp(-(Z**2) / 40), rel=1e-9)
    assert names["proportion_covered"]("profile", drop + 1e-6) < 0.85


def test_coverage_of_the_bootstrap_is_that_of_scipy(names):
    ends = np.quantile(np.random.default_rng(3).choice(names["ten"], (4000, 10)).std(axis=1), [0.025, 0.975])
    np.testing.assert_allclose(names["percentile"]["stddev"], ends, rtol=0.05)
    x = np.random.default_rng(8).normal(size=(800, 10))
    for statistic, truth in (("mean", 0.0), ("stddev", 1.0)):
        function = {"mean": np.mean, "stddev": np.std}[statistic]
        low, high = stats.bootstrap(
            (x,), function, axis=1, n_resamples=600, method="percentile", rng=1, vectorized=True
        ).confidence_interval
        again = np.mean((low <= truth) & (truth <= high))
        found = names["bootstrap_coverage"][10, f"{statistic}, percentile"]
        assert found == pytest.approx(again, abs=4 * math.sqrt(again * (1 - again) * (1 / 800 + 1 / 2000)))
    for n, wald in ((5, "Wald"), (10, "Wald")):
        covered = names["bootstrap_coverage"]
        assert covered[n, "mean, percentile"] < names["mean_coverage"][n, wald] + 0.02
        assert covered[n, "stddev, percentile"] < names["stddev_coverage"][n, wald] - 0.05
        assert covered[n, "mean, bootstrap-t"] == pytest.approx(0.95, abs=0.025)


def test_prediction_intervals_cover_a_new_observation(names):
    """P(|x - mean| <= c s): an integral over the distribution of s, not Student's."""
    for (n, rule), covered in names["prediction_coverage"].items():
        c = {
            "mean": stats.t.ppf(0.975, n - 1) / math.sqrt(n - 1),
            "plug-in": Z,
            "prediction": stats.t.ppf(0.975, n - 1) * math.sqrt((n + 1) / (n - 1)),
        }[rule]
        assert names["prediction_rules"](n)[rule] == pytest.approx(c, rel=1e-9)

        def inside(s, c=c, n=n):
            within = 2 * stats.norm.cdf(c * s / math.sqrt(1 + 1 / n)) - 1
            return within * stats.chi.pdf(s * math.sqrt(n), n - 1) * math.sqrt(n)

        assert covered == pytest.approx(integrate.quad(inside, 0, 6, epsabs=1e-12)[0], rel=1e-7)
    misses = stats.expon.sf(1 + stats.norm.ppf(0.995))
    assert round(misses, 3) == 0.028


def test_bands_of_a_line(names):
    for (n, rule), (at_one, at_all) in names["band_coverage"].items():
        c = {
            "Wald": Z * math.sqrt((n - 2) / n),
            "Student": stats.t.ppf(0.975, n - 2),
            "simultaneous": math.sqrt(2 * stats.f.ppf(0.95, 2, n - 2)),
        }[rule]
        assert names["band_rules"](n)[rule] == pytest.approx(c, rel=1e-9)
        assert at_one == pytest.approx(2 * stats.t.cdf(c, n - 2) - 1, rel=1e-9)
        assert at_all == pytest.approx(stats.f.cdf(c**2 / 2, 2, n - 2), rel=1e-9)
    # Along Hubble's line, with errors of its own samples and no theory.
    x, grid = names["distance"], np.linspace(-40, 40, 4001)
    design = np.column_stack([x, np.ones(24)])
    noise = np.random.default_rng(5).normal(size=(4000, 24))
    errors = noise @ np.linalg.pinv(design).T
    s = np.sqrt(np.sum((noise - errors @ design.T) ** 2, axis=1) / 22)
    spread = np.sqrt(1 / 24 + (grid - x.mean()) ** 2 / (24 * x.var()))
    farthest = (np.abs(errors[:, :1] * grid + errors[:, 1:]) / spread).max(axis=1) / s
    near = (grid >= 0) & (grid <= 2.1)
    nearest = (np.abs(errors[:, :1] * grid[near] + errors[:, 1:]) / spread[near]).max(axis=1) / s
    for rule, at_all in (("Student", 0.860), ("simultaneous", 0.95)):
        c = names["band_rules"](24)[rule]
        assert np.mean(farthest <= c) == pytest.approx(at_all, abs=0.02)
        assert names["in_range"][c] == pytest.approx(np.mean(nearest <= c), abs=0.02)
        assert names["in_range"][c] > names["band_coverage"][24, rule][1]
    for k, place in ((0, 0.0), (-1, 2.1)):
        predicted = names["s"] * stats.t.ppf(0.975, 22)
        predicted *= math.sqrt(1 + 1 / 24 + (place - x.mean()) ** 2 / (24 * x.var()))
        assert names["bands"]["a new nebula"][k] == pytest.approx(predicted, rel=1e-9)


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
