"""How a step is run, on one device: eagerly, as a graph, or compiled by XLA; and what a loss must be."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import keras
import tensorflow as tf

from mlefit.descent.batches import Batch
from mlefit.descent.variables import Variable

# The numbers agree to rounding, the times do not. Without autograph, which warns about every lambda whose
# source it cannot find; and as `partial`, for TensorFlow counts the traces of all runs by their common code,
# and warns after a few.
COMPILE = {
    "eager": lambda step, **_: step,
    "graph": lambda step, **kind: tf.function(partial(step), autograph=False, **kind),
    "xla": lambda step, **kind: tf.function(partial(step), autograph=False, jit_compile=True, **kind),
}


class Steps:
    """A run's steps on one device.

    Args:
        loss: function of the parts of a batch that returns a scalar tensor, a mean over its rows.
        variables: list of the variables that it trains.
        optimizer: their optimizer, built.
        size: rows in a full batch. The gradient of a batch with fewer is scaled by its share of them.
        compile: a key of `COMPILE`.
    """

    def __init__(
        self,
        loss: Callable[..., tf.Tensor],
        variables: Sequence[Variable],
        optimizer: keras.optimizers.Optimizer,
        size: int,
        compile: str,
    ) -> None:
        def step(*batch):
            with tf.GradientTape() as tape:
                value = loss(*batch)
                scaled = value * share(batch, value) if batch and _rows(batch) != size else value
            gradients = tape.gradient(scaled, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return value

        def share(batch, value):
            rows = tf.shape(tf.nest.flatten(batch)[0])[0] if _rows(batch) is None else _rows(batch)
            return tf.cast(rows, value.dtype) / tf.cast(size, value.dtype)

        # Full batches are traced once, and others once: from the third size on, for any.
        self._loss, self._size = loss, size
        self._full, self._other = COMPILE[compile](step), COMPILE[compile](step, reduce_retracing=True)
        self._value = COMPILE[compile](lambda *batch: loss(*batch), reduce_retracing=True)

    def check(self, variables: Sequence[Variable], batch: Batch) -> None:
        """Run the loss once, eagerly, so that a mistake is told in plain words and before any step."""
        check_loss(self._loss, variables, batch.whole())

    def step(self, batch: Batch) -> float:
        """Take a step, and return the loss on its batch before."""
        return float((self._full if batch.rows == self._size else self._other)(*batch.whole()))

    def value(self, batch: Batch) -> tf.Tensor:
        """Return the loss on a batch, computed eagerly."""
        return self._loss(*batch.whole())

    def mean(self, batches: Iterable[Batch]) -> float:
        """Return the mean of the loss over the rows of batches, all of them at this one point."""
        total, rows = 0.0, 0
        for batch in batches:
            total += batch.rows * float(self._value(*batch.whole()))
            rows += batch.rows
        return total / rows


def check_loss(loss: Callable[..., tf.Tensor], variables: Sequence[Variable], batch: tuple) -> None:
    """Raise an error for a loss that is no scalar, or that does not depend on its variables."""
    with tf.GradientTape() as tape:
        value = loss(*batch)
    if not tf.is_tensor(value):
        raise TypeError(f"loss must return a tensor computed from the variables, got {type(value).__name__}")
    if value.shape != ():
        raise ValueError(
            f"loss must return a scalar, got shape {tuple(value.shape)}: take the mean over the "
            "observations, and look for (n,) beside (n, 1), which broadcast to (n, n)"
        )
    for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
        if gradient is None:
            raise ValueError(
                f"loss does not depend on the variable {variable.name!r}, or it is not trainable, or NumPy "
                "did the arithmetic: `array - variable` is an array, so hold the data as tensors"
            )


def checked_variables(variables: object) -> list[Variable]:
    """Return the variables of a run as a list, or raise an error that names the one that is none."""
    kinds = (keras.Variable, tf.Variable)
    if isinstance(variables, kinds) or not isinstance(variables, list | tuple):
        raise TypeError(f"variables must be a list of variables, got {variables!r}")
    if not variables:
        raise ValueError("variables is empty; does the model make its variables at its first call?")
    for i, variable in enumerate(variables):
        if not isinstance(variable, kinds):
            raise TypeError(
                f"variables[{i}] must be a keras.Variable or tf.Variable, got {type(variable).__name__}"
            )
        if any(variable is other for other in variables[:i]):
            raise ValueError(f"variables[{i}] is there twice: {variable.name}")
    return list(variables)


def _rows(batch):
    """How many rows a batch has, None if a graph is to take any number."""
    return tf.nest.flatten(batch)[0].shape[0]
