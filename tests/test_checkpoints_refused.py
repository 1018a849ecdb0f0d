"""Files that are damaged, foreign, or of another run: an error that says so, and nothing changed."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlefit import DivergenceError
from runs import Run, X, Y


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The bytes of a run of nine steps."""
    path = tmp_path_factory.mktemp("runs") / "run"
    Run(checkpoint=path)()
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, content):
    """A file of those bytes."""
    (tmp_path / "run.npz").write_bytes(content)
    return tmp_path / "run.npz"


def refused(kind, message, run, path):
    run.arguments["checkpoint"] = path
    start = [v.numpy().tolist() for v in run.variables]
    with pytest.raises(kind, match=message):
        run()
    assert [v.numpy().tolist() for v in run.variables] == start


def sgd(rate=0.1, **arguments):
    return lambda: keras.optimizers.SGD(rate, **arguments)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: Run("momentum", 20), "has optimizer Adam, this one has SGD"),
        (
            lambda: Run(lambda: keras.optimizers.Adam(0.2), 20),
            r"has learning_rate 0\.1\d*, this one has 0\.2",
        ),
        (lambda: Run("amsgrad", 20), "has clipnorm None, this one has 1.0"),
        (lambda: Run("schedule", 20), "has optimizer Adam, this one has AdamW"),
        (lambda: Run(dtype="float32", steps=20), r"has variables float64 \(3,\), .* has float32 \(3,\),"),
    ],
)
def test_another_optimizer_and_other_variables(run, message, path, content):
    refused(ValueError, rf"checkpoint '.*run.npz' is of another run: it {message}", run(), path)
    assert path.read_bytes() == content


def test_other_data_and_another_loss(path, content):
    changed = Y.copy()
    changed[7] += 1e-4
    message = (
        r"at its best point the loss was [.\d]+, now it is [.\d]+ there: the loss or its data have changed"
    )
    refused(ValueError, message, Run(data=changed, steps=20), path)
    run = Run(steps=20)
    loss = run.loss
    run.loss = lambda: 2.0 * loss()
    refused(ValueError, message, run, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounding_is_no_change(dtype, tmp_path):
    # The data in another order, compiled: other bits, the same loss. At an exact fit nothing else is left.
    def run(steps, order, mode):
        x, y = tf.constant(X[order], dtype), tf.constant((X @ [1.0, -2.0, 0.5] + 1e3)[order], dtype)
        slope, intercept = keras.Variable(np.zeros(3), dtype=dtype), keras.Variable(0.0, dtype=dtype)
        new = Run(sgd(0.3), steps, compile=mode, checkpoint=tmp_path / "run")
        new.variables = [slope, intercept]
        new.loss = lambda: tf.reduce_mean((y - tf.linalg.matvec(x, slope) - intercept) ** 2)
        return new().history

    first = run(300, np.arange(30), "graph")
    assert first[-1] < (1e-19 if dtype == "float64" else 1e-6) * first[0]
    assert len(run(301, np.arange(30)[::-1], "xla")) == 301


def test_a_loss_that_is_not_the_same_twice(tmp_path):
    run = Run()
    loss = run.loss
    run.loss = lambda: loss() * tf.random.uniform((), dtype="float64")
    message = (
        r"checkpoint is for a loss that depends on the variables alone, this one gives .* random numbers"
    )
    refused(ValueError, message, run, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_start_that_is_not_finite_is_told_as_ever(tmp_path):

    with pytest.raises(DivergenceError, match="nan at the start"):
        Run(start=np.nan, checkpoint=tmp_path / "new")()


DAMAGED = "checkpoint '.*run.npz' is damaged, or not a file that mlefit.train wrote"


def test_every_damage_is_found(path, content):
    # A byte that no reader looks at may change; what is read is as it was, or an error.
    finished = Run(checkpoint=path)().bits()
    generator = np.random.default_rng(0)
    found = 0
    for place in generator.integers(len(content), size=150):
        damaged = bytearray(content)
        damaged[place] ^= 1 << generator.integers(8)
        path.write_bytes(damaged)
        try:
            assert Run(checkpoint=path)().bits() == finished
        except ValueError as error:
            found += "is damaged" in str(error)
    assert found > 50


@pytest.mark.parametrize("part", [0, 1, 100, 0.5, -1])
def test_a_part_of_a_file(part, path, content):
    path.write_bytes(content[: int(part * len(content)) if isinstance(part, float) else part])
    refused(ValueError, DAMAGED, Run(steps=20), path)


def test_files_of_others(path):
    def write(save):
        with open(path, "wb") as file:
            save(file)

    for save in (
        lambda file: file.write(b"x,y\n1,2\n"),
        lambda file: pickle.dump({"history": [1.0]}, file),
        lambda file: np.save(file, np.arange(3.0)),
        lambda file: np.savez(file, history=np.arange(3.0)),
        lambda file: np.savez(file, about="{}", history=np.arange(3.0)),
        lambda file: np.savez(file, about=np.array({"format": 1}, dtype=object)),
    ):
        write(save)
        before = path.read_bytes()
        refused(ValueError, DAMAGED, Run(steps=20), path)
        assert path.read_bytes() == before


def test_paths(tmp_path):
    for value in (3, True, b"run.npz", ["run.npz"]):
        refused(TypeError, "checkpoint must be a path such as 'run.npz', got", Run(), value)
    refused(ValueError, "checkpoint must be a path .* got an empty one", Run(), "")
    refused(ValueError, "checkpoint must be a file, got '.*', which is a folder", Run(), tmp_path)
    missing = tmp_path / "no" / "run.npz"
    refused(FileNotFoundError, "checkpoint '.*run.npz' has no folder to be in: make .*no", Run(), missing)


def test_a_file_stays_where_and_what_it_is_called(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link.ckpt"
    link.symlink_to(tmp_path / "elsewhere" / "run")
    monkeypatch.chdir(tmp_path)
    Run(checkpoint="link.ckpt")()
    assert link.is_symlink() and sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "link.ckpt"]
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["run"]
    assert len(Run(steps=12, checkpoint=link)().history) == 12
