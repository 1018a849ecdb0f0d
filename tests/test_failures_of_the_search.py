"""Never silently wrong where density or search is to blame: saddles, kinks, hidden derivatives."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from mlefit.densities import laplace
from test_failures import NOISE, X, bell, flagged, hand_gaussian, ops, own


def test_starts_at_a_saddle_and_at_a_maximum():
    two = np.concatenate([NOISE[:25] - 4, NOISE[25:] + 4])
    mixture = own(
        lambda p, x: ops.logaddexp(bell(x, p["a"], 1.0), bell(x, p["b"], 1.0)) - np.log(2), a=0.0, b=0.0
    )
    result = mlefit.fit(mixture, two)
    assert result.converged
    np.testing.assert_allclose(sorted(result.estimates.values()), [-4, 4], atol=0.5)
    worst = own(lambda p, x: bell(x, ops.cos(p["t"]), 1.0), t=0.0)
    result = mlefit.fit(worst, NOISE - 3.0)
    assert np.cos(result.estimates["t"]) == pytest.approx(-1.0, abs=1e-6)


def test_a_kink_at_the_optimum():
    double = own(lambda p, x: laplace(x, p["m"], p["s"]), m=0.3, s=(1.0, "positive"))
    for covariance in ("observed", "robust"):
        result = flagged("not differentiable in m.*bootstrap", double, NOISE, covariance=covariance)
        assert abs(result.estimates["m"] - np.median(NOISE)) < 0.05
    mixed = own(lambda p, x: laplace(x, p["m"], 1.0) - 0.01 * (x - p["m"]) ** 2, m=0.3)
    flagged("", mixed, NOISE)


def test_no_optimum_and_the_iteration_limit():
    flagged("for ever in the direction of t", own(lambda p, x: -ops.exp(-p["t"]) + 0 * x, t=0.0), X)
    flagged("no optimum found|for ever", own(lambda p, x: p["t"] + 0 * x, t=0.0), X)
    flagged("no optimum found in 2 steps", hand_gaussian(30.0, 0.1), X, max_iterations=2)


def test_no_second_derivative():
    @tf.custom_gradient
    def square(v):
        def by(upstream):
            return tf.py_function(lambda u, w: 2 * u * w, [upstream, v], tf.float64)

        return v**2, by

    def log_prob(p, x):
        return -0.5 * square(x - p["m"]) - 0.5 * np.log(2 * np.pi)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mlefit.FitWarning)
        result = mlefit.fit(own(log_prob, m=0.0), X)
    assert result.standard_errors["m"] == pytest.approx(1 / np.sqrt(50), rel=1e-4) or np.isnan(
        result.standard_errors["m"]
    )


def test_a_gamma_shape_has_its_hessian_differenced():
    gamma = own(lambda p, x: -(tf.math.igamma(p["k"], x) ** 2), k=(1.0, "positive"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mlefit.FitWarning)
        result = mlefit.fit(gamma, np.abs(X) + 0.1)
    assert "no second derivative" in result.message


def test_first_order_divergence():
    model = mlefit.Gaussian()
    with pytest.raises(mlefit.DivergenceError, match="back where it was lowest"):
        mlefit.fit(model, X * 100, method=keras.optimizers.SGD(1e6), steps=50)
    assert np.isfinite([*model.values.values()]).all()


def test_a_hidden_gradient_is_noticed():
    hidden = own(lambda p, x: bell(x, p["m"], 1.0) - 2.0 * tf.stop_gradient((p["m"] - x) ** 2), m=0.0)
    flagged("does not curve|no optimum", hidden, X)
