"""Log-densities that look beyond an observation: at others, or at an array with an entry for each."""

import keras
import numpy as np
import pytest

import mlefit
from mlefit.densities import gaussian
from mlefit.likelihood import objective

X = np.random.default_rng(0).normal(2.0, 1.5, 1000)
MANY = np.random.default_rng(1).standard_t(4, 300_000) + 2.0


class Weighted(mlefit.Model):
    def __init__(self, weights):
        super().__init__()
        self.m, self.share = self.parameter("m", 0.0), weights

    def log_prob(self, x):
        return self.share * gaussian(x, self.m(), 1.0)


def test_a_log_prob_that_mixes_observations_or_holds_an_array_for_them():
    class Centred(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.s = self.parameter("s", 1.0, "positive")

        def log_prob(self, x):
            return gaussian(x - keras.ops.mean(x), 0.0, self.s())

    weights = np.linspace(0.5, 2.0, 1000)
    assert mlefit.fit(Weighted(weights), X).estimates["m"] == pytest.approx(
        np.average(X, weights=weights), rel=1e-10
    )
    assert mlefit.fit(Centred(), X).estimates["s"] == pytest.approx(X.std(), rel=1e-10)


def test_a_log_prob_over_many_that_mixes_them_or_holds_an_array_for_them():
    class Walk(mlefit.Model):
        """Each observation about the one before."""

        def __init__(self):
            super().__init__()
            self.share = self.parameter("share", 0.0)

        def log_prob(self, x):
            before = keras.ops.concatenate([keras.ops.zeros(1, "float64"), x[:-1]])
            return gaussian(x, self.share() * before, 1.0)

    for n in (5000, 70_000, objective._BLOCK):
        x, weights = MANY[:n], np.linspace(0.5, 2.0, n)
        share = x[1:] @ x[:-1] / (x[:-1] @ x[:-1])
        assert mlefit.fit(Walk(), x).estimates["share"] == pytest.approx(share, rel=1e-10)
        mean = np.average(x, weights=weights)
        assert mlefit.fit(Weighted(weights), x).estimates["m"] == pytest.approx(mean, rel=1e-10)
