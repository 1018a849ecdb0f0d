"""A model and its data as a function of a vector: exact, in blocks, and never from a stale program."""

import tracemalloc

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import mlefit
from mlefit.densities import gaussian
from mlefit.likelihood import objective
from mlefit.likelihood.rows import Rows

X = np.random.default_rng(0).normal(2.0, 1.5, 1000)
CENTRE = 0.0
FACTOR = 1.0


class Reads(mlefit.Model):
    """Reads a global, and an attribute that may change in place."""

    def __init__(self, shift=None):
        super().__init__()
        self.m = self.parameter("m", 0.0)
        self.shift = np.zeros(1) if shift is None else shift

    def log_prob(self, x):
        return gaussian(x, self.m() + CENTRE + self.shift[0], 1.0)


class Late(mlefit.Model):
    """Reads a global that does not show at the start, nor near it."""

    def __init__(self):
        super().__init__()
        self.m = self.parameter("m", 0.0)

    def log_prob(self, x):
        m = self.m()
        bent = keras.ops.where(m > 1.0, 1.0 + FACTOR * (m - 1.0), m)
        return gaussian(x, bent, 1.0)


class Curved(mlefit.Model):
    """Reads a global that shows in the curvature at the optimum alone."""

    def __init__(self):
        super().__init__()
        self.m = self.parameter("m", 0.0)

    def log_prob(self, x):
        d = self.m() - X.mean()
        return gaussian(x, self.m(), 1.0) - FACTOR * d**2 * keras.ops.cast(d > -1.0, "float64")


def estimate(model):
    return mlefit.fit(model, X).estimates["m"]


def test_a_global_that_changes_between_fits(monkeypatch):
    assert estimate(Reads()) == pytest.approx(X.mean(), rel=1e-12)
    model = Reads()
    for centre in (1.0, -3.0, 0.0):
        monkeypatch.setitem(globals(), "CENTRE", centre)
        assert estimate(Reads()) == pytest.approx(X.mean() - centre, rel=1e-9)
        assert estimate(model) == pytest.approx(X.mean() - centre, rel=1e-9)


def test_an_array_that_changes_in_place():
    shift = np.zeros(1)
    model = Reads(shift)
    for value in (0.0, 0.5, -1.0):
        shift[0] = value
        for each in (model, Reads(shift)):
            assert estimate(each) == pytest.approx(X.mean() - value, rel=1e-9)


def test_a_closure_that_changes_between_fits():
    constant = 0.0

    class Closure(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.m = self.parameter("m", 0.0)

        def log_prob(self, x):
            return gaussian(x, self.m() + constant, 1.0)

    for constant in (0.0, 2.0, 4.0):
        assert estimate(Closure()) == pytest.approx(X.mean() - constant, rel=1e-9)


@pytest.mark.parametrize("same_model", [True, False])
def test_a_change_that_does_not_show_at_the_start(monkeypatch, same_model):
    model = Late()
    for factor in (1.0, 0.5, 2.0):
        monkeypatch.setitem(globals(), "FACTOR", factor)
        each = model if same_model else Late()
        each.m.assign(0.0)
        assert estimate(each) == pytest.approx(1.0 + (X.mean() - 1.0) / factor, rel=1e-10)


def test_a_change_that_shows_in_the_curvature_alone(monkeypatch):
    for factor in (1.0, 4.0, 0.0):
        monkeypatch.setitem(globals(), "FACTOR", factor)
        result = mlefit.fit(Curved(), X)
        assert result.estimates["m"] == pytest.approx(X.mean(), rel=1e-10)
        assert result.standard_errors["m"] == pytest.approx((1000 * (1 + 2 * factor)) ** -0.5, rel=1e-8)


def test_a_program_is_shared_by_models_of_one_kind():
    first, second = (mlefit.fit(Reads(), values) for values in (X, X[:900]))
    count = len(objective._PROGRAMS)
    assert mlefit.fit(Reads(first_shift := np.zeros(1)), X).estimates == first.estimates
    assert len(objective._PROGRAMS) <= count + 1 and first_shift[0] == 0.0
    count = len(objective._PROGRAMS)
    for low in range(5):
        mlefit.fit(Late(), X[low:])
    assert len(objective._PROGRAMS) <= count + 1
    assert second.nobs == 900


@pytest.mark.parametrize("n", [1, 15, 16, 17, 1000, 65_536, 65_537, 150_000])
def test_value_gradient_hessian_and_scores_in_blocks(n):
    x = np.random.default_rng(n).normal(2.0, 1.5, n)
    model = mlefit.Gaussian()
    found = objective.Objective(model, Rows(x=x), np.array([0.0, 0.0]))
    point = np.array([1.0, 0.3])
    d, s = x - 1.0, np.exp(0.3)
    value, gradient, hessian = found(point)
    assert value == pytest.approx(-scipy.stats.norm.logpdf(x, 1.0, s).mean(), rel=1e-12)
    scores = np.column_stack([d / s**2, d**2 / s**2 - 1])
    np.testing.assert_allclose(gradient, -scores.mean(axis=0), rtol=1e-10, atol=1e-12)
    cross = 2 * d.mean() / s**2
    np.testing.assert_allclose(
        hessian, [[s**-2, cross], [cross, 2 * np.mean(d**2) / s**2]], rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(np.concatenate(list(found.scores(point))), scores, rtol=1e-10, atol=1e-12)
    assert found.sample(16).nobs == (16 if n >= 32 else n)


def test_a_random_log_prob_is_refused():
    class Random(Reads):
        def log_prob(self, x):
            return gaussian(x, self.m(), 1.0) + tf.random.normal(tf.shape(x), dtype=tf.float64)

    with pytest.raises(ValueError, match="must return the same values whenever it is called"):
        mlefit.fit(Random(), X)


def test_a_log_prob_in_numpy_is_refused():
    class Numpy(Reads):
        def log_prob(self, x):
            return -0.5 * (np.asarray(x) - self.m().numpy()) ** 2

    with pytest.raises(ValueError, match=r"could not be traced .* write it in keras.ops"):
        mlefit.fit(Numpy(), X)


def test_memory_stays_at_a_few_blocks():
    x = np.random.default_rng(0).normal(size=4_000_000)
    found = objective.Objective(mlefit.Gaussian(), Rows(x=x), np.array([0.0, 0.0]))
    tracemalloc.start()
    found(np.array([0.1, 0.1]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * x.nbytes


def test_nothing_warns_of_retracing(capfd, caplog):
    for low in range(8):
        mlefit.fit(Late(), X[: 10 << low % 6])
    assert "retracing" not in caplog.text + capfd.readouterr().err
