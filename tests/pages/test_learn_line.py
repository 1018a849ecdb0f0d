"""learn/line.md against closed forms, NumPy's least squares and the published check of Hubble's table."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def names(page):
    return page("learn/line.md")


@pytest.fixture(scope="module")
def least_squares(names):
    """Slope and intercept from means and sums, by another route than the page's."""
    x, y = names["x"], names["y"]
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    return slope, y.mean() - slope * x.mean()


def test_data_are_the_seeded_line(names):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=100)
    np.testing.assert_array_equal(names["x"], x)
    np.testing.assert_array_equal(names["y"], x + 2.0 + rng.normal(scale=0.15, size=100))
    np.testing.assert_array_equal(names["y_package"], names["y"])


def test_loop_follows_the_matrix_power(names, least_squares):
    """30 steps from zero: theta_k = theta_hat + (I - eta H)^k (theta_0 - theta_hat)."""
    x, y = names["x"], names["y"]
    step = np.eye(2) - 0.05 * 2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    for k in [30, 1000]:
        expected = least_squares - np.linalg.matrix_power(step, k) @ least_squares
        np.testing.assert_allclose(names["path"][k], expected, rtol=1e-10)
    np.testing.assert_allclose([names["m_30"], names["b_30"]], names["path"][30], rtol=1e-12)
    assert names["losses"][0] == pytest.approx(np.mean(y**2), rel=1e-12)
    assert len(names["losses"]) == 30


def test_floor_and_best_line(names, least_squares):
    x, y = names["x"], names["y"]
    np.testing.assert_allclose(names["best"], least_squares, rtol=1e-10)
    unexplained = np.var(y) * (1 - np.corrcoef(x, y)[0, 1] ** 2)
    assert names["floor"] == pytest.approx(unexplained, rel=1e-10)
    assert names["mse_30"] == pytest.approx(1.124 * unexplained, rel=1e-3)


def test_eigenvalues_and_steps(names):
    """The roots of the characteristic polynomial; the number of steps by counting."""
    x = names["x"]
    trace, determinant = 2 * np.mean(x**2) + 2, 4 * np.var(x)
    roots = np.sort(np.roots([1, -trace, determinant]))
    np.testing.assert_allclose(names["eigenvalues"], roots, rtol=1e-10)
    np.testing.assert_allclose(names["kept_by_loop"], names["kept"], rtol=1e-8)
    for root, steps in zip(roots, names["steps_to_1_percent"], strict=True):
        error, count = 1.0, 0
        while error > 0.01:
            error, count = error * (1 - 0.05 * root), count + 1
        assert np.ceil(steps) == count


def test_centring_alone_is_no_cure(names):
    variance = np.var(names["x"])
    assert names["conditions"]["centred"] == pytest.approx(1 / variance, rel=1e-10)
    assert names["conditions"]["standardised"] == pytest.approx(1, rel=1e-10)
    assert names["steps_needed"]["standardised"] == 44  # 0.9^43 > 0.01 > 0.9^44
    raw, centred, standard = (names["excesses"][k] for k in ["raw", "centred", "standardised"])
    assert (centred[1:] > raw[1:]).all()
    assert (standard[1:41] > raw[1:41]).all()
    assert (standard[41:] < raw[41:]).all()


def test_hubble(names):
    """The check that comes with the data, and NumPy's polynomial fit."""
    assert names["slope"] == pytest.approx(454.15844, abs=1e-4)
    assert names["intercept"] == pytest.approx(-40.78365, abs=1e-4)
    np.testing.assert_allclose(
        [names["slope"], names["intercept"]],
        np.polyfit(names["distance"], names["velocity"], 1),
        rtol=1e-7,
    )


def test_package_agrees(names, least_squares):
    np.testing.assert_allclose(names["history"][:30], names["losses"], rtol=1e-6)
    assert len(names["history"]) == 1000
    np.testing.assert_allclose([names["m"].numpy(), names["b"].numpy()], names["path"][1000], rtol=1e-6)
    assert abs(names["m_package"] - least_squares[0]) < 0.001


def test_exercises(names):
    design = np.column_stack([names["x"], np.ones(100)])
    assert names["limit"] == pytest.approx(100 / np.linalg.norm(design, 2) ** 2, rel=1e-10)
    swapped = np.array(names["swapped_losses"])
    assert swapped[20] < swapped[10] < swapped[0]
    assert swapped.min() > 9 * names["floor"]
    assert (np.diff(swapped[50:]) > 0).all()
    d, v = names["distance"], names["velocity"]
    assert float(names["H_0"]) == pytest.approx(np.linalg.lstsq(d[:, None], v)[0][0], rel=1e-10)
