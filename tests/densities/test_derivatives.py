"""First derivatives of log-densities against SciPy, second ones against differences and closed forms."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from density_cases import CASES, DISCRETE
from mlefit import densities

every_density = pytest.mark.parametrize("name", CASES)


@every_density
def test_gradients_are_the_central_differences_of_the_truth(name):
    truth, arguments = CASES[name]
    near = np.all([np.abs(a) < 60 for a in np.broadcast_arrays(*arguments)], axis=0)  # or digits are lost
    arguments = [np.broadcast_to(argument, near.shape)[near] for argument in arguments]
    tensors = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = getattr(densities, name)(*tensors)
    for i, gradient in list(enumerate(tape.gradient(value, tensors)))[-DISCRETE.get(name, 4) :]:
        step = 1e-6 * np.maximum(1, np.abs(arguments[i]))
        above, below = ([*arguments[:i], arguments[i] + s, *arguments[i + 1 :]] for s in (step, -step))
        difference = (truth(*above) - truth(*below)) / (2 * step)
        np.testing.assert_allclose(gradient, difference, rtol=1e-5, atol=1e-6)


def derivatives(name, *tensors):
    """The gradient by each argument that varies smoothly, and the derivatives of each of these by each."""
    smooth = tensors[-DISCRETE.get(name, 4) :]
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(smooth)
        with tf.GradientTape() as inner:
            inner.watch(smooth)
            value = getattr(densities, name)(*tensors)
        gradient = inner.gradient(value, smooth)
    return gradient, [outer.gradient(slope, smooth, unconnected_gradients="zero") for slope in gradient]


KINKS = {"laplace": 1e-3, "asymmetric_laplace": 1e-3, "huber": 1e-3}


@every_density
@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "xla"])
def test_hessians_are_the_central_differences_of_gradients(name, options):
    arguments = np.broadcast_arrays(*CASES[name][1])
    near = np.all([np.abs(a) < 60 for a in arguments], axis=0)
    tensors = [tf.constant(a[near]) for a in arguments]
    compiled = tf.function(lambda *t: derivatives(name, *t), **options)
    hessian = np.array(compiled(*tensors)[1])
    first = len(tensors) - len(hessian)
    for j in range(len(hessian)):
        step = 1e-5 * np.maximum(0.1, np.abs(tensors[first + j]))
        above, below = (
            np.array(
                derivatives(name, *tensors[: first + j], tensors[first + j] + s, *tensors[first + j + 1 :])[0]
            )
            for s in (step, -step)
        )
        scale = 1 + np.abs(above)
        assert np.isfinite(hessian[:, j]).all()
        np.testing.assert_allclose(
            hessian[:, j] / scale, (above - below) / (2 * step) / scale, rtol=1e-5, atol=1e-6
        )


def student_t_curvature(x, location, scale, df):
    z = (x - location) / scale
    q = z**2 / (df**2 + df * z**2)
    gammas = (special.polygamma(1, (df + 1) / 2) - special.polygamma(1, df / 2)) / 4
    return gammas + 1 / (2 * df**2) + q - (df + 1) / 2 * q**2 * (2 * df + z**2) / z**2


def probit_curvature(x, trials, a):
    ratios = [np.exp(stats.norm.logpdf(a) - special.log_ndtr(side * a)) for side in (1, -1)]
    return -x * ratios[0] * (a + ratios[0]) - (trials - x) * ratios[1] * (ratios[1] - a)


def cloglog_curvature(x, trials, a):
    e = np.exp(a)
    log_yes = e / np.expm1(e) * (1 - e / -np.expm1(-e))
    return x * log_yes - (trials - x) * e


def size_curvature(x, log_mean, size):
    mean = np.exp(log_mean)
    gammas = sum(-1 / (size + j) ** 2 for j in range(int(x)))  # of Gamma(size + x) / Gamma(size), a product
    return gammas + 1 / size - 2 / (size + mean) + (size + x) / (size + mean) ** 2


def mises_curvature(x, mean, k):
    ratio = special.i1e(k) / special.i0e(k)
    return -(1 - ratio / k - ratio**2)


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
    ("binomial_probit", (3.0, 7.0, 0.7), 2, probit_curvature),
    ("binomial_probit", (7.0, 7.0, -7.999), 2, probit_curvature),
    ("binomial_probit", (7.0, 7.0, -8.001), 2, probit_curvature),
    ("binomial_probit", (7.0, 7.0, -40.0), 2, lambda x, n, a: -n * (1 - a**-2 + 6 * a**-4 - 50 * a**-6)),
    ("binomial_probit", (7.0, 7.0, 40.0), 2, lambda x, n, a: 0.0),
    ("binomial_cloglog", (3.0, 7.0, -2.001), 2, cloglog_curvature),
    ("binomial_cloglog", (3.0, 7.0, -1.999), 2, cloglog_curvature),
    ("binomial_cloglog", (3.0, 7.0, 3.0), 2, cloglog_curvature),
    ("binomial_cloglog", (7.0, 7.0, -40.0), 2, lambda x, n, a: -n * np.exp(a) / 2),
    ("binomial_cloglog", (7.0, 7.0, 40.0), 2, lambda x, n, a: 0.0),
    ("poisson", (3.0, 0.7), 1, lambda x, t: -np.exp(t)),
    (
        "negative_binomial",
        (3.0, 0.7, 2.5),
        1,
        lambda x, t, r: -(x + r) * r * np.exp(t) / (r + np.exp(t)) ** 2,
    ),
    ("negative_binomial", (3.0, 0.7, 2.5), 2, size_curvature),
    ("negative_binomial", (3.0, 0.7, 50.0), 2, size_curvature),
    ("gamma", (5.0, 2.5, 0.7), 1, lambda x, k, rate: -special.polygamma(1, k)),
    ("gamma", (5.0, 250.0, 0.7), 1, lambda x, k, rate: -special.polygamma(1, k)),
    ("gamma", (5.0, 2.5, 0.7), 2, lambda x, k, rate: -k / rate**2),
    ("weibull", (5.0, 2.5, 3.0), 1, lambda x, k, s: -(k**-2) - (x / s) ** k * np.log(x / s) ** 2),
    ("weibull_survival", (5.0, 2.5, 3.0), 1, lambda x, k, s: -((x / s) ** k) * np.log(x / s) ** 2),
    ("weibull_survival", (5.0, 2.5, 3.0), 2, lambda x, k, s: -k * (k + 1) * (x / s) ** k / s**2),
    ("log_normal", (5.0, 2.5, 0.7), 1, lambda x, m, s: -(s**-2)),
    ("beta", (0.3, 2.5, 30.0), 1, lambda x, a, b: special.polygamma(1, a + b) - special.polygamma(1, a)),
    ("beta", (0.3, 2.5, 30.0), 2, lambda x, a, b: special.polygamma(1, a + b) - special.polygamma(1, b)),
    ("von_mises", (5.0, 2.5, 0.7), 1, lambda x, m, k: -k * np.cos(x - m)),
    ("von_mises", (5.0, 2.5, 0.7), 2, mises_curvature),
    ("von_mises", (5.0, 2.5, 50.0), 2, mises_curvature),
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
