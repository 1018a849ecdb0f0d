"""learn/layer.md: what the page computed, against closed forms and independent implementations."""

import numpy as np
import pytest
from scipy import stats


@pytest.fixture
def names(page):
    return page("learn/layer.md")


def test_weights_are_named_float64_scalars(names):
    weights = names["layer"].trainable_variables
    assert [w.name for w in weights] == ["m", "b"]
    assert all(tuple(w.shape) == () and w.dtype == "float64" for w in weights)


def test_trained_layer_is_the_least_squares_line(names):
    truth = stats.linregress(names["x"], names["y"])
    np.testing.assert_allclose(names["layer"].m.numpy(), truth.slope, rtol=1e-9)
    np.testing.assert_allclose(names["layer"].b.numpy(), truth.intercept, rtol=1e-9)
    np.testing.assert_allclose(names["slope_error"], truth.stderr, rtol=1e-10)
    assert abs(truth.slope - 1.0) < truth.stderr


def test_thirty_steps_leave_what_the_eigenvalues_say(names):
    x, y = names["x"], names["y"]
    design = np.column_stack([x, np.ones_like(x)])
    best = np.linalg.solve(design.T @ design, design.T @ y)
    start = np.array([names["m_start"], 0.0])
    step = np.eye(2) - 0.05 * 2 * design.T @ design / len(x)
    after = best + np.linalg.matrix_power(step, 30) @ (start - best)
    np.testing.assert_allclose(names["m_30"], after[0], rtol=1e-10)
    np.testing.assert_allclose(names["mse_30"], np.mean((y - design @ after) ** 2), rtol=1e-10)
    assert names["mse_before"] == pytest.approx(np.mean((y - start[0] * x) ** 2))


def test_untracked_weights_never_move(names):
    assert names["untracked"].trainable_variables == []
    assert np.ptp(names["untracked_losses"]) == 0
    assert float(names["untracked"].m) == 0.5
    through_origin = np.linalg.lstsq(names["x"][:, None], names["y"])[0][0]
    assert names["half"].m.numpy() == pytest.approx(through_origin)


def test_column_minus_row_learns_the_mean(names):
    y = names["y"]
    assert tuple(names["residual_shape"]) == (100, 100)
    assert abs(names["broadcast"].m.numpy()) < 1e-9
    assert names["broadcast"].b.numpy() == pytest.approx(y.mean())
    assert names["column_losses"][-1] == pytest.approx(np.mean((y - y.mean()) ** 2))


def test_broadcast_loss_splits_into_variance_and_distance_from_the_mean(names):
    y, predicted = names["y"], names["layer"](names["inputs"]).numpy()
    assert names["in_order"] == pytest.approx(np.var(y) + np.mean((np.mean(y) - predicted) ** 2))
    assert names["out_of_order"] == pytest.approx(names["in_order"])


def test_float32_stops_short(names):
    """The page's loop in NumPy's float32 comes to rest too, at the same order of distance."""
    assert names["layer32"].m.dtype == "float32"
    assert 1e-9 < names["gap_32"] < 1e-5
    assert names["gaps_32"][-1] == names["gaps_32"][-6]
    x, y, rate = names["x"].astype("f4"), names["y"].astype("f4"), np.float32(0.6)
    truth = stats.linregress(names["x"], names["y"]).slope
    m, b = np.float32(names["start"][0]), np.float32(0)
    for _ in range(400):
        residual = y - (m * x + b)
        before = m, b
        m, b = m + rate * 2 * np.mean(x * residual), b + rate * 2 * np.mean(residual)
    assert m.dtype == np.float32
    assert (m, b) == before
    for stalled in (names["gap_32"], abs(m - truth)):
        assert names["freezes_at"] / 4 < stalled < 4 * names["freezes_at"]


def test_exact_arithmetic_goes_on(names):
    """The dashed line is the path of the loop in float64, taken step by step."""
    x, y = names["x"], names["y"]
    truth = stats.linregress(x, y).slope
    m, b = names["start"]
    for k in range(201):
        if k in (0, 50, 200):
            assert names["gaps_exact"][k // 10] == pytest.approx(abs(m - truth), rel=1e-4)
        residual = y - m * x - b
        m, b = m + 1.2 * np.mean(x * residual), b + 1.2 * np.mean(residual)
    assert names["gaps_exact"][-1] < 1e-14


def test_package_agrees_and_refuses_the_mistakes(names):
    truth = stats.linregress(names["x"], names["y"])
    packaged = [names["packaged"].m.numpy(), names["packaged"].b.numpy()]
    np.testing.assert_allclose(packaged, [truth.slope, truth.intercept], rtol=1e-9)
    assert [v.name for v in names["model"].trainable_variables] == ["slope", "intercept", "stddev"]
    assert "empty" in names["empty_message"]
    for message in ["guard_message", "loss_message", "model_message"]:
        assert "(100, 1)" in names[message]
