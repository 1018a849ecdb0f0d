"""Results outlive the code that made them: pickles from before the package moved into rooms, and models."""

import base64
import copy
import importlib.util
import pickle
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest

import mlefit

X, Y = np.array([0.0, 1, 2, 3]), np.array([1.0, 2.9, 5.2, 6.9])
X6, Y6 = np.arange(6.0), np.array([0.0, 0, 1, 0, 1, 1])


def old(name):
    spec = importlib.util.spec_from_file_location("old_results", Path(__file__).with_name("old_results.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return pickle.loads(zlib.decompress(base64.b64decode(module.PICKLES[name])))


FITS = {
    "gaussian": lambda: mlefit.fit(mlefit.Gaussian(), Y),
    "line": lambda: mlefit.fit(mlefit.LinearRegression(), X, Y),
    "logistic": lambda: mlefit.fit(mlefit.LogisticRegression(), X6, Y6),
    "poisson": lambda: mlefit.fit(mlefit.PoissonRegression(), X6, Y6),
    "curve": lambda: mlefit.fit(mlefit.NonlinearRegression(lambda x, a, b: a + b * x, a=1.0, b=1.0), X, Y),
}


@pytest.mark.parametrize("name", FITS)
def test_an_old_pickle_is_a_result_of_today(name):
    then, now = old(name), FITS[name]()
    assert isinstance(then, mlefit.FitResult) and then.names == now.names
    for key, value in now.estimates.items():
        assert then.estimates[key] == pytest.approx(value, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(then.covariance, now.covariance, rtol=1e-7, atol=1e-12)
    assert then.log_likelihood == pytest.approx(now.log_likelihood, rel=1e-10)
    first = now.names[0]
    assert then.interval(first, method="wald") == pytest.approx(now.interval(first, method="wald"))
    assert "converged" in str(then)
    if name in ("gaussian", "line"):
        assert then.interval("stddev", method="profile") == pytest.approx(
            now.interval("stddev", method="profile")
        )
    if name in ("line", "logistic", "poisson"):
        np.testing.assert_allclose(then.predict([0.5])[0], now.predict([0.5])[0], rtol=1e-9)
    if name == "poisson":
        assert then.predict([0.5], offset=[np.log(2.0)])[0] == pytest.approx(2 * then.predict([0.5])[0])


@pytest.mark.parametrize("name", FITS)
def test_a_pickle_says_what_its_result_said(name):
    result = FITS[name]()
    again = pickle.loads(pickle.dumps(result))
    assert str(again) == str(result)


class Shifted(mlefit.Model):
    """Has a setting, a frozen layer and something noted later."""

    def __init__(self, shift, start=0.0):
        super().__init__()
        self.m, self.s = self.parameter("m", start), self.parameter("s", 1.0, support="positive")
        self.shift = np.asarray(shift)

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.m() + self.shift, self.s())


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_model_is_copied_with_its_estimates_and_settings(copied):
    model = Shifted(2.0)
    model.note = "kept"
    fitted = mlefit.fit(model, Y)
    twin = copied(model)
    assert twin.values == model.values and twin.note == "kept" and float(twin.shift) == 2.0
    assert float(twin.nll(Y)) == float(model.nll(Y))
    twin.m.assign(99.0)
    assert model.values["m"] == fitted.estimates["m"]  # a copy has variables of its own
    assert mlefit.fit(twin, Y).estimates["m"] == pytest.approx(fitted.estimates["m"])


def test_models_of_the_package_are_copied_once_built_too():
    for make, data in (
        (lambda: mlefit.LinearRegression(intercept=False), (X[:, None], Y)),
        (mlefit.LogisticRegression, (X6, Y6)),
        (mlefit.Gaussian, (Y,)),
    ):
        empty = pickle.loads(pickle.dumps(make()))
        model = make()
        mlefit.fit(model, *data)
        for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert twin.values == model.values
        assert mlefit.fit(empty, *data).converged
    curve = mlefit.NonlinearRegression(lambda x, a: keras.ops.exp(a * x), a=0.1)
    curve.parameters["a"].assign(0.3)
    assert copy.deepcopy(curve).values == curve.values  # a lambda does not pickle, but it is copied


class Lists(mlefit.Gaussian):
    def __init__(self):
        super().__init__()
        self.knots, self.settings = [1, [2.0]], {"a": {"b": [1]}}
        self.mine = {"m": self.parameters["mean"]}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_with_lists_and_dicts_can_be_copied(copied):
    model = Lists()
    model.knots.append(3)
    again = copied(model)
    assert again.knots == [1, [2.0], 3] and again.settings == {"a": {"b": [1]}}
    again.mine["m"].assign(7.0)
    assert again.values["mean"] == 7.0 and model.values["mean"] == 0.0
