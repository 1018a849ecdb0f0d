"""Runs stopped in every way and taken up again: the bits of a run that was never stopped."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from mlefit.descent import checkpoints
from mlefit.training import DivergenceError
from runs import OPTIMIZERS, Run, Y, stop, stop_at, stop_within


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_is_taken_up_from_within_a_step(optimizer, path):
    whole = Run(optimizer)()
    stop_within(Run(optimizer, checkpoint=path), 5)
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["history"], whole.history[:5])
    assert Run(optimizer, checkpoint=path)().bits() == whole.bits()


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_compiled_runs_and_ones_stopped_again_and_again(mode, path, monkeypatch):
    whole = Run("schedule", compile=mode)()
    run = Run("schedule", compile=mode, checkpoint=str(path))
    for step in (1, 2, 6):
        stop(monkeypatch, run, step)  # the same variables and optimizer, wherever they are
    del run.arguments["progress"]
    assert run().bits() == whole.bits()
    assert Run("schedule", compile=mode, checkpoint=path)().bits() == whole.bits()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_other_precisions(dtype, path, monkeypatch):
    stop(monkeypatch, Run(dtype=dtype, checkpoint=path), 4)
    assert Run(dtype=dtype, checkpoint=path)().bits() == Run(dtype=dtype)().bits()


SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start what it does not wait for deaf
sys.path.insert(0, sys.argv[1])
from mlefit.descent import checkpoints
from runs import Run
checkpoints._SECONDS, checkpoints._SHARE = 0, 1e9  # after every step
run = Run("schedule", steps=10**6, compile="graph", checkpoint=sys.argv[2])
while True:
    try:
        run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_ctrl_c_and_kill(path):
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:

        def taken(at_least):
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and process.poll() is None:
                if path.exists():
                    with np.load(path) as file:  # whole, whenever it is read
                        if file["history"].size >= at_least:
                            return file["history"].size
                time.sleep(0.01)
            raise AssertionError("the run does not go on")

        try:
            steps = taken(20)
            heard = []
            for _ in range(5):  # Python drops an interrupt that comes within a finalizer
                if not heard:
                    process.send_signal(signal.SIGINT)
                    heard = select.select([process.stdout], [], [], 10)[0]
            assert heard and process.stdout.readline() == "interrupted\n"
            steps = taken(steps + 40)
        finally:
            process.kill()
    again = Run("schedule", steps + 300, compile="graph", checkpoint=path)()
    assert again.bits() == Run("schedule", steps + 300, compile="graph")().bits()


@pytest.mark.parametrize("optimizer", ["adam", "average"])
def test_a_finished_run_returns_at_once_and_goes_on_when_asked_for_more(optimizer, path):
    first = Run(optimizer, 5, checkpoint=path)()
    content, stamp = path.read_bytes(), path.stat().st_mtime_ns
    again = Run(optimizer, 5, checkpoint=path, start=9.0)()
    assert again.bits() == first.bits() and again.evaluations <= 3
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, stamp)
    assert Run(optimizer, 9, checkpoint=path)().bits() == Run(optimizer, 9)().bits()
    with pytest.raises(ValueError, match=r"steps is 8, but checkpoint '.*run' has taken 9 already"):
        Run(optimizer, 8, checkpoint=path)()


def test_tolerance_stops_where_it_would_have(path, monkeypatch):
    arguments = {"steps": 400, "tolerance": 1e-3, "compile": "graph"}
    whole = Run(**arguments)()
    assert 20 < len(whole.history) < 400
    stop(monkeypatch, Run(**arguments, checkpoint=path), len(whole.history) - 4)
    for _ in range(2):
        assert Run(**arguments, checkpoint=path)().bits() == whole.bits()
    with pytest.raises(ValueError, match=rf"tolerance=0.5 stops at step \d+, .* taken {len(whole.history)}"):
        Run(**{**arguments, "tolerance": 0.5}, checkpoint=path)()


def test_divergence_after_a_stop_puts_back_the_best_from_before_it(path, monkeypatch):
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.1, 1e30])  # runs away after step 3

    def diverged(**arguments):
        run = Run(lambda: keras.optimizers.SGD(rates), 99, **arguments)
        run.loss = lambda: tf.reduce_sum((run.slope - 1) ** 2) + run.intercept**2
        with pytest.raises(DivergenceError, match=r"lowest, .* at step 3\.") as error:
            run()
        return error.value.history.tolist(), str(error.value), run.slope.numpy().tolist()

    whole = diverged()
    assert 5 < len(whole[0]) < 20
    assert [diverged(checkpoint=path) for _ in range(2)] == [whole] * 2
    path.unlink()
    run = Run(lambda: keras.optimizers.SGD(rates), 99, checkpoint=path)
    run.loss = lambda: tf.reduce_sum((run.slope - 1) ** 2) + run.intercept**2
    stop(monkeypatch, run, 5)
    assert diverged(checkpoint=path) == whole


def test_it_is_written_when_it_costs_little(path, monkeypatch):
    clock, written = [100.0], []
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    run = Run(steps=40, checkpoint=path)
    savez, loss = np.savez, run.loss

    def slow(file, **arrays):
        written.append(len(arrays["history"]))
        clock[0] += 0.059 if len(written) == 2 else 0.001
        savez(file, **arrays)

    def timed():
        clock[0] += 0.25
        return loss()

    run.loss = timed
    monkeypatch.setattr(np, "savez", slow)
    run()
    assert written == [1, 5, 17, 21, 25, 29, 33, 37, 40]  # after 59 ms, not for 50 times as long


@pytest.mark.parametrize("failing", ["savez", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_file_as_it_was(failing, path, monkeypatch):
    stop(monkeypatch, Run(checkpoint=path), 4)
    content, savez = path.read_bytes(), np.savez

    def full(*arguments, **arrays):
        if failing == "savez":
            savez(*arguments, **arrays)
        raise OSError("no space left on device")

    with monkeypatch.context() as m:
        m.setattr(np if failing == "savez" else os, failing, full)
        with pytest.raises(OSError, match="no space"):
            Run(checkpoint=path)()
    assert path.read_bytes() == content and list(path.parent.iterdir()) == [path]
    assert Run(checkpoint=path)().bits() == Run()().bits()


class StudentT(mlefit.Model):
    def __init__(self, mean=0.0, stddev=1.0):
        super().__init__()
        self.mean, self.stddev = self.parameter("mean", mean), self.parameter("stddev", stddev, "positive")

    def log_prob(self, x):
        return mlefit.densities.student_t(x, self.mean(), self.stddev(), 4.0)


@pytest.mark.parametrize("again", [True, False], ids=["same model", "new model"])
def test_fit(again, path, monkeypatch):
    def fit(model, **arguments):
        return mlefit.fit(model, Y, method=keras.optimizers.Adam(0.1), steps=400, **arguments)

    def bits(result):
        arrays = result.covariance, result.history, *result.estimates.values()
        return [np.asarray(a).tobytes() for a in arrays], result.log_likelihood, result.message

    whole = fit(StudentT())
    assert whole.converged and np.isfinite(whole.covariance).all()
    model = StudentT()
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as m:
        stop_at(m, 150)
        fit(model, checkpoint=path, progress=True)
    result = fit(model if again else StudentT(), checkpoint=path)
    assert bits(result) == bits(whole)
    assert bits(fit(StudentT(), checkpoint=path)) == bits(whole)


def test_fit_without_an_optimizer_keeps_no_file(path):
    with pytest.raises(ValueError, match="checkpoint is for a keras optimizer as method"):
        mlefit.fit(mlefit.Gaussian(), Y, checkpoint=path)
