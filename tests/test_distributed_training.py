"""One call inside a strategy's scope: two replicas, and two real workers, take the steps of one device."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import replicated
from replicated import RUNS, X, Y, run

ISOLATED = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def started(*arguments, before=()):
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(here.parent), "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("TF_CONFIG", None)
    command = [*before, sys.executable, str(here / "replicated.py"), *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def waited(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """What two devices of one process leave."""
    folder = tmp_path_factory.mktemp("mirrored")
    waited(started("mirrored", folder))
    return dict(np.load(folder / "mirrored.npz"))


def same(found, name, **arguments):
    alone = run(**(arguments or RUNS[name]))
    for part, values in alone.items():
        np.testing.assert_allclose(found[f"{name} {part}"], values, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", RUNS)
def test_two_replicas_take_the_steps_of_one(name, mirrored):
    same(mirrored, name)


def test_two_replicas_take_up_a_checkpoint(mirrored):
    same(mirrored, "again", **RUNS["sgd"])


def test_the_mistake_of_a_factor_of_the_replicas(mirrored):
    x, y = X[:6, 0], Y[:6]
    right = 0.25 * 2 * np.mean(x * y)
    assert mirrored["naive"] == pytest.approx(2 * right, rel=1e-12)


def test_what_a_scope_cannot_do(mirrored):
    scope = "made outside of the strategy's scope, or train is called outside"
    for said, message in zip(
        mirrored["refused"],
        (
            f"variables[0] was {scope}",
            f"optimizer was {scope}",
            "compile='xla' does not work in a strategy's scope",
            "optimizer accumulates gradients, each replica its own",
            "data is missing: in a strategy's scope",
            f"variables[0] was {scope}",
        ),
        strict=True,
    ):
        assert said.startswith(f"ValueError: {message}"), said


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """What two workers leave, of which the second is killed at last."""
    if not shutil.which("unshare") or subprocess.run([*ISOLATED, "true"], capture_output=True).returncode:
        pytest.skip("a network of its own needs unshare and ip, and the right to use them")
    folder = tmp_path_factory.mktemp("workers")
    run(steps=4, checkpoint=folder / "run of worker 1")  # the other has none
    both = f'"{sys.executable}" "{replicated.__file__}" worker "{folder}"'
    script = f"""ip link set lo up
    {both} 1 & second=$!
    {both} 0 & first=$!
    while kill -0 $first && ! [ -e "{folder}/kill" ]; do sleep 0.1; done
    kill -KILL $second
    wait $first"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "CUDA_VISIBLE_DEVICES": ""}
    command = ["unshare", "--net", "sh", "-c", script]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline and not (folder / "kill").exists():
            time.sleep(0.1)
            if (folder / "run").exists():
                with np.load(folder / "run") as file:
                    if file["history"].size > 30:
                        (folder / "kill").touch()
        (folder / "kill").touch()
        waited(process)
    return folder


@pytest.mark.parametrize("name", ["sgd", "clipped", "dataset"])
def test_two_workers_take_the_steps_of_one_process(name, workers):
    for index in (0, 1):
        same(dict(np.load(workers / f"worker {index}.npz")), name)


def test_workers_that_do_not_agree(workers):
    for index in (0, 1):
        data, steps, checkpoint = np.load(workers / f"worker {index}.npz")["refused"]
        assert data.startswith("ValueError: data differ between the workers")
        assert steps.startswith("ValueError: steps, tolerance or compile differ between the workers")
        assert f"run of worker {index}' is not the same for all workers: 0, 4 steps have been" in checkpoint


def test_a_worker_killed_and_the_run_taken_up(workers):
    """The other says so, and its checkpoint goes on anywhere: here in one process."""
    said = (workers / "lost 0").read_text()
    assert said.startswith("ConnectionError: another worker has stopped or cannot be reached, after step ")
    assert f"start all of them again with checkpoint '{workers / 'run'}'" in said.replace("PosixPath", "")
    with np.load(workers / "run") as file:
        taken = file["history"].size
    assert taken > 30
    again, whole = run(steps=taken + 7, checkpoint=workers / "run"), run(steps=taken + 7)
    for part, values in whole.items():
        np.testing.assert_allclose(again[part], values, rtol=1e-12, atol=1e-13)
