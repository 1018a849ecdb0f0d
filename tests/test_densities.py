"""Log-densities against SciPy, calculus, and the rule that probabilities sum to one."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from mlefit import densities

Z = np.array([-1e3, -40.0, -3.0, -1.0, -0.4, 0.1, 0.5, 1.0, 2.5, 40.0, 1e3])
COUNTS = np.array([0.0, 1.0, 2.0, 7.0, 30.0, 1000.0])
LOGITS = np.array([-1e3, -40.0, -2.0, 0.0, 0.3, 40.0, 1e3])


def huber_truth(x, location, scale, delta):
    def loss(z):
        return np.where(np.abs(z) <= delta, z**2 / 2, delta * np.abs(z) - delta**2 / 2)

    halves = ((0, delta), (delta, np.inf))
    mass = 2 * sum(integrate.quad(lambda z: np.exp(-loss(z)), *ends, epsabs=0)[0] for ends in halves)
    return -loss((x - location) / scale) - np.log(mass * scale)


def asymmetric_laplace_truth(x, location, scale, quantile):
    kappa = np.sqrt(quantile / (1 - quantile))
    return stats.laplace_asymmetric.logpdf(x, kappa, location, scale * kappa / quantile)


def hyperbolic_secant_truth(x, location, scale):
    z = (x - location) / scale
    return math.log(2 / math.pi) - np.logaddexp(z, -z) - np.log(scale)


def binomial_truth(x, trials, logit):
    choose = np.log(special.comb(trials, x))
    return choose + x * special.log_expit(logit) + (trials - x) * special.log_expit(-logit)


def student_t_truth(x, location, scale, df):
    return stats.t.logpdf(x, df, location, scale)


# Each density with an independent truth and arguments that reach far into its tails.
M, S, D = np.float64(3), np.float64(0.7), np.float64(1.345)
X, PAIRS = M + S * Z, np.array([(x, logit) for x in (0.0, 1.0) for logit in LOGITS]).T
CASES = {
    "gaussian": (stats.norm.logpdf, [X, M, S]),
    "laplace": (lambda x, m, s: -np.abs(x - m) / s - np.log(2 * s), [X, M, S]),
    "student_t": (student_t_truth, [X, Z / 1e3, S, 1 + Z**2]),
    "huber": (np.vectorize(huber_truth), [X, M, S, D]),
    "asymmetric_laplace": (asymmetric_laplace_truth, [X, M, S, np.float64(0.2)]),
    "hyperbolic_secant": (hyperbolic_secant_truth, [X, M, S]),
    "exponential": (lambda x, rate: stats.expon.logpdf(x, scale=1 / rate), [Z**2, D]),
    "bernoulli": (lambda x, logit: special.log_expit((2 * x - 1) * logit), [*PAIRS]),
    "binomial": (binomial_truth, [PAIRS[0] * 12, np.float64(15), PAIRS[1]]),
    "poisson": (lambda x, t: stats.poisson.logpmf(x, np.exp(t)), [COUNTS, np.linspace(-9, 7, 6)]),
}
every_density = pytest.mark.parametrize("name", CASES)


@every_density
def test_values_are_those_of_scipy_far_into_the_tails(name):
    truth, arguments = CASES[name]
    value = getattr(densities, name)(*arguments)
    assert value.dtype == "float64" and np.isfinite(value).all()
    np.testing.assert_allclose(value, truth(*arguments), rtol=1e-12, atol=1e-13)


@every_density
def test_compiled_values_and_gradients_are_the_eager_ones(name):
    def value_and_gradients(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = getattr(densities, name)(*tensors)
        return value, *tape.gradient(value, tensors)

    tensors = [tf.constant(argument) for argument in CASES[name][1]]
    eager = value_and_gradients(*tensors)
    for options in ({}, {"jit_compile": True}):
        for one, other in zip(tf.function(value_and_gradients, **options)(*tensors), eager, strict=True):
            assert np.isfinite(other).all()
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)


@every_density
def test_gradients_are_the_central_differences_of_the_truth(name):
    truth, arguments = CASES[name]
    near = np.all([np.abs(a) < 60 for a in np.broadcast_arrays(*arguments)], axis=0)  # or digits are lost
    arguments = [np.broadcast_to(argument, near.shape)[near] for argument in arguments]
    tensors = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = getattr(densities, name)(*tensors)
    counts = name in ("bernoulli", "binomial", "poisson")
    for i, gradient in enumerate(tape.gradient(value, tensors)):
        if counts and i < len(tensors) - 1:
            continue  # counts and trials do not vary smoothly
        step = 1e-6 * np.maximum(1, np.abs(arguments[i]))
        above, below = ([*arguments[:i], arguments[i] + s, *arguments[i + 1 :]] for s in (step, -step))
        difference = (truth(*above) - truth(*below)) / (2 * step)
        np.testing.assert_allclose(gradient, difference, rtol=1e-5, atol=1e-6)


def student_t_curvature(x, location, scale, df):
    z = (x - location) / scale
    q = z**2 / (df**2 + df * z**2)
    gammas = (special.polygamma(1, (df + 1) / 2) - special.polygamma(1, df / 2)) / 4
    return gammas + 1 / (2 * df**2) + q - (df + 1) / 2 * q**2 * (2 * df + z**2) / z**2


CURVATURES = [  # density, arguments, which one varies, second derivative
    ("gaussian", (5.0, 3.0, 0.7), 1, lambda x, m, s: -1 / s**2),
    ("gaussian", (5.0, 3.0, 0.7), 2, lambda x, m, s: 1 / s**2 - 3 * (x - m) ** 2 / s**4),
    ("laplace", (5.0, 3.0, 0.7), 2, lambda x, m, s: 1 / s**2 - 2 * abs(x - m) / s**3),
    ("student_t", (5.0, 3.0, 0.7, 4.0), 3, student_t_curvature),
    ("student_t", (5.0, 3.0, 0.7, 200.0), 3, student_t_curvature),
    ("huber", (3.5, 3.0, 0.7, 1.0), 1, lambda x, m, s, d: -1 / s**2),
    ("huber", (5.0, 3.0, 0.7, 1.0), 1, lambda x, m, s, d: 0.0),
    ("asymmetric_laplace", (5.0, 3.0, 0.7, 0.2), 3, lambda x, m, s, q: -1 / q**2 - 1 / (1 - q) ** 2),
    ("hyperbolic_secant", (3.0, 3.0, 0.7), 1, lambda x, m, s: -1 / s**2),
    ("hyperbolic_secant", (5.0, 3.0, 0.7), 1, lambda x, m, s: -1 / (s * np.cosh((x - m) / s)) ** 2),
    ("exponential", (5.0, 0.7), 1, lambda x, rate: -1 / rate**2),
    ("bernoulli", (1.0, -30.0), 1, lambda x, t: -special.expit(t) * special.expit(-t)),
    ("binomial", (3.0, 7.0, 0.7), 2, lambda x, n, t: -n * special.expit(t) * special.expit(-t)),
    ("poisson", (3.0, 0.7), 1, lambda x, t: -np.exp(t)),
]


@pytest.mark.parametrize(("name", "arguments", "which", "curvature"), CURVATURES)
@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "xla"])
def test_second_derivatives_are_the_closed_forms(name, arguments, which, curvature, options):
    @tf.function(**options)
    def second_derivative(*tensors):
        with tf.GradientTape() as outer:
            outer.watch(tensors)
            with tf.GradientTape() as inner:
                inner.watch(tensors)
                value = getattr(densities, name)(*tensors)
            first = inner.gradient(value, tensors[which])
        return outer.gradient(first, tensors[which], unconnected_gradients="zero")

    found = second_derivative(*[tf.constant(a, tf.float64) for a in arguments])
    assert float(found) == pytest.approx(curvature(*arguments), rel=1e-9, abs=1e-15)


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


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("bernoulli", "binomial", "poisson")])
def test_densities_integrate_to_one(name):
    parameters = [2.0] if name == "exponential" else [0.3, 0.8, 0.7, 0.7][: len(CASES[name][1]) - 1]
    ends = (-np.inf, -0.26, 0.3, 0.86, np.inf)  # where a slope or curvature jumps
    pieces = itertools.pairwise(ends)
    if name == "exponential":
        pieces = [(0, np.inf)]
    density = getattr(densities, name)
    total = sum(integrate.quad(lambda x: math.exp(density(x, *parameters)), *ends)[0] for ends in pieces)
    assert total == pytest.approx(1, abs=1e-7)


def test_probabilities_sum_to_one():
    counts = np.arange(200)
    for log_probabilities in [
        densities.bernoulli(counts, 1.3),
        densities.binomial(counts, 150, -0.4),
        densities.poisson(counts, 3.5),
    ]:
        assert np.exp(log_probabilities).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("density", "outside", "arguments"),
    [
        (densities.exponential, [-1e-9, -5.0], [0.7]),
        (densities.bernoulli, [-1.0, 0.5, 2.0], [0.7]),
        (densities.binomial, [-1.0, 0.5, 6.0, 5.5], [5.0, 0.7]),
        (densities.poisson, [-1.0, -7.0, 0.5], [0.7]),
    ],
)
def test_outside_the_support_is_minus_infinity_with_a_finite_gradient(density, outside, arguments):
    *others, parameter = [tf.Variable(a, dtype=tf.float64) for a in arguments]
    with tf.GradientTape() as tape:
        value = density(outside, *others, parameter)
    assert (value.numpy() == -np.inf).all()
    assert np.isfinite(tape.gradient(value, parameter))


DOMAINS = [  # density, arguments, which one is wrong, wrong value
    *((name, 2, bad) for name in list(CASES)[:6] for bad in (0.0, -0.7)),
    *((name, 3, bad) for name in ("student_t", "huber") for bad in (0.0, -0.7)),
    *(("asymmetric_laplace", 3, bad) for bad in (-0.1, 0.0, 1.0, 1.1)),
    *(("exponential", 1, bad) for bad in (0.0, -0.7)),
    *(("binomial", 1, bad) for bad in (-1.0, 2.5)),
]


@pytest.mark.parametrize(("name", "which", "bad"), DOMAINS)
def test_parameters_out_of_range_are_refused_by_name_and_index(name, which, bad):
    fine = 1.0 if name == "binomial" else 0.5
    arguments = [np.zeros(3), *[np.full(3, fine) for _ in CASES[name][1][1:]]]
    getattr(densities, name)(*arguments)
    arguments[which] = np.where([False, False, True], bad, arguments[which])
    names = "stddev|scale|df|delta|quantile|rate|trials"
    with pytest.raises(ValueError, match=rf"^({names}) must.*got {bad} at index 2$"):
        getattr(densities, name)(*arguments)
    if name != "binomial" and bad not in (
        0.0,
        1.0,
    ):  # a tensor is not looked into, but cannot pass for a number either
        arguments[which] = tf.constant(arguments[which])
        assert np.isnan(getattr(densities, name)(*arguments)[2])


def test_variables_take_the_value_that_a_stateless_scope_gives_them():
    mean, stddev = keras.Variable(0.0, dtype="float64"), keras.Variable(1.0, dtype="float64")
    with keras.StatelessScope(state_mapping=[(mean, tf.constant(2.0, tf.float64))]):
        value = densities.gaussian([2.5, 9.0], mean, stddev)
    np.testing.assert_allclose(value, stats.norm.logpdf([2.5, 9.0], 2.0, 1.0), rtol=1e-14)
