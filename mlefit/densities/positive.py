"""Log-densities of what is positive: times, sizes, amounts.

JKB is Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions (1994-95).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors
from mlefit.densities.special import stirling_rest

_DOMAINS = dict.fromkeys(("rate", "shape", "scale", "stddev"), "positive")


def exponential(x: Data, rate: Data) -> tf.Tensor:
    """Log-density of the exponential distribution: waiting without memory. Source: JKB, chapter 19.

    Args:
        x: observations, shape `(n,)`; below 0 the density is 0.
        rate: events for one unit of `x`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `rate <= 0`.

    Examples:
        >>> [round(float(exponential(x, rate=2.0)), 6) for x in (1.0, -1.0)]
        [-1.306853, -inf]
    """
    x, rate = tensors(_DOMAINS, x=x, rate=rate)
    return ops.where(x < 0, -math.inf, ops.log(rate) - rate * x)


def gamma(x: Data, shape: Data, rate: Data) -> tf.Tensor:
    """Log-density of the gamma distribution: a sum of waiting times. Source: JKB, chapter 17.

    The mean is `shape / rate`, the variance `shape / rate**2`.

    Args:
        x: observations, shape `(n,)`; at 0 and below the density is taken to be 0.
        shape: number of waiting times, whole or not, positive; 1 is the exponential distribution.
        rate: events for one unit of `x`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> [round(float(gamma(x, shape=2.0, rate=1.0)), 6) for x in (1.0, 0.0)]
        [-1.0, -inf]
    """
    x, shape, rate = tensors(_DOMAINS, x=x, shape=shape, rate=rate)
    inside = x > 0
    x = ops.where(inside, x, 1.0)
    z = (
        rate * x / shape
    )  # near 1 for a large shape, whose large parts cancel on paper: log(z) - (z - 1) is small
    constant = 0.5 * ops.log(shape) - 0.5 * math.log(2 * math.pi) - stirling_rest(shape)
    return ops.where(inside, shape * (ops.log(z) - (z - 1)) - ops.log(x) + constant, -math.inf)


def weibull(x: Data, shape: Data, scale: Data) -> tf.Tensor:
    """Log-density of the Weibull distribution: waiting as the risk rises or falls. Source: JKB, chapter 21.

    Args:
        x: observations, shape `(n,)`; at 0 and below the density is taken to be 0.
        shape: positive; above 1 the risk rises with time, below 1 it falls, 1 is the exponential
            distribution.
        scale: in the units of `x`, positive; beyond it a part `exp(-1)` survives.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> [round(float(weibull(x, shape=2.0, scale=1.0)), 6) for x in (1.0, 0.0)]
        [-0.306853, -inf]
    """
    x, shape, scale = tensors(_DOMAINS, x=x, shape=shape, scale=scale)
    inside = x > 0
    x = ops.where(inside, x, 1.0)
    log_hazard = shape * (ops.log(x) - ops.log(scale))  # summed up to x
    return ops.where(inside, ops.log(shape) - ops.log(x) + log_hazard - ops.exp(log_hazard), -math.inf)


def weibull_survival(x: Data, shape: Data, scale: Data) -> tf.Tensor:
    """Log-probability that a Weibull waiting time is longer than `x`. Source: JKB, chapter 21.

    It is what an observation adds that was ended at `x` before the event came, a censored one.

    Args:
        x: times, shape `(n,)`; at 0 and below survival is certain.
        shape: as in `weibull`, positive.
        scale: as in `weibull`, in the units of `x`, positive.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> [round(float(weibull_survival(x, shape=2.0, scale=1.0)), 6) for x in (3.0, 0.0)]
        [-9.0, 0.0]
    """
    x, shape, scale = tensors(_DOMAINS, x=x, shape=shape, scale=scale)
    inside = x > 0
    x = ops.where(inside, x, 1.0)
    return ops.where(inside, -ops.exp(shape * (ops.log(x) - ops.log(scale))), 0.0)


def log_normal(x: Data, mean: Data, stddev: Data) -> tf.Tensor:
    """Log-density of what has a Gaussian logarithm. Source: JKB, chapter 14.

    Args:
        x: observations, shape `(n,)`; at 0 and below the density is 0.
        mean: of `log(x)`; `exp(mean)` is the median of `x`.
        stddev: standard deviation of `log(x)`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `stddev <= 0`.

    Examples:
        >>> [round(float(log_normal(x, mean=0.0, stddev=1.0)), 6) for x in (1.0, 0.0)]
        [-0.918939, -inf]
    """
    x, mean, stddev = tensors(_DOMAINS, x=x, mean=mean, stddev=stddev)
    inside = x > 0
    log_x = ops.log(ops.where(inside, x, 1.0))
    value = -0.5 * ops.square((log_x - mean) / stddev) - ops.log(stddev) - 0.5 * math.log(2 * math.pi) - log_x
    return ops.where(inside, value, -math.inf)
