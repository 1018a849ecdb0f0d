"""Runs by batches, stopped and taken up again: the bits of a run without a stop, in the same data."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlefit.training import train
from runs import stop_at

rng = np.random.default_rng(8)
X = rng.normal(size=(23, 2))
Y = X @ [1.0, -2.0] + rng.normal(size=23)


def arrays(x=X, y=Y, size=5, seed=2):
    return {"data": (x, y), "batch_size": size, "seed": seed}


def dataset(x=X, y=Y, seed=2, size=5):
    """Made anew for each run, as a new process would: in another order in each epoch."""
    return {"data": tf.data.Dataset.from_tensor_slices((x, y)).shuffle(23, seed=seed).batch(size)}


def endless():
    return {"data": tf.data.Dataset.from_tensor_slices((X, Y)).repeat().shuffle(40, seed=1).batch(4)}


SOURCES = {"arrays": arrays, "dataset": dataset, "endless": endless}


def run(data, steps=31, checkpoint=None, rate=0.05, **arguments):
    """The bits that a run leaves."""
    slope = keras.Variable(np.zeros(2), dtype="float64")
    rates = keras.optimizers.schedules.ExponentialDecay(rate, 7, 0.8)
    optimizer = keras.optimizers.Adam(rates)

    def loss(x, y):
        return tf.reduce_mean(tf.math.log1p((y - tf.linalg.matvec(x, slope)) ** 2))

    history = train(loss, [slope], optimizer, steps, checkpoint=checkpoint, **data, **arguments)
    kept = history.steps, history.epochs, history.epoch_steps, *(v.numpy() for v in optimizer.variables)
    return [a.tobytes() for a in (*kept, slope.numpy())]


def stopped(patch, step, *arguments, **options):
    with patch.context() as context, pytest.raises(KeyboardInterrupt):
        stop_at(context, step)
        run(*arguments, progress=True, **options)


@pytest.mark.parametrize("kind", SOURCES)
def test_stopped_and_taken_up(kind, tmp_path, monkeypatch):
    whole = run(SOURCES[kind]())
    for step in (1, 7, 20, 29):  # in the first epoch, within one, at the end of one, and near the end
        stopped(monkeypatch, step, SOURCES[kind](), checkpoint=tmp_path / "run")
    assert run(SOURCES[kind](), checkpoint=tmp_path / "run") == whole
    assert run(SOURCES[kind](), checkpoint=tmp_path / "run") == whole
    longer = run(SOURCES[kind](), 40, checkpoint=tmp_path / "run")
    assert longer == run(SOURCES[kind](), 40)


@pytest.mark.parametrize("kind", ["arrays", "dataset"])
def test_stopped_while_the_loss_of_an_epoch_is_computed(kind, tmp_path, monkeypatch):
    from mlefit.descent.steps import Steps

    mean, passes = Steps.mean, []

    def interrupted(steps, batches):
        passes.append(None)
        if len(passes) == 2:
            raise KeyboardInterrupt
        return mean(steps, batches)

    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(Steps, "mean", interrupted)
        run(SOURCES[kind](), checkpoint=tmp_path / "run")
    with np.load(tmp_path / "run") as file:
        assert (file["history"].shape, file["epochs"].shape) == ((10,), (1,))
    assert run(SOURCES[kind](), checkpoint=tmp_path / "run") == run(SOURCES[kind]())


SCRIPT = """
import sys, threading
sys.path.insert(0, sys.argv[1])
import test_checkpoints_batches as here
from mlefit.descent import checkpoints
checkpoints._SECONDS, checkpoints._SHARE = 0, 1e9  # after every step
for kind in ("arrays", "dataset"):
    run = lambda kind=kind: here.run(here.SOURCES[kind](), 10**6, checkpoint=f"{sys.argv[2]}/{kind}")
    threading.Thread(target=run).start()
"""


def taken(path):
    if not path.exists():
        return 0
    with np.load(path) as file:  # whole, whenever it is read
        return file["history"].size


def test_killed(tmp_path):
    """Both runs in one process, for it takes seconds to import TensorFlow."""
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, env=environment) as process:
        try:
            deadline = time.monotonic() + 300
            while min(taken(tmp_path / kind) for kind in ("arrays", "dataset")) < 30:
                assert time.monotonic() < deadline and process.poll() is None, "the runs do not go on"
                time.sleep(0.05)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    for kind in ("arrays", "dataset"):
        steps = taken(tmp_path / kind) + 13
        assert run(SOURCES[kind](), steps, checkpoint=tmp_path / kind) == run(SOURCES[kind](), steps)


CHANGED = Y.copy()
CHANGED[0] += 1e-3


@pytest.mark.parametrize(
    ("begun", "changed", "message"),
    [
        (arrays, lambda: arrays(size=6), "it has batch_size 5, this one has 6"),
        (arrays, lambda: arrays(seed=3), "it has seed 2, this one has 3"),
        (arrays, lambda: arrays(X[:20], Y[:20]), r"it has data float64 \(23, 2\), float64 \(23,\), this one"),
        (arrays, lambda: arrays(y=CHANGED), r"it has data with the fingerprint \d+, this one has \d+"),
        (arrays, dataset, r"it has data float64 \(23, 2\), .* this one has float64 \(None, 2\)"),
        (dataset, lambda: dataset(seed=3), "it has first batch .* made anew for each run, .* with a seed"),
        (dataset, lambda: dataset(seed=None), "it has first batch .* made anew for each run, .* with a seed"),
        (dataset, lambda: dataset(size=6), "it has first batch"),
    ],
)
def test_other_data_and_other_batches(begun, changed, message, tmp_path):
    run(begun(), 8, checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(ValueError, match=f"is of another run: {message}"):
        run(changed(), 12, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before


def test_a_dataset_under_another_seed_of_tensorflow(tmp_path):
    """A dataset's own seed gives its order only together with TensorFlow's."""
    run(dataset(), 8, checkpoint=tmp_path / "run")
    tf.random.set_seed(7)
    with pytest.raises(ValueError, match=r"it has first batch .* to which tf\.random\.set_seed adds"):
        run(dataset(), 12, checkpoint=tmp_path / "run")
    tf.random.set_seed(None)
    assert run(dataset(), 12, checkpoint=tmp_path / "run") == run(dataset(), 12)


def first_the_same(rest):
    """A dataset whose first batch does not tell that others are different."""
    return {"data": tf.data.Dataset.from_tensors((X[:5], Y[:5])).concatenate(dataset(seed=rest)["data"])}


def test_later_batches_are_compared_too(tmp_path):
    run(first_the_same(1), 9, checkpoint=tmp_path / "run")
    with pytest.raises(
        ValueError, match=r"has seen other batches: number 9 is not what it was\. A dataset must"
    ):
        run(first_the_same(2), 12, checkpoint=tmp_path / "run")
    shorter = {"data": dataset(X[:15], Y[:15], seed=None)["data"]}
    few = tf.data.Dataset.from_tensor_slices((X, Y)).batch(5)
    run({"data": few}, 7, checkpoint=tmp_path / "few")
    for other, end in ((few.take(3), 3), (few.concatenate(shorter["data"]), 5)):
        with pytest.raises(
            ValueError, match=rf"data has (not )?ended after {end} batches, unlike in the checkp"
        ):
            run({"data": other}, 12, checkpoint=tmp_path / "few")


def test_another_loss_of_the_same_data(tmp_path):
    run(arrays(), 8, checkpoint=tmp_path / "run")
    slope = keras.Variable(np.zeros(2), dtype="float64")
    rates = keras.optimizers.schedules.ExponentialDecay(0.05, 7, 0.8)
    with pytest.raises(ValueError, match=r"at its start, on the first batch, the loss was .* have changed"):
        train(
            lambda x, y: tf.reduce_mean((y - tf.linalg.matvec(x, slope)) ** 2),
            [slope],
            keras.optimizers.Adam(rates),
            12,
            checkpoint=tmp_path / "run",
            **arrays(),
        )
    assert slope.numpy().tolist() == [0, 0]


def test_tolerance_by_epochs_stops_where_it_would_have(tmp_path, monkeypatch):
    whole = run(arrays(), 400, tolerance=0.02)
    steps = len(whole[0]) // 8
    assert 60 < steps < 400 and steps % 5 == 0
    stopped(monkeypatch, steps - 2, arrays(), 400, checkpoint=tmp_path / "run", tolerance=0.02)
    for _ in range(2):
        assert run(arrays(), 400, checkpoint=tmp_path / "run", tolerance=0.02) == whole
    with pytest.raises(ValueError, match=rf"tolerance=0.5 stops at step \d+, .* has taken {steps} already"):
        run(arrays(), 400, checkpoint=tmp_path / "run", tolerance=0.5)
