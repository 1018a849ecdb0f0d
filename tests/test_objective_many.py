"""Models of one's own with many observations: a sample finds the start, blocks are compiled."""

import keras
import numpy as np
import pytest
import scipy.stats

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
