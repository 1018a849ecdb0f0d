"""The batches of arrays: in a new order each epoch, and any of them without those before it."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

_GLIMPSE = 64  # rows that tell data from others


class Batch(NamedTuple):
    """Some rows of the data, read when they are asked for.

    Attributes:
        rows: how many there are.
        read: function from a slice of them to a tuple of tensors, what the loss takes.
    """

    rows: int
    read: Callable[[slice], tuple]

    def whole(self) -> tuple:
        """Return all of its rows, a tuple of tensors."""
        return self.read(slice(None))

    def fingerprint(self) -> int:
        """Return a number that tells its rows and their order from others."""
        number = 0
        for part in tf.nest.flatten(self.whole()):
            number = zlib.crc32(np.ascontiguousarray(part.numpy()), number)
        return number


class Batches:
    """The batches of arrays: each epoch takes every row once, in an order of its own.

    The order of an epoch, counted from 0, is `np.random.default_rng([seed, epoch]).permutation(n)`, so that
    any step's batch can be had without those before it. The last batch of an epoch has the rows that are
    left.

    Args:
        arrays: tuple of arrays of one length n, which are not copied: what can be indexed by an array of
            places, such as `np.memmap`.
        batch_size: rows in a batch, all of them if there are fewer.
        seed: of the orders, a whole number from 0 on.

    Attributes:
        size: rows in a full batch.
        first: the batch of step 0.
        about: what tells these batches from others, a dict.
        finite: whether an epoch has an end.

    Examples:
        >>> batches = Batches((np.arange(5.0),), batch_size=2, seed=0)
        >>> [batches.at(step).whole()[0].numpy().tolist() for step in range(3)]
        [[2.0, 4.0], [3.0, 0.0], [1.0]]
        >>> order = np.random.default_rng([0, 0]).permutation(5)
        >>> order.tolist()
        [2, 4, 3, 0, 1]
        >>> batches.ends(3), batches.ends(4)
        (True, False)
    """

    finite = True

    def __init__(self, arrays: Sequence[Any], batch_size: int, seed: int = 0) -> None:
        self._arrays, self._rows, self._seed = tuple(arrays), len(arrays[0]), seed
        self.size = min(batch_size, self._rows)
        self._steps = -(-self._rows // self.size)  # of an epoch
        self._epoch, self._order = -1, np.empty(0, np.int64)
        self.first = self.at(0)
        self.about = {
            "data": ", ".join(f"{array.dtype} {tuple(array.shape)}" for array in self._arrays),
            "batch_size": self.size,
            "seed": seed,
            "data with the fingerprint": self._rows_at(np.arange(0, self._rows, -(-self._rows // _GLIMPSE))),
        }

    def at(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        epoch, place = divmod(step, self._steps)
        if epoch != self._epoch:
            # As permutation(rows) does it, in half the memory: there may be 10^8 rows.
            order = np.arange(self._rows, dtype=np.uint32 if self._rows < 2**32 else np.int64)
            np.random.default_rng([self._seed, epoch]).shuffle(order)
            self._epoch, self._order = epoch, order
        return self._batch(self._order[place * self.size : (place + 1) * self.size])

    def ends(self, step: int) -> bool:
        """Return whether an epoch ends with so many steps."""
        return step > 0 and step % self._steps == 0

    def all(self) -> Iterator[Batch]:
        """Yield every row once, in batches and in the order of the data."""
        for low in range(0, self._rows, self.size):
            yield self._batch(np.arange(low, min(low + self.size, self._rows)))

    def resume(self, steps: int, epoch_steps: Sequence[int]) -> Batch:
        """Go to where so many steps have been taken, and return the batch of the last."""
        return self.at(steps - 1)

    def _batch(self, places):
        return Batch(len(places), lambda part: self._read(places[part]))

    def _read(self, places):
        return tuple(tf.convert_to_tensor(self._block(i, places)) for i in range(len(self._arrays)))

    def _block(self, i, places):
        """Rows of an array, checked where it has not been: a file may be read once, and never as a whole."""
        array = self._arrays[i]
        block = np.asarray(array[places])
        if isinstance(array, np.memmap) and block.dtype.kind == "f" and not np.isfinite(block).all():
            where = np.argwhere(~np.isfinite(block))[0]
            row, *entry = where
            place = ", ".join(map(str, [int(places[row]), *map(int, entry)]))
            raise ValueError(
                f"{name(i, len(self._arrays))} must be finite, got {block[tuple(where)]} at index "
                f"{f'({place})' if entry else place}"
            )
        return block.astype(block.dtype.newbyteorder("="), copy=False)

    def _rows_at(self, places):
        return Batch(len(places), lambda part: self._read(places[part])).fingerprint()


def name(i: int, many: int) -> str:
    """Return what part i of the data is called, of so many."""
    return f"data[{i}]" if many > 1 else "data"
