"""What learn/likelihood.md computes, against scipy's distributions and closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

LENGTHS = [0.5, 2.0, 1.0]
S = 7 / 6  # sum of squared deviations of the lengths from their mean


@pytest.fixture
def names(page):
    return page("learn/likelihood.md")


def test_a_density_passes_one_and_an_interval_keeps_its_probability(names):
    for stddev, probability in names["areas"].items():
        exact = stats.norm.cdf(0.1, 0, stddev) - stats.norm.cdf(-0.1, 0, stddev)
        assert probability == pytest.approx(exact, abs=1e-5)
        assert names["highest"][stddev] == pytest.approx(stats.norm.pdf(0, 0, stddev), rel=1e-12)
    assert names["highest"][0.2] > 1 > names["highest"][0.4]


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
    assert names["found"]["mean"] == pytest.approx(7 / 6, abs=1e-9)
    assert names["found"]["stddev"] ** 2 == pytest.approx(7 / 18, abs=1e-9)
    assert 3 * names["by_model"] == pytest.approx(found.fun, abs=1e-9)
    assert 3 * names["by_density"] == pytest.approx(3 * names["by_hand"], abs=1e-12)


def test_the_likelihood_ratio_of_five_draws_is_that_of_scipy(names):
    five = np.random.default_rng(2).normal(2, 1, 5)
    ratio = np.exp(stats.norm.logpdf(five, 2).sum() - stats.norm.logpdf(five, 0).sum())
    assert names["likelihood_ratio"] == pytest.approx(ratio, rel=1e-12)
    assert names["against_truth"] == pytest.approx(5 * (five.mean() - 2) ** 2 / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "n", "z", "digits"), [("float64", 525, 38.6, 1074), ("float32", 73, 14.4, 149)]
)
def test_underflow_comes_where_the_entropy_of_the_normal_says(names, name, n, z, digits):
    expected = digits * math.log(2) / stats.norm.entropy()
    assert round(expected) == n == round(names["predicted_n"][name][0])
    mean, spread = names["seen_n"][name]
    assert mean == pytest.approx(expected, abs=1 + 4 * spread / math.sqrt(400))
    assert spread == pytest.approx(names["predicted_n"][name][1], rel=0.15)
    assert names["seen_z"][name] == z
    below, above = stats.norm.pdf([z - 0.1, z]).astype(name)
    assert below > 0 == above
    log_density = stats.norm.logpdf(names["predicted_z"][name])
    assert log_density == pytest.approx(-(digits + 1) * math.log(2), rel=1e-12)


def test_the_gradient_survives_in_the_sum_alone(names):
    draws = np.random.default_rng(0).normal(3, 1, 1000)
    assert math.isnan(names["product_gradient"])
    assert names["sum_gradient"] == pytest.approx(1000 * (draws.mean() - 2.5), rel=1e-12)


def test_twenty_candidates_lie_on_a_parabola_around_the_sample_mean(names):
    draws = np.random.default_rng(0).normal(3, 1, 1000)
    candidates = np.linspace(0, 6, 20)
    by_scipy = [stats.norm.logpdf(draws, candidate).sum() for candidate in candidates]
    parabola = stats.norm.logpdf(draws, draws.mean()).sum() - 500 * (candidates - draws.mean()) ** 2
    np.testing.assert_allclose(names["curve"], by_scipy, rtol=1e-12)
    np.testing.assert_allclose(names["curve"], parabola, rtol=1e-12)
    assert names["sample_mean"] == pytest.approx(draws.mean(), rel=1e-14)
    assert names["grid_peak"] == candidates[np.abs(candidates - draws.mean()).argmin()]
    assert names["curvature"] == pytest.approx(1000, rel=1e-12)
    assert names["standard_error"] == pytest.approx(stats.norm.std() / math.sqrt(1000), rel=1e-12)


def test_areas_under_the_likelihood_are_no_probabilities(names):
    area, _ = integrate.quad(lambda m: np.prod(stats.norm.pdf(LENGTHS, m, 1)), -20, 20, points=[7 / 6])
    assert names["mean_area"] == pytest.approx(area, rel=1e-6)
    # With u = S / (2 stddev^2) the likelihood is a gamma density: of shape 1, 1/2 and 3/2 on the three axes.
    shares = {"stddev": 1.0, "variance": 0.5, "log stddev": 1.5}
    for axis, shape in shares.items():
        assert names["shares"][axis] == pytest.approx(special.gammaincc(shape, S / 2), abs=2e-3)
    assert names["top_stddev"] == pytest.approx(math.sqrt(7 / 18), rel=1e-3)


def test_the_exponential_rate_is_one_over_the_mean(names):
    assert names["best_rate"] == pytest.approx(6 / 7, abs=5e-4)
    assert max(names["exponential"]) == pytest.approx(
        stats.expon.logpdf(LENGTHS, scale=7 / 6).sum(), abs=1e-5
    )
