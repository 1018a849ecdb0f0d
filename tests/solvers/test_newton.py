"""Newton's method: known minima, poor starts, saddles, and honest reasons for stopping."""

import numpy as np
import pytest

from mlefit.solvers import newton


def rosenbrock(point):
    a, b = point
    value = 100 * (b - a**2) ** 2 + (1 - a) ** 2
    gradient = np.array([-400 * a * (b - a**2) - 2 * (1 - a), 200 * (b - a**2)])
    return value, gradient, np.array([[1200 * a**2 - 400 * b + 2, -400 * a], [-400 * a, 200.0]])


def two_wells(point):
    a, b = point
    return a**4 / 4 - a**2 / 2 + b**2, np.array([a**3 - a, 2 * b]), np.diag([3 * a**2 - 1, 2.0])


def gaussian(x):
    """Mean negative log-likelihood of x in (mean, log stddev), its gradient and Hessian, in closed form."""

    def evaluate(point):
        mean, log_stddev = point
        with np.errstate(over="ignore", invalid="ignore"):
            precision = np.exp(-2 * log_stddev)
            first, second = np.mean(x - mean), np.mean((x - mean) ** 2)
            value = 0.5 * np.log(2 * np.pi) + log_stddev + second * precision / 2
            gradient = np.array([-first * precision, 1 - second * precision])
            cross = 2 * first * precision
            return value, gradient, np.array([[precision, cross], [cross, 2 * second * precision]])

    return evaluate


def test_it_finds_the_end_of_a_curved_valley():
    found = newton.minimise(rosenbrock, [-1.2, 1.0])
    assert found.converged
    np.testing.assert_allclose(found.point, [1.0, 1.0], atol=1e-10)
    assert (np.diff(found.history) <= 0).all()


@pytest.mark.parametrize("start", [[0.0, 0.0], [0.0, 3.0], [1e-9, 0.0]])
def test_it_leaves_a_saddle(start):
    found = newton.minimise(two_wells, start)
    assert found.converged
    np.testing.assert_allclose(np.abs(found.point), [1.0, 0.0], atol=1e-10)


def test_it_leaves_a_maximum():
    found = newton.minimise(lambda p: (np.cos(p[0]), -np.sin(p), -np.cos(p)[:, None]), [0.0])
    assert found.converged
    assert abs(abs(found.point[0]) - np.pi) < 1e-10


@pytest.mark.parametrize("start", [(1.4, np.log(1.3)), (50, -3), (0, 5), (1e4, 10), (1.9, -10)])
def test_it_descends_from_poor_starts(start):
    x = np.random.default_rng(0).normal(2.0, 1.0, 1000)
    found = newton.minimise(gaussian(x), start, weight=len(x))
    assert found.converged
    np.testing.assert_allclose(found.point, [x.mean(), np.log(x.std())], atol=1e-9)


def test_it_steps_back_from_where_the_function_is_not_defined():
    def barrier(point):
        with np.errstate(divide="ignore", invalid="ignore"):
            return point[0] - np.log(point[0]), 1 - 1 / point, np.diag(1 / point**2)

    found = newton.minimise(barrier, [5.0])
    assert found.converged
    np.testing.assert_allclose(found.point, [1.0], atol=1e-10)


def test_the_units_of_a_parameter_do_not_matter():
    def in_units(unit):
        def evaluate(point):
            value, gradient, hessian = rosenbrock(point / unit)
            return value, gradient / unit, hessian / np.outer(unit, unit)

        return evaluate

    unit = np.array([1e-3, 1e5])
    plain, scaled = newton.minimise(rosenbrock, [-1.2, 1.0]), newton.minimise(in_units(unit), [-1.2e-3, 1e5])
    np.testing.assert_allclose(scaled.point / unit, plain.point, rtol=1e-9)
    assert len(scaled.history) == len(plain.history)


def test_a_function_that_falls_for_ever_does_not_converge():
    found = newton.minimise(lambda p: (np.exp(-p[0]), -np.exp(-p), np.diag(np.exp(-p))), [0.0])
    assert not found.converged
    assert found.reason == "runs away"


def test_the_iteration_limit_is_said():
    found = newton.minimise(rosenbrock, [-1.2, 1.0], max_iterations=3)
    assert (found.converged, found.reason, len(found.history)) == (False, "iteration limit", 4)


def test_a_flat_direction_does_not_converge():
    flat = np.diag([2.0, 0.0])
    found = newton.minimise(lambda p: (p[0] ** 2, flat @ p, flat), [1.0, 1.0], max_iterations=50)
    assert not found.converged
    np.testing.assert_allclose(found.point[0], 0.0, atol=1e-8)


def test_derivatives_that_are_not_finite_at_the_start_end_it():
    found = newton.minimise(lambda p: (1.0, np.zeros(2), np.full((2, 2), np.nan)), [0.0, 1.0])
    assert not found.converged and found.reason == "not finite" and found.value == 1.0
