"""Models against SciPy, finite differences, and the mistakes that data can hold."""

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import tensorflow as tf

from mlefit import Gaussian, LinearRegression, Model
from mlefit.models import supports

rng = np.random.default_rng(0)
X = rng.normal(2.0, 1.5, 40)
DESIGN = rng.normal(size=(40, 3))
Y = rng.normal(size=40)

# Each is wrong data of shape (n,), with what the error says after the name.
BAD = [
    ([], ValueError, "no observations"),
    ([1.0, np.nan], ValueError, "must be finite, got nan at index 1"),
    ([np.inf, 1.0], ValueError, "must be finite, got inf at index 0"),
    (["a", "b"], TypeError, "real numbers"),
    ([1j, 2.0], TypeError, "real numbers"),
    (np.ma.array([1.0, 2.0], mask=[False, True]), ValueError, "masked entry at index 1"),
    (tf.constant([1j, 2.0]), TypeError, "real numbers"),
]


class Exponential(Model):
    def __init__(self, rate=1.0):
        super().__init__()
        self.rate = self.parameter("rate", rate, support="positive")

    def log_prob(self, x):
        return keras.ops.log(self.rate()) - self.rate() * x


def returning(terms):
    """A model whose log_prob is the function `terms`."""
    model = Model()
    model.log_prob = terms
    return model


def test_a_model_of_ones_own():
    model, x = Exponential(2.5), np.abs(X)
    expected = -scipy.stats.expon.logpdf(x, scale=1 / 2.5).mean()
    assert float(model.nll(x)) == pytest.approx(expected, rel=1e-14)
    assert float(model.nll([2.0])) == pytest.approx(5.0 - np.log(2.5), rel=1e-14)
    assert model.trainable_variables == [model.rate.variable]


@pytest.mark.parametrize(
    ("support", "value", "moves_as", "slope"),
    [("real", -3.0, -3.0, 1.0), ("positive", 2.0, np.log(2), 2.0), ("unit", 0.2, np.log(0.25), 0.16)],
)
def test_a_parameter_moves_unconstrained(support, value, moves_as, slope):
    parameter = Model().parameter("theta", value, support)
    assert parameter.variable.dtype == "float64" and parameter.variable.shape == ()
    with tf.GradientTape() as tape:
        natural = parameter()
    gradient = tape.gradient(natural, parameter.variable)
    assert tf.is_tensor(natural) and not isinstance(natural, keras.Variable)
    found = [float(number) for number in (parameter.variable.numpy(), natural, gradient)]
    np.testing.assert_allclose(found, [moves_as, value, slope], rtol=1e-14)


def test_parameters_keep_order_shape_and_precision():
    model = Model()
    vector = np.array([0.1, 0.2, 1e-300])
    vector.flags.writeable = False
    model.parameter("b", vector, "positive")
    model.parameter("a", np.float32(0.5), "unit")
    model.parameter("c", 3)
    assert list(model.parameters) == list(model.values) == ["b", "a", "c"]
    np.testing.assert_allclose(model.values["b"], vector, rtol=1e-13)
    assert model.values["a"] == 0.5 and model.values["c"] == 3.0 and isinstance(model.values["c"], float)
    model.parameters["b"].assign([1, 2, 3])
    np.testing.assert_allclose(model.parameters["b"].numpy(), [1, 2, 3], rtol=1e-15)
    assert "a, unit, 0.5" in repr(model.parameters["a"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rate", -1.0, "positive"), "rate must be positive, got -1.0"),
        (("rate", [1.0, 0.0], "positive"), "rate must be positive, got 0.0 at index 1"),
        (("share", 1.0, "unit"), "share must lie strictly between 0 and 1, got 1.0"),
        (("theta", np.nan), "theta must be finite, got nan"),
        (("theta", [[[1.0]]]), r"theta must be a number, a vector or a matrix, got shape \(1, 1, 1\)"),
        (("theta", []), r"theta must be a number, a vector or a matrix, got shape \(0,\)"),
        (("theta", 1.0, "negative"), "support must be one of 'real', 'positive', 'unit', or an open"),
        (("phi", 1.0, (-1, 1)), r"phi must lie in \(-1, 1\), got 1.0"),
        (("phi", [0.5, 4.0], (None, 3)), r"phi must lie in \(-inf, 3\), got 4.0"),
        (
            ("phi", 0.0, (1, -1)),
            r"with low below high, got \(1, -1\)",
        ),
        (("phi", 0.0, (1, 1)), "support must be an interval"),
        (("phi", 0.0, (0, np.nan)), "the high end of support must be finite, got nan"),
        (("not a name", 1.0), "name must be an identifier"),
        (("taken", 1.0), "has a parameter 'taken' already"),
    ],
)
def test_a_wrong_parameter_is_refused(arguments, message):
    model = Model()
    model.parameter("taken", 1.0)
    with pytest.raises(ValueError, match=message):
        model.parameter(*arguments)
    assert list(model.parameters) == ["taken"] and len(model.trainable_variables) == 1


@pytest.mark.parametrize("support", [("a", 1), (0, 1, 2), 3.0, None])
def test_a_support_that_is_no_interval_is_refused(support):
    with pytest.raises(TypeError, match="support"):
        Model().parameter("phi", 0.5, support)


@pytest.mark.parametrize(
    ("support", "value"),
    [((-1, 1), 0.3), ((2, None), 2.5), ((None, 3.0), -1.0), ((-np.inf, np.inf), 7.0), ((0, None), 0.25)],
)
def test_an_interval_is_one_to_one_with_the_line_and_its_slope_is_the_tape_s(support, value):
    phi = Model().parameter("phi", value, support)
    maps = supports.transform(phi.support)
    theta = phi.variable.numpy()
    assert float(phi()) == pytest.approx(value, rel=1e-14)
    assert maps.in_numpy(theta) == pytest.approx(value, rel=1e-14)
    with tf.GradientTape() as tape:
        natural = phi()
    slope = tape.gradient(natural, phi.variable.value)
    assert maps.slope(np.float64(value)) == pytest.approx(float(slope), rel=1e-12) and slope > 0


def test_intervals_that_have_a_name_get_it():
    for ends, name in [((0, None), "positive"), ((0, 1), "unit"), ((None, np.inf), "real")]:
        assert Model().parameter("a", 0.5, ends).support == name


def test_a_matrix_of_parameters_is_named_by_row_and_column():
    slope = Model().parameter("slope", [[1.0, 2.0], [3.0, 4.0]])
    assert slope.names() == ["slope[0, 0]", "slope[0, 1]", "slope[1, 0]", "slope[1, 1]"]


def test_assign_refuses_what_the_support_or_shape_refuses():
    rate = Model().parameter("rate", 2.0, "positive")
    for value, message in [(0.0, "rate must be positive"), ([1.0, 2.0], r"has shape \(\), got shape \(2,\)")]:
        with pytest.raises(ValueError, match=message):
            rate.assign(value)
    with pytest.raises(TypeError, match="rate must hold real numbers"):
        rate.assign("fast")
    assert rate.numpy() == pytest.approx(2.0, rel=1e-15)


def test_stateless_scope_stands_in_for_the_variable():
    model = Gaussian()
    with keras.StatelessScope([(model.mean.variable, tf.constant(5.0, tf.float64))]):
        inside = float(model.nll(X))
    assert inside == pytest.approx(-scipy.stats.norm.logpdf(X, 5.0).mean(), rel=1e-14)


def test_gaussian_log_prob():
    for x in [X.tolist(), tuple(X), pd.Series(X), tf.constant(X), np.ma.array(X)]:
        terms = Gaussian(mean=1.0, stddev=2.5).log_prob(x)
        np.testing.assert_allclose(terms, scipy.stats.norm.logpdf(X, 1.0, 2.5), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["int8", "int64", "bool", "float16", "float32"])
def test_narrow_types_are_cast_up(dtype):
    narrow = np.array([0, 1, 1, 0, 1], dtype)
    narrow.flags.writeable = False
    expected = -scipy.stats.norm.logpdf(narrow.astype(float), 0.3, 0.7).mean()
    for x in (narrow, tf.constant(narrow)):
        assert float(Gaussian(0.3, 0.7).nll(x)) == pytest.approx(expected, rel=1e-15)
        assert Exponential().nll(x).dtype == tf.float64


@pytest.mark.parametrize(("bad", "kind", "message"), BAD)
def test_wrong_data_is_refused_by_name(bad, kind, message):
    good = np.ones(len(bad))
    for attempt in (Gaussian().nll, Gaussian().log_prob, Exponential().nll, LinearRegression()):
        with pytest.raises(kind, match=f"x .*{message}"):
            attempt(bad)
    with pytest.raises(kind, match=f"y .*{message}"):
        LinearRegression().log_prob(good if len(bad) else [1.0], bad)


def test_wrong_starts_are_refused():
    with pytest.raises(ValueError, match="stddev must be positive, got -1"):
        Gaussian(stddev=-1.0)
    with pytest.raises(ValueError, match="mean must be a single number"):
        Gaussian(mean=[0.0, 1.0])


def test_log_prob_must_return_one_value_an_observation():
    x, y = X[:, None], X
    for terms, shape in [
        (lambda x, y: x - y, "40, 40"),
        (lambda x, y: keras.ops.sum(y), ""),
        (lambda x, y: x, "40, 1"),
    ]:
        with pytest.raises(ValueError, match=rf"got shape \({shape}\) from x of shape \(40, 1\), y of"):
            returning(terms).nll(x, y)
    assert float(returning(lambda x, y: x[:, 0] - y).nll(x, y)) == 0.0
    with pytest.raises(ValueError, match=r"\(40, 1\) from x of shape \(40, 1\)"):
        Gaussian().nll(X[:, None])
    with pytest.raises(NotImplementedError, match="Model must define log_prob"):
        Model().nll(X)


@pytest.mark.parametrize(
    "x", [DESIGN[:, 0], DESIGN[:, :1], DESIGN, pd.DataFrame(DESIGN), tf.constant(DESIGN)]
)
@pytest.mark.parametrize("intercept", [True, False])
def test_linear_regression_against_scipy(x, intercept):
    model = LinearRegression(intercept)
    model.log_prob(x, Y)
    assert list(model.parameters) == ["slope", *["intercept"] * intercept, "stddev"]
    assert model.slope.variable.shape == tuple(x.shape[1:])
    slope = rng.normal(size=x.shape[1:])
    model.slope.assign(slope)
    model.stddev.assign(0.7)
    line = np.asarray(x) @ slope if x.ndim == 2 else np.asarray(x) * slope
    if intercept:
        model.intercept.assign(-1.5)
        line = line - 1.5
    np.testing.assert_allclose(model(x), line, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(model.log_prob(x, Y), scipy.stats.norm.logpdf(Y, line, 0.7), rtol=1e-12)


def test_linear_regression_gradient_against_finite_differences():
    model = LinearRegression()
    model.log_prob(DESIGN, Y)
    with tf.GradientTape() as tape:
        value = model.nll(DESIGN, Y)
    variables = model.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
        start = variable.numpy()
        for i in np.ndindex(start.shape):
            step = np.zeros_like(start)
            step[i] = 1e-6
            variable.assign(start + step)
            above = float(model.nll(DESIGN, Y))
            variable.assign(start - step)
            below = float(model.nll(DESIGN, Y))
            variable.assign(start)
            assert float(gradient.numpy()[i]) == pytest.approx((above - below) / 2e-6, rel=1e-7, abs=1e-9)


def test_linear_regression_inside_a_graph():
    for built in (True, False):
        model = LinearRegression()
        if built:
            model.log_prob(DESIGN, Y)
        nll = tf.function(model.nll, autograph=False)
        np.testing.assert_allclose(nll(DESIGN, Y), -scipy.stats.norm.logpdf(Y).mean(), rtol=1e-14)
        model.stddev.assign(2.0)  # The next call must not put it back to its start.
        np.testing.assert_allclose(nll(DESIGN, Y), -scipy.stats.norm.logpdf(Y, scale=2).mean(), rtol=1e-14)


def test_regression_data_of_the_wrong_shape_is_refused():
    shifted = pd.Series(Y, index=range(1, 41))
    for x, y, message in [
        (X, Y[:-1], r"x has shape \(40,\) and y has shape \(39,\)"),
        (X, Y[:, None], r"y must have shape \(n,\), got shape \(40, 1\)"),
        (tf.constant(X), tf.constant(Y[:, None]), r"y must have shape \(n,\)"),
        (tf.constant(X), Y[:-1], "same length"),
        (DESIGN[None], Y, "x must have shape"),
        (pd.Series(X), shifted, "x and y have different pandas indexes, first at index 0"),
        (pd.DataFrame({"x": X}), shifted, "x and y have different pandas indexes"),
    ]:
        for attempt in (LinearRegression().log_prob, LinearRegression().nll):
            with pytest.raises(ValueError, match=message):
                attempt(x, y)


def test_linear_regression_is_a_layer_like_any_other():
    inputs = keras.Input((3,))
    model = LinearRegression()
    outputs = model(inputs)
    model.slope.assign([1.0, 2.0, 3.0])
    np.testing.assert_allclose(keras.Model(inputs, outputs)(DESIGN), DESIGN @ [1, 2, 3], rtol=1e-6, atol=1e-6)


def test_regression_keeps_the_shape_of_its_first_call():
    model = LinearRegression()
    model(DESIGN)
    for x in (DESIGN[:, 0], DESIGN[:, :2]):
        with pytest.raises(ValueError, match=r"x must have shape \(n, 3\) as at the first call"):
            model(x)
