"""Arrays and frames of Dask: partitions that it knows how to make, on the threads here or on a cluster.

Rows are never sent: what is kept of a partition is how to read or compute it, so that Dask can do so again
where a worker is lost. Dask is imported only where something of it was given.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

_ARRAY, _FRAME = "dask.array", "dask.dataframe"


def any_of(named: Mapping[str, Any]) -> bool:
    """Whether any of the columns is one of Dask."""
    return any(_is_dask(values) for values in named.values())


class DaskSource:
    """Columns that are arrays, series or frames of Dask, in as many partitions each.

    Args:
        named: the columns.

    Raises:
        TypeError, ValueError: for columns of Dask beside others, and partitions that do not belong together.

    Examples:
        >>> import dask.array as da
        >>> source = DaskSource({"x": da.arange(6, chunks=4)})
        >>> source.count, list(source.run(sum)), source.place(1, 0)
        (2, [np.int64(6), np.int64(9)], 'row 0 of partition 1')
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        for name, values in named.items():
            _require_usable(name, values, named)
        if all(type(values).__module__.startswith(_FRAME) for values in named.values()):
            self._parts = _together(named)
        else:
            self._parts = list(zip(*_chunks(named), strict=True))
        self.count = len(self._parts)
        self._given = max(getattr(values, "npartitions", 0) for values in named.values())

    def run(self, function: Callable) -> Iterable:
        """Return what a function makes of the columns of each partition, in order."""
        import dask

        from mlefit.likelihood import cluster

        client = cluster.client()
        if client is not None:
            return cluster.run(client, function, self._parts)
        tasks = [dask.delayed(_applied, pure=False)(function, parts) for parts in self._parts]
        return dask.compute(*tasks)

    def unreadable(self) -> tuple[int, Exception] | None:
        """Return the first partition that cannot be read, and why; None if all can, by now."""
        for partition in range(self.count):
            one = copy.copy(self)
            one._parts = self._parts[partition : partition + 1]
            try:
                one.run(_nothing)
            except Exception as error:
                return partition, error
        return None

    def place(self, partition: int, row: int) -> str:
        """Return where a row stands, in words."""
        return f"row {row} of {self.name(partition)}"

    def name(self, partition: int) -> str:
        """Return what a partition is called: by its number before Dask put small ones of files together."""
        if self._given <= self.count:
            return f"partition {partition}"
        first, beyond = (i * self._given // self.count for i in (partition, partition + 1))
        if beyond == first + 1:
            return f"partition {first}"
        return f"partitions {first} to {beyond - 1}, which Dask reads together"


def _nothing(*parts):
    return None


def _applied(function, parts):
    return function(*parts)


def _is_dask(values):
    return type(values).__module__.startswith("dask.") and hasattr(values, "__dask_graph__")


def _require_usable(name, values, named):
    if not _is_dask(values):
        other = next(key for key, value in named.items() if _is_dask(value))
        raise TypeError(
            f"{other} lies in partitions of Dask and {name} does not: give both as Dask arrays or frames, "
            "for example by dask.array.from_array"
        )
    if not type(values).__module__.startswith((_ARRAY, _FRAME)) or not hasattr(values, "ndim"):
        raise TypeError(f"{name} must be a Dask array, series or frame, got {type(values).__name__}")
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, k), got {values.ndim} dimensions")


def _together(named):
    """One delayed tuple a partition, of columns of frames: so that a file is read once for all of them."""
    (first, one), *others = named.items()
    for name, values in others:
        _require_as_many(first, one.npartitions, name, values.npartitions)
    import pandas as pd

    joined = one.map_partitions(
        _tuple,
        *(values for _, values in others),
        meta=pd.Series([], dtype=object),
        enforce_metadata=False,
        align_dataframes=False,
    )
    return joined.to_delayed()


def _tuple(*parts):
    return parts


def _chunks(named):
    """For each column its delayed partitions."""
    (first, one), *_ = named.items()
    delayed = []
    for name, values in named.items():
        if type(values).__module__.startswith(_ARRAY):
            values = values.rechunk({1: -1}) if values.ndim == 2 else values
            if (
                values.chunks[0] != getattr(one, "chunks", values.chunks)[0]
                and _known(values)
                and _known(one)
            ):
                if len(values) != len(one):
                    raise ValueError(
                        f"{first} has {len(one)} rows and {name} has {len(values)}: they must have as many"
                    )
                values = values.rechunk({0: one.chunks[0]})
        parts = np.ravel(values.to_delayed()).tolist()
        delayed.append(parts)
        _require_as_many(first, len(delayed[0]), name, len(parts))
    return delayed


def _known(values):
    return not np.isnan(values.chunks[0]).any()


def _require_as_many(first, many, name, count):
    if many != count:
        raise ValueError(
            f"{first} has {many} partitions and {name} has {count}: they must have as many, row by row; take "
            "both from one frame, or repartition"
        )
