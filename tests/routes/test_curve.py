"""A curve that cannot be traced is fitted all the same, and one that changes under the fit is not trusted."""

import warnings

import keras
import numpy as np
import pytest

import mlefit

X = np.linspace(0.0, 2.0, 40)
Y = 2.0 * np.exp(-0.7 * X) + 0.05 * np.sin(40 * X)


def decay(x, a, k):
    return a * keras.ops.exp(-k * x)


def decay_that_branches(x, a, k):
    return decay(x, a, k) if float(k) > -1 else a + 0 * x  # float() of a value that a trace does not have


def fit(curve):
    return mlefit.fit(mlefit.NonlinearRegression(curve, a=1.0, k=1.0), X, Y)


def test_a_curve_that_cannot_be_traced_gives_the_same_fit():
    traced, called = fit(decay), fit(decay_that_branches)
    assert traced.converged and called.converged
    np.testing.assert_allclose(traced.covariance, called.covariance, rtol=1e-9, atol=1e-14)
    for name, value in traced.estimates.items():
        assert called.estimates[name] == pytest.approx(value, rel=1e-12)


def test_a_curve_with_other_values_at_each_call_is_not_trusted():
    rng = np.random.default_rng(0)
    with pytest.warns(mlefit.FitWarning, match="no optimum"):
        result = fit(lambda x, a, k: decay(x, a, k) + 0.01 * rng.normal(size=len(X)))
    assert not result.converged and np.isnan(result.covariance).all()


def test_a_curve_is_traced_once_not_at_each_step():
    calls = []

    def counted(x, a, k):
        calls.append(None)
        return decay(x, a, k)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit(counted)
    steps = len(result.history) - 1
    model = mlefit.NonlinearRegression(counted, a=1.0, k=1.0)
    calls.clear()
    mlefit.fit(model, X, Y, covariance="expected")
    assert steps >= 5 and len(calls) <= 6
