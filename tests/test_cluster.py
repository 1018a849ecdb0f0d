"""Fits on a real cluster of two processes: the same bits as here, whatever happens to the workers."""

import os
import signal
import threading

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import mlefit
from mlefit.densities import student_t
from mlefit.likelihood import cluster as workers

rng = np.random.default_rng(11)
N, PARTS = 120_000, 6
FRAME = pd.DataFrame({"x": rng.standard_t(4, size=N), "a": rng.normal(size=N)})
FRAME["yes"] = rng.random(N) < 1 / (1 + np.exp(-FRAME["a"]))


@pytest.fixture(autouse=True)
def in_force(cluster):
    with cluster.as_current():
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parquet")
    for i in range(PARTS):
        FRAME.iloc[i * N // PARTS : (i + 1) * N // PARTS].to_parquet(folder / f"{i}.parquet")
    return folder


def notebook_model():
    """A class that no worker can import: it travels by value."""

    class HeavyTails(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.m, self.s = self.parameter("m", 0.0), self.parameter("s", 1.0, support="positive")

        def log_prob(self, x):
            return student_t(x, self.m(), self.s(), 4.0)

    return HeavyTails


HeavyTails = notebook_model()


def same(first, second):
    assert first.estimates == second.estimates and first.log_likelihood == second.log_likelihood
    np.testing.assert_array_equal(first.covariance, second.covariance)


def here(function):
    """What a function returns where Dask works on threads of this process."""
    with dask.config.set(scheduler="threads"):
        assert workers.client() is None
        return function()


def test_one_thread_or_two_workers_give_the_same_bits(files, cluster):
    lazy = dd.read_parquet(files)
    assert workers.client() is cluster

    def fits():
        return [
            mlefit.fit(HeavyTails(), lazy["x"], covariance="robust"),
            mlefit.fit(mlefit.LogisticRegression(), lazy[["a"]], lazy["yes"], covariance="robust"),
            mlefit.fit(mlefit.Gaussian(), lazy["x"]),
        ]

    for found, threaded in zip(fits(), here(fits), strict=True):
        same(found, threaded)
    whole = mlefit.fit(HeavyTails(), FRAME["x"])
    found = mlefit.fit(HeavyTails(), lazy["x"])
    for name, error in whole.standard_errors.items():
        assert abs(found.estimates[name] - whole.estimates[name]) < 1e-10 * error


def test_a_program_is_traced_once_on_each_worker(files, cluster):
    def traced():
        from mlefit.likelihood import program

        return len(program._ARRIVED)

    lazy = dd.read_parquet(files)["x"]
    mlefit.fit(HeavyTails(), lazy)
    before = cluster.run(traced)
    for start in (0.1, 0.2, 0.3):
        model = HeavyTails()
        model.m.assign(start)
        mlefit.fit(model, lazy)
    assert cluster.run(traced) == before


def test_tensorflow_has_as_many_threads_as_the_worker(files, cluster):
    def threads():
        import tensorflow as tf

        return tf.config.threading.get_intra_op_parallelism_threads()

    mlefit.fit(HeavyTails(), dd.read_parquet(files)["x"])
    assert set(cluster.run(threads).values()) == {1}


def test_little_travels(files, cluster, monkeypatch):
    """The client never holds the rows: what a pass sends back is as long as the parameters."""
    lazy, sizes = dd.read_parquet(files)["x"], []
    original = cluster.gather

    def gathered(futures, **options):
        found = original(futures, **options)
        sizes.append(sum(map(_numbers, found)))
        return found

    monkeypatch.setattr(cluster, "gather", gathered)
    mlefit.fit(HeavyTails(), lazy)
    survey, *passes = sizes
    assert survey <= 2 * 262_144 + 3
    assert max(passes) <= len(lazy.to_delayed()) * (1 + 2 + 4 + 1)  # and the value under the model itself


def _numbers(found):
    """How many numbers are in what a worker sent."""
    if isinstance(found, np.ndarray):
        return found.size
    if isinstance(found, list | tuple):
        return sum(map(_numbers, found))
    return int(isinstance(found, float))


def test_a_worker_killed_in_the_middle_changes_no_bit(files, cluster):
    lazy = dd.read_parquet(files)
    undisturbed = mlefit.fit(HeavyTails(), lazy["x"], covariance="robust")
    victim, *_ = cluster.run(os.getpid).values()
    passes = []

    original = workers.run

    def run(client, function, parts):
        passes.append(function)
        if len(passes) == 3:
            threading.Timer(0.05, os.kill, (victim, signal.SIGKILL)).start()
        return original(client, function, parts)

    workers.run = run
    try:
        same(mlefit.fit(HeavyTails(), lazy["x"], covariance="robust"), undisturbed)
    finally:
        workers.run = original
    assert len(passes) > 3
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


def test_rows_that_were_scattered_and_lost_are_said_to_be(cluster):
    address, pid = next(iter(cluster.run(os.getpid).items()))
    parts = cluster.scatter([np.ones(70_000), np.zeros(70_000)], workers=[address])
    arrays = [da.from_delayed(dask.delayed(part), shape=(70_000,), dtype=float) for part in parts]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="was in the memory of a worker that is gone"):
        mlefit.fit(mlefit.Gaussian(), da.concatenate(arrays))


def test_a_bad_file_is_named_and_nothing_is_half_done(files, tmp_path):
    for i in range(PARTS):
        part = pd.read_parquet(files / f"{i}.parquet")
        if i == 3:
            part = part.drop(columns="x")
        part.to_parquet(tmp_path / f"{i}.parquet")
    model = HeavyTails()
    with pytest.raises(ValueError, match=r"partitions 2 to 3, which .*: it cannot be read: KeyError.*'x'"):
        mlefit.fit(model, dd.read_parquet(tmp_path)["x"])
    assert model.values == HeavyTails().values


def test_a_model_that_fails_on_a_worker_says_why(files):
    home = os.getpid()

    class Fails(HeavyTails):
        def log_prob(self, x):
            if os.getpid() != home:
                raise ValueError("log_prob found no table there")
            return super().log_prob(x)

    with pytest.raises(ValueError, match="log_prob found no table there"):
        mlefit.fit(Fails(), dd.read_parquet(files)["x"])


def test_versions_that_differ_are_said(monkeypatch, files):
    monkeypatch.setattr(workers, "_versions", lambda: ("0.0.1", *[None] * 3))
    with pytest.raises(RuntimeError, match=r"mlefit is 0\.0\.1 here and .* on a Dask worker"):
        mlefit.fit(mlefit.Gaussian(), dd.read_parquet(files)["x"])
    own = workers.importlib.metadata.version("mlefit")
    monkeypatch.setattr(workers, "_versions", lambda: (own, "1.0", *[None] * 2))
    with pytest.warns(RuntimeWarning, match=r"tensorflow is 1\.0 here"):
        mlefit.fit(mlefit.Gaussian(), dd.read_parquet(files)["x"])


def test_too_little_memory_and_no_workers_are_said(monkeypatch, files):
    lazy = dd.read_parquet(files)["x"]
    few = {"tcp://there": {"memory_limit": 2**30, "status": "running"}}
    monkeypatch.setattr(workers, "_workers", lambda client: few)
    with pytest.raises(RuntimeError, match=r"tcp://there may use 1\.0 GiB of memory.*memory_limit"):
        mlefit.fit(mlefit.Gaussian(), lazy)
    monkeypatch.setattr(workers, "_workers", lambda client: {})
    monkeypatch.setattr(workers, "_PATIENCE", 0.3)
    with pytest.raises(RuntimeError, match="the Dask cluster has no worker"):
        mlefit.fit(mlefit.Gaussian(), lazy)


def test_workers_that_go_or_pause_while_they_work_are_missed(monkeypatch):
    def slow(block):
        import time

        time.sleep(3)
        return block

    lazy = da.ones(140_000, chunks=70_000).map_blocks(slow, dtype=float, meta=np.zeros(0))
    states = iter([{"w": {"memory_limit": 0, "status": "running"}}])
    monkeypatch.setattr(workers, "_PATIENCE", 0.3)
    monkeypatch.setattr(workers, "_OFTEN", 0.2)
    monkeypatch.setattr(workers, "_workers", lambda client: next(states, {}))
    with pytest.raises(RuntimeError, match="all Dask workers are gone"):
        mlefit.fit(mlefit.Gaussian(), lazy)
    states = iter([{"w": {"memory_limit": 0, "status": "running"}}])
    paused = {"w": {"memory_limit": 0, "status": "paused"}}
    monkeypatch.setattr(workers, "_workers", lambda client: next(states, paused))
    with pytest.raises(RuntimeError, match="have paused, for their memory is full"):
        mlefit.fit(mlefit.Gaussian(), lazy)
