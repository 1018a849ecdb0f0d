"""A straight line whose noise changes along it."""

import math
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from mlefit.checks import Array, Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import Standardised, middle, shifted

_LARGEST = 300.0  # of the logarithm of a standard deviation: its square and one over it are still numbers
_EXACT = 1e-12  # of the size of y: a standard deviation that is rounding
_APART = 25.0  # of two such logarithms, where one of the two deviations is nothing beside the other


class ChangingNoiseRegression(LinearPredictor, routes=("newton",), link="identity"):
    """A straight line with Gaussian noise whose size changes along it, `y_i ~ N(intercept + slope . x_i,
    stddev_i^2)` with `log stddev_i = log_stddev_intercept + log_stddev_slope . x_i`; call it to predict.

    Parameters: `slope` and `intercept`, as `LinearRegression` has them; `log_stddev_slope`, of the shape of
    `slope`, in log of stddev over units of x; `log_stddev_intercept`, the log of the stddev at x = 0, in
    units of y. Half of an observation's pull is on the line, weighed by one over its variance, and half on
    the noise. Both the line and the form of the noise must hold; if only the line is to, take
    `LinearRegression` with `covariance="robust"` or `"hc3"`.

    Args:
        intercept: whether the line has one; the noise has one in any case.

    Source: A. Harvey, Estimating regression models with multiplicative heteroscedasticity, Econometrica 44
        (1976), 461-465.

    Examples:
        >>> model = ChangingNoiseRegression()
        >>> model.log_prob([0.0, 1.0], [0.0, 2.0]).numpy().round(4).tolist()
        [-0.9189, -2.9189]
    """

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        self.log_stddev_slope = self.parameter("log_stddev_slope", np.zeros(input_shape[1:]))
        self.log_stddev_intercept = self.parameter("log_stddev_intercept", 0.0)

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x centred and scaled and y in units of its spread; the start is by least squares."""
        x, y = sample
        height = y.mean() if self.has_intercept else 0.0
        rise = np.sqrt(np.mean((y - height) ** 2)) or 1.0
        centre, scale = middle(x.reshape(len(x), -1), self.has_intercept)
        k, before = len(scale), len(scale) + self.has_intercept
        change, back, origin = shifted(x, self.has_intercept, height, rise, k + 1)
        noise = slice(before, before + k)
        back[noise, noise] = np.diag(1 / scale)
        back[-1, noise], origin[-1] = -centre / scale, math.log(rise)
        x, y = change(x, y)
        X = np.hstack([x.reshape(len(y), -1), np.ones((len(y), int(self.has_intercept)))])
        b = np.linalg.lstsq(X, y)[0]
        rest = np.sqrt(np.mean((y - X @ b) ** 2)) or 1.0
        start = np.array([*b, *np.zeros(k), math.log(rest)])
        return Standardised(change, back, origin, start, math.log(rise), _reason)

    def log_stddev(self, x: tf.Tensor) -> tf.Tensor:
        """Return the log of the standard deviation at x, `(n,)` or `(n, k)`: a float64 tensor `(n,)`."""
        slope = self.log_stddev_slope()
        line = x * slope if len(x.shape) == 1 else keras.ops.matmul(x, slope)
        return line + self.log_stddev_intercept()

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`."""
        x, y = self._paired(x=x, y=y)
        line, log_stddev = self(x), self.log_stddev(x)
        # Where exp overflows, the derivatives would be 0 times infinity.
        inverse = keras.ops.exp(-keras.ops.clip(log_stddev, -_LARGEST, _LARGEST))
        return -0.5 * keras.ops.square((y - line) * inverse) - log_stddev - 0.5 * math.log(2 * math.pi)

    def _entries(self, names):
        self.log_stddev_slope.entries = names
        return names

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, self(x).numpy() + np.exp(self.log_stddev(x).numpy()) * rng.standard_normal(len(y))

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.ndtr((y - self(x).numpy()) * np.exp(-self.log_stddev(x).numpy()))
        return found, found


def _reason(named: Mapping[str, Array], x: np.ndarray, y: np.ndarray) -> str | None:
    """Why there is no estimate, where the noise vanishes somewhere."""
    if "log_stddev_slope" not in named:  # It is held.
        return None
    logs = x.reshape(len(x), -1) @ np.ravel(named["log_stddev_slope"])
    with np.errstate(divide="ignore"):
        nothing = np.log(_EXACT * np.abs(y).max())
    if np.max(logs + named.get("log_stddev_intercept", np.inf)) < nothing:
        return (
            "the likelihood is unbounded: the line passes through every observation, and the standard "
            "deviation goes to 0"
        )
    if not np.ptp(logs) < _APART:
        return (
            "the likelihood is unbounded: the line passes through an observation at one end of x, where the "
            "standard deviation goes to 0; take LinearRegression with covariance='robust', or more data"
        )
    return None
