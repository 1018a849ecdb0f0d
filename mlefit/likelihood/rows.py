"""Where observations lie, from the check on: named columns of one length, handed over block by block.

They lie in memory here. Nothing outside slices them, so that they may lie elsewhere: a file, a cluster.
"""

import functools
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_CORES = 8  # at most, for each holds a block


class Rows:
    """Observations: a tuple of float64 arrays of one length, `(n,)` or `(n, k)`, by name.

    Args:
        **columns: the arrays, which are not copied.

    Attributes:
        names: of the columns.
        entries: what the entries of a column `(n, k)` are called, by its name: a frame's names, or None.
        nobs: how many observations there are.

    Examples:
        >>> rows = Rows(x=np.arange(6.0), y=np.ones(6))
        >>> [x.tolist() for x, y in rows.blocks(4)]
        [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0]]
        >>> rows.sum(lambda x, y: x @ y, 4)
        np.float64(15.0)
        >>> rows.sample(2).whole()[0].tolist()
        [0.0, 3.0]
    """

    def __init__(self, **columns: np.ndarray) -> None:
        self.names, self._columns = tuple(columns), tuple(columns.values())
        self.nobs = len(self._columns[0])
        self._change, self.entries = None, {}

    @property
    def shapes(self) -> tuple:
        """The shape of one observation's part of each column: `()` or `(k,)`."""
        return tuple(values.shape[1:] for values in self._block(0, 1))

    def whole(self) -> tuple:
        """Return all rows as one block."""
        return self._block(0, self.nobs)

    def blocks(self, size: int) -> Iterable[tuple]:
        """Yield blocks of at most `size` rows, in order, each a tuple of arrays."""
        return (self._block(low, low + size) for low in range(0, self.nobs, size))

    def map(self, function: Callable, size: int) -> Iterator:
        """Yield what a function makes of the columns of each block, in order; it runs on several cores."""
        lows = range(0, self.nobs, size)
        workers = min(len(lows), _cores(), _CORES)
        if workers < 2:
            yield from (function(*block) for block in self.blocks(size))
            return
        pool = _pool(workers, os.getpid())
        futures = [pool.submit(lambda low=low: function(*self._block(low, low + size))) for low in lows]
        try:
            yield from (future.result() for future in futures)
        finally:
            for future in futures:
                future.cancel()

    def sum(self, function: Callable, size: int) -> Any:
        """Return the sum of what a function makes of each block, an array or a list of them.

        It is added in the order of the rows: always the same bits.
        """
        parts = self.map(function, size)
        total = next(parts)
        for part in parts:
            many = isinstance(total, list)
            total = [a + b for a, b in zip(total, part, strict=True)] if many else total + part
        return total

    def sample(self, size: int) -> "Rows":
        """Return `size` rows, evenly spaced; these themselves if they are few more."""
        step = self.nobs // size
        if step <= 1:
            return self
        return self._with(tuple(np.ascontiguousarray(values[::step][:size]) for values in self._columns))

    def changed(self, function: Callable) -> "Rows":
        """Return these rows with a function of the columns of a block applied as they are handed over."""
        other, before = self._with(self._columns), self._change
        other._change = function if before is None else lambda *block: function(*before(*block))
        return other

    def row(self, index: int) -> dict:
        """Return one observation: a dict from the name of a column to a number or an array `(k,)`."""
        return {name: values[index] for name, values in zip(self.names, self._columns, strict=True)}

    def fingerprints(self) -> frozenset:
        """Return a number for each column that tells it from others, by a few of its entries."""
        step = max(1, self.nobs // 64)
        return frozenset(zlib.crc32(np.ascontiguousarray(values[::step])) for values in self._columns)

    def _block(self, low, high):
        part = tuple(values[low:high] for values in self._columns)
        return part if self._change is None else self._change(*part)

    def _with(self, columns):
        other = object.__new__(Rows)
        other.entries = self.entries
        other.names, other._columns, other._change, other.nobs = (
            self.names,
            columns,
            self._change,
            len(columns[0]),
        )
        return other


@functools.cache
def _pool(workers, process):
    """Threads that stay, for new ones would ask for their memory anew; a fork of the process has none."""
    return ThreadPoolExecutor(workers)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
