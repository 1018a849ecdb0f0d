"""What concepts/density.md computes, against scipy's distributions and optimisers, and closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import mlefit

SPEED = mlefit.data.load("michelson")["speed"]
N = len(SPEED)


@pytest.fixture
def names(page):
    return page("concepts/density.md")


def log_bins(x, width, mean, stddev):
    """The log-likelihood of bins, from the tail in which scipy keeps its digits."""
    low, high = (x - width / 2 - mean) / stddev, (x + width / 2 - mean) / stddev
    upper = low + high > 0
    low, high = np.where(upper, -high, low), np.where(upper, -low, high)
    return np.log(stats.norm.cdf(high) - stats.norm.cdf(low)).sum()


def fit_by_simplex(x, width):
    found = optimize.minimize(
        lambda p: -log_bins(x, width, p[0], np.exp(p[1])),
        [x.mean(), np.log(x.std())],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000},
    )
    return found.x[0], math.exp(found.x[1])


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.5), (2, 3), (-3, -2), (9.9, 10.1), (-20.5, -20.25)])
def test_a_bin_has_the_integral_of_the_density(names, low, high):
    area, _ = integrate.quad(stats.norm.pdf, low, high, epsabs=0)
    assert float(names["probability"](low, high, 0.0, 1.0)) == pytest.approx(area, rel=1e-10)
    moved = float(names["probability"](low * 3 + 7, high * 3 + 7, 7.0, 3.0))
    assert moved == pytest.approx(area, rel=1e-10)


def test_width_times_density_is_off_by_the_square_of_the_width(names):
    for width, off in names["off"].items():
        exact = stats.norm.cdf(2 + width / 2) - stats.norm.cdf(2 - width / 2)
        assert off == pytest.approx(exact / (width * stats.norm.pdf(2)) - 1, abs=1e-12)
        assert off == pytest.approx(width**2 / 8, rel=0.03 * width**2)


def test_bins_of_michelson_are_fitted_as_by_a_simplex_search(names):
    mean, stddev = fit_by_simplex(SPEED, 10)
    assert names["bins_mean"] == pytest.approx(mean, abs=1e-5)
    assert names["bins_stddev"] == pytest.approx(stddev, abs=1e-5)
    assert names["stddev"] ** 2 - stddev**2 == pytest.approx(100 / 12, rel=1e-3)
    assert names["model_stddev"] == pytest.approx(stddev, abs=1e-5)
    assert names["bins_errors"] == pytest.approx([78.6145 / 10, 78.6145 / math.sqrt(200)], rel=1e-3)


def test_rounding_shifts_the_log_likelihood_by_nearly_a_constant(names):
    gaps = [
        log_bins(SPEED, 10, mean, stddev) - stats.norm.logpdf(SPEED, mean, stddev).sum() - N * math.log(10)
        for mean, stddev in names["around"]
    ]
    np.testing.assert_allclose(names["gaps"], gaps, atol=1e-9)
    assert np.abs(gaps).max() < 0.01 * names["fall"]


def test_bins_stay_right_where_densities_do_not(names):
    draws = np.random.default_rng(0).normal(0.3, 1, 10_000)
    for width, (density, corrected, bins, error) in names["coarse"].items():
        rounded = width * np.round(draws / width)
        assert bins == pytest.approx(fit_by_simplex(rounded, width)[1], abs=1e-6)
        assert abs(bins - 1) < 3 * error
        assert density == pytest.approx(rounded.std(), rel=1e-12)
        assert corrected**2 == pytest.approx(rounded.var() - width**2 / 12, rel=1e-12)
    assert names["coarse"][1.0][0] == pytest.approx(math.sqrt(13 / 12), abs=0.01)
    assert names["coarse"][1.0][3] > 1 / math.sqrt(2 * 10_000)


def test_a_narrow_component_is_bounded_in_bins_alone(names):
    narrow, density, bins = names["narrow"], names["by_density"], names["by_bins"]
    ten_values = (density[1] - density[0]) / math.log(narrow[1] / narrow[0])
    assert ten_values == pytest.approx(-10, rel=1e-2)
    wide = stats.norm(SPEED.mean(), SPEED.std())
    limit = np.log(0.9 * (wide.cdf(SPEED + 5) - wide.cdf(SPEED - 5)) + 0.1 * (SPEED == 880)).sum()
    assert bins[0] == pytest.approx(limit, rel=1e-9)
    assert bins[-1] - N * math.log(10) == pytest.approx(density[-1], abs=0.01)


def test_the_jacobian_makes_the_lognormal_of_scipy(names):
    waits = names["waits"]
    log_mean, log_stddev = np.log(waits).mean(), np.log(waits).std()
    lognormal = stats.lognorm(log_stddev, scale=math.exp(log_mean))
    normal = stats.norm(waits.mean(), waits.std())
    assert names["aics"]["s"][0] == pytest.approx(4 - 2 * normal.logpdf(waits).sum(), abs=1e-9)
    assert names["aics"]["s"][2] == pytest.approx(4 - 2 * lognormal.logpdf(waits).sum(), abs=1e-9)
    for k, model in ((0, normal), (2, lognormal)):
        in_ms = names["aics"]["s"][k] + 200 * math.log(1000)
        assert names["aics"]["ms"][k] == pytest.approx(in_ms, abs=1e-9)
        bins = 4 - 2 * np.log(model.cdf(waits + 0.005) - model.cdf(waits - 0.005)).sum()
        assert names["normal_bins" if k == 0 else "lognormal_bins"] == pytest.approx(bins, abs=1e-8)
    won = names["aics"]["s"][0] - names["aics"]["s"][2]
    assert names["normal_bins"] - names["lognormal_bins"] == pytest.approx(won, abs=0.02)


def test_exercises(names):
    assert names["nll_km"] - names["nll_thousand"] == pytest.approx(math.log(1000), rel=1e-12)
    assert names["nll_bins"] == pytest.approx(-log_bins(SPEED, 10, SPEED.mean(), SPEED.std()) / N, rel=1e-12)
    k = names["k"]
    found = optimize.minimize_scalar(
        lambda rate: -stats.geom.logpmf(k + 1, 1 - math.exp(-rate)).sum(), bounds=(0.5, 2), method="bounded"
    )
    assert names["rate_bins"] == pytest.approx(found.x, abs=1e-5)
    assert abs(names["rate_bins"] - 1) < 3 * names["rate_error"]
    information = 1 / (4 * math.sinh(names["rate_bins"] / 2) ** 2)
    assert names["rate_error"] == pytest.approx(1 / math.sqrt(len(k) * information), rel=1e-12)
    light = 299_000 + SPEED
    normal = stats.norm.logpdf(light, light.mean(), light.std()).sum()
    scale = math.exp(np.log(light).mean())
    lognormal = stats.lognorm.logpdf(light, np.log(light).std(), scale=scale).sum()
    assert names["with_jacobian"] == pytest.approx(2 * (lognormal - normal), abs=1e-5)
