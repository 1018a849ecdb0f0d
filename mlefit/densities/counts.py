"""Log-probabilities of counts without a limit.

JKK is Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors
from mlefit.densities.special import stirling_rest


def poisson(x: Data, log_rate: Data) -> tf.Tensor:
    """Log-probability of a count whose mean is `exp(log_rate)`. Source: JKK, chapter 4.

    Args:
        x: counts, shape `(n,)`; negative or fractional values have probability 0.
        log_rate: logarithm of the expected count.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, or shapes that differ.

    Examples:
        >>> [round(float(poisson(x, log_rate=0.0)), 6) for x in (0, 3, 0.5)]
        [-1.0, -2.791759, -inf]
    """
    x, log_rate = tensors(x=x, log_rate=log_rate)
    value = x * log_rate - ops.exp(log_rate) - tf.math.lgamma(x + 1)
    return ops.where((x < 0) | (x > ops.floor(x)), -math.inf, value)


def negative_binomial(x: Data, log_mean: Data, size: Data) -> tf.Tensor:
    """Log-probability of a count that varies more than a Poisson count. Source: JKK, chapter 5.

    It is a Poisson count whose rate varies, by a gamma distribution with shape `size`: the variance is
    `mean + mean**2 / size`. As `size` grows it becomes the Poisson distribution, and keeps its digits.

    Args:
        x: counts, shape `(n,)`; negative or fractional values have probability 0.
        log_mean: logarithm of the expected count.
        size: how nearly it is a Poisson count, positive.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `size <= 0`.

    Examples:
        >>> [round(float(negative_binomial(x, log_mean=0.0, size=1.0)), 6) for x in (0, 1, 0.5)]
        [-0.693147, -1.386294, -inf]
    """
    x, log_mean, size = tensors({"size": "positive"}, x=x, log_mean=log_mean, size=size)
    inside = (x >= 0) & (x == ops.floor(x))
    x = ops.where(inside, x, 0.0)
    # log Gamma(size + x) - log Gamma(size) - x log(size), whose large parts cancel on paper.
    rise = (size + x - 0.5) * ops.log1p(x / size) - x + stirling_rest(size + x) - stirling_rest(size)
    mean_over_size = log_mean - ops.log(size)
    value = rise - tf.math.lgamma(x + 1) + x * log_mean - (size + x) * ops.softplus(mean_over_size)
    return ops.where(inside, value, -math.inf)
