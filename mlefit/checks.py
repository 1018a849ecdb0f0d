"""A number or an array becomes float64, or an error that names the argument.

`columns` checks several arguments that belong together. Source of the bound on whole numbers: IEEE 754-2019.
"""

import decimal
import numbers
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

# Numbers, lists, arrays, columns of a frame, which become arrays; and tensors and variables: any type, for
# TensorFlow does not say what theirs can do.
type Data = ArrayLike | Any
type Array = np.ndarray | tf.Tensor

_EXACT = 2.0**53  # from here on float64 has gaps between whole numbers
# What each word for a domain asks of a value, and how an error says it.
_DOMAINS = {
    "positive": (lambda a: a > 0, "must be positive"),
    "nonnegative": (lambda a: a >= 0, "must not be negative"),
    "whole": (lambda a: (a >= 0) & (a == np.floor(a)), "must be a whole number that is not negative"),
    "proportion": (lambda a: (a >= 0) & (a <= 1), "must lie between 0 and 1"),
    "unit": (lambda a: (a > 0) & (a < 1), "must lie strictly between 0 and 1"),
}


def real_array(name: str, values: Data) -> np.ndarray:
    """Return `values` as a finite float64 array, or raise an error that names the argument.

    A float64 array is returned as it is, not copied.
    """
    whole = _array(name, values)
    array = whole.astype(np.float64, copy=False)
    if whole.dtype.kind in "iuO" and np.abs(array).max(initial=0.0) >= _EXACT:
        _require_exact(name, whole, array)
    require_finite(name, array)
    return array


def typed_array(name: str, values: Data) -> np.ndarray:
    """Return `values` as a finite array of their own type of number, or raise an error like `real_array`.

    An array is not copied. Numbers of other kinds, such as `Decimal`, become float64. A `np.memmap` is not
    searched for NaN, for it may be larger than memory.
    """
    array = _array(name, values)
    if array.dtype.kind == "O":
        return array.astype(np.float64)
    if not isinstance(values, np.memmap):
        require_finite(name, array)
    return array


def require_finite(name: str, array: np.ndarray) -> None:
    """Raise a ValueError for a NaN or an infinity in an array of numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(array.sum()):  # One number tells of all of them, if no sum overflows.
            _require(name, array, np.isfinite(array), "must be finite")


def _array(name, values):
    """Values as an array of real numbers, or of objects each of which is one that float64 has room for."""
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            where = np.argwhere(np.ma.getmaskarray(values))[0]
            raise ValueError(f"{name} has a masked entry{_at(where)}: drop it or fill it in first")
        values = values.data
    if isinstance(values, tf.RaggedTensor):
        raise ValueError(f"{name} must be a regular array, got a RaggedTensor: rows of different lengths")
    if isinstance(values, tf.SparseTensor) or hasattr(values, "toarray"):
        raise TypeError(
            f"{name} must be a dense array, got a sparse {type(values).__name__}: make it dense first"
        )
    if is_tensor(values):
        require_real_type(name, values)
        if not hasattr(values, "numpy"):
            raise TypeError(f"{name} must hold values, got a symbolic tensor, as inside a tf.function")
        return values.numpy()  # which may be of bfloat16, no kind of number to NumPy
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a regular array, got rows of different lengths") from error
    if array.dtype.kind == "O":
        for where, value in np.ndenumerate(array):
            if not isinstance(value, numbers.Real | decimal.Decimal):
                raise TypeError(f"{name} must hold real numbers, got {type(value).__name__}{_at(where)}")
            if not _in_range(value):
                raise ValueError(f"{name} must be finite, got {str(value)[:20]}{_at(where)}")
    elif array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {_kind(array)}")
    return array


def _in_range(value):
    """Whether a number of any kind is one that float64 has room for."""
    return value == value and abs(value) <= np.finfo(float).max


def _require_exact(name, whole, array):
    """Raise a ValueError for a whole number that float64 lacks: times in ns, or keys, lose last digits."""
    for where in np.argwhere(np.abs(array) >= _EXACT):
        value = whole[tuple(where)]
        if int(value) != int(array[tuple(where)]):
            raise ValueError(
                f"{name} has a whole number beyond 2^53 that float64 cannot hold, {value}{_at(where)}: "
                "measure from the first one, as in x - x[0], before they become floats"
            )


def real_number(name: str, value: Data, *, positive: bool = False) -> float:
    """Return `value` as a float, or raise an error that names the argument."""
    array = real_array(name, value)
    if array.shape != ():
        raise ValueError(f"{name} must be a single number, got shape {array.shape}")
    if positive:
        require_domain(name, array, "positive")
    return float(array)


def count(name: str, value: object, *, at_least: int = 1) -> int:
    """Return `value` as an int, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)


def level(value: Any) -> float:
    """Return the level of an interval as a float, or raise an error: it lies strictly between 0 and 1.

    Examples:
        >>> level(0.95)
        0.95
        >>> level("0.9")
        Traceback (most recent call last):
        TypeError: level must be a number between 0 and 1, got '0.9'
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real | decimal.Decimal):
        raise TypeError(f"level must be a number between 0 and 1, got {value!r}")
    if not 0 < value < 1:
        raise ValueError(f"level must lie between 0 and 1, got {value}")
    return float(value)


def is_tensor(values: object) -> bool:
    return keras.ops.is_tensor(values) or isinstance(values, keras.Variable)


def float64(values: Data) -> tf.Tensor:
    # Keras returns a TensorFlow variable as it is; TensorFlow reads it.
    return tf.convert_to_tensor(keras.ops.convert_to_tensor(values, dtype="float64"))


def require_real_type(name: str, tensor: tf.Tensor) -> None:
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    if not dtype.startswith(("bool", "int", "uint", "float", "bfloat")):
        raise TypeError(f"{name} must hold real numbers, got a tensor of dtype {dtype}")


def require_rows(name: str, values: Array) -> None:
    if 0 in tuple(values.shape):
        raise ValueError(f"{name} has no observations, got shape {tuple(values.shape)}")


def require_domain(name: str, array: np.ndarray, domain: str) -> None:
    """Raise a ValueError unless all values of an array lie in a domain, a word that `tensors` knows."""
    inside, demand = _DOMAINS[domain]
    _require(name, array, inside(array), demand)


def _require(name, array, holds, demand):
    if not holds.all():
        where = np.argwhere(~holds)[0]
        raise ValueError(f"{name} {demand}, got {array[tuple(where)]}{_at(where)}")


def _at(where):
    place = ", ".join(str(int(i)) for i in where)
    return f" at index {place}" if len(where) == 1 else f" at index ({place})" if place else ""


def _kind(array):
    kinds = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
    return kinds.get(array.dtype.kind, f"dtype {array.dtype}")
