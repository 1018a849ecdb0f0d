"""Frequency weights: the same fit as repeated rows, for every way of fitting, and refusals."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

import mlefit
from mlefit.densities import gaussian, student_t

rng = np.random.default_rng(3)
N = 60
X = rng.normal(size=N)
WIDE = np.column_stack([X, rng.normal(size=N) + 5])
Y = 1 + 2 * X + rng.normal(size=N)
YES = (rng.random(N) < 1 / (1 + np.exp(-X))).astype(float)
COUNTS = rng.poisson(np.exp(0.5 + 0.3 * X)).astype(float)
W = rng.integers(0, 5, N)


class HeavyLine(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = self.parameter("a", 0.0), self.parameter("b", 0.0)
        self.scale = self.parameter("scale", 1.0, support="positive")

    def log_prob(self, x, y):
        return student_t(y, self.a() + self.b() * x, self.scale(), 4.0)


def curve():
    return mlefit.NonlinearRegression(lambda x, a, b: a + ops.exp(b * x), a=0.5, b=0.3)


CASES = {
    "gaussian": (mlefit.Gaussian, (Y,), {}),
    "gaussian by newton": (mlefit.Gaussian, (Y,), {"method": "newton"}),
    "line": (mlefit.LinearRegression, (X, Y), {}),
    "plane": (mlefit.LinearRegression, (WIDE, Y), {}),
    "plane by newton": (mlefit.LinearRegression, (WIDE, Y), {"method": "newton"}),
    "through the origin": (lambda: mlefit.LinearRegression(intercept=False), (WIDE, Y), {}),
    "logistic": (mlefit.LogisticRegression, (WIDE, YES), {}),
    "poisson": (mlefit.PoissonRegression, (X, COUNTS, 0.1 * X), {}),
    "curve": (curve, (X, Y), {}),
    "curve, expected": (curve, (X, Y), {"covariance": "expected"}),
    "own": (HeavyLine, (X, Y), {}),
}


@pytest.mark.parametrize("covariance", ["observed", "robust"])
@pytest.mark.parametrize("name", CASES)
def test_weights_are_repeated_rows(name, covariance):
    make, data, options = CASES[name]
    options = {"covariance": covariance} | options
    found = mlefit.fit(make(), *data, weights=W, **options)
    repeated = mlefit.fit(make(), *(np.repeat(column, W, axis=0) for column in data), **options)
    assert found.nobs == repeated.nobs == W.sum() and found.converged
    for key in found.estimates:
        np.testing.assert_allclose(found.estimates[key], repeated.estimates[key], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found.covariance, repeated.covariance, rtol=1e-7, atol=1e-12)
    assert found.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
    assert found.bic == pytest.approx(repeated.bic, rel=1e-12)
    for method in ("auto", "profile"):
        ends, others = (result.interval(found.names[0], method=method) for result in (found, repeated))
        np.testing.assert_allclose(ends, others, rtol=1e-7)


def test_an_optimizer_s_loss_is_that_of_repeated_rows():
    def run(*data, **options):
        model = HeavyLine()
        mlefit.fit(model, *data, method=keras.optimizers.Adam(0.05), steps=800, **options)
        return list(model.values.values())

    np.testing.assert_allclose(run(X, Y, weights=W), run(np.repeat(X, W), np.repeat(Y, W)), rtol=1e-8)


@pytest.mark.parametrize("model", [mlefit.LogisticRegression, HeavyLine])
def test_many_weighted_rows_are_led_by_a_sample_of_them(model):
    many = np.random.default_rng(5)
    x = many.normal(size=90_000)
    y = (many.random(90_000) < 1 / (1 + np.exp(-x))).astype(float)
    y = y if model is mlefit.LogisticRegression else x + many.standard_t(4, 90_000)
    weights = many.integers(0, 3, 90_000)
    found = mlefit.fit(model(), x, y, weights=weights)
    repeated = mlefit.fit(model(), np.repeat(x, weights), np.repeat(y, weights))
    assert found.converged and found.nobs == weights.sum()
    errors = np.sqrt(np.diag(repeated.covariance))
    gap = np.array(list(found.estimates.values())) - list(repeated.estimates.values())
    assert (np.abs(gap) < 1e-6 * errors).all()
    np.testing.assert_allclose(found.covariance, repeated.covariance, rtol=1e-6, atol=1e-12)


def test_the_table_of_horse_kicks_is_its_two_hundred_rows():
    data = mlefit.data.load("horsekicks")

    class Poisson(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.rate = self.parameter("rate", 1.0, support="positive")

        def log_prob(self, deaths):
            return mlefit.densities.poisson(deaths, ops.log(self.rate()))

    result = mlefit.fit(Poisson(), data["deaths"], weights=data["corps_years"])
    assert result.nobs == 200
    assert result.estimates["rate"] == pytest.approx(0.61, rel=1e-12)
    assert result.standard_errors["rate"] == pytest.approx(np.sqrt(0.61 / 200), rel=1e-9)


def test_a_row_of_weight_zero_is_absent_whatever_it_holds():
    outside = np.append(YES, 7.0)
    result = mlefit.fit(mlefit.LogisticRegression(), np.append(X, 1e9), outside, weights=[*np.ones(N), 0])
    plain = mlefit.fit(mlefit.LogisticRegression(), X, YES)
    np.testing.assert_allclose(result.estimates["slope"], plain.estimates["slope"], rtol=1e-10)
    with pytest.raises(ValueError, match=r"observation at index 3 \(.*y = 7.0\)"):
        mlefit.fit(mlefit.LogisticRegression(), [1, 2, 3, 4.0], [0, 1, 0, 7], weights=[1, 0, 0, 2])


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        ([1, 2], ValueError, "weights has shape .* same length"),
        ([1.5, 1, 1], ValueError, "weights must be a whole number that is not negative, got 1.5 at index 0"),
        ([1, -1, 1], ValueError, "weights must be a whole number that is not negative, got -1.0 at index 1"),
        ([1, np.nan, 1], ValueError, "weights must be finite, got nan at index 1"),
        (["1", "1", "1"], TypeError, "weights must hold real numbers"),
        ([0, 0, 0], ValueError, "weights are all 0"),
        ([[1], [1], [1]], ValueError, "weights"),
        ([[1, 1], [1, 1], [1, 1]], ValueError, r"weights must have shape \(n,\), got shape \(3, 2\)"),
        (2, ValueError, "weights"),
    ],
)
def test_weights_that_are_none_are_refused(weights, kind, message):
    with pytest.raises(kind, match=message):
        mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0], weights=weights)


def test_weights_of_other_rows_are_refused():
    y = pd.Series([1.0, 2.0, 4.0], index=[3, 4, 5])
    with pytest.raises(ValueError, match="weights have different pandas indexes"):
        mlefit.fit(mlefit.Gaussian(), y, weights=pd.Series([1, 1, 1]))


def test_weights_for_a_density_of_several_rows_are_refused():
    class Chain(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.phi = self.parameter("phi", 0.1, support=(-1, 1))

        def log_prob(self, y):
            before = ops.concatenate([ops.zeros(1, dtype="float64"), y[:-1]])
            return gaussian(y, self.phi() * before, 1.0)

    with pytest.raises(ValueError, match="log_prob looks at several rows"):
        mlefit.fit(Chain(), Y, weights=W)
    assert mlefit.fit(Chain(), Y).converged
