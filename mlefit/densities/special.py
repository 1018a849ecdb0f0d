"""Special functions that TensorFlow lacks, whose first and second derivatives hold far into the tails.

Where two formulas share the work, each is given only numbers on its own side, so that neither overflows where
the other is used: a derivative is 0 times what the unused one has, and 0 times infinity is not a number.
"""

import math

import tensorflow as tf
from keras import ops


def log_ndtr(a: tf.Tensor) -> tf.Tensor:
    """Logarithm of the standard Gaussian's distribution function.

    Args:
        a: float64 tensor of any shape.

    Returns:
        Log-probabilities of the shape of `a`.

    Source:
        NIST Digital Library of Mathematical Functions, 7.9.1, for the continued fraction of Laplace.

    Examples:
        >>> [round(float(log_ndtr(tf.constant(a, tf.float64))), 6) for a in (-40.0, 0.0)]
        [-804.608442, -0.693147]
    """
    far = ops.maximum(-a, 8.0)
    fraction = far
    for k in range(14, 0, -1):  # the rest is below 1e-16 from 8 on
        fraction = far + k / fraction
    below = -0.5 * ops.square(far) - 0.5 * math.log(2 * math.pi) - ops.log(fraction)
    left = ops.log(0.5 * tf.math.erfc(-ops.maximum(a, -8.0) / math.sqrt(2)))
    right = ops.log1p(-0.5 * tf.math.erfc(ops.maximum(a, 0.0) / math.sqrt(2)))
    return ops.where(a < -8, below, ops.where(a < 0, left, right))


def log_gumbel_cdf(a: tf.Tensor) -> tf.Tensor:
    """Logarithm of `1 - exp(-exp(a))`, the distribution function of the smallest of many.

    Args:
        a: float64 tensor of any shape.

    Returns:
        Log-probabilities of the shape of `a`.

    Source:
        NIST Digital Library of Mathematical Functions, 4.19.7, for the series of `log(sinh(h) / h)`.

    Examples:
        >>> [round(float(log_gumbel_cdf(tf.constant(a, tf.float64))), 6) for a in (-40.0, 0.0)]
        [-40.0, -0.458675]
    """
    # 1 - exp(-e) = 2 exp(-h) sinh(h), where e = exp(a) and h = e / 2.
    h = 0.5 * ops.exp(ops.minimum(a, -2.0))
    s = ops.square(h)
    series = s * (1 / 6 - s * (1 / 180 - s * (1 / 2835 - s * (1 / 37800 - s / 467775))))
    small = ops.minimum(a, -2.0) - h + series
    large = ops.log(-ops.expm1(-ops.exp(ops.clip(a, -2.0, 50.0))))  # 0 long before 50
    return ops.where(a < -2, small, large)


def stirling_rest(a: tf.Tensor) -> tf.Tensor:
    """What Stirling's formula leaves of log Gamma: near `1 / (12 * a)` for large `a`.

    `log Gamma(a) = (a - 1/2) * log(a) - a + log(2 * pi) / 2 + stirling_rest(a)`. Formulas for large `a` keep
    their digits if the large parts are subtracted on paper and this is what is computed.

    Args:
        a: float64 tensor of any shape, positive.

    Returns:
        Numbers of the shape of `a`.

    Source:
        NIST Digital Library of Mathematical Functions, 5.11.1.

    Examples:
        >>> round(float(stirling_rest(tf.constant(1.0, tf.float64))), 6)  # 1 - log(2 pi) / 2
        0.081061
    """
    near, inverse = ops.minimum(a, 20.0), 1 / ops.maximum(a, 20.0)
    stirling = (near - 0.5) * ops.log(near) - near + 0.5 * math.log(2 * math.pi)
    s = ops.square(inverse)
    series = inverse * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188))))
    return ops.where(a < 20, tf.math.lgamma(near) - stirling, series)
