"""The batches of a `tf.data.Dataset`: each pass over it is an epoch."""

from collections.abc import Iterator, Sequence

import tensorflow as tf

from mlefit.descent.batches import Batch


class Stream:
    """The batches of a `tf.data.Dataset`, each of them an element; an epoch is one pass over it.

    One element is read ahead, which tells where an epoch ends.

    Args:
        dataset: whose elements are tensors `(b, ...)`, or tuples of them.

    Attributes:
        size: rows in the first batch, and so in a full one.
        first: the batch of step 0.
        about: what tells this data from others, a dict.
        finite: whether a pass has an end, as far as the dataset knows.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        for spec in tf.nest.flatten(dataset.element_spec):
            if not isinstance(spec, tf.TensorSpec):
                raise TypeError(f"data must have dense tensors as elements, got {spec}")
            if spec.shape.rank == 0:
                raise ValueError("data must come in batches, got a dataset of numbers: dataset.batch(100)")
        self._dataset, self._iterator, self._taken = dataset, iter(dataset), 0
        self._next = self._pull()
        if self._next is None:
            raise ValueError("data has no batch: the dataset is empty")
        self.first, self.size = self._next, self._next.rows
        self.finite = bool(dataset.cardinality() != tf.data.INFINITE_CARDINALITY)
        self.about = {
            "data": ", ".join(
                f"{s.dtype.name} {tuple(s.shape)}" for s in tf.nest.flatten(dataset.element_spec)
            ),
            "first batch with the fingerprint": self.first.fingerprint(),
        }

    def at(self, step: int) -> Batch:
        """Return the batch of a step, which must be the next one."""
        if step != self._taken:
            raise IndexError(f"a dataset gives its batches in turn: step {self._taken} is next, not {step}")
        if self._next is None:
            self._iterator = iter(self._dataset)
            self._next = self._pull()
        if self._next is None:
            raise ValueError(f"data has no batch any more after step {step}: it can be passed over only once")
        batch, self._next, self._taken = self._next, self._pull(), step + 1
        return batch

    def ends(self, step: int) -> bool:
        """Return whether an epoch ends with so many steps, those taken so far."""
        return step > 0 and self._next is None

    def all(self) -> Iterator[Batch]:
        """Yield the batches of a pass beside those that are taken."""
        return map(_element, self._dataset)

    def resume(self, steps: int, epoch_steps: Sequence[int]) -> Batch:
        """Go to where so many steps have been taken, and return the batch of the last.

        It reads again all that was read: a dataset that shuffles differently in each pass then goes on as it
        would have.

        Args:
            steps: how many were taken.
            epoch_steps: how many at the end of each epoch whose loss was computed, by a pass of its own.

        Raises:
            ValueError: for an epoch that has not as many steps.
        """
        batch, ends = self.first, set(epoch_steps)
        while self._taken < steps:
            batch = self.at(self._taken)
            ended, had_ended = self.ends(self._taken), self._taken in ends
            if (ended and not had_ended and self._taken < steps) or (had_ended and not ended):
                raise ValueError(
                    f"data has {'' if ended else 'not '}ended after {self._taken} batches, unlike in the "
                    "checkpoint: a dataset must give the same ones again"
                )
            if had_ended:
                for _ in self.all():
                    pass
        return batch

    def _pull(self):
        element = next(self._iterator, None)
        return None if element is None else _element(element)


def _element(element):
    parts = element if isinstance(element, tuple) else (element,)
    rows = {int(part.shape[0]) for part in tf.nest.flatten(parts)}
    if len(rows) > 1:
        raise ValueError(f"data has a batch with parts of different lengths: {sorted(rows)}")
    return Batch(rows.pop(), lambda part: _sliced(parts, part))


def _sliced(parts, part):
    return parts if part == slice(None) else tf.nest.map_structure(lambda tensor: tensor[part], parts)
