"""What is computed of one block of rows: functions of its weights and columns that can travel.

Rows may lie with other processes. A function is sent to them as what it is made of: a model, a point, and for
a traced program how to trace it, which each process does once.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from mlefit.likelihood.program import Program, differences
from mlefit.models import flat
from mlefit.models.model import Model
from mlefit.solvers import qr

_ALIGNED = 64  # bytes, as TensorFlow expects of memory
_SCORES = 16_384  # rows of which scores are held at a time


@dataclass(frozen=True)
class Sums:
    """The sum of the log-densities of a block with its gradient and Hessian, or the gradient alone.

    Args:
        program: the traced `Program`.
        point: at which, `(p,)`.
        block: rows in the arrays that the program takes.
        rows: how many it computes at a time.
        alone: whether the gradient is wanted alone.
    """

    program: Program
    point: np.ndarray
    block: int
    rows: int
    alone: bool = False

    def __call__(self, weights: np.ndarray | None, *columns: np.ndarray) -> list[np.ndarray] | np.ndarray:
        return self.of(*self.padded(weights, *columns))

    def of(self, count: tf.Tensor, block: Sequence[tf.Tensor]) -> list[np.ndarray] | np.ndarray:
        """Return the same of a block that was `padded`."""
        function = self.program.slope if self.alone else self.program.sums
        return function(self.point, count, block)

    def padded(self, weights: np.ndarray | None, *columns: np.ndarray) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return how many rows count, and the block, its last row repeated where more are computed.

        Weights, where there are any, come last.
        """
        columns = columns if weights is None else (*columns, weights)
        count = len(columns[0])
        end = -(-count // self.rows) * self.rows
        return tf.constant(count), [_tensor(values, self.block, end) for values in columns]


@dataclass(frozen=True)
class Total:
    """The sum of the log-densities of a block under the caller's own model, operation by operation."""

    model: Model
    point: np.ndarray

    def __call__(self, weights: np.ndarray | None, *columns: np.ndarray) -> float:
        return float(weighted_sum(terms(self.model, self.point, columns), weights))


@dataclass(frozen=True)
class Together:
    """Two functions of a block as one: the list that the first returns, with what the second does at its end.

    Where rows are read anew for each pass, one pass is enough for both.
    """

    first: Callable
    second: Callable

    def __call__(self, weights: np.ndarray | None, *columns: np.ndarray) -> list[Any]:
        return [*self.first(weights, *columns), self.second(weights, *columns)]


@dataclass(frozen=True)
class ScoreFactor:
    """R, `(p, p)`, with `R' R` the sum over a block of `s s'`: s are the scores of its observations.

    Args:
        model: the caller's own.
        point: at which, `(p,)`.
    """

    model: Model
    point: np.ndarray

    def __call__(self, weights: np.ndarray | None, *columns: np.ndarray) -> np.ndarray:
        return qr.triangle(
            rooted(scores(self.model, self.point, [v[part] for v in columns]), weights, part).T
            for part in pieces(len(columns[0]), _SCORES)
        )


def pieces(size: int, length: int) -> list[slice]:
    """Return the parts of so many rows, each of a length at most."""
    return [slice(low, low + length) for low in range(0, size, length)]


def rooted(found: np.ndarray, weights: np.ndarray | None, part: slice) -> np.ndarray:
    """Return scores, `(m, p)`, times the roots of the weights of their rows, a part of them."""
    return found if weights is None else found * np.sqrt(weights[part])[:, None]


def terms(model: Model, point: np.ndarray, block: Sequence[np.ndarray]) -> np.ndarray:
    """Return the log-density of each row of a block under a model, `(m,)`."""
    return flat.log_prob_at(model, point, *map(tf.constant, block)).numpy()


def scores(model: Model, point: np.ndarray, block: Sequence[np.ndarray]) -> np.ndarray:
    """Return the gradients of the log-densities of the rows of a block, `(m, p)`."""
    columns = [tf.constant(values) for values in block]
    # The gradient of a weighted sum is linear in the weights: its slopes by them are the scores.
    there, weights = tf.constant(point), tf.ones(len(block[0]), tf.float64)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(weights)
        with tf.GradientTape() as inner:
            inner.watch(there)
            total = tf.reduce_sum(weights * flat.log_prob_at(model, there, *columns))
        slopes = tf.unstack(inner.gradient(total, there, unconnected_gradients="zero"))
    try:
        found = [outer.gradient(slope, weights, unconnected_gradients="zero") for slope in slopes]
    except LookupError:  # An operation without a second derivative.
        found = differences(lambda beside: terms(model, beside, columns), point)
    return np.stack(found, axis=1)


def weighted_sum(values: np.ndarray, weights: np.ndarray | None) -> Any:
    """Return the sum of what there is of each row, each as often as its weight says."""
    return np.sum(values) if weights is None else weights @ values


def _tensor(values, rows, end):
    """A tensor of so many rows: the values, the last of them up to row `end`, and anything.

    `tf.constant` would copy twice, also what nobody reads, and memory that is touched for the first time may
    cost more than computing on it.
    """
    size = rows * math.prod(values.shape[1:])
    space = np.empty(size + _ALIGNED // 8)
    first = -space.ctypes.data % _ALIGNED // 8
    array = space[first : first + size].reshape(rows, *values.shape[1:])
    array[: len(values)], array[len(values) : end] = values, values[-1:]
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
