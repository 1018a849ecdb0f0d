"""What `fit` refuses before it begins: other processes, other frameworks' objects, unknown arguments."""

import decimal
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

import mlefit

COUNTS = ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (COUNTS, {"offset": [0.0] * 3}, TypeError, r"no argument 'offset'; .*fit\(model, x, y, offset\)"),
        (COUNTS, {"metod": "newton"}, TypeError, "no argument 'metod'"),
        ((*COUNTS, np.zeros((3, 1))), {}, ValueError, r"offset must have shape \(n,\), got shape \(3, 1\)"),
        (
            (scipy.sparse.eye_array(3).tocsr(), COUNTS[1]),
            {},
            TypeError,
            "x must be a dense array, got a sparse",
        ),
        ((tf.sparse.eye(3), COUNTS[1]), {}, TypeError, "x must be a dense array, got a sparse"),
        ((tf.ragged.constant([[1.0], [2.0, 3.0], []]), COUNTS[1]), {}, ValueError, "x .*RaggedTensor"),
    ],
)
def test_an_error_names_the_argument(data, options, error, message):
    with pytest.raises(error, match=message):
        mlefit.fit(mlefit.PoissonRegression(), *data, **options)


def test_the_advice_names_what_the_model_takes():
    with pytest.raises(TypeError, match=r"no argument 'scale'; .*: fit\(model, x\)$"):
        mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0], scale=2.0)


def test_decimals_are_numbers():
    values = [decimal.Decimal("1.5"), decimal.Decimal("2.5"), decimal.Decimal("4")]
    result = mlefit.fit(mlefit.Gaussian(), values)
    assert result.estimates["mean"] == pytest.approx(8 / 3, rel=1e-15)
    with pytest.raises(ValueError, match="x must be finite, got NaN at index 1"):
        mlefit.fit(mlefit.Gaussian(), [decimal.Decimal(1), decimal.Decimal("NaN")])


def test_inside_a_tf_function():
    with pytest.raises(RuntimeError, match=r"call it outside of tf\.function"):
        tf.function(lambda: mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0]).log_likelihood, autograph=False)()
    variable = tf.Variable(1.0)
    with pytest.raises(RuntimeError, match=r"call it outside of tf\.function"):
        tf.function(lambda: mlefit.train(lambda: variable**2, [variable], None, 3)[0], autograph=False)()


FORKS = """
import os
import numpy as np
import mlefit

def fork():
    pid = os.fork()
    if pid == 0:
        try:
            print("fitted", fit().converged, flush=True)
        except RuntimeError as error:
            print(error, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

def fit():
    return mlefit.fit(mlefit.LogisticRegression(), np.arange(6.0), [0, 0, 1, 0, 1, 1])

fork()
fit()
fork()
"""


def test_forks_before_and_after_a_fit():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS], capture_output=True, text=True, timeout=120, check=True
    )
    before, after = run.stdout.strip().split("\n")
    assert before == "fitted True" and "forked from one that had used TensorFlow" in after


def test_another_backend():
    run = subprocess.run(
        [sys.executable, "-c", "import mlefit"],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode and "mlefit needs Keras on TensorFlow, and its backend is 'jax'" in run.stderr
