"""A training run of every optimizer, and ways to stop it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlefit.training import train

rng = np.random.default_rng(3)
X = rng.normal(size=(30, 3))
Y = X @ [1.0, -2.0, 0.5] + 3 + 0.1 * rng.standard_t(3, size=30)


def one_each(variable):
    return keras.optimizers.Adam(0.1 if variable.shape else 0.2)


SCHEDULE = keras.optimizers.schedules.CosineDecay
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.1),
    "amsgrad": lambda: keras.optimizers.Adam(0.1, amsgrad=True, clipnorm=1.0),
    "schedule": lambda: keras.optimizers.AdamW(SCHEDULE(0.2, 9, warmup_target=0.3, warmup_steps=3)),
    "schedule free": lambda: keras.optimizers.ScheduleFreeAdamW(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "average": lambda: keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3),
    "accumulation": lambda: keras.optimizers.Adam(0.1, gradient_accumulation_steps=4),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, momentum=0.5)),
    "multi": lambda: keras.optimizers.MultiOptimizer(one_each),
}
for name in (
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "RMSprop",
):
    OPTIMIZERS[name] = lambda name=name: getattr(keras.optimizers, name)(0.1)


class Run:
    """A run of its own, as a new process would make it: `history`, and the bits it left."""

    def __init__(self, optimizer="adam", steps=9, dtype="float64", data=Y, start=0.0, **arguments):
        make = OPTIMIZERS.get(optimizer, optimizer)
        self.slope = keras.Variable(np.full(3, start), dtype=dtype)
        self.intercept = keras.Variable(start, dtype=dtype)
        self.variables, self.optimizer, self.steps = [self.slope, self.intercept], make(), steps
        self.x, self.y = tf.constant(X, dtype), tf.constant(data, dtype)
        self.arguments, self.evaluations = {"compile": "eager", **arguments}, 0

    def loss(self):
        self.evaluations += 1
        residuals = self.y - tf.linalg.matvec(self.x, self.slope) - self.intercept
        return tf.reduce_mean(tf.math.log1p(residuals**2))

    def __call__(self):
        self.history = train(self.loss, self.variables, self.optimizer, self.steps, **self.arguments)
        return self

    def bits(self):
        kept = [v.numpy() for v in (*self.variables, *self.optimizer.variables)]
        return [(a.dtype, a.shape, a.tobytes()) for a in (self.history, *kept)]


def stop_at(patch, step):
    """Let a progress bar interrupt its run after so many steps, as Ctrl-C would."""

    def update(bar, current, *_, **__):
        if current == step:
            raise KeyboardInterrupt

    patch.setattr(keras.utils.Progbar, "update", update)


def stop(patch, run, step):
    """Interrupt a run after so many steps."""
    run.arguments["progress"] = True
    with patch.context() as context, pytest.raises(KeyboardInterrupt):
        stop_at(context, step)
        run()


def stop_within(run, step):
    """Interrupt a run within a step, when one variable has moved and the other has not."""
    inner = getattr(run.optimizer, "inner_optimizer", run.optimizer)
    move, calls = inner.apply, []

    def apply(grads, trainable_variables=None):
        calls.append(None)
        if len(calls) > step:
            trainable_variables[0].assign(trainable_variables[0] + 7.0)
            raise KeyboardInterrupt
        move(grads, trainable_variables)

    inner.apply = apply
    with pytest.raises(KeyboardInterrupt):
        run()
    del inner.apply
