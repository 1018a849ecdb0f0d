"""A straight line by least absolute deviations: Laplace noise."""

import numpy as np
import tensorflow as tf

from mlefit import densities
from mlefit.checks import Data
from mlefit.models.linear import LinearPredictor


class LaplaceRegression(LinearPredictor, routes=("absolute deviations",), link="identity"):
    """A straight line with Laplace noise, fitted by least absolute deviations: the conditional median of y;
    call it to predict.

    Parameters: `slope` and `intercept`, as `LinearRegression` has them, and `scale` (positive), the mean
    absolute deviation, in units of y. The optimum is found exactly, by linear programming. It lies in a
    corner, where the Hessian is no measure of the errors: they are those of quantile regression, by the
    sandwich with the density of the residuals at 0, which needs no Laplace noise and lets the noise change
    with x. `covariance="observed"` is this too; `"expected"` holds for Laplace noise alone.

    Args:
        intercept: whether there is one.

    Source: R. Koenker, Quantile Regression (2005), sections 3.2, 3.4 and 6.2.

    Examples:
        >>> import mlefit
        >>> x, y = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 2.0, 3.0, 4.0, 50.0]
        >>> result = mlefit.fit(LaplaceRegression(), x, y, covariance="expected")
        >>> round(result.estimates["slope"], 6), round(result.estimates["scale"], 6)
        (1.0, 7.5)
    """

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        self.scale = self.parameter("scale", 1.0, support="positive")

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`."""
        x, y = self._paired(x=x, y=y)
        return densities.laplace(y, self(x), self.scale())

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, rng.laplace(self(x).numpy(), self.scale.numpy())

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = (y - self(x).numpy()) / self.scale.numpy()
        found = np.where(z < 0, 0.5 * np.exp(-np.abs(z)), 1 - 0.5 * np.exp(-np.abs(z)))
        return found, found
