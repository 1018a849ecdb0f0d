"""Poisson regression: counts."""

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import densities
from mlefit.checks import Data
from mlefit.models.linear import LinearPredictor


class PoissonRegression(LinearPredictor, routes=("linear predictor",), link="log"):
    """Counts, `y_i ~ Poisson(exp(intercept + slope . x_i + offset_i))`; call it for the log of the rate.

    Parameters: `slope`, in log-rate over units of x, and `intercept`, in log-rate; they start at 0.

    Source: P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6.

    Examples:
        >>> model = PoissonRegression()
        >>> model.log_prob([0.0, 1.0], [0, 2], offset=[0.0, 0.0]).numpy().round(4).tolist()
        [-1.0, -1.6931]
    """

    def log_prob(self, x: Data, y: Data, offset: Data | None = None) -> tf.Tensor:
        """Return the log-probability of each count y_i given x_i: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: counts, shape `(n,)`.
            offset: log of the exposure of each observation, shape `(n,)`; 0 if None.
        """
        offsets = {} if offset is None else {"offset": offset}
        x, y, *offsets = self._paired(x=x, y=y, **offsets)
        return densities.poisson(y, sum(offsets, self(x)))

    def simulate(
        self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray, *offset: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return x, rng.poisson(np.exp(sum(offset, self(x).numpy()))).astype(float), *offset

    def cdf(self, x: np.ndarray, y: np.ndarray, *offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rate = np.exp(sum(offset, self(x).numpy()))
        return np.where(y > 0, special.pdtr(np.maximum(y - 1, 0.0), rate), 0.0), special.pdtr(y, rate)

    @staticmethod
    def derivatives(y: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-probability of a count, less that at mean y, y less its mean, and its variance."""
        mean = np.exp(line)
        # Of the two large terms only the difference counts; where counts are large, only this has its digits.
        away = line - np.log(np.maximum(y, 1.0))
        return np.where(y > 0, y * (away - np.expm1(away)), -mean), y - mean, mean

    @staticmethod
    def constant(y: np.ndarray) -> np.ndarray:
        """The log-probability of a count whose mean it is, `y log y - y - log y!`; 0 for 0."""
        # Of large terms that cancel, Stirling's series has what is left.
        large, small = np.maximum(y, 100.0), np.clip(y, 1.0, 100.0)
        series = -0.5 * np.log(2 * np.pi * large) - (1 - 1 / (30 * large**2)) / (12 * large)
        exact = special.xlogy(small, small) - small - special.gammaln(small + 1)
        return np.where(y > 0, np.where(y < 100, exact, series), 0.0)

    @staticmethod
    def possible(y: np.ndarray) -> np.ndarray:
        return (y >= 0) & (y == np.floor(y))

    @staticmethod
    def receding(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the predictor may move down and up for ever so that no log-probability falls."""
        return np.where(y == 0, -np.inf, 0.0), np.zeros(len(y))

    @staticmethod
    def height(y: np.ndarray, offset: np.ndarray) -> float | None:
        mean = y.mean()
        return np.log(mean) - special.logsumexp(offset) + np.log(np.size(offset)) if mean > 0 else None
