"""learn/wrong-model.md against SciPy's fits and integrals, published digits and the sandwich written out."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats


@pytest.fixture
def names(page):
    return page("learn/wrong-model.md")


def test_the_lognormal_goes_to_the_nearest_density(names):
    """Mean and variance of log x by the digamma functions, the distance by SciPy's densities."""
    assert names["m_star"] == pytest.approx(special.digamma(1), rel=1e-12)
    assert names["s_star"] ** 2 == pytest.approx(special.polygamma(1, 1), rel=1e-12)
    assert names["m_integral"] == pytest.approx(special.digamma(1), rel=1e-9)
    assert names["s_integral"] ** 2 == pytest.approx(special.polygamma(1, 1), rel=1e-9)

    def distance(theta):
        model = stats.lognorm(math.exp(theta[1]), scale=math.exp(theta[0]))

        def integrand(v):
            x = math.exp(v)
            return (-x - model.logpdf(x)) * math.exp(v - x)

        return integrate.quad(integrand, -40, 5, limit=200)[0]

    found = optimize.minimize(distance, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6})
    assert found.x[0] == pytest.approx(names["m_star"], abs=1e-4)
    assert math.exp(found.x[1]) == pytest.approx(names["s_star"], abs=1e-4)
    assert [names["least"], names["least_formula"]] == pytest.approx([found.fun] * 2, abs=1e-7)
    implied = stats.lognorm(names["s_star"], scale=math.exp(names["m_star"])).mean()
    assert names["target"] == pytest.approx(implied, rel=1e-12) and round(implied, 3) == 1.278
    largest = names["implied"][100_000]
    assert abs(largest[0] - implied) < 3 * largest[1] and largest[0] > 1.2
    assert min(names["along_m"]) == pytest.approx(names["least"], abs=1e-9) == min(names["along_s"])


def test_gaussian_is_further_from_the_exponential(names):
    def integrand(x):
        return stats.expon.pdf(x) * (stats.expon.logpdf(x) - stats.norm.logpdf(x, 1, 1))

    assert names["gaussian_distance"] == pytest.approx(integrate.quad(integrand, 0, 60)[0], rel=1e-6)
    assert names["gaussian_distance"] > 4 * names["least"]


def test_each_density_takes_over_the_features_of_the_table():
    """Fitted by SciPy to many draws of a gamma density, which is none of them."""
    x = np.random.default_rng(2).gamma(2.0, size=20_000)
    assert stats.norm.fit(x) == pytest.approx((x.mean(), x.std()), rel=1e-9)
    location, scale = stats.laplace.fit(x)
    assert location == pytest.approx(np.median(x), abs=1e-3)
    assert scale == pytest.approx(np.mean(np.abs(x - np.median(x))), rel=1e-6)
    assert stats.expon.fit(x, floc=0)[1] == pytest.approx(x.mean(), rel=1e-9)
    counts = np.floor(x)
    rate = optimize.minimize_scalar(
        lambda r: -stats.poisson.logpmf(counts, r).sum(), bounds=(0.1, 9), method="bounded"
    ).x
    assert rate == pytest.approx(counts.mean(), rel=1e-5)
    s, _, median = stats.lognorm.fit(x, floc=0)
    assert [s, math.log(median)] == pytest.approx([np.log(x).std(), np.log(x).mean()], rel=1e-3)


def test_the_sandwich_by_hand_and_by_fit_is_the_formula(names):
    x = names["x"]
    kurtosis = stats.kurtosis(x, fisher=False)
    robust = x.std() * math.sqrt((kurtosis - 1) / 400)
    assert names["robust_result"].standard_errors["stddev"] == pytest.approx(robust, rel=1e-10)
    assert np.sqrt(names["sandwich"][1, 1]) == pytest.approx(robust, rel=1e-10)
    assert names["sandwich"][0, 1] == pytest.approx(x.var() * stats.skew(x) / 200, rel=1e-9)
    assert stats.laplace.stats(moments="k") + 3 == 6


def test_the_sandwich_mends_most_of_a_wrong_density(names):
    # The Laplace kurtosis is 6, so the error is sqrt(5 / 4n) where the usual one says sqrt(2 / 4n).
    usual = 2 * stats.norm.cdf(1.96 * math.sqrt(2 / 5)) - 1
    assert names["usual_covered"] == pytest.approx(usual, abs=0.02)
    assert names["usual_covered"] < 0.8 < 0.87 < names["robust_covered"] < 0.95
    off = np.random.default_rng(9).laplace(scale=1 / math.sqrt(2), size=(20_000, 100)).std(axis=1)
    known = np.mean(np.abs(off - 1) < 1.96 * off * math.sqrt(5 / 400))
    assert names["known_covered"] == pytest.approx(known, abs=0.01)
    assert names["kurtosis"].mean() == pytest.approx(5.3, abs=0.15)
    # more than half of what is missing is the estimated kurtosis
    assert names["known_covered"] - names["robust_covered"] > (0.95 - names["robust_covered"]) / 2


def test_robust_errors_are_those_of_the_wrong_target(names):
    """By the moments of log x, minus which has Gumbel's distribution."""
    skewness, excess = (float(v) for v in stats.gumbel_r.stats(moments="sk"))
    s = math.pi / math.sqrt(6)
    value = names["target"]
    true = value * s * math.sqrt((1 - s * skewness + s**2 * (excess + 2) / 4) / 1000)
    usual = value * s * math.sqrt((1 + s**2 / 2) / 1000)
    assert names["lognormal_spread"] == pytest.approx(true, rel=0.05)
    assert names["lognormal_robust"] == pytest.approx(true, rel=0.03)
    assert names["lognormal_usual"] == pytest.approx(usual, rel=0.01)
    assert usual / true == pytest.approx(7 / 6, abs=0.02)  # "a sixth larger"
    assert names["hits"]["robust"][0] == pytest.approx(0.95, abs=0.015)
    assert names["hits"]["usual"][0] > 0.96
    assert max(names["hits"]["robust"][1], names["hits"]["usual"][1]) < 0.01


def test_schools_have_the_published_errors(names):
    """A. Zeileis, J. Stat. Software 11 (2004), issue 10: constant, income and its square."""
    errors = names["school_errors"]
    np.testing.assert_allclose(names["coefficients"], [832.914356, -1834.202946, 1587.042267], rtol=1e-7)
    np.testing.assert_allclose(errors["classical"], [327.2925, 828.9855, 519.0768], atol=1e-3)
    np.testing.assert_allclose(errors["HC0"], [460.8917, 1243.0430, 829.9927], atol=1e-3)
    np.testing.assert_allclose(errors["HC3"], [1095.0006, 2975.4114, 1995.2420], atol=1e-3)
    assert names["error_robust"] == pytest.approx(460.8917, abs=1e-3)


def test_leverage_is_the_weight_of_the_own_observation(names):
    design, spending = names["design"], names["spending"]
    k = names["alaska"]
    assert names["schools"]["state"][k] == "Alaska"
    moved = spending.copy()
    moved[k] += 1.0
    fits = [design @ np.linalg.lstsq(design, y)[0] for y in (spending, moved)]
    assert names["leverage"][k] == pytest.approx(fits[1][k] - fits[0][k], rel=1e-6)
    assert names["leverage"].sum() == pytest.approx(3, rel=1e-9)
    assert np.sort(names["leverage"])[-2] < 0.21
    # A residual over 1 - h is the distance from the curve without the point.
    for i in (0, 7, k):
        rest = np.arange(50) != i
        left_out = spending[i] - design[i] @ np.linalg.lstsq(design[rest], spending[rest])[0]
        assert names["residuals"][i] / (1 - names["leverage"][i]) == pytest.approx(left_out, rel=1e-6)
    # The square is no longer needed, and the constant has the other sign.
    without = names["without"]
    rest = design[names["others"]]
    r = spending[names["others"]] - rest @ without
    error = math.sqrt(r @ r / 46 * np.linalg.inv(rest.T @ rest)[2, 2])
    assert abs(without[2]) < error and without[0] < 0 < names["coefficients"][0]


def test_school_intervals_cover_what_the_page_says(names):
    """By exact quadratic forms: with h known, P(|a e| < t sqrt(e' Q e)) from other draws."""
    design, inverse = names["design"], names["inverse"]
    rng = np.random.default_rng(21)
    weights = (inverse @ design.T)[0]
    keep = np.eye(50) - design @ inverse @ design.T
    t = stats.t(47).ppf(0.975)
    income = names["income"]
    for covered, stddev in [(names["equal"], np.ones(50)), (names["growing"], (income / income.mean()) ** 4)]:
        noise = rng.normal(size=(20_000, 50)) * stddev
        r, off = noise @ keep, np.abs(noise @ weights)
        for name, power in [("HC0", 0), ("HC3", 1)]:
            scaled = (r / (1 - names["leverage"]) ** power) ** 2
            assert covered[name] == pytest.approx(np.mean(off < t * np.sqrt(scaled @ weights**2)), abs=0.025)
        classical = np.sqrt(np.sum(r**2, axis=1) / 47 * inverse[0, 0])
        assert covered["classical"] == pytest.approx(np.mean(off < t * classical), abs=0.025)
    assert names["equal"]["classical"] == pytest.approx(0.95, abs=4 * 0.0035)
    assert names["equal"]["HC0"] < 0.91 and names["equal"]["HC3"] == pytest.approx(0.95, abs=0.015)
    assert names["growing"]["classical"] < 0.7 and names["growing"]["HC0"] < 0.7
    assert 0.8 < names["growing"]["HC3"] < 0.9


def test_hubbles_robust_error_is_the_sandwich(names):
    d, v = names["nebulae"]["distance"], names["nebulae"]["velocity"]
    design = np.column_stack([d, np.ones(24)])
    residuals = v - design @ np.linalg.lstsq(design, v)[0]
    bread = np.linalg.inv(design.T @ design)
    sandwich = bread @ (design.T * residuals**2) @ design @ bread
    assert names["hubble_robust"] == pytest.approx(math.sqrt(sandwich[0, 0]), rel=1e-8)
    hat = np.diag(design @ bread @ design.T)
    np.testing.assert_allclose(names["hubble_leverage"], hat, rtol=1e-9)


def test_exercises(names):
    counts = names["counts"]
    errors = names["poisson_errors"]
    assert errors["observed"] == pytest.approx(math.sqrt(counts.mean() / 400), rel=1e-5)
    assert errors["robust"] == pytest.approx(counts.std() / 20, rel=1e-5)
    assert names["true_spread"] == pytest.approx(stats.nbinom(2, 0.4).std() / 20, rel=1e-12)
    assert stats.nbinom(2, 0.4).mean() == pytest.approx(3)
    assert errors["observed"] < 0.7 * names["true_spread"]
    location, scale = stats.laplace.fit(names["waits"])
    assert [names["laplace_location"], names["laplace_scale"]] == pytest.approx([location, scale], rel=1e-3)
    parts = [
        integrate.quad(lambda x: abs(x - math.log(2)) * math.exp(-x), *ends)[0]
        for ends in ((0, math.log(2)), (math.log(2), 60))
    ]
    assert parts == pytest.approx([math.log(2) - 0.5, 0.5], rel=1e-9)
    assert names["next_state"] == "Washington DC" and names["rest_leverage"].max() > 0.5


def test_hc3_of_fit_is_the_published_error(names):
    assert names["error_hc3"] == pytest.approx(1095.0006, abs=1e-3)
    assert names["error_robust"] == pytest.approx(460.8917, abs=1e-3)


def test_errors_by_group_are_those_of_the_means_of_groups(names):
    """With groups of one size the mean is that of their means, which are independent."""
    means = names["one"].reshape(40, 10).mean(axis=1)
    assert names["grouped"].standard_errors["mean"] == pytest.approx(means.std() / np.sqrt(40), rel=1e-9)
    assert names["group_covered"]["robust"] < 0.7
    assert 0.91 < names["group_covered"]["by class"] < 0.96
