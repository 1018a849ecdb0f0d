"""Wrong answers that would show nothing: what the program or the search cannot see by itself."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from mlefit.densities import gaussian, student_t

ops = keras.ops


class Own(mlefit.Model):
    """A log-density given as a function, with parameters given as (start, support) or start."""

    def __init__(self, function, **parameters):
        super().__init__()
        self.function = function
        for name, value in parameters.items():
            self.parameter(name, *value) if isinstance(value, tuple) else self.parameter(name, value)

    def log_prob(self, *data):
        return self.function(*data, **{name: parameter() for name, parameter in self.parameters.items()})


def flagged(match, model, *data, **options):
    with pytest.warns(mlefit.FitWarning, match=match):
        result = mlefit.fit(model, *data, **options)
    assert np.isnan(result.covariance).all()
    return result


def regression(n):
    rng = np.random.default_rng(n)
    x = rng.normal(3.0, 1.0, n)
    return x, 1.0 + 2.0 * x + rng.normal(0.0, 0.5, n)


@pytest.mark.parametrize("n", [50, 1000, 5000, 70_000])
@pytest.mark.parametrize("middle", [ops.mean, ops.max])
def test_a_log_prob_that_looks_at_all_of_x(n, middle):
    """Where the slope starts at 0, nothing shows of it there."""
    x, y = regression(n)
    line = Own(lambda x, y, a, b: gaussian(y, a + b * (x - middle(x)), 0.5), a=0.0, b=0.0)
    result = mlefit.fit(line, x, y)
    slope, height = np.polyfit(x - float(middle(x)), y, 1)
    np.testing.assert_allclose([*result.estimates.values()], [height, slope], rtol=1e-9)


@pytest.mark.parametrize("n", [50, 5000])
def test_a_penalty_by_the_number_of_rows(n):
    x, y = regression(n)
    penalised = Own(lambda x, y, b: gaussian(y, b * x, 0.5) - 20.0 * b**2 / x.shape[0], b=0.0)
    best = (x @ y) / (x @ x + 40.0 * 0.25)
    assert mlefit.fit(penalised, x, y).estimates["b"] == pytest.approx(best, rel=1e-9)


def test_a_layer_or_a_model_inside_would_not_be_fitted():
    class Dense(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.s = self.parameter("s", 1.0, "positive")
            self.dense = keras.layers.Dense(1, dtype="float64")

        def log_prob(self, x, y):
            return gaussian(y, self.dense(x[:, None])[:, 0], self.s())

    class Inside(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.s = self.parameter("s", 1.0, "positive")
            self.inner = mlefit.Gaussian()

        def log_prob(self, x):
            return gaussian(x, self.inner.mean(), self.s())

    x, y = regression(30)
    with pytest.raises(ValueError, match="trains a variable that is none of its parameters"):
        mlefit.fit(Dense(), x, y)
    with pytest.raises(ValueError, match="trains a variable that is none of its parameters"):
        mlefit.fit(Inside(), x)
    frozen = Own(lambda x, m, s: gaussian(x, m, s), m=0.0, s=(1.0, "positive"))
    frozen.parameters["m"].variable.trainable = False
    with pytest.raises(ValueError, match="the parameter m is not trainable"):
        mlefit.fit(frozen, x)


def negative_binomial(k, mean, size):
    lgamma = tf.math.lgamma
    terms = lgamma(k + size) - lgamma(size) - lgamma(k + 1)
    return terms + size * ops.log(size / (size + mean)) + k * ops.log(mean / (size + mean))


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_spread_that_only_rounding_bounds(seed):
    """Counts that vary less than a Poisson's: the best size is infinite.

    Differences of lgamma lose their digits on the way there, and how, depends on the processor: the search
    runs on, or stops where rounding makes a maximum.
    """
    counts = np.random.default_rng(seed).binomial(4, 0.4, 40).astype(float)
    model = Own(negative_binomial, mean=(1.0, "positive"), size=(1.0, "positive"))
    flagged("(towards the boundary|inside the range) of size", model, counts)


@pytest.mark.parametrize("seed", [0, 1, 2, 12])
def test_light_tails_have_no_degrees_of_freedom(seed):
    x = np.random.default_rng(seed).uniform(size=100)
    model = Own(student_t, location=0.0, scale=(1.0, "positive"), df=(5.0, "positive"))
    flagged("towards the boundary of df", model, x)


def test_a_component_that_shrinks_onto_one_observation():
    x = mlefit.data.load("newcomb")["deviation"]

    def mixture(x, a, sa, b, sb):
        return ops.logaddexp(gaussian(x, a, sa), gaussian(x, b, sb)) - np.log(2)

    model = Own(mixture, a=27.0, sa=(5.0, "positive"), b=-44.0, sb=(1.0, "positive"))
    flagged("boundary of sb|unbounded.* sb goes to 0", model, x)


@pytest.mark.parametrize("size", [1e9, 1e12])
def test_huge_counts(size):
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    y = np.round(size * np.exp(0.1 * x) * (1 + rng.normal(size=100) / np.sqrt(size)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", mlefit.FitWarning)
        result = mlefit.fit(mlefit.PoissonRegression(), x, y)
    assert result.estimates["slope"] == pytest.approx(0.1, abs=5 * result.standard_errors["slope"])
    spread = size * np.exp(0.1 * x)
    around = x - spread @ x / spread.sum()
    assert result.standard_errors["slope"] == pytest.approx((spread @ around**2) ** -0.5, rel=1e-4)
    rate = np.exp(result.estimates["intercept"] + result.estimates["slope"] * x)
    # By Stirling's series, and the series of y log(rate / y) + y - rate about y.
    away = (rate - y) / y
    terms = y * (np.log1p(away) - away) - 0.5 * np.log(2 * np.pi * y)
    assert result.log_likelihood == pytest.approx(terms.sum(), rel=1e-6)


@pytest.mark.parametrize("offset", [100.0, -700.0, 700.0])
def test_offsets_far_from_the_start(offset):
    x = np.linspace(-1, 1, 50)
    y = np.random.default_rng(0).poisson(np.exp(1 + x)).astype(float)
    near = mlefit.fit(mlefit.PoissonRegression(), x, y)
    far = mlefit.fit(mlefit.PoissonRegression(), x, y, np.full(50, offset))
    assert far.converged
    assert far.estimates["intercept"] + offset == pytest.approx(near.estimates["intercept"], rel=1e-9)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_errors_beyond_float64(scale):
    x = scale * np.random.default_rng(0).normal(size=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        flagged("leave the range of float64", mlefit.Gaussian(), x)


def test_a_float32_constant_is_named():
    model = Own(lambda x, m: gaussian(x, m, 1.0) - ops.log(2.0), m=0.0)
    with pytest.raises(TypeError, match=r"keras\.ops\.log\(2\.0\) is float32"):
        mlefit.fit(model, [1.0, 2.0])


def test_a_log_prob_without_return():
    with pytest.raises(ValueError, match="got None"):
        mlefit.fit(Own(lambda x, m: None, m=0.0), [1.0, 2.0])


@pytest.mark.parametrize("limit", [2.0, 0.7])
def test_data_censored_at_a_limit_are_no_exact_fit(limit):
    x = np.minimum(np.random.default_rng(1).normal(1.0, 1.0, 500), limit)

    def log_prob(x, m, s):
        survival = ops.log(0.5 * tf.math.erfc((x - m) / s / np.sqrt(2)))
        return ops.where(x >= limit, survival, gaussian(x, m, s))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = mlefit.fit(Own(log_prob, m=0.0, s=(1.0, "positive")), x)

    def score(m, s):
        from scipy import stats

        return np.where(x >= limit, stats.norm.logsf(x, m, s), stats.norm.logpdf(x, m, s)).sum()

    m, s = result.estimates.values()
    assert result.log_likelihood == pytest.approx(score(m, s), rel=1e-12)
    for dm, ds in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert score(m + dm, s + ds) < score(m, s)
