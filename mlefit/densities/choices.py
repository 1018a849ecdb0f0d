"""Log-probabilities of choices: yes or no, how often yes, one class of several.

JKK is Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005).
"""

import math

import tensorflow as tf
from keras import ops

from mlefit.checks import Data
from mlefit.columns import require_aligned, tensors
from mlefit.densities.special import log_gumbel_cdf, log_ndtr

_TRIALS = {"trials": "whole"}


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
    x, logit = tensors(x=x, logit=logit)
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
    x, trials, logit = tensors(_TRIALS, x=x, trials=trials, logit=logit)
    return _binomial(x, trials, -ops.softplus(-logit), -ops.softplus(logit))


def binomial_probit(x: Data, trials: Data, probit: Data) -> tf.Tensor:
    """Log-probability of `x` successes, by the probit of their probability. Source: JKK, chapter 3.

    Args:
        x: counts of successes, shape `(n,)`; other values than 0, 1, ..., `trials` have probability 0.
        trials: numbers of trials, whole.
        probit: quantile of the standard Gaussian at the probability of success.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `trials` not whole.

    Examples:
        >>> round(float(binomial_probit(1, trials=6, probit=0.0)), 6)  # log(6 / 64)
        -2.367124
    """
    x, trials, probit = tensors(_TRIALS, x=x, trials=trials, probit=probit)
    return _binomial(x, trials, log_ndtr(probit), log_ndtr(-probit))


def binomial_cloglog(x: Data, trials: Data, cloglog: Data) -> tf.Tensor:
    """Log-probability of `x` successes, by the logarithm of their hazard. Source: JKK, chapter 3.

    Args:
        x: counts of successes, shape `(n,)`; other values than 0, 1, ..., `trials` have probability 0.
        trials: numbers of trials, whole.
        cloglog: complementary log-log of the probability of success, `log(-log(1 - p))`.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that differ, `trials` not whole.

    Examples:
        >>> round(float(binomial_cloglog(0, trials=6, cloglog=0.0)), 6)
        -6.0
    """
    x, trials, cloglog = tensors(_TRIALS, x=x, trials=trials, cloglog=cloglog)
    log_no = -ops.exp(ops.minimum(cloglog, 700.0))  # no row of counts survives e^700, and no float e^710
    return _binomial(x, trials, log_gumbel_cdf(cloglog), log_no)


def _binomial(x, trials, log_yes, log_no):
    inside = (x >= 0) & (x <= trials) & (x == ops.floor(x))
    x = ops.where(inside, x, 0.0)
    choose = tf.math.lgamma(trials + 1) - tf.math.lgamma(x + 1) - tf.math.lgamma(trials - x + 1)
    return ops.where(inside, choose + x * log_yes + (trials - x) * log_no, -math.inf)


def categorical(x: Data, logits: Data) -> tf.Tensor:
    """Log-probability of one class of several, by softmax. Source: C. M. Bishop, PRML (2006), section 4.3.4.

    Minus its mean is the categorical cross-entropy. A number added to all logits of a row changes nothing,
    so a model holds one of them fixed, such as 0 for the first class.

    Args:
        x: numbers of the classes, 0 to K - 1, shape `(n,)`; other values have probability 0.
        logits: a column for each class, shape `(n, K)`, or `(K,)` for all observations.

    Returns:
        Log-probabilities, shape `(n,)`.

    Raises:
        TypeError, ValueError: for input that is not real and finite, shapes that do not fit, or one class.

    Examples:
        >>> [round(float(categorical(x, logits=[0.0, 0.0, 0.0])), 6) for x in (0, 2, 3)]
        [-1.098612, -1.098612, -inf]
    """
    (x,), (logits,) = tensors(x=x), tensors(logits=logits)
    classes = logits.shape[-1] if len(logits.shape) in (1, 2) else 0
    if classes < 2:
        raise ValueError(
            f"logits must have a column for each of two classes or more, got shape {tuple(logits.shape)}"
        )
    if len(x.shape) > 1:
        raise ValueError(f"x must have shape (n,), got shape {tuple(x.shape)}")
    if len(logits.shape) == 2:
        require_aligned(x=x, logits=logits)
    inside = (x >= 0) & (x < classes) & (x == ops.floor(x))
    chosen = ops.one_hot(ops.cast(ops.where(inside, x, 0.0), "int32"), classes, dtype="float64")
    return ops.where(inside, ops.sum(chosen * tf.nn.log_softmax(logits), axis=-1), -math.inf)
