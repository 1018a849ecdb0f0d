"""Models made in a line, and fits that must be flagged: what tests of failures share."""

import keras
import numpy as np
import pytest

import mlefit

ops = keras.ops
rng = np.random.default_rng(0)
X, NOISE = rng.normal(size=50), rng.normal(size=50)


def own(log_prob, **parameters):
    """A model of the function log_prob(p, *data), p being a dict of the parameters' values."""

    class Own(mlefit.Model):
        def __init__(self):
            super().__init__()
            for name, value in parameters.items():
                self.parameter(name, *value) if isinstance(value, tuple) else self.parameter(name, value)

        def log_prob(self, *data):
            return log_prob({name: parameter() for name, parameter in self.parameters.items()}, *data)

    return Own()


def bell(x, mean, stddev):
    return mlefit.densities.gaussian(x, mean, stddev)


def hand_gaussian(mean=0.0, stddev=1.0):
    return own(lambda p, x: bell(x, p["mean"], p["stddev"]), mean=mean, stddev=(stddev, "positive"))


def hand_line(p, x, y):
    return bell(y, p["a"] + p["b"] * x, p["s"])


def flagged(match, model, *data, **options):
    with pytest.warns(mlefit.FitWarning, match=match):
        result = mlefit.fit(model, *data, **options)
    assert np.isnan(result.covariance).all() and not result.converged
    assert all(np.isnan(error).all() for error in result.standard_errors.values())
    assert all(np.isnan(result.interval(name)).all() for name in result.names)
    str(result), result._repr_html_()
    return result
