"""Work done by the workers of a Dask cluster: what is sent, what comes back, and what can go wrong."""

import functools
import importlib.metadata
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_PATIENCE = 60.0  # seconds without any worker, or with all of them paused
_OFTEN = 1.0
_LEAST = 1.5e9  # bytes that a worker may use: TensorFlow takes 0.83e9, and at four fifths Dask pauses it
_LARGE = 2**16  # bytes of a function that are sent once, and not with each partition
_PACKAGES = "mlefit", "tensorflow", "keras", "numpy"


def client() -> Any:
    """Return the client of the cluster that is in force, or None."""
    if "distributed" not in sys.modules:
        return None
    from dask.base import get_scheduler
    from distributed import Client

    found = getattr(get_scheduler(), "__self__", None)
    return found if isinstance(found, Client) else None


def run(client: Any, function: Callable, parts: Sequence) -> list:
    """Return what a function makes of the columns of each partition, in order, computed by workers.

    Args:
        client: a `distributed.Client`.
        function: of a partition's columns; it travels by cloudpickle.
        parts: the columns of each partition: a tuple of delayed ones, or a delayed tuple.

    Raises:
        RuntimeError: where there are no workers, or they end while they work; where they lack the package or
            have another version of it.
    """
    import cloudpickle
    import dask

    _require_able(client)
    sent = cloudpickle.dumps(function)
    carried = dask.delayed(sent) if len(sent) > _LARGE else sent
    tasks = [dask.delayed(_applied, pure=False)(carried, columns) for columns in parts]
    futures = client.compute(tasks)
    try:
        _wait(client, futures)
        states = [future.status for future in futures]
        if "error" in states:
            partition = states.index("error")
            raise _explained(futures[partition].exception(), partition)
        for state in {"cancelled", "lost"} & set(states):
            raise RuntimeError(_gone(states.index(state)))
        found = client.gather(futures)
    finally:
        client.cancel(futures)
    _require_alike({versions for versions, _ in found})
    return [result for _, result in found]


def _applied(sent, parts):
    """On a worker: what a function that was sent makes of a partition; and the versions here."""
    return _versions(), _arrived(sent)(*parts)


_ONE = threading.Lock()
_LAST = {}  # functions that arrived, by what was sent: each serves all partitions of a pass


def _arrived(sent):
    import cloudpickle

    with _ONE:
        _settle()
        if sent not in _LAST:
            _LAST.clear()
            _LAST[sent] = cloudpickle.loads(sent)
        return _LAST[sent]


@functools.cache
def _settle():
    """Give TensorFlow as many threads as the worker has: by itself it would take all cores in each worker."""
    import tensorflow as tf
    from distributed import get_worker

    try:
        threads = get_worker().state.nthreads
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except (RuntimeError, ValueError):  # It runs already, as in a cluster of threads in one process.
        pass


@functools.cache
def _versions():
    found = []
    for package in _PACKAGES:
        try:
            found.append(importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            found.append(None)
    return tuple(found)


def _require_able(client):
    """Raise a RuntimeError if no worker comes up in time, or one may not use the memory that it will need."""
    began = time.monotonic()
    while not (workers := _workers(client)):
        if time.monotonic() - began > _PATIENCE:
            raise RuntimeError(f"the Dask cluster has no worker, and none came up in {_PATIENCE:.0f} s")
        time.sleep(0.2)
    for address, worker in workers.items():
        limit = worker["memory_limit"]
        if limit and limit < _LEAST:
            raise RuntimeError(
                f"the Dask worker {address} may use {limit / 2**30:.1f} GiB of memory, and TensorFlow alone "
                "takes 0.8 GiB, with its code: start workers with memory_limit='2GiB' or more"
            )


def _workers(client):
    return client.scheduler_info(n_workers=-1)["workers"]


def _wait(client, futures):
    """Wait until all are done or one has failed; a RuntimeError where that will never be."""
    from distributed import TimeoutError as NotYet
    from distributed import wait

    stalled = None
    while True:
        try:
            wait(futures, timeout=_OFTEN)
            return
        except NotYet:
            pass
        except Exception as error:
            if "Cancelled" in type(error).__name__:  # Of what that means, the states of the futures tell.
                return
            raise
        if any(future.status in ("error", "cancelled", "lost") for future in futures):
            return
        if client.status != "running":
            raise RuntimeError("the connection to the Dask scheduler is lost")
        workers = _workers(client)
        if any(worker["status"] == "running" for worker in workers.values()):
            stalled = None
            continue
        stalled = stalled or time.monotonic()
        if time.monotonic() - stalled > _PATIENCE:
            raise RuntimeError(_out_of_memory() if workers else _no_worker())


def _no_worker():
    return (
        f"all Dask workers are gone, and none came back in {_PATIENCE:.0f} s: start some and fit again, with "
        "smaller partitions if these ended them"
    )


def _out_of_memory():
    return (
        "all Dask workers have paused, for their memory is full: take smaller partitions (repartition) or a "
        "larger memory_limit"
    )


def _gone(partition):
    return (
        f"partition {partition} was in the memory of a worker that is gone, and Dask does not know how to "
        "make it again: read the data from files, or let Dask compute them, in place of client.scatter"
    )


def _explained(error, partition):
    """An error of a worker's in plain words."""
    kind = type(error).__name__
    if kind == "KilledWorker":
        return RuntimeError(
            f"partition {partition} ended the workers that took it, one after the other, most likely for "
            "want of memory: take smaller partitions (repartition) or a larger memory_limit"
        )
    if isinstance(error, ModuleNotFoundError) and error.name == "mlefit":
        return RuntimeError("a Dask worker has no mlefit: install the same version there as here")
    error.partition = partition  # for those who ask which one it was
    return error


def _require_alike(found: Iterable[tuple]) -> None:
    """Say which package has another version on a worker: a RuntimeError for mlefit itself, else a warning."""
    for versions in found:
        for package, here, there in zip(_PACKAGES, _versions(), versions, strict=True):
            if here == there:
                continue
            said = f"{package} is {here} here and {there} on a Dask worker"
            if package == "mlefit":
                raise RuntimeError(f"{said}: install one version")
            warnings.warn(f"{said}: results may differ in their last digits", RuntimeWarning, stacklevel=2)
