"""A new regression is one class: it names its routes, and every one of them fits it."""

import keras
import numpy as np
import pytest
import scipy.optimize

import mlefit
from mlefit import routes
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import Standardised
from mlefit.routes.outcome import Options

rng = np.random.default_rng(4)
N = 400
X = rng.normal(size=(N, 2))
WAITS = rng.exponential(np.exp(0.5 + X @ [0.3, -0.2]))


class ExponentialRegression(LinearPredictor, routes=("linear predictor",), link="log"):
    """Waiting times whose log mean is linear in x."""

    def log_prob(self, x, y):
        x, y = self._paired(x=x, y=y)
        line = self(x)
        return -line - y * keras.ops.exp(-line)

    @staticmethod
    def derivatives(y, line):
        scaled = y * np.exp(-line)
        return -line - scaled, scaled - 1, scaled

    @staticmethod
    def constant(y):
        return 0.0

    @staticmethod
    def possible(y):
        return y >= 0

    @staticmethod
    def height(y, offset):
        return np.log(y.mean()) if y.mean() > 0 else None


class Parabola(mlefit.Model, routes=("curve",), link="identity"):
    def __init__(self):
        super().__init__()
        self.a, self.b = self.parameter("a", 0.5), self.parameter("b", 0.1)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def call(self, x):
        return self.a() + self.b() * x**2

    def log_prob(self, x, y):
        return mlefit.densities.gaussian(y, self.call(x), self.stddev())


class Level(mlefit.Model, routes=("closed form", "newton")):
    """Differences about a common level."""

    has_intercept = True

    def __init__(self):
        super().__init__()
        self.level, self.spread = (
            self.parameter("level", 0.0),
            self.parameter("spread", 1.0, support="positive"),
        )

    def design(self, before, after):
        return np.empty((len(before), 0)), after - before

    def standardised(self, sample):
        rise = np.std(sample[1] - sample[0])
        return Standardised(
            change=lambda before, after: (before / rise, after / rise),
            back=np.diag([rise, 1.0]),
            origin=np.array([0, np.log(rise)]),
            start=np.zeros(2),
            shift=np.log(rise),
        )

    def log_prob(self, before, after):
        return mlefit.densities.gaussian(after - before, self.level(), self.spread())


def taken_by(make, method, *data):
    model = make()
    model.nll(*data)
    return routes.choose(model, Options(method=method)).name


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_a_linear_predictor(method):
    assert taken_by(ExponentialRegression, method, X, WAITS) == "linear predictor"
    result = mlefit.fit(ExponentialRegression(), X, WAITS, method=method)
    Z = np.column_stack([X, np.ones(N)])

    def nll(b):
        return np.sum(Z @ b + WAITS * np.exp(-Z @ b))

    best = scipy.optimize.minimize(nll, np.zeros(3), method="BFGS", options={"gtol": 1e-7}).x
    found = np.array([*result.estimates["slope"], result.estimates["intercept"]])
    np.testing.assert_allclose(found, best, atol=1e-6)
    hessian = Z.T @ (Z * (WAITS * np.exp(-Z @ found))[:, None])
    np.testing.assert_allclose(result.covariance, np.linalg.inv(hessian), rtol=1e-9)
    assert result.log_likelihood == pytest.approx(-nll(found), rel=1e-12)
    np.testing.assert_allclose(result.predict(X[:3])[0], np.exp(Z[:3] @ found), rtol=1e-12)
    with pytest.raises(ValueError, match="for the observation at index 7"):
        mlefit.fit(ExponentialRegression(), X, np.where(np.arange(N) == 7, np.nan_to_num(-np.inf), WAITS))


def test_an_optimizer_ends_where_newton_does():
    by_steps = mlefit.fit(ExponentialRegression(), X, WAITS, method=keras.optimizers.Adam(0.05), steps=600)
    by_newton = mlefit.fit(ExponentialRegression(), X, WAITS)
    assert by_steps.converged
    np.testing.assert_allclose(by_steps.estimates["slope"], by_newton.estimates["slope"], atol=1e-3)


def test_a_curve():
    x = X[:, 0]
    y = 1.0 + 0.5 * x**2 + 0.1 * X[:, 1]
    for method, name in (("auto", "curve"), ("least-squares", "curve"), ("newton", "newton")):
        assert taken_by(Parabola, method, x, y) == name
        result = mlefit.fit(Parabola(), x, y, method=method, covariance="expected")
        slope, height = np.polyfit(x**2, y, 1)
        assert [result.estimates["a"], result.estimates["b"]] == pytest.approx([height, slope], rel=1e-8)
        J = np.column_stack([np.ones(N), x**2])
        expected = result.estimates["stddev"] ** 2 * np.linalg.inv(J.T @ J)
        np.testing.assert_allclose(result.covariance[:2, :2], expected, rtol=1e-6)


def test_a_closed_form():
    before, after = X[:, 0], X[:, 0] + 2.0 + 0.3 * X[:, 1]
    change = after - before
    for method, name in (("auto", "closed form"), ("least-squares", "closed form"), ("newton", "newton")):
        assert taken_by(Level, method, before, after) == name
        result = mlefit.fit(Level(), before, after, method=method)
        assert [*result.estimates.values()] == pytest.approx([change.mean(), change.std()], rel=1e-8)
        t = scipy.stats.t.ppf(0.975, N - 1) * change.std(ddof=1) / np.sqrt(N)
        assert result.interval("level") == pytest.approx((change.mean() - t, change.mean() + t), rel=1e-7)


def test_a_child_with_another_density_takes_none_of_its_parents_routes():
    class Heavier(mlefit.LinearRegression):
        def log_prob(self, x, y):
            x, y = self._paired(x=x, y=y)
            return mlefit.densities.laplace(y, self(x), self.stddev())

    assert taken_by(Heavier, "auto", X, WAITS) == "newton"
    with pytest.raises(ValueError, match="method='least-squares' is not for Heavier"):
        routes.choose(Heavier(), Options(method="least-squares"))
    with pytest.raises(ValueError, match="covariance='expected' is not defined for Heavier"):
        routes.choose(Heavier(), Options(covariance="expected"))
