"""learn/mixtures.md against published digits, SciPy's optima, finite differences and other searches."""

import warnings

import numpy as np
import pytest
from scipy import optimize, special, stats

import mlefit


@pytest.fixture
def names(page):
    return page("learn/mixtures.md")


def log_density(x, weight, means, stddevs):
    parts = stats.norm(means, stddevs).logpdf(x[:, None]) + np.log([weight, 1 - weight])
    return special.logsumexp(parts, axis=1)


def total(theta, x):
    return log_density(x, theta[0], theta[1:3], theta[3:]).sum()


def test_em_and_newton_end_at_the_published_digits(names):
    published = [0.360886, 54.61486, 80.09107, 5.87122, 5.86773]
    for found in (names["by_em"], names["by_newton"]):
        np.testing.assert_allclose(found, published, rtol=2e-6)
    assert names["heights"][-1] == pytest.approx(-1034.001750, abs=1e-6)
    assert names["result"].log_likelihood == pytest.approx(-1034.001750, abs=1e-6)
    assert total(names["by_em"], names["x"]) == pytest.approx(-1034.001750, abs=1e-6)
    assert names["agree"] and names["errors_agree"]


def test_no_step_of_em_lowers_the_log_likelihood(names):
    assert names["never_falls"] and np.diff(names["heights"]).min() > -1e-9
    rng = np.random.default_rng(3)
    x = rng.gamma(2.0, size=80)  # data that are no such mixture
    start = np.array([0.3, 0.7]), np.array([0.5, 3.0]), np.array([1.0, 2.0])
    assert np.diff(names["em"](x, *start)[3]).min() > -1e-9


def test_the_bound_of_em_holds_and_touches(names):
    """For any shares q the sum of the bounds lies below the log-likelihood; at the responsibilities on it."""
    x, theta = names["x"], np.array([0.4, 55.0, 78.0, 6.0, 7.0])
    parts = stats.norm(theta[1:3], theta[3:]).logpdf(x[:, None]) + np.log([0.4, 0.6])
    for q in (np.full((len(x), 2), 0.5), np.random.default_rng(0).dirichlet([1, 1], len(x))):
        assert np.sum(q * (parts - np.log(q))) < total(theta, x)
    q = special.softmax(parts, axis=1)
    assert np.sum(q * (parts - np.log(q))) == pytest.approx(total(theta, x), rel=1e-12)


def test_log_sum_exp_survives_where_the_logarithm_of_the_sum_does_not(names):
    assert names["naive"] == -np.inf
    assert names["stable"] == pytest.approx(np.log(0.64) + stats.norm(80.1, 5.9).logpdf(400.0), rel=1e-12)


def test_errors_are_those_of_finite_differences(names):
    x, best = names["x"], names["by_em"]
    step, p = 1e-4 * np.maximum(best, 0.1), 5
    hessian = np.empty((p, p))
    for i in range(p):
        for j in range(p):
            a, b = np.eye(p)[i] * step, np.eye(p)[j] * step
            corners = total(best + a + b, x) - total(best + a - b, x) - total(best - a + b, x)
            hessian[i, j] = -(corners + total(best - a - b, x)) / (4 * step[i] * step[j])
    expected = np.sqrt(np.diag(np.linalg.inv(hessian)))
    np.testing.assert_allclose(names["errors"], expected, rtol=1e-3)
    assert (names["separate"] < names["errors"][1:3]).all()
    np.testing.assert_allclose(names["separate"], best[3:] / np.sqrt(272 * np.array([best[0], 1 - best[0]])))


def test_waits_alternate(names):
    x = names["x"]
    assert names["neighbours"] == pytest.approx(stats.pearsonr(x[:-1], x[1:])[0], rel=1e-12)
    assert names["neighbours"] < -0.5 and names["twice"] < 0.1


def test_em_goes_by_a_constant_factor_and_newton_faster(names):
    """The factor by the eigenvalues of EM's own map, differentiated at its fixed point."""
    em, best = names["em"], names["by_em"]

    def step(theta):
        one = em(names["x"], np.array([theta[0], 1 - theta[0]]), theta[1:3], theta[3:], steps=1)
        return np.array([one[0][0], *one[1], *one[2]])

    moved = [step(best + h) - step(best - h) for h in np.diag(1e-5 * best)]
    jacobian = np.array(moved).T / (2e-5 * best)
    slowest = np.abs(np.linalg.eigvals(jacobian)).max()
    assert names["rate"] == pytest.approx(slowest**2, rel=0.01)
    gap = names["newton_gap"]
    assert gap[6] < 1e-7 and names["em_gap"][6] > 0.1
    assert names["em_gap"][31] < 2e-10 < names["em_gap"][29]


def test_both_orders_are_one_density_and_equal_means_a_saddle(names):
    assert names["equal"]
    np.testing.assert_allclose(names["swapped"].estimates["means"], names["means"][::-1], rtol=1e-6)
    single = stats.norm(*stats.norm.fit(names["x"])).logpdf(names["x"]).sum()
    assert names["stuck"][3][-1] == pytest.approx(single, rel=1e-10)
    assert names["escaped"].log_likelihood == pytest.approx(-1034.001750, abs=1e-6)
    heights = names["slice_height"]
    np.testing.assert_allclose(heights, heights.T, rtol=1e-12)
    high = np.unravel_index(heights.argmax(), heights.shape)
    assert sorted(names["side"][list(high)]) == pytest.approx([54.6, 80.1], abs=1.5)


def test_averages_over_labels_describe_neither(names):
    boot = names["boot"]
    assert 55 < boot[:, 0].mean() < 80 and names["raw"][0] > 10
    # The bootstrap from a start in order, with other resamples.
    rng, x = np.random.default_rng(8), names["x"]
    again = []
    for _ in range(300):
        sample = rng.choice(x, len(x))
        found = names["em"](sample, names["half"], np.array([55.0, 80.0]), np.full(2, 6.0), steps=40)
        again.append(found[1][0])
    assert names["ordered"][0] == pytest.approx(np.std(again), rel=0.2)
    assert 0.7 < names["ordered"][0] < 1.0
    # The sandwich from scores by differences of SciPy's density.
    best, step = names["by_em"], 1e-5
    scores = []
    for a in step * np.eye(5):
        up, down = best + a, best - a
        high = log_density(names["x"], up[0], up[1:3], up[3:])
        scores.append((high - log_density(names["x"], down[0], down[1:3], down[3:])) / (2 * step))
    bread = np.linalg.inv(names["hessian"])
    sandwich = np.sqrt(np.diag(bread @ np.array(scores) @ np.array(scores).T @ bread))
    assert names["robust_error"] == pytest.approx(sandwich[1], rel=1e-3)
    assert names["errors"][1] < names["robust_error"] < 1


def test_spikes_pass_the_fit(names):
    x = names["x"]
    assert np.count_nonzero(x == 78) == 15 and np.count_nonzero(x == 43) == 1
    for value, copies in ((78.0, 15), (43.0, 1)):
        curve, narrow = names["spikes"][value], names["narrow"]
        slopes = np.diff(curve[-20:]) / -np.diff(np.log(narrow[-20:]))
        np.testing.assert_allclose(slopes, copies, rtol=1e-6)
        rest = x[x != value]
        theta = [copies / 272, value, rest.mean(), 0.0, rest.std()]
        for stddev in (1.0, 1e-6):
            theta[3] = stddev
            assert names["spike"](value, [stddev])[0] == pytest.approx(total(np.array(theta), x), rel=1e-10)
    assert names["passes"][78.0] == pytest.approx(3e-3, rel=0.5)
    assert 1e-28 < names["passes"][43.0] < 1e-27
    assert not names["trapped"].converged and "unbounded" in names["trapped"].message


def test_em_divides_by_zero_in_a_spike(names):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        found = names["em"](names["x"], names["half"], np.array([78.0, 70.0]), np.array([0.01, 13.0]))
    assert np.isnan(found[3][-1])


def test_many_starts_keep_the_peak(names):
    assert names["many"].converged and "of 8 starts found it" in names["many"].message
    assert names["many"].log_likelihood == pytest.approx(-1034.001750, abs=1e-6)


def test_numbers_of_components_by_other_searches(names):
    """The best of many EM runs and of SciPy's optimiser; mclust, too, publishes BIC 2090.427 for two."""
    x, rng = names["x"], np.random.default_rng(5)
    for k in (2, 3, 4):
        runs = [names["em_shared"](x, rng.choice(x, k, replace=False), 600)[0] for _ in range(12)]
        assert names["shared"][k][0] >= max(runs) - 1e-3
    assert names["criteria"][2][1] == pytest.approx(2090.427, abs=1e-3)
    single = stats.norm(*stats.norm.fit(x)).logpdf(x).sum()
    assert names["shared"][1][0] == pytest.approx(single, rel=1e-10)
    for which in (0, 1):
        assert min(names["criteria"], key=lambda k: names["criteria"][k][which]) == 2
    assert names["criteria"][1][0] - names["criteria"][2][0] > 100
    quantiles = np.quantile(x, [1 / 6, 3 / 6, 5 / 6])
    assert names["em_shared"](x, quantiles)[0] == pytest.approx(-1034.00, abs=5e-3)
    assert 2 * (names["top"] - single) == pytest.approx(122.6, abs=0.1)


def test_the_ratio_of_a_mixture_is_no_chi_square(names):
    """One sample's statistic by SciPy's search, and the shares by other draws."""
    samples = names["samples"]

    def best(x):
        values = [
            -optimize.minimize_scalar(
                lambda w, mu=mu: -2 * np.log1p(w * np.expm1(mu * x - mu**2 / 2)).sum(),
                bounds=(0, 1),
                method="bounded",
                options={"xatol": 1e-8},
            ).fun
            for mu in np.arange(-4, 4.1, 0.25)
        ]
        return max(0.0, *values)

    for x in samples[:3]:
        assert names["largest_ratio"](x[None], 4.0)[0] == pytest.approx(best(x), abs=1e-4)
    other = np.random.default_rng(77).normal(size=(1000, 100))
    for reach, shares in names["exceed"].items():
        ratio = names["largest_ratio"](other, reach)
        again = [np.mean(ratio > limit) for limit in stats.chi2.ppf(0.95, [1, 2])]
        assert shares == pytest.approx(again, abs=0.035)
    assert names["exceed"][4.0][0] > 0.08 and names["exceed"][4.0][1] < 0.045
    assert names["exceed"][0.25][0] < names["exceed"][1.0][0] < names["exceed"][4.0][0]


def test_exercises(names):
    theta = names["by_em"]
    first = theta[0] * stats.norm(theta[1], theta[3]).pdf(66.0)
    second = (1 - theta[0]) * stats.norm(theta[2], theta[4]).pdf(66.0)
    assert names["short"] == pytest.approx(first / (first + second), rel=1e-6)

    def odds(v):
        one = np.log(theta[0]) + stats.norm(theta[1], theta[3]).logpdf(v)
        return one - np.log(1 - theta[0]) - stats.norm(theta[2], theta[4]).logpdf(v)

    assert names["even"] == pytest.approx(optimize.brentq(odds, 60, 75), abs=1e-3)
    smaller = names["smaller"]
    assert smaller.log_likelihood == pytest.approx(names["shared"][2][0], abs=1e-6)
    assert names["p_value"] == pytest.approx(stats.chi2(1).sf(names["statistic"]), abs=1e-6)
    assert names["p_value"] > 0.9

    mites = mlefit.data.load("mites")

    def nll(t):
        w, rates = special.expit(t[0]), np.exp(t[1:])
        parts = stats.poisson(rates).logpmf(mites["mites"][:, None]) + np.log([w, 1 - w])
        return -mites["leaves"] @ special.logsumexp(parts, axis=1)

    found = optimize.minimize(nll, [0.5, -0.5, 1.2])
    assert names["mites_height"] == pytest.approx(-found.fun, abs=1e-5)
    np.testing.assert_allclose(names["rates"], np.exp(found.x[1:]), rtol=1e-3)
    assert names["mites_height"] > -242.809941
