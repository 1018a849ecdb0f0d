"""Where partitions lie: arrays on disk, cut into ranges of rows, and arrays and frames of Dask."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from mlefit import checks
from mlefit.likelihood import dask_source
from mlefit.likelihood.partitions import Source
from mlefit.likelihood.rows import in_threads

_NUMBERS = 2**21  # in a range


def found(named: Mapping[str, Any]) -> Source | None:
    """Return where columns lie that are not held; None if they lie in memory.

    Args:
        named: the columns as they were given to `fit`.

    Raises:
        TypeError, ValueError: for columns of several kinds, and partitions that do not belong together.
    """
    if dask_source.any_of(named):
        return dask_source.DaskSource(named)
    if any(isinstance(values, np.memmap) for values in named.values()):
        return Mapped(named)
    return None


class Mapped:
    """Arrays of which some lie in files, `np.memmap`: ranges of rows are read as they are needed.

    Args:
        named: the columns, array-likes of one length.

    Attributes:
        columns: the arrays.

    Examples:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     numbers = np.memmap(file, dtype="int16", shape=(5,))
        ...     source = Mapped({"x": numbers, "y": np.ones(5)})
        ...     source.count, list(source.run(lambda x, y: x + y)), source.place(0, 3)
        (1, [array([1., 1., 1., 1., 1.])], 'index 3')
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        arrays = {
            name: values if hasattr(values, "shape") else np.asarray(values) for name, values in named.items()
        }
        for name, values in arrays.items():
            if len(values.shape) not in (1, 2):
                raise ValueError(f"{name} must have shape (n,) or (n, k), got shape {tuple(values.shape)}")
        size = len(next(iter(arrays.values())))
        for name, values in arrays.items():
            if len(values) != size:
                first, length = next(iter(arrays)), len(values)
                raise ValueError(f"{first} has {size} rows and {name} has {length}: they must have as many")
        # Those in files are checked as they pass.
        self.columns = {
            name: values if isinstance(values, np.memmap) else checks.real_array(name, values)
            for name, values in arrays.items()
        }
        self._arrays = list(self.columns.values())
        width = sum(int(np.prod(values.shape[1:])) for values in self._arrays)
        self._length = max(1, _NUMBERS // max(width, 1))
        self._lows = range(0, size, self._length)
        self.count = max(len(self._lows), 1)

    def run(self, function: Callable) -> Iterator:
        """Yield what a function makes of the columns of each range, in order; on several cores."""

        def ranged(low):
            return function(*(values[low : low + self._length] for values in self._arrays))

        return in_threads(ranged, self._lows)

    def place(self, partition: int, row: int) -> str:
        """Return where a row stands, in words."""
        return f"index {self._lows[partition] + row}"

    def unreadable(self) -> None:
        """Return None: what fails here is no reading of partitions."""

    def name(self, partition: int) -> str:
        """Return what a range is called."""
        return f"the rows from {self._lows[partition]} on"
