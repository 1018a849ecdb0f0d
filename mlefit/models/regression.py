"""Regressions: how the distribution of y depends on x."""

import inspect

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks, densities
from mlefit.models.model import Model


class _Linear(Model):
    """A regression through the linear predictor `intercept + slope . x`; `log_prob` is the child's.

    Attributes:
        link: of the mean to the predictor: `"identity"`, `"logit"` or `"log"`.
    """

    link = "identity"

    def __init__(self, intercept=True):
        super().__init__()
        self.has_intercept = bool(intercept)

    def build(self, input_shape):
        self.slope = self.parameter("slope", np.zeros(input_shape[1:]))
        if self.has_intercept:
            self.intercept = self.parameter("intercept", 0.0)

    def __call__(self, x):
        if not isinstance(x, keras.KerasTensor):
            x = checks.tensor_rows(x=x)["x"]  # Keras alone would take masked entries and NaN without a word.
        if self.built and tuple(x.shape[1:]) != tuple(self.slope.variable.shape):
            wanted = ", ".join(["n", *map(str, self.slope.variable.shape)])
            raise ValueError(f"x must have shape ({wanted}) as at the first call, got {tuple(x.shape)}")
        return super().__call__(x)

    def call(self, x):
        """Return the linear predictor for x of shape `(n,)` or `(n, k)`: a float64 tensor `(n,)`."""
        line = x * self.slope() if len(x.shape) == 1 else keras.ops.matmul(x, self.slope())
        return line + self.intercept() if self.has_intercept else line


class LinearRegression(_Linear):
    """A straight line with Gaussian noise, `y_i ~ N(intercept + slope . x_i, stddev^2)`; call it to predict.

    Parameters, in this order: `slope`, shape `()` for x of shape `(n,)` and `(k,)` for x of shape `(n, k)`,
    in units of y over units of x; `intercept`, unless left out, and `stddev` (positive), in units of y. They
    are made at the first call, from the shape of x, and start at 0, 0 and 1.

    Args:
        intercept: whether the line has one; without it, it passes through the origin.

    Examples:
        >>> model = LinearRegression()
        >>> model.log_prob([0.0, 1.0], [0.0, 2.0]).numpy().round(4).tolist()
        [-0.9189, -2.9189]
        >>> model.slope.assign(2.0)
        >>> model([0.0, 1.0]).numpy().tolist()
        [0.0, 2.0]
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def standardised(self, data):
        """Return the data, x and y centred (if there is an intercept) and scaled, and the way back.

        Args:
            data: x of shape `(n,)` or `(n, k)` and y.

        Returns:
            The new data, and matrix and vector that take the parameters for these to those for the old.
        """
        x, y = data
        columns, centre, height = x.reshape(len(x), -1), np.zeros(x.size // len(x)), 0.0
        if self.has_intercept:
            centre, height = columns.mean(axis=0), y.mean()
            centre = centre + (columns - centre).mean(axis=0)
        shifted = columns - centre
        scale = np.sqrt(np.mean(shifted**2, axis=0))
        scale[scale <= 1e-14 * np.abs(centre)] = 1.0
        rise = np.sqrt(np.mean((y - height) ** 2)) or 1.0
        back = np.diag([*(rise / scale), *[rise] * self.has_intercept, 1.0])
        origin = np.zeros(len(back))
        origin[-1] = np.log(rise)
        if self.has_intercept:
            back[-2, :-2], origin[-2] = -rise * centre / scale, height
        return ((shifted / scale).reshape(x.shape), (y - height) / rise), back, origin

    def log_prob(self, x, y):
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: responses, shape `(n,)`.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths.
        """
        x, y = _paired(x, y)
        return densities.gaussian(y, self(x), self.stddev())


class LogisticRegression(_Linear):
    """Yes or no, `y_i = 1` with probability `1 / (1 + exp(-logit))`, logit `intercept + slope . x_i`;
    call it for the logit.

    Parameters: `slope`, in log-odds over units of x, and `intercept`, in log-odds; they start at 0.

    Source: D. Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20 (1958), 215-242.

    Examples:
        >>> model = LogisticRegression()
        >>> model.log_prob([0.0, 1.0], [0, 1]).numpy().round(4).tolist()
        [-0.6931, -0.6931]
    """

    link = "logit"

    def log_prob(self, x, y):
        """Return the log-probability of each y_i, 0 or 1, given x_i: a float64 tensor `(n,)`."""
        x, y = _paired(x, y)
        return densities.bernoulli(y, self(x))


class PoissonRegression(_Linear):
    """Counts, `y_i ~ Poisson(exp(intercept + slope . x_i + offset_i))`; call it for the log of the rate.

    Parameters: `slope`, in log-rate over units of x, and `intercept`, in log-rate; they start at 0.

    Source: P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6.

    Examples:
        >>> model = PoissonRegression()
        >>> model.log_prob([0.0, 1.0], [0, 2], offset=[0.0, 0.0]).numpy().round(4).tolist()
        [-1.0, -1.6931]
    """

    link = "log"

    def log_prob(self, x, y, offset=None):
        """Return the log-probability of each count y_i given x_i: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: counts, shape `(n,)`.
            offset: log of the exposure of each observation, shape `(n,)`; 0 if None.
        """
        x, y = _paired(x, y)
        log_rate = self(x)
        if offset is not None:
            _, offset = _paired(x, offset)
            log_rate = log_rate + offset
        return densities.poisson(y, log_rate)


class NonlinearRegression(Model):
    """A curve with Gaussian noise, `y_i ~ N(f(x_i, b1, b2, ...), stddev^2)`; call it to predict.

    Args:
        f: function of x and the parameters, written in `keras.ops`: returns the curve at x, shape `(n,)`.
        **starts: each parameter of f by name, with the number where it starts; `stddev` may be given too.

    Examples:
        >>> decay = NonlinearRegression(lambda x, a, k: a * keras.ops.exp(-k * x), a=1.0, k=0.5)
        >>> decay([0.0, 2.0]).numpy().round(4).tolist()
        [1.0, 0.3679]
    """

    link = "identity"

    def __init__(self, f, **starts):
        super().__init__()
        if not callable(f):
            raise TypeError(f"f must be a function of x and the parameters, got {f!r}")
        noise = starts.pop("stddev", 1.0)
        if not starts:
            raise ValueError("give each parameter of f by name, with where it starts: b1=1.0, b2=0.5")
        try:
            inspect.signature(f).bind(None, **starts)
        except TypeError as error:
            raise TypeError(f"f does not take x and the parameters {', '.join(starts)}: {error}") from None
        self.f = f
        self.coefficients = [self.parameter(name, start) for name, start in starts.items()]
        self.stddev = self.parameter("stddev", noise, support="positive")

    def call(self, x):
        """Return the curve at x: a float64 tensor `(n,)`."""
        curve = tf.convert_to_tensor(self.f(x, **{b.name: b() for b in self.coefficients}))
        if not curve.shape.is_compatible_with(x.shape[:1]):
            raise ValueError(
                f"f must return one value for each x, shape (n,), got shape {tuple(curve.shape)}"
            )
        return keras.ops.cast(curve, "float64")

    def __call__(self, x):
        return super().__call__(checks.tensor_rows(x=x)["x"])

    def log_prob(self, x, y):
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`."""
        x, y = _paired(x, y)
        return densities.gaussian(y, self(x), self.stddev())


def _paired(x, y):
    x, y = checks.tensor_rows(x=x, y=y).values()
    if len(y.shape) != 1:
        raise ValueError(f"y must have shape (n,), got shape {tuple(y.shape)}")
    return x, y
