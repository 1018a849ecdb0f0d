"""Regressions through a linear predictor, and the first of them: a straight line with Gaussian noise."""

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import columns, densities
from mlefit.checks import Data
from mlefit.models.model import Model
from mlefit.models.standardised import Standardised, middle


class LinearPredictor(Model):
    """A regression through the linear predictor `intercept + slope . x`; `log_prob` is the child's.

    A child that is fitted by the route `"linear predictor"` has methods, static where its settings do not
    matter, in NumPy and block by block; y is what `design` returns, `(m,)` or `(m, 2)`:

    - `derivatives(y, line)`: the log-density of y given the predictor, less `constant(y)`; its derivative by
      the predictor; and minus the second one. Three arrays `(m,)`.
    - `constant(y)`: the part of the log-density that no coefficient changes, `(m,)`, or 0.0.
    - `possible(y)`: which y can occur at all, `(m,)`.
    - `receding(y)`: how far the predictor of each may move down and up for ever so that no log-density falls,
      two arrays `(m,)`: 0 or infinity. Only for families whose log-density is bounded on that way.
    - `height(y, offset)`: the best predictor that is the same for all, as a float; None where there is none.
    - `information(y, line)`: for a link that is not canonical, what minus the second derivative is in the
      mean over y, `(m,)`, for `covariance="expected"`.
    """

    __columns: tuple[str, ...] | None = None  # of the frame that x was at first

    def __init__(self, intercept: bool = True) -> None:
        super().__init__()
        self.has_intercept = bool(intercept)

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        self.slope = self.parameter("slope", np.zeros(input_shape[1:]))
        if self.has_intercept:
            self.intercept = self.parameter("intercept", 0.0)

    def __call__(self, x: Data) -> tf.Tensor:
        if not isinstance(x, keras.KerasTensor):
            (x,) = self._arranged(x)
            x = columns.tensor_rows(x=x)["x"]  # Keras alone would take masked entries and NaN without a word.
        if self.built and tuple(x.shape[1:]) != self._row():
            wanted = ", ".join(["n", *map(str, self._row())])
            raise ValueError(f"x must have shape ({wanted}) as at the first call, got {tuple(x.shape)}")
        return super().__call__(x)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return the linear predictor for x of shape `(n,)` or `(n, k)`: a float64 tensor `(n,)`."""
        line = x * self.slope() if len(x.shape) == 1 else keras.ops.matmul(x, self.slope())
        return line + self.intercept() if self.has_intercept else line

    def design(self, x: np.ndarray, *data: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return a block's columns of predictors, `(m, k)`, its response and, if there is one, its offset."""
        return x.reshape(len(x), -1), *data

    def _paired(self, *, x, **others):
        return paired(x=self._arranged(x)[0], **others)

    def _arranged(self, x, *others):
        """The data, the columns of a frame in the order in which the model saw them first, by their names."""
        names = columns.names("x", x)
        if names is not None and not self.built:
            self.build((None, len(names)))
        if names is not None and self.__columns is None and self._row() == (len(names),):
            self.__columns, self.slope.entries = names, self._entries(names)
        return columns.by_name("x", x, self.__columns), *others

    def _row(self):
        """The shape of one row of x."""
        return tuple(self.slope.variable.shape)

    def _entries(self, names):
        """What the slopes of columns with these names are called."""
        return names


class LinearRegression(LinearPredictor, routes=("closed form", "newton"), link="identity"):
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

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x and y centred (if there is an intercept) and scaled, and the way back."""
        x, y = sample
        centre, scale = middle(x.reshape(len(x), -1), self.has_intercept)
        height = y.mean() if self.has_intercept else 0.0
        rise = np.sqrt(np.mean((y - height) ** 2)) or 1.0
        back = np.diag([*(rise / scale), *[rise] * self.has_intercept, 1.0])
        origin = np.zeros(len(back))
        origin[-1] = np.log(rise)
        if self.has_intercept:
            back[-2, :-2], origin[-2] = -rise * centre / scale, height

        def change(x, y):
            shifted = x.reshape(len(x), -1) - centre
            return (shifted / scale).reshape(x.shape), (y - height) / rise

        return Standardised(change, back, origin, np.zeros(len(back)), origin[-1])

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: responses, shape `(n,)`.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths.
        """
        x, y = self._paired(x=x, y=y)
        return densities.gaussian(y, self(x), self.stddev())

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, rng.normal(self(x).numpy(), self.stddev.numpy())

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.ndtr((y - self(x).numpy()) / self.stddev.numpy())
        return found, found


def paired(**named: Data) -> tuple[tf.Tensor, ...]:
    """Return the named data as tensors, x first and the others of shape `(n,)`, or say which are not."""
    x, *others = columns.tensor_rows(**named).values()
    for name, values in zip(list(named)[1:], others, strict=True):
        if len(values.shape) != 1:
            raise ValueError(f"{name} must have shape (n,), got shape {tuple(values.shape)}")
    return x, *others
