"""Counts that vary more than Poisson counts: alone, and as a regression."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import checks, densities
from mlefit.checks import Array, Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.model import Model
from mlefit.models.standardised import Standardised, centred

_EDGE = 1e5  # of the largest count: a size beyond which no count tells the family from the Poisson's


class NegativeBinomial(Model, routes=("newton",)):
    """Counts that vary more than Poisson counts, with variance `mean + mean^2 / size`.

    Parameters, both positive: `mean`, a count, and `size`, how nearly they are Poisson counts. Where counts
    vary no more than Poisson counts do, the likelihood grows as `size` goes to infinity, and `fit` says so.

    Source: C. Bliss and R. Fisher, Fitting the negative binomial distribution to biological data, Biometrics
        9 (1953), 176-200.

    Examples:
        >>> model = NegativeBinomial(mean=1.0, size=1.0)
        >>> model.log_prob([0, 1]).numpy().round(4).tolist()  # log(1/2), log(1/4)
        [-0.6931, -1.3863]
    """

    def __init__(self, mean: float = 1.0, size: float = 1.0) -> None:
        super().__init__()
        self.mean = self.parameter("mean", checks.real_number("mean", mean), support="positive")
        self.size = self.parameter("size", checks.real_number("size", size), support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return the counts as they are, and the estimates by moments to start from."""
        (x,) = sample
        start = np.log([_level(x), _size(x, np.full(len(x), _level(x)))])
        return Standardised(lambda x: (x,), np.eye(2), np.zeros(2), start, reason=_reason)

    def log_prob(self, x: Data) -> tf.Tensor:
        """Return the log-probability of each count: x of shape `(n,)` to a float64 tensor `(n,)`."""
        return densities.negative_binomial(x, tf.math.log(self.mean()), self.size())

    def simulate(self, rng: np.random.Generator, x: np.ndarray) -> tuple[np.ndarray]:
        return (_drawn(rng, np.full(len(x), self.mean.numpy()), self.size.numpy()),)

    def cdf(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _cdf(x, np.full(len(x), self.mean.numpy()), self.size.numpy())


class NegativeBinomialRegression(LinearPredictor, routes=("newton",), link="log"):
    """Counts with mean `m_i = exp(intercept + slope . x_i + offset_i)` and variance `m_i + m_i^2 / size`;
    call it for the log of the mean.

    Parameters: `slope`, in log-mean over units of x, `intercept`, in log-mean, which start at 0, and `size`
    (positive), which starts at 1: how nearly they are Poisson counts. Where they vary no more than Poisson
    counts do, the likelihood grows as `size` goes to infinity: `fit` then warns, and its log-likelihood is
    that of `PoissonRegression`, which is the model to take.

    Args:
        intercept: whether there is one.

    Source: J. Hilbe, Negative Binomial Regression (2011), chapter 8, where 1 / size is alpha.

    Examples:
        >>> model = NegativeBinomialRegression()
        >>> model.log_prob([0.0, 1.0], [0, 1], offset=[0.0, 0.0]).numpy().round(4).tolist()
        [-0.6931, -1.3863]
    """

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        self.size = self.parameter("size", 1.0, support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x centred and scaled; the start is at slopes of 0, with the moments of y about its mean."""
        x, y, *offset = sample
        line, height = sum(offset, np.zeros(len(y))), []
        if self.has_intercept:
            height = [np.log(_level(y)) - special.logsumexp(line) + np.log(len(y))]
        size = _size(y, np.exp(sum(height, line)))
        start = [*np.zeros(self.slope.variable.shape).ravel(), *height, np.log(size)]
        return centred(x, self.has_intercept, start, reason=_reason_of_regression)

    def log_prob(self, x: Data, y: Data, offset: Data | None = None) -> tf.Tensor:
        """Return the log-probability of each count y_i given x_i: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: counts, shape `(n,)`.
            offset: log of the exposure of each observation, shape `(n,)`; 0 if None.
        """
        offsets = {} if offset is None else {"offset": offset}
        x, y, *offsets = self._paired(x=x, y=y, **offsets)
        return densities.negative_binomial(y, sum(offsets, self(x)), self.size())

    def simulate(
        self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray, *offset: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return x, _drawn(rng, np.exp(sum(offset, self(x).numpy())), self.size.numpy()), *offset

    def cdf(self, x: np.ndarray, y: np.ndarray, *offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _cdf(y, np.exp(sum(offset, self(x).numpy())), self.size.numpy())


def _level(y):
    """The mean of counts, above 0 where all of them are 0."""
    return np.maximum(y.mean(), 0.5 / len(y))


def _size(y, mean):
    """The size by moments; a large one where counts vary no more than Poisson counts."""
    square, excess = np.sum(mean**2), np.sum((y - mean) ** 2 - mean)
    largest = 100 * max(1.0, mean.max())
    return np.clip(square / excess, 0.01, largest) if excess > square / largest else largest


def _reason(values: Mapping[str, Array], y: np.ndarray, poisson: str = "Poisson") -> str | None:
    """Why there is no estimate: counts that are all 0, or vary no more than Poisson counts."""
    if not y.any():
        falls = "size" if values.keys() <= {"size"} else "mean"
        return (
            f"every count is 0: the likelihood grows for ever as the {falls} falls, so there is no estimate"
        )
    if values.get("size", 0.0) > _EDGE * (1 + y.max()):
        return (
            "the counts vary no more than Poisson counts do: the dispersion is at its edge, where size is "
            f"infinite and the model is {poisson}, which is the one to take"
        )
    return None


def _reason_of_regression(values, x, y, *offset):
    return _reason(values, y, "PoissonRegression")


def _drawn(rng, mean, size):
    """Poisson counts whose rates vary by a gamma distribution."""
    return rng.poisson(mean * rng.gamma(size, 1 / size, len(mean))).astype(float)


def _cdf(y, mean, size):
    share = size / (size + mean)
    below = np.where(y > 0, special.betainc(size, np.maximum(y, 1.0), share), 0.0)
    return below, special.betainc(size, y + 1, share)
