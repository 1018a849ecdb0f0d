"""The training loop against gradient descent written out in NumPy, and its refusals."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlefit.training import DivergenceError, train

rng = np.random.default_rng(1)
X = rng.normal(size=50)
Y = 1.5 * X - 0.5 + 0.1 * rng.normal(size=50)
MODES = ["eager", "graph", "xla"]


def regression(kind=keras.Variable, dtype="float64"):
    """The mean squared error of a line, and its variables; the slope is a vector, so that shapes differ."""
    slope, intercept = kind(np.zeros(1, dtype), dtype=dtype), kind(np.zeros((), dtype), dtype=dtype)
    x, y = tf.constant(X, dtype), tf.constant(Y, dtype)
    return lambda: tf.reduce_mean((y - slope[0] * x - intercept) ** 2), [slope, intercept]


def descent(rate, steps):
    """Gradient descent on the same error by hand: losses and parameters before each step."""
    slope, intercept, losses, path = 0.0, 0.0, [], []
    rate = float(np.float32(rate))  # as Keras keeps it
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            residuals = Y - slope * X - intercept
            losses.append(np.mean(residuals**2))
            path.append((slope, intercept))
            slope += rate * 2 * np.mean(residuals * X)
            intercept += rate * 2 * np.mean(residuals)
    return np.array(losses), np.array([*path, (slope, intercept)])


def values(variables):
    return np.array([float(np.ravel(variable.numpy())[0]) for variable in variables])


@pytest.mark.parametrize("kind", [keras.Variable, tf.Variable])
@pytest.mark.parametrize("mode", MODES)
def test_the_whole_history_of_gradient_descent(mode, kind):
    loss, variables = regression(kind)
    history = train(loss, variables, keras.optimizers.SGD(0.1), 60, compile=mode)
    losses, path = descent(0.1, 60)
    assert history.dtype == np.float64 and history.shape == (60,)
    np.testing.assert_allclose(history, losses, rtol=1e-12)
    np.testing.assert_allclose(values(variables), path[-1], rtol=1e-12)


def test_every_mode_gives_the_numbers_of_adam():
    # Kingma and Ba (2015), algorithm 1, on (theta - 3)^2. Keras rounds some constants to float32.
    theta, m, v, expected = 0.0, 0.0, 0.0, []
    for t in range(1, 41):
        expected.append((theta - 3) ** 2)
        gradient = 2 * (theta - 3)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        theta -= 0.2 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)

    def history(mode):
        variable = keras.Variable(0.0, dtype="float64")
        return train(lambda: (variable - 3) ** 2, [variable], keras.optimizers.Adam(0.2), 40, compile=mode)

    histories = {mode: history(mode) for mode in MODES}
    np.testing.assert_allclose(histories["eager"], expected, atol=1e-4)
    np.testing.assert_allclose(histories["graph"], histories["eager"], rtol=1e-9)
    np.testing.assert_allclose(histories["xla"], histories["eager"], rtol=1e-9)


def test_a_second_call_goes_on_where_the_first_stopped():
    loss, variables = regression()
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    parts = [train(loss, variables, optimizer, n) for n in (7, 13)]
    loss, variables = regression()
    whole = train(loss, variables, keras.optimizers.SGD(0.1, momentum=0.9), 20)
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-13)


def test_float32_variables_stay_float32():
    loss, variables = regression(dtype="float32")
    history = train(loss, variables, keras.optimizers.SGD(0.1), 20)
    assert history.dtype == np.float64 and variables[0].dtype == "float32"
    np.testing.assert_allclose(history, descent(0.1, 20)[0], rtol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_divergence_puts_the_best_point_back(mode):
    # The gradient kicks in at 0 with the wrong size: the loss falls at first, then runs away.
    theta = keras.Variable(np.array([0.2]), dtype="float64")
    rate = 1.3

    def loss():
        return tf.reduce_sum(tf.math.log(theta) ** 2 + theta)

    expected, at = [], 0.2
    while at > 0:
        expected.append((np.log(at) ** 2 + at, at))
        at -= float(np.float32(rate)) * (2 * np.log(at) / at + 1)
    with pytest.raises(DivergenceError, match=r"the loss is nan at step .* smaller learning rate") as error:
        train(loss, [theta], keras.optimizers.SGD(rate), 100, compile=mode)
    losses, points = np.array(expected).T
    assert np.argmin(losses) > 0 and error.value.step == len(losses)
    np.testing.assert_allclose(error.value.history, losses, rtol=1e-10)
    np.testing.assert_allclose(theta.numpy(), points[np.argmin(losses)], rtol=1e-12)


def test_divergence_by_a_learning_rate_too_large():
    loss, variables = regression()
    losses, path = descent(5.0, 400)
    with pytest.raises(DivergenceError, match="the loss is inf") as error:
        train(loss, variables, keras.optimizers.SGD(5.0), 400)
    assert error.value.step == np.argmin(np.isfinite(losses))
    np.testing.assert_allclose(values(variables), path[np.nanargmin(losses)], atol=0)


def test_divergence_at_the_last_step_and_at_the_first():
    theta = keras.Variable(0.25, dtype="float64")
    with pytest.raises(DivergenceError, match=r"nan at step 1; .* 0\.5 at step 0") as error:
        train(lambda: tf.sqrt(theta), [theta], keras.optimizers.SGD(1.0), 1)
    assert (theta.numpy(), error.value.step, error.value.history.tolist()) == (0.25, 1, [0.5])
    theta.assign(-1.0)
    with pytest.raises(DivergenceError, match="the loss is nan at the start"):
        train(lambda: tf.sqrt(theta), [theta], keras.optimizers.SGD(1.0), 5)
    assert theta.numpy() == -1.0 and issubclass(DivergenceError, ArithmeticError)


def test_tolerance_stops_when_the_loss_has_settled():
    losses, _ = descent(0.1, 500)
    settled = next(k for k in range(10, 500) if np.ptp(losses[k - 10 : k + 1]) <= 1e-6 * losses[k])
    loss, variables = regression()
    history = train(loss, variables, keras.optimizers.SGD(0.1), 500, tolerance=1e-6)
    assert len(history) == settled + 1 < 500
    floor = np.mean((Y - np.polynomial.Polynomial.fit(X, Y, 1)(X)) ** 2)
    assert history[-1] == pytest.approx(floor, rel=1e-5)


def test_tolerance_outlasts_an_optimizer_that_overshoots():
    theta = keras.Variable(1.0, dtype="float64")
    optimizer = keras.optimizers.SGD(1e-3, momentum=0.99)
    history = train(lambda: theta**2 + 1, [theta], optimizer, 5000, tolerance=1e-8)
    assert (np.diff(history) > 0).sum() > 10 and len(history) < 5000
    assert history[-1] - 1 < 1e-6


def test_averaged_variables_are_left_as_the_average():
    theta = keras.Variable(0.0, dtype="float64")
    train(lambda: -theta, [theta], keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5), 2)
    assert theta.numpy() == 1.5  # of 1 and 2


def test_progress_counts_the_steps_taken(capsys):
    loss, variables = regression()
    train(loss, variables, keras.optimizers.SGD(0.1), 30, progress=True)
    assert "30/30" in capsys.readouterr().out
    train(loss, variables, keras.optimizers.SGD(0.1), 30)
    assert capsys.readouterr().out == ""


class TestRefusals:
    def refused(self, kind, message, **changed):
        loss, variables = regression()
        arguments = {"loss": loss, "variables": variables, "optimizer": keras.optimizers.SGD(0.1), "steps": 3}
        with pytest.raises(kind, match=message):
            train(**{**arguments, **changed})
        assert values(variables).tolist() == [0.0, 0.0]

    @pytest.mark.parametrize("shape", [(50,), (50, 50), (1,)])
    def test_a_loss_that_is_no_scalar(self, shape):
        slope = keras.Variable(0.0)
        self.refused(
            ValueError,
            rf"loss must return a scalar, got shape \({shape[0]},",
            loss=lambda: slope * tf.ones(shape),
            variables=[slope],
        )

    def test_a_loss_that_is_no_function_or_no_tensor(self):
        self.refused(TypeError, "loss must be a function of no arguments, got float", loss=1.0)
        self.refused(TypeError, "loss must return a tensor .* got float", loss=lambda: 1.0)

    def test_a_variable_that_the_loss_does_not_depend_on(self):
        loss, variables = regression()
        spare = keras.Variable(0.0, name="spare")
        self.refused(
            ValueError, "does not depend on the variable 'spare'", loss=loss, variables=[*variables, spare]
        )
        by_numpy = keras.Variable(0.0, dtype="float64", name="lost")
        self.refused(
            ValueError,
            "'lost', .* hold the data as tensors",
            loss=lambda: tf.reduce_mean(Y - by_numpy),
            variables=[by_numpy],
        )

    def test_variables(self):
        one = keras.Variable(0.0)
        self.refused(ValueError, "variables is empty", variables=[])
        self.refused(TypeError, "variables must be a list", variables=one)
        self.refused(TypeError, r"variables\[1\] must be a keras.Variable", variables=[one, tf.constant(0.0)])
        self.refused(ValueError, r"variables\[1\] is there twice", variables=[one, one])

    def test_the_other_arguments(self):
        self.refused(ValueError, "compile must be one of 'eager', 'graph', 'xla', got 'jit'", compile="jit")
        self.refused(
            TypeError, "optimizer must be a keras.optimizers.Optimizer, got 'adam'", optimizer="adam"
        )
        self.refused(ValueError, "steps must be at least 1, got 0", steps=0)
        self.refused(TypeError, "steps must be a whole number", steps=10.0)
        self.refused(ValueError, "tolerance must be positive", tolerance=0.0)
        self.refused(ValueError, "tolerance must be finite", tolerance=np.nan)

    def test_an_optimizer_of_other_variables(self):
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build([keras.Variable(0.0)])
        self.refused(ValueError, "Unknown variable", optimizer=optimizer)
