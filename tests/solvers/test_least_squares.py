"""Nonlinear least squares against SciPy, against the linear solver, and on what can go wrong."""

import numpy as np
import pytest
import scipy.optimize

from mlefit.likelihood.rows import Rows
from mlefit.solvers import linear_least_squares
from mlefit.solvers.least_squares import minimise

EPS = np.finfo(float).eps
rng = np.random.default_rng(0)
T = np.linspace(0.0, 2.0, 30)
NOISE = rng.normal(size=30)


def solve_linear(x, y, intercept=True):
    return linear_least_squares.solve_linear(Rows(x=x, y=y), intercept)


def decay(b):
    """A decaying exponential and its Jacobian, at T."""
    e = np.exp(-b[1] * T)
    return b[0] * e, np.column_stack([e, -b[0] * T * e])


def against(y, curve=decay):
    """The residuals of y about a curve, as the solver takes them."""

    def function(b):
        fitted, jacobian = curve(b)
        return fitted - y, jacobian

    return function


Y = decay([2.0, 0.7])[0] + 0.1 * NOISE


@pytest.mark.parametrize("start", [[1.0, 1.0], [0.0, 0.0], [50.0, -2.0], [1e-6, 20.0]])
def test_against_scipy(start):
    solution = minimise(against(Y), start)
    tight = dict.fromkeys(["xtol", "ftol", "gtol"], 1e-15)
    residuals, jacobian = (lambda b, part=part: against(Y)(b)[part] for part in (0, 1))
    peer = scipy.optimize.least_squares(residuals, [1.0, 1.0], jacobian, **tight)
    assert solution.reason == "converged" and solution.converged and not solution.exact
    assert solution.offset < 1e-12
    np.testing.assert_allclose(solution.point, peer.x, rtol=1e-7)
    assert solution.residual_norm == pytest.approx(np.linalg.norm(peer.fun), rel=1e-14)
    np.testing.assert_allclose(
        solution.factor @ solution.factor.T, np.linalg.inv(peer.jac.T @ peer.jac), rtol=1e-6
    )
    assert solution.nobs == 30 and solution.null_space.shape == (2, 0)
    assert solution.condition == pytest.approx(
        np.linalg.cond(peer.jac / np.linalg.norm(peer.jac, axis=0)), rel=1e-6
    )


def test_history_falls_from_the_start_to_the_end():
    start = np.array([5.0, 3.0])
    solution = minimise(against(Y), start)
    history = solution.history
    assert history[0] == pytest.approx(np.mean((decay(start)[0] - Y) ** 2), rel=1e-13)
    assert history[-1] == pytest.approx(solution.residual_norm**2 / 30, rel=1e-15)
    assert (np.diff(history) <= 1e-14 * history[0]).all()
    assert start.tolist() == [5.0, 3.0]


def test_blocks_give_the_same_as_all_at_once_and_the_same_again():
    def blocks(b):
        residuals, jacobian = against(Y)(b)
        for low in range(0, 30, 7):
            yield residuals[low : low + 7], jacobian[low : low + 7]

    whole, first, again = minimise(against(Y), [1, 1]), minimise(blocks, [1, 1]), minimise(blocks, [1, 1])
    np.testing.assert_allclose(first.point, whole.point, rtol=1e-13)
    np.testing.assert_array_equal(first.point, again.point)
    np.testing.assert_array_equal(first.history, again.history)
    assert first.nobs == 30 and first.converged


def test_a_linear_problem_is_solved_at_once():
    x = np.column_stack([T, T**2, T**3])
    design = np.column_stack([x, np.ones(30)])
    solution = minimise(against(Y, lambda b: (design @ b, design)), np.full(4, 100.0))
    exact = solve_linear(x, Y)
    np.testing.assert_allclose(solution.point, exact.coefficients, rtol=1e-11)
    covariance, expected = (found.factor @ found.factor.T for found in (solution, exact))
    np.testing.assert_allclose(covariance, expected, rtol=1e-10)
    assert len(solution.history) < 8


def test_units_do_not_matter():
    def scaled(b):
        fitted, jacobian = decay(b * [1e-9, 1e9])
        return 1e12 * fitted, 1e12 * jacobian * [1e-9, 1e9]

    plain = minimise(against(Y), [1.0, 1.0])
    other = minimise(against(1e12 * Y, scaled), [1e9, 1e-9])
    np.testing.assert_allclose(other.point * [1e-9, 1e9], plain.point, rtol=1e-12)
    np.testing.assert_allclose(other.history[:6], 1e24 * plain.history[:6], rtol=1e-10)


def test_trial_points_that_are_not_finite_shorten_the_step():
    def power(b):
        with np.errstate(invalid="ignore"):
            fitted = b[0] * (T - b[1]) ** b[2]
            return fitted, np.column_stack(
                [fitted / b[0], -fitted * b[2] / (T - b[1]), fitted * np.log(T - b[1])]
            )

    truth = np.array([2.0, -0.1, 0.5])
    solution = minimise(against(power(truth)[0] + 0.01 * NOISE, power), [1.0, -5.0, 3.0])
    assert solution.converged and np.abs(solution.point - truth).max() < 0.1


def test_large_residuals():
    """Where curvature makes full Gauss-Newton steps diverge, the fit ends at the minimum all the same."""
    y = np.array([2.0, 4.0, -4.0])
    grow = np.array([1.0, 2.0, 3.0])

    def curve(b):
        return np.exp(b[0] * grow), np.exp(b[0] * grow)[:, None] * grow[:, None]

    solution = minimise(against(y, curve), [1.0])
    residuals, jacobian = against(y, curve)(solution.point)
    assert solution.converged
    assert abs(jacobian[:, 0] @ residuals) < 1e-13 * np.linalg.norm(jacobian) * np.linalg.norm(residuals)


@pytest.mark.parametrize("y", [decay([2.0, 0.7])[0], decay([2.0, 0.7])[0] * (1 + EPS * NOISE), np.zeros(30)])
def test_exact_fits_are_recognised(y):
    solution = minimise(against(y), [1.0, 1.0])
    assert solution.exact and solution.residual_norm <= 1e-13


def test_as_many_parameters_as_observations():
    solution = minimise(lambda b: tuple(part[[0, -1]] for part in against(Y)(b)), [1.0, 1.0])
    assert solution.exact and solution.offset == np.inf
    np.testing.assert_allclose(decay(solution.point)[0][[0, -1]], Y[[0, -1]], rtol=1e-14)


def test_rounding_of_large_observations_is_told_by_the_caller():
    def lifted(b):
        fitted, jacobian = decay(b)
        return 1e8 + fitted, jacobian

    solution = minimise(against(1e8 + Y, lifted), [1.0, 1.0], rounding=EPS * np.linalg.norm(1e8 + Y))
    assert solution.converged and not solution.exact
    np.testing.assert_allclose(solution.point, minimise(against(Y), [1.0, 1.0]).point, rtol=1e-6)
    fitted = lifted([2.0, 0.7])[0]
    assert minimise(against(fitted, lifted), [1.0, 1.0], rounding=EPS * np.linalg.norm(fitted)).exact


@pytest.mark.parametrize(
    ("curve", "involved"),
    [
        (lambda b: (b[0] * b[1] * T, np.column_stack([b[1] * T, b[0] * T])), [0, 1]),
        (lambda b: (b[0] * T, np.column_stack([T, 0 * T])), [1]),
        (lambda b: (b[0] + b[1] + b[2] * T, np.column_stack([1 + 0 * T, 1 + 0 * T, T])), [0, 1]),
    ],
)
def test_parameters_that_the_data_do_not_determine(curve, involved):
    p = len(curve(np.ones(3))[1].T)
    solution = minimise(against(Y, curve), np.ones(p))
    assert solution.reason == "singular" and not solution.converged
    assert np.isnan(solution.factor).all() and solution.condition == np.inf
    assert np.flatnonzero(np.abs(solution.null_space).max(axis=1) > 1e-3).tolist() == involved
    gradient = curve(solution.point)[1].T @ (curve(solution.point)[0] - Y)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-10)  # It is a minimum all the same.


def test_fewer_observations_than_parameters():
    assert minimise(lambda b: tuple(part[:1] for part in against(Y)(b)), [1.0, 1.0]).reason == "singular"


def test_a_minimum_at_infinity_is_not_one():
    """A rise that is over before the first observation: the rate may be anything large."""
    t = np.arange(1.0, 11.0)

    def curve(b):
        e = np.exp(-b[1] * t)
        return b[0] * (1 - e), np.column_stack([1 - e, b[0] * t * e])

    solution = minimise(against(1.0 + 0.01 * np.cos(3 * t), curve), [1.0, 1.0])
    assert not solution.converged or solution.point[1] < 30


def test_the_iteration_limit():
    solution = minimise(against(Y), [50.0, -2.0], max_iterations=3)
    assert solution.reason == "iteration limit" and not solution.converged
    assert len(solution.history) <= 4 and np.isfinite(solution.factor).all()


def test_a_wrong_jacobian_is_no_descent():
    def wrong(b):
        residuals, jacobian = against(Y)(b)
        return residuals, -jacobian

    solution = minimise(wrong, [1.0, 1.0])
    assert solution.reason == "no descent" and not solution.converged
    assert solution.point.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_a_start_that_is_not_finite_is_refused(bad):
    def blocks(b):
        residuals, jacobian = against(Y)(b)
        residuals[17] = bad
        return [(residuals[:10], jacobian[:10]), (residuals[10:], jacobian[10:])]

    with pytest.raises(ValueError, match="finite at the start: those of observation 17 are not"):
        minimise(blocks, [1.0, 1.0])
    jacobian = np.ones((30, 1))
    jacobian[4] = bad
    with pytest.raises(ValueError, match="observation 4"):
        minimise(lambda b: (Y, jacobian), [1.0])
