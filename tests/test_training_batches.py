"""Training by batches against the same steps written out in NumPy, and what the losses are the losses of."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlefit import DivergenceError, History
from mlefit.training import train

rng = np.random.default_rng(5)
X = rng.normal(size=(23, 2))
Y = X @ [1.0, -2.0] + rng.normal(size=23)


def line(dtype="float64"):
    slope = keras.Variable(np.zeros(2), dtype=dtype)
    return lambda x, y: tf.reduce_mean((y - tf.linalg.matvec(x, slope)) ** 2), slope


def by_hand(batches, rates, size, slope=0.0, momentum=0.0):
    """Losses and slopes before each step: a batch's gradient counts as its share of a full batch."""
    slope, speed, losses, path = np.zeros(2) + slope, np.zeros(2), [], []
    for rows, rate in zip(batches, rates, strict=True):
        residuals = Y[rows] - X[rows] @ slope
        losses.append(np.mean(residuals**2))
        path.append(slope)
        share = len(rows) / size
        speed = momentum * speed + float(np.float32(rate)) * share * 2 * np.mean(
            residuals[:, None] * X[rows], 0
        )
        slope = slope + speed
    return np.array(losses), np.array([*path, slope])


def orders(seed, epochs, size=5):
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(Y))
        yield from (order[low : low + size] for low in range(0, len(Y), size))


def of_all(slopes):
    return np.mean((Y - slopes @ X.T) ** 2, axis=1)


@pytest.mark.parametrize("compile", ["eager", "graph", "xla"])
def test_the_whole_history(compile):
    loss, slope = line()
    optimizer = keras.optimizers.SGD(0.05, momentum=0.5)
    history = train(loss, [slope], optimizer, 23, compile, data=(X, Y), batch_size=5, seed=3)
    losses, path = by_hand(list(orders(3, 5))[:23], [0.05] * 23, 5, momentum=0.5)
    assert isinstance(history, History) and history.steps.dtype == np.float64
    np.testing.assert_allclose(history.steps, losses, rtol=1e-12)
    np.testing.assert_allclose(slope.numpy(), path[-1], rtol=1e-12)
    assert history.epoch_steps.tolist() == [5, 10, 15, 20]
    np.testing.assert_allclose(history.epochs, of_all(path[[5, 10, 15, 20]]), rtol=1e-12)


def test_a_dataset_gives_the_same_steps():
    loss, slope = line()
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(5)
    history = train(loss, [slope], keras.optimizers.SGD(0.05), 12, data=data)
    in_turn = [np.arange(low, min(low + 5, 23)) for low in range(0, 23, 5)]
    losses, path = by_hand((in_turn * 3)[:12], [0.05] * 12, 5)
    np.testing.assert_allclose(history.steps, losses, rtol=1e-12)
    np.testing.assert_allclose(slope.numpy(), path[-1], rtol=1e-12)
    np.testing.assert_allclose(history.epochs, of_all(path[[5, 10]]), rtol=1e-12)


@pytest.mark.parametrize("size", [5, 7, 22, 23, 100])
def test_the_gradients_of_an_epoch_are_that_of_the_mean_over_all_rows(size):
    """At one point: gradients are collected while a learning rate of 0 leaves the slope where it is."""
    loss, slope = line()
    gradients = []

    class Still(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            gradients.append(gradient.numpy())

    train(loss, [slope], Still(), -(-23 // size), "eager", data=(X, Y), batch_size=size)
    closed = -2 * np.mean(Y[:, None] * X, axis=0)
    np.testing.assert_allclose(np.sum(gradients, 0), 23 / min(size, 23) * closed, rtol=1e-12)


def test_a_short_batch_that_counted_in_full_would_lead_elsewhere():
    values, level = np.array([0.0] * 8 + [1.0] * 2), keras.Variable(0.5, dtype="float64")
    data = tf.data.Dataset.from_tensor_slices(values).batch(4)  # unshuffled: the last batch is [1, 1]
    train(lambda x: tf.reduce_mean((x - level) ** 2), [level], keras.optimizers.SGD(0.01), 300, data=data)
    assert float(level.numpy()) == pytest.approx(0.2, abs=0.01)  # and not 1/3


SCHEDULES = {
    "exponential": (
        lambda: keras.optimizers.schedules.ExponentialDecay(0.08, 4, 0.5),
        lambda k: 0.08 * 0.5 ** (k / 4),
    ),
    "piecewise": (
        lambda: keras.optimizers.schedules.PiecewiseConstantDecay([3, 8], [0.08, 0.04, 0.01]),
        lambda k: 0.08 if k <= 3 else 0.04 if k <= 8 else 0.01,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_count_steps_also_when_taken_up(name, tmp_path):
    schedule, rate = SCHEDULES[name]
    losses, path = by_hand(list(orders(0, 3))[:13], [rate(k) for k in range(13)], 5)
    for steps in (6, 13):  # the second run takes up the first
        loss, slope = line()
        history = train(
            loss,
            [slope],
            keras.optimizers.SGD(schedule()),
            steps,
            data=(X, Y),
            batch_size=5,
            checkpoint=tmp_path / "run",
        )
    np.testing.assert_allclose(history.steps, losses, rtol=1e-6)  # Keras has rates in float32
    np.testing.assert_allclose(slope.numpy(), path[-1], rtol=1e-6)


@pytest.mark.parametrize("data", ["arrays", "dataset"])
def test_two_signatures_and_no_more(data):
    loss, slope = line()
    traced = []

    def noted(x, y):
        traced.append(tuple(x.shape))
        return loss(x, y)

    optimizer, arguments = keras.optimizers.SGD(0.05), {"data": (X, Y), "batch_size": 5}
    if data == "dataset":  # of batches of many sizes
        sizes = [5, 3, 5, 2, 4, 1, 5, 3]
        ends = np.cumsum(sizes)[:-1]
        parts = list(
            zip(np.split(np.resize(X, (28, 2)), ends), np.split(np.resize(Y, 28), ends), strict=True)
        )
        signature = tf.TensorSpec((None, 2), tf.float64), tf.TensorSpec((None,), tf.float64)
        arguments = {"data": tf.data.Dataset.from_generator(lambda: iter(parts), output_signature=signature)}
    train(noted, [slope], optimizer, 40, **arguments)
    # For the check and the end, steps of full batches and of others, and both again for the loss of an epoch.
    assert len(traced) <= (6 if data == "arrays" else 8)


def test_images_labels_and_float32():
    images = rng.normal(size=(30, 4, 4, 1)).astype("float32")
    labels = (images.mean((1, 2, 3)) > 0).astype(int)
    weights = keras.initializers.GlorotUniform(seed=0)
    network = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, kernel_initializer=weights)])
    network.build((None, 4, 4, 1))
    seen = set()

    def loss(x, label):
        seen.add((x.dtype, label.dtype))
        logits = network(x)
        assert logits.dtype == tf.float32
        return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True))

    history = train(
        loss,
        network.trainable_variables,
        keras.optimizers.Adam(0.05),
        80,
        data=(images, labels),
        batch_size=8,
    )
    assert seen == {(tf.float32, tf.int64)}
    assert history.epochs[-1] < 0.3 < history.epochs[0]
    assert np.mean(np.argmax(network(images), 1) == labels) == 1


def test_a_run_settles_by_the_loss_of_all_rows():
    loss, slope = line()
    rates = keras.optimizers.schedules.InverseTimeDecay(0.2, 5, 1.0)
    history = train(
        loss, [slope], keras.optimizers.SGD(rates), 2000, tolerance=1e-3, data=(X, Y), batch_size=5
    )
    epochs = history.epochs
    settled = [np.ptp(epochs[k - 10 : k + 1]) <= 1e-3 * epochs[k] for k in range(10, len(epochs))]
    assert 11 <= len(epochs) < 400 and settled == [False] * (len(settled) - 1) + [True]
    assert len(history.steps) == 5 * len(epochs)
    assert np.ptp(history.steps[-10:]) > 0.1  # the batches scatter as before
    with pytest.raises(ValueError, match="tolerance is asked of whole epochs, and this dataset has no end"):
        data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(5).repeat()
        train(loss, [slope], keras.optimizers.SGD(0.1), 5, tolerance=1e-3, data=data)


def test_an_endless_dataset_has_no_epochs():
    loss, slope = line()
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(5).repeat()
    history = train(loss, [slope], keras.optimizers.SGD(0.05), 12, data=data)
    assert history.steps.shape == (12,) and history.epochs.shape == history.epoch_steps.shape == (0,)


def diverged(message, rate):
    loss, slope = line()
    with pytest.raises(DivergenceError, match=message) as error:
        train(loss, [slope], keras.optimizers.SGD(rate), 40, data=(X, Y), batch_size=5)
    assert len(error.value.history) == error.value.step and np.isfinite(error.value.history).all()
    return slope.numpy()


def test_divergence_puts_back_the_end_of_the_best_epoch():
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([17], [0.05, 1e30])
    _, path = by_hand(list(orders(0, 3)), [0.05] * 15, 5)
    best = int(np.argmin(of_all(path[[5, 10, 15]])))
    message = (
        rf"is inf at step 2\d; .* back where that of all rows was lowest, [\d.]+ at the end of epoch {best},"
    )
    np.testing.assert_allclose(diverged(message, rates), path[5 * best + 5], rtol=1e-6)


def test_an_epoch_that_ended_above_the_start_is_not_the_best():
    # After the first epoch the loss of all rows is some 1e250, and finite.
    assert (
        diverged(r"the loss is inf at step \d; .* back where it was lowest, [\d.]+ at step 0\.", 1e25) == 0
    ).all()


def test_progress_shows_both_losses(capsys):
    loss, slope = line()
    train(loss, [slope], keras.optimizers.SGD(0.05), 12, progress=True, data=(X, Y), batch_size=5)
    shown = capsys.readouterr().out
    assert "12/12" in shown and "epoch_loss" in shown
