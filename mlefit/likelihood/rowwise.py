"""Whether a log-density looks at one row at a time: read from its graph, so that it is known, not guessed.

Where it does, the sum over blocks is the sum over all rows. Where it does not, or where that cannot be seen,
all rows must be computed together. What looks at other rows can be as rare as the one row that holds a
maximum, so no sample of values would tell.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from mlefit.likelihood import axes

_ROWS = 97  # in the graph that is read: a prime, so that no other axis is as long by accident


def looks_at_single_rows(
    function: Callable[..., tf.Tensor], specs: Sequence[tuple[int, ...]], nobs: int = 2 * _ROWS
) -> bool:
    """Whether each entry of what a function returns depends on its own row alone, for certain.

    Args:
        function: of tensors, each with a row for each observation, to a tensor `(n,)`.
        specs: the shape of one row of each tensor, `()` or `(k,)`.
        nobs: of how many rows it will be asked: an array that is made for each number of rows may be the same
            all along in a short one only, and a branch may be taken for many rows only.

    Returns:
        False where rows meet, where an array has an entry for each row, and for what is not understood.

    Examples:
        >>> looks_at_single_rows(lambda x: tf.exp(-x), [()])
        True
        >>> looks_at_single_rows(lambda x: x - tf.reduce_min(x), [()])
        False
    """
    try:
        # Not at so many rows themselves: an array of the model's own might be as long.
        few, many = (_operations(function, specs, rows) for rows in (_ROWS, nobs + 1))
    except Exception:  # What cannot be traced at this length needs its own.
        return False
    return few == many


def same_in_half(terms: Callable, block: Sequence[np.ndarray]) -> bool:
    """Whether rows give the same without those that follow: a graph may hold how many there are as a number.

    Args:
        terms: function of a tuple of arrays to an array `(n,)`.
        block: arrays of one length.
    """
    both, alone = terms(block), terms([values[: (len(values) + 1) // 2] for values in block])
    return np.allclose(both[: len(alone)], alone, rtol=1e-9, atol=1e-9, equal_nan=True)


def _operations(function, specs, rows):
    """The kinds of the operations on so many rows, and their numbers; `axes.Mixed` where rows may meet."""
    specs = [tf.TensorSpec((rows, *shape), tf.float64) for shape in specs]
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    found = {tensor.ref(): 0 for tensor in traced.inputs[: len(specs)]}
    for operation in traced.graph.get_operations():
        _follow(operation, found)
    if any(found.get(tensor.ref()) != 0 for tensor in traced.outputs):
        raise axes.Mixed
    return [(operation.type, _number(operation)) for operation in traced.graph.get_operations()]


def _number(operation):
    if (
        operation.type != "Const"
        or operation.outputs[0].shape.rank
        or not operation.outputs[0].dtype.is_floating
    ):
        return None
    return repr(tf.get_static_value(operation.outputs[0]))


def _follow(operation, found):
    """Note for each output of an operation which of its axes are the rows, if any."""
    if not any(tensor.ref() in found for tensor in operation.inputs):
        return
    if operation.type == "IdentityN":
        for before, after in zip(operation.inputs, operation.outputs, strict=True):
            if before.ref() in found:
                found[after.ref()] = found[before.ref()]
        return
    axis = axes.after(operation, [(tensor, found.get(tensor.ref())) for tensor in operation.inputs])
    for tensor in operation.outputs if axis is not None else ():
        found[tensor.ref()] = axis
