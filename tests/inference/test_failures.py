"""Never silently wrong: each way in which a fit can fail, and what the reader is told."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import mlefit
from failing import NOISE, X, bell, flagged, hand_gaussian, hand_line, ops, own, rng
from mlefit.densities import poisson


def test_fewer_observations_than_parameters():
    flagged("1 observations cannot determine 2 parameters", mlefit.Gaussian(), [3.0])
    flagged("cannot determine 2|unbounded", hand_gaussian(), [3.0])
    flagged(
        "3 observations cannot determine 5", mlefit.LinearRegression(), rng.normal(size=(3, 3)), [1, 2, 4]
    )
    with pytest.raises(ValueError, match="no observations"):
        mlefit.fit(mlefit.Gaussian(), [])
    with pytest.raises(TypeError, match="data after the model"):
        mlefit.fit(mlefit.Gaussian())


REGRESSIONS = [mlefit.LinearRegression, mlefit.LogisticRegression, mlefit.PoissonRegression]


@pytest.mark.parametrize("make", REGRESSIONS)
@pytest.mark.parametrize(
    ("x", "y", "kind", "message"),
    [
        ([0, 1, np.nan], [0, 1, 1], ValueError, "x must be finite, got nan at index 2"),
        ([0, 1, 2], [0, np.inf, 1], ValueError, "y must be finite, got inf at index 1"),
        (["a", "b"], [0, 1], TypeError, "x must hold real numbers"),
        ([0, 1], [1j, 0], TypeError, "y must hold real numbers"),
        ([0, 1], [object(), 0], TypeError, "y must hold real numbers"),
        ([0, 1], np.ma.array([0, 1], mask=[0, 1]), ValueError, "masked entry at index 1"),
        ([0, 1, 2], [0, 1], ValueError, r"x has shape \(3,\) and y has shape \(2,\)"),
        ([0, 1], [[0], [1]], ValueError, r"y must have shape \(n,\), got shape \(2, 1\)"),
        (pd.Series([0, 1]), pd.Series([0, 1], index=[1, 0]), ValueError, "different pandas indexes"),
    ],
)
def test_data_that_cannot_be_used(make, x, y, kind, message):
    with pytest.raises(kind, match=message):
        mlefit.fit(make(), x, y)


def test_a_column_beside_a_row_is_one_predictor():
    flat, column = (mlefit.fit(mlefit.LinearRegression(), x, X + NOISE) for x in (X, X[:, None]))
    assert flat.estimates["slope"] == column.estimates["slope"][0]


@pytest.mark.parametrize(
    ("terms", "shape"),
    [
        (lambda p, x: ops.sum(bell(x, p["m"], 1.0)), r"\(\)"),
        (lambda p, x: bell(x, p["m"], 1.0)[:, None], r"\(50, 1\)"),
        (lambda p, x: p["m"] - (x[:, None] - x), r"\(50, 50\)"),
        (lambda p, x: bell(x, p["m"], 1.0)[:-1], r"\(49,\)"),
    ],
)
def test_log_prob_of_a_wrong_shape(terms, shape):
    with pytest.raises(
        ValueError, match=f"one log-density for each observation, shape .n,., got shape {shape}"
    ):
        mlefit.fit(own(terms, m=0.0), X)


def test_constant_data_and_exact_fits():
    for value in (0.0, 0.1, 1e8):
        flagged("likelihood is unbounded", mlefit.Gaussian(), np.full(20, value))
        flagged("likelihood is unbounded", hand_gaussian(value + 0.5), np.full(20, value))
        flagged("likelihood is unbounded", mlefit.Gaussian(), np.full(20, value), method="newton")
    flagged("likelihood is unbounded", mlefit.LinearRegression(), X, 2 * X + 0.3)
    flagged("likelihood is unbounded", own(hand_line, a=0.0, b=0.0, s=(1.0, "positive")), X, 2 * X + 0.3)
    flagged(
        "likelihood is unbounded",
        mlefit.NonlinearRegression(lambda x, k: ops.exp(k * x), k=0.1),
        X,
        np.exp(X / 2),
    )


@pytest.mark.parametrize("make", REGRESSIONS)
@pytest.mark.parametrize("method", ["auto", "newton"])
def test_columns_that_depend_on_each_other(make, method):
    y = rng.integers(0, 2, 50)
    columns = np.column_stack([X, NOISE, 3 * NOISE - 1])
    flagged(r"do not determine slope\[1\] and slope\[2\]", make(), columns, y, method=method)
    flagged(r"do not determine slope\[1\]", make(), np.column_stack([X, np.full(50, 0.1)]), y, method=method)


def test_parameters_that_the_data_do_not_determine():
    flagged("do not determine idle", own(lambda p, x: bell(x, p["m"], 1.0), m=0.0, idle=1.0), X)
    both = own(lambda p, x: bell(x, p["a"] + p["b"], 1.0), a=0.0, b=0.5)
    flagged("do not determine a and b", both, X)


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_data_far_from_the_origin(method):
    y = 2 * X + NOISE
    near = mlefit.fit(mlefit.LinearRegression(), X, y)
    shifted = mlefit.fit(mlefit.LinearRegression(), X, y + 1e8, method=method)
    moved = mlefit.fit(mlefit.LinearRegression(), X + 1e8, y, method=method)
    for far in (shifted, moved):
        assert far.estimates["slope"] == pytest.approx(near.estimates["slope"], rel=1e-7)
        assert far.standard_errors["slope"] == pytest.approx(near.standard_errors["slope"], rel=1e-7)
        assert far.estimates["stddev"] == pytest.approx(near.estimates["stddev"], rel=1e-7)
    for kind, data in [
        (mlefit.LogisticRegression, y > 0),
        (mlefit.PoissonRegression, rng.poisson(np.exp(X))),
    ]:
        near, far = mlefit.fit(kind(), X, data), mlefit.fit(kind(), X + 1e8, data)
        assert far.estimates["slope"] == pytest.approx(near.estimates["slope"], rel=1e-6)
        assert far.standard_errors["slope"] == pytest.approx(near.standard_errors["slope"], rel=1e-6)
        np.testing.assert_allclose(far.predict(X + 1e8), near.predict(X), rtol=1e-5)
    gaussian = mlefit.fit(mlefit.Gaussian(), NOISE + 1e8, method=method)
    assert gaussian.estimates["stddev"] == pytest.approx(NOISE.std(), rel=1e-7)
    mean = mlefit.fit(hand_gaussian(0.0, 1.0), NOISE + 1e8)
    assert mean.estimates["stddev"] == pytest.approx(NOISE.std(), rel=1e-6)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e6])
def test_separation(scale):
    x = np.array([-3.0, -2, -1, 1, 2, 3]) * scale
    flagged("separation", mlefit.LogisticRegression(), x, [0, 0, 0, 1, 1, 1])
    quasi = np.array([-3.0, -2, -1, 0, 0, 0, 1, 2, 3]) * scale
    flagged("separation", mlefit.LogisticRegression(), quasi, [0, 0, 0, 0, 1, 0, 1, 1, 1])
    by_group = np.column_stack([X * scale, X > 0.5])
    flagged(r"slope\[1\].*separation", mlefit.LogisticRegression(), by_group, (X > 0.5) | (NOISE > 0))
    hand = own(lambda p, x, y: mlefit.densities.bernoulli(y, p["a"] + p["b"] * x), a=0.0, b=0.0)
    flagged("separation", hand, x / scale, [0, 0, 0, 1, 1, 1])
    flagged("separation", mlefit.PoissonRegression(), by_group, np.where(X > 0.5, 0, rng.poisson(3, 50)))


def test_all_outcomes_alike():
    flagged("separation", mlefit.LogisticRegression(), X, np.ones(50))
    flagged("separation", mlefit.PoissonRegression(), X, np.zeros(50))


def test_data_outside_the_support():
    counts = np.ones(50)
    counts[7] = -1
    with pytest.raises(ValueError, match="-inf for the observation at index 7"):
        mlefit.fit(mlefit.PoissonRegression(), X, counts)
    hand = own(
        lambda p, x: ops.log(p["rate"]) - p["rate"] * x + ops.log(ops.cast(x > 0, "float64")),
        rate=(1.0, "positive"),
    )
    with pytest.raises(ValueError, match=r"index 1 .*outside the support"):
        mlefit.fit(hand, [1.0, -2.0, 3.0])
    with pytest.raises(
        ValueError, match=r"log_prob is nan for the observation at index 0 .*at the start .m = -1.0"
    ):
        mlefit.fit(own(lambda p, x: x * ops.log(p["m"]), m=-1.0), X)


def test_estimates_on_the_boundary():
    rate = own(lambda p, x: poisson(x, ops.log(p["rate"])), rate=(1.0, "positive"))
    assert flagged("boundary of rate", rate, np.zeros(20)).estimates["rate"] < 1e-8
    for y, end in ((np.ones(20), 1.0), (np.zeros(20), 0.0)):
        share = own(lambda p, x: tf.math.xlogy(x, p["p"]) + tf.math.xlog1py(1 - x, -p["p"]), p=(0.5, "unit"))
        assert flagged("boundary of p", share, y).estimates["p"] == pytest.approx(end, abs=1e-6)


def test_tiny_and_huge_units_are_no_boundary():
    for unit in (1e-25, 1e-9, 1e9, 1e25):
        result = mlefit.fit(hand_gaussian(0.1 * unit, 0.5 * unit), NOISE * unit)
        assert result.estimates["stddev"] == pytest.approx(NOISE.std() * unit, rel=1e-9)
