"""guides/positive-parameters.md against closed forms, and a fit by SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from mlefit import data


@pytest.fixture
def names(page):
    return page("guides/positive-parameters.md")


def test_by_hand_derivatives_are_those_of_the_tape(names):
    best = names["best"]
    for way, (to_weight, to_stddev, derivative) in names["ways"].items():
        if way not in names["maps"]:
            continue
        for stddev in (0.3, 1.7):
            weight = to_weight(stddev)
            assert to_stddev(weight) == pytest.approx(stddev, rel=1e-12)
            loss, first, _ = names["derivatives"](way, weight, best)
            assert loss == pytest.approx(0.5 * (best / stddev) ** 2 - stats.norm.logpdf(0, 0, stddev))
            by_hand = (stddev**2 - best**2) / stddev**3 * derivative(weight)
            assert first == pytest.approx(by_hand, rel=1e-9)


def test_the_first_step_below_zero_fails_each_in_its_way(names):
    best = names["bests"][0]
    step = 1.3 * best - 0.5 * (1.3**2 - 1) / (1.3**3 * best)
    assert step < 0
    assert names["table"]["raw", "1000km/s"] == "NaN"
    assert names["table"]["clip", "1000km/s"] == "stuck"
    assert names["table"]["abs", "1000km/s"] == "far"
    loss, gradient, _ = names["failures"]["raw"]
    assert math.isnan(loss)
    assert gradient == pytest.approx((0.01 - names["best"] ** 2) / -0.001)
    assert names["failures"]["clip"][1] == 0
    assert names["failures"]["abs"][1] == pytest.approx(1e3 - names["best"] ** 2 * 1e9)


def test_projections_take_the_path_by_formula(names):
    floors = {"NonNeg": 0.0, "floor": 0.001}
    for (name, unit), path in names["projections"].items():
        best = names["units"][unit]
        sigma = 1.3 * best
        for found in path:
            assert found == pytest.approx(sigma, rel=1e-9, nan_ok=True)
            with np.errstate(all="ignore"):
                ratio = np.float64(best) ** 2 / np.float64(sigma) ** 2
                sigma = np.maximum(sigma - 0.5 * (1 - ratio) / np.float64(sigma), floors[name])
            if found == 0:
                sigma = math.nan  # 0 / 0 in the derivative
    assert math.isnan(names["projections"]["NonNeg", "1000 km/s"][-1])
    assert names["projections"]["floor", "1000 km/s"][2] > 3e6


def test_a_mean_has_the_bound_of_two_variances(names):
    """With the mean free, the rate of a half diverges below the bound's stddev of 0.5, and only there."""
    for stddev, settles in ((1.0, True), (0.55, True), (0.45, False)):
        mean, rho = 0.01 * stddev, math.log(stddev)
        for _ in range(200):
            ratio = math.exp(-2 * rho)
            slopes = mean * ratio, 1 - (stddev**2 + mean**2) * ratio
            mean, rho = mean - 0.5 * slopes[0], rho - 0.5 * slopes[1]
        assert (abs(mean) < 1e-6 * stddev) == settles


def test_exp_takes_the_same_path_in_every_unit_and_overflows(names):
    table = names["table"]
    assert table["exp", "1000km/s"] == table["exp", "100km/s"] == table["exp", "km/s"] == 3
    # With u = log(sigma / best), a step is u - eta (1 - exp(-2 u)).
    for case, start in [("100km/s", 1.3), ("x 0.1", 0.1), ("x 100", 100.0)]:
        u, steps = math.log(start), 0
        while abs(math.expm1(u)) > 1e-3:
            u, steps = u - 0.5 * (1 - math.exp(-2 * u)), steps + 1
        assert table["exp", case] == steps
    assert table["exp", "x 0.01"] == "NaN"
    assert table["exp", "rate 1.5"] == "jumps"
    assert names["overflow"][0.026] == "NaN"
    assert names["limit"] == pytest.approx(0.0265, abs=1e-4)


def test_raw_abs_and_clip_take_the_same_steps_where_none_goes_below_zero(names):
    paths = [
        names["descend"](way, names["starts"] * names["best"], 0.5, names["best"], steps=200)[1]
        for way in ("raw", "abs", "clip")
    ]
    assert (paths[0] > 0).all()
    assert np.array_equal(paths[0], paths[1])
    assert np.array_equal(paths[0], paths[2])
    assert np.nanmax(names["needed"]["exp"][names["starts"] > 1]) < 20


def test_curvatures_agree_with_the_formula(names):
    for (way, unit), curvature in names["curvatures"].items():
        stddev = names["units"][unit]
        slope = {"exp": stddev, "softplus": 1 - math.exp(-stddev)}.get(way, 1.0)
        assert curvature == pytest.approx(2 * (slope / stddev) ** 2, rel=1e-9)


def test_package_finds_the_fit_of_scipy_on_the_path_by_hand(names):
    speed = data.load("michelson")["speed"]
    assert 100 * names["fitted"] == pytest.approx(stats.norm.fit(speed)[1], rel=1e-9)
    assert names["history"] == pytest.approx(names["by_hand"], rel=1e-12)
    # A Gaussian's standard deviation: its error from the curvature of SciPy's log-likelihood.
    sigma, h = speed.std(), 0.05

    def log_likelihood(s):
        return stats.norm.logpdf(speed, speed.mean(), s).sum()

    middle = log_likelihood(sigma)
    curvature = (log_likelihood(sigma + h) - 2 * middle + log_likelihood(sigma - h)) / h**2
    assert names["standard_error"] == pytest.approx(1 / math.sqrt(-curvature), rel=1e-3)


def test_chance_of_damage_is_the_fraction_of_flights(names):
    assert names["chance"] == pytest.approx(7 / 23, rel=1e-9)
    assert names["logit"] == pytest.approx(math.log(7 / 16), rel=1e-9)


def test_exercises_agree_with_theory(names):
    assert names["variance_path"] == pytest.approx(names["stddev_path"], rel=1e-12)
    # With v = w best, a step of the inverse is v - eta best^2 (v - 1 / v).
    for k, case in enumerate(["x 0.1", "x 0.01", "x 100"], start=3):
        v, steps, eta = 1 / names["factors"][k], 0, 0.5 * names["best"] ** 2
        while abs(1 / v - 1) > 1e-3:
            v, steps = v - eta * (v - 1 / v), steps + 1
        assert names["table"]["inverse", case] == steps
