"""Never silently wrong where density or search is to blame: saddles, kinks, hidden derivatives."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from failing import NOISE, X, bell, flagged, hand_gaussian, ops, own
from mlefit.densities import laplace, student_t


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


def test_a_hidden_slope_is_noticed():
    hidden = own(lambda p, x: bell(x, p["m"], 1.0) + 2.0 * tf.stop_gradient(p["m"]), m=0.0)
    flagged("hides part of its gradient", hidden, X)


def test_parameters_that_go_for_ever_are_named_in_any_units():
    def yes(p, x, y):
        return mlefit.densities.bernoulli(y, p["a"] + p["b"] * x)

    for unit in (1e-6, 1e6, 1e12):
        x = np.array([-3.0, -2, -1, 1, 2, 3]) * unit
        flagged("for ever in the direction of b", own(yes, a=0.0, b=0.0), x, [0, 0, 0, 1, 1, 1])
    t = own(
        lambda p, x: student_t(x, p["m"], p["s"], p["df"]),
        m=0.0,
        s=(1.0, "positive"),
        df=(5.0, "positive"),
    )
    for data in (np.linspace(-1, 1, 60), np.linspace(-1, 1, 300)):
        flagged("towards the boundary of df", t, data)


def test_whole_numbers_may_name_classes():
    def ordinal(p, x, y):
        low, high = (ops.sigmoid(c - p["b"] * x) for c in (p["c"], p["c"] + p["d"]))
        return ops.log(ops.where(y == 0, low, ops.where(y == 1, high - low, 1 - high)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = mlefit.fit(
            own(ordinal, b=0.0, c=-1.0, d=(1.0, "positive")), X, np.digitize(X + NOISE, [-1.0, 1.0])
        )
    assert result.converged


def test_exact_fits_to_whole_numbers():
    def line(p, x, y):
        return bell(y, p["a"] + p["b"] * x, p["s"])

    x = np.arange(20)
    flagged("unbounded", own(line, a=0.5, b=0.1, s=(1.0, "positive")), x, 2 * x + 7)
    flagged("unbounded", own(line, a=0.5, b=0.1, s=(1.0, "positive")), x, 2 * x)


def test_a_sample_that_is_unlike_the_whole():
    rows = np.arange(300_000)  # Every fourth one is looked at first.
    x = np.where(rows % 4 == 0, -6.0, 6.0) + np.random.default_rng(11).normal(size=300_000)
    two = own(
        lambda p, x: ops.logaddexp(bell(x, p["a"], 1.0), bell(x, p["b"], 1.0)) - np.log(2), a=-1.0, b=1.0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = mlefit.fit(two, x)
    np.testing.assert_allclose(sorted(result.estimates.values()), [-6, 6], atol=0.02)


def test_separation_of_a_few_among_many():
    generator = np.random.default_rng(41)
    x, rare = np.sort(generator.normal(size=300_000)), np.zeros(300_000)
    rare[1:100:2] = 1
    y = (x + generator.logistic(size=300_000) > 0) | (rare == 1)
    flagged(
        r"for ever in the direction of slope\[1\]", mlefit.LogisticRegression(), np.stack([x, rare], 1), y
    )


def test_a_skewed_likelihood_is_no_failure():
    t = np.random.default_rng(7)
    model = own(
        lambda p, x: student_t(x, p["m"], p["s"], p["df"]),
        m=0.0,
        s=(1.0, "positive"),
        df=(5.0, "positive"),
    )
    for _ in range(12):
        x = t.standard_t(3, 30) * 2 + 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = mlefit.fit(model, x)
        gaussian = mlefit.fit(mlefit.Gaussian(), x).log_likelihood  # where df has no end
        if result.converged or "vague" in str(caught[0].message):
            assert result.log_likelihood > gaussian
        else:
            assert "boundary of df" in str(caught[0].message)
            assert result.log_likelihood == pytest.approx(gaussian, abs=1e-3)
