"""Independent observations of one Gaussian."""

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import checks, densities
from mlefit.checks import Data
from mlefit.models.model import Model
from mlefit.models.standardised import Standardised


class Gaussian(Model, routes=("closed form", "newton")):
    """Independent observations of one Gaussian, `x_i ~ N(mean, stddev^2)`.

    Parameters: `mean` (real) and `stddev` (positive), in the units of x. The numbers given are where they
    start: a TypeError if they are not real numbers, a ValueError if not finite or `stddev` not positive.

    Examples:
        >>> model = Gaussian(mean=1.0, stddev=2.0)
        >>> model.log_prob([1.0, 3.0]).numpy().round(4).tolist()
        [-1.6121, -2.1121]
    """

    has_intercept = True

    def __init__(self, mean: float = 0.0, stddev: float = 1.0) -> None:
        super().__init__()
        self.mean = self.parameter("mean", checks.real_number("mean", mean))
        self.stddev = self.parameter("stddev", checks.real_number("stddev", stddev), support="positive")

    def design(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns of predictors, of which there are none, and the response."""
        return np.empty((len(x), 0)), x

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return the data centred and scaled, and the way back."""
        (x,) = sample
        centre, scale = x.mean(), x.std() or 1.0
        back, origin = np.diag([scale, 1.0]), np.array([centre, np.log(scale)])
        return Standardised(lambda x: ((x - centre) / scale,), back, origin, np.zeros(2), origin[-1])

    def log_prob(self, x: Data) -> tf.Tensor:
        """Return the log-density of each observation: x of shape `(n,)` to a float64 tensor `(n,)`."""
        return densities.gaussian(x, self.mean(), self.stddev())

    def simulate(self, rng: np.random.Generator, x: np.ndarray) -> tuple[np.ndarray]:
        return (rng.normal(self.mean.numpy(), self.stddev.numpy(), len(x)),)

    def cdf(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.ndtr((x - self.mean.numpy()) / self.stddev.numpy())
        return found, found
