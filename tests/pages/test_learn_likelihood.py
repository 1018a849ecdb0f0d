"""What learn/likelihood.md computes, against scipy's distributions and closed forms."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, optimize, special, stats

LENGTHS = [0.5, 2.0, 1.0]
S = 7 / 6  # sum of squared deviations of the lengths from their mean


@pytest.fixture
def names(page):
    return page("learn/likelihood.md")


def test_the_bell_in_the_middle_has_the_highest_sum_of_log_heights(names):
    by_scipy = [stats.norm.logpdf(LENGTHS, mean, 0.6).sum() for mean in names["many"]]
    np.testing.assert_allclose(names["sums"], by_scipy, rtol=1e-12)
    peak = names["many"][np.argmax(names["sums"])]
    assert peak == pytest.approx(7 / 6, abs=0.011)
    assert abs(1.2 - peak) < min(abs(0.2 - peak), abs(2.2 - peak))
    for mean, lowest in ((0.2, 0.01), (2.2, 0.02)):  # "almost without height"
        assert stats.norm.pdf(LENGTHS, mean, 0.6).min() < lowest
    assert stats.norm.pdf(LENGTHS, 1.2, 0.6).min() > 0.25


def test_a_density_passes_one_and_an_interval_keeps_its_probability(names):
    exact = stats.norm.cdf(0.1, 0, 0.2) - stats.norm.cdf(-0.1, 0, 0.2)
    assert names["area"] == pytest.approx(exact, abs=1e-5)
    assert names["density"](0.0, 0.0, 0.2) == pytest.approx(stats.norm.pdf(0, 0, 0.2), rel=1e-12)
    assert names["density"](0.0, 0.0, 0.2) > 1 > names["area"]


def test_the_three_lengths_peak_where_a_simplex_search_of_scipy_ends(names):
    found = optimize.minimize(
        lambda p: -stats.norm.logpdf(LENGTHS, p[0], np.exp(p[1])).sum(),
        [0.0, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 2000},
    )
    assert [names["mean_hat"], names["stddev_hat"] ** 2] == pytest.approx([7 / 6, 7 / 18], rel=1e-14)
    assert [found.x[0], np.exp(2 * found.x[1])] == pytest.approx([7 / 6, 7 / 18], rel=1e-6)
    assert -found.fun == pytest.approx(-2.840123, abs=1e-6)
    assert math.log(names["surface"].max()) == pytest.approx(-found.fun, abs=1e-3)
    estimates = names["result"].estimates
    assert estimates["mean"] == pytest.approx(7 / 6, abs=1e-9)
    assert estimates["stddev"] ** 2 == pytest.approx(7 / 18, abs=1e-9)
    assert 3 * names["by_model"] == pytest.approx(found.fun, abs=1e-9)
    assert 3 * names["by_hand"] == pytest.approx(found.fun, abs=1e-9)


def test_the_three_lengths_have_a_width_of_their_own(names):
    variance = 7 / 18
    closed_form = [math.sqrt(variance / 3), math.sqrt(variance / 6)]
    assert names["widths"] == pytest.approx(closed_form, rel=1e-5)
    assert list(names["result"].standard_errors.values()) == pytest.approx(closed_form, rel=1e-9)

    def slope_in_stddev(mean, step=1e-5):  # its own slope in the mean is the mixed derivative
        s = math.sqrt(variance)
        up, down = (stats.norm.logpdf(LENGTHS, mean, s + sign * step).sum() for sign in (1, -1))
        return (up - down) / (2 * step)

    mixed = (slope_in_stddev(7 / 6 + 1e-3) - slope_in_stddev(7 / 6 - 1e-3)) / 2e-3
    assert mixed == pytest.approx(0.0, abs=1e-5)


def test_the_likelihood_ratio_of_five_draws_is_that_of_scipy(names):
    five = np.random.default_rng(2).normal(2, 1, 5)
    heights = [stats.norm.logpdf(five, mean).sum() for mean in (0, 2, five.mean())]
    assert names["likelihood_ratio"] == pytest.approx(np.exp(heights[1] - heights[0]), rel=1e-12)
    assert heights[2] > max(heights[:2])
    assert five.mean() == pytest.approx(1.722, abs=5e-4)
    assert [ratio < 1 for ratio in names["ratios"]] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("name", "library", "n", "digits"),
    [
        ("float64", "NumPy", 525, 1074),
        ("float32", "NumPy", 73, 149),
        ("float64", "TensorFlow", 499, 1022),
        ("float32", "TensorFlow", 62, 126),
    ],
)
def test_underflow_comes_where_the_entropy_of_the_normal_says(names, name, library, n, digits):
    expected = digits * math.log(2) / stats.norm.entropy()
    predicted, seen = names["ends"][name, library]
    assert round(expected) == n == round(predicted)
    spread = math.sqrt(expected / 2) / stats.norm.entropy()  # a log-density has variance 1/2
    assert seen == pytest.approx(expected, abs=1 + 4 * spread / math.sqrt(400))


def test_one_density_underflows_where_the_page_says(names):
    density = names["density"]
    assert density(38.5, 0.0, 1.0) > 0 == density(38.6, 0.0, 1.0)
    assert float(names["log_density"](40.0, 0.0, 1.0)) == pytest.approx(stats.norm.logpdf(40), rel=1e-14)


def test_product_and_sum_have_one_gradient_until_the_product_underflows(names):
    draws = np.random.default_rng(0).normal(3, 1, 1000)
    assert names["gradients"][100] == pytest.approx([100 * (draws[:100].mean() - 2.5)] * 2, rel=1e-10)
    by_product, by_sum = names["gradients"][1000]
    assert math.isnan(by_product)
    assert by_sum == pytest.approx(1000 * (draws.mean() - 2.5), rel=1e-12)


def test_pythons_logarithm_drops_the_gradient_that_finite_differences_see(names):
    up, down = (stats.norm.logpdf(LENGTHS, 1.0, 2.0 + step).sum() for step in (1e-5, -1e-5))
    assert names["slopes"]["tf.math.log"] == pytest.approx((up - down) / 2e-5, abs=1e-8)
    assert names["slopes"]["tf.math.log"] == pytest.approx(-1.34375, rel=1e-12)
    assert names["slopes"]["math.log"] == pytest.approx(0.15625, rel=1e-12)
    for drops in (np.log, float):
        with tf.GradientTape() as tape:
            value = 0.0 * names["spread"] + drops(names["spread"])
        assert float(tape.gradient(value, names["spread"])) == 0.0


def test_twenty_candidates_lie_on_a_parabola_around_the_sample_mean(names):
    draws = np.random.default_rng(0).normal(3, 1, 1000)
    candidates = np.linspace(0, 6, 20)
    by_scipy = [stats.norm.logpdf(draws, candidate).sum() for candidate in candidates]
    parabola = stats.norm.logpdf(draws, draws.mean()).sum() - 500 * (candidates - draws.mean()) ** 2
    np.testing.assert_allclose(names["curve"], by_scipy, rtol=1e-12)
    np.testing.assert_allclose(names["curve"], parabola, rtol=1e-12)
    assert names["sample_mean"] == pytest.approx(draws.mean(), rel=1e-14)
    assert names["best"] == np.abs(candidates - draws.mean()).argmin()
    assert names["standard_error"] == pytest.approx(stats.norm.std() / math.sqrt(1000), rel=1e-12)
    assert names["bend"] == pytest.approx(1000, rel=1e-6)


def test_the_best_of_twenty_is_three_and_a_half_standard_errors_off(names):
    draws = np.random.default_rng(0).normal(3, 1, 1000)
    off = np.abs(np.linspace(0, 6, 20) - draws.mean()) * math.sqrt(1000)
    assert off.min() == pytest.approx(3.5, abs=0.05)
    assert np.abs(names["k"]).min() == pytest.approx(off.min(), rel=1e-10)
    fall = names["top"] - names["curve"].max()
    assert fall == pytest.approx(off.min() ** 2 / 2, rel=1e-9)
    assert 6 / 19 * math.sqrt(1000) == pytest.approx(10, abs=0.02)
    assert names["needed"] == 191
    assert 6 / 190 < names["standard_error"] < 6 / 189


def test_the_limit_of_the_mean_log_likelihood_is_lowest_entropy_plus_the_distance(names):
    trials = names["trials"]
    limit = -stats.norm.entropy() - (trials - 3) ** 2 / 2
    np.testing.assert_allclose(names["limit"], limit, atol=1e-9)
    distance, _ = integrate.quad(
        lambda x: stats.norm.pdf(x, 3) * (stats.norm.logpdf(x, 3) - stats.norm.logpdf(x, 4)), -7, 13
    )
    assert names["distance"] == pytest.approx(distance, abs=1e-8)
    assert [trials[30], trials[50]] == pytest.approx([3.0, 4.0])
    for n, peaks in names["peaks"].items():  # the spread of eight peaks, by the chi-square of their variance
        low, high = stats.chi2.ppf([0.001, 0.999], 7)
        assert low < 7 * n * peaks.var(ddof=1) < high
    by_scipy = stats.norm.logpdf(names["samples"][..., 0, None], trials).mean(axis=1)
    np.testing.assert_allclose(names["heights_of_eight"], by_scipy, rtol=1e-10)


def test_areas_under_the_likelihood_are_no_probabilities(names):
    # With u = S / (2 stddev^2) the likelihood is a gamma density: of shape 1, 1/2 and 3/2 on the three axes.
    shares = {"stddev": 1.0, "variance": 0.5, "log stddev": 1.5}
    for axis, shape in shares.items():
        assert names["shares"][axis] == pytest.approx(special.gammaincc(shape, S / 2), abs=2e-3)
    top_stddev = names["many_stddevs"][names["heights"].argmax()]
    assert top_stddev == pytest.approx(math.sqrt(7 / 18), rel=1e-3)


def test_in_centimetres_the_log_likelihood_falls_by_the_logarithm_of_the_unit(names):
    assert names["change"] == pytest.approx(-3 * math.log(100), rel=1e-12)


def test_one_reading_has_no_likeliest_spread_by_its_density_nor_by_its_probability(names):
    assert names["p"] == pytest.approx(stats.norm.pdf(0, scale=0.01), rel=1e-12)
    inside = stats.norm.cdf(0.05, scale=0.01) - stats.norm.cdf(-0.05, scale=0.01)
    assert names["interval"] == pytest.approx(inside, rel=1e-12)
