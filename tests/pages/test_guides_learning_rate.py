"""guides/learning-rate.md against closed forms, exact arithmetic and NIST's certified line."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from mlefit import data

SLOPE, INTERCEPT = 1.00211681802045, -0.262323073774029


@pytest.fixture
def names(page):
    return page("guides/learning-rate.md")


def test_hessians_of_the_tapes_are_those_by_hand(names):
    sigma = stats.norm.fit(names["draws"])[1]
    assert names["gaussian_hessian"] == pytest.approx(np.diag([1 / sigma**2, 2.0]), abs=1e-12)
    x = names["x"]
    design = np.column_stack([x, np.ones_like(x)])
    assert names["line_hessian"] == pytest.approx(2 * design.T @ design / len(x), rel=1e-12)


def test_bound_parts_the_fates_for_mean_and_sum(names):
    bound, n, rates = names["bound"], names["n"], names["rates"]
    assert bound == pytest.approx(np.minimum(1.0, 2 * names["stddev"] ** 2))
    for fate, limit in [(names["fate_of_mean"], bound), (names["fate_of_sum"], bound / n)]:
        below = rates < limit
        assert not (fate[below] == "diverged").any()
        assert set(fate[~below]) == {"oscillating", "diverged"}
    works = names["fate_of_mean"] == "converged"
    assert works.all(axis=0).any()
    assert not (names["fate_of_sum"] == "converged").all(axis=0).any()


def test_a_descent_of_the_map_is_gradient_descent_on_the_data(names):
    for row in (0, 6):
        x = np.random.default_rng(0).normal(2.0, 1.0, size=names["sizes"][row])
        for column in (20, 29, 33):
            rate = names["rates"][column]
            mean, rho = 0.7 * x.mean(), math.log(1.3 * x.std())
            for _ in range(200):
                z = (x - mean) / math.exp(rho)
                mean, rho = mean + rate * z.mean() / math.exp(rho), rho - rate * (1 - np.mean(z**2))
            error = math.hypot((mean - x.mean()) / x.std(), rho - math.log(x.std()))
            converged = names["fate_of_mean"][row, column] == "converged"
            assert converged == (error < 1e-3)


def test_predicted_steps_are_counted_and_the_best_rate_is_best(names):
    flat, steep = np.linalg.eigvalsh(names["line_hessian"])
    kappa = steep / flat
    assert names["predicted"] == names["counted"]
    assert names["predicted"]["best"] == math.ceil(math.log(0.01) / math.log((kappa - 1) / (kappa + 1)))
    grid = np.linspace(0.01, names["bound_of_line"], 2000)
    kept = np.maximum(abs(1 - grid * flat), abs(1 - grid * steep))
    assert grid[kept.argmin()] == pytest.approx(names["best_rate"], abs=1e-3)


def test_condition_number_of_norris_agrees_with_exact_arithmetic(names):
    x = [Fraction(str(value)) for value in data.load("norris")["x"]]
    mean, square = sum(x) / len(x), sum(v * v for v in x) / len(x)
    trace, determinant = square + 1, square - mean**2  # of half the Hessian
    ratio = float(trace**2 / determinant)  # kappa + 2 + 1 / kappa
    kappa = (ratio - 2 + math.sqrt((ratio - 2) ** 2 - 4)) / 2
    assert names["condition"]["raw"] == pytest.approx(kappa, rel=1e-8)
    assert names["condition"]["standardised"] == pytest.approx(1.0, abs=1e-12)
    shrink = math.log1p(-2 / (kappa + 1))  # of (kappa - 1) / (kappa + 1)
    assert names["best_steps"]["raw"] == math.ceil(math.log(0.01) / shrink)
    assert names["safe_steps"]["raw"] == math.ceil(math.log(0.01) / math.log1p(-1 / kappa))


def test_one_step_finds_the_certified_line_and_a_hundred_raw_ones_do_not(names):
    for line in (names["one_step"], names["package_step"]):
        assert line == pytest.approx([SLOPE, INTERCEPT], rel=1e-11)
    assert names["newton"] == pytest.approx([SLOPE, INTERCEPT], rel=1e-9)
    assert names["raw"][0] == pytest.approx(SLOPE, abs=1e-3)
    assert abs(names["raw"][1]) < 0.002


def test_optimisers_need_the_steps_of_their_recursions(names):
    flat, steep = np.linalg.eigvalsh(names["line_hessian"])
    eigenvalues, error = np.array([flat, steep]), np.ones(2)
    excess, velocity = {"plain, best": [], "momentum": []}, np.zeros(2)
    for k in range(200):
        excess["plain, best"].append(eigenvalues @ (1 - names["best_rate"] * eigenvalues) ** (2 * k) / 2)
        excess["momentum"].append(eigenvalues @ error**2 / 2)
        velocity = names["momentum"] * velocity - names["rate"] * eigenvalues * error
        error = error + velocity
    for name, values in excess.items():
        assert names["needed"][name] == np.flatnonzero(np.array(values) > 1e-6)[-1] + 1
    assert names["needed"]["Adam, mean"] == names["needed"]["Adam, sum"]
    assert names["correlated"] == pytest.approx(1.99 / 0.01, rel=1e-9)
    assert names["bound_of_line"] / 2 < names["good_rate"] < names["bound_of_line"]


def test_the_last_path_drawn_is_the_one_at_the_edge(names):
    x, y = data.line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
    design = np.column_stack([x, np.ones(100)])
    fitted = np.linalg.lstsq(design, y)[0]
    matrix = np.eye(2) - names["choices"]["edge"] * 2 / 100 * design.T @ design
    left = np.linalg.matrix_power(matrix, 25) @ (names["start"] - fitted)
    np.testing.assert_allclose(names["path"][25], fitted + left, rtol=1e-9)
