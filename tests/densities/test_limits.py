"""Log-densities at the ends of their parameters: what they become there, with all digits."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from mlefit import densities


@pytest.mark.parametrize("df", [1e6, 1e10, 1e100])
def test_student_t_keeps_its_digits_on_the_way_to_the_gaussian(df):
    z = np.array([0.0, 1.0, 3.0])
    first_order = (z**4 - 2 * z**2 - 1) / (
        4 * df
    )  # expansion of log t about the Gaussian, next term of order df^-2
    x = tf.Variable(df, dtype=tf.float64)
    with tf.GradientTape() as tape:
        value = densities.student_t(z, 0.0, 1.0, x)
    np.testing.assert_allclose(value, stats.norm.logpdf(z) + first_order, rtol=1e-14, atol=1000 / df**2)
    slope = -sum(first_order) / df
    assert float(tape.gradient(value, x)) == pytest.approx(slope, rel=1e-3, abs=1e-15 / df)


def test_student_t_is_smooth_where_its_series_takes_over():
    df = np.array([99.9, 100 - 1e-9, 100.0, 100 + 1e-9, 100.1])
    np.testing.assert_allclose(densities.student_t(1.5, 0.0, 1.0, df), stats.t.logpdf(1.5, df), rtol=1e-13)


@pytest.mark.parametrize("size", [1e6, 1e10, 1e100, 1e150])
def test_negative_binomial_keeps_its_digits_on_the_way_to_poisson(size):
    x, log_mean = np.array([0.0, 1.0, 3.0, 40.0]), 1.2
    mean = np.exp(log_mean)
    first_order = ((x - mean) ** 2 - x) / (2 * size)  # the next term is of order size^-2
    r = tf.Variable(size, dtype=tf.float64)
    with tf.GradientTape() as tape:
        value = densities.negative_binomial(x, log_mean, r)
    poisson = stats.poisson.logpmf(x, mean)
    np.testing.assert_allclose(value, poisson + first_order, atol=1e-15 * np.log(size) + 1e5 * size**-2.0)
    slope = -sum(first_order) / size
    assert float(tape.gradient(value, r)) == pytest.approx(slope, rel=1e-3, abs=1e-13 / size)


def test_negative_binomial_of_size_one_is_the_geometric_distribution():
    x, mean = np.arange(50.0), 4.0
    found = densities.negative_binomial(x, np.log(mean), 1.0)
    np.testing.assert_allclose(found, stats.geom.logpmf(x + 1, 1 / (1 + mean)), rtol=1e-13)


def test_negative_binomial_of_a_small_size_is_nearly_always_zero():
    size = 1e-12
    found = densities.negative_binomial([0.0, 1.0, 5.0], 0.0, size)
    log_series = np.log(size) - np.log([1.0, 5.0])  # times (mean / (mean + size))^x, which is 1 here
    assert float(found[0]) == pytest.approx(size * np.log(size), rel=1e-9)
    np.testing.assert_allclose(found[1:], log_series, rtol=1e-11)


X = np.array([1e-9, 0.1, 1.0, 3.0, 20.0])


@pytest.mark.parametrize(
    "found",
    [
        densities.gamma(X, 1.0, 0.7),
        densities.weibull(X, 1.0, 1 / 0.7),
        densities.weibull_survival(X, 1.0, 1 / 0.7) + np.log(0.7),
    ],
)
def test_shape_one_is_the_exponential_distribution(found):
    np.testing.assert_allclose(found, densities.exponential(X, 0.7), rtol=1e-13, atol=1e-14)


def log_factorial(n):
    """To 50 digits, where float64 has 16 of them before and after the point together."""
    return Decimal(math.factorial(n)).ln()


def test_gamma_of_a_large_shape_keeps_its_digits():
    shape = 10_000
    x = [9_500, 10_000, 10_300]
    with localcontext(prec=50):
        truth = [float((shape - 1) * Decimal(v).ln() - v - log_factorial(shape - 1)) for v in x]
    np.testing.assert_allclose(densities.gamma(x, shape, 1.0), truth, rtol=0, atol=5e-13)


def test_beta_of_large_arguments_keeps_its_digits():
    a, b, x = 6_000, 4_000, ["0.59", "0.6", "0.615"]
    with localcontext(prec=50):
        constant = log_factorial(a + b - 1) - log_factorial(a - 1) - log_factorial(b - 1)
        truth = [float(constant + (a - 1) * Decimal(v).ln() + (b - 1) * (1 - Decimal(v)).ln()) for v in x]
    np.testing.assert_allclose(densities.beta([float(v) for v in x], a, b), truth, rtol=0, atol=4e-12)


def test_beta_near_its_ends_is_that_of_scipy():
    x = np.array([1e-300, 1e-12, 1 - 1e-6, 1 - 1e-16])
    for a, b in [(0.3, 2.5), (4.0, 0.2)]:
        np.testing.assert_allclose(densities.beta(x, a, b), stats.beta.logpdf(x, a, b), rtol=1e-13)


def test_beta_of_one_and_one_is_uniform():
    np.testing.assert_allclose(densities.beta([1e-300, 0.2, 1 - 1e-16], 1.0, 1.0), np.zeros(3), atol=1e-15)


@pytest.mark.parametrize("concentration", [1e-300, 1e-10])
def test_von_mises_becomes_uniform(concentration):
    value = densities.von_mises([-3.0, 0.0, 2.0], 0.3, concentration)
    np.testing.assert_allclose(value, -np.log(2 * np.pi) * np.ones(3), rtol=2 * concentration + 1e-15)


@pytest.mark.parametrize("concentration", [1e6, 1e12, 1e300])
def test_von_mises_becomes_gaussian(concentration):
    z = np.array([-3.0, 0.0, 1.0])
    expected = stats.norm.logpdf(z) + np.log(concentration) / 2 + (z**4 / 24 - 1 / 8) / concentration
    value = densities.von_mises(z / np.sqrt(concentration), 0.0, concentration)
    np.testing.assert_allclose(value, expected, rtol=1e-15, atol=1e-14 + 100 * concentration**-2.0)


def test_probits_have_all_digits_in_both_tails():
    a = np.concatenate([-np.geomspace(1e-3, 1e3, 200), [0.0], np.geomspace(1e-3, 38, 200)])
    at = tf.constant(a)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(at)
        with tf.GradientTape() as inner:
            inner.watch(at)
            value = densities.binomial_probit(1.0, 1.0, at)
        slope = inner.gradient(value, at)
    np.testing.assert_allclose(value, special.log_ndtr(a), rtol=5e-13, atol=1e-300)
    ratio = np.exp(stats.norm.logpdf(a) - special.log_ndtr(a))
    np.testing.assert_allclose(slope, ratio, rtol=2e-10, atol=1e-300)
    curvature = outer.gradient(slope, at).numpy()
    np.testing.assert_allclose(curvature[a < -50], -1 + a[a < -50] ** -2, rtol=2e-6)
    easy = a > -3
    np.testing.assert_allclose(curvature[easy], (-ratio * (a + ratio))[easy], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    "density", [densities.binomial, densities.binomial_probit, densities.binomial_cloglog]
)
def test_what_is_certain_costs_nothing_however_far_it_goes(density):
    far = tf.constant([1e3, 1e5], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(far)
        value = density([7.0, 7.0], 7.0, far)
    assert value.numpy().tolist() == [0.0, 0.0] and tape.gradient(value, far).numpy().tolist() == [0.0, 0.0]
    assert float(density(6.0, 7.0, 1e3)) < -900


def test_many_trials_of_a_rare_event_are_a_poisson_count():
    for density, rare in [
        (densities.binomial, np.log(2e-10)),
        (densities.binomial_probit, special.ndtri(2e-10)),
        (densities.binomial_cloglog, np.log(2e-10)),
    ]:
        np.testing.assert_allclose(
            density(np.arange(4.0), 1e10, rare), stats.poisson.logpmf(range(4), 2.0), rtol=1e-5
        )
