"""Losses, each the mean over observations, with the likelihood it belongs to.

Minimising one of these is maximising a likelihood: the mean negative log-likelihood (NLL) is the loss times a
positive factor, plus a constant that does not depend on `y_pred`. Arguments come in the order of Keras.
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import tensors


def mse(y_true: Data, y_pred: Data) -> tf.Tensor:
    """Mean squared error: the Gaussian likelihood.

    `mean NLL = mse / (2 * stddev**2) + log(stddev) + log(2 * pi) / 2`

    Args:
        y_true: observations, shape `(n,)`.
        y_pred: predicted means, in the units of `y_true`, shape `(n,)` or a single number.

    Returns:
        The loss, a float64 scalar, in the squared units of `y_true`.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite, or shapes that differ.

    Source:
        C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 3.1.1.

    Examples:
        >>> from mlefit import densities
        >>> y, mean, stddev = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], 2.0
        >>> nll = -ops.mean(densities.gaussian(y, mean, stddev))
        >>> constant = math.log(stddev) + math.log(2 * math.pi) / 2
        >>> round(float(nll), 6), round(float(mse(y, mean) / (2 * stddev**2) + constant), 6)
        (1.664169, 1.664169)
    """
    y_true, y_pred = tensors(y_true=y_true, y_pred=y_pred)
    return ops.mean(ops.square(y_true - y_pred))


def mae(y_true: Data, y_pred: Data) -> tf.Tensor:
    """Mean absolute error: the Laplace likelihood.

    `mean NLL = mae / scale + log(2 * scale)`

    Args:
        y_true: observations, shape `(n,)`.
        y_pred: predicted medians, in the units of `y_true`, shape `(n,)` or a single number.

    Returns:
        The loss, a float64 scalar, in the units of `y_true`.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite, or shapes that differ.

    Source:
        S. Boyd and L. Vandenberghe, Convex Optimization (2004), section 7.1.1.

    Examples:
        >>> from mlefit import densities
        >>> y, median, scale = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], 2.0
        >>> nll = -ops.mean(densities.laplace(y, median, scale))
        >>> round(float(nll), 6), round(float(mae(y, median) / scale + math.log(2 * scale)), 6)
        (1.636294, 1.636294)
    """
    y_true, y_pred = tensors(y_true=y_true, y_pred=y_pred)
    return ops.mean(ops.abs(y_true - y_pred))


def huber(y_true: Data, y_pred: Data, delta: Data = 1.0) -> tf.Tensor:
    """Huber loss: squared error near zero, absolute error beyond `delta`; the likelihood of the same name.

    `mean NLL = huber / scale**2 + log(scale * mass)`, where `d = delta / scale` and
    `mass = sqrt(2 * pi) * erf(d / sqrt(2)) + 2 / d * exp(-d**2 / 2)`.

    Args:
        y_true: observations, shape `(n,)`.
        y_pred: predicted centres, in the units of `y_true`, shape `(n,)` or a single number.
        delta: residual at which the loss turns linear, in the units of `y_true`, positive.

    Returns:
        The loss, a float64 scalar, in the squared units of `y_true`.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite, shapes that differ, or a `delta` that is not positive.

    Source:
        P. J. Huber (1964), Robust estimation of a location parameter, Ann. Math. Stat. 35, 73-101.

    Examples:
        >>> from mlefit import densities
        >>> y, centre, scale, d = [1.0, 2.0, 9.0], [1.5, 2.0, 3.0], 2.0, 0.5
        >>> nll = -ops.mean(densities.huber(y, centre, scale, d))
        >>> mass = math.sqrt(2 * math.pi) * math.erf(d / math.sqrt(2)) + 2 / d * math.exp(-(d**2) / 2)
        >>> loss = huber(y, centre, delta=d * scale)
        >>> round(float(nll), 6), round(float(loss / scale**2 + math.log(scale * mass)), 6)
        (2.663714, 2.663714)
    """
    y_true, y_pred, delta = tensors({"delta": "positive"}, y_true=y_true, y_pred=y_pred, delta=delta)
    residual = y_true - y_pred
    inner = ops.clip(residual, -delta, delta)
    return ops.mean(inner * (residual - inner / 2))


def log_cosh(y_true: Data, y_pred: Data) -> tf.Tensor:
    """Mean log-cosh of the residuals: the hyperbolic secant likelihood.

    `mean NLL = log_cosh + log(pi)`, for a scale of 1; for another, divide `y_true` and `y_pred` by it.

    Args:
        y_true: observations, shape `(n,)`.
        y_pred: predicted centres, in the units of `y_true`, shape `(n,)` or a single number.

    Returns:
        The loss, a float64 scalar.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite, or shapes that differ.

    Source:
        R. A. Saleh and A. K. Md. E. Saleh (2022), Statistical properties of the log-cosh loss function,
        arXiv:2208.04564.

    Examples:
        >>> from mlefit import densities
        >>> y, centre = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0]
        >>> nll = -ops.mean(densities.hyperbolic_secant(y, centre, 1.0))
        >>> round(float(nll), 6), round(float(log_cosh(y, centre) + math.log(math.pi)), 6)
        (1.329362, 1.329362)
    """
    y_true, y_pred = tensors(y_true=y_true, y_pred=y_pred)
    residual = y_true - y_pred
    return ops.mean(residual + ops.softplus(-2 * residual) - math.log(2))


def quantile(y_true: Data, y_pred: Data, quantile: Data = 0.5) -> tf.Tensor:
    """Mean quantile (pinball) loss: the asymmetric Laplace likelihood.

    `mean NLL = quantile_loss / scale + log(scale) - log(quantile * (1 - quantile))`

    Args:
        y_true: observations, shape `(n,)`.
        y_pred: predicted quantiles, in the units of `y_true`, shape `(n,)` or a single number.
        quantile: which one, strictly between 0 and 1; 0.5 is the median, and gives half the `mae`.

    Returns:
        The loss, a float64 scalar, in the units of `y_true`.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite, shapes that differ, or a `quantile` out of range.

    Source:
        R. Koenker and G. Bassett (1978), Regression quantiles, Econometrica 46, 33-50; for the likelihood,
        R. Koenker and J. A. F. Machado (1999), JASA 94, 1296-1310.

    Examples:
        >>> from mlefit import densities
        >>> y, location, scale, q = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], 2.0, 0.9
        >>> nll = -ops.mean(densities.asymmetric_laplace(y, location, scale, q))
        >>> loss = quantile(y, location, q)
        >>> round(float(nll), 6), round(float(loss / scale + math.log(scale / (q * (1 - q)))), 6)
        (3.259426, 3.259426)
    """
    y_true, y_pred, quantile = tensors({"quantile": "unit"}, y_true=y_true, y_pred=y_pred, quantile=quantile)
    residual = y_true - y_pred
    return ops.mean(ops.maximum(quantile * residual, (quantile - 1) * residual))


def binary_crossentropy(y_true: Data, y_pred: Data, from_logits: bool = False) -> tf.Tensor:
    """Binary cross-entropy: the Bernoulli likelihood, `mean NLL = binary_crossentropy`.

    Nothing is clipped: a certain prediction that turns out wrong costs infinity.

    Args:
        y_true: observations, 0 or 1, or proportions between them, shape `(n,)`.
        y_pred: predicted probabilities of 1, or their logits, shape `(n,)` or a single number.
        from_logits: whether `y_pred` holds logits, `log(p / (1 - p))`, precise near 0 and 1 too.

    Returns:
        The loss, a float64 scalar, in nats.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values not finite or, logits aside, not between 0 and 1; for shapes that differ.

    Source:
        C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.2.

    Examples:
        >>> from mlefit import densities
        >>> y, logits = [1, 0, 1], [2.0, -1.0, -0.5]
        >>> nll = -ops.mean(densities.bernoulli(y, logits))
        >>> round(float(nll), 6), round(float(binary_crossentropy(y, logits, from_logits=True)), 6)
        (0.471422, 0.471422)
        >>> round(float(binary_crossentropy(y, ops.sigmoid(ops.array(logits)))), 6)
        0.471422
    """
    domains = {"y_true": "proportion"} if from_logits else {"y_true": "proportion", "y_pred": "proportion"}
    y_true, y_pred = tensors(domains, y_true=y_true, y_pred=y_pred)
    if from_logits:
        return ops.mean(y_true * ops.softplus(-y_pred) + (1 - y_true) * ops.softplus(y_pred))
    return -ops.mean(tf.math.xlogy(y_true, y_pred) + tf.math.xlog1py(1 - y_true, -y_pred))


def poisson(y_true: Data, y_pred: Data) -> tf.Tensor:
    """Poisson loss, the mean of `y_pred - y_true * log(y_pred)`: the Poisson likelihood.

    `mean NLL = poisson + mean(log(y_true!))`

    Args:
        y_true: counts, shape `(n,)`.
        y_pred: expected counts, not negative, shape `(n,)` or a single number.

    Returns:
        The loss, a float64 scalar; infinite where a count came that was expected never to come.

    Raises:
        TypeError: for anything but real numbers.
        ValueError: for values that are not finite or are negative, or shapes that differ.

    Source:
        P. McCullagh and J. A. Nelder, Generalized Linear Models (2nd ed., 1989), chapter 6.

    Examples:
        >>> from mlefit import densities
        >>> y, rate = [0, 1, 3], [0.5, 1.0, 2.0]
        >>> nll = -ops.mean(densities.poisson(y, [math.log(r) for r in rate]))
        >>> constant = sum(math.lgamma(count + 1) for count in y) / len(y)
        >>> round(float(nll), 6), round(float(poisson(y, rate) + constant), 6)
        (1.070773, 1.070773)
    """
    domains = {"y_true": "nonnegative", "y_pred": "nonnegative"}
    y_true, y_pred = tensors(domains, y_true=y_true, y_pred=y_pred)
    return ops.mean(y_pred - tf.math.xlogy(y_true, y_pred))
