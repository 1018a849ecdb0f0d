"""A prior on a model: MAP estimates against closed forms and SciPy, on the natural scale."""

import keras
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from keras import ops

import mlefit

rng = np.random.default_rng(12)
N = 30
X = rng.normal(size=(N, 3)) * [1, 20, 1] + [0, 1000, 0]
Y = X @ [1.0, 0.1, 0.0] + rng.normal(size=N)
YES = (rng.random(N) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)


class Shrunk(mlefit.Gaussian):
    def log_prior(self):
        return mlefit.densities.gaussian(self.mean(), 0.0, 0.3)


class Ridge(mlefit.LogisticRegression):
    strength = 2.0

    def log_prior(self):
        return -0.5 * self.strength * ops.sum(ops.square(self.slope()))


class Scale(mlefit.Model):
    """An exponential by its mean, with a gamma prior on it."""

    def __init__(self):
        super().__init__()
        self.mean = self.parameter("mean", 1.0, support="positive")

    def log_prob(self, x):
        return -ops.log(self.mean()) - x / self.mean()

    def log_prior(self):
        return 2.0 * ops.log(self.mean()) - 4.0 * self.mean()


class Rate(mlefit.Model):
    """The same by its rate."""

    def __init__(self):
        super().__init__()
        self.rate = self.parameter("rate", 1.0, support="positive")

    def log_prob(self, x):
        return ops.log(self.rate()) - self.rate() * x

    def log_prior(self):
        return 2.0 * ops.log(self.rate()) - 4.0 * self.rate()


def test_a_gaussian_mean_with_a_gaussian_prior():
    """The mode weighs the sample mean and the prior's by their precisions."""
    y = Y - Y.mean() + 1.0
    result = mlefit.fit(Shrunk(), y, fixed={"stddev": 2.0})
    precision = N / 4 + 1 / 0.09
    assert result.estimates["mean"] == pytest.approx(N / 4 / precision, rel=1e-10)
    assert result.standard_errors["mean"] == pytest.approx(1 / np.sqrt(precision), rel=1e-9)
    assert result.log_likelihood == pytest.approx(
        scipy.stats.norm.logpdf(y, result.estimates["mean"], 2.0).sum(), rel=1e-12
    )
    assert result.log_prior == pytest.approx(
        scipy.stats.norm.logpdf(result.estimates["mean"], 0, 0.3), rel=1e-10
    )


def test_the_result_says_that_it_is_map_and_has_no_criteria():
    result = mlefit.fit(Shrunk(), Y)
    assert result.converged and result.method == "MAP, Newton"
    assert np.isnan(result.aic) and np.isnan(result.bic)
    text = str(result)
    assert "AIC             nan: for MAP estimates it is not defined" in text and "log-prior" in text
    with pytest.raises(ValueError, match="a fit with a prior is MAP"):
        mlefit.fit(mlefit.Gaussian(), Y).likelihood_ratio_test(mlefit.fit(Shrunk(), Y, fixed={"mean": 0.0}))


def test_a_ridge_logistic_is_scipy_s_optimum_and_searched_as_its_parent_is():
    from mlefit import routes
    from mlefit.routes.outcome import Options

    model = Ridge()
    result = mlefit.fit(model, X, YES)
    assert routes.choose(model, Options()).name == "linear predictor"

    def negative(b):
        line = (X - [0, 1000, 0]) @ b[:3] + b[3]
        return -(YES * line - np.logaddexp(0, line)).sum() + 0.5 * 2.0 * (b[:3] @ b[:3])

    best = scipy.optimize.minimize(negative, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(result.estimates["slope"], best[:3], rtol=1e-4, atol=1e-6)

    class Own(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.slope = self.parameter("slope", np.zeros(3))
            self.intercept = self.parameter("intercept", 0.0)

        def log_prob(self, x, y):
            return mlefit.densities.bernoulli(
                y, ops.matmul(x - np.array([0, 1000, 0]), self.slope()) + self.intercept()
            )

        def log_prior(self):
            return -0.5 * 2.0 * ops.sum(ops.square(self.slope()))

    own = mlefit.fit(Own(), X, YES)
    np.testing.assert_allclose(result.estimates["slope"], own.estimates["slope"], rtol=1e-7)
    np.testing.assert_allclose(result.standard_errors["slope"], own.standard_errors["slope"], rtol=1e-6)


def test_a_prior_ends_separation_and_does_with_few_observations():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 1.0])
    result = mlefit.fit(Ridge(), x, y)
    gradient = (y - scipy.special.expit(result.estimates["slope"] * x + result.estimates["intercept"])) @ x
    assert result.converged and gradient == pytest.approx(2.0 * result.estimates["slope"], rel=1e-8)

    class Both(mlefit.LinearRegression):
        def log_prior(self):
            return -0.5 * (
                ops.sum(self.slope() ** 2) + self.intercept() ** 2 + 1 / self.stddev() + self.stddev()
            )

    few = mlefit.fit(Both(), X[:2], Y[:2])
    assert few.converged and np.isfinite(few.covariance).all()


@pytest.mark.parametrize("model", [Scale, Rate])
def test_the_mode_is_on_the_natural_scale_without_a_jacobian(model):
    x = np.array([0.5, 1.0, 1.5, 5.0])
    result = mlefit.fit(model(), x)
    name = result.names[0]
    sign = -1 if model is Scale else 1

    def negative(log_value):
        value = np.exp(log_value)
        rate = value if model is Rate else 1 / value
        return -(4 * np.log(rate) - rate * x.sum() + 2 * np.log(value) - 4 * value)

    best = np.exp(scipy.optimize.minimize_scalar(negative, bracket=(-1, 1), tol=1e-12).x)
    assert result.estimates[name] == pytest.approx(best, rel=1e-6)
    if model is Rate:  # closed form: 4 + 2 over 8 + 4
        assert result.estimates[name] == pytest.approx(0.5, rel=1e-10) and sign == 1


def test_the_mode_moves_when_the_parameter_is_another():
    x = np.array([0.5, 1.0, 1.5, 5.0])

    class ByRate(Rate):
        def log_prior(self):  # the prior of `Scale`, as a density of the rate: its Jacobian is 1 / rate^2
            mean = 1 / self.rate()
            return 2.0 * ops.log(mean) - 4.0 * mean - 2.0 * ops.log(self.rate())

    mean, rate = mlefit.fit(Scale(), x).estimates["mean"], mlefit.fit(ByRate(), x).estimates["rate"]
    assert abs(1 / rate - mean) > 0.05


def test_many_rows_are_led_by_samples_that_keep_the_prior_s_share():
    many = np.random.default_rng(1)
    x = many.normal(size=100_000)
    y = (many.random(100_000) < scipy.special.expit(x)).astype(float)

    class Strong(mlefit.LogisticRegression):
        def log_prior(self):
            return -0.5 * 1e4 * ops.square(self.slope())

    result = mlefit.fit(Strong(), x, y)
    pull = (y - scipy.special.expit(result.estimates["slope"] * x + result.estimates["intercept"])) @ x
    assert result.converged and pull == pytest.approx(1e4 * result.estimates["slope"], rel=1e-6)


def test_an_optimizer_finds_the_same_mode():
    exact = mlefit.fit(Ridge(), X[:, 0], YES)
    found = mlefit.fit(Ridge(), X[:, 0], YES, method=keras.optimizers.Adam(0.05), steps=1500)
    assert found.estimates["slope"] == pytest.approx(exact.estimates["slope"], rel=1e-4)
    assert found.method.startswith("MAP, ")


def test_a_corner_and_a_prior_without_a_mode_are_said():
    class Lasso(mlefit.LinearRegression):
        def log_prior(self):
            return -30.0 * ops.sum(ops.abs(self.slope()))

    class Away(mlefit.LogisticRegression):
        def log_prior(self):
            return 20.0 * ops.sum(self.slope() ** 2)

    for model, y in [(Lasso(), Y), (Away(), YES)]:
        with pytest.warns(mlefit.FitWarning, match="where log_prior has a corner"):
            assert not mlefit.fit(model, X, y).converged


def test_profiles_are_of_the_posterior():
    result = mlefit.fit(Shrunk(), Y - Y.mean(), fixed={"stddev": 2.0})
    low, high = result.interval("mean", method="profile")
    reach = scipy.stats.norm.ppf(0.975) * result.standard_errors["mean"]
    np.testing.assert_allclose(
        [low, high], [result.estimates["mean"] - reach, result.estimates["mean"] + reach], rtol=1e-7
    )


@pytest.mark.parametrize(
    ("prior", "kind", "message"),
    [
        (lambda self: None, ValueError, "log_prior must return one number, got None"),
        (
            lambda self: self.b() * np.ones(2),
            ValueError,
            r"log_prior must return one number, got shape \(2,\)",
        ),
        (lambda self: ops.log(self.b() - 5.0), ValueError, "log_prior is nan at the start"),
        (
            lambda self: -(float(self.b().numpy()) ** 2),
            ValueError,
            "log_prior could not be traced by TensorFlow",
        ),
        (lambda self: ops.log(2.0) * self.b(), TypeError, "log_prior mixes float64 with another type"),
    ],
)
def test_a_prior_that_is_no_number_is_refused(prior, kind, message):
    class Own(mlefit.Model):
        log_prior = prior

        def __init__(self):
            super().__init__()
            self.b = self.parameter("b", 1.0)

        def log_prob(self, x):
            return mlefit.densities.gaussian(x, self.b(), 1.0)

    with pytest.raises(kind, match=message):
        mlefit.fit(Own(), Y)


def test_a_curve_with_a_prior_is_predicted():
    class Decay(mlefit.NonlinearRegression):
        def log_prior(self):
            return -0.5 * ops.square((self.parameters["k"]() - 1.0) / 0.05)

    t = np.linspace(0.0, 3.0, 30)
    y = 2 * np.exp(-0.7 * t) + 0.1 * np.random.default_rng(0).normal(size=30)
    result = mlefit.fit(Decay(lambda t, a, k: a * ops.exp(-k * t), a=1.0, k=1.0), t, y)
    a, k = result.estimates["a"], result.estimates["k"]
    mean, low, high = result.predict(t)
    np.testing.assert_allclose(mean, a * np.exp(-k * t), rtol=1e-12)
    slopes = np.column_stack([np.exp(-k * t), -a * t * np.exp(-k * t)])
    errors = np.sqrt(np.sum(slopes @ result.covariance[:2, :2] * slopes, axis=1))
    np.testing.assert_allclose((high - low) / 2, 1.959964 * errors, rtol=1e-6)
