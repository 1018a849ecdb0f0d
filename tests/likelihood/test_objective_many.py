"""Models of one's own with many observations: a sample finds the start, blocks are compiled."""

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import mlefit

MANY = np.random.default_rng(1).standard_t(4, 300_000) + 2.0


class Heavy(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.m, self.s = self.parameter("m", 0.0), self.parameter("s", 1.0, "positive")

    def log_prob(self, x):
        z = (x - self.m()) / self.s()
        return -2.5 * keras.ops.log1p(z**2 / 4) - keras.ops.log(self.s()) + np.log(3 / 8)


def test_many_observations_from_a_sample():
    result = mlefit.fit(Heavy(), MANY)
    z = (MANY - result.estimates["m"]) / result.estimates["s"]
    pull = 5 * z / (4 + z**2)
    scores = np.array([pull.sum(), (pull * z - 1).sum()])
    errors = np.array([*result.standard_errors.values()])
    assert result.converged and np.abs(scores / result.estimates["s"] * errors).max() < 1e-6
    assert result.log_likelihood == pytest.approx(
        scipy.stats.t.logpdf(MANY, 4, *result.estimates.values()).sum(), rel=1e-12
    )
    assert mlefit.fit(Heavy(), MANY).covariance.tobytes() == result.covariance.tobytes()


@pytest.mark.parametrize("seed, n", [(12, 114_000), (26, 90_000), (32, 114_000)])
def test_errors_of_many_observations_are_those_of_the_hessian_of_all(seed, n):
    x = np.random.default_rng(seed).standard_t(4, n)
    result = mlefit.fit(Heavy(), x)
    m, s = result.estimates.values()
    z = (x - m) / s
    pull, bend = 5 * z / (4 + z**2), 5 * (4 - z**2) / (4 + z**2) ** 2
    cross = (bend * z + pull).sum() / s
    hessian = np.array([[bend.sum() / s**2, cross], [cross, (bend * z**2 + pull * z).sum()]])
    errors = np.sqrt(np.diag(np.linalg.inv(hessian))) * [1, s]
    np.testing.assert_allclose([*result.standard_errors.values()], errors, rtol=1e-8)


@pytest.mark.parametrize("where", [0, 123_457, len(MANY) - 1])
def test_one_impossible_observation_among_many(where):
    class Exponential(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.rate = self.parameter("rate", 1.0, "positive")

        def log_prob(self, x):
            return keras.ops.where(x < 0, -np.inf, keras.ops.log(self.rate()) - self.rate() * x)

    x = np.abs(MANY)
    x[where] = -1.0
    with pytest.raises(ValueError, match=f"log_prob is -inf for the observation at index {where} "):
        mlefit.fit(Exponential(), x)


def test_a_profile_of_many_data_that_have_changed_is_refused():
    x = np.array(MANY)
    result = mlefit.fit(Heavy(), x)
    low, high = result.interval("m", method="profile")
    assert low < result.estimates["m"] < high
    x[0] += 1e3
    with pytest.raises(ValueError, match="the data or the model have changed since the fit"):
        result.interval("m", method="profile")


def test_a_profile_of_few_data_that_have_changed_is_that_of_those_fitted():
    x = np.array(MANY[:1000])
    result, again = mlefit.fit(Heavy(), x), mlefit.fit(Heavy(), np.array(x))
    x[0] += 1.0
    assert result.interval("m", method="profile") == again.interval("m", method="profile")


def test_many_rows_of_several_columns():
    class Plane(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.b, self.s = self.parameter("b", np.zeros(3)), self.parameter("s", 1.0, "positive")

        def log_prob(self, x, y):
            z = (y - keras.ops.matmul(x, self.b())) / self.s()
            return -0.5 * z**2 - keras.ops.log(self.s()) - 0.5 * np.log(2 * np.pi)

    rng = np.random.default_rng(5)
    x = rng.normal(size=(140_001, 3))
    y = x @ [1.0, -2.0, 0.5] + rng.normal(0, 0.3, len(x))
    slopes, rest, *_ = np.linalg.lstsq(x, y)
    result = mlefit.fit(Plane(), x, y)
    np.testing.assert_allclose(result.estimates["b"], slopes, rtol=1e-9)
    assert result.estimates["s"] == pytest.approx(np.sqrt(rest[0] / len(y)), rel=1e-9)


def test_many_observations_of_a_density_that_xla_does_not_know():
    class Dawson(mlefit.Model):
        """A Gaussian whose exponent is written by way of Dawson's integral."""

        def __init__(self):
            super().__init__()
            self.m = self.parameter("m", 0.0)

        def log_prob(self, x):
            z = x - self.m()
            return -0.5 * z**2 + 0.1 * tf.math.special.dawsn(z)

    result = mlefit.fit(Dawson(), MANY)
    z = MANY - result.estimates["m"]
    pull = z - 0.1 * (1 - 2 * z * scipy.special.dawsn(z))
    assert result.converged and abs(pull.sum()) * result.standard_errors["m"] < 1e-6
