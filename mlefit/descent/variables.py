"""The variables of TensorFlow and Keras, also those on several replicas: read and put back as a whole."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from mlefit.checks import Data

type Variable = keras.Variable | tf.Variable


def native(variables: Iterable[Variable]) -> list[tf.Variable]:
    """Return the TensorFlow variables within those of Keras, which may be among others."""
    return [v.value if isinstance(v, keras.Variable) else v for v in variables]


def snapshot(variables: Iterable[tf.Variable]) -> list[tf.Tensor]:
    """Return the values of native variables, as tensors that do not change with them."""
    # The operation itself: at every step, and three times as fast as tf.convert_to_tensor. A variable that is
    # on several replicas has no handle.
    return [
        v.read_value()
        if isinstance(v, tf.distribute.DistributedValues)
        else tf.raw_ops.ReadVariableOp(resource=v.handle, dtype=v.dtype)
        for v in variables
    ]


def put(variables: Iterable[Variable], values: Iterable[Data]) -> None:
    """Assign values to variables, one each."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def kinds(variables: Iterable[Variable]) -> str:
    """Return types and shapes of variables, in words."""
    return ", ".join(f"{tf.as_dtype(v.dtype).name} {tuple(v.shape)}" for v in variables)
