"""Log-densities with a location and a scale: what a residual may look like.

JKB is Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions (1994-95).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors
from mlefit.densities.special import stirling_rest

_DOMAINS = {"quantile": "unit"} | dict.fromkeys(("stddev", "scale", "df", "delta"), "positive")


def gaussian(x: Data, mean: Data, stddev: Data) -> tf.Tensor:
    """Log-density of the Gaussian. Source: JKB, chapter 13.

    Args:
        x: observations, shape `(n,)`.
        mean: centre, in the units of `x`.
        stddev: standard deviation, in the units of `x`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `stddev <= 0`.

    Examples:
        >>> round(float(gaussian(2.0, mean=2.0, stddev=1.0)), 6)
        -0.918939
    """
    x, mean, stddev = tensors(_DOMAINS, x=x, mean=mean, stddev=stddev)
    return -0.5 * ops.square((x - mean) / stddev) - ops.log(stddev) - 0.5 * math.log(2 * math.pi)


def laplace(x: Data, location: Data, scale: Data) -> tf.Tensor:
    """Log-density of the Laplace distribution, with tails like the absolute error. Source: JKB, chapter 24.

    Args:
        x: observations, shape `(n,)`.
        location: median, in the units of `x`.
        scale: mean absolute deviation, in the units of `x`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `scale <= 0`.

    Examples:
        >>> round(float(laplace(3.0, location=2.0, scale=1.0)), 6)
        -1.693147
    """
    x, location, scale = tensors(_DOMAINS, x=x, location=location, scale=scale)
    return -ops.abs(x - location) / scale - ops.log(2 * scale)


def student_t(x: Data, location: Data, scale: Data, df: Data) -> tf.Tensor:
    """Log-density of Student's t: its tails let an outlier pull only a little. Source: JKB, chapter 28.

    Args:
        x: observations, shape `(n,)`.
        location: centre, in the units of `x`.
        scale: width, in the units of `x`, positive; the standard deviation as `df` grows.
        df: degrees of freedom, positive; 1 is the Cauchy distribution.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> round(float(student_t(0.0, location=0.0, scale=1.0, df=1.0)), 6)  # -log(pi)
        -1.14473
    """
    x, location, scale, df = tensors(_DOMAINS, x=x, location=location, scale=scale, df=df)
    # log Gamma(a + 1 / 2) - log Gamma(a), whose large parts cancel on paper.
    a = df / 2
    step = a * ops.log1p(0.5 / a) - 0.5 + 0.5 * ops.log(a) + stirling_rest(a + 0.5) - stirling_rest(a)
    constant = step - 0.5 * ops.log(math.pi * df) - ops.log(scale)
    return constant - (df + 1) / 2 * ops.log1p(ops.square((x - location) / scale) / df)


def huber(x: Data, location: Data, scale: Data, delta: Data) -> tf.Tensor:
    """Log-density that is Gaussian in the middle, Laplace in the tails. Source: Huber (1964), as in `losses`.

    Args:
        x: observations, shape `(n,)`.
        location: centre, in the units of `x`.
        scale: standard deviation of the Gaussian middle, in the units of `x`, positive.
        delta: where the tails begin, in units of `scale`, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> round(float(huber(0.0, location=0.0, scale=1.0, delta=1.345)), 6)
        -0.978598
    """
    x, location, scale, delta = tensors(_DOMAINS, x=x, location=location, scale=scale, delta=delta)
    z = (x - location) / scale
    inner = ops.clip(z, -delta, delta)  # makes the loss z^2 / 2 inside, delta |z| - delta^2 / 2 outside
    mass = math.sqrt(2 * math.pi) * ops.erf(delta / math.sqrt(2)) + 2 / delta * ops.exp(-0.5 * delta**2)
    return -inner * (z - inner / 2) - ops.log(scale) - ops.log(mass)


def asymmetric_laplace(x: Data, location: Data, scale: Data, quantile: Data) -> tf.Tensor:
    """Log-density of the asymmetric Laplace. Source: Koenker and Machado (1999), JASA 94, 1296-1310.

    Args:
        x: observations, shape `(n,)`.
        location: the quantile itself, in the units of `x`.
        scale: mean quantile loss, in the units of `x`, positive.
        quantile: which one, strictly between 0 and 1; 0.5 is the median.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> round(float(asymmetric_laplace(1.0, location=0.0, scale=1.0, quantile=0.9)), 6)
        -3.307946
    """
    x, location, scale, quantile = tensors(_DOMAINS, x=x, location=location, scale=scale, quantile=quantile)
    z = (x - location) / scale
    constant = ops.log(quantile) + ops.log1p(-quantile) - ops.log(scale)
    return constant - ops.maximum(quantile * z, (quantile - 1) * z)


def hyperbolic_secant(x: Data, location: Data, scale: Data) -> tf.Tensor:
    """Log-density of the hyperbolic secant distribution. Source: Baten (1934), Bull. AMS 40, 284-290.

    Args:
        x: observations, shape `(n,)`.
        location: centre, in the units of `x`.
        scale: width, in the units of `x`, positive; the standard deviation is `pi / 2` times as large.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `scale <= 0`.

    Examples:
        >>> round(float(hyperbolic_secant(0.0, location=0.0, scale=1.0)), 6)  # -log(pi)
        -1.14473
    """
    x, location, scale = tensors(_DOMAINS, x=x, location=location, scale=scale)
    z = (x - location) / scale
    return math.log(2 / math.pi) - z - ops.softplus(-2 * z) - ops.log(scale)
