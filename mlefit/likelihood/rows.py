"""Where observations lie, from the check on: named columns of one length, handed over block by block.

They lie in memory here. Nothing outside slices them, so that they may lie elsewhere: a file, a cluster.
"""

import functools
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_CORES = 8  # at most, for each holds a block


class Rows:
    """Observations: a tuple of float64 arrays of one length, `(n,)` or `(n, k)`, by name.

    Args:
        **columns: the arrays, which are not copied. Those of another real type, such as mapped files, become
            float64 as blocks of them are handed over.

    Attributes:
        names: of the columns.
        entries: what the entries of a column `(n, k)` are called, by its name: a frame's names, or None.
        weights: how many observations each row stands for, float64, `(n,)`; None if one.
        clusters: which cluster each row belongs to, a whole number from 0 on, `(n,)`; None if none are known.
        in_memory: whether they lie here, all of them.
        size: how many rows there are.
        nobs: how many observations they stand for.

    Examples:
        >>> rows = Rows(x=np.arange(6.0), y=np.ones(6))
        >>> [x.tolist() for x, y in rows.blocks(4)]
        [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0]]
        >>> rows.sum(lambda weights, x, y: x @ y, 4)
        np.float64(15.0)
        >>> rows.sample(2).whole()[0].tolist()
        [0.0, 3.0]
        >>> few = rows.weighted(np.array([2.0, 0.0, 0.0, 0.0, 0.0, 1.0]))
        >>> few.nobs, few.whole()[0].tolist(), few.place(1)
        (3, [0.0, 5.0], 'index 5')
    """

    in_memory = True

    def __init__(self, **columns: np.ndarray) -> None:
        self.names, self._columns = tuple(columns), tuple(columns.values())
        self.size = self.nobs = len(self._columns[0])
        self.weights, self.clusters, self._places = None, None, None
        self._change, self.entries = None, {}

    @property
    def columns(self) -> tuple:
        """The arrays as they lie: what can be indexed by an array of places."""
        return self._columns

    @property
    def has_weights(self) -> bool:
        """Whether rows stand for more than one observation, or may."""
        return self.weights is not None

    @property
    def shapes(self) -> tuple:
        """The shape of one observation's part of each column: `()` or `(k,)`."""
        return tuple(values.shape[1:] for values in self._block(0, 1))

    def weighted(self, weights: np.ndarray) -> "Rows":
        """Return the rows that stand for any observation, with how many: whole numbers in float64, `(n,)`."""
        there = np.flatnonzero(weights)
        if len(there) == self.size:
            other = self._with(self._columns)
            other.in_memory = self.in_memory
        else:
            other = self._with(tuple(values[there] for values in self._columns))
            other._places = there
        other.weights = weights[there]
        other.nobs = int(other.weights.sum())
        return other

    def clustered(self, clusters: np.ndarray) -> "Rows":
        """Return these rows as members of clusters, of a whole number for each row as it was given."""
        other = self.changed(None)
        there = clusters if self._places is None else clusters[self._places]
        other.clusters = np.unique(there, return_inverse=True)[1]
        return other

    def whole(self) -> tuple:
        """Return all rows as one block."""
        return self._block(0, self.size)

    def blocks(self, size: int) -> Iterable[tuple]:
        """Yield blocks of at most `size` rows, in order, each a tuple of arrays."""
        return (self._block(low, low + size) for low in range(0, self.size, size))

    def map(self, function: Callable, size: int) -> Iterator:
        """Yield what a function makes of the weights, or None, and the columns of each block, in order.

        It runs on several cores.
        """

        def run(low):
            return function(self._weights(low, low + size), *self._block(low, low + size))

        return in_threads(run, range(0, self.size, size))

    def sum(self, function: Callable, size: int) -> Any:
        """Return the sum of what a function makes of weights and block, an array or a list of them.

        It is added in the order of the rows: always the same bits.
        """
        return added(self.map(function, size))

    def sample(self, size: int) -> "Rows":
        """Return `size` rows, evenly spaced; these themselves if they are few more."""
        if self.size < 2 * size:
            return self
        there = evenly(self.size, size)
        few = self._with(tuple(np.ascontiguousarray(values[there]) for values in self._columns))
        few._places = there if self._places is None else self._places[there]
        if self.weights is not None:
            few.weights = self.weights[there]
            few.nobs = int(few.weights.sum())
        return few

    def leading(self, size: int) -> int:
        """Return how many rows a sample has that leads a search, where so many do in memory."""
        return size

    def changed(self, function: Callable | None) -> "Rows":
        """Return these rows with a function of the columns of a block applied as they are handed over."""
        other, before = self._with(self._columns), self._change
        other.weights, other._places, other.nobs = self.weights, self._places, self.nobs
        other.clusters, other.in_memory = self.clusters, self.in_memory
        if function is None:
            return other
        other._change = function if before is None else lambda *block: function(*before(*block))
        return other

    def row(self, index: int) -> dict:
        """Return one observation: a dict from the name of a column to a number or an array `(k,)`."""
        return {name: values[index] for name, values in zip(self.names, self._columns, strict=True)}

    def place(self, index: int) -> str:
        """Return where a row stood in the data as they were given, in words."""
        return f"index {index if self._places is None else self._places[index]}"

    def first(self, function: Callable, size: int) -> tuple[str, Any] | None:
        """Return where the first row is, in words, that a function finds, and what it says of it; or None.

        The function, of weights and columns of a block, returns the row's index in the block with what it
        says, or None.
        """
        for low in range(0, self.size, size):
            found = function(self._weights(low, low + size), *self._block(low, low + size))
            if found is not None:
                return self.place(low + found[0]), found[1]
        return None

    def fingerprint(self, name: str) -> int:
        """Return a number that tells a column from others, by a few of its entries and weights."""
        step = max(1, self.size // 64)
        weights = 0 if self.weights is None else zlib.crc32(np.ascontiguousarray(self.weights[::step]))
        values = self._columns[self.names.index(name)]
        return zlib.crc32(np.ascontiguousarray(values[::step]), weights)

    def fingerprints(self) -> frozenset:
        """Return that number for each column."""
        return frozenset(map(self.fingerprint, self.names))

    def _block(self, low, high):
        part = tuple(np.asarray(values[low:high], dtype=np.float64) for values in self._columns)
        return part if self._change is None else self._change(*part)

    def _weights(self, low, high):
        return None if self.weights is None else self.weights[low:high]

    def _with(self, columns):
        """Rows of other columns, each of them one observation."""
        other = Rows(**dict(zip(self.names, columns, strict=True)))
        other.entries, other._change = self.entries, self._change
        return other


def evenly(size: int, count: int) -> np.ndarray:
    """Return so many indexes below a size, evenly spaced from end to end.

    Examples:
        >>> evenly(10, 4).tolist()
        [0, 2, 5, 7]
    """
    return np.arange(count) * size // max(count, 1)


def added(parts: Iterable) -> Any:
    """Return the sum of arrays, or of lists of them, in their order; None if there are none.

    Examples:
        >>> added([[1.0, np.ones(2)], [2.0, np.ones(2)]])
        [3.0, array([2., 2.])]
    """
    total = None
    for part in parts:
        if total is None:
            total = part
        elif isinstance(total, list):
            total = [a + b for a, b in zip(total, part, strict=True)]
        else:
            total = total + part
    return total


def in_threads(function: Callable, arguments: Sequence) -> Iterator:
    """Yield what a function makes of each argument, in order; it runs on several cores."""
    workers = min(len(arguments), _cores(), _CORES)
    if workers < 2:
        yield from map(function, arguments)
        return
    futures = [_pool(workers, os.getpid()).submit(function, argument) for argument in arguments]
    try:
        yield from (future.result() for future in futures)
    finally:
        for future in futures:
            future.cancel()


@functools.cache
def _pool(workers, process):
    """Threads that stay, for new ones would ask for their memory anew; a fork of the process has none."""
    return ThreadPoolExecutor(workers)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
