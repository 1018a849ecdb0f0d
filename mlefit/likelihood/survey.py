"""The first pass over rows that are not held: every row is checked where it lies, and some are brought home.

A fault is named by its partition and its place there. A sample, evenly spaced, shows a search where to look;
few rows are brought home altogether.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mlefit import checks, columns
from mlefit.likelihood.partitions import PartitionedRows, Source, float64, observed
from mlefit.likelihood.rows import Rows, evenly

_PLACE = re.compile(r"at index \(?(?P<row>\d+)(, (?P<column>\d+)\))?")
_FEW = 65_536  # rows that are brought home altogether
_SHARE, _SAMPLE = 64, 262_144  # of more, one row in so many, at most so many
_NUMBERS = 2**22  # at most, of either
_LEAST = 256  # of a partition, so that uneven ones can be told


class _Seen(NamedTuple):
    """What a partition holds: rows, observations that they stand for, and some of them; or what is wrong."""

    size: int
    nobs: int
    few: list[np.ndarray]
    wrong: Exception | None = None


@dataclass(frozen=True)
class _Look:
    """Checks the columns of one of so many partitions, the last of them the weights if `weighted`."""

    names: tuple[str, ...]
    weighted: bool
    partitions: int

    def __call__(self, *parts: Any) -> _Seen:
        if not any(len(part) for part in parts):
            return _Seen(0, 0, [])
        own = "weights" if "weights" not in self.names else "row weights"
        try:
            found = columns.rows(**dict(zip((*self.names, own), parts, strict=False)))
            arrays = [np.asarray(values) for values in found.values()]
            if self.weighted:
                counted(arrays[-1])
        except (TypeError, ValueError) as error:
            return _Seen(0, 0, [], error)
        arrays, weights, _ = observed(arrays, self.weighted)
        size = len(arrays[0])
        share = max(_sample(arrays, size * self.partitions), 2 * _sample(arrays, 0)) / self.partitions
        there = evenly(size, min(max(_LEAST, math.ceil(share)), size))
        nobs = size if weights is None else int(weights.sum())
        kept = [*arrays, *([] if weights is None else [weights])]
        return _Seen(size, nobs, [np.ascontiguousarray(values[there]) for values in kept])


def rows(
    source: Source,
    names: tuple[str, ...],
    entries: Mapping[str, tuple[str, ...] | None],
    weighted: bool,
    progress: bool = False,
) -> Rows:
    """Return the rows of a source, checked: `PartitionedRows`, or `Rows` in memory if they are few.

    Args:
        source: where they lie; its columns are those of `names` and, if they are `weighted`, the weights.
        names: of the columns.
        entries: what the entries of a column are called.
        weighted: whether the last column is how many observations each row stands for.
        progress: whether each pass is told of.

    Raises:
        TypeError, ValueError: for what `columns.rows` refuses, with the partition; for no rows at all.
    """
    report = _Told() if progress else None
    began = time.monotonic()
    seen = _seen(source, _Look(names, weighted, source.count))
    for partition, part in enumerate(seen):
        if part.wrong is not None:
            raise type(part.wrong)(_placed(str(part.wrong), partition, source))
    size, nobs = sum(part.size for part in seen), sum(part.nobs for part in seen)
    if report:
        report(size, time.monotonic() - began)
    if not size and weighted:
        some(np.zeros(0))
    checks.require_rows(names[0], np.zeros(size))
    _require_one_shape(names, seen, source)
    seen = [part for part in seen if part.size]
    if size <= _sample(seen[0].few, 0):
        shown = all(len(part.few[0]) == part.size for part in seen)
        parts = [part.few for part in seen] if shown else source.run(_Bring())
        arrays = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return _held(names, entries, arrays, weighted)
    few = _held(names, entries, _thinned(seen, size), weighted)
    return PartitionedRows(source, few, size, nobs, weighted, report)


def _seen(source, look):
    try:
        return list(source.run(look))
    except RuntimeError:  # of a cluster, and not of its data
        raise
    except Exception as failure:
        place = getattr(failure, "partition", None)
        bad = source.unreadable() if place is None else (place, failure)
        if bad is None:
            raise
        partition, error = bad
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"{source.name(partition)}: it cannot be read: {said}") from error


def _placed(message, partition, source):
    """What is wrong in a partition, with its place among all rows."""

    def place(found):
        row, column = int(found["row"]), found["column"]
        return f"at {source.place(partition, row)}" + (f", column {column}" if column else "")

    said, count = _PLACE.subn(place, message, count=1)
    return said if count else f"{message}, in {source.name(partition)}"


def counted(weights: np.ndarray) -> np.ndarray:
    """Return weights of rows, `(n,)`, or raise an error that says why they are none."""
    if weights.ndim != 1:
        raise ValueError(f"weights must have shape (n,), got shape {weights.shape}")
    try:
        checks.require_domain("weights", weights, "whole")
    except ValueError as error:
        raise ValueError(
            f"{error}: it says how many observations a row stands for. For other weights multiply log_prob "
            "by them in a model of your own, and take covariance='robust'"
        ) from None
    return weights


def some(weights: np.ndarray) -> np.ndarray:
    """Return weights of which not all are 0, or raise a ValueError."""
    if not weights.any():
        raise ValueError("weights are all 0: no observation is left")
    return weights


def _sample(arrays, size):
    """How many of so many rows of such columns are brought home."""
    numbers = sum(math.prod(values.shape[1:]) for values in arrays)
    return min(max(_FEW, size // _SHARE), _SAMPLE, _NUMBERS // numbers)


@dataclass(frozen=True)
class _Bring:
    """Returns all of a partition."""

    def __call__(self, *parts: Any) -> list[np.ndarray]:
        return [float64(part) for part in parts]


def _held(names, entries, arrays, weighted):
    """Rows in memory, of columns and, if they are weighted, weights."""
    found = Rows(**dict(zip(names, arrays, strict=False)))
    found.entries = dict(entries)
    return found.weighted(arrays[-1]) if weighted else found


def _thinned(seen: Sequence[_Seen], size: int) -> list[np.ndarray]:
    """Some rows, spaced evenly over all: columns made of what the partitions have shown."""
    low, parts = 0, []
    wanted = evenly(size, min(_sample(seen[0].few, size), size))
    for part in seen:
        here = wanted[(low <= wanted) & (wanted < low + part.size)] - low
        shown = len(part.few[0])
        there = np.unique(here * shown // part.size)  # a long partition may have shown too few
        parts.append([values[there] for values in part.few])
        low += part.size
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _require_one_shape(names, seen, source):
    first = next([values.shape[1:] for values in part.few] for part in seen if part.size)
    for partition, part in enumerate(seen):
        for name, shape, values in zip(names, first, part.few, strict=False):
            if values.shape[1:] != shape:
                raise ValueError(
                    f"{name} has rows of shape {values.shape[1:]} in {source.name(partition)}, and of shape "
                    f"{shape} before"
                )


class _Told:
    """Says of each pass how many rows it saw, and how fast."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int, seconds: float) -> None:
        self.count += 1
        rate = size / max(seconds, 1e-9) / 1e6
        print(f"pass {self.count}: {size:,} rows in {seconds:.1f} s, {rate:.1f} million rows/s", flush=True)
