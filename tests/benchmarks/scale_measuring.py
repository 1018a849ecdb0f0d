"""What a fit of rows in partitions costs: its passes by kind, time, memory of each process, and the floor."""

import logging
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, nullcontext

import numpy as np
import psutil

import mlefit
from benchmarks import scale_data, scale_models
from mlefit.likelihood import cluster, survey
from mlefit.likelihood.by_block import Sums, Together, Total
from mlefit.likelihood.by_line import LinePull, LineSums
from mlefit.likelihood.dask_source import DaskSource

_OFTEN = 0.1  # seconds between looks at the memory, which slow a fit by about a tenth
_TASKS = 400  # that do nothing, to time one
KINDS = {
    survey._Look: "check",
    LinePull: "gradient",
    LineSums: "Hessian",
    Total: "verdict",
}


@contextmanager
def passes():
    """The seconds of each pass over a source of Dask, by kind: a dict of lists, filled while this lasts."""
    found, own = defaultdict(list), DaskSource.run

    def timed(source, function):
        began = time.perf_counter()
        done = list(own(source, function))
        found[_kind(getattr(function, "function", function))].append(time.perf_counter() - began)
        return done

    DaskSource.run = timed
    try:
        yield found
    finally:
        DaskSource.run = own


def _kind(function):
    if isinstance(function, Together):
        return _kind(function.first)
    if isinstance(function, Sums):
        return "gradient" if function.alone else "Hessian"
    return KINDS.get(type(function), type(function).__name__.strip("_").lower())


class Memory:
    """The peak memory of some processes while a block lasts: their own, and what is resident.

    Own memory is what would be free if the process ended. Resident memory counts mapped files too, such as
    the code of TensorFlow; Dask holds it against the limit of a worker.
    """

    def __init__(self, pids):
        self._processes = {pid: psutil.Process(pid) for pid in pids}
        self.own, self.resident = dict.fromkeys(pids, 0), dict.fromkeys(pids, 0)
        self._ended = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while True:
            for pid, process in self._processes.items():
                try:
                    seen = process.memory_full_info()
                except psutil.Error:  # It has ended.
                    continue
                self.own[pid] = max(self.own[pid], seen.uss)
                self.resident[pid] = max(self.resident[pid], seen.rss)
            if self._ended.wait(_OFTEN):
                return


def pids(client):
    """The processes of the workers of a client; none without one."""
    if client is None:
        return []
    return [worker["pid"] for worker in client.run(_identity).values()]


def _identity():
    import os

    return {"pid": os.getpid()}


def busy(processes):
    """The seconds that processors have worked for some processes."""
    times = [psutil.Process(pid).cpu_times() for pid in processes]
    return sum(part.user + part.system for part in times)


def floor(client, there):
    """Reading all that a fit reads, once, on the same workers: one sum of each partition.

    Returns:
        The seconds by the clock, and those of the workers' processors.
    """
    import dask

    workers = pids(client) or [psutil.Process().pid]
    before, began = busy(workers), time.perf_counter()
    sums = [dask.delayed(_one_sum)(part) for part in scale_data.frame(there).to_delayed()]
    found = dask.compute(*sums) if client is None else client.gather(client.compute(sums))
    took = time.perf_counter() - began
    assert np.isfinite(found).all()
    return took, busy(workers) - before


def _one_sum(part):
    return float(part.iloc[:, -1].sum())


def fitted(client, model, there):
    """One fit on a cluster, or on Dask's threads without a client: a row of the table, and the result."""
    data = scale_data.parts(model, scale_data.frame(there))
    fit = scale_models.make(model)
    workers, here = pids(client), psutil.Process().pid
    with Memory([*workers, here]) as memory, passes() as found:
        before, began = busy(workers or [here]), time.perf_counter()
        result = mlefit.fit(fit, *data)
        took = time.perf_counter() - began
        worked = busy(workers or [here]) - before
    row = {
        "fit_s": took,
        "fit_cpu_s": worked,
        "passes": {kind: len(times) for kind, times in found.items()},
        "pass_s": {kind: float(np.median(times)) for kind, times in found.items()},
        "outside_s": took - sum(map(sum, found.values())),
        "worker_own_bytes": max((memory.own[pid] for pid in workers), default=None),
        "worker_resident_bytes": max((memory.resident[pid] for pid in workers), default=None),
        "client_own_bytes": memory.own[here],
        "converged": bool(result.converged),
    }
    return row, as_numbers(result)


def as_numbers(result):
    """Estimates and standard errors, flat, in one order."""
    return {
        "estimates": np.concatenate([np.ravel(v) for v in result.estimates.values()]).tolist(),
        "errors": np.concatenate([np.ravel(v) for v in result.standard_errors.values()]).tolist(),
    }


def in_memory(model, there):
    """The same fit of arrays in memory: a row of the table, and the result. Of two fits the faster counts."""
    data = scale_data.held(model, there)
    here, took, worked = psutil.Process().pid, [], []
    with Memory([here]) as memory:
        for _ in range(2):
            before, began = busy([here]), time.perf_counter()
            result = mlefit.fit(scale_models.make(model), *data)
            took.append(time.perf_counter() - began)
            worked.append(busy([here]) - before)
    row = {
        "fit_s": min(took),
        "fit_cpu_s": min(worked),
        "client_own_bytes": max(memory.own.values()),
        "data_bytes": sum(part.nbytes for part in data),
        "converged": bool(result.converged),
    }
    return row, as_numbers(result)


def task(client):
    """The seconds that Dask takes for one task that does nothing, of very many."""
    import dask

    parts = [dask.delayed(tuple, pure=False)([partition]) for partition in range(_TASKS)]
    for _ in range(2):  # The first time warms up.
        began = time.perf_counter()
        cluster.run(client, _nothing, parts)
        took = time.perf_counter() - began
    return took / _TASKS


def _nothing(*parts):
    return None


@contextmanager
def clusters(workers, limit):
    """Clients of clusters of so many worker processes each, by how many; 0 is Dask's threads, no client."""
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    found = {}
    try:
        for count in workers:
            if count == 0:
                found[0] = None
                continue
            there = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                memory_limit=limit,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
            found[count] = Client(there, set_as_default=False)
        yield found
    finally:
        for client in filter(None, found.values()):
            client.close()
            client.cluster.close()


def in_force(client):
    """A context in which a client is in force; none is where it is None."""
    return nullcontext() if client is None else client.as_current()
