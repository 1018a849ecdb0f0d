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


def test_axes_of_the_ellipses_are_eigenvectors(names):
    """Along the axes, and nowhere between them, a step leads straight to the middle."""
    to_middle, steps = names["best"] - names["points"], names["steps"]
    turned = np.abs(to_middle[:, 0] * steps[:, 1] - to_middle[:, 1] * steps[:, 0])
    sine = turned / np.linalg.norm(to_middle, axis=1) / np.linalg.norm(steps, axis=1)
    assert (sine[:4] < 1e-9).all()
    assert (sine[4:] > 0.3).all()
    excess = (
        np.mean((names["y"] - names["points"] @ [names["x"], np.ones(100)]) ** 2, axis=1) - names["floor"]
    )
    np.testing.assert_allclose(excess, 0.07, rtol=1e-9)  # all on one contour


def test_best_rate_by_search(names):
    """No rate on a fine grid multiplies the worse of the two directions by less."""
    rates = np.linspace(0, 1, 100_001)
    worse = np.abs(1 - np.outer(rates, names["eigenvalues"])).max(axis=1)
    assert names["best_rate"] == pytest.approx(rates[worse.argmin()], abs=2e-5)
    assert names["best_factor"] == pytest.approx(worse.min(), abs=1e-5)
    kappa = np.linalg.cond(np.column_stack([names["x"], np.ones(100)])) ** 2
    assert names["best_factor"] == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-9)


def counted(x, y, rate):
    """Steps of plain gradient descent until the excess is below 1e-6, taken one by one in NumPy."""
    slope, intercept = np.polyfit(x, y, 1)
    floor = np.mean((y - slope * x - intercept) ** 2)
    m = b = 0.0
    for k in range(1000):
        residual = y - m * x - b
        if np.mean(residual**2) - floor < 1e-6:
            return k
        m, b = m + rate * 2 * np.mean(x * residual), b + rate * 2 * np.mean(residual)
    raise AssertionError("not there after 1000 steps")


def test_steps_at_the_best_rates_and_at_one_fixed_rate(names):
    variance = np.var(names["x"])
    assert names["conditions"]["centred"] == pytest.approx(1 / variance, rel=1e-10)
    assert names["conditions"]["standardised"] == pytest.approx(1, rel=1e-10)
    for name, values in names["scales"].items():
        assert names["steps_needed"][name] == counted(values, names["y"], names["best_rates"][name])
        assert names["fixed_steps"][name] == counted(values, names["y"], 0.05)
    assert list(names["steps_needed"].values()) == [75, 43, 1]  # the numbers in the text
    assert names["fixed_steps"]["centred"] > names["fixed_steps"]["raw"]
    for name, values in names["scales"].items():
        smallest = 2 * np.linalg.svd(np.column_stack([values, np.ones(100)]), compute_uv=False)[-1] ** 2 / 100
        k = names["to_1_percent"][name]
        assert (1 - 0.05 * smallest) ** k < 0.01 <= (1 - 0.05 * smallest) ** (k - 1)
    start = [excess[0] for excess in names["excesses"].values()]
    np.testing.assert_allclose(start, start[0], rtol=1e-12)  # one start for all


def test_float32_costs_little_after_300_steps_and_stalls_later(names):
    """The loop in NumPy's float32: near 2e-8 away after 300 steps, and at rest before it arrives."""
    assert names["float32_gap"] < 1e-7
    x, y, rate = names["x"].astype("f4"), names["y"].astype("f4"), np.float32(0.05)
    m = b = np.float32(0)
    for _ in range(4000):
        residual = y - m * x - b
        before = m, b
        m, b = m + rate * 2 * np.mean(x * residual), b + rate * 2 * np.mean(residual)
    assert m.dtype == np.float32
    assert (m, b) == before
    assert abs(m - names["best"][0]) > 1e-7


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
