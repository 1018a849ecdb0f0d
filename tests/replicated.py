"""Runs on several replicas, each in a process of its own: `test_distributed_training.py` starts it.

python replicated.py mirrored FOLDER, or worker FOLDER INDEX
"""

import json
import os
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import mlefit
from mlefit.descent import checkpoints

rng = np.random.default_rng(4)
X = rng.normal(size=(101, 3))
Y = X @ [1.0, -2.0, 3.0] + rng.normal(size=101)
PORTS = 12345, 12346  # in a network of their own
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.5),
    "adam": lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.8)),
    "clipped": lambda: keras.optimizers.SGD(0.1, clipnorm=1.0),
    "clipped together": lambda: keras.optimizers.SGD(0.1, global_clipnorm=1.0),
    "clipped by value": lambda: keras.optimizers.SGD(0.1, clipvalue=0.5),
    "average": lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8),
}


def arrays():
    return {"data": (X, Y), "batch_size": 25, "seed": 1}  # the last batch has one row


def dataset(seed=1):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(101, seed=seed).batch(30)
    return {"data": data}  # the last has 11


def run(optimizer="sgd", data=arrays, steps=23, **arguments):
    """A line by least squares: what is left of it, by name."""
    slope = keras.Variable(np.zeros(3), dtype="float64")
    intercept = keras.Variable(0.0, dtype="float64")

    def loss(x, y):
        return tf.reduce_mean((y - tf.linalg.matvec(x, slope) - intercept) ** 2)

    history = mlefit.train(loss, [slope, intercept], OPTIMIZERS[optimizer](), steps, **data(), **arguments)
    return {
        "variables": [*slope.numpy(), intercept.numpy()],
        "steps": history.steps,
        "epochs": history.epochs,
    }


RUNS = {name: {"optimizer": name} for name in OPTIMIZERS} | {
    "dataset": {"data": dataset},
    "eager": {"compile": "eager", "steps": 6},
}


def by_the_guides_without_a_scale(strategy):
    """One step on six rows of two replicas, as a loop copied from one device does it."""
    with strategy.scope():
        slope = keras.Variable(0.0, dtype="float64")
        sgd = keras.optimizers.SGD(0.25)
        sgd.build([slope])

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((y - slope * x) ** 2)  # the mean over the rows of one replica
        sgd.apply(tape.gradient(loss, [slope]), [slope])  # Keras adds the gradients of all replicas up

    batches = tf.data.Dataset.from_tensors((X[:6, 0], Y[:6])).unbatch().batch(6)
    for batch in strategy.experimental_distribute_dataset(batches):
        strategy.run(step, args=batch)
    return float(slope.numpy())


def refused(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except (ValueError, ConnectionError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def mirrored(folder):
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {"naive": by_the_guides_without_a_scale(strategy)}
    outside, there = keras.Variable(0.0), keras.optimizers.SGD(0.1)
    with strategy.scope():
        inside = keras.Variable(0.0)
        for name, arguments in RUNS.items():
            found |= {f"{name} {part}": values for part, values in run(**arguments).items()}
        run(steps=9, checkpoint=folder / "mirrored run")
        again = run(checkpoint=folder / "mirrored run")
        found |= {f"again {part}": values for part, values in again.items()}

        def train(variable, optimizer=None, **options):
            return mlefit.train(
                lambda *x: variable * tf.reduce_mean(x or 1.0),
                [variable],
                optimizer or keras.optimizers.SGD(0.1),
                2,
                **{"data": X.astype("float32"), "batch_size": 5, **options},
            )

        found["refused"] = [
            refused(train, outside),
            refused(train, inside, there),
            refused(train, inside, compile="xla"),
            refused(train, inside, keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)),
            refused(train, inside, data=None, batch_size=None),
        ]
    found["refused"].append(refused(train, inside))
    np.savez(folder / "mirrored.npz", **found)


def worker(folder, index):
    index = int(index)
    workers = [f"127.0.0.1:{port}" for port in PORTS]
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
    )
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        found = {}
        for name in ("sgd", "clipped", "dataset"):
            found |= {f"{name} {part}": values for part, values in run(**RUNS[name]).items()}
        found["refused"] = [
            refused(run, data=lambda: dataset(seed=100 + index)),
            refused(run, steps=9 + index),
            refused(run, checkpoint=folder / f"run of worker {index}"),
        ]
        np.savez(folder / f"worker {index}.npz", **found)
        checkpoints._SECONDS, checkpoints._SHARE = 0, 1e9  # after every step
        lost = refused(run, steps=10**7, checkpoint=folder / "run")
    (folder / f"lost {index}").write_text(lost)


if __name__ == "__main__":
    {"mirrored": mirrored, "worker": worker}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
