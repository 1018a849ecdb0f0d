"""Input becomes float64 arrays of one length, or an error that names the argument.

Arrays are checked value by value. Tensors, which may be symbolic, are checked for their shape alone.
"""

import keras
import numpy as np


def observations(**named):
    """Return the named data as float64 NumPy arrays, one row an observation, in the order given.

    Args:
        **named: array-likes of shape `(n,)` or `(n, k)` with one shared `n`: lists, NumPy arrays of any
            real type, tensors, pandas columns.

    Returns:
        A tuple of float64 arrays; none of them is the caller's own memory written to.

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
        if array.size == 0:
            raise ValueError(f"{name} has no observations, got shape {array.shape}")
    require_aligned(**arrays)
    return tuple(arrays.values())


def real_array(name, values):
    """Return `values` as a finite float64 array, or raise an error that names the argument."""
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            where = np.argwhere(np.ma.getmaskarray(values))[0]
            raise ValueError(f"{name} has a masked entry at index {_index(where)}: drop it or fill it in first")
        values = values.data
    if keras.ops.is_tensor(values) or isinstance(values, keras.Variable):
        values = keras.ops.convert_to_numpy(values)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a regular array, got rows of different lengths") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {_kind(array)}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{name} must be finite, got {array[tuple(where)]} at index {_index(where)}")
    return array


def require_aligned(**arrays):
    """Raise a ValueError unless every array or tensor has the same number of rows, with no silent broadcast."""
    (first, reference), *rest = arrays.items()
    for name, array in rest:
        shapes = f"{first} has shape {tuple(reference.shape)} and {name} has shape {tuple(array.shape)}"
        if array.shape[0] != reference.shape[0]:
            raise ValueError(f"{shapes}: they must have the same length")
        columns = [tuple(a.shape) for a in (reference, array) if len(a.shape) == 2]
        if len(arrays) > 1 and any(shape[1] == 1 for shape in columns) and len(columns) == 1:
            raise ValueError(f"{shapes}: together they would broadcast to a matrix; flatten the column first")


def real_number(name, value, *, positive=False):
    """Return `value` as a float, or raise an error that names the argument."""
    array = real_array(name, value)
    if array.shape != ():
        raise ValueError(f"{name} must be a single number, got shape {array.shape}")
    number = float(array)
    if positive and number <= 0:
        raise ValueError(f"{name} must be positive, got {number}")
    return number


def count(name, value, *, at_least=1):
    """Return `value` as an int, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)


def _require_one_index(named):
    indexed = [(name, values.index) for name, values in named.items() if hasattr(values, "iloc")]
    for (first, reference), (name, index) in zip(indexed, indexed[1:], strict=False):
        if len(index) == len(reference) and not index.equals(reference):
            where = int(np.argmax(np.asarray(index != reference)))
            raise ValueError(
                f"{first} and {name} have different pandas indexes, first at index {where}: "
                f"{reference[where]!r} against {index[where]!r}; align them first"
            )


def _index(where):
    return int(where[0]) if len(where) == 1 else tuple(int(i) for i in where)


def _kind(array):
    kinds = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
    return kinds.get(array.dtype.kind, f"dtype {array.dtype}")
