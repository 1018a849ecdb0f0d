"""The loop itself: step after step, what is kept of each, when an epoch ends, and when to stop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import keras
import numpy as np
import tensorflow as tf

from mlefit.descent.batches import Batch
from mlefit.descent.checkpoints import Checkpoint
from mlefit.descent.history import Course
from mlefit.descent.replicas import Replicas
from mlefit.descent.sources import Source
from mlefit.descent.steps import Steps
from mlefit.descent.variables import put, snapshot


class DivergenceError(ArithmeticError):
    """The loss stopped being finite.

    Attributes:
        step: the number of steps taken when it did.
        history: the loss at each step before it, all finite; a float64 array of shape `(step,)`.
    """

    def __init__(self, message: str, step: int, history: np.ndarray) -> None:
        super().__init__(message)
        self.step, self.history = step, history


@dataclass
class Descent:
    """A run on its way down.

    Args:
        run: how its steps are run.
        source: where its batches come from.
        variables: the native variables in training.
        tracked: all that a step changes, these first.
        best: the variables where the loss was lowest so far.
        course: the losses so far.
        last: the batch of the last step, or of the first if none has been taken.
        record: the checkpoint, or None.
        by_epoch: whether the loss of all data at the end of an epoch judges the run, and not that of a step.
    """

    run: Steps | Replicas
    source: Source
    variables: Sequence[tf.Variable]
    tracked: Sequence[tf.Variable]
    best: list[tf.Tensor]
    course: Course
    last: Batch
    record: Checkpoint | None
    by_epoch: bool
    lowest: float = field(init=False)
    has_epochs: bool = field(init=False)

    def __post_init__(self) -> None:
        self.lowest, self.has_epochs = self.course.lowest, self.course.has_epochs

    def go(self, steps: int, tolerance: float | None, bar: keras.utils.Progbar | None) -> None:
        """Take steps until there are so many, or the loss has settled.

        Raises:
            DivergenceError: if the loss is not finite; the variables are put back to the best.
        """
        course, now = self.course, snapshot(self.tracked)
        while True:
            taken = len(course.steps)
            if self.source.ends(taken) and course.epoch_steps[-1:] != [taken]:
                self._end_epoch(now)
            if taken >= steps or course.settled(tolerance, self.by_epoch):
                return
            batch = self.source.at(taken)
            value = self.run.step(batch)
            self.require_finite(value, "")
            if not self.has_epochs and value < self.lowest:
                self.lowest, self.best = value, now[: len(self.variables)]
            course.steps.append(value)
            now, self.last = snapshot(self.tracked), batch
            self._keep(now)
            if bar:
                of_all = [("epoch_loss", course.epochs[-1])] if course.epochs else []
                bar.update(taken + 1, [("loss", value), *of_all])

    def _end_epoch(self, now):
        """Compute the loss of all data where the variables are."""
        course = self.course
        value = self.run.mean(self.source.all())
        self.require_finite(value, " of all rows")
        if value < (self.lowest if self.has_epochs else course.steps[0]):
            self.lowest, self.best, self.has_epochs = value, now[: len(self.variables)], True
        course.epoch_steps.append(len(course.steps))
        course.epochs.append(value)
        self._keep(now)

    def _keep(self, now):
        if self.record:
            self.record.keep(self.course, self.best, now, self.last)

    def require_finite(self, value: float, of: str) -> None:
        """Put the variables back to the best and raise a DivergenceError if a loss is not finite."""
        if not np.isfinite(value):
            put(self.variables, self.best)
            self._diverge(value, of)

    def _diverge(self, value, of) -> NoReturn:
        course, k = self.course, len(self.course.steps)
        if self.has_epochs:
            e = int(np.argmin(course.epochs))
            where = (
                f"where that of all rows was lowest, {course.epochs[e]:.6g} at the end of epoch {e}, after "
                f"{course.epoch_steps[e]} steps"
            )
        elif k:
            i = int(np.argmin(course.steps))
            where = f"where it was lowest, {course.steps[i]:.6g} at step {i}"
        else:
            message = f"the loss is {value} at the start: look at the data and at the starting values"
            raise DivergenceError(message, 0, np.array([]))
        raise DivergenceError(
            f"the loss{of} is {value} at step {k}; the variables are back {where}. Try a smaller learning "
            "rate with a new optimizer, standardise the data, or let a scale move as its logarithm",
            k,
            np.array(course.steps),
        )
