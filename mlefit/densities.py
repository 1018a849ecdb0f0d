"""Log-densities as pure functions: one float64 value for each observation, every constant kept.

Arguments are numbers, arrays, tensors, variables; all but single numbers have the shape of the observations.
Outside the support the log-density is minus infinity. JKB is Johnson, Kotz and Balakrishnan, Continuous
Univariate Distributions (1994-95); JKK is Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors

_DOMAINS = {"quantile": "unit", "trials": "whole"}
_DOMAINS |= dict.fromkeys(("stddev", "scale", "df", "delta", "rate"), "positive")


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
    # log Gamma((df + 1) / 2) - log Gamma(df / 2), by its series where the difference would lose its digits.
    a, inverse = df / 2, 1 / ops.maximum(df / 2, 50.0)
    series = -0.5 * ops.log(inverse) - inverse / 8 + inverse**3 / 192 - inverse**5 / 640
    step = ops.where(a < 50, tf.math.lgamma(a + 0.5) - tf.math.lgamma(a), series)
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


def bernoulli(x: Data, logit: Data) -> tf.Tensor:
    """Log-probability of yes (1) or no (0). Source: JKK, chapter 3.

    Args:
        x: observations, shape `(n,)`; other values than 0 and 1 have probability 0.
        logit: log odds of yes, `log(p / (1 - p))`.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, or shapes that differ.

    Examples:
        >>> [round(float(bernoulli(x, logit=0.0)), 6) for x in (0, 1, 2)]
        [-0.693147, -0.693147, -inf]
    """
    x, logit = tensors(_DOMAINS, x=x, logit=logit)
    return ops.where(ops.abs(x * (1 - x)) > 0, -math.inf, -ops.softplus((1 - 2 * x) * logit))


def binomial(x: Data, trials: Data, logit: Data) -> tf.Tensor:
    """Log-probability of `x` successes in `trials` independent trials. Source: JKK, chapter 3.

    Args:
        x: counts of successes, shape `(n,)`; other values than 0, 1, ..., `trials` have probability 0.
        trials: numbers of trials, whole.
        logit: log odds of success, `log(p / (1 - p))`.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `trials` not whole.

    Examples:
        >>> round(float(binomial(1, trials=6, logit=0.0)), 6)  # log(6 / 64)
        -2.367124
    """
    x, trials, logit = tensors(_DOMAINS, x=x, trials=trials, logit=logit)
    choose = tf.math.lgamma(trials + 1) - tf.math.lgamma(x + 1) - tf.math.lgamma(trials - x + 1)
    value = choose - x * ops.softplus(-logit) - (trials - x) * ops.softplus(logit)
    return ops.where((x < 0) | (x > ops.floor(x)) | (x > trials), -math.inf, value)


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
    x, log_rate = tensors(_DOMAINS, x=x, log_rate=log_rate)
    value = x * log_rate - ops.exp(log_rate) - tf.math.lgamma(x + 1)
    return ops.where((x < 0) | (x > ops.floor(x)), -math.inf, value)
