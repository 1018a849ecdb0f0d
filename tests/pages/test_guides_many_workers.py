"""guides/many-workers.md: its commands and scripts, run on this machine's loopback as the page gives them."""

import contextlib
import io
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dask.distributed import Client

import mlefit
from conftest import DOCS, ROOT
from mlefit.likelihood import cluster as dask_cluster
from mlefit.likelihood.dask_source import DaskSource

PAGE = (DOCS / "guides/many-workers.md").read_text()
SCRIPTS = dict(re.findall(r'^```py title="(.*?)"\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)
TEXTS = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FIRST, OWN, WORKERS, MISTAKE = TEXTS
PATIENCE = 180  # seconds for TensorFlow to be imported on a busy machine
LARGE_DATA = (DOCS / "learn/large-data.md").read_text()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def started(command, folder):
    """A command of the page, with this environment's programs, its words in a file."""
    program, *arguments = shlex.split(command)
    call = [str(Path(sys.executable).with_name(program)), *arguments]
    with open(folder / f"{program}-{arguments[0]}.log", "w") as log:
        return subprocess.Popen(call, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def run(script, **names):
    """What a script of the page prints, run here as the main program, and the names that it defines."""
    printed, names = io.StringIO(), {"__name__": "__main__", **names}
    with contextlib.redirect_stdout(printed):
        exec(compile(script, "<page>", "exec"), names)
    return printed.getvalue(), names


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a scheduler with two workers, started by the commands of the page."""
    folder, port = tmp_path_factory.mktemp("dask"), str(free_port())
    processes = [
        started(command.replace("8786", port), folder) for command in COMMANDS if command.startswith("dask")
    ]
    assert len(processes) == 2
    address = f"tcp://127.0.0.1:{port}"
    with Client(address, timeout=PATIENCE) as here:  # TensorFlow is imported first, four times side by side
        here.wait_for_workers(2, timeout=PATIENCE)
    yield address
    for process in reversed(processes):
        process.send_signal(signal.SIGINT)
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("guide")


@pytest.fixture(scope="module")
def client(address, folder):
    """What the page's fit leaves: its client, still connected."""
    with contextlib.chdir(folder):
        run(SCRIPTS["make_rows.py"])
        script = SCRIPTS["fit_rows.py"].replace("tcp://127.0.0.1:8786", address)
        printed, names = run(script)
    names["printed"] = printed
    yield names
    names["client"].close()


def test_fit_on_two_workers_prints_what_the_page_shows(client):
    assert client["printed"] == FIRST
    assert len(client["client"].scheduler_info(n_workers=-1)["workers"]) == 2


def test_fit_on_two_workers_is_the_fit_in_memory(client):
    frame = client["ddf"].compute()
    here = mlefit.fit(mlefit.LogisticRegression(), frame[["a", "b"]], frame["y"])
    there = client["result"]
    errors = np.sqrt(np.diag(here.covariance))
    np.testing.assert_allclose(np.sqrt(np.diag(there.covariance)), errors, rtol=1e-6)
    for name, error in zip(("a", "b"), errors, strict=False):
        off = np.subtract(there.interval(f"slope[{name}]"), here.interval(f"slope[{name}]"))
        assert np.abs(off).max() < 1e-6 * error


def test_a_profile_takes_some_thirty_passes_and_moves_the_ends_by_a_thousandth(client, monkeypatch):
    passes, run = [], DaskSource.run
    monkeypatch.setattr(DaskSource, "run", lambda *args: passes.append(args) or run(*args))
    result = client["result"]
    wald = np.array(result.interval("slope[a]", method="wald"))
    assert not passes
    profile = result.interval("slope[a]", method="profile")
    assert 20 <= len(passes) <= 40
    error = result.standard_errors["slope"][0]
    assert 3e-4 < np.abs(profile - wald).max() / error < 3e-3


def test_the_cluster_lines_of_large_data_print_what_it_shows(client, page, address):
    """Runs on the same cluster what learn/large-data.md shows beside its fits of arrays and files."""
    script, shown = re.search(r"^```py\n(.*?)^```\n\n```text\n(.*?)^```", LARGE_DATA, re.M | re.S).groups()
    names = page("learn/large-data.md")
    printed, after = run(script.replace("tcp://127.0.0.1:8786", address), **names)
    after["client"].close()
    assert printed == shown


def test_no_workers_is_said(client, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_PATIENCE", 0.5)
    monkeypatch.setattr(dask_cluster, "_workers", lambda client: {})
    with pytest.raises(RuntimeError, match="the Dask cluster has no worker"):
        mlefit.fit(mlefit.LogisticRegression(), client["ddf"][["a", "b"]], client["ddf"]["y"])


def test_a_program_can_start_its_own_cluster():
    printed, names = run(SCRIPTS["own_cluster.py"].replace("    client.close()\n    cluster.close()\n", ""))
    try:
        assert printed == OWN
        workers = names["client"].scheduler_info(n_workers=-1)["workers"].values()
        assert [worker["nthreads"] for worker in workers] == [1, 1]
        assert {worker["memory_limit"] for worker in workers} == {2 * 2**30}
        assert all(worker["host"] == "127.0.0.1" for worker in workers)
    finally:
        names["client"].close()
        names["cluster"].close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two TensorFlow workers print, and their folder: the page's script and the lines that it adds."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("needs a network namespace: TensorFlow's workers listen on all interfaces")
    folder = tmp_path_factory.mktemp("pair")
    (folder / "two_workers.py").write_text(
        SCRIPTS["two_workers.py"] + SCRIPTS["at the end of two_workers.py"]
    )
    lines = [command for command in COMMANDS if "two_workers.py" in command]
    assert len(lines) == 2
    script = "\n".join(["ip link set lo up", *lines]).replace("python ", f"{sys.executable} ")
    found = subprocess.run(
        [*alone, "sh", "-c", script],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * PATIENCE,
    )
    return found.stdout, folder


def test_two_tensorflow_workers_print_what_the_page_shows(pair):
    printed, folder = pair
    assert sorted(printed.splitlines()) == sorted((WORKERS + MISTAKE).splitlines())
    assert (folder / "run.ckpt").exists()


def test_two_tensorflow_workers_are_one_process(pair):
    """Adam by hand, in NumPy, on the batches that the documentation of `seed` defines."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100_000, 3))
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-x @ [1.0, -0.5, 0.25]))).astype(float)
    beta, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    orders = np.array([np.random.default_rng([0, epoch]).permutation(100_000) for epoch in (0, 1)])
    for k, rows in enumerate(orders.reshape(200, 1000), start=1):
        off = 1 / (1 + np.exp(-x[rows] @ beta)) - y[rows]
        gradient = x[rows].T @ off / 1000
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        beta -= 0.02 * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-7)
    shown = re.findall(r"\[(.*?)\]", WORKERS)
    assert len(shown) == 2
    for numbers in shown:
        np.testing.assert_allclose(np.array(numbers.split(), float), beta, atol=6e-4)


def test_each_message_of_the_table_is_one_of_the_package():
    """Quotes and line ends of the sources fall away, so that a message reads as it is printed."""
    source = "".join(path.read_text() for path in (ROOT / "mlefit").rglob("*.py"))
    said = re.sub(r'"\s+f?"', "", source)
    table = PAGE.split("## Failures and their messages")[1].split("## Where next")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")][1:]
    phrases = [phrase for cell in cells for phrase in re.findall(r"^ `(.*?)`", cell)]
    assert len(phrases) > 12
    (with_numbers,) = (phrase for phrase in phrases if "partition 7" in phrase)  # tested below
    assert not [phrase for phrase in phrases if phrase not in said and phrase != with_numbers]


def test_a_nan_is_named_by_partition_and_row():
    import dask.array as da

    x = np.zeros(80)
    x[73] = np.nan
    assert "`must be finite, got nan at row 3 of partition 7`" in PAGE
    with pytest.raises(ValueError, match="must be finite, got nan at row 3 of partition 7"):
        mlefit.fit(mlefit.Gaussian(), da.from_array(x, chunks=10))
