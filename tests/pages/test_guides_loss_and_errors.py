"""guides/loss-and-errors.md against textbook formulas and SciPy."""

import math

import numpy as np
import pytest
from scipy import stats


@pytest.fixture
def names(page):
    return page("guides/loss-and-errors.md")


@pytest.fixture
def error(names):
    """The error of the slope by SciPy's textbook formula, with the divisor n."""
    return stats.linregress(names["x"], names["y"]).stderr * math.sqrt(22 / 24)


def test_each_loss_has_its_constant(names, error):
    assert names["right"][0] == pytest.approx(error, rel=1e-8)
    assert names["own"].standard_errors["slope"] == pytest.approx(error, rel=1e-6)
    sigma = math.sqrt(names["variance"])
    factors = {
        "-l": 1,
        "-l/n": math.sqrt(24),
        "-2l, chi-square": 1 / math.sqrt(2),
        "sum of squares": 1 / (math.sqrt(2) * sigma),
        "Keras mse": math.sqrt(24) / (math.sqrt(2) * sigma),
    }
    for name, factor in factors.items():
        assert names["mended"][name][0] == pytest.approx(error, rel=1e-5)
        assert names["raw"][name][0] == pytest.approx(error * factor, rel=1e-5)


def test_chi_square_rises_by_one(names, error):
    assert names["reach"][1.0] == pytest.approx(error, rel=1e-6)
    assert names["reach"][2.0] == pytest.approx(error * math.sqrt(2), rel=1e-6)
    # The chi-square with two degrees of freedom is exponential.
    assert names["both"] == pytest.approx(-2 * math.log(math.erfc(1 / math.sqrt(2))), rel=1e-9)


def test_absolute_sigma(names, error):
    known = 150 / math.sqrt(24 * np.var(names["x"]))
    assert names["side_by_side"][True] == pytest.approx((known, known), rel=1e-5)
    textbook = stats.linregress(names["x"], names["y"]).stderr
    assert names["side_by_side"][False] == pytest.approx((textbook, error), rel=1e-5)
    r = names["y"] - np.polyval(np.polyfit(names["x"], names["y"], 1), names["x"])
    assert names["chi_square"] == pytest.approx(np.sum((r / 150) ** 2), rel=1e-9)


def test_bfgs_depends_on_the_start(names, error):
    errors = np.array(names["bfgs_errors"])
    assert np.ptp(errors) > 0.2 * error
    assert errors[2] == pytest.approx(100 / math.sqrt(24), rel=0.02)  # the identity


def test_a_penalty(names):
    assert names["ridge"].std() == pytest.approx(5 / 35, rel=0.04)
    assert names["bias"] == pytest.approx(-10 / 35, abs=0.01)
    assert names["about_truth"] == pytest.approx(math.hypot(5 / 35, 10 / 35), rel=0.02)
    assert names["pulled"].estimates["mean"] == pytest.approx(names["ridge"][0], rel=1e-6)
    assert names["pulled"].standard_errors["mean"] == pytest.approx(1 / math.sqrt(35), rel=1e-6)


def test_the_sandwich_needs_no_constant(names):
    x, r = names["x"], names["residuals"]
    d = x - x.mean()
    hc0 = math.sqrt(np.sum(d**2 * r**2)) / np.sum(d**2)
    assert names["with_half"][0] == pytest.approx(hc0, rel=1e-8)
    assert names["without_half"][0] == pytest.approx(hc0, rel=1e-8)
    assert names["robust"].standard_errors["slope"] == pytest.approx(hc0, rel=1e-6)


def test_float32_loses_the_curvature(names):
    exact = 2 * np.sum(names["x"] ** 2)
    for h, (single, double) in names["differences"].items():
        assert double == pytest.approx(exact, rel=1e-4)
        assert abs(single - exact) > 0.01 * exact, h


def test_exercises(names):
    assert names["coefficient_error"] == pytest.approx(5.2 / 200**0.5)
    sigma = math.sqrt(names["variance"])
    assert names["right"][0] / names["forgotten"][0] == pytest.approx(math.sqrt(2) * sigma, rel=1e-4)
