"""Losses against their closed forms, and each against the likelihood that it claims."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from mlefit import losses

Y, PREDICTED = np.array([1.0, -2.0, 0.3, 5.0, 0.0]), np.array([0.4, 1.0, 0.3, -3.0, 0.1])
LABELS, PROBABILITIES = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.2, 1e-12, 0.98])
COUNTS, RATES = np.array([0.0, 3.0, 1.0, 40.0]), np.array([0.2, 2.0, 1e-9, 50.0])
R = Y - PREDICTED

CLOSED_FORMS = {
    "mse": (losses.mse, (Y, PREDICTED), sum(r * r for r in R) / 5),
    "mae": (losses.mae, (Y, PREDICTED), sum(abs(r) for r in R) / 5),
    "huber": (losses.huber, (Y, PREDICTED, 0.5), (0.5 * (0.6 + 3.0 + 8.0) - 3 * 0.125 + 0.1**2 / 2) / 5),
    "log_cosh": (losses.log_cosh, (Y, PREDICTED), sum(math.log(math.cosh(r)) for r in R) / 5),
    "quantile": (losses.quantile, (Y, PREDICTED, 0.9), sum(0.9 * r if r > 0 else -0.1 * r for r in R) / 5),
    "binary_crossentropy": (
        losses.binary_crossentropy,
        (LABELS, PROBABILITIES),
        -(math.log(0.9) + math.log(0.8) + math.log(1e-12) + math.log(0.02)) / 4,
    ),
    "binary_crossentropy of logits": (
        losses.binary_crossentropy,
        (LABELS, special.logit(PROBABILITIES), True),
        -(math.log(0.9) + math.log(0.8) + math.log(1e-12) + math.log(0.02)) / 4,
    ),
    "poisson": (losses.poisson, (COUNTS, RATES), np.mean(RATES - COUNTS * np.log(RATES))),
}
every_loss = pytest.mark.parametrize(("loss", "arguments", "truth"), CLOSED_FORMS.values(), ids=CLOSED_FORMS)


@every_loss
def test_values_are_the_closed_forms(loss, arguments, truth):
    value = loss(*arguments)
    assert value.shape == () and value.dtype == "float64"
    assert float(value) == pytest.approx(truth, rel=1e-14)


@every_loss
def test_compiled_values_and_gradients_are_the_central_differences(loss, arguments, truth):
    y_true, y_pred, *options = arguments
    y_pred = np.where(y_pred == y_true, y_pred + 0.01, y_pred)  # off the kink of mae and quantile

    @tf.function(jit_compile=True)
    def gradient(predicted):
        with tf.GradientTape() as tape:
            tape.watch(predicted)
            value = loss(y_true, predicted, *options)
        return value, tape.gradient(value, predicted)

    value, slopes = gradient(tf.constant(y_pred))
    assert float(value) == pytest.approx(float(loss(y_true, y_pred, *options)), rel=1e-13)
    for i, slope in enumerate(slopes.numpy()):
        step = 1e-5 * abs(y_pred[i])
        shift = np.where(np.arange(y_pred.size) == i, step, 0.0)
        difference = loss(y_true, y_pred + shift, *options) - loss(y_true, y_pred - shift, *options)
        assert slope == pytest.approx(float(difference) / (2 * step), rel=1e-5, abs=1e-8)


def huber_nll(y, centre, scale, delta):
    def loss(z):
        return np.where(np.abs(z) <= delta, z**2 / 2, delta * np.abs(z) - delta**2 / 2)

    ends = ((-np.inf, -delta), (-delta, delta), (delta, np.inf))
    mass = sum(integrate.quad(lambda z: np.exp(-loss(z)), *pair)[0] for pair in ends)
    return np.mean(loss((y - centre) / scale)) + np.log(scale * mass)


def asymmetric_laplace_nll(y, location, scale, q):
    kappa = np.sqrt(q / (1 - q))
    return -np.mean(stats.laplace_asymmetric.logpdf(y, kappa, location, scale * kappa / q))


# Each loss with the mean NLL that it stands for, and the factor `a` of `mean NLL = a * loss + constant`.
IDENTITIES = {
    "mse": (losses.mse, lambda p: -np.mean(stats.norm.logpdf(Y, p, 0.7)), 1 / (2 * 0.7**2)),
    "mae": (losses.mae, lambda p: -np.mean(stats.laplace.logpdf(Y, p, 0.7)), 1 / 0.7),
    "huber": (lambda y, p: losses.huber(y, p, 0.5), lambda p: huber_nll(Y, p, 0.7, 0.5 / 0.7), 1 / 0.7**2),
    "log_cosh": (losses.log_cosh, lambda p: -np.mean(stats.hypsecant.logpdf(Y, p)), 1.0),
    "quantile": (
        lambda y, p: losses.quantile(y, p, 0.9),
        lambda p: asymmetric_laplace_nll(Y, p, 0.7, 0.9),
        1 / 0.7,
    ),
}
CONSTANTS = {
    "mse": np.log(0.7) + np.log(2 * np.pi) / 2,
    "mae": np.log(2 * 0.7),
    "huber": huber_nll(0.0, 0.0, 0.7, 0.5 / 0.7),
    "log_cosh": np.log(np.pi),
    "quantile": np.log(0.7) - np.log(0.9 * 0.1),
}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("predicted", [PREDICTED, 0.4 * Y + 0.1, np.zeros(5)])
def test_the_mean_negative_log_likelihood_is_the_loss_up_to_scale_and_constant(name, predicted):
    loss, nll, factor = IDENTITIES[name]
    assert nll(predicted) == pytest.approx(factor * float(loss(Y, predicted)) + CONSTANTS[name], rel=1e-12)


def test_cross_entropy_is_the_bernoulli_likelihood_and_poisson_lacks_only_the_factorials():
    nll = -np.mean(stats.bernoulli.logpmf(LABELS, PROBABILITIES))
    assert float(losses.binary_crossentropy(LABELS, PROBABILITIES)) == pytest.approx(nll, rel=1e-12)
    nll = -np.mean(stats.poisson.logpmf(COUNTS, RATES))
    constant = np.mean(special.gammaln(COUNTS + 1))
    assert float(losses.poisson(COUNTS, RATES)) + constant == pytest.approx(nll, rel=1e-12)


def test_certain_predictions_cost_nothing_when_right_and_infinity_when_wrong():
    for y, p, cost in [(0, 0, 0.0), (1, 1, 0.0), (1, 0, np.inf), (0, 1, np.inf)]:
        assert float(losses.binary_crossentropy([y], [float(p)])) == cost
    for y, logit, cost in [(0, -1e3, 0.0), (1, 1e3, 0.0), (1, -1e3, 1e3), (0, 1e3, 1e3)]:
        assert float(losses.binary_crossentropy([y], [logit], from_logits=True)) == cost
    assert float(losses.poisson([0], [0.0])) == 0
    assert float(losses.poisson([2], [0.0])) == np.inf


def test_gradients_are_finite_at_the_edge_of_what_is_possible():
    zero = tf.constant([0.0], tf.float64)
    for loss in (losses.binary_crossentropy, losses.poisson):
        with tf.GradientTape() as tape:
            tape.watch(zero)
            value = loss([0], zero)
        assert tape.gradient(value, zero).numpy().tolist() == [1.0]


def test_log_cosh_does_not_overflow_and_is_curved_at_zero():
    assert float(losses.log_cosh([1e3, -1e3], [0.0, 0.0])) == pytest.approx(1e3 - math.log(2), rel=1e-15)
    at = tf.constant([0.0], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(at)
        with tf.GradientTape() as inner:
            inner.watch(at)
            value = losses.log_cosh([0.0], at)
        slope = inner.gradient(value, at)
    assert slope.numpy() == [0.0] and outer.gradient(slope, at).numpy() == [1.0]


def test_a_single_prediction_serves_all_observations():
    assert float(losses.mse(Y, 0.5)) == pytest.approx(np.mean((Y - 0.5) ** 2), rel=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.huber(Y, PREDICTED, delta=0.0), r"^delta must be positive, got 0\.0$"),
        (lambda: losses.quantile(Y, PREDICTED, quantile=1.0), "^quantile must lie strictly between 0 and 1"),
        (
            lambda: losses.binary_crossentropy([0, 2], [0.5, 0.5]),
            r"^y_true must lie .*, got 2\.0 at index 1$",
        ),
        (
            lambda: losses.binary_crossentropy([0, 1], [0.5, 1.5]),
            r"^y_pred must lie .*, got 1\.5 at index 1$",
        ),
        (lambda: losses.binary_crossentropy([0, 2], [5.0, 5.0], from_logits=True), "^y_true must lie"),
        (lambda: losses.poisson([1, -1], [0.5, 0.5]), r"^y_true must not be negative, got -1\.0 at index 1$"),
        (lambda: losses.poisson([1, 1], [0.5, -0.5]), r"^y_pred must not be negative, got -0\.5 at index 1$"),
    ],
)
def test_values_out_of_range_are_refused_by_name_and_index(call, message):
    with pytest.raises(ValueError, match=message):
        call()
