"""Log-densities on a bounded range: a proportion, a direction.

JKB is Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions (1994-95).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors
from mlefit.densities.special import stirling_rest


def beta(x: Data, a: Data, b: Data) -> tf.Tensor:
    """Log-density of the beta distribution, of a proportion. Source: JKB, chapter 25.

    The mean is `a / (a + b)`; 1 and 1 give the uniform distribution.

    Args:
        x: observations, shape `(n,)`; at 0, at 1 and beyond them the density is taken to be 0.
        a: pull towards 1, positive.
        b: pull towards 0, positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, values out of range.

    Examples:
        >>> [round(float(beta(x, a=2.0, b=2.0)), 6) for x in (0.5, 1.0)]  # log(3 / 2)
        [0.405465, -inf]
    """
    x, a, b = tensors({"a": "positive", "b": "positive"}, x=x, a=a, b=b)
    inside = (x > 0) & (x < 1)
    x = ops.where(inside, x, 0.5)
    # Minus the logarithm of the beta function, whose large parts cancel on paper.
    rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b)
    constant = a * ops.log1p(b / a) + b * ops.log1p(a / b) - rest
    constant = constant - 0.5 * ops.log(1 / a + 1 / b) - 0.5 * math.log(2 * math.pi)
    return ops.where(inside, (a - 1) * ops.log(x) + (b - 1) * ops.log1p(-x) + constant, -math.inf)


def von_mises(x: Data, mean: Data, concentration: Data) -> tf.Tensor:
    """Log-density of a direction in the plane, on any circle's worth of angles.

    For a large concentration it is nearly the Gaussian with variance `1 / concentration`; as the
    concentration goes to 0, all directions become equally dense.

    Args:
        x: angles in radians, shape `(n,)`; `x + 2 * pi` is the same direction.
        mean: the mean direction, in radians.
        concentration: positive.

    Returns:
        Log-densities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, or a
            `concentration` that is not positive.

    Source:
        K. V. Mardia and P. E. Jupp, Directional Statistics (2000), section 3.5.4.

    Examples:
        >>> round(float(von_mises(0.0, mean=0.0, concentration=1.0)), 6)
        -1.073791
    """
    x, mean, concentration = tensors(
        {"concentration": "positive"}, x=x, mean=mean, concentration=concentration
    )
    # cos(d) - 1 = -2 sin(d / 2)^2 keeps the digits of a small d. I0 is scaled by exp(-concentration), or it
    # would overflow.
    constant = -math.log(2 * math.pi) - ops.log(tf.math.bessel_i0e(concentration))
    return constant - 2 * concentration * ops.square(ops.sin((x - mean) / 2))
