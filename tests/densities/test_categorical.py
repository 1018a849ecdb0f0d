"""Classes by their logits: against SciPy, a choice between two, and input that does not fit."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import special

from mlefit import densities

RNG = np.random.default_rng(0)
CLASSES = np.array([0, 2, 1, 2, 0, 1, 3, 3])
LOGITS = np.concatenate([RNG.normal(size=(6, 4)) * 3, [[-1e3, 0.0, 1e3, 40.0], [1e308, 0.0, 0.0, 1e308]]])


def test_values_are_those_of_scipy():
    value = densities.categorical(CLASSES, LOGITS)
    assert value.dtype == "float64" and value.shape == (8,)
    np.testing.assert_allclose(value, special.log_softmax(LOGITS, axis=1)[np.arange(8), CLASSES], rtol=1e-14)
    for logits in LOGITS[:6]:
        assert np.exp(densities.categorical(range(4), logits)).sum() == pytest.approx(1, rel=1e-14)


def test_one_row_of_logits_serves_all_and_one_class_all_rows():
    many = densities.categorical(CLASSES, np.tile(LOGITS[0], (8, 1)))
    np.testing.assert_array_equal(densities.categorical(CLASSES, LOGITS[0]), many)
    column = [densities.categorical([2], logits[None])[0] for logits in LOGITS]
    np.testing.assert_array_equal(densities.categorical(2, LOGITS), column)
    assert densities.categorical(2, LOGITS[0]).shape == ()


def test_two_classes_are_a_yes_or_no():
    logit = np.linspace(-50, 50, 11)
    for x in (0, 1):
        found = densities.categorical(np.full(11, x), np.column_stack([np.zeros(11), logit]))
        np.testing.assert_allclose(found, densities.bernoulli(float(x), logit), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "xla"])
def test_derivatives_are_the_closed_forms(options):
    @tf.function(**options)
    def derivatives(logits):
        with tf.GradientTape() as outer:
            outer.watch(logits)
            with tf.GradientTape() as inner:
                inner.watch(logits)
                value = densities.categorical(CLASSES[:6], logits)
            gradient = inner.gradient(value, logits)
        return gradient, outer.batch_jacobian(gradient, logits)

    gradient, hessian = derivatives(tf.constant(LOGITS[:6]))
    shares = special.softmax(LOGITS[:6], axis=1)
    np.testing.assert_allclose(gradient, np.eye(4)[CLASSES[:6]] - shares, rtol=1e-12, atol=1e-15)
    expected = shares[:, :, None] * shares[:, None, :] - shares[:, :, None] * np.eye(4)
    np.testing.assert_allclose(hessian, expected, rtol=1e-11, atol=1e-15)


def test_other_values_than_the_numbers_of_classes_are_impossible():
    logits = tf.constant(LOGITS[:5])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = densities.categorical([-1.0, 0.5, 4.0, 1e300, -1e300], logits)
    assert (value.numpy() == -np.inf).all()
    assert (tape.gradient(value, logits).numpy() == 0).all()


@pytest.mark.parametrize(
    ("x", "logits", "error", "message"),
    [
        (CLASSES, LOGITS[:5], ValueError, r"^x has shape \(8,\) and logits has shape \(5, 4\)"),
        (CLASSES, LOGITS[:, :1], ValueError, r"^logits must have a column for each .*, got shape \(8, 1\)$"),
        (CLASSES, 0.5, ValueError, r"^logits must have a column for each .*, got shape \(\)$"),
        (
            CLASSES,
            LOGITS[None],
            ValueError,
            r"^logits must have a column for each .*, got shape \(1, 8, 4\)$",
        ),
        (CLASSES[:, None], LOGITS, ValueError, r"^x must have shape \(n,\), got shape \(8, 1\)$"),
        (CLASSES, [[0.0, np.nan]] * 8, ValueError, r"^logits must be finite, got nan at index \(0, 1\)$"),
        ([0.0, np.inf], [[0.0, 1.0]] * 2, ValueError, "^x must be finite, got inf at index 1$"),
        (["fish"], [[0.0, 1.0]], TypeError, "^x must hold real numbers, got text$"),
        (CLASSES, [["a", "b"]] * 8, TypeError, "^logits must hold real numbers, got text$"),
        ([], [[0.0, 1.0]], ValueError, "^x has no observations"),
    ],
)
def test_input_that_does_not_fit_is_refused_by_name(x, logits, error, message):
    with pytest.raises(error, match=message):
        densities.categorical(x, logits)


def test_frames_serve_as_logits():
    frame = pd.DataFrame(LOGITS, columns=["fish", "reptile", "bird", "other"])
    np.testing.assert_array_equal(
        densities.categorical(CLASSES, frame), densities.categorical(CLASSES, LOGITS)
    )
