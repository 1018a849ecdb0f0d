"""fit(model, data): estimates by maximum likelihood, with errors that can be defended."""

import os
from collections.abc import Mapping

import keras
from numpy.typing import ArrayLike

from mlefit import routes
from mlefit.checks import Data
from mlefit.inference.result import FitResult
from mlefit.models import flat
from mlefit.models.model import Model
from mlefit.routes import entry, report
from mlefit.routes import starts as search
from mlefit.routes.outcome import Options


def fit(
    model: Model,
    *data: Data,
    method: str | keras.optimizers.Optimizer = "auto",
    covariance: str = "observed",
    max_iterations: int | None = None,
    steps: int | None = None,
    progress: bool = False,
    checkpoint: str | os.PathLike | None = None,
    weights: Data | None = None,
    fixed: Mapping[str, ArrayLike] | None = None,
    starts: int | None = None,
    seed: int = 0,
    cluster: Data | None = None,
    **unknown: object,
) -> FitResult:
    """Fit a model by maximum likelihood and return estimates with their standard errors.

    Args:
        model: a `Model`. Its parameters are where the search starts, unless the likelihood is known to have
            one maximum, and hold the estimates afterwards.
        *data: what the model's `log_prob` takes: array-likes of shape `(n,)` or `(n, k)`, never modified. A
            frame's columns name the entries of a regression's `slope`; a model of your own gets them in their
            order. Data larger than memory are fitted where they lie: `np.memmap` of any real type, and arrays
            and frames of Dask (`pip install "mlefit[dask]"`), on the threads here or, with a
            `distributed.Client` in force, on its workers. They are read anew for each pass.
        method: `"newton"`; `"least-squares"`, for `Gaussian`, `LinearRegression` (both in closed form) and
            `NonlinearRegression`; `"linear-programming"`, for `LaplaceRegression`; `"auto"`, these where it
            can; or a `keras.optimizers.Optimizer`, which takes `steps`.
        covariance: `"observed"`, the inverse of the Hessian of the negative log-likelihood; `"expected"`, of
            its mean, for `Gaussian` and the linear, nonlinear, Laplace, logistic, Poisson and binomial
            regressions; `"robust"`, the sandwich of Hessian and scores, which holds for a misspecified model
            too; `"hc3"`, for `Gaussian` and `LinearRegression`, the sandwich with each residual divided by
            one less its leverage: better for few observations, and where one of them lies far out. The error
            of `stddev` is then that of `"robust"`.
        max_iterations: the largest number of steps: 200 if None for Newton's method, 1000 for a curve.
        steps: how many steps the optimizer takes.
        progress: whether an optimizer shows a progress bar; of data larger than memory, whether each pass is
            told of, with its rows a second.
        checkpoint: path of a file from which an optimizer's run, stopped by Ctrl-C, a kill or an error, is
            taken up by the same call, as `train` does it.
        weights: how many observations each row stands for: whole numbers that are not negative, shape `(n,)`.
            The fit is that of rows repeated as often, and `nobs` is their sum.
        fixed: parameters held where it says, by name: `{"df": 5.0}`, or `{"slope[0]": 0.0}` for an entry.
            They are not counted and have no error: a fit with one is nested in the fit without.
        starts: how many starts to search from: the model's own, and others drawn around it. The best optimum
            is kept, and `message` says how many found it.
        seed: of the random numbers of the starts.
        cluster: with `"robust"`: a label for each row, numbers or text, `(n,)`. Rows of one label may depend
            on each other: their scores are summed before they are squared. There is no correction for few
            clusters; with no more than there are parameters the errors are nan.
        **unknown: nothing: an error names what is given by keyword and is none of these.

    Returns:
        A `FitResult`.

    Raises:
        TypeError, ValueError: for data or arguments that cannot be used, and an observation whose log-density
            is not finite at the start.
        DivergenceError: if an optimizer diverges; the parameters are put back to the best point.
        RuntimeError: inside a `tf.function`, and in a process forked from one that has used TensorFlow; for a
            cluster without workers, or whose workers end, lack memory or have another version of mlefit.

    Warns:
        FitWarning: where the result is not to be trusted: `converged` is false, the errors are nan, and
            `message` says why.

    Source: Y. Pawitan, In All Likelihood (2001), chapters 2, 3 and 8; for the sandwich, H. White,
        Econometrica 50 (1982), 1-25.

    Examples:
        >>> from mlefit import Gaussian
        >>> result = fit(Gaussian(), [1.0, 2.0, 4.0])
        >>> round(result.estimates["mean"], 6), round(result.estimates["stddev"], 6)
        (2.333333, 1.247219)
    """
    options = Options(
        method, covariance, max_iterations, steps, progress, checkpoint, fixed, starts, seed, cluster=cluster
    )
    entry.require_usable(model, data, options, unknown)
    rows = entry.observed(model, data, weights, options)
    route = routes.choose(model, options, rows.in_memory)
    options = entry.prepared(model, rows, route, options)
    outcome = search.searched(model, rows, options, route)
    routes.judge(model, rows, options, route, outcome)
    flat.put(model, outcome.point)
    return report.result(model, rows, options, outcome, routes.exact(model, rows, options, outcome))
