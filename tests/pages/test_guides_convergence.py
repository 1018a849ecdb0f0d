"""guides/convergence.md against the closed forms of least squares, of the Gaussian and of the Cauchy pair."""

import math

import numpy as np
import pytest


@pytest.fixture(scope="module")
def names(page):
    return page("guides/convergence.md")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=100)
    return x, x + 2.0 + rng.normal(scale=0.15, size=100)


@pytest.fixture(scope="module")
def best(data):
    return np.polyfit(*data, 1)


def theta_after(k, x, best, rate=0.05):
    """Steps of gradient descent from zero, as a power of the matrix that each one multiplies the error by."""
    step = np.eye(2) - rate * 2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    return best - np.linalg.matrix_power(step, k) @ best


def fitted_distance(theta, x, y, best):
    """In standard errors, through the fitted values: no Hessian and no gradient."""
    moved = np.polyval(theta, x) - np.polyval(best, x)
    return math.sqrt(moved @ moved / np.var(y - np.polyval(best, x)))


def test_path_and_true_distance(names, data, best):
    x, y = data
    np.testing.assert_allclose(names["best"], best, rtol=1e-10)
    for k, distance in zip([30, 300, 1000], names["true_distance"], strict=True):
        theta = theta_after(k, x, best)
        np.testing.assert_allclose(names["path"][k], theta, rtol=1e-9)
        assert distance == pytest.approx(fitted_distance(theta, x, y, best), rel=1e-6)


def test_standard_errors_are_the_textbook_ones(names, data):
    """s / sqrt(Sxx) for the slope, with the divisor n in s^2."""
    x, y = data
    sxx = np.sum((x - x.mean()) ** 2)
    stddev = np.sqrt(np.var(y) * (1 - np.corrcoef(x, y)[0, 1] ** 2))
    expected = [stddev / np.sqrt(sxx), stddev * np.sqrt(np.mean(x**2) / sxx)]
    np.testing.assert_allclose(names["standard_errors"], expected, rtol=1e-10)


def test_gradient_norm_follows_the_units_and_the_decrement_does_not(names, data, best):
    x, y = data
    for i, k in enumerate([30, 300, 1000]):
        residual = y - np.polyval(names["path"][k], x)
        gradient = -2 * np.array([np.mean(x * residual), np.mean(residual)])
        assert names["norm_m"][i] == pytest.approx(np.hypot(*gradient), rel=1e-6)
        assert names["norm_mm"][i] == pytest.approx(np.hypot(1000 * gradient[0], gradient[1]), rel=1e-6)
        # The page estimates sigma where it stands, so its decrement is the distance at that sigma.
        sigmas = math.sqrt(names["floor"] / np.mean(residual**2))
        expected = sigmas * fitted_distance(names["path"][k], x, y, best)
        assert names["decrement_m"][i] == pytest.approx(expected, rel=1e-6)
        assert names["decrement_mm"][i] == pytest.approx(expected, rel=1e-5)
    assert names["norm_m"][1] < 0.01 < names["norm_mm"][2]
    assert min(np.divide(names["norm_mm"], names["norm_m"])) > 100


def test_log_likelihood_left_is_half_the_squared_decrement(names):
    np.testing.assert_allclose(names["left"][1:], names["half"][1:], rtol=2e-3)


def test_early_stopping_is_farther_off_with_a_smaller_rate(names, data, best):
    x, y = data
    for rate, stop in names["stops"].items():
        theta = theta_after(stop, x, best, rate)
        expected = fitted_distance(theta, x, y, best)
        assert names["distances"][rate][-1] == pytest.approx(expected, rel=1e-6)
    distances = [names["distances"][rate][-1] for rate in (0.5, 0.05, 0.005, 0.00001)]
    assert distances == sorted(distances)
    assert distances[0] > 0.1
    assert distances[-1] > 100
    assert names["stops"][0.00001] == 10


def test_settled_waits_for_its_patience(names):
    settled = names["settled"]
    assert not settled([1.0] * 10)
    assert settled([1.0] * 11)
    assert not settled([2.0, *[1.0] * 10])
    assert settled([2.0, *[1.0] * 11])
    assert not settled([1.0 - 0.001 * k for k in range(12)])


def test_package_stops_where_the_loop_does(names, data, best):
    assert len(names["history"]) == names["stops"][0.05] + 1
    x, y = data
    theta = theta_after(len(names["history"]), x, best)
    assert names["package_decrement"] == pytest.approx(fitted_distance(theta, x, y, best), rel=0.01)
    assert names["decrements"][0] == math.inf
    assert names["decrements"][-1] < 0.01
    assert max(names["off"]) < 0.01


def test_exercise_units(names):
    assert names["scaled_norm"] == pytest.approx(1000 * names["norm_m"][1], rel=1e-9)
    assert names["scaled_decrement"] == pytest.approx(names["decrement_m"][1], rel=1e-9)
    assert float(names["scaled_change"]) == pytest.approx(names["change"][1], rel=1e-9)


@pytest.mark.parametrize(("n", "c"), [(1000, 1), (1000, 5), (20, 1), (20, 5)])
def test_exercise_gaussian(names, n, c):
    """The Gaussian's gradient and Hessian in (mu, log sigma) by hand, in units of the best sigma."""
    off, sigma = c / math.sqrt(n), 1 + c / math.sqrt(2 * n)
    second = (1 + off**2) / sigma**2
    g = np.array([off / sigma**2, 1 - second])
    H = np.array([[1 / sigma**2, -2 * off / sigma**2], [-2 * off / sigma**2, 2 * second]])
    expected = math.sqrt(n * g @ np.linalg.inv(H) @ g) if np.linalg.det(H) > 0 else math.inf
    assert names["gaussian_decrement"][n, c] == pytest.approx(expected, rel=1e-8)


def test_exercise_cauchy(names):
    """Two observations at -a and a > 1: a maximum of the NLL between two minima at +-sqrt(a^2 - 1)."""
    assert set(names["at_zero"]) == {math.log(10)}
    assert names["decrement_at_zero"] == math.inf
    assert float(names["centre"].numpy()) == pytest.approx(math.sqrt(3**2 - 1), abs=1e-6)
