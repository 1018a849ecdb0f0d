"""The training loop: any loss, any Keras optimizer; all the data at each step, or batches of them."""

import os
from collections.abc import Callable, Sequence
from typing import overload

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks, process
from mlefit.checks import Data
from mlefit.descent import replicas, sources
from mlefit.descent.checkpoints import Checkpoint
from mlefit.descent.history import Course, History
from mlefit.descent.loop import Descent, DivergenceError
from mlefit.descent.steps import COMPILE, Steps, checked_variables
from mlefit.descent.variables import Variable, native, snapshot

__all__ = ["DivergenceError", "train"]


@overload
def train(
    loss: Callable[[], tf.Tensor],
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    compile: str = ...,
    tolerance: float | None = ...,
    progress: bool = ...,
    checkpoint: str | os.PathLike | None = ...,
    data: None = ...,
) -> np.ndarray: ...
@overload
def train(
    loss: Callable[..., tf.Tensor],
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    compile: str = ...,
    tolerance: float | None = ...,
    progress: bool = ...,
    checkpoint: str | os.PathLike | None = ...,
    *,
    data: Data,
    batch_size: int | None = ...,
    seed: int | None = ...,
) -> History: ...
def train(
    loss: Callable[..., tf.Tensor],
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    compile: str = "graph",
    tolerance: float | None = None,
    progress: bool = False,
    checkpoint: str | os.PathLike | None = None,
    data: Data = None,
    batch_size: int | None = None,
    seed: int | None = None,
) -> np.ndarray | History:
    """Minimise a loss by gradient descent and return its history.

    Without `data` each step takes all that the loss holds. With `data` each takes a batch, and the loss is
    called as `loss(*batch)`: it must be a mean over the rows of its batch (and terms that do not depend on
    rows, such as a penalty). A batch with fewer rows than a full one, as the last of an epoch may be, counts
    as its share: its gradient is multiplied by its rows over those of a full batch. So at one point the
    gradients of an epoch's steps add up to `n / batch_size` times the gradient of the mean over all `n` rows,
    and each row counts once.

    Args:
        loss: function that returns a scalar tensor computed from the variables: of no arguments, or of the
            parts of a batch. Let it hold arrays as tensors: `compile="graph"` and `"xla"` copy NumPy arrays
            into the program.
        variables: list of `keras.Variable` or `tf.Variable`, changed in place.
        optimizer: a `keras.optimizers.Optimizer`. Keras keeps its learning rate in float32: 0.1 is
            0.10000000149. Its schedules count steps. Train other variables with a new one.
        steps: the largest number of steps to take.
        compile: `"eager"` runs the step line by line, `"graph"` as one `tf.function`, `"xla"` compiled to
            machine code: slow to start, often the fastest for many steps. A Python `if` on a tensor needs
            `"eager"`.
        tolerance: stop early once the loss has settled: when, over the last 10 steps, its highest value less
            its lowest is at most `tolerance` times its latest absolute value. A rise counts as much as a
            fall, so an optimizer that overshoots is not stopped. A learning rate too small settles the loss
            as well: settled is not converged. With `data` it is asked over the last 10 epochs, of the loss
            of all rows at their ends. None takes all the steps.
        progress: whether to show a progress bar.
        checkpoint: path of a file that keeps the run, so that the same call takes it up where it stopped,
            after Ctrl-C, a kill or an error; `steps` is the total, and may be raised to go on. Variables,
            optimizer and history then are bit for bit those of a run without a stop (on one machine, with
            one `compile`); where the variables stand when it is taken up is ignored. The file is replaced
            as a whole after the first step, then every so many steps: once a second, more rarely if writing
            takes over 2% of the time; and at the end or a stop. The loss must depend on variables and batch
            alone: the state of random numbers is not kept, nor what a callable learning rate or an optimizer
            of your own holds outside its variables. A dataset must give the same batches when it is read
            again, from its beginning: then those that were taken are skipped. So it shuffles with a seed, and
            where `tf.random.set_seed` is called too, with the same one there.
        data: an array `(n, ...)` or a tuple of arrays of one length, finite, whose types are kept (a network
            wants float32); a `np.memmap` is read batch by batch. Or a `tf.data.Dataset` that gives batches,
            each a tensor or a tuple of tensors. In the scope of a `tf.distribute` strategy each batch is
            split over the replicas; each worker is given all of the data.
        batch_size: rows in a batch of arrays, all of them if there are fewer.
        seed: of the order of arrays, which is new in each epoch, counted from 0:
            `np.random.default_rng([seed, epoch]).permutation(n)`. 0 if None.

    Returns:
        Without `data`, the history: a float64 array with one entry for each step taken, those kept in the
        checkpoint first. `history[k]` is the loss at the variables as they were before update k, so
        `history[0]` is the loss at the start. With `data` a `History`: `steps[k]` is that loss on the batch
        of step k, `epochs[e]` the loss of all rows at the end of epoch e, by a pass of its own.

    Raises:
        DivergenceError: if the loss becomes infinite or NaN, at the variables after the last step too. The
            variables are put back to where it was lowest; with `data`, to the end of the epoch where it was
            lowest over all rows, and before an epoch has ended below the start, where it was lowest on a
            batch.
        FileNotFoundError: if there is no folder for the checkpoint.
        ConnectionError: if another worker of a strategy has stopped.
        TypeError: if an argument is not of the type described.
        ValueError: for an unknown `compile`, no variables, a variable twice, a variable that the loss does
            not depend on, a loss that is no scalar, or steps or a tolerance that are not positive; for data
            that are not finite or not of one length; for a checkpoint that is no file, is damaged, has gone
            further than asked, or is of another run: other variables or data, another optimizer, `batch_size`
            or `seed`, or another loss; and, with a checkpoint, for a loss that gives two values at the same
            point.

    Source: gradient descent is due to A. Cauchy, Méthode générale pour la résolution des systèmes d'équations
        simultanées, Comptes Rendus 25 (1847), 536-538; by batches, H. Robbins and S. Monro, A stochastic
        approximation method, Annals of Mathematical Statistics 22 (1951), 400-407.

    Examples:
        >>> x = keras.ops.convert_to_tensor([0.0, 1.0, 2.0], dtype="float64")
        >>> y = keras.ops.convert_to_tensor([1.0, 3.0, 5.0], dtype="float64")
        >>> slope = keras.Variable(0.0, dtype="float64")
        >>> intercept = keras.Variable(0.0, dtype="float64")
        >>> def mse(x=x, y=y):
        ...     return keras.ops.mean((y - intercept - slope * x) ** 2)
        >>> history = train(mse, [slope, intercept], keras.optimizers.SGD(0.2), steps=200)
        >>> round(float(slope.numpy()), 6), round(float(intercept.numpy()), 6)
        (2.0, 1.0)
        >>> len(history), round(float(history[0]), 4)
        (200, 11.6667)

        By batches of two rows, so that an epoch has two steps:

        >>> slope = keras.Variable(0.0, dtype="float64")
        >>> intercept = keras.Variable(0.0, dtype="float64")
        >>> sgd = keras.optimizers.SGD(0.2)
        >>> history = train(mse, [slope, intercept], sgd, steps=200, data=(x, y), batch_size=2, seed=0)
        >>> round(float(slope.numpy()), 3), round(float(intercept.numpy()), 3)
        (2.0, 1.0)
        >>> history.steps.shape, history.epochs.shape, history.epoch_steps[:3].tolist()
        ((200,), (100,), [2, 4, 6])
    """
    process.require_numbers()
    variables = checked_variables(variables)
    steps = checks.count("steps", steps)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(f"optimizer must be a keras.optimizers.Optimizer, got {optimizer!r}")
    if compile not in COMPILE:
        raise ValueError(f"compile must be one of {', '.join(map(repr, COMPILE))}, got {compile!r}")
    if tolerance is not None:
        tolerance = checks.real_number("tolerance", tolerance, positive=True)
    if not callable(loss):
        wanted = "no arguments" if data is None else "the parts of a batch"
        raise TypeError(f"loss must be a function of {wanted}, got {type(loss).__name__}")
    source, by_epoch = sources.source(data, batch_size, seed), data is not None
    if by_epoch and tolerance is not None and not source.finite:
        raise ValueError("tolerance is asked of whole epochs, and this dataset has no end")
    replicas.require_in_scope(variables, optimizer)
    if not optimizer.built:
        optimizer.build(variables)  # Makes its slots: a tf.function may not make them at a later call.
    strategy = replicas.strategy_in_force()
    if strategy is None:
        run = Steps(loss, variables, optimizer, source.size, compile)
    elif by_epoch:
        run = replicas.Replicas(strategy, loss, variables, optimizer, source.size, compile)
    else:
        raise ValueError("data is missing: in a strategy's scope train splits batches over the replicas")
    run.check(variables, source.first)

    chief = replicas.is_chief(strategy)
    course, best, last, tracked, record = (
        Course(),
        snapshot(native(variables)),
        source.first,
        native(variables),
        None,
    )
    if checkpoint is not None:
        record = Checkpoint(checkpoint, variables, optimizer, source.about, writes=chief)
        tracked, course = record.tracked, record.read()
        _require_on_the_way(course, steps, tolerance, by_epoch, record)
    with replicas.lost_workers(strategy, course.steps, record):
        if strategy is not None:
            replicas.require_agreement(
                strategy, source.about, (steps, tolerance, compile), len(course.steps), record
            )
        if record:
            last = source.resume(len(course.steps), course.epoch_steps) if course.steps else last
            best = record.restore(lambda: run.value(source.first), last)
        descent = Descent(run, source, native(variables), tracked, best, course, last, record, by_epoch)
        bar = None
        if progress and chief:
            bar = keras.utils.Progbar(steps, stateful_metrics=["loss", "epoch_loss"])
        try:
            descent.go(steps, tolerance, bar)
        finally:
            if record:
                record.write()
        if bar and len(course.steps) < steps:
            bar.update(len(course.steps), finalize=True)
        optimizer.finalize_variable_values(variables)  # For those that average them; others do nothing.
        descent.require_finite(float(run.value(descent.last)), "")
    return course.report() if by_epoch else course.report().steps


def _require_on_the_way(course, steps, tolerance, by_epoch, record):
    """Refuse a run that has taken steps which this one would not: its end would not be this one's."""
    taken = len(course.steps)
    if taken > steps:
        raise ValueError(f"steps is {steps}, but {record} has taken {taken} already: ask for as many or more")
    settled = course.first_settled(tolerance, by_epoch)
    if settled is not None:
        raise ValueError(
            f"tolerance={tolerance} stops at step {settled}, but {record} has taken {taken} already: "
            "ask for a smaller one"
        )
