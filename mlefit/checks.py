"""Input becomes float64 of matching shapes, or an error that names the argument.

Arrays are checked value by value. Tensors, which may be symbolic, are checked for their type and shape alone.
"""

import itertools
import numbers

import keras
import numpy as np
import tensorflow as tf

# What each word for a domain asks of a value, and how an error says it.
_DOMAINS = {
    "positive": (lambda a: a > 0, "must be positive"),
    "nonnegative": (lambda a: a >= 0, "must not be negative"),
    "whole": (lambda a: (a >= 0) & (a == np.floor(a)), "must be a whole number that is not negative"),
    "proportion": (lambda a: (a >= 0) & (a <= 1), "must lie between 0 and 1"),
    "unit": (lambda a: (a > 0) & (a < 1), "must lie strictly between 0 and 1"),
}


def observations(**named):
    """Return the named data as float64 NumPy arrays, one row an observation, in the order given.

    Args:
        **named: array-likes of shape `(n,)` or `(n, k)` with one shared `n`: lists, NumPy arrays of any
            real type, tensors, pandas columns.

    Returns:
        A tuple of float64 arrays. What is a float64 array already is not copied, for it may be large.

    Raises:
        TypeError: for text, complex numbers or other objects.
        ValueError: for no observations, NaN, infinity, masked entries, lengths that differ, a column of
            shape `(n, 1)` beside a row of shape `(n,)`, or pandas data whose indexes differ.

    Examples:
        >>> x, y = observations(x=[1, 2, 3], y=[4.0, 5.0, 6.0])
        >>> x.dtype, x.shape
        (dtype('float64'), (3,))
        >>> observations(x=[1.0, float("nan")])
        Traceback (most recent call last):
        ValueError: x must be finite, got nan at index 1
    """
    _require_one_index(named)
    arrays = {name: real_array(name, values) for name, values in named.items()}
    for name, array in arrays.items():
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} must have shape (n,) or (n, k), got shape {array.shape}")
        _require_rows(name, array)
    require_aligned(**arrays)
    return tuple(arrays.values())


def tensors(domains=None, /, **named):
    """Return the named arguments as float64 tensors of one shape, scalars aside, in the order given.

    Args:
        domains: what to ask of the values of an argument: a mapping from its name to `"positive"`,
            `"nonnegative"`, `"whole"`, `"proportion"` (0 and 1 included) or `"unit"` (0 and 1 excluded).
        **named: numbers, array-likes, tensors and variables, each a scalar or of the one shape.

    Returns:
        A tuple of float64 tensors.

    Raises:
        TypeError: for text, complex numbers or other objects.
        ValueError: for no observations, NaN, infinity, masked entries, values outside their domain, shapes
            that differ, or pandas data whose indexes differ.

    Examples:
        >>> x, stddev = tensors({"stddev": "positive"}, x=[1, 2, 3], stddev=0.5)
        >>> x.dtype.name, tuple(x.shape), tuple(stddev.shape)
        ('float64', (3,), ())
        >>> tensors({"stddev": "positive"}, x=[1, 2], stddev=[0.5, -0.5])
        Traceback (most recent call last):
        ValueError: stddev must be positive, got -0.5 at index 1
    """
    _require_one_index(named)
    converted = {}
    for name, values in named.items():
        if _is_tensor(values):
            _require_real_type(name, values)
        else:
            values = real_array(name, values)
            if domains and name in domains:
                require_domain(name, values, domains[name])
        converted[name] = _float64(values)
        _require_rows(name, converted[name])
    _require_one_shape(converted)
    return tuple(converted.values())


def rows(**named):
    """Return a dict like `observations`; tensors stay tensors, and `(n, 1)` may stand beside `(n,)`."""
    converted, arrays = {}, {}
    for name, values in named.items():
        if keras.ops.is_tensor(values):
            converted[name] = tf.convert_to_tensor(*tensors(**{name: values}))
        else:
            arrays[name] = values if hasattr(values, "shape") else real_array(name, values)
    columns = {name: np.squeeze(v, 1) if tuple(v.shape[1:]) == (1,) else v for name, v in arrays.items()}
    for (name, values), checked in zip(arrays.items(), observations(**columns), strict=True):
        converted[name] = checked.reshape(values.shape)
    for name, values in converted.items():
        if len(values.shape) not in (1, 2):
            raise ValueError(f"{name} must have shape (n,) or (n, k), got shape {tuple(values.shape)}")
    if len({values.shape[0] for values in converted.values()} - {None}) > 1:
        found = " and ".join(f"{name} has shape {tuple(converted[name].shape)}" for name in named)
        raise ValueError(f"{found}: they must have the same length")
    return {name: converted[name] for name in named}


def tensor_rows(**named):
    """Return a dict like `rows`, all of it as tensors."""
    return {name: tf.convert_to_tensor(values) for name, values in rows(**named).items()}


def real_array(name, values):
    """Return `values` as a finite float64 array, or raise an error that names the argument.

    A float64 array is returned as it is, not copied.
    """
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            where = np.argwhere(np.ma.getmaskarray(values))[0]
            raise ValueError(f"{name} has a masked entry{_at(where)}: drop it or fill it in first")
        values = values.data
    if _is_tensor(values):
        _require_real_type(name, values)
        values = _float64(values).numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a regular array, got rows of different lengths") from error
    if array.dtype.kind == "O":
        for where, value in np.ndenumerate(array):
            if not isinstance(value, numbers.Real):
                raise TypeError(f"{name} must hold real numbers, got {type(value).__name__}{_at(where)}")
            if not abs(value) <= np.finfo(float).max:
                raise ValueError(f"{name} must be finite, got {str(value)[:20]}{_at(where)}")
    elif array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {_kind(array)}")
    array = array.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(array.sum()):  # One number tells of all of them, if no sum overflows.
            _require(name, array, np.isfinite(array), "must be finite")
    return array


def require_aligned(**named):
    """Raise a ValueError unless all have the same length and no column `(n, 1)` meets a row `(n,)`."""
    shapes = {name: tuple(values.shape) for name, values in named.items() if len(values.shape) > 0}
    for first, shape in shapes.items():
        for other, against in shapes.items():
            found = f"{first} has shape {shape} and {other} has shape {against}"
            if None not in (shape[0], against[0]) and shape[0] != against[0]:
                raise ValueError(f"{found}: they must have the same length")
            if len(shape) == 1 and len(against) == 2 and against[1] == 1:
                raise ValueError(f"{found}: together they would broadcast to a matrix; flatten {other} first")


def real_number(name, value, *, positive=False):
    """Return `value` as a float, or raise an error that names the argument."""
    array = real_array(name, value)
    if array.shape != ():
        raise ValueError(f"{name} must be a single number, got shape {array.shape}")
    if positive:
        require_domain(name, array, "positive")
    return float(array)


def count(name, value, *, at_least=1):
    """Return `value` as an int, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)


def _is_tensor(values):
    return keras.ops.is_tensor(values) or isinstance(values, keras.Variable)


def _float64(values):
    # Keras returns a TensorFlow variable as it is; TensorFlow reads it.
    return tf.convert_to_tensor(keras.ops.convert_to_tensor(values, dtype="float64"))


def _require_real_type(name, tensor):
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    if not dtype.startswith(("bool", "int", "uint", "float", "bfloat")):
        raise TypeError(f"{name} must hold real numbers, got a tensor of dtype {dtype}")


def _require_rows(name, values):
    if 0 in tuple(values.shape):
        raise ValueError(f"{name} has no observations, got shape {tuple(values.shape)}")


def require_domain(name, array, domain):
    """Raise a ValueError unless all values of an array lie in a domain, a word that `tensors` knows."""
    inside, demand = _DOMAINS[domain]
    _require(name, array, inside(array), demand)


def _require(name, array, holds, demand):
    if not holds.all():
        where = np.argwhere(~holds)[0]
        raise ValueError(f"{name} {demand}, got {array[tuple(where)]}{_at(where)}")


def _require_one_shape(named):
    require_aligned(**named)
    shapes = [(name, tuple(tensor.shape)) for name, tensor in named.items() if len(tensor.shape) > 0]
    for name, shape in shapes[1:]:
        first, expected = shapes[0]
        known = [pair for pair in zip(shape, expected, strict=False) if None not in pair]
        if len(shape) != len(expected) or any(a != b for a, b in known):
            raise ValueError(
                f"{first} has shape {expected} and {name} has shape {shape}: "
                "they must have the same shape, or be single numbers"
            )


def _require_one_index(named):
    indexed = [(name, values.index) for name, values in named.items() if hasattr(values, "iloc")]
    for (first, reference), (name, index) in itertools.pairwise(indexed):
        if len(index) == len(reference) and not index.equals(reference):
            where = int(np.argmax(np.asarray(index != reference)))
            raise ValueError(
                f"{first} and {name} have different pandas indexes, first at index {where}: "
                f"{reference.tolist()[where]!r} against {index.tolist()[where]!r}; align them first"
            )


def _at(where):
    place = ", ".join(str(int(i)) for i in where)
    return f" at index {place}" if len(where) == 1 else f" at index ({place})" if place else ""


def _kind(array):
    kinds = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
    return kinds.get(array.dtype.kind, f"dtype {array.dtype}")
