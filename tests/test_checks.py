"""Every public function of data refuses what it cannot use, and names it."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from mlefit import checks, columns, densities, losses

X, P = [0.0, 1.0, 1.0], [0.25, 0.5, 0.75]  # fit for counts, probabilities and rates alike
FUNCTIONS = {
    "observations": lambda x, p: columns.observations(x=x, p=p),
    "tensors": lambda x, p: columns.tensors(x=x, p=p),
    "gaussian": lambda x, p: densities.gaussian(x, p, 1.0),
    "laplace": lambda x, p: densities.laplace(x, p, 1.0),
    "student_t": lambda x, p: densities.student_t(x, p, 1.0, 3.0),
    "huber": lambda x, p: densities.huber(x, p, 1.0, 1.0),
    "asymmetric_laplace": lambda x, p: densities.asymmetric_laplace(x, p, 1.0, 0.3),
    "hyperbolic_secant": lambda x, p: densities.hyperbolic_secant(x, p, 1.0),
    "exponential": densities.exponential,
    "bernoulli": densities.bernoulli,
    "binomial": lambda x, p: densities.binomial(x, 3, p),
    "poisson": densities.poisson,
    "mse": losses.mse,
    "mae": losses.mae,
    "huber loss": losses.huber,
    "log_cosh": losses.log_cosh,
    "quantile": losses.quantile,
    "binary_crossentropy": losses.binary_crossentropy,
    "poisson loss": losses.poisson,
}
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
FIRST, SECOND = r"^(x|y_true)\b.*", r"^(p|mean|location|rate|logit|log_rate|y_pred)\b.*"

BAD_VALUES = {
    "empty": ([], ValueError, "no observations"),
    "nan": ([0.0, np.nan, np.nan], ValueError, "finite, got nan at index 1$"),
    "inf": ([0.0, 1.0, -np.inf], ValueError, "finite, got -inf at index 2$"),
    "text": (["0", "1", "1"], TypeError, "real numbers, got text"),
    "complex": ([0.0, 1j, 1.0], TypeError, "real numbers, got complex"),
    "missing": ([0.0, 1.0, None], TypeError, "real numbers, got NoneType at index 2$"),
    "dates": (np.array(["2000-01-01"] * 3, dtype="datetime64[D]"), TypeError, "real numbers, got dates"),
    "ragged": ([[0.0], [1.0, 1.0], [1.0]], ValueError, "rows of different lengths"),
    "masked": (np.ma.array(X, mask=[False, True, False]), ValueError, "masked entry at index 1:"),
    "nan in a column": (pd.Series([0, 1, None], dtype="Int64"), (TypeError, ValueError), "at index 2$"),
    "complex tensor": (
        tf.constant([0j, 1j, 1j]),
        TypeError,
        "real numbers, got a tensor of dtype complex128",
    ),
    "text tensor": (tf.constant(["0", "1", "1"]), TypeError, "real numbers, got a tensor of dtype string"),
    "empty tensor": (tf.constant([], tf.float64), ValueError, "no observations"),
}


@every_function
@pytest.mark.parametrize(("bad", "error", "message"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_bad_values_are_refused_by_name_and_index(function, bad, error, message):
    with pytest.raises(error, match=FIRST + message):
        function(bad, P)
    with pytest.raises(error, match=SECOND + message):
        function(X, bad)


@every_function
@pytest.mark.parametrize("convert", [np.asarray, tf.constant], ids=["array", "tensor"])
def test_shapes_that_would_broadcast_or_differ_are_refused(function, convert):
    x, p = convert(X), convert(P)
    for one, other in [(x[:, None], p), (x, p[:, None])]:
        with pytest.raises(ValueError, match=r"\(3, 1\).*broadcast to a matrix"):
            function(one, other)
    for one, other in [(x[:2], p), (x, p[:2]), (x[:1], p), (x, p[:1])]:
        with pytest.raises(ValueError, match="must have the same length"):
            function(one, other)


@every_function
def test_misaligned_pandas_columns_are_refused(function):
    x, p = pd.Series(X, index=[0, 1, 2]), pd.Series(P, index=[0, 2, 1])
    with pytest.raises(ValueError, match="different pandas indexes, first at index 1: 1 against 2;"):
        function(x, p)
    function(x, p.sort_index())


@every_function
def test_every_kind_of_input_gives_the_float64_answer(function):
    x, p = np.array(X), np.array(P)
    expected = function(x, p)
    assert all(part.dtype == "float64" for part in tf.nest.flatten(expected))
    kinds = [
        (X, P),
        (x.astype(int), p.astype("float32")),
        (x.astype(bool), p.astype("float16")),
        (x.astype(object), p.astype(object)),
        (np.ma.array(x), np.ma.array(p)),
        (pd.Series(x, dtype="Int64"), pd.Series(p, index=[0, 1, 2])),
        (tf.constant(x, "int32"), tf.constant(p, "bfloat16")),
        (tf.Variable(x), keras.Variable(p, dtype="float32")),
    ]
    for one, other in kinds:
        np.testing.assert_array_equal(function(one, other), expected)


@every_function
def test_one_observation_and_read_only_memory_will_do(function):
    x, p = np.array(X), np.array(P)
    x.flags.writeable = p.flags.writeable = False
    whole = np.asarray(function(x, p))
    alone = np.asarray(function(x[1:2], p[1:2]))
    if whole.ndim == 0:  # a loss: the mean of the losses of each
        assert whole == pytest.approx(np.mean([function(x[i : i + 1], p[i : i + 1]) for i in range(3)]))
    else:
        np.testing.assert_array_equal(alone, whole[..., 1:2])
    assert x.tolist() == X and p.tolist() == P


def test_observations_are_not_copied_and_may_be_a_design_matrix():
    x, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    rows, column = columns.observations(x=x, y=y)
    assert rows.shape == (3, 2) and np.shares_memory(rows, x) and np.shares_memory(column, y)
    with pytest.raises(ValueError, match=r"z has shape \(3, 1\)"):  # though it may stand beside x
        columns.observations(x=x, y=y, z=y[:, None])
    with pytest.raises(ValueError, match=r"y must have shape \(n,\) or \(n, k\), got shape \(\)"):
        columns.observations(x=x, y=1.0)


def test_tensors_read_variables_at_once():
    variable = tf.Variable(1.0, dtype=tf.float64)
    (tensor,) = columns.tensors(x=variable)
    variable.assign(2.0)
    assert float(tensor) == 1.0


def test_tensors_check_shapes_that_are_known_only_in_part():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64), tf.TensorSpec([None, 1], tf.float64)])
    def column_against_row(x, p):
        return columns.tensors(x=x, p=p)

    with pytest.raises(ValueError, match="broadcast to a matrix"):
        column_against_row(tf.constant(X, "float64"), tf.constant(P, "float64")[:, None])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64)] * 2)
    def rows(x, p):
        return columns.tensors(x=x, p=p)

    np.testing.assert_array_equal(rows(tf.constant(X, "float64"), tf.constant(P, "float64")), [X, P])
    with pytest.raises(
        ValueError, match=r"x has shape \(3, 3\) and p has shape \(3,\): they must have the same"
    ):
        columns.tensors(x=np.zeros((3, 3)), p=P)


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        ("positive", [1e-300, 5.0], [0.0, -1.0]),
        ("nonnegative", [0.0, 5.5], [-1e-300]),
        ("whole", [0.0, 7.0], [-1.0, 0.5]),
        ("proportion", [0.0, 1.0], [-1e-9, 1.5]),
        ("unit", [1e-9, 0.999], [0.0, 1.0]),
    ],
)
def test_domains(domain, inside, outside):
    columns.tensors({"rate": domain}, rate=inside)
    for bad in outside:
        with pytest.raises(ValueError, match=rf"^rate must .*, got {bad} at index 1$"):
            columns.tensors({"rate": domain}, rate=[inside[0], bad])
        with pytest.raises(ValueError, match=rf"^rate must .*, got {bad}$"):
            columns.tensors({"rate": domain}, rate=bad)


def test_single_numbers_and_counts():
    assert checks.real_number("a", np.float32(0.5)) == 0.5
    assert checks.count("n", np.int32(3)) == 3
    for bad, error in [
        ("1", TypeError),
        (1j, TypeError),
        (None, TypeError),
        (np.nan, ValueError),
        ([1], ValueError),
    ]:
        with pytest.raises(error, match=r"^a must"):
            checks.real_number("a", bad)
    with pytest.raises(ValueError, match=r"^a must be positive, got 0\.0$"):
        checks.real_number("a", 0, positive=True)
    for bad, error in [(2.0, TypeError), (True, TypeError), ("2", TypeError), (0, ValueError)]:
        with pytest.raises(error, match=r"^n must be"):
            checks.count("n", bad)
