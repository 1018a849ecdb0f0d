"""guides/graph-mode.md against gradient descent in NumPy and SciPy; no time is asserted."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import mlefit

SAMPLE = np.random.default_rng(0).normal(2.0, 1.0, size=1000)


@pytest.fixture
def names(page):
    return page("guides/graph-mode.md")


def descent(x, rate, epochs):
    """The losses before each step and the parameters after the last, by the formula of the page."""
    mean = log_stddev = 0.0
    losses = []
    for _ in range(epochs):
        stddev = math.exp(log_stddev)
        losses.append(-stats.norm.logpdf(x, mean, stddev).mean())
        slopes = (mean - x.mean()) / stddev**2, 1 - np.mean((x - mean) ** 2) / stddev**2
        mean, log_stddev = mean - rate * slopes[0], log_stddev - rate * slopes[1]
    return np.array(losses), (mean, math.exp(log_stddev))


def test_every_way_and_the_package_give_the_history_of_numpy(names):
    losses, estimates = descent(SAMPLE, 0.25, 50)
    assert len(names["histories"]) == 5 and len(names["train_histories"]) == 3
    for history in [*names["histories"].values(), *names["train_histories"].values()]:
        np.testing.assert_allclose(history, losses, rtol=1e-12)
    for found in names["estimates"].values():
        assert found == pytest.approx(estimates, rel=1e-12)


def test_the_break_even_is_where_the_times_cross(names):
    pays_from = names["pays_from"]
    assert pays_from((4.0, 30.0)) == pytest.approx(40.0)  # 30 + 40 / 4 = 40
    k = pays_from((8.0, 90.0), (4.0, 30.0))
    assert 90 + k / 8 == pytest.approx(30 + k / 4)
    assert pays_from((1.0, 5.0)) == pays_from((2.0, 5.0), (3.0, 5.0)) == math.inf


def test_the_tables_have_a_row_for_each_compiled_way(names):
    ways = list(names["ways"]())
    for rows in (names["thousand"], names["million"]):
        assert list(rows) == ways[1:]
        assert np.isfinite(list(rows.values())).all()


def test_python_runs_at_tracing_alone(names):
    assert len(names["traces"]) == 1
    assert names["calls"].numpy() == 50
    assert names["before"] == names["after"] == pytest.approx(SAMPLE.mean() + 1.0)
    assert list(names["trace_counts"].values()) == [10, 1, 10, 1]


def test_a_numpy_array_is_copied_and_a_tensor_is_not(names):
    copied, referred = names["sizes"]
    assert copied == pytest.approx(8.0, abs=0.01)  # a million numbers of 8 bytes
    assert referred < 0.01
    many = np.random.default_rng(0).normal(2.0, 1.0, size=10**6)
    assert names["stale"] == pytest.approx(np.abs(many).mean())


def test_variables_made_late_fail_with_the_words_quoted(names):
    works, singleton, again, non_first, *cured = names["reasons"]
    assert works == again == "works" and cured == ["works", "works"]
    assert singleton == "tf.function only supports singleton tf.Variables created on the first call"
    assert "variables on a non-first call" in non_first


def test_train_traces_the_loss_once_a_call(names):
    assert names["loss_calls"] == {"eager": 50 + 2, "graph": 1 + 2, "xla": 1 + 2}


def test_an_if_on_a_tensor_needs_eager_or_a_decorated_loss(names):
    model, x = names["model"], names["x"]

    def switched():
        loss = model.nll(x)
        if model.stddev() < 0.5:
            loss = 2.0 * loss
        return loss

    def train(loss, mode):
        sgd = keras.optimizers.SGD(0.25)
        return mlefit.train(loss, model.trainable_variables, sgd, 2, compile=mode)

    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        train(switched, "graph")
    assert len(train(switched, "eager")) == 2
    assert len(train(tf.function(switched), "graph")) == 2


def test_python_range_grows_the_graph_and_break_stops_the_loop(names):
    whole, unrolled = names["counts"]["whole"], names["counts"]["unrolled"]
    assert whole[0] == whole[1]
    assert unrolled[1] / unrolled[0] == pytest.approx(2, abs=0.1)
    losses, _ = descent(SAMPLE, 0.25, 50)
    first = next(k for k in range(1, 50) if losses[k - 1] - losses[k] < 1e-9)
    assert len(names["settled"]) == first + 1 == names["expected"]
    np.testing.assert_allclose(names["settled"], losses[: first + 1], rtol=1e-12)
