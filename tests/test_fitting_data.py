"""What mlefit.fit takes for data, and that it repeats itself: any array-like, any order, the same bits."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import mlefit
from test_fitting import DESIGN, LINE, TEN, Bell, StudentT

rng = np.random.default_rng(4)
DATA = [
    pd.Series(TEN),
    TEN.tolist(),
    tuple(TEN),
    tf.constant(TEN),
    np.asfortranarray(TEN),
    TEN.astype(np.longdouble),
]


@pytest.mark.parametrize("x", DATA)
@pytest.mark.parametrize("model", [mlefit.Gaussian, Bell])
def test_any_array_like_is_data(x, model):
    start = {} if model is mlefit.Gaussian else {"mean": 100.0, "stddev": 10.0}
    assert mlefit.fit(model(**start), x).estimates == mlefit.fit(model(**start), TEN).estimates


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32", "float16"])
def test_narrow_data_is_cast_and_left_alone(dtype):
    x = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype)
    x.flags.writeable = False
    for model in (mlefit.Gaussian, Bell):
        assert mlefit.fit(model(), x).estimates == mlefit.fit(model(), x.astype(float)).estimates


def test_the_order_of_observations_does_not_matter():
    x = rng.normal(5, 2, 300)
    one, other = (mlefit.fit(StudentT(), values).estimates for values in (x, x[::-1]))
    np.testing.assert_allclose([*one.values()], [*other.values()], rtol=1e-12)


@pytest.mark.parametrize("fresh", [True, False])
def test_a_second_fit_has_the_same_bits(fresh):
    y = LINE.mean() < LINE
    for make, data in [
        (StudentT, (TEN,)),
        (mlefit.LogisticRegression, (DESIGN, y)),
        (mlefit.Gaussian, (TEN,)),
    ]:
        model = make()
        one = mlefit.fit(model, *data)
        other = mlefit.fit(make() if fresh else model, *data)
        assert one.covariance.tobytes() == other.covariance.tobytes()
        assert one.log_likelihood == other.log_likelihood
        assert all(np.array_equal(one.estimates[k], other.estimates[k]) for k in one.estimates)


def test_an_optimizer_gets_where_newton_does():
    x = np.random.default_rng(0).normal(2.0, 1.0, 400)
    closed = mlefit.fit(mlefit.Gaussian(), x)
    result = mlefit.fit(mlefit.Gaussian(), x, method=keras.optimizers.SGD(0.2), steps=400)
    assert result.converged and result.method == "SGD, 400 steps" and len(result.history) == 400
    np.testing.assert_allclose(result.covariance, closed.covariance, rtol=1e-4, atol=1e-8)
    with pytest.warns(mlefit.FitWarning, match="no optimum found"):
        stopped = mlefit.fit(mlefit.Gaussian(), x, method=keras.optimizers.SGD(0.2), steps=3)
    assert not stopped.converged and np.isnan(stopped.covariance).all()
