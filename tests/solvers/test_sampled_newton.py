"""Newton's method over many observations, by a sample: against the method on all of them."""

import numpy as np
import pytest

from mlefit.solvers import newton, sampled_newton


class Logs:
    """The mean of `log cosh(x - m)` over x, and a slope: its curvature changes. Counts the passes."""

    def __init__(self, x, slope=0.0):
        self.x, self.slope, self.nobs, self.passes, self.gradients = x, slope, len(x), 0, 0

    def __call__(self, point):
        self.passes += 1
        t = np.tanh(point[0] - self.x)
        value = np.mean(np.logaddexp(point[0] - self.x, self.x - point[0])) + self.slope * point[0]
        return float(value), np.array([np.mean(t) + self.slope]), np.array([[np.mean(1 - t**2)]])

    def gradient(self, point):
        self.gradients += 1
        return np.array([np.mean(np.tanh(point[0] - self.x)) + self.slope])


X = np.random.default_rng(3).gamma(2.0, 1.0, 400_000)
START = np.array([3.0])


def test_the_minimum_of_all_in_one_pass_with_hessian():
    everything, sample = Logs(X), Logs(X[::20])
    found = sampled_newton.minimise(everything, [Logs(X[::100]), sample], START, 100)
    wanted = newton.minimise(Logs(X), START, len(X))
    error = 1 / np.sqrt(len(X) * wanted.hessian[0, 0])
    assert found.converged and everything.passes == 1 and everything.gradients <= 3
    assert sample.passes <= 8
    assert abs(found.point - wanted.point)[0] < 1e-7 * error
    np.testing.assert_allclose(found.hessian, wanted.hessian, rtol=5e-6)
    assert found.value == pytest.approx(wanted.value, abs=1e-14)
    assert abs(newton.minimise(sample, START).point - wanted.point)[0] > 0.1 * error


def test_a_sample_that_is_not_typical_costs_passes_not_digits():
    everything = Logs(X)
    found = sampled_newton.minimise(everything, [Logs(np.sort(X)[: len(X) // 2])], START, 100)
    wanted = newton.minimise(Logs(X), START, len(X))
    error = 1 / np.sqrt(len(X) * wanted.hessian[0, 0])
    assert everything.passes + everything.gradients > 4
    assert abs(found.point - wanted.point)[0] < 1e-6 * error
    np.testing.assert_allclose(found.hessian, wanted.hessian, rtol=5e-6)


def test_no_minimum_is_claimed_where_there_is_none():
    assert sampled_newton.minimise(Logs(X), [Logs(X[::20], slope=2.0)], START, 100) is None
    assert sampled_newton.minimise(Logs(X, slope=2.0), [Logs(X[::20])], START, 100) is None
    assert sampled_newton.minimise(Logs(X, slope=np.nan), [Logs(X[::20])], START, 100) is None
