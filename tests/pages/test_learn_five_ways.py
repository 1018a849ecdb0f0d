"""learn/five-ways.md: what the page computed, against closed forms and independent implementations."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize, stats


@pytest.fixture
def names(page):
    return page("learn/five-ways.md")


def descent(x, y, rate, batches):
    """Gradient descent on the MSE in NumPy, one step for each array of row numbers in `batches`."""
    m = b = 0.0
    for rows in batches:
        residual = y[rows] - m * x[rows] - b
        m, b = m + rate * 2 * np.mean(x[rows] * residual), b + rate * 2 * np.mean(residual)
    return np.array([m, b])


def logged(folder):
    """The scalars in the one event file of `folder`, as TensorBoard would read them."""
    (file,) = folder.iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(file))]
    values = [value for event in events for value in event.summary.value]
    assert {(v.tag, v.metadata.plugin_data.plugin_name) for v in values[:1]} == {("loss", "scalars")}
    return np.array([float(tf.make_ndarray(value.tensor)) for value in values])


def test_every_loop_takes_the_same_fifty_steps(names):
    everything = [np.arange(100)] * 50
    truth = descent(names["x"], names["y"], 0.1, everything)
    assert len(names["trained"]) == 8
    for how, model in names["trained"].items():
        found = [float(model.m.numpy()), float(model.b.numpy())]
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12, err_msg=how)
        assert model.m.dtype == "float64"
    least_squares = stats.linregress(names["x"], names["y"])
    assert abs(truth[0] - least_squares.slope) > 0.05  # Not converged: agreement means something.


def test_losses_reported_are_those_before_each_update(names):
    x, y = names["x"], names["y"]
    for losses in (names["hand_losses"], names["fit_losses"], names["step_losses"]):
        for k in (0, 1, 49):
            m, b = descent(x, y, 0.1, [np.arange(100)] * k)
            assert losses[k] == pytest.approx(np.mean((y - m * x - b) ** 2), rel=1e-12)


def test_float32_moves_the_path_by_less_than_a_millionth(names):
    rate = float(np.float32(0.1))
    assert names["rate_32"] == rate
    truth = descent(names["x"], names["y"], rate, [np.arange(100)] * 5)
    found = [float(names["rate_only"].m), float(names["rate_only"].b)]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12)
    assert all(1e-10 < value < 1e-6 for value in names["float32_gaps"])


def test_sum_explodes_at_the_rate_of_the_mean_unreported(names):
    x, y = names["x"], names["y"]
    m_truth = descent(x, y, 0.1 * 100, [np.arange(100)] * 5)[0]
    assert names["exploding_slope"] == pytest.approx(m_truth, rel=1e-9)
    assert names["exploding_slope"] > 1e6
    assert names["exploding_losses"] == [0] * 5  # Reported by Keras, which nobody told.


def test_batches_wander_and_all_rows_converge(names):
    x, y = names["x"], names["y"]
    for seed, found in [(1, names["first"]), (2, names["second"])]:
        rng = np.random.default_rng(seed)
        batches = [rows for _ in range(20) for rows in np.split(rng.permutation(100), 4)]
        np.testing.assert_allclose(found, descent(x, y, 0.6, batches), rtol=0, atol=1e-10)
    truth = stats.linregress(x, y)
    np.testing.assert_allclose(names["full"], [truth.slope, truth.intercept], rtol=0, atol=1e-6)
    assert names["full_excess"][-1] < 1e-12
    assert names["first_excess"][-40:].min() > 1e-7
    assert names["second_excess"][-40:].min() > 1e-7


def test_callbacks_and_own_loop_stop_save_log_and_collect_alike(names):
    x, y = names["x"], names["y"]
    path = np.array([descent(x, y, 0.6, [np.arange(100)] * k) for k in range(301)])
    losses = np.mean((y - np.outer(path[:, 0], x) - path[:, 1:]) ** 2, axis=1)
    lowest, waited, stop = np.inf, 0, 0
    while waited < 3:
        waited = 0 if losses[stop] < lowest - 1e-4 else waited + 1
        lowest = losses[stop] if waited == 0 else lowest
        stop += 1
    for found in (names["watch"].path, names["own_path"]):
        np.testing.assert_allclose(found, path[1 : stop + 1], rtol=0, atol=1e-12)
    folder = Path(names["folder"].name)
    for log in ("fit", "loop"):
        np.testing.assert_allclose(logged(folder / log), losses[:stop], rtol=1e-6)
    for file in ("line.weights.h5", "own.weights.h5"):
        names["reloaded"].load_weights(folder / file)
        found = [float(names["reloaded"].m), float(names["reloaded"].b)]
        np.testing.assert_allclose(found, path[stop], rtol=0, atol=1e-12)
    truth = stats.linregress(x, y)
    assert names["too_steep"] == pytest.approx(path[stop, 0] - truth.slope, rel=1e-9)
    assert truth.stderr / 2 < names["too_steep"] < truth.stderr
    if find_spec("tensorboard") is None:
        assert "tf.summary.scalar" in names["tensorboard_message"]


def test_custom_loss_maximises_the_likelihood(names):
    x, y = names["x"], names["y"]

    def nll(theta):
        return -np.mean(stats.norm.logpdf(y, theta[0] * x + theta[1], np.exp(theta[2])))

    best = optimize.minimize(nll, [1.0, 2.0, -2.0], tol=1e-12)
    truth = [best.x[0], best.x[1], np.exp(best.x[2])]
    np.testing.assert_allclose(names["nll_fit"], truth, rtol=1e-5)
    line = stats.linregress(x, y)
    sigma = np.std(y - line.slope * x - line.intercept)
    np.testing.assert_allclose(names["nll_fit"], [line.slope, line.intercept, sigma], rtol=1e-9)


def test_pieces_and_exercises(names):
    x, y = names["x"], names["y"]
    truth = descent(x, y, 0.1, np.split(np.arange(100), 4) * 5)
    found = [float(names["from_pieces"].m), float(names["from_pieces"].b)]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12)
    for rows, found in [(slice(None), names["weighted"]["rows"]), (slice(50), names["weighted"]["columns"])]:
        line = stats.linregress(x[rows], y[rows])
        np.testing.assert_allclose(found, [line.slope, line.intercept], rtol=0, atol=1e-6)
    slope = stats.linregress(x, y).slope / 2
    found = [float(names["halved"].m), float(names["halved"].b)]
    np.testing.assert_allclose(found, [slope, y.mean() - slope * x.mean()], rtol=0, atol=1e-9)


def test_a_loop_forgets_the_penalty_and_model_losses_brings_it_back(names):
    """The minimum of MSE + 0.1 m^2 by SciPy, and the line that has no penalty."""
    x, y = names["x"], names["y"]

    def objective(theta):
        return np.mean((y - theta[0] * x - theta[1]) ** 2) + 0.1 * theta[0] ** 2

    ridge = optimize.minimize(objective, [0.0, 0.0], tol=1e-10).x
    penalised = [float(names["penalised"].m), float(names["penalised"].b)]
    for found in (penalised, names["remembered"]):
        np.testing.assert_allclose(found, ridge, rtol=1e-6)
    assert names["ridge"] == pytest.approx(ridge[0], rel=1e-6)
    truth = stats.linregress(x, y)
    np.testing.assert_allclose(names["forgotten"], [truth.slope, truth.intercept], rtol=1e-6)


def test_a_generator_starts_again_with_two_batches_only(names):
    x, y = names["x"], names["y"]
    batches = np.split(np.arange(100), 4)
    truth = descent(x, y, 0.1, [*batches, *batches[:2], *batches[:2]])
    found = [float(names["from_generator"].m), float(names["from_generator"].b)]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12)
    assert names["count"].batches == [4, 2, 2]
    assert "ran out of data" in str(names["caught"][0].message)
