"""Checkpoints: a training run kept in a file, written whole or not at all, and taken up bit for bit."""

import io
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlefit.descent.batches import Batch
from mlefit.descent.history import Course, agree
from mlefit.descent.variables import Variable, kinds, native, put, snapshot

# A run is written at most once in so many seconds, and more rarely where writing would take more than this
# share of the time: a kill loses little, and writing costs little whatever the size of the model.
_SECONDS = 1.0
_SHARE = 0.02
_FORMAT = "a run of mlefit.train, format 1"
_ANEW = (
    ". A dataset must be made anew for each run, and shuffle with a seed, to which tf.random.set_seed adds"
)


class Checkpoint:
    """A run of the training loop and the file that keeps it.

    The file holds the losses, the variables and the optimizer's own after the last whole step, the variables
    where the loss was lowest, and what tells this run from another; of a run by batches also the variables at
    its start and the last batch's fingerprint. It is a NumPy `.npz` without pickles.

    Args:
        path: the file, which need not exist: a string or `os.PathLike`. A symbolic link is followed.
        variables: list of the variables in training.
        optimizer: their optimizer, built.
        data: what tells the data of a run by batches from others; empty if the loss holds its data.
        writes: whether this process writes the file, or only reads it.

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
        ...     checkpoint.keep(Course([2.0]), now[:1], now)  # the first is written at once
        ...     put([theta], [5.0])
        ...     course = checkpoint.read()
        ...     best = checkpoint.restore(lambda: 2 * theta)
        >>> course.steps, float(best[0]), float(theta.numpy())
        ([2.0], 1.0, 1.0)
    """

    def __init__(
        self,
        path: str | os.PathLike,
        variables: Sequence[Variable],
        optimizer: keras.optimizers.Optimizer,
        data: Mapping[str, object] | None = None,
        writes: bool = True,
    ) -> None:
        self._name, self._path, self._writes = path, _checked_path(path), writes
        self._variables = native(variables)
        self.tracked = self._variables + native(optimizer.variables)
        self._run = _described(variables, optimizer) | dict(data or {})
        self._by_batches = bool(data)
        self._start = snapshot(self._variables) if data else []
        self._state, self._written, self._due = None, (0, 0), 0.0

    def read(self) -> Course:
        """Read the file and return its course: empty if there is no file. Nothing is changed.

        Raises:
            ValueError: for a file that is damaged, no checkpoint, or of another run.
        """
        self._state = None
        if not self._path.exists():
            return Course()
        content = self._path.read_bytes()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = dict(file)  # reads all of it, and so checks its sums
            about = json.loads(arrays["about"].item())
            if about["format"] != _FORMAT:
                raise ValueError(about["format"])
            run, last = about["run"], about.get("last")
            course = Course(arrays["history"].tolist())
            if "epochs" in arrays:
                course.epochs, course.epoch_steps = arrays["epochs"].tolist(), arrays["epoch_steps"].tolist()
            parts = ("best", "state", "start")
            best, tracked, start = ([arrays[f"{p}_{i}"] for i in range(about.get(p, 0))] for p in parts)
        except Exception as error:  # a damaged archive fails in many ways
            raise ValueError(f"{self} is damaged, or not a file that mlefit.train wrote") from error
        for key in self._run | run:
            if self._run.get(key) != run.get(key):
                raise ValueError(
                    f"{self} is of another run: it has {key} {run.get(key)}, this one has "
                    f"{self._run.get(key)}. Remove the file, or give another path"
                    + (_ANEW if key.startswith("first batch") else "")
                )
        own = self._variables if start else []
        # A bfloat16 comes back as two bytes without a meaning: the variable knows it.
        best, tracked, self._start = (
            [array.view(variable.dtype.as_numpy_dtype) for array, variable in zip(part, like, strict=True)]
            for part, like in ((best, self._variables), (tracked, self.tracked), (start, own))
        )
        self._start = [tf.constant(array) for array in self._start]
        self._state = course.size, course, best, tracked, last
        return course

    def restore(self, loss: Callable[[], tf.Tensor], last: Batch | None = None) -> list[tf.Tensor]:
        """Put variables and optimizer where the file left them, and return the variables of the lowest loss.

        Where `read` found no file they stay as they are, and are the best so far.

        Args:
            loss: the function in training, on the first batch of a run by batches; it must give what it gave
                the run in the file.
            last: the last batch taken, of a run by batches.

        Raises:
            ValueError: if the loss or that batch is not what it was, or gives two values at one point.
        """
        here = snapshot(self._variables)
        if self._state is None:
            first, second = loss(), loss()
            if not agree(first, second, self._variables, 0.0):
                raise ValueError(
                    "checkpoint is for a loss that depends on the variables alone, this one gives "
                    f"{float(first)} and then {float(second)} at the same point: random numbers cannot "
                    "be taken up where they stopped, and batches are for data="
                )
            return here
        self._written, course, best, tracked, fingerprint = self._state
        # By batches the lowest loss is that of many rows: the first batch at the start tells as much, sooner.
        place, point, was = "best point", best, course.lowest
        if self._by_batches:
            place, point, was = "start, on the first batch,", self._start, course.steps[0]
        put(self._variables, point)
        value = loss()
        if not agree(value, was, self._variables, course.steps[0]):
            put(self._variables, here)
            raise ValueError(
                f"{self} is of another run: at its {place} the loss was {was}, now it is {float(value)} "
                "there: the loss or its data have changed. Remove the file, or give another path"
            )
        if self._by_batches and last is not None and last.fingerprint() != fingerprint:
            put(self._variables, here)
            raise ValueError(
                f"{self} has seen other batches: number {len(course.steps)} is not what it was. A dataset "
                "must give the same batches in each run: shuffle it with a seed"
            )
        put(self._variables, best)
        best = snapshot(self._variables)
        put(self.tracked, tracked)
        return best

    def keep(
        self, course: Course, best: list[tf.Tensor], now: list[tf.Tensor], last: Batch | None = None
    ) -> None:
        """Note that a step or an epoch is complete, and write the file if it is time.

        Args:
            course: the losses so far, which may grow afterwards.
            best: the variables where the loss was lowest, from `snapshot`.
            now: the `snapshot` of what is tracked.
            last: the batch of the last step, of a run by batches.
        """
        # In one assignment: an interrupt leaves the last state or this one, never a mixture.
        self._state = course.size, course, best, now, last
        if time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write the last complete step, if there is one that the file lacks."""
        if not self._writes or self._state is None or self._state[0] == self._written:
            return
        began = time.monotonic()
        size, course, best, tracked, last = self._state
        steps, epochs = size
        about = {"format": _FORMAT, "run": self._run, "best": len(best), "state": len(tracked)}
        arrays: dict[str, Any] = {"history": course.steps[:steps]}
        if self._by_batches:
            about |= {"start": len(self._start), "last": last and last.fingerprint()}
            arrays |= {"epochs": course.epochs[:epochs], "epoch_steps": course.epoch_steps[:epochs]}
        for part, values in (("best", best), ("state", tracked), ("start", self._start)):
            arrays |= {f"{part}_{i}": value.numpy() for i, value in enumerate(values)}
        arrays["about"] = json.dumps(about)
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
        self._written, self._due = size, ended + max(_SECONDS, (ended - began) / _SHARE)

    def __str__(self) -> str:
        return f"checkpoint {os.fspath(self._name)!r}"


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
        "variables": kinds(variables),
        "optimizer": type(optimizer).__name__,
        **_nameless(optimizer.get_config()),
        "optimizer variables": kinds(optimizer.variables),
    }
    return json.loads(json.dumps(run, default=_plain))


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else type(value).__name__


def _nameless(config):
    """A configuration without its names, which Keras numbers: the same optimizer is adam, then adam_1."""
    if not isinstance(config, dict):
        return config
    return {key: _nameless(value) for key, value in config.items() if key != "name"}
