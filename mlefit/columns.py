"""Arguments that belong together, as observations do: float64, one length, and rows in one order.

Arrays are checked value by value. Tensors, which may be symbolic, are checked for their type and shape alone.
A frame keeps the names of its columns, by which they are found again.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlefit.checks import (
    Array,
    Data,
    float64,
    is_tensor,
    real_array,
    require_domain,
    require_real_type,
    require_rows,
)


def observations(**named: Data) -> tuple[np.ndarray, ...]:
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
    require_one_index(named)
    arrays = {name: real_array(name, values) for name, values in named.items()}
    for name, array in arrays.items():
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} must have shape (n,) or (n, k), got shape {array.shape}")
        require_rows(name, array)
    require_aligned(**arrays)
    return tuple(arrays.values())


def tensors(domains: Mapping[str, str] | None = None, /, **named: Data) -> tuple[tf.Tensor, ...]:
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
    require_one_index(named)
    converted = {}
    for name, values in named.items():
        if is_tensor(values) and not _is_whole(values):
            require_real_type(name, values)
        else:
            values = real_array(name, values)
            if domains and name in domains:
                require_domain(name, values, domains[name])
        converted[name] = float64(values)
        require_rows(name, converted[name])
    _require_one_shape(converted)
    return tuple(converted.values())


def _is_whole(tensor):
    """Whether a tensor holds whole numbers that float64 may not hold, and can be read."""
    return tensor.dtype in ("int64", "uint64", tf.int64, tf.uint64) and hasattr(tensor, "numpy")


def rows(**named: Data) -> dict[str, Array]:
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


def tensor_rows(**named: Data) -> dict[str, tf.Tensor]:
    """Return a dict like `rows`, all of it as tensors."""
    return {name: tf.convert_to_tensor(values) for name, values in rows(**named).items()}


def require_aligned(**named: Array) -> None:
    """Raise a ValueError unless all have the same length and no column `(n, 1)` meets a row `(n,)`."""
    shapes = {name: tuple(values.shape) for name, values in named.items() if len(values.shape) > 0}
    for first, shape in shapes.items():
        for other, against in shapes.items():
            found = f"{first} has shape {shape} and {other} has shape {against}"
            if None not in (shape[0], against[0]) and shape[0] != against[0]:
                raise ValueError(f"{found}: they must have the same length")
            if len(shape) == 1 and len(against) == 2 and against[1] == 1:
                raise ValueError(f"{found}: together they would broadcast to a matrix; flatten {other} first")


def names(name: str, values: Data) -> tuple[str, ...] | None:
    """Return the names of the columns of a frame (pandas, polars), a tuple of text; None for anything else.

    Raises:
        ValueError: if a name stands twice.

    Examples:
        >>> import pandas as pd
        >>> names("x", pd.DataFrame({"age": [1.0], "dose": [2.0]}))
        ('age', 'dose')
    """
    found = getattr(values, "columns", None)
    if found is None or callable(found) or len(getattr(values, "shape", ())) != 2:
        return None
    found = tuple(map(str, found))
    if len(set(found)) < len(found):
        twice = next(column for column in found if found.count(column) > 1)
        raise ValueError(f"{name} has two columns named {twice!r}")
    return found


def by_name(name: str, values: Any, wanted: Sequence[str] | None) -> Any:
    """Return a frame's columns in the order of `wanted`, whatever their own; what is no frame as it is.

    Args:
        name: of the argument.
        values: a frame, or an array-like whose columns have no names.
        wanted: the names in order, as `names` gives them; None for any.

    Raises:
        ValueError: for a column that is missing, and one that nobody asked for.
    """
    found = names(name, values)
    if wanted is None or found is None or found == wanted:
        return values
    for column in wanted:
        if column not in found:
            raise ValueError(f"{name} lacks the column {column!r}: it must have {', '.join(wanted)}")
    for column in found:
        if column not in wanted:
            raise ValueError(f"{name} has the column {column!r}, which the fit had not: {', '.join(wanted)}")
    own = {str(column): column for column in values.columns}
    return values[[own[column] for column in wanted]]


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


def require_one_index(named: Mapping[str, Data]) -> None:
    """Raise a ValueError if frames, or labelled arrays, have their rows in different orders."""
    indexed = [
        (name, values, index) for name, values in named.items() if (index := _index(values)) is not None
    ]
    for (first, one, reference), (name, other, index) in itertools.pairwise(indexed):
        differ = np.asarray(index != reference) if len(index) == len(reference) else np.zeros(1, bool)
        if differ.any() and not index.equals(reference):
            where, pandas = int(np.argmax(differ)), hasattr(one, "iloc") and hasattr(other, "iloc")
            raise ValueError(
                f"{first} and {name} have different {'pandas indexes' if pandas else 'row labels'}, first at "
                f"index {where}: {reference.tolist()[where]!r} against {index.tolist()[where]!r}; "
                "align them first"
            )


def _index(values):
    """The index of the rows of a pandas or xarray object, or of one like them; None where it has none."""
    index = getattr(values, "index", None)
    if hasattr(values, "dims") and hasattr(values, "indexes"):  # xarray
        index = values.indexes.get(values.dims[0]) if values.dims else None
    return index if hasattr(index, "equals") else None
