"""The training loop: any loss, any Keras optimizer, run eagerly, as a graph, or compiled by XLA."""

import os
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks, process
from mlefit.checkpoints import Checkpoint, Variable, native, put, snapshot

# How a step is run: the numbers agree to rounding, the times do not. Without autograph, which warns about
# every lambda whose source it cannot find.
_COMPILE = {
    "eager": lambda step: step,
    "graph": tf.function(autograph=False),
    "xla": tf.function(autograph=False, jit_compile=True),
}
_SETTLED_STEPS = 10


class DivergenceError(ArithmeticError):
    """The loss stopped being finite.

    Attributes:
        step: the number of steps taken when it did.
        history: the loss at each step before it, all finite; a float64 array of shape `(step,)`.
    """

    def __init__(self, message: str, step: int, history: np.ndarray) -> None:
        super().__init__(message)
        self.step, self.history = step, history


def train(
    loss: Callable[[], tf.Tensor],
    variables: Sequence[Variable],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    compile: str = "graph",
    tolerance: float | None = None,
    progress: bool = False,
    checkpoint: str | os.PathLike | None = None,
) -> np.ndarray:
    """Minimise a loss by gradient descent and return its history.

    Args:
        loss: function of no arguments that returns a scalar tensor computed from the variables. Hold its
            data as tensors: `compile="graph"` and `"xla"` copy NumPy arrays into the program.
        variables: list of `keras.Variable` or `tf.Variable`, changed in place.
        optimizer: a `keras.optimizers.Optimizer`. Keras keeps its learning rate in float32: 0.1 is
            0.10000000149. Train other variables with a new one.
        steps: the largest number of steps to take.
        compile: `"eager"` runs the step line by line, `"graph"` as one `tf.function`, `"xla"` compiled to
            machine code: slow to start, often the fastest for many steps. A Python `if` on a tensor needs
            `"eager"`.
        tolerance: stop early once the loss has settled: when, over the last 10 steps, its highest value less
            its lowest is at most `tolerance` times its latest absolute value. A rise counts as much as a
            fall, so an optimizer that overshoots is not stopped. A learning rate too small settles the loss
            as well: settled is not converged. None takes all the steps.
        progress: whether to show a progress bar.
        checkpoint: path of a file that keeps the run, so that the same call takes it up where it stopped,
            after Ctrl-C, a kill or an error; `steps` is the total, and may be raised to go on. Variables,
            optimizer and history then are bit for bit those of a run without a stop (on one machine, with
            one `compile`); where the variables stand when it is taken up is ignored. The file is replaced
            as a whole after the first step, then every so many steps: once a second, more rarely if writing
            takes over 2% of the time; and at the end or a stop. The loss must depend on the variables
            alone: the state of random numbers and batches is not kept, nor what a callable learning rate or
            an optimizer of your own holds outside its variables.

    Returns:
        The history, a float64 array with one entry for each step taken, those kept in the checkpoint first:
        `history[k]` is the loss at the variables as they were before update k, so `history[0]` is the loss at
        the start.

    Raises:
        DivergenceError: if the loss becomes infinite or NaN, at the variables after the last step too. The
            variables are put back to where it was lowest.
        FileNotFoundError: if there is no folder for the checkpoint.
        TypeError: if an argument is not of the type described.
        ValueError: for an unknown `compile`, no variables, a variable twice, a variable that the loss does
            not depend on, a loss that is no scalar, or steps or a tolerance that are not positive; for a
            checkpoint that is no file, is damaged, has gone further than asked, or is of another run: other
            variables, another optimizer, or another loss at its best point; and, with a checkpoint, for a
            loss that gives two values at the same point.

    Source: gradient descent is due to A. Cauchy, Méthode générale pour la résolution des systèmes d'équations
        simultanées, Comptes Rendus 25 (1847), 536-538.

    Examples:
        >>> x = keras.ops.convert_to_tensor([0.0, 1.0, 2.0], dtype="float64")
        >>> y = keras.ops.convert_to_tensor([1.0, 3.0, 5.0], dtype="float64")
        >>> slope = keras.Variable(0.0, dtype="float64")
        >>> intercept = keras.Variable(0.0, dtype="float64")
        >>> def mse():
        ...     return keras.ops.mean((y - intercept - slope * x) ** 2)
        >>> history = train(mse, [slope, intercept], keras.optimizers.SGD(0.2), steps=200)
        >>> round(float(slope.numpy()), 6), round(float(intercept.numpy()), 6)
        (2.0, 1.0)
        >>> len(history), round(float(history[0]), 4)
        (200, 11.6667)
    """
    process.require_numbers()
    variables = _checked_variables(variables)
    steps = checks.count("steps", steps)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(f"optimizer must be a keras.optimizers.Optimizer, got {optimizer!r}")
    if compile not in _COMPILE:
        raise ValueError(f"compile must be one of {', '.join(map(repr, _COMPILE))}, got {compile!r}")
    if tolerance is not None:
        tolerance = checks.real_number("tolerance", tolerance, positive=True)
    _check_loss(loss, variables)
    if not optimizer.built:
        optimizer.build(variables)  # Makes its slots: a tf.function may not make them at a later call.

    @_COMPILE[compile]
    def step():
        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return value

    record = None if checkpoint is None else Checkpoint(checkpoint, variables, optimizer)
    tracked = record.tracked if record else native(variables)
    history, best = [], snapshot(native(variables))
    if record:
        history = record.read()
        _require_on_the_way(history, steps, tolerance, record)
        best = record.restore(loss)
    lowest, now = min(history, default=np.inf), snapshot(tracked)
    bar = keras.utils.Progbar(steps, stateful_metrics=["loss"]) if progress else None
    try:
        while len(history) < steps and not _settled(history, tolerance):
            value = float(step())
            if not np.isfinite(value):
                _diverge(value, history, variables, best)
            if value < lowest:
                lowest, best = value, now[: len(variables)]
            history.append(value)
            now = snapshot(tracked)
            if record:
                record.keep(history, best, now)
            if bar:
                bar.update(len(history), [("loss", value)])
    finally:
        if record:
            record.write()
    if bar and len(history) < steps:
        bar.update(len(history), finalize=True)
    optimizer.finalize_variable_values(variables)  # For those that average the variables; others do nothing.
    last = float(loss())
    if not np.isfinite(last):
        _diverge(last, history, variables, best)
    return np.array(history)


def _settled(history, tolerance):
    if tolerance is None or len(history) <= _SETTLED_STEPS:
        return False
    recent = history[-_SETTLED_STEPS - 1 :]
    return max(recent) - min(recent) <= tolerance * abs(recent[-1])


def _require_on_the_way(history, steps, tolerance, record):
    """Refuse a run that has taken steps which this one would not: its end would not be this one's."""
    taken = len(history)
    if taken > steps:
        raise ValueError(f"steps is {steps}, but {record} has taken {taken} already: ask for as many or more")
    for k in range(taken) if tolerance else ():
        if _settled(history[max(0, k - _SETTLED_STEPS - 1) : k], tolerance):
            raise ValueError(
                f"tolerance={tolerance} stops at step {k}, but {record} has taken {taken} already: "
                "ask for a smaller one"
            )


def _diverge(value, history, variables, best):
    put(variables, best)
    if history:
        k = int(np.argmin(history))
        message = (
            f"the loss is {value} at step {len(history)}; the variables are back where it was lowest, "
            f"{history[k]:.6g} at step {k}. Try a smaller learning rate with a new optimizer, "
            "standardise the data, or let a scale move as its logarithm"
        )
    else:
        message = f"the loss is {value} at the start: look at the data and at the starting values"
    raise DivergenceError(message, len(history), np.array(history))


def _checked_variables(variables):
    kinds = (keras.Variable, tf.Variable)
    if isinstance(variables, kinds) or not isinstance(variables, list | tuple):
        raise TypeError(f"variables must be a list of variables, got {variables!r}")
    if not variables:
        raise ValueError("variables is empty; does the model make its variables at its first call?")
    for i, variable in enumerate(variables):
        if not isinstance(variable, kinds):
            raise TypeError(
                f"variables[{i}] must be a keras.Variable or tf.Variable, got {type(variable).__name__}"
            )
        if any(variable is other for other in variables[:i]):
            raise ValueError(f"variables[{i}] is there twice: {variable.name}")
    return list(variables)


def _check_loss(loss, variables):
    """Run the loss once, eagerly, so that a mistake in it is told in plain words and before any step."""
    if not callable(loss):
        raise TypeError(f"loss must be a function of no arguments, got {type(loss).__name__}")
    with tf.GradientTape() as tape:
        value = loss()
    if not tf.is_tensor(value):
        raise TypeError(f"loss must return a tensor computed from the variables, got {type(value).__name__}")
    if value.shape != ():
        raise ValueError(
            f"loss must return a scalar, got shape {tuple(value.shape)}: take the mean over the "
            "observations, and look for (n,) beside (n, 1), which broadcast to (n, n)"
        )
    for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
        if gradient is None:
            raise ValueError(
                f"loss does not depend on the variable {variable.name!r}, or it is not trainable, or NumPy "
                "did the arithmetic: `array - variable` is an array, so hold the data as tensors"
            )
