"""The curve of a nonlinear regression as a function of the flat point: its values and its derivatives."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from mlefit.models.flat import parameters_at
from mlefit.models.model import Model


def along(model: Model, x: tf.Tensor, point: tf.Tensor, direction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a model's curve at x, `(n,)`, and its derivative along a direction of the flat point: tensors.

    By reverse mode twice: the gradient of a weighted sum is linear in the weights, and its slope by them is
    the derivative. Forward mode would differentiate by x too, and make `0 * inf` of `x ** b` at x = 0.

    Args:
        model: has `call`, from x to the curve.
        x: tensor with a row for each observation.
        point, direction: tensors `(p,)`.
    """
    with tf.GradientTape() as outer:
        weights = tf.ones(x.shape[0], tf.float64)
        outer.watch(weights)
        with tf.GradientTape() as inner:
            inner.watch(point)
            with parameters_at(model, point):
                line = model.call(x)
            total = tf.reduce_sum(weights * line)
        pull = tf.reduce_sum(direction * inner.gradient(total, point, unconnected_gradients="zero"))
    return line, outer.gradient(pull, weights, unconnected_gradients="zero")


def values(model: Model, point: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the curve at x at a flat point, `(n,)`."""
    with parameters_at(model, tf.constant(point)):
        return model.call(tf.constant(x)).numpy()


def jacobian(
    model: Model, point: np.ndarray, x: np.ndarray, step: Callable = along
) -> tuple[np.ndarray, np.ndarray]:
    """Return a model's curve at x, `(n,)`, and its derivatives by the flat point, `(n, p)`.

    Args:
        step: `along`, or what was traced from it.
    """
    x, flat, columns = tf.constant(x), tf.constant(point), []
    for direction in np.eye(len(point)):
        line, column = step(model, x, flat, tf.constant(direction))
        columns.append(column.numpy())
    return line.numpy(), np.stack(columns, axis=1)


def traced(
    model: Model, start: np.ndarray, x: np.ndarray, programs: dict | None = None
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `jacobian` at x as a function of the flat point alone.

    One program for all directions: a first call takes no longer than operation by operation, the others a
    twentieth. Where f cannot be traced, or gives other values then, it is called operation by operation.

    Args:
        programs: those of this model, by the shape of x: one is taken from there, or left there.
    """
    programs = {} if programs is None else programs
    specs = [tf.TensorSpec(np.shape(x), tf.float64), *[tf.TensorSpec(start.shape, tf.float64)] * 2]
    try:
        if np.shape(x) not in programs:
            programs[np.shape(x)] = tf.function(
                lambda x, point, direction: along(model, x, point, direction), autograph=False
            ).get_concrete_function(*specs)
        program = programs[np.shape(x)]

        def step(model, *arguments):
            return program(*arguments)

        found = jacobian(model, start, x, step)[0]
        if np.allclose(found, values(model, start, x), rtol=1e-6, atol=0, equal_nan=True):
            return lambda point: jacobian(model, point, x, step)
    except Exception:  # It is called operation by operation, which says what is wrong.
        pass
    return lambda point: jacobian(model, point, x)
