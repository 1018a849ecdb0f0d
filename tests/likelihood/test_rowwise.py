"""A log-density that looks beyond its row is found, at any number of rows, and all rows go together."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from failing import own
from mlefit import densities
from mlefit.densities import gaussian, student_t
from mlefit.likelihood.rowwise import looks_at_single_rows

ops = keras.ops
TABLE, ARRAY = np.arange(5.0), np.linspace(0.0, 1.0, 97)
CHOL = np.linalg.cholesky(np.array([[2.0, 0.5], [0.5, 1.0]]))

ALONE = [
    lambda x, y, k: gaussian(y, 2.0 * x, 1.5),
    lambda x, y, k: student_t(y, ops.tanh(x), 1.0, 4.0),
    lambda x, y, k: ops.matmul(k, np.array([1.0, 2.0])) - y,
    lambda x, y, k: ops.sum(ops.square(ops.matmul(k, CHOL)), axis=1),
    lambda x, y, k: ops.sum(k, axis=-1) + ops.max(k, axis=1),
    lambda x, y, k: k[:, 0] * x - k[:, 1] / (1 + k[..., -1] ** 2),
    lambda x, y, k: x[:, None][:, 0] + ops.squeeze(ops.expand_dims(y, 1), 1),
    lambda x, y, k: ops.logsumexp(ops.stack([x, y, x + y], axis=0), axis=0),
    lambda x, y, k: ops.logsumexp(ops.stack([x, y], axis=1), axis=1),
    lambda x, y, k: ops.logaddexp(x, y) + ops.where(x > 0, y, -y),
    lambda x, y, k: ops.take(TABLE, ops.cast(ops.abs(x), "int32")),
    lambda x, y, k: ops.sum(ops.one_hot(ops.cast(x, "int32"), 4, dtype="float64"), axis=1),
    lambda x, y, k: ops.sum(ops.concatenate([k, x[:, None]], axis=1), axis=1),
    lambda x, y, k: ops.transpose(ops.transpose(k))[:, 1] + x,
    lambda x, y, k: ops.sum(ops.reshape(k, (-1, 2, 1)), axis=(1, 2)),
    lambda x, y, k: ops.einsum("ij,jk,ik->i", k, np.eye(2), k),
    lambda x, y, k: ops.cumsum(k, axis=1)[:, -1] + ops.zeros_like(x) + 1.0 / ops.ones_like(y),
    lambda x, y, k: tf.math.lgamma(ops.abs(x) + 1) + ops.softplus(y) + ops.sigmoid(x) + ops.erf(y),
    lambda x, y, k: tf.nn.log_softmax(k, axis=1)[:, 0] + tf.unstack(k, axis=1)[1],
    lambda x, y, k: tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(x > 0, tf.int32), k),
    lambda x, y, k: densities.categorical(x > 0, [0.1, -0.3]) * y,
    lambda x, y, k: densities.categorical(x > 0, tf.pad(k, [[0, 0], [1, 0]])),
    lambda x, y, k: ops.sum(ops.pad(k, [[0, 0], [2, 1]], constant_values=3.0), axis=1) + x,
    lambda x, y, k: tf.pad(ops.transpose(k), [[1, 0], [0, 0]], mode="REFLECT")[0] - y,
    lambda x, y, k: tf.gather(tf.nn.log_softmax(k), tf.cast(x > 0, "int32"), batch_dims=1),
    lambda x, y, k: ops.take_along_axis(k, ops.cast(x > 0, "int32")[:, None], axis=1)[:, 0] * y,
    lambda x, y, k: ops.flip(k, axis=1)[:, 0] + 2 * ops.roll(k, 1, axis=1)[:, 0] - ops.sort(k, axis=1)[:, 0],
    lambda x, y, k: ops.sum(k - ops.tile(np.array([[1.0, 2.0]]), (ops.shape(k)[0], 1)), axis=1),
    lambda x, y, k: ops.sum(k - ops.broadcast_to(np.array([1.0, 2.0]), ops.shape(k)), axis=1),
    lambda x, y, k: ops.sum(ops.tile(k, (1, 3)) * ops.broadcast_to(x[:, None], (ops.shape(x)[0], 6)), axis=1),
    lambda x, y, k: ops.sum(tf.linalg.triangular_solve(CHOL, ops.transpose(k)) ** 2, axis=0),
    lambda x, y, k: ops.sum(tf.linalg.solve(CHOL, ops.transpose(k)) ** 2, axis=0),
    lambda x, y, k: tf.linalg.matvec(k[:, None, :] * np.ones((3, 1)), np.array([1.0, 2.0]))[:, 2],
]
MIXED = [
    lambda x, y, k: y - ops.min(x),
    lambda x, y, k: y - ops.max(k),
    lambda x, y, k: y - ops.mean(x),
    lambda x, y, k: ops.cumsum(x),
    lambda x, y, k: ops.sort(x),
    lambda x, y, k: ops.roll(x, 1),
    lambda x, y, k: ops.flip(x),
    lambda x, y, k: y - x[0],
    lambda x, y, k: y - x[-1],
    lambda x, y, k: y[1:],
    lambda x, y, k: y - ops.sum(k, axis=0)[0],
    lambda x, y, k: ops.concatenate([x[:1], x[:-1]]),
    lambda x, y, k: ops.matmul(ops.transpose(k), k)[0, 0] * y,
    lambda x, y, k: ops.take(x, ops.cast(ops.abs(y), "int32")),
    lambda x, y, k: ops.argsort(x) * 1.0,
    lambda x, y, k: y + ops.arange(97, dtype="float64"),
    lambda x, y, k: y * ARRAY,
    lambda x, y, k: ops.softmax(x),
    lambda x, y, k: y / ops.std(x),
    lambda x, y, k: ops.reshape(x[:, None] - y[None, :], (-1,))[:97],
    lambda x, y, k: tf.numpy_function(lambda v: v - v.min(), [x], tf.float64),
    lambda x, y, k: ops.sum(ops.reshape(k, (2, -1)), axis=0),
    lambda x, y, k: ops.einsum("ij,kj->i", k, k),
    lambda x, y, k: y * tf.pad(x, [[1, 0]])[:-1],
    lambda x, y, k: y * tf.pad(x[1:], [[0, 1]]),
    lambda x, y, k: ops.sum(ops.roll(k, 1, axis=0), axis=1),
    lambda x, y, k: ops.sum(tf.reverse(k, [0, 1]), axis=1),
    lambda x, y, k: ops.sum(tf.roll(k, [1, 1], [1, 0]), axis=1),
    lambda x, y, k: tf.math.top_k(x, 97)[0],
    lambda x, y, k: ops.tile(x, 2)[:97],
    lambda x, y, k: y * ops.tile(ops.arange(1.0, 98.0, dtype="float64"), 1),
    lambda x, y, k: tf.gather(ops.transpose(k), tf.constant([0, 1]), batch_dims=1)[0, 0] * y,
    lambda x, y, k: y * ops.take_along_axis(x, ops.argsort(y), axis=0),
    lambda x, y, k: y * tf.linalg.solve(np.eye(97) + 0.1, x[:, None])[:, 0],
    lambda x, y, k: tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v + ops.min(v)), (0, x))[1],
]


@pytest.mark.parametrize("function", ALONE)
def test_what_looks_at_single_rows_is_known_to(function):
    assert looks_at_single_rows(function, [(), (), (2,)])
    # By another way: each row's value is that of the row alone.
    rng = np.random.default_rng(0)
    rows = [tf.constant(rng.normal(size=(7, *shape))) for shape in [(), (), (2,)]]
    together = np.asarray(function(*rows))
    alone = [np.asarray(function(*[values[i : i + 1] for values in rows]))[0] for i in range(7)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


DENSITIES = {
    "asymmetric_laplace": lambda x, y, k: (y, x, ops.exp(k[:, 0]), 0.3),
    "bernoulli": lambda x, y, k: (x > 0, y),
    "beta": lambda x, y, k: (ops.sigmoid(x), ops.exp(y), ops.exp(k[:, 0])),
    "binomial": lambda x, y, k: (ops.floor(ops.abs(x)), 9.0, y),
    "binomial_cloglog": lambda x, y, k: (ops.floor(ops.abs(x)), 9.0, y),
    "binomial_probit": lambda x, y, k: (ops.floor(ops.abs(x)), 9.0, y),
    "categorical": lambda x, y, k: (x > 0, k * y[:, None]),
    "exponential": lambda x, y, k: (y, ops.exp(x)),
    "gamma": lambda x, y, k: (y, ops.exp(x), ops.exp(k[:, 0])),
    "gaussian": lambda x, y, k: (y, x, ops.exp(k[:, 0])),
    "huber": lambda x, y, k: (y, x, ops.exp(k[:, 0]), 1.345),
    "hyperbolic_secant": lambda x, y, k: (y, x, ops.exp(k[:, 0])),
    "laplace": lambda x, y, k: (y, x, ops.exp(k[:, 0])),
    "log_normal": lambda x, y, k: (y, x, ops.exp(k[:, 0])),
    "negative_binomial": lambda x, y, k: (ops.floor(ops.abs(x)), y, ops.exp(k[:, 0])),
    "poisson": lambda x, y, k: (ops.floor(ops.abs(x)), y),
    "student_t": lambda x, y, k: (y, x, 1.5, ops.exp(k[:, 0])),
    "von_mises": lambda x, y, k: (y, x, ops.exp(k[:, 0])),
    "weibull": lambda x, y, k: (y, ops.exp(x), ops.exp(k[:, 0])),
    "weibull_survival": lambda x, y, k: (y, ops.exp(x), ops.exp(k[:, 0])),
}


@pytest.mark.parametrize("name", densities.__all__)
def test_each_density_looks_at_single_rows(name):
    density, arguments = getattr(densities, name), DENSITIES[name]
    assert looks_at_single_rows(lambda *rows: density(*arguments(*rows)), [(), (), (2,)])
    assert not looks_at_single_rows(lambda x, y, k: density(*arguments(x, y - ops.min(y), k)), [(), (), (2,)])


@pytest.mark.parametrize("function", MIXED)
def test_what_looks_beyond_a_row_is_not_taken_for_it(function):
    assert not looks_at_single_rows(function, [(), (), (2,)])


N = 150_000
LOOKS = {
    "min": ops.min,
    "max": ops.max,
    "mean": ops.mean,
    "index": lambda t: t[0],
    "cumsum": lambda t: ops.cumsum(t) / t.shape[0],
    "shift": lambda t: ops.roll(t, 1),
    "sort": lambda t: ops.flip(ops.sort(t)),
}


@pytest.mark.parametrize(("name", "n"), [(name, 5000) for name in LOOKS] + [("min", N), ("cumsum", N)])
def test_a_line_measured_from_other_rows(name, n):
    rng = np.random.default_rng(2)
    t = np.sort(rng.uniform(0, 10, n))
    y = 1 + 0.7 * t + rng.normal(size=n)
    look = LOOKS[name]
    model = own(
        lambda p, t, y: gaussian(y, p["a"] + p["b"] * (t - look(t)), p["s"]),
        a=0.0,
        b=0.0,
        s=(1.0, "positive"),
    )
    result = mlefit.fit(model, t, y)
    moved = t - look(tf.constant(t)).numpy()
    design = np.column_stack([np.ones(n), moved])
    best, (rest,), *_ = np.linalg.lstsq(design, y)
    stddev = np.sqrt(rest / n)
    errors = stddev * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    found = [result.estimates[key] for key in ("a", "b")]
    np.testing.assert_allclose(found, best, rtol=1e-7)
    np.testing.assert_allclose([result.standard_errors[key] for key in ("a", "b")], errors, rtol=1e-6)
    assert result.log_likelihood == pytest.approx(
        -n * (0.5 * np.log(2 * np.pi) + np.log(stddev) + 0.5), rel=1e-12
    )
    if (name, n) == ("min", N):
        assert result.estimates["b"] == pytest.approx(0.70197, abs=5e-6)
        assert result.standard_errors["b"] == pytest.approx(0.00089, abs=5e-6)


def test_the_rare_row_that_holds_a_maximum():
    """No sample of rows would have seen it: all but one are 0."""
    n = 100_000
    y, x = np.random.default_rng(0).normal(size=n), np.zeros(n)
    x[77_777] = 3.0
    model = own(lambda p, x, y: gaussian(y, p["m"] * ops.max(x), 1.0), m=0.0)
    assert mlefit.fit(model, x, y).estimates["m"] == pytest.approx(y.mean() / 3, rel=1e-9)


@pytest.mark.parametrize("n", [3000, 100_000])
def test_a_number_of_rows_in_the_density(n):
    x = np.random.default_rng(1).normal(1.0, 1.0, n)
    model = own(lambda p, x: gaussian(x, p["m"], 1.0) - 50.0 * p["m"] ** 2 / ops.shape(x)[0], m=0.0)
    assert mlefit.fit(model, x).estimates["m"] == pytest.approx(x.sum() / (n + 100), rel=1e-9)


def test_an_array_or_a_branch_that_only_many_rows_show():
    n = 70_000
    x = np.random.default_rng(1).normal(1.0, 1.0, n) + (np.arange(n) >= 40_000)
    early = own(
        lambda p, x: np.where(np.arange(x.shape[0]) < 40_000, 1.0, 0.01) * gaussian(x, p["m"], 1.0), m=0.0
    )
    weights = np.where(np.arange(n) < 40_000, 1.0, 0.01)
    assert mlefit.fit(early, x).estimates["m"] == pytest.approx(np.average(x, weights=weights), rel=1e-9)
    branch = own(lambda p, x: gaussian(x - 1 if x.shape[0] > 50_000 else ops.abs(x), p["m"], 1.0), m=0.0)
    assert mlefit.fit(branch, x).estimates["m"] == pytest.approx(x.mean() - 1, rel=1e-9)
