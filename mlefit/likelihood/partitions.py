"""Rows that are not held: they lie in files or with other processes, and are read anew for each pass.

What is wanted of them is a function of a block. It goes to where the rows lie, and what it returns comes back
in the order of the partitions, so that a sum always has the same bits.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlefit.likelihood.rows import Rows, added


class Source(Protocol):
    """Where partitions lie.

    Attributes:
        count: how many there are.
    """

    count: int

    def run(self, function: Callable) -> Iterable:
        """Return what a function makes of the columns of each partition, in order."""
        ...

    def place(self, partition: int, row: int) -> str:
        """Return where a row stands, in words."""
        ...

    def name(self, partition: int) -> str:
        """Return what a partition is called."""
        ...

    def unreadable(self) -> tuple[int, Exception] | None:
        """Return the first partition that cannot be read, and why; None if all can."""
        ...


class PartitionedRows(Rows):
    """Observations in partitions, `Rows` to all who ask for sums.

    Args:
        source: where they lie.
        few: some of them, evenly spaced, `Rows` in memory: what `sample` draws from.
        size: how many rows there are.
        nobs: how many observations they stand for.
        weighted: whether the last column of the source is their weights.
        report: what is told of each pass: a function of how many rows there are and the seconds it took.
    """

    in_memory = False

    def __init__(
        self,
        source: Source,
        few: Rows,
        size: int,
        nobs: int,
        weighted: bool,
        report: Callable[[int, float], None] | None = None,
    ) -> None:
        self.names, self.entries = few.names, few.entries
        self.weights, self.clusters = None, None
        self.size, self.nobs = size, nobs
        self._source, self._few, self._weighted = source, few, weighted
        self._change, self._report = None, report

    @property
    def columns(self) -> tuple:
        raise ValueError(
            "an optimizer picks its batches here and there, and the rows lie in partitions: leave method "
            "out, or give mlefit.train a tf.data.Dataset"
        )

    @property
    def has_weights(self) -> bool:
        return self._weighted

    @property
    def shapes(self) -> tuple:
        return self._few.shapes

    def whole(self) -> tuple:
        raise ValueError(
            "this looks at all rows at once, and they lie in partitions that are never held together: draw a "
            "sample of them into memory, and fit that"
        )

    def blocks(self, size: int) -> Iterator[tuple]:
        return iter(self.whole())  # which says why not

    def map(self, function: Callable, size: int) -> Iterator:
        return (part for parts in self._passed(function, size, "each") for part in parts)

    def sum(self, function: Callable, size: int) -> Any:
        return added(part for part in self._passed(function, size, "sum") if part is not None)

    def first(self, function: Callable, size: int) -> tuple[str, Any] | None:
        for partition, found in enumerate(self._passed(function, size, "first")):
            if found is not None:
                row, what = found
                return self._source.place(partition, row), what
        return None

    def sample(self, size: int) -> Rows:
        return self._few.sample(size)

    def leading(self, size: int) -> int:
        # A pass costs much more than the sample does: all that is at hand leads closer, and saves passes.
        return max(size, min(self.size // 4, self._few.size))

    def changed(self, function: Callable | None) -> "PartitionedRows":
        other = PartitionedRows(
            self._source, self._few.changed(function), self.size, self.nobs, self._weighted, self._report
        )
        before = self._change
        other._change = function if before is None else _Both(before, function) if function else before
        return other

    def fingerprint(self, name: str) -> int:
        return hash((self._few.fingerprint(name), self.size))

    def weighted(self, weights: np.ndarray) -> Rows:
        raise ValueError("rows in partitions cannot be drawn anew, for no one holds them: draw from a sample")

    def _passed(self, function, size, wanted):
        began = time.monotonic()
        found = self._source.run(_Pass(function, size, wanted, self._change, self._weighted))
        yield from found
        if self._report:
            self._report(self.size, time.monotonic() - began)


@dataclass(frozen=True)
class _Pass:
    """What is done with a partition, where it lies: a function applied block by block.

    `wanted` is `"each"`, what it makes of each block in a list; `"sum"`, all of that added, None where there
    are no rows; or `"first"`, the first row that it finds, and what it says of it.
    """

    function: Callable
    size: int
    wanted: str
    change: Callable | None
    weighted: bool

    def __call__(self, *parts: Any) -> Any:
        columns, weights, there = observed([float64(part) for part in parts], self.weighted)
        found = (
            (low, self._of(weights, columns, slice(low, low + self.size)))
            for low in range(0, len(columns[0]), self.size)
        )
        if self.wanted == "each":
            return [part for _, part in found]
        if self.wanted == "sum":
            return added(part for _, part in found)
        for low, part in found:
            if part is not None:
                row, what = part
                return (low + row if there is None else int(there[low + row])), what
        return None

    def _of(self, weights, columns, part):
        block = tuple(values[part] for values in columns)
        if self.change is not None:
            block = self.change(*block)
        return self.function(None if weights is None else weights[part], *block)


@dataclass(frozen=True)
class _Both:
    """One change of a block after another."""

    first: Callable
    then: Callable

    def __call__(self, *block: np.ndarray) -> tuple:
        return self.then(*self.first(*block))


def observed(
    columns: Sequence[np.ndarray], weighted: bool
) -> tuple[Sequence[np.ndarray], np.ndarray | None, np.ndarray | None]:
    """Return the rows of a partition that stand for any observation, their weights, and which they are.

    Args:
        columns: the arrays; the last one is the weights, if they are `weighted`.
    """
    if not weighted:
        return columns, None, None
    *columns, weights = columns
    if weights.all():
        return columns, weights, None
    there = np.flatnonzero(weights)
    return [values[there] for values in columns], weights[there], there


def float64(values: Any) -> np.ndarray:
    """Return a part of a column, checked before, as a float64 array."""
    return np.asarray(values, dtype=np.float64)
