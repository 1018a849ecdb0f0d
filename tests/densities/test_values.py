"""Log-densities against SciPy, the rule that probabilities sum to one, and input that they refuse."""

import inspect
import itertools
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from conftest import DOCS
from density_cases import CASES, DISCRETE
from mlefit import densities

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


MASSES = {  # parameters, and the pieces of the support, which end where a slope or curvature jumps
    "exponential": ([2.0], [0, np.inf]),
    "gamma": ([0.7, 2.0], [0, 1, np.inf]),
    "weibull": ([0.7, 2.0], [0, 1, np.inf]),
    "log_normal": ([0.3, 0.8], [0, 1, np.inf]),
    "beta": ([0.7, 2.0], [0, 0.5, 1]),
    "von_mises": ([0.3, 5.0], [1.0, 1.0 + 2 * np.pi]),
}


@pytest.mark.parametrize("name", CASES.keys() - DISCRETE.keys() - {"weibull_survival"})
def test_densities_integrate_to_one(name):
    parameters = [0.3, 0.8, 0.7, 0.7][: len(CASES[name][1]) - 1]
    parameters, ends = MASSES.get(name, (parameters, [-np.inf, -0.26, 0.3, 0.86, np.inf]))
    density = getattr(densities, name)
    pieces = itertools.pairwise(ends)
    total = sum(integrate.quad(lambda x: math.exp(density(x, *parameters)), *piece)[0] for piece in pieces)
    assert total == pytest.approx(1, abs=1e-7)


def test_what_has_not_ended_by_then_ends_later():
    later = integrate.quad(lambda x: math.exp(densities.weibull(x, 1.7, 2.0)), 3.0, np.inf)[0]
    assert float(densities.weibull_survival(3.0, 1.7, 2.0)) == pytest.approx(math.log(later), rel=1e-7)


def test_probabilities_sum_to_one():
    counts = np.arange(200)
    for log_probabilities in [
        densities.bernoulli(counts, 1.3),
        densities.binomial(counts, 150, -0.4),
        densities.binomial_probit(counts, 150, -0.4),
        densities.binomial_cloglog(counts, 150, -0.4),
        densities.poisson(counts, 3.5),
        densities.negative_binomial(counts, 1.5, 3.0),
    ]:
        assert np.exp(log_probabilities).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("density", "outside", "arguments"),
    [
        (densities.exponential, [-1e-9, -5.0], [0.7]),
        (densities.bernoulli, [-1.0, 0.5, 2.0], [0.7]),
        (densities.binomial, [-1.0, 0.5, 6.0, 5.5], [5.0, 0.7]),
        (densities.binomial_probit, [-1.0, 0.5, 6.0, 5.5], [5.0, 0.7]),
        (densities.binomial_cloglog, [-1.0, 0.5, 6.0, 5.5], [5.0, 0.7]),
        (densities.poisson, [-1.0, -7.0, 0.5], [0.7]),
        (densities.negative_binomial, [-1.0, -7.0, -100.0, 0.5], [0.7, 60.0]),
        (densities.gamma, [0.0, -1e-9, -5.0], [0.7, 2.0]),
        (densities.weibull, [0.0, -1e-9, -5.0], [0.7, 2.0]),
        (densities.log_normal, [0.0, -1e-9, -5.0], [0.7, 2.0]),
        (densities.beta, [0.0, -1e-9, 1.0, 5.0], [0.7, 2.0]),
    ],
)
def test_outside_the_support_is_minus_infinity_with_a_finite_gradient(density, outside, arguments):
    x, *parameters = [tf.Variable(a, dtype=tf.float64) for a in (outside, *arguments)]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as tape:
            value = density(x, *parameters)
        slope = tape.gradient(value, parameters[-1])
    assert (value.numpy() == -np.inf).all()
    assert np.isfinite(slope)
    for each in outer.gradient(slope, [x, *parameters], unconnected_gradients="zero"):
        assert np.isfinite(each).all()


def test_what_is_over_before_it_begins_survives():
    assert densities.weibull_survival([0.0, -3.0], 0.7, 2.0).numpy().tolist() == [0.0, 0.0]


POSITIVE = {  # the places of the arguments that must be positive
    **dict.fromkeys(list(CASES)[:6], (2,)),
    **dict.fromkeys(("student_t", "huber"), (2, 3)),
    **dict.fromkeys(("gamma", "weibull", "weibull_survival", "beta"), (1, 2)),
    **dict.fromkeys(("log_normal", "von_mises", "negative_binomial"), (2,)),
    "exponential": (1,),
}
DOMAINS = [  # density, arguments, which one is wrong, wrong value
    *((name, which, bad) for name, places in POSITIVE.items() for which in places for bad in (0.0, -0.7)),
    *(("asymmetric_laplace", 3, bad) for bad in (-0.1, 0.0, 1.0, 1.1)),
    *((name, 1, bad) for name in CASES if name.startswith("binomial") for bad in (-1.0, 2.5)),
]


@pytest.mark.parametrize(("name", "which", "bad"), DOMAINS)
def test_parameters_out_of_range_are_refused_by_name_and_index(name, which, bad):
    fine = 1.0 if name.startswith("binomial") else 0.5
    arguments = [np.zeros(3), *[np.full(3, fine) for _ in CASES[name][1][1:]]]
    getattr(densities, name)(*arguments)
    arguments[which] = np.where([False, False, True], bad, arguments[which])
    argument = list(inspect.signature(getattr(densities, name)).parameters)[which]
    with pytest.raises(ValueError, match=rf"^{argument} must.*got {bad} at index 2$"):
        getattr(densities, name)(*arguments)
    # A tensor is not looked into, but cannot pass for a number either.
    if name in list(CASES)[:7] and bad not in (0.0, 1.0):
        arguments[which] = tf.constant(arguments[which])
        assert np.isnan(getattr(densities, name)(*arguments)[2])


def test_variables_take_the_value_that_a_stateless_scope_gives_them():
    mean, stddev = keras.Variable(0.0, dtype="float64"), keras.Variable(1.0, dtype="float64")
    with keras.StatelessScope(state_mapping=[(mean, tf.constant(2.0, tf.float64))]):
        value = densities.gaussian([2.5, 9.0], mean, stddev)
    np.testing.assert_allclose(value, stats.norm.logpdf([2.5, 9.0], 2.0, 1.0), rtol=1e-14)


def test_every_density_has_its_cases_and_its_place_in_the_reference():
    assert set(CASES) | {"categorical"} == set(densities.__all__)
    listed = re.findall(
        r"^::: mlefit\.densities\.(\w+)$", (DOCS / "reference/api/densities.md").read_text(), re.M
    )
    assert sorted(listed) == sorted(densities.__all__)
