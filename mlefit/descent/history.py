"""What a training run leaves behind: the losses of its steps and of its epochs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

_PRECISION = {8: 2.0**-52, 4: 2.0**-23, 2: 2.0**-7}  # by the bytes of a float; two may be a bfloat16
_SETTLED = 10  # steps, or epochs, over which a loss must have come to rest


@dataclass(frozen=True, eq=False)
class History:
    """The losses of a run by batches.

    Attributes:
        steps: `steps[k]` is the loss on the batch of step k, at the variables as they were before its update:
            float64, `(steps,)`. Each is the loss of other rows at another point, so they scatter.
        epochs: `epochs[e]` is the loss of all rows at one point, the variables at the end of epoch e:
            float64, `(epochs,)`. It is the mean over rows; a short batch counts as its share.
        epoch_steps: how many steps had been taken then, `(epochs,)`: `plot(epoch_steps, epochs)` lies on the
            axis of `steps`.
    """

    steps: np.ndarray
    epochs: np.ndarray
    epoch_steps: np.ndarray


@dataclass
class Course:
    """A run as it goes on.

    Attributes:
        steps: the loss before each step.
        epochs: the loss of all data at the end of each epoch.
        epoch_steps: how many steps had been taken then.
    """

    steps: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    epoch_steps: list[int] = field(default_factory=list)

    @property
    def has_epochs(self) -> bool:
        """Whether the best point is the end of an epoch: of one that ended below the start at least.

        Until then it is a point at which the loss on a batch was lowest, which is noise, but no divergence.
        """
        return any(value < self.steps[0] for value in self.epochs)

    @property
    def lowest(self) -> float:
        """The loss at the best point, of all data or of its batch."""
        return min(self.epochs if self.has_epochs else self.steps, default=np.inf)

    @property
    def size(self) -> tuple[int, int]:
        """How many steps and epochs there are."""
        return len(self.steps), len(self.epochs)

    def settled(self, tolerance: float | None, by_epoch: bool) -> bool:
        """Return whether the loss has come to rest: of the steps, or of all data at the ends of epochs."""
        return _settled(self.epochs if by_epoch else self.steps, tolerance)

    def first_settled(self, tolerance: float | None, by_epoch: bool) -> int | None:
        """Return after how many steps it had come to rest for the first time, if steps were taken since."""
        losses = self.epochs if by_epoch else self.steps
        for k in range(len(losses) + 1) if tolerance else ():
            taken = self.epoch_steps[k - 1] if by_epoch and k else k
            if taken < len(self.steps) and _settled(losses[max(0, k - _SETTLED - 1) : k], tolerance):
                return taken
        return None

    def report(self) -> History:
        """Return the losses as arrays."""
        return History(np.array(self.steps), np.array(self.epochs), np.array(self.epoch_steps, int))


def _settled(losses, tolerance):
    if tolerance is None or len(losses) <= _SETTLED:
        return False
    recent = losses[-_SETTLED - 1 :]
    return max(recent) - min(recent) <= tolerance * abs(recent[-1])


def agree(value: Any, other: Any, variables: Iterable[tf.Variable], scale: float) -> bool:
    """Return whether two losses differ by no more than rounding, which grows with the loss at the start."""
    size = min(tf.as_dtype(part.dtype).size for part in (value, *variables))
    value, other, precision = float(value), float(other), _PRECISION[size]
    allowed = np.sqrt(precision) * abs(other) + 100 * precision * abs(scale)
    return abs(value - other) <= allowed or not (np.isfinite(value) or np.isfinite(other))
