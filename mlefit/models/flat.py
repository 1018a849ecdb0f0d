"""A model's parameters as one flat vector on the unconstrained scale, `(p,)`, in the order they were made."""

import math
from collections.abc import Iterable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from mlefit.checks import Array
from mlefit.models.model import Model
from mlefit.models.parameter import Parameter
from mlefit.models.supports import Support, transform


def names(model: Model) -> tuple[str, ...]:
    """Return one name for each scalar: `"slope[0]"`, or `"slope[age]"`, for the entries of a vector."""
    return tuple(name for p in model.parameters.values() for name in p.names())


def supports(model: Model) -> tuple[Support, ...]:
    """Return the support of each scalar."""
    return tuple(p.support for p in model.parameters.values() for _ in p.names())


def point(model: Model) -> np.ndarray:
    """Return where the parameters are."""
    return np.concatenate([p.variable.numpy().ravel() for p in model.parameters.values()])


def parts(model: Model, flat: Array) -> Iterator[tuple[Parameter, Array]]:
    """Yield each parameter with its share of a flat vector, an array or a tensor, in its own shape."""
    low = 0
    for parameter in model.parameters.values():
        shape = tuple(parameter.variable.shape)
        high = low + math.prod(shape)
        # tf.reshape would take an array too, in four times as long.
        part = flat[low:high]
        yield parameter, tf.reshape(part, shape) if tf.is_tensor(part) else part.reshape(shape)
        low = high


def put(model: Model, flat: Array) -> None:
    """Leave the parameters at a flat vector."""
    for parameter, part in parts(model, flat):
        # Through Keras it would be read back, which is half of what this costs.
        parameter.variable.value.assign(tf.constant(part), read_value=False)


def parameters_at(model: Model, flat: Array) -> keras.StatelessScope:
    """Return a scope in which a model's parameters are read from a flat vector, an array or a tensor."""
    mapping = [
        (p.variable, part if tf.is_tensor(part) else tf.constant(part)) for p, part in parts(model, flat)
    ]
    return keras.StatelessScope(state_mapping=mapping)


def log_prob_at(model: Model, flat: Array, *block: tf.Tensor) -> tf.Tensor:
    """Return `log_prob` of a block of tensors with the parameters of a flat vector: a float64 tensor."""
    with parameters_at(model, flat):
        return tf.cast(tf.convert_to_tensor(model.log_prob(*block)), tf.float64)


def natural(flat: Iterable[float], supports: Sequence[Support]) -> np.ndarray:
    """Return the natural values of a flat vector, in NumPy."""
    return np.array([transform(s).in_numpy(v) for v, s in zip(flat, supports, strict=True)])


def slopes(values: np.ndarray, supports: Sequence[Support]) -> np.ndarray:
    """Return the slope of each natural value by its unconstrained one, for the delta method."""
    return np.array([transform(s).slope(np.float64(v)) for v, s in zip(values, supports, strict=True)])
