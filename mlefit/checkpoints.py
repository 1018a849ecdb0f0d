"""Checkpoints: a training run kept in a file, written whole or not at all, and taken up bit for bit."""

import io
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from mlefit.checks import Data

type Variable = keras.Variable | tf.Variable

# A run is written at most once in so many seconds, and more rarely where writing would take more than this
# share of the time: a kill loses little, and writing costs little whatever the size of the model.
_SECONDS = 1.0
_SHARE = 0.02
_FORMAT = "a run of mlefit.train, format 1"
_PRECISION = {8: 2.0**-52, 4: 2.0**-23, 2: 2.0**-7}  # by the bytes of a float; two may be a bfloat16


class Checkpoint:
    """A run of the training loop and the file that keeps it.

    The file holds the history, the variables and the optimizer's own after the last whole step, the variables
    where the loss was lowest, and what tells this run from another. It is a NumPy `.npz` without pickles.

    Args:
        path: the file, which need not exist: a string or `os.PathLike`. A symbolic link is followed.
        variables: list of the variables in training.
        optimizer: their optimizer, built.

    Attributes:
        tracked: what is kept of each step: the `native` variables, then the optimizer's.

    Raises:
        TypeError: if path is not a path.
        ValueError: if path is empty, or a folder.
        FileNotFoundError: if there is no folder for the file.

    Examples:
        >>> import tempfile
        >>> theta, optimizer = keras.Variable(1.0, dtype="float64"), keras.optimizers.SGD(0.1)
        >>> optimizer.build([theta])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     checkpoint = Checkpoint(f"{folder}/run.npz", [theta], optimizer)
        ...     now = snapshot(checkpoint.tracked)
        ...     checkpoint.keep([2.0], now[:1], now)  # the first is written at once
        ...     put([theta], [5.0])
        ...     history = checkpoint.read()
        ...     best = checkpoint.restore(lambda: 2 * theta)
        >>> history, float(best[0]), float(theta.numpy())
        ([2.0], 1.0, 1.0)
    """

    def __init__(
        self, path: str | os.PathLike, variables: Sequence[Variable], optimizer: keras.optimizers.Optimizer
    ) -> None:
        self._name, self._path = path, _checked_path(path)
        self._variables = native(variables)
        self.tracked = self._variables + native(optimizer.variables)
        self._run = _described(variables, optimizer)
        self._state, self._written, self._due = None, 0, 0.0

    def read(self) -> list[float]:
        """Read the file and return its history, a list: empty if there is no file. Nothing is changed.

        Raises:
            ValueError: for a file that is damaged, no checkpoint, or of another run.
        """
        self._state = None
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = dict(file)  # reads all of it, and so checks its sums
            about = json.loads(arrays["about"].item())
            if about["format"] != _FORMAT:
                raise ValueError(about["format"])
            run, history = about["run"], arrays["history"].tolist()
            best = [arrays[f"best_{i}"] for i in range(about["best"])]
            tracked = [arrays[f"state_{i}"] for i in range(about["state"])]
        except Exception as error:  # a damaged archive fails in many ways
            raise ValueError(f"{self} is damaged, or not a file that mlefit.train wrote") from error
        for key in self._run | run:
            if self._run.get(key) != run.get(key):
                raise ValueError(
                    f"{self} is of another run: it has {key} {run.get(key)}, this one has "
                    f"{self._run.get(key)}. Remove the file, or give another path"
                )
        # A bfloat16 comes back as two bytes without a meaning: the variable knows it.
        best, tracked = (
            [array.view(variable.dtype.as_numpy_dtype) for array, variable in zip(part, like, strict=True)]
            for part, like in ((best, self._variables), (tracked, self.tracked))
        )
        self._state = len(history), history, best, tracked
        return history

    def restore(self, loss: Callable[[], tf.Tensor]) -> list[tf.Tensor]:
        """Put variables and optimizer where the file left them, and return the variables of the lowest loss.

        Where `read` found no file they stay as they are, and are the best so far.

        Args:
            loss: the function in training; it must give what it gave the run in the file.

        Raises:
            ValueError: if the loss is not what it was, or gives two values at one point.
        """
        start = snapshot(self._variables)
        if self._state is None:
            first, second = loss(), loss()
            if not _agree(first, second, self._variables, 0.0):
                raise ValueError(
                    "checkpoint is for a loss that depends on the variables alone, this one gives "
                    f"{float(first)} and then {float(second)} at the same point: random numbers and batches "
                    "cannot be taken up where they stopped"
                )
            return start
        self._written, history, best, tracked = self._state
        put(self._variables, best)
        best, value = snapshot(self._variables), loss()
        if not _agree(value, min(history), self._variables, history[0]):
            put(self._variables, start)
            raise ValueError(
                f"{self} is of another run: at its best point the loss was {min(history)}, now it is "
                f"{float(value)} there: the loss or its data have changed. Remove the file, or give another "
                "path"
            )
        put(self.tracked, tracked)
        return best

    def keep(self, history: list[float], best: list[tf.Tensor], now: list[tf.Tensor]) -> None:
        """Note that a step is complete, and write the file if it is time.

        Args:
            history: list of the losses so far, which may grow afterwards.
            best: the variables where the loss was lowest, from `snapshot`.
            now: the `snapshot` of what is tracked.
        """
        # In one assignment: an interrupt leaves the last state or this one, never a mixture.
        self._state = len(history), history, best, now
        if time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write the last complete step, if there is one that the file lacks."""
        if self._state is None or self._state[0] == self._written:
            return
        began = time.monotonic()
        count, history, best, tracked = self._state
        about = {"format": _FORMAT, "run": self._run, "best": len(best), "state": len(tracked)}
        arrays = {"about": json.dumps(about), "history": history[:count]}
        arrays |= {f"best_{i}": value.numpy() for i, value in enumerate(best)}
        arrays |= {f"state_{i}": value.numpy() for i, value in enumerate(tracked)}
        # Beside the file, so that the replacement is one act of the file system.
        temporary = Path(f"{self._path}.{os.getpid()}.tmp")
        try:
            with open(temporary, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        finally:
            temporary.unlink(missing_ok=True)
        ended = time.monotonic()
        self._written, self._due = count, ended + max(_SECONDS, (ended - began) / _SHARE)

    def __str__(self) -> str:
        return f"checkpoint {os.fspath(self._name)!r}"


def native(variables: Iterable[Variable]) -> list[tf.Variable]:
    """Return the TensorFlow variables within those of Keras, which may be among others."""
    return [v.value if isinstance(v, keras.Variable) else v for v in variables]


def snapshot(variables: Iterable[tf.Variable]) -> list[tf.Tensor]:
    """Return the values of native variables, as tensors that do not change with them."""
    # The operation itself: at every step, and three times as fast as tf.convert_to_tensor.
    return [tf.raw_ops.ReadVariableOp(resource=v.handle, dtype=v.dtype) for v in variables]


def put(variables: Iterable[Variable], values: Iterable[Data]) -> None:
    """Assign values to variables, one each."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _checked_path(path):
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise TypeError(f"checkpoint must be a path such as 'run.npz', got {path!r}")
    if not os.fspath(path):
        raise ValueError("checkpoint must be a path such as 'run.npz', got an empty one")
    file = Path(os.path.realpath(path))
    if file.exists() and not file.is_file():
        raise ValueError(f"checkpoint must be a file, got {os.fspath(path)!r}, which is a folder or device")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"checkpoint {os.fspath(path)!r} has no folder to be in: make {file.parent}")
    return file


def _described(variables, optimizer):
    """What tells one run from another, as JSON would give it back: the first difference is reported."""
    run = {
        "variables": _kinds(variables),
        "optimizer": type(optimizer).__name__,
        **_nameless(optimizer.get_config()),
        "optimizer variables": _kinds(optimizer.variables),
    }
    return json.loads(json.dumps(run, default=_plain))


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else type(value).__name__


def _kinds(variables):
    return ", ".join(f"{tf.as_dtype(v.dtype).name} {tuple(v.shape)}" for v in variables)


def _nameless(config):
    """A configuration without its names, which Keras numbers: the same optimizer is adam, then adam_1."""
    if not isinstance(config, dict):
        return config
    return {key: _nameless(value) for key, value in config.items() if key != "name"}


def _agree(value, other, variables, scale):
    """Whether two losses differ by no more than rounding, which grows with the loss at a start far off."""
    size = min(tf.as_dtype(part.dtype).size for part in (value, *variables))
    value, other, precision = float(value), float(other), _PRECISION[size]
    allowed = np.sqrt(precision) * abs(other) + 100 * precision * abs(scale)
    return abs(value - other) <= allowed or not (np.isfinite(value) or np.isfinite(other))
