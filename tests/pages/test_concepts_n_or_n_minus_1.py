"""What concepts/n-or-n-minus-1.md computes, against scipy's chi, chi-squared and t, and certified digits."""

import math

import numpy as np
import pytest
from scipy import special, stats


@pytest.fixture
def names(page):
    return page("concepts/n-or-n-minus-1.md")


@pytest.mark.parametrize(
    ("n", "digits"), [(2, 0.5642), (5, 0.8407), (10, 0.9227), (30, 0.9748), (100, 0.9925)]
)
def test_the_factor_is_the_mean_of_a_chi_and_of_the_simulation(names, n, digits):
    exact = stats.chi.mean(n - 1) / math.sqrt(n)
    assert names["factor"](n) == pytest.approx(exact, rel=1e-12)
    assert round(exact, 4) == digits
    error = stats.chi.std(n - 1) / math.sqrt(n * 40_000)
    assert abs(names["stddevs"][n].mean() - exact) < 4 * error
    assert names["c4"][n] == pytest.approx(stats.chi.mean(n - 1) / math.sqrt(n - 1), rel=1e-12)


def test_c4_is_that_of_the_tables_of_quality_control(names):
    tables = {2: 0.7979, 5: 0.9400, 10: 0.9727}
    assert {n: round(names["c4"][n], 4) for n in tables} == tables


def test_the_drawn_density_is_a_chi(names):
    chi = stats.chi(29, scale=1 / math.sqrt(30))
    np.testing.assert_allclose(names["density"], chi.pdf(names["grid"]), rtol=1e-9)


def test_most_samples_give_too_small_a_variance(names):
    for simulated, limit in ((names["below_hat"], 5), (names["below_s"], 4)):
        exact = stats.chi2.cdf(limit, 4)
        assert abs(simulated - exact) < 4 * math.sqrt(exact * (1 - exact) / 40_000)


def test_mean_squared_errors_are_those_of_a_chi_squared(names):
    for d, exact in names["exact_errors"].items():
        scaled = stats.chi2(4, scale=1 / d)
        assert exact == pytest.approx(scaled.var() + (scaled.mean() - 1) ** 2, rel=1e-12)
        simulated, error = names["squared_errors"][d]
        assert abs(simulated - exact) < 4 * error
    assert sorted(names["exact_errors"], key=names["exact_errors"].get) == [6, 5, 4]


def test_michelson_has_the_certified_stddev_with_the_divisor_n_minus_1(names):
    assert names["divisor_less"] == pytest.approx(0.0790105478190518, rel=1e-10)
    assert names["divisor_n"] == pytest.approx(0.0790105478190518 * math.sqrt(0.99), rel=1e-10)
    assert names["fitted"] == pytest.approx(names["divisor_n"], rel=1e-10)


def test_regression_loses_one_part_in_n_for_each_coefficient(names):
    mean, error = names["regression"]
    assert error == pytest.approx(math.sqrt(2 * 12) / 20 / math.sqrt(40_000), rel=0.05)
    assert abs(mean - 12 / 20) < 4 * error


def test_exercises(names):
    for n, (wald, student) in names["coverages"].items():
        exact = 2 * stats.t.cdf(1.96 * math.sqrt((n - 1) / n), n - 1) - 1
        assert abs(wald - exact) < 4 * math.sqrt(exact * (1 - exact) / 40_000)
        assert abs(student - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 40_000)
    for d, (simulated, error) in names["log_errors"].items():
        bias = special.psi(2) + math.log(2 / d)
        assert abs(simulated - bias**2 - special.polygamma(1, 2)) < 4 * error
    for m, variance in names["pairs"].items():
        assert abs(variance - 0.5) < 4 * math.sqrt(0.5 / m)
