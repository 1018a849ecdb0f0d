"""Randomised quantile residuals: standard normal if the model holds, whatever its distribution."""

import numpy as np
from scipy import special

from mlefit.inference.bootstrap import generator
from mlefit.inference.result import FitResult


def quantile_residuals(result: FitResult, seed: int = 0) -> np.ndarray:
    """Return a residual for each observation, `(nobs,)`: standard normal if the model holds.

    It is the normal quantile of the probability of what was observed. Where that jumps, for counts, a
    uniform random number picks a place within the jump.

    Args:
        result: of a fit in this process, of a model that has `cdf`.
        seed: of the random numbers.

    Source: P. Dunn and G. Smyth, J. Comp. Graph. Stat. 5 (1996), 236-244.

    Examples:
        >>> import mlefit
        >>> result = mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0, 5.0])
        >>> quantile_residuals(result).round(4).tolist()  # (x - mean) / stddev
        [-1.2649, -0.6325, 0.6325, 1.2649]
    """
    below, at = result._fitted_again().probabilities()
    uniform = generator(seed).random(len(below))
    smallest, largest = np.finfo(float).tiny, 1 - np.finfo(float).epsneg
    return special.ndtri(np.clip(below + (at - below) * uniform, smallest, largest))
