"""What a model hides from automatic differentiation is in its values, and is found there."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from failing import flagged, own
from mlefit.densities import gaussian
from mlefit.inference.derivatives import unlike_values

ops = keras.ops
HIDES = "hides part of its gradient"
X = np.linspace(0.0, 3.0, 60)
Y = np.exp(-0.8 * X) + 0.5 * (1 - np.exp(-0.8 * X)) + np.random.default_rng(0).normal(0, 0.02, 60)


def curve(hidden):
    return mlefit.NonlinearRegression(lambda x, k: ops.exp(-k * x) + 0.5 * hidden(x, k), k=1.0)


@pytest.mark.parametrize(
    "hidden",
    [
        lambda x, k: 1 - np.exp(-float(k) * np.asarray(x)),
        lambda x, k: 1 - ops.exp(-tf.stop_gradient(k) * x),
        lambda x, k: (
            1 - tf.ensure_shape(tf.numpy_function(lambda k, x: np.exp(-k * x), [k, x], tf.float64), x.shape)
        ),
    ],
)
def test_a_curve_that_hides_a_part(hidden):
    flagged(HIDES, curve(hidden), X, Y)


def test_the_same_curve_in_the_open():
    result = mlefit.fit(curve(lambda x, k: 1 - ops.exp(-k * x)), X, Y)
    k = result.estimates["k"]
    slope = -0.5 * X * np.exp(-k * X)
    rest = Y - 0.5 - 0.5 * np.exp(-k * X)
    bent = slope @ slope - rest @ (0.5 * X**2 * np.exp(-k * X))
    assert slope @ rest == pytest.approx(0, abs=1e-8)
    assert result.standard_errors["k"] == pytest.approx(result.estimates["stddev"] / np.sqrt(bent), rel=1e-6)


@pytest.mark.parametrize("others", [1, 5, 8, 12, 20, 40])
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_term_that_is_hidden_among_covariates(others, place):
    rng = np.random.default_rng(others)
    Z, z = rng.normal(size=(400, others)), rng.normal(size=400)
    y = Z @ rng.normal(size=others) * 0.3 + 0.5 * z + rng.normal(size=400)

    def log_prob(p, Z, z, y):
        half = 0.5 * p["c"] * z + 0.5 * tf.stop_gradient(p["c"]) * z
        return gaussian(y, ops.matmul(Z, p["b"]) + half, 1.0)

    starts = {"b": np.zeros(others), "c": 0.0}
    model = own(log_prob, **(starts if place == "last" else dict(reversed(starts.items()))))
    flagged(f"along c .*{HIDES}", model, Z, z, y)


def test_a_product_of_which_one_factor_is_hidden():
    """On each axis alone nothing shows at the optimum, where the other factor is 0."""
    x = np.random.default_rng(0).normal(size=50)
    x = (x - x.mean()) / x.std()
    model = own(
        lambda p, x: gaussian(x, p["a"], 1.0) - 0.5 * p["b"] ** 2 - 0.9 * tf.stop_gradient(p["a"]) * p["b"],
        a=0.3,
        b=0.3,
    )
    flagged(HIDES, model, x)


def test_a_hidden_second_derivative():
    @tf.custom_gradient
    def square(v):
        return v**2, lambda upstream: upstream * 2 * tf.stop_gradient(v)

    x = np.random.default_rng(0).normal(size=50)
    model = own(lambda p, x: gaussian(x, p["a"], 1.0) - 0.5 * square(p["a"]), a=0.3)
    flagged("does not curve along a", model, x)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_derivatives_that_are_right_are_not_doubted(size):
    rng = np.random.default_rng(1)
    for p in (1, 4):
        A = rng.normal(size=(p, p))
        point = size * rng.normal(size=p)

        def f(b, A=A):
            return np.sin(A @ b / size)

        jacobian = np.cos(A @ point / size)[:, None] * A / size
        assert unlike_values(f, jacobian, point, np.full(p, size)) is None
        wrong = jacobian.copy()
        wrong[:, p - 1] *= 0.9
        assert unlike_values(f, wrong, point, np.full(p, size)) == p - 1
