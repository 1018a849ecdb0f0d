"""Logistic regression: yes or no."""

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import densities
from mlefit.checks import Data
from mlefit.models.linear import LinearPredictor


class LogisticRegression(LinearPredictor, routes=("linear predictor",), link="logit"):
    """Yes or no, `y_i = 1` with probability `1 / (1 + exp(-logit))`, logit `intercept + slope . x_i`;
    call it for the logit.

    Parameters: `slope`, in log-odds over units of x, and `intercept`, in log-odds; they start at 0.

    Source: D. Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20 (1958), 215-242.

    Examples:
        >>> model = LogisticRegression()
        >>> model.log_prob([0.0, 1.0], [0, 1]).numpy().round(4).tolist()
        [-0.6931, -0.6931]
    """

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-probability of each y_i, 0 or 1, given x_i: a float64 tensor `(n,)`."""
        x, y = self._paired(x=x, y=y)
        return densities.bernoulli(y, self(x))

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, (rng.random(len(x)) < special.expit(self(x).numpy())).astype(float)

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        no = special.expit(-self(x).numpy())
        return np.where(y > 0, no, 0.0), np.where(y > 0, 1.0, no)

    @staticmethod
    def derivatives(y: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-probability of yes or no, y less its mean, and its variance, from the small `exp(-|line|)`."""
        small, above = np.exp(-np.abs(line)), line > 0
        rest = small / (1 + small)
        # Of a mean near 1 only its distance from 1 has digits.
        residual = np.where(above, y - 1 + rest, y - rest)
        return y * line - np.maximum(line, 0.0) - np.log1p(small), residual, rest / (1 + small)

    @staticmethod
    def constant(y: np.ndarray) -> float:
        return 0.0

    @staticmethod
    def possible(y: np.ndarray) -> np.ndarray:
        return (y == 0) | (y == 1)

    @staticmethod
    def receding(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the predictor may move down and up for ever so that no log-probability falls."""
        return np.where(y == 0, -np.inf, 0.0), np.where(y == 1, np.inf, 0.0)

    @staticmethod
    def height(y: np.ndarray, offset: np.ndarray) -> float | None:
        mean = y.mean()
        return np.log(mean) - np.log1p(-mean) if 0 < mean < 1 else None
