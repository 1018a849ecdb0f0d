"""Many starts: a mixture with several maxima and spikes, found again from afar; honest counts."""

import numpy as np
import pytest
from keras import ops

import mlefit
from mlefit.densities import gaussian

rng = np.random.default_rng(4)
WAITING = np.concatenate([rng.normal(55, 6, 100), rng.normal(80, 6, 170)])


class Mixture(mlefit.Model):
    def __init__(self, means=(50.0, 70.0), stddevs=(10.0, 10.0)):
        super().__init__()
        self.share = self.parameter("share", 0.5, support="unit")
        self.means = self.parameter("means", means)
        self.stddevs = self.parameter("stddevs", stddevs, support="positive")

    def log_prob(self, x):
        m, s, share = self.means(), self.stddevs(), self.share()
        first = ops.log(share) + gaussian(x, m[0], s[0])
        return ops.logaddexp(first, ops.log1p(-share) + gaussian(x, m[1], s[1]))


class Ripple(mlefit.Model):
    """A location whose likelihood has a maximum in each period."""

    def __init__(self, start):
        super().__init__()
        self.m = self.parameter("m", start)

    def log_prob(self, x):
        return gaussian(x, self.m(), 10.0) + 0.2 * ops.cos(2 * (self.m() - x))


def em(x, share, means, stddevs):
    """The same optimum by another way: the EM algorithm."""
    for _ in range(3000):
        logs = np.stack(
            [
                np.log(w) - np.log(s) - 0.5 * ((x - m) / s) ** 2
                for w, m, s in zip(share, means, stddevs, strict=True)
            ]
        )
        duty = np.exp(logs - np.logaddexp(*logs))
        size = duty.sum(axis=1)
        share, means = size / len(x), duty @ x / size
        stddevs = np.sqrt([d @ (x - m) ** 2 / n for d, m, n in zip(duty, means, size, strict=True)])
    return np.logaddexp(*logs).sum() - len(x) * 0.5 * np.log(2 * np.pi), np.sort(means)


def test_many_starts_find_the_best_of_many_maxima():
    best, means = em(WAITING, np.array([0.4, 0.6]), np.array([55.0, 80.0]), np.array([6.0, 6.0]))
    result = mlefit.fit(Mixture(), WAITING, starts=20, seed=1)
    assert result.converged and result.log_likelihood == pytest.approx(best, rel=1e-9)
    np.testing.assert_allclose(np.sort(result.estimates["means"]), means, rtol=1e-5)
    assert "of 20 starts found it" in result.message
    again = mlefit.fit(Mixture(), WAITING, starts=20, seed=1)
    assert again.message == result.message and again.log_likelihood == result.log_likelihood


def test_a_search_that_ends_lower_is_counted():
    x = 30 + rng.normal(size=50)
    stuck = mlefit.fit(Ripple(15.0), x)
    result = mlefit.fit(Ripple(15.0), x, starts=30, seed=0)
    grid = np.linspace(20, 40, 200_001)
    value = [-0.5 * np.mean((x - m) ** 2) / 100 + 0.2 * np.mean(np.cos(2 * (m - x))) for m in grid]
    assert result.estimates["m"] == pytest.approx(grid[np.argmax(value)], abs=2e-4)
    assert result.log_likelihood > stuck.log_likelihood + 1
    assert "ended lower" in result.message


def test_spikes_do_not_win_and_are_said():
    """A component that shrinks onto one observation makes the likelihood as large as one likes."""
    x = np.append(WAITING, 200.0)
    spike = Mixture(means=(200.0, 70.0), stddevs=(0.5, 15.0))
    with pytest.warns(mlefit.FitWarning, match="unbounded"):
        assert not mlefit.fit(spike, x).converged
    result = mlefit.fit(Mixture(), x, starts=20, seed=2)
    assert result.converged and np.isfinite(result.covariance).all()
    assert "ran to where the likelihood is unbounded" in result.message


def test_one_maximum_needs_one_start():
    x = rng.normal(size=50)
    for model, data in [
        (mlefit.Gaussian(), (x,)),
        (mlefit.LogisticRegression(), (x, x + rng.normal(size=50) > 0)),
    ]:
        result = mlefit.fit(model, *data, starts=10)
        assert result.converged and "has one maximum" in result.message


def test_a_curve_far_from_its_start():
    x = np.linspace(0, 10, 60)
    y = np.sin(1.7 * x) + 0.1 * rng.normal(size=60)
    wave = mlefit.NonlinearRegression(lambda x, frequency: ops.sin(frequency * x), frequency=1.0)
    result = mlefit.fit(wave, x, y, starts=40, seed=0)
    assert result.converged and result.estimates["frequency"] == pytest.approx(1.7, abs=0.01)


def test_what_is_held_stays_held_from_every_start():
    result = mlefit.fit(Mixture(), WAITING, starts=10, fixed={"share": 0.4})
    assert result.estimates["share"] == pytest.approx(0.4, rel=1e-14) and "share" not in result.names


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"starts": 0}, ValueError, "starts must be at least 1, got 0"),
        ({"starts": 2.0}, TypeError, "starts must be a whole number, got 2.0"),
        ({"starts": 3, "seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"starts": 3, "seed": "a"}, TypeError, "seed must be a whole number, got 'a'"),
    ],
)
def test_wrong_numbers_of_starts_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        mlefit.fit(mlefit.Gaussian(), WAITING, **options)
