"""The errata, against the definitions and against what the post prints."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

PAGE = "reference/errata.md"
PRINTED = [6.88, 7.05, 15.86, 11.28, 10.42]
PRINTED_JOINT = {0: 9.043067752419683e-06, 2: 3.0081558180762395e-10}
PRINTED_LOG = {0: -11.613512087983674, 2: -21.924523723972346}
DRAWS = [1.295, -1.276, -0.084, 0.830, -0.920]


def test_densities_are_those_of_scipy_and_the_printed_ones_lack_a_root(page):
    right = page(PAGE)["right"]
    np.testing.assert_allclose(right, 100 * stats.norm.pdf(DRAWS), rtol=1e-12)
    np.testing.assert_allclose(right / math.sqrt(2 * math.pi), PRINTED, atol=0.005 + 0.0005 * 16)


@pytest.mark.parametrize(("mean", "density", "log"), [(0, 8.95e-4, -7.02), (2, 2.98e-8, -17.33)])
def test_joint_densities_and_all_that_separates_them_from_the_printed_ones(page, mean, density, log):
    names = page(PAGE)
    assert names["log_joint"][mean] == pytest.approx(stats.norm.logpdf(DRAWS, mean).sum(), rel=1e-12)
    assert names["log_joint"][mean] == pytest.approx(log, abs=0.005)
    assert math.exp(names["log_joint"][mean]) == pytest.approx(density, rel=0.001)
    assert math.log(PRINTED_JOINT[mean]) == pytest.approx(PRINTED_LOG[mean], rel=1e-12)
    unexplained = PRINTED_LOG[mean] + 5 * 0.9189385332 - stats.norm.logpdf(DRAWS, mean).sum()
    assert names["misfit"][mean] == pytest.approx(unexplained, abs=1e-8)
    worst = np.array(DRAWS) + 0.0005 * np.sign(np.array(DRAWS) - mean)
    moved = abs(stats.norm.logpdf(worst, mean).sum() - stats.norm.logpdf(DRAWS, mean).sum())
    assert abs(unexplained) < names["rounding"][mean] == pytest.approx(moved, rel=0.001)


def test_thirty_steps_without_noise_match_the_integrals_over_a_uniform_x(page):
    m = b = 0.0
    for _ in range(30):  # the means of x^2, x and 1 are 1/3, 1/2 and 1; the truth is 1 and 2
        at_m, at_b = m - 1, b - 2
        m, b = m - 0.1 * (at_m / 3 + at_b / 2), b - 0.1 * (at_m / 2 + at_b)
    np.testing.assert_allclose(page(PAGE)["noiseless"], [m, b], rtol=1e-12)


def test_standard_error_of_the_intercept_is_that_of_least_squares(page):
    x = (np.arange(100_000) + 0.5) / 100_000
    design = np.column_stack([x, np.ones_like(x)])
    covariance = 0.15**2 / 100 * np.linalg.inv(design.T @ design / len(x))
    found = page(PAGE)["standard_errors"]
    np.testing.assert_allclose(found, np.sqrt(np.diag(covariance)), rtol=1e-6)
    # Of what is left after 30 steps: each alone, and both as a rise of the log-likelihood.
    lacks = np.array([1.0, 2.0]) - page(PAGE)["noiseless"]
    np.testing.assert_allclose(page(PAGE)["in_errors"], lacks / np.sqrt(np.diag(covariance)), rtol=1e-6)
    assert list(np.round(page(PAGE)["in_errors"], 1)) == [-0.5, 1.9]
    typical = -covariance[0, 1] / covariance[1, 1] * lacks[1] / math.sqrt(covariance[0, 0])
    assert round(typical, 1) == 1.7  # the other way
    rise = 100 * np.mean((design @ lacks) ** 2) / (2 * 0.15**2)
    assert page(PAGE)["jointly"] == pytest.approx(math.sqrt(2 * rise), rel=1e-6)
    assert round(page(PAGE)["jointly"], 1) == 3.0


def test_first_step_of_sigma_is_the_derivative_of_the_summed_loss(page):
    data = np.repeat([-0.1, 0.1], 500)  # standard deviation 0.1, mean 0

    def loss(sigma):
        return -stats.norm.logpdf(data, 0.06, abs(sigma[0])).sum()

    slope = optimize.approx_fprime([0.13], loss, 1e-7)[0]
    first = page(PAGE)["first_sigma"]
    assert first == pytest.approx(0.13 - 0.0005 * slope, abs=1e-4)
    assert first < 0 and math.isfinite(loss([first]))


def test_factors_of_one_step_near_the_optimum_are_a_half_and_nought():
    data = np.repeat([-1.0, 1.0], 500)  # standard deviation 1, mean 0

    def step(mean, stddev):
        slope = optimize.approx_fprime([mean, stddev], lambda at: -stats.norm.logpdf(data, *at).sum(), 1e-7)
        return mean - 0.0005 * slope[0], stddev - 0.0005 * slope[1]

    assert step(0.01, 1.0)[0] / 0.01 == pytest.approx(0.5, abs=0.01)
    assert (step(0.0, 1.01)[1] - 1) / 0.01 == pytest.approx(0.0, abs=0.03)


def test_tape_knows_the_variable_alone(page):
    names = page(PAGE)
    assert names["unwatched"] is None
    assert float(names["watched"]) == 6.0


def test_swapped_gradients_follow_the_swapped_hessian(page):
    names = page(PAGE)
    design = np.column_stack([names["x"], np.ones(100)])
    best = np.linalg.lstsq(design, names["y"])[0]
    kept = np.eye(2) - 0.05 * (2 * design.T @ design / 100)[::-1]
    m, b = best - np.linalg.matrix_power(kept, 299) @ best
    loss = np.mean((m * names["x"] + b - names["y"]) ** 2)
    assert names["losses"][-1] == pytest.approx(loss, rel=1e-9)
    assert names["losses"][29] < 0.04 * names["losses"][0] < names["losses"][-1]


def test_poisson_loss_by_hand_in_both_orders(page):
    names = page(PAGE)
    counts = np.array([1.0, 2.0, 3.0])
    for rate in (1.0, 2.0, 4.0, 8.0):
        in_order = np.mean(rate - counts * math.log(rate))
        swapped = np.mean(counts - rate * np.log(counts))
        assert names["in_order"][rate] == pytest.approx(in_order, abs=1e-5)
        assert names["swapped"][rate] == pytest.approx(swapped, abs=1e-5)
    assert min(names["in_order"], key=names["in_order"].get) == counts.mean()
    assert list(names["swapped"].values()) == sorted(names["swapped"].values(), reverse=True)


def test_fit_takes_a_generator(page):
    assert page(PAGE)["loss_fell"]


def test_profile_of_the_slope_looks_as_the_item_on_mu_says():
    x = np.linspace(0, 1, 101)
    squares = np.mean(x**2)
    assert squares == pytest.approx(1 / 3, abs=0.01)
    slope = np.array([-1.0, -0.99, -0.98])
    profile = -np.log(0.15**2 + squares * (slope - 1) ** 2)
    fixed = -(0.15**2 + squares * (slope - 1) ** 2)
    assert np.diff(profile, 2)[0] > 0 > np.diff(fixed, 2)[0]
