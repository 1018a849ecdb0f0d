"""A curve with Gaussian noise."""

import inspect
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import columns, densities
from mlefit.checks import Data
from mlefit.models.linear import paired
from mlefit.models.model import Model


class NonlinearRegression(Model, routes=("curve",), link="identity"):
    """A curve with Gaussian noise, `y_i ~ N(f(x_i, b1, b2, ...), stddev^2)`; call it to predict.

    Args:
        f: function of x and the parameters, written in `keras.ops`: returns the curve at x, shape `(n,)`.
        **starts: each parameter of f by name, with the number where it starts; `stddev` may be given too.

    Examples:
        >>> decay = NonlinearRegression(lambda x, a, k: a * keras.ops.exp(-k * x), a=1.0, k=0.5)
        >>> decay([0.0, 2.0]).numpy().round(4).tolist()
        [1.0, 0.3679]
    """

    def __init__(self, f: Callable, **starts: float) -> None:
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

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return the curve at x: a float64 tensor `(n,)`."""
        curve = tf.convert_to_tensor(self.f(x, **{b.name: b() for b in self.coefficients}))
        if not curve.shape.is_compatible_with(x.shape[:1]):
            raise ValueError(
                f"f must return one value for each x, shape (n,), got shape {tuple(curve.shape)}"
            )
        return keras.ops.cast(curve, "float64")

    def __call__(self, x: Data) -> tf.Tensor:
        return super().__call__(columns.tensor_rows(x=x)["x"])

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`."""
        x, y = paired(x=x, y=y)
        return densities.gaussian(y, self(x), self.stddev())

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, rng.normal(self(x).numpy(), self.stddev.numpy())

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.ndtr((y - self(x).numpy()) / self.stddev.numpy())
        return found, found
