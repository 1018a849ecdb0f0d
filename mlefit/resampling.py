"""bootstrap(model, data): errors without curvature, from fits of rows drawn with replacement."""

import copy
import warnings
from typing import Any

from mlefit.checks import Data
from mlefit.fitting import fit
from mlefit.inference import words
from mlefit.inference.bootstrap import Bootstrap
from mlefit.models.model import Model


def bootstrap(model: Model, *data: Data, n: int = 1000, seed: int = 0, **options: Any) -> Bootstrap:
    """Fit a model to rows drawn from the data with replacement, n times over, and return the estimates.

    It takes neither the curvature nor the model's own word for how the data scatter, so it holds where the
    log-density has corners, and for a misspecified model; but the observations must be independent. A copy
    of the model is fitted: its own parameters stay.

    Args:
        model: a `Model`, whose parameters are where the first search starts.
        *data: what its `log_prob` takes, as `fit` has them.
        n: how many samples to draw and fit.
        seed: of the random numbers: the same seed gives the same samples.
        **options: of `fit`, such as `weights` and `fixed`. Each refit starts at the estimates; where a
            `keras.optimizers.Optimizer` is the method, it fits the data themselves, and refits go by the
            method that the model takes by itself.

    Returns:
        A `Bootstrap`, with `replicates`, `standard_errors` and `interval(name, level)`.

    Raises:
        TypeError, ValueError: for data or options that cannot be used, if the fit of the data themselves
            finds no estimate, and if the first twenty refits fail.

    Warns:
        FitWarning: where more than one refit in twenty failed: errors and intervals are nan.

    Source: B. Efron, Ann. Stat. 7 (1979), 1-26.

    Examples:
        >>> from mlefit import Gaussian
        >>> x = [1.0, 2.0, 4.0, 5.0, 8.0]  # the error of their mean: 2.45 / sqrt(5)
        >>> round(bootstrap(Gaussian(), x, n=2000).standard_errors["mean"], 1)
        1.1
    """
    fresh = copy.deepcopy(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", words.FitWarning)  # The errors, which are what it lacks, are at hand.
        result = fit(fresh, *data, **options)
    if not (result.converged or words.has_estimate(result.message)):
        raise ValueError(f"the fit of the data themselves found no estimate: {result.message}")
    return result._resampled(n, seed)
