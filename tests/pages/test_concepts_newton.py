"""What concepts/newton.md computes, against scipy, automatic differentiation, closed forms and fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize


@pytest.fixture
def names(page):
    return page("concepts/newton.md")


def test_the_surface_has_the_derivatives_of_the_loss(names):
    theta = tf.Variable([3.0, 0.7], dtype="float64")
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            r = names["y"] - theta[0] * tf.exp(-theta[1] * names["t"])
            loss = tf.reduce_mean(r**2) / (2 * 0.2**2)
        gradient = inner.gradient(loss, theta)
    hessian = outer.jacobian(gradient, theta, experimental_use_pfor=False)
    f, g, H, G = names["surface"](theta.numpy())
    np.testing.assert_allclose(f, loss, rtol=1e-12)
    np.testing.assert_allclose(g, gradient, rtol=1e-10)
    np.testing.assert_allclose(H, hessian, rtol=1e-10)
    assert np.linalg.eigvalsh(G)[0] > 0


def test_the_optimum_and_its_errors_are_those_of_curve_fit(names):
    found, _ = optimize.curve_fit(
        lambda t, a, k: a * np.exp(-k * t), names["t"], names["y"], [5, 0.5], xtol=1e-14, ftol=1e-14
    )
    np.testing.assert_allclose(names["best"], found, rtol=1e-7)
    np.testing.assert_allclose(names["fitted"], found, rtol=1e-7)
    for path in names["paths"].values():
        assert names["distance"](path[-1]) < 0.012
    truth = np.array([5.0, 0.5])
    assert (np.abs(names["best"] - truth) < 3 * names["errors"]).all()


def test_descent_needs_kappa_passes_and_newton_a_handful_in_any_unit(names):
    for kappa, predicted, descended, newtons in names["units"].values():
        assert abs(descended / predicted - 1) < 0.2
        assert newtons == 4
        assert kappa > 5
    passes = [row[2] for row in names["units"].values()]
    assert max(passes) > 20 * min(passes)


def test_the_decrement_is_the_distance_near_the_optimum_and_its_digits_double(names):
    for decrement, distance in names["trace"][2:]:
        assert decrement == pytest.approx(distance, rel=0.06)
    last = [decrement for decrement, _ in names["trace"][-3:]]
    assert last[2] < last[1] ** 2 and last[1] < last[0] ** 2


def test_newton_alone_diverges_where_the_hessian_is_indefinite(names):
    x = names["x"]
    means = np.array([mean for mean, _, _ in names["run"]])
    assert (np.diff(np.abs(means - x.mean())) > 0).all()
    for mean, log_stddev, lowest in names["run"]:
        assert (lowest > 0) == (abs(mean - x.mean()) < x.std())
        delta, variance = x.mean() - mean, math.exp(2 * log_stddev)
        H = np.array([[1, 2 * delta], [2 * delta, 2 * (x.var() + delta**2)]]) / variance
        determinant = 2 * (x.var() - delta**2) / variance**2
        np.testing.assert_allclose(names["logged"]([mean, log_stddev])[2], H, rtol=1e-9)
        assert np.linalg.det(H) == pytest.approx(determinant, rel=1e-6)
    assert names["first"][1] < 0


def test_the_trust_region_finds_mean_and_stddev_of_the_data(names):
    x = names["x"]
    truth, hundredth = [x.mean(), math.log(x.std())], 0.01 * x.std() / math.sqrt(len(x))
    np.testing.assert_allclose(names["by_hand"][-1], truth, atol=1.1 * hundredth)
    np.testing.assert_allclose(names["by_package"].point, truth, atol=1e-9)
    np.testing.assert_allclose(names["path"][-1], [x.mean(), x.std()], atol=1.1 * hundredth)
    np.testing.assert_allclose([names["p"][0], math.exp(names["p"][1])], [x.mean(), x.std()], atol=1e-5)


def test_newton_ends_on_the_saddle_and_the_trust_region_at_the_minimum(names):
    pair = names["pair"]
    np.testing.assert_allclose(names["saddle"], pair.mean(), atol=1e-9)
    assert names["curvatures"][0] < 0 < names["curvatures"][1]

    def nll(p):
        a, b = (np.exp(-((pair - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in p)
        return -np.log((a + b) / 2).mean()

    best = optimize.minimize(nll, [-2, 2], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-14})
    np.testing.assert_allclose(names["out"][-1], best.x, atol=0.003)
    assert names["evaluate"](names["saddle"])[0] == pytest.approx(nll(names["saddle"]), rel=1e-12)


def test_the_trust_region_leaves_the_line_that_leads_to_the_saddle(names):
    """From starts on a = b, where the gradient alone would stay, to a minimum of scipy's."""
    pair, best = names["pair"], np.sort(names["out"][-1])
    for start in (0.5, -1.2, float(pair.mean())):  # the last is the saddle itself
        path = names["trust_region"](names["evaluate"], np.array([start, start]), len(pair))
        assert path[0] == pytest.approx([start, start])
        assert len(path) < 15
        np.testing.assert_allclose(np.sort(path[-1]), best, atol=0.003)
    np.testing.assert_allclose(np.sort(names["minimum"].point), best, atol=0.003)
    np.testing.assert_allclose(np.sort(names["out_of_level"][-1]), best, atol=0.003)
    # A first step as long as the radius, along (1, -1) as far as the rest of it leaves room.
    first = np.diff(names["out_of_level"], axis=0)[0]
    assert np.linalg.norm(first) == pytest.approx(1.0)


def test_digits_of_least_squares(names):
    X, v = names["X"][:, :4], names["v"]
    slope = [Fraction(b) for b in names["exact"](X, v).tolist()]
    for column in X.T.tolist():  # residuals of the exact solution are orthogonal to the columns
        total = sum(
            Fraction(c) * (Fraction(y) - sum(Fraction(z) * b for z, b in zip(row, slope, strict=True)))
            for c, row, y in zip(column, X.tolist(), v.tolist(), strict=True)
        )
        assert abs(total) < 1e-13 * sum(abs(c * y) for c, y in zip(column, v.tolist(), strict=True))
    normal, lstsq, qr, mlefit = names["right"][10]
    assert normal < 1 and lstsq < 1 and names["rank"] == 10
    assert qr > 5 and mlefit > 14
    assert names["mapped"] > 8
