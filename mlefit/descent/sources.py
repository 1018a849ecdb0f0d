"""Where the batches of a run come from: arrays, a dataset, or nowhere, if the loss holds its data."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from mlefit import checks, columns
from mlefit.checks import Data
from mlefit.descent import batches
from mlefit.descent.batches import Batch, Batches
from mlefit.descent.streams import Stream


class Held:
    """No data but what the loss holds itself: every step takes all of it."""

    finite, size, first, about = False, 1, Batch(1, lambda part: ()), {}

    def at(self, step: int) -> Batch:
        return self.first

    def ends(self, step: int) -> bool:
        return False

    def all(self) -> Iterator[Batch]:
        return iter(())

    def resume(self, steps: int, epoch_steps: Sequence[int]) -> Batch:
        return self.first


type Source = Batches | Stream | Held


def source(data: Data, batch_size: int | None, seed: int | None) -> Source:
    """Return where the batches of a run come from, or raise an error that names the argument.

    Args:
        data: a `tf.data.Dataset`; an array or a tuple of arrays; `Batches`, taken as they are; or None.
        batch_size: rows in a batch of arrays.
        seed: of their order, 0 if None.
    """
    if data is None or isinstance(data, tf.data.Dataset | Batches):
        for name, given in (("batch_size", batch_size), ("seed", seed)):
            if given is not None:
                raise ValueError(
                    f"{name} is for arrays as data, got {given!r}"
                    + (": batch and shuffle the dataset itself" if isinstance(data, tf.data.Dataset) else "")
                )
        return Held() if data is None else data if isinstance(data, Batches) else Stream(data)
    if batch_size is None:
        raise ValueError("batch_size is missing: how many rows of data a step takes")
    size = checks.count("batch_size", batch_size)
    seed = checks.count("seed", 0 if seed is None else seed, at_least=0)
    return Batches(_checked(data), size, seed)


def _checked(data):
    """The arrays of data, of their own types: a network wants float32, and labels are whole numbers."""
    if isinstance(data, list) and any(getattr(part, "shape", ()) != () for part in data):
        raise TypeError("data must be an array or a tuple of arrays, got a list of arrays: make it a tuple")
    if isinstance(data, tf.distribute.DistributedDataset):
        raise TypeError("data must be a tf.data.Dataset, got a distributed one: train splits its batches")
    parts = data if isinstance(data, tuple) else (data,)
    if not parts:
        raise ValueError("data is an empty tuple")
    named = {batches.name(i, len(parts)): part for i, part in enumerate(parts)}
    columns.require_one_index(named)
    arrays = {name: checks.typed_array(name, part) for name, part in named.items()}
    for name, array in arrays.items():
        if array.ndim == 0:
            raise ValueError(f"{name} must have a row for each observation, got a single number")
        checks.require_rows(name, array)
        if len(array) != len(parts_first := next(iter(arrays.values()))):
            first = next(iter(arrays))
            raise ValueError(
                f"{first} has shape {parts_first.shape} and {name} has shape {array.shape}: "
                "they must have the same length"
            )
    # As they were given: what NumPy makes of a memmap does not say any more that it is one.
    return tuple(part if isinstance(part, np.memmap) else arrays[name] for name, part in named.items())
